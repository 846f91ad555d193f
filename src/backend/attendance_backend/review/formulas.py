"""Pieces of formulas, such as Google Sheets, Excel and LibreOffice compute alike.

Functions used: IF, AND, OR, INDEX, MATCH, COUNT, COUNTA, COUNTIF(S), SUM, SUMIF, SUMPRODUCT, AVERAGE, IFERROR,
ISNUMBER, ISERROR, ROUND, INT, MIN, MAX, LEN, LEFT, MID, LOWER, TRIM, SEARCH, SUBSTITUTE, WEEKDAY, ROW. A row is
found by a key with MATCH and never by where it stands, so that people may sort. A formula never names a column as a
whole in which it stands itself: spreadsheets would call that circular.
"""

from attendance_backend.sheet.a1 import column_letters, quoted
from attendance_backend.sheet.changes import Formula

_MARK = "@"


def token_of(user: str) -> str:
    """By which formulas know a person, from `user_key`: a text whatever the name looks like."""
    return _MARK + user


def user_of(token: str) -> str:
    """The `user_key` behind a token; empty for what is none."""
    return token[len(_MARK) :] if token.startswith(_MARK) else ""


def literal(text: str) -> str:
    """A text within a formula."""
    return '"' + text.replace('"', '""') + '"'


def exact(text: str) -> str:
    """A text within a formula that MATCH and COUNTIF look for, letter by letter: no wildcards."""
    return literal(escaped(text))


def escaped(text: str) -> str:
    """A text whose wildcards stand for themselves."""
    return text.replace("~", "~~").replace("*", "~*").replace("?", "~?")


def escaping(cell: str) -> str:
    """The formula for `escaped` of what stands in a cell."""
    return f'SUBSTITUTE(SUBSTITUTE(SUBSTITUTE({cell},"~","~~"),"*","~*"),"?","~?")'


def column_of(title: str, column: int) -> str:
    """A worksheet's whole column, the same wherever the formula is filled to."""
    letters = column_letters(column)
    return f"{quoted(title)}!${letters}:${letters}"


def own_column(column: int) -> str:
    """As `column_of`, of the formula's own worksheet."""
    letters = column_letters(column)
    return f"${letters}:${letters}"


def moving_column(title: str, column: int) -> str:
    """A worksheet's whole column; in a formula filled to the right, the columns behind it."""
    letters = column_letters(column)
    return f"{quoted(title)}!{letters}:{letters}"


def own_moving_column(column: int) -> str:
    """As `moving_column`, of the formula's own worksheet."""
    letters = column_letters(column)
    return f"{letters}:{letters}"


def own(column: int, row: int) -> str:
    """A cell of the formula's own row, the same column wherever the formula is filled to."""
    return f"${column_letters(column)}{row + 1}"


def header(column: int, row: int) -> str:
    """A cell of a header row, in the column above."""
    return f"{column_letters(column)}${row + 1}"


def row_where(column: str, text: str) -> Formula:
    """The number of the row that holds a text in a column; empty when none does."""
    return Formula(f'=IFERROR(MATCH({exact(text)},{column},0),"")')

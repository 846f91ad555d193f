"""Pieces of formulas, such as Google Sheets, Excel and LibreOffice compute alike.

Functions used: IF, AND, OR, INDEX, MATCH, COUNT, COUNTA, COUNTIF(S), SUM, SUMIF, SUMPRODUCT, AVERAGE, IFERROR,
ISNUMBER, ISERROR, ROUND, INT, MIN, MAX, LEN, LEFT, MID, LOWER, TRIM, SEARCH, SUBSTITUTE, WEEKDAY, ROW. A row is
found by a key with MATCH and never by where it stands, so that people may sort. A formula never names a column as a
whole in which it stands itself: spreadsheets would call that circular.
"""

from collections.abc import Iterable, Mapping

from attendance_backend.errors import LayoutError
from attendance_backend.sheet.a1 import column_letters, in_formula
from attendance_backend.sheet.changes import Formula
from attendance_backend.sheet.grid import Worksheet
from attendance_backend.sheet.layout import Column

_MARK = "@"


def token_of(user: str) -> str:
    """By which formulas know a person, from `user_key`: a text whatever the name looks like."""
    return _MARK + user


def user_of(token: str) -> str:
    """The `user_key` behind a token; empty for what is none."""
    return token[len(_MARK) :] if token.startswith(_MARK) else ""


def literal(text: str) -> str:
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


class Places:
    """Where the columns of a workbook stand now: what formulas are spelled by.

    Args:
        worksheets: with their places; of two in which the same column stands the first counts.
        cells: single cells by their names.
    """

    def __init__(self, worksheets: Iterable[Worksheet], cells: Mapping[str, str]) -> None:
        self.sheets = {sheet.role: sheet for sheet in worksheets if sheet.role}
        self._cells = cells
        self._homes: dict[Column, Worksheet] = {}
        for sheet in self.sheets.values():
            for column in sheet.columns:
                self._homes.setdefault(column, sheet)

    def __getitem__(self, column: Column) -> int:
        return self._home(column).at(column)

    def _home(self, column: Column) -> Worksheet:
        if column not in self._homes:
            raise LayoutError(f"a worksheet with the column {column.header!r} was not read")
        return self._homes[column]

    def sheet(self, role: str) -> str:
        """A worksheet's title, as formulas need it; it may have been renamed."""
        return in_formula(self.sheets[role].title)

    def lines(self, role: str) -> tuple[int, ...]:
        """The header rows of a worksheet."""
        return self.sheets[role].lines

    def column(self, column: Column) -> str:
        """A whole column, the same wherever the formula is filled to."""
        return f"{in_formula(self._home(column).title)}!{self.own_column(column)}"

    def own_column(self, column: Column) -> str:
        """As `column`, of the formula's own worksheet."""
        letters = column_letters(self[column])
        return f"${letters}:${letters}"

    def own(self, column: Column, row: int) -> str:
        """A cell of the formula's own row, the same column wherever the formula is filled to."""
        return f"${column_letters(self[column])}{row + 1}"

    def cell(self, name: str) -> str:
        """A single cell, of ``Guide``."""
        if name not in self._cells:
            raise LayoutError(
                f"the worksheet Guide has no row {name!r} any more: run attendance-backend refresh"
            )
        return self._cells[name]

    def fixed(self, role: str, column: int) -> str:
        """A worksheet's whole column at a place, as `column`."""
        letters = column_letters(column)
        return f"{self.sheet(role)}!${letters}:${letters}"

    def moving(self, role: str, column: int) -> str:
        """As `fixed`; in a formula filled to the right, the columns behind it."""
        letters = column_letters(column)
        return f"{self.sheet(role)}!{letters}:{letters}"


def own_moving_column(column: int) -> str:
    """As `Places.moving`, of the formula's own worksheet."""
    letters = column_letters(column)
    return f"{letters}:{letters}"


def header(column: int, row: int) -> str:
    """A cell of a header row, in the column above."""
    return f"{column_letters(column)}${row + 1}"


def row_where(column: str, text: str) -> Formula:
    """The number of the row that holds a text in a column; empty when none does."""
    return Formula(f'=IFERROR(MATCH({exact(text)},{column},0),"")')

"""Formulas as texts: moved along with their cells, and compared whatever their spelling."""

import re
from functools import lru_cache

from attendance_backend.sheet.a1 import column_letters

BROKEN = "#REF!"
"""What the service puts in place of a reference whose cells were deleted."""

_TEXT = r'"(?:[^"]|"")*"'
_QUOTED = r"'(?:[^']|'')+'!"
_MOVING = re.compile(
    rf"""
    (?P<kept>{_TEXT}|{_QUOTED}|[A-Za-z_][\w.]*[!(])
    |(?<![\w.$])(?P<point>(?P<column>\$?[A-Z]{{1,3}})(?:(?P<row>\$?\d{{1,7}})|(?=:\$?[A-Z]{{1,3}}(?!\w))))(?!\w)
    |(?<=:)(?P<end>\$?[A-Z]{{1,3}})(?![\w(!$])
    """,
    re.VERBOSE | re.ASCII,
)
_SPELLED = re.compile(rf"(?P<text>{_TEXT})|(?P<title>{_QUOTED})")
_REFERENCE = re.compile(
    rf"""
    (?P<text>{_TEXT})
    |(?:{_QUOTED}|(?<![\w.])[A-Za-z_][\w.]*!)?
     (?:\#REF!
       |(?<![\w.$])\$?[A-Z]{{1,3}}(?:\$?\d{{1,7}}(?::\$?[A-Z]{{1,3}}\$?\d{{1,7}})?|:\$?[A-Z]{{1,3}})(?![\w(]))
    """,
    re.VERBOSE | re.ASCII,
)
_MARK = "§"
_REPEATED = re.compile(rf"((?:[a-z.]+\(|{_MARK})[^§]*?{_MARK}[^+]*?|{_MARK})(?:[,+]\1)+")
_BLANKS = re.compile(r"\s+")
_RANGE_OF_ONE = re.compile(r"(?<![\w.$])(\$?[a-z]{1,3}\$?\d{1,7}):\1(?!\w)", re.ASCII)
"""Some services write such a range as the cell."""

_Point = tuple[str, str, str]
"""A piece of plain text, and behind it the column and the row of a reference; empty for none."""


def moved(formula: str, rows: int, columns: int) -> str:
    """A formula as it reads so many rows further down and columns further right; what ``$`` fixes stays.

    Args:
        formula: with references in capitals and without ranges of whole rows, as the program writes them.
        rows: may be negative, as long as no reference leaves the grid.
        columns: as `rows`.
    """
    if not rows and not columns:
        return formula
    return "".join(
        text + _moved_column(column, columns) + _moved_row(row, rows)
        for text, column, row in _points(formula)
    )


def same(one: str, other: str) -> bool:
    """Whether two formulas say the same; capitals, blanks, quotes round titles and ``A1:A1`` make no difference."""
    return one == other or _plain(one) == _plain(other)


def is_alike(formula: str, other: str) -> bool:
    """Whether two formulas compute the same of other cells, however many of them stand side by side."""
    return _skeleton(formula) == _skeleton(other)


def is_broken(formula: str, whole: str) -> bool:
    """Whether a formula is another one that has lost references, and nothing else."""
    pieces = _plain(formula).split(BROKEN.casefold())
    if len(pieces) < 2:
        return False
    return re.fullmatch('[^,()"]*'.join(map(re.escape, pieces)), _plain(whole)) is not None


@lru_cache(maxsize=4096)
def _points(formula: str) -> tuple[_Point, ...]:
    """Kept, because one formula is filled into many cells."""
    points: list[_Point] = []
    end = 0
    for match in _MOVING.finditer(formula):
        if match["kept"] is not None:
            continue
        column = match["column"] if match["end"] is None else match["end"]
        points.append((formula[end : match.start()], column, match["row"] or ""))
        end = match.end()
    return (*points, (formula[end:], "", ""))


def _skeleton(formula: str) -> str:
    """A formula with a mark in place of each reference, and of what is repeated for several areas only one."""
    bare = _REFERENCE.sub(lambda match: match["text"] or _MARK, formula)
    return _once(_plain(bare))


@lru_cache(maxsize=256)
def _once(skeleton: str) -> str:
    before = ""
    while before != skeleton:
        before, skeleton = skeleton, _REPEATED.sub(r"\1", skeleton)
    return skeleton


def _moved_column(column: str, by: int) -> str:
    if not column or column.startswith("$"):
        return column
    number = 0
    for letter in column:
        number = number * 26 + ord(letter) - ord("A") + 1
    return column_letters(number - 1 + by)


def _moved_row(row: str, by: int) -> str:
    return row if not row or row.startswith("$") else str(int(row) + by)


def _plain(formula: str) -> str:
    """One spelling for all: small letters, no blanks, no quotes round titles. Texts within stay as they are."""
    parts: list[str] = []
    end = 0
    for match in _SPELLED.finditer(formula):
        parts.append(_without_spelling(formula[end : match.start()]))
        if match["text"] is not None:
            parts.append(match["text"])
        else:
            parts.append(match["title"][1:-2].replace("''", "'").casefold() + "!")
        end = match.end()
    return "".join((*parts, _without_spelling(formula[end:])))


def _without_spelling(piece: str) -> str:
    return _RANGE_OF_ONE.sub(r"\1", _BLANKS.sub("", piece).casefold())

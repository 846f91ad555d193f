"""Formulas as texts. Their values are computed in `engine`.

What the service does to the *text* of a formula is done here: inserted and deleted rows and columns, renamed
worksheets, and relative references in copies.
"""

from __future__ import annotations

import functools
import operator
import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from attendance_sandbox.sheets.a1 import column_index, column_letters, quote_title, split_title

_REFERENCE = re.compile(
    r"""
    (?P<text>"(?:[^"]|"")*")
    | (?P<sheet>(?:'(?:[^']|'')+'|(?<![\w.])[A-Za-z_][\w.]*)!)?
      (?:
        (?<![\w.$])(?P<first>\$?[A-Za-z]{1,3}\$?\d{1,7})(?::(?P<second>\$?[A-Za-z]{1,3}(?:\$?\d{1,7})?))?(?![\w(.!])
      | (?<![\w.$])(?P<column>\$?[A-Za-z]{1,3}):(?P<column2>\$?[A-Za-z]{1,3})(?![\w(.!])
      | (?<![\w.$:])(?P<row>\$?\d{1,7}):(?P<row2>\$?\d{1,7})(?![\w(.!])
      )
    """,
    re.VERBOSE | re.ASCII,
)
BROKEN = "#REF!"
Ends = tuple[int | None, int | None]
"""First and last index of a reference in one dimension, None where it names none: ``A:A`` names no rows, ``A2:A``
no last one."""


Point = tuple[str, int | None, str, int | None]
"""Lock and index of the column, lock and index of the row."""
_POINT = re.compile(r"(\$?)([A-Za-z]*)(\$?)(\d*)")


@functools.lru_cache(maxsize=65_536)
def _split_point(point: str) -> Point:
    """``$A3`` -> ("$", 0, "", 2); a part that is not there is None."""
    match = _POINT.fullmatch(point)
    assert match is not None
    lock, letters, lock2, digits = match.groups()
    if not letters:
        lock, lock2 = "", lock
    return lock, column_index(letters) if letters else None, lock2, int(digits) - 1 if digits else None


def _join_point(column_lock: str, column: int | None, row_lock: str, row: int | None) -> str:
    letters = "" if column is None else column_lock + column_letters(column)
    digits = "" if row is None else f"{row_lock}{row + 1}"
    return letters + digits


@functools.lru_cache(maxsize=65_536)
def copied(formula: str, rows: int, columns: int) -> str:
    """The formula as it reads in a copy of its cell, that many rows down and columns to the right."""

    def change(reference: Reference) -> str:
        moved = _moved(reference.points, rows, columns)
        return moved if moved == BROKEN else reference.sheet + moved

    return _rewrite(formula, change)


class Reference(NamedTuple):
    """A reference in a formula.

    Attributes:
        before: what stands between the one before and this one.
        text: as it is written.
        sheet: the worksheet that it names, as it is written, with the ``!``; empty for the formula's own.
        points: one, or first and last.
    """

    before: str
    text: str
    sheet: str
    points: tuple[Point, ...]


def _rewrite(formula: str, change: Callable[[Reference], str]) -> str:
    references, rest = _references(formula)
    parts: list[str] = []
    for reference in references:
        parts += (reference.before, change(reference))
    return "".join([*parts, rest])


@functools.lru_cache(maxsize=8192)
def _references(formula: str) -> tuple[tuple[Reference, ...], str]:
    """A formula's references, and what stands behind the last one.

    Kept, because one formula is copied into thousands of cells, and all of a workbook are looked at one edit after
    the other.
    """
    found: list[Reference] = []
    end = 0
    for match in _REFERENCE.finditer(formula):
        if match["text"] is None:
            sheet, *points = match.group("sheet", "first", "second", "column", "column2", "row", "row2")
            split = tuple(_split_point(point) for point in points if point is not None)
            found.append(Reference(formula[end : match.start()], match[0], sheet or "", split))
            end = match.end()
    return tuple(found), formula[end:]


def _moved(points: tuple[Point, ...], rows: int, columns: int) -> str:
    texts = []
    for lock, locked_column, lock2, locked_row in points:
        column = locked_column if locked_column is None or lock else locked_column + columns
        row = locked_row if locked_row is None or lock2 else locked_row + rows
        if (column is not None and column < 0) or (row is not None and row < 0):
            return BROKEN
        texts.append(_join_point(lock, column, lock2, row))
    return ":".join(texts)


def stays_canonical(formula: str) -> bool:
    """Whether copies of a canonical formula are canonical: no range can turn over, as ``A$5:A6`` does further up."""
    return all(
        len({(lock, lock2) for lock, _, lock2, _ in points}) <= 1
        for _, _, _, points in _references(formula)[0]
    )


@functools.lru_cache(maxsize=65_536)
def canonical(formula: str) -> str:
    """The formula as the service keeps it, which need not be as it was entered.

    References are in capitals and run from the upper left to the lower right cell, a range of one cell is that
    cell, and titles of worksheets stand in quotes only where they must. Nothing else is changed.
    """

    def change(reference: Reference) -> str:
        points = _sorted_points(reference.points)
        prefix = f"{quote_title(_title(reference.sheet))}!" if reference.sheet else ""
        return prefix + ":".join(_join_point(*point) for point in points)

    return _rewrite(formula, change)


def _sorted_points(points: Sequence[Point]) -> Sequence[Point]:
    """The corners of a range, the upper left one first; one cell has one. A locked index keeps its lock."""
    first = operator.itemgetter(0)
    columns = sorted(((column, lock) for lock, column, _, _ in points if column is not None), key=first)
    rows = sorted(((row, lock) for _, _, lock, row in points if row is not None), key=first)
    if len(points) != 2 or len(columns) != 2 or len(rows) != 2:
        return points
    corners: list[Point] = [
        (lock, column, lock2, row) for (column, lock), (row, lock2) in zip(columns, rows, strict=True)
    ]
    return corners[:1] if corners[0] == corners[1] else corners


def absolute(formula: str) -> str:
    """The formula with every reference locked: ``=Names!A2:A9`` becomes ``=Names!$A$2:$A$9``."""

    def change(reference: Reference) -> str:
        points = [_join_point("$", column, "$", row) for _, column, _, row in reference.points]
        return reference.sheet + ":".join(points)

    return _rewrite(formula, change)


def renamed(formula: str, old: str, new: str) -> str:
    """The formula after worksheet `old` was given the title `new`."""

    def change(reference: Reference) -> str:
        if not reference.sheet or _title(reference.sheet) != old:
            return reference.text
        return f"{quote_title(new)}!" + reference.text.removeprefix(reference.sheet)

    return _rewrite(formula, change) if _may_name(formula, old) else formula


def _may_name(formula: str, sheet: str) -> bool:
    """Whether the title of a worksheet stands in a formula, be it in a text."""
    return sheet in formula or sheet.replace("'", "''") in formula


def shifted(formula: str, home: str, sheet: str, dimension: str, shift: Callable[[Ends], Ends | None]) -> str:
    """The formula of a cell on worksheet `home` after rows or columns of `sheet` came or went.

    `shift` maps the first and last index of a reference to the new ones, or to None when it is gone.
    """

    def change(reference: Reference) -> str:
        prefix, points = reference.sheet, reference.points
        if (_title(prefix) if prefix else home) != sheet:
            return reference.text
        first, last = points[0], points[-1]
        moved = shift((first[3], last[3]) if dimension == "ROWS" else (first[1], last[1]))
        if moved is None:
            return BROKEN
        texts = []
        for (lock, column, lock2, row), index in zip(points, moved, strict=False):
            new_column, new_row = (column, index) if dimension == "ROWS" else (index, row)
            texts.append(_join_point(lock, new_column, lock2, new_row))
        return prefix + ":".join(texts)

    return _rewrite(formula, change) if home == sheet or _may_name(formula, sheet) else formula


_OPEN = re.compile(
    r"""
    "(?:[^"]|"")*"
    | (?P<sheet>'(?:[^']|'')+'|(?<![\w.])[A-Za-z_][\w.]*)!
    | (?<![\w.$:])(?P<cell>\$?[A-Za-z]{1,3}\$?\d{1,7}):(?P<end>\$?[A-Za-z]{1,3})(?![\w(.!$])
    | (?<![\w.$:])(?P<column>\$?[A-Za-z]{1,3}):(?P<column2>\$?[A-Za-z]{1,3})(?![\w(.!$])
    | (?<![\w.$:])(?P<row>\$?\d{1,7}):(?P<row2>\$?\d{1,7})(?![\w(.!])
    """,
    re.VERBOSE | re.ASCII,
)


def bounded(formula: str, rows: int, columns: int, title: Callable[[str], str]) -> str:
    """The formula with an end for each open range: ``A:C`` becomes ``A$1:C$100``, ``A2:A`` becomes ``A2:A$100``.

    `title` gives worksheets other titles.
    """

    def change(match: re.Match[str]) -> str:
        if match["sheet"]:
            return f"{title(_title(match[0]))}!"
        if match["column"]:
            return f"{match['column']}$1:{match['column2']}${rows}"
        if match["cell"]:
            return f"{match['cell']}:{match['end']}${rows}"
        if match["row"]:
            return f"$A{match['row']}:${column_letters(columns - 1)}{match['row2']}"
        return match[0]

    return _OPEN.sub(change, formula)


def within(formula: str, title: str) -> str:
    """The formula as it reads on another worksheet: references without a title are to that of `title`."""
    prefix = f"{quote_title(title)}!"
    return _rewrite(formula, lambda reference: reference.text if reference.sheet else prefix + reference.text)


@functools.lru_cache(maxsize=256)
def _title(prefix: str) -> str:
    return split_title(prefix.removesuffix("!") + "!A1")[0] or ""

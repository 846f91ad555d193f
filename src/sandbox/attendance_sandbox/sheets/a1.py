"""A1 notation: ``'Raw Data'!A2:D``, ``B3``, ``A:C``, ``2:2``, ``Sheet1``."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass

from attendance_sandbox.sheets.errors import invalid_argument

MAX_COLUMNS = 18_278  # ZZZ


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle of cells: zero-based, the ends not included."""

    start_row: int
    end_row: int
    start_column: int
    end_column: int

    @property
    def height(self) -> int:
        return self.end_row - self.start_row

    @property
    def width(self) -> int:
        return self.end_column - self.start_column

    def rows(self) -> range:
        return range(self.start_row, self.end_row)

    def columns(self) -> range:
        return range(self.start_column, self.end_column)

    def cells(self) -> Iterator[tuple[int, int]]:
        """Every (row, column), row by row."""
        return ((row, column) for row in self.rows() for column in self.columns())

    def overlaps(self, other: Area) -> bool:
        return (
            self.start_row < other.end_row
            and other.start_row < self.end_row
            and self.start_column < other.end_column
            and other.start_column < self.end_column
        )

    def contains(self, other: Area) -> bool:
        return (
            self.start_row <= other.start_row
            and other.end_row <= self.end_row
            and self.start_column <= other.start_column
            and other.end_column <= self.end_column
        )


@dataclass(frozen=True, slots=True)
class Reference:
    """What an A1 text names. An end that is None is open: it goes on to the edge of the grid."""

    title: str | None
    start_row: int = 0
    end_row: int | None = None
    start_column: int = 0
    end_column: int | None = None
    single: bool = False
    """One cell is named, not a range: a write may go on from it to the right and down."""


@functools.lru_cache(maxsize=MAX_COLUMNS)
def column_letters(index: int) -> str:
    """0 -> A, 25 -> Z, 26 -> AA."""
    letters = ""
    while index >= 0:
        letters = chr(ord("A") + index % 26) + letters
        index = index // 26 - 1
    return letters


def column_index(letters: str) -> int:
    """A -> 0, Z -> 25, AA -> 26."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


_READS_AS_CELL = re.compile(r"[A-Za-z]{1,3}\d+|[Rr]\d+[Cc]\d+")


def quote_title(title: str) -> str:
    """A worksheet's title as it stands before the ``!``: in quotes only where they are needed."""
    if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.]*", title) and not _READS_AS_CELL.fullmatch(title):
        return title
    return "'" + title.replace("'", "''") + "'"


def area_name(title: str, area: Area) -> str:
    """The area as the service prints it, such as ``'Raw Data'!A2:D9``; one cell is ``Sheet1!B2``."""
    return f"{quote_title(title)}!{area_reference(area)}"


def area_reference(area: Area) -> str:
    """An area, ``A2:D9``; one cell is ``B2``."""
    first = f"{column_letters(area.start_column)}{area.start_row + 1}"
    last = f"{column_letters(area.end_column - 1)}{area.end_row}"
    return first if first == last else f"{first}:{last}"


def split_title(text: str) -> tuple[str | None, str]:
    """``'My Sheet'!A1`` -> (``My Sheet``, ``A1``); without a title -> (None, text); a quoted title alone."""
    quoted = re.fullmatch(r"'((?:[^']|'')+)'(?:!(.*))?", text, re.DOTALL)
    if quoted:
        return quoted[1].replace("''", "'"), quoted[2] or ""
    title, mark, cells = text.rpartition("!")
    return (title, cells) if mark else (None, text)


_CELLS = re.compile(r"\$?([A-Za-z]{0,3})\$?(\d{0,8})(?::\$?([A-Za-z]{0,3})\$?(\d{0,8}))?", re.ASCII)


def parse_cells(title: str | None, cells: str) -> Reference | None:
    """Reads the part after the ``!``; None when it is no cell range, such as the name of a named range."""
    match = _CELLS.fullmatch(cells)
    if (
        match is None
        or not (match[1] or match[2])
        or any(row and int(row) == 0 for row in (match[2], match[4]))
    ):
        return None
    column, row, last_column, last_row = match.groups()
    if last_column is None and last_row is None:  # no colon: one cell, never a whole row or column
        if not column or not row:
            return None
        return _cell(title, column_index(column), int(row) - 1)
    if not (last_column or last_row):
        return None
    columns = sorted(column_index(letters) for letters in (column, last_column) if letters)
    rows = sorted(int(number) - 1 for number in (row, last_row) if number)
    return Reference(
        title,
        start_row=rows[0] if rows else 0,
        end_row=rows[-1] + 1 if last_row else None,
        start_column=columns[0] if columns else 0,
        end_column=columns[-1] + 1 if last_column else None,
    )


def _cell(title: str | None, column: int, row: int) -> Reference:
    return Reference(title, row, row + 1, column, column + 1, single=True)


def unparsable(text: str) -> Exception:
    """The error for a range that names nothing."""
    return invalid_argument(f"Unable to parse range: {text}")

"""What a spreadsheet looks like when it has been read: worksheets and the cells that were asked for.

Rows and columns count from 0; ends are not included.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import NamedTuple

from attendance_backend.errors import LayoutError, WorksheetGoneError
from attendance_backend.sheet import serial
from attendance_backend.sheet.layout import BEING_MADE, Column, runs

Value = float | str | bool
Place = tuple[int, int]
"""Row and column."""

FIRST_WORKSHEET_ID = 0
"""The blank worksheet that a new spreadsheet begins with."""


class Cell(NamedTuple):
    """A cell that is not empty.

    Attributes:
        value: what it shows: a number (dates and times are serial numbers), a text, a truth value; None when
            a formula's value is not known.
        formula: what it computes the value by, in the service's spelling; None for a cell that holds the value itself.
        is_error: whether it shows an error, such as #N/A.
    """

    value: Value | None
    formula: str | None = None
    is_error: bool = False

    @property
    def is_formula(self) -> bool:
        """Whether the value is computed."""
        return self.formula is not None


@dataclass(frozen=True, slots=True)
class Area:
    """A part of a worksheet; an end that is None reaches to the edge of the grid."""

    worksheet: str
    first_row: int = 0
    end_row: int | None = None
    first_column: int = 0
    end_column: int | None = None

    @staticmethod
    def of_columns(worksheet: str, first: int, end: int) -> "Area":
        return Area(worksheet, first_column=first, end_column=end)

    @staticmethod
    def of_places(worksheet: str, columns: Iterable[int]) -> "list[Area]":
        """Whole columns, neighbours together."""
        return [Area.of_columns(worksheet, *run) for run in runs(columns)]

    @staticmethod
    def of_rows(worksheet: str, first: int, end: int) -> "Area":
        return Area(worksheet, first_row=first, end_row=end)


class Highlight(NamedTuple):
    """A rule that colours cells: where the first of its ranges begins, and its formula; empty for another kind."""

    first_row: int
    first_column: int
    formula: str


@dataclass(frozen=True)
class Worksheet:
    """A worksheet and those of its cells that were read.

    Wherever a column is asked for, a `Column` stands for the place that it was found at (`sheet.placing`).

    Attributes:
        tags: of the columns that were read: their keys, by where they stand.
        tag: of the worksheet itself.
        role: under which the program knows it, whatever its title is now; empty for one that is none of ours, None
            before that is known.
        columns: where those of its layout stand.
        lines: where its header rows stand; none when they were not found in what was read.
        locked: whether somebody protected cells of it against us; known only where no cells were read.
        highlights: in the order in which they count, the first one first; known only where no cells were read.
    """

    sheet_id: int
    title: str
    row_count: int
    column_count: int
    cells: Mapping[Place, Cell] = field(default_factory=dict)
    tags: Mapping[int, str] = field(default_factory=dict)
    tag: str = ""
    role: str | None = None
    columns: Mapping[Column, int] = field(default_factory=dict)
    lines: tuple[int, ...] = (0,)
    locked: bool = False
    highlights: tuple[Highlight, ...] = ()

    @property
    def is_being_made(self) -> bool:
        """Whether an attempt to make it has not come to its end."""
        return self.tag.startswith(BEING_MADE)

    @property
    def first_row(self) -> int:
        """The row below the headers."""
        return self.lines[-1] + 1

    def at(self, column: int | Column) -> int:
        """Where a column stands; raises LayoutError when it was not found."""
        found = column if isinstance(column, int) else self.columns.get(column)
        if found is None:
            assert isinstance(column, Column)
            raise LayoutError(
                f"worksheet {self.title!r} has no column {column.header!r} any more: restore it through File > "
                "Version history, or run attendance-backend refresh"
            )
        return found

    def value(self, row: int, column: int | Column) -> Value | None:
        """What a cell shows; None when it is empty."""
        cell = self.cells.get(
            (row, column if column.__class__ is int else self.at(column))
        )  # read for each cell
        return None if cell is None else cell.value

    def text(self, row: int, column: int | Column) -> str:
        """A cell's text without blanks around it; empty when it holds no text."""
        value = self.value(row, column)
        return value.strip() if isinstance(value, str) else ""

    def number(self, row: int, column: int | Column) -> float | None:
        """A cell's number; None when it holds something else."""
        value = self.value(row, column)
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None

    def label(self, row: int, column: int | Column) -> str:
        """As `text`; a number, which comes of a text that somebody typed again, is written out."""
        value = self.value(row, column)
        if isinstance(value, str):
            return value.strip()
        number = self.number(row, column)
        return "" if number is None else f"{number:.15g}"

    def date(self, row: int, column: int | Column) -> date | None:
        """The day that a cell's number falls on; None when it holds something else."""
        moment = self.moment(row, column)
        return None if moment is None else moment.date()

    def moment(self, row: int, column: int | Column) -> datetime | None:
        """As `date`, with the time of day, to the nearest second."""
        number = self.number(row, column)
        try:
            return None if number is None else serial.to_datetime(number)
        except OverflowError:
            return None

    def row_numbers(self) -> range:
        """From the first row to the last one that holds anything that was read."""
        return range(self._height)

    @cached_property
    def _height(self) -> int:
        return max((row for row, _ in self.cells), default=-1) + 1

    def end_row(self) -> int:
        """The row after the last one that holds anything that was read."""
        return len(self.row_numbers())

    def data_rows(self) -> range:
        """The rows below the headers, to the last one that holds anything that was read."""
        return range(self.first_row, max(self.end_row(), self.first_row))

    def rows_by(self, column: Column) -> dict[str, int]:
        """The rows below the headers by what stands in a column; of rows with the same text the upper one."""
        rows: dict[str, int] = {}
        for row in self.data_rows():
            if key := self.text(row, column):
                rows.setdefault(key, row)
        return rows

    def row(self, row: int) -> Iterator[tuple[int, Cell]]:
        """Column and cell of what a row holds, from left to right."""
        columns = [column for column in range(self.column_count) if (row, column) in self.cells]
        return ((column, self.cells[row, column]) for column in columns)


@dataclass(frozen=True)
class Spreadsheet:
    """A spreadsheet as it was read.

    Attributes:
        version: what `SucceedVersion` exchanges; None before the first of them.
        version_number: of its name (`version_name`).
        absent: titles of worksheets that were asked for and are not there.
        locale, time_zone: known only where no cells were read.
    """

    spreadsheet_id: str
    worksheets: tuple[Worksheet, ...]
    version: str | None = None
    version_number: int = 1
    absent: frozenset[str] = frozenset()
    locale: str = ""
    time_zone: str = ""

    def find(self, title: str) -> Worksheet | None:
        """The worksheet of that role, or title; upper and lower case alike, as Google Sheets has it."""
        expected = title.casefold()
        return next(
            (
                sheet
                for sheet in self.worksheets
                if (sheet.title if sheet.role is None else sheet.role).casefold() == expected
            ),
            None,
        )

    def worksheet(self, title: str) -> Worksheet:
        """As `find`; raises WorksheetGoneError when there is none."""
        found = self.find(title)
        if found is None:
            raise worksheet_gone(self.spreadsheet_id, title)
        return found


def same_cells(one: Spreadsheet, other: Spreadsheet) -> bool:
    """Whether two reads found the same worksheets and the same in all cells, and TRUE is not 1."""
    return one.worksheets == other.worksheets and all(
        cell.value.__class__ is there.cells[place].value.__class__
        for here, there in zip(one.worksheets, other.worksheets, strict=True)
        for place, cell in here.cells.items()
    )


def worksheet_gone(spreadsheet_id: str, title: str) -> WorksheetGoneError:
    return WorksheetGoneError(
        f"spreadsheet {spreadsheet_id} has no worksheet {title!r}: it was deleted or renamed; "
        "rename it back, or restore it through File > Version history"
    )


def spreadsheet_link(spreadsheet_id: str) -> str:
    """Where a person opens it."""
    return f"https://docs.google.com/spreadsheets/d/{spreadsheet_id}/edit"

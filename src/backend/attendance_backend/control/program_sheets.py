"""Worksheets that the program itself keeps in the control spreadsheet: made when first needed, and protected."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from attendance_backend.ports import Spreadsheets
from attendance_backend.sheet import styles
from attendance_backend.sheet.blocks import append_rows, write_cells
from attendance_backend.sheet.changes import (
    AddWorksheet,
    Change,
    NewCell,
    Row,
    SetColumns,
    WarnBeforeEdit,
    WriteCells,
)
from attendance_backend.sheet.grid import Area, Worksheet


def find(spreadsheets: Spreadsheets, control_id: str, title: str) -> Worksheet | None:
    """A worksheet, whole; None when there is none, as before the program has made one of its own."""
    if spreadsheets.read(control_id).find(title) is None:
        return None
    return spreadsheets.read(control_id, [Area(title)]).worksheet(title)


@dataclass(frozen=True, slots=True)
class ProgramSheet:
    """One of the program's worksheets, as it is made."""

    sheet_id: int
    title: str
    headers: Sequence[str]
    widths: Sequence[int]

    def create(self) -> list[Change]:
        """The worksheet, empty but for its header."""
        header: Row = tuple(NewCell(text, styles.HEADER) for text in self.headers)
        return [
            AddWorksheet(
                self.sheet_id, self.title, row_count=2, column_count=len(self.headers), frozen_rows=1
            ),
            WriteCells(self.sheet_id, 0, 0, (header,)),
            *(SetColumns(self.sheet_id, at, at + 1, pixels) for at, pixels in enumerate(self.widths)),
            WarnBeforeEdit(self.sheet_id, "Kept by the program."),
        ]

    def or_blank(self, worksheet: Worksheet | None) -> Worksheet:
        """A worksheet that was read; without one what `create` makes, in that form."""
        return worksheet or Worksheet(self.sheet_id, self.title, row_count=2, column_count=len(self.headers))

    def appended(self, worksheet: Worksheet | None, rows: Sequence[Row]) -> list[Change]:
        """Rows below all that stands in the worksheet, which is made first where it is None."""
        target = self.or_blank(worksheet)
        made = [] if worksheet else self.create()
        return [*made, *append_rows(target, max(target.end_row(), 1), rows)]


def emptied(worksheet: Worksheet, rows: Collection[int]) -> list[Change]:
    """The changes that empty rows. The rows stay: others may be writing below them."""
    return [*write_cells(worksheet.sheet_id, {at: NewCell() for at in worksheet.cells if at[0] in rows})]


def rows_before(worksheet: Worksheet, column: int, before: date) -> list[int]:
    """The rows whose date in a column is before a day."""
    days = {row: worksheet.date(row, column) for row in worksheet.row_numbers()[1:]}
    return [row for row, day in days.items() if day is not None and day < before]

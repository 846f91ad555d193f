"""Worksheets that the program itself keeps in the control spreadsheet: made when first needed, and protected."""

from collections.abc import Collection, Sequence

from attendance_backend.ports import Spreadsheets
from attendance_backend.sheet import styles
from attendance_backend.sheet.blocks import write_cells
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
    """One of the program's worksheets, whole; None when it has not been made yet."""
    if spreadsheets.read(control_id).find(title) is None:
        return None
    return spreadsheets.read(control_id, [Area(title)]).worksheet(title)


def create(sheet_id: int, title: str, headers: Sequence[str], widths: Sequence[int]) -> list[Change]:
    """One of the program's worksheets, empty but for its header."""
    header: Row = tuple(NewCell(text, styles.HEADER) for text in headers)
    return [
        AddWorksheet(sheet_id, title, row_count=2, column_count=len(headers), frozen_rows=1),
        WriteCells(sheet_id, 0, 0, (header,)),
        *(SetColumns(sheet_id, column, column + 1, pixels) for column, pixels in enumerate(widths)),
        WarnBeforeEdit(sheet_id, "Kept by the program."),
    ]


def emptied(worksheet: Worksheet, rows: Collection[int]) -> list[Change]:
    """The changes that empty rows. The rows stay: others may be writing below them."""
    return [*write_cells(worksheet.sheet_id, {at: NewCell() for at in worksheet.cells if at[0] in rows})]


def blank(sheet_id: int, title: str, columns: int) -> Worksheet:
    """The worksheet that `create` makes, in the form in which a read gives it."""
    return Worksheet(sheet_id, title, row_count=2, column_count=columns)

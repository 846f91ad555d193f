"""A worksheet as changes will leave it, without asking the service: what is planned next builds on it."""

from collections.abc import Iterable
from dataclasses import replace

from attendance_backend.sheet.changes import AddColumns, AddRows, AddWorksheet, Change, Formula, WriteCells
from attendance_backend.sheet.grid import Cell, Worksheet


def made_by(changes: Iterable[Change]) -> Worksheet:
    """The worksheet that changes add and fill; the first of them adds it."""
    first, *others = changes
    if not isinstance(first, AddWorksheet):
        raise TypeError("the first change adds no worksheet")
    blank = Worksheet(first.sheet_id, first.title, first.row_count, first.column_count)
    return after(blank, others)


def after(worksheet: Worksheet, changes: Iterable[Change]) -> Worksheet:
    """A worksheet with its cells written and its grid grown; what only changes its look is passed over."""
    for change in changes:
        match change:
            case AddRows(sheet_id, count) if sheet_id == worksheet.sheet_id:
                worksheet = replace(worksheet, row_count=worksheet.row_count + count)
            case AddColumns(sheet_id, count) if sheet_id == worksheet.sheet_id:
                worksheet = replace(worksheet, column_count=worksheet.column_count + count)
            case WriteCells(sheet_id) if sheet_id == worksheet.sheet_id:
                worksheet = _written(worksheet, change)
            case _:
                pass
    return worksheet


def _written(worksheet: Worksheet, change: WriteCells) -> Worksheet:
    cells = dict(worksheet.cells)
    for down, line in enumerate(change.rows):
        for right, cell in enumerate(line):
            place = change.row + down, change.column + right
            match cell.value:
                case None:
                    cells.pop(place, None)
                case Formula():
                    cells[place] = Cell(None, is_formula=True)
                case value:
                    cells[place] = Cell(value)
    return replace(worksheet, cells=cells)

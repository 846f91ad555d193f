"""A worksheet as changes will leave it, without asking the service: what is planned next builds on it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from attendance_backend.sheet.changes import (
    AddColumns,
    AddRows,
    AddWorksheet,
    Change,
    FillCells,
    Formula,
    InsertRows,
    Tag,
    WriteCells,
)
from attendance_backend.sheet.formula_text import moved
from attendance_backend.sheet.grid import Cell, Place, Spreadsheet, Worksheet


def made_by(changes: Iterable[Change]) -> Worksheet:
    """The worksheet that changes add and fill; the first of them adds it."""
    first, *others = changes
    if not isinstance(first, AddWorksheet):
        raise TypeError("the first change adds no worksheet")
    blank = Worksheet(first.sheet_id, first.title, first.row_count, first.column_count)
    return after(blank, others)


def after(worksheet: Worksheet, changes: Iterable[Change]) -> Worksheet:
    """A worksheet with its cells written and its grid grown; what only changes its look is passed over."""
    cells, tags = dict(worksheet.cells), dict(worksheet.tags)
    row_count, column_count = worksheet.row_count, worksheet.column_count
    for change in changes:
        match change:
            case AddRows(sheet_id, count) if sheet_id == worksheet.sheet_id:
                row_count += count
            case InsertRows(sheet_id, row, count) if sheet_id == worksheet.sheet_id:
                row_count += count
                cells = dict(_moved_down(cells, row, count))
            case AddColumns(sheet_id, count) if sheet_id == worksheet.sheet_id:
                column_count += count
            case WriteCells(sheet_id) if sheet_id == worksheet.sheet_id:
                for place, cell in change.cells():
                    _put(cells, place, cell.value)
            case Tag(sheet_id, int(column), text) if sheet_id == worksheet.sheet_id:
                tags[column] = text
            case FillCells(sheet_id) if sheet_id == worksheet.sheet_id:
                _fill(cells, change)
            case _:
                pass
    return replace(worksheet, row_count=row_count, column_count=column_count, cells=cells, tags=tags)


def workbook_after(view: Spreadsheet, changes: Sequence[Change]) -> Spreadsheet:
    """A spreadsheet whose worksheets are as changes will leave them."""
    return replace(view, worksheets=tuple(after(sheet, changes) for sheet in view.worksheets))


def _moved_down(cells: Mapping[Place, Cell], row: int, count: int) -> Iterator[tuple[Place, Cell]]:
    for (line, column), cell in cells.items():
        if line < row:
            yield (line, column), cell
        elif cell.formula is None:
            yield (line + count, column), cell
        else:
            yield (line + count, column), Cell(None, moved(cell.formula, count, 0))


def _fill(cells: dict[Place, Cell], change: FillCells) -> None:
    value = change.cell.value
    for down in range(change.row_count):
        for right in range(change.column_count):
            place = change.row + down, change.column + right
            if isinstance(value, Formula):
                cells[place] = Cell(None, moved(value.text, down, right))
            else:
                _put(cells, place, value)


def _put(cells: dict[Place, Cell], place: Place, value: float | str | Formula | None) -> None:
    if value is None:
        cells.pop(place, None)
    elif isinstance(value, Formula):
        cells[place] = Cell(None, value.text)
    else:
        cells[place] = Cell(value)

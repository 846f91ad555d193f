"""Requests of ``batchUpdate`` that move cells: sorting, cutting."""

from __future__ import annotations

import functools
from dataclasses import replace
from typing import Any

from attendance_sandbox.sheets import formula as formulas
from attendance_sandbox.sheets.a1 import Area
from attendance_sandbox.sheets.call import Call
from attendance_sandbox.sheets.cell import EMPTY, Cell
from attendance_sandbox.sheets.errors import invalid_argument, required, unimplemented
from attendance_sandbox.sheets.requests_cells import target
from attendance_sandbox.sheets.schema import Json
from attendance_sandbox.sheets.spreadsheet import Spreadsheet
from attendance_sandbox.sheets.worksheet import Worksheet


def sort_range(spreadsheet: Spreadsheet, request: Json, call: Call) -> Json:
    """Sorts the rows of a range: numbers, then texts, then booleans; blanks always last."""
    sheet, area = target(spreadsheet, required(request, "range"))
    order = list(area.rows())
    for spec in reversed(request.get("sortSpecs", [])):
        column = spec.get("dimensionIndex", 0)
        if not area.start_column <= column < area.end_column:
            raise invalid_argument(f"dimensionIndex[{column}] is outside of the range to sort")
        filled = [row for row in order if sheet.cell(row, column).value is not None]
        blank = [row for row in order if sheet.cell(row, column).value is None]
        filled.sort(
            key=functools.partial(_sort_key, sheet, column), reverse=spec.get("sortOrder") == "DESCENDING"
        )
        order = filled + blank
    lines = [[sheet.cell(row, column) for column in area.columns()] for row in order]
    for row, line, old in zip(area.rows(), lines, order, strict=True):
        for column, cell in zip(area.columns(), line, strict=True):
            sheet.put(row, column, _moved(cell, row - old, 0))
            call.cells_written += 1
    return {}


def _sort_key(sheet: Worksheet, column: int, row: int) -> tuple[int, Any]:
    value = sheet.cell(row, column).value
    if isinstance(value, bool):
        return 2, value
    if isinstance(value, str):
        return 1, value.casefold()
    return 0, value


def _moved(cell: Cell, rows: int, columns: int) -> Cell:
    if cell.formula is None:
        return cell
    return replace(cell, formula=formulas.copied(cell.formula, rows, columns))


def cut_paste(spreadsheet: Spreadsheet, request: Json, call: Call) -> Json:
    """Moves a range. References to it elsewhere are not moved along (the real service does)."""
    if request.get("pasteType", "PASTE_NORMAL") != "PASTE_NORMAL":
        raise unimplemented("Another pasteType than PASTE_NORMAL")
    source, area = target(spreadsheet, required(request, "source"))
    start = required(request, "destination")
    goal = spreadsheet.sheet(start.get("sheetId", 0))
    row, column = start.get("rowIndex", 0), start.get("columnIndex", 0)
    place = Area(row, row + area.height, column, column + area.width)
    if not goal.area.contains(place):
        raise goal.outside(place)
    cells = [source.cell(*position) for position in area.cells()]
    source.change(area, lambda _: EMPTY)
    for position, cell in zip(place.cells(), cells, strict=True):
        goal.put(*position, cell)
        call.cells_written += 1
    return {}

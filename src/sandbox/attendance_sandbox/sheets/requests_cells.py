"""Requests of ``batchUpdate`` that change cells."""

from __future__ import annotations

from dataclasses import replace

from attendance_sandbox.sheets import formula as formulas
from attendance_sandbox.sheets import masks, requests_dimensions
from attendance_sandbox.sheets.a1 import Area
from attendance_sandbox.sheets.call import Call
from attendance_sandbox.sheets.cell import Cell
from attendance_sandbox.sheets.conditions import checked_validation
from attendance_sandbox.sheets.errors import invalid_argument, required
from attendance_sandbox.sheets.schema import Json
from attendance_sandbox.sheets.spreadsheet import Spreadsheet
from attendance_sandbox.sheets.worksheet import Worksheet


def target(spreadsheet: Spreadsheet, grid_range: Json) -> tuple[Worksheet, Area]:
    """The worksheet and area of a ``GridRange``."""
    sheet = spreadsheet.sheet(grid_range.get("sheetId", 0))
    return sheet, sheet.area_of(grid_range)


def update_cells(spreadsheet: Spreadsheet, request: Json, call: Call) -> Json:
    """Writes rows of ``CellData``. Cells of a given range that the rows do not reach are cleared."""
    mask = masks.update_mask(request.get("fields"), "CellData")
    rows = request.get("rows", [])
    if ("range" in request) == ("start" in request):
        raise invalid_argument("Exactly one of 'start' and 'range' must be set.")
    if "range" in request:
        sheet, area = target(spreadsheet, required(request, "range"))
    else:
        sheet, area = _from_start(spreadsheet, request["start"], rows)
    _check_fits(area, rows)
    for offset, number in enumerate(area.rows()):
        cells = rows[offset].get("values", []) if offset < len(rows) else []
        end = area.end_column if "range" in request else area.start_column + len(cells)
        for column in range(area.start_column, end):
            place = column - area.start_column
            data = _checked_cell(spreadsheet, cells[place]) if place < len(cells) else {}
            sheet.put(number, column, sheet.cell(number, column).with_json(data, mask))
            call.cells_written += 1
    return {}


def append_cells(spreadsheet: Spreadsheet, request: Json, call: Call) -> Json:
    """Writes rows of ``CellData`` from the first column on, below the last row with data; the grid grows as needed."""
    mask = masks.update_mask(request.get("fields"), "CellData")
    sheet, rows = spreadsheet.sheet(request.get("sheetId", 0)), request.get("rows", [])
    first = max((row for row, _, cell in sheet.occupied(sheet.area) if not cell.is_blank), default=-1) + 1
    width = max((len(line.get("values", [])) for line in rows), default=0)
    for dimension, lacking in (
        ("ROWS", first + len(rows) - sheet.row_count),
        ("COLUMNS", width - sheet.column_count),
    ):
        if lacking > 0:
            grow = {"sheetId": sheet.sheet_id, "dimension": dimension, "length": lacking}
            requests_dimensions.append_dimension(spreadsheet, grow, call)
    for number, line in enumerate(rows, first):
        for column, data in enumerate(line.get("values", [])):
            if data:
                cell = _checked_cell(spreadsheet, data)
                sheet.put(number, column, sheet.cell(number, column).with_json(cell, mask))
                call.cells_written += 1
    return {}


def _checked_cell(spreadsheet: Spreadsheet, data: Json) -> Json:
    """A ``CellData`` message with its validation as the service keeps it."""
    if "dataValidation" not in data:
        return data
    return {**data, "dataValidation": checked_validation(spreadsheet, data["dataValidation"])}


def _from_start(spreadsheet: Spreadsheet, start: Json, rows: list[Json]) -> tuple[Worksheet, Area]:
    sheet = spreadsheet.sheet(start.get("sheetId", 0))
    row, column = start.get("rowIndex", 0), start.get("columnIndex", 0)
    if min(row, column) < 0:
        raise invalid_argument(f"GridCoordinate[{row}, {column}] is before the first cell of the grid")
    if row >= sheet.row_count:
        raise invalid_argument(
            f"GridCoordinate.rowIndex[{row}] is after last row in grid[{sheet.row_count - 1}]"
        )
    if column >= sheet.column_count:
        raise invalid_argument(
            f"GridCoordinate.columnIndex[{column}] is after last column in grid[{sheet.column_count - 1}]"
        )
    width = max((len(line.get("values", [])) for line in rows), default=0)
    area = Area(row, row + len(rows), column, column + width)
    if not sheet.area.contains(area):
        cut = Area(row, min(area.end_row, sheet.row_count), column, min(area.end_column, sheet.column_count))
        _check_fits(cut, rows)
    return sheet, area


def _check_fits(area: Area, rows: list[Json]) -> None:
    if len(rows) > area.height:
        raise invalid_argument(
            f"Attempting to write row: {area.end_row}, beyond the last requested row of: {area.end_row - 1}"
        )
    if any(len(line.get("values", [])) > area.width for line in rows):
        raise invalid_argument(
            f"Attempting to write column: {area.end_column}, "
            f"beyond the last requested column of: {area.end_column - 1}"
        )


def repeat_cell(spreadsheet: Spreadsheet, request: Json, call: Call) -> Json:
    """Gives every cell of a range the same content; relative references move along."""
    mask = masks.update_mask(request.get("fields"), "CellData")
    sheet, area = target(spreadsheet, required(request, "range"))
    data = _checked_cell(spreadsheet, request.get("cell", {}))
    text = data.get("userEnteredValue", {}).get("formulaValue")
    canonical = None if text is None else formulas.canonical(text)
    simple = canonical is not None and formulas.stays_canonical(canonical)
    is_content = masks.includes(mask, "userEnteredValue")
    is_formula = canonical is not None and is_content
    changed: dict[int, tuple[Cell, Cell]] = {}
    for row, column in area.cells():
        before = sheet.cell(row, column)
        if id(before) not in changed:  # most of a range are the same cell, an empty one
            changed[id(before)] = before, before.with_json(data, mask)
        _, cell = changed[id(before)]
        if is_formula and canonical is not None:
            moved = formulas.copied(canonical, row - area.start_row, column - area.start_column)
            cell = cell.with_copied(moved) if simple else cell.with_formula(moved)
        sheet.put(row, column, cell)
        call.cells_written += is_content
    return {}


def set_data_validation(spreadsheet: Spreadsheet, request: Json, call: Call) -> Json:
    """Sets the rule that input in a range must keep to; no rule removes it."""
    sheet, area = target(spreadsheet, required(request, "range"))
    rule = request.get("rule")
    if rule is not None:
        rule = checked_validation(spreadsheet, rule)
    sheet.change(area, lambda cell: replace(cell, validation=rule))
    call.cells_written += area.height * area.width
    return {}

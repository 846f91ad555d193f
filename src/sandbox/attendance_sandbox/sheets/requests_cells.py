"""Requests of ``batchUpdate`` that change cells."""

from __future__ import annotations

import re
from dataclasses import replace

from attendance_sandbox.sheets import formula as formulas
from attendance_sandbox.sheets import masks
from attendance_sandbox.sheets.a1 import Area
from attendance_sandbox.sheets.call import Call
from attendance_sandbox.sheets.cell import Cell, with_color_styles
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


def _checked_cell(spreadsheet: Spreadsheet, data: Json) -> Json:
    """A ``CellData`` message with its validation as the service keeps it."""
    if "dataValidation" not in data:
        return data
    return {**data, "dataValidation": checked_validation(spreadsheet, data["dataValidation"])}


def _from_start(spreadsheet: Spreadsheet, start: Json, rows: list[Json]) -> tuple[Worksheet, Area]:
    sheet = spreadsheet.sheet(start.get("sheetId", 0))
    row, column = start.get("rowIndex", 0), start.get("columnIndex", 0)
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
    is_formula = canonical is not None and masks.includes(mask, "userEnteredValue")
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
        call.cells_written += 1
    return {}


def append_cells(spreadsheet: Spreadsheet, request: Json, call: Call) -> Json:
    """Writes rows below the last one that has data, growing the grid as needed."""
    mask = masks.update_mask(request.get("fields"), "CellData")
    sheet = spreadsheet.sheet(request.get("sheetId", 0))
    rows = request.get("rows", [])
    first = sheet.last_filled_row() + 1
    width = max((len(line.get("values", [])) for line in rows), default=0)
    needed = max(sheet.row_count, first + len(rows)), max(sheet.column_count, width)
    if needed != (sheet.row_count, sheet.column_count):
        sheet.resize(*needed)
        spreadsheet.check_size()
    for number, line in enumerate(rows, first):
        for column, data in enumerate(line.get("values", [])):
            cell = sheet.cell(number, column).with_json(_checked_cell(spreadsheet, data), mask)
            sheet.put(number, column, cell)
            call.cells_written += 1
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


def update_borders(spreadsheet: Spreadsheet, request: Json, call: Call) -> Json:
    """Sets the borders around a range and between its cells; those not named stay as they are."""
    sheet, area = target(spreadsheet, required(request, "range"))
    for row, column in area.cells():
        sides = {
            "top": request.get("top" if row == area.start_row else "innerHorizontal"),
            "bottom": request.get("bottom" if row == area.end_row - 1 else "innerHorizontal"),
            "left": request.get("left" if column == area.start_column else "innerVertical"),
            "right": request.get("right" if column == area.end_column - 1 else "innerVertical"),
        }
        cell = sheet.cell(row, column)
        borders = dict(cell.format.get("borders", {}))
        for side, border in sides.items():
            if border is None:
                continue
            if border.get("style") == "NONE":
                borders.pop(side, None)
            else:
                borders[side] = with_color_styles(border)
        cell_format = {name: value for name, value in cell.format.items() if name != "borders"}
        if borders:
            cell_format["borders"] = borders
        sheet.put(row, column, replace(cell, format=cell_format))
        call.cells_written += 1
    return {}


def find_replace(spreadsheet: Spreadsheet, request: Json, call: Call) -> Json:
    """Replaces texts in values (not in formulas) and tells how many."""
    if request.get("includeFormulas"):
        raise invalid_argument("includeFormulas is not supported by this stand-in")
    pattern = request.get("find", "") if request.get("searchByRegex") else re.escape(request.get("find", ""))
    if request.get("matchEntireCell"):
        pattern = f"^(?:{pattern})$"
    search = re.compile(pattern, 0 if request.get("matchCase") else re.IGNORECASE)
    replacement = request.get("replacement", "")
    places = _search_areas(spreadsheet, request)
    counts = {"valuesChanged": 0, "rowsChanged": 0, "sheetsChanged": 0, "occurrencesChanged": 0}
    for sheet, area in places:
        rows = set()
        for row, column, cell in list(sheet.occupied(area)):
            if cell.is_blank or cell.formula is not None:
                continue
            text, found = search.subn(lambda _: replacement, cell.text(spreadsheet.locale))
            if found:
                sheet.put(row, column, cell.with_typed(text, spreadsheet.locale))
                rows.add(row)
                counts["valuesChanged"] += 1
                counts["occurrencesChanged"] += found
                call.cells_written += 1
        counts["rowsChanged"] += len(rows)
        counts["sheetsChanged"] += bool(rows)
    return {"findReplace": {name: count for name, count in counts.items() if count}}


def _search_areas(spreadsheet: Spreadsheet, request: Json) -> list[tuple[Worksheet, Area]]:
    if request.get("allSheets"):
        return [(sheet, sheet.area) for sheet in spreadsheet.sheets]
    if "range" in request:
        return [target(spreadsheet, required(request, "range"))]
    sheet = spreadsheet.sheet(request.get("sheetId", 0))
    return [(sheet, sheet.area)]

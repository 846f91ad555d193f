"""Requests of ``batchUpdate`` on rows and columns."""

from __future__ import annotations

from attendance_sandbox.sheets import dimensions, masks
from attendance_sandbox.sheets.a1 import Area
from attendance_sandbox.sheets.call import Call
from attendance_sandbox.sheets.errors import invalid_argument
from attendance_sandbox.sheets.schema import Json
from attendance_sandbox.sheets.spreadsheet import Spreadsheet
from attendance_sandbox.sheets.worksheet import Worksheet


def _target(spreadsheet: Spreadsheet, dimension_range: Json) -> tuple[Worksheet, str, int, int]:
    """Worksheet, dimension, start and end of a ``DimensionRange``; open ends reach to the edge."""
    sheet = spreadsheet.sheet(dimension_range.get("sheetId", 0))
    dimension = _dimension(dimension_range)
    size = sheet.row_count if dimension == "ROWS" else sheet.column_count
    return sheet, dimension, dimension_range.get("startIndex", 0), dimension_range.get("endIndex", size)


def _dimension(message: Json) -> str:
    dimension: str = message.get("dimension", "DIMENSION_UNSPECIFIED")
    if dimension not in {"ROWS", "COLUMNS"}:
        raise invalid_argument("No dimension specified.")
    return dimension


def _band(sheet: Worksheet, dimension: str, start: int, end: int) -> Area:
    """All cells of some rows or columns."""
    if dimension == "ROWS":
        return Area(start, end, 0, sheet.column_count)
    return Area(0, sheet.row_count, start, end)


def append_dimension(spreadsheet: Spreadsheet, request: Json, _call: Call) -> Json:
    sheet = spreadsheet.sheet(request.get("sheetId", 0))
    length = request.get("length", 0)
    if length < 1:
        raise invalid_argument("length must be greater than 0")
    rows, columns = (length, 0) if _dimension(request) == "ROWS" else (0, length)
    sheet.resize(sheet.row_count + rows, sheet.column_count + columns)
    spreadsheet.check_size()
    return {}


def insert_dimension(spreadsheet: Spreadsheet, request: Json, _call: Call) -> Json:
    """Inserts rows or columns. They come without formats, whatever ``inheritFromBefore`` says."""
    sheet, dimension, start, end = _target(spreadsheet, request.get("range", {}))
    size = sheet.row_count if dimension == "ROWS" else sheet.column_count
    if request.get("inheritFromBefore") and start == 0:
        raise invalid_argument("inheritFromBefore cannot be true when inserting at the first index")
    if start > size:
        raise invalid_argument(f"range.startIndex is larger than current grid size ({size})")
    if start == size and not request.get("inheritFromBefore"):
        raise invalid_argument(
            f"range.startIndex must be less than the grid size ({size}) if inheritFromBefore is false."
        )
    dimensions.insert(spreadsheet, sheet, dimension, start, end - start)
    return {}


def delete_dimension(spreadsheet: Spreadsheet, request: Json, _call: Call) -> Json:
    sheet, dimension, start, end = _target(spreadsheet, request.get("range", {}))
    sheet.check_unlocked(_band(sheet, dimension, start, end))
    dimensions.delete(spreadsheet, sheet, dimension, start, end)
    return {}


def update_dimension_properties(spreadsheet: Spreadsheet, request: Json, _call: Call) -> Json:
    mask = masks.update_mask(request.get("fields"), "DimensionProperties")
    sheet, dimension, start, end = _target(spreadsheet, request.get("range", {}))
    size = sheet.row_count if dimension == "ROWS" else sheet.column_count
    if not 0 <= start < end <= size:
        raise invalid_argument(f"{dimension} {start} to {end} do not lie within the sheet's {size}.")
    metadata = sheet.meta(dimension)
    for index in range(start, end):
        metadata[index] = masks.merge(metadata.get(index, {}), request.get("properties", {}), mask)
    return {}

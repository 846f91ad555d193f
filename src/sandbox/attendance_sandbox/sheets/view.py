"""Answers of ``spreadsheets.get``: a spreadsheet as JSON."""

from __future__ import annotations

from typing import Any

from attendance_sandbox.sheets import masks
from attendance_sandbox.sheets.a1 import Area
from attendance_sandbox.sheets.call import Call
from attendance_sandbox.sheets.cell_view import CellView, view_for
from attendance_sandbox.sheets.requests_rules import may_edit
from attendance_sandbox.sheets.schema import Json
from attendance_sandbox.sheets.spreadsheet import Spreadsheet
from attendance_sandbox.sheets.worksheet import Worksheet

DEFAULT_PIXELS = {"ROWS": 21, "COLUMNS": 100}

_LEFT_OUT_WHEN_ZERO = frozenset({"sheetId", "frozenRowCount", "frozenColumnCount"})


def spreadsheet_json(
    spreadsheet: Spreadsheet,
    call: Call,
    *,
    ranges: list[str] | None = None,
    fields: str | masks.Mask | None = None,
    grid_data: bool = False,
) -> Json:
    """The spreadsheet, or what of it is asked for.

    Args:
        ranges: only the worksheets of these ranges, and of their data only the ranges.
        fields: field mask of the answer; asking for ``sheets.data`` brings the data as well.
        grid_data: with the cells' data. Ignored when there is a field mask, as in the real service.
    """
    mask = masks.parse_mask(fields) if isinstance(fields, str) else fields or {}
    sheets_mask = masks.below(mask, "sheets")
    wants_data = (masks.includes(mask, "sheets") and _wants_data(mask, sheets_mask)) if fields else grid_data
    areas: dict[int, list[Area]] = {}
    for text in ranges or []:
        sheet, area = spreadsheet.resolve(text)
        areas.setdefault(sheet.sheet_id, []).append(area)
    shown = [sheet for sheet in spreadsheet.sheets if not ranges or sheet.sheet_id in areas]
    result: Json = {
        "spreadsheetId": spreadsheet.spreadsheet_id,
        "properties": spreadsheet.properties,
        "sheets": [],
    }
    if masks.includes(mask, "sheets"):
        for sheet in shown:
            # The mask is applied to data as it is made, and only there: a whole grid is large.
            result["sheets"].append(
                masks.select(_as_seen_by(call, sheet_json(sheet, sheets_mask)), sheets_mask)
            )
            if wants_data:
                data_mask = masks.below(sheets_mask, "data")
                result["sheets"][-1]["data"] = [
                    grid_json(spreadsheet, sheet, area, data_mask, call)
                    for area in areas.get(sheet.sheet_id, [sheet.area])
                ]
    if spreadsheet.named_ranges:
        result["namedRanges"] = prune(spreadsheet.named_ranges)
    result["spreadsheetUrl"] = spreadsheet.url
    selected: Json = masks.select(result, mask and {**mask, **({"sheets": {}} if "sheets" in mask else {})})
    return selected


def _wants_data(mask: masks.Mask, sheets_mask: masks.Mask) -> bool:
    return "*" in mask or not sheets_mask or masks.includes(sheets_mask, "data")


def shows_values(fields: str | None, grid_data: bool) -> bool:
    """Whether an answer with this field mask shows what is in cells, and not only what was entered."""
    if not fields:
        return grid_data
    mask = masks.parse_mask(fields)
    sheets_mask = masks.below(mask, "sheets")
    if not (masks.includes(mask, "sheets") and _wants_data(mask, sheets_mask)):
        return False
    for name in ("data", "rowData", "values"):
        if not masks.includes(sheets_mask, name):
            return False
        sheets_mask = masks.below(sheets_mask, name)
    return any(masks.includes(sheets_mask, name) for name in ("effectiveValue", "formattedValue"))


def _as_seen_by(call: Call, shown: Json) -> Json:
    """A worksheet with what the caller may edit; like the service, it shows no falsehoods."""
    protected = [
        {name: value for name, value in one.items() if name != "requestingUserCanEdit" or may_edit(one, call)}
        for one in shown.get("protectedRanges", [])
    ]
    return {**shown, "protectedRanges": protected} if protected else shown


def sheet_json(sheet: Worksheet, mask: masks.Mask | None = None) -> Json:
    """A worksheet without its cells; with a mask, at least what of it that means."""
    mask = mask or {}
    result: Json = {"properties": properties_json(sheet)}
    for name, rules in sheet.rules.items():
        if rules and masks.includes(mask, name):
            result[name] = prune(rules)
    if sheet.basic_filter is not None and masks.includes(mask, "basicFilter"):
        result["basicFilter"] = prune(sheet.basic_filter)
    return result


def properties_json(sheet: Worksheet) -> Json:
    """A worksheet's properties; ID and index are shown even when they are zero."""
    properties: Json = prune(sheet.properties)
    return {"sheetId": sheet.sheet_id, **properties}


def grid_json(spreadsheet: Spreadsheet, sheet: Worksheet, area: Area, mask: masks.Mask, call: Call) -> Json:
    """The cells of an area as a ``GridData`` message. Blank rows and cells at the end are left out."""
    data: Json = {}
    if area.start_row and masks.includes(mask, "startRow"):
        data["startRow"] = area.start_row
    if area.start_column and masks.includes(mask, "startColumn"):
        data["startColumn"] = area.start_column
    if masks.includes(mask, "rowData"):
        row_mask = masks.below(mask, "rowData")
        cells = view_for(
            masks.below(row_mask, "values"), spreadsheet.locale, spreadsheet.properties["defaultFormat"]
        )
        rows = _row_data(sheet, area, cells, call)
        if rows:
            data["rowData"] = rows if masks.includes(row_mask, "values") else [{} for _ in rows]
    for name, dimension, indexes in (
        ("rowMetadata", "ROWS", area.rows()),
        ("columnMetadata", "COLUMNS", area.columns()),
    ):
        if masks.includes(mask, name):
            data[name] = _metadata(sheet, dimension, indexes, masks.below(mask, name))
    return data


def _row_data(sheet: Worksheet, area: Area, cells: CellView, call: Call) -> list[Json]:
    rows: list[Json] = []
    for number, column, cell in sheet.occupied(area):
        data = cells.show(cell)
        call.cells_read += 1
        if not data:
            continue
        while len(rows) <= number - area.start_row:
            rows.append({})
        values = rows[-1].setdefault("values", [])
        while len(values) < column - area.start_column:
            values.append({})
        values.append(data)
    return rows


def _metadata(sheet: Worksheet, dimension: str, indexes: range, mask: masks.Mask) -> list[Json]:
    known = sheet.meta(dimension)
    default = {"pixelSize": DEFAULT_PIXELS[dimension]}
    shown: list[Json] = [masks.select(default, mask)] * len(indexes)
    for index in known.keys() & set(indexes):
        # Masked before anything is made of it: each column of each worksheet bears metadata.
        wanted = {name: value for name, value in known[index].items() if masks.includes(mask, name)}
        if "developerMetadata" in wanted:
            inner = masks.below(mask, "developerMetadata")
            if masks.includes(inner, "location"):
                wanted = _located(sheet, dimension, index, wanted)
            else:
                wanted["developerMetadata"] = masks.select(wanted["developerMetadata"], inner)
        shown[index - indexes.start] = masks.select({**default, **prune(wanted)}, mask)
    return shown


def _located(sheet: Worksheet, dimension: str, index: int, properties: Json) -> Json:
    """The properties of a row or column, its metadata with the place where it is now."""
    where = {"sheetId": sheet.sheet_id, "dimension": dimension, "startIndex": index, "endIndex": index + 1}
    location = {"locationType": dimension.removesuffix("S"), "dimensionRange": where}
    placed = [{**metadata, "location": location} for metadata in properties["developerMetadata"]]
    return {**properties, "developerMetadata": placed}


def prune(value: Any) -> Any:
    """A JSON value without what the service leaves out: false, empty texts, nulls, some zeros."""
    if isinstance(value, list):
        return [prune(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name: prune(item)
        for name, item in value.items()
        if not (item is None or item is False or item == "" or (item == 0 and name in _LEFT_OUT_WHEN_ZERO))
    }

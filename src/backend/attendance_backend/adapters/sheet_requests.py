"""Our changes as requests of the Sheets API's ``spreadsheets.batchUpdate``."""

from collections.abc import Iterator, Sequence
from typing import Any

from attendance_backend.sheet.changes import (
    VERSION_NAME,
    AddColumns,
    AddRows,
    AddWorksheet,
    Change,
    Formula,
    HighlightWhen,
    NewCell,
    RemoveWorksheet,
    SetColumns,
    SetLocale,
    Style,
    SucceedVersion,
    WarnBeforeEdit,
    WriteCells,
)

Json = dict[str, Any]

_HARMLESS_TWICE = (WriteCells, AddRows, AddColumns, SetLocale, SetColumns)


def is_repeatable(changes: Sequence[Change]) -> bool:
    """Whether sending the changes twice does no harm.

    With a version the repetition of what was carried out is refused as a whole. Without one, it at worst leaves blank
    rows at the end.
    """
    return version_of(changes) is not None or all(isinstance(change, _HARMLESS_TWICE) for change in changes)


def version_of(changes: Sequence[Change]) -> SucceedVersion | None:
    """The change of the version, if there is one."""
    return next((change for change in changes if isinstance(change, SucceedVersion)), None)


def requests_of(changes: Sequence[Change]) -> list[Json]:
    """The requests that make the changes, in their order."""
    requests: list[Json] = []
    for change in changes:
        if isinstance(change, SucceedVersion):
            requests += _succession(change)
        else:
            requests.append(request_of(change))
    return requests


def _succession(change: SucceedVersion) -> Iterator[Json]:
    if change.previous is not None:
        yield {"deleteNamedRange": {"namedRangeId": change.previous}}
    cell = {
        "sheetId": change.sheet_id,
        "startRowIndex": 0,
        "endRowIndex": 1,
        "startColumnIndex": 0,
        "endColumnIndex": 1,
    }
    named = {"namedRangeId": change.new, "name": VERSION_NAME, "range": cell}
    yield {"addNamedRange": {"namedRange": named}}


def request_of(change: Change) -> Json:  # noqa: C901, PLR0911 - one branch a kind of change
    """The request that makes a change; `SucceedVersion` needs two (`requests_of`)."""
    match change:
        case WriteCells():
            return _write(change)
        case AddWorksheet():
            return _add_worksheet(change)
        case RemoveWorksheet(sheet_id):
            return {"deleteSheet": {"sheetId": sheet_id}}
        case AddRows(sheet_id, count):
            return _append(sheet_id, "ROWS", count)
        case AddColumns(sheet_id, count):
            return _append(sheet_id, "COLUMNS", count)
        case SetLocale(locale, time_zone):
            properties = {"locale": locale, "timeZone": time_zone}
            return {"updateSpreadsheetProperties": {"properties": properties, "fields": "locale,timeZone"}}
        case SetColumns():
            return _set_columns(change)
        case WarnBeforeEdit(sheet_id, description):
            protected = {
                "range": {"sheetId": sheet_id},
                "description": description,
                "warningOnly": True,
            }
            return {"addProtectedRange": {"protectedRange": protected}}
        case HighlightWhen():
            return _highlight(change)
        case SucceedVersion():
            raise AssertionError("SucceedVersion is more than one request")


def _write(change: WriteCells) -> Json:
    is_styled = any(cell.style is not None for row in change.rows for cell in row)
    return {
        "updateCells": {
            "start": {
                "sheetId": change.sheet_id,
                "rowIndex": change.row,
                "columnIndex": change.column,
            },
            "rows": [{"values": [_cell(cell) for cell in row]} for row in change.rows],
            "fields": "userEnteredValue,userEnteredFormat" if is_styled else "userEnteredValue",
        }
    }


def _cell(cell: NewCell) -> Json:
    data: Json = {}
    match cell.value:
        case None:
            pass
        case Formula(text):
            data["userEnteredValue"] = {"formulaValue": text}
        case str():
            data["userEnteredValue"] = {"stringValue": cell.value}
        case _:
            data["userEnteredValue"] = {"numberValue": cell.value}
    # A format that is left out is taken away, where the write is about formats at all.
    if cell.style is not None and (look := _format(cell.style)):
        data["userEnteredFormat"] = look
    return data


def _format(style: Style) -> Json:
    answer: Json = {}
    if style.number_format is not None:
        answer["numberFormat"] = {"type": style.number_format.kind, "pattern": style.number_format.pattern}
    text: Json = {}
    if style.bold:
        text["bold"] = True
    if style.color is not None:
        text["foregroundColorStyle"] = _color(style.color)
    if text:
        answer["textFormat"] = text
    if style.background is not None:
        answer["backgroundColorStyle"] = _color(style.background)
    if style.align is not None:
        answer["horizontalAlignment"] = str(style.align)
    if style.wrap:
        answer["wrapStrategy"] = "WRAP"
    return answer


def _color(text: str) -> Json:
    red, green, blue = (int(text[start : start + 2], 16) / 255 for start in (1, 3, 5))
    return {"rgbColor": {"red": red, "green": green, "blue": blue}}


def _add_worksheet(change: AddWorksheet) -> Json:
    grid: Json = {"rowCount": change.row_count, "columnCount": change.column_count}
    if change.frozen_rows:
        grid["frozenRowCount"] = change.frozen_rows
    if change.frozen_columns:
        grid["frozenColumnCount"] = change.frozen_columns
    properties: Json = {"sheetId": change.sheet_id, "title": change.title, "gridProperties": grid}
    if change.hidden:
        properties["hidden"] = True
    return {"addSheet": {"properties": properties}}


def _append(sheet_id: int, dimension: str, count: int) -> Json:
    return {"appendDimension": {"sheetId": sheet_id, "dimension": dimension, "length": count}}


def _set_columns(change: SetColumns) -> Json:
    properties: Json = {"hiddenByUser": change.hidden}
    if change.pixels is not None:
        properties["pixelSize"] = change.pixels
    return {
        "updateDimensionProperties": {
            "range": {
                "sheetId": change.sheet_id,
                "dimension": "COLUMNS",
                "startIndex": change.first,
                "endIndex": change.end,
            },
            "properties": properties,
            "fields": ",".join(properties),
        }
    }


def _highlight(change: HighlightWhen) -> Json:
    area = {
        "sheetId": change.sheet_id,
        "startRowIndex": change.first_row,
        "startColumnIndex": change.first_column,
    }
    condition = {"type": "CUSTOM_FORMULA", "values": [{"userEnteredValue": change.formula.text}]}
    look = {
        "backgroundColorStyle": _color(change.background),
        "textFormat": {"foregroundColorStyle": _color(change.color)},
    }
    rule = {"ranges": [area], "booleanRule": {"condition": condition, "format": look}}
    return {"addConditionalFormatRule": {"rule": rule, "index": 0}}

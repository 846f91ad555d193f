"""Our changes as requests of the Sheets API's ``spreadsheets.batchUpdate``."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from math import isfinite
from typing import Any

from attendance_backend.sheet.changes import (
    AddColumns,
    AddNote,
    AddRows,
    AddWorksheet,
    Block,
    Change,
    FillCells,
    Formula,
    HighlightWhen,
    InsertRows,
    NewCell,
    OfferChoices,
    RemoveWorksheet,
    SetColumns,
    SetLocale,
    SetTitle,
    ShowWorksheet,
    Style,
    SucceedVersion,
    Tag,
    WarnBeforeEdit,
    WriteCells,
)
from attendance_backend.sheet.layout import COLUMN_TAG, SHEET_TAG

Json = dict[str, Any]

_LINE = "#b7bdc9"

_Looks = dict[int, Json]
"""The formats of a write's styles, by their `id`: a style that many cells share is translated once."""

_MANY_ROWS = 4
"""From so many on, a request for the looks of a column is shorter than to repeat them in each row."""

_HARMLESS_TWICE = (WriteCells, FillCells, AddRows, AddColumns, SetLocale, SetColumns, OfferChoices, AddNote)


def is_repeatable(changes: Sequence[Change]) -> bool:
    """Whether sending the changes twice does no harm.

    With a version the repetition of what was carried out is refused as a whole. Without one, it at worst leaves blank
    rows at the end.
    """
    return version_of(changes) is not None or all(isinstance(change, _HARMLESS_TWICE) for change in changes)


def version_of(changes: Sequence[Change]) -> SucceedVersion | None:
    return next((change for change in changes if isinstance(change, SucceedVersion)), None)


def requests_of(changes: Sequence[Change]) -> list[Json]:
    requests: list[Json] = []
    for change in changes:
        if isinstance(change, SucceedVersion):
            requests += _succession(change)
        elif isinstance(change, WriteCells):
            requests += _writes(change)
        else:
            requests.append(_request_of(change))
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
    named = {"namedRangeId": change.new, "name": change.name, "range": cell}
    yield {"addNamedRange": {"namedRange": named}}


def _request_of(change: Change) -> Json:  # noqa: C901, PLR0911, PLR0912 - one branch a kind of change
    """The request that makes a change; some need more than one (`requests_of`)."""
    match change:
        case FillCells():
            return _fill(change)
        case AddWorksheet():
            return _add_worksheet(change)
        case RemoveWorksheet(sheet_id):
            return {"deleteSheet": {"sheetId": sheet_id}}
        case ShowWorksheet(sheet_id):
            shown = {"sheetId": sheet_id, "hidden": False}
            return {"updateSheetProperties": {"properties": shown, "fields": "hidden"}}
        case SetTitle(title):
            return {"updateSpreadsheetProperties": {"properties": {"title": title}, "fields": "title"}}
        case AddRows(sheet_id, count):
            return _append(sheet_id, "ROWS", count)
        case InsertRows(sheet_id, row, count):
            place = {"sheetId": sheet_id, "dimension": "ROWS", "startIndex": row, "endIndex": row + count}
            return {"insertDimension": {"range": place, "inheritFromBefore": row > 0}}
        case AddColumns(sheet_id, count):
            return _append(sheet_id, "COLUMNS", count)
        case SetLocale(locale, time_zone):
            properties = {"locale": locale, "timeZone": time_zone}
            return {"updateSpreadsheetProperties": {"properties": properties, "fields": "locale,timeZone"}}
        case SetColumns():
            return _set_columns(change)
        case WarnBeforeEdit(sheet_id, description, free):
            protected = {
                "range": {"sheetId": sheet_id},
                "description": description,
                "warningOnly": True,
            }
            if free:
                protected["unprotectedRanges"] = [_grid_range(sheet_id, block) for block in free]
            return {"addProtectedRange": {"protectedRange": protected}}
        case OfferChoices():
            return _offer(change)
        case Tag():
            return _tag(change)
        case AddNote(sheet_id, row, column, text):
            area = Block(row, row + 1, column, column + 1)
            return {
                "repeatCell": {
                    "range": _grid_range(sheet_id, area),
                    "cell": {"note": text},
                    "fields": "note",
                }
            }
        case HighlightWhen():
            return _highlight(change)
        case WriteCells() | SucceedVersion():
            raise AssertionError("it is more than one request")


def _writes(change: WriteCells) -> Iterator[Json]:
    """The values, and their looks: once for all rows if each column has its own."""
    first = [style for _, style in change.rows[0]] if change.rows else []
    shared = len(change.rows) >= _MANY_ROWS and all(
        [style for _, style in row] == first for row in change.rows
    )
    yield _write(change, with_looks=not shared)
    for style, columns in groupby(enumerate(first), key=lambda item: item[1]) if shared else ():
        places = [change.column + column for column, _ in columns]
        if style is not None:
            area = Block(change.row, change.row + len(change.rows), places[0], places[-1] + 1)
            yield {
                "repeatCell": {
                    "range": _grid_range(change.sheet_id, area),
                    "cell": {"userEnteredFormat": _format(style)},
                    "fields": "userEnteredFormat",
                }
            }


def _write(change: WriteCells, *, with_looks: bool) -> Json:
    """The values; where rows go below all others (`WriteCells.below`), the service finds the place itself."""
    is_styled = with_looks and any(cell.style is not None for row in change.rows for cell in row)
    if is_styled:
        looks: _Looks = {}
        rows = [{"values": [_cell(cell, looks) for cell in row]} for row in change.rows]
    else:
        rows = [{"values": [_value(value) for value, _ in row]} for row in change.rows]
    fields = "userEnteredValue,userEnteredFormat" if is_styled else "userEnteredValue"
    if change.below:
        return {"appendCells": {"sheetId": change.sheet_id, "rows": rows, "fields": fields}}
    start = {"sheetId": change.sheet_id, "rowIndex": change.row, "columnIndex": change.column}
    return {"updateCells": {"start": start, "rows": rows, "fields": fields}}


def _fill(change: FillCells) -> Json:
    area = Block(
        change.row, change.row + change.row_count, change.column, change.column + change.column_count
    )
    return {
        "repeatCell": {
            "range": _grid_range(change.sheet_id, area),
            "cell": _cell(change.cell, {}),
            "fields": "userEnteredValue" + (",userEnteredFormat" if change.cell.style is not None else ""),
        }
    }


def _tag(change: Tag) -> Json:
    location: Json = {"sheetId": change.sheet_id}
    if change.column is not None:
        index = {"startIndex": change.column, "endIndex": change.column + 1}
        location = {"dimensionRange": {"sheetId": change.sheet_id, "dimension": "COLUMNS", **index}}
    metadata = {
        "metadataKey": SHEET_TAG if change.column is None else COLUMN_TAG,
        "metadataValue": change.text,
        "location": location,
        "visibility": "DOCUMENT",
    }
    return {"createDeveloperMetadata": {"developerMetadata": metadata}}


def _offer(change: OfferChoices) -> Json:
    match change.choices:
        case Formula(text):
            kind, values = "ONE_OF_RANGE", [text]
        case tuple():
            kind, values = "ONE_OF_LIST", list(change.choices)
    condition = {"type": kind, "values": [{"userEnteredValue": value} for value in values]}
    rule = {"condition": condition, "strict": change.strict, "showCustomUi": True}
    return {"setDataValidation": {"range": _grid_range(change.sheet_id, change.block), "rule": rule}}


def _grid_range(sheet_id: int, block: Block) -> Json:
    area: Json = {
        "sheetId": sheet_id,
        "startRowIndex": block.first_row,
        "startColumnIndex": block.first_column,
    }
    if block.end_row is not None:
        area["endRowIndex"] = block.end_row
    if block.end_column is not None:
        area["endColumnIndex"] = block.end_column
    return area


def _cell(cell: NewCell, looks: _Looks) -> Json:
    data, style = _value(cell.value), cell.style
    if style is not None:
        look = looks.get(id(style))
        if look is None:
            look = looks[id(style)] = _format(style)
        # A format that is left out is taken away, where the write is about formats at all.
        if look:
            data["userEnteredFormat"] = look
    return data


def _value(value: float | str | Formula | None) -> Json:
    kind = value.__class__  # called for each cell
    if kind is str:
        return {"userEnteredValue": {"stringValue": value}}
    if kind is float:
        if not isfinite(value):  # type: ignore[arg-type]  # a float; JSON has no such numbers
            raise ValueError(f"a cell cannot hold {value}")
        return {"userEnteredValue": {"numberValue": value}}
    if value is None:
        return {}
    if isinstance(value, Formula):
        return {"userEnteredValue": {"formulaValue": value.text}}
    return {"userEnteredValue": {"stringValue" if isinstance(value, str) else "numberValue": value}}


def _format(style: Style) -> Json:
    answer: Json = {}
    if style.number_format is not None:
        answer["numberFormat"] = {"type": style.number_format.kind, "pattern": style.number_format.pattern}
    text = _text_format(style)
    if text:
        answer["textFormat"] = text
    if style.background is not None:
        answer["backgroundColorStyle"] = _color(style.background)
    if style.align is not None:
        answer["horizontalAlignment"] = str(style.align)
    if style.wrap:
        answer["wrapStrategy"] = "WRAP"
    if style.top:
        answer["verticalAlignment"] = "TOP"
    if style.line_above:
        answer["borders"] = {"top": {"style": "SOLID", "colorStyle": _color(_LINE)}}
    return answer


def _text_format(style: Style) -> Json:
    text: Json = {}
    if style.bold:
        text["bold"] = True
    if style.italic:
        text["italic"] = True
    if style.size is not None:
        text["fontSize"] = style.size
    if style.color is not None:
        text["foregroundColorStyle"] = _color(style.color)
    return text


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
    if change.index is not None:
        properties["index"] = change.index
    if change.hidden:
        properties["hidden"] = True
    if change.tab_color is not None:
        properties["tabColorStyle"] = _color(change.tab_color)
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
    area = Block(change.first_row, change.end_row, change.first_column, change.end_column)
    condition = {"type": "CUSTOM_FORMULA", "values": [{"userEnteredValue": change.formula.text}]}
    text: Json = {"foregroundColorStyle": _color(change.color)}
    if change.bold:
        text["bold"] = True
    look: Json = {"textFormat": text}
    if change.background is not None:
        look["backgroundColorStyle"] = _color(change.background)
    rule = {
        "ranges": [_grid_range(change.sheet_id, area)],
        "booleanRule": {"condition": condition, "format": look},
    }
    if change.instead_of is not None:
        return {"updateConditionalFormatRule": {"rule": rule, "index": change.instead_of}}
    return {"addConditionalFormatRule": {"rule": rule, "index": 0}}

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
    RenameWorksheet,
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
    cell = _grid_range(change.sheet_id, Block(0, 1, 0, 1))
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
        case RenameWorksheet(sheet_id, title):
            renamed = {"sheetId": sheet_id, "title": title}
            return {"updateSheetProperties": {"properties": renamed, "fields": "title"}}
        case SetTitle(title):
            return {"updateSpreadsheetProperties": {"properties": {"title": title}, "fields": "title"}}
        case AddRows(sheet_id, count):
            return _append(sheet_id, "ROWS", count)
        case InsertRows(sheet_id, row, count):
            place = _lines(sheet_id, "ROWS", row, row + count)
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
            return _repeat(sheet_id, Block(row, row + 1, column, column + 1), {"note": text}, "note")
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
            look = {"userEnteredFormat": _format(style)}
            yield _repeat(change.sheet_id, area, look, "userEnteredFormat")


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
    fields = "userEnteredValue" + (",userEnteredFormat" if change.cell.style is not None else "")
    return _repeat(change.sheet_id, area, _cell(change.cell, {}), fields)


def _tag(change: Tag) -> Json:
    location: Json = {"sheetId": change.sheet_id}
    if change.column is not None:
        location = {"dimensionRange": _lines(change.sheet_id, "COLUMNS", change.column, change.column + 1)}
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


def _lines(sheet_id: int, dimension: str, first: int, end: int) -> Json:
    """Whole rows or columns."""
    return {"sheetId": sheet_id, "dimension": dimension, "startIndex": first, "endIndex": end}


def _repeat(sheet_id: int, block: Block, cell: Json, fields: str) -> Json:
    return {"repeatCell": {"range": _grid_range(sheet_id, block), "cell": cell, "fields": fields}}


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
    number = style.number_format
    line = {"style": "SOLID", "colorStyle": _color(_LINE)}
    text = _given(
        bold=style.bold,
        italic=style.italic,
        fontSize=style.size,
        foregroundColorStyle=_color(style.color),
    )
    return _given(
        numberFormat=number and {"type": number.kind, "pattern": number.pattern},
        textFormat=text,
        backgroundColorStyle=_color(style.background),
        horizontalAlignment=style.align and str(style.align),
        wrapStrategy=style.wrap and "WRAP",
        verticalAlignment=style.top and "TOP",
        borders=style.line_above and {"top": line},
    )


def _given(**properties: object) -> Json:
    """Properties but for those that are empty, false or zero, as they are without being named."""
    return {name: value for name, value in properties.items() if value}


def _color(text: str | None) -> Json | None:
    if text is None:
        return None
    red, green, blue = (int(text[start : start + 2], 16) / 255 for start in (1, 3, 5))
    return {"rgbColor": {"red": red, "green": green, "blue": blue}}


def _add_worksheet(change: AddWorksheet) -> Json:
    properties: Json = {
        "sheetId": change.sheet_id,
        "title": change.title,
        "gridProperties": _given(
            rowCount=change.row_count,
            columnCount=change.column_count,
            frozenRowCount=change.frozen_rows,
            frozenColumnCount=change.frozen_columns,
        ),
        **_given(hidden=change.hidden, tabColorStyle=_color(change.tab_color)),
    }
    if change.index is not None:
        properties["index"] = change.index
    return {"addSheet": {"properties": properties}}


def _append(sheet_id: int, dimension: str, count: int) -> Json:
    return {"appendDimension": {"sheetId": sheet_id, "dimension": dimension, "length": count}}


def _set_columns(change: SetColumns) -> Json:
    properties: Json = {"hiddenByUser": change.hidden}
    if change.pixels is not None:
        properties["pixelSize"] = change.pixels
    return {
        "updateDimensionProperties": {
            "range": _lines(change.sheet_id, "COLUMNS", change.first, change.end),
            "properties": properties,
            "fields": ",".join(properties),
        }
    }


def _highlight(change: HighlightWhen) -> Json:
    area = Block(change.first_row, change.end_row, change.first_column, change.end_column)
    condition = {"type": "CUSTOM_FORMULA", "values": [{"userEnteredValue": change.formula.text}]}
    text = _given(foregroundColorStyle=_color(change.color), bold=change.bold)
    look = _given(textFormat=text, backgroundColorStyle=_color(change.background))
    rule = {
        "ranges": [_grid_range(change.sheet_id, area)],
        "booleanRule": {"condition": condition, "format": look},
    }
    if change.instead_of is not None:
        return {"updateConditionalFormatRule": {"rule": rule, "index": change.instead_of}}
    return {"addConditionalFormatRule": {"rule": rule, "index": 0}}

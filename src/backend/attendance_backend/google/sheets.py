"""Google Sheets, through gspread's HTTP client: one call a read, one a write."""

import re
from collections.abc import Sequence
from urllib.parse import quote

from gspread.urls import SPREADSHEET_BATCH_UPDATE_URL, SPREADSHEET_URL

from attendance_backend.errors import GoogleError, OutdatedError, RefusedError, SpreadsheetGoneError
from attendance_backend.google.google_http import GoogleHttpClient, Json
from attendance_backend.google.sheet_requests import is_repeatable, requests_of, version_of
from attendance_backend.sheet.a1 import area_name
from attendance_backend.sheet.changes import VERSION_NAME, Change, SucceedVersion
from attendance_backend.sheet.grid import (
    Area,
    Cell,
    Highlight,
    Place,
    Spreadsheet,
    Value,
    Worksheet,
    worksheet_gone,
)
from attendance_backend.sheet.layout import BEING_MADE, COLUMN_TAG, SHEET_TAG

_PROPERTIES = "properties(sheetId,title,gridProperties(rowCount,columnCount))"
_ALL = "properties(locale,timeZone)"
_PROTECTED = "protectedRanges(warningOnly,requestingUserCanEdit)"
_COLOURED = "conditionalFormats(ranges(startRowIndex,startColumnIndex),booleanRule(condition(values)))"
_NAMED = "namedRanges(namedRangeId,name)"
_TAGS = "developerMetadata(metadataKey,metadataValue)"
_CELLS = (
    f"data(startRow,startColumn,columnMetadata({_TAGS}),"
    "rowData(values(effectiveValue,userEnteredValue(formulaValue))))"
)
_NOTHING: Json = {}
_KINDS = {"numberValue", "stringValue", "boolValue"}
_ID = re.compile(r"[A-Za-z0-9_-]+")
_VERSION = re.compile(rf"{VERSION_NAME}(?:_([1-9]\d{{0,5}}))?", re.ASCII)


class GoogleSheets:
    """The `Spreadsheets` port."""

    def __init__(self, client: GoogleHttpClient) -> None:
        self._client = client

    def read(self, spreadsheet_id: str, areas: Sequence[Area] = ()) -> Spreadsheet:
        params: Json = {"fields": f"{_ALL},{_NAMED},sheets({_PROPERTIES},{_TAGS},{_PROTECTED},{_COLOURED})"}
        if areas:
            params["fields"] = f"{_NAMED},sheets({_PROPERTIES},{_TAGS},{_CELLS})"
            params["ranges"] = [area_name(area) for area in areas]
        try:
            answer = self._get(spreadsheet_id, params)
        except RefusedError:
            # The API's answer to a title that does not exist reads like its answer to a mistyped range.
            self._check_titles(spreadsheet_id, areas)
            raise
        return _spreadsheet(spreadsheet_id, answer)

    def apply(
        self, spreadsheet_id: str, changes: Sequence[Change], areas: Sequence[Area] = ()
    ) -> Spreadsheet | None:
        """See the port.

        Changes with a version are sent again after a failure, whether or not they were carried out: if they were, the
        repetition is refused, and the version that is then read is ours.
        """
        if not changes:
            return None
        version = version_of(changes)
        body: Json = {"requests": requests_of(changes)}
        fields = "spreadsheetId"
        if areas:
            body |= {
                "includeSpreadsheetInResponse": True,
                "responseRanges": [area_name(each) for each in areas],
            }
            fields = f"updatedSpreadsheet(sheets({_PROPERTIES},{_TAGS},{_CELLS}))"
        try:
            answer = self._client.call(
                "post",
                SPREADSHEET_BATCH_UPDATE_URL % _checked(spreadsheet_id),
                what=f"spreadsheet {spreadsheet_id}",
                repeatable=is_repeatable(changes),
                params={"fields": fields},
                json=body,
            )
        except RefusedError:
            if version is None or not self._is_carried_out(spreadsheet_id, version, areas):
                raise
            return self.read(spreadsheet_id, areas) if areas else None
        return _spreadsheet(spreadsheet_id, answer.get("updatedSpreadsheet", {})) if areas else None

    def _is_carried_out(self, spreadsheet_id: str, version: SucceedVersion, areas: Sequence[Area]) -> bool:
        """Whether refused changes were carried out by an earlier attempt, or else may be again.

        Raises:
            OutdatedError: they may not: somebody else was faster, or renamed a worksheet.
        """
        there = self.read(spreadsheet_id)
        present = there.version
        is_renamed = present != version.new and any(there.find(area.worksheet) is None for area in areas)
        if is_renamed or present not in (version.new, version.previous):
            raise OutdatedError(
                f"spreadsheet {spreadsheet_id} was changed by somebody else meanwhile; it is to be read again"
            )
        return present == version.new

    def _get(self, spreadsheet_id: str, params: Json) -> Json:
        return self._client.call(
            "get",
            SPREADSHEET_URL % _checked(spreadsheet_id),
            what=f"spreadsheet {spreadsheet_id}",
            repeatable=True,
            params=params,
        )

    def _check_titles(self, spreadsheet_id: str, areas: Sequence[Area]) -> None:
        if not areas:
            return
        present = self.read(spreadsheet_id)
        for area in areas:
            if present.find(area.worksheet) is None:
                raise worksheet_gone(spreadsheet_id, area.worksheet)


def _checked(spreadsheet_id: str) -> str:
    """An ID that is part of an address: what comes in a message is data."""
    if not _ID.fullmatch(spreadsheet_id):
        raise SpreadsheetGoneError(f"{spreadsheet_id!r} is no spreadsheet ID")
    return quote(spreadsheet_id, safe="")


def _spreadsheet(spreadsheet_id: str, answer: Json) -> Spreadsheet:
    try:
        worksheets = tuple(_worksheet(sheet) for sheet in answer.get("sheets", []))
        version, number = _version(answer.get("namedRanges", []))
        of_all = answer.get("properties", {})
        return Spreadsheet(
            spreadsheet_id,
            worksheets,
            version,
            number,
            locale=of_all.get("locale", ""),
            time_zone=of_all.get("timeZone", ""),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise GoogleError(
            f"spreadsheet {spreadsheet_id}: Google's answer makes no sense: {error!r}"
        ) from error


def _version(named_ranges: Sequence[Json]) -> tuple[str | None, int]:
    found = {
        int(match[1] or 1): named["namedRangeId"]
        for named in named_ranges
        if (match := _VERSION.fullmatch(named.get("name", "")))
    }
    return (found[max(found)], max(found)) if found else (None, 1)


def _worksheet(sheet: Json) -> Worksheet:
    properties = sheet["properties"]
    grid = properties.get("gridProperties", {})
    cells: dict[Place, Cell] = {}
    tags: dict[int, str] = {}
    for block in sheet.get("data", []):
        _read_block(block, cells)
        for column, metadata in enumerate(block.get("columnMetadata", ()), block.get("startColumn", 0)):
            if text := _tag(metadata, COLUMN_TAG):
                tags[column] = text
    return Worksheet(
        # The service leaves out what is zero.
        sheet_id=properties.get("sheetId", 0),
        title=properties["title"],
        row_count=grid.get("rowCount", 0),
        column_count=grid.get("columnCount", 0),
        cells=cells,
        tags=tags,
        tag=_tag(sheet, SHEET_TAG),
        locked=any(
            not protected.get("warningOnly") and not protected.get("requestingUserCanEdit")
            for protected in sheet.get("protectedRanges", ())
        ),
        highlights=tuple(map(_highlight, sheet.get("conditionalFormats", ()))),
    )


def _highlight(rule: Json) -> Highlight:
    first = rule.get("ranges", [{}])[0]
    values = rule.get("booleanRule", {}).get("condition", {}).get("values", [{}])
    place = first.get("startRowIndex", 0), first.get("startColumnIndex", 0)
    return Highlight(*place, values[0].get("userEnteredValue", ""))


def _tag(bearer: Json, key: str) -> str:
    """What a worksheet or a column bears under our key.

    Of several the last one, which was put there last; but not what was true while it was being made.
    """
    texts = [
        metadata.get("metadataValue", "")
        for metadata in bearer.get("developerMetadata", ())
        if metadata.get("metadataKey") == key
    ]
    return max(reversed(texts), key=lambda text: not text.startswith(BEING_MADE), default="")


def _read_block(block: Json, cells: dict[Place, Cell]) -> None:
    first_row, first_column = block.get("startRow", 0), block.get("startColumn", 0)
    for row, data in enumerate(block.get("rowData", ()), first_row):
        for column, cell in enumerate(data.get("values", ()), first_column):
            if cell:
                entered = cell.get("userEnteredValue")
                formula: str | None = entered.get("formulaValue") if entered else None
                value: Value | None = None  # of an error, and of nothing
                for kind, shown in cell.get("effectiveValue", _NOTHING).items():
                    if kind in _KINDS:
                        value = shown
                cells[row, column] = Cell(value, formula)
        data.clear()  # the answer takes several times as much memory as the cells

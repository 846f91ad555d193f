"""Every kind of request that spreadsheets.batchUpdate knows, one good example of each."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.test_sandbox_sheets_support import Office, error_message

TABLE = [["b", 2, "x"], ["a", 1, "y"], ["c", 3, "z"]]
GRID = {"sheetId": 0, "startRowIndex": 0, "endRowIndex": 3, "startColumnIndex": 0, "endColumnIndex": 3}
BOLD = {"userEnteredFormat": {"textFormat": {"bold": True}}}
RED = {"red": 1}
RULE = {
    "ranges": [GRID],
    "booleanRule": {
        "condition": {"type": "CUSTOM_FORMULA", "values": [{"userEnteredValue": "=$B1>1"}]},
        "format": {"backgroundColor": RED},
    },
}
CHOICE = {"condition": {"type": "ONE_OF_LIST", "values": [{"userEnteredValue": "yes"}]}, "strict": True}

# One good request of each kind, on a sheet with TABLE, a named range n1, a protected range 7, a conditional
# format and a second sheet 5.
GOOD: dict[str, dict[str, Any]] = {
    "addSheet": {"properties": {"title": "New", "sheetId": 77}},
    "deleteSheet": {"sheetId": 5},
    "duplicateSheet": {"sourceSheetId": 0, "newSheetName": "Twin"},
    "updateSheetProperties": {
        "properties": {"sheetId": 5, "title": "Other", "gridProperties": {"frozenRowCount": 1}},
        "fields": "title,gridProperties.frozenRowCount",
    },
    "updateSpreadsheetProperties": {
        "properties": {"title": "T", "locale": "en_GB"},
        "fields": "title,locale",
    },
    "addNamedRange": {"namedRange": {"name": "More", "range": GRID}},
    "deleteNamedRange": {"namedRangeId": "n1"},
    "createDeveloperMetadata": {
        "developerMetadata": {
            "metadataKey": "site",
            "metadataValue": "hq",
            "location": {"sheetId": 5},
            "visibility": "DOCUMENT",
        }
    },
    "updateCells": {
        "start": {"sheetId": 0, "rowIndex": 5, "columnIndex": 1},
        "rows": [{"values": [{"userEnteredValue": {"numberValue": 5}}]}],
        "fields": "userEnteredValue",
    },
    "repeatCell": {"range": GRID, "cell": BOLD, "fields": "userEnteredFormat.textFormat.bold"},
    "setDataValidation": {"range": GRID, "rule": CHOICE},
    "sortRange": {"range": GRID, "sortSpecs": [{"dimensionIndex": 1, "sortOrder": "ASCENDING"}]},
    "cutPaste": {"source": GRID, "destination": {"sheetId": 5, "rowIndex": 1, "columnIndex": 1}},
    "appendDimension": {"sheetId": 0, "dimension": "ROWS", "length": 10},
    "insertDimension": {"range": {"sheetId": 0, "dimension": "ROWS", "startIndex": 1, "endIndex": 3}},
    "deleteDimension": {"range": {"sheetId": 0, "dimension": "COLUMNS", "startIndex": 0, "endIndex": 1}},
    "updateDimensionProperties": {
        "range": {"sheetId": 0, "dimension": "COLUMNS", "startIndex": 0, "endIndex": 2},
        "properties": {"pixelSize": 150},
        "fields": "pixelSize",
    },
    "addConditionalFormatRule": {"rule": RULE, "index": 0},
    "updateConditionalFormatRule": {
        "rule": {**RULE, "ranges": [{"sheetId": 0, "endRowIndex": 2}]},
        "index": 0,
    },
    "addProtectedRange": {"protectedRange": {"range": {"sheetId": 5}, "warningOnly": True}},
    "deleteProtectedRange": {"protectedRangeId": 7},
    "setBasicFilter": {"filter": {"range": GRID}},
}
# What the requests above find.
SETUP: list[dict[str, Any]] = [
    {"addSheet": {"properties": {"title": "Second", "sheetId": 5}}},
    {"setBasicFilter": {"filter": {"range": {"sheetId": 5}}}},
    {"addNamedRange": {"namedRange": {"namedRangeId": "n1", "name": "First", "range": GRID}}},
    {"addProtectedRange": {"protectedRange": {"protectedRangeId": 7, "range": GRID}}},
    {"addConditionalFormatRule": {"rule": RULE}},
]


@pytest.fixture(scope="module")
def office() -> Iterator[Office]:
    with Office() as running:
        yield running


@pytest.fixture
def book(office: Office) -> str:
    return office.new()


@pytest.fixture
def furnished(office: Office, book: str) -> str:
    office.put(book, "A1", TABLE)
    office.replies(book, *SETUP)
    return book


def everything(office: Office, book: str) -> Any:
    return office.get(book, includeGridData="true")


@pytest.mark.parametrize("kind", GOOD)
def test_every_request_is_carried_out(office: Office, furnished: str, kind: str) -> None:
    before = everything(office, furnished)
    office.replies(furnished, {kind: GOOD[kind]})
    assert everything(office, furnished) != before


@pytest.mark.parametrize("kind", GOOD)
def test_a_later_failure_undoes_every_request(office: Office, furnished: str, kind: str) -> None:
    before = everything(office, furnished)
    response = office.batch(furnished, {kind: GOOD[kind]}, {"deleteSheet": {"sheetId": 4711}})
    assert error_message(response) == "Invalid requests[1].deleteSheet: No grid with id: 4711"
    assert everything(office, furnished) == before
    assert office.server.log[-2].cells_written == 0


@pytest.mark.parametrize("kind", GOOD)
def test_a_misspelt_field_is_refused(office: Office, furnished: str, kind: str) -> None:
    response = office.batch(furnished, {kind: {**GOOD[kind], "feilds": "x"}})
    assert 'Unknown name "feilds" at \'requests[0].' in error_message(response)

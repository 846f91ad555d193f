"""spreadsheets.batchUpdate: what each request does to the rest of the spreadsheet, and what is refused."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.test_sandbox_sheets_requests import GOOD, GRID, SETUP, TABLE
from tests.integration.test_sandbox_sheets_support import Office, error_message

BOLD = {"userEnteredFormat": {"textFormat": {"bold": True}}}


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


@pytest.mark.parametrize("kind", ["addChart", "copyPaste", "findReplace", "mergeCells", "addBanding"])
def test_known_requests_that_are_not_covered_say_so(office: Office, book: str, kind: str) -> None:
    response = office.batch(book, {kind: {}})
    assert "not implemented by this stand-in" in error_message(response, 501)


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"explode": {}}, "Unknown name \"explode\" at 'requests[0]'"),
        ({}, "exactly one kind"),
        ({"addSheet": {}, "deleteSheet": {}}, "exactly one kind"),
        ({"addSheet": {"properties": {"title": "SHEET1"}}}, 'A sheet with the name "SHEET1" already exists.'),
        ({"addSheet": {"properties": {"sheetId": 0}}}, "already exists"),
        (
            {"addSheet": {"properties": {"gridProperties": {"rowCount": 10**6, "columnCount": 11}}}},
            "10000000 cells",
        ),
        ({"addSheet": {"properties": {"index": 9}}}, "out of bounds"),
        (
            {"addSheet": {"properties": {"title": 5}}},
            "Invalid value at 'requests[0].add_sheet.properties.title'",
        ),
        ({"deleteSheet": {"sheetId": 0}}, "You can't remove all the sheets"),
        ({"appendDimension": {"dimension": "ROWS", "length": 10**6}}, "10000000 cells"),
        ({"appendDimension": {"dimension": "DEPTH", "length": 1}}, "Invalid value"),
        (
            {"updateSheetProperties": {"properties": {"hidden": True}, "fields": "hidden"}},
            "You can't hide all the sheets",
        ),
        (
            {
                "updateSheetProperties": {
                    "properties": {"gridProperties": {"frozenRowCount": 1000}},
                    "fields": "gridProperties.frozenRowCount",
                }
            },
            "You can't freeze all visible rows",
        ),
        (
            {"updateSheetProperties": {"properties": {"title": "x"}}},
            "At least one field must be listed in 'fields'",
        ),
        ({"updateSheetProperties": {"properties": {}, "fields": "titel"}}, "Invalid field: titel"),
        (
            {"updateSpreadsheetProperties": {"properties": {"locale": "English"}, "fields": "locale"}},
            "Unsupported locale",
        ),
        (
            {"updateCells": {"start": {"rowIndex": 1000}, "rows": [{}], "fields": "note"}},
            "GridCoordinate.rowIndex[1000] is after last row in grid[999]",
        ),
        (
            {"updateCells": {"start": {"rowIndex": 999}, "rows": [{}, {}], "fields": "note"}},
            "Attempting to write row: 1000, beyond the last requested row of: 999",
        ),
        (
            {"updateCells": {"range": GRID, "rows": [{"values": [{}] * 4}], "fields": "note"}},
            "Attempting to write column: 3, beyond the last requested column of: 2",
        ),
        ({"updateCells": {"rows": [], "fields": "note"}}, "Exactly one of 'start' and 'range'"),
        (
            {"repeatCell": {"range": {"endRowIndex": 1001}, "cell": {}, "fields": "note"}},
            "Range (Sheet1!A1:Z1001) exceeds grid limits. Max rows: 1000, max columns: 26",
        ),
        (
            {"repeatCell": {"range": {"startRowIndex": 3, "endRowIndex": 3}, "cell": {}, "fields": "note"}},
            "empty",
        ),
        ({"repeatCell": {"range": {"sheetId": 99}, "cell": {}, "fields": "note"}}, "No grid with id: 99"),
        (
            {
                "updateCells": {
                    "start": {},
                    "rows": [{"values": [{"userEnteredValue": {"formulaValue": "1+1"}}]}],
                    "fields": "*",
                }
            },
            "Formula must start with '='",
        ),
        (
            {
                "updateCells": {
                    "start": {},
                    "rows": [{"values": [{"userEnteredValue": {"stringValue": "x" * 50_001}}]}],
                    "fields": "*",
                }
            },
            "50000 characters",
        ),
        ({"deleteDimension": {"range": {"dimension": "ROWS"}}}, "You can't delete all the rows"),
        (
            {"deleteDimension": {"range": {"dimension": "ROWS", "startIndex": 999, "endIndex": 1001}}},
            "not exist",
        ),
        ({"addNamedRange": {"namedRange": {"name": "A1", "range": GRID}}}, "not a valid name"),
        ({"deleteProtectedRange": {"protectedRangeId": 3}}, "No protected range with id: 3"),
        ({"sortRange": {"range": GRID, "sortSpecs": [{"dimensionIndex": 9}]}}, "dimensionIndex[9]"),
    ],
    ids=lambda value: value if isinstance(value, str) else json.dumps(value)[:40],
)
def test_what_cannot_be_done_is_refused_with_the_reason(
    office: Office, book: str, request_: dict[str, Any], message: str
) -> None:
    before = everything(office, book)
    assert message in error_message(office.batch(book, request_))
    assert everything(office, book) == before


def test_a_batch_needs_requests(office: Office, book: str) -> None:
    assert "at least one request" in error_message(office.batch(book))


def test_replies_stand_in_the_order_of_the_requests(office: Office, book: str) -> None:
    replies = office.replies(
        book,
        {"addSheet": {"properties": {"sheetId": 8, "title": "A"}}},
        {"updateSheetProperties": {"properties": {"sheetId": 8, "title": "B"}, "fields": "title"}},
        {"addSheet": {"properties": {"title": "A", "index": 0}}},
    )
    assert replies[0]["addSheet"]["properties"]["sheetId"] == 8
    assert replies[1] == {}
    assert replies[2]["addSheet"]["properties"]["index"] == 0
    shown = office.get(book, fields="sheets.properties(title,index)")["sheets"]
    assert [(one["properties"]["title"], one["properties"]["index"]) for one in shown] == [
        ("A", 0),
        ("Sheet1", 1),
        ("B", 2),
    ]


def test_the_changed_spreadsheet_can_come_with_the_replies(office: Office, book: str) -> None:
    body = {
        "requests": [{"addSheet": {"properties": {"title": "X"}}}],
        "includeSpreadsheetInResponse": True,
        "responseRanges": ["X!A1"],
    }
    answer = office.call("POST", f"/v4/spreadsheets/{book}:batchUpdate", body).json()
    assert [sheet["properties"]["title"] for sheet in answer["updatedSpreadsheet"]["sheets"]] == ["X"]


def test_update_cells_touches_only_the_fields_it_names(office: Office, book: str) -> None:
    start = {"start": {}}
    cell = {
        "userEnteredValue": {"numberValue": 1},
        "note": "kept",
        "userEnteredFormat": {"textFormat": {"bold": True, "fontSize": 12}},
    }
    office.replies(book, {"updateCells": {**start, "rows": [{"values": [cell]}], "fields": "*"}})
    change = {"userEnteredValue": {"boolValue": True}, "userEnteredFormat": {"textFormat": {"italic": True}}}
    fields = "userEnteredValue,userEnteredFormat.textFormat(italic,fontSize)"
    office.replies(book, {"updateCells": {**start, "rows": [{"values": [change]}], "fields": fields}})
    assert office.cell(book, "A1", "userEnteredValue,userEnteredFormat,note") == {
        "userEnteredValue": {"boolValue": True},
        "userEnteredFormat": {"textFormat": {"bold": True, "italic": True}},
        "note": "kept",
    }


def test_update_cells_clears_the_part_of_a_range_that_no_row_reaches(office: Office, book: str) -> None:
    office.put(book, "A1", TABLE)
    rows = [{"values": [{"userEnteredValue": {"stringValue": "only"}}]}]
    office.replies(book, {"updateCells": {"range": GRID, "rows": rows, "fields": "userEnteredValue"}})
    assert office.values(book, "A1:C3") == [["only"]]


def test_resizing_the_grid_loses_what_lies_outside(office: Office, book: str) -> None:
    office.put(book, "A1", TABLE)
    size = {"gridProperties": {"rowCount": 2, "columnCount": 2}}
    office.replies(
        book,
        {
            "updateSheetProperties": {
                "properties": size,
                "fields": "gridProperties(rowCount,columnCount)",
            }
        },
        {"appendDimension": {"dimension": "ROWS", "length": 5}},
    )
    assert office.values(book, "Sheet1") == [["b", "2"], ["a", "1"]]


def test_a_repeated_format_leaves_each_cell_its_value(office: Office, book: str) -> None:
    office.put(book, "A1", [["x", ""], ["", 2], ["x", 3]])
    grid = {"endRowIndex": 4, "endColumnIndex": 2}
    office.replies(book, {"repeatCell": {"range": grid, "cell": BOLD, "fields": "userEnteredFormat"}})
    assert office.values(book, "A1:B4") == [["x"], ["", "2"], ["x", "3"]]
    assert all(office.cell(book, place, "userEnteredFormat") == BOLD for place in ("A1", "B2", "B3", "A4"))


def test_sorting_keeps_rows_whole_and_blanks_last(office: Office, book: str) -> None:
    office.put(book, "A1", [["d", ""], ["b", 2], ["c", "text"], ["a", 10]])
    grid = {"endRowIndex": 4, "endColumnIndex": 2}
    for order, expected in (("ASCENDING", "bacd"), ("DESCENDING", "cabd")):
        spec = {"dimensionIndex": 1, "sortOrder": order}
        office.replies(book, {"sortRange": {"range": grid, "sortSpecs": [spec]}})
        assert "".join(row[0] for row in office.values(book, "A1:B4")) == expected


def test_rules_move_with_inserted_and_deleted_rows(office: Office, furnished: str) -> None:
    office.replies(
        furnished, {"insertDimension": {"range": {"dimension": "ROWS", "startIndex": 0, "endIndex": 2}}}
    )
    moved = {"startRowIndex": 2, "endRowIndex": 5, "startColumnIndex": 0, "endColumnIndex": 3}
    mask = "namedRanges,sheets(conditionalFormats.ranges,protectedRanges.range)"
    shown = office.get(furnished, fields=mask)
    sheet = shown["sheets"][0]
    assert shown["namedRanges"][0]["range"] == moved
    assert sheet["conditionalFormats"][0]["ranges"] == [moved]
    assert sheet["protectedRanges"][0]["range"] == moved
    office.replies(
        furnished, {"deleteDimension": {"range": {"dimension": "ROWS", "startIndex": 1, "endIndex": 6}}}
    )
    shown = office.get(furnished, fields=mask)
    assert "namedRanges" not in shown
    assert shown["sheets"][0] == {}


@pytest.mark.parametrize(
    ("formula", "changed"),
    [
        ("=A1+B2", "=A1+B4"),
        ("=SUM(A1:A5)", "=SUM(A1:A7)"),
        ("=SUM($A$2:A)", "=SUM($A$4:A)"),
        ("=SUM(B:C)", "=SUM(B:C)"),
        ("=Sheet1!A3", "=Sheet1!A5"),
        ("=Second!A3", "=Second!A3"),
        ('="A3"&A3', '="A3"&A5'),
        ("=LOG10(A3)", "=LOG10(A5)"),
        ("=SUM(2:3)", "=SUM(4:5)"),
    ],
)
def test_references_follow_inserted_rows(office: Office, furnished: str, formula: str, changed: str) -> None:
    office.put(furnished, "H1", [[formula]])
    office.put(furnished, "Second!A1", [["=Sheet1!B3"]])
    office.replies(
        furnished, {"insertDimension": {"range": {"dimension": "ROWS", "startIndex": 1, "endIndex": 3}}}
    )
    assert office.values(furnished, "H1", valueRenderOption="FORMULA") == [[changed]]
    assert office.values(furnished, "Second!A1", valueRenderOption="FORMULA") == [["=Sheet1!B5"]]


@pytest.mark.parametrize(
    ("formula", "changed"),
    [("=C1+E1", "=C1+D1"), ("=SUM(B1:F1)", "=SUM(B1:E1)"), ("=D1", "=#REF!"), ("=SUM(D1:D9)", "=SUM(#REF!)")],
)
def test_references_follow_deleted_columns(office: Office, book: str, formula: str, changed: str) -> None:
    office.put(book, "A1", [[formula]])
    columns = {"dimension": "COLUMNS", "startIndex": 3, "endIndex": 4}
    office.replies(book, {"deleteDimension": {"range": columns}})
    assert office.values(book, "A1", valueRenderOption="FORMULA") == [[changed]]


def test_references_follow_a_renamed_worksheet_and_a_repeated_formula(office: Office, furnished: str) -> None:
    office.put(furnished, "Second!A1", [["=Sheet1!A1&'Sheet1'!B$2"]])
    cell = {"userEnteredValue": {"formulaValue": "=A1+$B$1"}}
    grid = {"sheetId": 5, "startRowIndex": 1, "endRowIndex": 3, "startColumnIndex": 1, "endColumnIndex": 3}
    office.replies(
        furnished,
        {"updateSheetProperties": {"properties": {"title": "Raw Data"}, "fields": "title"}},
        {"repeatCell": {"range": grid, "cell": cell, "fields": "userEnteredValue"}},
    )
    formulas = office.values(furnished, "Second!A1:C3", valueRenderOption="FORMULA")
    assert formulas == [
        ["='Raw Data'!A1&'Raw Data'!B$2"],
        ["", "=A1+$B$1", "=B1+$B$1"],
        ["", "=A2+$B$1", "=B2+$B$1"],
    ]


def test_protection_binds_others_but_neither_owner_nor_editors(office: Office) -> None:
    book = office.server.new_spreadsheet("HR's own", share_with=[office.email])
    locked = {"protectedRangeId": 1, "range": {"endRowIndex": 2}, "editors": {"users": ["hr@example.com"]}}
    office.server.batch_update(book, [{"addProtectedRange": {"protectedRange": locked}}])
    assert "protected cell" in error_message(office.put(book, "A2", [["x"]]))
    assert "protected cell" in error_message(office.batch(book, {"repeatCell": GOOD["repeatCell"]}))
    rows = {"range": {"dimension": "ROWS", "startIndex": 1, "endIndex": 2}}
    assert "protected cell" in error_message(office.batch(book, {"deleteDimension": rows}))
    assert "permission" in error_message(
        office.batch(book, {"deleteProtectedRange": {"protectedRangeId": 1}})
    )
    assert office.put(book, "A3", [["free"]]).status_code == 200
    office.server.write(book, "A1", [["the owner may"]])
    locked = {**locked, "editors": {"users": ["hr@example.com", office.email]}}
    office.server.batch_update(
        book,
        [
            {"deleteProtectedRange": {"protectedRangeId": 1}},
            {"addProtectedRange": {"protectedRange": locked}},
        ],
    )
    assert office.put(book, "A2", [["x"]]).status_code == 200


def test_unprotected_parts_of_a_protected_sheet_stay_free(office: Office) -> None:
    book = office.server.new_spreadsheet("Mostly locked", share_with=[office.email])
    free = [{"startRowIndex": 4, "endRowIndex": 9}]
    protected = {"range": {"sheetId": 0}, "unprotectedRanges": free}
    office.server.batch_update(book, [{"addProtectedRange": {"protectedRange": protected}}])
    assert office.put(book, "A5:A6", [["x"], ["y"]]).status_code == 200
    assert "protected cell" in error_message(office.put(book, "A9:A10", [["x"], ["y"]]))
    assert office.values(book, "A9:A10") == []


def test_a_warning_does_not_lock(office: Office) -> None:
    book = office.server.new_spreadsheet("Warned", share_with=[office.email])
    office.server.batch_update(
        book, [{"addProtectedRange": {"protectedRange": {"range": {"sheetId": 0}, "warningOnly": True}}}]
    )
    assert office.put(book, "A1", [["x"]]).status_code == 200


def test_a_moved_column_takes_its_cells_names_metadata_and_references_along(
    office: Office, book: str
) -> None:
    office.put(book, "A1", [["a", "b", "c", "=B1&$B1"]])
    place = {"dimension": "COLUMNS", "startIndex": 1, "endIndex": 2}
    named = {"name": "second", "range": {"startColumnIndex": 1, "endColumnIndex": 2}}
    metadata = {"metadataKey": "key", "metadataValue": "second", "visibility": "DOCUMENT"}
    office.replies(
        book,
        {"addNamedRange": {"namedRange": named}},
        {
            "createDeveloperMetadata": {
                "developerMetadata": {**metadata, "location": {"dimensionRange": place}}
            }
        },
        {"moveDimension": {"source": place, "destinationIndex": 3}},
    )
    assert office.values(book, "A1:D1", valueRenderOption="FORMULA") == [["a", "c", "b", "=C1&$C1"]]
    fields = "namedRanges(range),sheets(data(columnMetadata(developerMetadata(metadataValue,location))))"
    found = office.get(book, ranges="A1:D1", fields=fields)
    (name,) = found["namedRanges"]
    assert (name["range"]["startColumnIndex"], name["range"]["endColumnIndex"]) == (2, 3)
    columns = found["sheets"][0]["data"][0]["columnMetadata"]
    assert [index for index, column in enumerate(columns) if column] == [2]
    (shown,) = columns[2]["developerMetadata"]
    assert (shown["metadataValue"], shown["location"]["dimensionRange"]["startIndex"]) == ("second", 2)


def test_metadata_of_a_deleted_column_goes_with_it(office: Office, book: str) -> None:
    place = {"dimension": "COLUMNS", "startIndex": 1, "endIndex": 2}
    metadata = {"metadataKey": "key", "visibility": "DOCUMENT", "location": {"dimensionRange": place}}
    office.replies(book, {"createDeveloperMetadata": {"developerMetadata": metadata}})
    office.replies(book, {"deleteDimension": {"range": place}})
    found = office.get(book, ranges="1:1", fields="sheets(data(columnMetadata(developerMetadata)))")
    assert not any(found["sheets"][0]["data"][0]["columnMetadata"])


@pytest.mark.parametrize("lacking", ["metadataKey", "visibility", "location"])
def test_metadata_that_lacks_something_is_refused(office: Office, book: str, lacking: str) -> None:
    place = {"dimensionRange": {"dimension": "COLUMNS", "startIndex": 1, "endIndex": 2}}
    metadata = {"metadataKey": "key", "visibility": "DOCUMENT", "location": place}
    del metadata[lacking]
    response = office.batch(book, {"createDeveloperMetadata": {"developerMetadata": metadata}})
    assert (response.status_code, lacking in error_message(response)) == (400, True)


def test_cells_are_appended_below_all_that_stands_whatever_columns_it_stands_in(
    office: Office, book: str
) -> None:
    office.put(book, "C3", [["note"]])
    row = {
        "values": [{"userEnteredValue": {"numberValue": 1}}, {}, {"userEnteredValue": {"stringValue": "x"}}]
    }
    office.replies(book, {"appendCells": {"sheetId": 0, "rows": [row, row], "fields": "userEnteredValue"}})
    assert office.values(book, "A1:C9") == [[], [], ["", "", "note"], ["1", "", "x"], ["1", "", "x"]]


def test_a_grid_that_is_full_grows_by_what_is_appended(office: Office, book: str) -> None:
    office.replies(
        book,
        {
            "deleteDimension": {
                "range": {"sheetId": 0, "dimension": "ROWS", "startIndex": 2, "endIndex": 1000}
            }
        },
    )
    office.put(book, "A2", [["last"]])
    row = {"values": [{"userEnteredValue": {"numberValue": 1}}]}
    office.replies(book, {"appendCells": {"sheetId": 0, "rows": [row, row], "fields": "userEnteredValue"}})
    (sheet,) = office.get(book)["sheets"]
    assert sheet["properties"]["gridProperties"]["rowCount"] == 4

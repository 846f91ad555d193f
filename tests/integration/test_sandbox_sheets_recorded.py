"""What the real service was seen to answer, so that the stand-in answers the same.

These facts were recorded from the real service: by gspread's authors, in the exchanges that they publish with their
tests, and by others who reported what they saw. The values are ours.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.test_sandbox_sheets_support import Office, error_message

AREA = {"sheetId": 0, "startRowIndex": 0, "endRowIndex": 2, "startColumnIndex": 1, "endColumnIndex": 3}
SHOWN_AREA = {name: value for name, value in AREA.items() if name != "sheetId"}


@pytest.fixture(scope="module")
def office() -> Iterator[Office]:
    with Office() as running:
        yield running


@pytest.fixture
def book(office: Office) -> str:
    return office.new()


# -- spreadsheets.get


def test_a_new_spreadsheet_has_these_properties_and_one_worksheet(office: Office) -> None:
    shown = office.get(office.new("November"))
    assert list(shown) == ["spreadsheetId", "properties", "sheets", "spreadsheetUrl"]
    properties = shown["properties"]
    theme = properties.pop("spreadsheetTheme")
    assert properties.pop("defaultFormat")["textFormat"]["foregroundColor"] == {}
    assert properties == {
        "title": "November",
        "locale": "en_US",
        "autoRecalc": "ON_CHANGE",
        "timeZone": "Etc/GMT",
    }
    assert shown["sheets"] == [
        {
            "properties": {
                "sheetId": 0,
                "title": "Sheet1",
                "index": 0,
                "sheetType": "GRID",
                "gridProperties": {"rowCount": 1000, "columnCount": 26},
            }
        }
    ]
    assert [pair["colorType"] for pair in theme["themeColors"]][-2:] == ["ACCENT6", "LINK"]


def test_shares_of_a_color_have_the_places_of_single_precision(office: Office, book: str) -> None:
    shown = office.get(book, fields="properties.spreadsheetTheme.themeColors")
    first_accent = shown["properties"]["spreadsheetTheme"]["themeColors"][2]["color"]["rgbColor"]
    assert first_accent == {"red": 0.25882354, "green": 0.52156866, "blue": 0.95686275}


def test_a_color_has_no_zeros_and_is_shown_in_both_forms(office: Office, book: str) -> None:
    color = {"red": 0, "green": 1, "blue": 0.5}
    office.replies(
        book,
        {
            "repeatCell": {
                "range": AREA,
                "cell": {"userEnteredFormat": {"backgroundColor": color}},
                "fields": "userEnteredFormat.backgroundColor",
            }
        },
    )
    shown = office.cell(book, "B1", "userEnteredFormat")["userEnteredFormat"]
    kept = {"green": 1, "blue": 0.49803922}
    assert shown == {"backgroundColor": kept, "backgroundColorStyle": {"rgbColor": kept}}


def test_what_a_mask_finds_nothing_for_is_left_out_or_empty(office: Office, book: str) -> None:
    assert office.get(book, fields="namedRanges") == {}
    assert office.get(book, fields="sheets.properties.tabColorStyle") == {"sheets": [{"properties": {}}]}


def test_columns_that_nobody_sized_are_100_pixels_wide(office: Office, book: str) -> None:
    shown = office.get(book, fields="sheets.data.columnMetadata")
    assert shown == {"sheets": [{"data": [{"columnMetadata": [{"pixelSize": 100}] * 26}]}]}


# -- spreadsheets.batchUpdate


def test_worksheet_0_is_not_named_in_ranges_and_row_0_is(office: Office, book: str) -> None:
    (reply,) = office.replies(book, {"addNamedRange": {"namedRange": {"name": "Version", "range": AREA}}})
    named = reply["addNamedRange"]["namedRange"]
    assert (named["name"], named["range"]) == ("Version", SHOWN_AREA)
    assert named["namedRangeId"].isdecimal()
    assert office.get(book, fields="namedRanges") == {"namedRanges": [named]}


def test_who_protects_a_range_is_an_editor_which_the_reply_does_not_tell(office: Office, book: str) -> None:
    wanted = {"range": AREA, "description": None, "editors": {"users": [], "groups": []}}
    (reply,) = office.replies(book, {"addProtectedRange": {"protectedRange": wanted}})
    protected = reply["addProtectedRange"]["protectedRange"]
    assert {name: protected[name] for name in protected if name != "protectedRangeId"} == {
        "range": SHOWN_AREA,
        "requestingUserCanEdit": True,
        "editors": {},
    }
    (shown,) = office.get(book)["sheets"][0]["protectedRanges"]
    assert shown["editors"] == {"users": [office.email]}


def test_a_worksheet_is_added_at_the_end_and_told_with_its_defaults(office: Office, book: str) -> None:
    (reply,) = office.replies(book, {"addSheet": {"properties": {"title": "Sites"}}})
    properties = reply["addSheet"]["properties"]
    assert properties.pop("sheetId") > 0
    assert properties == {
        "title": "Sites",
        "index": 1,
        "sheetType": "GRID",
        "gridProperties": {"rowCount": 1000, "columnCount": 26},
    }


@pytest.mark.parametrize(
    "request_",
    [
        {"setDataValidation": {"range": AREA, "rule": {"condition": {"type": "BOOLEAN"}}}},
        {"sortRange": {"range": AREA, "sortSpecs": [{"dimensionIndex": 2, "sortOrder": "ASCENDING"}]}},
        {"updateSheetProperties": {"properties": {"title": "Other"}, "fields": "title"}},
        {"setBasicFilter": {"filter": {"range": AREA}}},
        {"insertDimension": {"range": {"dimension": "ROWS", "startIndex": 1, "endIndex": 2}}},
    ],
    ids=lambda request: next(iter(request)),
)
def test_a_request_with_nothing_to_tell_has_an_empty_reply(
    office: Office, book: str, request_: dict[str, Any]
) -> None:
    assert office.batch(book, request_).json() == {"spreadsheetId": book, "replies": [{}]}


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (
            {"updateSheetProperties": {"properties": {"sheetId": 0, "hidden": True}, "fields": "hidden"}},
            "Invalid requests[0].updateSheetProperties: You can't hide all the sheets in a document.",
        ),
        ({"addSheet": {"properties": {"sheetId": 0}}}, "Sheet with id 0 already exists."),
        ({"addSheet": {"properties": {"sheetId": -1}}}, "Sheet id must be non-negative."),
        (
            {"addSheet": {"properties": {"title": "x" * 101}}},
            "The sheet name cannot be greater than 100 characters.",
        ),
        (
            {"insertDimension": {"range": {"dimension": "ROWS", "startIndex": 1000, "endIndex": 1001}}},
            "range.startIndex must be less than the grid size (1000) if inheritFromBefore is false.",
        ),
        (
            {"insertDimension": {"range": {"dimension": "COLUMNS", "startIndex": 27, "endIndex": 28}}},
            "range.startIndex is larger than current grid size (26)",
        ),
    ],
)
def test_refusals_read_as_the_services_do(
    office: Office, book: str, request_: dict[str, Any], message: str
) -> None:
    refused = office.batch(book, request_)
    assert error_message(refused).endswith(message)
    assert refused.json()["error"]["status"] == "INVALID_ARGUMENT"


# -- values


def test_an_empty_range_has_no_values_and_the_grids_own_size(office: Office, book: str) -> None:
    answer = office.call("GET", f"/v4/spreadsheets/{book}/values/Sheet1")
    assert answer.json() == {"range": "Sheet1!A1:Z1000", "majorDimension": "ROWS"}


def test_blanks_between_values_are_empty_texts_and_those_behind_them_nothing(
    office: Office, book: str
) -> None:
    written = office.put(book, "A1", [["in", "", "out", ""], ["", "", ""], ["", "late"]], "RAW")
    assert written.json() == {
        "spreadsheetId": book,
        "updatedRange": "Sheet1!A1:D3",
        "updatedRows": 3,
        "updatedColumns": 4,
        "updatedCells": 9,
    }
    path = f"/v4/spreadsheets/{book}/values"
    assert [office.call("GET", f"{path}/{cells}").json() for cells in ("A1:F3", "A2:D2")] == [
        {
            "range": "Sheet1!A1:F3",
            "majorDimension": "ROWS",
            "values": [["in", "", "out"], [], ["", "late"]],
        },
        {"range": "Sheet1!A2:D2", "majorDimension": "ROWS"},
    ]


def test_clearing_tells_the_whole_range(office: Office, book: str) -> None:
    answer = office.call("POST", f"/v4/spreadsheets/{book}/values:batchClear", {"ranges": ["Sheet1"]})
    assert answer.json() == {"spreadsheetId": book, "clearedRanges": ["Sheet1!A1:Z1000"]}


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("Sales2", "Sales2"),
        ("x.y", "x.y"),
        ("TRUE", "TRUE"),
        ("two words", "'two words'"),
        ("ABC1234", "'ABC1234'"),
        ("R1C1", "'R1C1'"),
        ("2026", "'2026'"),
        ("Büro", "'Büro'"),
        ("a-b", "'a-b'"),
        ("Ann's", "'Ann''s'"),
    ],
)
def test_a_title_stands_in_quotes_where_it_must(office: Office, book: str, title: str, shown: str) -> None:
    office.replies(book, {"updateSheetProperties": {"properties": {"title": title}, "fields": "title"}})
    quoted = title.replace("'", "''")
    answer = office.call("GET", f"/v4/spreadsheets/{book}/values/'{quoted}'!$B$3")
    assert answer.json()["range"] == f"{shown}!B3"


def test_a_list_that_is_none_is_refused_with_its_place(office: Office, book: str) -> None:
    path = f"/v4/spreadsheets/{book}/values/A1"
    refused = office.call("PUT", path, {"values": "late"}, valueInputOption="RAW")
    message = "Invalid value at 'data.values' (type.googleapis.com/google.protobuf.ListValue), \"late\""
    assert refused.json()["error"] == {
        "code": 400,
        "message": message,
        "status": "INVALID_ARGUMENT",
        "details": [
            {
                "@type": "type.googleapis.com/google.rpc.BadRequest",
                "fieldViolations": [{"field": "data.values", "description": message}],
            }
        ],
    }


# -- who may, and what is not there


def test_a_spreadsheet_of_others_is_forbidden_and_one_that_is_none_not_found(office: Office) -> None:
    others = office.server.new_spreadsheet("Payroll")
    forbidden = office.call("GET", f"/v4/spreadsheets/{others}").json()["error"]
    assert forbidden == {
        "code": 403,
        "message": "The caller does not have permission",
        "status": "PERMISSION_DENIED",
    }
    missing = office.call("GET", "/v4/spreadsheets/nothing").json()["error"]
    assert missing == {"code": 404, "message": "Requested entity was not found.", "status": "NOT_FOUND"}


# -- Drive


def test_drive_tells_four_fields_of_a_new_file_and_nothing_of_a_deleted_one(office: Office) -> None:
    kind = "application/vnd.google-apps.spreadsheet"
    made = office.call(
        "POST", "/drive/v3/files", {"name": "Book", "mimeType": kind}, supportsAllDrives="true"
    )
    assert list(made.json().values()) == ["drive#file", made.json()["id"], "Book", kind]
    assert list(made.json()) == ["kind", "id", "name", "mimeType"]
    gone = office.call("DELETE", f"/drive/v3/files/{made.json()['id']}", supportsAllDrives="true")
    assert (gone.status_code, gone.content) == (204, b"")

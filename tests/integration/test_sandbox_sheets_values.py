"""spreadsheets.values and spreadsheets.get: what is written, how it is read back, and what is refused."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attendance_sandbox.sheets.a1 import (
    Area,
    area_name,
    column_index,
    column_letters,
    parse_cells,
    split_title,
)
from tests.integration.test_sandbox_sheets_support import Office, error_message


@pytest.fixture(scope="module")
def office() -> Iterator[Office]:
    with Office() as running:
        yield running


@pytest.fixture
def book(office: Office) -> str:
    return office.new()


def test_raw_keeps_texts_and_user_entered_reads_them(office: Office, book: str) -> None:
    typed = ["1.5", "TRUE", "2026-01-05", "'007", "50%", "=1+1"]
    office.put(book, "A1", [typed], "RAW")
    office.put(book, "A2", [typed])
    raw, read = office.values(book, "A1:F2", valueRenderOption="UNFORMATTED_VALUE")
    assert raw == typed
    assert read == [1.5, True, 46027, "007", 0.5]
    assert office.values(book, "A2:F2") == [["1.5", "TRUE", "2026-01-05", "007", "50%"]]
    assert office.values(book, "A2:F2", valueRenderOption="FORMULA")[0][5] == "=1+1"


@pytest.mark.parametrize(
    ("locale", "text", "serial"),
    [
        ("en_US", "3/4/2026", 46085),  # 4 March
        ("en_GB", "3/4/2026", 46115),  # 3 April
        ("de_DE", "3.4.2026", 46115),
        ("en_US", "1,500.25", 1500.25),
        ("de_DE", "1.500,25", 1500.25),
        ("en_US", "31/12/2026", "31/12/2026"),
        ("en_GB", "31/12/2026", 46387),
        ("en_US", "9:30", 9.5 / 24),
        ("en_US", "9:30 PM", 21.5 / 24),
        ("en_US", "2026-02-30", "2026-02-30"),
        ("en_US", "5 Jan 2026", 46027),
        ("en_US", "1/5/2026 18:00:00", 46027.75),
    ],
)
def test_the_locale_decides_what_a_typed_text_means(
    office: Office, book: str, locale: str, text: str, serial: float | str
) -> None:
    office.replies(
        book, {"updateSpreadsheetProperties": {"properties": {"locale": locale}, "fields": "locale"}}
    )
    office.put(book, "A1", [[text]])
    assert office.values(book, "A1", valueRenderOption="UNFORMATTED_VALUE") == [[serial]]


def test_blank_rows_and_cells_at_the_end_are_left_out(office: Office, book: str) -> None:
    office.put(book, "A1", [["", "b"], ["", ""], ["c", "", ""]])
    assert office.values(book, "A1:D9") == [["", "b"], [], ["c"]]
    answer = office.call("GET", f"/v4/spreadsheets/{book}/values/A5:D9").json()
    assert answer == {"range": "Sheet1!A5:D9", "majorDimension": "ROWS"}


def test_what_only_the_service_has_is_refused_and_not_passed_over(office: Office, book: str) -> None:
    body = {"values": [["a", "b"]], "majorDimension": "COLUMNS"}
    path = f"/v4/spreadsheets/{book}/values/A1"
    told = {"valueInputOption": "RAW", "includeValuesInResponse": "true"}
    for response in (
        office.call("PUT", path, body, valueInputOption="RAW"),
        office.call("PUT", path, {"values": [["a"]]}, **told),
        office.call("GET", path, dateTimeRenderOption="FORMATTED_STRING"),
    ):
        error_message(response, 501)
    assert office.values(book, "A1:B2") == []


def test_columns_can_be_read(office: Office, book: str) -> None:
    office.put(book, "A1", [["a", "d"], ["b"], ["c"]])
    assert office.values(book, "A1:B3", majorDimension="COLUMNS") == [["a", "b", "c"], ["d"]]


def test_null_leaves_a_cell_and_an_empty_text_clears_it(office: Office, book: str) -> None:
    office.put(book, "A1", [["a", "b", "c"]])
    answer = office.put(book, "A1", [[None, "", "C"]]).json()
    assert answer["updatedCells"] == 2
    assert office.values(book, "A1:C1") == [["a", "", "C"]]


def test_open_and_named_ranges_are_cut_to_the_grid(office: Office, book: str) -> None:
    named = {
        "name": "Punches",
        "range": {"sheetId": 0, "startRowIndex": 1, "endRowIndex": 3, "endColumnIndex": 2},
    }
    office.replies(book, {"addNamedRange": {"namedRange": named}})
    office.put(book, "A1", [["h1", "h2"], [1, 2], [3, 4]])

    def shown(text: str) -> str:
        return office.call("GET", f"/v4/spreadsheets/{book}/values/{text}").json()["range"]

    assert shown("A2:B") == "Sheet1!A2:B1000"
    assert shown("B:B") == "Sheet1!B1:B1000"
    assert shown("2:3") == "Sheet1!A2:Z3"
    assert shown("'Sheet1'") == "Sheet1!A1:Z1000"
    assert shown("Sheet1!Y999:AB2000") == "Sheet1!Y999:Z1000"
    assert shown("B3:A1") == "Sheet1!A1:B3"
    assert office.values(book, "Punches") == [["1", "2"], ["3", "4"]]


@pytest.mark.parametrize(
    "text", ["Nowhere!A1", "A0", "A00", "A1:B00", "1A", "Sheet1!A", "A1:", "'Open!A1", "!"]
)
def test_what_names_no_range_is_refused(office: Office, book: str, text: str) -> None:
    response = office.call("GET", f"/v4/spreadsheets/{book}/values/{text}")
    assert error_message(response) == f"Unable to parse range: {text}"


@pytest.mark.parametrize(
    ("text", "values", "message"),
    [
        ("A1001", [[1]], "Range (Sheet1!A1001) exceeds grid limits. Max rows: 1000, max columns: 26"),
        (
            "Z1000",
            [[1, 2]],
            "Range (Sheet1!Z1000:AA1000) exceeds grid limits. Max rows: 1000, max columns: 26",
        ),
        ("A1:B1", [[1], [2]], "Requested writing within range [Sheet1!A1:B1], but tried writing to row [2]"),
        (
            "A1:B1",
            [[1, 2, 3]],
            "Requested writing within range [Sheet1!A1:B1], but tried writing to column [C]",
        ),
    ],
)
def test_nothing_is_written_outside_of_the_range_or_the_grid(
    office: Office, book: str, text: str, values: list[list[Any]], message: str
) -> None:
    assert error_message(office.put(book, text, values)) == message
    assert office.values(book, "A1:Z1000") == []


def test_an_input_option_must_be_given_and_known(office: Office, book: str) -> None:
    path = f"/v4/spreadsheets/{book}/values/A1"
    assert "valueInputOption" in error_message(office.call("PUT", path, {"values": [[1]]}))
    assert "GUESS" in error_message(office.call("PUT", path, {"values": [[1]]}, valueInputOption="GUESS"))


@pytest.mark.parametrize(
    ("body", "part"),
    [
        ({"values": "A1:D4"}, "Invalid value at 'data.values'"),
        ({"values": [1]}, "Invalid value at 'data.values'"),
        ({"values": [[{"a": 1}]]}, "struct_value"),
        ({"value": [[1]]}, "Unknown name \"value\" at 'data': Cannot find field."),
        ({"values": [], "majorDimension": "DIAGONALS"}, "major_dimension"),
    ],
)
def test_malformed_values_are_refused(office: Office, book: str, body: Any, part: str) -> None:
    path = f"/v4/spreadsheets/{book}/values/A1"
    assert part in error_message(office.call("PUT", path, body, valueInputOption="RAW"))


def test_clear_keeps_formats_and_notes(office: Office, book: str) -> None:
    cell = {
        "userEnteredValue": {"numberValue": 1},
        "userEnteredFormat": {"textFormat": {"bold": True}},
        "note": "n",
    }
    office.replies(book, {"updateCells": {"start": {}, "rows": [{"values": [cell]}], "fields": "*"}})
    path = f"/v4/spreadsheets/{book}/values:batchClear"
    assert office.call("POST", path, {"ranges": ["A1"]}).json()["clearedRanges"] == ["Sheet1!A1"]
    assert office.cell(book, "A1", "userEnteredValue,userEnteredFormat,note") == {
        "userEnteredFormat": {"textFormat": {"bold": True}},
        "note": "n",
    }


def test_a_cell_is_shown_with_its_entered_effective_and_formatted_value(office: Office, book: str) -> None:
    number_format = {"type": "DATE_TIME", "pattern": "dd-mm-yyyy hh:mm:ss"}
    cells = [
        {"userEnteredValue": {"numberValue": 46027.5}, "userEnteredFormat": {"numberFormat": number_format}},
        {"userEnteredValue": {"formulaValue": "=A1+1"}},
        {"userEnteredValue": {"boolValue": False}},
        {"userEnteredValue": {"stringValue": "=no formula"}},
    ]
    rows = [{"values": cells}]
    office.replies(
        book, {"updateCells": {"start": {}, "rows": rows, "fields": "userEnteredValue,userEnteredFormat"}}
    )
    mask = "sheets.data.rowData.values(userEnteredValue,effectiveValue,formattedValue)"
    shown = office.get(book, ranges="A1:E1", fields=mask)["sheets"][0]["data"][0]["rowData"][0]["values"]
    assert [cell.get("formattedValue") for cell in shown] == [
        "05-01-2026 12:00:00",
        None,  # no formula engine
        "FALSE",
        "=no formula",
    ]
    assert shown[1] == {"userEnteredValue": {"formulaValue": "=A1+1"}}
    assert shown[3]["userEnteredValue"] == {"stringValue": "=no formula"}


def test_get_shows_what_the_mask_and_the_ranges_ask_for(office: Office, book: str) -> None:
    office.replies(book, {"addSheet": {"properties": {"title": "Two", "sheetId": 5}}})
    office.put(book, "Two!B2", [["x"]])
    assert office.get(book, fields="sheets.properties(sheetId,title)") == {
        "sheets": [
            {"properties": {"sheetId": 0, "title": "Sheet1"}},
            {"properties": {"sheetId": 5, "title": "Two"}},
        ]
    }
    one = office.get(
        book, ranges=["Two!B2:C3", "Two!A1"], fields="sheets(properties/title,data(startRow,rowData))"
    )
    assert [sheet["properties"]["title"] for sheet in one["sheets"]] == ["Two"]
    assert one["sheets"][0]["data"][0]["startRow"] == 1
    assert one["sheets"][0]["data"][0]["rowData"][0]["values"][0]["formattedValue"] == "x"
    assert one["sheets"][0]["data"][1] == {}
    assert "data" not in office.get(book)["sheets"][0]
    assert "data" in office.get(book, includeGridData="true")["sheets"][0]


def test_create_makes_the_worksheets_it_is_given(office: Office) -> None:
    body = {
        "properties": {"title": "Made", "locale": "en_GB", "timeZone": "Europe/London"},
        "sheets": [
            {
                "properties": {
                    "title": "One",
                    "sheetId": 11,
                    "gridProperties": {"rowCount": 5, "columnCount": 2},
                }
            },
            {"properties": {"title": "Two"}},
        ],
    }
    made = office.call("POST", "/v4/spreadsheets", body).json()
    assert made["properties"]["locale"] == "en_GB"
    assert [sheet["properties"]["title"] for sheet in made["sheets"]] == ["One", "Two"]
    assert made["sheets"][0]["properties"]["sheetId"] == 11
    assert office.get(made["spreadsheetId"])["properties"]["timeZone"] == "Europe/London"


def test_unknown_spreadsheets_methods_and_bodies_are_refused(office: Office, book: str) -> None:
    assert (
        error_message(office.call("GET", "/v4/spreadsheets/nope"), 404) == "Requested entity was not found."
    )
    error_message(office.call("GET", "/v4/nothing"), 404)
    error_message(office.call("PUT", f"/v4/spreadsheets/{book}"), 404)
    url = f"{office.server.url}/v4/spreadsheets/{book}:batchUpdate"
    for bad in (b"{", b"[]", b'{"requests": NaN}', b"\xff", b'{"requests": ["\\ud800"]}'):
        assert "Invalid JSON payload" in error_message(office.session.post(url, data=bad))


def test_cells_read_the_same_after_a_write_of_many_rows(office: Office, book: str) -> None:
    values = [[row, f"name {row}", row % 2 == 0] for row in range(900)]
    office.put(book, "A1", values, "RAW")
    assert office.values(book, "A1:C900", valueRenderOption="UNFORMATTED_VALUE") == values


@given(st.integers(0, 18_277))
def test_columns_have_one_name_each(index: int) -> None:
    assert column_index(column_letters(index)) == index


@given(
    st.text(min_size=1, max_size=20).filter(lambda text: not text.startswith("\n")),
    st.integers(0, 10**6),
    st.integers(1, 1000),
    st.integers(0, 700),
    st.integers(1, 100),
)
def test_an_area_is_read_from_its_own_name(
    title: str, row: int, height: int, column: int, width: int
) -> None:
    area = Area(row, row + height, column, column + width)
    found_title, cells = split_title(area_name(title, area))
    reference = parse_cells(found_title, cells)
    assert reference is not None
    assert reference.title == title
    ends = (reference.start_row, reference.end_row, reference.start_column, reference.end_column)
    assert ends == (row, row + height, column, column + width)

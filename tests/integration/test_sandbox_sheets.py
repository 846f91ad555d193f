"""The Sheets stand-in through gspread, as the backend and people's scripts use it."""

from collections.abc import Iterator

import gspread
import pytest

from tests.integration.test_sandbox_sheets_support import Office


@pytest.fixture(scope="module")
def office() -> Iterator[Office]:
    with Office() as running:
        yield running


@pytest.fixture
def book(office: Office) -> str:
    return office.new()


def test_gspread_creates_changes_and_reads_a_spreadsheet(office: Office) -> None:
    spreadsheet = office.client.create("Attendance Review - January 2026")
    sheet = spreadsheet.add_worksheet("Raw Data - head office", rows=20, cols=4)
    sheet.update([["Timestamp", "Employee"], ["05-01-2026 08:59:00", "Ann"]], "A1")
    sheet.update([["05-01-2026 17:30:00", "Ann"]], "A3")
    assert office.client.open_by_key(spreadsheet.id).worksheet("Raw Data - head office").get_all_values() == [
        ["Timestamp", "Employee"],
        ["05-01-2026 08:59:00", "Ann"],
        ["05-01-2026 17:30:00", "Ann"],
    ]
    assert sheet.get_all_records()[1] == {"Timestamp": "05-01-2026 17:30:00", "Employee": "Ann"}


def test_gspread_finds_opens_and_deletes_by_title_and_id(office: Office) -> None:
    spreadsheet = office.client.create("Find me")
    assert office.client.open("Find me").id == spreadsheet.id
    assert spreadsheet.id in [found["id"] for found in office.client.list_spreadsheet_files()]
    office.client.del_spreadsheet(spreadsheet.id)
    with pytest.raises(gspread.SpreadsheetNotFound):
        office.client.open("Find me")
    with pytest.raises(gspread.SpreadsheetNotFound):
        office.client.open_by_key(spreadsheet.id)


def test_gspread_manages_worksheets(office: Office, book: str) -> None:
    spreadsheet = office.client.open_by_key(book)
    second = spreadsheet.add_worksheet("Second", rows=5, cols=5)
    second.update_title("Renamed")
    second.freeze(rows=1, cols=2)
    second.update_tab_color("#ff0000")
    copy = second.duplicate(new_sheet_name="Copy")
    assert [sheet.title for sheet in spreadsheet.worksheets()] == ["Copy", "Sheet1", "Renamed"]
    assert (second.frozen_row_count, second.frozen_col_count) == (1, 2)
    spreadsheet.reorder_worksheets([spreadsheet.worksheet("Sheet1"), second, copy])
    assert [sheet.title for sheet in spreadsheet.worksheets()] == ["Sheet1", "Renamed", "Copy"]
    spreadsheet.del_worksheet(second)
    assert [sheet.title for sheet in spreadsheet.worksheets()] == ["Sheet1", "Copy"]


def test_gspread_formats_notes_and_protects(office: Office, book: str) -> None:
    sheet = office.client.open_by_key(book).sheet1
    sheet.update([["a", "b"], [1, 2]], "A1")
    sheet.format("A1:B1", {"textFormat": {"bold": True}})
    sheet.insert_note("A1", "who")
    sheet.add_protected_range("A1:B1", warning_only=True)
    sheet.set_basic_filter()
    assert sheet.get_note("A1") == "who"
    shown = office.get(book, fields="sheets(protectedRanges,basicFilter)")["sheets"][0]
    assert shown["protectedRanges"][0]["warningOnly"]
    assert "range" in shown["basicFilter"]
    assert office.cell(book, "A1")["userEnteredFormat"] == {"textFormat": {"bold": True}}


def test_gspread_deletes_sorts_and_clears(office: Office, book: str) -> None:
    sheet = office.client.open_by_key(book).sheet1
    sheet.update([["c", 3], ["a", 1], ["b", 2]], "A1")
    sheet.sort((2, "asc"), range="A1:B3")
    assert sheet.col_values(1) == ["a", "b", "c"]
    sheet.delete_rows(1)
    assert sheet.get_all_values() == [["b", "2"], ["c", "3"]]
    sheet.batch_clear(["A1:A2"])
    assert sheet.get("A1:B2") == [["", "2"], ["", "3"]]


def test_gspread_shares_and_lists_permissions(office: Office, book: str) -> None:
    spreadsheet = office.client.open_by_key(book)
    spreadsheet.share("hr@example.com", perm_type="user", role="writer", notify=False)
    granted = {one["emailAddress"]: one["role"] for one in spreadsheet.list_permissions()}
    assert granted == {office.email: "owner", "hr@example.com": "writer"}


def test_gspread_copies(office: Office, book: str) -> None:
    office.put(book, "A1", [["a", 1], ["b,c", "2026-01-05"]])
    copy = office.client.copy(book, title="A copy", copy_comments=False)
    assert copy.sheet1.get_all_values() == [["a", "1"], ["b,c", "2026-01-05"]]


def test_a_change_on_the_copy_does_not_reach_the_original(office: Office, book: str) -> None:
    office.put(book, "A1", [["original"]])
    copy = office.client.copy(book, copy_comments=False)
    copy.sheet1.update([["changed"]], "A1")
    assert office.values(book, "A1") == [["original"]]


def test_the_log_tells_what_each_request_cost(office: Office, book: str) -> None:
    before = len(office.server.log)
    office.put(book, "A1:C2", [[1, 2, 3], [4, 5, 6]])
    office.values(book, "A1:B5")
    office.get(book)
    write, read, get = office.server.log[before:]
    assert (write.kind, write.cells_written, write.cells_read, write.status) == ("write", 6, 0, 200)
    assert (read.kind, read.cells_written, read.cells_read) == ("read", 0, 4)
    assert (get.kind, get.cells_read) == ("read", 0)
    assert write.caller == office.email
    assert write.path.endswith("/values/A1:C2")


def test_what_the_server_does_itself_is_seen_by_clients_and_not_logged(office: Office) -> None:
    before = len(office.server.log)
    made = office.server.new_spreadsheet("Review Periods", share_with=[office.email])
    office.server.write(made, "A1", [["Month", "1/5/2026"]])
    office.server.batch_update(made, [{"addSheet": {"properties": {"title": "2026"}}}])
    assert office.server.read(made, "A1:B1") == [["Month", 46027]]
    assert len(office.server.log) == before
    assert office.values(made, "A1:B1") == [["Month", "1/5/2026"]]
    assert made in [found.spreadsheet_id for found in office.server.spreadsheets()]

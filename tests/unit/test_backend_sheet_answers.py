"""What Google answers, and what becomes of answers that are none of Google's."""

import json
import tracemalloc
from io import BytesIO

import pytest
import requests
from google.auth.credentials import AnonymousCredentials

from attendance_backend.errors import GoogleError
from attendance_backend.google.google_http import MAX_ATTEMPTS, Addresses, GoogleHttpClient
from attendance_backend.google.sheets import GoogleSheets
from attendance_backend.sheet.grid import Area, Cell, Highlight


class Wire(requests.Session):
    """A session whose other end gives one answer, whatever it is asked."""

    def __init__(self, body):
        super().__init__()
        self.body = body
        self.asked = 0

    def request(self, *_request, **_more):
        self.asked += 1
        response = requests.Response()
        response.status_code = 200
        response.raw = BytesIO(self.body)
        return response


def sheets_over(answer):
    client = GoogleHttpClient(AnonymousCredentials(), Addresses(), sleep=lambda _: None)
    client.session = wire = Wire(answer if isinstance(answer, bytes) else json.dumps(answer).encode())
    return GoogleSheets(client), wire


def read(sheet):
    book = {"sheets": [{"properties": {"title": "Days"}, **sheet}], "newsOfGoogle": [1]}
    return sheets_over(book)[0].read("a", [Area("Days")]).worksheets[0]


def test_a_cell_is_what_it_shows_and_what_computes_it():
    entered = {"userEnteredValue": {"formulaValue": "=A1"}}
    values = [
        {"effectiveValue": {"numberValue": 7}},
        {"effectiveValue": {"numberValue": 1e-05}, **entered},
        {"effectiveValue": {"boolValue": False}, "userEnteredValue": {}},
        {},
        {"effectiveValue": {"stringValue": ""}, **entered},
        {"effectiveValue": {"errorValue": {"type": "REF", "message": "gone"}}, **entered},
        {"effectiveValue": {"stringValue": "Zoë 🦊"}},
    ]
    rows = [{}, {"values": values}]
    sheet = read(
        {"data": [{"startRow": 4, "startColumn": 2, "rowData": rows}, {"rowData": [{"values": []}]}]}
    )
    assert sheet.cells == {
        (5, 2): Cell(7),
        (5, 3): Cell(1e-05, "=A1"),
        (5, 4): Cell(False),
        (5, 6): Cell("", "=A1"),
        (5, 7): Cell(None, "=A1", is_error=True),
        (5, 8): Cell("Zoë 🦊"),
    }
    assert sheet.cells[5, 4].value is False
    assert type(sheet.cells[5, 2].value) is int


def test_what_is_left_out_is_zero_false_or_empty():
    sheet = read({"protectedRanges": [{}], "conditionalFormats": [{"ranges": [{}], "gradientRule": {}}]})
    assert (sheet.sheet_id, sheet.row_count, sheet.column_count, sheet.tag) == (0, 0, 0, "")
    assert sheet.locked
    assert sheet.highlights == (Highlight(0, 0, ""),)


@pytest.mark.parametrize(
    "answer",
    [
        {"sheets": [{"properties": {}}]},
        {"sheets": {"0": "Days"}},
        {"sheets": [{"properties": {"title": "Days"}, "data": [{"rowData": [{"values": ["7"]}]}]}]},
        [],
    ],
)
def test_an_answer_that_makes_no_sense_is_told_in_a_line(answer):
    sheets, wire = sheets_over(answer)
    with pytest.raises(GoogleError, match=r"^spreadsheet a: Google's answer makes no sense: [^\n]+$"):
        sheets.read("a", [Area("Days")])
    assert wire.asked == 1


@pytest.mark.parametrize("body", [b"<html>Please log in to the guest network</html>", b'{"sheets": [', b""])
def test_what_is_no_json_is_asked_for_again_and_told_in_a_line(body):
    sheets, wire = sheets_over(body)
    with pytest.raises(GoogleError, match=r"^spreadsheet a: Google cannot be reached \([^\n]+$"):
        sheets.read("a")
    assert wire.asked == MAX_ATTEMPTS


def test_a_large_answer_takes_little_more_memory_than_its_cells():
    formula = "=" + "x" * 400
    cell = {"effectiveValue": {"stringValue": ""}, "userEnteredValue": {"formulaValue": formula}}
    rows = [{"values": [cell] * 40}] * 200
    sheets, wire = sheets_over({"sheets": [{"properties": {"title": "A"}, "data": [{"rowData": rows}]}]})
    tracemalloc.start()
    try:
        found = sheets.read("a", [Area("A")])
        left, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(found.worksheets[0].cells) == 8_000
    assert peak < left + 1.6 * len(wire.body)

"""Patience with Google: what is tried again, how long, and what is not."""

from contextlib import contextmanager
from io import BytesIO

import pytest
import requests
from google.oauth2.service_account import Credentials
from requests.adapters import BaseAdapter

from attendance_backend.app.bootstrap import SCOPES
from attendance_backend.errors import (
    GoogleError,
    OutdatedError,
    RefusedError,
    SpreadsheetGoneError,
    WorksheetGoneError,
)
from attendance_backend.google import google_http
from attendance_backend.google.drive import GoogleDrive
from attendance_backend.google.google_http import Addresses, GoogleHttpClient
from attendance_backend.google.sheets import GoogleSheets
from attendance_backend.sheet.changes import (
    VERSION_NAME,
    AddRows,
    AddWorksheet,
    NewCell,
    SucceedVersion,
    WriteCells,
)
from attendance_backend.sheet.grid import Area
from attendance_sandbox.sheets.faults import dropped, internal_error, rate_limited, unavailable
from attendance_sandbox.sheets.quota import Quota
from attendance_sandbox.sheets.server import SheetsServer


class Bench:
    """The adapters over a server, with a clock that only goes on when somebody waits."""

    def __init__(self, server, key):
        self.server = server
        self.now = 0.0
        self.waits = []
        credentials = Credentials.from_service_account_info(key, scopes=SCOPES)
        addresses = Addresses(server.url, server.url)
        self.client = GoogleHttpClient(credentials, addresses, sleep=self.sleep, monotonic=lambda: self.now)
        self.sheets = GoogleSheets(self.client)
        self.book = server.new_spreadsheet("Book", share_with=[key["client_email"]])
        self.private = server.new_spreadsheet("Private")

    def sleep(self, seconds):
        self.waits.append(seconds)
        self.now += seconds

    def calls(self):
        return len([entry for entry in self.server.log if entry.kind != "token"])


@contextmanager
def running(**options):
    with SheetsServer(**options) as server:
        key = server.new_service_account()
        bench = Bench(server, key)
        yield bench
        bench.client.session.close()


@pytest.fixture
def bench():
    with running() as bench:
        yield bench


def write(value=1.0):
    return WriteCells(0, 0, 0, ((NewCell(value),),))


@pytest.mark.parametrize("fault", [rate_limited(), unavailable(), internal_error(applied=True), dropped()])
def test_a_write_is_tried_again_and_done_once(bench, fault):
    bench.server.faults.add(fault, times=2)
    bench.sheets.apply(bench.book, [write(), AddRows(0, 1)])
    assert bench.calls() == 3
    assert bench.server.read(bench.book, "A1:A9") == [[1]]
    assert len(bench.waits) == 2


def test_patience_ends(bench):
    bench.server.faults.add(unavailable(), times=100)
    with pytest.raises(GoogleError, match="503: The service is currently unavailable"):
        bench.sheets.read(bench.book)
    assert bench.calls() == google_http.MAX_ATTEMPTS
    assert sum(bench.waits) < google_http.RETRY_WINDOW_S


def test_waits_grow_and_are_not_all_the_same(bench):
    bench.server.faults.add(unavailable(), times=100)
    for _ in range(20):
        with pytest.raises(GoogleError):
            bench.sheets.read(bench.book)
    rounds = [bench.waits[start : start + 4] for start in range(0, 80, 4)]
    for attempt in range(4):
        waits = [each[attempt] for each in rounds]
        assert max(waits) <= google_http.FIRST_DELAY_S * 2 ** (attempt + 1)
        assert len(set(waits)) > 10


def test_a_slow_service_is_not_asked_for_ever(bench):
    bench.server.faults.add(unavailable(), times=100)
    bench.sleep = None
    bench.client._sleep = lambda seconds: setattr(bench, "now", bench.now + 50)
    with pytest.raises(GoogleError):
        bench.sheets.read(bench.book)
    assert bench.calls() == 3


def test_the_quota_of_a_minute_is_waited_out_or_reported():
    with running(quota=Quota(reads_per_minute=1)) as bench:
        bench.sheets.read(bench.book)
        with pytest.raises(GoogleError, match="429: Quota exceeded"):
            bench.sheets.read(bench.book)


def test_what_must_not_happen_twice_is_not_tried_again(bench):
    bench.server.faults.add(unavailable(applied=True))
    with pytest.raises(GoogleError):
        bench.sheets.apply(bench.book, [AddWorksheet(7, "New", 2, 2)])
    assert bench.calls() == 1
    bench.server.faults.add(unavailable(applied=True))
    drive = GoogleDrive(bench.client, None)
    with pytest.raises(GoogleError):
        drive.create("Once", {"a": "b"})
    assert [book.title for book in bench.server.spreadsheets()] == ["Book", "Private", "Once"]


# Versions


def version(previous, new):
    return SucceedVersion(previous, new, 0, VERSION_NAME)


def append(text, row):
    """What would stand there twice if it were carried out twice."""
    return [AddWorksheet(100 + row, text, 2, 2), AddRows(0, 1), WriteCells(0, row, 0, ((NewCell(text),),))]


def named_ranges(bench):
    return bench.server.spreadsheet(bench.book).named_ranges


def test_a_version_is_read_with_whatever_is_read(bench):
    assert bench.sheets.read(bench.book).version is None
    bench.sheets.apply(bench.book, [write(), version(None, "va1")])
    assert bench.sheets.read(bench.book).version == "va1"
    bench.sheets.apply(bench.book, [write(2.0), version("va1", "va2")])
    assert bench.sheets.read(bench.book, [Area("Sheet1")]).version == "va2"

    (named,) = named_ranges(bench)
    assert (named["namedRangeId"], named["name"]) == ("va2", "attendance_version")
    assert named["range"] == {
        "sheetId": 0,
        "startRowIndex": 0,
        "endRowIndex": 1,
        "startColumnIndex": 0,
        "endColumnIndex": 1,
    }


@pytest.mark.parametrize("previous", [None, "va1"])
def test_an_outdated_write_is_refused_as_a_whole(bench, previous):
    if previous is not None:
        bench.sheets.apply(bench.book, [write(0.0), version(None, previous)])
    bench.sheets.apply(bench.book, [*append("winner", 1), version(previous, "vb")])
    with pytest.raises(OutdatedError, match="changed by somebody else"):
        bench.sheets.apply(bench.book, [*append("loser", 2), version(previous, "vc")])

    assert bench.sheets.read(bench.book).version == "vb"
    assert [row[:1] for row in bench.server.read(bench.book, "A2:A9")] == [["winner"]]
    assert bench.sheets.read(bench.book).find("loser") is None


def test_a_named_range_that_a_person_deleted_makes_a_write_outdated_and_the_next_one_adds_it(bench):
    bench.sheets.apply(bench.book, [write(), version(None, "va1")])
    bench.server.batch_update(bench.book, [{"deleteNamedRange": {"namedRangeId": "va1"}}])
    with pytest.raises(OutdatedError):
        bench.sheets.apply(bench.book, [write(2.0), version("va1", "va2")])
    bench.sheets.apply(bench.book, [write(3.0), version(None, "va3")])

    assert bench.sheets.read(bench.book).version == "va3"
    assert bench.server.read(bench.book, "A1:A9") == [[3]]


def test_named_ranges_of_people_do_not_matter(bench):
    area = {"sheetId": 0, "startRowIndex": 3, "endRowIndex": 4}
    mine = {"namedRange": {"name": "hr_note", "range": area, "namedRangeId": "hr"}}
    bench.server.batch_update(bench.book, [{"addNamedRange": mine}])
    assert bench.sheets.read(bench.book).version is None
    bench.sheets.apply(bench.book, [write(), version(None, "va1")])
    assert [named["namedRangeId"] for named in named_ranges(bench)] == ["hr", "va1"]


@pytest.mark.parametrize(
    "fault",
    [
        unavailable(applied=True),
        internal_error(applied=True),
        dropped(applied=True),
        unavailable(),
        internal_error(),
        dropped(),
        rate_limited(),
    ],
)
@pytest.mark.parametrize("previous", [None, "va1"])
def test_with_a_version_everything_is_sent_again_and_done_once(bench, fault, previous):
    if previous is not None:
        bench.sheets.apply(bench.book, [write(0.0), version(None, previous)])
    bench.server.faults.add(fault, when=lambda request: request.kind == "write", times=2)
    bench.sheets.apply(bench.book, [*append("once", 1), version(previous, "vb")])

    assert bench.sheets.read(bench.book).version == "vb"
    assert bench.server.read(bench.book, "A2:A9") == [["once"]]
    assert bench.sheets.read(bench.book).worksheets[0].row_count == 1001


def test_what_is_refused_for_another_reason_is_no_matter_of_versions(bench):
    bench.sheets.apply(bench.book, [write(), version(None, "va1")])
    with pytest.raises(RefusedError, match="99"):
        bench.sheets.apply(bench.book, [WriteCells(99, 0, 0, ((NewCell(1.0),),)), version("va1", "va2")])
    assert bench.sheets.read(bench.book).version == "va1"


def test_a_write_that_was_carried_out_and_overtaken_is_outdated(bench):
    """Its answer was lost, somebody else wrote, and the repetition is refused: reading again shows both."""
    rival = GoogleSheets(bench.client)
    bench.server.faults.add(unavailable(applied=True), when=lambda request: request.kind == "write")

    def meanwhile(_seconds):
        rival.apply(bench.book, [write(7.0), version("va1", "vb1")])

    bench.client._sleep = meanwhile
    with pytest.raises(OutdatedError):
        bench.sheets.apply(bench.book, [*append("once", 1), version(None, "va1")])
    assert bench.sheets.read(bench.book).version == "vb1"
    assert bench.server.read(bench.book, "A1:A9") == [[7], ["once"]]


def test_too_many_requests_were_not_carried_out_and_are_always_tried_again(bench):
    bench.server.faults.add(rate_limited())
    bench.sheets.apply(bench.book, [AddWorksheet(7, "New", 2, 2)])
    assert bench.sheets.read(bench.book).find("new").sheet_id == 7


@pytest.mark.parametrize("which", ["private", "missing"])
def test_what_is_not_shared_is_not_asked_for_twice(bench, which):
    spreadsheet_id = bench.private if which == "private" else "1Missing-Spreadsheet"
    with pytest.raises(SpreadsheetGoneError, match="backend@attendance-sandbox") as refusal:
        bench.sheets.read(spreadsheet_id)
    assert spreadsheet_id in str(refusal.value)
    assert bench.calls() == 1


def test_a_missing_worksheet_is_named(bench):
    with pytest.raises(WorksheetGoneError, match=r"has no worksheet .It's gone.: it was deleted or renamed"):
        bench.sheets.read(bench.book, [Area("Sheet1"), Area("It's gone")])


def test_an_area_outside_the_grid_is_refused(bench):
    with pytest.raises(RefusedError, match="exceeds grid limits"):
        bench.sheets.read(bench.book, [Area.of_columns("Sheet1", 30, 31)])


def test_an_atomic_write_is_all_or_nothing(bench):
    with pytest.raises(RefusedError):
        bench.sheets.apply(bench.book, [write(), WriteCells(99, 0, 0, ((NewCell(1.0),),))])
    assert bench.server.read(bench.book, "A1:B2") == []


def test_areas_keep_their_places(bench):
    bench.server.start_recalculating()
    bench.server.write(bench.book, "A1:D3", [[1, "two", True, "=4/2"], [], ["", "", "x"]])
    sheet = bench.sheets.read(
        bench.book,
        [Area.of_columns("Sheet1", 2, 4), Area("Sheet1", 0, 1, 0, 1), Area.of_rows("Sheet1", 0, 1)],
    ).worksheet("Sheet1")
    assert {place: cell.value for place, cell in sheet.cells.items()} == {
        (0, 0): 1,
        (0, 1): "two",
        (0, 2): True,
        (0, 3): 2,
        (2, 2): "x",
    }
    assert [cell.is_formula for _, cell in sheet.row(0)] == [False, False, False, True]
    assert (sheet.row_count, sheet.column_count) == (1000, 26)


def test_drive_finds_by_properties_only_what_is_ours_and_not_in_the_bin(bench):
    drive = GoogleDrive(bench.client, None)
    quoted = {"period": "O'Brien's \\ month", "control": "x"}
    made = drive.create("One", quoted)
    drive.create("Two", {"period": "another", "control": "x"})
    assert drive.find(quoted) == [made]
    bench.server.file(made).trashed = True
    assert drive.find(quoted) == []


def test_credentials_that_google_refuses_are_a_clear_error():
    with SheetsServer() as server:
        key = server.new_service_account()
        with SheetsServer() as other:
            other.new_service_account()
            bench = Bench(other, {**key, "token_uri": other.token_uri})
            with pytest.raises(RefusedError, match=r"does not accept the credentials of .* make a new key"):
                bench.sheets.read("1Missing-Spreadsheet")


def test_google_out_of_reach_is_a_clear_error():
    with SheetsServer() as server:
        bench = Bench(server, server.new_service_account())
        url = server.url
    with pytest.raises(GoogleError, match="cannot be reached"):
        bench.sheets.read("1Missing-Spreadsheet")
    assert url


class Answers(BaseAdapter):
    """A service that answers everything with the same body."""

    def __init__(self, body):
        super().__init__()
        self.body = body

    def send(self, request, *_args, **_options):
        response = requests.Response()
        response.status_code, response.raw, response.request = 200, BytesIO(self.body), request
        return response

    def close(self):
        pass


def test_half_of_a_character_which_a_formula_left_is_read(bench):
    """LEFT of an emoji's first half."""
    cell = b'{"effectiveValue":{"stringValue":"Ann \\ud83d"}}'
    body = b'{"sheets":[{"properties":{"title":"S"},"data":[{"rowData":[{"values":[%s]}]}]}]}' % cell
    bench.client.session.mount("http://", Answers(body))
    assert bench.sheets.read(bench.book, [Area("S")]).worksheet("S").value(0, 0) == "Ann \ud83d"


def test_half_of_a_character_is_refused_by_the_service_and_by_nobody_before(bench):
    with pytest.raises(RefusedError, match="Google refuses"):
        bench.sheets.apply(bench.book, [write("Ann \ud83d")])


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_what_is_no_number_is_never_written_as_a_blank(bench, number):
    with pytest.raises(ValueError, match="cannot hold"):
        bench.sheets.apply(bench.book, [write(number)])
    assert bench.calls() == 0

"""What storing costs at the service: calls and cells, counted by the stand-in, not by us."""

from contextlib import ExitStack
from datetime import date, datetime, timedelta

import pytest

from attendance_backend.app import bootstrap
from attendance_backend.google.sheets import GoogleSheets
from attendance_backend.handlers import books, refresh
from attendance_backend.review import book, raw_data
from attendance_backend.review.names import raw_title
from attendance_backend.sheet import placing, serial
from attendance_contracts import AttendanceRecord
from tests.integration.backend_office import NOVEMBER, CloudOffice

SITES = ("berlin", "hamburg", "munich")
PEOPLE = 40
LAST_DAY = date(2026, 11, 27)


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    """An office with an empty workbook, and what it looks like."""
    with ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
        office = CloudOffice(stack, tmp_path_factory.mktemp("office"), patch)
        people = [[f"Name {number}", f"user{number}@example.com", "09:00"] for number in range(PEOPLE)]
        office.sheets.write(office.control_id, "'Cut Off Times'!A2", people)
        for site in SITES:
            office.sheet_id = office.create(site)
        yield office, office.remember()


@pytest.fixture(scope="module")
def filled(opened):
    """The workbook once 600 punches are in it."""
    office, empty = opened
    office.go_back(empty)
    fill(office, 600)
    return office.remember()


@pytest.fixture
def office(opened):
    office, empty = opened
    office.go_back(empty)
    return office


@pytest.fixture
def filled_office(office, filled):
    office.go_back(filled)
    return office


def record(number, moment, serial_number="SN0"):
    return AttendanceRecord(serial_number, f"id-{number}", f"user{number}", moment, 1, 255)


def records_of(count, minute=0):
    """Punches of the last day, of everybody in turn."""
    begin = datetime.combine(LAST_DAY, datetime.min.time()) + timedelta(hours=6, minutes=minute)
    return [record(number % PEOPLE, begin + timedelta(seconds=70 * number)) for number in range(count)]


def fill(office, rows, days=20):
    """So many raw rows of the days before, shared among the sites, and what follows from them."""
    backend = bootstrap.backend()
    for index, site in enumerate(SITES):
        lines = []
        for number in range(index, rows, len(SITES)):
            # Everybody punches on the first days, however many rows there are.
            day = NOVEMBER.first_day + timedelta(days=number // PEOPLE % days)
            second = 7 * 3600 + number // (PEOPLE * days) * 120
            moment = datetime.combine(day, datetime.min.time()) + timedelta(seconds=second)
            punch = record(number % PEOPLE, moment, f"SN{index}")
            lines.append(raw_data.row_of(punch, punch.user_name, site, datetime.min.time()))
        raw = books.read(backend.spreadsheets, office.sheet_id, [book.raw(raw_title(site))])
        backend.spreadsheets.apply(office.sheet_id, placing.append(raw.worksheet(raw_title(site)), lines))
    assert refresh.rebuild_facts(office.sheet_id, NOVEMBER, backend).differences
    for index, site in enumerate(SITES):
        # With its first message Sites learns when the site's day begins.
        first = record(index, datetime(2026, 11, 2, 5), f"SN{index}")
        office.store(office.sheet_id, first, location=site)


def values(office):
    """Every cell of the workbook that holds anything, as it was entered."""
    book = office.sheets.spreadsheet(office.sheet_id)
    return {
        (sheet.title, row, column): cell.entered()
        for sheet in book.sheets
        for row, column, cell in sheet.occupied(sheet.area)
        if not cell.is_blank
    }


def calls(office, records):
    """The calls of a message to its workbook; what is asked of HR's table is counted by itself."""
    before = len(office.sheets.log)
    reply = office.store(office.sheet_id, *records)
    assert set(reply.confirmed) == {each.identity for each in records}
    made = [entry for entry in office.sheets.log[before:] if entry.kind in ("read", "write")]
    at_workbook = [entry for entry in made if office.sheet_id in entry.path]
    assert all(office.control_id in entry.path for entry in made if entry not in at_workbook)
    return at_workbook


def test_the_table_of_hr_is_read_once_a_minute(filled_office):
    """With the first message, after which it may be noted that the site was heard of: once in half an hour."""
    office = filled_office
    calls = []
    for minute in range(3):
        before = len(office.sheets.log)
        office.store(office.sheet_id, *records_of(1, minute=minute))
        log = office.sheets.log[before:]
        calls.append([entry.kind for entry in log if office.control_id in entry.path])
    first, *others = calls
    assert others == [[], []]
    assert first[:4] == ["read"] * 4
    assert first[4:] in ([], ["write"])


@pytest.mark.parametrize("size", [1, 50, 500])
def test_one_read_and_one_write_of_the_cells_that_change(filled_office, size):
    office = filled_office
    before = values(office)
    read, write = calls(office, records_of(size))

    assert (read.kind, write.kind) == ("read", "write")
    after = values(office)
    changed = {place for place in before.keys() | after.keys() if before.get(place) != after.get(place)}
    assert write.cells_written == len(changed)
    rows = {place for place in changed if place[0] == "Raw Data - berlin"}
    assert len(rows) == size * len({*raw_data.COLUMNS} - {raw_data.MACHINE}), "a machine without a name"


def bytes_of(office, records):
    """What a message's calls bring down and send up: the bodies, as they go over the wire."""
    down, up = [], []

    def count(response, **_options):
        down.append(len(response.content))
        up.append(len(response.request.body or b""))

    sheets = bootstrap.backend().spreadsheets
    assert isinstance(sheets, GoogleSheets)
    hooks = sheets._client.session.hooks["response"]
    hooks.append(count)
    try:
        calls(office, records)
    finally:
        hooks.remove(count)
    return sum(down), sum(up)


def test_a_punch_brings_little_down_and_each_of_many_sends_little_up(filled_office):
    office = filled_office
    calls(office, records_of(PEOPLE))

    down, _ = bytes_of(office, records_of(1, minute=1))
    assert down <= 40_000
    _, up = bytes_of(office, records_of(50, minute=2))
    assert up <= 50 * 1_200


def test_what_a_punch_brings_down_does_not_grow_with_the_people(filled_office):
    """Of the rows of 39 others nothing is read, once it is known where they stand."""
    office = filled_office
    calls(office, records_of(PEOPLE))

    read, _ = calls(office, records_of(1, minute=1))
    assert not [text for text in read.query["ranges"] if text.startswith(("'Days'!A:", "'Punch Index'!A:"))]


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param({"insertDimension": ("ROWS", 5, 6)}, id="a row inserted"),
        pytest.param({"deleteDimension": ("ROWS", 5, 6)}, id="a row deleted"),
        pytest.param({"insertDimension": ("COLUMNS", 1, 2)}, id="a column inserted"),
    ],
)
@pytest.mark.parametrize("title", ["Days", "Punch Index"])
def test_where_rows_stand_is_never_believed_without_a_look(filled_office, title, edit):
    """Whatever was done to the rows since they were read, the facts are those of a process that begins anew."""
    office = filled_office
    calls(office, records_of(PEOPLE))
    ((kind, (dimension, start, end)),) = edit.items()
    (sheet_id,) = (
        sheet.sheet_id for sheet in office.sheets.spreadsheet(office.sheet_id).sheets if sheet.title == title
    )
    place = {"sheetId": sheet_id, "dimension": dimension, "startIndex": start, "endIndex": end}
    office.sheets.batch_update(office.sheet_id, [{kind: {"range": place}}])
    edited = office.remember()

    office.store(office.sheet_id, *records_of(3, minute=1))
    remembering = values(office)
    office.go_back(edited)
    office.store(office.sheet_id, *records_of(3, minute=1))
    assert remembering == values(office)


def test_a_message_that_comes_again_costs_a_read(filled_office):
    calls(filled_office, records_of(50))

    (read,) = calls(filled_office, records_of(50))
    assert read.kind == "read"


def test_what_is_read_does_not_grow_with_what_is_stored(opened):
    """Not by a cell: three times as much is as good as ten times."""
    office, empty = opened
    cells = {}
    for rows in (1_000, 3_000):
        office.go_back(empty)
        fill(office, rows)
        stored = [office.sheets.read(office.sheet_id, f"'Raw Data - {site}'!A2:A") for site in SITES]
        assert sum(map(len, stored)) == rows + len(SITES)
        read, _ = calls(office, records_of(50))
        cells[rows] = read.cells_read

    assert cells[1_000] == cells[3_000]


def test_the_sheets_hold_what_the_messages_said(office):
    calls(office, records_of(80))

    assert len(office.sheets.read(office.sheet_id, "'Raw Data - berlin'!I2:I")) == 80
    header = office.sheets.read(office.sheet_id, "Days!1:1")[0]
    column = header.index(serial.from_date(LAST_DAY))
    rows = office.sheets.read(office.sheet_id, "Days!A2:AZ", "UNFORMATTED_VALUE")
    check_ins = {row[0]: row[column] for row in rows if row[0].endswith("/in") and len(row) > column}
    check_outs = {row[0]: row[column] for row in rows if row[0].endswith("/out") and len(row) > column}
    assert check_ins["user0/in"] == pytest.approx(6 / 24)
    assert check_outs["user0/out"] == pytest.approx(6 / 24 + 70 * 40 / 86400)
    assert len(check_ins) == len(check_outs) == PEOPLE

"""The handlers over ports in memory: what the spreadsheets hold afterwards."""

from datetime import date, datetime, time, timedelta

import pytest

from attendance_backend.errors import SpreadsheetGoneError, WorksheetGoneError
from attendance_backend.handlers.dispatch import handle
from attendance_backend.sheet import serial
from attendance_backend.sheet.changes import Formula
from attendance_backend.workbook import daily_attendance as daily
from attendance_contracts import (
    AttendanceRecord,
    CreateReviewSheet,
    GetReviewPeriod,
    ReviewPeriod,
    StoreAttendRecords,
)
from tests.fakes_backend import World

NOVEMBER = ReviewPeriod("November 2026", date(2026, 11, 2), date(2026, 11, 29))
PEOPLE = [
    ("Name", "Email", "Cut Off Time"),
    ("Zoe Young", "zoe@example.com", 9.5 / 24),
    ("Ann Archer", "Ann@example.com", "09:00"),
    ("Bob Baker", "bob@example.com", "9:15 AM"),
]
BOUNDARY = time(4)


@pytest.fixture
def world():
    world = World()
    world.type_worksheet(
        "2026",
        [
            ("Month", "Start Date", "End Date", "Duration (Weeks)"),
            ("November", "11/2/2026", "11/27/2026", 4.0),
        ],
    )
    world.type_worksheet("Cut Off Times", PEOPLE)
    return world


def create(world, location="berlin", period=NOVEMBER):
    message = CreateReviewSheet(location=location, request_id="r1", period=period)
    return handle(message, world.backend).sheet_id


def punch(user_name, moment, *, user_id=None, key=255, serial_number="SN1", occurrence=1):
    user_id = user_id or f"id-{user_name}"
    return AttendanceRecord(
        serial_number, user_id, user_name, datetime.fromisoformat(moment), 1, key, occurrence
    )


def store(world, sheet_id, *records, location="berlin", zone="Europe/Berlin", period=NOVEMBER):
    message = StoreAttendRecords(
        location=location,
        request_id="r2",
        sheet_id=sheet_id,
        period=period,
        time_zone=zone,
        day_boundary=BOUNDARY,
        records=tuple(records),
    )
    return handle(message, world.backend)


def find_cell(book, user, label, day):
    sheet = book.sheet("Daily Attendance")
    rows = [
        row
        for row in range(2, sheet.row_count)
        if str(sheet.cells.get((row, daily.USER_NAME), "")).casefold() == user
        and sheet.cells.get((row, daily.LABEL)) == label
    ]
    columns = [
        column for (row, column), value in sheet.cells.items() if row == 0 and value == serial.from_date(day)
    ]
    assert len(rows) == len(columns) == 1
    return rows[0], columns[0]


def times(book, user, day):
    """Check-in and check-out as texts, and the raw number's fraction beyond midnight."""
    sheet = book.sheet("Daily Attendance")
    shown = []
    for label in ("Check In", "Check Out"):
        value = sheet.cells.get(find_cell(book, user, label, day))
        shown.append(str(timedelta(seconds=round(value * 86400))) if isinstance(value, float) else value)
    return tuple(shown)


def exceptions(book):
    return [tuple(row[1:4]) for row in book.sheet("Exceptions").rows()[1:]]


# -- GetReviewPeriod


def test_the_next_period_comes_from_hrs_rows(world):
    reply = handle(
        GetReviewPeriod(location="berlin", request_id="r0", after=None, on=date(2026, 11, 3)), world.backend
    )
    assert (reply.location, reply.request_id, reply.after) == ("berlin", "r0", None)
    assert reply.period == NOVEMBER


def test_no_period_is_an_answer(world):
    message = GetReviewPeriod(
        location="berlin", request_id="r0", after=date(2026, 11, 29), on=date(2026, 11, 30)
    )
    assert handle(message, world.backend).period is None


def test_without_any_years_there_is_no_period():
    message = GetReviewPeriod(location="berlin", request_id="r0", after=None, on=date(2026, 11, 30))
    assert handle(message, World().backend).period is None


def test_a_bad_row_is_one_log_line(world, caplog):
    world.type_worksheet(
        "2027", [("Month", "Start Date", "End Date"), ("January", "13/13/2027", "1/31/2027")]
    )
    handle(
        GetReviewPeriod(location="berlin", request_id="r0", after=None, on=date(2026, 11, 3)), world.backend
    )
    lines = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert len(lines) == 1
    assert "'2027', cell B2" in lines[0]
    assert "type a date such as 11/30/2026" in lines[0]


# -- CreateReviewSheet


def test_the_workbook(world):
    create(world)
    (book,) = world.review_books()
    assert book.title == "Attendance Review - November 2026"
    assert [sheet.title for sheet in book.sheets] == [
        "Daily Attendance",
        "Weekly Summary",
        "Exceptions",
        "Raw Data - berlin",
    ]
    assert book.locale == "en_GB"
    assert all(sheet.warned for sheet in book.sheets)
    rows = book.sheet("Daily Attendance").rows()
    assert rows[0][:3] == ["Employee", "User Name", "Measure"]
    days = [serial.to_date(value) for value in rows[0][daily.FIRST_DAY :]]
    assert (days[0], days[-1], len(days)) == (date(2026, 11, 2), date(2026, 11, 29), 28)
    assert rows[1][daily.FIRST_DAY :][:7] == ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    assert [row[:3] for row in rows[2:5]] == [
        ["Ann Archer", "Ann", "Check In"],
        ["Ann Archer", "Ann", "Check Out"],
        ["Ann Archer", "Ann", "Hours Worked"],
    ]
    assert [row[0] for row in rows[2::3]] == ["Ann Archer", "Bob Baker", "Zoe Young"]
    weekly = book.sheet("Weekly Summary").rows()
    assert weekly[0] == [
        "Employee", "User Name", "Cut Off Time", "Measure", "02 Nov - 08 Nov", "09 Nov - 15 Nov", "16 Nov - 22 Nov",
        "23 Nov - 29 Nov", "Total",
    ]  # fmt: skip
    assert weekly[4][:4] == ["Bob Baker", "bob", 9.25 / 24, "Weekly Average"]


def test_grids_are_no_larger_than_what_they_hold(world):
    create(world)
    (book,) = world.review_books()
    sizes = {sheet.title: (sheet.row_count, sheet.column_count) for sheet in book.sheets}
    assert sizes == {
        "Daily Attendance": (11, 33),
        "Weekly Summary": (10, 9),
        "Exceptions": (2, 5),
        "Raw Data - berlin": (2, 10),
    }


def test_a_second_site_finds_the_same_spreadsheet(world):
    first = create(world)
    before = world.review_books()[0].sheet("Daily Attendance").rows()
    assert create(world, "hamburg") == first
    (book,) = world.review_books()
    assert book.sheet("Raw Data - hamburg").rows()[0][0] == "Timestamp"
    assert book.sheet("Daily Attendance").rows() == before


def test_asking_again_changes_nothing(world):
    first = create(world)
    effects = world.effects.count
    assert create(world) == first
    assert world.effects.count == effects


def test_it_is_recorded_in_the_control_spreadsheet(world):
    sheet_id = create(world)
    rows = world.control.sheet("Review Sheets").rows()
    assert rows[1][:3] == [
        "November 2026",
        sheet_id,
        f"https://docs.google.com/spreadsheets/d/{sheet_id}/edit",
    ]
    assert serial.to_date(rows[1][3]) == date(2026, 11, 3)


def test_a_title_is_never_trusted(world):
    sheet_id = create(world)
    world.spreadsheets.books[sheet_id].title = "Renamed by HR"
    assert create(world, "hamburg") == sheet_id


def test_a_spreadsheet_of_another_control_spreadsheet_is_not_taken(world):
    other = world.drive.create(
        "Attendance Review - November 2026", {"attendance_review_period": "November 2026"}
    )
    assert create(world) != other


def test_a_deleted_review_sheet_is_a_clear_error(world):
    sheet_id = create(world)
    del world.spreadsheets.books[sheet_id]
    with pytest.raises(
        SpreadsheetGoneError, match=r"restore it from Drive's bin, or delete its row in 'Review Sheets'"
    ):
        create(world)


def test_a_worksheet_that_was_deleted_is_made_anew_from_the_raw_data(world):
    sheet_id = create(world)
    store(world, sheet_id, punch("ann", "2026-11-03T08:55:00"), punch("ann", "2026-11-03T17:05:00"))
    (book,) = world.review_books()
    before = book.content()
    book.sheets = [sheet for sheet in book.sheets if sheet.title != "Daily Attendance"]
    create(world)
    assert book.content() == before


def test_days_that_hr_adds_get_columns_and_weeks(world):
    sheet_id = create(world)
    (book,) = world.review_books()
    book.sheet("Weekly Summary").column_count += 1
    book.sheet("Weekly Summary").put(4, 9, "HR's note")
    longer = ReviewPeriod("November 2026", date(2026, 11, 30), date(2026, 12, 1))
    assert create(world, period=longer) == sheet_id
    store(world, sheet_id, punch("bob", "2026-12-01T09:00:00"), period=longer)
    assert times(book, "bob", date(2026, 12, 1)) == ("9:00:00", None)
    weekly = book.sheet("Weekly Summary").rows()
    assert weekly[0][8:] == ["Total", None, "30 Nov - 06 Dec"]
    assert weekly[4][9] == "HR's note"
    assert weekly[6][8] == Formula("=SUM(E7:H7,K7:K7)")
    assert weekly[5][10] is not None


# -- StoreAttendRecords


def test_raw_rows(world):
    sheet_id = create(world)
    record = punch("Zoe", "2026-11-03T09:01:02", key=0)
    reply = store(world, sheet_id, record)
    assert reply.confirmed == (record.identity,)
    assert reply.last_stored_timestamp == datetime(2026, 11, 3, 9, 1, 2)
    (book,) = world.review_books()
    (row,) = book.sheet("Raw Data - berlin").rows()[1:]
    assert serial.to_datetime(row[0]) == datetime(2026, 11, 3, 9, 1, 2)
    assert row[1:9] == ["Zoe Young", "berlin", "Check In", "Zoe", "id-Zoe", 1.0, 0.0, record.identity]
    assert serial.to_date(row[9]) == date(2026, 11, 3)


@pytest.mark.parametrize(
    ("key", "label"),
    [(0, "Check In"), (1, "Check Out"), (2, "Break Out"), (3, "Break In"), (4, "Overtime In"), (5, "Overtime Out"),
     (6, "-"), (255, "-")],
)  # fmt: skip
def test_the_label_of_a_key(world, key, label):
    store(world, create(world), punch("zoe", "2026-11-03T09:01:02", key=key))
    assert world.review_books()[0].sheet("Raw Data - berlin").rows()[1][3] == label


def test_every_record_is_confirmed_and_stored_once(world):
    sheet_id = create(world)
    records = [punch("ann", f"2026-11-03T{hour:02}:00:00") for hour in range(8, 18)]
    store(world, sheet_id, *records[:5])
    reply = store(world, sheet_id, *records, records[0])
    assert set(reply.confirmed) == {record.identity for record in records}
    rows = world.review_books()[0].sheet("Raw Data - berlin").rows()[1:]
    assert [row[8] for row in rows] == [record.identity for record in records]


def test_what_is_there_already_costs_one_read_and_no_write(world):
    sheet_id = create(world)
    record = punch("ann", "2026-11-03T08:00:00")
    store(world, sheet_id, record)
    world.effects.reads = world.effects.count = 0
    assert store(world, sheet_id, record).confirmed == (record.identity,)
    assert (world.effects.reads, world.effects.count) == (1, 0)


def test_new_punches_cost_one_read_and_one_write(world):
    sheet_id = create(world)
    store(world, sheet_id, punch("ann", "2026-11-03T08:00:00"))
    world.effects.reads = world.effects.count = 0
    store(
        world, sheet_id, punch("ann", "2026-11-03T17:00:00"), punch("bob", "2026-11-04T09:00:00"),
        punch("zoe", "2026-11-04T09:30:00"),
    )  # fmt: skip
    assert (world.effects.reads, world.effects.count) == (1, 1)


def test_a_site_that_moves_its_own_check_out_needs_no_further_read(world):
    sheet_id = create(world)
    store(world, sheet_id, punch("ann", "2026-11-03T08:00:00"), punch("ann", "2026-11-03T12:00:00"))
    world.effects.reads = world.effects.count = 0
    store(world, sheet_id, punch("ann", "2026-11-03T17:00:00"))
    assert (world.effects.reads, world.effects.count) == (1, 1)


def test_the_daily_attendance(world):
    sheet_id = create(world)
    store(
        world,
        sheet_id,
        punch("ANN", "2026-11-03T17:05:00", key=0),
        punch("ann", "2026-11-03T12:00:00"),
        punch("ann", "2026-11-03T08:55:30"),
        punch("bob", "2026-11-03T09:00:00", key=1),
    )
    (book,) = world.review_books()
    assert times(book, "ann", date(2026, 11, 3)) == ("8:55:30", "17:05:00")
    assert times(book, "bob", date(2026, 11, 3)) == ("9:00:00", None)


def test_a_night_shift_belongs_to_the_day_it_began(world):
    sheet_id = create(world)
    store(world, sheet_id, punch("ann", "2026-11-04T02:30:00"), punch("ann", "2026-11-03T21:00:00"))
    (book,) = world.review_books()
    assert times(book, "ann", date(2026, 11, 3)) == ("21:00:00", "1 day, 2:30:00")
    assert times(book, "ann", date(2026, 11, 4)) == (None, None)


def test_one_person_at_two_sites_on_a_day(world):
    sheet_id = create(world)
    create(world, "hamburg")
    store(world, sheet_id, punch("ann", "2026-11-03T09:00:00"))
    store(world, sheet_id, punch("ann", "2026-11-03T15:00:00", serial_number="SN2"), location="hamburg")
    store(world, sheet_id, punch("ann", "2026-11-03T18:00:00"))
    store(world, sheet_id, punch("ann", "2026-11-03T07:30:00", serial_number="SN2"), location="hamburg")
    (book,) = world.review_books()
    assert times(book, "ann", date(2026, 11, 3)) == ("7:30:00", "18:00:00")
    assert exceptions(book) == []


def test_rows_that_hr_sorted_are_found(world):
    sheet_id = create(world)
    (book,) = world.review_books()
    sheet = book.sheet("Daily Attendance")
    upside_down = {row: 12 - row for row in range(2, 11)}
    sheet.cells = {(upside_down.get(row, row), column): value for (row, column), value in sheet.cells.items()}
    store(world, sheet_id, punch("ann", "2026-11-03T09:00:00"), punch("ann", "2026-11-03T17:00:00"))
    assert times(book, "ann", date(2026, 11, 3)) == ("9:00:00", "17:00:00")


def test_columns_that_hr_inserted_are_stepped_over(world):
    sheet_id = create(world)
    (book,) = world.review_books()
    sheet = book.sheet("Daily Attendance")
    sheet.column_count += 3
    sheet.cells = {(row, column + 3 * (column > 5)): value for (row, column), value in sheet.cells.items()}
    sheet.put(2, 6, "HR's note")
    store(world, sheet_id, punch("ann", "2026-11-03T09:00:00"))
    assert times(book, "ann", date(2026, 11, 3)) == ("9:00:00", None)
    assert sheet.cells[2, 6] == "HR's note"


def test_a_column_that_hr_removed_loses_no_punch(world):
    sheet_id = create(world)
    (book,) = world.review_books()
    sheet = book.sheet("Daily Attendance")
    sheet.column_count = 10
    sheet.cells = {place: value for place, value in sheet.cells.items() if place[1] < 10}
    record = punch("ann", "2026-11-20T09:00:00")
    assert store(world, sheet_id, record).confirmed == (record.identity,)
    assert len(book.sheet("Raw Data - berlin").rows()) == 2
    assert exceptions(book) == [
        (
            "berlin",
            "everybody",
            "the column of 20-11-2026 is missing in Daily Attendance; the punches are in the raw data only",
        )
    ]


def test_what_hr_typed_stays(world):
    sheet_id = create(world)
    store(world, sheet_id, punch("ann", "2026-11-03T09:00:00"), punch("bob", "2026-11-03T09:00:00"))
    (book,) = world.review_books()
    sheet = book.sheet("Daily Attendance")
    sheet.put(*find_cell(book, "ann", "Check In", date(2026, 11, 3)), "doctor")
    sheet.put(*find_cell(book, "bob", "Check Out", date(2026, 11, 3)), 17 / 24)
    store(
        world, sheet_id, punch("ann", "2026-11-03T11:00:00"), punch("bob", "2026-11-03T18:00:00"),
        punch("bob", "2026-11-03T10:00:00"),
    )  # fmt: skip
    assert times(book, "ann", date(2026, 11, 3)) == ("doctor", "11:00:00")
    assert times(book, "bob", date(2026, 11, 3)) == ("9:00:00", "17:00:00")
    assert [row[1] for row in exceptions(book)] == ["Ann Archer", "Bob Baker"]


def test_an_unknown_user_is_stored_and_reported_once(world):
    sheet_id = create(world)
    for hour in (9, 12, 17):
        store(world, sheet_id, punch("guest", f"2026-11-03T{hour:02}:00:00"))
    (book,) = world.review_books()
    assert [row[1] for row in book.sheet("Raw Data - berlin").rows()[1:]] == ["guest"] * 3
    assert exceptions(book) == [
        ("berlin", "guest", "Not in Cut Off Times; punches are in the raw data only"),
    ]


def test_a_user_without_a_name_is_stored_and_reported(world):
    sheet_id = create(world)
    store(world, sheet_id, punch(None, "2026-11-03T09:00:00", user_id="=1+1"))
    (book,) = world.review_books()
    row = book.sheet("Raw Data - berlin").rows()[1]
    assert (row[1], row[4], row[5]) == ("User ID =1+1", None, "=1+1")
    assert exceptions(book)[0][1] == "User ID =1+1"


def test_somebody_hired_is_added_with_the_first_punch(world):
    sheet_id = create(world)
    world.type_worksheet("Cut Off Times", [*PEOPLE, ("Carl Cook", "carl@example.com", "08:30")])
    store(world, sheet_id, punch("carl", "2026-11-10T08:31:00"), punch("carl", "2026-11-10T16:00:00"))
    (book,) = world.review_books()
    assert times(book, "carl", date(2026, 11, 10)) == ("8:31:00", "16:00:00")
    daily_rows = book.sheet("Daily Attendance").rows()
    assert [row[:3] for row in daily_rows[11:]] == [
        ["Carl Cook", "carl", "Check In"],
        ["Carl Cook", "carl", "Check Out"],
        ["Carl Cook", "carl", "Hours Worked"],
    ]
    weekly = book.sheet("Weekly Summary").rows()
    assert weekly[10][:4] == ["Carl Cook", "carl", 8.5 / 24, "Weekly Average"]
    # The same formulas as everybody's, in rows further down.
    assert str(weekly[10][4]) == str(weekly[1][4]).replace("$B2", "$B11")
    assert exceptions(book)[0][1:] == ("Carl Cook", "Added to this period's sheets with the first punch")
    assert book.sheet("Raw Data - berlin").rows()[1][1] == "Carl Cook"


def test_an_unknown_user_who_becomes_known_gets_all_earlier_punches(world):
    sheet_id = create(world)
    create(world, "hamburg")
    store(world, sheet_id, punch("carl", "2026-11-03T08:00:00"), punch("carl", "2026-11-03T15:00:00"))
    store(world, sheet_id, punch("carl", "2026-11-03T16:30:00", serial_number="SN2"), location="hamburg")
    world.type_worksheet("Cut Off Times", [*PEOPLE, ("Carl Cook", "carl@example.com", "08:30")])
    store(world, sheet_id, punch("carl", "2026-11-05T08:10:00"))
    (book,) = world.review_books()
    assert times(book, "carl", date(2026, 11, 3)) == ("8:00:00", "16:30:00")
    assert times(book, "carl", date(2026, 11, 5)) == ("8:10:00", None)


def test_notes_below_the_tables_stay_when_somebody_is_hired(world):
    sheet_id = create(world)
    (book,) = world.review_books()
    book.sheet("Daily Attendance").row_count += 5
    book.sheet("Daily Attendance").put(12, 20, "HR's note")
    world.type_worksheet("Cut Off Times", [*PEOPLE, ("Carl Cook", "carl@example.com", "08:30")])
    store(world, sheet_id, punch("carl", "2026-11-10T08:31:00"))
    assert book.sheet("Daily Attendance").cells[12, 20] == "HR's note"
    assert times(book, "carl", date(2026, 11, 10)) == ("8:31:00", None)


def test_a_roster_that_cannot_be_read_keeps_nobody_from_being_stored(world, caplog):
    sheet_id = create(world)
    world.type_worksheet("Cut Off Times", [("Name", "Mail", "Cut Off Time")])
    store(world, sheet_id, punch("ann", "2026-11-03T09:00:00"), punch("carl", "2026-11-03T09:00:00"))
    (book,) = world.review_books()
    assert times(book, "ann", date(2026, 11, 3)) == ("9:00:00", None)
    assert exceptions(book)[0][1] == "carl"
    assert (
        "worksheet 'Cut Off Times': the first row lacks 'Email'; it needs Name, Email, Cut Off Time"
        in caplog.text
    )


def test_a_bad_row_in_the_roster_costs_only_that_person(world, caplog):
    world.type_worksheet("Cut Off Times", [*PEOPLE, ("Dan Dee", "dan@example.com", "soon")])
    create(world)
    (book,) = world.review_books()
    assert {row[0] for row in book.sheet("Weekly Summary").rows()[1:]} == {
        "Ann Archer",
        "Bob Baker",
        "Zoe Young",
    }
    assert "'Cut Off Times', cell C5: Cut Off Time holds 'soon'" in caplog.text


def test_a_changed_clock_is_reported(world):
    march = ReviewPeriod("March 2026", date(2026, 3, 2), date(2026, 3, 29))
    sheet_id = create(world, period=march)
    store(
        world, sheet_id, punch("ann", "2026-03-28T22:00:00"), punch("ann", "2026-03-29T03:45:00"), period=march
    )  # fmt: skip
    (book,) = world.review_books()
    assert exceptions(book) == [
        (
            "berlin",
            "Ann Archer",
            "The clocks were changed during the shift of 28-03-2026; Hours Worked shows an hour more than was worked",
        )
    ]


def test_an_unknown_time_zone_stores_all_the_same(world):
    sheet_id = create(world)
    reply = store(
        world, sheet_id, punch("ann", "2026-11-03T08:00:00"), punch("ann", "2026-11-03T18:00:00"), zone="Mars/Base"
    )  # fmt: skip
    assert len(reply.confirmed) == 2


@pytest.mark.parametrize("title", ["Daily Attendance", "Exceptions", "Raw Data - berlin"])
def test_a_renamed_worksheet_is_a_clear_error_and_nothing_is_written(world, title):
    sheet_id = create(world)
    (book,) = world.review_books()
    book.sheet(title).title = "Something else"
    before = book.content()
    with pytest.raises(
        WorksheetGoneError, match=f"no worksheet '{title}': it was deleted or renamed; rename it back"
    ):
        store(world, sheet_id, punch("ann", "2026-11-03T08:00:00"))
    assert book.content() == before


def test_a_missing_spreadsheet_is_a_clear_error(world):
    with pytest.raises(SpreadsheetGoneError, match="no-such-sheet does not exist"):
        store(world, "no-such-sheet", punch("ann", "2026-11-03T08:00:00"))


def test_rows_that_a_person_added_below_the_raw_data_stay(world):
    sheet_id = create(world)
    store(world, sheet_id, punch("ann", "2026-11-03T08:00:00"))
    (book,) = world.review_books()
    raw = book.sheet("Raw Data - berlin")
    raw.row_count = 10
    raw.put(4, 0, "HR's note")
    store(world, sheet_id, punch("ann", "2026-11-03T17:00:00"))
    assert raw.cells[4, 0] == "HR's note"
    assert raw.cells[5, 1] == "Ann Archer"

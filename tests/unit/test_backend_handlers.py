"""The handlers over ports in memory: what the spreadsheets hold afterwards."""

import re
from datetime import date, datetime, time

import pytest

from attendance_backend.handlers.dispatch import handle
from attendance_backend.review import daily_columns
from attendance_backend.sheet import serial
from attendance_backend.sheet.changes import Formula
from attendance_contracts import (
    AttendanceRecord,
    CreateReviewSheet,
    GetReviewPeriod,
    ReviewPeriod,
    StoreAttendRecords,
)
from tests.fakes_backend import World

FIRST_DAY = len(daily_columns.LAYOUT.columns)

NOVEMBER = ReviewPeriod("November 2026", date(2026, 11, 2), date(2026, 11, 29))
PEOPLE: list[tuple[str, str, str | float]] = [
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
    assert len(set(lines)) == 1
    assert "'2027', cell B2" in lines[0]
    assert "type a date such as 2026-11-30" in lines[0]


# -- CreateReviewSheet


def test_the_workbook(world):
    create(world)
    (book,) = world.review_books()
    assert book.title == "Attendance Review - November 2026"
    assert [sheet.title for sheet in book.sheets] == [
        "Exceptions",
        "Daily Attendance",
        "Weekly Summary",
        "Monthly Summary",
        "Corrections",
        "Raw Data - berlin",
        "Sites",
        "Guide",
        "Days",
        "Punch Index",
    ]
    assert book.locale == "en_GB"
    assert [sheet.title for sheet in book.sheets if sheet.hidden] == ["Days", "Punch Index"]
    assert all(sheet.warned for sheet in book.sheets)
    rows = book.sheet("Daily Attendance").rows()
    assert rows[0][:3] == ["Employee", "User Name", "Measure"]
    dates = [value for value in rows[0][FIRST_DAY:] if isinstance(value, float)]
    days = [serial.to_date(value) for value in dates]
    assert (days[0], days[-1], len(days)) == (date(2026, 11, 2), date(2026, 11, 29), 28)
    assert rows[1][FIRST_DAY:][:7] == ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    assert [row[:3] for row in rows[3:6]] == [
        ["Ann Archer", "Ann", "Check In"],
        ["Ann Archer", "Ann", "Check Out"],
        ["Ann Archer", "Ann", "Hours Worked"],
    ]
    assert [row[0] for row in rows[3::3]] == ["Ann Archer", "Bob Baker", "Zoe Young"]
    weekly = book.sheet("Weekly Summary").rows()
    assert weekly[0][:4] == ["Employee", "User Name", "Cut Off Time", "Measure"]
    assert weekly[0][9:] == [
        "02 Nov - 08 Nov", "09 Nov - 15 Nov", "16 Nov - 22 Nov", "23 Nov - 29 Nov", "Total",
    ]  # fmt: skip
    assert weekly[4][:4] == ["Bob Baker", "bob", 9.25 / 24, "Weekly Average"]


def test_grids_are_no_larger_than_what_they_hold(world):
    create(world)
    (book,) = world.review_books()
    sizes = {sheet.title: (sheet.row_count, sheet.column_count) for sheet in book.sheets}
    assert sizes == {
        "Exceptions": (2, 9),
        "Daily Attendance": (3 + 3 * 3, 15 + 2 * 28),
        "Weekly Summary": (1 + 3 * 3, 9 + 4 + 1),
        "Monthly Summary": (3 + 3, 17 + 28),
        "Corrections": (1 + 200, 31),
        "Raw Data - berlin": (2, 12),
        "Sites": (2, 24),
        "Guide": (48, 4),
        "Days": (10, 36),
        "Punch Index": (1, 33),
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


def test_a_deleted_review_sheet_is_told_and_keeps_no_site_waiting(world, caplog):
    """Its punches are refused one by one, and those of other months stored."""
    sheet_id = create(world)
    del world.spreadsheets.books[sheet_id]

    assert create(world) == sheet_id
    assert re.search(r"restore --period .* delete its row in 'Review Sheets' to have a new one", caplog.text)


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
    book.sheet("Weekly Summary").put(4, 14, "HR's note")
    world.type_worksheet(
        "2026", [("Month", "Start Date", "End Date"), ("November", "11/2/2026", "12/1/2026")]
    )
    longer = ReviewPeriod("November 2026", date(2026, 11, 30), date(2026, 12, 1))  # as the site knows it
    assert create(world, period=longer) == sheet_id
    weekly = book.sheet("Weekly Summary").rows()
    assert weekly[0][13:] == ["Total", None, "30 Nov - 06 Dec"]
    assert weekly[4][14] == "HR's note"
    assert weekly[6][13] == Formula("=SUM(J7:M7,P7)")
    assert weekly[5][15] is not None


# -- StoreAttendRecords: somebody new (the rest is in test_backend_storing.py)


def test_somebody_hired_is_added_to_what_hr_sees(world):
    sheet_id = create(world)
    world.type_worksheet("Cut Off Times", [*PEOPLE, ("Carl Cook", "carl@example.com", "08:30")])
    store(world, sheet_id, punch("carl", "2026-11-10T08:31:00"), punch("carl", "2026-11-10T16:00:00"))
    (book,) = world.review_books()
    daily_rows = book.sheet("Daily Attendance").rows()
    assert [row[:3] for row in daily_rows[12:]] == [
        ["Carl Cook", "carl", "Check In"],
        ["Carl Cook", "carl", "Check Out"],
        ["Carl Cook", "carl", "Hours Worked"],
    ]
    weekly = book.sheet("Weekly Summary").rows()
    assert weekly[10][:4] == ["Carl Cook", "carl", 8.5 / 24, "Weekly Average"]
    # The same formulas as everybody's, in rows further down.
    assert str(weekly[10][9]) == str(weekly[1][9]).replace("$F2", "$F11").replace("$I2", "$I11")


def test_notes_below_the_tables_stay_when_somebody_is_hired(world):
    sheet_id = create(world)
    (book,) = world.review_books()
    book.sheet("Daily Attendance").row_count += 5
    book.sheet("Daily Attendance").put(12, 20, "HR's note")
    world.type_worksheet("Cut Off Times", [*PEOPLE, ("Carl Cook", "carl@example.com", "08:30")])
    store(world, sheet_id, punch("carl", "2026-11-10T08:31:00"))
    assert book.sheet("Daily Attendance").cells[12, 20] == "HR's note"


def test_a_bad_row_in_the_roster_costs_only_that_person(world, caplog):
    lines = [("Dan Dee", "dan@example.com", "soon"), ("Eve", None, "09:00")]
    world.type_worksheet("Cut Off Times", [*PEOPLE, *lines])
    create(world)
    (book,) = world.review_books()
    assert {row[0] for row in book.sheet("Weekly Summary").rows()[1:]} == {
        "Ann Archer",
        "Bob Baker",
        "Dan Dee",
        "Zoe Young",
    }
    assert "'Cut Off Times', cell C5: Cut Off Time holds 'soon'" in caplog.text
    assert "'Cut Off Times', cell B6: type a text for Email" in caplog.text

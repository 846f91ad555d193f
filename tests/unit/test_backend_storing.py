"""Storing in workbooks that people have changed: what is read, what stays, and every row of Exceptions in full."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest

from attendance_backend.handlers.dispatch import handle
from attendance_backend.handlers.store_records import clock_change
from attendance_backend.sheet import serial
from attendance_backend.sheet.grid import Area
from attendance_backend.workbook import daily_attendance as daily
from attendance_backend.workbook.daily_attendance import DayTimes
from attendance_contracts import (
    AttendanceRecord,
    CreateReviewSheet,
    LastStoredTimestamp,
    ReviewPeriod,
    StoreAttendRecords,
)
from tests.fakes_backend import World

NOVEMBER = ReviewPeriod("November 2026", date(2026, 11, 2), date(2026, 11, 29))
TUESDAY = date(2026, 11, 3)
ROSTER = [("Name", "Email", "Cut Off Time"), ("Ann Archer", "ann@example.com", "09:00")]
CARL = ("Carl Cook", "carl@example.com", "08:30")
RAW = "Raw Data - berlin"
DAILY = "Daily Attendance"
NO_COLUMN = "the column of {} is missing in Daily Attendance; the punches are in the raw data only"
RESTORE = "Restore the row or column through File > Version history, and add the times from the raw data."


class Office:
    """A workbook of one site, and HR at it."""

    def __init__(self):
        self.world = World()
        self.world.type_worksheet("2026", [("Month", "Start Date", "End Date")])
        self.knows()
        message = CreateReviewSheet(location="berlin", request_id="r1", period=NOVEMBER)
        self.sheet_id = handle(message, self.world.backend).sheet_id
        (self.book,) = self.world.review_books()

    def knows(self, *more):
        """HR keeps these people, too."""
        self.world.type_worksheet("Cut Off Times", [*ROSTER, *more])

    def message(self, *records, zone="Europe/Berlin"):
        return StoreAttendRecords(
            location="berlin",
            request_id="r2",
            sheet_id=self.sheet_id,
            period=NOVEMBER,
            time_zone=zone,
            day_boundary=time(4),
            records=records,
        )

    def store(self, *records):
        return handle(self.message(*records), self.world.backend)

    def sheet(self, title):
        return self.book.sheet(title)

    def exceptions(self):
        rows = self.sheet("Exceptions").rows()[1:]
        return [(serial.to_datetime(row[0]), *row[1:]) for row in rows]

    def row_of(self, user, label):
        """The row of a person's check-ins or check-outs."""
        sheet = self.sheet(DAILY)
        (row,) = [
            row
            for row in range(2, sheet.row_count)
            if (sheet.cells.get((row, daily.USER_NAME)), sheet.cells.get((row, daily.LABEL))) == (user, label)
        ]
        return row

    def column_of(self, day):
        cells = self.sheet(DAILY).cells
        (column,) = [
            column for (row, column), value in cells.items() if row == 0 and value == serial.from_date(day)
        ]
        return column

    def times(self, user, day):
        """What stands in a person's check-in and check-out, as clock times where it is a number."""
        shown = []
        for label in ("Check In", "Check Out"):
            value = self.sheet(DAILY).cells.get((self.row_of(user, label), self.column_of(day)))
            shown.append(serial.to_seconds(value) / 3600 if isinstance(value, float) else value)
        return tuple(shown)

    def type(self, user, label, day, value):
        """HR types into a cell."""
        self.sheet(DAILY).put(self.row_of(user, label), self.column_of(day), value)

    def removes_the_columns_from(self, column):
        sheet = self.sheet(DAILY)
        sheet.column_count = column
        sheet.cells = {place: value for place, value in sheet.cells.items() if place[1] < column}

    def inserts_columns(self, column, count):
        sheet = self.sheet(DAILY)
        sheet.column_count += count
        sheet.cells = {
            (row, other + count * (other >= column)): value for (row, other), value in sheet.cells.items()
        }


class Watched:
    """The spreadsheets, with a note of what is read of them."""

    def __init__(self, spreadsheets):
        self._spreadsheets = spreadsheets
        self.areas = []

    def read(self, spreadsheet_id, areas=()):
        self.areas += areas
        return self._spreadsheets.read(spreadsheet_id, areas)

    def apply(self, spreadsheet_id, changes):
        self._spreadsheets.apply(spreadsheet_id, changes)


@pytest.fixture
def office():
    return Office()


def punch(user_name, moment, user_id="7"):
    return AttendanceRecord("SN1", user_id, user_name, datetime.fromisoformat(moment), 1, 255)


def test_the_reply_names_the_sheet_and_the_newest_punch(office):
    records = punch("ann", "2026-11-03T17:00:00"), punch("ann", "2026-11-03T08:00:00")

    assert office.store(*records) == LastStoredTimestamp(
        location="berlin",
        request_id="r2",
        sheet_id=office.sheet_id,
        last_stored_timestamp=datetime(2026, 11, 3, 17),
        confirmed=tuple(record.identity for record in records),
    )


def test_of_the_daily_attendance_only_names_dates_and_the_touched_days_are_read(office):
    """A month of a thousand people is large; a message touches few days of it."""
    watched = Watched(office.world.spreadsheets)
    message = office.message(punch("ann", "2026-11-03T08:00:00"), punch("ann", "2026-11-05T08:00:00"))
    handle(message, replace(office.world.backend, spreadsheets=watched))

    assert [area for area in watched.areas if area.worksheet == DAILY] == [
        Area(DAILY, 0, None, 0, 3),
        Area(DAILY, 0, 1),
        Area(DAILY, 0, None, daily.FIRST_DAY + 1, daily.FIRST_DAY + 4),
    ]


# Columns and rows that people moved or removed


def test_what_hr_typed_stays_though_the_column_stands_elsewhere(office):
    office.type("ann", "Check In", TUESDAY, "doctor")
    office.type("ann", "Check Out", TUESDAY, 16 / 24)
    office.inserts_columns(daily.FIRST_DAY, 3)
    office.store(punch("ann", "2026-11-03T08:00:00"), punch("ann", "2026-11-03T17:00:00"))

    assert office.times("ann", TUESDAY) == ("doctor", 16.0)


def test_a_day_without_formulas_is_not_read_twice(office):
    office.sheet(DAILY).cells.pop((4, office.column_of(TUESDAY)))
    office.world.effects.reads = 0
    office.store(punch("ann", "2026-11-03T08:00:00"))

    assert office.world.effects.reads == 1


@pytest.mark.parametrize(("label", "other"), [("Check In", "Check Out"), ("Check Out", "Check In")])
def test_a_row_that_hr_removed_loses_no_punch_and_is_reported(office, label, other):
    gone = office.row_of("ann", label)
    sheet = office.sheet(DAILY)
    sheet.cells = {place: value for place, value in sheet.cells.items() if place[0] != gone}
    record = punch("ann", "2026-11-03T08:00:00")

    assert office.store(record).confirmed == (record.identity,)
    assert office.sheet(RAW).rows()[1][1] == "Ann Archer"
    assert (office.row_of("ann", other), office.column_of(TUESDAY)) not in sheet.cells
    what = f"the row {label} is missing in Daily Attendance; the punches are in the raw data only"
    assert office.exceptions() == [(datetime(2026, 11, 3, 4), "berlin", "Ann Archer", what, RESTORE)]


def test_a_column_that_hr_removed_is_reported_for_everybody(office):
    office.removes_the_columns_from(10)
    office.store(punch("ann", "2026-11-20T08:00:00"))

    what = NO_COLUMN.format("20-11-2026")
    assert office.exceptions() == [(datetime(2026, 11, 20, 4), "berlin", "everybody", what, RESTORE)]


def test_a_column_that_hr_removed_is_reported_for_somebody_new_as_well(office):
    office.removes_the_columns_from(10)
    office.knows(CARL)
    office.store(punch("carl", "2026-11-20T08:00:00"), punch("carl", "2026-11-03T08:00:00"))

    what = NO_COLUMN.format("20-11-2026")
    assert (datetime(2026, 11, 20, 4), "berlin", "everybody", what, RESTORE) in office.exceptions()
    assert len(office.exceptions()) == 2
    assert office.times("carl", TUESDAY) == (8.0, None)


# Exceptions


def test_somebody_new_is_reported_at_their_own_first_punch(office):
    office.knows(CARL)
    office.store(
        punch("ann", "2026-11-03T07:00:00"),
        punch("carl", "2026-11-03T16:00:00"),
        punch("Carl", "2026-11-03T08:00:00"),
        punch(None, "2026-11-03T06:00:00", user_id="99"),
    )

    hired = [row for row in office.exceptions() if row[2] == "Carl Cook"]
    assert hired == [
        (
            datetime(2026, 11, 3, 8),
            "berlin",
            "Carl Cook",
            "Added to this period's sheets with the first punch",
            "Nothing, if name and cut-off time are right.",
        )
    ]


def test_a_user_without_a_name_is_reported_with_the_site(office):
    office.store(punch(None, "2026-11-03T06:30:00", user_id="98"))

    assert [row[:4] for row in office.exceptions()] == [
        (
            datetime(2026, 11, 3, 6, 30),
            "berlin",
            "User ID 98",
            "No user name on the machine; punches are in the raw data only",
        )
    ]


def test_an_unknown_user_is_reported_at_the_first_punch_with_the_site(office):
    office.store(punch("guest", "2026-11-03T06:00:00"))

    ((when, site, who, what, remedy),) = office.exceptions()
    assert (when, site, who) == (datetime(2026, 11, 3, 6), "berlin", "guest")
    assert what == "Not in Cut Off Times; punches are in the raw data only"
    assert remedy.startswith("Add the person to Cut Off Times")


def test_a_typed_time_that_is_kept_is_reported_with_its_cell(office):
    office.type("ann", "Check Out", TUESDAY, 16 / 24)
    office.store(punch("ann", "2026-11-03T08:00:00"), punch("ann", "2026-11-03T17:00:00"))

    what = "Check Out of 03-11-2026 was typed by hand and is kept, though the machine recorded another time"
    remedy = (
        "Nothing, if the typed value is right. Otherwise empty the cell and type the time from the raw data."
    )
    assert office.exceptions() == [(datetime(2026, 11, 3), "berlin", "Ann Archer", what, remedy)]


# Rows of the raw data without a business day


def test_a_row_without_its_business_day_counts_by_the_boundary(office):
    """Somebody emptied that column: a punch at two in the morning is still of the day before."""
    office.store(punch("carl", "2026-11-04T02:00:00"), punch("carl", "2026-11-03T20:00:00"))
    raw = office.sheet(RAW)
    raw.cells = {place: value for place, value in raw.cells.items() if place[1] != 9 or place[0] == 0}
    office.knows(CARL)
    office.store(punch("carl", "2026-11-05T08:00:00"))

    assert office.times("carl", TUESDAY) == (20.0, 26.0)


# Clocks


@pytest.mark.parametrize(
    ("day", "check_in", "check_out", "hours"),
    [
        (date(2026, 3, 28), 22, 27, 1),  # a night in which summer time begins
        (date(2026, 3, 29), 5, 13, 0),  # the day after that night
        (date(2026, 3, 29), 1, 13, 1),
        (date(2026, 10, 24), 22, 29, -1),  # a night in which it ends
        (date(2026, 10, 25), 5, 13, 0),
        (date(2026, 11, 3), 9, None, 0),
        (date(2026, 11, 3), None, 17, 0),
    ],
)
def test_clocks_change_only_for_those_who_are_there(day, check_in, check_out, hours):
    times = DayTimes(*(hour if hour is None else hour * 3600 for hour in (check_in, check_out)))

    assert clock_change(day, times, "Europe/Berlin") == timedelta(hours=hours)

"""The health of the sites: their row, and what is said of days that became complete, once whatever happens."""

import itertools
import random
from dataclasses import replace
from datetime import UTC, date, datetime, time
from functools import cache

import pytest

from attendance_backend.handlers import bounds, routing
from attendance_backend.handlers.dispatch import handle
from attendance_backend.review import exceptions_sheet as exceptions
from attendance_backend.review import sites_sheet as sites
from attendance_backend.sheet import serial
from attendance_contracts import (
    RELEASE,
    AttendanceRecord,
    CreateReviewSheet,
    MachineHealth,
    MistimedPunches,
    ReviewPeriod,
    StoreAttendRecords,
)
from tests.fakes_backend import Crash, FakeSpreadsheets, World
from tests.health_message import health_message

WHO, WHAT, DAY, KIND = (
    exceptions.LAYOUT.places()[column]
    for column in (exceptions.WHO, exceptions.WHAT, exceptions.DAY, exceptions.KIND)
)
NOVEMBER = ReviewPeriod("November 2026", date(2026, 11, 2), date(2026, 11, 29))
OCTOBER = ReviewPeriod("October 2026", date(2026, 10, 5), date(2026, 11, 1))
DECEMBER = ReviewPeriod("December 2026", date(2026, 11, 30), date(2026, 12, 27))
PEOPLE = [
    ("Name", "Email", "Cut Off Time", "Device User ID", "Site", "Staff Group"),
    ("Ann", "ann@example.com", "09:00", None, "berlin", "Office"),
    ("Bob", "bob@example.com", "09:00", None, "berlin", None),
    ("Cem", "cem@example.com", "09:00", None, "hamburg", None),
    ("Dee", "dee@example.com", "09:00", None, None, None),
]
MACHINE = MachineHealth(
    serial_number="SN1",
    firmware="6.60",
    platform="ZEM560",
    clock_offset_s=3,
    records=1000,
    record_capacity=100_000,
    users=40,
)


class Office:
    """Two sites with one workbook, in which two working days have punches."""

    def __init__(self, period=NOVEMBER):
        self.world = World()
        self.world.type_worksheet(
            "2026",
            [
                ("Month", "Start Date", "End Date"),
                ("October", "10/5/2026", "10/30/2026"),
                ("November", "11/2/2026", "11/27/2026"),
                ("December", "11/30/2026", "12/25/2026"),
            ],
        )
        self.world.type_worksheet("Cut Off Times", PEOPLE)
        self.sheet_ids = {}
        self.open(period)

    def open(self, period):
        for location in ("berlin", "hamburg"):
            message = CreateReviewSheet(location=location, request_id="c", period=period)
            self.sheet_id = self.sheet_ids[period.name] = handle(message, self.world.backend).sheet_id

    def copied(self):
        """Another office that looks the same: making a workbook takes the time of ten tests."""
        twin = object.__new__(Office)
        twin.world = self.world.copied()
        twin.sheet_ids, twin.sheet_id = dict(self.sheet_ids), self.sheet_id
        twin.world.backend.clock.now = lambda: datetime.fromisoformat("2026-11-04T12:00:00+00:00")
        return twin

    @property
    def book(self):
        return self.world.spreadsheets.books[self.sheet_id]

    def store(self, location, *punches, period=NOVEMBER):
        records = tuple(
            AttendanceRecord("SN-" + location, f"id-{user}", user, datetime.fromisoformat(moment), 1, 0)
            for user, moment in punches
        )
        message = StoreAttendRecords(
            location=location,
            request_id="s",
            sheet_id=self.sheet_ids[period.name],
            period=period,
            time_zone="Europe/Berlin",
            day_boundary=time(4),
            records=records,
        )
        handle(message, self.world.backend)

    def store_two_days(self):
        """On the 2nd Ann is late, Bob forgets to check out; on the 3rd Ann is absent. Dee visits Hamburg."""
        self.store(
            "berlin",
            ("ann", "2026-11-02T09:20:01"),
            ("ann", "2026-11-02T17:00:00"),
            ("bob", "2026-11-02T08:59:59"),
            ("bob", "2026-11-03T08:00:00"),
            ("bob", "2026-11-03T17:00:00"),
        )
        self.store(
            "hamburg",
            ("cem", "2026-11-02T08:00:00"),
            ("cem", "2026-11-03T01:00:00"),
            ("cem", "2026-11-03T09:00:00"),
            ("cem", "2026-11-03T17:00:00"),
            ("dee", "2026-11-02T08:00:00"),
            ("dee", "2026-11-02T17:00:00"),
        )

    def tell(self, message):
        handle(message, self.world.backend)

    def said(self):
        """What stands in Exceptions, without what storing the punches said."""
        rows = self.book.sheet("Exceptions").rows()[1:]
        kinds = ("late", "absent", "missing out", "missing in", "to do")
        return [(row[WHO], row[KIND], day_of(row)) for row in rows if row and row[KIND] in kinds]

    def site(self, location, column):
        for row in self.book.sheet("Sites").rows()[1:]:
            if row[0] == location:
                place = self.book.sheet("Sites").at(column)
                return row[place] if len(row) > place else None
        raise AssertionError(location)


def day_of(row):
    number = row[DAY] if len(row) > DAY else None
    return None if number is None else serial.to_date(number).day


def health(location="berlin", at="2026-11-04T08:00:00", *, sheet_id, through=None, **changes):
    message = health_message(
        location=location,
        sheet_id=sheet_id,
        period=NOVEMBER,
        at=datetime.fromisoformat(at),
        complete_through=None if through is None else date.fromisoformat(through),
        machine=MACHINE,
    )
    return replace(message, **changes)


@cache
def empty_office():
    return Office()


@cache
def office_after_two_days():
    office = empty_office().copied()
    office.store_two_days()
    return office


@pytest.fixture
def office():
    return empty_office().copied()


def new_office():
    return office_after_two_days().copied()


OF_BERLIN = [("Ann", "late", 2), ("Bob", "missing out", 2), ("Ann", "absent", 3)]


# -- the site's row


@pytest.mark.parametrize(("hour", "last"), [(2, 2), (3, 3)])
def test_a_day_that_is_not_over_at_the_site_is_not_complete_whatever_it_says(hour, last):
    """Until four in Berlin, an hour ahead of UTC, it is the day before."""
    message = health(sheet_id="x", through="2027-01-01", time_zone="Europe/Berlin", day_boundary=time(4))
    now = datetime(2026, 11, 4, hour, tzinfo=UTC)
    assert bounds.as_can_be(message, now).complete_through == date(2026, 11, last)


@pytest.mark.parametrize("by", ["", "table of now", "earlier table"])
def test_days_that_are_complete_by_an_earlier_table_are_not(by):
    """The site asks again for punches that had no period by it, once it is told of the new one."""
    office = new_office()
    table = routing.read(office.world.backend, anew=True).digest("berlin") if by == "table of now" else by
    office.tell(health(sheet_id=office.sheet_id, through="2026-11-03", table=table, backlog=7))

    through = office.site("berlin", sites.COMPLETE_THROUGH)
    assert (through is None) is (by == "earlier table")
    assert office.site("berlin", sites.BACKLOG) == 7


def test_the_row_says_what_the_site_told(office):
    office.tell(health(sheet_id=office.sheet_id, through="2026-11-03", backlog=7))
    assert serial.to_datetime(office.site("berlin", sites.LAST_HEARD)) == datetime(2026, 11, 4, 8)
    assert serial.to_date(office.site("berlin", sites.COMPLETE_THROUGH)) == date(2026, 11, 3)
    told = {
        sites.BACKLOG: 7,
        sites.CLOCK_OFFSET: 3,
        sites.RECORDS: 1000,
        sites.CAPACITY: 100_000,
        sites.MEMORY_USED: 0.01,
        sites.USERS: 40,
        sites.SERIAL_NUMBER: "SN1",
        sites.FIRMWARE: "ZEM560 6.60",
        sites.SOFTWARE: RELEASE,
        sites.PROBLEM: None,
        sites.TIME_ZONE: "Europe/Berlin",
        sites.DAY_BOUNDARY: 4 / 24,
        sites.KEY_POLICY: "first and last",
    }
    assert {column: office.site("berlin", column) for column in told} == told
    assert office.site("hamburg", sites.LAST_HEARD) is None


def test_a_day_boundary_that_was_emptied_alone_comes_back(office):
    office.tell(health(sheet_id=office.sheet_id))
    sheet = office.book.sheet("Sites")
    row = [each[0] for each in sheet.rows()].index("berlin")
    sheet.put(row, sheet.at(sites.DAY_BOUNDARY), None)
    office.tell(health(sheet_id=office.sheet_id, at="2026-11-04T09:00:00"))
    assert office.site("berlin", sites.DAY_BOUNDARY) == 4 / 24


def test_a_machine_that_cannot_be_read_leaves_what_it_said_before(office):
    office.tell(health(sheet_id=office.sheet_id))
    office.tell(
        health(sheet_id=office.sheet_id, at="2026-11-04T09:00:00", machine=None, problem="it does not answer")
    )
    assert office.site("berlin", sites.PROBLEM) == "it does not answer"
    assert office.site("berlin", sites.SERIAL_NUMBER) == "SN1"
    office.tell(health(sheet_id=office.sheet_id, at="2026-11-04T10:00:00"))
    assert office.site("berlin", sites.PROBLEM) is None


def test_one_read_and_one_write_without_news(office):
    office.tell(health(sheet_id=office.sheet_id, through="2026-11-03"))
    reads, writes = office.world.effects.reads, office.world.effects.count
    office.tell(health(sheet_id=office.sheet_id, at="2026-11-04T09:00:00", through="2026-11-03"))
    assert (office.world.effects.reads - reads, office.world.effects.count - writes) == (1, 1)


def test_the_clocks_that_change_in_a_period_are_noted():
    office = Office(OCTOBER)
    office.world.backend.clock.now = lambda: datetime.fromisoformat("2026-10-06T12:00:00+00:00")
    office.tell(health(sheet_id=office.sheet_id, at="2026-10-06T08:00:00", period=OCTOBER))
    assert serial.to_datetime(office.site("berlin", sites.CLOCK_CHANGE_AT)) == datetime(2026, 10, 25, 3)
    assert round(office.site("berlin", sites.CLOCK_CHANGE_BY) * 24) == -1


# -- days that became complete


def test_what_is_said_of_complete_days(office):
    office.store_two_days()
    office.tell(health(sheet_id=office.sheet_id, through="2026-11-03"))
    assert office.said() == OF_BERLIN


def test_lateness_is_counted_in_the_minutes_that_the_worksheets_show(office):
    office.store(
        "berlin",
        ("ann", "2026-11-02T09:24:59"),
        ("ann", "2026-11-02T17:00:00"),
        ("bob", "2026-11-02T09:00:59"),
        ("bob", "2026-11-02T17:00:00"),
    )
    office.tell(health(sheet_id=office.sheet_id, through="2026-11-02"))
    rows = office.book.sheet("Exceptions").rows()[1:]
    said = {row[WHO]: row[WHAT] for row in rows if row and row[KIND] == "late"}
    assert said == {"Ann": "24 min after the cut-off time on Mon 02-11-2026"}


def test_people_of_another_site_wait_for_it_and_people_of_none_for_all(office):
    office.store_two_days()
    office.tell(health(sheet_id=office.sheet_id, through="2026-11-03"))
    office.tell(health("hamburg", sheet_id=office.sheet_id, through="2026-11-02"))
    assert office.said() == OF_BERLIN
    office.tell(health("hamburg", "2026-11-04T09:00:00", sheet_id=office.sheet_id, through="2026-11-03"))
    assert office.said() == [*OF_BERLIN, ("Dee", "absent", 3)]


def test_what_was_complete_stays_complete_and_is_said_once(office):
    """A site that lost its ledger begins to count anew."""
    office.store_two_days()
    office.tell(health(sheet_id=office.sheet_id, through="2026-11-03"))
    for hour, through in ((9, "2026-11-02"), (10, None), (11, "2026-11-03")):
        office.tell(health(sheet_id=office.sheet_id, at=f"2026-11-04T{hour:02}:00:00", through=through))
        assert serial.to_date(office.site("berlin", sites.COMPLETE_THROUGH)) == date(2026, 11, 3)
    assert office.said() == OF_BERLIN


def test_weekends_holidays_and_days_of_other_periods_are_nobodys_absence(office):
    office.world.type_worksheet(
        "Holidays",
        [
            ("Date", "Name", "Site"),
            ("2026-11-03", "Everybody's", None),
            ("2026-11-04", "Berlin's", "berlin"),
            ("2026-11-05", "Hamburg's", "hamburg"),
        ],
    )
    office.world.backend.clock.now = lambda: datetime.fromisoformat("2026-11-09T12:00:00+00:00")
    office.tell(health(sheet_id=office.sheet_id, at="2026-11-09T08:00:00", through="2026-11-08"))
    absent = [(who, day) for who, kind, day in office.said() if kind == "absent"]
    assert [day for who, day in absent if who == "Ann"] == [2, 5, 6]


def with_days(**days):
    """HR's list with first and last days, by name."""
    header, *people = PEOPLE
    rows = [
        (*person, *(day and serial.from_date(day) for day in days.get(person[0], (None, None))))
        for person in people
    ]
    return [(*header, "First Day", "Last Day"), *rows]


def employment(office):
    """What `Days` has of each person's first and last day, by user."""
    rows = {row[0]: row for row in office.book.sheet("Days").rows() if row and row[0]}
    return {
        key.removesuffix("/breaks"): tuple(
            number and serial.to_date(number) for number in (*row, None, None)[6:8]
        )
        for key, row in rows.items()
        if key.endswith("/breaks") and any((*row, None, None)[6:8])
    }


def test_nobody_is_absent_before_the_first_day_and_after_the_last_one(office):
    office.world.type_worksheet(
        "Cut Off Times",
        with_days(Ann=(date(2026, 11, 4), None), Bob=(None, date(2026, 11, 3)), Cem=(date(2026, 11, 5),) * 2),
    )
    office.store_two_days()
    office.world.backend.clock.now = lambda: datetime.fromisoformat("2026-11-09T12:00:00+00:00")
    for location in ("berlin", "hamburg"):
        office.tell(
            health(location, sheet_id=office.sheet_id, at="2026-11-09T08:00:00", through="2026-11-06")
        )
    # Whoever punches is late, and forgets to check out, on any day.
    assert [each for each in office.said() if each[0] == "Ann"] == [
        ("Ann", "late", 2),
        *(("Ann", "absent", day) for day in (4, 5, 6)),
    ]
    assert [each for each in office.said() if each[0] == "Bob"] == [("Bob", "missing out", 2)]
    assert [each for each in office.said() if each[0] == "Cem"] == [("Cem", "absent", 5)]
    assert [day for who, kind, day in office.said() if who == "Dee"] == [3, 4, 5, 6]


def test_first_and_last_days_are_in_the_workbook_the_next_day_as_hr_keeps_them_then(office):
    fourth, tenth, twentieth = (date(2026, 11, day) for day in (4, 10, 20))
    found = []
    for day, typed in (
        (4, with_days(Ann=(fourth, None))),
        (5, with_days(Ann=(tenth, twentieth), Bob=(None, twentieth))),
        (6, with_days(Ann=(tenth, fourth), Bob=(None, twentieth))),
        (7, [PEOPLE[0], *PEOPLE[2:]]),
        (8, PEOPLE),
    ):
        office.world.type_worksheet("Cut Off Times", typed)
        office.tell(health(sheet_id=office.sheet_id, at=f"2026-11-{day:02}T08:00:00"))
        found.append(employment(office))
    assert found == [
        {"ann": (fourth, None)},
        {"ann": (tenth, twentieth), "bob": (None, twentieth)},
        # Ann's last day lies before the first one: both stay as they were.
        {"ann": (tenth, twentieth), "bob": (None, twentieth)},
        {"ann": (tenth, twentieth)},  # Ann is not in the list.
        {},
    ]


def test_who_is_taken_out_of_the_list_keeps_the_last_day(office):
    office.world.type_worksheet("Cut Off Times", with_days(Ann=(None, date(2026, 11, 4))))
    office.tell(health(sheet_id=office.sheet_id, at="2026-11-04T08:00:00"))
    office.world.type_worksheet("Cut Off Times", [row for row in with_days() if row[0] != "Ann"])
    office.tell(health(sheet_id=office.sheet_id, at="2026-11-05T08:00:00"))
    assert employment(office) == {"ann": (None, date(2026, 11, 4))}


def test_days_that_did_not_change_are_not_written_again(office):
    office.world.type_worksheet("Cut Off Times", with_days(Ann=(date(2026, 11, 4), None)))
    office.tell(health(sheet_id=office.sheet_id, at="2026-11-04T08:00:00"))
    writes = office.world.effects.count
    office.tell(health(sheet_id=office.sheet_id, at="2026-11-05T08:00:00"))
    assert office.world.effects.count == writes + 1, "the health itself"


def test_a_last_day_and_another_writer_in_between(monkeypatch):
    """Somebody inserts a row above while HR's list is brought in: the day goes where the person stands now."""
    office = new_office()
    office.world.type_worksheet("Cut Off Times", with_days(Ann=(None, date(2026, 11, 20))))
    apply, rival = FakeSpreadsheets.apply, []

    def overtaken(self, spreadsheet_id, changes, areas=()):
        if spreadsheet_id == office.sheet_id and not rival:
            rival.append(True)
            handle(messages_of(office.sheet_id)[1], office.world.backend)
            days = office.book.sheet("Days")
            days.cells = {(row + (row > 0), column): value for (row, column), value in days.cells.items()}
            days.row_count += 1
        apply(self, spreadsheet_id, changes)

    monkeypatch.setattr(FakeSpreadsheets, "apply", overtaken)
    office.tell(messages_of(office.sheet_id)[0])
    assert employment(office) == {"ann": (None, date(2026, 11, 20))}
    assert sum(value == serial.from_date(date(2026, 11, 20)) for value in column_of(office, 7)) == 1


def column_of(office, column):
    cells = office.book.sheet("Days").cells
    return [value for (row, other), value in cells.items() if other == column and row > 0]


def test_grace_minutes_are_not_late(office):
    office.world.type_worksheet("Settings", [("Setting", "Site", "Value"), ("Grace (minutes)", None, 25.0)])
    office.store_two_days()
    office.tell(health(sheet_id=office.sheet_id, through="2026-11-03"))
    assert office.said() == OF_BERLIN[1:]


def test_a_finalised_workbook_is_left_alone(office):
    office.store_two_days()
    guide = office.book.sheet("Guide")
    ((row, _),) = [place for place, value in guide.cells.items() if value == "Finalised" and place[1] == 0]
    guide.put(row, 1, "yes")
    office.tell(health(sheet_id=office.sheet_id, through="2026-11-03"))
    assert office.said() == []


def test_a_new_person_in_the_list_is_in_the_workbook_the_next_day(office):
    office.tell(health(sheet_id=office.sheet_id))
    office.store("berlin", ("eve", "2026-11-03T08:00:00"))
    office.world.type_worksheet(
        "Cut Off Times", [*PEOPLE, ("Eve", "eve@example.com", "09:00", None, "berlin", None)]
    )
    office.tell(health(sheet_id=office.sheet_id, at="2026-11-04T09:00:00"))
    assert "Eve" not in str(office.book.sheet("Daily Attendance").rows())
    office.tell(health(sheet_id=office.sheet_id, at="2026-11-05T08:00:00", through="2026-11-04"))
    assert "Eve" in str(office.book.sheet("Daily Attendance").rows())
    assert ("Eve", "missing out", 3) in office.said()


def test_problems_of_the_control_spreadsheet_reach_hr(office):
    office.world.type_worksheet(
        "Cut Off Times", [*PEOPLE, ("Eve", "eve@example.com", "soon", None, "berln", None)]
    )
    office.tell(health(sheet_id=office.sheet_id))
    assert "soon" in str(office.world.control.sheet("Problems").rows())


def test_a_control_spreadsheet_that_is_gone_does_not_keep_the_health_back(office, caplog):
    del office.world.spreadsheets.books["control-spreadsheet"]
    office.tell(health(sheet_id=office.sheet_id))
    assert office.site("berlin", sites.LAST_HEARD) is not None
    assert "not brought up to date" in caplog.text


def test_the_last_days_of_the_period_before_are_settled_in_its_own_workbook():
    office = Office(OCTOBER)
    office.store("berlin", ("ann", "2026-10-30T10:00:00"), period=OCTOBER)
    office.open(NOVEMBER)
    october, november = office.sheet_ids[OCTOBER.name], office.sheet_ids[NOVEMBER.name]
    office.world.backend.clock.now = lambda: datetime.fromisoformat("2026-11-04T12:00:00+00:00")
    office.tell(health(sheet_id=november, through="2026-11-03"))
    office.sheet_id = october
    assert serial.to_date(office.site("berlin", sites.COMPLETE_THROUGH)) == date(2026, 11, 1)
    assert ("Ann", "missing out", 30) in office.said()
    once = office.said()
    office.tell(health(sheet_id=november, at="2026-11-05T08:00:00", through="2026-11-04"))
    assert office.said() == once


@pytest.mark.parametrize("lost", ["", "November 2026"])
def test_all_earlier_workbooks_hear_that_their_days_are_complete(lost):
    """Also of a period that HR split off when it was over; and whatever became of another one."""
    office = Office(OCTOBER)
    office.open(NOVEMBER)
    office.open(DECEMBER)
    office.world.spreadsheets.books.pop(office.sheet_ids.get(lost, ""), None)
    office.world.backend.clock.now = lambda: datetime.fromisoformat("2026-12-21T12:00:00+00:00")
    at, december = "2026-12-21T08:00:00", office.sheet_id
    office.tell(health(at=at, sheet_id=december, period=DECEMBER, through="2026-12-18"))
    for period in (OCTOBER, NOVEMBER) if not lost else (OCTOBER,):
        office.sheet_id = office.sheet_ids[period.name]
        assert serial.to_date(office.site("berlin", sites.COMPLETE_THROUGH)) == period.last_day


@pytest.mark.parametrize(
    "told", [replace(OCTOBER, last_day=date(2026, 12, 6)), replace(OCTOBER, name="Oktobre 2026")]
)
def test_a_site_in_a_period_that_hr_shortened_or_renamed_is_heard_in_that_of_today(told):
    office = Office(OCTOBER)
    office.open(NOVEMBER)
    office.world.control.sheet("Review Sheets").put(1, 0, told.name)
    office.world.backend.clock.now = lambda: datetime.fromisoformat("2026-11-04T12:00:00+00:00")
    october, november = office.sheet_ids[OCTOBER.name], office.sheet_ids[NOVEMBER.name]
    office.tell(health(sheet_id=october, period=told, through="2026-11-03"))
    office.sheet_id = november
    assert serial.to_date(office.site("berlin", sites.COMPLETE_THROUGH)) == date(2026, 11, 3)


# -- the machine


def test_a_wrong_clock_and_a_full_memory_are_said_once_a_day(office):
    machine = replace(MACHINE, clock_offset_s=-61, records=80_000)
    for at in ("2026-11-04T08:00:00", "2026-11-04T09:00:00", "2026-11-05T03:00:00"):
        office.tell(health(sheet_id=office.sheet_id, at=at, machine=machine))
    assert [kind for _, kind, _ in office.said()] == ["to do", "to do"]
    office.tell(health(sheet_id=office.sheet_id, at="2026-11-05T04:00:00", machine=machine))
    assert len(office.said()) == 4


def test_a_clock_that_is_right_and_a_memory_with_room_are_not_worth_a_word(office):
    machine = replace(MACHINE, clock_offset_s=60, records=79_999)
    office.tell(health(sheet_id=office.sheet_id, machine=machine))
    assert office.said() == []


def test_each_machine_of_a_site_stands_in_its_row_and_is_told_by_its_name(office):
    front = replace(MACHINE, name="front door", clock_offset_s=2, records=90_000)
    back = replace(MACHINE, name="back door", serial_number="SN2", clock_offset_s=-90, users=7)
    office.tell(health(sheet_id=office.sheet_id, machine=front, machines=(front, back)))

    assert office.site("berlin", sites.MACHINES).splitlines() == [
        "front door (SN1): 90000 records (90% full), 40 users, clock +2 s",
        "back door (SN2): 1000 records (1% full), 7 users, clock -90 s",
    ]
    shown = (sites.SERIAL_NUMBER, sites.CLOCK_OFFSET, sites.RECORDS)
    assert [office.site("berlin", column) for column in shown] == ["SN1, SN2", -90, 90_000]
    told = [row[WHAT] for row in office.book.sheet("Exceptions").rows()[-2:]]
    assert told == [
        "The memory of the machine front door is 90% full; a full machine stops recording, or overwrites",
        "The clock of the machine back door is 90 s behind: its punches bear wrong times",
    ]

    broken = replace(back, clock_offset_s=None)
    office.tell(
        health(sheet_id=office.sheet_id, at="2026-11-04T10:00:00", machine=front, machines=(front, broken))
    )
    problem = office.site("berlin", sites.PROBLEM)
    assert problem.startswith("back door: the machine's clock shows an impossible date")
    assert office.site("berlin", sites.CLOCK_OFFSET) == 2


def mistimed(**changes):
    parts = {
        "serial_number": "SN1",
        "machine": "front door",
        "user_id": "7",
        "user_name": "ann",
        "count": 2,
        "first": datetime(2000, 1, 1, 0, 5),
        "last": datetime(2000, 1, 1, 8, 40),
        "read_on": date(2026, 11, 4),
    }
    return MistimedPunches(**{**parts, **changes})


def test_punches_with_times_that_cannot_be_are_told_once(office):
    def tell(at, *found):
        before = len(office.book.sheet("Exceptions").rows())
        office.tell(health(sheet_id=office.sheet_id, at=f"2026-11-04T{at}", mistimed=found))
        return office.book.sheet("Exceptions").rows()[before:]

    (row,) = tell("09:00:00", mistimed())
    assert (row[WHO], row[KIND], day_of(row)) == ("ann (7)", "to do", 4)
    assert row[WHAT] == (
        "2 punches bear a time that cannot be (01-01-2000 00:05 to 01-01-2000 08:40): the clock of the machine front "
        "door was wrong. Read on Wed 04-11-2026"
    )
    assert tell("10:00:00", mistimed()) == []

    one = mistimed(user_name="", machine="", user_id="8", count=1, last=datetime(2000, 1, 1, 0, 5))
    new = tell("11:00:00", mistimed(count=3), one, mistimed(user_id="", user_name="", count=40))
    assert [row[WHO] for row in new] == ["ann (7)", "User ID 8", "further users"]
    assert new[1][WHAT].startswith(
        "1 punch bears a time that cannot be (01-01-2000 00:05): the clock of the machine was"
    )
    assert tell("12:00:00", one, mistimed(count=3)) == []


def test_whoever_invents_punches_with_such_times_fills_no_worksheet(office):
    before = len(office.book.sheet("Exceptions").rows())
    for minute in range(8):
        many = tuple(mistimed(user_id=f"{minute}-{number}") for number in range(300))
        message = health(sheet_id=office.sheet_id, at=f"2026-11-04T09:{minute:02}:00", mistimed=many)
        office.tell(bounds.as_can_be(message, datetime(2026, 11, 4, 12, tzinfo=UTC)))
        told = len(office.book.sheet("Exceptions").rows()) - before
        assert told <= 200 * (minute + 1)

    assert told == 1_000


# -- duplicates, reordering, crashes, other writers


def messages_of(sheet_id):
    return [
        health(sheet_id=sheet_id, at="2026-11-03T05:00:00", through="2026-11-02"),
        health("hamburg", sheet_id=sheet_id, at="2026-11-03T06:00:00", through="2026-11-02"),
        health(sheet_id=sheet_id, at="2026-11-04T05:00:00", through="2026-11-03"),
        health("hamburg", sheet_id=sheet_id, at="2026-11-04T05:00:00", through="2026-11-03"),
    ]


ALL_SAID = sorted([*OF_BERLIN, ("Dee", "absent", 3)])


@pytest.mark.slow
@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_any_order_and_repetition_says_the_same(order):
    office = new_office()
    messages = messages_of(office.sheet_id)
    for number in (*order, *order):
        office.tell(messages[number])
    assert sorted(office.said()) == ALL_SAID
    for location in ("berlin", "hamburg"):
        assert serial.to_date(office.site(location, sites.COMPLETE_THROUGH)) == date(2026, 11, 3)
        assert serial.to_datetime(office.site(location, sites.LAST_HEARD)) == datetime(2026, 11, 4, 5)


@cache
def effects_of_one_message():
    office = new_office()
    office.world.effects.count = 0
    office.world.type_worksheet("Cut Off Times", CHANGED)
    office.tell(messages_of(office.sheet_id)[2])
    return office.world.effects.count, office.book.content(), office.world.control.content()


CHANGED = [*PEOPLE, ("Eve", "eve@example.com", "soon"), ("Fay", "fay@example.com", "09:00")]
"""One complaint and one new person, so that every effect there is takes place."""


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("number", range(1, 5))
def test_a_crash_at_any_effect_leaves_nothing_undone_and_nothing_twice(when, number):
    count, content, control = effects_of_one_message()
    assert count == 3, "problems, what HR changed, the health"
    office = new_office()
    office.world.type_worksheet("Cut Off Times", CHANGED)
    effects = office.world.effects
    effects.count = 0
    effects.crash_before = number if when == "before" else None
    effects.crash_after = number if when == "after" else None
    message = messages_of(office.sheet_id)[2]
    if number <= count:
        with pytest.raises(Crash):
            office.tell(message)
    effects.crash_before = effects.crash_after = None
    office.tell(message)
    assert office.book.content() == content
    assert office.world.control.content() == control


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
def test_crashes_repetitions_and_disorder_together(seed):
    chance = random.Random(seed)
    office = new_office()
    deliveries = messages_of(office.sheet_id) * 3
    chance.shuffle(deliveries)
    effects = office.world.effects
    for message in deliveries:
        effects.count = 0
        effects.crash_before, effects.crash_after = (
            chance.choice((None, 1, 2)),
            chance.choice((None, 1, 2)),
        )
        try:
            office.tell(message)
        except Crash:
            continue
    effects.crash_before = effects.crash_after = None
    for message in messages_of(office.sheet_id):
        office.tell(message)
    assert sorted(office.said()) == ALL_SAID


def test_a_writer_in_between_costs_a_second_look_and_nothing_else(monkeypatch):
    office = new_office()
    office.tell(messages_of(office.sheet_id)[0])
    apply, rival = FakeSpreadsheets.apply, []

    def overtaken(self, spreadsheet_id, changes, areas=()):
        if spreadsheet_id == office.sheet_id and not rival:
            rival.append(True)
            # Another instance takes in the very same message first.
            handle(messages_of(office.sheet_id)[2], office.world.backend)
        apply(self, spreadsheet_id, changes)

    monkeypatch.setattr(FakeSpreadsheets, "apply", overtaken)
    office.tell(messages_of(office.sheet_id)[2])
    assert office.said() == OF_BERLIN


def test_a_site_whose_clock_was_in_the_future_is_heard_again(office):
    office.tell(health(sheet_id=office.sheet_id, at="2063-01-01T00:00:00"))
    office.tell(health(sheet_id=office.sheet_id, at="2026-11-04T08:00:00"))
    assert serial.to_datetime(office.site("berlin", sites.LAST_HEARD)) == datetime(2026, 11, 4, 8)

"""What people type into Review Periods reaches the workbooks as meant; or what was before stays, and HR is told."""

from datetime import date, datetime

import pytest

from attendance_backend.handlers.dispatch import handle
from attendance_backend.review import sites_sheet
from attendance_backend.sheet import serial
from attendance_contracts import AlarmKind, RaiseFinalAlarm, ReviewPeriod
from tests.health_message import health_message
from tests.review_book import ReviewBook

OCTOBER = ReviewPeriod("October 2026", date(2026, 10, 5), date(2026, 11, 1))
NOVEMBER = ReviewPeriod("November 2026", date(2026, 11, 2), date(2026, 11, 29))
ANN = ("Ann Archer", "ann@example.com")
NINE = 0.375
SETTINGS = ("Setting", "Site", "Value")
GRACE, OVERTIME = "Grace (minutes)", "Overtime beyond (hours a day)"
DOUBLE_TAP, KEY_POLICY = "Double tap (seconds)", "Key policy"


class Kept(ReviewBook):
    """October's workbook of one site, and HR at Review Periods."""

    def __init__(self):
        super().__init__(OCTOBER, roster=((*ANN, NINE),))
        self.days = iter(range(6, 30))

    def types(self, title, *rows):
        self.world.type_worksheet(title, rows)

    def sets(self, *rows):
        self.types("Settings", SETTINGS, *rows)

    def next_day(self):
        """The site's first message of a day brings the workbook up to date."""
        at = datetime(2026, 10, next(self.days), 8)
        message = health_message(sheet_id=self.sheet_id, period=OCTOBER, at=at)
        self.world.backend.clock.now = lambda: datetime.fromisoformat(f"{at.isoformat()}+00:00")
        handle(message, self.world.backend)

    def in_november(self):
        """The workbook of the next period."""
        sheet_id = self.create(period=NOVEMBER)
        return self.world.spreadsheets.books[sheet_id]

    def guide(self, book=None):
        rows = (book or self.book).sheet("Guide").rows()
        return {row[0]: row[1] for row in rows if len(row) > 1}

    def cut_offs(self, book=None):
        """By user name; None for a person without one. Hours."""
        rows = (book or self.book).sheet("Weekly Summary").rows()[1:]
        return {
            row[1]: row[2] and round(float(str(row[2])) * 24, 4) for row in rows if row[3] == "Weekly Average"
        }

    def site(self, column, book=None):
        return (book or self.book).sheet("Sites").get(1, column)

    def employment(self, user):
        """First and last day as the workbook knows them."""
        cells = self.sheet("Days").cells
        row = min(row for (row, column), value in cells.items() if (column, value) == (0, f"{user}/breaks"))
        values = (cells.get((row, column)) for column in (6, 7))
        return tuple(None if value is None else serial.to_date(value) for value in values)

    def holidays(self):
        cells = self.sheet("Daily Attendance").cells
        days = {
            column: value for (row, column), value in cells.items() if row == 0 and isinstance(value, float)
        }
        kinds = {
            serial.to_date(days[column]): value
            for (row, column), value in cells.items()
            if row == 2 and column in days
        }
        return {day: kind for day, kind in kinds.items() if kind not in (None, "other period")}

    def problems(self):
        titles = [sheet.title for sheet in self.world.control.sheets]
        rows = self.world.control.sheet("Problems").rows()[1:] if "Problems" in titles else []
        return {f"{row[0]}!{row[1]}": row[2] for row in rows if row[0] and not row[0].isdigit()}


@pytest.fixture
def hr():
    return Kept()


# -- settings


@pytest.mark.parametrize(
    ("value", "minutes"),
    [
        ("5 min", 5),
        ("5", 5),
        (5.0, 5),
        (5 / 1440, 5),
        ("\uff15 min", 5),
        ("0.5 h", 30),
        ("90 s", 1.5),
        ("5\u00a0minutes", 5),
    ],
)
def test_grace_as_people_type_it(hr, value, minutes):
    hr.sets((GRACE, None, value))
    hr.next_day()
    assert (hr.guide()[GRACE], hr.problems()) == (minutes, {})


@pytest.mark.parametrize(
    ("value", "hours"),
    [
        ("8 h", 8),
        (1 / 3, 8),
        ("8:00", 8),
        ("7h30", 7.5),
        ("7,5 h", 7.5),
        (7.5, 7.5),
        ("480 min", 8),
        (None, 8),
    ],
)
def test_overtime_as_people_type_it(hr, value, hours):
    hr.sets((OVERTIME, None, value))
    hr.next_day()
    assert (hr.guide()[OVERTIME], hr.problems()) == (hours, {})


@pytest.mark.parametrize("value", ["a little", "5 days", "5 h", -5.0, True, 1 / 24, 5.3])
def test_grace_that_is_not_understood_stays(hr, value):
    hr.sets((GRACE, None, 10.0))
    hr.next_day()
    hr.sets((GRACE, None, value))
    hr.next_day()
    assert hr.guide()[GRACE] == 10
    assert hr.problems()["Settings!C2"].endswith("until then it stays as it was")
    assert hr.guide(hr.in_november())[GRACE] == 10, "nor does it fall with the month"
    hr.sets((GRACE, None, "15 min"))
    hr.next_day()
    assert (hr.guide()[GRACE], hr.problems()) == (15, {})


@pytest.mark.parametrize("value", ["none", 0.0, 0.5, 1.0, 7.3, 7.42, 25.0, "eight"])
def test_overtime_that_is_not_understood_stays(hr, value):
    hr.sets((OVERTIME, None, 7.5))
    hr.next_day()
    hr.sets((OVERTIME, None, value))
    hr.next_day()
    assert (hr.guide()[OVERTIME], list(hr.problems())) == (7.5, ["Settings!C2"])
    assert hr.guide(hr.in_november())[OVERTIME] == 7.5


def test_a_row_that_is_deleted_or_emptied_gives_the_default(hr):
    hr.sets((GRACE, None, 10.0), (OVERTIME, None, 7.5))
    hr.next_day()
    hr.sets((OVERTIME, None, None))
    hr.next_day()
    assert (hr.guide()[GRACE], hr.guide()[OVERTIME], hr.problems()) == (0, 8, {})


@pytest.mark.parametrize(
    "spoilt",
    [
        [SETTINGS, ("Graze (minutes)", None, 10.0), (OVERTIME, None, 7.5)],
        [SETTINGS, (GRACE, "berlin", 10.0), (OVERTIME, None, 7.5)],
        [("Setting", "Site", "Worth"), (GRACE, None, 10.0), (OVERTIME, None, 7.5)],
    ],
)
def test_a_name_a_site_or_a_header_that_is_not_understood_switches_nothing_off(hr, spoilt):
    hr.sets((GRACE, None, 10.0), (OVERTIME, None, 7.5))
    hr.next_day()
    hr.types("Settings", *spoilt)
    hr.next_day()
    assert (hr.guide()[GRACE], hr.guide()[OVERTIME], len(hr.problems())) == (10, 7.5, 1)


def test_a_worksheet_that_is_gone_switches_nothing_off(hr):
    hr.sets((GRACE, None, 10.0))
    hr.types("Holidays", ("Date", "Name"), ("12 Oct 2026", "Founders"))
    hr.next_day()
    hr.world.control.sheets = [
        sheet for sheet in hr.world.control.sheets if sheet.title not in ("Settings", "Holidays")
    ]
    hr.next_day()
    assert (hr.guide()[GRACE], hr.holidays()) == (10, {date(2026, 10, 12): "Founders"})


@pytest.mark.parametrize(
    "typed", [("grace", 10.0), ("GRACE  (minutes)", 10.0), ("Grace\u00a0\uff08minutes\uff09", 10.0)]
)
def test_settings_in_another_case_or_with_more_blanks(hr, typed):
    setting, value = typed
    hr.sets((setting, None, value))
    hr.next_day()
    assert (hr.guide()[GRACE], hr.problems()) == (10, {})


def test_rules_of_a_site_stay_until_they_are_understood(hr):
    hr.sets((KEY_POLICY, "Berlin ", "Pairs"), (DOUBLE_TAP, "BERLIN", "2 min"))
    hr.next_day()
    assert (hr.site(sites_sheet.KEY_POLICY), hr.site(sites_sheet.DOUBLE_TAP)) == ("pairs", 120)
    for key_policy, double_tap in (
        ((KEY_POLICY, "berlin", "pears"), (DOUBLE_TAP, "berlin", 0.5)),
        ((KEY_POLICY, "berln", "pairs"), (DOUBLE_TAP, "berln", 120.0)),
    ):
        hr.sets(key_policy, double_tap)
        hr.next_day()
        assert (hr.site(sites_sheet.KEY_POLICY), hr.site(sites_sheet.DOUBLE_TAP)) == ("pairs", 120)
        assert len(hr.problems()) == 2
    hr.sets((KEY_POLICY, "berlin", "First & last"))
    hr.next_day()
    assert (hr.site(sites_sheet.KEY_POLICY), hr.site(sites_sheet.DOUBLE_TAP)) == ("first and last", 60)


def test_one_bad_address_costs_no_other_one(hr):
    hr.sets(
        ("Alarm to", None, "Ann Archer <ann@x.com>; bob@x.com"),
        ("Share with, to view", None, "cem@x.com, dee"),
    )
    hr.next_day()
    assert hr.problems() == {"Settings!C3": "'dee' is no e-mail address; type addresses, separated by commas"}
    handle(
        RaiseFinalAlarm(
            location="berlin", request_id="a", kind=AlarmKind.FINAL_ALARM, after=None, on=date(2026, 12, 1)
        ),
        hr.world.backend,
    )
    assert hr.world.mailer.sent[0]["To"] == "ann@x.com, bob@x.com"
    book = hr.in_november()
    (sheet_id,) = [each for each, other in hr.world.spreadsheets.books.items() if other is book]
    assert hr.world.drive.shared[sheet_id] == {"cem@x.com": "reader"}


# -- people


@pytest.mark.parametrize(
    ("value", "hours"),
    [
        ("9h15", 9.25),
        ("9:00 pm", 21),
        (0.875, 21),
        ("5pm", 17),
        ("5 p.m.", 17),
        (17.3, 17.5),
        ("17.30", 17.5),
        ("17:30h", 17.5),
        (1730.0, 17.5),
        (17.0, 17),
        (8.3, 8.5),
        ("8.30", 8.5),
        ("0830", 8.5),
        (24.5 / 24, 24.5),
        ("24:30", 24.5),
        ("\uff19\uff1a\uff10\uff10", 9),
        ("9:00\u00a0am", 9),
        ("none", None),
    ],
)
def test_a_cut_off_time_as_people_type_it(hr, value, hours):
    hr.keeps((*ANN, value))
    assert hr.cut_offs(hr.in_november()) == {"ann": hours}
    hr.next_day()
    assert hr.problems() == {}


@pytest.mark.parametrize(
    "value", ["nine", "9h75", 0.0, "00:00", "12:00 am", 8.5, 9.25, 1.0, True, 46295.0, None]
)
def test_a_cut_off_time_that_is_not_understood_stays_and_so_does_the_person(hr, value):
    hr.keeps((*ANN, value), ("Bob Baker", "bob@example.com", value))
    hr.next_day()
    assert hr.cut_offs() == {"ann": 9, "bob": None}
    assert list(hr.problems()) == ["Cut Off Times!C2", "Cut Off Times!C3"]
    assert all(text.endswith("until then it stays as it was") for text in hr.problems().values())
    assert hr.cut_offs(hr.in_november()) == {"ann": 9, "bob": None}


def test_first_and_last_day_in_words(hr):
    header = ("Name", "Email", "Cut Off Time", "First Day", "Last Day")
    hr.types("Cut Off Times", header, (*ANN, NINE, "12 Oct 2026", "October 30th, 2026"))
    hr.next_day()
    assert hr.employment("ann") == (date(2026, 10, 12), date(2026, 10, 30))
    hr.types("Cut Off Times", header, (*ANN, NINE, "soon", "2026-10-31"))
    hr.next_day()
    assert hr.employment("ann") == (date(2026, 10, 12), date(2026, 10, 31))
    assert list(hr.problems()) == ["Cut Off Times!D2"]
    hr.types("Cut Off Times", header, (*ANN, NINE, None, "-"))
    hr.next_day()
    assert (hr.employment("ann"), hr.problems()) == ((None, None), {})


def test_a_site_that_is_not_understood_stays(hr):
    header = ("Name", "Email", "Cut Off Time", "Site")
    for site, problems in (("  BERLIN", []), ("berln", ["Cut Off Times!D2"])):
        hr.types("Cut Off Times", header, (*ANN, NINE, site))
        hr.next_day()
        assert (hr.member("ann")[2], list(hr.problems())) == ("berlin", problems)
    hr.types("Cut Off Times", header, (*ANN, NINE, "all"))
    hr.next_day()
    assert (hr.member("ann")[2], hr.problems()) == (None, {})


# -- holidays


@pytest.mark.parametrize(
    "typed",
    [
        "12 Oct 2026",
        "October 12, 2026",
        "Mon 12th October 2026",
        "2026-10-12",
        "12.10.2026",
        "20261012",
        20261012.0,
        46307.0,
    ],
)
def test_a_holiday_in_words(hr, typed):
    hr.types("Holidays", ("Date", "Name"), (typed, "Founders"))
    hr.next_day()
    assert (hr.holidays(), hr.problems()) == ({date(2026, 10, 12): "Founders"}, {})


@pytest.mark.parametrize("typed", ["soon", "Tue 12 Oct 2026", "12 Oct", 2026.0, 0.5, None])
def test_a_holiday_that_is_not_understood_stays(hr, typed):
    hr.types("Holidays", ("Date", "Name"), ("2026-10-12", "Founders"))
    hr.next_day()
    hr.types("Holidays", ("Date", "Name"), (typed, "Founders"), ("2026-10-13", "Unity"))
    hr.next_day()
    assert hr.holidays() == {date(2026, 10, 12): "Founders", date(2026, 10, 13): "Unity"}
    assert list(hr.problems()) == ["Holidays!A2"]
    hr.types("Holidays", ("Date", "Name"), ("2026-10-13", "Unity"))
    hr.next_day()
    assert hr.holidays() == {date(2026, 10, 13): "Unity"}

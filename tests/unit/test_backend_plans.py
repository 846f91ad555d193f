"""Who works when: what HR types in Shifts and Roster, and when a person's day opens by it."""

import csv
from datetime import date, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attendance_backend.app.commands.export import export
from attendance_backend.control.roster import read_roster as read_people
from attendance_backend.control.rules import read_rules
from attendance_backend.control.shifts import read_plans
from attendance_backend.domain.people import Labels, People, Person
from attendance_backend.domain.plans import DAY_S, Days, PlannedDay, Plans, RosterRow, Shift
from attendance_backend.domain.rules import Rules
from attendance_backend.handlers import routing
from attendance_backend.handlers.dispatch import handle
from attendance_backend.review.days_sheet import _planned_day, plan_text
from attendance_backend.sheet import serial
from attendance_backend.sheet.changes import Formula
from attendance_contracts import ReviewPeriod, Watch
from tests.property.profiles import limits
from tests.review_book import ReviewBook, punch
from tests.unit.test_backend_control import said, sheet

ANN = Person("Ann", "ann", None, site="Hamburg", group="Packers")
BOB = Person("Bob", "bob", None)
PEOPLE = {person.key: person for person in (ANN, BOB)}
HOUR = 3600
DAY = timedelta(days=1)
OCTOBER = [date(2026, 10, 1) + number * DAY for number in range(31)]
SHIFTS = (
    ("Shift", "Start", "End", "Break (minutes)", "Hours", "Late After", "Count"),
    ("Early", "06:00", "14:00"),
    ("Late", "14:00", "22:00"),
    ("Night", "22:00", "06:00", 30.0),
)
SETTING = ("Setting", "Site", "Value")
ROSTER = ("Email", "Staff Group", "Site", "Shift", "From", "Until", "Days")


def plans(*rows, shifts=SHIFTS, begins_on=0):
    rules = Rules(week_begins_on=begins_on)
    return read_plans(sheet("Shifts", *shifts), sheet("Roster", ROSTER, *rows), PEOPLE, rules, ("Hamburg",))


def planned(*rows, person=ANN, days=OCTOBER, boundary_s=4 * HOUR):
    found, problems = plans(*rows)
    assert not problems
    return found.of(person, days, boundary_s, days[-1])


def names(*rows, person=ANN):
    return {day.day: each.name for day, each in planned(*rows, person=person).items()}


def test_every_other_week_is_counted_from_the_day_on_which_weeks_begin():
    row = ("ann@x.com", None, None, "Early", "2026-10-04", None, "Sun-Thu week 1 of 2")
    found, problems = plans(row, begins_on=6)
    assert not problems
    worked = [day.day for day, each in found.of(ANN, OCTOBER, 0, OCTOBER[-1]).items() if each.name == "Early"]
    assert worked == [4, 5, 6, 7, 8, 18, 19, 20, 21, 22]


@pytest.mark.parametrize(
    ("first", "meets"),
    [("2026-10-16", date(2026, 10, 15)), ("2026-10-17", None)],
)
def test_shifts_of_somebody_that_meet_are_seen(first, meets):
    found, problems = plans(
        ("ann@x.com", None, None, "Night", None, None, "Mon-Fri"),
        ("ann@x.com", None, None, "Early", first, None, "Mon-Fri"),
        ("bob@x.com", None, None, "Night"),
    )
    assert not problems
    meeting = found.meeting(ANN, OCTOBER)
    assert (meeting and meeting[0]) == meets, "a weekend lies between, from the 17th on"
    assert found.meeting(BOB, OCTOBER) is None


def test_a_message_costs_one_read_and_one_write_wherever_weeks_begin():
    book = ReviewBook(settings=[("Week begins on", None, "Sunday")])
    weeks = [cell for cell in book.sheet("Weekly Summary").rows()[0] if " - " in str(cell)]
    assert (weeks[0], weeks[-1]) == ("01 Nov - 07 Nov", "29 Nov - 05 Dec")
    for day in (3, 29):
        book.store(punch("ann", f"2026-11-{day:02} 09:00"))
        assert book.cost == (1, 1)
        assert book.day("ann", date(2026, 11, day)) == (9.0, None, None)


def test_nobody_is_planned_without_a_row():
    assert planned((None, "Packers", None, "Early"), person=BOB) == {}
    assert planned(("ann@x.com", None, None, "Early", None, "2026-09-30")) == {}


def test_a_day_opens_four_hours_before_its_shift_or_half_of_what_is_free():
    found = planned(
        ("ann@x.com", None, None, "Late", "2026-10-05", "2026-10-05"),
        ("ann@x.com", None, None, "Early", "2026-10-06", "2026-10-06"),
        ("ann@x.com", None, None, "Night", "2026-10-07", "2026-10-09"),
    )
    opens = {day.day: (each.opens_s / HOUR, each.follows_boundary) for day, each in found.items()}
    assert opens[5] == (10, False)
    assert opens[6] == (2, False)  # free from 22:00 to 06:00
    assert opens[7] == opens[8] == (18, False)
    assert opens[10] == (10, True)  # the night ended at 06:00
    assert opens[20] == (0, True)


def test_a_day_off_opens_by_the_shift_before_it():
    found = planned(("ann@x.com", None, None, "Night"))
    saturday = found[date(2026, 10, 10)]
    assert (saturday.name, saturday.opens_s, saturday.follows_boundary) == ("day off", 18 * HOUR, False)
    assert found[date(2026, 10, 9)].ends_later
    assert not found[
        date(2026, 10, 31)
    ].ends_later  # what comes after the period never comes into its workbook


def test_the_most_particular_row_holds_and_of_two_the_later_one():
    found = names(
        (None, None, None, "Late", None, None, "all"),
        (None, None, "hamburg", "Night", None, None, "all"),
        (None, "packers", None, "Early"),
        ("Ann <ann@example.com>", None, None, "Late", "2026-10-12"),
        ("ann@example.com", None, None, "off", "2026-10-14", "2026-10-14"),
        ("ann@example.com", None, None, None, "2026-10-15", "2026-10-15"),
    )
    assert (found[8], found[10], found[12], found[14], found[15]) == (
        "Early",
        "day off",
        "Late",
        "day off",
        "",
    )


@pytest.mark.parametrize(
    ("days", "first", "working"),
    [
        ("Mon, Wed", None, [5, 7, 12, 14]),
        ("mon - wed", None, [5, 6, 7, 12, 13, 14]),
        ("Fri to Mon", None, [5, 9, 10, 11, 12, 16, 17, 18]),
        ("all", None, [*range(5, 19)]),
        (None, None, [5, 6, 7, 8, 9, 12, 13, 14, 15, 16]),
        ("Mon-Fri week 2 of 2", "2026-10-01", [5, 6, 7, 8, 9]),
        ("days 1-4 of 6", "2026-10-05", [5, 6, 7, 8, 11, 12, 13, 14, 17, 18]),
    ],
)
def test_days_of_a_row(days, first, working):
    found = names(("ann@x.com", None, None, "Early", first, None, days))
    assert [day for day in range(5, 19) if found[day] == "Early"] == working


@pytest.mark.parametrize(
    ("row", "remedy"),
    [
        (
            ("zoe@x.com", None, None, "Early"),
            "A2: Email holds 'zoe@x.com'; nobody in Cut Off Times has this address",
        ),
        (
            (None, "Cooks", None, "Early"),
            "B2: Staff Group holds 'Cooks'; nobody in Cut Off Times is in this group",
        ),
        ((None, None, "Rome", "Early"), "C2: no site is called 'Rome'"),
        (
            (None, None, None, "Noon"),
            "D2: Shift holds 'Noon'; no shift that is understood is called so (there are: Early, Late, Night, off)",
        ),
        ((None, None, None, "Early", "soon"), "E2: From holds 'soon'; type a date such as 2026-11-30"),
        (
            (None, None, None, "Early", "2026-10-05", "2026-10-04"),
            "F2: Until (2026-10-04) is before From (2026-10-05)",
        ),
        ((None, None, None, "Early", None, None, "often"), "G2: Days holds 'often'; type Mon-Fri"),
        ((None, None, None, "Early", None, None, "Mon week 3 of 2"), "E2: type a date into From"),
        ((None, None, None, "Early", "2026-10-05", None, "days 0 of 6"), "G2: Days holds 'days 0 of 6'"),
    ],
)
def test_a_row_that_is_not_understood_is_named_and_leaves_plans_as_they_were(row, remedy):
    found, problems = plans(row)
    (told,) = said(problems)
    assert told.startswith(f"Roster!{remedy}")
    assert told.endswith("until then all shifts and plans stay as they were")
    assert not found.is_whole


@pytest.mark.parametrize(
    ("row", "remedy"),
    [
        (("off", "06:00", "14:00"), "A2: 'off' means a free day"),
        ((None, "06:00", "14:00"), "A2: type a name"),
        (("Early", "06:00"), "C2: type End, too"),
        (("Early", "early", "14:00"), "B2: Start holds 'early'"),
        (("Early", "06:00", "14:00", "lunch"), "D2: Break (minutes) holds 'lunch'"),
        (("Early", "06:00", "14:00", "45 after 6, 30 after 9"), "D2: Break (minutes) holds"),
        (
            ("Early", "06:00", "14:00", None, None, None, "some"),
            "G2: Count holds 'some'; type all, from start or planned",
        ),
    ],
)
def test_a_shift_that_is_not_understood_is_named(row, remedy):
    found, problems = plans(shifts=(SHIFTS[0], row))
    assert said(problems)[0].startswith(f"Shifts!{remedy}")
    assert not found.is_whole


def test_what_is_odd_is_said_and_counts():
    found, problems = plans(
        ("ann@x.com", None, None, "Small hours", None, None, "Mon"),
        ("ann@x.com", None, None, "Small hours", None, None, "Mon, Tue"),
        shifts=(SHIFTS[0], ("Small hours", "00:30", "08:00")),
    )
    assert [told.partition(";")[0] for told in said(problems)] == [
        "Shifts!B2: who comes to Small hours before midnight counts for the day before",
        "Roster!G3: a row above is about the same days of the same people, and counts",
    ]
    assert found.is_whole


def test_the_text_of_a_planned_day():
    found = planned(("ann@x.com", None, None, "Night"))
    numbers = "064800 079200 108000 000000 999999 014400 001800 999999 001800 027000"
    more = "999999 079200 108000 000000 079200"
    assert plan_text(found[date(2026, 10, 5)]) == f"T-1000 {numbers} {more} Night"
    assert plan_text(found[date(2026, 10, 9)]) == f"T-1200 {numbers} {more} Night", "the next day is weekend"


SHIFT = st.builds(
    lambda start, length: Shift("s", start * HOUR, (start + length) * HOUR),
    st.integers(0, 27),
    st.integers(1, 24),
)
ROWS = st.lists(
    st.builds(
        lambda shift, first, length, days: RosterRow(
            "", "", "", shift, OCTOBER[first], OCTOBER[first] + length * DAY, Days(days)
        ),
        st.none() | SHIFT | st.just(Shift("")),
        st.integers(0, 30),
        st.integers(0, 12),
        st.frozensets(st.integers(0, 6)),
    ),
    max_size=6,
)


@limits(dev=50, ci=300)
@given(ROWS, st.integers(0, 6))
def test_openings_never_decrease(rows, boundary_h):
    found = Plans(rows).of(ANN, OCTOBER, boundary_h * HOUR, OCTOBER[-1])
    opens = [each.opening_s(boundary_h * HOUR) + number * DAY_S for number, each in enumerate(found.values())]
    assert opens == sorted(opens)
    assert all(0 <= each.opening_s(boundary_h * HOUR) <= DAY_S for each in found.values())


class Plant(ReviewBook):
    """Ann works nights in November; it is looked after on a schedule."""

    def __init__(self):
        super().__init__()
        self.world.type_worksheet(
            "2026", [("Month", "Start Date", "End Date"), ("November", "11/2/2026", "11/29/2026")]
        )
        self.world.type_worksheet("Settings", [("Setting", "Site", "Value")])
        self.world.type_worksheet("Holidays", [("Date", "Name")])
        self.world.type_worksheet("Shifts", SHIFTS)

    def visit(self, *roster):
        self.world.type_worksheet("Roster", [ROSTER, *roster])
        self.world.clock.moment += timedelta(minutes=15)
        handle(Watch(), self.world.backend)

    def is_planned(self):
        """Whether any hours are told by a plan."""
        cells = self.sheet("Daily Attendance").cells.values()
        return any(isinstance(value, Formula) and "MID(INDEX(Days" in value.text for value in cells)

    def days_of_rows(self):
        """Business Day of each row of the raw data."""
        return [serial.to_date(row[9]).day for row in self.sheet("Raw Data - berlin").rows()[1:]]


NIGHT = ("ann@x.com", None, None, "Night", None, None, "all")
SHORT_NIGHTS = [punch("ann", f"2026-11-0{day} {at}") for day in (3, 4) for at in ("21:55", "06:05")]


def test_a_change_of_the_plan_is_brought_into_an_open_workbook_and_taken_back():
    plant = Plant()
    plant.visit()
    plant.store(*SHORT_NIGHTS, punch("ann", "2026-11-05 06:05"))
    by_boundary = {day: plant.day("ann", date(2026, 11, day)) for day in range(2, 6)}
    assert by_boundary[3] == (6.0833, 21.9167, None)
    plant.visit(NIGHT)
    assert plant.day("ann", date(2026, 11, 2)) == (None, 30.0833, None)
    assert (
        plant.day("ann", date(2026, 11, 3)) == plant.day("ann", date(2026, 11, 4)) == (21.9167, 30.0833, None)
    )
    assert plant.is_planned()
    assert plant.days_of_rows() == [3, 2, 4, 3, 4]
    plant.visit(("ann@x.com", None, None, "nights"))  # understood by nobody
    assert plant.day("ann", date(2026, 11, 3)) == (21.9167, 30.0833, None)
    plant.visit()
    assert {day: plant.day("ann", date(2026, 11, day)) for day in range(2, 6)} == by_boundary
    assert not plant.is_planned()
    assert plant.days_of_rows() == [3, 3, 4, 4, 5]


def test_a_visit_changes_nothing_where_the_plan_is_what_it_was():
    plant = Plant()
    plant.store(*SHORT_NIGHTS)
    plant.visit(NIGHT)
    plant.world.effects.count = 0
    plant.visit(NIGHT)
    assert plant.world.effects.count == 0


def test_a_message_of_somebody_with_a_plan_is_one_read_and_one_write():
    plant = Plant()
    plant.visit(NIGHT)
    plant.store(punch("ann", "2026-11-03 21:55"))
    plant.store(punch("ann", "2026-11-04 06:05"))
    assert plant.cost == (1, 1)
    assert plant.day("ann", date(2026, 11, 3)) == (21.9167, 30.0833, None)


def test_what_was_expected_is_kept_with_a_month_that_hr_finalises_and_lives_again():
    plant = Plant()
    plant.visit(NIGHT)
    plant.world.spreadsheets.computed = 0.0

    def formulas():
        cells, shown = plant.sheet("Working Time").cells, range(2, 8)
        return [isinstance(cells[1, column], Formula) for column in shown]

    assert formulas() == [True] * 6
    plant.finalise()
    plant.visit(NIGHT)
    assert formulas() == [False] * 6
    plant.visit()  # a change of the plan changes nothing in it
    assert formulas() == [False] * 6
    plant.finalise("no")
    plant.visit(NIGHT)
    assert formulas() == [True] * 6


def test_payroll_gets_what_was_expected_behind_all_else(tmp_path):
    plant = Plant()
    plant.visit(NIGHT)
    plant.world.spreadsheets.computed = 0.0
    export(plant.world.backend, "November 2026", "csv", tmp_path / "pay.csv")
    with (tmp_path / "pay.csv").open(encoding="utf-8-sig", newline="") as file:
        header, ann, bob = csv.reader(file)
    assert header[header.index("Doubts") + 1 :] == [
        *("Expected", "Balance", "Late (minutes)", "Early (minutes)", "Half-Days"),
        *("Overtime (week)", "Night", "Weekend", "Holiday"),
    ]
    assert (ann[-9:], bob[-9:]) == (["0"] * 9, [""] * 9)


def test_nobody_without_a_plan_makes_the_worksheet_working_time():
    plant = Plant()
    plant.visit()
    assert "Working Time" not in [sheet.title for sheet in plant.book.sheets]
    plant.visit(NIGHT)
    titles = [sheet.title for sheet in plant.book.sheets]
    first = titles.index("Monthly Summary") + 1
    assert titles[first : first + 2] == ["Working Time", "Plan"]


def test_punches_of_a_plan_may_come_in_any_order():
    punches = [*SHORT_NIGHTS, punch("ann", "2026-11-05 06:05")]
    found = set()
    for order in (punches, punches[::-1]):
        plant = Plant()
        plant.visit(NIGHT)
        for each in order:
            plant.store(each)
        found.add(tuple(plant.day("ann", date(2026, 11, day)) for day in range(2, 6)))
    assert len(found) == 1


class Edges(Plant):
    """Two adjoining months; Ann works on their border."""

    def __init__(self, october_ends=date(2026, 10, 31)):
        super().__init__()
        november = october_ends + DAY
        self.types(october_ends)
        self.period = ReviewPeriod("October 2026", date(2026, 10, 1), october_ends)
        self.other = ReviewPeriod("November 2026", november, date(2026, 11, 29))
        self.world.spreadsheets.books.pop(self.sheet_id)
        self.world.control.sheets = [
            each for each in self.world.control.sheets if each.title != "Review Sheets"
        ]
        routing.forget(self.world.backend)
        for period in (self.period, self.other):
            self.sheet_id = self.create(period=period)
        self.october, self.november = self.world.review_books()
        self.book = self.october

    def types(self, october_ends):
        ends = (date(2026, 10, 1), october_ends), (october_ends + DAY, date(2026, 11, 29))
        months = [
            (month, *(f"{day:%m/%d/%Y}" for day in days))
            for month, days in zip(("October", "November"), ends, strict=True)
        ]
        self.world.type_worksheet("2026", [("Month", "Start Date", "End Date"), *months])

    def send(self, *records):
        for record in records:
            month = self.period if self.period.holds(record.timestamp, time(4)) else self.other
            reply = self.store(record, period=month)
            assert reply.confirmed == (record.identity,)

    def entries(self, book):
        rows = book.sheet("Raw Data - berlin").rows()[1:]
        return [(serial.to_datetime(row[0]).day, row[3], serial.to_date(row[9]).day) for row in rows if row]

    def finalise_october(self):
        recorded = self.world.control.sheet("Review Sheets")
        row = next(at for at, values in enumerate(recorded.rows()) if values[:1] == ["October 2026"])
        recorded.put(row, 4, "yes")
        routing.forget(self.world.backend)

    def problems(self):
        return [" ".join(map(str, row)) for row in self.world.control.sheet("Problems").rows()[1:]]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("ends", "order"), [(date(2026, 10, 31), 1), (date(2026, 11, 1), -1)], ids=["Saturday", "Sunday"]
)
def test_22_a_night_over_the_end_of_a_month_is_whole_and_of_the_month_in_which_it_began(ends, order):
    edges = Edges(ends)
    night = [punch("ann", f"{ends} 21:55"), punch("ann", f"{ends + DAY} 06:05")]
    edges.send(*night[::order])
    edges.visit(NIGHT)
    edges.visit(NIGHT)
    assert edges.day("ann", ends) == (21.9167, 30.0833, None)
    assert edges.entries(edges.october)[1:] == [((ends + DAY).day, "-", ends.day)]
    edges.book = edges.november
    assert edges.entries(edges.november) == [((ends + DAY).day, "counts in October 2026", ends.day)]
    assert edges.day("ann", ends + DAY) == (None, None, None)

    edges.world.effects.count = 0
    edges.visit(NIGHT)
    assert edges.world.effects.count == 0

    edges.visit(("ann@x.com", None, None, "nights"))  # understood by nobody: all stays as it is
    assert edges.day("ann", ends + DAY) == (None, None, None)

    edges.visit()  # the plan is taken back
    edges.visit()
    assert edges.day("ann", ends + DAY) == (6.0833, None, None)
    assert [entry for _, entry, _ in edges.entries(edges.november)] == ["-"]
    edges.book = edges.october
    assert edges.day("ann", ends) == (21.9167, None, None)
    assert edges.entries(edges.october)[1][1] == "counts in November 2026"

    edges.visit(NIGHT)
    edges.visit(NIGHT)
    assert edges.day("ann", ends) == (21.9167, 30.0833, None)


def test_what_a_shift_takes_of_the_night_before_is_of_the_month_in_which_it_begins():
    edges = Edges()
    edges.world.type_worksheet("Shifts", [*SHIFTS, ("Bakers", "04:30", "12:00")])
    bakers = ("ann@x.com", None, None, "Bakers", None, None, "all")
    edges.send(punch("ann", "2026-11-01 03:50"), punch("ann", "2026-11-01 12:00"))  # 4:00 is the boundary
    edges.visit(bakers)
    edges.visit(bakers)
    assert edges.day("ann", date(2026, 10, 31)) == (None, None, None)
    assert edges.entries(edges.october) == [(1, "counts in November 2026", 1)]
    edges.book = edges.november
    assert edges.day("ann", date(2026, 11, 1)) == (3.8333, 12.0, None)


@pytest.mark.slow
def test_a_night_that_ends_after_its_month_was_finalised_is_told():
    edges = Edges()
    edges.send(punch("ann", "2026-10-31 21:55"))
    edges.visit(NIGHT)
    edges.finalise_october()
    edges.send(punch("ann", "2026-11-01 06:05"))
    edges.visit(NIGHT)
    edges.book = edges.november
    assert edges.day("ann", date(2026, 11, 1)) == (None, None, None)
    assert any(
        "1 punches of berlin are of October 2026, which is finalised" in line for line in edges.problems()
    )


def test_half_holidays_are_of_the_plan_and_a_part_that_nobody_understands_is_told():
    plant = Plant()
    plant.world.type_worksheet("Holidays", [("Date", "Name", "Part"), ("2026-11-04", "Eve", "evening")])
    plant.visit(("ann@x.com", None, None, "Early"))

    def problems():
        return [row for row in plant.world.control.sheet("Problems").rows()[1:] if row[0] == "Holidays"]

    assert problems()[0][2].startswith("Part holds 'evening'; type morning or afternoon")
    plant.world.type_worksheet("Holidays", [("Date", "Name", "Part"), ("2026-11-04", "Eve", "Morning")])
    plant.visit(("ann@x.com", None, None, "Early"))
    assert problems() == []
    assert plant.days_cell("ann", "plan", date(2026, 11, 4)).endswith("Early, free morning")
    assert plant.days_cell("ann", "due", date(2026, 11, 4)) * 24 == 10
    plant.visit()
    assert "people with a shift in Roster" in problems()[0][2]


@pytest.mark.parametrize(
    ("text", "night"),
    [
        ("22:00-06:00", (22, 30)),
        ("20:00 \u2013 4:00", (20, 28)),
        ("23 to 6", (23, 30)),
        ("00:00-05:00", (0, 5)),
        ("1-5", (1, 5)),
    ],
)
def test_night_hours_as_people_type_them(text, night):
    rules, problems = read_rules(sheet("Settings", SETTING, ("Night hours", None, text)))
    assert (said(problems), rules.nights[""]) == ([], tuple(hour * HOUR for hour in night))
    assert rules.are_hours_read


@pytest.mark.parametrize("text", ["22:00", "22:00-", "late", 22.0, "22:00-06:00-07:00", "x-y"])
def test_night_hours_that_nobody_understands_are_told(text):
    rules, problems = read_rules(sheet("Settings", SETTING, ("Night hours", None, text)))
    assert len(problems) == 1
    assert "two times such as 22:00-06:00" in problems[0].remedy
    assert not rules.are_hours_read


def test_weeks_ends_and_leave_in_settings():
    rows = [
        ("Overtime beyond (hours a week)", None, "expected"),
        ("Grace at the end (minutes)", None, 5.0),
        ("Leave taken from the balance", None, "Flex Day"),
    ]
    rules, problems = read_rules(sheet("Settings", SETTING, *rows))
    assert not problems
    assert (rules.overtime_after_week, rules.end_grace_s, rules.balance_leave) == (-1, 300, "flex day")
    kinds = ("Kinds of leave", None, "Vacation, sick,time off, sick")
    assert read_rules(sheet("Settings", SETTING, kinds))[0].kinds_of_leave == ("vacation", "sick", "time off")
    rules, problems = read_rules(sheet("Settings", SETTING, ("Kinds of leave", None, "vacation; =x()")))
    assert (len(problems), rules.kinds_of_leave) == (1, ())
    assert "type kinds of leave between commas, such as time off, or none" in str(problems[0])
    kinds = ("Kinds of leave", None, "vacation; sick")
    assert read_rules(sheet("Settings", SETTING, kinds))[0].kinds_of_leave == ("vacation", "sick")
    rules, problems = read_rules(sheet("Settings", SETTING, (rows[0][0], None, 38.5)))
    assert (problems, rules.overtime_after_week, rules.balance_leave) == ([], 38.5 * HOUR, "time off")
    rules, problems = read_rules(sheet("Settings", SETTING, (rows[2][0], None, "half day, or flex")))
    assert (len(problems), rules.are_hours_read) == (1, False)
    rules, problems = read_rules(
        sheet("Settings", SETTING, (rows[0][0], None, "none"), (rows[2][0], None, "none"))
    )
    assert (problems, rules.overtime_after_week, rules.balance_leave) == ([], None, "")


def test_nights_and_weeks_look_at_everybody():
    usual, nights = Plans(), Plans(nights={"": (20 * HOUR, 28 * HOUR)})
    weeks = Plans(looks_at_weeks=True)
    assert usual.are_none
    assert usual.of(BOB, OCTOBER, 0, OCTOBER[-1]) == {}
    for found in (nights, weeks):
        assert not found.are_none
        day = found.of(BOB, OCTOBER, 4 * HOUR, OCTOBER[-1])[OCTOBER[0]]
        assert (day.name, day.is_working, day.opening_s(4 * HOUR), day.shift) == ("", True, 4 * HOUR, None)
    assert nights.of(BOB, OCTOBER, 0, OCTOBER[-1])[OCTOBER[0]].night_s == (20 * HOUR, 28 * HOUR)


TIMES = st.integers(0, 2 * DAY_S)
PLANNED_DAYS = st.builds(
    PlannedDay,
    st.sampled_from(["Night", "Early, free morning", "x y  z"]),
    st.just(True),
    st.integers(0, DAY_S),
    st.booleans(),
    st.booleans(),
    st.builds(lambda begin, end, late: Shift("", begin, begin + end, late_after_s=late), TIMES, TIMES, TIMES),
    weekend=st.tuples(st.booleans(), st.booleans()),
    holidays=st.tuples(*[st.sampled_from(["", "morning", "afternoon", "day"])] * 2),
    night_s=st.tuples(TIMES, TIMES),
    end_grace_s=TIMES,
)


@limits(dev=30, ci=200)
@given(PLANNED_DAYS)
def test_what_a_text_says_is_what_was_planned(planned_day):
    read = _planned_day(plan_text(planned_day))
    assert read is not None
    for each in ("name", "is_working", "opens_s", "follows_boundary", "ends_later", "weekend", "holidays"):
        assert getattr(read, each) == getattr(planned_day, each), each
    assert (read.times, read.due_s) == (planned_day.times, planned_day.due_s)
    assert (read.night_s, read.end_grace_s) == (planned_day.night_s, planned_day.end_grace_s)


DATED = (
    "Name",
    "Email",
    "Cut Off Time",
    "Device User ID",
    "Site",
    "Staff Group",
    "First Day",
    "Last Day",
    "From",
)
ANN_MOVES = [
    ("Ann", "ann@x.com", "09:00", 17.0, "Hamburg", "Packers", None, None, None),
    ("Ann", "ann@x.com", "08:00", 23.0, "Bremen", "Office", None, None, "2026-10-16"),
]
BOTH_SITES = ("Hamburg", "Bremen")


def dated(*rows):
    people, problems = read_people(sheet("Cut Off Times", DATED, *rows), BOTH_SITES)
    return people["ann"], problems


@pytest.mark.parametrize("order", [ANN_MOVES, ANN_MOVES[::-1]])
def test_further_rows_of_a_person_replace_those_before_from_their_date_on(order):
    ann, problems = dated(*order)
    assert problems == []
    found = [(each.cut_off, each.site, each.group) for each in map(ann.on, (OCTOBER[14], OCTOBER[15]))]
    assert found == [(9 * HOUR, "Hamburg", "Packers"), (8 * HOUR, "Bremen", "Office")]
    people = People.of([ann])
    whose = {
        (user_id, site, day.day): people.whose(Labels("SN", user_id, "", site), day) is not None
        for user_id, site in (("17", "Hamburg"), ("23", "Bremen"), ("23", "Hamburg"))
        for day in OCTOBER[14:16]
    }
    assert {each for each, is_known in whose.items() if is_known} == {
        ("17", "Hamburg", 15),
        ("23", "Bremen", 16),
    }


def test_two_rows_since_the_same_day_are_a_problem_as_ever():
    _, problems = dated(*ANN_MOVES, ANN_MOVES[1])
    assert said(problems) == ["Cut Off Times!B4: ann is already Ann's user name; remove one row"]
    _, problems = dated(ANN_MOVES[0], (*ANN_MOVES[1][:-1], None))
    assert said(problems) == ["Cut Off Times!B3: ann is already Ann's user name; remove one row"]
    _, problems = dated(ANN_MOVES[0], (*ANN_MOVES[1][:-1], "soon"))
    assert len(problems) == 1
    assert problems[0].cell == "I3"


def test_days_of_a_month_follow_what_held_then():
    ann, _ = dated(*ANN_MOVES)
    found = Plans(
        weekends={"bremen": frozenset({4, 5}), "": frozenset({5, 6})},
        holidays={(OCTOBER[19], "hamburg"): "day", (OCTOBER[1], "hamburg"): "day"},
    ).of(ann, OCTOBER, 4 * HOUR, OCTOBER[-1])
    assert [found[OCTOBER[day]].due_s for day in (14, 15)] == [9 * HOUR, None], "the workbook has 8:00"
    assert [found[OCTOBER[day]].is_working for day in (8, 10, 22, 24)] == [True, False, False, True]
    assert [found[OCTOBER[day]].holidays[0] for day in (1, 19)] == ["day", ""]


def test_who_comes_again_was_not_employed_in_between():
    gone = (*ANN_MOVES[0][:7], "2026-10-06", None)
    again = (*ANN_MOVES[1][:6], "2026-10-20", None, "2026-10-20")
    ann, problems = dated(gone, again)
    assert problems == []
    assert (ann.first_day, ann.last_day) == (None, None)
    found = Plans().of(ann, OCTOBER, 4 * HOUR, OCTOBER[-1])
    words = {day.day: each.name for day, each in found.items() if not each.is_working}
    assert [words.get(day) for day in (6, 7, 19, 20)] == [None, "not employed", "not employed", None]


def test_a_row_that_begins_later_changes_nothing_before():
    ann, _ = dated(*ANN_MOVES)
    september = [day - 31 * DAY for day in OCTOBER[1:]]
    assert Plans().of(ann, september, 4 * HOUR, september[-1]) == {}
    assert ann.on(september[-1]).cut_off == 9 * HOUR
    november = [day + 31 * DAY for day in OCTOBER[:30]]
    assert Plans().of(ann, november, 4 * HOUR, november[-1]) == {}

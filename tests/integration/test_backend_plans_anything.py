"""Made-up rosters, shifts, leave and holidays, computed by the stand-in's engine and compared with plain Python.

Hypothesis draws a seed, and with it a fortnight of a dozen people; `make hunt` draws many. Nothing is shrunk: the
differences that are printed name a person and a day.
"""

import os
import random
import tempfile
from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from attendance_backend.handlers.dispatch import handle
from attendance_backend.review import corrections_sheet
from attendance_contracts import Watch
from tests.integration.workbook_check import differences, errors
from tests.integration.workbook_messages import healths_of, late_starters, stores_of
from tests.integration.workbook_office import Book, computed, in_libreoffice, new_server, typed
from tests.integration.workbook_plans import HOUR, PlannedMonth, PlannedTruth, Row, Shift
from tests.integration.workbook_truth import DAY, Correction, Employee, Site
from tests.property.profiles import draws

PEOPLE = 10
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
GROUPS = ("", "Packers", "Office")
LEAVE = (None, "vacation", "time off", "half", "half time off", "morning vacation", "afternoon", "sick")


TURNS = Shift("Late", 15 * HOUR, 23 * HOUR), Shift("Early", 5 * HOUR, 13 * HOUR)
HALVES = (1, 3, 5), (2, 4, 6)
"""Of somebody who has six hours between two shifts."""


def clock(seconds):
    return f"{seconds // HOUR:02}:{seconds % HOUR // 60:02}"


def shift_of(choice, number):
    start = choice.choice(
        [0, 5 * HOUR, 6 * HOUR, 9 * HOUR, 14 * HOUR, 21 * HOUR + 30 * 60, 22 * HOUR, 25 * HOUR]
    )
    end = start + choice.choice([4, 6, 8, 9, 12]) * HOUR
    half = (end - start) // 2
    breaks = choice.choice(
        [(), (), ((30 * 60, half),), ((3600, half),), ((1800, 6 * HOUR), (2700, 9 * HOUR))]
    )
    late = choice.choice([None, None, start + 600, start + 1800])
    beyond = choice.choice([None, None, None, 6 * HOUR, 7 * HOUR + 1800])
    count = choice.choice(["all", "all", "from start", "planned"])
    return Shift(f"S{number}", start, end, breaks, late, beyond, count)


def row_of(choice, month, shifts):
    whom = choice.choice(["user", "user", "group", "site", "all"])
    employee = choice.choice(month.employees)
    first = choice.choice([None, month.first + choice.randint(-3, 9) * DAY])
    until = None if first is None or choice.random() < 0.5 else first + choice.randint(0, 6) * DAY
    days: dict = {}
    kind = choice.choice(["free", "all", "some", "cycle"])
    if kind == "all":
        days = {"weekdays": tuple(range(7))}
    elif kind == "some":
        days = {"weekdays": tuple(sorted(choice.sample(range(7), choice.randint(1, 5))))}
    elif kind == "cycle" and first is not None:
        days = {"cycle": (tuple(sorted(choice.sample(range(1, 7), choice.randint(1, 5)))), 6)}
    return Row(
        employee.user if whom == "user" else "",
        employee.group if whom == "group" else "",
        employee.site if whom == "site" else "",
        choice.choice([*shifts, *shifts, None]),
        first,
        until,
        **days,
    )


def month_of(seed):
    choice = random.Random(seed)
    first = date(2026, 6, 1) + choice.randint(0, 20) * DAY
    last = first + choice.randint(10, 15) * DAY
    last += DAY if last.weekday() == 4 else timedelta()  # else the period would run through Sunday
    complete = last - choice.choice([0, 0, 3]) * DAY
    sites = [
        Site(
            name,
            "Europe/Berlin",
            boundary,
            pairs=pairs,
            complete_through=complete,
            heard=datetime.combine(last + DAY, time(12)),
        )
        for name, boundary, pairs in (
            ("north", time(4), False),
            ("south", time(choice.choice([0, 4, 12])), True),
        )
    ]
    month = PlannedMonth(first, last, sites, [], grace_min=choice.choice([0, 5]))
    for number in range(PEOPLE):
        site = choice.choice(["north", "south"])
        cut_off = choice.choice([time(9), time(9), time(15), None])
        month.employees.append(Employee(f"P{number}", f"p{number}", cut_off, site, choice.choice(GROUPS)))
    month.overtime_h = choice.choice([7.5, 8])
    month.week_h = choice.choice([None, 30, -1])
    month.weekends = choice.choice([{}, {}, {"south": {4, 5}}, {"": {6}}])
    month.end_grace_min = choice.choice([0, 10])
    shifts = [shift_of(choice, number) for number in range(4)]
    rows = [row_of(choice, month, shifts) for _ in range(8)]
    # Of two rows about the same the order of HR's list decides, which is not looked at here.
    month.roster = list({(row.user, row.group, row.site, row.first, row.until): row for row in rows}.values())
    turns = [
        Row(user="p0", shift=shift, first=first, cycle=(numbers, 6))
        for shift, numbers in zip(TURNS, HALVES, strict=True)
    ]
    month.roster = [*turns, *(row for row in month.roster if row.user != "p0")]
    days = [first + number * DAY for number in range((last - first).days + 1)]
    month.holidays = [
        (choice.choice(days), "Feast", ""),
        (choice.choice(days), "Fair", choice.choice(["north", "south"])),
    ]
    month.holidays = list({(day, site): (day, name, site) for day, name, site in month.holidays}.values())
    month.employees = [with_punches(choice, month, employee, days[1:-1]) for employee in month.employees]
    month.corrections = [correction_of(choice, month, days) for _ in range(15)]
    return month, [*shifts, *TURNS]


def with_punches(choice, month, employee, days):
    """About when the plan says, and now and then at some other time."""
    truth = PlannedTruth(month)
    moments = set()
    for day in days:
        shift = truth.plan(employee, day).shift
        midnight = datetime.combine(day, time())
        if shift is None and choice.random() < 0.4:
            continue
        start, end = (9 * HOUR, 17 * HOUR) if shift is None else (shift.start, shift.end)
        if choice.random() < 0.85:
            moments.add(midnight + timedelta(seconds=start + choice.randint(-1800, 2400)))
        if choice.random() < 0.85:
            moments.add(midnight + timedelta(seconds=end + choice.randint(-2400, 3600)))
        if choice.random() < (0.8 if employee.user == "p0" else 0.15):
            # Where the day opens, and a second before and after.
            boundary = month.site(employee.site).boundary
            opens = truth.opening(employee, day, boundary.hour * HOUR)
            moments.add(midnight + timedelta(seconds=opens + choice.choice([-1, 0, 1])))
        if choice.random() < 0.1:
            moments.add(midnight + timedelta(seconds=choice.randint(0, 86_399)))
    end = datetime.combine(days[-1] + DAY, time())
    punches = tuple((employee.site, moment) for moment in sorted(moments) if moment < end)
    return Employee(employee.name, employee.user, employee.cut_off, employee.site, employee.group, punches)


def correction_of(choice, month, days):
    employee, day = choice.choice(month.employees), choice.choice(days)
    what = choice.choice(["check in", "check out", "leave", "leave", "note", "waive penalty"])
    if what == "leave":
        return Correction(day, employee.name, what, choice.choice(LEAVE), day + choice.randint(0, 3) * DAY)
    value = time(choice.randint(1, 23), choice.choice([0, 15, 30])) if what.startswith("check") else None
    return Correction(day, employee.name, what, value)


def build(server, month, shifts):
    """A workbook; HR types the roster when half of the punches have come."""
    name = f"{month.first:%B %Y}"
    book = Book(server, month, name)
    book.knows_all_days = True
    book.keep_people(late_starters(month))
    book._keep(
        "2026",
        [("Month", "Start Date", "End Date"), (f"{month.first:%B}", typed(month.first), typed(month.last))],
    )
    stores = stores_of(month, book.period, book.spreadsheet_id)
    first, last = healths_of(month, book.period, book.spreadsheet_id)
    book.send([*first, *stores[: len(stores) // 2]])
    book.type_corrections()
    book._keep("Settings", [("Setting", "Site", "Value"), *settings_of(month)])
    book._keep("Shifts", [SHIFT_HEADER, *map(shift_row, shifts)])
    book._keep("Roster", [ROSTER_HEADER, *map(roster_row, month.roster)])
    handle(Watch(), book.backend)
    book.send([*stores[len(stores) // 2 :], *last])
    handle(Watch(), book.backend)
    book.client.session.close()


def settings_of(month):
    weekends = [
        ("Weekend", site, ", ".join(WEEKDAYS[day] for day in sorted(days)))
        for site, days in month.weekends.items()
    ]
    return [
        ("Grace (minutes)", "", month.grace_min),
        ("Overtime beyond (hours a day)", "", month.overtime_h),
        ("Key policy", "south", "pairs"),
        ("Overtime beyond (hours a week)", "", "expected" if month.week_h == -1 else month.week_h),
        ("Grace at the end (minutes)", "", month.end_grace_min),
        *weekends,
    ]


SHIFT_HEADER = (
    *("Shift", "Start", "End", "Break (minutes)", "Hours", "Late After", "Count", "Overtime After (hours)"),
)
ROSTER_HEADER = ("Email", "Staff Group", "Site", "Shift", "From", "Until", "Days")


def shift_row(shift):
    breaks = ", ".join(f"{length // 60} after {after // HOUR}" for length, after in shift.breaks)
    if len(shift.breaks) == 1:
        breaks = shift.breaks[0][0] // 60
    return (
        *(shift.name, clock(shift.start), clock(shift.end % 86_400), breaks or None, None),
        None if shift.late_after is None else clock(shift.late_after % 86_400),
        shift.count,
        None if shift.overtime_after is None else shift.overtime_after / HOUR,
    )


def roster_row(row):
    days = None
    if row.cycle is not None:
        days = f"days {', '.join(map(str, row.cycle[0]))} of {row.cycle[1]}"
    elif row.weekdays is not None:
        days = ", ".join(WEEKDAYS[day] for day in row.weekdays)
    return (
        f"{row.user}@example.com" if row.user else None,
        row.group or None,
        row.site or None,
        "off" if row.shift is None else row.shift.name,
        *map(typed, (row.first, row.until)),
        days,
    )


def compared(seed, folder=None):
    month, shifts = month_of(seed)
    with new_server() as server:
        build(server, month, shifts)
        ((_, workbook),) = computed(server).items()
        disagreements = [] if folder is None else in_libreoffice(Path(folder), server).disagreements
    found, count = differences(workbook, month)
    return [*found, *errors(workbook), *disagreements], count


@pytest.fixture(scope="module", autouse=True)
def few_rows_for_corrections():
    """Less work, most of which is the formulas of blank rows."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(corrections_sheet, "PREPARED_ROWS", 70)
        yield


@settings(
    max_examples=draws(dev=1, ci=1),
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(st.integers(0, 10**9))
def test_every_value_of_planned_days_is_right(seed):
    with tempfile.TemporaryDirectory() as folder:
        found, count = compared(seed, folder if os.environ.get("CI") else None)
    assert found == []
    assert count > PEOPLE * 3 * 14

"""Made-up months: people who work, forget, tap twice, fall ill and get corrected. Seeded; no real person is meant."""

import random
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from tests.integration.workbook_truth import DAY, Correction, Employee, Month, Site, business_day

FIRST_NAMES = ("Ann", "Bob", "Carla", "Dai", "Eve", "Femi", "Gül", "Hana", "Ivo", "Jun")
LAST_NAMES = ("Archer", "Baker", "Cook", "Dyer", "Eng", "Fox", "Glover", "Hunt", "Ivory", "Judd")
ODD_NAMES = (
    "Ann * Star",
    "Q? Mark",
    "Tilde ~1",
    "=SUM(1)",
    "<b>",
    '"Quoted"',
    "O'Neil",
    "Ann",
    "@ann",
    "1234",
)

SHIFTS = {
    "day": (time(9), timedelta(hours=8, minutes=30)),
    "late": (time(15), timedelta(hours=9, minutes=20)),
    "night": (time(22), timedelta(hours=6, minutes=45)),
}


def month_of(seed, first, last, *, count, clock_day, complete=date.max, corrections=60):
    """A month of three offices in different zones.

    Args:
        seed: of everything that is made up.
        first: of the period.
        last: of the period.
        count: of the employees.
        clock_day: the Saturday before the clocks change in Europe.
        complete: the last day of which the data is complete, at the office that is furthest.
        corrections: how many rows HR typed.
    """
    choice = random.Random(seed)
    noon = datetime.combine(last, time(12))
    sites = [
        Site(
            "berlin", "Europe/Berlin", time(4), complete_through=min(complete, last), heard=noon, clock_s=-60
        ),
        Site(
            "karachi",
            "Asia/Karachi",
            time(0),
            complete_through=min(complete, last) - 2 * DAY,
            heard=noon,
            backlog=3,
        ),
        Site(
            "lisbon",
            "Europe/Lisbon",
            time(7),
            pairs=True,
            double_tap_s=90,
            heard=noon,
            memory=0.8,
            complete_through=min(complete, last),
        ),
    ]
    month = Month(first, last, sites, [], grace_min=10, overtime_h=8)
    month.holidays = [
        (first + 9 * DAY, "Founders' Day", ""),
        (first + 14 * DAY, "Carnival", "berlin"),
        (first + 15 * DAY, "Regatta [big]", "lisbon"),
    ]
    for number in range(count):
        month.employees.append(_employed(_employee(choice, number, month, clock_day), number, month))
    month.corrections = [_correction(choice, month) for _ in range(corrections)]
    # Two rows about the same, and a leave that ends before it begins.
    twice, gone = month.employees[10].name, month.employees[11].name
    month.corrections += [
        Correction(first + DAY, twice, "check out", time(17)),
        Correction(first + DAY, twice, "check out", time(18)),
        Correction(first + 5 * DAY, gone, "leave", until=first + 4 * DAY),
    ]
    month.typed = _typed(choice, month)
    return month


def _employee(choice, number, month, clock_day):
    name = f"{choice.choice(FIRST_NAMES)} {choice.choice(LAST_NAMES)} {number}"
    if number < len(ODD_NAMES):
        name = ODD_NAMES[number]
    elif number in (20, 21):
        name = "Sam Same"
    user = (
        ("a*b", "a?b", "a~b", "=x", "<x", "x/in", "in", "Ann", "1234", "007")[number]
        if number < 10
        else f"u{number}"
    )
    home = choice.choice(month.sites)
    shift = choice.choice(["day", "day", "late", "night"])
    if home.boundary == time(0):
        shift = "day"
    begins, length = SHIFTS[shift]
    cut_off = (datetime.combine(month.first, begins) + timedelta(minutes=choice.choice((0, 15, 30)))).time()
    punches = []
    if number % 17 != 16:
        for day in _days(month):
            punches += _day_of_work(choice, home, datetime.combine(day, begins), length, day == clock_day)
    if shift != "night":
        # A visit elsewhere, in the same zone or another one.
        punches = [
            (choice.choice(month.sites).name if choice.random() < 0.01 and not home.pairs else where, moment)
            for where, moment in punches
        ]
    site = "" if number % 5 == 4 else home.name
    if not site:
        punches = [(home.name, moment) for _, moment in punches]
    group = choice.choice(("", "Office", "Night shift"))
    return Employee(name, user, cut_off, site, group, tuple(_in_period(month, home, punches)))


def _employed(employee, number, month):
    """Every sixth person begins or leaves in mid-period, or both; half of them punch outside all the same."""
    nth, other = divmod(number, 6)
    if other != 5:
        return employee
    began = month.first + (5 + nth % 7) * DAY if nth % 3 != 1 else None
    left = month.last - (3 + nth % 8) * DAY if nth % 3 != 0 else None
    outside = {
        punch
        for punch in employee.punches
        if (began and business_day(month, punch) < began) or (left and business_day(month, punch) > left)
    }
    strays = sorted(outside)[:3] if nth % 2 else []
    punches = tuple(punch for punch in employee.punches if punch not in outside or punch in strays)
    return replace(employee, punches=punches, began=began, left=left)


def _days(month):
    return [month.first + number * DAY for number in range((month.last - month.first).days + 1)]


def _in_period(month, home, punches):
    """Punches of days outside belong to other workbooks; one home keeps the check simple."""
    return [
        (where, moment)
        for where, moment in punches
        if month.first <= business_day(month, (where, moment)) <= month.last
        if where == home.name or 7 <= moment.hour <= 22
    ]


def _day_of_work(choice, home, begins, length, clocks_change):
    roll = choice.random()
    if begins.weekday() >= 5 and not clocks_change and roll < 0.93:
        return []
    if roll < 0.05 and not clocks_change:
        return []
    start = begins + timedelta(seconds=choice.randint(-1500, 1500))
    end = start + length + timedelta(seconds=choice.randint(-3000, 7200))
    moments = [start, end]
    if roll < 0.10:
        moments = [start]
    elif roll < 0.15:
        moments.append(start + timedelta(seconds=choice.randint(1, 50)))
    elif roll < 0.20:
        moments.append(end - timedelta(seconds=choice.randint(1, 50)))
    elif roll < 0.55 and home.pairs:
        pause = start + timedelta(hours=3, seconds=choice.randint(0, 600))
        moments += [pause, pause + timedelta(minutes=choice.randint(5, 50))]
    elif roll < 0.65:
        moments.append(start + timedelta(hours=3))
    return [(home.name, moment) for moment in moments if not _is_odd_hour(moment)]


def _is_odd_hour(moment):
    """The hours that are skipped or come twice when clocks change: nobody can say what they mean."""
    return moment.weekday() == 6 and moment.month in (3, 10) and moment.day >= 25 and 0 <= moment.hour < 4


VALUES_OF_LEAVE = (
    *(None, "half", None, "Morning", None, "afternoon", None, 0.5, None, "half vacation", "sick"),
    "morning sick, paid",
)


def _correction(choice, month):
    employee = choice.choice(month.employees)
    day = choice.choice(_days(month))
    name = employee.user if employee.name == "Sam Same" and choice.random() < 0.7 else employee.name
    what = choice.choice(
        ["check in", "check out", "check out", "Check Out", "leave", "leave", "waive penalty", "note"]
    )
    value, until = None, None
    if what.casefold().startswith("check"):
        value = choice.choice(
            [time(8, 30), time(9), time(17, 45), time(23, 10), time(2, 15), time(5, 29), timedelta(hours=25)]
        )
        if choice.random() < 0.15:
            value = choice.choice(
                ["17:30", "half past", None, timedelta(hours=29.6), datetime.combine(day, time(18))]
            )
    if what == "leave" and choice.random() < 0.6:
        until = day + choice.randint(0, 9) * DAY
    if what == "leave":
        value = VALUES_OF_LEAVE[(day.day + len(name)) % len(VALUES_OF_LEAVE)]
    slip = choice.random()
    if slip < 0.04:
        day = choice.choice(["3rd of March", None, month.last + 3 * DAY, month.first - 40 * DAY])
    elif slip < 0.07:
        name = choice.choice(["Nobody", "", "Ann Archer", "u2*", "*"])
    elif slip < 0.09:
        what = choice.choice(["sick", "checkin", ""])
    elif slip < 0.11 and what == "leave":
        until = choice.choice([month.first - 5 * DAY, "Friday"])
    elif slip < 0.13:
        return None
    return Correction(day, name, what, value, until)


def _typed(choice, month):
    """HR types straight into Daily Attendance now and then."""
    cells = {}
    for _ in range(8):
        employee = choice.choice(month.employees)
        day = choice.choice(_days(month))
        label = choice.choice(["Check In", "Check Out"])
        cells[employee.user, label, day] = choice.choice([8 * 3600 + 60, 16 * 3600 + 7 * 60, "sick", None])
    return cells

"""``Shifts`` and ``Roster`` in the control spreadsheet: which shifts there are, and who works which one when.

    Shift | Start | End | Break (minutes) | Hours | Late After | Count | Overtime After (hours)
    Email | Staff Group | Site | Shift | From | Until | Days

Both are optional. A row that is not understood is complained of and does not count.
"""

import re
from collections.abc import Collection, Mapping
from datetime import date
from typing import NamedTuple

from attendance_backend.control.roster import address_in, site_in
from attendance_backend.domain.people import Person, user_key
from attendance_backend.domain.plans import DAY_OFF, DAY_S, WEEKEND, Break, Days, Plans, RosterRow, Shift
from attendance_backend.domain.rules import Rules
from attendance_backend.sheet import typed
from attendance_backend.sheet.grid import Worksheet
from attendance_backend.sheet.table import BadCellError, Problem, Table
from attendance_backend.sheet.typed import Order, Unit

SHIFTS, ROSTER = "Shifts", "Roster"
SHIFT, START, END, BREAK, HOURS, LATE_AFTER, OVERTIME_AFTER, COUNT = (
    *("Shift", "Start", "End", "Break (minutes)", "Hours", "Late After", "Overtime After (hours)", "Count"),
)
SHIFT_HEADERS = (SHIFT, START, END)
OPTIONAL_SHIFT_HEADERS = (BREAK, HOURS, LATE_AFTER, COUNT, OVERTIME_AFTER)
EMAIL, GROUP, SITE, FROM, UNTIL, DAYS = "Email", "Staff Group", "Site", "From", "Until", "Days"
ROSTER_HEADERS = (SHIFT, DAYS)
OPTIONAL_ROSTER_HEADERS = (EMAIL, GROUP, SITE, FROM, UNTIL)
ALL_ROSTER_HEADERS = (EMAIL, GROUP, SITE, SHIFT, FROM, UNTIL, DAYS)
OFF = "off"
ALL, FROM_START, PLANNED = "all", "from start", "planned"
COUNTS = (ALL, FROM_START, PLANNED)

_ALL_STAY = "all shifts and plans stay as they were"
_LATEST_START_S = 28 * 3600
_EARLY_S = 4 * 3600
_MOST_CYCLE = 56
_STEP = re.compile(r"(\d+) after (\d+(?:[.:]\d+)?)(?: ?h(?:ours)?)?")
_WEEKS = re.compile(r"(.*?),? ?\bweeks? (\d+) of (\d+)")
_OF_CYCLE = re.compile(r"days? ([\d, -]+) of (\d+)")


def read_plans(
    shifts_sheet: Worksheet,
    roster_sheet: Worksheet,
    people: Mapping[str, Person],
    rules: Rules,
    sites: Collection[str] | None = None,
) -> tuple[Plans, list[Problem]]:
    """What HR plans, and what is wrong; arguments as for `read_roster`, `rules` as ``Settings`` has them."""
    shifts, of_shifts, are_read = read_shifts(shifts_sheet)
    rows, of_roster, is_read = read_roster(roster_sheet, shifts, people, sites, rules.week_begins_on or 0)
    is_whole = are_read and is_read and None not in rules.weekends.values()
    return Plans(rows, rules.weekends, is_whole), [*of_shifts, *of_roster]


def read_shifts(worksheet: Worksheet) -> tuple[Mapping[str, Shift], list[Problem], bool]:
    """The shifts by their names in small letters, what is wrong or odd, and whether all rows are understood."""
    table, problems = Table.read(worksheet, SHIFT_HEADERS, OPTIONAL_SHIFT_HEADERS)
    is_whole, shifts = not problems, dict[str, Shift]()
    for row in table.rows() if table is not None else ():
        assert table is not None
        try:
            shift = _shift(table, row, shifts)
        except BadCellError as error:
            problems.append(error.kept(_ALL_STAY).problem(worksheet))
            is_whole = False
            continue
        shifts[typed.key(shift.name)] = shift
        if shift.start_s is not None and shift.start_s < _EARLY_S:
            later = f"{24 + shift.start_s // 3600}:{shift.start_s // 60 % 60:02}"
            remedy = (
                f"who comes to {shift.name} before midnight counts for the day before; type {later} if the shift "
                "belongs to the evening before"
            )
            problems.append(BadCellError(row, table.columns[START], remedy).problem(worksheet))
    return shifts, problems, is_whole


def _shift(table: Table, row: int, others: Collection[str]) -> Shift:
    name = table.label(row, SHIFT)
    if not name:
        raise BadCellError(row, table.columns[SHIFT], "type a name for the shift")
    if typed.key(name) in {OFF, DAY_OFF, WEEKEND, *others}:
        is_free = "means a free day" if typed.key(name) not in others else "stands here twice"
        raise BadCellError(row, table.columns[SHIFT], f"{name!r} {is_free}; type another name")
    start, end = (
        None if table.is_blank(row, each) else table.time_of_day(row, each) for each in (START, END)
    )
    if (start is None) is not (end is None):
        empty = START if start is None else END
        raise BadCellError(row, table.columns[empty], f"type {empty}, too, or empty both")
    if start is not None and start >= _LATEST_START_S:
        raise table.asked_back(row, START, "type a time before 28:00")
    while start is not None and end is not None and end <= start:
        end += DAY_S
    late = None if table.is_blank(row, LATE_AFTER) else table.time_of_day(row, LATE_AFTER)
    if late is not None and start is not None and late < start - DAY_S // 2:
        late += DAY_S
    count = typed.key(table.label(row, COUNT)) or ALL
    if count not in COUNTS:
        raise table.not_understood(row, COUNT, ", ".join(COUNTS[:-1]) + f" or {COUNTS[-1]}")
    length = 0 if start is None or end is None else end - start
    breaks = _breaks(table, row, length)
    hours = None if table.is_blank(row, HOURS) else table.duration(row, HOURS, Unit.HOURS, DAY_S)
    counts = count != ALL and start is not None, count == PLANNED
    beyond = (
        None
        if table.is_blank(row, OVERTIME_AFTER)
        else table.duration(row, OVERTIME_AFTER, Unit.HOURS, DAY_S)
    )
    return Shift(name, start, end, breaks, late, *counts, hours, beyond)


def _breaks(table: Table, row: int, length_s: int) -> tuple[Break, ...]:
    if table.is_blank(row, BREAK):
        return ()
    steps = typed.key(table.label(row, BREAK)).split(",")
    if "after" not in steps[0]:
        return (Break(table.duration(row, BREAK, Unit.MINUTES, DAY_S // 2), length_s // 2),)
    found = [_STEP.fullmatch(step.strip().removesuffix("h").strip()) for step in steps]
    breaks = [
        Break(
            int(step[1]) * 60,
            typed.duration(step[2] if ":" in step[2] else float(step[2]), Unit.HOURS, DAY_S),
        )
        for step in found
        if step is not None
    ]
    ordered = sorted(breaks, key=lambda each: (each.after_s, each.length_s))
    lengths = [each.length_s for each in ordered]
    if len(breaks) < len(steps) or len(breaks) > 2 or lengths != sorted(lengths):
        raise table.not_understood(row, BREAK, "minutes such as 60, or 30 after 6, 45 after 9")
    return tuple(ordered)


def read_roster(
    worksheet: Worksheet,
    shifts: Mapping[str, Shift],
    people: Mapping[str, Person],
    sites: Collection[str] | None = None,
    begins_on: int = 0,
) -> tuple[list[RosterRow], list[Problem], bool]:
    """The rows of ``Roster`` in their order, what is wrong or odd, and whether all rows are understood.

    Args:
        worksheet: all of it.
        shifts: as `read_shifts` gives them.
        people: as ``Cut Off Times`` has them.
        sites: that exist; None when nobody knows yet.
        begins_on: the weekday of weeks' first days, 0 is Monday.
    """
    table, problems = Table.read(worksheet, ROSTER_HEADERS, OPTIONAL_ROSTER_HEADERS)
    is_whole, rows = not problems, list[RosterRow]()
    if table is None:
        return rows, problems, is_whole
    known = _Known(shifts, people, sites, begins_on)
    order = table.order_of_dates(FROM, UNTIL)
    for row in table.rows():
        try:
            rows.append(_roster_row(table, row, known, order))
        except BadCellError as error:
            problems.append(error.kept(_ALL_STAY).problem(worksheet))
            is_whole = False
            continue
        twice = [each for each in rows[:-1] if each.rank == rows[-1].rank and _whom(each) == _whom(rows[-1])]
        if any(_share_a_day(each, rows[-1]) for each in twice):
            remedy = "a row above is about the same days of the same people, and counts; correct one of them"
            problems.append(BadCellError(row, table.columns[DAYS], remedy).problem(worksheet))
    return rows, problems, is_whole


class _Known(NamedTuple):
    shifts: Mapping[str, Shift]
    people: Mapping[str, Person]
    sites: Collection[str] | None
    begins_on: int


def _roster_row(table: Table, row: int, known: _Known, order: Order | None) -> RosterRow:
    user = user_key(address_in(table.label(row, EMAIL)).partition("@")[0])
    if user and user not in known.people:
        raise table.asked_back(
            row, EMAIL, "nobody in Cut Off Times has this address; correct it, or add the person"
        )
    group = table.label(row, GROUP)
    groups = {typed.key(person.group) for person in known.people.values()}
    if group and typed.key(group) not in groups:
        raise table.asked_back(row, GROUP, "nobody in Cut Off Times is in this group; correct one of them")
    name = table.label(row, SHIFT)
    shift = Shift("") if not name else known.shifts.get(typed.key(name))
    if shift is None and typed.key(name) != OFF:
        listed = ", ".join([*(each.name for each in known.shifts.values()), OFF])
        raise table.asked_back(
            row,
            SHIFT,
            f"no shift that is understood is called so (there are: {listed}); correct it, here or in Shifts",
        )
    first, until = table.span(row, FROM, UNTIL, order)
    days = _days(table, row, first, known.begins_on)
    site = site_in(table, row, SITE, known.sites).casefold()
    return RosterRow(user, group.casefold(), site, shift, first, until, days)


def _days(table: Table, row: int, first: date | None, begins_on: int) -> Days | None:
    """The days of a row; None for all that are no weekend."""
    text = typed.key(table.label(row, DAYS))
    if not text:
        return None
    if text == "all":
        return Days(frozenset({0}), 1)
    counted = _WEEKS.fullmatch(text) or _OF_CYCLE.fullmatch(text)
    if counted is not None and first is None:
        raise BadCellError(row, table.columns[FROM], f"type a date into {FROM}: from it {text!r} is counted")
    if match := _OF_CYCLE.fullmatch(text):
        numbers, cycle = _numbers(match[1]), int(match[2])
        if numbers and 0 < max(numbers) <= cycle <= _MOST_CYCLE and min(numbers) > 0:
            return Days(frozenset(number - 1 for number in numbers), cycle, is_weekly=False)
    elif match := _WEEKS.fullmatch(text):
        weekdays, week, weeks = typed.weekdays(match[1]), int(match[2]), int(match[3])
        if weekdays is not None and 0 < week <= weeks <= _MOST_CYCLE // 7:
            of_week = ((each - begins_on) % 7 + 7 * (week - 1) for each in weekdays)
            return Days(frozenset(of_week), 7 * weeks, begins_on=begins_on)
    elif (weekdays := typed.weekdays(text)) is not None:
        return Days(weekdays)
    raise table.not_understood(
        row, DAYS, "Mon-Fri, or Mon, Wed, or Mon-Fri week 1 of 2, or days 1-4 of 6, or all"
    )


def _numbers(text: str) -> set[int]:
    found: set[int] = set()
    for part in text.replace(" ", "").split(","):
        first, _, last = part.partition("-")
        if not first.isdecimal() or (last and not last.isdecimal()):
            return set()
        found |= {*range(int(first), int(last or first) + 1)}
    return found


def _whom(row: RosterRow) -> tuple[str, str, str]:
    return row.user, row.group, row.site


def _share_a_day(one: RosterRow, other: RosterRow) -> bool:
    """Whether two rows about the same people and dates name the same day; of different cycles it is not said."""
    if one.days is None or other.days is None:
        return one.days is other.days
    return one.days.cycle == other.days.cycle and not one.days.numbers.isdisjoint(other.days.numbers)

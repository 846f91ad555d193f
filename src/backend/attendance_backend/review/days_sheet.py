"""``Days``, hidden: the facts that punches give of each person and business day. Three rows a person, a column a day.

Whose days HR plans has six more: ``plan``, what is planned (`plan_text`); and where a shift says so ``due``, the time
after which a check-in is late, ``expected``, how long is worked, ``middle``, when the second half begins, ``end`` and
``first half``, when the shift and its first half end. A mark in the row ``plan`` tells that there is a plan, for
whoever reads no days.

    Key | User Name | Measure | Employee | Device User ID | Site | Last Site | Last Seen | one column a business day
                      breaks                                     | First Day | Last Day

Row 1 holds the dates. Values are fractions of a day: check-in and check-out since the business day's midnight (more
than 1 after the next one), breaks as a length. Corrections are not in here: formulas look them up elsewhere.

What is kept of a person once (employee to last seen) stands in the row of the measure ``in`` only: a message reads
these columns, and most of their cells are blank then. First and last day of the employment, of which punches say
nothing, stand below in the row ``breaks``, and machines' other IDs of the person in the row ``out``: so the days have
the same columns in every workbook, whatever version made it, and the rows of hours in ``Daily Attendance``, which know
the row ``breaks``, find them.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property, lru_cache

from attendance_backend.domain.days import DayTimes
from attendance_backend.domain.people import MachineId, Member, Person, Seen, site_key, user_key
from attendance_backend.domain.plans import AFTERNOON, DAY_S, MORNING, WHOLE_DAY, Break, PlannedDay, Shift
from attendance_backend.review import day_header, row_counts
from attendance_backend.review.names import DAYS, DAYS_ID
from attendance_backend.sheet import serial
from attendance_backend.sheet.blocks import write_cells
from attendance_backend.sheet.changes import AddRows, Change, NewCell
from attendance_backend.sheet.grid import Area, Place, Worksheet
from attendance_backend.sheet.layout import Column, Layout

KEY = Column("key", "Key")
USER_NAME = Column("user_name", "User Name")
MEASURE = Column("measure", "Measure")
EMPLOYEE = Column("employee", "Employee")
DEVICE_USER_ID = Column("device_user_id", "Device User ID")
SITE = Column("site", "Site")
LAST_SITE = Column("last_site", "Last Site / First Day")
LAST_SEEN = Column("last_seen", "Last Seen / Last Day")
FIRST_EMPLOYED, LAST_EMPLOYED = LAST_SITE, LAST_SEEN
"""Columns of the row ``breaks``."""
LAYOUT = Layout(
    DAYS,
    DAYS_ID,
    (KEY, USER_NAME, MEASURE, EMPLOYEE, DEVICE_USER_ID, SITE, LAST_SITE, LAST_SEEN),
    hidden=True,
    plain=True,
    warning="Kept by the program: what the punches say of each day. Never edit.",
)
IN, OUT, BREAKS = "in", "out", "breaks"
MEASURES = (IN, OUT, BREAKS)
PLAN, DUE, EXPECTED, MIDDLE, ENDS, FIRST_HALF = "plan", "due", "expected", "middle", "end", "first half"
_PLANNED_MEASURES = (PLAN, DUE, EXPECTED, MIDDLE, ENDS, FIRST_HALF)
MACHINE_IDS = DEVICE_USER_ID
"""A column of the row ``out``."""
IS_PLANNED, _MARK = EMPLOYEE, "planned"
"""A column of the row ``plan``."""
WITH_TIMES, ANY_TIME, FREE = "TWO"
"""How the text of a planned day begins: a shift with times, a working day without, a free day."""
OPENS, START, END, COUNTS_FROM, COUNTS_TO, AFTER, BREAK, AFTER_2, BREAK_2, HOURS = range(10)
OVERTIME_AFTER, NIGHT_FROM, NIGHT_TO, END_GRACE, LATE_AFTER, NAME = range(10, 16)
_FLAGS = "kind", "follows", "later", "weekend", "holiday", "holiday next"
WEEKEND_FLAG, HOLIDAY_FLAG, NEXT_HOLIDAY_FLAG = 4, 5, 6
"""Where in the text of a planned day, from 1 on: 1 for the date, 2 for the next one, 3 for both; parts of a holiday."""
PARTS = ("", MORNING, AFTERNOON, WHOLE_DAY)
"""Of a holiday, as the text counts them from 0 on."""
_FIRST, _WIDTH = len(_FLAGS) + 1, 7
NEVER_S = 999_999
"""In the text of a planned day: no such time."""
KEY_SEPARATOR = "/"
"""A row's key is the user's key (`user_key`), this, and the measure."""


@dataclass(frozen=True)
class Facts:
    """What punches say of people.

    Attributes:
        times: by `Person.key` and business day.
        seen: by `Person.key`; None of whom no punch counts.
    """

    times: Mapping[tuple[str, date], DayTimes] = field(default_factory=dict)
    seen: Mapping[str, Seen | None] = field(default_factory=dict)


def plan_text(planned: PlannedDay) -> str:
    """What stands in the row ``plan``: what kind of day it is, then seconds, each at its place, and the name."""
    shift, times = planned.shift or Shift(""), planned.times
    start, end = times or (0, 0)
    kind = WITH_TIMES if times else ANY_TIME if planned.is_working else FREE
    first, second = (*shift.breaks, *[Break(0, NEVER_S)] * 2)[:2]
    seconds = (
        *(planned.opens_s, start, end),
        *(start if shift.from_start else 0, end if shift.to_end else NEVER_S),
        *(first.after_s, first.length_s, second.after_s, max(first.length_s, second.length_s)),
        shift.worked_s if times else 0,
        NEVER_S if shift.overtime_after_s is None else shift.overtime_after_s,
        *planned.night_s,
        planned.end_grace_s,
        NEVER_S if planned.due_s is None else planned.due_s,
    )
    today, following = planned.weekend
    parts = "".join(str(PARTS.index(part)) for part in planned.holidays)
    flags = f"{kind}{'b' if planned.follows_boundary else '-'}{planned.ends_later:d}{today + 2 * following}{parts}"
    return " ".join([flags, *(f"{each:06}" for each in seconds), planned.name]).strip()


def _numbers(planned: PlannedDay) -> tuple[int | None, ...]:
    """In the order of `_PLANNED_MEASURES`, the text left out."""
    shift = planned.shift
    worked_s = None if shift is None else shift.worked_s or None
    if planned.times is None or worked_s is None:
        return planned.due_s, worked_s, None, None, None
    start_s, end_s = planned.times
    return planned.due_s, worked_s, end_s - worked_s // 2, end_s, start_s + worked_s // 2


@lru_cache(maxsize=4096)
def _planned_day(text: str) -> PlannedDay | None:
    """What a text of `plan_text` says; None for what is none."""
    parts = text.split(" ", NAME + 1)
    if len(parts) <= NAME or not all(part.isdecimal() for part in parts[1 : NAME + 1]):
        return None
    if len(parts[0]) != len(_FLAGS) or not parts[0][WEEKEND_FLAG - 1 :].isdecimal():
        return None
    kind, follows, later = parts[0][0], parts[0][1], parts[0][2]
    opens, start, end = (int(part) for part in parts[1:4])
    name = parts[NAME + 1] if len(parts) > NAME + 1 else ""
    late_after = int(parts[LATE_AFTER + 1])
    has_times = kind == WITH_TIMES
    shift = Shift(name, start, end, late_after_s=late_after) if has_times else None
    weekend = int(parts[0][WEEKEND_FLAG - 1])
    free, free_next = (PARTS[int(each) % len(PARTS)] for each in parts[0][HOLIDAY_FLAG - 1 :])
    return PlannedDay(
        name,
        kind != FREE,
        opens,
        follows == "b",
        later == "1",
        shift,
        weekend=(weekend % 2 == 1, weekend > 1),
        holidays=(free, free_next),
        night_s=(int(parts[NIGHT_FROM + 1]), int(parts[NIGHT_TO + 1])),
        end_grace_s=int(parts[END_GRACE + 1]),
        cut_off_s=None if has_times or late_after == NEVER_S else late_after,
    )


def plan_flag(cell: str, place: int) -> str:
    """For formulas: a flag of a planned day, as a number."""
    return f"(MID({cell},{place},1)+0)"


def is_holiday(cell: str) -> str:
    """For formulas: whether all of a planned day is a holiday."""
    return f"{plan_flag(cell, HOLIDAY_FLAG)}={PARTS.index(WHOLE_DAY)}"


def plan_part(cell: str, part: int) -> str:
    """For formulas: a number of a planned day, or its name, from the cell of the row ``plan``."""
    place = _FIRST + 1 + part * _WIDTH
    return f"MID({cell},{place},99)" if part == NAME else f"(MID({cell},{place},{_WIDTH - 1})+0)"


class Days:
    """The worksheet as far as it was read.

    Args:
        worksheet: with what is kept of people once, and the columns of some days.
        known: where everybody's rows are known to stand, if the rows of some people only were read.
        keys: of these people.
    """

    def __init__(self, worksheet: Worksheet, known: "Days | None" = None, keys: Collection[str] = ()) -> None:
        self.worksheet = worksheet
        self.columns = day_header.columns_by_day(worksheet)
        self.rows: dict[str, dict[str, int]] = _rows_by_key(worksheet) if known is None else known.rows
        self.there: int = self._number_of_rows() if known is None else known.there
        at = {
            column: worksheet.at(column) for column in (EMPLOYEE, DEVICE_USER_ID, SITE, LAST_SITE, LAST_SEEN)
        }
        read = {
            key: _member(worksheet, key, self.rows[key], at) for key in (self.rows if known is None else keys)
        }
        self.members: dict[str, Member] = read if known is None else {**known.members, **read}

    def is_incomplete(self) -> bool:
        """Whether somebody's rows are not all there, or rows were deleted or added by somebody else."""
        return row_counts.counted(self.worksheet, KEY) != self.there or any(
            measure not in rows for rows in self.rows.values() for measure in MEASURES
        )

    @cached_property
    def planned(self) -> set[str]:
        """The keys of people whose days HR plans; asked for with each punch."""
        sheet = self.worksheet
        return {
            key
            for key, rows in self.rows.items()
            if PLAN in rows and sheet.text(rows[PLAN], IS_PLANNED) == _MARK
        }

    def plan(self, key: str, day: date) -> PlannedDay | None:
        """What is planned for a person and day, as far as it was read; None without a plan.

        The day after the last one, which has no column, never opens here for whoever has a plan.
        """
        row, column = self.rows.get(key, {}).get(PLAN), self.columns.get(day)
        if row is None:
            return None
        if column is not None:
            return _planned_day(self.worksheet.text(row, column))
        before = self.columns.get(day - timedelta(days=1))
        if before is None or day < max(self.columns) or not self.worksheet.text(row, before):
            return None
        # What is stored here of the day after the last one counts for its night (`handlers.moving`).
        return PlannedDay("", is_working=False, opens_s=DAY_S, follows_boundary=False)

    def replanned(self, plans: Mapping[str, Mapping[date, PlannedDay]]) -> list[Change]:
        """What makes the worksheet, of which all was read, hold people's plans, and no others.

        Args:
            plans: by `Person.key`; people without rows are left out.
        """
        sheet = self.worksheet
        lacking = [
            (key, measure)
            for key, days in plans.items()
            for measure in _PLANNED_MEASURES
            if days and key in self.rows and measure not in self.rows[key]
        ]
        changes: list[Change] = []
        at = {(key, measure): row for key, rows in self.rows.items() for measure, row in rows.items()}
        if lacking:
            new = {each: sheet.row_count + index for index, each in enumerate(lacking)}
            rows = [_row(sheet, key, key, measure) for key, measure in lacking]
            changes = [
                AddRows(sheet.sheet_id, len(rows)),
                *row_counts.count(sheet, KEY, self.there + len(rows)),
                *_write_rows(sheet.sheet_id, sheet.row_count, rows),
            ]
            at |= new
        expected: dict[Place, NewCell] = {}
        for key in self.rows:
            days, row = plans.get(key, {}), at.get((key, PLAN))
            if row is None:
                continue
            expected[row, sheet.at(IS_PLANNED)] = NewCell(_MARK if days else None)
            for day, column in self.columns.items():
                planned = days.get(day)
                expected[row, column] = NewCell(None if planned is None else plan_text(planned))
                numbers = (None,) * 5 if planned is None else _numbers(planned)
                for measure, seconds in zip(_PLANNED_MEASURES[1:], numbers, strict=True):
                    if (key, measure) in at:
                        expected[at[key, measure], column] = _fraction_cell(seconds)
        cells = {place: cell for place, cell in expected.items() if not _holds(sheet, place, cell)}
        return [*changes, *write_cells(sheet.sheet_id, cells)]

    def recount(self) -> list[Change]:
        """A write of how many rows there are, unless it is told already."""
        return row_counts.count(self.worksheet, KEY, self.there)

    def _number_of_rows(self) -> int:
        sheet, place = self.worksheet, self.worksheet.at(KEY)
        return sum((row, place) in sheet.cells for row in range(sheet.first_row, sheet.row_count))

    def missing_rows(self) -> list[Change]:
        """Rows at the end of the grid for the measures that people lack."""
        missing = [
            (key, measure) for key, rows in self.rows.items() for measure in MEASURES if measure not in rows
        ]
        if not missing:
            return []
        rows = [_row(self.worksheet, key, key, measure) for key, measure in missing]
        sheet = self.worksheet
        return [AddRows(sheet.sheet_id, len(rows)), *_write_rows(sheet.sheet_id, sheet.row_count, rows)]

    def changes(self, facts: Facts) -> list[Change]:
        """Writes of the cells that do not hold the facts."""
        return [*write_cells(self.worksheet.sheet_id, self.differences(facts))]

    def differences(self, facts: Facts) -> dict[Place, NewCell]:
        """The cells that do not hold the facts, with what belongs there; people and days without a place excepted."""
        cells: dict[Place, NewCell] = {}
        for (key, day), times in facts.times.items():
            column = self.columns.get(day)
            if column is not None:
                cells |= self._day_cells(self.rows.get(key, {}), column, times)
        for key, seen in facts.seen.items():
            row = self.rows.get(key, {}).get(IN)
            if row is not None:
                cells |= self._unlike(row, _seen_cells(seen))
        return cells

    def employment(self, people: Iterable[Person]) -> dict[Place, NewCell]:
        """What belongs into the cells that do not hold people's first and last day; who has no row is left out."""
        cells: dict[Place, NewCell] = {}
        for person in people:
            row = self.rows.get(person.key, {}).get(BREAKS)
            if row is not None:
                cells |= self._unlike(row, _employment_cells(person))
        return cells

    def _unlike(self, row: int, expected: Mapping[Column, NewCell]) -> dict[Place, NewCell]:
        """Of what belongs into a row, what does not stand there."""
        cells = {(row, self.worksheet.at(column)): cell for column, cell in expected.items()}
        return {place: cell for place, cell in cells.items() if not _holds(self.worksheet, place, cell)}

    def _day_cells(self, rows: Mapping[str, int], column: int, times: DayTimes) -> dict[Place, NewCell]:
        cells: dict[Place, NewCell] = {}
        for measure, expected in zip(MEASURES, _seconds(times), strict=True):
            row, cell = rows.get(measure), _fraction_cell(expected)
            if row is not None and not _holds(self.worksheet, (row, column), cell):
                cells[row, column] = cell
        return cells


def key_of(user: str, measure: str) -> str:
    """How `KEY` names a person's row; `user` is a `user_key`."""
    return f"{user}{KEY_SEPARATOR}{measure}"


def create(people: Sequence[Person], days: Sequence[date], facts: Facts | None = None) -> list[Change]:
    """The whole worksheet.

    Args:
        people: in the order of their rows.
        days: business days, whole weeks.
        facts: what is known already.
    """
    sheet = day_header.as_made(LAYOUT, days)
    rows = _rows_of(people, sheet, facts or Facts())
    dates = tuple(NewCell(serial.from_date(day)) for day in days)
    return [
        *LAYOUT.create(sheet.first_row + len(rows), (dates,)),
        *row_counts.count(sheet, KEY, len(rows)),
        *_write_rows(DAYS_ID, sheet.first_row, rows),
    ]


def add_people(worksheet: Worksheet, people: Sequence[Person], facts: Facts | None = None) -> list[Change]:
    """Rows at the end of the grid for people who have none.

    Args:
        worksheet: of which the header was read.
        people: in the order of their rows.
        facts: what is known of them.
    """
    rows = _rows_of(people, worksheet, facts or Facts())
    if not rows:
        return []
    there = row_counts.counted(worksheet, KEY)
    if there is None:
        there = worksheet.row_count - worksheet.first_row
    return [
        AddRows(worksheet.sheet_id, len(rows)),
        *row_counts.count(worksheet, KEY, there + len(rows)),
        *_write_rows(worksheet.sheet_id, worksheet.row_count, rows),
    ]


def _row(sheet: Worksheet, user: str, name: str, measure: str) -> dict[int, NewCell]:
    """What tells whose row it is, and of what, by place."""
    return {
        sheet.at(KEY): NewCell(key_of(user, measure)),
        sheet.at(USER_NAME): NewCell(name),
        sheet.at(MEASURE): NewCell(measure),
    }


def person_rows(person: Person, sheet: Worksheet, facts: Facts) -> tuple[dict[int, NewCell], ...]:
    """A person's three rows, check-ins, check-outs and breaks, by place; `sheet` as far as its header was read."""
    lines = tuple(_row(sheet, person.key, person.user_name, measure) for measure in MEASURES)
    first, second, breaks = lines
    once: dict[Column, float | str | None] = {
        EMPLOYEE: person.name,
        DEVICE_USER_ID: person.device_user_id or None,
        SITE: person.site or None,
    }
    second[sheet.at(MACHINE_IDS)] = NewCell(machine_ids_text(person.machine_ids) or None)
    first |= {sheet.at(column): NewCell(value) for column, value in once.items()}
    first |= {sheet.at(column): cell for column, cell in _seen_cells(facts.seen.get(person.key)).items()}
    breaks |= {sheet.at(column): cell for column, cell in _employment_cells(person).items()}
    for day, column in day_header.columns_by_day(sheet).items():
        times = facts.times.get((person.key, day))
        if times is not None:
            for line, seconds in zip(lines, _seconds(times), strict=True):
                line[column] = _fraction_cell(seconds)
    return lines


def areas(worksheet: Worksheet, days: Sequence[date]) -> list[Area]:
    """What must be read to store punches of these business days, by where the columns stand."""
    kept = (KEY, EMPLOYEE, DEVICE_USER_ID, SITE, LAST_SITE, LAST_SEEN)
    return day_header.areas(worksheet, kept, days)


def _rows_by_key(worksheet: Worksheet) -> dict[str, dict[str, int]]:
    """Where each person's rows stand, by `Person.key` and measure."""
    rows: dict[str, dict[str, int]] = {}
    place = worksheet.at(KEY)
    for row in range(worksheet.first_row, worksheet.row_count):
        key, separator, measure = worksheet.text(row, place).rpartition(KEY_SEPARATOR)
        if separator and measure in (*MEASURES, *_PLANNED_MEASURES):
            rows.setdefault(user_key(key), {}).setdefault(measure, row)
    return rows


def _member(worksheet: Worksheet, key: str, rows: Mapping[str, int], at: Mapping[Column, int]) -> Member:
    row, out_row, below = rows.get(IN), rows.get(OUT), rows.get(BREAKS)
    if row is None:
        return Member(key, key, "", "")
    first, last = (
        None if below is None else worksheet.date(below, at[column])
        for column in (FIRST_EMPLOYED, LAST_EMPLOYED)
    )
    moment = worksheet.moment(row, at[LAST_SEEN])
    return Member(
        key,
        worksheet.text(row, at[EMPLOYEE]) or key,
        worksheet.label(row, at[DEVICE_USER_ID]),
        site_key(worksheet.text(row, at[SITE])),
        None if moment is None else Seen(moment, worksheet.text(row, at[LAST_SITE])),
        first,
        last,
        () if out_row is None else _machine_ids(worksheet.text(out_row, at[MACHINE_IDS])),
    )


def machine_ids_text(links: Iterable[MachineId]) -> str:
    """How a person's row ``out`` holds by which machines know the person."""
    lines = [
        (
            *(each.site, each.user_id, each.user_name),
            *(day.isoformat() if day else "" for day in (each.first, each.until)),
            each.row,
        )
        for each in links
    ]
    return json.dumps(lines, ensure_ascii=False) if lines else ""


@lru_cache(maxsize=1024)
def _machine_ids(text: str) -> tuple[MachineId, ...]:
    """What `machine_ids_text` says; nothing of what somebody typed instead."""
    found = []
    try:
        for site, user_id, user_name, first, until, row in json.loads(text or "[]"):
            begin, end = (date.fromisoformat(day) if day else None for day in (first, until))
            found.append(MachineId(site, user_id, user_name, begin, end, row))
    except (ValueError, TypeError):
        return ()
    return tuple(found)


def _employment_cells(person: Person) -> dict[Column, NewCell]:
    """What stands in the row ``breaks``, by column."""
    days = {FIRST_EMPLOYED: person.first_day, LAST_EMPLOYED: person.last_day}
    return {column: NewCell(None if day is None else serial.from_date(day)) for column, day in days.items()}


def _seen_cells(seen: Seen | None) -> dict[Column, NewCell]:
    """What stands in the row ``in``, by column."""
    if seen is None:
        return {LAST_SITE: NewCell(None), LAST_SEEN: NewCell(None)}
    return {LAST_SITE: NewCell(seen.site), LAST_SEEN: NewCell(serial.from_datetime(seen.at))}


def _rows_of(people: Iterable[Person], sheet: Worksheet, facts: Facts) -> list[dict[int, NewCell]]:
    return [row for person in people for row in person_rows(person, sheet, facts)]


def _write_rows(sheet_id: int, first_row: int, rows: Sequence[Mapping[int, NewCell]]) -> list[Change]:
    """The cells of whole rows that hold something: the rows are new."""
    cells = {
        (first_row + down, column): cell
        for down, row in enumerate(rows)
        for column, cell in row.items()
        if cell.value is not None
    }
    return [*write_cells(sheet_id, cells)]


def _seconds(times: DayTimes) -> tuple[int | None, int | None, int | None]:
    """In the order of `MEASURES`."""
    return times.check_in, times.check_out, times.breaks or None


def _holds(sheet: Worksheet, place: Place, expected: NewCell) -> bool:
    cell = sheet.cells.get(place)
    if cell is None or cell.is_formula or isinstance(cell.value, bool):
        return cell is None and expected.value is None
    if isinstance(expected.value, float) and isinstance(cell.value, int | float):
        # To the second: of fractions a service may give back the last bits otherwise.
        return abs(cell.value - expected.value) * serial.SECONDS_A_DAY < 0.5
    return cell.value == expected.value


def _fraction_cell(seconds: int | None) -> NewCell:
    return NewCell(None if seconds is None else serial.from_seconds(seconds))

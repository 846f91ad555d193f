"""Rows for ``Exceptions`` about days of which all data has arrived. Pure logic.

A day is complete for a person when it is complete at the site that HR keeps for the person, or, without one, at all
sites of the workbook. What is said of a day is said once, when it becomes complete.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import product

from attendance_backend.domain.completeness import Advance
from attendance_backend.domain.people import Member
from attendance_backend.domain.plans import DAY_OFF, WHOLE_DAY, PlannedDay
from attendance_backend.review import (
    book,
    daily_columns,
    day_header,
    days_sheet,
    exceptions_sheet,
    monthly_columns,
    weekly_columns,
)
from attendance_backend.review.days_sheet import Days
from attendance_backend.review.exceptions_sheet import CONTRADICTIONS, Entry
from attendance_backend.review.formulas import user_of
from attendance_backend.review.names import DAILY, DAYS, EXCEPTIONS, MONTHLY, WEEKLY
from attendance_backend.sheet import serial
from attendance_backend.sheet.grid import Spreadsheet, Worksheet

WANTS = (book.whole(DAYS), book.header(DAILY), book.columns(WEEKLY))
"""What must be read for `entries`."""

_FIRST_FREE_WEEKDAY = 5
_DAY = timedelta(days=1)


def entries(workbook: Spreadsheet, moves: Sequence[Advance], grace_s: int) -> list[list[Entry]]:
    """Rows for ``Exceptions``: who was late, absent or forgot to check out, of each move in order of days and names.

    Args:
        workbook: with the cells of `WANTS`.
        moves: the days that became complete.
        grace_s: so long after the cut-off time nobody is late.
    """
    days = Days(workbook.worksheet(DAYS))
    daily = workbook.worksheet(DAILY)
    kind = daily.lines[day_header.KIND]
    kinds = {day: daily.text(kind, column) for day, column in day_header.columns_by_day(daily).items()}
    cut_offs = cut_offs_in(workbook.worksheet(WEEKLY))
    found: list[list[tuple[date, str, Entry]]] = [[] for _ in moves]
    for (number, moved), member in product(enumerate(moves), days.members.values()):
        site = member.seen.site if member.seen is not None else moved.site
        for day in _complete_days(days, member, moved):
            column = days.columns.get(day)
            if column is None or any(measure not in days.rows[member.key] for measure in days_sheet.MEASURES):
                continue
            planned = days.plan(member.key, day)
            due_s = None if planned is None else planned.due_s
            person_day = _PersonDay(
                site=site,
                member=member,
                day=day,
                check_in=_seconds(days.worksheet, days.rows[member.key][days_sheet.IN], column),
                check_out=_seconds(days.worksheet, days.rows[member.key][days_sheet.OUT], column),
                cut_off=cut_offs.get(member.key) if due_s is None else due_s,
                grace_s=grace_s,
                is_working_day=(
                    day.weekday() < _FIRST_FREE_WEEKDAY if planned is None else planned.is_working
                )
                and not (
                    day_header.is_free(kinds.get(day, ""), member.home)
                    if planned is None
                    else planned.holidays[0] == WHOLE_DAY or kinds.get(day, "") == day_header.OTHER_PERIOD
                ),
                is_day_off=planned is not None and planned.name == DAY_OFF,
                than="the cut-off time"
                if planned is None or planned.times is None
                else f"the start of {planned.name}",
                planned=planned,
            )
            found[number] += [(day, member.employee, entry) for entry in person_day.entries()]
    return [[entry for *_, entry in sorted(each, key=lambda one: one[:2])] for each in found]


def _complete_days(days: Days, member: Member, moved: Advance) -> list[date]:
    """The days that became complete for somebody: a night's shift with the day after it."""
    complete = moved.days_of(member)
    if member.key not in days.planned:
        return [*complete]
    found = []
    for day in complete:
        for each in (day - _DAY, day):
            planned = days.plan(member.key, each)
            if (planned is not None and planned.ends_later) is (each < day):
                found.append(each)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _PersonDay:
    """A complete day of a person; times in seconds after the day's midnight."""

    site: str
    member: Member
    day: date
    check_in: int | None
    check_out: int | None
    cut_off: int | None
    grace_s: int
    is_working_day: bool
    is_day_off: bool
    than: str
    planned: PlannedDay | None

    def entries(self) -> Iterator[Entry]:
        about = (self.day, self.site, self.member.employee, self.member.key)
        if self.check_in is None and self.check_out is None:
            if self.is_working_day and self.member.is_employed(self.day):
                yield exceptions_sheet.absent(*about)
            return
        if self.is_day_off:
            yield exceptions_sheet.worked_on_a_day_off(*about)
        if self.check_in is None:
            yield exceptions_sheet.missing_in(*about)
        elif self.check_out is None:
            yield exceptions_sheet.missing_out(*about)
        if self.check_in is not None and self.cut_off is not None and self.is_working_day:
            # In minutes as anybody reckons who sees both times in the worksheets, where seconds do not count.
            by_minutes = self.check_in // 60 - self.cut_off // 60
            if self.check_in // 60 * 60 - self.cut_off > self.grace_s:
                yield exceptions_sheet.late(*about, by_minutes=by_minutes, than=self.than)
        if self.planned is not None and self.planned.times is not None and self.is_working_day:
            by_minutes = 0 if self.check_out is None else self.planned.times[1] // 60 - self.check_out // 60
            if by_minutes * 60 > self.planned.end_grace_s:
                yield exceptions_sheet.left_early(*about, by_minutes=by_minutes, than=self.planned.name)


def contradictions(workbook: Spreadsheet) -> list[Entry]:
    """Rows for ``Exceptions`` about days that contradict themselves, whoever made them so, unless they are named there.

    Args:
        workbook: with all cells of ``Monthly Summary`` and ``Exceptions``; without one of them nothing can be told.
    """
    monthly, told = workbook.find(MONTHLY), workbook.find(EXCEPTIONS)
    if monthly is None or told is None:
        return []
    named = {
        (
            told.text(row, exceptions_sheet.USER),
            told.date(row, exceptions_sheet.DAY),
            told.text(row, exceptions_sheet.KIND),
        )
        for row in told.data_rows()
    }
    found: list[Entry] = []
    days = sorted(day_header.columns_by_day(monthly).items())
    for row in monthly.data_rows():
        token, site = monthly.text(row, monthly_columns.TOKEN), monthly.text(row, monthly_columns.SITE)
        who = monthly.text(row, monthly_columns.EMPLOYEE)
        found += [
            exceptions_sheet.contradictions[kind](day, site, who, user_of(token))
            for day, column in days
            for kind in CONTRADICTIONS
            if user_of(token) and kind in monthly.text(row, column) and (token, day, kind) not in named
        ]
    return found


def cut_offs_in(weekly: Worksheet) -> dict[str, int]:
    """Cut-off times by `user_key`, as they count in this workbook."""
    found: dict[str, int] = {}
    for row in weekly.data_rows():
        is_odd = weekly_columns.is_not_understood(weekly, row)
        column = weekly_columns.CUT_OFF_AS_SET if is_odd else weekly_columns.CUT_OFF
        number = weekly.number(row, column)
        key = weekly.text(row, weekly_columns.KEY).rpartition(daily_columns.KEY_SEPARATOR)[0]
        if key and number is not None:
            found.setdefault(key, serial.to_seconds(number))
    return found


def _seconds(worksheet: Worksheet, row: int, column: int) -> int | None:
    number = worksheet.number(row, column)
    return None if number is None else serial.to_seconds(number)

"""Days of which all data has come: what a person should look at in them. Pure logic.

A day is complete for a person when it is complete at the site that HR keeps for the person, or, without one, at all
sites of the workbook. What is said of a day is said once, when it becomes complete.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from attendance_backend.sheet import serial
from attendance_backend.sheet.grid import Area, Spreadsheet, Worksheet
from attendance_backend.workbook import day_header, days_sheet, exceptions, weekly_columns
from attendance_backend.workbook.days_sheet import Days, Member
from attendance_backend.workbook.exceptions_sheet import Entry
from attendance_backend.workbook.names import DAILY, DAYS, WEEKLY
from attendance_backend.workbook.sites_sheet import SiteRow, site_key
from attendance_backend.control.roster import user_key
from attendance_contracts import ReviewPeriod

AREAS = (
    Area(DAYS),
    Area.of_rows(DAILY, 0, day_header.HEADER_ROWS),
    Area.of_columns(WEEKLY, weekly_columns.USER_NAME, weekly_columns.CUT_OFF + 1),
)
"""What must be read for `entries`."""

_FIRST_FREE_WEEKDAY = 5
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Advance:
    """The days that became complete.

    Attributes:
        site: that reported it.
        of_site: for people of that site.
        of_all: for people without a site: all sites have reported these.
    """

    site: str
    of_site: tuple[date, ...]
    of_all: tuple[date, ...]

    def days_of(self, member: Member) -> tuple[date, ...]:
        """The days that became complete for a person."""
        if not member.home:
            return self.of_all
        return self.of_site if member.home == site_key(self.site) else ()


def advance(
    sites: Mapping[str, SiteRow], site: str, through: date, first_day: date, last_day: date
) -> Advance:
    """What becomes complete when a site has reported all days through one.

    Args:
        sites: of the workbook, as they were before.
        site: that reports.
        through: the last complete day.
        first_day: of the period.
        last_day: of the period.
    """
    before = {key: row.complete_through for key, row in sites.items()}
    before.setdefault(site_key(site), None)
    old = before[site_key(site)]
    after = {**before, site_key(site): max(through, old or through)}
    own = _between(old, after[site_key(site)], first_day, last_day)
    return Advance(site, own, _between(_least(before.values()), _least(after.values()), first_day, last_day))


def entries(workbook: Spreadsheet, moved: Advance, period: ReviewPeriod, grace_s: int) -> list[Entry]:
    """Rows for ``Exceptions``: who was late, absent or forgot to check out, in order of days and names.

    Args:
        workbook: with the cells of `AREAS`.
        moved: the days that became complete.
        period: of the workbook.
        grace_s: so long after the cut-off time nobody is late.
    """
    days = Days(workbook.worksheet(DAYS))
    free = _free_days(workbook.worksheet(DAILY))
    cut_offs = _cut_offs(workbook.worksheet(WEEKLY))
    found: list[tuple[date, str, Entry]] = []
    for member in days.members.values():
        site = member.seen.site if member.seen is not None else moved.site
        for day in moved.days_of(member):
            column = days.columns.get(day)
            if column is None or days_sheet.IN not in member.rows or days_sheet.OUT not in member.rows:
                continue
            times = tuple(
                _seconds(days.worksheet, member.rows[measure], column)
                for measure in (days_sheet.IN, days_sheet.OUT)
            )
            day_of = _PersonDay(site, member, day, *times, cut_offs.get(member.key), grace_s)
            works = day.weekday() < _FIRST_FREE_WEEKDAY and day not in free
            found += [(day, member.employee, entry) for entry in day_of.entries(is_working_day=works)]
    return [entry for _, _, entry in sorted(found, key=lambda each: each[:2])]


@dataclass(frozen=True, slots=True)
class _PersonDay:
    """A complete day of a person; times in seconds after the day's midnight."""

    site: str
    member: Member
    day: date
    check_in: int | None
    check_out: int | None
    cut_off: int | None
    grace_s: int

    def entries(self, *, is_working_day: bool) -> Iterator[Entry]:
        who = (self.site, self.member.employee, self.member.key, self.day)
        if self.check_in is None and self.check_out is None:
            if is_working_day:
                yield exceptions.absent(self._at(0), *who)
            return
        if self.check_in is None:
            yield exceptions.missing_in(self._at(self.check_out or 0), *who)
        elif self.check_out is None:
            yield exceptions.missing_out(self._at(self.check_in), *who)
        if self.check_in is not None and self.cut_off is not None and is_working_day:
            by_s = self.check_in - self.cut_off
            if by_s > self.grace_s:
                yield exceptions.late(self._at(self.check_in), *who, by_minutes=math.ceil(by_s / 60))

    def _at(self, seconds: int) -> datetime:
        return datetime.combine(self.day, time()) + timedelta(seconds=seconds)


def _between(old: date | None, new: date | None, first_day: date, last_day: date) -> tuple[date, ...]:
    """The days of the period after `old` through `new`."""
    if new is None:
        return ()
    start = first_day if old is None else max(first_day, old + _DAY)
    return tuple(start + number * _DAY for number in range((min(new, last_day) - start).days + 1))


def _least(days: Iterable[date | None]) -> date | None:
    """The earliest; None when one is not known."""
    known = list(days)
    return min((day for day in known if day is not None), default=None) if None not in known else None


def _free_days(daily: Worksheet) -> set[date]:
    """Holidays, and days of other periods."""
    return {
        day
        for day, column in day_header.columns_by_day(daily).items()
        if daily.text(day_header.KIND, column)
    }


def _cut_offs(weekly: Worksheet) -> dict[str, int]:
    """Cut-off times by `user_key`, as HR keeps them in this workbook."""
    found: dict[str, int] = {}
    for row in range(weekly_columns.HEADER_ROWS, weekly.end_row()):
        number = weekly.number(row, weekly_columns.CUT_OFF)
        key = user_key(weekly.text(row, weekly_columns.USER_NAME))
        if key and number is not None:
            found.setdefault(key, serial.to_seconds(number))
    return found


def _seconds(worksheet: Worksheet, row: int, column: int) -> int | None:
    number = worksheet.number(row, column)
    return None if number is None else serial.to_seconds(number)

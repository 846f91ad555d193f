"""Review periods: which comes next, which days it has, and the twelve that are proposed for a year."""

import calendar
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from attendance_contracts import ReviewPeriod

GAP_DAYS = 7
"""A period that begins at most so many days after the end of the one before takes in the days between them.
A longer gap means that a period is missing."""

NOTICE_DAYS = 14
"""So long before the last period ends, the next one is asked for."""

_FRIDAY = 4
_DAY = timedelta(days=1)
_MONDAY_AFTER = timedelta(days=3)
_NEAR = timedelta(weeks=2)
"""A period that ends further away than this from where the proposal begins is not its neighbour."""


def effective_end(end: date) -> date:
    """A period that ends on a Friday runs through the Sunday after it, unless HR sets where weeks begin."""
    return end + 2 * _DAY if end.weekday() == _FRIDAY else end


def period_named(periods: Iterable[ReviewPeriod], name: str) -> ReviewPeriod | None:
    """The period of this name, compared without case; None without one."""
    return next((period for period in periods if period.name.casefold() == name.casefold()), None)


def next_period(periods: Sequence[ReviewPeriod], after: date | None, on: date) -> ReviewPeriod | None:
    """The period that follows the one that ended `after`, or without one, the period to begin with.

    Args:
        periods: in order of time.
        after: last day of the site's previous period; None at its first run.
        on: the site's current day.

    Returns:
        A period that begins the day after `after`, whatever HR changed since; None when it is not published.
    """
    if after is None:
        return next(
            (each for each in periods if each.first_day - GAP_DAYS * _DAY <= on <= each.last_day), None
        )
    for period in periods:
        if period.last_day > after:
            if (period.first_day - after).days > GAP_DAYS:
                return None
            return ReviewPeriod(period.name, after + _DAY, period.last_day)
    return None


def last_day_before(periods: Sequence[ReviewPeriod], on: date) -> date | None:
    """The last day of the latest period that is over on a day; None when there is none."""
    return max((period.last_day for period in periods if period.last_day < on), default=None)


def week_of(day: date, begins_on: int = 0) -> date:
    """The first day of a day's week, of weeks that begin on a weekday (0 is Monday)."""
    return day - (day.weekday() - begins_on) % 7 * _DAY


def whole_weeks(first_day: date, last_day: date, begins_on: int = 0) -> list[date]:
    """All days from the first one of the first day's week to the last one of the last day's."""
    begin, end = week_of(first_day, begins_on), week_of(last_day, begins_on) + 7 * _DAY
    return [begin + offset * _DAY for offset in range((end - begin).days)]


@dataclass(frozen=True, slots=True)
class ProposedPeriod:
    """A row of a year's worksheet; `last_day` is a Friday, which means the Sunday after it."""

    month: str
    first_day: date
    last_day: date


def propose(year: int, after: date | None = None) -> Iterator[ProposedPeriod]:
    """The twelve periods of a year.

    Args:
        after: last day of the period before them, where there is one; the first period then begins the day after.
    """
    previous = _last_friday(year - 1, 12)
    for month in range(1, 13):
        friday = _last_friday(year, month)
        first_day = previous + _MONDAY_AFTER
        if month == 1 and after is not None and abs(after - first_day) <= _NEAR:
            first_day = after + timedelta(days=1)
        yield ProposedPeriod(calendar.month_name[month], first_day, friday)
        previous = friday


def _last_friday(year: int, month: int) -> date:
    last = date(year, month, calendar.monthrange(year, month)[1])
    return last - timedelta(days=(last.weekday() - _FRIDAY) % 7)

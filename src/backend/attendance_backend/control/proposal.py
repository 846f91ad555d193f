"""The review periods that are proposed for a year: whole weeks, each through the last Friday of its month."""

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

_FRIDAY = 4
_MONDAY_AFTER = timedelta(days=3)
_NEAR = timedelta(weeks=2)
"""A period that ends further away than this from where the proposal begins is not its neighbour."""


@dataclass(frozen=True, slots=True)
class ProposedPeriod:
    """A row of a year's worksheet; `last_day` is a Friday, which means the Sunday after it."""

    month: str
    first_day: date
    last_day: date


def propose(year: int, after: date | None = None) -> Iterator[ProposedPeriod]:
    """The twelve periods of a year.

    Args:
        year: which.
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

"""HR's calendar: the rows that HR types, and which days they make a period of."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from attendance_contracts import ReviewPeriod, business_day

FIRST_MONDAY = date(2026, 1, 5)
FRIDAY = 4
LONGEST_GAP = timedelta(days=7)
"""Days between two periods that still count for the later one."""
_DAY = timedelta(days=1)


@dataclass(frozen=True, order=True)
class Row:
    """One row of HR's Review Periods."""

    start: date
    end: date
    name: str


def row(number: int, weeks: int) -> Row:
    """The row of the period with this number, from a Monday to a Friday `weeks` weeks later."""
    start = FIRST_MONDAY + number * timedelta(weeks=weeks)
    return Row(start, start + timedelta(weeks=weeks) - timedelta(days=3), f"Period {number:02} {start.year}")


def windows(rows: Iterable[Row]) -> list[ReviewPeriod]:
    """The periods as the rows make them: through Sunday, no gaps of a week or less, no day in two of them."""
    periods: list[ReviewPeriod] = []
    for each in sorted(rows):
        first, last = each.start, each.end
        if last.weekday() == FRIDAY:
            last += timedelta(days=2)
        if periods and first - periods[-1].last_day <= LONGEST_GAP:
            first = periods[-1].last_day + _DAY
        if first <= last:
            periods.append(ReviewPeriod(each.name, first, last))
    return periods


class Boundaries:
    """When a site's day begins, by the rows of Registered Sites: from the first period on that begins so late."""

    def __init__(self, by_day: Mapping[date, timedelta]) -> None:
        self._by_day = dict(sorted(by_day.items()))

    @property
    def first_day(self) -> date:
        """Since when the site counts."""
        return min(self._by_day)

    def of(self, period_begins: date) -> timedelta:
        """Of a period that begins on a day."""
        counting = [boundary for since, boundary in self._by_day.items() if since <= period_begins]
        return counting[-1] if counting else self._by_day[self.first_day]

    def opens(self, period: ReviewPeriod) -> datetime:
        """The first moment of a period."""
        return datetime.combine(period.first_day, datetime.min.time()) + self.of(period.first_day)

    def is_before(self, moment: datetime) -> bool:
        """Whether a punch was made before the site counted."""
        return moment < datetime.combine(self.first_day, datetime.min.time()) + self._by_day[self.first_day]


def home_of(moment: datetime, periods: Iterable[ReviewPeriod], boundaries: Boundaries) -> ReviewPeriod | None:
    """The period of a moment: the last one that had begun by then, unless its days are over."""
    begun = [period for period in periods if boundaries.opens(period) <= moment]
    if not begun:
        return None
    home = begun[-1]
    following = next((period for period in periods if period.first_day == home.last_day + _DAY), None)
    over = business_day(moment - boundaries.of(home.first_day), datetime.min.time()) > home.last_day
    return None if over and following is None else home

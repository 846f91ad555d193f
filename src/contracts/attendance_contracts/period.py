"""Review periods and the business days they are made of."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache

from attendance_contracts.errors import ContractError


def business_day(moment: datetime, day_boundary: time) -> date:
    """The day that a punch counts for.

    Args:
        moment: the machine's wall time, naive.
        day_boundary: when a day begins; with 04:00, a punch at 02:10 still belongs to the day before.
    """
    return (moment - _since_midnight(day_boundary)).date()


@dataclass(frozen=True, slots=True)
class ReviewPeriod:
    """A stretch of business days whose punches share one review sheet.

    Attributes:
        name: month and year as HR keeps them, such as "November 2026"; unique.
        first_day: the day after the period before it ends, so that days between two periods have a home.
        last_day: the last day, included; a period that HR ends on a Friday runs through the Sunday after it.
    """

    name: str
    first_day: date
    last_day: date

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise ContractError("a review period needs a name")
        if self.last_day < self.first_day:
            raise ContractError(f"review period {self.name!r} ends ({self.last_day}) before it begins")

    def opens_at(self, day_boundary: time) -> datetime:
        """The first instant of the period, naive wall time, included."""
        return datetime.combine(self.first_day, day_boundary)

    def closes_at(self, day_boundary: time) -> datetime:
        """The first instant after the period, naive wall time, not included."""
        return datetime.combine(self.last_day + timedelta(days=1), day_boundary)

    def holds(self, moment: datetime, day_boundary: time) -> bool:
        """Whether a punch of this wall time belongs to the period."""
        return self.first_day <= business_day(moment, day_boundary) <= self.last_day


@cache
def _since_midnight(moment: time) -> timedelta:
    return timedelta(hours=moment.hour, minutes=moment.minute, seconds=moment.second)

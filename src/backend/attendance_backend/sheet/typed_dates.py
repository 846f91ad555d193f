"""Dates as people type them. ``30/11/2026`` and ``11/30/2026`` are one day; ``2/11/2026`` may be two.

A cell that the spreadsheet took for a date is a number and means itself. What stayed text is read in both orders,
and whoever knows more of the row decides between them (`Order`).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum

from attendance_backend.sheet import serial
from attendance_backend.sheet.grid import Worksheet

_NUMBERS = re.compile(r"(\d{1,2})\s*([/.-])\s*(\d{1,2})\s*\2\s*(\d{4})")
_IN_WORDS = ("%Y-%m-%d", "%d %B %Y", "%d %b %Y", "%B %d, %Y", "%b %d, %Y", "%B %d %Y", "%b %d %Y")


class Order(Enum):
    """Which number comes first."""

    MONTH_FIRST = "month/day/year"
    DAY_FIRST = "day/month/year"


@dataclass(frozen=True, slots=True)
class TypedDate:
    """What a cell can mean: at least one of the two is there.

    Attributes:
        is_number: whether the spreadsheet itself read it as a date.
    """

    month_first: date | None
    day_first: date | None
    is_number: bool = False

    def read(self, order: Order) -> date:
        """What it means in an order; what has only one meaning means that in either."""
        wanted, other = self.month_first, self.day_first
        if order is Order.DAY_FIRST:
            wanted, other = other, wanted
        found = wanted or other
        assert found is not None
        return found

    @property
    def proves(self) -> Order | None:
        """The order in which it must have been typed; None when it may be either."""
        if self.month_first is None:
            return Order.DAY_FIRST
        return Order.MONTH_FIRST if self.day_first is None else None

    @property
    def swapped(self) -> date | None:
        """For a number: the day that a person meant whom the spreadsheet took in the other order."""
        day = self.month_first
        if not self.is_number or day is None or day.day > 12 or day.day == day.month:
            return None
        return date(day.year, day.day, day.month)


def typed_date(worksheet: Worksheet, row: int, column: int) -> TypedDate | None:
    """What a cell can mean; None when it is no date."""
    number = worksheet.number(row, column)
    if number is not None:
        try:
            day = serial.to_date(number)
        except (OverflowError, ValueError):
            return None
        return TypedDate(day, day, is_number=True)
    return _of_text(worksheet.text(row, column))


def common_order(dates: Iterable[TypedDate | None]) -> Order | None:
    """The order that a worksheet's dates prove; None when they prove none, or both."""
    proved = {found.proves for found in dates if found is not None and found.proves is not None}
    return proved.pop() if len(proved) == 1 else None


def order_of(dates: Iterable[TypedDate | None]) -> Order | None:
    """The order in which dates are read: the one that they prove, or else month first; None when they prove both."""
    proved = {found.proves for found in dates if found is not None and found.proves is not None}
    if len(proved) > 1:
        return None
    return proved.pop() if proved else Order.MONTH_FIRST


def _of_text(text: str) -> TypedDate | None:
    match = _NUMBERS.fullmatch(text.strip())
    if match is None:
        day = _in_words(text)
        return None if day is None else TypedDate(day, day)
    first, separator, second, year = int(match[1]), match[2], int(match[3]), int(match[4])
    day_first = _date(year, second, first)
    # Nobody writes the month first with full stops.
    month_first = day_first if separator == "." else _date(year, first, second)
    return TypedDate(month_first, day_first) if month_first or day_first else None


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _in_words(text: str) -> date | None:
    for known in _IN_WORDS:
        try:
            return datetime.strptime(text.strip(), known).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    return None

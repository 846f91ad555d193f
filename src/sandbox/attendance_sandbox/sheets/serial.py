"""Dates and times as numbers: days since 1899-12-30, the fraction being the time of day."""

from __future__ import annotations

import datetime as dt

EPOCH = dt.datetime(1899, 12, 30)  # noqa: DTZ001 - a spreadsheet's dates have no zone
SECONDS_PER_DAY = 86_400


def from_datetime(moment: dt.datetime) -> int | float:
    """The serial number of a naive date and time; whole days are integers."""
    elapsed = moment - EPOCH
    seconds = elapsed.seconds + elapsed.microseconds / 1e6
    return elapsed.days + seconds / SECONDS_PER_DAY if seconds else elapsed.days


def to_datetime(serial: float) -> dt.datetime:
    """The naive date and time of a serial number, rounded to the millisecond.

    Raises:
        OverflowError: no calendar date has this number.
    """
    return EPOCH + dt.timedelta(milliseconds=round(serial * SECONDS_PER_DAY * 1000))

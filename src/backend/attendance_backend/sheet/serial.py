"""Dates and times as the numbers that spreadsheets hold: days since 30 December 1899."""

from datetime import date, datetime, timedelta

SECONDS_A_DAY = 86_400
_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 - spreadsheets know no time zones
_EPOCH_DAY = _EPOCH.toordinal()
_DAY = timedelta(days=1)


def from_datetime(moment: datetime) -> float:
    """A naive wall time as a serial number."""
    return (moment - _EPOCH) / _DAY


def to_datetime(serial: float) -> datetime:
    """The inverse of `from_datetime`, to the nearest second; raises OverflowError for absurd numbers."""
    return _EPOCH + timedelta(seconds=round(serial * SECONDS_A_DAY))


def from_date(day: date) -> float:
    return float(day.toordinal() - _EPOCH_DAY)


def to_date(serial: float) -> date:
    """The day that a serial number falls on; raises OverflowError for absurd numbers."""
    return to_datetime(serial).date()


def from_seconds(seconds: int) -> float:
    """Seconds as a fraction of a day."""
    return seconds / SECONDS_A_DAY


def to_seconds(fraction: float) -> int:
    """A fraction of a day as seconds, to the nearest one."""
    return round(fraction * SECONDS_A_DAY)

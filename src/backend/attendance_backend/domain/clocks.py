"""Changes of a site's clocks (daylight saving), and local wall times that occur twice."""

import logging
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

log = logging.getLogger(__name__)

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ClockChange:
    """Clocks are put forward or back.

    Attributes:
        at: the wall time of that moment before the change.
        by: forward; negative for back.
    """

    at: datetime
    by: timedelta


@lru_cache(maxsize=64)
def zone_of(name: str) -> ZoneInfo | None:
    """The time zone of an IANA name; None for an unknown one, after a line in the log: its punches are stored, too."""
    if not name:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        log.warning("unknown time zone %r: clock changes of its sites are not taken into account", name)
        return None


def seconds_of(moment: time | datetime) -> int:
    """Seconds since midnight."""
    return moment.hour * 3600 + moment.minute * 60 + moment.second


def time_of(seconds: int) -> time:
    """The inverse of `seconds_of`; a whole day is midnight."""
    return time(seconds // 3600 % 24, seconds // 60 % 60, seconds % 60)


def is_ambiguous(moment: datetime, zone: ZoneInfo) -> bool:
    """Whether a naive wall time occurs twice, as in the hour before clocks are put back."""
    return _offset(moment.replace(fold=0), zone) > _offset(moment.replace(fold=1), zone)


@lru_cache(maxsize=1024)
def may_be_put_back(day: date, zone: ZoneInfo) -> bool:
    """Whether clocks show something else at the end of a day than at its beginning; few days are to be looked into."""
    begin, end = datetime.combine(day, time()), datetime.combine(day + _DAY, time(fold=1))
    return _offset(begin, zone) != _offset(end, zone)


@lru_cache(maxsize=256)
def clock_change(first_day: date, last_day: date, zone: ZoneInfo) -> ClockChange | None:
    """The first change from the midnight that begins `first_day` to noon after `last_day`; None without one."""
    instant = _instant(datetime.combine(first_day, time()), zone)
    end = _instant(datetime.combine(last_day + _DAY, time(12)), zone)
    before = _offset_at(instant, zone)
    while instant < end:
        later = min(instant + _DAY, end)
        if _offset_at(later, zone) != before:
            changed = _first_second(instant, later, before, zone)
            wall = (changed + before).replace(tzinfo=None)
            return ClockChange(wall, _offset_at(changed, zone) - before)
        instant = later
    return None


def _first_second(before: datetime, after: datetime, offset: timedelta, zone: ZoneInfo) -> datetime:
    """The first whole second with another offset than the one at `before`."""
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
        if _offset_at(middle, zone) == offset:
            before = middle
        else:
            after = middle
    return after


def _offset(wall: datetime, zone: ZoneInfo) -> timedelta:
    return wall.replace(tzinfo=zone).utcoffset() or timedelta()


def _instant(wall: datetime, zone: ZoneInfo) -> datetime:
    return wall.replace(tzinfo=zone).astimezone(UTC)


def _offset_at(instant: datetime, zone: ZoneInfo) -> timedelta:
    return instant.astimezone(zone).utcoffset() or timedelta()

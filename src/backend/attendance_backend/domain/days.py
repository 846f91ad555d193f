"""Check-in, check-out and breaks of a person's business day, from its punches; and what a person should look at.

Pure logic. Times are seconds since the business day's midnight, in the local wall time of the site of the punch; more
than 86,400 is after the next midnight. The key that was pressed never counts: it is wrong or forgotten too often.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

from attendance_backend.domain.clocks import is_ambiguous, may_be_put_back
from attendance_backend.domain.plans import PlannedDay
from attendance_contracts import business_day

DEFAULT_DOUBLE_TAP_S = 60


class KeyPolicy(StrEnum):
    """Which punches of a day count, whatever keys were pressed."""

    FIRST_AND_LAST = "first and last"
    PAIRS = "pairs"


@dataclass(frozen=True, slots=True)
class DayTimes:
    """A person's business day, in seconds.

    Attributes:
        breaks: their whole length; 0 under a policy that knows none.
    """

    check_in: int | None = None
    check_out: int | None = None
    breaks: int = 0


@dataclass(frozen=True, slots=True)
class SiteRules:
    """By which rules the punches of a site count.

    Attributes:
        zone: None when the site's time zone is not known.
    """

    zone: ZoneInfo | None = None
    day_boundary: time = time()
    policy: KeyPolicy = KeyPolicy.FIRST_AND_LAST
    double_tap_s: int = DEFAULT_DOUBLE_TAP_S


USUAL_RULES = SiteRules()
"""Of a site of which nothing else is known."""


class Punch(NamedTuple):
    """One punch of one person; `site` is a key of the rules (`site_key`)."""

    moment: datetime
    site: str


class Flag(StrEnum):
    """What is worth a look on a person's day. A further punch never takes one away."""

    DOUBLE_TAP = "double tap"
    AMBIGUOUS_HOUR = "ambiguous hour"
    TWO_TIME_ZONES = "two time zones"


def day_times(
    seconds: Iterable[int],
    policy: KeyPolicy,
    double_tap_s: int,
    is_check_out: Callable[[int], bool] = lambda _: False,
) -> DayTimes:
    """Check-in, check-out and breaks.

    Punches up to `double_tap_s` after the first of them are taps of one: as a check-in its first one counts, as a
    check-out its last one.

    Args:
        seconds: of the punches, in any order.
        policy: ``first and last``: whatever lies between does not count. ``pairs``: in and out take turns, and a day
            that ends with an "in" has no check-out.
        is_check_out: whether a tap that is the only one of the day is the check-out.
    """
    taps = _taps(sorted(seconds), double_tap_s)
    if not taps:
        return DayTimes()
    check_in = taps[0][0]
    if len(taps) == 1 and is_check_out(taps[0][1]):
        return DayTimes(None, taps[0][1])
    if policy is KeyPolicy.FIRST_AND_LAST:
        return DayTimes(check_in, taps[-1][1] if len(taps) > 1 else None)
    outs, ins = taps[1::2], taps[2::2]
    breaks = sum(begin[0] - end[1] for end, begin in zip(outs, ins, strict=False))
    return DayTimes(check_in, taps[-1][1] if len(taps) % 2 == 0 else None, breaks)


def _taps(ordered: list[int], double_tap_s: int) -> list[tuple[int, int]]:
    """First and last second of each group of taps; not longer than `double_tap_s`, however often somebody taps."""
    taps: list[tuple[int, int]] = []
    for second in ordered:
        if taps and second - taps[-1][0] <= double_tap_s:
            taps[-1] = taps[-1][0], second
        else:
            taps.append((second, second))
    return taps


def rules_of_day(
    punches: Collection[Punch], home: str, rules: Mapping[str, SiteRules]
) -> tuple[str, SiteRules]:
    """The site whose rules a person's day follows: the person's own one, or else that of the day's first punch.

    Args:
        punches: of one person and day; not empty.
        home: the key of the site that HR keeps for the person; empty for none.
        rules: by `site_key`.
    """
    site = home if home in rules else min(punches).site
    return site, rules.get(site, USUAL_RULES)


def times_of(
    day: date,
    punches: Collection[Punch],
    home: str,
    rules: Mapping[str, SiteRules],
    planned: PlannedDay | None = None,
) -> DayTimes:
    """`day_times` of a person's day, with the rules of `rules_of_day`; `planned` is what HR plans for it."""
    if not punches:
        return DayTimes()
    _, applied = rules_of_day(punches, home, rules)
    midnight = datetime.combine(day, time())
    seconds = (round((punch.moment - midnight).total_seconds()) for punch in punches)
    if planned is None:
        return day_times(seconds, applied.policy, applied.double_tap_s)
    return day_times(seconds, applied.policy, applied.double_tap_s, planned.is_check_out)


def business_day_of(punch: Punch, rules: Mapping[str, SiteRules]) -> date:
    """The day that a punch counts for, by its own site's boundary."""
    return business_day(punch.moment, rules.get(punch.site, USUAL_RULES).day_boundary)


def flags_of(
    day: date, punches: Collection[Punch], home: str, rules: Mapping[str, SiteRules]
) -> frozenset[Flag]:
    """What is worth a look on a person's business day."""
    if not punches:
        return frozenset()
    found = set()
    _, applied = rules_of_day(punches, home, rules)
    moments = sorted(punch.moment for punch in punches)
    gap = timedelta(seconds=applied.double_tap_s)
    if any(later - earlier <= gap for earlier, later in pairwise(moments)):
        found.add(Flag.DOUBLE_TAP)
    zones = {site: rules[site].zone for site in {punch.site for punch in punches} if site in rules}
    dates = {moment.date() for moment in moments}
    for site, zone in zones.items():
        if zone is None or not any(may_be_put_back(each, zone) for each in dates):
            continue
        if any(is_ambiguous(punch.moment, zone) for punch in punches if punch.site == site):
            found.add(Flag.AMBIGUOUS_HOUR)
    if len(zones) > 1:
        noon = datetime.combine(day, time(12))
        offsets = {noon.replace(tzinfo=zone).utcoffset() for zone in zones.values() if zone is not None}
        if len(offsets) > 1:
            found.add(Flag.TWO_TIME_ZONES)
    return frozenset(found)

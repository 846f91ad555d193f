"""Through which day all data has arrived: of one site, and of all sites."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from attendance_backend.domain.people import Member, site_key

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Advance:
    """The days that became complete.

    Attributes:
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
    reported: Mapping[str, date | None], site: str, through: date, first_day: date, last_day: date
) -> Advance:
    """The days that become complete when a site reports that it has sent everything through `through`.

    Args:
        reported: through which day each site of the workbook had reported before, by `site_key`; None: not yet.
        through: the last complete day.
    """
    before = {site_key(site): None, **reported}
    after = {**before, site_key(site): through}
    own = _between(before[site_key(site)], through, first_day, last_day)
    return Advance(site, own, _between(_least(before.values()), _least(after.values()), first_day, last_day))


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

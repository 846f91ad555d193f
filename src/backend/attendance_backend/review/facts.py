"""From the punches that are stored to what they say of people: the one way, for a message and for a rebuild."""

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date, timedelta

from attendance_backend.domain.clocks import seconds_of
from attendance_backend.domain.days import USUAL_RULES, DayTimes, Flag, Punch, SiteRules, flags_of, times_of
from attendance_backend.domain.people import Labels, People, Seen, site_key
from attendance_backend.domain.plans import PlannedDay
from attendance_backend.review.punch_index import PunchIndex, Token

UserDay = tuple[str, date]
"""A user's key and a business day."""


class Stored:
    """The stored punches of people; what is added to the index meanwhile is seen, too."""

    def __init__(
        self,
        index: PunchIndex,
        people: People,
        rules: Mapping[str, SiteRules],
        plan: Callable[[str, date], PlannedDay | None] = lambda *_: None,
    ) -> None:
        self.people = people
        self.rules = rules
        self._plan = plan
        self._index = index
        self._labels: dict[str, list[Labels]] | None = None

    def labels_of(self, key: str) -> list[Labels]:
        """The rows of a person."""
        if self._labels is None:
            self._labels = {}
            for labels in self._index.rows:
                self.note(labels)
        return self._labels.get(key, [])

    def note(self, labels: Labels) -> None:
        """A row was added to the index."""
        for member in self.people.owners(labels) if self._labels is not None else ():
            assert self._labels is not None
            known = self._labels.setdefault(member.key, [])
            if labels not in known:
                known.append(labels)

    def _is_of(self, key: str, labels: Labels, day: date) -> bool:
        """Whether the punches of a date in a row that can be a person's are."""
        if not self.people.links:
            return True
        member = self.people.whose(labels, day)
        return member is not None and member.key == key

    def punches(self, key: str, day: date) -> list[Punch]:
        """A person's punches of a business day, of all sites: they lie on its date or the next one.

        One that two sites sent, as their machine was moved, counts once: at the person's own site, if it is one of
        them.
        """
        rows = self.labels_of(key)
        if len(rows) > 1:
            home = self.people.members[key].home
            rows = sorted(rows, key=lambda labels: site_key(labels.site) != home)
        found = []
        for calendar_day, is_next in ((day, False), (day + timedelta(days=1), True)):
            counts_at: dict[str, str] = {}
            for labels in rows:
                tokens = self._index.tokens(labels, calendar_day)
                if not tokens:
                    continue
                site = site_key(labels.site)
                begin_s = self._begin_s(key, calendar_day, site)
                own = [token for token in tokens if counts_at.setdefault(token.record_id, site) == site]
                if self._is_of(key, labels, calendar_day):
                    found += [
                        Punch(token.moment(calendar_day), site)
                        for token in own
                        if not token.amended and (token.seconds < begin_s) is is_next
                    ]
        return found

    def day_of(self, key: str, punch: Punch) -> date:
        """The day that a person's punch counts for."""
        on = punch.moment.date()
        return (
            on if seconds_of(punch.moment) >= self._begin_s(key, on, punch.site) else on - timedelta(days=1)
        )

    def _begin_s(self, key: str, day: date, site: str) -> int:
        """When a person's day begins for punches of a site, in seconds after midnight."""
        boundary_s = seconds_of(self.rules.get(site, USUAL_RULES).day_boundary)
        planned = self._plan(key, day)
        return boundary_s if planned is None else planned.opening_s(boundary_s)

    def days_of(self, key: str) -> set[date]:
        """The business days of all punches of a person that were read."""
        return {
            self.day_of(key, Punch(token.moment(day), site_key(labels.site)))
            for labels, day, token in self._tokens(key)
        }

    def seen(self, key: str) -> Seen | None:
        """Where and when a person was seen last, as far as it was read."""
        return max(
            (Seen(token.moment(day), labels.site) for labels, day, token in self._tokens(key)), default=None
        )

    def times(self, key: str, day: date, punches: Collection[Punch]) -> DayTimes:
        """What a person's punches of a business day say."""
        home, planned = self.people.members[key].home, self._plan(key, day)
        return times_of(day, punches, home, self.rules, planned)

    def flags(self, key: str, day: date, punches: Collection[Punch]) -> frozenset[Flag]:
        """What is worth a look on a person's business day."""
        return flags_of(day, punches, self.people.members[key].home, self.rules)

    def _tokens(self, key: str) -> Iterable[tuple[Labels, date, Token]]:
        for labels in self.labels_of(key):
            for day in self._index.columns:
                if not self._is_of(key, labels, day):
                    continue
                for token in self._index.tokens(labels, day):
                    if not token.amended:
                        yield labels, day, token

"""From what an attendance machine calls a user to the person in HR's list."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import Enum, auto
from functools import lru_cache
from typing import NamedTuple

from attendance_contracts import AttendanceRecord, ReviewPeriod


def user_key(user_name: str) -> str:
    """The form in which user names of machines are compared."""
    return user_name.strip().casefold()


@lru_cache(maxsize=4096)
def site_key(site: str) -> str:
    """The form in which names of sites are compared: without case."""
    return site.strip().casefold()


class Detail(Enum):
    """What HR may type of a person in a way that nobody understands."""

    CUT_OFF = auto()
    SITE = auto()
    FIRST_DAY = auto()
    LAST_DAY = auto()
    MACHINE_IDS = auto()


@dataclass(frozen=True, slots=True)
class MachineId:
    """What a machine calls somebody, of whom it may know several names and IDs.

    Attributes:
        site: key (`site_key`) of the machine's site; empty for all.
        user_id, user_name: one of them, the name as a `user_key`; the other one is empty.
        first, until: calendar dates of the punches, both included; None for always.
        row: where HR keeps it; of two that name the same the upper one counts.
    """

    site: str
    user_id: str
    user_name: str
    first: date | None = None
    until: date | None = None
    row: int = 0

    def names(self, labels: "Labels", day: date | None) -> bool:
        """Whether it names who punched so on a date; on any date without one."""
        if self.site not in ("", site_key(labels.site)):
            return False
        if self.user_id != labels.user_id if self.user_id else self.user_name != user_key(labels.user_name):
            return False
        return day is None or is_within(day, self.first, self.until)

    @property
    def rank(self) -> tuple[bool, bool, int]:
        """The lowest goes first: IDs before names, of one site before of all."""
        return not self.user_id, not self.site, self.row


def is_within(day: date, first: date | None, last: date | None) -> bool:
    """Whether a day is one from the first to the last, both included; None for no such bound."""
    return (first is None or first <= day) and (last is None or day <= last)


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds of an employee from a day on; attributes as those of `Person`."""

    since: date
    cut_off: int | None
    site: str = ""
    group: str = ""
    first_day: date | None = None
    last_day: date | None = None

    def includes(self, day: date) -> bool:
        """Whether a day lies within this employment."""
        return is_within(day, self.first_day, self.last_day)


@dataclass(frozen=True, slots=True)
class Person:
    """An employee.

    Attributes:
        user_name: what the attendance machine calls the person: the e-mail address up to the ``@``.
        cut_off: seconds after midnight; a week's average check-in after it is a penalty. None for none.
        device_user_id: on the attendance machine, where HR keeps it: it then tells whose a punch is, not the name.
        site: where the person works; empty for everywhere.
        group: of the staff, for reports; may be empty.
        first_day: of the employment; None for everybody who was there before.
        last_day: of the employment; None as long as nobody knows one.
        unread: what HR typed and is not understood: it is as it was before, which only a workbook knows.
        machine_ids: by which machines know the person besides.
        is_planned: whether a workbook holds what is planned for the person's days (`domain.plans`).
        terms: what holds from when on, in order of time, the first one since `date.min`; empty where it is always the
            same. First and last day above are then those of all.
    """

    name: str
    user_name: str
    cut_off: int | None
    device_user_id: str = ""
    site: str = ""
    group: str = ""
    first_day: date | None = None
    last_day: date | None = None
    unread: frozenset[Detail] = frozenset()
    machine_ids: tuple[MachineId, ...] = ()
    is_planned: bool = False
    terms: tuple[Terms, ...] = ()

    def terms_on(self, day: date) -> Terms:
        found = [each for each in self.terms if each.since <= day]
        return found[-1] if found else Terms(date.min, self.cut_off, self.site, self.group)

    def on(self, day: date) -> "Person":
        """The person as on a day, but for the employment."""
        if not self.terms:
            return self
        valid = self.terms_on(day)
        return replace(self, cut_off=valid.cut_off, site=valid.site, group=valid.group)

    @property
    def key(self) -> str:
        """By which people are found: upper and lower case alike."""
        return user_key(self.user_name)

    def is_employed_within(self, first_day: date, last_day: date) -> bool:
        """Whether a day of the employment is one of these days, the first and the last included."""
        return (self.first_day is None or self.first_day <= last_day) and (
            self.last_day is None or self.last_day >= first_day
        )


@dataclass(frozen=True, slots=True, order=True)
class Seen:
    """Where a person's latest punch was made, and when, in that site's local wall time."""

    at: datetime
    site: str


@dataclass(frozen=True)
class Member:
    """A person, as far as a workbook knows one.

    Attributes:
        home: the key (`site_key`) of the site that HR keeps for the person; empty for none.
        first_day, last_day: of the employment; None where HR keeps none.
        machine_ids: by which machines know the person besides.
    """

    key: str
    employee: str
    device_user_id: str
    home: str
    seen: Seen | None = None
    first_day: date | None = None
    last_day: date | None = None
    machine_ids: tuple[MachineId, ...] = ()

    def is_employed(self, day: date) -> bool:
        """Whether the day lies within the employment."""
        return is_within(day, self.first_day, self.last_day)


class Labels(NamedTuple):
    """Whose punches a row holds, without blanks around; a user without a name has an empty one."""

    serial_number: str
    user_id: str
    user_name: str
    site: str

    @staticmethod
    def of(record: AttendanceRecord, site: str) -> "Labels":
        return _labels(record.serial_number, record.user_id, record.user_name or "", site)


@lru_cache(maxsize=4096)
def _labels(*texts: str) -> Labels:
    return Labels(*(text.strip() for text in texts))


class People:
    """Whose punches are whose."""

    def __init__(self, members: Iterable[Member]) -> None:
        self.members = {member.key: member for member in members}
        self._by_device: dict[str, list[Member]] = {}
        for member in self.members.values():
            if member.device_user_id:
                self._by_device.setdefault(member.device_user_id, []).append(member)
        self.links = sorted(
            ((link, member) for member in self.members.values() for link in member.machine_ids),
            key=lambda each: each[0].rank,
        )
        """In the order in which they count."""

    @staticmethod
    def of(persons: Iterable[Person]) -> "People":
        """People of whom HR's list is all that is known."""
        return People(
            Member(
                person.key,
                person.name,
                person.device_user_id.strip(),
                site_key(person.site),
                machine_ids=person.machine_ids,
            )
            for person in persons
        )

    def whose(self, labels: Labels, day: date) -> Member | None:
        """Whose punches of a date a row of the index holds.

        By what HR keeps of machines' IDs and names; else by the one user ID that HR keeps; else by the user name, which
        is not asked at a site where HR keeps it for somebody.
        """
        for link, member in self.links:
            if link.names(labels, day):
                return member
        return self._usual(labels)

    def owners(self, labels: Labels) -> list[Member]:
        """Those to whom a row of the index can belong, on whatever date."""
        found = [member for link, member in self.links if link.names(labels, None)]
        usual = self._usual(labels)
        return [*{member.key: member for member in [*found, *filter(None, [usual])]}.values()]

    def _usual(self, labels: Labels) -> Member | None:
        for member in self._by_device.get(labels.user_id, ()):
            if member.home in ("", site_key(labels.site)):
                return member
        if any(link.user_name and link.site and link.names(labels, None) for link, _ in self.links):
            return None
        return self.members.get(user_key(labels.user_name)) if labels.user_name else None


def of_period(
    persons: Collection[Person],
    period: ReviewPeriod,
    punched: Iterable[Labels] = (),
    there: Collection[str] = (),
) -> list[Person]:
    """Those of HR's list who need rows in a period's workbook: who left before it or comes after it does not.

    Args:
        punched: the rows of the index: whoever punched is shown, whatever HR typed.
        there: keys of people who are in the workbook already, and stay.
    """
    people = People.of(persons)
    found = {member.key for labels in punched for member in people.owners(labels)}
    return [
        person
        for person in persons
        if person.is_employed_within(period.first_day, period.last_day)
        or person.key in found
        or person.key in there
    ]

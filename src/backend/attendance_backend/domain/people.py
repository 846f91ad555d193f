"""Whose punches are whose: from what the attendance machine calls a user to the person that HR keeps."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum, auto
from functools import lru_cache
from typing import NamedTuple

from attendance_contracts import AttendanceRecord, ReviewPeriod


def user_key(user_name: str) -> str:
    """A machine's user name as it is compared."""
    return user_name.strip().casefold()


def site_key(site: str) -> str:
    """By which sites are found: upper and lower case alike."""
    return site.strip().casefold()


class Detail(Enum):
    """What HR may type of a person in a way that nobody understands."""

    CUT_OFF = auto()
    SITE = auto()
    FIRST_DAY = auto()
    LAST_DAY = auto()


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
    """Where a person's latest punch was made, and when by the wall there."""

    at: datetime
    site: str


@dataclass(frozen=True)
class Member:
    """A person, as far as a workbook knows one.

    Attributes:
        key: the user's key (`user_key`).
        home: the key (`site_key`) of the site that HR keeps for the person; empty for none.
        first_day, last_day: of the employment; None where HR keeps none.
    """

    key: str
    employee: str
    device_user_id: str
    home: str
    seen: Seen | None = None
    first_day: date | None = None
    last_day: date | None = None

    def is_employed(self, day: date) -> bool:
        """Whether the day lies within the employment."""
        return (self.first_day is None or day >= self.first_day) and (
            self.last_day is None or day <= self.last_day
        )


class Labels(NamedTuple):
    """Whose punches a row holds, without blanks around; a user without a name has an empty one."""

    serial_number: str
    user_id: str
    user_name: str
    site: str

    @staticmethod
    def of(record: AttendanceRecord, site: str) -> "Labels":
        """Those of a record."""
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

    @staticmethod
    def of(persons: Iterable[Person]) -> "People":
        """People of whom HR's list is all that is known."""
        return People(
            Member(person.key, person.name, person.device_user_id.strip(), site_key(person.site))
            for person in persons
        )

    def whose(self, labels: Labels) -> Member | None:
        """Whose punches a row of the index holds: by the machine's user ID where HR keeps it, else by the user name."""
        for member in self._by_device.get(labels.user_id, ()):
            if member.home in ("", site_key(labels.site)):
                return member
        return self.members.get(user_key(labels.user_name)) if labels.user_name else None


def of_period(
    persons: Collection[Person],
    period: ReviewPeriod,
    punched: Iterable[Labels] = (),
    there: Collection[str] = (),
) -> list[Person]:
    """Those of HR's list who need rows in a period's workbook: who left before it or comes after it does not.

    Args:
        persons: the list.
        period: of the workbook.
        punched: the rows of the index: whoever punched is shown, whatever HR typed.
        there: keys of people who are in the workbook already, and stay.
    """
    people = People.of(persons)
    found = {member.key for labels in punched if (member := people.whose(labels)) is not None}
    return [
        person
        for person in persons
        if person.is_employed_within(period.first_day, period.last_day)
        or person.key in found
        or person.key in there
    ]

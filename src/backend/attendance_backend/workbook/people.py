"""Whose punches are whose: from what the attendance machine calls a user to the person that HR keeps."""

from collections.abc import Collection, Iterable

from attendance_backend.control.roster import Person, user_key
from attendance_backend.workbook.days_sheet import Member
from attendance_backend.workbook.punch_index import Labels
from attendance_backend.workbook.sites_sheet import site_key
from attendance_contracts import ReviewPeriod


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
        site = site_key(labels.site)
        for member in self._by_device.get(labels.user_id, ()):
            if member.home in ("", site):
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

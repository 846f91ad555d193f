"""Whose punches are whose: from what the attendance machine calls a user to the person that HR keeps."""

from collections.abc import Iterable

from attendance_backend.control.roster import Person, user_key
from attendance_backend.workbook.days_sheet import Member
from attendance_backend.workbook.punch_index import Labels
from attendance_backend.workbook.sites_sheet import site_key


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

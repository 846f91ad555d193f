"""Workbook groups: which of a period's workbooks a site or a person is in, where one would be too large.

``Registered Sites`` names each site's workbook group. A person belongs to the group of the Site that HR keeps in ``Cut
Off Times``, and so do the person's punches, wherever they are made; an unknown user's stay with the site. Who has no
Site, and sites that name no group, belong to the group without a name. A person's group is no column of its own: the
Site is there already, it is what absences and the marks of punches elsewhere go by, and two answers to one question
would contradict each other.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from attendance_backend.domain.people import Detail, Labels, People, Person, site_key

BETWEEN = " - "


def book_name(period: str, group: str) -> str:
    """The name of a group's workbook of a period; without a group the period's name."""
    return f"{period}{BETWEEN}{group}" if group else period


@dataclass(frozen=True)
class Groups:
    """The groups of sites and people.

    Attributes:
        sites: by `site_key`; those that name none are left out.
        persons: by `Person.key`; None where nobody understands the person's Site: then it is not known.
        people: whose punches are whose, by HR's list.
        all_of_sites: every group that a site is of, the one without a name among them where one is.
    """

    sites: Mapping[str, str] = field(default_factory=dict)
    persons: Mapping[str, str | None] = field(default_factory=dict)
    people: People = field(default_factory=lambda: People(()))
    all_of_sites: frozenset[str] = frozenset()

    @staticmethod
    def of(sites: Mapping[str, str], persons: Iterable[Person], today: date) -> "Groups":
        """By the group of each registered site, empty for none, and HR's list; of two spellings the first counts.

        Whose Site changes from a date on changes the group that day, as if HR typed the other Site then.
        """
        spelled: dict[str, str] = {}
        named = {key: spelled.setdefault(site_key(group), group) for key, group in sites.items() if group}
        if not named:
            return Groups()
        listed = list(persons)
        return Groups(
            named,
            {person.key: _group_of(person.on(today), sites.keys(), named) for person in listed},
            People.of(listed),
            frozenset(named.get(key, "") for key in sites),
        )

    @property
    def are_none(self) -> bool:
        """Whether a period has one workbook."""
        return not self.sites

    def spelled(self, group: str) -> str:
        """A group as its first site spells it."""
        return next((each for each in self.all_of_sites if site_key(each) == site_key(group)), group)

    def of_site(self, site: str) -> str:
        return self.sites.get(site_key(site), "")

    def of_punch(self, labels: Labels, day: date) -> str:
        """The group to which a punch of a date belongs."""
        if self.are_none:
            return ""
        member = self.people.whose(labels, day)
        group = None if member is None else self.persons.get(member.key)
        return self.of_site(labels.site) if group is None else group


def _group_of(person: Person, registered: Iterable[str], named: Mapping[str, str]) -> str | None:
    if not person.site and Detail.SITE not in person.unread:
        return ""
    key = site_key(person.site)
    return named.get(key, "") if person.site and key in registered else None

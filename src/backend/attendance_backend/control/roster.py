"""The people whom HR keeps in ``Cut Off Times``."""

from collections.abc import Mapping
from dataclasses import dataclass

from attendance_backend.sheet.grid import Worksheet
from attendance_backend.sheet.table import BadCellError, Problem, Table

TITLE = "Cut Off Times"
NAME, EMAIL, CUT_OFF = "Name", "Email", "Cut Off Time"
HEADERS = (NAME, EMAIL, CUT_OFF)


@dataclass(frozen=True, slots=True)
class Person:
    """An employee.

    Attributes:
        user_name: what the attendance machine calls the person: the e-mail address up to the ``@``.
        cut_off: seconds after midnight; a week's average check-in after it is a penalty.
        device_user_id: on the attendance machine, where HR keeps it: it then tells whose a punch is, not the name.
        site: where the person works; empty for everywhere.
        group: of the staff, for reports; may be empty.
    """

    name: str
    user_name: str
    cut_off: int
    device_user_id: str = ""
    site: str = ""
    group: str = ""

    @property
    def key(self) -> str:
        """By which people are found: upper and lower case alike."""
        return user_key(self.user_name)


def user_key(user_name: str) -> str:
    """A machine's user name as it is compared."""
    return user_name.strip().casefold()


def read_roster(worksheet: Worksheet) -> tuple[Mapping[str, Person], list[Problem]]:
    """The people by `Person.key`, sorted by name, and what is wrong in the rows left out."""
    table = Table.of(worksheet, HEADERS)
    people: dict[str, Person] = {}
    problems: list[Problem] = []
    for row in table.rows():
        try:
            person = _read_row(table, row)
            if person.key in people:
                remedy = (
                    f"{person.user_name} is already {people[person.key].name}'s user name; remove one row"
                )
                raise BadCellError(row, table.columns[EMAIL], remedy)  # noqa: TRY301 - reported below like any other
        except BadCellError as error:
            problems.append(error.problem(worksheet))
            continue
        people[person.key] = person
    return {person.key: person for person in sorted(people.values(), key=_by_name)}, problems


def _read_row(table: Table, row: int) -> Person:
    name, email = table.text(row, NAME), table.text(row, EMAIL)
    user_name = email.partition("@")[0].strip()
    if not user_name:
        raise BadCellError(row, table.columns[EMAIL], "type the person's e-mail address")
    return Person(name, user_name, table.time_of_day(row, CUT_OFF))


def _by_name(person: Person) -> tuple[str, str]:
    return person.name.casefold(), person.key

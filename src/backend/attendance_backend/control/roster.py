"""The people whom HR keeps in ``Cut Off Times``.

Name | Email | Cut Off Time, and where HR keeps them: Device User ID | Site | Staff Group | First Day | Last Day
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import date

from attendance_backend.domain.people import Person
from attendance_backend.sheet.grid import Worksheet
from attendance_backend.sheet.table import BadCellError, Problem, Table
from attendance_backend.sheet.typed_dates import Order

TITLE = "Cut Off Times"
NAME, EMAIL, CUT_OFF = "Name", "Email", "Cut Off Time"
HEADERS = (NAME, EMAIL, CUT_OFF)
DEVICE_USER_ID, SITE, GROUP = "Device User ID", "Site", "Staff Group"
FIRST_DAY, LAST_DAY = "First Day", "Last Day"
OPTIONAL_HEADERS = (DEVICE_USER_ID, SITE, GROUP, FIRST_DAY, LAST_DAY)

_YEARS = range(1950, 2100)
"""Another year is a slip of the pen, or a time of day; believed, it would hide every absence."""


def read_roster(
    worksheet: Worksheet, sites: Collection[str] | None = None
) -> tuple[Mapping[str, Person], list[Problem]]:
    """The people by `Person.key`, sorted by name, and what is wrong.

    A row without name, e-mail address or cut-off time, or with somebody else's address, is left out. A site that does
    not exist, a device user ID that is somebody else's there, and a first or last day that makes no sense are
    complained of and not used; the person is. Two rows of one person that disagree about these days say nothing of
    them: absences are rather shown than hidden.

    Args:
        worksheet: all of it.
        sites: that exist; None when nobody knows yet.
    """
    table = Table.of(worksheet, HEADERS, OPTIONAL_HEADERS)
    order = table.order_of_dates(FIRST_DAY, LAST_DAY)
    people: dict[str, Person] = {}
    problems: list[Problem] = []
    for row in table.rows():
        try:
            person = _read_row(table, row)
        except BadCellError as error:
            problems.append(error.problem(worksheet))
            continue
        person, of_days = _with_days(table, row, person, order)
        if person.key in people:
            known = people[person.key]
            remedy = f"{person.user_name} is already {known.name}'s user name; remove one row"
            if (known.first_day, known.last_day) != (person.first_day, person.last_day):
                remedy += f" (they have not the same {FIRST_DAY} and {LAST_DAY}: until then neither counts)"
                people[person.key] = replace(known, first_day=None, last_day=None)
            problems.append(BadCellError(row, table.columns[EMAIL], remedy).problem(worksheet))
            continue
        problems += of_days
        try:
            person = _with_known_site(table, row, person, sites)
        except BadCellError as error:
            problems.append(error.problem(worksheet))
            person = replace(person, site="")
        try:
            _check_device_user_id(table, row, person, people.values())
        except BadCellError as error:
            problems.append(error.problem(worksheet))
            person = replace(person, device_user_id="")
        people[person.key] = person
    return {person.key: person for person in sorted(people.values(), key=_by_name)}, problems


def _read_row(table: Table, row: int) -> Person:
    name, email = table.text(row, NAME), table.text(row, EMAIL)
    user_name = email.partition("@")[0].strip()
    if not user_name:
        raise BadCellError(row, table.columns[EMAIL], "type the person's e-mail address")
    return Person(
        name,
        user_name,
        table.time_of_day(row, CUT_OFF),
        device_user_id=table.label(row, DEVICE_USER_ID),
        site=table.label(row, SITE),
        group=table.label(row, GROUP),
    )


def _with_days(table: Table, row: int, person: Person, order: Order | None) -> tuple[Person, list[Problem]]:
    """The person with the first and the last day as far as they make sense, and what is wrong with them."""
    days: dict[str, date] = {}
    problems: list[Problem] = []
    for header in (FIRST_DAY, LAST_DAY):
        if table.is_blank(row, header):
            continue
        try:
            days[header] = _day(table, row, header, order)
        except BadCellError as error:
            problems.append(error.problem(table.worksheet))
    first, last = days.get(FIRST_DAY), days.get(LAST_DAY)
    if first is not None and last is not None and last < first:
        remedy = (
            f"{LAST_DAY} ({last}) is before {FIRST_DAY} ({first}); correct one: until then neither counts"
        )
        problems.append(BadCellError(row, table.columns[LAST_DAY], remedy).problem(table.worksheet))
        first = last = None
    return replace(person, first_day=first, last_day=last), problems


def _day(table: Table, row: int, header: str, order: Order | None) -> date:
    day = table.date(row, header, order)
    if day.year not in _YEARS:
        raise BadCellError(
            row, table.columns[header], f"{header} is read as {day}; type a date such as 2026-11-30"
        )
    return day


def _with_known_site(table: Table, row: int, person: Person, sites: Collection[str] | None) -> Person:
    """The person with the site as it is spelled elsewhere; raises BadCellError for one that does not exist."""
    if not person.site or sites is None:
        return person
    return replace(person, site=known_site(person.site, sites, row, table.columns[SITE]))


def _check_device_user_id(table: Table, row: int, person: Person, others: Iterable[Person]) -> None:
    """Raises BadCellError when somebody else has this ID on the same machine."""
    for other in others:
        same_place = not (person.site and other.site) or person.site.casefold() == other.site.casefold()
        if person.device_user_id and person.device_user_id == other.device_user_id and same_place:
            where = f" at {person.site}" if person.site else ""
            remedy = (
                f"{person.device_user_id} is already {other.name}'s device user ID{where}; "
                "correct one, or give both their site"
            )
            raise BadCellError(row, table.columns[DEVICE_USER_ID], remedy)


def known_site(typed: str, sites: Collection[str], row: int, column: int) -> str:
    """A site as it is spelled everywhere else; raises BadCellError for one that does not exist."""
    for site in sites:
        if site.casefold() == typed.casefold():
            return site
    listed = ", ".join(sorted(sites)) or "none yet"
    raise BadCellError(
        row, column, f"no site is called {typed!r} (there are: {listed}); correct it, or leave it empty"
    )


def _by_name(person: Person) -> tuple[str, str]:
    return person.name.casefold(), person.key

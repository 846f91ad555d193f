"""The people whom HR keeps in ``Cut Off Times``.

Name | Email | Cut Off Time, and where HR keeps them: Device User ID | Site | Staff Group | First Day | Last Day | From

With From, a person has further rows: each replaces the one before from its date on.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import NamedTuple

from attendance_backend.domain.people import Detail, MachineId, Person, Terms, site_key
from attendance_backend.sheet import typed
from attendance_backend.sheet.grid import Worksheet
from attendance_backend.sheet.table import BadCellError, Problem, Table
from attendance_backend.sheet.typed import Order

TITLE = "Cut Off Times"
NAME, EMAIL, CUT_OFF = "Name", "Email", "Cut Off Time"
HEADERS = (NAME, EMAIL, CUT_OFF)
DEVICE_USER_ID, SITE, GROUP = "Device User ID", "Site", "Staff Group"
FIRST_DAY, LAST_DAY, SINCE = "First Day", "Last Day", "From"
OPTIONAL_HEADERS = (DEVICE_USER_ID, SITE, GROUP, FIRST_DAY, LAST_DAY, SINCE)

_BEHIND = 1_000_000
"""Rows of ``Machine IDs`` go before those of this worksheet."""
_DAYS = {FIRST_DAY: Detail.FIRST_DAY, LAST_DAY: Detail.LAST_DAY}
_MIDNIGHT = (
    "is midnight, and everybody comes after it; type the time that is meant (24 h for midnight after the evening), or "
    "none for nobody to be late"
)
_EVERYWHERE = typed.NOTHING | {"all", "all sites"}


def read_roster(
    worksheet: Worksheet, sites: Collection[str] | None = None
) -> tuple[Mapping[str, Person], list[Problem]]:
    """The people by `Person.key`, sorted by name, and what is wrong.

    A row without name or e-mail address, or with somebody else's address, is left out. A cut-off time, site, first or
    last day that is not understood is complained of, and is among what is `unread` of the person. So are these days
    where two rows of one person disagree about them. A device user ID that is somebody else's there is not used.
    Rows with different From are one person's, one after the other.

    Args:
        worksheet: all of it.
        sites: that exist; None when nobody knows yet.
    """
    table = Table.of(worksheet, HEADERS, OPTIONAL_HEADERS)
    order = table.order_of_dates(FIRST_DAY, LAST_DAY, SINCE)
    dated: dict[str, list[_Dated]] = {}
    people: dict[str, Person] = {}
    holders: dict[str, list[Person]] = {}
    problems: list[Problem] = []
    for row in table.rows():
        try:
            person = _read_row(table, row)
        except BadCellError as error:
            problems.append(error.problem(worksheet))
            continue
        complaints: list[Problem] = []
        person = _with_cut_off(table, row, person, complaints)
        person = _with_days(table, row, person, order, complaints)
        try:
            since = None if table.is_blank(row, SINCE) else table.date(row, SINCE, order)
        except BadCellError as error:
            problems.append(error.problem(worksheet))
            continue
        if person.key in people and all(since != each.since for each in dated[person.key]):
            person = _with_site(table, row, person, sites, complaints)
            problems += complaints
            dated[person.key].append(_Dated(since, person, row))
            continue
        if person.key in people:
            known = people[person.key]
            remedy = f"{person.user_name} is already {known.name}'s user name; remove one row"
            if _employment(known) != _employment(person):
                remedy += (
                    f" (they have not the same {FIRST_DAY} and {LAST_DAY}: until then they stay as they were)"
                )
                people[person.key] = _without_days(known)
            problems.append(BadCellError(row, table.columns[EMAIL], remedy).problem(worksheet))
            continue
        person = _with_site(table, row, person, sites, complaints)
        try:
            _claim_device_user_id(table, row, person, holders)
        except BadCellError as error:
            complaints.append(error.problem(worksheet))
            person = replace(person, device_user_id="")
        problems += complaints
        people[person.key] = person
        dated[person.key] = [_Dated(since, person, row)]
    for key, rows in dated.items():
        if len(rows) > 1:
            people[key] = _one_of(rows)
    return {
        person.key: person
        for person in sorted(people.values(), key=lambda each: (each.name.casefold(), each.key))
    }, problems


class _Dated(NamedTuple):
    """What a row says of a person, and since when; None for always."""

    since: date | None
    person: Person
    row: int


def _one_of(rows: Sequence[_Dated]) -> Person:
    """The person of several rows."""
    ordered = sorted(rows, key=lambda each: each.since or date.min)
    persons = [each.person for each in ordered]
    first, last = persons[0], persons[-1]
    terms, links = list[Terms](), list[MachineId]()
    for number, each in enumerate(ordered):
        said, begin = each.person, each.since if number else None
        following = ordered[number + 1].since if number + 1 < len(ordered) else None
        terms.append(
            Terms(begin or date.min, said.cut_off, said.site, said.group, said.first_day, said.last_day)
        )
        if said.device_user_id:
            until = None if following is None else following - timedelta(days=1)
            row = _BEHIND + each.row
            links.append(MachineId(site_key(said.site), said.device_user_id, "", begin, until, row))
    return replace(
        first,
        device_user_id="",
        last_day=last.last_day,
        unread=frozenset().union(*(person.unread for person in persons)),
        machine_ids=tuple(links),
        terms=tuple(terms),
    )


def _read_row(table: Table, row: int) -> Person:
    name, email = table.text(row, NAME), address_in(table.text(row, EMAIL))
    user_name = email.partition("@")[0].strip()
    if not user_name:
        raise BadCellError(row, table.columns[EMAIL], "type the person's e-mail address")
    return Person(
        name,
        user_name,
        None,
        device_user_id=table.label(row, DEVICE_USER_ID),
        group=table.label(row, GROUP),
    )


def address_in(text: str) -> str:
    """The e-mail address of what mail programs write, such as ``Ann Archer <ann@example.com>``."""
    found = re.search(r"<([^<>]*@[^<>]*)>\s*$", text)
    return (found[1] if found else text).strip().removeprefix("mailto:")


def _with_cut_off(table: Table, row: int, person: Person, problems: list[Problem]) -> Person:
    """The person with the cut-off time, and what is wrong with it."""
    if table.says_none(row, CUT_OFF):
        return person
    try:
        seconds = table.time_of_day(row, CUT_OFF)
        if seconds == 0:
            raise BadCellError(row, table.columns[CUT_OFF], f"{CUT_OFF} {_MIDNIGHT}")  # noqa: TRY301 - reported below like any other
    except BadCellError as error:
        problems.append(error.kept().problem(table.worksheet))
        return _with_unread(person, Detail.CUT_OFF)
    return replace(person, cut_off=seconds)


def _with_days(
    table: Table, row: int, person: Person, order: Order | None, problems: list[Problem]
) -> Person:
    """The person with the first and the last day as far as they make sense, and what is wrong with them."""
    days: dict[str, date] = {}
    for header, detail in _DAYS.items():
        if table.is_blank(row, header):
            continue
        try:
            days[header] = table.date(row, header, order)
        except BadCellError as error:
            problems.append(error.kept().problem(table.worksheet))
            person = _with_unread(person, detail)
    first, last = days.get(FIRST_DAY), days.get(LAST_DAY)
    if first is not None and last is not None and last < first:
        remedy = f"{LAST_DAY} ({last}) is before {FIRST_DAY} ({first}); correct one: until then both stay as they were"
        problems.append(BadCellError(row, table.columns[LAST_DAY], remedy).problem(table.worksheet))
        return _without_days(person)
    return replace(person, first_day=first, last_day=last)


def _employment(person: Person) -> tuple[object, ...]:
    return person.first_day, person.last_day, person.unread & set(_DAYS.values())


def _without_days(person: Person) -> Person:
    return _with_unread(replace(person, first_day=None, last_day=None), *_DAYS.values())


def _with_unread(person: Person, *details: Detail) -> Person:
    return replace(person, unread=person.unread.union(details))


def _with_site(
    table: Table, row: int, person: Person, sites: Collection[str] | None, problems: list[Problem]
) -> Person:
    """The person with the site as it is spelled elsewhere, and what is wrong with it."""
    try:
        return replace(person, site=site_in(table, row, SITE, sites))
    except BadCellError as error:
        problems.append(error.kept().problem(table.worksheet))
        return _with_unread(person, Detail.SITE)


def _claim_device_user_id(table: Table, row: int, person: Person, holders: dict[str, list[Person]]) -> None:
    """Note whose an ID is; raises BadCellError when somebody else has it on the same machine."""
    if not person.device_user_id:
        return
    others = holders.setdefault(person.device_user_id, [])
    for other in others:
        if not (person.site and other.site) or person.site.casefold() == other.site.casefold():
            where = f" at {person.site}" if person.site else ""
            remedy = (
                f"{person.device_user_id} is already {other.name}'s device user ID{where}; "
                "correct one, or give both their site"
            )
            raise BadCellError(row, table.columns[DEVICE_USER_ID], remedy)
    others.append(person)


def site_in(table: Table, row: int, header: str, sites: Collection[str] | None) -> str:
    """A cell's site as it is spelled everywhere else, and as it was typed while no site is known; empty for all.

    Raises:
        BadCellError: no such site exists.
    """
    text = table.label(row, header)
    spelled = {typed.key(site): site for site in sites or ()}
    if typed.key(text) in spelled:
        return spelled[typed.key(text)]
    if not text or typed.key(text) in _EVERYWHERE:
        return ""
    if sites is None:
        return text
    listed = ", ".join(sorted(sites)) or "none yet"
    remedy = f"no site is called {text!r} (there are: {listed}); correct it, or leave it empty"
    raise BadCellError(row, table.columns[header], remedy)

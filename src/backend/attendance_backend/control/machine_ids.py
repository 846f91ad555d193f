"""``Machine IDs`` in the control spreadsheet: what machines call people, where one ID or name a person does not do.

    Email | Site | Device User ID | Name on the Machine | From | Until

Optional. One row a link; a person may have many. Without a site a row is about all sites.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace

from attendance_backend.control.roster import address_in, site_in
from attendance_backend.domain.people import Detail, MachineId, Person, user_key
from attendance_backend.sheet.grid import Worksheet
from attendance_backend.sheet.table import BadCellError, Problem, Table
from attendance_backend.sheet.typed import Order

TITLE = "Machine IDs"
EMAIL, SITE, DEVICE_USER_ID, NAME, FROM, UNTIL = (
    *("Email", "Site", "Device User ID", "Name on the Machine", "From", "Until"),
)
HEADERS = (EMAIL, DEVICE_USER_ID)
OPTIONAL_HEADERS = (SITE, NAME, FROM, UNTIL)
ALL_HEADERS = (EMAIL, SITE, DEVICE_USER_ID, NAME, FROM, UNTIL)


def with_machine_ids(
    people: Mapping[str, Person], worksheet: Worksheet, sites: Collection[str] | None = None
) -> tuple[Mapping[str, Person], list[Problem]]:
    """The people with their machine IDs, and what is wrong. A row that is not understood leaves all as they were.

    Args:
        people: by `Person.key`.
        worksheet: all of it; without cells when there is none.
        sites: that exist; None when nobody knows yet.
    """
    table, problems = Table.read(worksheet, HEADERS, OPTIONAL_HEADERS)
    if table is None:
        return (_unread(people) if problems else people), problems
    order = table.order_of_dates(FROM, UNTIL)
    found: dict[str, list[MachineId]] = {}
    is_whole = True
    for row in table.rows():
        try:
            user, link = _link(table, row, order, people, sites)
        except BadCellError as error:
            problems.append(error.kept("all of these rows stay as they were").problem(worksheet))
            is_whole = False
            continue
        others = (each for links in found.values() for each in links)
        twice = next((each for each in others if _overlap(each, link)), None)
        if twice is not None:
            remedy = (
                f"row {twice.row + 1} says the same of dates that overlap, and counts; correct one of them"
            )
            header = DEVICE_USER_ID if link.user_id else NAME
            problems.append(BadCellError(row, table.columns[header], remedy).problem(worksheet))
        found.setdefault(user, []).append(link)
    if not is_whole:
        return _unread(people), problems
    known = {
        key: replace(person, machine_ids=(*found.get(key, ()), *person.machine_ids))
        for key, person in people.items()
    }
    return known, problems


def _link(
    table: Table, row: int, order: Order | None, people: Mapping[str, Person], sites: Collection[str] | None
) -> tuple[str, MachineId]:
    user = user_key(address_in(table.text(row, EMAIL)).partition("@")[0])
    if user not in people:
        remedy = "nobody in Cut Off Times has this address; correct it, or add the person"
        raise table.asked_back(row, EMAIL, remedy)
    user_id, name = table.label(row, DEVICE_USER_ID), user_key(table.label(row, NAME))
    if not user_id and not name:
        raise BadCellError(row, table.columns[DEVICE_USER_ID], f"type the {DEVICE_USER_ID}, or the {NAME}")
    first, until = table.span(row, FROM, UNTIL, order)
    site = site_in(table, row, SITE, sites).casefold()
    return user, MachineId(site, user_id, "" if user_id else name, first, until, row)


def _overlap(one: MachineId, other: MachineId) -> bool:
    """Whether two name the same user of the same machines on the same date."""
    if (one.site, one.user_id, one.user_name) != (other.site, other.user_id, other.user_name):
        return False
    starts = [each.first for each in (one, other) if each.first is not None]
    ends = [each.until for each in (one, other) if each.until is not None]
    return not starts or not ends or max(starts) <= min(ends)


def _unread(people: Mapping[str, Person]) -> Mapping[str, Person]:
    return {
        key: replace(person, unread=person.unread | {Detail.MACHINE_IDS}) for key, person in people.items()
    }

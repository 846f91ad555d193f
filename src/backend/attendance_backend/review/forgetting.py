"""Which cells of a workbook are about a person, and what empties them. Pure logic, no calls.

Rows are emptied, not removed: formulas of others go on pointing where they point, and HR may delete the blank rows.
Of ``Corrections`` only what people type is emptied, and the formulas beside it answer nothing then.
"""

import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date

from attendance_backend.domain.people import Labels, People, Person, site_key, user_key
from attendance_backend.review import (
    book,
    corrections_sheet,
    days_sheet,
    exceptions_sheet,
    finalised,
    formulas,
    kept_sheets,
    punch_index,
    raw_data,
    row_counts,
)
from attendance_backend.review.days_sheet import Days
from attendance_backend.review.names import (
    AMENDMENTS,
    CORRECTIONS,
    DAYS,
    EXCEPTIONS,
    KEPT,
    PUNCH_INDEX,
    RAW_PREFIX,
    SINCE,
    is_raw_title,
)
from attendance_backend.review.punch_index import PunchIndex
from attendance_backend.sheet.a1 import cell_name
from attendance_backend.sheet.blocks import write_cells
from attendance_backend.sheet.changes import Change, NewCell
from attendance_backend.sheet.grid import Spreadsheet, Worksheet


@dataclass(frozen=True)
class Whom:
    """Who is to be forgotten.

    Attributes:
        key: the user's key (`user_key`); of somebody whom HR does not keep, what the machine calls the user.
        names: under which people know the person, without address; may be empty.
        address: e-mail; empty for none known.
        site, user_id: the user of one site's machines, and nobody else's, where HR keeps no such person.
    """

    key: str
    names: tuple[str, ...] = ()
    address: str = ""
    site: str = ""
    user_id: str = ""

    @property
    def is_a_number(self) -> bool:
        """Whether a machine's number is all that is known."""
        return bool(self.user_id)

    def is_called(self, text: str) -> bool:
        """Whether a cell that names a person, or an address, names this one."""
        called = user_key(text)
        if self.is_a_number:
            return called == user_key(f"User ID {self.user_id}")
        return bool(called) and called in {self.key, user_key(self.address), *map(user_key, self.names)}

    def mentioned_in(self, text: str) -> bool:
        """Whether any text has the name, the user name or the address in it."""
        words = [each for each in (*self.names, self.address, self.key) if each]
        return not self.is_a_number and any(
            re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text, re.IGNORECASE) for word in words
        )


@dataclass
class Found:
    """What a workbook holds of a person.

    Attributes:
        changes: that empty it.
        identities: of the punches' records.
        rows: how many rows that people see are emptied.
    """

    changes: list[Change] = field(default_factory=list)
    identities: set[str] = field(default_factory=set)
    rows: int = 0


def names_in(view: Spreadsheet, key: str) -> tuple[str, ...]:
    """What a workbook calls a person, if it knows the person at all."""
    days = view.find(DAYS)
    member = None if days is None else Days(days).members.get(key)
    return () if member is None or not member.employee else (member.employee,)


def find(view: Spreadsheet, whom: Whom, persons: Collection[Person] = ()) -> Found:
    """What is about a person in a workbook.

    Args:
        view: all worksheets of ours, whole.
        persons: HR's list: a punch that is the person's by it, or by what the workbook knows, is.
    """
    found = Found()
    is_own = _owner(view, whom, persons)
    for sheet in book.ours(view):
        title = sheet.role or ""
        if title == PUNCH_INDEX:
            _index(sheet, is_own, found)
        elif title == CORRECTIONS:
            _corrections(sheet, whom, found)
        elif title == DAYS:
            rows = [row for row in sheet.data_rows() if _is_of(sheet.text(row, days_sheet.KEY), whom)]
            _empty(sheet, rows, found)
            if rows:
                key = sheet.at(days_sheet.KEY)
                left = sum((row, key) in sheet.cells for row in sheet.data_rows()) - len(rows)
                found.changes += row_counts.count(sheet, days_sheet.KEY, left)
        else:
            rows = [*_rows(sheet, title, whom, is_own, found)]
            _empty(sheet, rows, found)
            found.rows += 0 if title == KEPT else len(rows)
    return found


def mentions(view: Spreadsheet, whom: Whom) -> list[str]:
    """Cells of any worksheet, read whole, in which the person is still named, as people name cells."""
    return [
        f"{sheet.title}!{cell_name(*place)}"
        for sheet in view.worksheets
        for place, cell in sorted(sheet.cells.items())
        if isinstance(cell.value, str) and whom.mentioned_in(cell.value)
    ]


def _owner(view: Spreadsheet, whom: Whom, persons: Collection[Person]) -> Callable[[Labels, date], bool]:
    """Tells whether a punch of a date is the person's."""
    days = view.find(DAYS)
    lists = [People(() if days is None else Days(days).members.values()), People.of(persons)]

    def is_own(labels: Labels, day: date) -> bool:
        if whom.is_a_number:
            return labels.user_id == whom.user_id and site_key(labels.site) == site_key(whom.site)
        owners = {member.key for people in lists if (member := people.whose(labels, day)) is not None}
        return whom.key in (owners or {user_key(labels.user_name)})

    return is_own


def _rows(
    sheet: Worksheet, title: str, whom: Whom, is_own: Callable[[Labels, date], bool], found: Found
) -> Iterator[int]:
    """The rows of a worksheet that are about the person, and which records those of raw data hold."""
    for row in sheet.data_rows():
        if title == AMENDMENTS or is_raw_title(title):
            record_id = sheet.text(row, raw_data.RECORD_ID)
            if record_id and is_own(*_labels(sheet, row)):
                found.identities.add(record_id)
                yield row
        elif _is_about(sheet, title, row, whom):
            yield row


def _is_about(sheet: Worksheet, title: str, row: int, whom: Whom) -> bool:
    if title in finalised.KEYS:
        return _is_of(sheet.text(row, finalised.KEYS[title]), whom)
    if title == KEPT:
        return _is_kept_of(sheet, row, whom)
    if title == SINCE:
        return whom.is_called(sheet.text(row, kept_sheets.WHO))
    return title == EXCEPTIONS and _is_reported(sheet, row, whom)


def _labels(sheet: Worksheet, row: int) -> tuple[Labels, date]:
    """Whose punch it is, and on which date; of a row whose time somebody spoilt, on none that anybody was there."""
    role = sheet.role or ""
    site = sheet.label(row, raw_data.LOCATION) if role == AMENDMENTS else role.removeprefix(RAW_PREFIX)
    serial_number, user_id, user_name = (
        sheet.label(row, each) for each in (raw_data.SERIAL_NUMBER, raw_data.USER_ID, raw_data.USER_NAME)
    )
    day = sheet.date(row, raw_data.TIMESTAMP) or date.min
    return Labels(serial_number, user_id, user_name, site), day


def _is_reported(sheet: Worksheet, row: int, whom: Whom) -> bool:
    token = sheet.text(row, exceptions_sheet.USER)
    user = formulas.user_of(token) or token
    if user and not whom.is_a_number:
        return user == whom.key
    here = not whom.site or site_key(sheet.text(row, exceptions_sheet.SITE)) == site_key(whom.site)
    return here and whom.is_called(sheet.text(row, exceptions_sheet.WHO))


def _is_of(key: str, whom: Whom) -> bool:
    """Whether a row's key (`days_sheet`, `finalised.KEYS`) is the person's."""
    return bool(key) and not whom.is_a_number and finalised.user_of_key(key) == whom.key


def _is_kept_of(sheet: Worksheet, row: int, whom: Whom) -> bool:
    title, key = sheet.text(row, kept_sheets.SHEET), sheet.text(row, kept_sheets.ROW)
    if title in finalised.KEYS:
        return _is_of(key, whom)
    if title != CORRECTIONS:
        return False
    try:
        parts = json.loads(sheet.text(row, kept_sheets.CELLS))
    except ValueError:
        return False
    return isinstance(parts, list) and any(isinstance(each, str) and whom.is_called(each) for each in parts)


def _index(sheet: Worksheet, is_own: Callable[[Labels, date], bool], found: Found) -> None:
    """Rows of the person alone are emptied; where a number passed on, only the person's dates are."""
    index = PunchIndex(sheet)
    emptied: list[int] = []
    for labels, rows in index.rows.items():
        tokens = {day: index.tokens(labels, day) for day in index.columns}
        days = [day for day, there in tokens.items() if there]
        own = [day for day in days if is_own(labels, day)]
        for day in own:
            found.identities |= {token.record_id for token in tokens[day]}
        if own and len(own) == len(days):
            emptied += rows
        else:
            for day in own:
                index.remove(labels, day, frozenset(token.record_id for token in tokens[day]))
    found.changes += index.changes()
    _empty(sheet, emptied, found)
    if emptied:
        left = sum(map(len, index.rows.values())) - len(emptied)
        found.changes += row_counts.count(sheet, punch_index.SERIAL_NUMBER, left)


def _corrections(sheet: Worksheet, whom: Whom, found: Found) -> None:
    rows = [row for row in sheet.data_rows() if whom.is_called(sheet.label(row, corrections_sheet.EMPLOYEE))]
    columns = (*corrections_sheet.TYPED, corrections_sheet.KEPT, corrections_sheet.CARRIED)
    places = [sheet.columns[column] for column in columns if column in sheet.columns]
    cells = {(row, place): NewCell() for row in rows for place in places if (row, place) in sheet.cells}
    found.changes += write_cells(sheet.sheet_id, cells)
    found.rows += len(rows)


def _empty(sheet: Worksheet, rows: Iterable[int], found: Found) -> None:
    expected = set(rows)
    cells = {place: NewCell() for place in sheet.cells if place[0] in expected}
    found.changes += write_cells(sheet.sheet_id, cells)

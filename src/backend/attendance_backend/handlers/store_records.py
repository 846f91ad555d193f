"""StoreAttendRecords: put punches into the raw data, each once, and note what they say of the days.

One read and one atomic write a message, neither of which grows with what is stored. Further reads only when somebody
is not in the workbook yet, when days stand elsewhere than they were put, when HR has finalised the period, or when a
hidden worksheet has to be rebuilt.

A record is confirmed because the index says that it is stored: the index and the row that it speaks of are written in
one atomic call.
"""

import logging
from collections.abc import Sequence
from dataclasses import replace

from attendance_backend.control.reading import read_people
from attendance_backend.domain.people import Labels, People, Person
from attendance_backend.errors import LayoutError, UserError
from attendance_backend.handlers import books, daily_sync, refresh
from attendance_backend.handlers.misplaced import FACTS, Misplaced
from attendance_backend.handlers.store_plan import Storing, strangers
from attendance_backend.handlers.store_read import Book, is_at_odds, lacks_place, lacks_rules, read_book
from attendance_backend.handlers.turns import Draft, take_turn
from attendance_backend.ports import Backend
from attendance_backend.review import structure
from attendance_backend.review.book import header, raw, whole
from attendance_backend.review.names import AMENDMENTS, MONTHLY, PUNCH_INDEX
from attendance_backend.review.punch_index import PunchIndex
from attendance_backend.sheet.changes import AddRows
from attendance_backend.sheet.grid import Spreadsheet, Worksheet
from attendance_contracts import LastStoredTimestamp, StoreAttendRecords

log = logging.getLogger(__name__)


def store_attend_records(message: StoreAttendRecords, backend: Backend) -> LastStoredTimestamp:
    """Confirm every record of the message that the workbook now holds: all of them."""

    def mend(found: Sequence[Misplaced]) -> None:
        backend.remembered.pop(message.sheet_id, None)
        books.put_right(backend.spreadsheets, message.sheet_id, found)
        if any(each.was.role in FACTS for each in found):
            refresh.rebuild_facts(message.sheet_id, message.period, backend)

    stored = take_turn(backend.spreadsheets, lambda: _draft(message, backend), mend)
    unique = {record.identity: None for record in message.records}
    log.info("%s: stored %d punches, %d were there", message.location, stored, len(unique) - stored)
    return LastStoredTimestamp(
        location=message.location,
        request_id=message.request_id,
        sheet_id=message.sheet_id,
        last_stored_timestamp=max(record.timestamp for record in message.records),
        confirmed=tuple(unique),
    )


def _draft(message: StoreAttendRecords, backend: Backend) -> Draft[int]:
    """The write that stores the message, and how many records are new."""
    book = _sound_book(message, backend)
    unique = {record.identity: record for record in message.records}
    new = [record for record in unique.values() if not book.index.knows(record)]
    if not new:
        return Draft(book.read, (), 0)
    if book.parameters.is_closed:
        worksheet = _amendments(message, backend)
        return Draft(book.read, Storing(book, message, new).amend(worksheet), len(new))
    unknown = strangers(book, message, new)
    hires = _hires(book, message, unknown, backend)
    if len(hires) > structure.MOST_ADDED:
        daily_sync.add_hires(message.sheet_id, hires, message.period, backend)
        return _draft(message, backend)
    whole = _whole_book(message, backend) if hires else None
    if unknown:
        # By the header of Monthly Summary an unknown user is found settled.
        states = [header(MONTHLY, optional=True)]
        more = whole[0] if whole else books.read(backend.spreadsheets, message.sheet_id, states)
        book = replace(book, read=_joined(book.read, more))
    if whole is None:
        changes = Storing(book, message, new).changes()
    else:
        view, index = whole
        book = replace(book, index=index)
        storing = Storing(book, message, new, hires)
        changes = [*storing.changes(), *structure.add_people(view, hires, storing.facts)]
    hidden = {book.index.worksheet.sheet_id, book.days.worksheet.sheet_id}
    if any(isinstance(change, AddRows) and change.sheet_id in hidden for change in changes):
        # The next message would ask for the rows as they were, and then for all of them.
        backend.remembered.pop(message.sheet_id, None)
    return Draft(book.read, changes, len(new))


def _joined(view: Spreadsheet, more: Spreadsheet) -> Spreadsheet:
    """The workbook with the worksheets that were read later."""
    sheets = [sheet for sheet in more.worksheets if view.find(sheet.role or sheet.title) is None]
    return replace(view, worksheets=(*view.worksheets, *sheets), absent=view.absent | more.absent)


def _sound_book(message: StoreAttendRecords, backend: Backend) -> Book:
    """The workbook, its hidden worksheets rebuilt first if they are missing or damaged."""
    book = read_book(message, backend)
    if book is not None and not any(wrong(book, message) for wrong in (lacks_place, lacks_rules, is_at_odds)):
        return book
    refresh.rebuild_facts(message.sheet_id, message.period, backend, told_by=message)
    book = read_book(message, backend)
    if book is None or lacks_place(book, message):
        raise LayoutError(
            f"spreadsheet {message.sheet_id}: the hidden worksheets 'Days' and 'Punch Index' cannot be completed; "
            "delete them both, and the next message rebuilds them from the raw data"
        )
    return book


def _hires(
    book: Book, message: StoreAttendRecords, unknown: Sequence[Labels], backend: Backend
) -> list[Person]:
    """Those of the unknown users of a message who are in HR's list and not in the workbook yet."""
    if not unknown:
        return []
    try:
        persons = read_people(backend.spreadsheets, backend.control_id)
    except UserError as error:
        # A punch must not wait for somebody to mend the roster: it goes into the raw data, and is reported.
        log.error("nobody can be added to %s: %s", message.period.name, error)  # noqa: TRY400 - the line says it all
        return []
    people = People.of(persons.values())
    found = {member.key for labels in unknown if (member := people.whose(labels)) is not None}
    return [person for key, person in persons.items() if key in found - book.days.members.keys()]


def _whole_book(message: StoreAttendRecords, backend: Backend) -> tuple[Spreadsheet, PunchIndex] | None:
    """What adding people needs: their worksheets, and the index with all their earlier punches.

    None when a worksheet is gone, which must not keep the punches from being stored.
    """
    try:
        view = books.read(backend.spreadsheets, message.sheet_id, [*structure.PEOPLE, whole(PUNCH_INDEX)])
        structure.check_settings(view)
    except UserError as error:
        log.error("nobody can be added to %s: %s", message.period.name, error)  # noqa: TRY400 - the line says it all
        return None
    return view, PunchIndex(view.worksheet(PUNCH_INDEX))


def _amendments(message: StoreAttendRecords, backend: Backend) -> Worksheet | None:
    """The worksheet as far as `raw_data.append` needs it; None when it is to be made."""
    if books.present(backend.spreadsheets, message.sheet_id).find(AMENDMENTS) is None:
        return None
    return books.read(backend.spreadsheets, message.sheet_id, [raw(AMENDMENTS)]).worksheet(AMENDMENTS)

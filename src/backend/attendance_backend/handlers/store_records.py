"""StoreAttendRecords: put punches into the raw data, each once, and note what they say of the days.

One read and one atomic write for the records of one workbook, neither of which grows with what is stored, however many
messages brought them; and two reads of HR's table, at most once a minute. Further reads only when somebody
is not in the workbook yet, when days stand elsewhere than they were put, when HR has finalised the period, or when a
hidden worksheet has to be rebuilt.

A record is confirmed because the index says that it is stored: the index and the row that it speaks of are written in
one atomic call.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import time
from functools import partial
from typing import NamedTuple

from attendance_backend.domain.people import Labels, People, Person, site_key
from attendance_backend.errors import (
    LayoutError,
    RefusedError,
    SpreadsheetGoneError,
    UserError,
    WorksheetGoneError,
)
from attendance_backend.handlers import books, bounds, daily_sync, refresh, relabelled, routing
from attendance_backend.handlers.create_sheet import create_review_sheet
from attendance_backend.handlers.grouping import Grouping
from attendance_backend.handlers.misplaced import FACTS, Misplaced
from attendance_backend.handlers.optimistic import Draft, write_optimistically
from attendance_backend.handlers.routing import Table
from attendance_backend.handlers.store_plan import New, Storing, strangers
from attendance_backend.handlers.store_read import Book, is_at_odds, lacks_place, lacks_rules, read_book
from attendance_backend.ports import Backend
from attendance_backend.review import structure
from attendance_backend.review.book import header, raw, whole
from attendance_backend.review.names import AMENDMENTS, MONTHLY, PUNCH_INDEX
from attendance_backend.review.punch_index import PunchIndex
from attendance_backend.sheet.changes import AddRows
from attendance_backend.sheet.grid import Spreadsheet, Worksheet
from attendance_contracts import (
    Answer,
    AttendanceRecord,
    CreateReviewSheet,
    LastStoredTimestamp,
    Outcome,
    ReviewPeriod,
    StoreAttendRecords,
)

log = logging.getLogger(__name__)


def store_attend_records(
    message: StoreAttendRecords, backend: Backend, home: ReviewPeriod | None = None, group: str | None = None
) -> LastStoredTimestamp:
    """Store each record in the sheet of its period by HR's table, or of `home`, and say of each what became of it.

    With `home` comes the `group` whose sheet it is.

    Raises:
        TransientError: deliver the message again.
    """
    return _Routed(message, backend, routing.table_for(message, backend), goes_to=home, group=group).reply()


def store_together(
    messages: Sequence[StoreAttendRecords], backend: Backend
) -> Iterator[dict[int, Callable[[], LastStoredTimestamp]]]:
    """Store what goes into one workbook with one read and one write, a workbook after the other.

    Returns:
        What gives the replies, by the messages' places, as soon as nothing is left to do of them. Who is refused, needs
        more than that, or has a workbook for itself, is a round by itself, and stored as its reply is asked for.

    Raises:
        TransientError: deliver those again that were in no round.
    """
    all_routed: dict[int, _Routed] = {}
    is_of_now = False
    for number, message in enumerate(messages):
        try:
            table = routing.table_for(message, backend)
            routed = _Routed(message, backend, table, is_of_now=is_of_now)
        except UserError:
            continue  # it is told by itself
        all_routed[number] = routed
        is_of_now = is_of_now or routed.has_read_anew
    groups: dict[tuple[str, ReviewPeriod], dict[int, _Part]] = {}
    for number, routed in all_routed.items():
        for part in routed.parts():
            groups.setdefault((part.message.sheet_id, part.message.period), {})[number] = part
    if settled := {number: routed.reply for number, routed in all_routed.items() if routed.is_stored}:
        yield settled
    while groups:
        parts = groups.pop(next(iter(groups)))
        grouping = Grouping[_Part](lambda found: _store_in_one([part.message for part in found], backend))
        for part in grouping.done([*parts.values()]):
            part.is_stored()
        ready = {n: all_routed[n] for n in parts if not any(n in others for others in groups.values())}
        if settled := {number: routed.reply for number, routed in ready.items() if routed.is_stored}:
            yield settled
        yield from ({number: routed.reply} for number, routed in ready.items() if not routed.is_stored)


FORGOTTEN = "forgotten"
"""Where a site is to believe the punches of a person that was forgotten (`control.forgotten`)."""
MOST_REFUSALS = 20
"""Attempts of one message that Google may refuse: enough to find two records among the most that a message holds."""
_FULL = "10000000 cells"
"""In Google's words, where a workbook can grow no more."""


class _Home(NamedTuple):
    """Where records of a message belong: the period, when its day begins for them, and the workbook group."""

    period: ReviewPeriod
    boundary: time
    group: str


class _Routed:
    """A message's records on their way into the workbooks of their periods.

    Args:
        is_of_now: whether it was read since the message came.
        goes_to: the period of all of them, if not by the table.

    Attributes:
        gone: IDs of workbooks that are gone.
        has_read_anew: whether HR's table was read since the message came.
    """

    def __init__(
        self,
        message: StoreAttendRecords,
        backend: Backend,
        table: Table,
        *,
        is_of_now: bool = False,
        goes_to: ReviewPeriod | None = None,
        group: str | None = None,
    ) -> None:
        self._goes_to = goes_to
        self._message = message
        self._backend = backend
        self.table = table
        self.gone: set[str] = set()
        self._refusals = 0
        self._nowhere: dict[Outcome, list[AttendanceRecord]] = {}
        self._homes: dict[_Home, list[AttendanceRecord]] = {}
        self._stored_in: dict[_Home, str] = {}
        self.has_read_anew = False
        given = {record.identity: record for record in message.records}
        unique = {key: record for key, record in given.items() if not table.forgotten.holds(record)}
        self._forgotten = tuple(given.keys() - unique.keys())
        homes = [table.home(message.location, record.timestamp) for record in unique.values()]
        if not all(homes) and not is_of_now and not self._takes_its_own():
            # HR may have entered the period since the table was read: "there is none" is said of today's table alone.
            self.table = table = routing.with_site_of(table, routing.read(backend, anew=True))
            self.has_read_anew = True
            homes = [table.home(message.location, record.timestamp) for record in unique.values()]
        # Later ones are read where a workbook is made: by them nothing was said of punches that have no period.
        self._digest = table.digest(message.location)
        takes_its_own = not all(homes) and self._takes_its_own()
        for record, by_table in zip(unique.values(), homes, strict=True):
            home = self._home(record, by_table, takes_its_own=takes_its_own)
            if isinstance(home, Outcome):
                self._nowhere.setdefault(home, []).append(record)
            else:
                boundary = table.boundary_of(message.location, home, record.timestamp)
                labels = Labels.of(record, message.location)
                own = table.groups.of_punch(labels, record.timestamp.date()) if group is None else group
                self._homes.setdefault(_Home(home, boundary, own), []).append(record)
        if group is None and goes_to is None:
            self._stay_where_they_are()

    def _stay_where_they_are(self) -> None:
        """Leave punches in the group's workbook in which they count already, whosever their names say now."""
        by_name, self._homes = self._homes, {}
        for home, records in by_name.items():
            part = self._part(home, records)
            there = relabelled.stored_elsewhere(part, home.group, self.table, self._backend)
            for record in records:
                stays = home._replace(group=there.get(record.identity, home.group))
                self._homes.setdefault(stays, []).append(record)

    def parts(self) -> Iterator["_Part"]:
        """What goes into workbooks that are known."""
        for home, records in self._homes.items():
            part = self._part(home, records)
            if part.sheet_id:
                yield _Part(part, partial(self._stored_in.__setitem__, home, part.sheet_id))

    @property
    def is_stored(self) -> bool:
        """Whether nothing is left to do."""
        return self._stored_in.keys() == self._homes.keys()

    def reply(self) -> LastStoredTimestamp:
        """What became of each record; what is in no workbook yet is stored first."""
        message = self._message
        answers = tuple(self._answers())
        confirmed = [
            identity
            for answer in answers
            if answer.outcome is Outcome.STORED
            for identity in answer.identities
        ]
        at = {record.identity: record.timestamp for record in message.records}
        return LastStoredTimestamp(
            location=message.location,
            request_id=message.request_id,
            sheet_id=message.sheet_id,
            last_stored_timestamp=max(at[identity] for identity in confirmed or at),
            confirmed=tuple(confirmed),
            answers=answers,
            gone=self._is_gone(message.sheet_id),
            table=self._digest,
            others_gone=tuple(sheet_id for sheet_id in message.other_sheets if self._is_gone(sheet_id)),
        )

    def _is_gone(self, sheet_id: str) -> bool:
        """Whether a workbook is gone: as was seen now, or as it is in no list any more, another message having had a
        new one made.
        """
        if sheet_id in self.gone or sheet_id == FORGOTTEN:
            return sheet_id in self.gone
        return sheet_id not in self.table.books.values() and routing.is_gone(sheet_id, self._backend)

    def _answers(self) -> Iterator[Answer]:
        if self._forgotten:
            # Settled for good: in no sheet, so that none that is gone can ask for them again. Sites of any release
            # know this answer.
            yield Answer(outcome=Outcome.STORED, identities=self._forgotten, sheet_id=FORGOTTEN)
        for outcome, records in self._nowhere.items():
            yield Answer(outcome=outcome, identities=_identities(records))
        for home, records in self._homes.items():
            sheet_id = self._stored_in.get(home)
            if sheet_id is not None:
                yield Answer(outcome=Outcome.STORED, identities=_identities(records), sheet_id=sheet_id)
            else:
                yield from self._stored(home, records)

    def _home(
        self, record: AttendanceRecord, home: ReviewPeriod | None, *, takes_its_own: bool
    ) -> ReviewPeriod | Outcome:
        """Where a record belongs whose period by HR's table is `home`."""
        site, message = self._message.location, self._message
        if self._goes_to is not None:
            return self._goes_to
        if not message.routed and (home is not None or takes_its_own):
            return home or message.period
        if self.table.is_before(site, record.timestamp):
            return Outcome.BEFORE_FIRST_DAY
        return home or Outcome.NO_PERIOD

    def _takes_its_own(self) -> bool:
        """Whether punches of no period go where the client believes: one of before 0.2 takes no other answer."""
        return not self._message.routed and bounds.may_have_been(self._message.period, self.table)

    def _stored(self, home: _Home, records: Sequence[AttendanceRecord]) -> Iterator[Answer]:
        """The answers for records of one workbook; whoever cannot be stored keeps no other from it."""
        part = self._part(home, records)
        try:
            part = self._with_sheet(part, home.group)
            sheet_id = self._store(part, home.group)
        except UserError as error:
            self._refusals += 1
            log.error("%s: %d punches are not stored: %s", part.location, len(records), error)  # noqa: TRY400 - the line says it all
            if isinstance(error, RefusedError) and len(records) > 1 and self._refusals < MOST_REFUSALS:
                middle = len(records) // 2
                yield from self._stored(home, records[:middle])
                yield from self._stored(home, records[middle:])
                return
            outcome = Outcome.TOO_LARGE if _FULL in str(error) else Outcome.REFUSED
            yield Answer(outcome=outcome, identities=_identities(records), reason=str(error)[:500])
        else:
            yield Answer(outcome=Outcome.STORED, identities=_identities(records), sheet_id=sheet_id)

    def _part(self, home: _Home, records: Sequence[AttendanceRecord]) -> StoreAttendRecords:
        keeping = self.table.sites[site_key(self._message.location)].in_period(home.period)
        return replace(
            self._message,
            period=home.period,
            sheet_id=self.table.book_of(home.period, home.group) or "",
            time_zone=keeping.time_zone or self._message.time_zone,
            day_boundary=home.boundary,
            records=tuple(records),
            routed=True,
        )

    def _with_sheet(self, part: StoreAttendRecords, group: str) -> StoreAttendRecords:
        """The part with a workbook to go to; made now where none is recorded."""
        if part.sheet_id:
            return part
        if part.period.name == self._message.period.name:
            try:
                books.present(self._backend.spreadsheets, self._message.sheet_id)
            except SpreadsheetGoneError:
                self.gone.add(self._message.sheet_id)
        # Where somebody deleted its row, it is found by what Drive keeps with it: a site's word for it is not enough.
        return replace(part, sheet_id=self._made(part, group))

    def _made(self, part: StoreAttendRecords, group: str) -> str:
        expected = CreateReviewSheet(location=part.location, request_id=part.request_id, period=part.period)
        sheet_id = create_review_sheet(expected, self._backend, group).sheet_id
        self.table = routing.with_site_of(self.table, routing.read(self._backend, anew=True))
        return sheet_id

    def _store(self, part: StoreAttendRecords, group: str) -> str:
        """Store a part, in its period's other workbook if HR named another one since; returns the one it is in."""
        try:
            _store_in_one([part], self._backend)
        except WorksheetGoneError:
            # Perhaps only this site has no place there yet.
            self._made(part, group)
            _store_in_one([part], self._backend)
        except SpreadsheetGoneError as error:
            self.gone.add(part.sheet_id)
            self.table = routing.with_site_of(self.table, routing.read(self._backend, anew=True))
            other = self.table.book_of(part.period, group) or self._made(part, group)
            if other == part.sheet_id:
                raise SpreadsheetGoneError(f"the workbook of {part.period.name} is gone: {error}") from error
            _store_in_one([replace(part, sheet_id=other)], self._backend)
            return other
        return part.sheet_id


def _identities(records: Sequence[AttendanceRecord]) -> tuple[str, ...]:
    return tuple(record.identity for record in records)


class _Part(NamedTuple):
    """What goes into one workbook of a message, as a message of its own."""

    message: StoreAttendRecords
    is_stored: Callable[[], None]


def _store_in_one(parts: Sequence[StoreAttendRecords], backend: Backend) -> None:
    """Store records of one period in its workbook."""
    sheet_id, period = parts[0].sheet_id, parts[0].period

    def fix(found: Sequence[Misplaced]) -> None:
        backend.remembered.pop(sheet_id, None)
        books.put_right(backend.spreadsheets, sheet_id, found)
        if any(each.was.role in FACTS for each in found):
            refresh.rebuild_facts(sheet_id, period, backend)

    stored = write_optimistically(backend.spreadsheets, lambda: _draft(parts, backend), fix)
    unique = {record.identity for part in parts for record in part.records}
    sites = ", ".join(dict.fromkeys(part.location for part in parts))
    log.info("%s: stored %d punches, %d were there", sites, stored, len(unique) - stored)


def _draft(parts: Sequence[StoreAttendRecords], backend: Backend) -> Draft[int]:
    """The write that stores the messages, and how many records are new."""
    sheet_id, period = parts[0].sheet_id, parts[0].period
    book = _sound_book(parts, backend)
    unique: dict[str, New] = {}
    for part in parts:
        for record in part.records:
            unique.setdefault(record.identity, New(record, part, Labels.of(record, part.location)))
    new = [each for each in unique.values() if not book.index.knows(each.record, each.part.location)]
    if not new:
        return Draft(book.read, (), 0)
    if book.parameters.is_closed:
        worksheet = _amendments(sheet_id, backend)
        return Draft(book.read, Storing(book, new).amend(worksheet), len(new))
    unknown = strangers(book, new)
    hires = _hires(book, period, unknown, backend)
    if len(hires) > structure.MOST_ADDED:
        daily_sync.add_hires(sheet_id, hires, period, backend)
        return _draft(parts, backend)
    whole = _whole_book(sheet_id, period, backend) if hires else None
    if unknown:
        # By the header of Monthly Summary an unknown user is found settled.
        states = [header(MONTHLY, optional=True)]
        more = whole[0] if whole else books.read(backend.spreadsheets, sheet_id, states)
        book = replace(book, read=books.joined(book.read, more))
    if whole is None:
        changes = Storing(book, new).changes()
    else:
        view, index = whole
        book = replace(book, index=index)
        storing = Storing(book, new, hires)
        changes = [*storing.changes(), *structure.add_people(view, hires, storing.facts)]
    hidden = {book.index.worksheet.sheet_id, book.days.worksheet.sheet_id}
    if any(isinstance(change, AddRows) and change.sheet_id in hidden for change in changes):
        # The next message would ask for the rows as they were, and then for all of them.
        backend.remembered.pop(sheet_id, None)
    return Draft(book.read, changes, len(new))


def _sound_book(parts: Sequence[StoreAttendRecords], backend: Backend) -> Book:
    """The workbook, its hidden worksheets rebuilt first if they are missing or damaged."""
    book = read_book(parts, backend)
    if book is not None and not any(wrong(book, parts) for wrong in (lacks_place, lacks_rules, is_at_odds)):
        return book
    sheet_id = parts[0].sheet_id
    if len(parts) > 1:
        raise LayoutError(f"spreadsheet {sheet_id}: hidden worksheets are to be rebuilt first")
    refresh.rebuild_facts(sheet_id, parts[0].period, backend, reported_by=parts[0])
    book = read_book(parts, backend)
    if book is None or lacks_place(book, parts):
        raise LayoutError(
            f"spreadsheet {sheet_id}: the hidden worksheets 'Days' and 'Punch Index' cannot be completed; "
            "delete them both, and the next message rebuilds them from the raw data"
        )
    return book


def _hires(book: Book, period: ReviewPeriod, unknown: Sequence[Labels], backend: Backend) -> list[Person]:
    """Those of the unknown users who are in HR's list and not in the workbook yet."""
    if not unknown:
        return []
    try:
        persons = routing.people_of_book(book.read.spreadsheet_id, backend)
    except UserError as error:
        # A punch must not wait for somebody to fix the roster: it goes into the raw data, and is reported.
        log.error("nobody can be added to %s: %s", period.name, error)  # noqa: TRY400 - the line says it all
        return []
    people = People.of(persons.values())
    found = {member.key for labels in unknown for member in people.owners(labels)}
    return [person for key, person in persons.items() if key in found - book.days.members.keys()]


def _whole_book(
    sheet_id: str, period: ReviewPeriod, backend: Backend
) -> tuple[Spreadsheet, PunchIndex] | None:
    """What adding people needs: their worksheets, and the index with all their earlier punches.

    None when a worksheet is gone, which must not keep the punches from being stored.
    """
    try:
        view = books.read(backend.spreadsheets, sheet_id, [*structure.PEOPLE, whole(PUNCH_INDEX)])
        structure.check_settings(view)
    except UserError as error:
        log.error("nobody can be added to %s: %s", period.name, error)  # noqa: TRY400 - the line says it all
        return None
    return view, PunchIndex(view.worksheet(PUNCH_INDEX))


def _amendments(sheet_id: str, backend: Backend) -> Worksheet | None:
    """The worksheet as far as `placing.append` needs it; None when it is to be made."""
    if books.present(backend.spreadsheets, sheet_id).find(AMENDMENTS) is None:
        return None
    return books.read(backend.spreadsheets, sheet_id, [raw(AMENDMENTS)]).worksheet(AMENDMENTS)

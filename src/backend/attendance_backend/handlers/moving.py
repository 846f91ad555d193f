"""Moves punches whose day belongs to another period by now into that period's workbook, unless one is finalised.

HR may extend, shorten, move, rename or withdraw a period at any time; and by ``Roster`` the check-out of a night may be
of the period before, though the site's day begins before it. Raw data is only ever appended to: a punch is stored in
the workbook of its period, and then its row in this one is marked and counts for nobody's day any more. A function that
dies in between leaves a punch that counts twice until the next visit, and none that counts nowhere. What stands in a
month of which HR has typed its yes does not move, nor does anything move into it: it is told. Should such a punch come
again, as with a Pi's new card, it is stored where HR's table has it by then, and marked there.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from types import MappingProxyType
from typing import NamedTuple

from attendance_backend.control.reading import Control
from attendance_backend.domain.clocks import seconds_of
from attendance_backend.domain.groups import book_name
from attendance_backend.domain.people import Labels, People, Person, site_key
from attendance_backend.domain.periods import period_named
from attendance_backend.domain.plans import PlannedDay, Plans
from attendance_backend.errors import SpreadsheetGoneError, UserError, WorksheetGoneError
from attendance_backend.handlers import books, routing
from attendance_backend.handlers.optimistic import Draft, write_optimistically
from attendance_backend.handlers.refresh import rebuild_facts
from attendance_backend.handlers.routing import Table
from attendance_backend.handlers.store_records import FORGOTTEN, store_attend_records
from attendance_backend.ports import Backend
from attendance_backend.review import day_header, exceptions_sheet, punch_index, raw_data
from attendance_backend.review.book import EXCEPTIONS_END, Want, header, places_of, raw, raw_sheets, whole
from attendance_backend.review.exceptions_sheet import Entry
from attendance_backend.review.names import EXCEPTIONS, PUNCH_INDEX, RAW_PREFIX
from attendance_backend.review.punch_index import PunchIndex
from attendance_backend.sheet.grid import Area, Spreadsheet, Worksheet
from attendance_contracts import (
    MAX_CHUNK_RECORDS,
    AttendanceRecord,
    Outcome,
    ReviewPeriod,
    StoreAttendRecords,
)

log = logging.getLogger(__name__)

_DAY = timedelta(days=1)
_KEPT, _KEPT_FOR = "punches that finalised months keep", timedelta(days=1)
_NEAR = 2


@dataclass(slots=True)
class Reported:
    """In a line each: what was put right or could not be looked at, and what HR must know, since it stays as it is."""

    logged: list[str] = field(default_factory=list)
    stays: list[str] = field(default_factory=list)


class _Home(NamedTuple):
    """Which workbook a punch belongs to."""

    period: ReviewPeriod
    group: str

    @property
    def name(self) -> str:
        return book_name(self.period.name, self.group)


@dataclass(frozen=True, slots=True)
class _Month:
    """A workbook, and the days of which it holds columns: those of its period, unless HR changed it."""

    sheet_id: str
    own: _Home | None
    held: ReviewPeriod


class _Homes:
    """The workbook of each punch: by HR's table, of who is planned by the plan, and by groups.

    Args:
        control: what HR keeps; None where nobody is planned.
    """

    def __init__(self, table: Table, control: Control | None) -> None:
        self.table = table
        self._plans = Plans() if control is None else control.plans
        self._persons: Mapping[str, Person] = {} if control is None else control.people
        self._people = People.of(self._persons.values())
        self._found: dict[tuple[str, date], PlannedDay | None] = {}

    @cached_property
    def digest(self) -> str:
        """A digest that differs as soon as HR's table may give a punch of any site another home."""
        return "".join(map(self.table.digest, sorted(self.table.sites)))

    def of(self, labels: Labels, moment: datetime) -> _Home | None:
        """Of a punch of a registered site; None also where it is not to be moved."""
        period = self._period_of(labels, moment)
        return None if period is None else _Home(period, self.table.groups.of_punch(labels, moment.date()))

    def edges(self, site: str, records: Iterable[AttendanceRecord], own: _Home | None) -> Mapping[str, Entry]:
        """What HR reads of punches at a period's edge that are another one's by the plan alone, by record ID."""
        found = dict[str, Entry]()
        for record in records:
            labels, moment = Labels.of(record, site), record.timestamp
            there, member = self.of(labels, moment), self._people.whose(labels, moment.date())
            if own is None or there is None or member is None or there.period == own.period:
                continue
            if self.table.home(site, moment) != own.period:
                continue  # HR moved the day
            person = self._persons[member.key]
            day = moment.date() - _DAY if there.period.last_day < own.period.first_day else moment.date()
            found[record.identity] = exceptions_sheet.counts_elsewhere(
                moment, site, person.name, person.key, day=day, period=there.period.name
            )
        return found

    def may_be_of_another(self, labels: Labels, group: str) -> bool:
        """Whether punches of a row of the index can belong to another group's workbooks, on whatever date."""
        groups = self.table.groups
        owners = [] if groups.are_none else groups.people.owners(labels)
        found = {groups.persons.get(member.key) for member in owners} or {groups.of_site(labels.site)}
        return not groups.are_none and any(each not in (None, group) for each in found)

    def _period_of(self, labels: Labels, moment: datetime) -> ReviewPeriod | None:
        home, day = self.table.home(labels.site, moment), moment.date()
        member = None if self._plans.is_whole and not self._plans.rows else self._people.whose(labels, day)
        if member is None:
            return home
        if not self._plans.is_whole:
            is_inner = home is not None and home.first_day < day <= home.last_day
            return home if is_inner else None  # all plans stay as they were
        planned = self._planned(self._persons[member.key], day)
        if planned is None:
            return home
        kept = (
            self.table.sites[site_key(labels.site)].in_period(ReviewPeriod(f"{day}", day, day)).day_boundary
        )
        begin = planned.opening_s(seconds_of(kept))
        if seconds_of(moment) < begin:
            day -= _DAY
        return next((each for each in self.table.periods if each.first_day <= day <= each.last_day), None)

    def _planned(self, person: Person, day: date) -> PlannedDay | None:
        at = person.key, day
        if at not in self._found:
            days = [day - 2 * _DAY, day - _DAY, day]
            self._found[at] = self._plans.of(person, days, 0, day).get(day)
        return self._found[at]

    def are_kept_at_the_edges(self, index: PunchIndex, own: _Home) -> bool:
        """Whether all punches of a period's first date, and of the one after its last, count where they are to."""
        return all(
            token.amended is (home is not None and home != own)
            for labels in index.rows
            if site_key(labels.site) in self.table.sites
            for day in (own.period.first_day, own.period.last_day + _DAY)
            for token in index.tokens(labels, day)
            for home in [self.of(labels, token.moment(day))]
        )


def put_right(name: str, present: Spreadsheet, backend: Backend, control: Control | None = None) -> Reported:
    """Look through a workbook that is not finalised, of which `present` was read.

    Where nothing has moved it costs one read. `control` says who is planned how.
    """
    homes = _Homes(routing.read(backend), control)
    told = Reported()
    found = _seen(name, present, homes, backend)
    if found is None:
        return told
    for role, seen in found.raws.items():
        site = role[len(RAW_PREFIX) :]
        if site_key(site) not in homes.table.sites:
            continue
        kept = _kept(site, found.month.own, homes, backend)
        # What is marked is looked at each time: its day may have come back, or its other workbook be gone.
        if found.has_moved or kept or site_key(site) in found.guests or raw_data.has_marks(seen):
            _put_right(site, found.month, homes, told, backend, kept=kept)
    return told


class _Seen(NamedTuple):
    """A workbook by its index.

    Attributes:
        has_moved: whether punches of any site may belong elsewhere.
        guests: `site_key` of sites some punches of which may be another group's.
        raws: of each worksheet of raw data by its role, which rows are marked.
    """

    month: _Month
    has_moved: bool
    guests: set[str]
    raws: Mapping[str, Worksheet]


def _seen(name: str, present: Spreadsheet, homes: _Homes, backend: Backend) -> _Seen | None:
    """One read of a workbook; None where it holds no punches."""
    table, sheet_id = homes.table, present.spreadsheet_id
    period_name, group = table.parts_of(name)
    own = period_named(table.periods, period_name)
    home = None if own is None else _Home(own, table.groups.spelled(group))
    roles = [sheet.role or "" for sheet in raw_sheets(present)]
    seen = books.look(backend.spreadsheets, sheet_id, [_edges(own), *map(_entries, roles)])
    index = PunchIndex(seen.worksheet(PUNCH_INDEX))
    dates = index.columns
    if not dates:
        return None
    has_moved = own is None or any(not own.first_day <= day <= own.last_day + _DAY for day in dates)
    # Where a day begins at another time, an hour at the period's edge may be another's.
    has_moved |= any(len(site.keepings) > 1 for site in table.sites.values())
    has_moved |= home is not None and not homes.are_kept_at_the_edges(index, home)
    guests = {site_key(labels.site) for labels in index.rows if homes.may_be_of_another(labels, group)}
    held = own or ReviewPeriod(period_name, min(dates), max(min(dates), max(dates) - _DAY))
    raws = {role: seen.worksheet(role) for role in roles}
    return _Seen(_Month(sheet_id, home, held), has_moved, guests, raws)


def _kept(site: str, own: _Home | None, homes: _Homes, backend: Backend) -> Mapping[str, str]:
    """The punches of a workbook's days that count in a finalised month: the name of that month by record ID.

    By an edit of the table days come from the next periods, or from one that is no longer in it: far ones are not read.
    """
    kept: dict[str, str] = {}
    if own is None:
        return kept
    table = homes.table
    at = table.periods.index(own.period)
    written = {each.name.casefold(): each.name for each in table.periods}
    far = {each.name.casefold() for place, each in enumerate(table.periods) if abs(place - at) > _NEAR}
    for name in table.finalised & table.books.keys():
        period, group = table.parts_of(name)
        if period.casefold() not in far:
            strays = _strays(name, homes, backend).get(site_key(site), {})
            title = book_name(written.get(period.casefold(), period), group)
            kept |= {identity: title for identity, home in strays.items() if home == own}
    return kept


def _strays(name: str, homes: _Homes, backend: Backend) -> Mapping[str, Mapping[str, _Home]]:
    """Where HR's table has punches that count in a finalised month, by site and record ID.

    Looked at once a day, and when the table has changed; each time while there are any.
    """
    now, told, sheet_id = backend.clock.now(), homes.digest, homes.table.books[name]
    known: dict[str, tuple[datetime, str, dict[str, dict[str, _Home]]]]
    known = backend.remembered.setdefault(_KEPT, {})
    at, before, strays = known.get(sheet_id, (now, "", {}))
    if strays or before != told or abs(now - at) >= _KEPT_FOR:
        try:
            strays = dict(_strays_of(name, homes, backend))
        except UserError as error:
            # Whoever looks after the other month must not wait for this one.
            log.warning("workbook of %s: it is not known what it keeps of other months: %s", name, error)
        known[sheet_id] = now, told, strays
    return strays


def _strays_of(name: str, homes: _Homes, backend: Backend) -> Iterator[tuple[str, dict[str, _Home]]]:
    sheet_id = homes.table.books[name]
    found = _seen(name, books.present(backend.spreadsheets, sheet_id), homes, backend)
    if found is None or not found.has_moved:
        return
    for role in found.raws:
        site = role[len(RAW_PREFIX) :]
        sheet = _whole(site, sheet_id, backend).worksheet(role)
        counting = raw_data.counting(sheet)
        there = {
            record.identity: home
            for record, home in _homes_of(sheet, site, homes)
            if home != found.month.own and record.identity in counting
        }
        if there:
            yield site_key(site), there


def _homes_of(sheet: Worksheet, site: str, homes: _Homes) -> Iterator[tuple[AttendanceRecord, _Home]]:
    """The records of raw data that have a home, and which."""
    for row in sheet.data_rows():
        record = raw_data.record_of(sheet, row)
        home = None if record is None else homes.of(Labels.of(record, site), record.timestamp)
        if record is not None and home is not None:
            yield record, home


def _put_right(
    site: str, month: _Month, period_of: _Homes, told: Reported, backend: Backend, *, kept: Mapping[str, str]
) -> None:
    table = period_of.table
    sheet = _whole(site, month.sheet_id, backend).worksheet(RAW_PREFIX + site)
    homes: dict[_Home, list[AttendanceRecord]] = {}
    back: dict[str, str] = {}
    counting = raw_data.counting(sheet)
    for record, home in _homes_of(sheet, site, period_of):
        # This one may have another name, typed over in Review Sheets: marked, its punches would count nowhere.
        if home != month.own and table.book_of(*home) != month.sheet_id:
            homes.setdefault(home, []).append(record)
        elif record.identity not in counting and record.identity not in kept:
            back[record.identity] = ""
    twice = {identity: name for identity, name in kept.items() if identity in counting}
    if twice and _mark(site, month.sheet_id, month.held, twice, backend):
        told.logged.append(f"{len(twice)} punches of {site} count in a finalised month, and here no more")
    if back and _mark(site, month.sheet_id, month.held, back, backend):
        told.logged.append(f"{len(back)} punches of {site} count here again")
    for home, records in homes.items():
        if table.is_finalised(*home):
            if stay := [record for record in records if record.identity in counting]:
                told.stays.append(
                    f"{len(stay)} punches of {site} are of {home.name}, which is finalised: they stay"
                )
            continue
        there = _counting(site, table.book_of(*home), backend)
        missing = [record for record in records if record.identity not in there]
        there |= set(_store(site, home, missing, month.sheet_id, backend))
        moved = {record.identity: home.name for record in records if record.identity in there}
        edges = period_of.edges(site, records, month.own)
        if _mark(site, month.sheet_id, month.held, moved, backend, edges=edges):
            told.logged.append(
                f"{len(moved)} punches of {site} count in {home.name} now: their days are there"
            )


def _store(
    site: str, home: _Home, records: Sequence[AttendanceRecord], sheet_id: str, backend: Backend
) -> list[str]:
    """Store records in the workbook where they belong; returns the IDs of those that are there."""
    moved: list[str] = []
    for first in range(0, len(records), MAX_CHUNK_RECORDS):
        keeping = routing.read(backend).sites[site_key(site)].in_period(home.period)
        message = StoreAttendRecords(
            location=site,
            request_id="moving",
            sheet_id=sheet_id,
            period=home.period,
            time_zone=keeping.time_zone,
            day_boundary=keeping.day_boundary,
            records=tuple(records[first : first + MAX_CHUNK_RECORDS]),
            routed=True,
        )
        for answer in store_attend_records(message, backend, *home).answers:
            if answer.outcome is Outcome.STORED and answer.sheet_id not in (FORGOTTEN, sheet_id):
                moved += answer.identities
                # It may stand there already, marked: HR has moved the day back.
                _mark(site, answer.sheet_id, home.period, dict.fromkeys(answer.identities, ""), backend)
    return moved


def _counting(site: str, sheet_id: str | None, backend: Backend) -> set[str]:
    """The IDs of a site's records that count in a workbook; of none where it is gone."""
    if sheet_id is None:
        return set()
    try:
        sheet = _whole(site, sheet_id, backend).worksheet(RAW_PREFIX + site)
    except (SpreadsheetGoneError, WorksheetGoneError):
        return set()
    return raw_data.counting(sheet)


def _mark(
    site: str,
    sheet_id: str,
    period: ReviewPeriod,
    counts_in: Mapping[str, str],
    backend: Backend,
    *,
    edges: Mapping[str, Entry] = MappingProxyType({}),
) -> bool:
    """Mark rows, or take their marks away, and count their days anew; returns whether there was anything to do.

    Of those of `edges` that are only now marked, ``Exceptions`` says so.
    """

    def draft() -> Draft[bool]:
        view = _whole(site, sheet_id, backend, EXCEPTIONS_END if edges else None)
        sheet = view.worksheet(RAW_PREFIX + site)
        changes = raw_data.marks(sheet, counts_in)
        new = raw_data.counting(sheet).intersection(counts_in)
        entries = [entry for identity, entry in edges.items() if identity in new]
        if entries and (exceptions := view.find(EXCEPTIONS)) is not None:
            changes += exceptions_sheet.append(exceptions, entries, places_of(view))
        return Draft(view, changes, bool(changes))

    has_changed = bool(counts_in) and write_optimistically(backend.spreadsheets, draft)
    if has_changed:
        rebuild_facts(sheet_id, period, backend)
    return has_changed


def _edges(own: ReviewPeriod | None) -> Want:
    """Of the index, the first date of a period and the one after it; without one only the header."""
    if own is None:
        return header(PUNCH_INDEX)
    dates = punch_index.dates_of(own.first_day, own.last_day)

    def areas(sheet: Worksheet) -> list[Area]:
        ends = (dates[0], dates[-1])
        return list(dict.fromkeys(area for day in ends for area in punch_index.areas(sheet, [day])))

    return Want(day_header.as_made(punch_index.LAYOUT, dates), areas)


def _entries(role: str) -> Want:
    """Of raw data, by which rows are marked."""
    return Want(raw(role).made, lambda sheet: Area.of_places(sheet.title, [sheet.at(raw_data.ENTRY)]))


def _whole(site: str, sheet_id: str, backend: Backend, more: Want | None = None) -> Spreadsheet:
    wants = [whole(RAW_PREFIX + site), header(PUNCH_INDEX)]
    if more is not None:
        wants.append(replace(more, optional=True))
    return books.look(backend.spreadsheets, sheet_id, wants)


def guarded(name: str, present: Spreadsheet, backend: Backend, control: Control | None = None) -> Reported:
    """As `put_right`; what goes wrong with one workbook is told, and keeps nobody from looking after it."""
    try:
        return put_right(name, present, backend, control)
    except UserError as error:
        return Reported([f"it is not known whether all punches are in their own period: {error}"])

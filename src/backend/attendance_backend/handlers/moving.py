"""Punches whose day HR has moved to another period since they were stored: put right, as far as neither is final.

HR may extend, shorten, move, rename or withdraw a period at any time. Raw data is only ever appended to: a punch is
stored in the workbook of its period, and then its row in this one is marked and counts for nobody's day any more. A
function that dies in between leaves a punch that counts twice until the next visit, and none that counts nowhere. What
stands in a month of which HR has typed its yes does not move, nor does anything move into it: it is told.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from attendance_backend.domain.people import site_key
from attendance_backend.domain.periods import period_named
from attendance_backend.errors import SpreadsheetGoneError, UserError, WorksheetGoneError
from attendance_backend.handlers import books, routing
from attendance_backend.handlers.refresh import rebuild_facts
from attendance_backend.handlers.routing import Table
from attendance_backend.handlers.store_records import store_attend_records
from attendance_backend.handlers.turns import Draft, take_turn
from attendance_backend.ports import Backend
from attendance_backend.review import raw_data
from attendance_backend.review.book import Want, header, raw, raw_sheets
from attendance_backend.review.names import PUNCH_INDEX, RAW_PREFIX
from attendance_backend.review.punch_index import columns_by_date
from attendance_backend.sheet.grid import Area, Spreadsheet, Worksheet
from attendance_backend.sheet.layout import runs
from attendance_contracts import (
    MAX_CHUNK_RECORDS,
    AttendanceRecord,
    Outcome,
    ReviewPeriod,
    StoreAttendRecords,
)

_DAY = timedelta(days=1)


@dataclass(slots=True)
class Told:
    """In a line each: what was put right or could not be looked at, and what HR must know, since it stays as it is."""

    logged: list[str] = field(default_factory=list)
    stays: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Month:
    """A workbook, and the days of which it holds columns: those of its period, unless HR changed it."""

    sheet_id: str
    own: ReviewPeriod | None
    held: ReviewPeriod


def put_right(name: str, present: Spreadsheet, backend: Backend) -> Told:
    """Look through a workbook that is not finalised, of which `present` was read.

    Where nothing has moved it costs one read.
    """
    table = routing.read(backend)
    own = period_named(table.periods, name)
    sheet_id = present.spreadsheet_id
    raws = [sheet.role or "" for sheet in raw_sheets(present)]
    seen = books.look(backend.spreadsheets, sheet_id, [header(PUNCH_INDEX), *map(_entries, raws)])
    dates = columns_by_date(seen.worksheet(PUNCH_INDEX))
    has_moved = own is None or any(not own.first_day <= day <= own.last_day + _DAY for day in dates)
    # Where a day begins at another time, an hour at the period's edge may be another's.
    has_moved |= any(len(site.keepings) > 1 for site in table.sites.values())
    told = Told()
    if not dates:
        return told
    month = _Month(sheet_id, own, own or ReviewPeriod(name, min(dates), max(min(dates), max(dates) - _DAY)))
    for role in raws:
        site = role[len(RAW_PREFIX) :]
        # What is marked is looked at each time: its day may have come back, or its other workbook be gone.
        if site_key(site) in table.sites and (has_moved or raw_data.has_marks(seen.worksheet(role))):
            _put_right(site, month, table, told, backend)
    return told


def _put_right(site: str, month: _Month, table: Table, told: Told, backend: Backend) -> None:
    sheet = _whole(site, month.sheet_id, backend).worksheet(RAW_PREFIX + site)
    homes: dict[ReviewPeriod, list[AttendanceRecord]] = {}
    back: dict[str, str] = {}
    counting = raw_data.counting(sheet)
    for row in sheet.data_rows():
        record = raw_data.record_of(sheet, row)
        home = None if record is None else table.home(site, record.timestamp)
        if record is None or home is None:
            continue
        if home != month.own:
            homes.setdefault(home, []).append(record)
        elif record.identity not in counting:
            back[record.identity] = ""
    if back and _mark(site, month.sheet_id, month.held, back, backend):
        told.logged.append(f"{len(back)} punches of {site} count here again")
    for home, records in homes.items():
        if home.name.casefold() in table.finalised:
            if stay := [record for record in records if record.identity in counting]:
                told.stays.append(
                    f"{len(stay)} punches of {site} are of {home.name}, which is finalised: they stay"
                )
            continue
        there = _counting(site, table.books.get(home.name.casefold()), backend)
        missing = [record for record in records if record.identity not in there]
        there |= set(_store(site, home, missing, month.sheet_id, backend))
        moved = {record.identity: home.name for record in records if record.identity in there}
        if _mark(site, month.sheet_id, month.held, moved, backend):
            told.logged.append(
                f"{len(moved)} punches of {site} count in {home.name} now: HR has put their days there"
            )


def _store(
    site: str, home: ReviewPeriod, records: Sequence[AttendanceRecord], sheet_id: str, backend: Backend
) -> list[str]:
    """Store records in the workbook of their period; returns the IDs of those that are there."""
    moved: list[str] = []
    for first in range(0, len(records), MAX_CHUNK_RECORDS):
        keeping = routing.read(backend).sites[site_key(site)].in_period(home)
        message = StoreAttendRecords(
            location=site,
            request_id="moving",
            sheet_id=sheet_id,
            period=home,
            time_zone=keeping.time_zone,
            day_boundary=keeping.day_boundary,
            records=tuple(records[first : first + MAX_CHUNK_RECORDS]),
            routed=True,
        )
        for answer in store_attend_records(message, backend).answers:
            if answer.outcome is Outcome.STORED:
                moved += answer.identities
                # It may stand there already, marked: HR has moved the day back.
                _mark(site, answer.sheet_id, home, dict.fromkeys(answer.identities, ""), backend)
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
    site: str, sheet_id: str, period: ReviewPeriod, counts_in: Mapping[str, str], backend: Backend
) -> bool:
    """Mark rows, or take their marks away, and count their days anew; returns whether there was anything to do."""

    def draft() -> Draft[bool]:
        view = _whole(site, sheet_id, backend)
        changes = raw_data.marks(view.worksheet(RAW_PREFIX + site), counts_in)
        return Draft(view, changes, bool(changes))

    has_changed = bool(counts_in) and take_turn(backend.spreadsheets, draft)
    if has_changed:
        rebuild_facts(sheet_id, period, backend)
    return has_changed


def _entries(role: str) -> Want:
    """Of raw data, by which rows are marked."""
    return Want(
        raw(role).made,
        lambda sheet: [Area.of_columns(sheet.title, *run) for run in runs([sheet.at(raw_data.ENTRY)])],
    )


def _whole(site: str, sheet_id: str, backend: Backend) -> Spreadsheet:
    made = raw(RAW_PREFIX + site).made

    def areas(sheet: Worksheet) -> list[Area]:
        return [Area(sheet.title)]

    return books.look(backend.spreadsheets, sheet_id, [Want(made, areas), header(PUNCH_INDEX)])


def guarded(name: str, present: Spreadsheet, backend: Backend) -> Told:
    """As `put_right`; what goes wrong with one workbook is told, and keeps nobody from looking after it."""
    try:
        return put_right(name, present, backend)
    except UserError as error:
        return Told([f"it is not known whether all punches are in their own period: {error}"])

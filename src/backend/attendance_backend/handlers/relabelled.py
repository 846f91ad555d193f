"""Punches that are read once more under another name: the machine gave none for a while, or its user was renamed.

By its new name such a punch may be another group's, and would count there as well: it stays where it was stored first.
Which users of a site's machines a workbook holds is known for a minute from what messages read of it. Only where
another group's workbook holds the user of a punch, its index is asked: one read more.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime

from attendance_backend.domain.people import site_key
from attendance_backend.errors import UserError
from attendance_backend.handlers import books, routing
from attendance_backend.handlers.routing import KNOWN_FOR_S, Table
from attendance_backend.ports import Backend
from attendance_backend.review import day_header, punch_index
from attendance_backend.review.book import Want
from attendance_backend.review.names import PUNCH_INDEX
from attendance_backend.review.punch_index import PunchIndex
from attendance_contracts import AttendanceRecord, ReviewPeriod, StoreAttendRecords

log = logging.getLogger(__name__)

_USERS = "users of machines by workbook"
_User = tuple[str, str]
"""`site_key` and the machine's number for somebody."""


def remember(index: PunchIndex, parts: Sequence[StoreAttendRecords], backend: Backend) -> None:
    """Keep in mind which users a workbook holds, of which the index was read, once messages are stored in it."""
    if not routing.read(backend).groups.are_none:
        coming = {_user_of(record, part.location) for part in parts for record in part.records}
        _keep(parts[0].sheet_id, index, coming, backend)


def stored_elsewhere(
    part: StoreAttendRecords, group: str, table: Table, backend: Backend
) -> Mapping[str, str]:
    """Of records of a period that are a group's by name: the other groups in whose workbooks they count, by record ID.

    Raises:
        TransientError: it is not known.
    """
    found: dict[str, str] = {}
    own = table.book_of(part.period, group)
    for other in () if table.groups.are_none else ("", *sorted(table.groups.all_of_sites)):
        sheet_id = table.book_of(part.period, other)
        if sheet_id is None or sheet_id == own:
            continue
        try:
            found |= dict.fromkeys(_counting(sheet_id, part, backend), other)
        except UserError as error:
            log.warning(
                "it is not known what of %s the workbook of %s holds: %s", part.location, other, error
            )
    return found


def _counting(sheet_id: str, part: StoreAttendRecords, backend: Backend) -> Iterator[str]:
    users = _users(sheet_id, part.period, backend)
    again = [record for record in part.records if _user_of(record, part.location) in users]
    if not again:
        return
    index = _index(sheet_id, part.period, sorted({record.timestamp.date() for record in again}), backend)
    for record in again:
        for labels in index.by_user_id.get(record.user_id.strip(), ()):
            if site_key(labels.site) != site_key(part.location):
                continue
            tokens = index.tokens(labels, record.timestamp.date())
            if any(token.record_id == record.identity and not token.amended for token in tokens):
                yield record.identity


def _users(sheet_id: str, period: ReviewPeriod, backend: Backend) -> frozenset[_User]:
    now = backend.clock.now()
    known: dict[str, tuple[datetime, frozenset[_User]]] = backend.remembered.setdefault(_USERS, {})
    if sheet_id not in known or abs((now - known[sheet_id][0]).total_seconds()) >= KNOWN_FOR_S:
        _keep(sheet_id, _index(sheet_id, period, (), backend), set(), backend)
    return known[sheet_id][1]


def _keep(sheet_id: str, index: PunchIndex, coming: set[_User], backend: Backend) -> None:
    there = {(site_key(labels.site), labels.user_id) for labels in index.rows}
    known = backend.remembered.setdefault(_USERS, {})
    known[sheet_id] = backend.clock.now(), frozenset(there | coming)


def _index(sheet_id: str, period: ReviewPeriod, days: Sequence[date], backend: Backend) -> PunchIndex:
    dates = punch_index.dates_of(period.first_day, period.last_day)
    made = day_header.as_made(punch_index.LAYOUT, dates)
    want = Want(made, lambda sheet: punch_index.areas(sheet, days))
    return PunchIndex(books.look(backend.spreadsheets, sheet_id, [want]).worksheet(PUNCH_INDEX))


def _user_of(record: AttendanceRecord, site: str) -> _User:
    return site_key(site), record.user_id.strip()

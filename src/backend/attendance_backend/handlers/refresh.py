"""Refresh: the program's hidden worksheets, computed anew from all rows of the raw data.

A healthy workbook shows no difference and is not written to.
"""

import logging
from collections.abc import Sequence

from attendance_backend.domain.people import Person, site_key
from attendance_backend.errors import UserError
from attendance_backend.handlers import books, routing
from attendance_backend.handlers.optimistic import Draft, write_optimistically
from attendance_backend.ports import Backend
from attendance_backend.review import sites_sheet
from attendance_backend.review.book import EXCEPTIONS_END, STATE_HEADERS, Want, tell
from attendance_backend.review.days_sheet import Days
from attendance_backend.review.exceptions_sheet import Entry
from attendance_backend.review.names import DAYS, SITES
from attendance_backend.review.raw_data import StoredPunch
from attendance_backend.review.rebuilding import Rebuilt, fact_wants, rebuild
from attendance_backend.review.rules import told
from attendance_backend.sheet.changes import Change
from attendance_backend.sheet.grid import Spreadsheet
from attendance_backend.sheet.preview import workbook_after
from attendance_contracts import ReviewPeriod, StoreAttendRecords

log = logging.getLogger(__name__)

MOST_LINES = 20
"""Of a log that a person reads."""


def rebuild_facts(
    spreadsheet_id: str, period: ReviewPeriod, backend: Backend, reported_by: StoreAttendRecords | None = None
) -> Rebuilt:
    """Rebuild ``Punch Index`` and ``Days`` where they differ from the raw data; returns what was done.

    Args:
        period: whose days must have columns.
        reported_by: a message that says what ``Sites`` may still lack of its site.
    """

    def draft() -> Draft[Rebuilt]:
        present = books.present(backend.spreadsheets, spreadsheet_id)
        view = books.read(backend.spreadsheets, spreadsheet_id, [*fact_wants(present), *_telling(present)])
        sites = _told(view, reported_by)
        view = workbook_after(view, sites)
        days = view.find(DAYS)
        people = _people(spreadsheet_id, backend) if days is None or Days(days).is_incomplete() else ()
        rebuilt = rebuild(view, period, people)
        told = _deleted(rebuilt.gone) if _telling(present) else []
        return Draft(present, [*sites, *rebuilt.changes, *tell(view, told)], rebuilt, in_steps=True)

    rebuilt = write_optimistically(backend.spreadsheets, draft)
    lines = [*rebuilt.unreadable, *(f"{difference} (rebuilt)" for difference in rebuilt.differences)]
    for line in lines[:MOST_LINES]:
        log.warning("spreadsheet %s: %s", spreadsheet_id, line)
    if len(lines) > MOST_LINES:
        log.warning("spreadsheet %s: and %d more", spreadsheet_id, len(lines) - MOST_LINES)
    return rebuilt


def _telling(present: Spreadsheet) -> list[Want]:
    """What must be read to tell in ``Exceptions``, unless a worksheet for it is missing."""
    wants = [EXCEPTIONS_END, *STATE_HEADERS]
    return wants if all(present.find(want.title) is not None for want in wants) else []


def _deleted(punches: Sequence[StoredPunch]) -> list[Entry]:
    """Rows of the raw data that were there and are not: their punches count no more, and nothing else says so."""
    return [
        Entry(
            punch.moment,
            punch.labels.site,
            punch.labels.user_name or f"User ID {punch.labels.user_id}",
            f"The punch at {punch.moment:%H:%M:%S on %d-%m-%Y} was deleted from the raw data, and counts no more",
            "File > Version history shows it. Restore it, or type what is to count into Corrections.",
        )
        for punch in punches
    ]


def _told(view: Spreadsheet, message: StoreAttendRecords | None) -> list[Change]:
    sites = view.find(SITES)
    if sites is None or message is None:
        return []
    key = site_key(message.location)
    values = told(message, sites_sheet.read(sites, {key}).get(key))
    return sites_sheet.cells_of(sites, {message.location: values} if values else {})


def _people(sheet_id: str, backend: Backend) -> Sequence[Person]:
    """HR's list; nobody when it cannot be read, which must not keep punches from being stored."""
    try:
        return tuple(routing.people_of_book(sheet_id, backend).values())
    except UserError as error:
        log.error("the worksheet %r is made without people: %s", DAYS, error)  # noqa: TRY400 - the line says it all
        return ()

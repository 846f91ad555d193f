"""CreateReviewSheet: make sure that the period's spreadsheet exists, once, with a place for the site.

Whatever the point at which an earlier attempt died, this one goes on from there: a recorded spreadsheet is
used, one created but not recorded is found by its Drive properties, and its structure is completed in one
atomic call before it is recorded and before anybody is told.
"""

import logging

from attendance_backend.control import review_sheets
from attendance_backend.control.reading import read_people
from attendance_backend.errors import SpreadsheetGoneError
from attendance_backend.ports import Backend
from attendance_backend.sheet.grid import Spreadsheet
from attendance_backend.workbook import sites_sheet, structure
from attendance_backend.workbook.names import SITES, drive_properties, workbook_title
from attendance_backend.workbook.structure import Content
from attendance_contracts import CreateReviewSheet, NewReviewSheet, ReviewPeriod

log = logging.getLogger(__name__)


def create_review_sheet(message: CreateReviewSheet, backend: Backend) -> NewReviewSheet:
    """Answer with the ID of the period's spreadsheet, the same for every site."""
    period = message.period
    records = review_sheets.read(backend.spreadsheets, backend.control_id)
    recorded = review_sheets.find(records, period.name)
    sheet_id = recorded or _find_or_create(period, backend)
    try:
        _complete(sheet_id, message, backend)
    except SpreadsheetGoneError as error:
        if recorded is None:
            raise
        raise SpreadsheetGoneError(
            f"the review sheet of {period.name} is gone ({error}): restore it from Drive's bin, or delete its row "
            f"in {review_sheets.TITLE!r} to have a new one made"
        ) from error
    if recorded is None:
        today = backend.clock.now().date()
        review_sheets.record(
            backend.spreadsheets,
            backend.control_id,
            records,
            period.name,
            spreadsheet_id=sheet_id,
            created_on=today,
        )
    return NewReviewSheet(
        location=message.location, request_id=message.request_id, period=period, sheet_id=sheet_id
    )


def _find_or_create(period: ReviewPeriod, backend: Backend) -> str:
    properties = drive_properties(period.name, backend.control_id)
    found = backend.drive.find(properties)
    if found:
        return found[0]
    sheet_id = backend.drive.create(workbook_title(period), properties)
    log.info("created the review sheet of %s: spreadsheet %s", period.name, sheet_id)
    return sheet_id


def _complete(sheet_id: str, message: CreateReviewSheet, backend: Backend) -> None:
    workbook = backend.spreadsheets.read(sheet_id)
    content = _content(workbook, backend)
    changes = structure.missing_worksheets(workbook, message.period, message.location, content)
    if structure.can_grow(workbook):
        view = backend.spreadsheets.read(sheet_id, [*structure.HEADER_AREAS, *sites_sheet.AREAS])
        changes += structure.missing_days(view, message.period)
        changes += sites_sheet.cells_for(view.worksheet(SITES), message.location, {})
    backend.spreadsheets.apply(sheet_id, changes)


def _content(workbook: Spreadsheet, backend: Backend) -> Content:
    """What the worksheets that are missing begin with; nothing is read when none is."""
    if not structure.lacks_derived(workbook):
        return Content()
    people = tuple(read_people(backend.spreadsheets, backend.control_id).values())
    areas = structure.header_areas(workbook)
    headers = backend.spreadsheets.read(workbook.spreadsheet_id, areas) if areas else None
    return Content(people, headers=headers)

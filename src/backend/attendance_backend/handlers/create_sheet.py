"""CreateReviewSheet: make sure that the period's spreadsheet exists, once, with a place for the site.

Whatever the point at which an earlier attempt died, this one goes on from there: a recorded spreadsheet is
used, one created but not recorded is found by its Drive properties, and its structure is completed in one
atomic call before it is recorded and before anybody is told.
"""

import logging
from collections.abc import Mapping
from datetime import date

from attendance_backend.control import review_sheets
from attendance_backend.control.reading import read_people
from attendance_backend.errors import SpreadsheetGoneError
from attendance_backend.handlers.turns import Draft, take_turn
from attendance_backend.ports import Backend
from attendance_backend.sheet.grid import Area, Spreadsheet
from attendance_backend.workbook.daily_attendance import columns_by_day
from attendance_backend.workbook.names import DAILY, drive_properties, workbook_title
from attendance_backend.workbook.structure import (
    HEADER_AREAS,
    Content,
    lacks_derived,
    missing_days,
    missing_worksheets,
)
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
    def draft() -> Draft[None]:
        workbook = backend.spreadsheets.read(sheet_id)
        changes = missing_worksheets(workbook, message.period, message.location, _content(workbook, backend))
        titles = {area.worksheet for area in HEADER_AREAS}
        if all(workbook.find(title) is not None for title in titles):
            headers = backend.spreadsheets.read(sheet_id, HEADER_AREAS)
            changes += missing_days(headers, message.period)
        return Draft(workbook, changes, None)

    take_turn(backend.spreadsheets, draft)


def _content(workbook: Spreadsheet, backend: Backend) -> Content:
    if not lacks_derived(workbook):
        return Content()
    people = tuple(read_people(backend.spreadsheets, backend.control_id).values())
    columns: Mapping[date, int] = {}
    if workbook.find(DAILY) is not None:
        header = backend.spreadsheets.read(workbook.spreadsheet_id, [Area.of_rows(DAILY, 0, 1)])
        columns = columns_by_day(header.worksheet(DAILY))
    return Content(people, columns)

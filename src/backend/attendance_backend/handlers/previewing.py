"""What HR's tables of now would change in a workbook that they have not reached: a preview, on a copy.

A workbook's numbers are its formulas'; what a changed shift, roster, cut-off time or setting makes of them is computed
by the service where they stand, and nowhere else. So the workbook is copied, the copy is brought up to date as a visit
does it, and what it showed before is compared with what it shows then. Whatever the preview says is what will be, by
the same code and the same formulas; a computation of our own beside them would be a second truth. Weighed against it:
the facts alone, with no copy, tell of times, and not of hours, overtime and penalties, which are what is paid.

The copy costs a workbook in Drive, and about 25 calls. It lies in the folder of the copies, bears none of the
properties by which workbooks are found, and is put into the bin by whoever made it, or with the next preview.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from attendance_backend.control.reading import TABLES, Control
from attendance_backend.handlers import books, copies
from attendance_backend.handlers.restore import restore
from attendance_backend.ports import Backend
from attendance_backend.review import compared
from attendance_backend.review.compared import Differing
from attendance_backend.sheet.grid import Spreadsheet
from attendance_contracts import ReviewPeriod

PREVIEW_OF, PREVIEW_BY, PREVIEW_FROM = (
    "attendance_preview_of",
    "attendance_preview_by",
    "attendance_preview_from",
)
"""The workbook's ID, that of *Review Periods*, and a mark of what HR's tables were."""


@dataclass(frozen=True, slots=True)
class Preview:
    """A copy as HR's tables would make it, and what differs in it."""

    copy_id: str
    found: Sequence[Differing]


def preview(
    sheet_id: str, period: ReviewPeriod, control: Control, backend: Backend, mark: str = ""
) -> Preview:
    """What HR's tables would change in a workbook, which is left as it is.

    Args:
        mark: of what HR keeps, for whoever looks for a copy made from it.

    Raises:
        UserError: no copy can be made, or the workbook cannot be brought up to date.
        GoogleError: try again.
    """
    drive = backend.drive
    discard(drive.find({PREVIEW_OF: sheet_id}), backend)
    folder_id = copies.folder(backend)
    properties = {**copies.NOT_ITSELF, PREVIEW_OF: sheet_id, PREVIEW_BY: backend.control_id}
    title = f"Preview of {period.name}, not in use"
    copy_id = drive.copy(sheet_id, title, {**properties, PREVIEW_FROM: mark}, folder_id)
    before = _seen(copy_id, backend)
    own = {name: copy_id if each == sheet_id else each for name, each in control.review_sheets.items()}
    freed = replace(control, rules=replace(control.rules, holds_changes=False), review_sheets=own)
    restore(copy_id, period, freed, backend)
    return Preview(copy_id, compared.differing(before, _seen(copy_id, backend)))


def mark_of(book: Spreadsheet, today: date) -> str:
    """By which it is told that HR's tables, or the day, are other ones: then a preview is out of date.

    Args:
        book: the control spreadsheet, with all of HR's worksheets that workbooks follow.
    """
    said = [
        (title, sorted((place, str(cell.value)) for place, cell in sheet.cells.items()))
        for title in TABLES
        if (sheet := book.find(title)) is not None
    ]
    return hashlib.sha256(repr((today, said)).encode()).hexdigest()[:16]


def discard(copy_ids: Sequence[str], backend: Backend) -> None:
    """Put copies into the bin."""
    for copy_id in copy_ids:
        backend.drive.move_to_bin(copy_id)
        backend.remembered.pop(copy_id, None)


def _seen(copy_id: str, backend: Backend) -> Spreadsheet:
    present = books.present(backend.spreadsheets, copy_id)
    return books.look(backend.spreadsheets, copy_id, compared.wants(present))

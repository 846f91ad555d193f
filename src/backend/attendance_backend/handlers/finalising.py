"""Finalised workbooks: the month is kept as values, differences are listed, and opening it brings back the formulas."""

from collections.abc import Callable, Sequence
from datetime import date
from functools import partial

from attendance_backend.control.reading import Control
from attendance_backend.handlers import books
from attendance_backend.handlers.optimistic import Draft, write_optimistically
from attendance_backend.ports import Backend
from attendance_backend.review import day_header, finalised, guide_sheet, repairing
from attendance_backend.review.finalised import Now
from attendance_backend.review.finding import Finding
from attendance_backend.review.names import CORRECTIONS, GUIDE
from attendance_backend.sheet.changes import Change
from attendance_backend.sheet.grid import Spreadsheet
from attendance_contracts import ReviewPeriod


def now_of(control: Control, today: date) -> Now:
    """What HR keeps for all workbooks."""
    holidays = day_header.texts_of(control.holidays) if control.knows_all_holidays else None
    return Now(tuple(control.people.values()), holidays, control.rules, today)


def keep(sheet_id: str, period: ReviewPeriod, control: Control, backend: Backend) -> list[str]:
    """Make the month values, unless it is already, or HR has meanwhile changed their mind; says what was done.

    Raises:
        LayoutError: a number is an error, or has no value; somebody lacks rows.
    """

    def draft() -> Draft[list[str]]:
        present = books.present(backend.spreadsheets, sheet_id)
        view = books.read(backend.spreadsheets, sheet_id, finalised.wants(present))
        if finalised.is_kept(present) or not guide_sheet.read(view.worksheet(GUIDE)).finalised:
            return Draft(present, (), [])
        changes = finalised.keep(view, period, backend.clock.now().date(), control.people)
        return Draft(present, changes, ["finalised: its numbers are kept as they are"], in_steps=True)

    return write_optimistically(backend.spreadsheets, draft)


def is_of_earlier_version(sheet_id: str, period: ReviewPeriod, backend: Backend) -> bool:
    """Whether the numbers that people see are an earlier version's: in a month that is paid they stay what they are."""
    present = books.present(backend.spreadsheets, sheet_id)
    view = books.read(backend.spreadsheets, sheet_id, finalised.wants(present))
    return repairing.is_earlier(view, period)


def _keep_corrections(sheet_id: str, period: ReviewPeriod, backend: Backend) -> None:
    """Keep what stands in ``Corrections`` of a month that is kept: first formulas of this version answer it."""

    def draft(changes_of: Callable[[Spreadsheet], Sequence[Change]]) -> Draft[None]:
        present = books.present(backend.spreadsheets, sheet_id)
        view = books.read(backend.spreadsheets, sheet_id, finalised.wants(present))
        changes = changes_of(view) if finalised.lacks_corrections(view) else ()
        return Draft(view, changes, None, in_steps=True)

    def answered(view: Spreadsheet) -> Sequence[Change]:
        return repairing.repair(view, period, [CORRECTIONS]).changes

    write_optimistically(backend.spreadsheets, partial(draft, answered))
    write_optimistically(backend.spreadsheets, partial(draft, finalised.keep_corrections))


def look(
    sheet_id: str, control: Control, backend: Backend, present: Spreadsheet | None = None
) -> list[Finding] | None:
    """What differs in a month that is kept, which is then listed in it; None when HR opens it again.

    Args:
        present: its worksheets, where they were read just now.
    """
    known = [present] if present is not None else []
    lacking: list[ReviewPeriod] = []
    left: list[ReviewPeriod] = []

    def draft() -> Draft[list[Finding] | None]:
        there = known.pop() if known else books.present(backend.spreadsheets, sheet_id)
        view = books.read(backend.spreadsheets, sheet_id, finalised.wants(there))
        if not guide_sheet.read(view.worksheet(GUIDE)).finalised:
            return Draft(view, (), None)
        period = guide_sheet.period_of(view.worksheet(GUIDE))
        if period is not None and finalised.lacks_corrections(view):
            lacking.append(period)
            return Draft(view, (), [])
        today = backend.clock.now().date()
        if period is not None and (rest := finalised.rest_of_keeping(view, period, today)):
            left.append(period)
            return Draft(view, rest, [], in_steps=True)
        found = finalised.differences(view, now_of(control, today))
        return Draft(view, finalised.told(view, found, today), found)

    found = write_optimistically(backend.spreadsheets, draft)
    if lacking:
        _keep_corrections(sheet_id, lacking.pop(), backend)
        found = write_optimistically(backend.spreadsheets, draft)
    return write_optimistically(backend.spreadsheets, draft) if left else found


def open_again(sheet_id: str, period: ReviewPeriod, backend: Backend) -> list[str]:
    """Let the numbers of a month live again that HR opened; says what was done."""

    def draft() -> Draft[list[str]]:
        present = books.present(backend.spreadsheets, sheet_id)
        view = books.read(backend.spreadsheets, sheet_id, finalised.wants(present))
        if not finalised.is_kept(present) or guide_sheet.read(view.worksheet(GUIDE)).finalised:
            return Draft(present, (), [])
        changes = finalised.open_again(view, period)
        return Draft(present, changes, ["opened again: its numbers live again"], in_steps=True)

    return write_optimistically(backend.spreadsheets, draft)

"""Restore a workbook: worksheets, days, people, facts and formulas that are missing. What HR typed stays.

A healthy workbook shows no difference and is not written to.
"""

from attendance_backend.control.reading import Control
from attendance_backend.errors import UserError
from attendance_backend.handlers import daily_sync
from attendance_backend.handlers.refresh import rebuild_facts
from attendance_backend.handlers.turns import Draft, take_turn
from attendance_backend.ports import Backend
from attendance_backend.review import day_header, repairing, structure
from attendance_backend.review.in_force import InForce
from attendance_backend.review.repairing import Repairs
from attendance_backend.review.structure import Content
from attendance_backend.sheet.changes import AddWorksheet
from attendance_backend.sheet.grid import Spreadsheet, worksheet_gone
from attendance_contracts import ReviewPeriod


def restore(
    sheet_id: str, period: ReviewPeriod, control: Control, backend: Backend, site: str | None = None
) -> tuple[list[str], list[str]]:
    """Make a workbook whole.

    Args:
        sheet_id: of the workbook.
        period: whose it is.
        control: as HR keeps it.
        backend: the ports.
        site: one that surely has raw data; None for those whose raw data is there.

    Returns:
        What was wrong, a line each; and what stays, which only people can mend: rows of the raw data that cannot be
        read, and what was typed over formulas.

    Raises:
        UserError: a worksheet was renamed, or there is no raw data.
    """
    differences = _complete_worksheets(sheet_id, period, control, backend, site)
    differences += _complete_days(sheet_id, period, control, backend)
    differences += daily_sync.sync(sheet_id, period, control, backend)
    rebuilt = rebuild_facts(sheet_id, period, backend)
    repairs = _repair_formulas(sheet_id, period, backend)
    differences += [*rebuilt.differences, *repairs.differences]
    return differences, [*rebuilt.unreadable, *repairs.kept]


def _complete_worksheets(
    sheet_id: str, period: ReviewPeriod, control: Control, backend: Backend, site: str | None
) -> list[str]:
    kept = InForce(control.rules, daily_sync.earlier_workbook(control, sheet_id, backend))

    def draft() -> Draft[list[str]]:
        present = backend.spreadsheets.read(sheet_id)
        areas = structure.header_areas(present)
        content = Content(
            tuple(kept.people(control.people.values())),
            holidays=day_header.texts_of(control.holidays),
            parameters=kept.parameters(),
            headers=backend.spreadsheets.read(sheet_id, areas) if areas else None,
        )
        sites = daily_sync.sites_of(present) or ({site} if site is not None else set())
        if not sites:
            raise UserError(
                f"the workbook of {period.name} has no raw data of any site: restore it through File > Version history"
            )
        changes = structure.missing_worksheets(present, period, min(sites), content)
        added = [change for change in changes if isinstance(change, AddWorksheet)]
        _check_not_renamed(present, added)
        return Draft(present, changes, [f"the worksheet {change.title!r} was missing" for change in added])

    return take_turn(backend.spreadsheets, draft)


def _check_not_renamed(present: Spreadsheet, added: list[AddWorksheet]) -> None:
    """Raises WorksheetGoneError for a worksheet that is there under another title: it is not to be made again."""
    ids = {worksheet.sheet_id for worksheet in present.worksheets}
    for change in added:
        if change.sheet_id in ids:
            raise worksheet_gone(present.spreadsheet_id, change.title)


def _complete_days(sheet_id: str, period: ReviewPeriod, control: Control, backend: Backend) -> list[str]:
    def draft() -> Draft[list[str]]:
        view = backend.spreadsheets.read(sheet_id, structure.HEADER_AREAS)
        changes = structure.missing_days(view, period, day_header.texts_of(control.holidays))
        return Draft(view, changes, ["days of the period were missing"] if changes else [])

    return take_turn(backend.spreadsheets, draft)


def _repair_formulas(sheet_id: str, period: ReviewPeriod, backend: Backend) -> Repairs:
    def draft() -> Draft[Repairs]:
        present = backend.spreadsheets.read(sheet_id)
        view = backend.spreadsheets.read(sheet_id, repairing.areas(present))
        repairs = repairing.repair(view, period)
        return Draft(present, repairs.changes, repairs)

    return take_turn(backend.spreadsheets, draft)

"""`attendance-backend export`: hand a period over to payroll."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from attendance_backend.app.commands.periods import review_sheet_ids, window
from attendance_backend.control.reading import Control, read_control
from attendance_backend.errors import LayoutError, UserError
from attendance_backend.export.files import write_csv, write_xlsx
from attendance_backend.export.payroll import WANTS, Payroll, doubted, joined, payroll
from attendance_backend.export.slips import Correction, corrections_of
from attendance_backend.handlers import books
from attendance_backend.handlers.finalising import now_of
from attendance_backend.handlers.restore import LOST, restore
from attendance_backend.handlers.watch import where_it_is
from attendance_backend.ports import Backend, Spreadsheets
from attendance_backend.review import doubts, finalised, guide_sheet, rebuilding
from attendance_backend.review.book import sites_of, whole
from attendance_backend.review.finding import Finding
from attendance_backend.review.names import CORRECTIONS, EXCEPTIONS_ID, GUIDE, PLAN, WORKING_TIME
from attendance_backend.sheet.changes import Change, SucceedVersion
from attendance_backend.sheet.grid import Area, Spreadsheet
from attendance_contracts import ReviewPeriod

FORMATS: dict[str, Callable[[Payroll, Path], list[Path]]] = {"csv": write_csv, "xlsx": write_xlsx}
MOST_LACKING = 3
HELD = (
    "Hold changes in Settings says yes: what was changed since in Review Periods is in no number; Problems says what "
    "it would change"
)
OUT_OF_DATE = (
    "this workbook is not as punches and Review Periods have it: run attendance-backend refresh, or wait for the next "
    "visit"
)


def default_path(period: str, kind: str) -> Path:
    """A file of the period's name in the current folder, whatever HR called the period."""
    plain = re.sub(r"[^\w .-]", "_", period).strip(". ")
    return Path(f"Payroll {plain}.{kind}")


def chosen_path(output: Path, period: str, kind: str) -> Path:
    """The file that somebody named, with what programs know the format by at its end; in a folder, `default_path`."""
    if output.is_dir():
        return output / default_path(period, kind)
    return output if output.suffix.casefold() == f".{kind}" else output.with_name(f"{output.name}.{kind}")


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written, and what HR should know before it is paid.

    Attributes:
        paths: none when the export was refused.
        doubts: why numbers are not to be trusted, a line each.
        notes: what else there is to know.
    """

    paths: tuple[Path, ...]
    people: int
    doubts: tuple[str, ...]
    notes: tuple[str, ...]


def export(
    backend: Backend, period: str, kind: str, output: Path | None, *, strict: bool = False
) -> Exported:
    """Write a period's results, as Sheets computed them.

    Args:
        kind: of `FORMATS`.
        output: a file, with or without the format's suffix, or a folder; None for the current folder.

    Raises:
        UserError: no such period, a workbook that lacks values, a file that cannot be written.
        GoogleError: try again.
    """
    seen = looked_at(backend, period)
    result, twice = joined([each.payroll for each in seen])
    told = (*(line for each in seen for line in each.told), *twice)
    notes = tuple(dict.fromkeys(line for each in seen for line in each.notes))
    is_refused = strict and told
    name = seen[0].name if len(seen) == 1 else " ".join(period.split())
    paths = [] if is_refused else FORMATS[kind](result, chosen_path(output or Path(), name, kind))
    return Exported(tuple(paths), len(result.people), told, notes)


@dataclass(frozen=True, slots=True)
class Looked:
    """What a workbook shows, and what is to be known of it: no more of its cells, for there may be many workbooks.

    Attributes:
        name: of the period.
        days: of the period, as ``Guide`` has them; None if it does not say.
        corrections: those that count, by token of the person.
        told, notes: as `Exported.doubts` and `Exported.notes`.
    """

    name: str
    days: ReviewPeriod | None
    corrections: dict[str, list[Correction]]
    payroll: Payroll
    told: tuple[str, ...]
    notes: tuple[str, ...]


def looked_at(backend: Backend, period: str) -> list[Looked]:
    """What a period's workbooks show, one a group; raises UserError and GoogleError as `export`."""
    today = backend.clock.now().date()
    control = read_control(backend.spreadsheets, backend.control_id, today)
    return [
        _looked_at(name, spreadsheet_id, control, backend)
        for name, spreadsheet_id in review_sheet_ids(control, period).items()
    ]


def _looked_at(name: str, spreadsheet_id: str, control: Control, backend: Backend) -> Looked:
    today = backend.clock.now().date()
    if wrong := where_it_is(name, spreadsheet_id, backend):
        raise UserError(f"the workbook of {name}: {wrong}")
    present = books.present(backend.spreadsheets, spreadsheet_id)
    times = [whole(WORKING_TIME)] if present.find(WORKING_TIME) is not None else []
    view = books.read(backend.spreadsheets, spreadsheet_id, [*WANTS, *times, *doubts.wants(present)])
    own = control.of_group(control.group_of(name))
    found = doubts.doubts(view, now_of(own, today))
    result = payroll(view, found)
    guide, corrections = view.worksheet(GUIDE), corrections_of(view.worksheet(CORRECTIONS))
    del view  # before the workbook is read once more
    told = doubts.lines(found.findings)
    if not finalised.is_kept(present):
        more = doubts.lines(_reported_by_a_visit(name, present, backend))
        told, result = [*told, *more], doubted(result, more)
    if result.lacking:
        listed = "; ".join(result.lacking[:MOST_LACKING])
        raise LayoutError(
            f"the workbook of {name} has formulas without a value ({len(result.lacking)}): {listed}. Restore them "
            "through File > Version history, or run attendance-backend refresh"
        )
    notes = []
    if guide_sheet.read(guide).kept_on == "" and result.finalised:
        notes.append(f"{name} is being finalised: its numbers are not kept yet")
    if result.open_exceptions:
        notes.append(f"{result.open_exceptions} exceptions of {name} are still open")
    if control.rules.holds_changes:
        notes.append(HELD)
    if not result.finalised:
        notes.append(
            f"{name} is not finalised: type yes beside Finalised in the worksheet Guide once it is paid"
        )
    return Looked(name, guide_sheet.period_of(guide), corrections, result, tuple(told), tuple(notes))


class _WouldWriteError(Exception):
    """Something is not as it should be."""


@dataclass(frozen=True)
class _Looking:
    """The port `Spreadsheets`, of somebody who must not write. Notices in ``Exceptions`` change no number."""

    spreadsheets: Spreadsheets

    def read(self, spreadsheet_id: str, areas: Sequence[Area] = ()) -> Spreadsheet:
        return self.spreadsheets.read(spreadsheet_id, areas)

    def apply(self, _id: str, changes: Sequence[Change], _areas: Sequence[Area] = ()) -> None:
        if any(
            not isinstance(change, SucceedVersion) and getattr(change, "sheet_id", None) != EXCEPTIONS_ID
            for change in changes
        ):
            raise _WouldWriteError


def _reported_by_a_visit(name: str, present: Spreadsheet, backend: Backend) -> list[Finding]:
    """What a visit would change, as people changed or broke something since the last one, or tell of the raw data."""
    today = backend.clock.now().date()
    control = read_control(backend.spreadsheets, backend.control_id, today, sites_of(present))
    looking = replace(backend, spreadsheets=_Looking(backend.spreadsheets))
    try:
        own = control.of_group(control.group_of(name))
        _, told, _ = restore(present.spreadsheet_id, window(name, control), own, looking)
    except _WouldWriteError:
        return [Finding("", None, OUT_OF_DATE)]
    found = [Finding("", None, line) for line in told if line.endswith((rebuilding.COUNTS, LOST))]
    planned = [line for line in told if line.startswith(f"{PLAN}!")]
    if planned:
        found.append(
            Finding("", None, f"typed over in {PLAN}, by which overtime counts: {', '.join(planned)}")
        )
    return found

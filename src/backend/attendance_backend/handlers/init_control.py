"""`attendance-backend init`: make the control spreadsheet, or complete it."""

from dataclasses import dataclass
from datetime import date

from attendance_backend.control import (
    completing,
    holidays,
    machine_ids,
    registered_sites,
    roster,
    rules,
    shifts,
)
from attendance_backend.control.period_dates import year_of
from attendance_backend.control.periods import read_periods
from attendance_backend.errors import RefusedError
from attendance_backend.ports import Drive, Spreadsheets
from attendance_backend.sheet.grid import Area, Spreadsheet

KIND_PROPERTY, KIND = "attendance_control_spreadsheet", "review_periods"


@dataclass(frozen=True, slots=True)
class Initialised:
    """What became of it.

    Attributes:
        is_new: whether the spreadsheet was made just now.
        done: what was made, in words; empty when nothing was missing.
    """

    control_id: str
    is_new: bool
    done: tuple[str, ...]


def init_control(spreadsheets: Spreadsheets, drive: Drive, control_id: str | None, year: int) -> Initialised:
    """Make or complete the control spreadsheet; whatever stands in it stays.

    Without an ID, one that an earlier call made is gone on with; otherwise one is made.

    Raises:
        RefusedError: the folder holds several that earlier calls made, or nothing can be created in it.
    """
    is_new = False
    if control_id is None:
        found = drive.find({KIND_PROPERTY: KIND})
        if len(found) > 1:
            raise RefusedError(
                f"there are {len(found)} {completing.TITLE!r} spreadsheets ({', '.join(found)}): name the right one in "
                "REVIEW_PERIODS_SPREADSHEET_ID, and move the others to the bin"
            )
        is_new = not found
        control_id = found[0] if found else drive.create(completing.TITLE, {KIND_PROPERTY: KIND})
    book, last_day_before = _read(spreadsheets, control_id, year)
    completion = completing.complete(book, year, last_day_before)
    spreadsheets.apply(control_id, completion.changes)
    return Initialised(control_id, is_new, tuple(completion.done))


def _read(spreadsheets: Spreadsheets, control_id: str, year: int) -> tuple[Spreadsheet, date | None]:
    """The whole spreadsheet as far as it matters, and the last day of the periods before the year."""
    present = spreadsheets.read(control_id)
    titles = [each.TITLE for each in (roster, holidays, rules, registered_sites, machine_ids)]
    tables = {title.casefold() for title in (*titles, shifts.SHIFTS, shifts.ROSTER)}
    expected = [
        sheet.title
        for sheet in present.worksheets
        if sheet.title.casefold() in tables
        or year_of(sheet.title) in (year - 1, year)
        or len(present.worksheets) == 1
    ]
    cells = spreadsheets.read(control_id, [Area(title) for title in expected]) if expected else present
    book = Spreadsheet(control_id, tuple(cells.find(sheet.title) or sheet for sheet in present.worksheets))
    earlier, _ = read_periods(
        [sheet for sheet in cells.worksheets if year_of(sheet.title) == year - 1],
        through_sunday=rules.runs_through_sunday(cells.find(rules.TITLE)),
    )
    return book, max((period.last_day for period in earlier), default=None)

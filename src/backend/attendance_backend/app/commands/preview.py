"""`attendance-backend preview`: what HR's tables would change in the open workbooks, before they do."""

import re
from collections.abc import Callable
from dataclasses import replace

from attendance_backend.app.commands.periods import review_sheet_ids, window
from attendance_backend.control.reading import Control, read_control
from attendance_backend.errors import SpreadsheetGoneError, UserError
from attendance_backend.handlers import books, previewing
from attendance_backend.handlers.watch import where_it_is
from attendance_backend.ports import Backend
from attendance_backend.review import compared, guide_sheet
from attendance_backend.review.book import GUIDE_VALUES, sites_of
from attendance_backend.review.names import GUIDE

NEWEST = 3
_ID = re.compile(r"/d/([\w-]+)")


def preview(backend: Backend, period: str | None, tables: str | None, say: Callable[[str], None]) -> None:
    """Say what would change, a line a person and a line a day.

    Args:
        period: such as "October 2026"; None for all that are not finalised, the newest three at most.
        tables: ID or link of a copy of *Review Periods* with what HR means to change; None for that in use.

    Raises:
        UserError: no such period, one that is finalised, no such copy, a workbook that is gone.
        GoogleError: try again.
    """
    today = backend.clock.now().date()
    control = read_control(backend.spreadsheets, backend.control_id, today)
    chosen = review_sheet_ids(control, period)
    if period is None:
        newest = control.newest(NEWEST)
        chosen = {name: chosen[name] for name in newest if name not in control.finalised}
    if not chosen:
        raise UserError("all review sheets are finalised: nothing that HR changes reaches them")
    for name, sheet_id in chosen.items():
        if wrong := where_it_is(name, sheet_id, backend):
            raise UserError(f"the workbook of {name}: {wrong}")
        present = books.present(backend.spreadsheets, sheet_id)
        read = books.look(backend.spreadsheets, sheet_id, [GUIDE_VALUES])
        if guide_sheet.read(read.worksheet(GUIDE)).is_closed:
            raise UserError(f"{name} is finalised: nothing that HR changes reaches it")
        proposed = _proposed(backend, control, tables, sites_of(present))
        if tables is not None:
            for problem in proposed.problems:
                say(f"not understood: {problem}")
        own = proposed.of_group(control.group_of(name))
        made = previewing.preview(sheet_id, window(name, control), own, backend)
        previewing.discard([made.copy_id], backend)
        say(f"{name}:")
        found = [*compared.lines(made.found), *compared.day_lines(made.found)]
        for line in found or ["nothing would change"]:
            say(f"  {line}")


def _proposed(backend: Backend, control: Control, tables: str | None, sites: set[str]) -> Control:
    """What HR keeps, or means to keep, of people, plans, holidays and settings."""
    today = backend.clock.now().date()
    if tables is None:
        return read_control(backend.spreadsheets, backend.control_id, today, sites)
    named = _ID.search(tables)
    try:
        proposed = read_control(backend.spreadsheets, named[1] if named else tables, today, sites)
    except SpreadsheetGoneError as error:
        raise UserError(
            f"--tables {tables}: there is no such spreadsheet, or it is not shared with the account of this program"
        ) from error
    return replace(
        proposed, periods=control.periods, review_sheets=control.review_sheets, parts=control.parts
    )

"""`attendance-backend refresh`: bring workbooks up to date and whole, and say what was wrong with them.

A healthy workbook shows no difference and is not written to. What HR typed stays, over formulas too; such cells are
listed, as their values do not follow punches and corrections any more. So are rows of the raw data that somebody made
unreadable, until they are fixed.
"""

from collections.abc import Callable

from attendance_backend.app.commands.periods import review_sheet_ids, window
from attendance_backend.control import sharing
from attendance_backend.control.reading import Control, read_control, write_problems
from attendance_backend.errors import UserError
from attendance_backend.handlers import books
from attendance_backend.handlers.optimistic import Draft, write_optimistically
from attendance_backend.handlers.restore import restore
from attendance_backend.handlers.watch import where_it_is
from attendance_backend.ports import Backend
from attendance_backend.review import guide_sheet
from attendance_backend.review.book import GUIDE_VALUES, sites_of
from attendance_backend.review.names import GUIDE


def refresh(backend: Backend, period: str | None, say: Callable[[str], None]) -> int:
    """Refresh one period's workbook, or the newest two; returns how many differences there were.

    Args:
        period: such as "October 2026"; None for the open one and the one before.

    Raises:
        UserError: no such period, or a workbook that is gone.
        GoogleError: try again.
    """
    today = backend.clock.now().date()
    control = read_control(backend.spreadsheets, backend.control_id, today)
    newest = control.newest(2)
    chosen = [
        each for each in review_sheet_ids(control, period).items() if period is not None or each[0] in newest
    ]
    for name, sheet_id in chosen:
        if wrong := where_it_is(name, sheet_id, backend):
            raise UserError(f"the workbook of {name}: {wrong}")
    sites = {
        site for _, sheet_id in chosen for site in sites_of(books.present(backend.spreadsheets, sheet_id))
    }
    control = read_control(backend.spreadsheets, backend.control_id, today, sites)
    write_problems(backend.spreadsheets, backend.control_id, control)
    count = 0
    if control.rules.holds_changes:
        say("Hold changes in Settings says yes: what HR changed in Review Periods is not brought in")
    for name, sheet_id in chosen:
        say(f"{name}:")
        own = control.of_group(control.group_of(name))
        differences, kept, _ = restore(sheet_id, window(name, control), own, backend)
        differences += _share(sheet_id, own, backend)
        for difference in differences:
            say(f"  {difference}")
        if not differences:
            say("  no difference")
        for line in kept:
            say(f"  {line}")
        count += len(differences)
    return count


def _share(sheet_id: str, control: Control, backend: Backend) -> list[str]:
    """Share as the rules say, and say so in ``Guide``."""
    done = sharing.apply(backend.drive, sheet_id, control.rules.shares)

    def draft() -> Draft[None]:
        read = books.read(backend.spreadsheets, sheet_id, [GUIDE_VALUES])
        report = sharing.report(done)
        return Draft(read, guide_sheet.update_shared(read.worksheet(GUIDE), report), None)

    write_optimistically(backend.spreadsheets, draft)
    return [str(shared) for shared in done if shared.is_new or shared.trouble]

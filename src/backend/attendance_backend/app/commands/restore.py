"""`attendance-backend restore`: make again what was deleted for good, from its newest copy.

May be called again after it failed: a spreadsheet that an earlier call made is gone on with.
"""

from collections.abc import Callable
from datetime import date, datetime, time

from attendance_backend.app.commands.periods import only_one, review_sheet_ids
from attendance_backend.app.commands.refresh import refresh
from attendance_backend.control import completing, review_sheets
from attendance_backend.control.reading import read_control
from attendance_backend.errors import SpreadsheetGoneError, UserError
from attendance_backend.handlers import books, copies
from attendance_backend.handlers.init_control import KIND, KIND_PROPERTY
from attendance_backend.handlers.optimistic import Draft, write_optimistically
from attendance_backend.ports import Backend
from attendance_backend.review.book import EXCEPTIONS_END, STATE_HEADERS, tell
from attendance_backend.review.exceptions_sheet import Entry
from attendance_backend.review.names import TITLE_PREFIX, drive_properties
from attendance_backend.sheet.grid import spreadsheet_link


def restore_workbook(backend: Backend, period: str, day: date | None, say: Callable[[str], None]) -> None:
    """Make a period's workbook again, and let ``Review Sheets`` name it: all messages then go there.

    Args:
        day: of the copy; None for the newest.

    Raises:
        UserError: the workbook is there, or no copy is.
        GoogleError: try again.
    """
    today = backend.clock.now().date()
    control = read_control(backend.spreadsheets, backend.control_id, today)
    name, lost = only_one(review_sheet_ids(control, period))
    period_name, group = control.parts.get(name, (name, ""))
    properties = drive_properties(period_name, backend.control_id, group)
    made, copied_on = _made_again(backend, lost, TITLE_PREFIX + name, properties, day)
    say(f"the workbook of {name} was made again from its copy of {copied_on}: {spreadsheet_link(made)}")

    def draft() -> Draft[None]:
        read = books.read(backend.spreadsheets, made, [EXCEPTIONS_END, *STATE_HEADERS])
        what = f"This workbook was deleted, and made again from its copy of {copied_on:%d-%m-%Y}"
        told = Entry(datetime.combine(today, time()), "", "", what, _WHAT_TO_DO)
        return Draft(read, tell(read, [told]), None)

    write_optimistically(backend.spreadsheets, draft)
    recorded = review_sheets.read(backend.spreadsheets, backend.control_id)
    assert recorded is not None, "the period was found in it"
    changes = review_sheets.note(recorded, spreadsheet_ids={name: made})
    backend.spreadsheets.apply(backend.control_id, changes)
    refresh(backend, name, say)
    say(
        f"punches that were stored since {copied_on} are missing in it: at each site, stop the client, move "
        "ledger.sqlite3 away and start it again; what the machine holds is then sent again, and nothing is stored twice"
    )


_WHAT_TO_DO = (
    "Look whether what was typed since is missing, and whether each site has sent its punches again: whoever looks "
    "after the system knows how. Until then, days since may seem absent."
)


def restore_control(backend: Backend, day: date | None, say: Callable[[str], None]) -> None:
    """Make *Review Periods* again; its ID is another one then. As `restore_workbook`."""
    made, copied_on = _made_again(backend, backend.control_id, completing.TITLE, {KIND_PROPERTY: KIND}, day)
    say(f"{completing.TITLE} was made again from its copy of {copied_on}: {spreadsheet_link(made)}")
    say(
        f"next: set REVIEW_PERIODS_SPREADSHEET_ID to {made}, deploy the functions with it, and share the spreadsheet "
        "with HR unless its folder is"
    )


def _made_again(
    backend: Backend, lost: str, title: str, properties: dict[str, str], day: date | None
) -> tuple[str, date]:
    """The ID of what takes the place of a lost spreadsheet, and the day of the copy that it is made from."""
    _check_lost(backend, lost, title)
    found = [copy for copy in copies.of(lost, backend.drive) if day in (None, copy.day)]
    if not found:
        days = ", ".join(str(copy.day) for copy in copies.of(lost, backend.drive))
        raise UserError(
            f"there is no copy of {title!r} of {day}; there are copies of: {days}"
            if days
            else f"there is no copy of {title!r} that this account can see: look into Drive's bin of the shared drive"
        )
    properties = {**properties, copies.COPY_OF: "restored", copies.RESTORED_FOR: lost}
    made = backend.drive.find({copies.RESTORED_FOR: lost})
    return (made[0] if made else backend.drive.copy(found[0].file_id, title, properties)), found[0].day


def _check_lost(backend: Backend, file_id: str, title: str) -> None:
    try:
        is_in_bin = backend.drive.is_in_bin(file_id)
    except SpreadsheetGoneError:
        return
    if is_in_bin:
        raise UserError(
            f"{title!r} lies in Drive's bin: restore it there, with all that is in it, which is more than a copy has"
        )
    raise UserError(
        f"{title!r} is there ({spreadsheet_link(file_id)}): what it was earlier is in its File > Version history"
    )

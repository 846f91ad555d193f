"""Forget a person: out of *Review Periods*, every workbook that is recorded, and the copies.

First the punches' tombstones are written down, and for a minute nothing else is done: by then no function believes a
table in which they are missing (`routing.KNOWN_FOR_S`). Whatever the point at which an earlier attempt died, the next
one goes on; what is forgotten already is found no more, and its tombstones stay.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import date

from attendance_backend.control import forgotten, machine_ids, program_sheets, review_sheets, roster, shifts
from attendance_backend.control.reading import Control, read_control
from attendance_backend.control.roster import address_in
from attendance_backend.domain.people import Person, user_key
from attendance_backend.domain.periods import period_named
from attendance_backend.errors import SpreadsheetGoneError, UserError
from attendance_backend.handlers import books, copies, previewing, routing
from attendance_backend.handlers.copies import gone
from attendance_backend.handlers.optimistic import Draft, write_optimistically
from attendance_backend.handlers.restore import restore
from attendance_backend.ports import Backend
from attendance_backend.review import book, forgetting, guide_sheet
from attendance_backend.review.book import GUIDE_VALUES
from attendance_backend.review.forgetting import Whom
from attendance_backend.review.names import GUIDE, TITLE_PREFIX
from attendance_backend.sheet.changes import Change
from attendance_backend.sheet.grid import Area, Spreadsheet
from attendance_backend.sheet.table import Table
from attendance_contracts import ReviewPeriod

_TABLES = (
    (roster.TITLE, roster.EMAIL),
    (machine_ids.TITLE, machine_ids.EMAIL),
    (shifts.ROSTER, shifts.EMAIL),
)
"""Where HR keeps people, and the column that names them."""
MOST_MENTIONS = 20


def forget(whom: Whom, backend: Backend, say: Callable[[str], None], *, is_meant: bool) -> bool:
    """Forget a person, or say what would be; returns whether anything was found.

    Args:
        is_meant: False to write nothing.

    Raises:
        UserError: a spreadsheet lacks what it must have; what was done until then stays.
        GoogleError: try again.
    """
    control = read_control(backend.spreadsheets, backend.control_id, backend.clock.now().date())
    person = control.people.get(whom.key)
    names = {*whom.names, *((person.name,) if person is not None else ())}
    present: dict[str, str] = {}
    for name, sheet_id in control.review_sheets.items():
        try:
            view = _whole(sheet_id, backend)
        except SpreadsheetGoneError:
            say(f"{name}: {gone(name)}; if it lies in somebody's bin, what it holds stays there")
            continue
        present[name] = sheet_id
        names |= {*forgetting.names_in(view, whom.key)}
    whom = replace(whom, names=tuple(sorted(names)), address=whom.address or _address(whom, backend))
    persons = control.people.values()
    found = _remember(present, whom, persons, backend, say, is_meant=is_meant)
    rows = _out_of_tables(whom, backend, is_meant=is_meant)
    if rows:
        say(f"Review Periods: {_counted(rows, 'row')}")
    if not is_meant or not (found or rows):
        return bool(found or rows)
    # Read anew, without the person: a visit would bring the rows back.
    control = read_control(backend.spreadsheets, backend.control_id, backend.clock.now().date())
    for name in found:
        _empty(present[name], whom, persons, backend)
        _made_whole(name, present[name], control, backend, say)
    files = {backend.control_id: "Review Periods", **{each: TITLE_PREFIX + n for n, each in present.items()}}
    for file_id, title in files.items():
        _copied_anew(file_id, title, backend, in_use=files.keys())
    previewing.discard(backend.drive.find({previewing.PREVIEW_BY: backend.control_id}), backend)
    _tell_mentions({"Review Periods": backend.control_id, **present}, whom, backend, say)
    return True


def _remember(
    present: Mapping[str, str],
    whom: Whom,
    persons: Collection[Person],
    backend: Backend,
    say: Callable[[str], None],
    *,
    is_meant: bool,
) -> list[str]:
    """Write tombstones of all punches; returns the workbooks that hold anything."""
    found: list[str] = []
    table = routing.read(backend, anew=True)
    is_written = False
    for name, sheet_id in present.items():
        view = _whole(sheet_id, backend)
        about = forgetting.find(view, whom, persons)
        if not about.changes:
            continue
        found.append(name)
        say(f"{name}: {_counted(len(about.identities), 'punch', 'punches')}, {_counted(about.rows, 'row')}")
        if is_meant and about.identities:
            worksheet = program_sheets.find(backend.spreadsheets, backend.control_id, forgotten.TITLE)
            period = period_named(table.periods, table.parts_of(name)[0]) or _of_guide(view)
            changes = forgotten.remember(worksheet, period.first_day, period.last_day, about.identities)
            backend.spreadsheets.apply(backend.control_id, changes)
            is_written = True
    if is_written:
        routing.forget(backend)
        say(f"waiting for {routing.KNOWN_FOR_S:g} seconds, until every function knows it")
        backend.clock.sleep(routing.KNOWN_FOR_S + 1)
    return found


def _empty(sheet_id: str, whom: Whom, persons: Collection[Person], backend: Backend) -> None:
    def draft() -> Draft[None]:
        view = _whole(sheet_id, backend)
        return Draft(view, forgetting.find(view, whom, persons).changes, None)

    write_optimistically(backend.spreadsheets, draft)
    backend.remembered.pop(sheet_id, None)


def _made_whole(
    name: str, sheet_id: str, control: Control, backend: Backend, say: Callable[[str], None]
) -> None:
    """What else is computed from the rows; what then differs for others is told."""
    view = books.read(backend.spreadsheets, sheet_id, [GUIDE_VALUES])
    period = guide_sheet.period_of(view.worksheet(GUIDE)) or control.period_of(name)
    if period is None:
        raise UserError(
            f"the person is out of {name}, but its days are not known any more: run attendance-backend refresh "
            f'--period "{name}" when Review Periods has its row again'
        )
    own = replace(control.of_group(control.group_of(name)), newest_punches={})
    differences, _, newest = restore(sheet_id, period, own, backend)
    recorded = review_sheets.read(backend.spreadsheets, backend.control_id)
    if recorded is not None:
        changes = review_sheets.note_newest(recorded, {sheet_id: newest})
        backend.spreadsheets.apply(backend.control_id, changes)
    for line in differences:
        say(f"{name}: put right: {line}")


def _out_of_tables(whom: Whom, backend: Backend, *, is_meant: bool) -> int:
    """Empty the person's rows in what HR keeps; returns how many there are."""
    book_of_hr = backend.spreadsheets.read(backend.control_id)
    titles = [title for title, _ in _TABLES if book_of_hr.find(title) is not None]
    if not titles or whom.is_a_number:
        return 0
    view = backend.spreadsheets.read(backend.control_id, [Area(title) for title in titles])
    changes: list[Change] = []
    count = 0
    for title, header in _TABLES:
        sheet = view.find(title)
        table = None if sheet is None else Table.of(sheet, (), (header,))
        if sheet is None or table is None or header not in table.columns:
            continue
        rows = {row for row in table.rows() if _key_of(sheet.text(row, table.columns[header])) == whom.key}
        count += len(rows)
        changes += program_sheets.emptied(sheet, rows)
    if is_meant:
        backend.spreadsheets.apply(backend.control_id, changes)
    return count


def _address(whom: Whom, backend: Backend) -> str:
    if whom.is_a_number or backend.spreadsheets.read(backend.control_id).find(roster.TITLE) is None:
        return ""
    sheet = backend.spreadsheets.read(backend.control_id, [Area(roster.TITLE)]).worksheet(roster.TITLE)
    table = Table.of(sheet, (), (roster.EMAIL,))
    cells = [sheet.text(row, table.columns[roster.EMAIL]) for row in table.rows()] if table.columns else []
    return next((address_in(cell) for cell in cells if _key_of(cell) == whom.key), "")


def _key_of(address: str) -> str:
    return user_key(address_in(address).partition("@")[0])


def _copied_anew(file_id: str, title: str, backend: Backend, in_use: Collection[str]) -> None:
    """Older copies hold the person: they go into Drive's bin, and a new one is made."""
    for copy in copies.of(file_id, backend.drive):
        if copy.file_id not in in_use:
            backend.drive.move_to_bin(copy.file_id)
    copies.keep(file_id, title, backend, in_use)


def _tell_mentions(
    files: Mapping[str, str], whom: Whom, backend: Backend, say: Callable[[str], None]
) -> None:
    """What only a person can judge: a name within other words, or in worksheets that people added."""
    for name, file_id in files.items():
        present = backend.spreadsheets.read(file_id)
        areas = [Area(sheet.title) for sheet in present.worksheets]
        found = forgetting.mentions(backend.spreadsheets.read(file_id, areas), whom)
        if found:
            more = f" and {len(found) - MOST_MENTIONS} more" if len(found) > MOST_MENTIONS else ""
            say(
                f"{name}: still named in {', '.join(found[:MOST_MENTIONS])}{more}: look, and change it by hand"
            )


def _whole(sheet_id: str, backend: Backend) -> Spreadsheet:
    """All worksheets of ours, whole."""
    present = books.present(backend.spreadsheets, sheet_id)
    wants = [book.whole(sheet.role or "") for sheet in book.ours(present)]
    return books.read(backend.spreadsheets, sheet_id, wants)


def _of_guide(view: Spreadsheet) -> ReviewPeriod:
    guide = view.find(GUIDE)
    found = None if guide is None else guide_sheet.period_of(guide)
    return found or ReviewPeriod("any", date.min, date.max - forgotten.AFTER)


def _counted(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"

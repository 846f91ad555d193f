"""`attendance-backend check`: everything that a person must fix before it costs somebody a month."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from attendance_backend.control import completing, sharing
from attendance_backend.control.problems_sheet import of_workbook, reported_of_workbooks
from attendance_backend.control.reading import Control, read_control, write_problems
from attendance_backend.errors import BackendError, RefusedError, SpreadsheetGoneError, UserError
from attendance_backend.handlers import books, copies
from attendance_backend.handlers.copies import gone
from attendance_backend.handlers.finalising import now_of
from attendance_backend.handlers.watch import IN_BIN, TYPED_OVER, where_it_is
from attendance_backend.ports import Backend, Drive, Folder
from attendance_backend.review import doubts, structure
from attendance_backend.review.book import PROTECTED, locked, sites_of
from attendance_backend.sheet.table import Problem

NEWEST = 3
"""So many review sheets are looked at; older ones are done with."""


def check(backend: Backend) -> list[str]:
    """All complaints, one line each; what concerns HR is written into ``Problems`` as well. Raises as `sections`."""
    return [line for _, lines in sections(backend) for line in lines]


def sections(backend: Backend) -> Iterator[tuple[str, list[str]]]:
    """What is looked at, one thing after the other, and the complaints of each.

    Raises:
        SpreadsheetGoneError: there is no control spreadsheet.
        GoogleError: try again.
    """
    folder, complaints = _folder(backend.drive)
    yield "folder", complaints
    yield "mail", list(_mail(backend))
    complaints = list(_whereabouts(backend))
    today = backend.clock.now().date()
    control = read_control(backend.spreadsheets, backend.control_id, today)
    sites, unshared, missing = _review_sheets(backend, control)
    in_doubt = list(_in_doubt(backend, control, missing))
    if sites:
        # Only now the sites are known by which a typing error can be told.
        control = read_control(backend.spreadsheets, backend.control_id, today, sites)
    of_workbooks = [*missing, *_still_reported(control)]
    write_problems(backend.spreadsheets, backend.control_id, control, of_workbooks)
    complaints += [f"Review Periods spreadsheet, {problem}" for problem in control.problems]
    complaints += _readers(folder, control)
    yield "Review Periods", complaints
    told = [f"{problem.worksheet}: {problem.remedy}" for problem in of_workbooks]
    yield "workbooks", [*told, *unshared, *in_doubt]
    yield "copies", list(_unwatched(backend, control))


def _folder(drive: Drive) -> tuple[Folder | None, list[str]]:
    """The folder as far as it is known, and what is wrong with it."""
    try:
        folder = drive.folder()
    except BackendError as error:
        return None, [str(error)]
    return folder, list(_faults(folder))


def _faults(folder: Folder | None) -> Iterator[str]:
    if folder is None:
        yield (
            "REVIEW_SHEETS_FOLDER_ID is not set: service accounts made since 15 April 2025 own no storage, and review "
            "sheets can then be created in a folder of a shared drive only"
        )
    elif not folder.is_folder:
        yield f"REVIEW_SHEETS_FOLDER_ID names {folder.name!r}, which is no folder, or lies in the bin"
    elif not folder.in_shared_drive:
        yield (
            f"the folder {folder.name!r} (REVIEW_SHEETS_FOLDER_ID) is in no shared drive: service accounts made since "
            "15 April 2025 own no storage and cannot create review sheets there; move it into a shared drive"
        )
    elif not folder.can_create:
        yield (
            f"nothing may be created in the folder {folder.name!r} (REVIEW_SHEETS_FOLDER_ID): make the backend's "
            "account a content manager of its shared drive"
        )


def _mail(backend: Backend) -> Iterator[str]:
    try:
        backend.mailer.reach()
    except BackendError as error:
        yield str(error)


def _whereabouts(backend: Backend) -> Iterator[str]:
    try:
        found = backend.drive.whereabouts(backend.control_id)
    except (RefusedError, SpreadsheetGoneError):
        return  # whoever may not look in Drive may still read it
    if found.in_bin:
        yield (
            "the Review Periods spreadsheet lies in the bin, where Drive deletes it after 30 days: restore it"
        )
    if found.only_opener:
        yield (
            f"nobody but {found.only_opener} may open the Review Periods spreadsheet: share it with HR as editors, or "
            "move it into a folder that HR can open"
        )


def _readers(folder: Folder | None, control: Control) -> Iterator[str]:
    """Whether nobody can open what lies in the folder."""
    if folder is not None and folder.only_opener and not control.rules.shares:
        yield (
            f"nobody but {folder.only_opener} may open the folder {folder.name!r} (REVIEW_SHEETS_FOLDER_ID), and "
            "Settings shares review sheets with nobody: make HR members of its shared drive, or name them in Settings"
        )


def _review_sheets(backend: Backend, control: Control) -> tuple[set[str], list[str], list[Problem]]:
    """The sites of the newest review sheets, whom they are not shared with, and which of all are not where they belong.

    Only those that are finalised, and not among the newest, are left to the function `watch`.
    """
    sites: set[str] = set()
    complaints: list[str] = []
    missing: list[Problem] = []
    newest = control.newest(NEWEST)
    for name, spreadsheet_id in control.review_sheets.items():
        if name not in newest and name in control.finalised:
            continue
        if wrong := where_it_is(name, spreadsheet_id, backend):
            missing.append(of_workbook(name, wrong))
            continue
        if name not in newest:
            continue
        try:
            sites |= sites_of(books.present(backend.spreadsheets, spreadsheet_id))
            shares = control.of_group(control.group_of(name)).rules.shares
            lacking = sharing.missing(backend.drive, spreadsheet_id, shares)
        except SpreadsheetGoneError:
            missing.append(of_workbook(name, gone(name)))
            continue
        complaints += [
            f"the review sheet of {name} is not shared with {share.address} as Settings says; run attendance-backend "
            "share"
            for share in lacking
        ]
    return sites, complaints, missing


def _in_doubt(backend: Backend, control: Control, missing: Sequence[Problem]) -> Iterator[str]:
    """Which numbers of the newest workbooks are not to be trusted."""
    gone_from = {problem.worksheet for problem in missing}
    for name in control.newest(NEWEST):
        spreadsheet_id = control.review_sheets[name]
        now = now_of(control.of_group(control.group_of(name)), backend.clock.now().date())
        about = of_workbook(name, "").worksheet
        if about in gone_from:
            continue
        try:
            present = books.present(backend.spreadsheets, spreadsheet_id)
            yield from (f"{about}: {line}" for line in locked(present))
            if structure.locale_changes(present):
                yield (
                    f"{about}: its locale is {present.locale}, its time zone {present.time_zone}: attendance-backend "
                    "refresh puts them back, and so does the next visit"
                )
            view = books.read(backend.spreadsheets, spreadsheet_id, doubts.wants(present))
            found = doubts.doubts(view, now, running=False)
        except UserError as error:
            yield f"{about}: {error}"
            continue
        yield from (f"{about}: {line}" for line in doubts.lines(found.findings))


def _still_reported(control: Control) -> list[Problem]:
    """What the function `watch` found last, but for what was looked at just now."""
    names = control.review_sheets
    looked_at = {of_workbook(name, remedy) for name in names for remedy in (IN_BIN, gone(name))}
    looked_at.add(of_workbook(completing.TITLE, IN_BIN))
    return [
        problem
        for problem in reported_of_workbooks(control.problems_sheet)
        if problem not in looked_at and not any(words in problem.remedy for words in (PROTECTED, TYPED_OVER))
    ]


def _unwatched(backend: Backend, control: Control) -> Iterator[str]:
    """Whether nobody looks after the workbooks: then there is no copy of these days."""
    if not control.review_sheets:
        return
    made = [copy.day for copy in copies.of(backend.control_id, backend.drive)]
    if not made or backend.clock.now().date() - made[0] > timedelta(days=1):
        since = f"since {made[0]}" if made else "so far"
        yield (
            f"the function watch has kept no copies {since}: nobody looks after the workbooks; deploy it, and the "
            "schedule that publishes to the topic watch"
        )

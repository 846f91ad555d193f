"""`attendance-backend check`: everything that a person must mend before it costs somebody a month."""

from collections.abc import Iterator, Sequence

from attendance_backend.control import review_sheets, sharing
from attendance_backend.control.reading import Control, read_control, write_problems
from attendance_backend.errors import BackendError, RefusedError, SpreadsheetGoneError
from attendance_backend.handlers import books
from attendance_backend.ports import Backend, Drive, Folder
from attendance_backend.review.book import sites_of

NEWEST = 3
"""So many review sheets are looked at; older ones are done with."""


def check(backend: Backend) -> list[str]:
    """All complaints, one line each; what concerns HR is written into ``Problems`` as well.

    Raises:
        SpreadsheetGoneError: there is no control spreadsheet.
        GoogleError: try again.
    """
    folder, complaints = _folder(backend.drive)
    complaints += [*_mail(backend), *_whereabouts(backend)]
    today = backend.clock.now().date()
    control = read_control(backend.spreadsheets, backend.control_id, today)
    sites, gone = _review_sheets(backend, control)
    if sites:
        # Only now the sites are known by which a typing error can be told.
        control = read_control(backend.spreadsheets, backend.control_id, today, sites)
    write_problems(backend.spreadsheets, backend.control_id, control)
    complaints += [f"Review Periods spreadsheet, {problem}" for problem in control.problems]
    complaints += _readers(folder, control)
    return [*complaints, *gone]


def known_sites(backend: Backend, spreadsheet_ids: Sequence[str]) -> set[str]:
    """The sites that have raw data in some workbooks."""
    sites: set[str] = set()
    for spreadsheet_id in spreadsheet_ids:
        sites |= sites_of(books.present(backend.spreadsheets, spreadsheet_id))
    return sites


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


def _review_sheets(backend: Backend, control: Control) -> tuple[set[str], list[str]]:
    """The sites of the newest review sheets, and what is wrong with these sheets."""
    sites: set[str] = set()
    complaints: list[str] = []
    for name, spreadsheet_id in list(control.review_sheets.items())[-NEWEST:]:
        try:
            sites |= known_sites(backend, [spreadsheet_id])
            lacking = sharing.missing(backend.drive, spreadsheet_id, control.rules.shares)
        except SpreadsheetGoneError as error:
            complaints.append(
                f"the review sheet of {name} is gone ({error}): restore it from Drive's bin, or delete its row in "
                f"{review_sheets.TITLE!r} to have a new one made"
            )
            continue
        complaints += [
            f"the review sheet of {name} is not shared with {share.address} as Settings says; run attendance-backend "
            "share"
            for share in lacking
        ]
    return sites, complaints

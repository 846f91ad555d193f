"""Reads a review workbook, as a rule in one call: the answer itself tells where each column stands.

It is read where the program puts things. Only when the answer shows that something stands elsewhere, the right places
are read in a second call; and when columns or worksheets have lost what they are known by, or an earlier version made
the workbook, it is fixed first.
"""

import logging
from collections.abc import Sequence
from dataclasses import replace

from attendance_backend.errors import LayoutError, RefusedError, WorksheetGoneError
from attendance_backend.handlers import misplaced
from attendance_backend.handlers.misplaced import Misplaced
from attendance_backend.handlers.optimistic import Draft, write_optimistically
from attendance_backend.ports import Spreadsheets
from attendance_backend.review import book
from attendance_backend.review.book import Want
from attendance_backend.sheet.changes import Change
from attendance_backend.sheet.grid import Area, Spreadsheet, Worksheet, worksheet_gone
from attendance_backend.sheet.placing import LOOK, assumed

log = logging.getLogger(__name__)

_MOST_READS = 5
"""Of a workbook that people change at the same time; two are enough otherwise."""


def present(spreadsheets: Spreadsheets, spreadsheet_id: str) -> Spreadsheet:
    """Which worksheets there are, without their cells."""
    return book.recognised(spreadsheets.read(spreadsheet_id))


def read(spreadsheets: Spreadsheets, spreadsheet_id: str, wants: Sequence[Want]) -> Spreadsheet:
    """Read parts of a workbook, wherever they stand; it is fixed before, if need be.

    Raises:
        WorksheetGoneError: a worksheet is missing that must not be.
        LayoutError: a later version of the program changed the workbook, or it cannot be fixed.
        Others as `Spreadsheets.read`.
    """
    try:
        found = look(spreadsheets, spreadsheet_id, wants)
    except LayoutError:
        pass  # what is to be read is found by a column that is gone
    else:
        if not any(map(book.lacks, _of(wants, found))):
            return found
    told = fix(spreadsheets, spreadsheet_id)
    for line in told:
        log.warning("spreadsheet %s: %s", spreadsheet_id, line)
    found = look(spreadsheets, spreadsheet_id, wants)
    for sheet in _of(wants, found):
        if book.lacks(sheet):
            about = f"the worksheet {sheet.title!r}"
            lost = (line for line in told if line.startswith(about))
            changing = (
                f"{about} is being changed, or lacks its columns: restore it through File > Version history"
            )
            raise LayoutError(f"spreadsheet {spreadsheet_id}: {next(lost, changing)}")
    return found


def _of(wants: Sequence[Want], view: Spreadsheet) -> list[Worksheet]:
    """The worksheets that were asked for. Where none of them is there, the view has all, of which nothing was read."""
    titles = {want.title for want in wants}
    return [sheet for sheet in book.ours(view) if sheet.role in titles]


def look(spreadsheets: Spreadsheets, spreadsheet_id: str, wants: Sequence[Want]) -> Spreadsheet:
    """As `read`, without fixing."""
    sheets = {want.title: want.made for want in wants}
    lost: set[str] = set()
    for _ in range(_MOST_READS):
        areas = _areas(wants, sheets)
        try:
            view = book.recognised(spreadsheets.read(spreadsheet_id, areas))
        except WorksheetGoneError:
            sheets = _retitled(spreadsheets, spreadsheet_id, wants, sheets)
            continue
        except RefusedError:
            if not any(sheet.lines for sheet in sheets.values()):
                raise
            # Somebody removed columns or rows, so that an area lies outside the grid.
            sheets = {title: replace(sheet, lines=()) for title, sheet in sheets.items()}
            continue
        if any(view.find(title) is None for title in sheets):
            # Under its title lies what is still being made.
            sheets = _retitled(spreadsheets, spreadsheet_id, wants, sheets)
            continue
        view = replace(view, absent=frozenset({want.title for want in wants} - sheets.keys()))
        sheets = {title: view.worksheet(title) for title in sheets}
        lost |= {title for title, sheet in sheets.items() if _has_lost_headers(sheet, areas)}
        sheets |= {
            title: assumed(sheets[title], book.layout_of(title)) for title in lost if not sheets[title].lines
        }
        if _within(_areas(wants, sheets), areas):
            known = {sheet.sheet_id: sheet for sheet in sheets.values()}
            return replace(view, worksheets=tuple(known.get(each.sheet_id, each) for each in view.worksheets))
    raise LayoutError(f"spreadsheet {spreadsheet_id} changes while it is read: try again")


def joined(view: Spreadsheet, more: Spreadsheet) -> Spreadsheet:
    """The workbook with the worksheets that were read later."""
    sheets = [sheet for sheet in more.worksheets if view.find(sheet.role or sheet.title) is None]
    return replace(view, worksheets=(*view.worksheets, *sheets), absent=view.absent | more.absent)


def _areas(wants: Sequence[Want], sheets: dict[str, Worksheet]) -> list[Area]:
    """The areas of all wants, none of them twice: each brings the tags of its columns along."""
    by_title: dict[str, list[Area]] = {}
    for want in wants:
        for area in want.all_areas(sheets[want.title]) if want.title in sheets else ():
            found = by_title.setdefault(area.worksheet, [])
            if any(_holds(other, area) for other in found):
                continue
            found[:] = [other for other in found if not _holds(area, other)]
            if found and _continues(found[-1], area):
                area = replace(found.pop(), end_row=area.end_row)  # noqa: PLW2901 - grown downwards
            found.append(area)
    return [area for found in by_title.values() for area in found]


def _continues(area: Area, other: Area) -> bool:
    """Whether the other one lies right below, as wide."""
    return (other.worksheet, other.first_row, other.first_column, other.end_column) == (
        area.worksheet,
        area.end_row,
        area.first_column,
        area.end_column,
    )


def _has_lost_headers(sheet: Worksheet, read: Sequence[Area]) -> bool:
    return not sheet.lines and _within([Area.of_rows(sheet.title, 0, LOOK)], read)


def _retitled(
    spreadsheets: Spreadsheets, spreadsheet_id: str, wants: Sequence[Want], sheets: dict[str, Worksheet]
) -> dict[str, Worksheet]:
    """The worksheets under their present titles; those that may be missing, and are, left out."""
    there = present(spreadsheets, spreadsheet_id)
    found: dict[str, Worksheet] = {}
    for want in wants:
        sheet = there.find(want.title)
        if sheet is not None:
            found[want.title] = replace(sheets.get(want.title, want.made), title=sheet.title)
        elif not want.optional:
            raise worksheet_gone(spreadsheet_id, want.title)
    return found


def _within(expected: Sequence[Area], read: Sequence[Area]) -> bool:
    there = set(read)
    return all(other in there or any(_holds(area, other) for area in read) for other in expected)


def _holds(area: Area, other: Area) -> bool:
    return (
        area.worksheet == other.worksheet
        and area.first_row <= other.first_row
        and area.first_column <= other.first_column
        and (area.end_row is None or (other.end_row is not None and other.end_row <= area.end_row))
        and (
            area.end_column is None or (other.end_column is not None and other.end_column <= area.end_column)
        )
    )


def fix(spreadsheets: Spreadsheets, spreadsheet_id: str) -> list[str]:
    """Give all worksheets the tags and columns that they lack; returns what was lacking, in words.

    This is also what brings the workbook of an earlier version up to date.
    """

    def draft() -> Draft[list[str]]:
        there = present(spreadsheets, spreadsheet_id)
        view = look(spreadsheets, spreadsheet_id, [_deep(sheet) for sheet in book.ours(there)])
        keyless = [book.whole(sheet.role or "") for sheet in book.ours(view) if book.lacks_key(sheet)]
        sheets = {sheet.sheet_id: sheet for sheet in book.ours(view)}
        if keyless:
            wholes = look(spreadsheets, spreadsheet_id, keyless)
            sheets |= {sheet.sheet_id: sheet for sheet in book.ours(wholes)}
        changes: list[Change] = []
        told: list[str] = []
        for sheet in sheets.values():
            try:
                more, words = book.fixes_of(sheet)
            except LayoutError as error:  # whoever needs this worksheet is refused; the others are not
                more, words = [], [str(error)]
            changes += more
            told += words
        return Draft(there, changes, told)

    lacked = write_optimistically(spreadsheets, draft)
    if not any(line.endswith(book.LOST_ROWS) for line in lacked):
        return lacked
    more = write_optimistically(
        spreadsheets, draft
    )  # what stands in them can be told only once they are there
    return [*lacked, *more]


def put_right(spreadsheets: Spreadsheets, spreadsheet_id: str, found: Sequence[Misplaced]) -> None:
    """Put right what was written while a person moved columns or rows; facts are to be computed anew afterwards."""

    def draft() -> Draft[None]:
        view = look(spreadsheets, spreadsheet_id, misplaced.wants(found))
        return Draft(view, misplaced.fixes(view, found), None)

    write_optimistically(spreadsheets, draft)


def _deep(sheet: Worksheet) -> Want:
    """So many rows of a worksheet that its headers are found wherever they are."""
    made = replace(book.header(sheet.role or "").made, title=sheet.title)
    return Want(made, lambda each: [Area.of_rows(each.title, 0, LOOK)])

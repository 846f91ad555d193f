"""``Review Sheets`` in the control spreadsheet: which spreadsheet belongs to which period.

    Period | Spreadsheet ID | Link | Created On | Finalised | Group | Newest Punches

Spreadsheets are found by what is written here, never by their title: titles get changed, copied and binned.
Finalised says what the workbook's ``Guide`` said when somebody last looked, so that nobody need look each time.
Group is there where sites name one (`domain.groups`): a period then has a workbook for each. What is called the name
of a workbook here is `domain.groups.book_name`. Newest Punches are what each site's raw data held at the last visit: a
workbook that was put back to an older version does not know itself that it once held them.
"""

from collections.abc import Mapping
from datetime import date

from attendance_backend.control import program_sheets
from attendance_backend.control.program_sheets import ProgramSheet
from attendance_backend.domain.groups import book_name
from attendance_backend.ports import Spreadsheets
from attendance_backend.sheet import serial, styles
from attendance_backend.sheet.a1 import cell_name
from attendance_backend.sheet.blocks import append_rows, write_cells
from attendance_backend.sheet.changes import AddColumns, Change, NewCell, Row, WriteCells
from attendance_backend.sheet.grid import Place, Worksheet, spreadsheet_link
from attendance_backend.sheet.table import Problem

TITLE = "Review Sheets"
PERIOD, SPREADSHEET_ID, LINK, CREATED_ON, FINALISED, GROUP, NEWEST = range(7)
HEADERS = ("Period", "Spreadsheet ID", "Link", "Created On", "Finalised")
GROUP_HEADER = "Group"
NEWEST_HEADER = "Newest Punches"
_IS, _AND = ": ", "; "
_MOST_SITES = 500
"""Of a workbook, whose newest punches are noted: a cell holds 50,000 characters."""
SHEET = ProgramSheet(1_900_000_001, TITLE, HEADERS, (150, 360, 620, 110, 90))
YES = "yes"


def find(worksheet: Worksheet | None, name: str) -> str | None:
    """The ID that is recorded under a name; None when there is none."""
    found, _ = recorded(worksheet)
    return next((each for known, each in found.items() if known.casefold() == name.casefold()), None)


def parts(worksheet: Worksheet | None) -> dict[str, tuple[str, str]]:
    """Period and group by name, of the workbooks of groups."""
    worksheet = SHEET.or_blank(worksheet)
    return {
        name: (worksheet.text(row, PERIOD), group)
        for name, row in _counting(worksheet)[0].items()
        if (group := _group(worksheet, row))
    }


def _name(worksheet: Worksheet, row: int) -> str:
    return (
        book_name(worksheet.text(row, PERIOD), _group(worksheet, row)) if worksheet.text(row, PERIOD) else ""
    )


def _group(worksheet: Worksheet, row: int) -> str:
    return worksheet.label(row, GROUP) if worksheet.text(0, GROUP) == GROUP_HEADER else ""


def recorded(worksheet: Worksheet | None) -> tuple[dict[str, str], list[Problem]]:
    """Spreadsheet IDs by name, oldest first, and what is wrong in the rows left out."""
    worksheet = SHEET.or_blank(worksheet)
    rows, problems = _counting(worksheet)
    return {name: worksheet.text(row, SPREADSHEET_ID) for name, row in rows.items()}, problems


def _counting(worksheet: Worksheet) -> tuple[dict[str, int], list[Problem]]:
    """The rows that count by name, and what is wrong in the others.

    Of rows with one spreadsheet the last counts: whoever types over a name has the program record it once more, below.
    """
    found: dict[str, int] = {}
    problems: list[Problem] = []
    rows = worksheet.row_numbers()[1:]
    last = {worksheet.text(row, SPREADSHEET_ID): row for row in rows if _name(worksheet, row)}
    for row in rows:
        name, spreadsheet_id = _name(worksheet, row), worksheet.text(row, SPREADSHEET_ID)
        if not name and not spreadsheet_id:
            continue
        if not name or not spreadsheet_id:
            column, what = (PERIOD, "the period") if not name else (SPREADSHEET_ID, "the spreadsheet's ID")
            remedy = f"{what} is missing; type it, or delete the row"
            problems.append(Problem(worksheet.title, cell_name(row, column), remedy))
        elif last[spreadsheet_id] != row:
            other = _name(worksheet, last[spreadsheet_id])
            remedy = f"its spreadsheet stands in a lower row, for {other}, which counts; delete this row"
            problems.append(Problem(worksheet.title, cell_name(row, PERIOD), remedy))
        elif name.casefold() in map(str.casefold, found):
            remedy = f"{name} has two review sheets; the upper row counts, delete the other one"
            problems.append(Problem(worksheet.title, cell_name(row, PERIOD), remedy))
        else:
            found[name] = row
    return found, problems


def made_on(worksheet: Worksheet | None) -> dict[str, date]:
    """When spreadsheets were made, by the names of `recorded`."""
    worksheet = SHEET.or_blank(worksheet)
    days = {name: worksheet.date(row, CREATED_ON) for name, row in _counting(worksheet)[0].items()}
    return {name: day for name, day in days.items() if day is not None}


def finalised(worksheet: Worksheet | None) -> set[str]:
    """The names of the workbooks that are noted as finalised."""
    if worksheet is None or worksheet.text(0, FINALISED) != HEADERS[FINALISED]:
        return set()
    rows, _ = _counting(worksheet)
    return {name for name, row in rows.items() if worksheet.text(row, FINALISED) == YES}


def newest(worksheet: Worksheet | None) -> dict[str, dict[str, str]]:
    """The newest punch of each site at the last visit, its record ID by `site_key`, by spreadsheet ID."""
    found: dict[str, dict[str, str]] = {}
    if worksheet is None or worksheet.text(0, NEWEST) != NEWEST_HEADER:
        return found
    for row in worksheet.row_numbers()[1:]:
        pairs = (each.rpartition(_IS) for each in worksheet.text(row, NEWEST).split(_AND))
        known = {site.strip(): record.strip() for site, _, record in pairs if site.strip()}
        found[worksheet.text(row, SPREADSHEET_ID)] = known
    return found


def note_newest(worksheet: Worksheet, punches: Mapping[str, Mapping[str, str]]) -> list[Change]:
    """What notes the newest punches of workbooks, as `newest`, where something else stands."""
    known, header = newest(worksheet), worksheet.text(0, NEWEST)
    noted = {sheet_id: dict(sorted(of_sites.items())[:_MOST_SITES]) for sheet_id, of_sites in punches.items()}
    rows = {worksheet.text(row, SPREADSHEET_ID): row for row in worksheet.row_numbers()[1:]}
    cells = {
        (rows[sheet_id], NEWEST): NewCell(
            _AND.join(f"{site}{_IS}{record}" for site, record in of_sites.items()) or None, styles.PLAIN
        )
        for sheet_id, of_sites in noted.items()
        if sheet_id in rows and known.get(sheet_id, {}) != of_sites
    }
    if not cells or header not in ("", NEWEST_HEADER):
        return []
    lacking = NEWEST + 1 - worksheet.column_count
    growth: list[Change] = [AddColumns(worksheet.sheet_id, lacking)] if lacking > 0 else []
    if not header:
        cells[0, NEWEST] = NewCell(NEWEST_HEADER, styles.HEADER)
    return [*growth, *write_cells(worksheet.sheet_id, cells)]


def note(
    worksheet: Worksheet,
    finalised: Mapping[str, bool] | None = None,
    spreadsheet_ids: Mapping[str, str] | None = None,
) -> list[Change]:
    """What notes who is finalised, or that a workbook is another spreadsheet now.

    Where somebody put something else into the column Finalised, it is not noted; nor of who has no row any more.

    Args:
        worksheet: all of it.
    """
    cells: dict[Place, NewCell] = {}
    rows, _ = _counting(worksheet)
    is_ours = worksheet.text(0, FINALISED) in ("", HEADERS[FINALISED])
    for name, is_final in (finalised or {}).items():
        if is_ours and name in rows and is_final != (worksheet.text(rows[name], FINALISED) == YES):
            cells[rows[name], FINALISED] = NewCell(YES if is_final else None, styles.PLAIN)
    growth: list[Change] = []
    if cells and not worksheet.text(0, FINALISED):
        # Made before there was this column.
        if worksheet.column_count <= FINALISED:
            growth = [AddColumns(worksheet.sheet_id, FINALISED + 1 - worksheet.column_count)]
        cells[0, FINALISED] = NewCell(HEADERS[FINALISED], styles.HEADER)
    for name, spreadsheet_id in (spreadsheet_ids or {}).items():
        cells[rows[name], SPREADSHEET_ID] = NewCell(spreadsheet_id, styles.PLAIN)
        cells[rows[name], LINK] = NewCell(spreadsheet_link(spreadsheet_id), styles.PLAIN)
    return [*growth, *write_cells(worksheet.sheet_id, cells)]


def read(spreadsheets: Spreadsheets, control_id: str) -> Worksheet | None:
    """The worksheet; None when it has not been made yet."""
    return program_sheets.find(spreadsheets, control_id, TITLE)


def record(
    spreadsheets: Spreadsheets,
    control_id: str,
    worksheet: Worksheet | None,
    period_name: str,
    *,
    spreadsheet_id: str,
    created_on: date,
    group: str = "",
) -> None:
    """Write down which spreadsheet belongs to a period; `worksheet` is what `read` gave."""
    row: Row = (
        NewCell(period_name, styles.PLAIN),
        NewCell(spreadsheet_id, styles.PLAIN),
        NewCell(spreadsheet_link(spreadsheet_id), styles.PLAIN),
        NewCell(serial.from_date(created_on), styles.DAY_CELL),
    )
    changes = [] if worksheet else SHEET.create()
    target = SHEET.or_blank(worksheet)
    if group:
        if target.column_count <= GROUP:
            changes.append(AddColumns(target.sheet_id, GROUP + 1 - target.column_count))
        if target.text(0, GROUP) != GROUP_HEADER:
            header = NewCell(GROUP_HEADER, styles.HEADER)
            changes.append(WriteCells(target.sheet_id, 0, GROUP, ((header,),)))
        row = (*row, NewCell(None), NewCell(group, styles.PLAIN))
    changes += append_rows(target, max(target.end_row(), 1), [row])
    spreadsheets.apply(control_id, changes)

"""Which formula belongs into which cell of a workbook as it stands: its rows sorted, its columns where they are now.

Computed from the keys of the rows and the headers of the columns by what also fills new rows. A worksheet that is
missing, and a row or day that another worksheet lacks, want no formulas.
"""

from collections.abc import Mapping, Sequence

from attendance_backend.domain.people import Person
from attendance_backend.review import corrections_sheet, day_header, days_sheet, exceptions_sheet, formulas
from attendance_backend.review import daily_attendance as daily
from attendance_backend.review import daily_columns as dc
from attendance_backend.review import monthly_summary as monthly
from attendance_backend.review import weekly_columns as wc
from attendance_backend.review import weekly_summary as weekly
from attendance_backend.review.exception_state import state_of
from attendance_backend.review.names import CORRECTIONS, DAILY, DAYS, EXCEPTIONS, MONTHLY, WEEKLY
from attendance_backend.sheet.changes import Change, Formula, WriteCells
from attendance_backend.sheet.grid import Area, Place, Spreadsheet, Worksheet
from attendance_backend.sheet.preview import after
from attendance_contracts import ReviewPeriod

WHOLE = (DAILY, WEEKLY, MONTHLY, CORRECTIONS, EXCEPTIONS)
"""The worksheets that are looked through."""

Wanted = Mapping[Place, str]


def areas(present: Spreadsheet) -> list[Area]:
    """What `wanted` needs of a workbook whose worksheets are known."""
    found = [Area(title) for title in WHOLE if present.find(title) is not None]
    return [*found, *([Area.of_rows(DAYS, 0, days_sheet.HEADER_ROWS)] if present.find(DAYS) else [])]


def wanted(workbook: Spreadsheet, period: ReviewPeriod) -> dict[str, Wanted]:
    """The formulas by worksheet and cell.

    Args:
        workbook: with the cells of `areas`.
        period: of the workbook.
    """
    sheets = {title: workbook.find(title) for title in (*WHOLE, DAYS)}
    daily_sheet, week_sheet, month_sheet = sheets[DAILY], sheets[WEEKLY], sheets[MONTHLY]
    columns = {} if daily_sheet is None else day_header.columns_by_day(daily_sheet)
    whole_weeks = day_header.whole_weeks_of(columns)
    found: dict[str, Wanted] = {}
    if daily_sheet is not None:
        found[DAILY] = _of_daily(daily_sheet, sheets[DAYS])
    if week_sheet is not None:
        mondays = {weekly.week_label(monday): column for monday, column in whole_weeks.items()}
        found[WEEKLY] = _of_weekly(week_sheet, mondays)
    if month_sheet is not None:
        total = None if week_sheet is None else weekly.columns_by_label(week_sheet).get(wc.TOTAL)
        changes = [
            change
            for token, row in monthly.rows_by_token(month_sheet).items()
            for change in monthly.person_rows(
                [_person(formulas.user_of(token))],
                row,
                day_header.columns_by_day(month_sheet),
                columns,
                total,
            )
        ]
        found[MONTHLY] = _formulas(month_sheet, changes)
    if (corrections := sheets[CORRECTIONS]) is not None:
        weeks = None if week_sheet is None else weekly.weeks_in(week_sheet, whole_weeks)
        found[CORRECTIONS] = _of_corrections(corrections, period, weeks)
    if (exceptions := sheets[EXCEPTIONS]) is not None:
        found[EXCEPTIONS] = _of_exceptions(exceptions, month_sheet)
    return found


def earlier(workbook: Spreadsheet) -> dict[str, Wanted]:
    """What earlier versions wrote into cells for which there is another formula now; `workbook` as for `wanted`."""
    found: dict[str, Wanted] = {}
    if (sheet := workbook.find(DAILY)) is not None:
        columns, helpers = day_header.columns_by_day(sheet), daily.helpers_by_day(sheet)
        changes = [
            change
            for key, row in daily.rows_by_key(sheet).items()
            for change in daily.earlier_cells(key, row, columns, helpers)
        ]
        found[DAILY] = _formulas(sheet, changes)
    if (sheet := workbook.find(CORRECTIONS)) is not None:
        rows = sheet.row_count - corrections_sheet.HEADER_ROWS
        found[CORRECTIONS] = _formulas(sheet, corrections_sheet.earlier_cells(rows))
    return found


def _of_daily(sheet: Worksheet, days: Worksheet | None) -> Wanted:
    columns, helpers = day_header.columns_by_day(sheet), daily.helpers_by_day(sheet)
    sources = {} if days is None else days_sheet.columns_by_day(days)
    changes: list[Change] = []
    for key, row in daily.rows_by_key(sheet).items():
        user, _, label = key.rpartition(dc.KEY_SEPARATOR)
        if user and label in dc.LABELS:
            nth = dc.LABELS.index(label)
            labels = daily.label_rows(_person(user), row - nth)[nth]
            changes.append(WriteCells(sheet.sheet_id, row, 0, (labels,)))
            changes += daily.row_cells(key, row, columns, helpers, sources)
    return _formulas(sheet, changes)


def _of_weekly(sheet: Worksheet, mondays: Mapping[str, int]) -> Wanted:
    labels = weekly.columns_by_label(sheet)
    columns = {labels[label]: monday for label, monday in mondays.items() if label in labels}
    total = labels.get(wc.TOTAL)
    changes: list[Change] = []
    for key, row in weekly.rows_by_key(sheet).items():
        user, _, label = key.rpartition(dc.KEY_SEPARATOR)
        if not user or label not in wc.LABELS:
            continue
        # The three rows of a person need not stand together any more.
        nth = wc.LABELS.index(label)
        line = weekly.person_rows(_person(user), row - nth, columns, total)[nth]
        changes.append(WriteCells(sheet.sheet_id, row, 0, (line,)))
    return _formulas(sheet, changes)


def _of_corrections(sheet: Worksheet, period: ReviewPeriod, weeks: corrections_sheet.Weeks | None) -> Wanted:
    problems = (
        cell.formula
        for (_, column), cell in sheet.cells.items()
        if column == corrections_sheet.PROBLEM and cell.formula is not None
    )
    example = corrections_sheet.example_in(problems) or f"{period.last_day:%d-%m-%Y}"
    rows = sheet.row_count - corrections_sheet.HEADER_ROWS
    return _formulas(sheet, corrections_sheet.prepared(rows, example, weeks))


def _of_exceptions(sheet: Worksheet, month_sheet: Worksheet | None) -> Wanted:
    days = {} if month_sheet is None else day_header.columns_by_day(month_sheet)
    cells: dict[Place, str] = {}
    for row in range(exceptions_sheet.HEADER_ROWS, sheet.end_row()):
        token = sheet.text(row, exceptions_sheet.USER)
        state = state_of(
            sheet.text(row, exceptions_sheet.KIND),
            formulas.user_of(token),
            sheet.date(row, exceptions_sheet.DAY),
            days,
        )
        if isinstance(state, Formula):
            cells[row, exceptions_sheet.STATE] = state.text
    place = 0, exceptions_sheet.REMEDY
    header = sheet.cells.get(place)
    # Workbooks of an earlier version have words there, which say as much but for the count.
    if header is None or header.formula is not None:
        cells[place] = exceptions_sheet.remedy_header().text
    return cells


def _formulas(sheet: Worksheet, changes: Sequence[Change]) -> Wanted:
    """The formulas that changes write, as far as the grid reaches."""
    blank = Worksheet(sheet.sheet_id, sheet.title, sheet.row_count, sheet.column_count)
    return {
        place: cell.formula
        for place, cell in after(blank, changes).cells.items()
        if cell.formula is not None and place[1] < sheet.column_count
    }


def _person(user: str) -> Person:
    """Somebody of whom no more is known than what formulas go by."""
    return Person(user, user, 0)

"""Which formula or label belongs into which cell of a workbook as it stands: rows sorted, columns where they are now.

Computed from the keys of the rows and the headers of the columns by what also fills new rows. A worksheet that is
missing, and a row or day that another worksheet lacks, want no formulas.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from attendance_backend.domain.people import Person
from attendance_backend.review import (
    book,
    corrections_sheet,
    day_header,
    days_sheet,
    exceptions_sheet,
    formulas,
    monthly_columns,
    plan_columns,
    plan_sheet,
    working_time,
    working_time_columns,
)
from attendance_backend.review import daily_attendance as daily
from attendance_backend.review import daily_columns as dc
from attendance_backend.review import monthly_summary as monthly
from attendance_backend.review import weekly_columns as wc
from attendance_backend.review import weekly_summary as weekly
from attendance_backend.review.book import Want
from attendance_backend.review.daily_attendance import DayColumns
from attendance_backend.review.day_header import Run
from attendance_backend.review.days_sheet import Days
from attendance_backend.review.formulas import Places
from attendance_backend.review.names import (
    CORRECTIONS,
    DAILY,
    DAYS,
    EXCEPTIONS,
    MONTHLY,
    PLAN,
    SITES,
    WEEKLY,
    WORKING_TIME,
)
from attendance_backend.review.weekly_summary import WeekColumns
from attendance_backend.sheet.blocks import write_cells
from attendance_backend.sheet.changes import Change, Formula
from attendance_backend.sheet.grid import Place, Spreadsheet, Worksheet
from attendance_backend.sheet.layout import Column
from attendance_backend.sheet.placing import lay
from attendance_backend.sheet.preview import after
from attendance_contracts import ReviewPeriod

OF_PLANS = (WORKING_TIME, PLAN)
"""Worksheets that are there where HR plans somebody's days."""
WHOLE = (DAILY, WEEKLY, MONTHLY, *OF_PLANS, CORRECTIONS, EXCEPTIONS)
"""The worksheets that are looked through."""

Expected = Mapping[Place, Formula | str]
"""Formulas, and labels: texts that tell whose row it is."""


def wants() -> list[Want]:
    """What `expected` needs of a workbook; and of one for whose people HR plans days, `OF_PLANS`."""
    headers = (replace(book.columns(DAYS), optional=True), book.header(SITES, optional=True))
    whole = (book.whole(title, optional=True) for title in WHOLE if title not in OF_PLANS)
    return [*whole, *headers, book.GUIDE_VALUES]


def expected(
    workbook: Spreadsheet,
    period: ReviewPeriod,
    titles: Collection[str] = WHOLE,
    *,
    as_planned: bool | None = None,
) -> Iterator[tuple[str, Expected]]:
    """The formulas by worksheet and cell, a worksheet after the other: all at once are as large as the workbook.

    Args:
        workbook: with the cells of `wants`.
        titles: of the worksheets that are asked for.
        as_planned: whether HR is taken to plan everybody's days, or nobody's; None for those whom ``Days`` names.
    """
    at = book.places_of(workbook)
    sheets = {title: workbook.find(title) for title in (*WHOLE, DAYS)}
    daily_sheet, week_sheet = sheets[DAILY], sheets[WEEKLY]
    columns = {} if daily_sheet is None else day_header.columns_by_day(daily_sheet)
    helpers = {} if daily_sheet is None else day_header.columns_by_day(daily_sheet, day_header.WEEKDAY)
    weeks = day_header.whole_weeks_of(columns, helpers, weekly.begins_on(week_sheet, columns))
    people = _known(sheets[DAYS], as_planned)

    def of_corrections(sheet: Worksheet) -> Expected:
        side_by_side = None if week_sheet is None else weekly.weeks_in(week_sheet, weeks)
        is_planned = any(person.is_planned for person in people.values())
        return _of_corrections(sheet, period, side_by_side, at, is_planned=is_planned)

    def of_monthly(sheet: Worksheet) -> Expected:
        total = None if week_sheet is None else weekly.columns_by_label(week_sheet).get(wc.TOTAL)
        runs = day_header.runs(day_header.columns_by_day(sheet), columns, helpers)
        return _of_monthly(sheet, runs, total, people, at)

    of_sheet: dict[str, Callable[[Worksheet], Expected]] = {
        DAILY: lambda sheet: _of_daily(sheet, sheets[DAYS], people, at),
        WEEKLY: lambda sheet: _of_weekly(sheet, WeekColumns.of(sheet, weeks), people, at),
        MONTHLY: of_monthly,
        WORKING_TIME: lambda sheet: _of_working_time(sheet, people, at),
        PLAN: lambda sheet: _of_plan(sheet, people, at),
        CORRECTIONS: of_corrections,
        EXCEPTIONS: lambda sheet: _of_exceptions(sheet, people, at),
    }
    for title, of in of_sheet.items():
        if title in titles and (found := sheets[title]) is not None:
            yield title, of(found)


def planned_people(workbook: Spreadsheet) -> list[Person]:
    """Those whose days HR plans, in the order of ``Days``; `workbook` as for `expected`."""
    return [person for person in _known(workbook.find(DAYS), None).values() if person.is_planned]


def _of_daily(sheet: Worksheet, days: Worksheet | None, people: Mapping[str, Person], at: Places) -> Expected:
    places, rows = DayColumns.of(sheet, days), _rows(sheet, dc.KEY, dc.LABELS, people)
    return _written(sheet, (change for row in rows for change in daily.person_row(*row, places, at)))


def _of_weekly(sheet: Worksheet, columns: WeekColumns, people: Mapping[str, Person], at: Places) -> Expected:
    rows = _rows(sheet, wc.KEY, wc.LABELS, people)
    cells = (weekly.person_row(*row, columns, at) for row in rows)
    return _written(sheet, (change for each in cells for change in write_cells(sheet.sheet_id, each)))


def _of_plan(sheet: Worksheet, people: Mapping[str, Person], at: Places) -> Expected:
    columns = day_header.columns_by_day(sheet)
    rows = _rows(sheet, plan_columns.KEY, plan_columns.LABELS, people)
    return _written(sheet, (change for row in rows for change in plan_sheet.person_row(*row, columns, at)))


def _rows(
    sheet: Worksheet, key: Column, labels: Collection[str], people: Mapping[str, Person]
) -> Iterator[tuple[Person, str, int]]:
    """Of a worksheet with several rows a person: whose each is, which one, and where it stands."""
    for text, row in sheet.rows_by(key).items():
        user, _, label = text.rpartition(dc.KEY_SEPARATOR)
        if user and label in labels:
            yield _of(user, people), label, row


def _of_monthly(
    sheet: Worksheet, runs: Sequence[Run], total: int | None, people: Mapping[str, Person], at: Places
) -> Expected:
    def changes() -> Iterator[Change]:
        for token, row in sheet.rows_by(monthly_columns.TOKEN).items():
            person = _of(formulas.user_of(token), people)
            yield from monthly.person_rows([person], row, runs, total, at)

    return _written(sheet, changes())


def _of_working_time(sheet: Worksheet, people: Mapping[str, Person], at: Places) -> Expected:
    def changes() -> Iterator[Change]:
        rows = sheet.rows_by(working_time_columns.TOKEN)
        for token, row in rows.items():
            person = working_time.person_row(_of(formulas.user_of(token), people), row, at)
            yield from lay(sheet.sheet_id, sheet.columns, row, [person])
        for row in rows.values():
            yield from write_cells(sheet.sheet_id, working_time.kind_cells(sheet, row, at))

    return _written(sheet, changes())


def _of_corrections(
    sheet: Worksheet,
    period: ReviewPeriod,
    weeks: corrections_sheet.Weeks | None,
    at: Places,
    *,
    is_planned: bool,
) -> Expected:
    problem = sheet.at(corrections_sheet.PROBLEM)
    problems = (
        cell.formula
        for (_, column), cell in sheet.cells.items()
        if column == problem and cell.formula is not None
    )
    example = corrections_sheet.example_in(problems) or f"{period.last_day:%d-%m-%Y}"
    rows = sheet.row_count - sheet.first_row
    prepared = corrections_sheet.prepared(sheet, rows, example, weeks, at, is_planned=is_planned)
    return _written(sheet, prepared)


def _of_exceptions(sheet: Worksheet, people: Mapping[str, Person], at: Places) -> Expected:
    days = exceptions_sheet.days_of(at)
    cells: dict[Place, Formula | str] = {}
    for row in sheet.data_rows():
        user = formulas.user_of(sheet.text(row, exceptions_sheet.USER))
        if user in people:
            cells[row, sheet.at(exceptions_sheet.WHO)] = people[user].name
        state = exceptions_sheet.state_of(
            sheet.text(row, exceptions_sheet.KIND),
            user,
            sheet.date(row, exceptions_sheet.DAY),
            days,
            at,
        )
        if isinstance(state, Formula):
            cells[row, sheet.at(exceptions_sheet.STATE)] = state
    place = sheet.lines[0], sheet.at(exceptions_sheet.REMEDY)
    header = sheet.cells.get(place)
    # Workbooks of an earlier version have words there, which say as much but for the count.
    if header is None or header.formula is not None:
        cells[place] = exceptions_sheet.remedy_header(at)
    return cells


def _written(sheet: Worksheet, changes: Iterable[Change]) -> Expected:
    """The formulas and texts that changes write, as far as the grid reaches."""
    blank = Worksheet(sheet.sheet_id, sheet.title, sheet.row_count, sheet.column_count)
    return {
        place: str(cell.value) if cell.formula is None else Formula(cell.formula)
        for place, cell in after(blank, changes).cells.items()
        if (cell.formula is not None or isinstance(cell.value, str)) and place[1] < sheet.column_count
    }


def _known(days: Worksheet | None, as_planned: bool | None) -> dict[str, Person]:
    """Those of whom ``Days`` tells the names, by `Person.key`; cut-off times it does not know."""
    if days is None:
        return {}
    rows = [row for row in days.data_rows() if days.text(row, days_sheet.MEASURE) == days_sheet.IN]
    people = (
        Person(days.text(row, days_sheet.EMPLOYEE), days.text(row, days_sheet.USER_NAME), 0) for row in rows
    )
    planned = Days(days).planned
    return {
        person.key: replace(person, is_planned=person.key in planned if as_planned is None else as_planned)
        for person in people
    }


def _of(user: str, people: Mapping[str, Person]) -> Person:
    """Somebody who has rows; who is in ``Days`` no more is called by the key."""
    return people.get(user, Person(user, user, 0))

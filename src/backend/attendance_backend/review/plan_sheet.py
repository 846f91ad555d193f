"""``Plan``: what is planned for each day of those whose days HR plans, and which of their hours are what. All formulas.

Five rows a person: the shift, or *day off*, as the program understood ``Roster``; of the hours of each day those beyond
the hours of a day (``Overtime After``, else as ``Guide`` has it), those at night, on a weekend and on a holiday. So
whatever is summed in ``Working Time`` can be traced to its day.

Hours are overlaps of the day from check-in to check-out, as far as it counts, with the times of night, weekend and
holiday. All are taken as a clock shows them that is never changed (`daily_attendance`), so that a night in which the
clocks are put back has an hour more. Nobody has more of them than hours: breaks are taken from other hours first.

Made when HR first plans somebody's days, as ``Working Time``.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import partial
from itertools import product

from attendance_backend.domain.people import Person
from attendance_backend.review import daily_columns, day_header, days_sheet, formulas, guide_sheet
from attendance_backend.review.daily_columns import key_of
from attendance_backend.review.day_header import Run
from attendance_backend.review.formulas import Places
from attendance_backend.review.names import DAILY, DAYS, MONTHLY, PLAN, PLAN_ID, WORKING_TIME
from attendance_backend.review.plan_columns import (
    CLOCK_CHANGE_AT,
    CLOCK_CHANGE_BY,
    EMPLOYEE,
    HOLIDAY,
    HOURS_ROW,
    IN_ROW,
    KEY,
    LABEL,
    LABELS,
    LAYOUT,
    NIGHT,
    OUT_ROW,
    OVERTIME,
    PLAN_ROW,
    SHIFT,
    TOTAL,
    USER_NAME,
    WEEKEND,
)
from attendance_backend.sheet import serial, styles
from attendance_backend.sheet.a1 import cell_name, column_letters, row_part
from attendance_backend.sheet.blocks import write_cells
from attendance_backend.sheet.changes import (
    AddColumns,
    AddRows,
    Change,
    FillCells,
    Formula,
    HighlightWhen,
    NewCell,
    Row,
    SetColumns,
)
from attendance_backend.sheet.grid import Spreadsheet
from attendance_backend.sheet.layout import Column, runs
from attendance_backend.sheet.placing import lay

ANY_TIME = "any time"
"""For a working day without a shift."""
_DAY_PIXELS = 90
_MINUTES, _SECONDS = 1440, 86_400


def grown(workbook: Spreadsheet, people: Sequence[Person], at: Places) -> list[Change]:
    """The worksheet, or rows and days at its end, as far as people and days lack them.

    Args:
        workbook: with all of the worksheet, if it is there, and the headers of the days.
        people: whose days HR plans.
    """
    sheet = workbook.find(PLAN)
    days = sorted(day_header.columns_by_day(at.sheets[DAYS]))
    there = {} if sheet is None else sheet.rows_by(KEY)
    lacking = [person for person in people if any(key_of(person.key, label) not in there for label in LABELS)]
    if sheet is None:
        return _made(workbook, lacking, days, at) if lacking else []
    new = [day for day in days if day not in day_header.columns_by_day(sheet)]
    columns = {day: sheet.column_count + index for index, day in enumerate(new)}
    changes: list[Change] = []
    if new:
        changes += [
            AddColumns(PLAN_ID, len(new)),
            *day_header.written(sheet, sheet.column_count, _header(new)),
            SetColumns(PLAN_ID, sheet.column_count, sheet.column_count + len(new), _DAY_PIXELS),
        ]
    every = {**day_header.columns_by_day(sheet), **columns}
    for key, row in there.items():
        user, _, label = key.rpartition(daily_columns.KEY_SEPARATOR)
        if new and user and label in LABELS:
            changes += [*_days(label, row, columns, at), *_total(label, row, every.values(), at)]
    rows = [
        (person, label) for person in lacking for label in LABELS if key_of(person.key, label) not in there
    ]
    if rows:
        changes.append(AddRows(PLAN_ID, len(rows)))
        for row, (person, label) in enumerate(rows, sheet.row_count):
            changes += person_row(person, label, row, every, at)
    return changes


def _made(workbook: Spreadsheet, people: Sequence[Person], days: Sequence[date], at: Places) -> list[Change]:
    sheet, first = at.sheets[PLAN], len(LAYOUT.columns)
    columns = {day: first + index for index, day in enumerate(days)}
    titles = [each.role for each in workbook.worksheets]
    before = next((title for title in (WORKING_TIME, MONTHLY) if title in titles), None)
    behind = None if before is None else titles.index(before) + 1
    rows = sheet.first_row + len(people) * len(LABELS)
    changes = LAYOUT.create(rows, _header(days), index=behind)
    changes.append(SetColumns(PLAN_ID, first, first + len(days), _DAY_PIXELS))
    for row, (person, label) in enumerate(product(people, LABELS), sheet.first_row):
        changes += person_row(person, label, row, columns, at)
    cell = cell_name(sheet.first_row, first)
    free = Formula(f'=OR({cell}="{daily_columns.DAY_OFF}",{cell}="{daily_columns.WEEKEND}")')
    return [*changes, HighlightWhen(PLAN_ID, sheet.first_row, first, free, styles.WEEKEND, styles.GREY)]


def _header(days: Sequence[date]) -> tuple[Row, Row, Row]:
    """Date and weekday; what kind of day it is, the rows of people say."""
    return (
        tuple(NewCell(serial.from_date(day), styles.DAY_HEADER) for day in days),
        tuple(NewCell(f"{day:%a}", styles.WEEK_HEADER) for day in days),
        tuple(NewCell(None, styles.HOLIDAY_HEADER) for _ in days),
    )


def person_row(person: Person, label: str, row: int, columns: Mapping[date, int], at: Places) -> list[Change]:
    """One of a person's rows; `columns` says where days stand here."""
    is_first, keys = label == SHIFT, at.column(daily_columns.KEY)
    name = styles.NAME_ABOVE if is_first else styles.REPEATED
    cells: dict[Column, NewCell] = {
        EMPLOYEE: NewCell(person.name, name),
        USER_NAME: NewCell(person.user_name, styles.PLAIN_ABOVE if is_first else styles.REPEATED),
        LABEL: NewCell(label, styles.PLAIN_ABOVE if is_first else styles.PLAIN),
        KEY: NewCell(key_of(person.key, label)),
        PLAN_ROW: NewCell(
            formulas.row_where(at.column(days_sheet.KEY), days_sheet.key_of(person.key, days_sheet.PLAN))
        ),
    }
    if not is_first:
        for column, of in (
            (IN_ROW, daily_columns.CHECK_IN),
            (OUT_ROW, daily_columns.CHECK_OUT),
            (HOURS_ROW, daily_columns.HOURS_WORKED),
        ):
            cells[column] = NewCell(formulas.row_where(keys, key_of(person.key, of)))
        for column, source in (
            (CLOCK_CHANGE_AT, daily_columns.CLOCK_CHANGE_AT),
            (CLOCK_CHANGE_BY, daily_columns.CLOCK_CHANGE_BY),
        ):
            value = f"INDEX({at.column(source)},{at.own(IN_ROW, row)})"
            cells[column] = NewCell(Formula(f"=IFERROR({value}+0,0)"))
    return [
        *lay(PLAN_ID, at.sheets[PLAN].columns, row, [cells]),
        *_total(label, row, columns.values(), at),
        *_days(label, row, columns, at),
    ]


def _total(label: str, row: int, places: Iterable[int], at: Places) -> list[Change]:
    if label == SHIFT:
        return []
    days = ",".join(row_part(row, first, end) for first, end in runs(places))
    total = Formula(f"=ROUND(SUM({days})*{_MINUTES},0)/{_MINUTES}" if days else "=0")
    return [*write_cells(PLAN_ID, {(row, at[TOTAL]): NewCell(total, styles.TOTAL_HOURS)})]


def _days(label: str, row: int, columns: Mapping[date, int], at: Places) -> list[Change]:
    daily, days = (day_header.columns_by_day(at.sheets[title]) for title in (DAILY, DAYS))
    helpers = day_header.columns_by_day(at.sheets[DAILY], day_header.WEEKDAY)
    style = styles.STATE_CELL if label == SHIFT else styles.HOURS_CELL
    return [
        FillCells(PLAN_ID, row, run.column, 1, run.length, NewCell(Formula(_day(label, row, run, at)), style))
        for run in day_header.runs(columns, daily, helpers, days)
    ]


def _day(label: str, row: int, run: Run, at: Places) -> str:
    """What stands in a row's cell of a day; nothing for a day without hours."""
    daily, helper, days = run.sources
    plan = f"INDEX({at.moving(DAYS, days)},{at.own(PLAN_ROW, row)})"
    if label == SHIFT:
        name = days_sheet.plan_part(plan, days_sheet.NAME)
        any_time = f'LEFT({plan},1)="{days_sheet.ANY_TIME}"'
        return f'=IFERROR(IF({any_time},"{ANY_TIME}",{name}),"")'
    hours = f"INDEX({at.moving(DAILY, daily)},{at.own(HOURS_ROW, row)})"
    if label == OVERTIME:
        after = days_sheet.plan_part(plan, days_sheet.OVERTIME_AFTER)
        of_all = f"{at.cell(guide_sheet.OVERTIME)}/24"
        limit = f"IFERROR(IF({after}<{days_sheet.NEVER_S},{after}/{_SECONDS},{of_all}),{of_all})"
        return f'=IFERROR(IF(ISNUMBER({hours}),IF({hours}>{limit},{hours}-{limit},""),""),"")'
    start, end = (f"INDEX({at.moving(DAILY, helper)},{at.own(column, row)})" for column in (IN_ROW, OUT_ROW))
    first = f"MAX({start},{days_sheet.plan_part(plan, days_sheet.COUNTS_FROM)}/{_SECONDS})"
    last = f"MIN({end},{days_sheet.plan_part(plan, days_sheet.COUNTS_TO)}/{_SECONDS})"
    overlaps = "+".join(_overlaps(label, first, last, row=row, run=run, plan=plan, at=at))
    counted = f"ROUND(({overlaps})*{_MINUTES},0)/{_MINUTES}"
    of_these = f'IF({plan}="","",IF({counted}>0,MIN({hours},{counted}),""))'
    return f'=IFERROR(IF(ISNUMBER({hours}),{of_these},""),"")'


def _overlaps(label: str, first: str, last: str, *, row: int, run: Run, plan: str, at: Places) -> list[str]:
    """How far a day's hours lie within times of night, weekend or holiday, each as a formula."""
    line = at.sheets[PLAN].lines[day_header.DATE]
    day = formulas.header(run.column, line)
    since, by = at.own(CLOCK_CHANGE_AT, row), at.own(CLOCK_CHANGE_BY, row)

    def unchanged(time: str) -> str:
        """As a clock shows a time that is not put forward or back on that day."""
        is_changed = f"AND({since}>0,ROUND(({day}+{time}-{since})*{_SECONDS},0)>=0)"
        return f"({time}-IF({is_changed},{by},0))"

    def overlap(begin: str, until: str) -> str:
        return f"MAX(0,MIN({last},{unchanged(until)})-MAX({first},{unchanged(begin)}))"

    part, flag = partial(days_sheet.plan_part, plan), partial(days_sheet.plan_flag, plan)
    if label == NIGHT:
        begin, until = (f"{part(each)}/{_SECONDS}" for each in (days_sheet.NIGHT_FROM, days_sheet.NIGHT_TO))
        return [overlap(f"({begin}{shift})", f"({until}{shift})") for shift in ("-1", "", "+1")]
    if label == WEEKEND:
        code = flag(days_sheet.WEEKEND_FLAG)
        begin, until = f"IF({code}=2,1,0)", f"IF({code}=1,1,2)"
        return [f"IF({code}=0,0,{overlap(begin, until)})"]
    assert label == HOLIDAY
    found = []
    morning, afternoon = (days_sheet.PARTS.index(part) for part in days_sheet.PARTS[1:3])
    for place, midnight in ((days_sheet.HOLIDAY_FLAG, 0), (days_sheet.NEXT_HOLIDAY_FLAG, 1)):
        code = flag(place)
        begin = f"IF({code}={afternoon},{midnight + 0.5:g},{midnight})"
        until = f"IF({code}={morning},{midnight + 0.5:g},{midnight + 1})"
        found.append(f"IF({code}=0,0,{overlap(begin, until)})")
    return found


def days_of(at: Places, label: str, days: Sequence[date], user: str) -> str:
    """For formulas: a person's cells of neighbouring days; empty where one of them has no column."""
    columns = day_header.columns_by_day(at.sheets[PLAN])
    places = [columns[day] for day in days if day in columns]
    if not places:
        return ""
    row = f"MATCH({formulas.exact(key_of(user, label))},{at.column(KEY)},0)"
    return ",".join(
        f"INDEX({at.sheet(PLAN)}!{column_letters(first)}:{column_letters(end - 1)},{row},0)"
        for first, end in runs(places)
    )


def total_of(at: Places, label: str, user: str) -> str:
    """For formulas: the total of a person's row."""
    row = f"MATCH({formulas.exact(key_of(user, label))},{at.column(KEY)},0)"
    return f"INDEX({at.column(TOTAL)},{row})"

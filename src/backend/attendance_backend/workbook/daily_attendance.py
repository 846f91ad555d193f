"""``Daily Attendance``: three rows an employee (Check In, Check Out, Hours Worked), a column a day.

Row 1 holds the dates, row 2 the weekdays. Nothing relies on the order of the rows: people are found by
user name and label, days by their date. Two hidden columns serve formulas: a key by which the weekly summary
finds a row, and the cut-off time by which late check-ins are coloured.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from attendance_backend.control.roster import Person, user_key
from attendance_backend.sheet import serial, styles
from attendance_backend.sheet.a1 import cell_name, column_letters, quoted
from attendance_backend.sheet.changes import (
    AddWorksheet,
    Change,
    Formula,
    HighlightWhen,
    NewCell,
    Row,
    SetColumns,
    Style,
    WarnBeforeEdit,
    WriteCells,
)
from attendance_backend.sheet.grid import Worksheet
from attendance_backend.workbook.names import DAILY, DAILY_ID, WEEKLY
from attendance_contracts import ReviewPeriod

EMPLOYEE, USER_NAME, LABEL, KEY, CUT_OFF, FIRST_DAY = range(6)
HEADERS = ("Employee", "User Name", "Measure", "Key", "Cut Off Time")
CHECK_IN, CHECK_OUT, HOURS_WORKED = "Check In", "Check Out", "Hours Worked"
LABELS = (CHECK_IN, CHECK_OUT, HOURS_WORKED)
HEADER_ROWS = 2
KEY_SEPARATOR = "/"

NO_CHECK_OUT = "no check-out"
NO_CHECK_IN = "no check-in"
CHECK_TIMES = "check the times"
DOUBLE_TAP_S = 60
"""Two punches no further apart are one: the person tapped twice, and the check-out is missing."""

_SATURDAY = 5
_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class DayTimes:
    """A person's check-in and check-out on a business day, in seconds after its midnight."""

    check_in: int | None = None
    check_out: int | None = None


def day_times(punches: Sequence[int]) -> DayTimes:
    """The first punch is the check-in, the last one the check-out, whichever keys were pressed."""
    if not punches:
        return DayTimes()
    first, last = min(punches), max(punches)
    return DayTimes(first, last if last > first else None)


def create(
    people: Sequence[Person],
    days: Sequence[date],
    period: ReviewPeriod,
    times: Mapping[tuple[str, date], DayTimes],
) -> list[Change]:
    """The whole worksheet.

    Args:
        people: in the order of their rows.
        days: whole weeks, Monday to Sunday.
        period: days outside it are greyed.
        times: what is known already, by `Person.key` and day.
    """
    columns = {FIRST_DAY + index: day for index, day in enumerate(days)}
    rows = [*header_rows(days, period)]
    for index, person in enumerate(people):
        rows += person_rows(person, HEADER_ROWS + index * len(LABELS), columns, period, times)
    width = FIRST_DAY + len(days)
    return [
        AddWorksheet(
            DAILY_ID,
            DAILY,
            row_count=max(len(rows), HEADER_ROWS + 1),
            column_count=width,
            frozen_rows=HEADER_ROWS,
            frozen_columns=FIRST_DAY,
        ),
        WriteCells(DAILY_ID, 0, 0, tuple(rows)),
        SetColumns(DAILY_ID, EMPLOYEE, EMPLOYEE + 1, 170),
        SetColumns(DAILY_ID, USER_NAME, LABEL + 1, 110),
        SetColumns(DAILY_ID, KEY, CUT_OFF + 1, hidden=True),
        SetColumns(DAILY_ID, FIRST_DAY, width, 86),
        WarnBeforeEdit(DAILY_ID, "Kept by the program. What you type into a check-in or check-out stays."),
        *highlights(),
    ]


def header_rows(days: Sequence[date], period: ReviewPeriod) -> tuple[Row, Row]:
    """The two header rows, whole."""
    dates = tuple(NewCell(serial.from_date(day), styles.DAY_HEADER) for day in days)
    weekdays = tuple(NewCell(day.strftime("%a"), _on(styles.WEEK_HEADER, day, period)) for day in days)
    labels = tuple(NewCell(text, styles.HEADER) for text in HEADERS)
    blanks = tuple(NewCell(None, styles.HEADER) for _ in HEADERS)
    return (*labels, *dates), (*blanks, *weekdays)


def person_rows(
    person: Person,
    first_row: int,
    columns: Mapping[int, date],
    period: ReviewPeriod,
    times: Mapping[tuple[str, date], DayTimes],
) -> tuple[Row, Row, Row]:
    """A person's three rows, from the first column to the last of `columns`, which maps columns to days."""
    known = {column: times.get((person.key, day), DayTimes()) for column, day in columns.items()}
    check_in: list[NewCell] = _labels(person, first_row, CHECK_IN)
    check_out: list[NewCell] = _labels(person, first_row + 1, CHECK_OUT)
    hours: list[NewCell] = _labels(person, first_row + 2, HOURS_WORKED)
    for column in range(FIRST_DAY, max(columns, default=FIRST_DAY - 1) + 1):
        if column not in columns:
            for row in (check_in, check_out, hours):
                row.append(NewCell())
            continue
        day = columns[column]
        check_in.append(NewCell(_fraction(known[column].check_in), _on(styles.TIME_CELL, day, period)))
        check_out.append(NewCell(_fraction(known[column].check_out), _on(styles.TIME_CELL, day, period)))
        hours.append(NewCell(hours_formula(first_row, column), _on(styles.DURATION_CELL, day, period)))
    return tuple(check_in), tuple(check_out), tuple(hours)


def day_cells(first_row: int, column: int, day: date, period: ReviewPeriod) -> tuple[Row, Row, Row]:
    """A person's three cells of one more day, still without punches."""
    return (
        (NewCell(None, _on(styles.TIME_CELL, day, period)),),
        (NewCell(None, _on(styles.TIME_CELL, day, period)),),
        (NewCell(hours_formula(first_row, column), _on(styles.DURATION_CELL, day, period)),),
    )


def hours_formula(first_row: int, column: int) -> Formula:
    """Check-out minus check-in, or what is missing."""
    start, end = cell_name(first_row, column), cell_name(first_row + 1, column)
    elapsed = f"ROUND(({end}-{start})*{_SECONDS},0)"
    worked = f'IF({elapsed}<0,"{CHECK_TIMES}",IF({elapsed}<={DOUBLE_TAP_S},"{NO_CHECK_OUT}",{end}-{start}))'
    missing = f'IF(ISNUMBER({start}),"{NO_CHECK_OUT}",IF(ISNUMBER({end}),"{NO_CHECK_IN}",""))'
    return Formula(f"=IF(AND(ISNUMBER({start}),ISNUMBER({end})),{worked},{missing})")


def row_formula(user_name_cell: str, label: str, first_column: int, end_column: int) -> str:
    """For other worksheets: the cells of a week in the row of a person and a label, wherever it stands."""
    letters = f"{column_letters(first_column)}:{column_letters(end_column - 1)}"
    key = column_letters(KEY)
    sheet = quoted(DAILY)
    match = f'MATCH({user_name_cell}&"{KEY_SEPARATOR}{label}",{sheet}!${key}:${key},0)'
    return f"INDEX({sheet}!{letters},{match},0)"


def highlights() -> list[Change]:
    """Colours for late check-ins and for days with something missing."""
    first = cell_name(HEADER_ROWS, FIRST_DAY)
    label = f"${cell_name(HEADER_ROWS, LABEL)}"
    cut_off = f"${cell_name(HEADER_ROWS, CUT_OFF)}"
    late = (
        f'=AND({label}="{CHECK_IN}",ISNUMBER({first}),ISNUMBER({cut_off}),'
        f"ROUND({first}*{_SECONDS},0)>ROUND({cut_off}*{_SECONDS},0))"
    )
    missing = f'=AND({label}="{HOURS_WORKED}",ISTEXT({first}),LEN({first})>0)'
    return [
        HighlightWhen(
            DAILY_ID, HEADER_ROWS, FIRST_DAY, Formula(late), styles.LATE_BACKGROUND, styles.LATE_TEXT
        ),
        HighlightWhen(
            DAILY_ID, HEADER_ROWS, FIRST_DAY, Formula(missing), styles.OPEN_BACKGROUND, styles.OPEN_TEXT
        ),
    ]


def columns_by_day(worksheet: Worksheet) -> dict[date, int]:
    """Where each day stands, by the dates in the first row."""
    columns: dict[date, int] = {}
    for column, _ in worksheet.row(0):
        number = worksheet.number(0, column)
        if number is not None and column > LABEL:
            columns.setdefault(serial.to_date(number), column)
    return columns


@dataclass(frozen=True)
class DailyRows:
    """Where each person's rows stand.

    Attributes:
        rows: by user (`user_key`) and label.
        names: the employees' names as they stand here, by user.
        end_row: the row after the last one in use.
    """

    rows: Mapping[tuple[str, str], int]
    names: Mapping[str, str]
    end_row: int


def find_rows(worksheet: Worksheet) -> DailyRows:
    """The people's rows from the first three columns."""
    rows: dict[tuple[str, str], int] = {}
    names: dict[str, str] = {}
    for row in range(HEADER_ROWS, worksheet.end_row()):
        user = user_key(worksheet.text(row, USER_NAME))
        if not user:
            continue
        rows.setdefault((user, worksheet.text(row, LABEL)), row)
        names.setdefault(user, worksheet.text(row, EMPLOYEE) or worksheet.text(row, USER_NAME))
    return DailyRows(rows, names, max(worksheet.end_row(), HEADER_ROWS))


def whole_weeks_of(columns: Mapping[date, int]) -> dict[date, int]:
    """The Mondays whose seven days stand side by side, with the column of each."""
    return {
        day: column
        for day, column in sorted(columns.items())
        if day.weekday() == 0
        and all(columns.get(day + timedelta(days=offset)) == column + offset for offset in range(7))
    }


def _labels(person: Person, row: int, label: str) -> list[NewCell]:
    name, user_name = (styles.NAME, styles.PLAIN) if label == CHECK_IN else (styles.REPEATED, styles.REPEATED)
    user_cell = f"${cell_name(row, USER_NAME)}"
    key = f'={user_cell}&"{KEY_SEPARATOR}"&${cell_name(row, LABEL)}'
    weekly = quoted(WEEKLY)
    cut_off = f'=IFERROR(INDEX({weekly}!$C:$C,MATCH({user_cell},{weekly}!$B:$B,0)),"")'
    return [
        NewCell(person.name, name),
        NewCell(person.user_name, user_name),
        NewCell(label, styles.PLAIN),
        NewCell(Formula(key), styles.PLAIN),
        NewCell(Formula(cut_off), styles.TIME_CELL),
    ]


def _on(style: Style, day: date, period: ReviewPeriod) -> Style:
    """The style in the colours of the day: outside the period, at a weekend, or neither."""
    if not period.first_day <= day <= period.last_day:
        return _coloured(style, styles.OUTSIDE)
    if day.weekday() >= _SATURDAY and style.background is None:
        return _coloured(style, styles.WEEKEND)
    return style


def _coloured(style: Style, background: str) -> Style:
    return Style(style.number_format, style.bold, background, None, style.align, style.wrap)


def _fraction(seconds: int | None) -> float | None:
    return None if seconds is None else serial.from_seconds(seconds)

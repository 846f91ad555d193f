"""``Weekly Summary``: three rows an employee (Weekly Average, Hours Worked, Penalties), a column a week.

All values are formulas over ``Daily Attendance``, which find their row by user name and label and are such as
Google Sheets, Excel and LibreOffice all compute. The cut-off time is HR's to change.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from attendance_backend.control.roster import Person, user_key
from attendance_backend.sheet import serial, styles
from attendance_backend.sheet.a1 import cell_name
from attendance_backend.sheet.changes import (
    AddWorksheet,
    Change,
    Formula,
    HighlightWhen,
    NewCell,
    Row,
    SetColumns,
    WarnBeforeEdit,
    WriteCells,
)
from attendance_backend.sheet.grid import Worksheet
from attendance_backend.workbook import daily_attendance as daily
from attendance_backend.workbook.names import WEEKLY, WEEKLY_ID

EMPLOYEE, USER_NAME, CUT_OFF, LABEL, FIRST_WEEK = range(5)
HEADERS = ("Employee", "User Name", "Cut Off Time", "Measure")
TOTAL = "Total"
AVERAGE, HOURS_WORKED, PENALTIES = "Weekly Average", "Hours Worked", "Penalties"
LABELS = (AVERAGE, HOURS_WORKED, PENALTIES)
HEADER_ROWS = 1

_MILLISECONDS = 86_400_000
"""A day's; averages are compared to the millisecond, so that the last bits of a fraction do not decide."""


def week_label(monday: date) -> str:
    """The header of a week: its first and its last day."""
    sunday = monday + timedelta(days=6)
    return f"{monday:%d %b} - {sunday:%d %b}"


def create(people: Sequence[Person], weeks: Mapping[date, int]) -> list[Change]:
    """The whole worksheet; `weeks` maps each Monday to its column in ``Daily Attendance``."""
    columns = {FIRST_WEEK + index: weeks[monday] for index, monday in enumerate(sorted(weeks))}
    total = FIRST_WEEK + len(weeks)
    rows: list[Row] = [header_row(sorted(weeks))]
    for index, person in enumerate(people):
        rows += person_rows(person, HEADER_ROWS + index * len(LABELS), columns, total)
    return [
        AddWorksheet(
            WEEKLY_ID,
            WEEKLY,
            row_count=max(len(rows), HEADER_ROWS + 1),
            column_count=total + 1,
            frozen_rows=HEADER_ROWS,
            frozen_columns=FIRST_WEEK,
        ),
        WriteCells(WEEKLY_ID, 0, 0, tuple(rows)),
        SetColumns(WEEKLY_ID, EMPLOYEE, EMPLOYEE + 1, 170),
        SetColumns(WEEKLY_ID, USER_NAME, FIRST_WEEK, 110),
        SetColumns(WEEKLY_ID, FIRST_WEEK, total + 1, 120),
        WarnBeforeEdit(WEEKLY_ID, "Computed from Daily Attendance. The cut-off times may be changed."),
        penalty_highlight(),
    ]


def header_row(mondays: Sequence[date]) -> Row:
    """The header, whole."""
    labels = tuple(NewCell(text, styles.HEADER) for text in HEADERS)
    return (*labels, *week_headers(mondays), NewCell(TOTAL, styles.WEEK_HEADER))


def week_headers(mondays: Sequence[date]) -> Row:
    """The headers of some weeks."""
    return tuple(NewCell(week_label(monday), styles.WEEK_HEADER) for monday in mondays)


def person_rows(
    person: Person, first_row: int, columns: Mapping[int, int], total: int | None
) -> tuple[Row, Row, Row]:
    """A person's three rows.

    Args:
        person: whose rows they are.
        first_row: where the first of them is to stand.
        columns: the weeks' columns here, each with the column of its Monday in ``Daily Attendance``.
        total: the column of the totals; None when HR removed it.
    """
    rows = [_labels(person, label) for label in LABELS]
    last = max([*columns, total if total is not None else 0, FIRST_WEEK - 1])
    for column in range(FIRST_WEEK, last + 1):
        if column in columns:
            cells = week_cells(first_row, column, columns[column])
        elif column == total:
            cells = total_cells(first_row, sorted(columns))
        else:
            cells = (NewCell(), NewCell(), NewCell())
        for row, cell in zip(rows, cells, strict=True):
            row.append(cell)
    average, hours, penalties = rows
    return tuple(average), tuple(hours), tuple(penalties)


def week_cells(first_row: int, column: int, monday_column: int) -> tuple[NewCell, NewCell, NewCell]:
    """A person's cells of one week: average check-in, hours worked, penalty."""
    average_cell = cell_name(first_row, column)
    cut_off = f"${cell_name(first_row, CUT_OFF)}"
    user = f"${cell_name(first_row, USER_NAME)}"
    check_ins = daily.row_formula(user, daily.CHECK_IN, monday_column, monday_column + 7)
    hours = daily.row_formula(user, daily.HOURS_WORKED, monday_column, monday_column + 7)
    late = f"ROUND({average_cell}*{_MILLISECONDS},0)>ROUND({cut_off}*{_MILLISECONDS},0)"
    known = f"AND(ISNUMBER({average_cell}),ISNUMBER({cut_off}))"
    return (
        NewCell(Formula(f'=IF(COUNT({check_ins})=0,"",AVERAGE({check_ins}))'), styles.AVERAGE_CELL),
        NewCell(Formula(f'=IF(COUNT({hours})=0,"",SUM({hours}))'), styles.DURATION_CELL),
        NewCell(Formula(f'=IF({known},IF({late},1,0),"")'), styles.PENALTY),
    )


def total_cells(first_row: int, weeks: Sequence[int]) -> tuple[NewCell, NewCell, NewCell]:
    """A person's totals over the weeks in these columns; averages are not summed."""
    return (
        NewCell(None, styles.TIME_CELL),
        NewCell(_sum(first_row + 1, weeks), styles.TOTAL_HOURS),
        NewCell(_sum(first_row + 2, weeks), styles.TOTAL_PENALTIES),
    )


def _sum(row: int, columns: Sequence[int]) -> Formula:
    """The sum of a row's cells; neighbours are written as ranges."""
    runs: list[list[int]] = []
    for column in columns:
        if runs and column == runs[-1][-1] + 1:
            runs[-1].append(column)
        else:
            runs.append([column])
    ranges = (f"{cell_name(row, run[0])}:{cell_name(row, run[-1])}" for run in runs)
    return Formula(f"=SUM({','.join(ranges)})")


def penalty_highlight() -> Change:
    """A colour for weeks with a penalty."""
    label, first = f"${cell_name(HEADER_ROWS, LABEL)}", cell_name(HEADER_ROWS, FIRST_WEEK)
    formula = Formula(f'=AND({label}="{PENALTIES}",ISNUMBER({first}),{first}>0)')
    return HighlightWhen(
        WEEKLY_ID, HEADER_ROWS, FIRST_WEEK, formula, styles.LATE_BACKGROUND, styles.LATE_TEXT
    )


def columns_by_label(worksheet: Worksheet) -> dict[str, int]:
    """Where the weeks and the total stand, by the words in the first row."""
    columns: dict[str, int] = {}
    for column, _ in worksheet.row(0):
        columns.setdefault(worksheet.text(0, column), column)
    return columns


def known_users(worksheet: Worksheet) -> frozenset[str]:
    """The users (`user_key`) who have rows here."""
    rows = range(HEADER_ROWS, worksheet.end_row())
    return frozenset(user_key(worksheet.text(row, USER_NAME)) for row in rows) - {""}


def first_rows(worksheet: Worksheet) -> list[int]:
    """The first row of each person whose three rows stand together."""
    end = worksheet.end_row()
    return [
        row
        for row in range(HEADER_ROWS, end)
        if tuple(worksheet.text(row + offset, LABEL) for offset in range(len(LABELS))) == LABELS
    ]


def _labels(person: Person, label: str) -> list[NewCell]:
    name, user_name = (styles.NAME, styles.PLAIN) if label == AVERAGE else (styles.REPEATED, styles.REPEATED)
    return [
        NewCell(person.name, name),
        NewCell(person.user_name, user_name),
        NewCell(serial.from_seconds(person.cut_off), styles.TIME_CELL),
        NewCell(label, styles.PLAIN),
    ]

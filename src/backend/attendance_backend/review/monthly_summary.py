"""``Monthly Summary``: one row an employee, for payroll, and a column a day with the day in words. All formulas.

A day is what ``Daily Attendance`` says in Hours Worked when that is a word; *present* when it is a number; and *late*
when the check-in was after the cut-off time and the grace: *late, missing out* is both. What is counted:

- *Days Present*: days on which the person came, whole or not;
- *Late*: days that begin with *late*; *Absent*, *On Leave*: days that say so;
- *Incomplete*: days with something missing or to be checked, which have no hours yet;
- *Hours*: the sum of the hours; *Overtime*: of each day's hours beyond those in ``Guide``;
- *Penalties*: the total of ``Weekly Summary``.

Hidden columns hold the person's token, by which ``Corrections`` and ``Exceptions`` find the row, and the rows in
``Daily Attendance`` that this one is made from.
"""

from collections.abc import Mapping, Sequence
from datetime import date

from attendance_backend.domain.people import Person
from attendance_backend.review import daily_columns, day_header, formulas, guide_sheet, weekly_columns
from attendance_backend.review.daily_attendance import (
    ABSENT,
    CHECK_TIMES,
    HOLIDAY,
    LEAVE,
    MISSING_IN,
    MISSING_OUT,
    NO_DATA,
    NOT_EMPLOYED,
    OPEN,
    WEEKEND,
)
from attendance_backend.review.day_header import Run
from attendance_backend.review.monthly_columns import ABSENT as ABSENT_COLUMN
from attendance_backend.review.monthly_columns import (
    EMPLOYEE,
    FIRST_DAY,
    FIRST_HIDDEN,
    GROUP,
    HEADER_ROWS,
    HEADERS,
    HOURS,
    HOURS_ROW,
    IN_ROW,
    INCOMPLETE,
    LATE,
    LATE_AFTER,
    ON_LEAVE,
    OVERTIME,
    PENALTIES,
    PRESENT,
    SITE,
    TOKEN,
    TOKEN_LOOKUP,
    USER_NAME,
)
from attendance_backend.review.names import DAILY, MONTHLY, MONTHLY_ID, WEEKLY
from attendance_backend.sheet import styles
from attendance_backend.sheet.a1 import cell_name, column_letters, quoted
from attendance_backend.sheet.changes import (
    AddColumns,
    AddNote,
    AddWorksheet,
    Change,
    FillCells,
    Formula,
    HighlightWhen,
    NewCell,
    SetColumns,
    WarnBeforeEdit,
    WriteCells,
)
from attendance_backend.sheet.grid import Area, Worksheet
from attendance_contracts import ReviewPeriod

PRESENT_WORD, LATE_WORD = "present", "late"

AREAS = (Area.of_columns(MONTHLY, 0, FIRST_DAY), Area.of_rows(MONTHLY, 0, HEADER_ROWS))
"""What must be read to add people or days."""

_SECONDS = 86_400
_COUNTED: dict[int, tuple[str, ...]] = {
    PRESENT: (PRESENT_WORD, f"{LATE_WORD}*", OPEN, MISSING_OUT, MISSING_IN, CHECK_TIMES),
    LATE: (f"{LATE_WORD}*",),
    ABSENT_COLUMN: (ABSENT,),
    ON_LEAVE: (LEAVE,),
    INCOMPLETE: (f"*{MISSING_OUT}", f"*{MISSING_IN}", f"*{CHECK_TIMES}"),
}
"""The words of the days that a column counts."""

_DAY_PIXELS = 130
"""Wide enough for the longest words of a day, "late, missing out", in bold."""
_NOTES = {
    PRESENT: "Days on which the person came.",
    LATE: "Check-ins after the cut-off time plus the grace minutes of Guide.",
    ABSENT_COLUMN: "Working days without a punch or leave, once all data is here, between First Day and Last Day.",
    INCOMPLETE: "Days with a time missing or to be checked: they have no hours until it is in Corrections.",
    OVERTIME: "Hours beyond those a day has by Guide, day by day.",
    PENALTIES: "Weeks whose mean check-in was later than the cut-off time, waived ones left out.",
}


def create(
    people: Sequence[Person],
    days: Mapping[date, int],
    period: ReviewPeriod,
    holidays: Mapping[date, str],
    total: int | None,
) -> list[Change]:
    """The whole worksheet.

    Args:
        people: in the order of their rows.
        days: with their columns in ``Daily Attendance``.
        period: days outside it are grey.
        holidays: as `day_header.texts_of` makes them.
        total: the column of the totals in ``Weekly Summary``.
    """
    ordered = sorted(days)
    columns = {day: FIRST_DAY + index for index, day in enumerate(ordered)}
    header = tuple(
        (*left, *right)
        for left, right in zip(
            day_header.labels(HEADERS, range(PRESENT, FIRST_HIDDEN)),
            day_header.cells(ordered, period, holidays),
            strict=True,
        )
    )
    return [
        AddWorksheet(
            MONTHLY_ID,
            MONTHLY,
            row_count=HEADER_ROWS + max(len(people), 1),
            column_count=FIRST_DAY + len(days),
            frozen_rows=HEADER_ROWS,
            frozen_columns=EMPLOYEE + 1,
            tab_color=styles.TIMES_TAB,
        ),
        WriteCells(MONTHLY_ID, 0, 0, header),
        *person_rows(people, HEADER_ROWS, columns, days, total),
        SetColumns(MONTHLY_ID, EMPLOYEE, EMPLOYEE + 1, 160),
        SetColumns(MONTHLY_ID, USER_NAME, USER_NAME + 1, styles.USER_NAME_PIXELS),
        SetColumns(MONTHLY_ID, SITE, PRESENT, 110),
        SetColumns(MONTHLY_ID, PRESENT, FIRST_HIDDEN, 94),
        SetColumns(MONTHLY_ID, FIRST_HIDDEN, FIRST_DAY, hidden=True),
        SetColumns(MONTHLY_ID, FIRST_DAY, FIRST_DAY + len(days), _DAY_PIXELS),
        *(AddNote(MONTHLY_ID, 0, column, text) for column, text in _NOTES.items()),
        WarnBeforeEdit(
            MONTHLY_ID, "Formulas. Type what is to be different into Corrections, with the reason."
        ),
        *_highlights(),
    ]


def person_rows(
    people: Sequence[Person],
    first_row: int,
    columns: Mapping[date, int],
    sources: Mapping[date, int],
    total: int | None,
) -> list[Change]:
    """The rows of people.

    Args:
        people: in the order of their rows.
        first_row: where the first of them is to stand.
        columns: where the days stand here.
        sources: where the days stand in ``Daily Attendance``.
        total: the column of the totals in ``Weekly Summary``.
    """
    if not people:
        return []
    runs = day_header.runs(columns, sources)
    rows = tuple(
        tuple(_labels(person, first_row + index, runs, total)) for index, person in enumerate(people)
    )
    changes: list[Change] = [WriteCells(MONTHLY_ID, first_row, 0, rows)]
    return changes + _day_blocks(first_row, len(people), runs)


def missing_days(
    sheet: Worksheet,
    days: Sequence[date],
    daily: Mapping[date, int],
    period: ReviewPeriod,
    holidays: Mapping[date, str],
) -> list[Change]:
    """Columns at the end of the grid for more days, and the counts of all people brought up to date.

    Args:
        sheet: as `AREAS` names it.
        days: that are not there.
        daily: where all days stand in ``Daily Attendance``.
        period: days outside it are grey.
        holidays: as `day_header.texts_of` makes them.
    """
    if not days:
        return []
    first_column = sheet.column_count
    added = {day: first_column + index for index, day in enumerate(days)}
    changes: list[Change] = [
        AddColumns(MONTHLY_ID, len(days)),
        WriteCells(MONTHLY_ID, 0, first_column, day_header.cells(days, period, holidays)),
        SetColumns(MONTHLY_ID, first_column, first_column + len(days), _DAY_PIXELS),
    ]
    new = day_header.runs(added, daily)
    every = day_header.runs({**day_header.columns_by_day(sheet), **added}, daily)
    for row in rows_by_token(sheet).values():
        changes += _day_blocks(row, 1, new)
        for column, cell in _counts(row, every).items():
            stands = sheet.cells.get((row, column))
            if stands is not None and stands.is_formula:
                changes.append(WriteCells(MONTHLY_ID, row, column, ((cell,),)))
    return changes


def rows_by_token(worksheet: Worksheet) -> dict[str, int]:
    """Where each person's row stands, by `formulas.token_of`."""
    rows: dict[str, int] = {}
    for row in range(HEADER_ROWS, worksheet.end_row()):
        if token := worksheet.text(row, TOKEN):
            rows.setdefault(token, row)
    return rows


def _day_blocks(first_row: int, count: int, runs: Sequence[Run]) -> list[Change]:
    return [
        FillCells(
            MONTHLY_ID,
            first_row,
            run.column,
            count,
            run.length,
            NewCell(Formula(_day(first_row, run.sources[0])), styles.STATE_CELL),
        )
        for run in runs
    ]


def _day(row: int, source: int) -> str:
    """A day in words."""
    check_in, hours = (
        f"INDEX({formulas.moving_column(DAILY, source)},{formulas.own(column, row)})"
        for column in (IN_ROW, HOURS_ROW)
    )
    seconds = f"IF(ISNUMBER({check_in}),ROUND({check_in}*{_SECONDS},0),0)"
    return (
        f"=IF({seconds}>{formulas.own(LATE_AFTER, row)},"
        f'IF(ISNUMBER({hours}),"{LATE_WORD}","{LATE_WORD}, "&{hours}),'
        f'IF(ISNUMBER({hours}),"{PRESENT_WORD}",{hours}&""))'
    )


def _labels(person: Person, row: int, runs: Sequence[Run], total: int | None) -> list[NewCell]:
    keys = formulas.column_of(DAILY, daily_columns.KEY)
    site = f"INDEX({formulas.column_of(DAILY, daily_columns.SITE_NAME)},{formulas.own(IN_ROW, row)})"
    late_after = f"INDEX({formulas.column_of(DAILY, daily_columns.LATE_AFTER)},{formulas.own(IN_ROW, row)})"
    cells = [NewCell() for _ in range(FIRST_DAY)]
    cells[EMPLOYEE] = NewCell(person.name, styles.NAME)
    cells[USER_NAME] = NewCell(person.user_name, styles.PLAIN)
    cells[SITE] = NewCell(Formula(f'=IFERROR({site}&"","")'), styles.PLAIN)
    cells[GROUP] = NewCell(person.group or None, styles.PLAIN)
    for column, cell in _counts(row, runs).items():
        cells[column] = cell
    cells[PENALTIES] = NewCell(_penalties(person, total), styles.COUNTED)
    cells[TOKEN] = NewCell(formulas.token_of(person.key))
    cells[TOKEN_LOOKUP] = NewCell(formulas.escaped(formulas.token_of(person.key)))
    for column, label in ((IN_ROW, daily_columns.CHECK_IN), (HOURS_ROW, daily_columns.HOURS_WORKED)):
        cells[column] = NewCell(formulas.row_where(keys, daily_columns.key_of(person.key, label)))
    cells[LATE_AFTER] = NewCell(Formula(f'=IFERROR({late_after},"")'))
    return cells


def _penalties(person: Person, total: int | None) -> Formula | None:
    if total is None:
        return None
    key = formulas.exact(daily_columns.key_of(person.key, weekly_columns.PENALTIES))
    row = f"MATCH({key},{formulas.column_of(WEEKLY, weekly_columns.KEY)},0)"
    return Formula(f'=IFERROR(INDEX({formulas.column_of(WEEKLY, total)},{row}),"")')


def _counts(row: int, runs: Sequence[Run]) -> dict[int, NewCell]:
    """What is counted and summed over the days, by column."""
    cells: dict[int, NewCell] = {}
    words = [f"${cell_name(row, run.column)}:${cell_name(row, run.column + run.length - 1)}" for run in runs]
    for column, counted in _COUNTED.items():
        parts = [f'COUNTIF({area},"{word}")' for area in words for word in counted]
        cells[column] = NewCell(Formula("=" + ("+".join(parts) or "0")), styles.COUNTED)
    hours = [
        f"INDEX({quoted(DAILY)}!${column_letters(run.sources[0])}:"
        f"${column_letters(run.sources[0] + run.length - 1)},{formulas.own(HOURS_ROW, row)},0)"
        for run in runs
    ]
    cells[HOURS] = NewCell(
        Formula(f"=IFERROR(SUM({','.join(hours)}),0)" if hours else "=0"), styles.TOTAL_HOURS
    )
    limit = f"{guide_sheet.OVERTIME_CELL}/24"
    beyond = "+".join(f'SUMIF({area},">"&{limit})-{limit}*COUNTIF({area},">"&{limit})' for area in hours)
    cells[OVERTIME] = NewCell(Formula(f"=IFERROR({beyond or '0'},0)"), styles.DURATION_CELL)
    return cells


def _highlights() -> list[Change]:
    """The colours of the days, those that need somebody last: they win."""
    cell = cell_name(HEADER_ROWS, FIRST_DAY)

    def days(test: str, background: str | None, color: str, *, bold: bool = False) -> Change:
        return HighlightWhen(
            MONTHLY_ID, HEADER_ROWS, FIRST_DAY, Formula(f"={test}"), background, color, bold=bold
        )

    def counted(column: int, background: str, color: str) -> Change:
        first = cell_name(HEADER_ROWS, column)
        test = Formula(f"=AND(ISNUMBER({first}),N({first})>0)")
        return HighlightWhen(
            MONTHLY_ID, HEADER_ROWS, column, test, background, color, bold=True, end_column=column + 1
        )

    quiet = ",".join(f'{cell}="{word}"' for word in (OPEN, NO_DATA, NOT_EMPLOYED, WEEKEND, HOLIDAY))
    incomplete = ",".join(
        f'ISNUMBER(SEARCH("{word}",{cell}))' for word in (MISSING_OUT, MISSING_IN, CHECK_TIMES)
    )
    return [
        *day_header.highlights(MONTHLY_ID, FIRST_DAY, SITE),
        days(f'{cell}="{PRESENT_WORD}"', None, styles.GOOD_TEXT),
        days(f"OR({quiet})", None, styles.FADED),
        days(f'{cell}="{LEAVE}"', styles.LEAVE_BACKGROUND, styles.LEAVE_TEXT),
        days(f'LEFT({cell},4)="{LATE_WORD}"', styles.LATE_BACKGROUND, styles.LATE_TEXT),
        days(f'{cell}="{ABSENT}"', styles.LATE_BACKGROUND, styles.LATE_TEXT, bold=True),
        days(f"OR({incomplete})", styles.OPEN_BACKGROUND, styles.OPEN_TEXT, bold=True),
        counted(ABSENT_COLUMN, styles.LATE_BACKGROUND, styles.LATE_TEXT),
        counted(INCOMPLETE, styles.OPEN_BACKGROUND, styles.OPEN_TEXT),
        counted(PENALTIES, styles.LATE_BACKGROUND, styles.LATE_TEXT),
    ]

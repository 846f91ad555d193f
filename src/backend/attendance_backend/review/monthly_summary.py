"""``Monthly Summary``: one row an employee, for payroll, and a column a day with the day in words. All formulas.

A day is what ``Daily Attendance`` says in Hours Worked when that is a word; *present* when it is a number, or *check
the hours* when that is more than anybody works in a day; and *late* when the check-in of a working day was after the
cut-off time and the grace: *late, missing out* is both. A note in ``Corrections`` lets long hours be. What is counted:

- *Days Present*: days on which the person came, whole or not;
- *Late*: days that begin with *late*; *Absent*, *On Leave*: days that say so;
- *Incomplete*: days with something missing or to be checked;
- *Hours*: the sum of the hours; *Overtime*: of each day's hours beyond those in ``Guide``, the sum cut to the minute;
- *Penalties*: the total of ``Weekly Summary``.

Hidden columns hold the person's token, by which ``Corrections`` and ``Exceptions`` find the row, and the rows in
``Daily Attendance`` that this one is made from.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date

from attendance_backend.domain.people import Person
from attendance_backend.review import (
    corrections_sheet,
    daily_columns,
    day_header,
    days_sheet,
    formulas,
    guide_sheet,
    plan_columns,
    plan_sheet,
    weekly_columns,
)
from attendance_backend.review.daily_columns import (
    ABSENT,
    CHECK_HOURS,
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
from attendance_backend.review.daily_columns import LATE as LATE_WORD
from attendance_backend.review.daily_columns import PRESENT as PRESENT_WORD
from attendance_backend.review.day_header import Run
from attendance_backend.review.formulas import Places
from attendance_backend.review.monthly_columns import ABSENT as ABSENT_COLUMN
from attendance_backend.review.monthly_columns import (
    EMPLOYEE,
    GROUP,
    HOURS,
    HOURS_ROW,
    IN_ROW,
    INCOMPLETE,
    LATE,
    LATE_AFTER,
    LAYOUT,
    ON_LEAVE,
    OVERTIME,
    PENALTIES,
    PRESENT,
    SITE,
    TOKEN,
    TOKEN_LOOKUP,
    USER_NAME,
    WEEKENDS,
)
from attendance_backend.review.names import DAILY, DAYS, MONTHLY, MONTHLY_ID, PLAN, WEEKLY
from attendance_backend.sheet import styles
from attendance_backend.sheet.a1 import cell_name, column_letters, row_part
from attendance_backend.sheet.changes import (
    AddColumns,
    Change,
    FillCells,
    Formula,
    HighlightWhen,
    NewCell,
    SetColumns,
    WriteCells,
)
from attendance_backend.sheet.grid import Worksheet
from attendance_backend.sheet.layout import Column
from attendance_backend.sheet.placing import lay
from attendance_contracts import ReviewPeriod

_MOST_MINUTES = daily_columns.MOST_HOURS * 60
_SECONDS = 86_400
_NEVER = 9_999_999
"""Seconds after midnight; no check-in is later than this."""
_COUNTED: dict[Column, tuple[str, ...]] = {
    PRESENT: (
        f"{PRESENT_WORD}*",
        f"{LATE_WORD}*",
        f"{OPEN}*",
        f"{MISSING_OUT}*",
        f"{MISSING_IN}*",
        f"{CHECK_TIMES}*",
        f"{CHECK_HOURS}*",
    ),
    LATE: (f"{LATE_WORD}*",),
    ABSENT_COLUMN: (ABSENT,),
    ON_LEAVE: (f"{LEAVE}*",),
    INCOMPLETE: (f"*{MISSING_OUT}*", f"*{MISSING_IN}*", f"*{CHECK_TIMES}*", f"*{CHECK_HOURS}*"),
}
"""The words of the days that a column counts."""
_HALVES: dict[Column, tuple[str, ...]] = {
    ABSENT_COLUMN: (f"{ABSENT}, *",),
    ON_LEAVE: tuple(f"*, {part} *" for part in corrections_sheet.PARTS),
}
"""Those that it counts as half a day."""

_DAY_PIXELS = 130
"""Wide enough for the longest words of a day, "late, missing out", in bold."""


def create(
    people: Sequence[Person],
    days: Mapping[date, int],
    period: ReviewPeriod,
    holidays: Mapping[date, str],
    total: int | None,
    *,
    at: Places,
) -> list[Change]:
    """The whole worksheet.

    Args:
        people: in the order of their rows.
        days: with their columns in ``Daily Attendance``.
        period: days outside it are grey.
        holidays: as `day_header.texts_of` makes them.
        total: the column of the totals in ``Weekly Summary``.
    """
    ordered, first = sorted(days), len(LAYOUT.columns)
    columns = {day: first + index for index, day in enumerate(ordered)}
    helpers = day_header.columns_by_day(at.sheets[DAILY], day_header.WEEKDAY)
    row = at.sheets[MONTHLY].first_row
    return [
        *LAYOUT.create(row + max(len(people), 1), day_header.cells(ordered, period, holidays)),
        *person_rows(people, row, day_header.runs(columns, days, helpers), total, at),
        SetColumns(MONTHLY_ID, first, first + len(days), _DAY_PIXELS),
        *_highlights(at, first),
    ]


def person_rows(
    people: Sequence[Person], first_row: int, runs: Sequence[Run], total: int | None, at: Places
) -> list[Change]:
    """The rows of people.

    Args:
        people: in the order of their rows.
        first_row: where the first of them is to stand.
        runs: the days here, in ``Daily Attendance`` and in its helper columns.
        total: the column of the totals in ``Weekly Summary``.
    """
    if not people:
        return []
    rows = [_labels(person, first_row + index, runs, total, at) for index, person in enumerate(people)]
    changes: list[Change] = [
        *lay(MONTHLY_ID, at.sheets[MONTHLY].columns, first_row, rows),
        *_day_blocks(first_row, len(people), runs, at),
    ]
    for row, person in enumerate(people, first_row):
        if person.is_planned:
            changes += _day_blocks(row, 1, planned_runs(at), at)
    return changes


def planned_runs(at: Places, of: Collection[date] | None = None) -> list[Run]:
    """The days here, in ``Daily Attendance``, in its helper columns and in ``Days``; all, or some of them."""
    here, *there = (day_header.columns_by_day(at.sheets[title]) for title in (MONTHLY, DAILY, DAYS))
    helpers = day_header.columns_by_day(at.sheets[DAILY], day_header.WEEKDAY)
    here = {day: place for day, place in here.items() if of is None or day in of}
    return day_header.runs(here, there[0], helpers, there[1])


def missing_days(
    sheet: Worksheet,
    days: Sequence[date],
    daily: tuple[Mapping[date, int], Mapping[date, int]],
    period: ReviewPeriod,
    holidays: Mapping[date, str],
    *,
    at: Places,
) -> list[Change]:
    """Columns at the end of the grid for more days, and the counts of all people brought up to date.

    Args:
        sheet: its columns of the layout and its header.
        days: that are not there.
        daily: where all days stand in ``Daily Attendance``, and their helper columns.
        period: days outside it are grey.
        holidays: as `day_header.texts_of` makes them.
    """
    if not days:
        return []
    first_column = sheet.column_count
    added = {day: first_column + index for index, day in enumerate(days)}
    changes: list[Change] = [
        AddColumns(MONTHLY_ID, len(days)),
        *day_header.written(sheet, first_column, day_header.cells(days, period, holidays)),
        SetColumns(MONTHLY_ID, first_column, first_column + len(days), _DAY_PIXELS),
    ]
    new = day_header.runs(added, *daily)
    every = day_header.runs({**day_header.columns_by_day(sheet), **added}, *daily)
    for row in sheet.rows_by(TOKEN).values():
        changes += _day_blocks(row, 1, new, at)
        for column, cell in _counts(row, every, at).items():
            stands = sheet.cells.get((row, sheet.at(column)))
            if stands is not None and stands.is_formula:
                changes.append(WriteCells(MONTHLY_ID, row, sheet.at(column), ((cell,),)))
    return changes


def _day_blocks(first_row: int, count: int, runs: Sequence[Run], at: Places) -> list[Change]:
    return [
        FillCells(
            MONTHLY_ID,
            first_row,
            run.column,
            count,
            run.length,
            NewCell(Formula(_day(first_row, run, at)), styles.STATE_CELL),
        )
        for run in runs
    ]


def _day(row: int, run: Run, at: Places) -> str:
    check_in, hours = (
        f"INDEX({at.moving(DAILY, run.sources[0])},{at.own(column, row)})" for column in (IN_ROW, HOURS_ROW)
    )
    beside, has_leave = (
        f"INDEX({column},{at.own(HOURS_ROW, row)})"
        for column in (at.moving(DAILY, run.sources[1]), at.column(daily_columns.CORRECTED))
    )
    half = f'IF({beside}={hours},"",IFERROR(MID({beside},FIND(", ",{beside}),99),""))'
    if len(run.sources) < 3:
        half = f'IF({has_leave}="","",{half})'
    seconds = f"IF(ISNUMBER({check_in}),ROUND({check_in}*{_SECONDS},0),0)"
    is_late = f"IF({seconds}>{_late_after(row, run, beside, has_leave, at)},{_is_judged(row, run, at)},FALSE)"
    minutes = f"ROUND({hours}*1440,0)"
    day = formulas.header(run.column, at.lines(MONTHLY)[day_header.DATE])
    note = f'"{corrections_sheet.NOTE} "&{at.own(TOKEN_LOOKUP, row)}&" "&{day}'
    is_noted = f"ISNUMBER(MATCH({note},{at.column(corrections_sheet.KEY)},0))"
    is_odd = f"IF(AND({minutes}>=0,{minutes}<={_most(row, run, at)}),FALSE,NOT({is_noted}))"
    early = _early(row, run, beside, at)
    return (
        f'=IF({is_late},IF(ISNUMBER({hours}),IF({is_odd},"{LATE_WORD}, {CHECK_HOURS}","{LATE_WORD}"),'
        f'"{LATE_WORD}, "&{hours}),IF(ISNUMBER({hours}),IF({is_odd},"{CHECK_HOURS}","{PRESENT_WORD}"),{hours}&""))'
        f"{early}&{half}"
    )


def _most(row: int, run: Run, at: Places) -> str:
    """More minutes are to be checked: with a shift more than its hours and some, on a day off by ``Roster`` fewer."""
    if len(run.sources) < 3:
        return str(_MOST_MINUTES)
    plan = _planned(row, run, daily_columns.PLAN_ROW, at)
    hours, name = (days_sheet.plan_part(plan, part) for part in (days_sheet.HOURS, days_sheet.NAME))
    least = daily_columns.MOST_HOURS_PLANNED * 60
    with_shift = f"MAX({least},{hours}/60+{daily_columns.MOST_BEYOND * 60})"
    others = f'IF({name}="{daily_columns.DAY_OFF}",{least},{_MOST_MINUTES})'
    return f'IF(LEFT({plan},1)="{days_sheet.WITH_TIMES}",{with_shift},{others})'


def _early(row: int, run: Run, beside: str, at: Places) -> str:
    """What is added to the word of a planned day, all of whose data is here, that ended before its shift."""
    if len(run.sources) < 3:
        return ""
    plan = _planned(row, run, daily_columns.PLAN_ROW, at)
    start, end, hours = (
        days_sheet.plan_part(plan, part) for part in (days_sheet.START, days_sheet.END, days_sheet.HOURS)
    )
    check_out = (
        f"INDEX({at.moving(DAILY, run.sources[0])},"
        f"INDEX({at.column(daily_columns.OUT_ROW)},{at.own(HOURS_ROW, row)}))"
    )
    is_due = (
        f'AND(LEFT({beside},{len(ABSENT)})="{ABSENT}",LEFT({plan},1)="{days_sheet.WITH_TIMES}",'
        f'ISNUMBER({check_out}),ISERROR(FIND(", {corrections_sheet.HALF} ",{beside})))'
    )
    ends = f'IF(ISERROR(FIND(", {corrections_sheet.AFTERNOON} ",{beside})),{end},{start}+{hours}/2)'
    grace = days_sheet.plan_part(plan, days_sheet.END_GRACE)
    is_early = f"IF({is_due},ROUND({check_out}*{_SECONDS},0)+{grace}<{ends},FALSE)"
    return f'&IF({is_early},", {daily_columns.LEFT_EARLY}","")'


def _planned(row: int, run: Run, column: Column, at: Places) -> str:
    """A cell of ``Days`` for a day that HR plans."""
    return f"INDEX({at.moving(DAYS, run.sources[2])},INDEX({at.column(column)},{at.own(HOURS_ROW, row)}))"


def _is_judged(row: int, run: Run, at: Places) -> str:
    """Whether lateness counts on a day."""
    lines = at.lines(MONTHLY)
    kind, day = (formulas.header(run.column, lines[line]) for line in (day_header.KIND, day_header.DATE))
    if len(run.sources) < 3:
        return day_header.is_judged(kind, day, at.own(SITE, row))
    plan = _planned(row, run, daily_columns.PLAN_ROW, at)
    is_free = f'LEFT({plan},1)="{days_sheet.FREE}"'
    by_header = day_header.is_holiday(kind, at.own(SITE, row))
    return f'IF({plan}="",NOT({by_header}),NOT(OR({is_free},{days_sheet.is_holiday(plan)})))'


def _late_after(row: int, run: Run, beside: str, has_leave: str, at: Places) -> str:
    """The last second of a day that is not late; with leave in the morning the middle of the shift, if there is one."""
    late_after, morning = at.own(LATE_AFTER, row), str(_NEVER)
    if len(run.sources) > 2:
        plan, due = (
            _planned(row, run, column, at) for column in (daily_columns.PLAN_ROW, daily_columns.DUE_ROW)
        )
        grace = f"{at.cell(guide_sheet.GRACE)}*60"
        late_after = f"IF(ISNUMBER({due}),ROUND({due}*{_SECONDS}+{grace},0),{late_after})"
        end, hours = (days_sheet.plan_part(plan, part) for part in (days_sheet.END, days_sheet.HOURS))
        middle = f"ROUND({end}-{hours}/2+{grace},0)"
        is_morning = f'AND(ISNUMBER({due}),ISNUMBER(FIND(", {corrections_sheet.MORNING} ",{beside})))'
        morning = f"IF({is_morning},{middle},{_NEVER})"
    excused = ",".join(
        f'ISNUMBER(FIND(", {part} ",{beside}))'
        for part in (corrections_sheet.HALF, corrections_sheet.MORNING)
    )
    return f'IF(IF({has_leave}="",FALSE,OR({excused})),{morning},{late_after})'


def _labels(
    person: Person, row: int, runs: Sequence[Run], total: int | None, at: Places
) -> dict[Column, NewCell]:
    keys = at.column(daily_columns.KEY)
    site, late_after = (
        f"INDEX({at.column(column)},{at.own(IN_ROW, row)})"
        for column in (daily_columns.SITE_NAME, daily_columns.LATE_AFTER)
    )
    if person.is_planned:
        below = formulas.exact(daily_columns.key_of(person.key, daily_columns.CHECK_OUT))
        late_after = f"INDEX({at.column(daily_columns.LATE_AFTER)},MATCH({below},{keys},0))"
    in_row, hours_row = (
        NewCell(formulas.row_where(keys, daily_columns.key_of(person.key, label)))
        for label in (daily_columns.CHECK_IN, daily_columns.HOURS_WORKED)
    )
    return {
        EMPLOYEE: NewCell(person.name, styles.NAME),
        USER_NAME: NewCell(person.user_name, styles.PLAIN),
        SITE: NewCell(Formula(f'=IFERROR({site}&"","")'), styles.PLAIN),
        GROUP: NewCell(person.group or None, styles.PLAIN),
        **_counts(row, runs, at, person),
        PENALTIES: NewCell(_penalties(person, total, at), styles.COUNTED),
        TOKEN: NewCell(formulas.token_of(person.key)),
        TOKEN_LOOKUP: NewCell(formulas.escaped(formulas.token_of(person.key))),
        IN_ROW: in_row,
        HOURS_ROW: hours_row,
        LATE_AFTER: NewCell(Formula(f'=IFERROR({late_after},"")')),
    }


def _penalties(person: Person, total: int | None, at: Places) -> Formula | None:
    if total is None:
        return None
    key = formulas.exact(daily_columns.key_of(person.key, weekly_columns.PENALTIES))
    row = f"MATCH({key},{at.column(weekly_columns.KEY)},0)"
    return Formula(f'=IFERROR(INDEX({at.fixed(WEEKLY, total)},{row}),"")')


def _counts(row: int, runs: Sequence[Run], at: Places, person: Person | None = None) -> dict[Column, NewCell]:
    """What is counted and summed over the days, by column; overtime of whose days HR plans as ``Plan`` has it."""
    cells: dict[Column, NewCell] = {}
    words = [row_part(row, run.column, run.column + run.length, fixed=True) for run in runs]
    for column, counted in _COUNTED.items():
        parts = [f'COUNTIF({area},"{word}")' for word in counted for area in words]
        parts += [f'COUNTIF({area},"{word}")/2' for word in _HALVES.get(column, ()) for area in words]
        style = styles.COUNTED_BY_HALVES if column in _HALVES else styles.COUNTED
        cells[column] = NewCell(Formula("=" + ("+".join(parts) or "0")), style)
    hours = [
        f"INDEX({at.sheet(DAILY)}!${column_letters(run.sources[0])}:"
        f"${column_letters(run.sources[0] + run.length - 1)},{at.own(HOURS_ROW, row)},0)"
        for run in runs
    ]
    cells[HOURS] = NewCell(
        Formula(f"=IFERROR(ROUND(SUM({','.join(hours)})*1440,0)/1440,0)" if hours else "=0"),
        styles.TOTAL_HOURS,
    )
    limit = f"{at.cell(guide_sheet.OVERTIME)}/24"
    beyond = "+".join(
        # The same for one day's column: repairing knows a formula again by it, however many areas there are.
        f'SUMIF({area},">"&{limit})-{limit}*COUNTIF({area},">"&{limit})'
        for area in hours
    )
    cells[OVERTIME] = NewCell(
        Formula(f"=IFERROR(INT(ROUND(({beyond or '0'})*{_SECONDS},0)/60)/1440,0)"), styles.DURATION_CELL
    )
    if person is not None and person.is_planned and PLAN in at.sheets:
        planned = plan_sheet.total_of(at, plan_columns.OVERTIME, person.key)
        cells[OVERTIME] = NewCell(Formula(f"=IFERROR({planned}+0,0)"), styles.DURATION_CELL)
    return cells


def _highlights(at: Places, first_day: int) -> list[Change]:
    """The colours of the days, those that need somebody last: they win."""
    row = at.sheets[MONTHLY].first_row
    cell = cell_name(row, first_day)

    def days(test: str, background: str | None, color: str, *, bold: bool = False) -> Change:
        return HighlightWhen(MONTHLY_ID, row, first_day, Formula(f"={test}"), background, color, bold=bold)

    def counted(column: Column, background: str, color: str) -> Change:
        first = cell_name(row, at[column])
        test = Formula(f"=AND(ISNUMBER({first}),N({first})>0)")
        return HighlightWhen(
            MONTHLY_ID, row, at[column], test, background, color, bold=True, end_column=at[column] + 1
        )

    quiet = ",".join(f'{cell}="{word}"' for word in (OPEN, NO_DATA, NOT_EMPLOYED, WEEKEND, HOLIDAY))
    incomplete = ",".join(
        f'ISNUMBER(SEARCH("{word}",{cell}))' for word in (MISSING_OUT, MISSING_IN, CHECK_TIMES, CHECK_HOURS)
    )
    return [
        *day_header.highlights(MONTHLY_ID, first_day, at.own(SITE, row), at[WEEKENDS]),
        days(f'LEFT({cell},7)="{PRESENT_WORD}"', None, styles.GOOD_TEXT),
        days(f"OR({quiet})", None, styles.FADED),
        days(f'LEFT({cell},5)="{LEAVE}"', styles.LEAVE_BACKGROUND, styles.LEAVE_TEXT),
        days(f'LEFT({cell},4)="{LATE_WORD}"', styles.LATE_BACKGROUND, styles.LATE_TEXT),
        days(f'LEFT({cell},6)="{ABSENT}"', styles.LATE_BACKGROUND, styles.LATE_TEXT, bold=True),
        days(f"OR({incomplete})", styles.OPEN_BACKGROUND, styles.OPEN_TEXT, bold=True),
        counted(ABSENT_COLUMN, styles.LATE_BACKGROUND, styles.LATE_TEXT),
        counted(INCOMPLETE, styles.OPEN_BACKGROUND, styles.OPEN_TEXT),
        counted(PENALTIES, styles.LATE_BACKGROUND, styles.LATE_TEXT),
    ]

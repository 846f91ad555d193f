"""``Daily Attendance``: three rows an employee (Check In, Check Out, Hours Worked), a column a day. All formulas.

- *Check In*, *Check Out*: what ``Corrections`` says of the person and day; else what ``Days`` says, which the punches
  made; else nothing.
- *Hours Worked*: check-out minus check-in, minus breaks, minus what the clocks were put forward in between. Where one
  of the two is missing: in words, what kind of day it is.

Rows are found by a key, so that people may sort, and what somebody types over a formula stays and counts. Hidden
columns before the days hold what is the same for all days of a row. Hidden columns behind them, one a day, serve the
hours: in the rows of check-in and check-out the time as a clock would show it that is never changed; in the row
of the hours the word for the day if nobody punches. (The hours cannot look up check-ins in their own column: a formula
that names the column in which it stands refers to itself.)
"""

from collections.abc import Mapping, Sequence
from datetime import date

from attendance_backend.domain.people import Person
from attendance_backend.review import (
    corrections_sheet,
    day_header,
    days_sheet,
    formulas,
    guide_sheet,
    sites_sheet,
    weekly_columns,
)
from attendance_backend.review.daily_columns import (
    CHECK_IN,
    CHECK_OUT,
    CLOCK_CHANGE_AT,
    CLOCK_CHANGE_BY,
    COMPLETE,
    CORRECTED,
    DAYS_ROW,
    EMPLOYEE,
    FIRST_DAY,
    HEADER_ROWS,
    HEADERS,
    HOURS_WORKED,
    IN_ROW,
    KEY,
    KEY_SEPARATOR,
    LABEL,
    LABELS,
    LATE_AFTER,
    OUT_ROW,
    PERSON_ROW,
    SITE_NAME,
    SITE_ROW,
    USER_NAME,
    key_of,
)
from attendance_backend.review.names import DAILY, DAILY_ID, DAYS, SITES, WEEKLY
from attendance_backend.sheet import serial, styles
from attendance_backend.sheet.a1 import cell_name
from attendance_backend.sheet.changes import (
    AddWorksheet,
    Change,
    FillCells,
    Formula,
    HighlightWhen,
    NewCell,
    Row,
    SetColumns,
    WarnBeforeEdit,
    WriteCells,
)
from attendance_backend.sheet.grid import Area, Worksheet
from attendance_contracts import ReviewPeriod

CHECK_TIMES, MISSING_OUT, MISSING_IN, OPEN = "check the times", "missing out", "missing in", "open"
HOLIDAY, WEEKEND, LEAVE, ABSENT, NO_DATA = "holiday", "weekend", "leave", "absent", "no data yet"
NOT_EMPLOYED = "not employed"

AREAS = (Area.of_columns(DAILY, 0, FIRST_DAY), Area.of_rows(DAILY, 0, HEADER_ROWS))
"""What must be read to add people or days."""

DAY_PIXELS = 90
_SECONDS = 86_400
_NEVER = 9_999_999
"""Seconds after midnight; no check-in is later than this."""
_HELPER_HEADER = "for the hours"


def create(
    people: Sequence[Person], days: Sequence[date], period: ReviewPeriod, holidays: Mapping[date, str]
) -> list[Change]:
    """The whole worksheet.

    Args:
        people: in the order of their rows.
        days: whole weeks, Monday to Sunday; in ``Days`` they begin at its first day.
        period: days outside it are grey.
        holidays: their names.
    """
    width = FIRST_DAY + 2 * len(days)
    columns = {day: FIRST_DAY + index for index, day in enumerate(days)}
    helpers = {day: FIRST_DAY + len(days) + index for index, day in enumerate(days)}
    sources = {day: days_sheet.FIRST_DAY + index for index, day in enumerate(days)}
    header = tuple(
        (*left, *right)
        for left, right in zip(day_header.labels(HEADERS), header_cells(days, period, holidays), strict=True)
    )
    return [
        AddWorksheet(
            DAILY_ID,
            DAILY,
            row_count=HEADER_ROWS + max(len(people) * len(LABELS), 1),
            column_count=width,
            frozen_rows=HEADER_ROWS,
            frozen_columns=LABEL + 1,
            tab_color=styles.TIMES_TAB,
        ),
        WriteCells(DAILY_ID, 0, 0, header),
        *person_rows(people, HEADER_ROWS, columns, helpers, sources),
        SetColumns(DAILY_ID, EMPLOYEE, EMPLOYEE + 1, 160),
        SetColumns(DAILY_ID, USER_NAME, USER_NAME + 1, styles.USER_NAME_PIXELS),
        SetColumns(DAILY_ID, LABEL, LABEL + 1, 100),
        SetColumns(DAILY_ID, KEY, FIRST_DAY, hidden=True),
        SetColumns(DAILY_ID, FIRST_DAY, FIRST_DAY + len(days), DAY_PIXELS),
        SetColumns(DAILY_ID, FIRST_DAY + len(days), width, hidden=True),
        WarnBeforeEdit(DAILY_ID, "Formulas. Type what is to be different into Corrections, with the reason."),
        *_highlights(),
    ]


def header_cells(
    days: Sequence[date], period: ReviewPeriod, holidays: Mapping[date, str]
) -> tuple[Row, Row, Row]:
    """The header of days and, behind them, of their helper columns, whose second row holds the date."""
    dates, weekdays, kinds = day_header.cells(days, period, holidays)
    helper = tuple(NewCell(_HELPER_HEADER, styles.HEADER) for _ in days)
    of = tuple(NewCell(serial.from_date(day), styles.DAY_HEADER) for day in days)
    blank = tuple(NewCell(None, styles.HEADER) for _ in days)
    return (*dates, *helper), (*weekdays, *of), (*kinds, *blank)


def person_rows(
    people: Sequence[Person],
    first_row: int,
    columns: Mapping[date, int],
    helpers: Mapping[date, int],
    sources: Mapping[date, int],
) -> list[Change]:
    """The rows of people.

    Args:
        people: in the order of their rows.
        first_row: where the first of them is to stand.
        columns: where the days stand here.
        helpers: where their helper columns stand.
        sources: where the days stand in ``Days``.
    """
    if not people:
        return []
    changes: list[Change] = [
        WriteCells(
            DAILY_ID,
            first_row,
            0,
            tuple(
                row
                for index, person in enumerate(people)
                for row in label_rows(person, first_row + index * len(LABELS))
            ),
        )
    ]
    for index, person in enumerate(people):
        for offset, label in enumerate(LABELS):
            row = first_row + index * len(LABELS) + offset
            changes += row_cells(key_of(person.key, label), row, columns, helpers, sources)
    return changes


def row_cells(
    key: str,
    row: int,
    columns: Mapping[date, int],
    helpers: Mapping[date, int],
    sources: Mapping[date, int],
) -> list[Change]:
    """A row's cells of some days.

    Args:
        key: of the row; one that is none of ours gets no cells.
        row: where it stands.
        columns: as `person_rows`.
        helpers: as `person_rows`.
        sources: as `person_rows`.
    """
    label = key.rpartition(KEY_SEPARATOR)[2]
    changes: list[Change] = []
    for run in day_header.runs(columns, helpers, sources):
        helper, source = run.sources
        if label == HOURS_WORKED:
            shown, style = _hours(row, run.column, helper, source), styles.HOURS_CELL
            beside = _without_punches(row, run.column)
        elif label in (CHECK_IN, CHECK_OUT):
            shown, beside = _time(row, run.column, source), _unchanged_clock(row, run.column)
            style = styles.TIME_CELL_ABOVE if label == CHECK_IN else styles.TIME_CELL
        else:
            continue
        changes += [
            FillCells(DAILY_ID, row, run.column, 1, run.length, NewCell(Formula(shown), style)),
            FillCells(DAILY_ID, row, helper, 1, run.length, NewCell(Formula(beside))),
        ]
    return changes


def earlier_cells(
    key: str, row: int, columns: Mapping[date, int], helpers: Mapping[date, int]
) -> list[Change]:
    """Those of `row_cells` that an earlier version filled with another formula, with that one.

    It did not know of the first and the last day of employment.
    """
    if key.rpartition(KEY_SEPARATOR)[2] != HOURS_WORKED:
        return []
    return [
        FillCells(
            DAILY_ID,
            row,
            run.sources[0],
            1,
            run.length,
            NewCell(Formula(_without_punches(row, run.column, knows_employment=False))),
        )
        for run in day_header.runs(columns, helpers)
    ]


def helpers_by_day(worksheet: Worksheet) -> dict[date, int]:
    """Where the helper column of each day stands."""
    return day_header.columns_by_day(worksheet, day_header.WEEKDAY)


def rows_by_key(worksheet: Worksheet) -> dict[str, int]:
    """Where each row stands, by its key; of a copied row the upper one."""
    rows: dict[str, int] = {}
    for row in range(HEADER_ROWS, worksheet.end_row()):
        if key := worksheet.text(row, KEY):
            rows.setdefault(key, row)
    return rows


def _time(row: int, column: int, source: int) -> str:
    """A check-in or check-out: the correction, if the person has any and one is of this day; else what was punched."""
    fact = f"INDEX({formulas.moving_column(DAYS, source)},{formulas.own(DAYS_ROW, row)})"
    punched = f'IF(ISNUMBER({fact}),{fact},"")'
    corrected, day = formulas.own(CORRECTED, row), formulas.header(column, day_header.DATE)
    found = f"MATCH({corrected}&{day},{corrections_sheet.KEY_COLUMN},0)"
    correction = f"INDEX({corrections_sheet.TIME_COLUMN},{found})"
    return f'=IF({corrected}="",{punched},IFERROR({correction},{punched}))'


def _unchanged_clock(row: int, column: int) -> str:
    """The time of the row above the helper, as a clock shows it that is not put forward or back on that day."""
    cell, day = cell_name(row, column), formulas.header(column, day_header.DATE)
    at, by = formulas.own(CLOCK_CHANGE_AT, row), formulas.own(CLOCK_CHANGE_BY, row)
    return f'=IF(ISNUMBER({cell}),{cell}-IF(AND({at}>0,ROUND(({day}+{cell}-{at})*{_SECONDS},0)>=0),{by},0),{cell}&"")'


def _hours(row: int, column: int, helper: int, source: int) -> str:
    """Hours, if both times are there and make sense; else the word for the day."""
    start, end = (
        f"INDEX({formulas.own_moving_column(helper)},{formulas.own(column, row)})"
        for column in (IN_ROW, OUT_ROW)
    )
    breaks = f"INDEX({formulas.moving_column(DAYS, source)},{formulas.own(DAYS_ROW, row)})"
    day = formulas.header(column, day_header.DATE)
    seconds = f"ROUND(({end}-{start}-{breaks})*{_SECONDS},0)"
    return (
        f'=IF(COUNT({start},{end})=2,IF({seconds}<0,"{CHECK_TIMES}",{seconds}/{_SECONDS}),'
        f"IF(LEN({start}&{end})=0,{cell_name(row, helper)},"
        f'IF(ISNUMBER({start}),IF({formulas.own(COMPLETE, row)}>={day},"{MISSING_OUT}","{OPEN}"),'
        f'IF(ISNUMBER({end}),"{MISSING_IN}","{CHECK_TIMES}"))))'
    )


def _without_punches(row: int, column: int, *, knows_employment: bool = True) -> str:
    """The word for a day on which nobody punches.

    Leave goes before the first and the last day of employment: what HR typed about a day itself counts.
    """
    kind, day = (formulas.header(column, line) for line in (day_header.KIND, day_header.DATE))
    group = formulas.own(CORRECTED, row)
    leave = (
        f'IF({group}="",0,COUNTIFS({corrections_sheet.GROUP_COLUMN},{group},'
        f'{corrections_sheet.FROM_COLUMN},"<="&{day},{corrections_sheet.TO_COLUMN},">="&{day}))'
    )
    complete = f"{formulas.own(COMPLETE, row)}>={day}"
    holiday = day_header.is_holiday(kind, formulas.own(SITE_NAME, row))
    missed = f'IF({complete},"{ABSENT}","{NO_DATA}")'
    if knows_employment:
        missed = f'IF({_is_outside_employment(row, day)},"{NOT_EMPLOYED}",{missed})'
    return (
        f'=IF({kind}="{day_header.OTHER_PERIOD}","",IF({holiday},"{HOLIDAY}",IF(WEEKDAY({day},2)>5,"{WEEKEND}",'
        f'IF({leave}>0,"{LEAVE}",{missed}))))'
    )


def _is_outside_employment(row: int, day: str) -> str:
    """Whether a day lies before the person's first or after the last one, as far as ``Days`` has them."""
    first, last = (
        f"INDEX({formulas.column_of(DAYS, column)},{formulas.own(DAYS_ROW, row)})"
        for column in (days_sheet.FIRST_EMPLOYED, days_sheet.LAST_EMPLOYED)
    )
    return f"OR(IF(ISNUMBER({first}),{day}<{first},FALSE),IF(ISNUMBER({last}),{day}>{last},FALSE))"


def label_rows(person: Person, row: int) -> tuple[Row, Row, Row]:
    """A person's columns before the days; `row` is that of the first of the three rows."""
    check_in, check_out, hours = lines = tuple(_label_cells(person, label) for label in LABELS)
    days = formulas.column_of(DAYS, days_sheet.KEY)
    for index, (cells, measure) in enumerate(zip(lines, days_sheet.MEASURES, strict=True)):
        cells[DAYS_ROW] = NewCell(formulas.row_where(days, days_sheet.key_of(person.key, measure)))
        cells[PERSON_ROW] = NewCell(formulas.row_where(days, days_sheet.key_of(person.key, days_sheet.IN)))
        cells[SITE_NAME] = NewCell(Formula(_site(row + index)))
    for index, (cells, kind) in enumerate(
        ((check_in, corrections_sheet.CHECK_IN), (check_out, corrections_sheet.CHECK_OUT))
    ):
        sites = formulas.column_of(SITES, sites_sheet.SITE)
        site = f'=IFERROR(MATCH({formulas.own(SITE_NAME, row + index)},{sites},0),"")'
        cells[SITE_ROW] = NewCell(Formula(site))
        for column, source in (
            (CLOCK_CHANGE_AT, sites_sheet.CLOCK_CHANGE_AT),
            (CLOCK_CHANGE_BY, sites_sheet.CLOCK_CHANGE_BY),
        ):
            value = f"INDEX({formulas.column_of(SITES, source)},{formulas.own(SITE_ROW, row + index)})"
            cells[column] = NewCell(Formula(f"=IFERROR({value}+0,0)"))
        group = corrections_sheet.group_of(kind, person.key)
        cells[CORRECTED] = NewCell(Formula(_if_any(group, f"{group} ")))
    check_in[LATE_AFTER] = NewCell(Formula(_late_after(person)))
    own_keys = formulas.own_column(KEY)
    hours[IN_ROW] = NewCell(formulas.row_where(own_keys, key_of(person.key, CHECK_IN)))
    hours[OUT_ROW] = NewCell(formulas.row_where(own_keys, key_of(person.key, CHECK_OUT)))
    hours[COMPLETE] = NewCell(Formula(_complete(row + 2)))
    leave = corrections_sheet.group_of(corrections_sheet.LEAVE, person.key)
    hours[CORRECTED] = NewCell(Formula(_if_any(leave, leave)))
    return tuple(check_in), tuple(check_out), tuple(hours)


def _label_cells(person: Person, label: str) -> list[NewCell]:
    is_first = label == CHECK_IN
    name, plain = (styles.NAME_ABOVE, styles.PLAIN_ABOVE) if is_first else (styles.REPEATED, styles.PLAIN)
    user_name = styles.PLAIN_ABOVE if is_first else styles.REPEATED
    cells = [NewCell() for _ in range(FIRST_DAY)]
    cells[EMPLOYEE] = NewCell(person.name, name)
    cells[USER_NAME] = NewCell(person.user_name, user_name)
    cells[LABEL] = NewCell(label, plain)
    cells[KEY] = NewCell(key_of(person.key, label))
    return cells


def _site(row: int) -> str:
    """Whose clock and holidays the person follows: the site in HR's list, else where the last punch was."""
    site, last = (
        f"INDEX({formulas.column_of(DAYS, column)},{formulas.own(PERSON_ROW, row)})"
        for column in (days_sheet.SITE, days_sheet.LAST_SITE)
    )
    return f'=IFERROR(IF({site}="",{last},{site})&"","")'


def _complete(row: int) -> str:
    """The last day of which all of the person's punches are here: of the site in HR's list, else of all sites."""
    site = f"INDEX({formulas.column_of(DAYS, days_sheet.SITE)},{formulas.own(PERSON_ROW, row)})"
    sites = formulas.column_of(SITES, sites_sheet.SITE)
    through = formulas.column_of(SITES, sites_sheet.COMPLETE_THROUGH)
    own = f"INDEX({through},MATCH({site},{sites},0))"
    return f'=IFERROR(IF({site}="",{guide_sheet.COMPLETE_CELL},{own})+0,0)'


def _if_any(group: str, answer: str) -> str:
    """What to look for in Corrections, if anything of the kind stands there about the person; else nothing."""
    found = f"MATCH({formulas.exact(group)},{corrections_sheet.GROUP_COLUMN},0)"
    return f'=IF(ISNUMBER({found}),{formulas.exact(answer)},"")'


def _late_after(person: Person) -> str:
    """The last second that is not late: the cut-off time in ``Weekly Summary`` and the grace."""
    key = formulas.exact(key_of(person.key, weekly_columns.AVERAGE))
    keys = formulas.column_of(WEEKLY, weekly_columns.KEY)
    cut_off = f"INDEX({formulas.column_of(WEEKLY, weekly_columns.CUT_OFF)},MATCH({key},{keys},0))"
    late = f"ROUND({cut_off}*{_SECONDS}+{guide_sheet.GRACE_CELL}*60,0)"
    return f"=IFERROR(IF(ISNUMBER({cut_off}),{late},{_NEVER}),{_NEVER})"


def _highlights() -> list[Change]:
    """Weekends and holidays, then what a person should see: late check-ins and days that are not whole."""
    cell = cell_name(HEADER_ROWS, FIRST_DAY)
    label = f"${cell_name(HEADER_ROWS, LABEL)}"
    late_after = f"${cell_name(HEADER_ROWS, LATE_AFTER)}"

    def days(test: str, background: str | None, color: str, *, bold: bool = False) -> Change:
        return HighlightWhen(
            DAILY_ID, HEADER_ROWS, FIRST_DAY, Formula(f"={test}"), background, color, bold=bold
        )

    def says(*words: str) -> str:
        tests = ",".join(f'{cell}="{word}"' for word in words)
        return f'AND({label}="{HOURS_WORKED}",OR({tests}))'

    late = f'AND({label}="{CHECK_IN}",ISNUMBER({cell}),ROUND(N({cell})*{_SECONDS},0)>{late_after})'
    return [
        *day_header.highlights(DAILY_ID, FIRST_DAY, SITE_NAME),
        days(says(OPEN, NO_DATA, NOT_EMPLOYED), None, styles.GREY),
        days(says(LEAVE), styles.LEAVE_BACKGROUND, styles.LEAVE_TEXT),
        days(says(ABSENT), styles.LATE_BACKGROUND, styles.LATE_TEXT),
        days(says(MISSING_OUT, MISSING_IN, CHECK_TIMES), styles.OPEN_BACKGROUND, styles.OPEN_TEXT),
        days(late, styles.LATE_BACKGROUND, styles.LATE_TEXT, bold=True),
    ]

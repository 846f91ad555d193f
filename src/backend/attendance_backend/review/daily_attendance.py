"""``Daily Attendance``: three rows an employee (Check In, Check Out, Hours Worked), a column a day. All formulas.

- *Check In*, *Check Out*: what ``Corrections`` says of the person and day; else what ``Days`` says, which the punches
  made, cut to the minute; else nothing.
- *Hours Worked*: check-out minus check-in, minus breaks (their sum, to the nearest minute), minus what the clocks were
  put forward in between. Where one of the two is missing: in words, what kind of day it is.

Seconds end here: all else is reckoned from whole minutes, so that whatever is shown adds up.

Rows are found by a key, so that people may sort, and what somebody types over a formula stays and counts. Hidden
columns before the days hold what is the same for all days of a row. Hidden columns behind them, one a day, serve the
hours: in the rows of check-in and check-out the time as a clock would show it that is never changed; in the row
of the hours the word for the day if nobody punches. (The hours cannot look up check-ins in their own column: a formula
that names the column in which it stands refers to itself.)
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from itertools import product

from attendance_backend.domain.people import Person
from attendance_backend.domain.plans import FREE_HALF
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
    ABSENT,
    CHECK_IN,
    CHECK_OUT,
    CHECK_TIMES,
    CLOCK_CHANGE_AT,
    CLOCK_CHANGE_BY,
    COMPLETE,
    CORRECTED,
    DAYS_ROW,
    DUE_ROW,
    EMPLOYEE,
    HOLIDAY,
    HOURS_WORKED,
    IN_ROW,
    KEY,
    KEY_SEPARATOR,
    LABEL,
    LABELS,
    LATE_AFTER,
    LAYOUT,
    LEAVE,
    MISSING_IN,
    MISSING_OUT,
    NO_DATA,
    NOT_EMPLOYED,
    OPEN,
    OUT_ROW,
    PERSON_ROW,
    PLAN_ROW,
    SITE_NAME,
    SITE_ROW,
    USER_NAME,
    WEEKEND,
    WEEKENDS,
    key_of,
)
from attendance_backend.review.day_header import Run
from attendance_backend.review.formulas import Places
from attendance_backend.review.names import DAILY, DAILY_ID, DAYS
from attendance_backend.sheet import placing, serial, styles
from attendance_backend.sheet.a1 import cell_name, column_letters
from attendance_backend.sheet.changes import (
    AddColumns,
    Change,
    FillCells,
    Formula,
    HighlightWhen,
    NewCell,
    Row,
    SetColumns,
)
from attendance_backend.sheet.grid import Cell, Worksheet
from attendance_backend.sheet.layout import Column
from attendance_backend.sheet.placing import lay
from attendance_contracts import ReviewPeriod

DAY_PIXELS = 90
_SECONDS, _MINUTES = 86_400, 1440
_NEVER = 9_999_999
"""Seconds after midnight; no check-in is later than this."""
_HELPER_HEADER = "for the hours"


Cells = dict[Column, NewCell]


@dataclass(frozen=True, slots=True)
class DayColumns:
    """Where days stand.

    Attributes:
        columns: here.
        helpers: their helper columns.
        sources: in ``Days``.
    """

    columns: Mapping[date, int]
    helpers: Mapping[date, int]
    sources: Mapping[date, int]

    @staticmethod
    def of(sheet: Worksheet, days: Worksheet | None) -> "DayColumns":
        """As the headers of the two worksheets say."""
        sources = {} if days is None else day_header.columns_by_day(days)
        return DayColumns(
            day_header.columns_by_day(sheet), day_header.columns_by_day(sheet, day_header.WEEKDAY), sources
        )

    @staticmethod
    def added(
        sheet: Worksheet, new: Sequence[date], helped: Sequence[date], sources: Mapping[date, int]
    ) -> "DayColumns":
        """Of days, and behind them of the helper columns of `helped`, at the end of the grid."""
        first, then = sheet.column_count, sheet.column_count + len(new)
        known = day_header.columns_by_day(sheet, day_header.WEEKDAY)
        return DayColumns(
            {day: first + index for index, day in enumerate(new)},
            {**known, **{day: then + index for index, day in enumerate(helped)}},
            sources,
        )


def create(
    people: Sequence[Person],
    days: Sequence[date],
    period: ReviewPeriod,
    holidays: Mapping[date, str],
    at: Places,
) -> list[Change]:
    """The whole worksheet.

    Args:
        people: in the order of their rows.
        days: whole weeks, Monday to Sunday.
        period: days outside it are grey.
        holidays: their names.
    """
    made = at.sheets[DAILY]
    first = len(LAYOUT.columns)
    return [
        *LAYOUT.create(
            made.first_row + max(len(people) * len(LABELS), 1), header_cells(days, days, period, holidays)
        ),
        *person_rows(people, made.first_row, DayColumns.of(made, at.sheets[DAYS]), at),
        *_day_looks(first, len(days), len(days)),
        *_highlights(at, first),
    ]


def as_made(days: Sequence[date]) -> Worksheet:
    """The worksheet as `create` makes it for these days, with their headers, without people."""
    sheet, first = placing.as_made(LAYOUT), len(LAYOUT.columns)
    lines = (day_header.DATE, 0), (day_header.WEEKDAY, len(days))
    dates = {
        (sheet.lines[line], first + behind + index): Cell(serial.from_date(day))
        for line, behind in lines
        for index, day in enumerate(days)
    }
    return replace(sheet, column_count=first + 2 * len(days), cells={**sheet.cells, **dates})


def add_days(
    sheet: Worksheet, added: DayColumns, period: ReviewPeriod, holidays: Mapping[date, str], at: Places
) -> list[Change]:
    """The columns of `DayColumns.added`; of days that were there all the time only the header of the helper."""
    first, days = sheet.column_count, list(added.columns)
    helped = sorted(
        (day for day, place in added.helpers.items() if place >= first), key=added.helpers.__getitem__
    )
    changes: list[Change] = [
        AddColumns(sheet.sheet_id, len(days) + len(helped)),
        *day_header.written(sheet, first, header_cells(days, helped, period, holidays)),
        *_day_looks(first, len(days), len(helped)),
    ]
    for key, row in sheet.rows_by(KEY).items():
        changes += row_cells(key, row, added, at)
    return changes


def _day_looks(first: int, days: int, helpers: int) -> list[Change]:
    shown, hidden = (first, first + days), (first + days, first + days + helpers)
    looks = [SetColumns(DAILY_ID, *shown, DAY_PIXELS), SetColumns(DAILY_ID, *hidden, hidden=True)]
    return [look for look in looks if look.first < look.end]


def header_cells(
    days: Sequence[date], helped: Sequence[date], period: ReviewPeriod, holidays: Mapping[date, str]
) -> tuple[Row, Row, Row]:
    """The header of days and, behind them, of helper columns, whose second row holds the date."""
    dates, weekdays, kinds = day_header.cells(days, period, holidays)
    helper = tuple(NewCell(_HELPER_HEADER, styles.HEADER) for _ in helped)
    of = tuple(NewCell(serial.from_date(day), styles.DAY_HEADER) for day in helped)
    blank = tuple(NewCell(None, styles.HEADER) for _ in helped)
    return (*dates, *helper), (*weekdays, *of), (*kinds, *blank)


def person_rows(people: Sequence[Person], first_row: int, days: DayColumns, at: Places) -> list[Change]:
    return [
        change
        for row, (person, label) in enumerate(product(people, LABELS), first_row)
        for change in person_row(person, label, row, days, at)
    ]


def person_row(person: Person, label: str, row: int, days: DayColumns, at: Places) -> list[Change]:
    key = key_of(person.key, label)
    return [
        *lay(DAILY_ID, at.sheets[DAILY].columns, row, [label_cells(person, label, row, at)]),
        *row_cells(key, row, days, at, is_planned=person.is_planned),
    ]


def row_cells(key: str, row: int, days: DayColumns, at: Places, *, is_planned: bool = False) -> list[Change]:
    """A row's cells of some days; of a row whose key is none of ours none."""
    label = key.rpartition(KEY_SEPARATOR)[2]
    changes: list[Change] = []
    for run in day_header.runs(days.columns, days.helpers, days.sources):
        helper, source = run.sources
        if label == HOURS_WORKED:
            plan = planned_day(row, source, at) if is_planned else None
            shown, style = _hours(row, run, plan, at), styles.HOURS_CELL
            beside = _without_punches(row, run.column, plan, at)
        elif label in (CHECK_IN, CHECK_OUT):
            shown, beside = _time(row, run.column, source, at), _unchanged_clock(row, run.column, at)
            style = styles.TIME_CELL_ABOVE if label == CHECK_IN else styles.TIME_CELL
        else:
            continue
        changes += [
            FillCells(DAILY_ID, row, run.column, 1, run.length, NewCell(Formula(shown), style)),
            FillCells(DAILY_ID, row, helper, 1, run.length, NewCell(Formula(beside))),
        ]
    return changes


def _time(row: int, column: int, source: int, at: Places) -> str:
    """A check-in or check-out: the correction, if the person has any and one is of this day; else what was punched."""
    fact = f"INDEX({at.moving(DAYS, source)},{at.own(DAYS_ROW, row)})"
    punched = f'IF(ISNUMBER({fact}),{_cut(fact)}/{_MINUTES},"")'
    corrected, day = at.own(CORRECTED, row), _header(column, day_header.DATE, at)
    found = f"MATCH({corrected}&{day},{at.column(corrections_sheet.KEY)},0)"
    correction = f"INDEX({at.column(corrections_sheet.TIME)},{found})"
    return f'=IF({corrected}="",{punched},IFERROR({correction},{punched}))'


def _cut(time: str) -> str:
    """Whole minutes of a time; fractions of a day lose the last bits of a second."""
    return f"INT(ROUND({time}*{_SECONDS},0)/60)"


def _unchanged_clock(row: int, column: int, at: Places) -> str:
    """The time of the row above the helper, as a clock shows it that is not put forward or back on that day."""
    cell, day = cell_name(row, column), _header(column, day_header.DATE, at)
    since, by = at.own(CLOCK_CHANGE_AT, row), at.own(CLOCK_CHANGE_BY, row)
    is_changed = f"AND({since}>0,ROUND(({day}+{cell}-{since})*{_SECONDS},0)>=0)"
    return f'=IF(ISNUMBER({cell}),{_cut(cell)}/{_MINUTES}-IF({is_changed},{by},0),{cell}&"")'


def planned_day(row: int, source: int, at: Places) -> str:
    """For the row of hours: what is planned for the day."""
    return f"INDEX({at.moving(DAYS, source)},{at.own(PLAN_ROW, row)})"


def _hours(row: int, run: Run, plan: str | None, at: Places) -> str:
    """Hours, if both times are there and make sense; else the word for the day."""
    helper, source = run.sources
    start, end = (
        f"INDEX({formulas.own_moving_column(helper)},{at.own(column, row)})" for column in (IN_ROW, OUT_ROW)
    )
    breaks = f"INDEX({at.moving(DAYS, source)},{at.own(DAYS_ROW, row)})"
    day = _header(run.column, day_header.DATE, at)
    minutes = f"ROUND(({end}-{start})*{_MINUTES},0)-ROUND({breaks}*{_MINUTES},0)"
    worked = minutes if plan is None else _planned_minutes(start, end, breaks, plan)
    return (
        f'=IF(COUNT({start},{end})=2,IF({minutes}<0,"{CHECK_TIMES}",({worked})/{_MINUTES}),'
        f"IF(LEN({start}&{end})=0,{cell_name(row, helper)},"
        f'IF(ISNUMBER({start}),IF({_is_complete(row, day, plan, at)},"{MISSING_OUT}","{OPEN}"),'
        f'IF(ISNUMBER({end}),"{MISSING_IN}","{CHECK_TIMES}"))))'
    )


def _planned_minutes(start: str, end: str, breaks: str, plan: str) -> str:
    """Minutes of a planned day: what counts of it, less unpaid breaks as far as none were punched."""
    part = partial(days_sheet.plan_part, plan)
    first = f"MAX({start},{part(days_sheet.COUNTS_FROM)}/{_SECONDS})"
    last = f"MIN({end},{part(days_sheet.COUNTS_TO)}/{_SECONDS})"
    punched = f"ROUND({breaks}*{_MINUTES},0)"
    present = f"(ROUND(({last}-{first})*{_MINUTES},0)-{punched})"
    # Of a day without a plan, as after it was taken back, nothing is taken off.
    one, both = (
        f"({present}-MAX(0,{part(each)}/60-{punched}))" for each in (days_sheet.BREAK, days_sheet.BREAK_2)
    )
    after, after_2 = (f"{part(each)}/60" for each in (days_sheet.AFTER, days_sheet.AFTER_2))
    worked = f"MAX(0,{both},MIN({one},{after_2}),MIN({present},{after}))"
    return f'IF({plan}="",ROUND(({end}-{start})*{_MINUTES},0)-{punched},{worked})'


def _is_complete(row: int, day: str, plan: str | None, at: Places) -> str:
    """Whether all data of a day is here; of a night's shift once that of the next day is."""
    through = at.own(COMPLETE, row)
    if plan is None:
        return f"{through}>={day}"
    return f'{through}>={day}+IF(MID({plan},3,1)="1",1,0)'


def _without_punches(row: int, column: int, plan: str | None, at: Places) -> str:
    """The word for a day on which nobody punches.

    Half a day of leave is added to it, as in *absent, half vacation*. Leave goes before the first and the last day of
    employment: what HR typed about a day itself counts.
    """
    kind, day = (_header(column, line, at) for line in (day_header.KIND, day_header.DATE))
    group = at.own(CORRECTED, row)
    is_leave, leave, half, other_half = _leave(group, day, at)
    complete = _is_complete(row, day, plan, at)
    free = (
        f'IF(WEEKDAY({day},2)>5,"{WEEKEND}"'
        if plan is None
        else f'IF(LEFT({plan},1)="{days_sheet.FREE}",{days_sheet.plan_part(plan, days_sheet.NAME)}'
    )
    holiday = day_header.is_holiday(kind, at.own(SITE_NAME, row))
    if plan is not None:
        holiday = f'IF({plan}="",{holiday},{days_sheet.is_holiday(plan)})'
    missed = (
        f'IF({_is_outside_employment(row, day, at)},"{NOT_EMPLOYED}",IF({complete},"{ABSENT}","{NO_DATA}"))'
    )
    word = f"IF({is_leave},{leave},{missed}&{half})"
    if plan is not None:
        found = f'FIND("{FREE_HALF}",{plan})'
        on_half = f'IF({other_half}="",{missed}&MID({plan},{found},99),"{HOLIDAY}"&{other_half})'
        word = f"IF(ISERROR({found}),{word},{on_half})"
    return f'=IF({kind}="{day_header.OTHER_PERIOD}","",IF({holiday},"{HOLIDAY}",{free},{word})))'


def _leave(group: str, day: str, at: Places) -> tuple[str, str, str, str]:
    """Whether a day is wholly leave, the word for it, and what is added to the word for a day of which half is.

    And what is added where the other half is a holiday, and all the leave half a day.
    """
    of_day = (
        f"{at.column(corrections_sheet.GROUP)},{group},"
        f'{at.column(corrections_sheet.FROM)},"<="&{day},{at.column(corrections_sheet.TO)},">="&{day}'
    )
    count = f"COUNTIFS({of_day})"
    halves = f'COUNTIFS({of_day},{at.column(corrections_sheet.HOUR)},"?*")'
    row = f"MINIFS({at.column(corrections_sheet.TIME)},{of_day})"
    part, kind = (
        f"INDEX({at.column(column)},{row})" for column in (corrections_sheet.HOUR, corrections_sheet.MINUTE)
    )
    is_leave = f'IF({group}="",FALSE,2*{count}-{halves}>1)'
    leave = f'IF({row}=0,"{LEAVE}",IF({kind}="","{LEAVE}","{LEAVE} ("&{kind}&")"))'
    half = f'", "&{part}&" "&IF({kind}="","{LEAVE}",{kind})'
    named = f'IF({row}=0,"{LEAVE}",IF({kind}="","{LEAVE}",{kind}))'
    return (
        *(is_leave, leave, f'IF({group}="","",IF({count}=0,"",{half}))'),
        f'IF({group}="","",IF({count}=0,"",", {corrections_sheet.HALF} "&{named}))',
    )


def _is_outside_employment(row: int, day: str, at: Places) -> str:
    """Whether a day lies before the person's first or after the last one, as far as ``Days`` has them."""
    first, last = (
        f"INDEX({at.column(column)},{at.own(DAYS_ROW, row)})"
        for column in (days_sheet.FIRST_EMPLOYED, days_sheet.LAST_EMPLOYED)
    )
    return f"OR(IF(ISNUMBER({first}),{day}<{first},FALSE),IF(ISNUMBER({last}),{day}>{last},FALSE))"


def label_cells(person: Person, label: str, row: int, at: Places) -> Cells:
    """The columns before the days of one of a person's rows."""
    is_first, days = label == CHECK_IN, at.column(days_sheet.KEY)
    name, plain = (styles.NAME_ABOVE, styles.PLAIN_ABOVE) if is_first else (styles.REPEATED, styles.PLAIN)
    measure = days_sheet.MEASURES[LABELS.index(label)]
    cells = {
        EMPLOYEE: NewCell(person.name, name),
        USER_NAME: NewCell(person.user_name, styles.PLAIN_ABOVE if is_first else styles.REPEATED),
        LABEL: NewCell(label, plain),
        KEY: NewCell(key_of(person.key, label)),
        DAYS_ROW: NewCell(formulas.row_where(days, days_sheet.key_of(person.key, measure))),
        PERSON_ROW: NewCell(formulas.row_where(days, days_sheet.key_of(person.key, days_sheet.IN))),
        SITE_NAME: NewCell(Formula(_site(row, at))),
    }
    return cells | (_of_hours(person, row, at) if label == HOURS_WORKED else _of_time(person, label, row, at))


def _of_time(person: Person, label: str, row: int, at: Places) -> Cells:
    site = f'=IFERROR(MATCH({at.own(SITE_NAME, row)},{at.column(sites_sheet.SITE)},0),"")'
    kind = corrections_sheet.CHECK_IN if label == CHECK_IN else corrections_sheet.CHECK_OUT
    group = corrections_sheet.group_of(kind, person.key)
    cells = {
        SITE_ROW: NewCell(Formula(site)),
        CORRECTED: NewCell(Formula(_if_any(group, f"{group} ", at))),
    }
    for column, source in (
        (CLOCK_CHANGE_AT, sites_sheet.CLOCK_CHANGE_AT),
        (CLOCK_CHANGE_BY, sites_sheet.CLOCK_CHANGE_BY),
    ):
        value = f"INDEX({at.column(source)},{at.own(SITE_ROW, row)})"
        cells[column] = NewCell(Formula(f"=IFERROR({value}+0,0)"))
    if person.is_planned:
        # A check-in is late by the plan, which Monthly Summary looks up: it takes the cut-off time from below.
        late_after = Formula(f"={_NEVER}") if label == CHECK_IN else Formula(_late_after(person, at))
        cells[LATE_AFTER] = NewCell(late_after)
    elif label == CHECK_IN:
        cells[LATE_AFTER] = NewCell(Formula(_late_after(person, at)))
    return cells


def _of_hours(person: Person, row: int, at: Places) -> Cells:
    keys = at.own_column(KEY)
    leave = corrections_sheet.group_of(corrections_sheet.LEAVE, person.key)
    rows = ((PLAN_ROW, days_sheet.PLAN), (DUE_ROW, days_sheet.DUE)) if person.is_planned else ()
    return {
        **{
            column: NewCell(
                formulas.row_where(at.column(days_sheet.KEY), days_sheet.key_of(person.key, measure))
            )
            for column, measure in rows
        },
        IN_ROW: NewCell(formulas.row_where(keys, key_of(person.key, CHECK_IN))),
        OUT_ROW: NewCell(formulas.row_where(keys, key_of(person.key, CHECK_OUT))),
        COMPLETE: NewCell(Formula(_complete(row, at))),
        CORRECTED: NewCell(Formula(_if_any(leave, leave, at))),
    }


def _header(column: int, line: int, at: Places) -> str:
    """A cell of a header row, in the column above."""
    return f"{column_letters(column)}${at.lines(DAILY)[line] + 1}"


def _site(row: int, at: Places) -> str:
    """Whose clock and holidays the person follows: the site in HR's list, else where the last punch was."""
    site, last = (
        f"INDEX({at.column(column)},{at.own(PERSON_ROW, row)})"
        for column in (days_sheet.SITE, days_sheet.LAST_SITE)
    )
    return f'=IFERROR(IF({site}="",{last},{site})&"","")'


def _complete(row: int, at: Places) -> str:
    """The last day of which all of the person's punches are here: of the site in HR's list, else of all sites."""
    site = f"INDEX({at.column(days_sheet.SITE)},{at.own(PERSON_ROW, row)})"
    sites = at.column(sites_sheet.SITE)
    through = at.column(sites_sheet.COMPLETE_THROUGH)
    own = f"INDEX({through},MATCH({site},{sites},0))"
    return f'=IFERROR(IF({site}="",{at.cell(guide_sheet.COMPLETE)},{own})+0,0)'


def _if_any(group: str, answer: str, at: Places) -> str:
    """What to look for in Corrections, if anything of the kind stands there about the person; else nothing."""
    found = f"MATCH({formulas.exact(group)},{at.column(corrections_sheet.GROUP)},0)"
    return f'=IF(ISNUMBER({found}),{formulas.exact(answer)},"")'


def _late_after(person: Person, at: Places) -> str:
    """The last second that is not late: the cut-off time in ``Weekly Summary`` and the grace."""
    key = formulas.exact(key_of(person.key, weekly_columns.AVERAGE))
    keys = at.column(weekly_columns.KEY)
    cut_off, as_set = (
        f"INDEX({at.column(column)},MATCH({key},{keys},0))"
        for column in (weekly_columns.CUT_OFF, weekly_columns.CUT_OFF_AS_SET)
    )
    counts = weekly_columns.counted(cut_off, as_set)
    late = f"ROUND({counts}*{_SECONDS}+{at.cell(guide_sheet.GRACE)}*60,0)"
    return f"=IFERROR(IF({weekly_columns.has_cut_off(cut_off, as_set)},{late},{_NEVER}),{_NEVER})"


def _highlights(at: Places, first_day: int) -> list[Change]:
    """Weekends and holidays, then what a person should see: late check-ins and days that are not whole."""
    row = at.sheets[DAILY].first_row
    cell = cell_name(row, first_day)
    label = at.own(LABEL, row)
    late_after = at.own(LATE_AFTER, row)

    def days(test: str, background: str | None, color: str, *, bold: bool = False) -> Change:
        return HighlightWhen(DAILY_ID, row, first_day, Formula(f"={test}"), background, color, bold=bold)

    def says(*words: str) -> str:
        tests = ",".join(f'{cell}="{word}"' for word in words)
        return f'AND({label}="{HOURS_WORKED}",OR({tests}))'

    kind, day = (_header(first_day, line, at) for line in (day_header.KIND, day_header.DATE))
    judged = day_header.is_judged(kind, day, at.own(SITE_NAME, row))
    late = f'AND({label}="{CHECK_IN}",ISNUMBER({cell}),ROUND(N({cell})*{_SECONDS},0)>{late_after},{judged})'
    return [
        *day_header.highlights(DAILY_ID, first_day, at.own(SITE_NAME, row), at[WEEKENDS]),
        days(says(OPEN, NO_DATA, NOT_EMPLOYED), None, styles.GREY),
        days(
            f'AND({label}="{HOURS_WORKED}",LEFT({cell},5)="{LEAVE}")',
            styles.LEAVE_BACKGROUND,
            styles.LEAVE_TEXT,
        ),
        days(says(ABSENT), styles.LATE_BACKGROUND, styles.LATE_TEXT),
        days(says(MISSING_OUT, MISSING_IN, CHECK_TIMES), styles.OPEN_BACKGROUND, styles.OPEN_TEXT),
        days(late, styles.LATE_BACKGROUND, styles.LATE_TEXT, bold=True),
    ]

"""``Working Time``: one row for each person whose days HR plans: what was expected, and what came of it. All formulas.

It is made when HR first plans somebody's days. Sums go over the same cells as those of ``Monthly Summary``: the words
of the days there, the words for days on which nobody comes (hidden in ``Daily Attendance``), and what is planned, in
hours and times, in ``Days``.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from attendance_backend.domain.people import Person
from attendance_backend.domain.periods import week_of
from attendance_backend.domain.plans import FREE_HALF
from attendance_backend.review import (
    corrections_sheet,
    daily_columns,
    day_header,
    days_sheet,
    exceptions_sheet,
    formulas,
    guide_sheet,
    plan_columns,
    plan_sheet,
)
from attendance_backend.review import monthly_columns as mc
from attendance_backend.review import monthly_summary as monthly
from attendance_backend.review import weekly_summary as weekly
from attendance_backend.review.brought_in import Brought
from attendance_backend.review.exceptions_sheet import Entry
from attendance_backend.review.finding import Finding
from attendance_backend.review.formulas import Places
from attendance_backend.review.names import (
    CORRECTIONS,
    DAILY,
    DAYS,
    EXCEPTIONS,
    MONTHLY,
    PLAN,
    WEEKLY,
    WORKING_TIME,
    WORKING_TIME_ID,
)
from attendance_backend.review.working_time_columns import (
    BALANCE,
    BALANCE_LEAVE,
    BROUGHT_CHECK_INS,
    BROUGHT_EXPECTED,
    BROUGHT_HOURS,
    BROUGHT_LATE,
    BROUGHT_OVERTIME,
    CHECK_INS_FOUND,
    DUE_ROW,
    EARLY,
    EMPLOYEE,
    ENDS_ROW,
    EXPECTED,
    EXPECTED_FOUND,
    EXPECTED_ROW,
    FIRST_HALF_ROW,
    HALF_DAYS,
    HOLIDAY,
    HOURS_FOUND,
    IN_ROW,
    LATE,
    LATE_FOUND,
    LAYOUT,
    MIDDLE_ROW,
    MONTH_ROW,
    NIGHT,
    OUT_ROW,
    OVERTIME_FOUND,
    TOKEN,
    USER_NAME,
    WEEK_LIMIT,
    WEEK_OVERTIME,
    WEEKEND,
    WORD_ROW,
    WORKED,
)
from attendance_backend.sheet import styles
from attendance_backend.sheet.a1 import column_letters
from attendance_backend.sheet.blocks import write_cells
from attendance_backend.sheet.changes import AddColumns, AddRows, Change, Formula, NewCell, SetColumns
from attendance_backend.sheet.grid import Place, Spreadsheet, Worksheet
from attendance_backend.sheet.layout import Column
from attendance_backend.sheet.placing import lay
from attendance_contracts import ReviewPeriod

_MINUTES, _SECONDS = 1440, 86_400
_OF_HOURS = {
    NIGHT: plan_columns.NIGHT,
    WEEKEND: plan_columns.WEEKEND,
    HOLIDAY: plan_columns.HOLIDAY,
}
_BROUGHT = {
    BROUGHT_HOURS: (HOURS_FOUND, styles.DURATION_CELL),
    BROUGHT_OVERTIME: (OVERTIME_FOUND, styles.DURATION_CELL),
    BROUGHT_EXPECTED: (EXPECTED_FOUND, styles.DURATION_CELL),
    BROUGHT_CHECK_INS: (CHECK_INS_FOUND, styles.COUNTED),
    BROUGHT_LATE: (LATE_FOUND, styles.COUNTED),
}
_FACTS = WEEK_LIMIT, BALANCE_LEAVE, *(found for found, _ in _BROUGHT.values())
_OF_LIMIT = BROUGHT_HOURS, BROUGHT_OVERTIME, BROUGHT_EXPECTED
"""What is brought in for the overtime of weeks alone."""
_SMALLEST = 1e-7
OF_KIND = "Leave: "
"""How the header of a column begins that counts one kind of leave."""
_KIND_PIXELS = 110
_LATE = f"{daily_columns.LATE}*"
_LATE_IN_THE_MORNING = f"{_LATE}, {corrections_sheet.MORNING} *"


@dataclass(frozen=True)
class WeekFacts:
    """By what weeks and balances count, and what the workbook before has of a week that is cut in two.

    Attributes:
        limit: as `WEEK_LIMIT`.
        balance_leave: a kind of leave whose hours are expected; empty for none.
        brought: by `Person.key`; without a limit of hours its first three do not count.
        kinds: of leave that have a column each.
        lacks: the days of the first week before the period, where no workbook has them.
    """

    limit: float | None
    balance_leave: str
    brought: Mapping[str, Brought] = field(default_factory=dict)
    kinds: tuple[str, ...] = ()
    lacks: tuple[date, ...] = ()


def grown(workbook: Spreadsheet, people: Sequence[Person], at: Places) -> list[Change]:
    """The worksheet, or rows at its end, for those who have none.

    Args:
        workbook: with all of the worksheet, if it is there.
        people: whose days HR plans.
        at: where the columns of all worksheets stand, of this one as it is made where there is none.
    """
    sheet = workbook.find(WORKING_TIME)
    there = {} if sheet is None else sheet.rows_by(TOKEN)
    lacking = [person for person in people if formulas.token_of(person.key) not in there]
    if not lacking:
        return []
    if sheet is not None:
        return [AddRows(sheet.sheet_id, len(lacking)), *_rows(lacking, sheet.row_count, at)]
    first_row = at.sheets[WORKING_TIME].first_row
    titles = [each.role for each in workbook.worksheets]
    behind = titles.index(MONTHLY) + 1 if MONTHLY in titles else None
    made = LAYOUT.create(first_row + len(lacking), index=behind)
    return [*made, *_rows(lacking, first_row, at)]


def _rows(people: Sequence[Person], first_row: int, at: Places) -> list[Change]:
    rows = [person_row(person, first_row + index, at) for index, person in enumerate(people)]
    return [*lay(WORKING_TIME_ID, at.sheets[WORKING_TIME].columns, first_row, rows)]


def person_row(person: Person, row: int, at: Places) -> dict[Column, NewCell]:
    """A person's row; who is planned no more has no expected hours, and so no balance."""
    token, days = formulas.token_of(person.key), at.column(days_sheet.KEY)

    def in_month(column: Column) -> str:
        return f"INDEX({at.column(column)},{at.own(MONTH_ROW, row)})"

    cells = {
        EMPLOYEE: NewCell(Formula(f'=IFERROR({in_month(mc.EMPLOYEE)}&"","")'), styles.NAME),
        USER_NAME: NewCell(person.user_name, styles.PLAIN),
        EXPECTED: NewCell(Formula(_expected(row, at)), styles.DURATION_CELL),
        WORKED: NewCell(Formula(f'=IFERROR({in_month(mc.HOURS)},"")'), styles.DURATION_CELL),
        BALANCE: NewCell(
            Formula(
                f"=IF(COUNT({at.own(WORKED, row)},{at.own(EXPECTED, row)})=2,"
                f'ROUND(({at.own(WORKED, row)}-{at.own(EXPECTED, row)})*{_MINUTES},0)/{_MINUTES},"")'
            ),
            styles.TOTAL_HOURS,
        ),
        LATE: NewCell(Formula(_late(row, at)), styles.COUNTED),
        EARLY: NewCell(Formula(_early(row, at)), styles.COUNTED),
        HALF_DAYS: NewCell(Formula(_half_days(row, at)), styles.COUNTED),
        WEEK_OVERTIME: NewCell(Formula(_week_overtime(person, row, at)), styles.DURATION_CELL),
        **{
            column: NewCell(
                Formula(f'=IFERROR({plan_sheet.total_of(at, label, person.key)}+0,"")'), styles.DURATION_CELL
            )
            for column, label in _OF_HOURS.items()
            if PLAN in at.sheets
        },
        **{
            column: NewCell(Formula(f'=IF({at.own(found, row)}="","",{at.own(found, row)})'), style)
            for column, (found, style) in _BROUGHT.items()
        },
        TOKEN: NewCell(token),
        MONTH_ROW: NewCell(formulas.row_where(at.column(mc.TOKEN), token)),
        IN_ROW: NewCell(Formula(f'=IFERROR({in_month(mc.IN_ROW)},"")')),
        WORD_ROW: NewCell(Formula(f'=IFERROR({in_month(mc.HOURS_ROW)},"")')),
        OUT_ROW: NewCell(
            formulas.row_where(
                at.column(daily_columns.KEY), daily_columns.key_of(person.key, daily_columns.CHECK_OUT)
            )
        ),
    }
    for column, measure in (
        (DUE_ROW, days_sheet.DUE),
        (EXPECTED_ROW, days_sheet.EXPECTED),
        (MIDDLE_ROW, days_sheet.MIDDLE),
        (ENDS_ROW, days_sheet.ENDS),
        (FIRST_HALF_ROW, days_sheet.FIRST_HALF),
    ):
        cells[column] = NewCell(formulas.row_where(days, days_sheet.key_of(person.key, measure)))
    return cells


def _areas(row: int, at: Places, of: Collection[date] | None = None) -> list[dict[str, str]]:
    """Of neighbouring days, all or some: their words, times, words if nobody comes, and what is planned."""
    found = []
    for run in monthly.planned_runs(at, of):
        daily, helper, days = run.sources

        def area(title: str, first: int, column: Column, length: int = run.length) -> str:
            ends = f"{column_letters(first)}:{column_letters(first + length - 1)}"
            return f"INDEX({at.sheet(title)}!{ends},{at.own(column, row)},0)"

        found.append(
            {
                "words": area(MONTHLY, run.column, MONTH_ROW),
                "check_ins": area(DAILY, daily, IN_ROW),
                "hours": area(DAILY, daily, WORD_ROW),
                "check_outs": area(DAILY, daily, OUT_ROW),
                "otherwise": area(DAILY, helper, WORD_ROW),
                "due": area(DAYS, days, DUE_ROW),
                "expected": area(DAYS, days, EXPECTED_ROW),
                "middle": area(DAYS, days, MIDDLE_ROW),
                "ends": area(DAYS, days, ENDS_ROW),
                "first_half": area(DAYS, days, FIRST_HALF_ROW),
            }
        )
    return found


def _expected_of(areas: Iterable[dict[str, str]], row: int, at: Places) -> str:
    """Of a day that would be an absence if nobody came all its hours, of half an absence half of them.

    And those of leave that is taken from the balance.
    """
    absent, kind = daily_columns.ABSENT, at.own(BALANCE_LEAVE, row)
    return "+".join(
        f"SUMIFS({each['expected']},{each['otherwise']},{word}){part}"
        for each in areas
        for word, part in (
            (f'"{absent}"', ""),
            (f'"{absent}, *"', "/2"),
            (f'"{daily_columns.LEAVE} ("&{kind}&")"', ""),
            (f'"{absent}, * "&{kind}', "/2"),
        )
    )


def _week_overtime(person: Person, row: int, at: Places) -> str:
    """Of each week that ends in the period: what is beyond its hours, and is not overtime of a day."""
    if PLAN not in at.sheets:
        return '=""'
    daily = at.sheets[DAILY]
    columns = day_header.columns_by_day(daily)
    helpers = day_header.columns_by_day(daily, day_header.WEEKDAY)
    limit, line = at.own(WEEK_LIMIT, row), daily.lines[day_header.DATE]
    first, last = at.cell(guide_sheet.FIRST_DAY), at.cell(guide_sheet.LAST_DAY)
    weeks = list[str]()
    begins_on = weekly.begins_on(at.sheets.get(WEEKLY), columns)
    for first_of_week in day_header.whole_weeks_of(columns, helpers, begins_on):
        days = [first_of_week + timedelta(days=number) for number in range(7)]
        begin, end = (
            f"{at.sheet(DAILY)}!${column_letters(columns[day])}${line + 1}" for day in (days[0], days[-1])
        )
        areas = _areas(row, at, days)
        if not areas:
            continue
        hours = ",".join(each["hours"] for each in areas)
        overtime = plan_sheet.days_of(at, plan_columns.OVERTIME, days, person.key)
        brought = f"IF({begin}<{first},N({at.own(BROUGHT_HOURS, row)})-N({at.own(BROUGHT_OVERTIME, row)}),0)"
        expected = f"{_expected_of(areas, row, at)}+IF({begin}<{first},N({at.own(BROUGHT_EXPECTED, row)}),0)"
        beyond = f"SUM({hours})-SUM({overtime})+{brought}-IF({limit}<0,{expected},{limit})"
        weeks.append(f"IF(AND({end}>={first},{end}<={last}),MAX(0,{beyond}),0)")
    total = "+".join(weeks) or "0"
    return f'=IFERROR(IF({limit}="","",ROUND(({total})*{_MINUTES},0)/{_MINUTES}),"")'


def missing_kinds(sheet: Worksheet, known: WeekFacts) -> list[Change]:
    """Columns at the end of the grid for kinds of leave that have none."""
    lacking = [kind for kind in known.kinds if kind not in kinds_in(sheet)]
    if not lacking:
        return []
    row = sheet.lines[0]
    headers = {
        (row, sheet.column_count + index): NewCell(f"{OF_KIND}{kind}", styles.WEEK_HEADER)
        for index, kind in enumerate(lacking)
    }
    first, end = sheet.column_count, sheet.column_count + len(lacking)
    return [
        AddColumns(sheet.sheet_id, len(lacking)),
        *write_cells(sheet.sheet_id, headers),
        SetColumns(sheet.sheet_id, first, end, _KIND_PIXELS),
    ]


def kinds_in(sheet: Worksheet) -> dict[str, int]:
    """Where the kinds of leave stand that have a column."""
    row, found = sheet.lines[0], dict[str, int]()
    for column, _ in sheet.row(row):
        header = sheet.text(row, column)
        if header.startswith(OF_KIND):
            found.setdefault(header[len(OF_KIND) :], column)
    return found


def unknown_kinds(view: Spreadsheet) -> Iterator[Finding]:
    """Leave in ``Corrections`` of a kind that has no column, where kinds have some: perhaps it is misspelt.

    Args:
        view: with ``Corrections`` and, where there is one, ``Working Time``.
    """
    times, corrections = view.find(WORKING_TIME), view.find(CORRECTIONS)
    if times is None or corrections is None or not times.lines or not kinds_in(times):
        return
    known = {"", *kinds_in(times), *(times.text(row, BALANCE_LEAVE) for row in times.data_rows())}
    for row in corrections.data_rows():
        kind = corrections.text(row, corrections_sheet.MINUTE)
        is_leave = corrections.text(row, corrections_sheet.KIND) == corrections_sheet.LEAVE
        if is_leave and kind not in known and corrections.text(row, corrections_sheet.GROUP):
            what = f"leave of a kind that has no column in {times.title} ({corrections.title}, row {row + 1}): {kind}"
            name = corrections.label(row, corrections_sheet.EMPLOYEE)
            user = formulas.user_of(corrections.text(row, corrections_sheet.USER))
            yield Finding(name, corrections.date(row, corrections_sheet.DATE), what, user)


def kind_cells(sheet: Worksheet, row: int, at: Places) -> dict[Place, NewCell]:
    """A person's days of each kind of leave, half ones by halves."""
    areas, cells = _areas(row, at), dict[Place, NewCell]()
    for kind, column in kinds_in(sheet).items():
        count = "+".join(
            f'COUNTIF({each["words"]},"{word}"){part}'
            for each in areas
            for word, part in (
                (f"{daily_columns.LEAVE} ({kind})", ""),
                *((f"*, {half} {kind}", "/2") for half in corrections_sheet.PARTS),
            )
        )
        cells[row, column] = NewCell(Formula(f"={count or 0}"), styles.COUNTED_BY_HALVES)
    return cells


def facts(sheet: Worksheet, known: WeekFacts) -> list[Change]:
    """What brings the hidden columns up to date by which weeks count; `sheet` with all its cells."""
    cells: dict[Place, NewCell] = {}
    for token, row in sheet.rows_by(TOKEN).items():
        brought: Sequence[float | None] = known.brought.get(formulas.user_of(token), ())
        if known.limit is None:
            brought = (*(None,) * len(_OF_LIMIT), *brought[len(_OF_LIMIT) :])
        values = (known.limit, known.balance_leave or None, *brought)
        for column, value in zip(_FACTS, values, strict=False):
            stands = sheet.value(row, column)
            is_number = isinstance(value, float) and isinstance(stands, int | float)
            is_same = (
                abs(float(stands) - float(value)) < _SMALLEST  # type: ignore[arg-type]
                if is_number
                else (stands or None) == value
            )
            if not is_same:
                cells[row, sheet.at(column)] = NewCell(value)
    return [*write_cells(sheet.sheet_id, cells)]


def begin_of_weeks(workbook: Spreadsheet) -> int:
    """The weekday on which its weeks begin; of a workbook with the headers of the days and the weeks."""
    return weekly.begins_on(workbook.find(WEEKLY), day_header.columns_by_day(workbook.worksheet(DAILY)))


def cut_weeks(workbook: Spreadsheet, period: ReviewPeriod, known: WeekFacts | None) -> list[Entry]:
    """Rows for ``Exceptions`` about weeks that an end of the period cuts in two, unless they stand there.

    Args:
        workbook: with the headers of the days and the weeks, and all of ``Exceptions``.
        known: by what weeks count; None where that is not looked at.
    """
    told = workbook.find(EXCEPTIONS)
    if known is None or told is None or workbook.find(DAILY) is None:
        return []
    begin = week_of(period.last_day, begin_of_weeks(workbook))
    end = begin + timedelta(days=6)
    found = [exceptions_sheet.counted_later(begin, end)] if end > period.last_day else []
    if known.lacks and known.limit is not None:
        found.append(exceptions_sheet.nothing_brought_in(known.lacks[0], known.lacks[-1]))
    there = {told.text(row, exceptions_sheet.WHAT) for row in told.data_rows()}
    return [each for each in found if each.what not in there]


def _expected(row: int, at: Places) -> str:
    areas = _areas(row, at)
    total = _expected_of(areas, row, at)
    count = ",".join(each["expected"] for each in areas)
    return (
        f'=IFERROR(IF(COUNT({count})=0,"",ROUND(({total})*{_MINUTES},0)/{_MINUTES}),"")' if areas else '=""'
    )


def _late(row: int, at: Places) -> str:
    """What the check-ins of late days are after the start, the cut-off time or, with leave, the middle of the shift."""
    parts, by_cut_off = list[str](), list[str]()
    for each in _areas(row, at):
        check_ins, words, due, middle = (each[name] for name in ("check_ins", "words", "due", "middle"))
        morning = f'{words},"{_LATE_IN_THE_MORNING}"'
        parts.append(
            f'SUMIFS({check_ins},{words},"{_LATE}")-SUMIFS({due},{words},"{_LATE}")'
            f"+SUMIFS({due},{morning})-SUMIFS({middle},{morning})"
        )
        by_cut_off.append(f'COUNTIFS({words},"{_LATE}")-COUNTIFS({words},"{_LATE}",{due},">=0")')
    if not parts:
        return "=0"
    others = f"({'+'.join(by_cut_off)})"
    last = f"INDEX({at.column(mc.LATE_AFTER)},{at.own(MONTH_ROW, row)})"
    cut_off = f"({last}/{_SECONDS}-{at.cell(guide_sheet.GRACE)}/{_MINUTES})"
    return f'=IFERROR(ROUND(({"+".join(parts)}-IF({others}=0,0,{others}*{cut_off}))*{_MINUTES},0),"")'


def _early(row: int, at: Places) -> str:
    """What check-outs are before the end of the shift; with leave in the afternoon, before that of its first half."""
    early = f"*{daily_columns.LEFT_EARLY}"
    of_half = f"{early}, {corrections_sheet.AFTERNOON} *"
    of_end = early, f"{early}, {corrections_sheet.MORNING} *", f"{early}{FREE_HALF}*"
    total = "+".join(
        f'SUMIFS({each[ends]},{each["words"]},"{word}")-SUMIFS({each["check_outs"]},{each["words"]},"{word}")'
        for each in _areas(row, at)
        for word, ends in ((of_half, "first_half"), *((word, "ends") for word in of_end))
    )
    return f'=IFERROR(ROUND(({total})*{_MINUTES},0),"")' if total else "=0"


def _half_days(row: int, at: Places) -> str:
    return "=" + (
        "+".join(
            f'COUNTIF({each["words"]},"*, {part} *")'
            for each in _areas(row, at)
            for part in corrections_sheet.PARTS
        )
        or "0"
    )

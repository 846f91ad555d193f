"""``Weekly Summary``: three rows an employee (Weekly Average, Hours Worked, Penalties), a column a week. All formulas.

- *Weekly Average*: the mean of the week's check-ins in ``Daily Attendance``, of working days only: a Saturday is
  nobody's lateness.
- *Hours Worked*: the sum of the week's hours there.
- *Penalties*: 1 when that mean is later than the cut-off time, else 0; *waived* instead of 1 when ``Corrections`` has a
  waiver of any day in the week.

The cut-off time stands in a person's first row and is HR's to change. Rows are found by a key, so that people may
sort. Hidden columns hold what is the same for all weeks of a row: the row in ``Daily Attendance`` that it is made
from and that of the hours, where the cut-off time stands, and whether any penalty of the person is waived.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import product

from attendance_backend.domain.people import Person
from attendance_backend.review import (
    corrections_sheet,
    daily_columns,
    day_header,
    formulas,
    guide_sheet,
    working_time_columns,
)
from attendance_backend.review.corrections_sheet import Weeks
from attendance_backend.review.daily_columns import DAY_OFF, HOLIDAY, WEEKEND
from attendance_backend.review.formulas import Places
from attendance_backend.review.names import DAILY, DAYS, WEEKLY, WEEKLY_ID, WORKING_TIME
from attendance_backend.review.weekly_columns import (
    AVERAGE,
    CUT_OFF,
    CUT_OFF_AS_SET,
    CUT_OFF_ROW,
    DAILY_ROW,
    EMPLOYEE,
    HOURS_ROW,
    HOURS_WORKED,
    KEY,
    LABEL,
    LABELS,
    LAYOUT,
    NO_CUT_OFF,
    PENALTIES,
    TOTAL,
    USER_NAME,
    WAIVED,
    WAIVED_WORD,
    counted,
    has_cut_off,
)
from attendance_backend.sheet import serial, styles
from attendance_backend.sheet.a1 import cell_name, column_letters, row_part
from attendance_backend.sheet.blocks import write_cells
from attendance_backend.sheet.changes import (
    AddColumns,
    Change,
    Formula,
    HighlightWhen,
    NewCell,
    Row,
    SetColumns,
)
from attendance_backend.sheet.grid import Cell, Place, Worksheet
from attendance_backend.sheet.layout import Column, runs
from attendance_backend.sheet.placing import as_made

Days = tuple[day_header.Pair, ...]
"""A week's seven days in ``Daily Attendance``."""
_WORKING_DAYS = 5
FREE = HOLIDAY, WEEKEND, DAY_OFF
"""Words of planned days on which nobody is judged."""
EXCUSED = corrections_sheet.HALF, corrections_sheet.MORNING
"""Of days on which nobody is expected in the morning."""
_EXCUSED = tuple(f"*, {part} *" for part in EXCUSED)

_PIXELS = 120
_MILLISECONDS = 86_400_000
"""A day's; averages are compared to the millisecond, so that the last bits of a fraction do not decide."""


def week_label(first: date) -> str:
    """The header of a week: its first and its last day."""
    last = first + timedelta(days=6)
    return f"{first:%d %b} - {last:%d %b}"


def begins_on(sheet: Worksheet | None, days: Collection[date]) -> int:
    """The weekday on which a workbook's weeks begin, 0 is Monday: they stay as they were made.

    Args:
        sheet: with its header; None where there is none, and the days tell, if they are whole weeks.
    """
    if sheet is None:
        first, last = min(days, default=date.min).weekday(), max(days, default=date.max).weekday()
        return first if (last + 1) % 7 == first else 0
    labels = columns_by_label(sheet)
    return next((day.weekday() for day in sorted(days) if week_label(day) in labels), 0)


@dataclass(frozen=True, slots=True)
class WeekColumns:
    """Where weeks stand here, each with its days, and the total; None when HR removed it.

    `begins_on` is the weekday of each week's first day.
    """

    weeks: Mapping[int, Days]
    total: int | None
    begins_on: int = 0

    @staticmethod
    def of(sheet: Worksheet, weeks: Mapping[date, Days]) -> "WeekColumns":
        """As the header says; weeks that it lacks are left out."""
        labels = columns_by_label(sheet)
        at = {labels[label]: days for first, days in weeks.items() if (label := week_label(first)) in labels}
        return WeekColumns(at, labels.get(TOTAL), _begin(weeks))


def made(weeks: Iterable[date]) -> Worksheet:
    """The worksheet as `create` makes it for weeks with these first days."""
    sheet, first = as_made(LAYOUT), len(LAYOUT.columns)
    labels = [*map(week_label, sorted(weeks)), TOTAL]
    cells = {(0, first + index): Cell(label) for index, label in enumerate(labels)}
    return replace(sheet, column_count=first + len(labels), cells=cells)


def create(people: Sequence[Person], weeks: Mapping[date, Days], at: Places) -> list[Change]:
    """The whole worksheet; `weeks` maps each first day to its days."""
    sheet = at.sheets[WEEKLY]
    first, total = len(LAYOUT.columns), len(LAYOUT.columns) + len(weeks)
    of_weeks = {first + index: weeks[day] for index, day in enumerate(sorted(weeks))}
    columns = WeekColumns(of_weeks, total, _begin(weeks))
    header = (*week_headers(sorted(weeks)), NewCell(TOTAL, styles.WEEK_HEADER))
    return [
        *LAYOUT.create(sheet.first_row + max(len(people) * len(LABELS), 1), (header,)),
        *person_rows(people, sheet.first_row, columns, at),
        SetColumns(WEEKLY_ID, first, total + 1, _PIXELS),
        *_highlights(at, first),
    ]


def _begin(weeks: Collection[date]) -> int:
    """The weekday of weeks' first days."""
    return next((day.weekday() for day in weeks), 0)


def week_headers(firsts: Sequence[date]) -> Row:
    return tuple(NewCell(week_label(first), styles.WEEK_HEADER) for first in firsts)


def person_rows(people: Sequence[Person], first_row: int, columns: WeekColumns, at: Places) -> list[Change]:
    cells: dict[Place, NewCell] = {}
    for row, (person, label) in enumerate(product(people, LABELS), first_row):
        cells |= person_row(person, label, row, columns, at)
    return [*write_cells(WEEKLY_ID, cells)]


def person_row(
    person: Person, label: str, row: int, columns: WeekColumns, at: Places
) -> dict[Place, NewCell]:
    labels = label_cells(person, label, at)
    places = at.sheets[WEEKLY].columns
    cells = {(row, place): labels.get(column, NewCell()) for column, place in places.items()}
    cells |= week_cells(person.key, label, row, columns, at, is_planned=person.is_planned)
    if columns.total is not None:
        cells[row, columns.total] = total_cell(label, row, sorted(columns.weeks))
    return cells


def week_cells(
    user: str, label: str, row: int, columns: WeekColumns, at: Places, *, is_planned: bool = False
) -> dict[Place, NewCell]:
    """A row's cells of all weeks; `user` is a `user_key`, `is_planned` whether HR plans the days."""

    def cell(days: Days) -> NewCell:
        if label == HOURS_WORKED:
            return _hours(row, days, at)
        judged = _planned(row, days, at) if is_planned else _judged(row, days, columns.begins_on, at)
        if label == AVERAGE:
            count, total, *_ = judged
            return NewCell(Formula(f'=IF({count}=0,"",({total})/({count}))'), styles.AVERAGE_CELL_ABOVE)
        return _penalty(user, row, days, judged, at)

    return {(row, column): cell(days) for column, days in columns.weeks.items()}


def _judged(row: int, days: Days, begins_on: int, at: Places) -> tuple[str, str]:
    """The number of the check-ins of a week's working days, and their sum."""
    count, total = list[str](), list[str]()
    of_weekdays = [pair for number, pair in enumerate(days, begins_on) if number % 7 < _WORKING_DAYS]
    judged = [pair for pair in of_weekdays if pair[1] >= 0]
    columns, helpers = (dict(enumerate(pair[of] for pair in judged)) for of in (0, 1))
    for run in day_header.runs(columns, helpers):
        (helper,) = run.sources
        check_ins = _part(run.column, run.length, at.own(DAILY_ROW, row), at)
        words = _part(helper, run.length, at.own(HOURS_ROW, row), at)
        free = ",".join(f'{words},"<>{word}"' for word in (HOLIDAY, *_EXCUSED))
        count.append(f'COUNTIFS({check_ins},">=0",{free})')
        total.append(f"SUMIFS({check_ins},{free})")
    return "+".join(count) or "0", "+".join(total) or "0"


def _planned(row: int, days: Days, at: Places) -> tuple[str, str, str, str]:
    """As `_judged`, of days that HR plans; and how many of them have a shift with times, and the sum of what is due."""
    count, total, with_shift, due = list[str](), list[str](), list[str](), list[str]()
    of_day = {column: day for day, column in day_header.columns_by_day(at.sheets[DAILY]).items()}
    in_days = day_header.columns_by_day(at.sheets[DAYS])
    judged = [pair for pair in days if pair[1] >= 0 and of_day.get(pair[0]) in in_days]
    columns, helpers = (dict(enumerate(pair[of] for pair in judged)) for of in (0, 1))
    sources = {index: in_days[of_day[pair[0]]] for index, pair in enumerate(judged)}
    due_row = f"INDEX({at.column(daily_columns.DUE_ROW)},{at.own(HOURS_ROW, row)})"
    for run in day_header.runs(columns, helpers, sources):
        helper, source = run.sources
        check_ins = _part(run.column, run.length, at.own(DAILY_ROW, row), at)
        words = _part(helper, run.length, at.own(HOURS_ROW, row), at)
        free = ",".join(f'{words},"<>{word}"' for word in (*FREE, *_EXCUSED))
        ends = f"{column_letters(source)}:{column_letters(source + run.length - 1)}"
        dues = f"INDEX({at.sheet(DAYS)}!{ends},{due_row},0)"
        count.append(f'COUNTIFS({check_ins},">=0",{free})')
        total.append(f"SUMIFS({check_ins},{free})")
        with_shift.append(f'COUNTIFS({check_ins},">=0",{free},{dues},">=0")')
        due.append(f'SUMIFS({dues},{check_ins},">=0",{free})')
    found = ("+".join(each) or "0" for each in (count, total, with_shift, due))
    return next(found), next(found), next(found), next(found)


def _hours(row: int, days: Days, at: Places) -> NewCell:
    runs_of_days = runs(place for place, _ in days)
    hours = ",".join(_part(first, end - first, at.own(DAILY_ROW, row), at) for first, end in runs_of_days)
    # To the minute: sums of fractions lose their last bits, and 25:00 would read 24:59.
    return NewCell(Formula(f'=IF(COUNT({hours})=0,"",ROUND(SUM({hours})*1440,0)/1440)'), styles.DURATION_CELL)


def _penalty(user: str, row: int, days: Days, judged: Sequence[str], at: Places) -> NewCell:
    """Whether the mean of the check-ins is later than the cut-off time, or than what is due on days with a shift.

    A planned person's week that ends in the next period counts there, with what is brought in of its earlier days.
    """
    count, total, with_shift, due = (*judged, "", "")[:4]
    cut_off, as_set = (
        f"INDEX({at.own_column(column)},{at.own(CUT_OFF_ROW, row)})" for column in (CUT_OFF, CUT_OFF_AS_SET)
    )
    counts = counted(cut_off, as_set)
    late = f"ROUND(({total})/({count})*{_MILLISECONDS},0)>ROUND({counts}*{_MILLISECONDS},0)"
    has = has_cut_off(cut_off, as_set)
    if with_shift:
        others = f"(({count})-({with_shift}))"
        wanted = f"({due}+IF({others}=0,0,{others}*{counts}))"
        late = f"ROUND(({total})*{_MILLISECONDS},0)>ROUND({wanted}*{_MILLISECONDS},0)"
        has = f"IF({others}=0,TRUE,{has})"
    group = formulas.exact(corrections_sheet.group_of(corrections_sheet.WAIVE, user))
    line = at.lines(DAILY)[day_header.DATE]
    first, last = (f"{at.sheet(DAILY)}!{formulas.header(days[day][0], line)}" for day in (0, -1))
    later = ""
    if with_shift and WORKING_TIME in at.sheets:
        later = f"{last}>{at.cell(guide_sheet.LAST_DAY)},"
        more, late_by = _brought(user, f"{first}<{at.cell(guide_sheet.FIRST_DAY)}", at)
        count = f"{count}{more}"
        late = late.replace(f"({total})", f"({total}{late_by})", 1)
    since = at.column(corrections_sheet.FROM)
    waivers = (
        f'COUNTIFS({at.column(corrections_sheet.GROUP)},{group},{since},">="&{first},{since},"<="&{last})'
    )
    is_waived = f"IF({at.own(WAIVED, row)},{waivers},0)>0"
    return NewCell(
        Formula(f'=IF(OR({later}{count}=0,NOT({has})),"",IF({late},IF({is_waived},"{WAIVED_WORD}",1),0))'),
        styles.PENALTY,
    )


def _brought(user: str, is_cut: str, at: Places) -> tuple[str, str]:
    """What is added to a week of which earlier days are in the workbook before: check-ins, and how late they are."""
    row = f"MATCH({formulas.exact(formulas.token_of(user))},{at.column(working_time_columns.TOKEN)},0)"
    count, minutes = (
        f"INDEX({at.column(column)},{row})"
        for column in (working_time_columns.BROUGHT_CHECK_INS, working_time_columns.BROUGHT_LATE)
    )
    added = (f"IFERROR(IF({is_cut},{each},0),0)" for each in (f"N({count})", f"{count}*{minutes}/1440"))
    return f"+{next(added)}", f"+{next(added)}"


def total_cell(label: str, row: int, weeks: Sequence[int]) -> NewCell:
    """A row's total over the weeks in these columns; averages are not summed."""
    if label == AVERAGE:
        return NewCell(None, styles.PLAIN_ABOVE)
    total = ",".join(row_part(row, first, end) for first, end in runs(weeks))
    if label == PENALTIES:
        return NewCell(Formula(f"=SUM({total})"), styles.TOTAL_PENALTIES)
    return NewCell(Formula(f"=ROUND(SUM({total})*1440,0)/1440"), styles.TOTAL_HOURS)


def weeks_in(header: Worksheet, weeks: Mapping[date, Days]) -> Weeks | None:
    """The weeks that stand side by side from the first column on: all but those that came later.

    Args:
        weeks: the days of each week in ``Daily Attendance``, by its first day.
    """
    labels = columns_by_label(header)
    at = {labels[label]: day for day in weeks if (label := week_label(day)) in labels}
    if not at:
        return None
    first = last = min(at)
    while last + 1 in at and at[last + 1] == at[last] + timedelta(days=7):
        last += 1
    return Weeks(first, last, weeks[at[first]][0][0])


def missing_weeks(
    sheet: Worksheet, known: Mapping[date, Days], weeks: Mapping[date, Days], at: Places
) -> list[Change]:
    """Columns at the end of the grid for weeks that come with new days.

    Args:
        sheet: its columns of the layout and its header.
        known: the weeks that are there.
        weeks: those to add.
    """
    if not weeks:
        return []
    before = WeekColumns.of(sheet, known)
    first = sheet.column_count
    added = {first + index: weeks[day] for index, day in enumerate(sorted(weeks))}
    cells: dict[Place, NewCell] = {}
    for key, row in sheet.rows_by(KEY).items():
        user, _, label = key.rpartition(daily_columns.KEY_SEPARATOR)
        if user and label in LABELS:
            cells |= week_cells(user, label, row, WeekColumns(added, None, _begin(weeks)), at)
            if before.total is not None and label != AVERAGE:
                cells[row, before.total] = total_cell(label, row, [*sorted(before.weeks), *added])
    return [
        AddColumns(sheet.sheet_id, len(added)),
        *day_header.written(sheet, first, (week_headers(sorted(weeks)),)),
        *write_cells(sheet.sheet_id, cells),
    ]


def columns_by_label(worksheet: Worksheet) -> dict[str, int]:
    """Where the weeks and the total stand, by the words in the first row."""
    columns: dict[str, int] = {}
    row = worksheet.lines[0]
    for column, _ in worksheet.row(row):
        columns.setdefault(worksheet.text(row, column), column)
    return columns


def _part(first: int, length: int, row: str, at: Places) -> str:
    """Neighbouring cells of a row of ``Daily Attendance``."""
    return f"INDEX({at.sheet(DAILY)}!{column_letters(first)}:{column_letters(first + length - 1)},{row},0)"


def cut_off_cell(person: Person) -> NewCell:
    """The cut-off time, as HR's list has it at first."""
    return NewCell(None if person.cut_off is None else serial.from_seconds(person.cut_off), styles.HR_TIME)


def label_cells(person: Person, label: str, at: Places) -> dict[Column, NewCell]:
    """The columns before the weeks of one of a person's rows."""
    is_first = label == AVERAGE
    source = daily_columns.HOURS_WORKED if label == HOURS_WORKED else daily_columns.CHECK_IN
    daily_key = daily_columns.key_of(person.key, source)
    cells = {
        EMPLOYEE: NewCell(person.name, styles.NAME_ABOVE if is_first else styles.REPEATED),
        USER_NAME: NewCell(person.user_name, styles.PLAIN_ABOVE if is_first else styles.REPEATED),
        LABEL: NewCell(label, styles.PLAIN_ABOVE if is_first else styles.PLAIN),
        KEY: NewCell(daily_columns.key_of(person.key, label)),
        DAILY_ROW: NewCell(formulas.row_where(at.column(daily_columns.KEY), daily_key)),
    }
    if label != HOURS_WORKED:
        hours_key = daily_columns.key_of(person.key, daily_columns.HOURS_WORKED)
        cells[HOURS_ROW] = NewCell(formulas.row_where(at.column(daily_columns.KEY), hours_key))
    if is_first:
        cells[CUT_OFF] = cut_off_cell(person)
        cut_off = cells[CUT_OFF].value
        cells[CUT_OFF_AS_SET] = NewCell(NO_CUT_OFF if cut_off is None else cut_off)
    if label == PENALTIES:
        own_key = daily_columns.key_of(person.key, AVERAGE)
        cells[CUT_OFF_ROW] = NewCell(formulas.row_where(at.own_column(KEY), own_key))
        group = formulas.exact(corrections_sheet.group_of(corrections_sheet.WAIVE, person.key))
        found = f"MATCH({group},{at.column(corrections_sheet.GROUP)},0)"
        cells[WAIVED] = NewCell(Formula(f"=ISNUMBER({found})"))
    return cells


def _highlights(at: Places, first_week: int) -> list[Change]:
    """A colour for weeks with a penalty, and for those in which it was waived."""
    row = at.sheets[WEEKLY].first_row
    label, first = at.own(LABEL, row), cell_name(row, first_week)
    penalty = Formula(f'=AND({label}="{PENALTIES}",ISNUMBER({first}),N({first})>0)')
    waived = Formula(f'={first}="{WAIVED_WORD}"')
    return [
        HighlightWhen(WEEKLY_ID, row, first_week, waived, styles.LEAVE_BACKGROUND, styles.LEAVE_TEXT),
        HighlightWhen(
            WEEKLY_ID,
            row,
            first_week,
            penalty,
            styles.LATE_BACKGROUND,
            styles.LATE_TEXT,
            bold=True,
        ),
    ]

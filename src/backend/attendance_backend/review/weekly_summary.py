"""``Weekly Summary``: three rows an employee (Weekly Average, Hours Worked, Penalties), a column a week. All formulas.

- *Weekly Average*: the mean of the week's check-ins in ``Daily Attendance``.
- *Hours Worked*: the sum of the week's hours there.
- *Penalties*: 1 when that mean is later than the cut-off time, else 0; *waived* instead of 1 when ``Corrections`` has a
  waiver of any day in the week.

The cut-off time stands in a person's first row and is HR's to change. Rows are found by a key, so that people may
sort. Hidden columns hold what is the same for all weeks of a row: the row in ``Daily Attendance`` that it is made
from, where the cut-off time stands, and whether any penalty of the person is waived.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from attendance_backend.domain.people import Person
from attendance_backend.review import corrections_sheet, daily_columns, day_header, formulas
from attendance_backend.review.corrections_sheet import Weeks
from attendance_backend.review.names import DAILY, WEEKLY, WEEKLY_ID
from attendance_backend.review.weekly_columns import (
    AVERAGE,
    CUT_OFF,
    CUT_OFF_AS_SET,
    CUT_OFF_ROW,
    DAILY_ROW,
    EMPLOYEE,
    FIRST_WEEK,
    HEADER_ROWS,
    HEADERS,
    HOURS_WORKED,
    KEY,
    LABEL,
    LABELS,
    NO_CUT_OFF,
    PENALTIES,
    TOTAL,
    USER_NAME,
    WAIVED,
    WAIVED_WORD,
)
from attendance_backend.sheet import serial, styles
from attendance_backend.sheet.a1 import cell_name, column_letters, quoted
from attendance_backend.sheet.changes import (
    AddColumns,
    AddNote,
    AddWorksheet,
    Block,
    Change,
    Formula,
    HighlightWhen,
    NewCell,
    Row,
    SetColumns,
    WarnBeforeEdit,
    WriteCells,
)
from attendance_backend.sheet.grid import Area, Worksheet

AREAS = (Area.of_columns(WEEKLY, 0, FIRST_WEEK), Area.of_rows(WEEKLY, 0, HEADER_ROWS))
"""What must be read to add people or weeks."""

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
            frozen_columns=LABEL + 1,
            tab_color=styles.TIMES_TAB,
        ),
        WriteCells(WEEKLY_ID, 0, 0, tuple(rows)),
        SetColumns(WEEKLY_ID, EMPLOYEE, EMPLOYEE + 1, 160),
        SetColumns(WEEKLY_ID, USER_NAME, USER_NAME + 1, styles.USER_NAME_PIXELS),
        SetColumns(WEEKLY_ID, CUT_OFF, CUT_OFF + 1, 100),
        SetColumns(WEEKLY_ID, LABEL, LABEL + 1, 120),
        SetColumns(WEEKLY_ID, KEY, FIRST_WEEK, hidden=True),
        SetColumns(WEEKLY_ID, FIRST_WEEK, total + 1, 120),
        AddNote(WEEKLY_ID, 0, CUT_OFF, "HR's to change, here and for this period."),
        WarnBeforeEdit(
            WEEKLY_ID,
            "Formulas. The cut-off times are HR's to change; a penalty is waived in Corrections.",
            (Block(HEADER_ROWS, None, CUT_OFF, CUT_OFF + 1),),
        ),
        *_highlights(),
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
    rows = [label_cells(person, label) for label in LABELS]
    last = max([*columns, total if total is not None else 0, FIRST_WEEK - 1])
    for column in range(FIRST_WEEK, last + 1):
        if column in columns:
            cells = week_cells(person.key, first_row, columns[column])
        elif column == total:
            cells = total_cells(first_row, sorted(columns))
        else:
            cells = (NewCell(), NewCell(), NewCell())
        for row, cell in zip(rows, cells, strict=True):
            row.append(cell)
    average, hours, penalties = rows
    return tuple(average), tuple(hours), tuple(penalties)


def week_cells(user: str, first_row: int, monday_column: int) -> tuple[NewCell, NewCell, NewCell]:
    """A person's cells of one week: average check-in, hours worked, penalty.

    Args:
        user: `user_key`.
        first_row: of the person.
        monday_column: of the week in ``Daily Attendance``.
    """
    check_ins, hours, judged = (_days(first_row + offset, monday_column) for offset in range(len(LABELS)))
    cut_off = f"INDEX({formulas.own_column(CUT_OFF)},{formulas.own(CUT_OFF_ROW, first_row + 2)})"
    late = f"ROUND(AVERAGE({judged})*{_MILLISECONDS},0)>ROUND({cut_off}*{_MILLISECONDS},0)"
    group = formulas.exact(corrections_sheet.group_of(corrections_sheet.WAIVE, user))
    monday, sunday = (
        f"{quoted(DAILY)}!{formulas.header(monday_column + offset, day_header.DATE)}" for offset in (0, 6)
    )
    waivers = (
        f"COUNTIFS({corrections_sheet.GROUP_COLUMN},{group},{corrections_sheet.FROM_COLUMN},"
        f'">="&{monday},{corrections_sheet.FROM_COLUMN},"<="&{sunday})'
    )
    is_waived = f"IF({formulas.own(WAIVED, first_row + 2)},{waivers},0)>0"
    return (
        NewCell(Formula(f'=IF(COUNT({check_ins})=0,"",AVERAGE({check_ins}))'), styles.AVERAGE_CELL_ABOVE),
        NewCell(Formula(f'=IF(COUNT({hours})=0,"",SUM({hours}))'), styles.DURATION_CELL),
        NewCell(
            Formula(
                f'=IF(OR(COUNT({judged})=0,NOT(ISNUMBER({cut_off}))),"",'
                f'IF({late},IF({is_waived},"{WAIVED_WORD}",1),0))'
            ),
            styles.PENALTY,
        ),
    )


def total_cells(first_row: int, weeks: Sequence[int]) -> tuple[NewCell, NewCell, NewCell]:
    """A person's totals over the weeks in these columns; averages are not summed."""
    return (
        NewCell(None, styles.PLAIN_ABOVE),
        NewCell(_sum(first_row + 1, weeks), styles.TOTAL_HOURS),
        NewCell(_sum(first_row + 2, weeks), styles.TOTAL_PENALTIES),
    )


def weeks_in(header: Worksheet, mondays: Mapping[date, int]) -> Weeks | None:
    """The weeks that stand side by side from the first column on: all but those that came later.

    Args:
        header: the first row of this worksheet.
        mondays: the columns of the Mondays in ``Daily Attendance``.
    """
    labels = columns_by_label(header)
    at = {labels[label]: monday for monday in mondays if (label := week_label(monday)) in labels}
    return _leading(at, mondays)


def weeks_of_new(mondays: Mapping[date, int]) -> Weeks | None:
    """The same of a worksheet that `create` makes for these weeks."""
    return _leading({FIRST_WEEK + index: monday for index, monday in enumerate(sorted(mondays))}, mondays)


def _leading(at: Mapping[int, date], mondays: Mapping[date, int]) -> Weeks | None:
    if not at:
        return None
    first = last = min(at)
    while last + 1 in at and at[last + 1] == at[last] + timedelta(days=7):
        last += 1
    return Weeks(first, last, mondays[at[first]])


def missing_weeks(sheet: Worksheet, known: Mapping[date, int], weeks: Mapping[date, int]) -> list[Change]:
    """Columns at the end of the grid for weeks that come with new days.

    Args:
        sheet: as `AREAS` names it.
        known: the weeks that are there.
        weeks: those to add, with the column of their Monday in ``Daily Attendance``.
    """
    labels = columns_by_label(sheet)
    total = labels.get(TOTAL)
    first_column = sheet.column_count
    added = {first_column + index: weeks[monday] for index, monday in enumerate(sorted(weeks))}
    if not added:
        return []
    changes: list[Change] = [AddColumns(sheet.sheet_id, len(added))]
    changes.append(WriteCells(sheet.sheet_id, 0, first_column, (week_headers(sorted(weeks)),)))
    summed = [labels[label] for label in map(week_label, sorted(known)) if label in labels]
    for user, first_row in first_rows(sheet).items():
        cells = [week_cells(user, first_row, monday) for monday in added.values()]
        block = tuple(tuple(week[index] for week in cells) for index in range(len(LABELS)))
        changes.append(WriteCells(sheet.sheet_id, first_row, first_column, block))
        if total is not None:
            totals = total_cells(first_row, [*summed, *added])[1:]
            changes.append(
                WriteCells(sheet.sheet_id, first_row + 1, total, tuple((cell,) for cell in totals))
            )
    return changes


def columns_by_label(worksheet: Worksheet) -> dict[str, int]:
    """Where the weeks and the total stand, by the words in the first row."""
    columns: dict[str, int] = {}
    for column, _ in worksheet.row(0):
        columns.setdefault(worksheet.text(0, column), column)
    return columns


def rows_by_key(worksheet: Worksheet) -> dict[str, int]:
    """Where each row stands, by its key."""
    rows: dict[str, int] = {}
    for row in range(HEADER_ROWS, worksheet.end_row()):
        if key := worksheet.text(row, KEY):
            rows.setdefault(key, row)
    return rows


def first_rows(worksheet: Worksheet) -> dict[str, int]:
    """The first row of each person (`user_key`) whose three rows stand together."""
    rows = rows_by_key(worksheet)
    found: dict[str, int] = {}
    for key, row in rows.items():
        user, _, label = key.rpartition(daily_columns.KEY_SEPARATOR)
        places = [rows.get(daily_columns.key_of(user, other)) for other in LABELS]
        if label == AVERAGE and places == [row, row + 1, row + 2]:
            found[user] = row
    return found


def _days(row: int, monday_column: int) -> str:
    """The seven cells of a week in the row of ``Daily Attendance`` that a row here is made from."""
    letters = f"{column_letters(monday_column)}:{column_letters(monday_column + 6)}"
    return f"INDEX({quoted(DAILY)}!{letters},{formulas.own(DAILY_ROW, row)},0)"


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


def label_cells(person: Person, label: str) -> list[NewCell]:
    """The columns before the weeks of one of a person's rows."""
    is_first = label == AVERAGE
    daily_keys = formulas.column_of(DAILY, daily_columns.KEY)
    source = daily_columns.HOURS_WORKED if label == HOURS_WORKED else daily_columns.CHECK_IN
    cells = [NewCell() for _ in range(FIRST_WEEK)]
    cells[EMPLOYEE] = NewCell(person.name, styles.NAME_ABOVE if is_first else styles.REPEATED)
    cells[USER_NAME] = NewCell(person.user_name, styles.PLAIN_ABOVE if is_first else styles.REPEATED)
    if is_first:
        cut_off = None if person.cut_off is None else serial.from_seconds(person.cut_off)
        cells[CUT_OFF] = NewCell(cut_off, styles.HR_TIME)
        cells[CUT_OFF_AS_SET] = NewCell(NO_CUT_OFF if cut_off is None else cut_off)
    cells[LABEL] = NewCell(label, styles.PLAIN_ABOVE if is_first else styles.PLAIN)
    cells[KEY] = NewCell(daily_columns.key_of(person.key, label))
    cells[DAILY_ROW] = NewCell(formulas.row_where(daily_keys, daily_columns.key_of(person.key, source)))
    if label == PENALTIES:
        own_key = daily_columns.key_of(person.key, AVERAGE)
        cells[CUT_OFF_ROW] = NewCell(formulas.row_where(formulas.own_column(KEY), own_key))
        group = formulas.exact(corrections_sheet.group_of(corrections_sheet.WAIVE, person.key))
        cells[WAIVED] = NewCell(Formula(f"=ISNUMBER(MATCH({group},{corrections_sheet.GROUP_COLUMN},0))"))
    return cells


def _highlights() -> list[Change]:
    """A colour for weeks with a penalty, and for those in which it was waived."""
    label, first = f"${cell_name(HEADER_ROWS, LABEL)}", cell_name(HEADER_ROWS, FIRST_WEEK)
    penalty = Formula(f'=AND({label}="{PENALTIES}",ISNUMBER({first}),N({first})>0)')
    waived = Formula(f'={first}="{WAIVED_WORD}"')
    return [
        HighlightWhen(WEEKLY_ID, HEADER_ROWS, FIRST_WEEK, waived, styles.LEAVE_BACKGROUND, styles.LEAVE_TEXT),
        HighlightWhen(
            WEEKLY_ID,
            HEADER_ROWS,
            FIRST_WEEK,
            penalty,
            styles.LATE_BACKGROUND,
            styles.LATE_TEXT,
            bold=True,
        ),
    ]

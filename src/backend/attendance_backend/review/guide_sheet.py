"""``Guide``: how to read the workbook, and the few settings by which its formulas count.

Column A names a thing, B holds it, C explains it. HR may change Grace, Overtime Beyond and Finalised here; the other
values are written by the program. Formulas refer to the cells in column B; the program finds them by their names.
A hidden column D holds what the program wrote into B last, so that it knows what HR changed; beside Finalised, the day
on which it kept the month as values (`review.finalised`), and beside the first heading by what its words are known.
"""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import UnionType

from attendance_backend.review import daily_columns as dc
from attendance_backend.review import sites_sheet
from attendance_backend.review.formulas import Places
from attendance_backend.review.names import (
    AMENDMENTS,
    CORRECTIONS,
    DAILY,
    EXCEPTIONS,
    GUIDE,
    GUIDE_ID,
    MONTHLY,
    PLAN,
    RAW_PREFIX,
    SINCE,
    SITES,
    WEEKLY,
    WORKING_TIME,
)
from attendance_backend.sheet import formula_text, placing, serial, styles
from attendance_backend.sheet.a1 import column_letters, in_formula
from attendance_backend.sheet.blocks import write_cells
from attendance_backend.sheet.changes import (
    AddRows,
    Block,
    Change,
    Formula,
    NewCell,
    OfferChoices,
    WarnBeforeEdit,
)
from attendance_backend.sheet.grid import Area, Cell, Place, Value, Worksheet
from attendance_backend.sheet.layout import Column, Layout, runs
from attendance_backend.sheet.placing import lay
from attendance_contracts import ReviewPeriod

PERIOD, FIRST_DAY, LAST_DAY, DAYS, COMPLETE, GRACE, OVERTIME, FINALISED, SHARED = (
    "Period",
    "First day",
    "Last day",
    "Days",
    "All sites complete through",
    "Grace (minutes)",
    "Overtime beyond (hours a day)",
    "Finalised",
    "Shared with",
)
_ORDER = (PERIOD, FIRST_DAY, LAST_DAY, DAYS, COMPLETE, GRACE, OVERTIME, FINALISED, SHARED)
_COUNTED_BY = (GRACE, OVERTIME)
_SENSE = {GRACE: (0.25, 240), OVERTIME: (1, 24)}
"""The least above none and the most, in the unit of the setting: of ``0:10`` and ``8:00`` spreadsheets make less."""
KEPT_ON = "Kept on"
"""For formulas: the cell that holds `Parameters.kept_on`."""
NOT_UNDERSTOOD = "this is not understood"
BEING_FINALISED = "being finalised: the numbers are kept within a quarter of an hour; until then they live"
FINALISED_ON = "finalised on "
_AFTER = (
    ": what differs since is listed in Since Finalised. To open the month again, empty the cell on the left."
)
BEING_OPENED = "being opened again: until the next visit the numbers are those that were kept"
_FIRST_ROW = 2
_FIRST_SECTION = "What to do"
_EARLIER_WORDS = frozenset({"1a0b93516931a909"})
"""Digests of what releases wrote that left no mark: 0.1.0."""

YES, NO = "yes", "no"
_READ_ROWS = 80
"""With some rows to spare for those that HR adds, and for those that were put back below everything else."""

DEFAULT_OVERTIME_AFTER_S = 8 * 3600
_DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Parameters:
    """By what the formulas count.

    Attributes:
        finalised: HR has closed the period: punches that come now must not change it.
        kept_on: the day on which its numbers were kept as values, as people read it; empty while they live.
        grace_s: so long after the cut-off time a check-in is not late yet.
        overtime_after_s: hours of a day beyond it are overtime.
    """

    finalised: bool = False
    grace_s: int = 0
    overtime_after_s: int = DEFAULT_OVERTIME_AFTER_S
    kept_on: str = ""

    @property
    def is_closed(self) -> bool:
        """Whether punches, people and settings are kept out: also while it is being opened again."""
        return self.finalised or bool(self.kept_on)


def _located(sheet: Worksheet) -> dict[Column, int]:
    """The columns of a workbook of an earlier version, whose columns had neither keys nor headers."""
    names = Counter(column for (_, column), cell in sheet.cells.items() if cell.value in _ORDER)
    if not names:
        return {}
    name = names.most_common(1)[0][0]
    rows = {sheet.text(row, name): row for row in range(sheet.end_row())}

    def after(column: int, setting: str, kind: type | UnionType) -> int | None:
        row = rows.get(setting, -1)
        right = (at for at, cell in sheet.row(row) if at > column and isinstance(cell.value, kind))
        return next(right, None)

    # A whole number is an int where the service writes it without a point.
    value = after(name, FIRST_DAY, int | float)
    meaning = None if value is None else after(value, FIRST_DAY, str)
    as_set = None if meaning is None else after(meaning, GRACE, int | float)
    found = {NAME: name, VALUE: value, MEANING: meaning, AS_SET: as_set}
    return {column: place for column, place in found.items() if place is not None}


NAME = Column("name", "How to read this workbook", 260, header_style=styles.TITLE)
VALUE = Column("value", "Value", 200, header_style=styles.HINT)
MEANING = Column("meaning", "Meaning", 720, header_style=styles.HINT)
AS_SET = Column("as_set", "As Set", hidden=True)
LAYOUT = Layout(
    GUIDE,
    GUIDE_ID,
    (NAME, VALUE, MEANING, AS_SET),
    tab_color=styles.QUIET_TAB,
    plain=True,
    located=_located,
    warning="Kept by the program. Grace, overtime and Finalised are yours to change.",
)


def areas(worksheet: Worksheet) -> list[Area]:
    """What must be read for `read` and `update`."""
    places = [worksheet.columns[column] for column in (NAME, VALUE, AS_SET) if column in worksheet.columns]
    return [Area(worksheet.title, 0, _READ_ROWS, first, end) for first, end in runs(places)]


def as_made() -> Worksheet:
    """The worksheet as `create` makes it, with the names of its settings."""
    names = {(_FIRST_ROW + index, 0): Cell(name) for index, name in enumerate(_ORDER)}
    return replace(placing.as_made(LAYOUT), cells=names)


def cells(worksheet: Worksheet) -> dict[str, str]:
    """Where the values stand, for formulas of other worksheets, by their names."""
    rows = _rows(worksheet)

    def named(column: Column) -> dict[str, str]:
        letters = f"{in_formula(worksheet.title)}!${column_letters(worksheet.at(column))}"
        return {name: f"{letters}${row + 1}" for name, row in rows.items()}

    found = named(VALUE)
    if AS_SET in worksheet.columns:
        set_for_all = named(AS_SET)
        if FINALISED in rows:
            found[KEPT_ON] = set_for_all[FINALISED]
        for name in rows.keys() & _SENSE.keys():
            found[name] = f"IF({_is_understood(name, found[name])},{found[name]},{set_for_all[name]})"
    return found


def _is_understood(name: str, cell: str) -> str:
    """For formulas: whether a setting can count; where it cannot, what is set for all workbooks does."""
    least, most = _SENSE[name]
    return f"IF(ISNUMBER({cell}),OR({cell}=0,AND({cell}>={least},{cell}<={most})),FALSE)"


def create(period: ReviewPeriod, parameters: Parameters, shared_with: str, at: Places) -> list[Change]:
    """The whole worksheet; `at` tells where the columns of ``Sites`` stand."""
    rows = [
        {NAME: NewCell("The cells in green are yours to change.", styles.HINT)},
        *_settings(period, parameters, shared_with, at),
        {},
        *_words(),
    ]
    first, end = _FIRST_ROW + _ORDER.index(GRACE), _FIRST_ROW + _ORDER.index(FINALISED) + 1
    made = LAYOUT.places()
    free = Block(first, end, made[VALUE], made[VALUE] + 1)
    *changes, warning = LAYOUT.create(1 + len(rows))
    assert isinstance(warning, WarnBeforeEdit)
    return [
        *changes,
        *lay(GUIDE_ID, made, 1, rows),
        *answer(as_made()),
        OfferChoices(GUIDE_ID, replace(free, first_row=end - 1), (NO, YES), strict=True),
        replace(warning, free=(free,)),
    ]


def _words() -> list[dict[Column, NewCell]]:
    """All that is there to be read, with a mark by which it is known to be the program's."""
    rows = [
        *_section(_FIRST_SECTION, _STEPS),
        {},
        *_section("How times count", _TIMES),
        {},
        *_section("What the words of a day mean", _STATES),
        {},
        *_section("The worksheets", _WORKSHEETS),
    ]
    blank = NewCell()
    texts = [tuple(str(row.get(column, blank).value or "") for column in (NAME, MEANING)) for row in rows]
    rows[0][AS_SET] = NewCell(_digest(texts))
    return rows


def _digest(texts: Sequence[tuple[str, ...]]) -> str:
    return hashlib.sha256(repr(texts).encode()).hexdigest()[:16]


def refreshed(worksheet: Worksheet) -> list[Change]:
    """What there is to be read, where an earlier version wrote it and nobody changed a word since.

    Args:
        worksheet: all of it.
    """
    end = worksheet.end_row()
    first = next((row for row in range(end) if worksheet.text(row, NAME) == _FIRST_SECTION), None)
    if first is None or not worksheet.columns.keys() >= {NAME, VALUE, MEANING, AS_SET}:
        return []
    stands = [(worksheet.label(row, NAME), worksheet.label(row, MEANING)) for row in range(first, end)]
    rows, mark, known = _words(), worksheet.text(first, AS_SET), _digest(stands)
    current = str(rows[0][AS_SET].value)
    if known == current == mark or known not in {current, mark, *_EARLIER_WORDS}:
        return []
    blank = {column: column.cell() for column in (NAME, VALUE, MEANING)}
    rows += [dict(blank) for _ in range(first + len(rows), end)]
    growth = first + len(rows) - worksheet.row_count
    return [
        *([AddRows(worksheet.sheet_id, growth)] if growth > 0 else []),
        *lay(worksheet.sheet_id, worksheet.columns, first, rows),
    ]


def read(worksheet: Worksheet) -> Parameters:
    """The parameters; a default for each that is missing or makes no sense."""
    rows = _rows(worksheet)
    kept_on = worksheet.text(rows[FINALISED], AS_SET) if FINALISED in rows else ""
    answer = (
        str(worksheet.value(rows[FINALISED], VALUE) or "").strip().casefold() if FINALISED in rows else ""
    )
    # What is not understood opens no month that is kept.
    finalised = answer == YES or (bool(kept_on) and answer not in ("", NO))
    grace_s, overtime_after_s = (
        _seconds(worksheet, rows, name, VALUE if _makes_sense(name, worksheet.number(row, VALUE)) else AS_SET)
        if (row := rows.get(name)) is not None
        else None
        for name in (GRACE, OVERTIME)
    )
    return Parameters(
        finalised,
        0 if grace_s is None else grace_s,
        DEFAULT_OVERTIME_AFTER_S if overtime_after_s is None else overtime_after_s,
        kept_on,
    )


def period_of(worksheet: Worksheet) -> ReviewPeriod | None:
    """The period that the workbook is about; None when somebody removed it."""
    rows = _rows(worksheet)
    days = [worksheet.date(rows[name], VALUE) if name in rows else None for name in (FIRST_DAY, LAST_DAY)]
    name = worksheet.text(rows[PERIOD], VALUE) if PERIOD in rows else ""
    first, last = days
    if not name or first is None or last is None or first > last:
        return None
    return ReviewPeriod(name, first, last)


def typed(worksheet: Worksheet) -> dict[str, Value | None]:
    """What stands in the settings that HR may change and by which formulas count."""
    return {
        name: worksheet.value(row, VALUE) for name, row in _rows(worksheet).items() if name in _COUNTED_BY
    }


def keep(worksheet: Worksheet, kept_on: str) -> list[Change]:
    """Notes when the numbers were kept; empty, that they live."""
    return [*placing.put(worksheet, _rows(worksheet)[FINALISED], {AS_SET: kept_on or None})]


def answer(worksheet: Worksheet) -> list[Change]:
    """What is to stand beside HR's settings, where something else does: at once, what becomes of what was typed."""
    cells: dict[Place, NewCell] = {}
    for name, row in _rows(worksheet).items():
        if name not in (*_COUNTED_BY, FINALISED):
            continue
        value, as_set = (f"{column_letters(worksheet.at(column))}{row + 1}" for column in (VALUE, AS_SET))
        words = Formula(_answer_to_finalised(value, as_set))
        if name in _COUNTED_BY:
            counts = f'OR({value}="",{value}={as_set},{_is_understood(name, value)})'
            words = Formula(
                f'=IF({counts},"{_SETTINGS[name]}","{NOT_UNDERSTOOD}: "&{as_set}&" counts until you type a number")'
            )
        place = row, worksheet.at(MEANING)
        stands = worksheet.cells.get(place)
        if stands is None or not formula_text.same(stands.formula or "", words.text):
            cells[place] = NewCell(words, styles.WRAPPED)
    return [*write_cells(worksheet.sheet_id, cells)]


def _answer_to_finalised(value: str, kept_on: str) -> str:
    return (
        f'=IF(LOWER(TRIM({value}))="{YES}",IF({kept_on}="","{BEING_FINALISED}","{FINALISED_ON}"&{kept_on}&"{_AFTER}"),'
        f'IF(OR({value}="",LOWER(TRIM({value}))="{NO}"),IF({kept_on}="","{_SETTINGS[FINALISED]}","{BEING_OPENED}"),'
        f'"{NOT_UNDERSTOOD}: type {YES}, or {NO}; until then it stays as it was"))'
    )


def not_understood(worksheet: Worksheet) -> dict[str, tuple[Value, Value | None]]:
    """Settings that HR typed here and that cannot count: what they read, and what counts instead."""
    rows = _rows(worksheet)
    return {
        name: (value, worksheet.value(row, AS_SET))
        for name, row in rows.items()
        if name in _COUNTED_BY
        and (value := worksheet.value(row, VALUE)) not in (None, "")
        and value != worksheet.value(row, AS_SET)
        and (not _makes_sense(name, worksheet.number(row, VALUE)) or isinstance(value, bool))
    }


def _makes_sense(name: str, number: float | None) -> bool:
    """As `_is_understood`."""
    least, most = _SENSE[name]
    return number is not None and (number == 0 or least <= number <= most)


def as_set(worksheet: Worksheet, name: str) -> int | None:
    """Grace or overtime in seconds, as it was last set for all workbooks, whatever HR typed in this one."""
    return _seconds(worksheet, _rows(worksheet), name, AS_SET)


def _seconds(worksheet: Worksheet, rows: Mapping[str, int], name: str, column: Column) -> int | None:
    row, unit_s = rows.get(name), {GRACE: 60, OVERTIME: 3600}[name]
    value = None if row is None else worksheet.number(row, column)
    return None if value is None or not 0 <= value * unit_s <= _DAY_S else round(value * unit_s)


def update_period(worksheet: Worksheet, period: ReviewPeriod) -> list[Change]:
    """What the program says of the period, where it differs from what stands there."""
    expected = {name: cell.value for name, cell in _of_period(period).items()}
    return _differing(worksheet, expected)


def update_parameters(worksheet: Worksheet, parameters: Parameters) -> list[Change]:
    """Grace and overtime as they were set for all workbooks, where HR has not typed another value in this one."""
    rows = _rows(worksheet)
    changes: list[Change] = []
    for name, expected in _set(parameters).items():
        row = rows.get(name)
        if row is None or (
            worksheet.value(row, AS_SET) == expected and worksheet.value(row, VALUE) is not None
        ):
            continue
        is_ours = worksheet.value(row, VALUE) in (None, worksheet.value(row, AS_SET))
        columns = (VALUE, AS_SET) if is_ours else (AS_SET,)
        changes += placing.put(worksheet, row, dict.fromkeys(columns, expected))
    return changes


def _set(parameters: Parameters) -> dict[str, float]:
    return {GRACE: parameters.grace_s / 60, OVERTIME: parameters.overtime_after_s / 3600}


def restored(worksheet: Worksheet, period: ReviewPeriod, parameters: Parameters, at: Places) -> list[Change]:
    """What is gone of the settings: values that are empty, and whole rows, at the end of the grid.

    Args:
        worksheet: all of it.
        at: where the columns of ``Sites`` stand.
    """
    rows = _rows(worksheet)
    by_name = {str(cells[NAME].value): cells for cells in _settings(period, parameters, "", at)}
    changes: list[Change] = []
    for name, row in rows.items():
        expected = by_name[name][VALUE]
        stands = worksheet.cells.get((row, worksheet.at(VALUE)))
        is_gone = stands is None and expected.value is not None
        if is_gone or (name == COMPLETE and not _says(stands, expected.value)):
            changes += write_cells(worksheet.sheet_id, {(row, worksheet.at(VALUE)): expected})
    lacking = [cells for name, cells in by_name.items() if name not in rows]
    if lacking:
        changes.append(AddRows(worksheet.sheet_id, len(lacking)))
        changes += lay(worksheet.sheet_id, worksheet.columns, worksheet.row_count, lacking)
    return changes


def _says(cell: Cell | None, formula: object) -> bool:
    return (
        isinstance(formula, Formula)
        and cell is not None
        and formula_text.same(cell.formula or "", formula.text)
    )


def update_shared(worksheet: Worksheet, shared_with: str) -> list[Change]:
    """With whom the workbook is shared."""
    return _differing(worksheet, {SHARED: shared_with or None})


def _differing(worksheet: Worksheet, expected: dict[str, float | str | Formula | None]) -> list[Change]:
    rows = _rows(worksheet)
    return [
        change
        for name, value in expected.items()
        if name in rows and worksheet.value(rows[name], VALUE) != value
        for change in placing.put(worksheet, rows[name], {VALUE: value})
    ]


def _rows(worksheet: Worksheet) -> dict[str, int]:
    rows: dict[str, int] = {}
    place = worksheet.at(NAME)
    for row in sorted(row for row, column in worksheet.cells if column == place):
        if (name := worksheet.text(row, place)) in _ORDER:
            rows.setdefault(name, row)
    return rows


def _of_period(period: ReviewPeriod) -> dict[str, NewCell]:
    days = f"{period.first_day:%d-%m-%Y} to {period.last_day:%d-%m-%Y}"
    return {
        PERIOD: NewCell(period.name, styles.VALUE),
        FIRST_DAY: NewCell(serial.from_date(period.first_day), styles.DAY_VALUE),
        LAST_DAY: NewCell(serial.from_date(period.last_day), styles.DAY_VALUE),
        DAYS: NewCell(days, styles.VALUE),
    }


def _settings(
    period: ReviewPeriod, parameters: Parameters, shared_with: str, at: Places
) -> list[Mapping[Column, NewCell]]:
    site, through = at.column(sites_sheet.SITE), at.column(sites_sheet.COMPLETE_THROUGH)
    complete = (
        f"=IF(OR(COUNT({through})=0,COUNT({through})<COUNTA({site})-{len(at.lines(SITES))}),"
        f'"not all sites have reported yet",MIN({through}))'
    )
    values = {
        **_of_period(period),
        COMPLETE: NewCell(Formula(complete), styles.DAY_VALUE),
        GRACE: NewCell(parameters.grace_s / 60, styles.HR_NUMBER),
        OVERTIME: NewCell(parameters.overtime_after_s / 3600, styles.HR_NUMBER),
        FINALISED: NewCell(YES if parameters.finalised else NO, styles.HR_VALUE),
        SHARED: NewCell(shared_with or None, styles.VALUE),
    }
    return [
        {
            NAME: NewCell(name, styles.NAME),
            VALUE: values[name],
            MEANING: NewCell(_SETTINGS[name], styles.WRAPPED),
            AS_SET: NewCell(parameters.kept_on or None if name == FINALISED else _set(parameters).get(name)),
        }
        for name in _ORDER
    ]


def _section(title: str, lines: Mapping[str, str]) -> list[dict[Column, NewCell]]:
    blank = NewCell(None, styles.HEADER)
    return [
        {NAME: NewCell(title, styles.HEADER), VALUE: blank, MEANING: blank},
        *(
            {NAME: NewCell(name, _LOOKS.get(name, styles.NAME)), MEANING: NewCell(text, styles.WRAPPED)}
            for name, text in lines.items()
        ),
    ]


_SETTINGS = {
    PERIOD: "The days that this workbook is about. It gets each punch of these days by itself.",
    FIRST_DAY: "A night shift counts for the day on which it began.",
    LAST_DAY: "Days of the same week that lie outside are grey: other period.",
    DAYS: "The same in one line.",
    COMPLETE: "Up to this day nothing can be missing any more. Until then nobody is called absent.",
    GRACE: "A check-in is late when it is later than the cut-off time plus these minutes. The weekly penalty is about "
    "the cut-off time itself. Both judge working days only: nobody is late on a weekend or a holiday.",
    OVERTIME: "Hours of a day beyond these count as overtime; the month's sum is cut to the minute.",
    FINALISED: "Type yes when the month is paid. Within a quarter of an hour its numbers are then kept as they are: "
    "whatever is typed, set or punched later changes nothing here, and is listed in Since Finalised.",
    SHARED: "Who can open this workbook, by the settings of the Review Periods spreadsheet.",
}

_STEPS = {
    f"1. {EXCEPTIONS}": "Look at what is open there; grey lines need nobody. What to do stands beside each line. State "
    "becomes resolved by itself, or type resolved over it.",
    f"2. {CORRECTIONS}": "Type a forgotten time, leave, or the waiver of a penalty: one line each. It counts at once "
    "in all worksheets, and Status says so, or what is wrong with it. Raw data never changes.",
    f"3. {MONTHLY}": f"Days, hours, overtime and penalties of each person, for payroll. {WORKING_TIME}, where there "
    "are shifts, has expected hours and balances.",
    f"4. {FINALISED}": "Type yes beside it, in the green cell above, when the month is right and paid.",
    "You may": "sort, filter, colour, insert and move columns, rename worksheets. A time typed straight into "
    f"{DAILY} stays, too; {CORRECTIONS} is better, as it says who and why. The cut-off times in {WEEKLY} are "
    "yours to change.",
}

_TIMES = {
    "Whole minutes": "A punch counts with the minute shown: 8:59:59 is 8:59. Hours are check-out minus check-in as "
    "shown, minus breaks (their sum, to the nearest minute). So days, weeks and months add up. Raw data keeps seconds.",
    "Typed times": "In Corrections 17:30, 17.30, 17h30, 1730, 17 and 5:30 pm are understood. A check-out before "
    f"{dc.NIGHT_ENDS_H}:00, or before the day begins at the person's site, is of the night after; "
    "type date and time where that is not meant.",
    "Long days": f"More than {dc.MOST_HOURS} hours in a day are nearly always a slip; with a shift, more than "
    f"{dc.MOST_HOURS_PLANNED}, and than {dc.MOST_BEYOND} beyond its own. They count, and the day reads "
    f"{dc.CHECK_HOURS}. A note in Corrections says that they are right.",
}

_STATES = {
    dc.PRESENT: "Check-in and check-out are there.",
    dc.LATE: "The check-in of a working day was after cut-off time and grace minutes.",
    f"{dc.PRESENT}, {dc.LEFT_EARLY}": "The check-out was before the end of the shift, and the minutes of grace at the "
    "end.",
    dc.MISSING_OUT: "No check-out, and none can come any more. Type it into Corrections.",
    dc.MISSING_IN: "A check-out without a check-in. Type the check-in into Corrections.",
    dc.CHECK_TIMES: "The check-out is before the check-in, or a time is no time. Correct it.",
    dc.CHECK_HOURS: "More hours than are likely, or fewer than none. Correct the times, or type a note.",
    dc.ABSENT: "A working day without a punch, and all data of the site is here.",
    dc.LEAVE: "It was entered in Corrections; (sick) names its kind. Hours that were worked all the same count. Half a "
    "day of it stands beside what the other half was, such as present, half vacation.",
    dc.NOT_EMPLOYED: "A working day before First Day or after Last Day of Cut Off Times, without a punch. Nothing is "
    "missed. Punches of such a day show and count as on any other; so do times and leave in Corrections.",
    dc.HOLIDAY: "Its name stands below the date. Hours that were worked all the same count.",
    dc.WEEKEND: "A day of the weekend, as Settings of Review Periods has it, without a punch.",
    dc.DAY_OFF: "A day on which the person does not work by Roster. Hours that were worked all the same count.",
    dc.OPEN: "Checked in; the check-out may still come.",
    dc.NO_DATA: "The site's data does not reach to this day yet.",
}
_LOOKS = {
    dc.LATE: styles.LATE_WORD,
    dc.MISSING_OUT: styles.OPEN_WORD,
    dc.MISSING_IN: styles.OPEN_WORD,
    dc.CHECK_TIMES: styles.OPEN_WORD,
    dc.CHECK_HOURS: styles.OPEN_WORD,
    dc.ABSENT: styles.LATE_WORD,
    dc.LEAVE: styles.LEAVE_WORD,
    dc.NOT_EMPLOYED: styles.QUIET_WORD,
    dc.HOLIDAY: styles.HOLIDAY_WORD,
    dc.WEEKEND: styles.QUIET_WORD,
    dc.DAY_OFF: styles.QUIET_WORD,
    dc.OPEN: styles.QUIET_WORD,
    dc.NO_DATA: styles.QUIET_WORD,
}
"""Of words that are coloured where they stand."""

_WORKSHEETS = {
    DAILY: "Check-in, check-out and hours of each person and day. A check-in in red is late; of people with shifts "
    f"{MONTHLY} says it.",
    WEEKLY: "The mean check-in of each week's working days, the hours of all days, and a penalty (1) when the mean is "
    "later than the cut-off time; with shifts, when check-ins are later than their Start on average.",
    f"{WORKING_TIME}, {PLAN}": "Of people with shifts: hours expected and worked, balances, night hours; and which "
    "shift is planned.",
    f"{AMENDMENTS}, {SINCE}": "Of a month that is finalised: punches that came later, and what they and others would "
    "change.",
    f"{RAW_PREFIX}…": "Every punch as the machine recorded it, once. Never edit it.",
    SITES: "How each office's machine is, and how far its data reaches.",
}

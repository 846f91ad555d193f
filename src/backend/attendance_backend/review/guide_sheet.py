"""``Guide``: how to read the workbook, and the few settings by which its formulas count.

Column A names a thing, B holds it, C explains it. HR may change Grace, Overtime Beyond and Finalised here; the other
values are written by the program. Formulas refer to the cells in column B; the program finds them by their names.
A hidden column D holds what the program wrote into B last, so that it knows what HR changed.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from attendance_backend.review import formulas, sites_sheet
from attendance_backend.review.names import (
    CORRECTIONS,
    DAILY,
    EXCEPTIONS,
    GUIDE,
    GUIDE_ID,
    MONTHLY,
    RAW_PREFIX,
    SITES,
    WEEKLY,
)
from attendance_backend.sheet import serial, styles
from attendance_backend.sheet.changes import (
    AddWorksheet,
    Block,
    Change,
    Formula,
    NewCell,
    OfferChoices,
    Row,
    SetColumns,
    Style,
    WarnBeforeEdit,
    WriteCells,
)
from attendance_backend.sheet.grid import Area, Worksheet
from attendance_contracts import ReviewPeriod

NAME, VALUE, MEANING, AS_SET = range(4)
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
_FIRST_ROW = 2
FIRST_CELL, LAST_CELL, DAYS_CELL, COMPLETE_CELL, GRACE_CELL, OVERTIME_CELL = (
    f"'{GUIDE}'!$B${_FIRST_ROW + 1 + _ORDER.index(name)}"
    for name in (FIRST_DAY, LAST_DAY, DAYS, COMPLETE, GRACE, OVERTIME)
)
"""For formulas of other worksheets."""

YES, NO = "yes", "no"
AREAS = (Area(GUIDE, end_row=_FIRST_ROW + len(_ORDER) + 20, end_column=AS_SET + 1),)
"""What must be read for `read` and `update`; with some rows to spare for those that HR adds."""

DEFAULT_OVERTIME_AFTER_S = 8 * 3600
_DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Parameters:
    """By what the formulas count.

    Attributes:
        finalised: HR has closed the period: punches that come now must not change it.
        grace_s: so long after the cut-off time a check-in is not late yet.
        overtime_after_s: hours of a day beyond it are overtime.
    """

    finalised: bool = False
    grace_s: int = 0
    overtime_after_s: int = DEFAULT_OVERTIME_AFTER_S


def create(period: ReviewPeriod, parameters: Parameters, shared_with: str = "") -> list[Change]:
    """The whole worksheet."""
    rows: list[Row] = [
        (NewCell("How to read this workbook", styles.TITLE),),
        (NewCell("HR may change the cells in green.", styles.HINT),),
        *_settings(period, parameters, shared_with),
        (),
        *_section("What to do", _STEPS),
        (),
        *_section("What the words of a day mean", _STATES),
        (),
        *_section("The worksheets", _WORKSHEETS),
    ]
    first, end = _FIRST_ROW + _ORDER.index(GRACE), _FIRST_ROW + _ORDER.index(FINALISED) + 1
    free = Block(first, end, VALUE, VALUE + 1)
    return [
        AddWorksheet(
            GUIDE_ID, GUIDE, row_count=len(rows), column_count=AS_SET + 1, tab_color=styles.QUIET_TAB
        ),
        WriteCells(GUIDE_ID, 0, 0, tuple(rows)),
        SetColumns(GUIDE_ID, NAME, NAME + 1, 220),
        SetColumns(GUIDE_ID, VALUE, VALUE + 1, 200),
        SetColumns(GUIDE_ID, MEANING, MEANING + 1, 720),
        SetColumns(GUIDE_ID, AS_SET, AS_SET + 1, hidden=True),
        OfferChoices(GUIDE_ID, Block(end - 1, end, VALUE, VALUE + 1), (NO, YES), strict=True),
        WarnBeforeEdit(
            GUIDE_ID, "Kept by the program. Grace, overtime and Finalised are HR's to change.", (free,)
        ),
    ]


def read(worksheet: Worksheet) -> Parameters:
    """The parameters; a default for each that is missing or makes no sense."""
    rows = _rows(worksheet)
    finalised = worksheet.text(rows[FINALISED], VALUE).casefold() == YES if FINALISED in rows else False
    grace_s, overtime_after_s = _seconds(worksheet, GRACE, VALUE), _seconds(worksheet, OVERTIME, VALUE)
    return Parameters(
        finalised,
        0 if grace_s is None else grace_s,
        DEFAULT_OVERTIME_AFTER_S if overtime_after_s is None else overtime_after_s,
    )


def as_set(worksheet: Worksheet, name: str) -> int | None:
    """Grace or overtime in seconds, as it was last set for all workbooks, whatever HR typed in this one."""
    return _seconds(worksheet, name, AS_SET)


def _seconds(worksheet: Worksheet, name: str, column: int) -> int | None:
    row, unit_s = _rows(worksheet).get(name), {GRACE: 60, OVERTIME: 3600}[name]
    value = None if row is None else worksheet.number(row, column)
    return None if value is None or not 0 <= value * unit_s <= _DAY_S else round(value * unit_s)


def update_period(worksheet: Worksheet, period: ReviewPeriod) -> list[Change]:
    """What the program says of the period, where it differs from what stands there."""
    wanted = {name: cell.value for name, cell in _of_period(period).items()}
    return _differing(worksheet, wanted)


def update_parameters(worksheet: Worksheet, parameters: Parameters) -> list[Change]:
    """Grace and overtime as they were set for all workbooks, where HR has not typed another value in this one."""
    rows = _rows(worksheet)
    changes: list[Change] = []
    for name, wanted in _set(parameters).items():
        row = rows.get(name)
        if row is None or worksheet.value(row, AS_SET) == wanted:
            continue
        is_ours = worksheet.value(row, VALUE) == worksheet.value(row, AS_SET)
        columns = (VALUE, AS_SET) if is_ours else (AS_SET,)
        changes += [WriteCells(GUIDE_ID, row, column, ((NewCell(wanted),),)) for column in columns]
    return changes


def _set(parameters: Parameters) -> dict[str, float]:
    return {GRACE: parameters.grace_s / 60, OVERTIME: parameters.overtime_after_s / 3600}


def update_shared(worksheet: Worksheet, shared_with: str) -> list[Change]:
    """With whom the workbook is shared."""
    return _differing(worksheet, {SHARED: shared_with or None})


def _differing(worksheet: Worksheet, wanted: dict[str, float | str | Formula | None]) -> list[Change]:
    rows = _rows(worksheet)
    return [
        WriteCells(GUIDE_ID, rows[name], VALUE, ((NewCell(value),),))
        for name, value in wanted.items()
        if name in rows and worksheet.value(rows[name], VALUE) != value
    ]


def _rows(worksheet: Worksheet) -> dict[str, int]:
    rows: dict[str, int] = {}
    for row in range(worksheet.end_row()):
        if (name := worksheet.text(row, NAME)) in _ORDER:
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


def _settings(period: ReviewPeriod, parameters: Parameters, shared_with: str) -> list[Row]:
    site, through = (
        formulas.column_of(SITES, column) for column in (sites_sheet.SITE, sites_sheet.COMPLETE_THROUGH)
    )
    complete = (
        f"=IF(OR(COUNT({through})=0,COUNT({through})<COUNTA({site})-{sites_sheet.HEADER_ROWS}),"
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
        (
            NewCell(name, styles.NAME),
            values[name],
            NewCell(_SETTINGS[name], styles.WRAPPED),
            NewCell(_set(parameters).get(name)),
        )
        for name in _ORDER
    ]


def _section(title: str, lines: Sequence[tuple[str, str, Style]]) -> list[Row]:
    header = tuple(NewCell(text, styles.HEADER) for text in (title, None, None))
    return [
        header,
        *((NewCell(name, style), NewCell(), NewCell(text, styles.WRAPPED)) for name, text, style in lines),
    ]


_SETTINGS = {
    PERIOD: "The days that this workbook is about. It gets each punch of these days by itself.",
    FIRST_DAY: "A night shift counts for the day on which it began.",
    LAST_DAY: "Days of the same week that lie outside are grey: other period.",
    DAYS: "The same in one line.",
    COMPLETE: "Up to this day nothing can be missing any more. Until then nobody is called absent.",
    GRACE: "A check-in is late when it is later than the cut-off time plus these minutes. The weekly penalty is about "
    "the cut-off time itself.",
    OVERTIME: "Hours of a day beyond these count as overtime.",
    FINALISED: "Type yes when the month is paid. Punches that turn up after that change nothing here; they are listed "
    "in Amendments.",
    SHARED: "Who can open this workbook, by the settings of the Review Periods spreadsheet.",
}

_STEPS = (
    (
        f"1. {EXCEPTIONS}",
        (
            "Look at what is open there. What to do stands beside each line. State becomes resolved by itself, or type "
            "resolved over it."
        ),
        styles.NAME,
    ),
    (
        f"2. {CORRECTIONS}",
        (
            "Type a forgotten time, leave, or the waiver of a penalty: one line each. It counts at once in all "
            "worksheets, and Status says so, or what is wrong with it. Raw data never changes."
        ),
        styles.NAME,
    ),
    (
        f"3. {MONTHLY}",
        "Days, hours, overtime and penalties of each person, for payroll.",
        styles.NAME,
    ),
    (
        "You may",
        (
            "sort, filter, colour, and add columns at the right. A time typed straight into "
            f"{DAILY} stays, too; {CORRECTIONS} is better, as it says who and why. The cut-off times in {WEEKLY} are "
            "yours to change."
        ),
        styles.NAME,
    ),
)

_STATES: tuple[tuple[str, str, Style], ...] = (
    ("present", "Check-in and check-out are there.", styles.NAME),
    ("late", "The check-in was after the cut-off time and the grace minutes.", styles.LATE_WORD),
    ("missing out", "No check-out, and none can come any more. Type it into Corrections.", styles.OPEN_WORD),
    ("missing in", "A check-out without a check-in. Type the check-in into Corrections.", styles.OPEN_WORD),
    (
        "check the times",
        "The check-out is before the check-in, or a time is no time. Correct it.",
        styles.OPEN_WORD,
    ),
    ("absent", "A working day without a punch, and all data of the site is here.", styles.LATE_WORD),
    ("leave", "HR entered leave. Hours that were worked all the same count.", styles.LEAVE_WORD),
    (
        "not employed",
        (
            "A working day before First Day or after Last Day of Cut Off Times, without a punch. Nothing is missed. "
            "Punches of such a day show and count as on any other; so do times and leave in Corrections."
        ),
        styles.QUIET_WORD,
    ),
    (
        "holiday",
        "Its name stands below the date. Hours that were worked all the same count.",
        styles.HOLIDAY_WORD,
    ),
    ("weekend", "Saturday or Sunday without a punch.", styles.QUIET_WORD),
    ("open", "Checked in; the check-out may still come.", styles.QUIET_WORD),
    ("no data yet", "The site's data does not reach to this day yet.", styles.QUIET_WORD),
)

_WORKSHEETS = (
    (
        DAILY,
        "Check-in, check-out and hours of each person and day. A check-in in red is late.",
        styles.NAME,
    ),
    (
        WEEKLY,
        "The mean check-in of each week, its hours, and a penalty (1) when the mean is later than the cut-off time.",
        styles.NAME,
    ),
    (f"{RAW_PREFIX}…", "Every punch as the machine recorded it, once. Never edit it.", styles.NAME),
    (SITES, "How each office's machine is, and how far its data reaches.", styles.NAME),
)

"""``Exceptions``: what a person should look at, newest last. Only ever appended to; the program never reads it.

    When | Site | Who | What | What to do (3 open) | State

State is a formula (`exception_state`). What is about a person's day is *resolved* when ``Monthly Summary`` no longer
says it of that day, or when HR wrote a note (or, for a late check-in, waived the penalty) in ``Corrections``; somebody
unknown when the person is in the workbook. *for information* (somebody was late) needs nobody. Everything else stays
*open* until HR types over it. HR may delete rows and add columns at the right.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from attendance_backend.review import exception_state, formulas
from attendance_backend.review.corrections_sheet import PREPARED_ROWS
from attendance_backend.review.exception_state import (
    ABSENT,
    LATE,
    MISSING_IN,
    MISSING_OUT,
    TO_DO,
    TO_KNOW,
    UNKNOWN,
)
from attendance_backend.review.names import EXCEPTIONS, EXCEPTIONS_ID, MONTHLY
from attendance_backend.sheet import serial, styles
from attendance_backend.sheet.changes import (
    AddNote,
    AddRows,
    AddWorksheet,
    Block,
    Change,
    Formula,
    NewCell,
    Row,
    SetColumns,
    WarnBeforeEdit,
    WriteCells,
)
from attendance_backend.sheet.grid import Area, Spreadsheet, Worksheet

WHEN, SITE, WHO, WHAT, REMEDY, STATE, USER, DAY, KIND = range(9)
HEADERS = ("When", "Site", "Who", "What", "What to do", "State", "User", "Day", "Kind")
HEADER_ROWS = 1
AREAS = (Area.of_rows(EXCEPTIONS, 0, HEADER_ROWS + 1), Area.of_rows(MONTHLY, 0, 1))
"""What must be read to append."""

_WIDTHS = (140, 110, 160, 310, 440, 110)


@dataclass(frozen=True, slots=True)
class Entry:
    """One row.

    Attributes:
        when: wall time at the site.
        user: `user_key` of whom it is about; empty for nobody in particular.
        day: the business day it is about; None for none.
        kind: what State goes by.
    """

    when: datetime
    site: str
    who: str
    what: str
    remedy: str
    user: str = ""
    day: date | None = None
    kind: str = TO_DO


def create() -> list[Change]:
    """The worksheet, empty but for its header."""
    header = [NewCell(text, styles.HEADER) for text in HEADERS]
    header[REMEDY] = NewCell(remedy_header(), styles.HEADER)
    note = "resolved by itself when it no longer holds, or type resolved over it."
    return [
        AddWorksheet(
            EXCEPTIONS_ID,
            EXCEPTIONS,
            row_count=HEADER_ROWS + 1,
            column_count=len(HEADERS),
            frozen_rows=HEADER_ROWS,
            tab_color=styles.LOOK_TAB,
        ),
        WriteCells(EXCEPTIONS_ID, 0, 0, (tuple(header),)),
        *(SetColumns(EXCEPTIONS_ID, column, column + 1, pixels) for column, pixels in enumerate(_WIDTHS)),
        SetColumns(EXCEPTIONS_ID, USER, len(HEADERS), hidden=True),
        AddNote(EXCEPTIONS_ID, 0, STATE, note),
        WarnBeforeEdit(
            EXCEPTIONS_ID,
            "Kept by the program. Delete a row, or type resolved into State, when it is done with.",
            (Block(HEADER_ROWS, None, STATE, STATE + 1),),
        ),
        *exception_state.highlights(EXCEPTIONS_ID, HEADER_ROWS, STATE),
    ]


def remedy_header() -> Formula:
    """Says how much is still open: most lines need nobody, and the open ones are easily lost among them."""
    count = f'COUNTIF({formulas.own_column(STATE)},"{exception_state.OPEN}")'
    return Formula(f'="{HEADERS[REMEDY]} ("&{count}&" open)"')


def append(workbook: Spreadsheet, entries: Sequence[Entry]) -> list[Change]:
    """Add rows behind the last row of the grid.

    Args:
        workbook: as `AREAS` names it.
        entries: in the order of their rows.
    """
    if not entries:
        return []
    worksheet = workbook.worksheet(EXCEPTIONS)
    days = _day_columns(workbook.find(MONTHLY))
    # Below a header that is frozen there must be a row; at first it is blank, unless somebody typed into it.
    is_new = worksheet.row_count == HEADER_ROWS + 1 and all(row != HEADER_ROWS for row, _ in worksheet.cells)
    first = worksheet.row_count - is_new
    rows = tuple(_row(entry, days) for entry in entries)
    growth: list[Change] = [AddRows(worksheet.sheet_id, len(rows) - is_new)] if len(rows) > is_new else []
    return [*growth, WriteCells(worksheet.sheet_id, first, 0, rows)]


def _day_columns(monthly: Worksheet | None) -> dict[date, int]:
    if monthly is None:
        return {}
    found = {column: monthly.number(0, column) for column, _ in monthly.row(0)}
    return {serial.to_date(number): column for column, number in found.items() if number is not None}


def _row(entry: Entry, days: dict[date, int]) -> Row:
    is_day = entry.when.time() == time()
    return (
        NewCell(serial.from_datetime(entry.when), styles.DAY_CELL if is_day else styles.MOMENT),
        NewCell(entry.site, styles.PLAIN),
        NewCell(entry.who, styles.NAME),
        NewCell(entry.what, styles.WRAPPED),
        NewCell(entry.remedy, styles.WRAPPED),
        NewCell(exception_state.state_of(entry.kind, entry.user, entry.day, days), styles.NAME),
        NewCell(formulas.token_of(entry.user) if entry.user else None, styles.PLAIN),
        NewCell(None if entry.day is None else serial.from_date(entry.day), styles.DAY_CELL),
        NewCell(entry.kind, styles.PLAIN),
    )


def unknown_user(when: datetime, site: str, who: str, user: str = "") -> Entry:
    """Punches of somebody whom HR does not keep in Cut Off Times."""
    what = "Not in Cut Off Times: the punches stand in the raw data only"
    remedy = (
        "Add the person to Cut Off Times, with an e-mail address that begins with the user name on the machine. "
        "The next punch, or the next day, then adds the person here, earlier punches included."
    )
    return Entry(when, site, who, what, remedy, user=user, kind=UNKNOWN)


def unnamed_user(when: datetime, site: str, user_id: str) -> Entry:
    """Punches of a user ID without a name on the machine, which HR does not keep either."""
    what = "No user name on the machine: the punches stand in the raw data only"
    remedy = (
        f"Type {user_id} into Device User ID of the person in Cut Off Times, or give the user a name on the machine: "
        "the one that the e-mail address begins with."
    )
    return Entry(when, site, f"User ID {user_id}", what, remedy)


def hired(when: datetime, site: str, who: str, user: str) -> Entry:
    """Somebody was added in mid-period."""
    what = "New in this workbook since the first punch"
    remedy = (
        "Nothing, if name and cut-off time are right. If the days before count as absent: type First Day into Cut Off "
        "Times."
    )
    return Entry(when, site, who, what, remedy, user=user, day=when.date(), kind=TO_KNOW)


def missing_out(day: date, site: str, who: str, user: str) -> Entry:
    """A check-in without a check-out on a day of which all data is here."""
    what = f"No check-out on {_named(day)}"
    remedy = "Ask the person, and type the check out into Corrections."
    return Entry(_midnight(day), site, who, what, remedy, user=user, day=day, kind=MISSING_OUT)


def missing_in(day: date, site: str, who: str, user: str) -> Entry:
    """A check-out without a check-in."""
    what = f"No check-in on {_named(day)}"
    remedy = "Ask the person, and type the check in into Corrections."
    return Entry(_midnight(day), site, who, what, remedy, user=user, day=day, kind=MISSING_IN)


def late(day: date, site: str, who: str, user: str, *, by_minutes: int) -> Entry:
    """A check-in later than the cut-off time and the grace minutes; `by_minutes` as the worksheets show the times."""
    length = f"{by_minutes} min" if by_minutes else "Less than a minute"
    what = f"{length} after the cut-off time on {_named(day)}"
    remedy = "Nothing; to excuse it, type a note into Corrections."
    return Entry(_midnight(day), site, who, what, remedy, user=user, day=day, kind=LATE)


def absent(day: date, site: str, who: str, user: str) -> Entry:
    """No punch on a working day of which all data is here."""
    what = f"No punch on {_named(day)}"
    remedy = "Type leave or times into Corrections, or Last Day into Cut Off Times."
    return Entry(_midnight(day), site, who, what, remedy, user=user, day=day, kind=ABSENT)


def double_tap(day: date, site: str, who: str, user: str) -> Entry:
    """Punches of a person within seconds, which count once."""
    what = f"Punches within seconds of each other on {_named(day)}, counted as one"
    remedy = "Nothing, unless the second one was meant as check out: then type it into Corrections."
    return Entry(_midnight(day), site, who, what, remedy, user=user, day=day, kind=TO_KNOW)


def ambiguous_hour(day: date, site: str, who: str, user: str) -> Entry:
    """A punch in the hour that the clock shows twice when summer time ends."""
    what = f"A punch of {_named(day)} in the hour that came twice, as the clocks went back: the hours may be one off"
    remedy = "Ask the person, and type the check in or check out into Corrections if an hour is missing or too many."
    return Entry(_midnight(day), site, who, what, remedy, user=user, day=day, kind=TO_DO)


def two_time_zones(day: date, site: str, who: str, user: str) -> Entry:
    """A day with punches at sites whose clocks differ."""
    what = f"Punches of {_named(day)} at sites whose clocks differ: the hours are not exact"
    remedy = "Type check in and check out as one of the two clocks shows them into Corrections."
    return Entry(_midnight(day), site, who, what, remedy, user=user, day=day, kind=TO_DO)


def amended(when: datetime, site: str, count: int) -> Entry:
    """Punches that came after HR closed the period."""
    punches = "1 punch" if count == 1 else f"{count} punches"
    what = f"{punches} came after this period was finalised"
    remedy = "Look at Amendments. Nothing else has changed; settle it with the next period, or with payroll."
    return Entry(when, site, "", what, remedy, kind=TO_DO)


def machine_clock(when: datetime, site: str, offset_s: int) -> Entry:
    """The machine's clock is wrong: its punches bear wrong times."""
    direction = "ahead" if offset_s > 0 else "behind"
    what = f"The machine's clock is {_length(abs(offset_s))} {direction}: its punches bear wrong times"
    remedy = "Set the clock on the machine, and type the right times into Corrections where it matters."
    return Entry(when, site, "", what, remedy, kind=TO_DO)


def machine_memory(when: datetime, site: str, used: float) -> Entry:
    """The machine's memory fills up; `used` is a share, 0 to 1."""
    what = f"The machine's memory is {used:.0%} full; a full machine stops recording, or overwrites"
    remedy = "Have the records cleared on the machine once they are here (Sites: backlog 0)."
    return Entry(when, site, "", what, remedy, kind=TO_DO)


def corrections_nearly_full(when: datetime, site: str, used: int) -> Entry:
    """Few prepared rows are left in Corrections."""
    what = f"{used} of the {PREPARED_ROWS} rows of Corrections are in use"
    remedy = "Delete rows there that say nothing any more. Rows behind the last one do not count."
    return Entry(when, site, "", what, remedy, kind=TO_DO)


def no_place(when: datetime, site: str, who: str, day: date) -> Entry:
    """The workbook lacks the column of a punch's day."""
    what = f"{_named(day)} has no column in this workbook: the punches stand in the raw data only"
    remedy = "Have `attendance-backend refresh` run, which restores what is missing."
    return Entry(when, site, who, what, remedy, day=day, kind=TO_DO)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time())


def _named(day: date) -> str:
    return f"{day:%a} {day:%d-%m-%Y}"


def _length(seconds: int) -> str:
    if seconds < 2 * 3600:
        return f"{round(seconds / 60)} min" if seconds >= 120 else f"{seconds} s"
    if seconds < 2 * 86_400:
        return f"{round(seconds / 3600)} hours"
    return f"{round(seconds / 86_400)} days"

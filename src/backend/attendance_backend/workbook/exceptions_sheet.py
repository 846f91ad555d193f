"""``Exceptions``: what a person should look at, newest last. Only ever appended to, and never read by the program.

    When | Site | Who | What | What to do | State

State is a formula. What is about a person's day is *resolved* when ``Monthly Summary`` no longer says it of that day,
or when HR wrote a note (or, for a late check-in, waived the penalty) in ``Corrections``; an unknown user when the
person is in the workbook; *for information* needs nobody. Everything else stays *open* until HR types over it.
HR may delete rows and add columns at the right.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from attendance_backend.sheet import serial, styles
from attendance_backend.sheet.changes import (
    AddNote,
    AddRows,
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
from attendance_backend.sheet.grid import Area, Spreadsheet, Worksheet
from attendance_backend.workbook import corrections_sheet, formulas, monthly_columns
from attendance_backend.workbook.names import EXCEPTIONS, EXCEPTIONS_ID, MONTHLY

WHEN, SITE, WHO, WHAT, REMEDY, STATE, USER, DAY, KIND = range(9)
HEADERS = ("When", "Site", "Who", "What", "What to do", "State", "User", "Day", "Kind")
HEADER_ROWS = 1
OPEN, RESOLVED, INFORMATION = "open", "resolved", "for information"

LATE, ABSENT, MISSING_OUT, MISSING_IN = "late", "absent", "missing out", "missing in"
DAY_STATES = (LATE, ABSENT, MISSING_OUT, MISSING_IN)
"""Kinds that are words of ``Monthly Summary``, too, and are resolved when they no longer stand there."""
UNKNOWN, TO_KNOW, TO_DO = "unknown user", "to know", "to do"

AREAS = (Area.of_rows(EXCEPTIONS, 0, 1), Area.of_rows(MONTHLY, 0, 1))
"""What must be read to append."""

_WIDTHS = (140, 110, 160, 300, 430, 110)


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
    header = tuple(NewCell(text, styles.HEADER) for text in HEADERS)
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
        WriteCells(EXCEPTIONS_ID, 0, 0, (header,)),
        *(SetColumns(EXCEPTIONS_ID, column, column + 1, pixels) for column, pixels in enumerate(_WIDTHS)),
        SetColumns(EXCEPTIONS_ID, USER, len(HEADERS), hidden=True),
        AddNote(EXCEPTIONS_ID, 0, STATE, note),
        WarnBeforeEdit(
            EXCEPTIONS_ID,
            "Kept by the program. Delete a row, or type resolved into State, when it is done with.",
            (Block(HEADER_ROWS, None, STATE, STATE + 1), Block(0, None, len(HEADERS), None)),
        ),
        *_highlights(),
    ]


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
    first = worksheet.row_count
    rows = tuple(_row(entry, days) for entry in entries)
    return [AddRows(worksheet.sheet_id, len(rows)), WriteCells(worksheet.sheet_id, first, 0, rows)]


def _day_columns(monthly: Worksheet | None) -> dict[date, int]:
    if monthly is None:
        return {}
    found = {column: monthly.number(0, column) for column, _ in monthly.row(0)}
    return {serial.to_date(number): column for column, number in found.items() if number is not None}


def _row(entry: Entry, days: dict[date, int]) -> Row:
    return (
        NewCell(serial.from_datetime(entry.when), styles.MOMENT_TOP),
        NewCell(entry.site, styles.PLAIN_TOP),
        NewCell(entry.who, styles.NAME_TOP),
        NewCell(entry.what, styles.WRAPPED),
        NewCell(entry.remedy, styles.WRAPPED),
        NewCell(_state(entry, days), styles.NAME_TOP),
        NewCell(formulas.token_of(entry.user) if entry.user else None, styles.PLAIN),
        NewCell(None if entry.day is None else serial.from_date(entry.day), styles.DAY_CELL),
        NewCell(entry.kind, styles.PLAIN),
    )


def _state(entry: Entry, days: dict[date, int]) -> str | Formula:
    tokens = formulas.column_of(MONTHLY, monthly_columns.TOKEN)
    row = f"MATCH({formulas.exact(formulas.token_of(entry.user))},{tokens},0)"
    if entry.kind == TO_KNOW:
        return INFORMATION
    if entry.kind == UNKNOWN and entry.user:
        return Formula(f'=IF(ISNUMBER({row}),"{RESOLVED}","{OPEN}")')
    if entry.kind not in DAY_STATES or entry.day not in days or not entry.user:
        return OPEN
    cell = f"INDEX({formulas.column_of(MONTHLY, days[entry.day])},{row})"
    settling = [corrections_sheet.NOTE, *([corrections_sheet.WAIVE] if entry.kind == LATE else [])]
    tests = [f'ISERROR(SEARCH("{entry.kind}",{cell}))']
    for kind in settling:
        key = f"{corrections_sheet.group_of(kind, entry.user)} {serial.from_date(entry.day):.0f}"
        tests.append(f"ISNUMBER(MATCH({formulas.exact(key)},{corrections_sheet.KEY_COLUMN},0))")
    return Formula(f'=IF(OR({",".join(tests)}),"{RESOLVED}","{OPEN}")')


def _highlights() -> list[Change]:
    state = f"${'ABCDEFGHI'[STATE]}{HEADER_ROWS + 1}"
    done = Formula(f'=OR({state}="{RESOLVED}",{state}="{INFORMATION}")')
    opened = Formula(f'={state}="{OPEN}"')
    return [
        HighlightWhen(EXCEPTIONS_ID, HEADER_ROWS, 0, done, None, styles.FADED, end_column=STATE + 1),
        HighlightWhen(
            EXCEPTIONS_ID,
            HEADER_ROWS,
            STATE,
            opened,
            styles.LATE_BACKGROUND,
            styles.LATE_TEXT,
            end_column=STATE + 1,
        ),
    ]

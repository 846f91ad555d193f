"""The column State of ``Exceptions``: formulas that notice by themselves when something is settled."""

from collections.abc import Mapping
from datetime import date

from attendance_backend.review import corrections_sheet, day_header, formulas, monthly_columns
from attendance_backend.review.daily_columns import (
    ABSENT,
    CHECK_HOURS,
    CHECK_TIMES,
    LATE,
    LEFT_EARLY,
    MISSING_IN,
    MISSING_OUT,
    OPEN,
)
from attendance_backend.review.formulas import Places
from attendance_backend.review.names import MONTHLY
from attendance_backend.sheet import serial, styles
from attendance_backend.sheet.a1 import cell_name
from attendance_backend.sheet.changes import Change, Formula, HighlightWhen

RESOLVED, INFORMATION = "resolved", "for information"

CONTRADICTIONS = (CHECK_TIMES, CHECK_HOURS)
DAY_STATES = (LATE, LEFT_EARLY, ABSENT, MISSING_OUT, MISSING_IN, *CONTRADICTIONS)
"""Kinds that are words of ``Monthly Summary``, too, and are resolved when they no longer stand there."""
UNKNOWN, TO_KNOW, TO_DO = "unknown user", "to know", "to do"


def days_of(at: Places) -> dict[date, int]:
    """The columns of the days in ``Monthly Summary``; none when it is not there."""
    monthly = at.sheets.get(MONTHLY)
    return {} if monthly is None else day_header.columns_by_day(monthly)


def state_of(kind: str, user: str, day: date | None, days: Mapping[date, int], at: Places) -> str | Formula:
    """What stands in State.

    Args:
        user: `user_key`, or empty.
        day: the business day it is about.
        days: the columns of the days in ``Monthly Summary``.
    """
    if kind == TO_KNOW:
        return INFORMATION
    if not user or not (kind == UNKNOWN or (kind in DAY_STATES and day in days)):
        return OPEN
    row = f"MATCH({formulas.exact(formulas.token_of(user))},{at.column(monthly_columns.TOKEN)},0)"
    if kind == UNKNOWN or day is None:
        return Formula(f'=IF(ISNUMBER({row}),"{RESOLVED}","{OPEN}")')
    cell = f"INDEX({at.fixed(MONTHLY, days[day])},{row})"
    tests = [f'ISERROR(SEARCH("{kind}",{cell}))']
    settling = [corrections_sheet.NOTE, *([corrections_sheet.WAIVE] if kind == LATE else [])]
    for correction in settling:
        key = f"{corrections_sheet.group_of(correction, user)} {serial.from_date(day):.0f}"
        tests.append(f"ISNUMBER(MATCH({formulas.exact(key)},{at.column(corrections_sheet.KEY)},0))")
    unsettled = INFORMATION if kind in (LATE, LEFT_EARLY) else OPEN
    return Formula(f'=IF(OR({",".join(tests)}),"{RESOLVED}","{unsettled}")')


def highlights(sheet_id: int, first_row: int, column: int) -> list[Change]:
    """What is settled fades; what is open stands out."""
    state = f"${cell_name(first_row, column)}"
    done = Formula(f'=OR({state}="{RESOLVED}",{state}="{INFORMATION}")')
    still = Formula(f'={state}="{OPEN}"')
    background, color = styles.LATE_BACKGROUND, styles.LATE_TEXT
    return [
        HighlightWhen(sheet_id, first_row, 0, done, None, styles.FADED, end_column=column + 1),
        HighlightWhen(sheet_id, first_row, column, still, background, color, end_column=column + 1),
    ]

"""The column State of ``Exceptions``: formulas that notice by themselves when something is settled."""

from collections.abc import Mapping
from datetime import date

from attendance_backend.review import corrections_sheet, formulas, monthly_columns
from attendance_backend.review.names import MONTHLY
from attendance_backend.sheet import serial, styles
from attendance_backend.sheet.a1 import cell_name
from attendance_backend.sheet.changes import Change, Formula, HighlightWhen

OPEN, RESOLVED, INFORMATION = "open", "resolved", "for information"

LATE, ABSENT, MISSING_OUT, MISSING_IN = "late", "absent", "missing out", "missing in"
DAY_STATES = (LATE, ABSENT, MISSING_OUT, MISSING_IN)
"""Kinds that are words of ``Monthly Summary``, too, and are resolved when they no longer stand there."""
UNKNOWN, TO_KNOW, TO_DO = "unknown user", "to know", "to do"


def state_of(kind: str, user: str, day: date | None, days: Mapping[date, int]) -> str | Formula:
    """What stands in State.

    Args:
        kind: of the exception.
        user: `user_key`, or empty.
        day: the business day it is about.
        days: the columns of the days in ``Monthly Summary``.
    """
    tokens = formulas.column_of(MONTHLY, monthly_columns.TOKEN)
    row = f"MATCH({formulas.exact(formulas.token_of(user))},{tokens},0)"
    if kind == TO_KNOW:
        return INFORMATION
    if kind == UNKNOWN and user:
        return Formula(f'=IF(ISNUMBER({row}),"{RESOLVED}","{OPEN}")')
    if kind not in DAY_STATES or not user or day is None or day not in days:
        return OPEN
    cell = f"INDEX({formulas.column_of(MONTHLY, days[day])},{row})"
    tests = [f'ISERROR(SEARCH("{kind}",{cell}))']
    settling = [corrections_sheet.NOTE, *([corrections_sheet.WAIVE] if kind == LATE else [])]
    for correction in settling:
        key = f"{corrections_sheet.group_of(correction, user)} {serial.from_date(day):.0f}"
        tests.append(f"ISNUMBER(MATCH({formulas.exact(key)},{corrections_sheet.KEY_COLUMN},0))")
    unsettled = INFORMATION if kind == LATE else OPEN
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

"""The columns of ``Weekly Summary``; apart from its formulas, because other worksheets refer to them."""

from attendance_backend.review.names import WEEKLY, WEEKLY_ID
from attendance_backend.sheet import styles
from attendance_backend.sheet.grid import Worksheet
from attendance_backend.sheet.layout import Column, Layout

EMPLOYEE = Column("employee", "Employee", 160)
USER_NAME = Column("user_name", "User Name", styles.USER_NAME_PIXELS)
CUT_OFF = Column(
    "cut_off",
    "Cut Off Time",
    100,
    note="Yours to change: it counts for this workbook alone. On days with a shift its Start, or Late After, counts "
    "instead.",
)
LABEL = Column("measure", "Measure", 120)
KEY = Column("key", "Key", hidden=True)
DAILY_ROW = Column("daily_row", "Daily Row", hidden=True)
CUT_OFF_ROW = Column("cut_off_row", "Cut Off Row", hidden=True)
WAIVED = Column("waived", "Waived", hidden=True)
HOURS_ROW = Column("hours_row", "Hours Row", hidden=True)
CUT_OFF_AS_SET = CUT_OFF_ROW
"""In a person's first row, where that column is free: what the program wrote into Cut Off Time last."""
NO_CUT_OFF = "none"
"""Stands there for a blank Cut Off Time."""
_TIMES_END = 1.5
"""In days: a cut-off time is before noon of the next day."""


def counted(cell: str, as_set: str) -> str:
    """For formulas: the cut-off time that counts. Where what HR typed into a cell is no time, what is set does."""
    return f"IF({_is_time(cell)},{cell},{as_set})"


def has_cut_off(cell: str, as_set: str) -> str:
    """For formulas: whether somebody can be late, by `counted`."""
    is_none = f'LOWER(TRIM({cell}))="{NO_CUT_OFF}"'
    return f"IF({_is_time(cell)},TRUE,IF(LEN({cell})=0,FALSE,IF({is_none},FALSE,ISNUMBER({as_set}))))"


def _is_time(cell: str) -> str:
    """9 is nine days to a spreadsheet, and 1 is 1:00 or midnight after the evening."""
    return f"IF(ISNUMBER({cell}),AND({cell}>0,{cell}<{_TIMES_END},{cell}<>1),FALSE)"


def shown_cut_off(sheet: Worksheet, row: int) -> float | None:
    """The cut-off time that stands in a row, in days; None where that is blank, a word or no time."""
    number = sheet.number(row, CUT_OFF)
    is_time = number is not None and 0 < number < _TIMES_END and number != 1
    return number if is_time or number == sheet.number(row, CUT_OFF_AS_SET) else None


def is_not_understood(sheet: Worksheet, row: int) -> bool:
    """Whether something stands there instead of a cut-off time that means none: what is set counts."""
    cell = sheet.cells.get((row, sheet.at(CUT_OFF)))
    if cell is None or shown_cut_off(sheet, row) is not None:
        return False
    text = "" if cell.value is None else str(cell.value).strip().casefold()
    return cell.is_error or text not in ("", NO_CUT_OFF)


LAYOUT = Layout(
    WEEKLY,
    WEEKLY_ID,
    (EMPLOYEE, USER_NAME, CUT_OFF, LABEL, KEY, DAILY_ROW, CUT_OFF_ROW, WAIVED, HOURS_ROW),
    frozen_columns=4,
    tab_color=styles.TIMES_TAB,
    warning="Formulas. The cut-off times are yours to change; a penalty is waived in Corrections.",
    free=(CUT_OFF,),
)
TOTAL = "Total"
AVERAGE, HOURS_WORKED, PENALTIES = "Weekly Average", "Hours Worked", "Penalties"
LABELS = (AVERAGE, HOURS_WORKED, PENALTIES)
WAIVED_WORD = "waived"
"""Stands in place of a penalty."""

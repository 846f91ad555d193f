"""The columns of ``Weekly Summary``; apart from its formulas, because other worksheets refer to them."""

from attendance_backend.review.names import WEEKLY, WEEKLY_ID
from attendance_backend.sheet import styles
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


def has_cut_off(cell: str, as_set: str) -> str:
    """For formulas: whether somebody can be late. Where what HR typed into a cell is no time, what is set counts."""
    return (
        f'IF(ISNUMBER({cell}),TRUE,IF(ISTEXT({cell}),IF(LOWER(TRIM({cell}))="{NO_CUT_OFF}",FALSE,ISNUMBER({as_set})),'
        "FALSE))"
    )


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

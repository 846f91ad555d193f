"""The columns of ``Working Time``; apart from its formulas, because all layouts are listed together."""

from attendance_backend.review.names import WORKING_TIME, WORKING_TIME_ID
from attendance_backend.sheet import styles
from attendance_backend.sheet.layout import Column, Layout


def _counted(key: str, header: str, note: str) -> Column:
    return Column(key, header, 110, note=note, header_style=styles.WEEK_HEADER)


EMPLOYEE = Column("employee", "Employee", 160)
USER_NAME = Column("user_name", "User Name", styles.USER_NAME_PIXELS)
EXPECTED = _counted(
    "expected", "Expected", "Hours of the shifts of days of which all data is here, less holidays and leave."
)
WORKED = _counted("worked", "Worked", "Hours of Monthly Summary.")
BALANCE = _counted(
    "balance", "Balance", "Worked minus Expected. Days with a missing time count as not worked."
)
LATE = _counted(
    "late", "Late (minutes)", "Of the days that read late: from the start on, grace minutes and all."
)
EARLY = _counted(
    "early",
    "Early (minutes)",
    "Of complete days: from the check-out to the end of the shift, or of its half.",
)
HALF_DAYS = _counted("half_days", "Half-Days", "Days of which half is leave.")
TOKEN = Column("user", "User", hidden=True)
MONTH_ROW = Column("month_row", "Month Row", hidden=True)
IN_ROW = Column("check_in_row", "Check In Row", hidden=True)
WORD_ROW = Column("hours_row", "Hours Row", hidden=True)
DUE_ROW = Column("due_row", "Due Row", hidden=True)
EXPECTED_ROW = Column("expected_row", "Expected Row", hidden=True)
MIDDLE_ROW = Column("middle_row", "Middle Row", hidden=True)
OUT_ROW = Column("check_out_row", "Check Out Row", hidden=True)
ENDS_ROW = Column("end_row", "End Row", hidden=True)
FIRST_HALF_ROW = Column("first_half_row", "First Half Row", hidden=True)
SHOWN = (EMPLOYEE, USER_NAME, EXPECTED, WORKED, BALANCE, LATE, EARLY, HALF_DAYS)
_HIDDEN = (
    *(TOKEN, MONTH_ROW, IN_ROW, WORD_ROW, DUE_ROW, EXPECTED_ROW, MIDDLE_ROW),
    *(OUT_ROW, ENDS_ROW, FIRST_HALF_ROW),
)
LAYOUT = Layout(
    WORKING_TIME,
    WORKING_TIME_ID,
    (*SHOWN, *_HIDDEN),
    frozen_columns=1,
    tab_color=styles.TIMES_TAB,
    warning="Formulas. Type what is to be different into Corrections, with the reason.",
)

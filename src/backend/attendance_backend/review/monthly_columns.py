"""The columns of ``Monthly Summary``; apart from its formulas, because other worksheets refer to them."""

from attendance_backend.review.names import MONTHLY, MONTHLY_ID
from attendance_backend.sheet import styles
from attendance_backend.sheet.layout import Column, Layout


def _counted(key: str, header: str, note: str = "") -> Column:
    return Column(key, header, 94, note=note, header_style=styles.WEEK_HEADER)


EMPLOYEE = Column("employee", "Employee", 160)
USER_NAME = Column("user_name", "User Name", styles.USER_NAME_PIXELS)
SITE = Column("site", "Site", 110)
GROUP = Column("group", "Staff Group", 110)
PRESENT = _counted("present", "Days Present", "Days on which the person came.")
LATE = _counted(
    "late", "Late", "Check-ins of working days after the cut-off time plus the grace minutes of Guide."
)
ABSENT = _counted(
    "absent",
    "Absent",
    "Working days without a punch or leave, once all data is here, between First Day and Last Day.",
)
ON_LEAVE = _counted("on_leave", "On Leave")
INCOMPLETE = _counted(
    "incomplete",
    "Incomplete",
    "Days with a time missing or to be checked, which have no hours until it is in Corrections, and those with hours "
    "to be checked.",
)
HOURS = _counted("hours", "Hours")
OVERTIME = _counted("overtime", "Overtime", "Hours beyond those a day has by Guide, day by day.")
PENALTIES = _counted(
    "penalties",
    "Penalties",
    "Weeks whose mean check-in on working days was later than the cut-off time, waived ones left out.",
)
TOKEN = Column("user", "User", hidden=True, below=("weekday", "kind of day"))
TOKEN_LOOKUP = Column("user_lookup", "User Lookup", hidden=True)
IN_ROW = Column("check_in_row", "Check In Row", hidden=True)
HOURS_ROW = Column("hours_row", "Hours Row", hidden=True)
LATE_AFTER = Column("late_after", "Late After", hidden=True)
WEEKENDS = TOKEN_LOOKUP
"""In whose third row the days stand that are shaded (`day_header.weekends_text`)."""
SHOWN = (
    *(EMPLOYEE, USER_NAME, SITE, GROUP),
    *(PRESENT, LATE, ABSENT, ON_LEAVE, INCOMPLETE, HOURS, OVERTIME, PENALTIES),
)
"""What people see, and payroll gets."""
LAYOUT = Layout(
    MONTHLY,
    MONTHLY_ID,
    (*SHOWN, TOKEN, TOKEN_LOOKUP, IN_ROW, HOURS_ROW, LATE_AFTER),
    header_rows=3,
    frozen_columns=1,
    tab_color=styles.TIMES_TAB,
    warning="Formulas. Type what is to be different into Corrections, with the reason.",
)

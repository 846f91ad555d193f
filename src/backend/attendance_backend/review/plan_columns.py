"""The columns of ``Plan``; apart from its formulas, because all layouts are listed together."""

from attendance_backend.review.names import PLAN, PLAN_ID
from attendance_backend.sheet import styles
from attendance_backend.sheet.layout import Column, Layout

EMPLOYEE = Column("employee", "Employee", 160)
USER_NAME = Column("user_name", "User Name", styles.USER_NAME_PIXELS)
LABEL = Column(
    "measure",
    "Measure",
    90,
    note="Shift: what is planned. The others: which of the hours of a day are beyond those of a day, at night, on a "
    "weekend, on a holiday. They may be several of it at once. Breaks are taken from other hours first.",
)
TOTAL = Column("total", "Total", 90, header_style=styles.WEEK_HEADER)
KEY = Column("key", "Key", hidden=True, below=("weekday", "kind of day"))
PLAN_ROW = Column("plan_row", "Plan Row", hidden=True)
IN_ROW = Column("check_in_row", "Check In Row", hidden=True)
OUT_ROW = Column("check_out_row", "Check Out Row", hidden=True)
HOURS_ROW = Column("hours_row", "Hours Row", hidden=True)
CLOCK_CHANGE_AT = Column("clock_change_at", "Clock Change At", hidden=True)
CLOCK_CHANGE_BY = Column("clock_change_by", "Clock Change By", hidden=True)
LAYOUT = Layout(
    PLAN,
    PLAN_ID,
    (
        *(EMPLOYEE, USER_NAME, LABEL, TOTAL),
        *(KEY, PLAN_ROW, IN_ROW, OUT_ROW, HOURS_ROW, CLOCK_CHANGE_AT, CLOCK_CHANGE_BY),
    ),
    header_rows=3,
    frozen_columns=3,
    tab_color=styles.TIMES_TAB,
    warning="Formulas. What is planned stands in Roster and Shifts of Review Periods.",
)
SHIFT, OVERTIME, NIGHT, WEEKEND, HOLIDAY = "Shift", "Overtime", "Night", "Weekend", "Holiday"
LABELS = (SHIFT, OVERTIME, NIGHT, WEEKEND, HOLIDAY)

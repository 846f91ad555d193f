"""The columns of ``Daily Attendance``; apart from its formulas, because other worksheets refer to them."""

from attendance_backend.review.names import DAILY, DAILY_ID
from attendance_backend.sheet import styles
from attendance_backend.sheet.layout import Column, Layout

EMPLOYEE = Column("employee", "Employee", 160)
USER_NAME = Column("user_name", "User Name", styles.USER_NAME_PIXELS)
LABEL = Column("measure", "Measure", 100)
KEY = Column("key", "Key", hidden=True, below=("weekday", "kind of day"))
DAYS_ROW = Column("days_row", "Days Row", hidden=True)
PERSON_ROW = Column("person_row", "Person Row", hidden=True)
IN_ROW = Column("check_in_row", "Check In Row", hidden=True)
OUT_ROW = Column("check_out_row", "Check Out Row", hidden=True)
SITE_NAME = Column("site", "Site", hidden=True)
SITE_ROW = Column("site_row", "Site Row", hidden=True)
CLOCK_CHANGE_AT = Column("clock_change_at", "Clock Change At", hidden=True)
CLOCK_CHANGE_BY = Column("clock_change_by", "Clock Change By", hidden=True)
COMPLETE = Column("complete_through", "Complete Through", hidden=True)
CORRECTED = Column("corrected", "Corrected", hidden=True)
LATE_AFTER = Column("late_after", "Late After", hidden=True)
WEEKENDS = DAYS_ROW
"""In whose third row the days stand that are shaded (`day_header.weekends_text`)."""
PLAN_ROW, DUE_ROW = SITE_ROW, CLOCK_CHANGE_AT
"""In the rows of hours of people whose days HR plans, where these columns are free: rows of ``Days``."""
LAYOUT = Layout(
    DAILY,
    DAILY_ID,
    (
        *(EMPLOYEE, USER_NAME, LABEL),
        *(KEY, DAYS_ROW, PERSON_ROW, IN_ROW, OUT_ROW, SITE_NAME, SITE_ROW),
        *(CLOCK_CHANGE_AT, CLOCK_CHANGE_BY, COMPLETE, CORRECTED, LATE_AFTER),
    ),
    header_rows=3,
    frozen_columns=3,
    tab_color=styles.TIMES_TAB,
    warning="Formulas. Type what is to be different into Corrections, with the reason.",
)
CHECK_IN, CHECK_OUT, HOURS_WORKED = "Check In", "Check Out", "Hours Worked"
LABELS = (CHECK_IN, CHECK_OUT, HOURS_WORKED)
KEY_SEPARATOR = "/"
PRESENT, LATE = "present", "late"
MISSING_OUT, MISSING_IN, OPEN = "missing out", "missing in", "open"
LEFT_EARLY = "left early"
HOLIDAY, WEEKEND, LEAVE, ABSENT, NO_DATA = "holiday", "weekend", "leave", "absent", "no data yet"
NOT_EMPLOYED = "not employed"
DAY_OFF = "day off"
"""Of people whose days HR plans."""
CHECK_TIMES = "check the times"
"""Stands in place of hours that nobody can work out."""
NIGHT_ENDS_H = 4
"""Before this hour a check-out that was typed is of the night after, wherever a day begins."""
MOST_HOURS, CHECK_HOURS = 16, "check the hours"
"""More in a day is nearly always a slip: it counts, and ``Monthly Summary`` says so."""
MOST_HOURS_PLANNED, MOST_BEYOND = 12, 4
"""With a shift so many are the most, or so many more than the shift's own; on a day off the first."""


def key_of(user: str, label: str) -> str:
    """How `KEY` names a person's row; `user` is a `user_key`."""
    return f"{user}{KEY_SEPARATOR}{label}"

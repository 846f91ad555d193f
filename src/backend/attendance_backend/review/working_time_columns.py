"""The columns of ``Working Time``; apart from its formulas, because all layouts are listed together."""

from attendance_backend.review.names import WORKING_TIME, WORKING_TIME_ID
from attendance_backend.sheet import styles
from attendance_backend.sheet.layout import Column, Layout


def _counted(key: str, header: str, note: str, width: int = 110) -> Column:
    return Column(key, header, width, note=note, header_style=styles.WEEK_HEADER)


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
WEEK_OVERTIME = _counted(
    "week_overtime",
    "Overtime (week)",
    "Of weeks that end in this period: hours beyond those of a week, less what is overtime of a day already.",
    120,
)
NIGHT = _counted("night", "Night", "Hours at night, as Plan has them.")
WEEKEND = _counted("weekend", "Weekend", "Hours on days of the weekend, as Plan has them.")
HOLIDAY = _counted("holiday", "Holiday", "Hours on holidays, as Plan has them.")
_BROUGHT = "Of the days of this period's first week that are in the workbook before: "
BROUGHT_HOURS = _counted("brought_hours", "Brought In", f"{_BROUGHT}their hours. Yours to change.")
BROUGHT_OVERTIME = _counted(
    "brought_overtime",
    "Overtime Brought In",
    f"{_BROUGHT}what of them was overtime of a day. Yours to change.",
    150,
)
BROUGHT_EXPECTED = _counted(
    "brought_expected", "Expected Brought In", f"{_BROUGHT}the expected hours. Yours to change.", 150
)
BROUGHT_CHECK_INS = _counted(
    "brought_check_ins", "Check-ins Brought In", f"{_BROUGHT}how many count for the penalty. Yours to change."
)
BROUGHT_LATE = _counted(
    "brought_late",
    "Mean Late Brought In",
    f"{_BROUGHT}minutes that these are late on average, less than 0 if they are early. Yours to change.",
)
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
WEEK_LIMIT = Column("week_limit", "Week Limit", hidden=True)
"""Hours of a week beyond which is overtime, as a part of a day; `domain.rules.EXPECTED`; blank for none."""
BALANCE_LEAVE = Column("balance_leave", "Leave From Balance", hidden=True)
HOURS_FOUND = Column("hours_found", "Hours Found", hidden=True)
OVERTIME_FOUND = Column("overtime_found", "Overtime Found", hidden=True)
EXPECTED_FOUND = Column("expected_found", "Expected Found", hidden=True)
CHECK_INS_FOUND = Column("check_ins_found", "Check-ins Found", hidden=True)
LATE_FOUND = Column("late_found", "Mean Late Found", hidden=True)
"""These five: what the program found in the workbook before, for the columns of what is brought in."""
SHOWN = (
    *(EMPLOYEE, USER_NAME, EXPECTED, WORKED, BALANCE, LATE, EARLY, HALF_DAYS),
    *(WEEK_OVERTIME, NIGHT, WEEKEND, HOLIDAY, BROUGHT_HOURS, BROUGHT_OVERTIME, BROUGHT_EXPECTED),
    *(BROUGHT_CHECK_INS, BROUGHT_LATE),
)
_HIDDEN = (
    *(TOKEN, MONTH_ROW, IN_ROW, WORD_ROW, DUE_ROW, EXPECTED_ROW, MIDDLE_ROW),
    *(OUT_ROW, ENDS_ROW, FIRST_HALF_ROW),
    *(WEEK_LIMIT, BALANCE_LEAVE, HOURS_FOUND, OVERTIME_FOUND, EXPECTED_FOUND),
    *(CHECK_INS_FOUND, LATE_FOUND),
)
LAYOUT = Layout(
    WORKING_TIME,
    WORKING_TIME_ID,
    (*SHOWN, *_HIDDEN),
    frozen_columns=1,
    tab_color=styles.TIMES_TAB,
    warning="Formulas. Type what is to be different into Corrections, with the reason.",
)

"""Where things stand in ``Daily Attendance``; apart from its formulas, because other worksheets refer to it."""

(
    EMPLOYEE,
    USER_NAME,
    LABEL,
    KEY,
    DAYS_ROW,
    PERSON_ROW,
    IN_ROW,
    OUT_ROW,
    SITE_NAME,
    SITE_ROW,
    CLOCK_CHANGE_AT,
    CLOCK_CHANGE_BY,
    COMPLETE,
    CORRECTED,
    LATE_AFTER,
    FIRST_DAY,
) = range(16)
HEADERS = (
    "Employee",
    "User Name",
    "Measure",
    "Key",
    "Days Row",
    "Person Row",
    "Check In Row",
    "Check Out Row",
    "Site",
    "Site Row",
    "Clock Change At",
    "Clock Change By",
    "Complete Through",
    "Corrected",
    "Late After",
)
CHECK_IN, CHECK_OUT, HOURS_WORKED = "Check In", "Check Out", "Hours Worked"
LABELS = (CHECK_IN, CHECK_OUT, HOURS_WORKED)
DATE_ROW, WEEKDAY_ROW, HOLIDAY_ROW = range(3)
HEADER_ROWS = 3
KEY_SEPARATOR = "/"


def key_of(user: str, label: str) -> str:
    """How `KEY` names a person's row; `user` is a `user_key`."""
    return f"{user}{KEY_SEPARATOR}{label}"

"""Where things stand in ``Monthly Summary``; apart from its formulas, because other worksheets refer to it."""

(
    EMPLOYEE,
    USER_NAME,
    SITE,
    GROUP,
    PRESENT,
    LATE,
    ABSENT,
    ON_LEAVE,
    INCOMPLETE,
    HOURS,
    OVERTIME,
    PENALTIES,
    TOKEN,
    TOKEN_LOOKUP,
    IN_ROW,
    HOURS_ROW,
    LATE_AFTER,
    FIRST_DAY,
) = range(18)
HEADERS = (
    "Employee",
    "User Name",
    "Site",
    "Staff Group",
    "Days Present",
    "Late",
    "Absent",
    "On Leave",
    "Incomplete",
    "Hours",
    "Overtime",
    "Penalties",
    "User",
    "User Lookup",
    "Check In Row",
    "Hours Row",
    "Late After",
)
HEADER_ROWS = 3
FIRST_HIDDEN = TOKEN

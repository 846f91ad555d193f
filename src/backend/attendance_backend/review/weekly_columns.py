"""Where things stand in ``Weekly Summary``; apart from its formulas, because other worksheets refer to it."""

EMPLOYEE, USER_NAME, CUT_OFF, LABEL, KEY, DAILY_ROW, CUT_OFF_ROW, WAIVED, FIRST_WEEK = range(9)
CUT_OFF_AS_SET = CUT_OFF_ROW
"""In a person's first row, where that column is free: what the program wrote into Cut Off Time last."""
NO_CUT_OFF = "none"
"""Stands there for a blank Cut Off Time."""
HEADERS = (
    "Employee",
    "User Name",
    "Cut Off Time",
    "Measure",
    "Key",
    "Daily Row",
    "Cut Off Row",
    "Waived",
)
TOTAL = "Total"
AVERAGE, HOURS_WORKED, PENALTIES = "Weekly Average", "Hours Worked", "Penalties"
LABELS = (AVERAGE, HOURS_WORKED, PENALTIES)
WAIVED_WORD = "waived"
"""Stands in place of a penalty."""
HEADER_ROWS = 1

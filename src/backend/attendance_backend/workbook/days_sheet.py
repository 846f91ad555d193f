"""``Days``: hidden; what the punches say of each person and business day. Three rows a person, a column a day.

Row 1 holds the dates. Values are fractions of a day: check-in and check-out since the business day's midnight (more
than 1 after the next one), breaks as a length. Corrections are not in here: formulas look them up elsewhere.
"""

KEY, USER_NAME, MEASURE, EMPLOYEE, DEVICE_USER_ID, SITE, LAST_SITE, FIRST_DAY = range(8)
HEADERS = ("Key", "User Name", "Measure", "Employee", "Device User ID", "Site", "Last Site")
IN, OUT, BREAKS = "in", "out", "breaks"
MEASURES = (IN, OUT, BREAKS)
HEADER_ROWS = 1
KEY_SEPARATOR = "/"
"""A row's key is the user's key (`user_key`), this, and the measure."""

"""``Punch Index``: hidden; which punches are stored, by the day on which they were made.

    Serial Number | User ID | User Name | Site | one column a calendar date

A row for each user of a machine under each name, a cell the punches of a date: ``<seconds of the day>:<record ID>``,
separated by blanks. Dates, not business days: a record must be found again after a site's day boundary was changed.
"""

SERIAL_NUMBER, USER_ID, USER_NAME, SITE, FIRST_DATE = range(5)
HEADERS = ("Serial Number", "User ID", "User Name", "Site")
HEADER_ROWS = 1
MAX_CELL_CHARACTERS = 45_000
"""Google Sheets takes 50,000 in a cell; a fuller one is continued in a further row with the same labels."""

"""The review sheet of a period: its worksheets, their IDs and their columns.

What stands in them is described where it is made: `raw_data`, `daily_attendance`, `weekly_summary`,
`exceptions_sheet`.
"""

import hashlib

from attendance_contracts import ReviewPeriod

DAILY = "Daily Attendance"
WEEKLY = "Weekly Summary"
EXCEPTIONS = "Exceptions"
RAW_PREFIX = "Raw Data - "

DAILY_ID, WEEKLY_ID, EXCEPTIONS_ID = 101, 102, 103
FIRST_WORKSHEET_ID = 0
"""The blank worksheet that a new spreadsheet begins with."""

_RESERVED_IDS = 1000
_MAX_ID = 2**31 - 1

LOCALE = "en_GB"
"""Fixed, so that formulas and formats mean the same wherever the account lives."""

PERIOD_PROPERTY = "attendance_review_period"
CONTROL_PROPERTY = "attendance_control_id"


def workbook_title(period: ReviewPeriod) -> str:
    """What people see; never used to find the spreadsheet again."""
    return f"Attendance Review - {period.name}"


def drive_properties(period_name: str, control_id: str) -> dict[str, str]:
    """By which a spreadsheet is found that was created but not yet recorded."""
    return {PERIOD_PROPERTY: period_name, CONTROL_PROPERTY: control_id}


def raw_title(location: str) -> str:
    """The title of a site's raw data."""
    return RAW_PREFIX + location


def is_raw_title(title: str) -> bool:
    """Whether a worksheet holds raw data of some site."""
    return title.casefold().startswith(RAW_PREFIX.casefold())


def raw_id(location: str) -> int:
    """The worksheet ID of a site's raw data: the same whoever creates it, and never one of the fixed ones."""
    digest = hashlib.sha256(location.casefold().encode()).digest()
    return _RESERVED_IDS + int.from_bytes(digest[:8]) % (_MAX_ID - _RESERVED_IDS)

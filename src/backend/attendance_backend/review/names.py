"""The review sheet of a period: its worksheets, their IDs and their columns.

What HR sees is formulas; what the program writes are facts: raw rows, `Days` and `Punch Index` (both hidden), `Sites`,
and rows appended to `Exceptions`. What stands in a worksheet is described in the module of its name.
"""

import hashlib

from attendance_backend.domain.groups import book_name
from attendance_backend.domain.people import site_key
from attendance_contracts import ReviewPeriod

EXCEPTIONS = "Exceptions"
DAILY = "Daily Attendance"
WEEKLY = "Weekly Summary"
MONTHLY = "Monthly Summary"
CORRECTIONS = "Corrections"
RAW_PREFIX = "Raw Data - "
AMENDMENTS = "Amendments"
SITES = "Sites"
GUIDE = "Guide"
DAYS = "Days"
PUNCH_INDEX = "Punch Index"
KEPT = "Kept"
SINCE = "Since Finalised"
WORKING_TIME = "Working Time"
PLAN = "Plan"

DAILY_ID, WEEKLY_ID, EXCEPTIONS_ID = 101, 102, 103
MONTHLY_ID, CORRECTIONS_ID, AMENDMENTS_ID, SITES_ID, GUIDE_ID, DAYS_ID, PUNCH_INDEX_ID = range(104, 111)
KEPT_ID, SINCE_ID, WORKING_TIME_ID, PLAN_ID = range(111, 115)

_RESERVED_IDS = 1000
_MAX_ID = 2**31 - 1

LOCALE = "en_GB"
"""Fixed, so that formulas and formats mean the same wherever the account lives."""

PERIOD_PROPERTY = "attendance_review_period"
CONTROL_PROPERTY = "attendance_control_id"
GROUP_PROPERTY = "attendance_group"
_MOST_OF_GROUP = 108
"""Bytes: Drive keeps 124 of a property's key and its value, in UTF-8."""
TITLE_PREFIX = "Attendance Review - "
BEING_MADE = " (being made)"
"""Behind the title, until everything is in it."""


def workbook_title(period: ReviewPeriod, group: str = "") -> str:
    """What people see; never used to find the spreadsheet again."""
    return TITLE_PREFIX + book_name(period.name, group)


def drive_properties(period_name: str, control_id: str, group: str = "") -> dict[str, str]:
    """By which a spreadsheet is found that was created but not yet recorded."""
    key = site_key(group)
    if len(key.encode()) > _MOST_OF_GROUP:
        # Names may differ in their ends alone.
        end = hashlib.sha256(key.encode()).hexdigest()[:16]
        key = key.encode()[: _MOST_OF_GROUP - len(end)].decode(errors="ignore") + end
    of_group = {GROUP_PROPERTY: key} if group else {}
    return {PERIOD_PROPERTY: period_name, CONTROL_PROPERTY: control_id, **of_group}


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

"""``Punch Index``: hidden; which punches are stored, by the day on which they were made.

    Serial Number | User ID | User Name | Site | one column a calendar date

A row for each user of a machine under each name, a cell the punches of a date: ``<seconds of the day>:<record ID>``,
separated by blanks. Dates, not business days: a record must be found again after a site's day boundary was changed.
"""

from collections.abc import Sequence
from datetime import date, timedelta

from attendance_backend.sheet import serial
from attendance_backend.sheet.changes import AddColumns, AddWorksheet, Change, NewCell, Row, WriteCells
from attendance_backend.sheet.grid import Worksheet
from attendance_backend.workbook.names import PUNCH_INDEX, PUNCH_INDEX_ID

SERIAL_NUMBER, USER_ID, USER_NAME, SITE, FIRST_DATE = range(5)
HEADERS = ("Serial Number", "User ID", "User Name", "Site")
HEADER_ROWS = 1
MAX_CELL_CHARACTERS = 45_000
"""Google Sheets takes 50,000 in a cell; a fuller one is continued in a further row with the same labels."""


def dates_of(first_day: date, last_day: date) -> list[date]:
    """The calendar dates of a period, and the day after it."""
    return [first_day + timedelta(days=number) for number in range((last_day - first_day).days + 2)]


def create(dates: Sequence[date]) -> list[Change]:
    """The whole worksheet, empty."""
    header: Row = (*(NewCell(text) for text in HEADERS), *(NewCell(serial.from_date(day)) for day in dates))
    return [
        AddWorksheet(PUNCH_INDEX_ID, PUNCH_INDEX, row_count=1, column_count=len(header), hidden=True),
        WriteCells(PUNCH_INDEX_ID, 0, 0, (header,)),
    ]


def missing_dates(worksheet: Worksheet, dates: Sequence[date]) -> list[Change]:
    """Columns at the end of the grid for dates that have none."""
    known = {number for column, _ in worksheet.row(0) if (number := worksheet.number(0, column)) is not None}
    missing = [day for day in dates if serial.from_date(day) not in known]
    if not missing:
        return []
    header = tuple(NewCell(serial.from_date(day)) for day in missing)
    return [
        AddColumns(PUNCH_INDEX_ID, len(missing)),
        WriteCells(PUNCH_INDEX_ID, 0, worksheet.column_count, (header,)),
    ]

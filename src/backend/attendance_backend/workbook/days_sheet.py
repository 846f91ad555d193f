"""``Days``: hidden; what the punches say of each person and business day. Three rows a person, a column a day.

Row 1 holds the dates. Values are fractions of a day: check-in and check-out since the business day's midnight (more
than 1 after the next one), breaks as a length. Corrections are not in here: formulas look them up elsewhere.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from attendance_backend.control.roster import Person
from attendance_backend.sheet import serial
from attendance_backend.sheet.changes import (
    AddColumns,
    AddRows,
    AddWorksheet,
    Change,
    NewCell,
    Row,
    WriteCells,
)
from attendance_backend.sheet.grid import Worksheet
from attendance_backend.workbook.names import DAYS, DAYS_ID

KEY, USER_NAME, MEASURE, EMPLOYEE, DEVICE_USER_ID, SITE, LAST_SITE, LAST_SEEN, FIRST_DAY = range(9)
HEADERS = ("Key", "User Name", "Measure", "Employee", "Device User ID", "Site", "Last Site", "Last Seen")
IN, OUT, BREAKS = "in", "out", "breaks"
MEASURES = (IN, OUT, BREAKS)
HEADER_ROWS = 1
KEY_SEPARATOR = "/"
"""A row's key is the user's key (`user_key`), this, and the measure."""


@dataclass(frozen=True)
class Facts:
    """What punches say of people."""


def key_of(user: str, measure: str) -> str:
    """How `KEY` names a person's row; `user` is a `user_key`."""
    return f"{user}{KEY_SEPARATOR}{measure}"


def create(people: Sequence[Person], days: Sequence[date], facts: Facts | None = None) -> list[Change]:
    """The whole worksheet."""
    del facts
    header: Row = (*(NewCell(text) for text in HEADERS), *(NewCell(serial.from_date(day)) for day in days))
    rows = (header, *(row for person in people for row in person_rows(person)))
    return [
        AddWorksheet(DAYS_ID, DAYS, row_count=len(rows), column_count=len(header), hidden=True),
        WriteCells(DAYS_ID, 0, 0, rows),
    ]


def add_people(worksheet: Worksheet, people: Sequence[Person], facts: Facts | None = None) -> list[Change]:
    """Rows at the end of the grid."""
    del facts
    rows = tuple(row for person in people for row in person_rows(person))
    return [AddRows(DAYS_ID, len(rows)), WriteCells(DAYS_ID, worksheet.row_count, 0, rows)] if rows else []


def missing_days(worksheet: Worksheet, days: Sequence[date]) -> list[Change]:
    """Columns at the end of the grid for business days that have none."""
    known = columns_by_day(worksheet)
    missing = [day for day in days if day not in known]
    if not missing:
        return []
    header = tuple(NewCell(serial.from_date(day)) for day in missing)
    return [AddColumns(DAYS_ID, len(missing)), WriteCells(DAYS_ID, 0, worksheet.column_count, (header,))]


def columns_by_day(worksheet: Worksheet) -> dict[date, int]:
    """Where each day stands."""
    found: Mapping[int, float | None] = {
        column: worksheet.number(0, column) for column, _ in worksheet.row(0)
    }
    return {serial.to_date(number): column for column, number in found.items() if number is not None}


def person_rows(person: Person) -> tuple[Row, ...]:
    """A person's three rows, without facts."""
    once = NewCell(person.name), NewCell(person.device_user_id or None), NewCell(person.site or None)
    return tuple(
        (
            NewCell(key_of(person.key, measure)),
            NewCell(person.user_name),
            NewCell(measure),
            *(once if measure == IN else ()),
        )
        for measure in MEASURES
    )

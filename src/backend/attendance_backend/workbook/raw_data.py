"""``Raw Data - <site>``: one row a punch, only ever appended to.

    Timestamp | Employee | Location | Entry | User Name | User ID | Status | Key | Record ID | Business Day

Nothing else in the workbook is a source: what the other worksheets show can be computed from these rows.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, time

from attendance_backend.control.roster import user_key
from attendance_backend.sheet import serial, styles
from attendance_backend.sheet.changes import (
    AddWorksheet,
    Change,
    NewCell,
    Row,
    SetColumns,
    WarnBeforeEdit,
    WriteCells,
)
from attendance_backend.sheet.grid import Area, Worksheet
from attendance_backend.workbook.names import raw_id, raw_title
from attendance_contracts import AttendanceRecord, business_day

HEADERS = (
    "Timestamp",
    "Employee",
    "Location",
    "Entry",
    "User Name",
    "User ID",
    "Status",
    "Key",
    "Record ID",
    "Business Day",
)
TIMESTAMP, USER_NAME, RECORD_ID, BUSINESS_DAY = 0, 4, 8, 9
_WIDTHS = (150, 170, 110, 110, 120, 90, 60, 60, 190, 110)

NO_KEY = "-"
_KEYS = {
    0: "Check In",
    1: "Check Out",
    2: "Break Out",
    3: "Break In",
    4: "Overtime In",
    5: "Overtime Out",
}


@dataclass(frozen=True, slots=True)
class RawPunch:
    """What of a raw row counts for the daily attendance.

    Attributes:
        seconds: since midnight of the business day; more than 86,400 after the next midnight.
    """

    user: str
    day: date
    seconds: int


@dataclass(frozen=True)
class RawData:
    """A site's raw data as far as it was read.

    Attributes:
        end_row: the row after the last one in use.
        record_ids: identities of the punches that are stored.
    """

    worksheet: Worksheet
    end_row: int
    record_ids: frozenset[str]


def entry_label(punch: int) -> str:
    """The words for a key of the machine."""
    return _KEYS.get(punch, NO_KEY)


def user_id_label(record: AttendanceRecord) -> str:
    """What a punch is called whose user has no name on the machine."""
    return record.user_name or f"User ID {record.user_id}"


def create(location: str) -> list[Change]:
    """A site's worksheet, empty but for its header."""
    sheet_id = raw_id(location)
    header = tuple(NewCell(text, styles.HEADER) for text in HEADERS)
    widths = [SetColumns(sheet_id, column, column + 1, pixels) for column, pixels in enumerate(_WIDTHS)]
    return [
        AddWorksheet(sheet_id, raw_title(location), row_count=2, column_count=len(HEADERS), frozen_rows=1),
        WriteCells(sheet_id, 0, 0, (header,)),
        *widths,
        WarnBeforeEdit(sheet_id, "Raw data from the attendance machine: never edit, correct elsewhere."),
    ]


def areas(location: str) -> list[Area]:
    """What must be read to append to a site's raw data."""
    title = raw_title(location)
    return [Area.of_columns(title, column, column + 1) for column in (TIMESTAMP, USER_NAME, RECORD_ID)]


def punch_areas(title: str) -> list[Area]:
    """What must be read to see who punched when."""
    return [Area.of_columns(title, column, column + 1) for column in (TIMESTAMP, USER_NAME, BUSINESS_DAY)]


def read(worksheet: Worksheet) -> RawData:
    """Raw data from what `areas` names."""
    rows = range(1, worksheet.end_row())
    record_ids = frozenset(worksheet.text(row, RECORD_ID) for row in rows) - {""}
    return RawData(worksheet, max(worksheet.end_row(), 1), record_ids)


def read_punches(worksheet: Worksheet, day_boundary: time, users: frozenset[str]) -> list[RawPunch]:
    """The punches of some users (by `user_key`); a row whose day was not read gets it by the boundary."""
    punches = []
    for row in range(1, worksheet.end_row()):
        user = user_key(worksheet.text(row, USER_NAME))
        timestamp = worksheet.number(row, TIMESTAMP)
        if user not in users or timestamp is None:
            continue
        moment = serial.to_datetime(timestamp)
        day_number = worksheet.number(row, BUSINESS_DAY)
        day = business_day(moment, day_boundary) if day_number is None else serial.to_date(day_number)
        punches.append(RawPunch(user, day, serial.seconds_into(day, moment)))
    return punches


def punch_of(record: AttendanceRecord, day_boundary: time) -> RawPunch | None:
    """What of a record counts for the daily attendance; None for one whose user has no name."""
    if record.user_name is None or not record.user_name.strip():
        return None
    day = business_day(record.timestamp, day_boundary)
    return RawPunch(user_key(record.user_name), day, serial.seconds_into(day, record.timestamp))


def row_of(record: AttendanceRecord, employee: str, location: str, day_boundary: time) -> Row:
    """A record as the cells of its row."""
    day = business_day(record.timestamp, day_boundary)
    return (
        NewCell(serial.from_datetime(record.timestamp), styles.MOMENT),
        NewCell(employee, styles.PLAIN),
        NewCell(location, styles.PLAIN),
        NewCell(entry_label(record.punch), styles.PLAIN),
        NewCell(record.user_name or None, styles.PLAIN),
        NewCell(record.user_id, styles.PLAIN),
        NewCell(float(record.status), styles.CODE),
        NewCell(float(record.punch), styles.CODE),
        NewCell(record.identity, styles.PLAIN),
        NewCell(serial.from_date(day), styles.DAY_CELL),
    )


def known_users(punches: Iterable[RawPunch]) -> frozenset[str]:
    """The users of punches."""
    return frozenset(punch.user for punch in punches)

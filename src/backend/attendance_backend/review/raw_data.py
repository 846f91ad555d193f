"""``Raw Data - <site>``: one row a punch, only ever appended to.

    Timestamp | Employee | Location | Entry | User Name | User ID | Status | Key | Record ID | Business Day |
    Serial Number

Nothing else in the workbook is a source: what the other worksheets show can be computed from these rows and those of
``Amendments``. Rows are added at the end of the grid, which is known without reading any of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time

from attendance_backend.domain.people import Labels
from attendance_backend.review.names import raw_id, raw_title
from attendance_backend.sheet import serial, styles
from attendance_backend.sheet.changes import (
    AddColumns,
    AddRows,
    AddWorksheet,
    Change,
    NewCell,
    Row,
    SetColumns,
    WarnBeforeEdit,
    WriteCells,
)
from attendance_backend.sheet.grid import Area, Worksheet
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
    "Serial Number",
)
(
    TIMESTAMP,
    EMPLOYEE,
    LOCATION,
    ENTRY,
    USER_NAME,
    USER_ID,
    STATUS,
    KEY,
    RECORD_ID,
    BUSINESS_DAY,
    SERIAL_NUMBER,
) = range(11)
_WIDTHS = (150, 170, 110, 110, 120, 90, 60, 60, 190, 110, 130)

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
class StoredPunch:
    """What of a row must stand in ``Punch Index``."""

    labels: Labels
    moment: datetime
    record_id: str


@dataclass(frozen=True, slots=True)
class UnreadableRow:
    """A row that says by its record ID which punch it is, and not any more when that was.

    Attributes:
        worksheet: its title.
        number: of the row, as people count.
    """

    worksheet: str
    number: int
    record_id: str

    def __str__(self) -> str:
        return (
            f"{self.worksheet}, row {self.number}: no time stamp can be read; "
            "File > Version history shows what stood there"
        )


def entry_label(punch: int) -> str:
    """The words for a key of the machine."""
    return _KEYS.get(punch, NO_KEY)


def user_id_label(record: AttendanceRecord) -> str:
    """What a punch is called whose user has no name on the machine."""
    return record.user_name or f"User ID {record.user_id}"


def create(location: str) -> list[Change]:
    """A site's worksheet, empty but for its header."""
    return create_worksheet(
        raw_id(location),
        raw_title(location),
        "Raw data from the attendance machine: never edit, correct elsewhere.",
    )


def create_worksheet(sheet_id: int, title: str, warning: str) -> list[Change]:
    """A worksheet of these columns, empty but for its header."""
    header = tuple(NewCell(text, styles.HEADER) for text in HEADERS)
    widths = [SetColumns(sheet_id, column, column + 1, pixels) for column, pixels in enumerate(_WIDTHS)]
    return [
        AddWorksheet(sheet_id, title, row_count=2, column_count=len(HEADERS), frozen_rows=1),
        WriteCells(sheet_id, 0, 0, (header,)),
        *widths,
        WarnBeforeEdit(sheet_id, warning),
    ]


def first_row_area(title: str) -> Area:
    """What must be read to append: the row below the header, which a new worksheet has for nothing."""
    return Area.of_rows(title, 1, 2)


def is_empty(worksheet: Worksheet) -> bool:
    """Whether the worksheet, of which `first_row_area` was read, holds nothing below its header."""
    return worksheet.row_count == 2 and not any(row == 1 for row, _ in worksheet.cells)


def append(worksheet: Worksheet, rows: Sequence[Row]) -> list[Change]:
    """Rows behind all that the grid holds, notes that somebody typed there included.

    Args:
        worksheet: of which `first_row_area` was read.
        rows: of `row_of`.
    """
    if not rows:
        return []
    first = 1 if is_empty(worksheet) else worksheet.row_count
    growth: list[Change] = []
    if worksheet.column_count < len(HEADERS):  # made before a column was thought of
        missing = HEADERS[worksheet.column_count :]
        header = tuple(NewCell(text, styles.HEADER) for text in missing)
        growth = [
            AddColumns(worksheet.sheet_id, len(missing)),
            WriteCells(worksheet.sheet_id, 0, worksheet.column_count, (header,)),
        ]
    lacking = first + len(rows) - worksheet.row_count
    if lacking > 0:
        growth.append(AddRows(worksheet.sheet_id, lacking))
    return [*growth, WriteCells(worksheet.sheet_id, first, 0, tuple(rows))]


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
        NewCell(record.serial_number, styles.PLAIN),
    )


def stored_areas(worksheet: Worksheet) -> list[Area]:
    """What must be read of a worksheet to see all that is stored in it."""
    columns = (TIMESTAMP, LOCATION, USER_NAME, USER_ID, RECORD_ID, SERIAL_NUMBER)
    return [
        Area.of_columns(worksheet.title, column, column + 1)
        for column in columns
        if column < worksheet.column_count
    ]


def stored(worksheet: Worksheet) -> tuple[list[StoredPunch], list[UnreadableRow]]:
    """The punches of a worksheet, from what `stored_areas` names, and the rows whose timestamp somebody spoilt.

    A row without a record ID was typed by somebody and is none.
    """
    punches, unreadable = [], []
    for row in range(1, worksheet.end_row()):
        record_id = worksheet.text(row, RECORD_ID)
        if not record_id:
            continue
        number = worksheet.number(row, TIMESTAMP)
        try:
            moment = None if number is None else serial.to_datetime(number)
        except OverflowError:
            moment = None
        if moment is None:
            unreadable.append(UnreadableRow(worksheet.title, row + 1, record_id))
            continue
        texts = (worksheet.label(row, column) for column in (SERIAL_NUMBER, USER_ID, USER_NAME, LOCATION))
        punches.append(StoredPunch(Labels(*texts), moment, record_id))
    return punches, unreadable

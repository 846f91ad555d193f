"""``Raw Data - <site>``: one row a punch, only ever appended to.

    Timestamp | Employee | Location | Entry | User Name | User ID | Status | Key | Record ID | Business Day |
    Serial Number | Machine

Nothing else in the workbook is a source: what the other worksheets show can be computed from these rows and those of
``Amendments``. Rows are added at the end of the grid, which is known without reading any of them.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import lru_cache

from attendance_backend.domain.people import Labels
from attendance_backend.review.names import (
    AMENDMENTS,
    AMENDMENTS_ID,
    RAW_PREFIX,
    is_raw_title,
    raw_id,
    raw_title,
)
from attendance_backend.sheet import serial, styles
from attendance_backend.sheet.blocks import write_cells
from attendance_backend.sheet.changes import Change, NewCell, WriteCells
from attendance_backend.sheet.grid import Area, Place, Worksheet
from attendance_backend.sheet.layout import Column, Layout
from attendance_contracts import AttendanceRecord, ContractError, business_day

TIMESTAMP = Column("timestamp", "Timestamp", 150, styles.MOMENT)
EMPLOYEE = Column("employee", "Employee", 170, styles.PLAIN)
LOCATION = Column("location", "Location", 110, styles.PLAIN)
ENTRY = Column("entry", "Entry", 110, styles.PLAIN)
USER_NAME = Column("user_name", "User Name", 120, styles.PLAIN)
USER_ID = Column("user_id", "User ID", 90, styles.PLAIN)
STATUS = Column("status", "Status", 60, styles.CODE)
KEY = Column("key", "Key", 60, styles.CODE)
RECORD_ID = Column("record_id", "Record ID", 190, styles.PLAIN)
BUSINESS_DAY = Column("business_day", "Business Day", 110, styles.DAY_CELL)
SERIAL_NUMBER = Column("serial_number", "Serial Number", 130, styles.PLAIN)
MACHINE = Column("machine", "Machine", 110, styles.PLAIN)
"""What people call the machine, where the site has several."""
COLUMNS = (
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
    MACHINE,
)
FACTS = (TIMESTAMP, LOCATION, USER_NAME, USER_ID, RECORD_ID)
"""Nothing else knows what stood in these."""
Row = Mapping[Column, NewCell]

_MOST_ALIKE = 20
"""So many records that agree in all else are looked for."""
NO_KEY = "-"
ELSEWHERE = "counts in "
"""In Entry, before the name of another period: which key was pressed, Key says as well."""
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
    elsewhere: bool = False
    """Whether the row is marked: HR moved its day to another period since (`handlers.moving`)."""


@dataclass(frozen=True, slots=True)
class UnreadableRow:
    """A row that says by its record ID which punch it is, and not any more when that was.

    Attributes:
        worksheet: its title.
        number: of the row, as people count.
        what: is wrong with it.
    """

    worksheet: str
    number: int
    record_id: str
    what: str
    site: str = ""

    def __str__(self) -> str:
        return (
            f"{self.worksheet}, row {self.number}: {self.what}; File > Version history shows what stood there"
        )


def entry_label(punch: int) -> str:
    """The words for a key of the machine."""
    return _KEYS.get(punch, NO_KEY)


def user_id_label(record: AttendanceRecord) -> str:
    """What a punch is called whose user has no name on the machine."""
    return record.user_name or f"User ID {record.user_id}"


def layout_of(location: str) -> Layout:
    """The layout of a site's worksheet; each time the same one, for what is known of it is kept."""
    return _layout(location, COLUMNS)


@lru_cache(maxsize=1024)
def _layout(location: str, columns: tuple[Column, ...]) -> Layout:
    warning = "Raw data from the attendance machine: never edit, correct elsewhere."
    return Layout(raw_title(location), raw_id(location), columns, warning=warning)


AMENDMENTS_LAYOUT = Layout(
    AMENDMENTS,
    AMENDMENTS_ID,
    COLUMNS,
    warning="Punches that came after the period was finalised: never edit.",
)
"""Of the worksheet that is made when the first punch comes after HR finalised the period. Its punches stand in
``Punch Index``, so that they are stored once like all others, and count for nobody's day."""


def create(location: str) -> list[Change]:
    """A site's worksheet, empty but for its header."""
    return layout_of(location).create(2)


def row_of(
    record: AttendanceRecord, employee: str, location: str, day_boundary: time, day: date | None = None
) -> Row:
    """A record as the cells of its row; `day` is the one that it counts for, if not by the boundary."""
    day = day or business_day(record.timestamp, day_boundary)
    values: dict[Column, float | str | None] = {
        TIMESTAMP: serial.from_datetime(record.timestamp),
        EMPLOYEE: employee,
        LOCATION: location,
        ENTRY: entry_label(record.punch),
        USER_NAME: record.user_name or None,
        USER_ID: record.user_id,
        STATUS: float(record.status),
        KEY: float(record.punch),
        RECORD_ID: record.identity,
        BUSINESS_DAY: serial.from_date(day),
        SERIAL_NUMBER: record.serial_number,
        **({MACHINE: record.machine} if record.machine else {}),
    }
    return {column: NewCell(value, column.style) for column, value in values.items()}


def stored_areas(worksheet: Worksheet) -> list[Area]:
    """What must be read of a worksheet to see all that is stored in it."""
    columns = set(COLUMNS) - {EMPLOYEE, MACHINE}
    places = [place for column, place in worksheet.columns.items() if column in columns]
    return Area.of_places(worksheet.title, places)


def stored(worksheet: Worksheet) -> tuple[list[StoredPunch], list[UnreadableRow]]:
    """The punches of a worksheet, from what `stored_areas` names, and the rows whose timestamp somebody spoilt.

    A row without a record ID was typed by somebody and is none.
    """
    rows = [found for _, found in _stored_rows(worksheet)]
    punches = [found for found in rows if isinstance(found, StoredPunch)]
    return punches, [found for found in rows if isinstance(found, UnreadableRow)]


def days_put_right(worksheet: Worksheet, day_of: Callable[[StoredPunch], date | None]) -> list[WriteCells]:
    """Writes of Business Day, read as for `stored`, where it is another one; None for what is to stay."""
    if BUSINESS_DAY not in worksheet.columns:
        return []
    place, cells = worksheet.at(BUSINESS_DAY), dict[Place, NewCell]()
    for row, found in _stored_rows(worksheet):
        day = day_of(found) if isinstance(found, StoredPunch) else None
        if day is not None and worksheet.date(row, BUSINESS_DAY) != day:
            cells[row, place] = BUSINESS_DAY.cell(serial.from_date(day))
    return write_cells(worksheet.sheet_id, cells)


def _stored_rows(worksheet: Worksheet) -> Iterator[tuple[int, StoredPunch | UnreadableRow]]:
    # What somebody typed over Location makes no punch another site's.
    own = (worksheet.role or "").removeprefix(RAW_PREFIX) if is_raw_title(worksheet.role or "") else ""
    for row in worksheet.data_rows():
        site = own or worksheet.label(row, LOCATION)
        record_id = worksheet.text(row, RECORD_ID)
        if not record_id:
            continue
        moment = worksheet.moment(row, TIMESTAMP)
        if moment is None or not _is_as_recorded(worksheet, row):
            what = "no time stamp can be read" if moment is None else "not what the machine recorded"
            yield row, UnreadableRow(worksheet.title, row + 1, record_id, what, site)
            continue
        serial_number, user_id, user_name = (
            worksheet.label(row, column) for column in (SERIAL_NUMBER, USER_ID, USER_NAME)
        )
        labels = Labels(serial_number, user_id, user_name, site)
        yield row, StoredPunch(labels, moment, record_id, _is_marked(worksheet, row))


def record_of(worksheet: Worksheet, row: int) -> AttendanceRecord | None:
    """The record of a row of a worksheet that was read whole; None where somebody changed what makes it one."""
    moment = worksheet.moment(row, TIMESTAMP)
    status, key = (worksheet.number(row, column) for column in (STATUS, KEY))
    texts = [worksheet.label(row, column) for column in (SERIAL_NUMBER, USER_ID, USER_NAME)]
    if moment is None or status is None or key is None:
        return None
    try:
        # Which of several equal punches it is, only the record ID tells.
        for occurrence in range(1, _MOST_ALIKE + 1):
            record = AttendanceRecord(
                *(texts[0], texts[1], texts[2] or None, moment, round(status), round(key), occurrence),
                machine=worksheet.label(row, MACHINE),
            )
            if record.identity == worksheet.text(row, RECORD_ID):
                return record
    except (OverflowError, ContractError):
        pass
    return None


def has_marks(worksheet: Worksheet) -> bool:
    """Whether any row of a worksheet, of which Entry was read, counts elsewhere."""
    return any(_is_marked(worksheet, row) for row in worksheet.data_rows())


def counting(worksheet: Worksheet) -> set[str]:
    """The record IDs of the rows that count here, of a worksheet that was read whole."""
    rows = (row for row in worksheet.data_rows() if not _is_marked(worksheet, row))
    return {worksheet.text(row, RECORD_ID) for row in rows}


def _is_marked(worksheet: Worksheet, row: int) -> bool:
    return worksheet.text(row, ENTRY).startswith(ELSEWHERE)


def marks(worksheet: Worksheet, counts_in: Mapping[str, str]) -> list[Change]:
    """Marks by record ID: the period in which a row counts; empty for this one. Of a worksheet that was read whole."""
    cells: dict[Place, NewCell] = {}
    for row in worksheet.data_rows():
        where = counts_in.get(worksheet.text(row, RECORD_ID))
        if where is None:
            continue
        key = worksheet.number(row, KEY)
        label = ELSEWHERE + where if where else entry_label(int(key) if key is not None else -1)
        if worksheet.text(row, ENTRY) != label:
            cells[row, worksheet.at(ENTRY)] = ENTRY.cell(label)
    return [*write_cells(worksheet.sheet_id, cells)]


def _is_as_recorded(worksheet: Worksheet, row: int) -> bool:
    """Whether the record ID is still that of the row's machine, user and time; not known of rows without a machine."""
    known = (worksheet.number(row, STATUS), worksheet.number(row, KEY))
    if not worksheet.label(row, SERIAL_NUMBER) or None in known:
        return True
    return record_of(worksheet, row) is not None

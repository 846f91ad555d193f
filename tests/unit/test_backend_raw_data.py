"""Raw data and amendments: their cells, where rows go, and what is read of them to rebuild the rest."""

from datetime import date, datetime, time

from attendance_backend.domain.people import Labels
from attendance_backend.review import raw_data
from attendance_backend.review.names import AMENDMENTS_ID, raw_id
from attendance_backend.review.raw_data import StoredPunch, UnreadableRow
from attendance_backend.sheet import placing, serial, styles
from attendance_backend.sheet.changes import (
    AddRows,
    AddWorksheet,
    NewCell,
    SetColumns,
    Style,
    Tag,
    WarnBeforeEdit,
    WriteCells,
)
from attendance_backend.sheet.grid import Area, Cell, Worksheet
from attendance_backend.sheet.placing import placed
from attendance_contracts import AttendanceRecord

BOUNDARY = time(4)
TUESDAY = date(2026, 11, 3)
PLAIN = Style(top=True)
RAW_TITLE = "Raw Data - berlin"
HEADER = Style(bold=True, background="#1f3a5f", color="#ffffff")
WORDS = (
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
    "Machine",
)


def record(user_name="Ann", moment=datetime(2026, 11, 4, 2, 30, 5), key=1):
    return AttendanceRecord("SN1", "7", user_name, moment, 3, key, machine="front door")


def empty_worksheet(sheet_id, title, warning):
    return [
        AddWorksheet(sheet_id, title, row_count=2, column_count=12, frozen_rows=1),
        Tag(sheet_id, None, f"2 {sheet_id} {title}"),
        *(Tag(sheet_id, column, word.lower().replace(" ", "_")) for column, word in enumerate(WORDS)),
        WriteCells(sheet_id, 0, 0, (tuple(NewCell(word, HEADER) for word in WORDS),)),
        *(
            SetColumns(sheet_id, first, end, width)
            for first, end, width in (
                (0, 1, 150),
                (1, 2, 170),
                (2, 4, 110),
                (4, 5, 120),
                (5, 6, 90),
                (6, 8, 60),
                (8, 9, 190),
                (9, 10, 110),
                (10, 11, 130),
                (11, 12, 110),
            )
        ),
        WarnBeforeEdit(sheet_id, warning),
    ]


def test_a_new_worksheet_of_raw_data():
    assert raw_data.create("berlin") == empty_worksheet(
        raw_id("berlin"),
        RAW_TITLE,
        "Raw data from the attendance machine: never edit, correct elsewhere.",
    )


def test_a_new_worksheet_of_amendments():
    assert raw_data.AMENDMENTS_LAYOUT.create(2) == empty_worksheet(
        AMENDMENTS_ID, "Amendments", "Punches that came after the period was finalised: never edit."
    )


def test_a_record_as_a_row():
    punch = record()

    row = raw_data.row_of(punch, "Ann Archer", "berlin", BOUNDARY)
    assert tuple(row[column] for column in raw_data.COLUMNS) == (
        NewCell(serial.from_datetime(punch.timestamp), styles.MOMENT),
        NewCell("Ann Archer", PLAIN),
        NewCell("berlin", PLAIN),
        NewCell("Check Out", PLAIN),
        NewCell("Ann", PLAIN),
        NewCell("7", PLAIN),
        NewCell(3.0, styles.CODE),
        NewCell(1.0, styles.CODE),
        NewCell(punch.identity, PLAIN),
        NewCell(serial.from_date(TUESDAY), styles.DAY_CELL),
        NewCell("SN1", PLAIN),
        NewCell("front door", PLAIN),
    )


def test_a_record_without_a_name_leaves_its_cell_empty():
    assert raw_data.row_of(record(None), "User ID 7", "berlin", BOUNDARY)[raw_data.USER_NAME] == NewCell(
        None, PLAIN
    )
    assert raw_data.row_of(record(""), "User ID 7", "berlin", BOUNDARY)[raw_data.USER_NAME] == NewCell(
        None, PLAIN
    )


def test_a_user_without_a_name_is_called_by_the_user_id():
    assert raw_data.user_id_label(record(None)) == raw_data.user_id_label(record("")) == "User ID 7"
    assert raw_data.user_id_label(record("Ann")) == "Ann"


def test_a_key_without_a_name_is_a_dash():
    cells = [raw_data.row_of(record(key=key), "", "berlin", BOUNDARY)[raw_data.ENTRY] for key in (5, 6, 255)]

    assert [cell.value for cell in cells] == ["Overtime Out", "-", "-"]


ENTRY = {raw_data.TIMESTAMP: NewCell(1.0)}
ROW = (NewCell(1.0),)


def worksheet(row_count, cells=(), columns=(raw_data.TIMESTAMP,)):
    places = {column: place for place, column in enumerate(columns)}
    return Worksheet(7, RAW_TITLE, row_count, 11, {place: Cell("x") for place in cells}, columns=places)


def appended(row_count, cells=(), rows=(ENTRY,), **options):
    return placing.append(worksheet(row_count, cells, **options), rows)


def test_what_is_read_to_append_is_the_row_below_the_header():
    assert placing.append_areas(worksheet(9)) == [Area(RAW_TITLE, 1, 2, 0, None)]
    assert placing.append_areas(worksheet(1)) == []


def test_the_first_row_takes_the_blank_one_below_the_header():
    assert appended(2) == [WriteCells(7, 1, 0, (ROW,), below=True)]
    assert appended(2, rows=(ENTRY, ENTRY)) == [AddRows(7, 1), WriteCells(7, 1, 0, (ROW, ROW), below=True)]
    assert appended(2, [(0, 0)]) == [WriteCells(7, 1, 0, (ROW,), below=True)]


def test_other_rows_go_behind_all_that_there_is():
    assert appended(2, [(1, 3)]) == [AddRows(7, 1), WriteCells(7, 2, 0, (ROW,), below=True)]
    assert appended(9, rows=(ENTRY, ENTRY)) == [AddRows(7, 2), WriteCells(7, 9, 0, (ROW, ROW), below=True)]
    assert appended(1) == [AddRows(7, 1), WriteCells(7, 1, 0, (ROW,), below=True)]
    assert appended(9, rows=()) == []


def test_a_column_of_somebody_in_between_stays_blank():
    columns = (raw_data.TIMESTAMP, None, raw_data.EMPLOYEE)
    row = {**ENTRY, raw_data.EMPLOYEE: NewCell("Ann")}
    sheet = worksheet(2, columns=columns)
    sheet.columns.pop(None)
    line = (*ROW, NewCell(), NewCell("Ann"))
    assert placing.append(sheet, [row]) == [WriteCells(7, 1, 0, (line,), below=True)]


def test_what_is_read_of_all_that_is_stored():
    areas = raw_data.stored_areas(worksheet(9, columns=raw_data.COLUMNS))
    runs = ((0, 1), (2, 11))
    assert areas == [Area(RAW_TITLE, 0, None, first, end) for first, end in runs]


def test_stored_punches():
    at = serial.from_datetime(datetime(2026, 11, 4, 2, 30, 5))
    lines: list[dict[int, str | float]] = [
        dict(enumerate(WORDS)),
        {0: at, 2: "berlin", 4: "Ann", 5: "7", 8: "abc", 10: "SN1"},
        {0: at, 2: "berlin", 5: 8.0, 8: "def"},  # somebody typed the user ID again
        {0: at, 4: "a row without a record ID"},
        {0: "yesterday", 2: "berlin", 5: "7", 8: "ghi"},
        {0: 1e300, 2: "berlin", 5: "7", 8: "jkl"},
    ]
    cells = {(row, column): Cell(value) for row, line in enumerate(lines) for column, value in line.items()}

    punches, unreadable = raw_data.stored(
        placed(Worksheet(7, RAW_TITLE, 9, 11, cells), raw_data.layout_of("berlin"))
    )
    assert punches == [
        StoredPunch(Labels("SN1", "7", "Ann", "berlin"), datetime(2026, 11, 4, 2, 30, 5), "abc"),
        StoredPunch(Labels("", "8", "", "berlin"), datetime(2026, 11, 4, 2, 30, 5), "def"),
    ]
    assert unreadable == [
        UnreadableRow(RAW_TITLE, 5, "ghi", "no time stamp can be read", "berlin"),
        UnreadableRow(RAW_TITLE, 6, "jkl", "no time stamp can be read", "berlin"),
    ]
    assert str(unreadable[0]).startswith("Raw Data - berlin, row 5: no time stamp can be read")

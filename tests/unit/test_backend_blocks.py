"""Writes of single cells, worksheets as changes leave them, and the layout of the hidden ones."""

from dataclasses import replace
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attendance_backend.domain.days import DayTimes
from attendance_backend.domain.people import Person, Seen
from attendance_backend.review import book, day_header, days_sheet, punch_index, row_counts
from attendance_backend.review.days_sheet import Days, Facts
from attendance_backend.review.names import DAYS, DAYS_ID, PUNCH_INDEX, PUNCH_INDEX_ID
from attendance_backend.review.punch_index import PunchIndex
from attendance_backend.sheet import serial
from attendance_backend.sheet.blocks import write_cells
from attendance_backend.sheet.changes import AddColumns, AddRows, AddWorksheet, Formula, NewCell, WriteCells
from attendance_backend.sheet.grid import Cell, Worksheet
from attendance_backend.sheet.preview import after

A, B, C, D = (NewCell(text) for text in "abcd")
PLACES = st.tuples(st.integers(0, 6), st.integers(0, 6))


def test_neighbours_are_written_together():
    assert write_cells(7, {}) == []
    assert write_cells(7, {(1, 1): A, (1, 2): B}) == [WriteCells(7, 1, 1, ((A, B),))]
    assert write_cells(7, {(1, 1): A, (2, 1): B}) == [WriteCells(7, 1, 1, ((A,), (B,)))]
    assert write_cells(7, {(2, 1): C, (2, 2): D, (1, 2): B, (1, 1): A}) == [
        WriteCells(7, 1, 1, ((A, B), (C, D)))
    ]


def test_what_is_no_block_is_written_by_itself():
    assert write_cells(7, {(1, 1): A, (1, 3): B, (2, 3): C, (4, 3): D}) == [
        WriteCells(7, 1, 1, ((A,),)),
        WriteCells(7, 1, 3, ((B,), (C,))),
        WriteCells(7, 4, 3, ((D,),)),
    ]
    assert write_cells(7, {(1, 1): A, (2, 1): B, (2, 2): C}) == [
        WriteCells(7, 1, 1, ((A,),)),
        WriteCells(7, 2, 1, ((B, C),)),
    ]


@given(st.dictionaries(PLACES, st.integers(0, 99).map(lambda number: NewCell(float(number)))))
def test_exactly_these_cells_are_written(cells):
    written = {}
    for write in write_cells(7, cells):
        for down, line in enumerate(write.rows):
            for right, cell in enumerate(line):
                place = write.row + down, write.column + right
                assert place not in written
                written[place] = cell
    assert written == cells


def test_a_worksheet_as_changes_leave_it():
    made = book.made(
        [
            AddWorksheet(7, "T", 2, 3),
            WriteCells(7, 0, 1, ((A, B), (NewCell(Formula("=1")), NewCell(2.0)))),
            AddRows(7, 4),
            AddColumns(7, 5),
            WriteCells(8, 0, 0, ((D,),)),
            AddRows(8, 1),
        ]
    )
    assert (made.sheet_id, made.title, made.row_count, made.column_count) == (7, "T", 6, 8)
    assert made.cells == {
        (0, 1): Cell("a"),
        (0, 2): Cell("b"),
        (1, 1): Cell(None, "=1"),
        (1, 2): Cell(2.0),
    }
    assert after(made, [WriteCells(7, 0, 1, ((NewCell(),),))]).cells.keys() == {(0, 2), (1, 1), (1, 2)}
    assert (0, 1) in made.cells


def test_only_a_worksheet_can_be_made():
    with pytest.raises(TypeError):
        book.made([AddRows(7, 1)])


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("Key (0 rows)", 0),
        ("Key (12 rows)", 12),
        ("Key", None),
        ("Key (x rows)", None),
        ("Key (1 rows) ?", None),
    ],
)
def test_how_many_rows_there_are(text, rows):
    sheet = Worksheet(7, "T", 1, 1, {(0, 0): Cell(text)}, columns={days_sheet.KEY: 0})
    assert row_counts.counted(sheet, days_sheet.KEY) == rows


def test_the_number_of_rows_is_told_once():
    sheet = Worksheet(7, "T", 1, 1, {(0, 0): Cell("Key (2 rows)")}, columns={days_sheet.KEY: 0})
    assert row_counts.count(sheet, days_sheet.KEY, 2) == []
    assert row_counts.count(sheet, days_sheet.KEY, 3) == [WriteCells(7, 0, 0, ((NewCell("Key (3 rows)"),),))]


# The hidden worksheets


ANN = Person("Ann Archer", "Ann", 9 * 3600, device_user_id="7", site="berlin")
BOB = Person("Bob Baker", "bob", 9 * 3600)
MONDAY, TUESDAY = date(2026, 11, 2), date(2026, 11, 3)


def values(worksheet):
    return {place: cell.value for place, cell in worksheet.cells.items()}


def test_a_new_punch_index():
    dates = punch_index.dates_of(MONDAY, TUESDAY)
    assert dates == [MONDAY, TUESDAY, date(2026, 11, 4)]
    made = punch_index.create(dates)

    assert made[0] == AddWorksheet(PUNCH_INDEX_ID, PUNCH_INDEX, row_count=1, column_count=7, hidden=True)
    texts = ("Serial Number (0 rows)", "User ID", "User Name", "Site")
    assert values(book.made(made)) == {
        **{(0, column): text for column, text in enumerate(texts)},
        **{(0, 4 + number): serial.from_date(day) for number, day in enumerate(dates)},
    }
    index = PunchIndex(book.made(made))
    assert not index.is_incomplete()
    assert index.changes() == []


def test_new_days():
    seen = Seen(datetime(2026, 11, 3, 17), "berlin")
    facts = Facts({("ann", TUESDAY): DayTimes(9 * 3600, 17 * 3600, 1800)}, {"ann": seen})
    made = days_sheet.create([ANN, BOB], [MONDAY, TUESDAY], facts)

    assert made[0] == AddWorksheet(DAYS_ID, DAYS, row_count=7, column_count=10, hidden=True)
    headers = [column.header for column in days_sheet.LAYOUT.columns]
    rows: list[list[object]] = [
        ["Key (6 rows)", *headers[1:], serial.from_date(MONDAY), serial.from_date(TUESDAY)],
        ["ann/in", "Ann", "in", "Ann Archer", "7", "berlin", "berlin", serial.from_datetime(seen.at), None, 9 / 24],
        ["ann/out", "Ann", "out", *[None] * 6, 17 / 24],
        ["ann/breaks", "Ann", "breaks", *[None] * 6, 1 / 48],
        ["bob/in", "bob", "in", "Bob Baker"],
        ["bob/out", "bob", "out"],
        ["bob/breaks", "bob", "breaks"],
    ]  # fmt: skip
    assert values(book.made(made)) == {
        (row, column): value
        for row, line in enumerate(rows)
        for column, value in enumerate(line)
        if value is not None
    }
    days = Days(book.made(made))
    assert not days.is_incomplete()
    assert days.changes(facts) == []
    assert days.recount() == []


def test_first_and_last_days_of_those_who_have_rows():
    carl = Person("Carl", "carl", 0, first_day=MONDAY)
    ann = replace(ANN, first_day=TUESDAY, last_day=TUESDAY)
    sheet = book.made(days_sheet.create([ANN, BOB], [MONDAY]))
    row = sheet_row(sheet, "ann/breaks")

    assert Days(sheet).employment([carl, ann, BOB]) == {
        (row, sheet.at(days_sheet.FIRST_EMPLOYED)): NewCell(serial.from_date(TUESDAY)),
        (row, sheet.at(days_sheet.LAST_EMPLOYED)): NewCell(serial.from_date(TUESDAY)),
    }


def test_a_row_that_is_gone_keeps_no_other_measure_from_being_written():
    sheet = book.made(days_sheet.create([ANN], [MONDAY]))
    gone = sheet_row(sheet, "ann/in")
    sheet = replace(sheet, cells={place: cell for place, cell in sheet.cells.items() if place[0] != gone})
    facts = Facts({("ann", MONDAY): DayTimes(9 * 3600, 17 * 3600, 1800)}, {})

    found = Days(sheet).differences(facts)
    assert [(place, cell.value) for place, cell in sorted(found.items())] == [
        ((sheet_row(sheet, "ann/out"), 8), 17 / 24),
        ((sheet_row(sheet, "ann/breaks"), 8), 1 / 48),
    ]


def sheet_row(sheet, key):
    return next(row for row in range(sheet.row_count) if sheet.text(row, days_sheet.KEY) == key)


def test_users_whose_names_hold_the_separator():
    slash = Person("Slash", "a/b", 0)
    days = Days(book.made(days_sheet.create([slash], [MONDAY])))

    assert set(days.members) == {"a/b"}
    assert set(days.rows["a/b"]) == set(days_sheet.MEASURES)


def test_people_are_added_at_the_end_of_the_grid():
    sheet = book.made(days_sheet.create([ANN], [MONDAY]))
    longer = after(sheet, [AddRows(DAYS_ID, 2)])
    changes = days_sheet.add_people(longer, [BOB])

    assert changes[0] == AddRows(DAYS_ID, 3)
    found = after(longer, changes)
    assert [found.text(row, 0) for row in range(9)] == [
        "Key (6 rows)", "ann/in", "ann/out", "ann/breaks", "", "", "bob/in", "bob/out", "bob/breaks",
    ]  # fmt: skip
    assert not Days(found).is_incomplete()
    assert days_sheet.add_people(sheet, []) == []


def test_of_days_that_the_header_does_not_tell_the_number_of_rows_is_that_of_the_grid():
    sheet = book.made(days_sheet.create([ANN], [MONDAY]))
    silent = after(sheet, [WriteCells(DAYS_ID, 0, 0, ((NewCell("Key"),),))])

    assert Days(silent).is_incomplete()
    assert not Days(after(silent, days_sheet.add_people(silent, [BOB]))).is_incomplete()


def test_days_and_dates_that_are_missing_get_columns_at_the_end():
    wednesday = date(2026, 11, 4)
    sheet = book.made(days_sheet.create([ANN], [TUESDAY]))
    assert day_header.missing_days(sheet, [TUESDAY]) == []
    assert day_header.missing_days(sheet, [MONDAY, TUESDAY, wednesday]) == [
        AddColumns(DAYS_ID, 2),
        WriteCells(
            DAYS_ID, 0, 9, ((NewCell(serial.from_date(MONDAY)), NewCell(serial.from_date(wednesday))),)
        ),
    ]
    index = book.made(punch_index.create([TUESDAY]))
    assert day_header.missing_days(index, [TUESDAY]) == []
    assert day_header.missing_days(index, [MONDAY]) == [
        AddColumns(PUNCH_INDEX_ID, 1),
        WriteCells(PUNCH_INDEX_ID, 0, 5, ((NewCell(serial.from_date(MONDAY)),),)),
    ]

"""Punch Index: what is found in its cells, what is added to them, and what of it is read."""

from datetime import date, datetime

import pytest

from attendance_backend.domain.people import Labels
from attendance_backend.review import day_header, punch_index
from attendance_backend.review.names import PUNCH_INDEX, PUNCH_INDEX_ID
from attendance_backend.review.punch_index import PunchIndex, Token
from attendance_backend.sheet import serial
from attendance_backend.sheet.changes import AddRows, AddWorksheet, NewCell, WarnBeforeEdit, WriteCells
from attendance_backend.sheet.grid import Area, Cell, Worksheet
from attendance_backend.sheet.placing import placed
from attendance_backend.sheet.preview import after
from attendance_contracts import AttendanceRecord

MONDAY, TUESDAY, WEDNESDAY = date(2026, 11, 2), date(2026, 11, 3), date(2026, 11, 4)
ANN = Labels("SN1", "7", "ann", "berlin")
ANNA = Labels("SN2", "7", "anna", "hamburg")


def index_of(*lines, told=None, dates=(MONDAY, TUESDAY), row_count=None):
    """An index of these lines: labels and one text a date, None for nothing."""
    rows = len(lines) if told is None else told
    header = [f"Serial Number ({rows} rows)", "User ID", "User Name", "Site", *map(serial.from_date, dates)]
    cells = {
        (row, column): value if isinstance(value, Cell) else Cell(value)
        for row, line in enumerate([header, *lines])
        for column, value in enumerate(line)
        if value is not None
    }
    height = 1 + len(lines) if row_count is None else row_count
    sheet = Worksheet(PUNCH_INDEX_ID, PUNCH_INDEX, height, len(header), cells)
    return PunchIndex(placed(sheet, punch_index.LAYOUT))


def record(moment="2026-11-03 09:00", user_id="7", user_name="ann", serial_number="SN1"):
    return AttendanceRecord(serial_number, user_id, user_name, datetime.fromisoformat(moment), 1, 255)


def written(index):
    """The texts of the cells that change, by place."""
    return {
        (change.row + down, change.column + right): cell.value
        for change in index.changes()
        if isinstance(change, WriteCells)
        for down, line in enumerate(change.rows)
        for right, cell in enumerate(line)
    }


def test_a_new_index_warns_whoever_edits_it():
    made = punch_index.create([MONDAY])

    assert made[0] == AddWorksheet(PUNCH_INDEX_ID, PUNCH_INDEX, row_count=1, column_count=5, hidden=True)
    warning = WarnBeforeEdit(
        PUNCH_INDEX_ID, "Kept by the program: by it each punch is stored once. Never edit."
    )
    assert warning in made


def test_labels_are_without_blanks_around():
    assert Labels.of(record(user_id=" 7 ", user_name=" ann", serial_number="SN1 "), " berlin ") == ANN
    assert Labels.of(record(user_name=None), "berlin").user_name == ""


def test_a_punch_as_a_token_and_back():
    punch = record("2026-11-03 09:00:05")

    assert str(Token.of(punch)) == f"32405:{punch.identity}"
    assert str(Token.of(punch, amended=True)) == f"32405:{punch.identity}:amended"
    assert Token.of(punch).moment(TUESDAY) == datetime(2026, 11, 3, 9, 0, 5)


def test_the_punches_of_a_cell_and_of_its_continuations_each_once_and_in_order():
    index = index_of(
        [*ANN, "5:early", "  300:c 200:b:amended\n100:a  "],
        [*ANNA, None, "1:other"],
        [*ANN, None, "50:d 300:c"],
    )

    assert index.tokens(ANN, TUESDAY) == [
        Token(50, "d"), Token(100, "a"), Token(200, "b", amended=True), Token(300, "c"),
    ]  # fmt: skip
    assert index.tokens(ANN, MONDAY) == [Token(5, "early")]
    assert index.tokens(ANNA, MONDAY) == []
    assert index.tokens(ANN, WEDNESDAY) == []
    assert index.tokens(Labels("SN9", "9", "", ""), TUESDAY) == []


@pytest.mark.parametrize(
    "word", ["86400:a", "100", "100:", ":a", "-1:a", "100:a:late", "100:a-b", "100000:a", "x:a"]
)
def test_what_is_no_punch_does_not_count(word):
    assert index_of([*ANN, None, f"{word} 86399:z"]).tokens(ANN, TUESDAY) == [Token(86399, "z")]


def test_a_record_is_known_by_its_id_in_any_row_of_its_site_and_user_id():
    punch = record()
    for labels in (ANN, ANN._replace(user_name="renamed"), ANN._replace(site="Berlin")):
        assert index_of([*ANNA, None, "1:x"], [*labels, None, f"32400:{punch.identity}"]).knows(
            punch, "berlin"
        )
    assert index_of(["SN1", 7.0, "ann", "berlin", None, f"32400:{punch.identity}"]).knows(punch, "berlin")
    blank = record(user_id=" 7 ")
    assert index_of([*ANN, None, f"32400:{blank.identity}"]).knows(blank, "berlin")


def test_a_record_is_not_known_by_what_stands_elsewhere():
    punch = record()
    assert not index_of([*ANN, None, f"32400:{punch.identity}"]).knows(punch, "hamburg")
    assert not index_of([*ANN, f"32400:{punch.identity}", "1:x"]).knows(punch, "berlin")
    assert not index_of(["SN1", "8", "ann", "berlin", None, f"32400:{punch.identity}"]).knows(punch, "berlin")
    assert not index_of([*ANN], dates=(MONDAY,)).knows(punch, "berlin")


def test_sites_as_they_are_written():
    assert index_of([*ANN], [*ANNA], [*ANN]).sites() == {"berlin", "hamburg"}


@pytest.mark.parametrize(("told", "incomplete"), [(1, True), (2, False), (3, True)])
def test_rows_that_somebody_removed_or_added_are_noticed(told, incomplete):
    assert index_of([*ANN], [*ANNA], told=told).is_incomplete() is incomplete


def test_a_punch_goes_into_the_cell_of_its_date_in_order_of_time():
    index = index_of([*ANN, None, "100:a 300:c what"])
    assert [token.record_id for token in index.tokens(ANN, TUESDAY)] == ["a", "c"]
    index.add(ANN, TUESDAY, [Token(400, "d"), Token(200, "b", amended=True)])

    assert [token.record_id for token in index.tokens(ANN, TUESDAY)] == ["a", "b", "c", "d"]
    assert index.changes() == [
        WriteCells(PUNCH_INDEX_ID, 1, 5, ((NewCell("100:a 200:b:amended 300:c 400:d what"),),))
    ]


def test_a_new_row_stands_at_the_end_of_the_grid():
    index = index_of([*ANN, None, "1:x"], row_count=4)
    unnamed = Labels("SN2", "9", "", "hamburg")
    index.add(unnamed, MONDAY, [Token(5, "y")])
    index.add(unnamed, TUESDAY, [Token(6, "z")])

    assert index.changes() == [
        AddRows(PUNCH_INDEX_ID, 1),
        WriteCells(PUNCH_INDEX_ID, 0, 0, ((NewCell("Serial Number (2 rows)"),),)),
        WriteCells(PUNCH_INDEX_ID, 4, 0, ((NewCell("SN2"), NewCell("9")),)),
        WriteCells(PUNCH_INDEX_ID, 4, 3, ((NewCell("hamburg"), NewCell("5:y"), NewCell("6:z")),)),
    ]
    assert not PunchIndex(after(index.worksheet, index.changes())).is_incomplete()


def test_a_record_of_a_new_row_is_known_at_once():
    index, punch = index_of([*ANN, None, "1:x"]), record(user_id="9")
    assert not index.knows(punch, "berlin")
    index.add(Labels.of(punch, "berlin"), TUESDAY, [Token.of(punch)])
    assert index.knows(punch, "berlin")


@pytest.mark.parametrize(
    ("most", "cells"),
    [
        (12, ["100:a 200:b", "300:c 400:d"]),
        (len("100:a 200:b 300:c") - 1, ["100:a 200:b", "300:c 400:d"]),
        (len("100:a 200:b 300:c"), ["100:a 200:b 300:c", "400:d"]),
    ],
)
def test_a_cell_that_is_full_is_continued_in_a_further_row(monkeypatch, most, cells):
    monkeypatch.setattr(punch_index, "MAX_CELL_CHARACTERS", most)
    index = index_of([*ANN, None, "100:a"])
    index.add(ANN, TUESDAY, [Token(second, name) for second, name in ((200, "b"), (300, "c"), (400, "d"))])

    assert [written(index)[row, 5] for row in (1, 2)] == cells
    assert [token.record_id for token in index.tokens(ANN, TUESDAY)] == ["a", "b", "c", "d"]
    assert index.changes()[0] == AddRows(PUNCH_INDEX_ID, 1)


def test_a_row_that_is_continued_is_continued_again(monkeypatch):
    monkeypatch.setattr(punch_index, "MAX_CELL_CHARACTERS", len("100:a") + 1)
    index = index_of([*ANN, None, "100:a"], [*ANN, None, "200:b"])
    index.add(ANN, TUESDAY, [Token(300, "c")])

    assert written(index)[3, 5] == "300:c"
    assert len(index.rows[ANN]) == 3


@pytest.mark.parametrize("typed", [Cell(5.0), Cell("5:y", formula="=A1"), Cell(None, formula="=A1")])
def test_what_a_person_typed_is_left_alone(typed):
    index = index_of([*ANN, None, typed])
    index.add(ANN, TUESDAY, [Token(100, "a")])

    assert (1, 5) not in written(index)
    assert written(index)[2, 5] == "100:a"


def test_punches_that_do_not_belong_there_are_taken_out():
    index = index_of([*ANN, "1:x", "100:a 200:b what"], [*ANN, None, "100:a"], [*ANNA, None, "100:a"])
    assert len(index.tokens(ANN, TUESDAY)) == 2
    index.remove(ANN, TUESDAY, frozenset({"a", "x"}))

    assert written(index) == {(1, 5): "200:b what", (2, 5): None}
    assert index.tokens(ANN, TUESDAY) == [Token(200, "b")]
    index.remove(Labels("SN9", "9", "", ""), TUESDAY, frozenset({"a"}))
    index.remove(ANN, MONDAY, frozenset({"a"}))
    assert len(written(index)) == 2


def test_a_cell_that_was_emptied_takes_punches_again():
    index = index_of([*ANN, None, "100:a"])
    index.remove(ANN, TUESDAY, frozenset({"a"}))
    index.add(ANN, TUESDAY, [Token(200, "b")])

    assert written(index) == {(1, 5): "200:b"}


def test_where_dates_stand():
    index = index_of(dates=(TUESDAY, MONDAY, TUESDAY))

    assert index.columns == {TUESDAY: 4, MONDAY: 5}


def test_labels_are_never_taken_for_dates_or_punches():
    monday = serial.from_date(MONDAY)
    header = after(index_of([*ANN]).worksheet, [WriteCells(PUNCH_INDEX_ID, 0, 2, ((NewCell(monday),),))])
    assert PunchIndex(header).columns == {MONDAY: 4, TUESDAY: 5}
    odd = ANN._replace(serial_number="100:a")
    assert index_of([*odd], dates=(MONDAY,)).tokens(odd, TUESDAY) == []


def test_punches_without_labels_are_nobodys():
    assert index_of([None, None, None, None, "100:a"], told=0).rows == {}


def test_dates_without_a_column_get_one_each_behind_the_others():
    index = index_of(dates=(TUESDAY,))
    changes = day_header.missing_days(index.worksheet, [MONDAY, TUESDAY, WEDNESDAY])

    assert PunchIndex(after(index.worksheet, changes)).columns == {TUESDAY: 4, MONDAY: 5, WEDNESDAY: 6}


def test_what_is_read_for_some_dates():
    made = day_header.as_made(punch_index.LAYOUT, [MONDAY, TUESDAY, WEDNESDAY])
    labels = [Area(PUNCH_INDEX, 0, None, 0, 4)]

    assert punch_index.areas(made, []) == labels
    assert punch_index.areas(made, [MONDAY]) == [*labels, Area(PUNCH_INDEX, 0, None, 4, 5)]
    assert punch_index.areas(made, [WEDNESDAY, TUESDAY]) == [*labels, Area(PUNCH_INDEX, 0, None, 5, 7)]
    # Days outside the period have no column.
    assert punch_index.areas(day_header.as_made(punch_index.LAYOUT, [TUESDAY]), [MONDAY]) == labels

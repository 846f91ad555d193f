"""The daily attendance as it is made: every cell, formula, colour and width."""

from datetime import date

import pytest

from attendance_backend.control.roster import Person
from attendance_backend.sheet import serial, styles
from attendance_backend.sheet.changes import (
    AddRows,
    AddWorksheet,
    Formula,
    HighlightWhen,
    NewCell,
    SetColumns,
    Style,
    WarnBeforeEdit,
    WriteCells,
)
from attendance_backend.sheet.grid import Cell, Worksheet
from attendance_backend.workbook import daily_attendance as daily
from attendance_backend.workbook.daily_attendance import DayTimes
from attendance_backend.workbook.names import DAILY, DAILY_ID
from attendance_backend.workbook.sheet_rows import append_rows
from attendance_contracts import ReviewPeriod

NOVEMBER = ReviewPeriod("November 2026", date(2026, 11, 3), date(2026, 11, 8))
MONDAY, TUESDAY, SATURDAY = date(2026, 11, 2), date(2026, 11, 3), date(2026, 11, 7)
ANN = Person("Ann Archer", "ann", 9 * 3600)
BOB = Person("Bob Baker", "bob", 9 * 3600)
PLAIN = Style()


# Rows appended


@pytest.mark.parametrize(("row_count", "grown"), [(3, 2), (4, 1), (5, 0), (6, 0)])
def test_the_grid_grows_by_what_is_missing(row_count, grown):
    sheet = Worksheet(7, "t", row_count, 1)
    rows = [(NewCell(1.0),), (NewCell(2.0),)]

    assert append_rows(sheet, 3, rows) == [
        *([AddRows(7, grown)] if grown else []),
        WriteCells(7, 3, 0, ((NewCell(1.0),), (NewCell(2.0),))),
    ]
    assert append_rows(sheet, 3, []) == []


# Daily attendance


OUTSIDE, WEEKEND = "#d5d8dd", "#eef1f6"


def day_styles(style):
    """On Monday (outside the period), Tuesday, Saturday."""
    parts = style.number_format, style.bold
    return (
        Style(*parts, background=OUTSIDE, align=style.align),
        style,
        Style(*parts, background=WEEKEND, align=style.align),
    )


def test_a_new_daily_attendance():
    days = (MONDAY, TUESDAY, SATURDAY)
    times = {("ann", TUESDAY): DayTimes(9 * 3600), ("bob", SATURDAY): DayTimes(9 * 3600, 12 * 3600)}
    columns = dict(zip((5, 6, 7), days, strict=True))
    rows = (
        *daily.header_rows(days, NOVEMBER),
        *daily.person_rows(ANN, 2, columns, NOVEMBER, times),
        *daily.person_rows(BOB, 5, columns, NOVEMBER, times),
    )

    assert daily.create([ANN, BOB], days, NOVEMBER, times) == [
        AddWorksheet(DAILY_ID, DAILY, row_count=8, column_count=8, frozen_rows=2, frozen_columns=5),
        WriteCells(DAILY_ID, 0, 0, rows),
        SetColumns(DAILY_ID, 0, 1, 170),
        SetColumns(DAILY_ID, 1, 3, 110),
        SetColumns(DAILY_ID, 3, 5, hidden=True),
        SetColumns(DAILY_ID, 5, 8, 86),
        WarnBeforeEdit(DAILY_ID, "Kept by the program. What you type into a check-in or check-out stays."),
        *daily.highlights(),
    ]


def test_a_daily_attendance_of_nobody_has_a_row_that_is_not_frozen():
    assert daily.create([], [MONDAY], NOVEMBER, {})[0].row_count == 3


def test_the_header_names_days_and_greys_weekdays():
    dates, weekdays = daily.header_rows((MONDAY, TUESDAY, SATURDAY), NOVEMBER)
    header = Style(bold=True, background="#1f3a5f", color="#ffffff")
    week = styles.WEEK_HEADER

    assert dates == (
        *(NewCell(word, header) for word in ("Employee", "User Name", "Measure", "Key", "Cut Off Time")),
        *(NewCell(serial.from_date(day), styles.DAY_HEADER) for day in (MONDAY, TUESDAY, SATURDAY)),
    )
    assert weekdays == (
        *(NewCell(None, header) for _ in range(5)),
        NewCell("Mon", Style(None, week.bold, OUTSIDE, None, week.align)),
        NewCell("Tue", week),
        NewCell("Sat", week),  # a header has a colour of its own
    )


def test_a_persons_three_rows():
    columns = {5: MONDAY, 6: TUESDAY, 8: SATURDAY}  # HR inserted one in between
    times = {("ann", TUESDAY): DayTimes(9 * 3600, 17 * 3600), ("bob", MONDAY): DayTimes(1)}
    check_in, check_out, hours = daily.person_rows(ANN, 2, columns, NOVEMBER, times)

    def labels(row, label, name, user_name):
        cut_off = f"=IFERROR(INDEX('Weekly Summary'!$C:$C,MATCH($B{row},'Weekly Summary'!$B:$B,0)),\"\")"
        return (
            NewCell("Ann Archer", name),
            NewCell("ann", user_name),
            NewCell(label, PLAIN),
            NewCell(Formula(f'=$B{row}&"/"&$C{row}'), PLAIN),
            NewCell(Formula(cut_off), styles.TIME_CELL),
        )

    outside, inside, weekend = day_styles(styles.TIME_CELL)
    assert check_in == (
        *labels(3, "Check In", Style(bold=True), PLAIN),
        NewCell(None, outside),
        NewCell(9 / 24, inside),
        NewCell(),
        NewCell(None, weekend),
    )
    grey = Style(color="#8a8f98")
    assert check_out == (
        *labels(4, "Check Out", grey, grey),
        NewCell(None, outside),
        NewCell(17 / 24, inside),
        NewCell(),
        NewCell(None, weekend),
    )
    outside, inside, weekend = day_styles(styles.DURATION_CELL)
    assert hours == (
        *labels(5, "Hours Worked", grey, grey),
        NewCell(daily.hours_formula(2, 5), outside),
        NewCell(daily.hours_formula(2, 6), inside),
        NewCell(),
        NewCell(daily.hours_formula(2, 8), weekend),
    )


def test_a_person_in_a_worksheet_without_days():
    assert [len(row) for row in daily.person_rows(ANN, 2, {}, NOVEMBER, {})] == [5, 5, 5]


@pytest.mark.parametrize(("index", "day"), list(enumerate((MONDAY, TUESDAY, SATURDAY))))
def test_one_more_day_for_a_person(index, day):
    time_style = day_styles(styles.TIME_CELL)[index]

    assert daily.day_cells(2, 9, day, NOVEMBER) == (
        (NewCell(None, time_style),),
        (NewCell(None, time_style),),
        (NewCell(daily.hours_formula(2, 9), day_styles(styles.DURATION_CELL)[index]),),
    )


@pytest.mark.parametrize(
    ("day", "background"),
    [
        (date(2026, 11, 2), OUTSIDE),
        (date(2026, 11, 3), None),
        (date(2026, 11, 6), None),
        (date(2026, 11, 7), WEEKEND),
        (date(2026, 11, 8), WEEKEND),
        (date(2026, 11, 9), OUTSIDE),
    ],
)
def test_the_colour_of_a_day(day, background):
    (cell,) = daily.day_cells(2, 5, day, NOVEMBER)[0]

    assert cell.style.background == background


def test_hours_worked():
    elapsed = "ROUND((F4-F3)*86400,0)"

    assert daily.hours_formula(2, 5) == Formula(
        "=IF(AND(ISNUMBER(F3),ISNUMBER(F4)),"
        f'IF({elapsed}<0,"check the times",IF({elapsed}<=60,"no check-out",F4-F3)),'
        'IF(ISNUMBER(F3),"no check-out",IF(ISNUMBER(F4),"no check-in","")))'
    )


def test_a_week_of_a_person_for_other_worksheets():
    assert daily.row_formula("$B2", "Check In", 5, 12) == (
        "INDEX('Daily Attendance'!F:L,MATCH($B2&\"/Check In\",'Daily Attendance'!$D:$D,0),0)"
    )


def test_late_check_ins_and_open_days_are_coloured():
    late = '=AND($C3="Check In",ISNUMBER(F3),ISNUMBER($E3),ROUND(F3*86400,0)>ROUND($E3*86400,0))'
    missing = '=AND($C3="Hours Worked",ISTEXT(F3),LEN(F3)>0)'

    assert daily.highlights() == [
        HighlightWhen(DAILY_ID, 2, 5, Formula(late), "#fce4e4", "#b3261e"),
        HighlightWhen(DAILY_ID, 2, 5, Formula(missing), "#fff4ce", "#8a5a00"),
    ]


def daily_sheet(cells):
    return Worksheet(DAILY_ID, DAILY, 20, 20, {place: Cell(value) for place, value in cells.items()})


def test_days_are_found_by_their_dates_the_first_of_two_alike():
    sheet = daily_sheet(
        {
            (0, 2): serial.from_date(MONDAY),  # a label's column
            (0, 3): serial.from_date(SATURDAY),
            (0, 5): serial.from_date(MONDAY),
            (0, 6): "HR's note",
            (0, 7): serial.from_date(TUESDAY),
            (0, 8): serial.from_date(TUESDAY),
            (1, 9): serial.from_date(TUESDAY),
        }
    )

    assert daily.columns_by_day(sheet) == {SATURDAY: 3, MONDAY: 5, TUESDAY: 7}


def test_people_are_found_below_the_header_the_first_of_two_alike():
    sheet = daily_sheet(
        {
            (1, 1): "zoe",
            (2, 0): "Ann Archer",
            (2, 1): " Ann ",
            (2, 2): "Check In",
            (3, 0): "a note",
            (4, 0): "Ann Again",
            (4, 1): "ann",
            (4, 2): "Check In",
            (5, 1): "ann",
            (5, 2): "Check Out",
            (6, 1): "Bob",
            (6, 2): "Check In",
        }
    )
    found = daily.find_rows(sheet)

    assert found.rows == {("ann", "Check In"): 2, ("ann", "Check Out"): 5, ("bob", "Check In"): 6}
    assert found.names == {"ann": "Ann Archer", "bob": "Bob"}
    assert found.end_row == 7


def test_an_emptied_daily_attendance_still_has_its_header_rows():
    assert daily.find_rows(daily_sheet({})).end_row == 2


def test_a_week_counts_when_its_seven_days_stand_side_by_side():
    def week(monday, first):
        return {date(2026, 11, monday + offset): first + offset for offset in range(7)}

    moved = week(16, 19) | {date(2026, 11, 22): 40}
    assert daily.whole_weeks_of(week(9, 12) | week(2, 5) | moved) == {
        date(2026, 11, 2): 5,
        date(2026, 11, 9): 12,
    }
    incomplete = week(2, 5)
    del incomplete[date(2026, 11, 8)]
    assert daily.whole_weeks_of(incomplete) == {}

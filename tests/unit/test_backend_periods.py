"""Review periods: windows from HR's rows, and which of them comes next."""

from dataclasses import replace
from datetime import date
from functools import partial

import pytest

from attendance_backend.control.periods import read_periods
from attendance_backend.domain.periods import last_day_before, next_period, whole_weeks
from attendance_backend.handlers import bounds
from attendance_backend.handlers.routing import Table
from attendance_backend.sheet import serial
from attendance_backend.sheet.grid import Cell, Spreadsheet, Worksheet
from attendance_contracts import ReviewPeriod

HEADER = ("Month", "Start Date", "End Date", "Duration (Weeks)")


def year(title, *rows, header=HEADER):
    lines = [header, *rows]
    cells = {
        (row, column): Cell(serial.from_date(value) if isinstance(value, date) else value)
        for row, values in enumerate(lines)
        for column, value in enumerate(values)
        if value is not None
    }
    return Worksheet(1, title, 100, 10, cells)


def names_and_days(periods):
    return [(period.name, period.first_day, period.last_day) for period in periods]


def test_whole_weeks_begin_on_any_weekday():
    first, last = date(2026, 10, 1), date(2026, 10, 31)
    found = [(days[0], days[-1]) for days in (whole_weeks(first, last, begin) for begin in (0, 3, 5, 6))]
    october = partial(date, 2026, 10)
    assert found == [
        (date(2026, 9, 28), date(2026, 11, 1)),
        (october(1), date(2026, 11, 4)),
        (date(2026, 9, 26), date(2026, 11, 6)),
        (date(2026, 9, 27), october(31)),
    ]


def test_typed_dates_and_texts_are_the_same():
    typed, _ = read_periods([year("2026", ("November", date(2026, 11, 2), date(2026, 11, 29), 4.0))])
    text, _ = read_periods([year("2026", ("November", "11/2/2026", "11/29/2026", 4.0))])
    assert names_and_days(typed) == [("November 2026", date(2026, 11, 2), date(2026, 11, 29))]
    assert text == typed


def test_a_friday_means_the_sunday_after_it():
    periods, _ = read_periods([year("2026", ("November", "11/2/2026", "11/27/2026"))])
    assert periods[0].last_day == date(2026, 11, 29)


def test_a_friday_means_itself_where_it_is_set_on_which_day_weeks_begin():
    months = (("July", "7/1/2026", "7/31/2026"), ("August", "8/1/2026", "8/31/2026"))
    periods, problems = read_periods([year("2026", *months)], through_sunday=False)
    assert [(each.first_day.day, each.last_day.day) for each in periods] == [(1, 31), (1, 31)]
    assert problems == []


@pytest.mark.parametrize("end", ["11/26/2026", "11/28/2026", "11/29/2026", "11/30/2026"])
def test_other_weekdays_mean_themselves(end):
    periods, _ = read_periods([year("2026", ("November", "11/2/2026", end))])
    assert periods[0].last_day == date(2026, 11, int(end.split("/")[1]))


def test_gap_days_belong_to_the_period_after_them_and_overlaps_to_the_one_before():
    periods, problems = read_periods(
        [
            year(
                "2026",
                ("December", "11/25/2026", "12/27/2026"),
                ("November", "11/4/2026", "11/28/2026"),
                ("October", "9/28/2026", "10/30/2026"),
            )
        ]
    )
    assert problems == []
    assert names_and_days(periods) == [
        ("October 2026", date(2026, 9, 28), date(2026, 11, 1)),
        ("November 2026", date(2026, 11, 2), date(2026, 11, 28)),
        ("December 2026", date(2026, 11, 29), date(2026, 12, 27)),
    ]


def test_a_gap_of_more_than_a_week_is_no_home_for_its_days():
    rows = [("October", "10/5/2026", "10/25/2026"), ("December", "11/30/2026", "12/27/2026")]
    periods, _ = read_periods([year("2026", *rows)])
    assert periods[1].first_day == date(2026, 11, 30)


def test_the_year_of_the_name_is_the_worksheets():
    periods, problems = read_periods(
        [
            year("2027", ("January", "12/28/2026", "1/29/2027")),
            year("2026", ("December", "11/30/2026", "12/25/2026")),
        ]
    )
    assert problems == []
    assert names_and_days(periods) == [
        ("December 2026", date(2026, 11, 30), date(2026, 12, 27)),
        ("January 2027", date(2026, 12, 28), date(2027, 1, 31)),
    ]


@pytest.mark.parametrize(
    ("row", "cell", "words"),
    [
        (("November", None, "11/29/2026"), "B2", "Start Date is empty"),
        (("November", "soon", "11/29/2026"), "B2", "'soon'"),
        (("November", "11/2/2026", "31/11/2026"), "C2", "'31/11/2026'"),
        (("November", "11/2/2026", "10/2/2026"), "C2", "before"),
        (("November", "11/2/2026", "11/29/2062"), "C2", "days after"),
        (("November", "11/2/2062", "11/29/2062"), "B2", "2062"),
        ((None, "11/2/2026", "11/29/2026"), "A2", "Month"),
        ((11.0, "11/2/2026", "11/29/2026"), "A2", "Month"),
        (("November", 1e12, "11/29/2026"), "B2", "Start Date"),
        (("Növ" * 23, "11/2/2026", "11/29/2026"), "A2", "too long"),
    ],
)
def test_a_bad_row_is_reported_with_its_cell_and_never_stops_the_others(row, cell, words):
    periods, problems = read_periods([year("2026", row, ("December", "11/30/2026", "12/27/2026"))])
    assert [period.name for period in periods] == ["December 2026"]
    assert len(problems) == 1
    assert problems[0].cell == cell
    assert words in str(problems[0])
    assert "'2026'" in str(problems[0])


@pytest.mark.parametrize("again", ["November", "november"])
def test_a_month_that_stands_twice_is_used_once(again):
    """Of names that differ in case only there is one workbook."""
    periods, problems = read_periods(
        [year("2026", ("November", "11/2/2026", "11/29/2026"), (again, "11/30/2026", "12/27/2026"))]
    )
    assert len(periods) == 1
    assert "twice" in str(problems[0])


def test_the_longest_period_is_no_longer_than_a_site_may_name():
    """Else a site whose quarter HR renamed would ask for its sheet for ever."""
    friday = date(2026, 4, 10)
    rows = [
        ("Quarter", "1/1/2026", f"{friday:%m/%d/%Y}"),
        ("Longer", "4/17/2026", "7/27/2026"),
    ]
    before = year("2025", ("December", "12/1/2025", "12/25/2025"))
    periods, problems = read_periods([before, year("2026", *rows)])
    assert [problem.cell for problem in problems] == ["C3"]
    quarter = periods[-1]
    assert quarter.name == "Quarter 2026"
    assert (quarter.last_day - quarter.first_day).days == 107
    told = replace(quarter, name="Q1 2026")
    control = Spreadsheet("control", ())
    assert bounds.period_of(told, Table(periods, {}, {}, frozenset(), (), control), "berlin") == quarter


def test_a_period_within_another_is_reported():
    periods, problems = read_periods(
        [year("2026", ("November", "11/2/2026", "11/29/2026"), ("Extra", "11/9/2026", "11/15/2026"))]
    )
    assert [period.name for period in periods] == ["November 2026"]
    assert "within November 2026" in str(problems[0])


def test_blank_rows_mean_nothing():
    periods, problems = read_periods([year("2026", (), (None, None, None), ("May", "5/4/2026", "5/29/2026"))])
    assert len(periods) == 1
    assert problems == []


def test_headers_are_found_by_their_words():
    sheet = year(
        "2026",
        (4.0, "11/29/2026", "11/2/2026", "November"),
        header=("Weeks", "END  DATE", " start date", "month"),
    )
    periods, _ = read_periods([sheet])
    assert names_and_days(periods) == [("November 2026", date(2026, 11, 2), date(2026, 11, 29))]


def test_a_worksheet_without_the_headers_is_reported_and_never_stops_the_others():
    broken = year("2027", ("January", "1/4/2027", "1/29/2027"), header=("Month", "Start Date", "Ende"))
    good = year("2026", ("November", "11/2/2026", "11/29/2026"))
    periods, problems = read_periods([broken, good])
    assert [period.name for period in periods] == ["November 2026"]
    assert "worksheet '2027', cell A1: the first row lacks 'End Date'" in str(problems[0])


def test_a_blank_worksheet_means_nothing():
    assert read_periods([Worksheet(1, "2027", 100, 10)]) == ([], [])


NOVEMBER = ReviewPeriod("November 2026", date(2026, 11, 2), date(2026, 11, 29))
DECEMBER = ReviewPeriod("December 2026", date(2026, 11, 30), date(2026, 12, 27))
PERIODS = [NOVEMBER, DECEMBER]


@pytest.mark.parametrize(
    ("on", "expected"),
    [
        (date(2026, 10, 25), None),
        (date(2026, 10, 26), NOVEMBER),
        (date(2026, 11, 2), NOVEMBER),
        (date(2026, 11, 29), NOVEMBER),
        (date(2026, 11, 30), DECEMBER),
        (date(2026, 12, 28), None),
    ],
)
def test_the_first_period_holds_today_or_begins_within_a_week(on, expected):
    assert next_period(PERIODS, None, on) == expected


def test_the_next_period_is_the_first_that_ends_later():
    assert next_period(PERIODS, date(2026, 11, 29), date(2026, 12, 3)) == DECEMBER
    assert next_period(PERIODS, date(2026, 11, 1), date(2026, 12, 3)) == NOVEMBER
    assert next_period(PERIODS, date(2026, 12, 27), date(2026, 12, 28)) is None


def test_a_period_is_missing_when_more_than_a_week_would_have_no_home():
    assert next_period([DECEMBER], date(2026, 11, 22), date(2026, 11, 23)) is None
    assert next_period([DECEMBER], date(2026, 11, 23), date(2026, 11, 23)) is not None


def test_days_between_have_a_home_when_hr_moved_a_period():
    moved = next_period([DECEMBER], date(2026, 11, 25), date(2026, 11, 26))
    assert moved == ReviewPeriod("December 2026", date(2026, 11, 26), date(2026, 12, 27))


def test_a_period_never_begins_within_the_one_before():
    moved = next_period([DECEMBER], date(2026, 12, 2), date(2026, 12, 3))
    assert moved == ReviewPeriod("December 2026", date(2026, 12, 3), date(2026, 12, 27))


def test_the_latest_period_that_is_over():
    assert last_day_before(PERIODS, date(2026, 11, 29)) is None
    assert last_day_before(PERIODS, date(2026, 11, 30)) == date(2026, 11, 29)
    assert last_day_before(PERIODS, date(2027, 3, 1)) == date(2026, 12, 27)


def test_weeks_are_whole():
    days = whole_weeks(date(2026, 11, 4), date(2026, 11, 10))
    assert (days[0], days[-1], len(days)) == (date(2026, 11, 2), date(2026, 11, 15), 14)
    assert len(whole_weeks(date(2026, 11, 2), date(2026, 11, 8))) == 7


def test_a_worksheet_copied_from_last_years_makes_no_second_set_of_periods():
    this_year = year("2026", ("November", "11/2/2026", "11/29/2026"))
    copied = year("2027", ("November", "11/2/2026", "11/29/2026"), ("December", "11/29/2027", "12/31/2027"))
    periods, problems = read_periods([this_year, copied])
    assert [period.name for period in periods] == ["November 2026", "December 2027"]
    assert "is in 2026, this worksheet is 2027; correct the year, or type the row into 2026" in str(
        problems[0]
    )

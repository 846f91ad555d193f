"""The control spreadsheet: what HR typed, and what is said about it."""

from datetime import date

import pytest

from attendance_backend.control import review_sheets
from attendance_backend.control.holidays import read_holidays
from attendance_backend.control.periods import doubts, read_periods
from attendance_backend.control.reading import read_control, write_problems
from attendance_backend.control.roster import read_roster
from attendance_backend.control.rules import read_rules
from attendance_backend.control.rules import runs_through_sunday as runs_through_sunday_of
from attendance_backend.domain.days import KeyPolicy
from attendance_backend.domain.people import Detail
from attendance_backend.domain.rules import Holiday, Role, Rules, Share
from attendance_backend.sheet import serial
from attendance_backend.sheet.grid import Cell, Worksheet
from tests.fakes_backend import CONTROL_ID, World

SITES = ("berlin", "Hamburg")


def sheet(title, *lines):
    cells = {
        (row, column): Cell(serial.from_date(value) if isinstance(value, date) else value)
        for row, values in enumerate(lines)
        for column, value in enumerate(values)
        if value is not None
    }
    return Worksheet(1, title, 100, 10, cells)


def year(*rows, title="2026"):
    return sheet(title, ("Month", "Start Date", "End Date"), *rows)


def said(problems):
    return [f"{problem.worksheet}!{problem.cell}: {problem.remedy}" for problem in problems]


# -- review periods: dates in either order


@pytest.mark.parametrize(
    ("row", "first_day", "last_day"),
    [
        (("November", "2/11/2026", "29/11/2026"), date(2026, 11, 2), date(2026, 11, 29)),
        (("November", "11/2/2026", "11/29/2026"), date(2026, 11, 2), date(2026, 11, 29)),
        (("October", "5/10/2026", "1/11/2026"), date(2026, 10, 5), date(2026, 11, 1)),
        (("Winter", "30/11/2026", "12/27/2026"), date(2026, 11, 30), date(2026, 12, 27)),
        (("March", "2/3/2026", "3/4/2026"), date(2026, 3, 2), date(2026, 4, 5)),
        (("February", "2/3/2026", "3/4/2026"), date(2026, 2, 3), date(2026, 3, 4)),
        (("November", "2.11.2026", "29.11.2026"), date(2026, 11, 2), date(2026, 11, 29)),
        (("November", "2026-11-02", "29 November 2026"), date(2026, 11, 2), date(2026, 11, 29)),
        (("November", "Nov 2, 2026", "29-11-2026"), date(2026, 11, 2), date(2026, 11, 29)),
        (("November", date(2026, 11, 2), "29/11/2026"), date(2026, 11, 2), date(2026, 11, 29)),
        # Nothing tells: as the column has always been read.
        (("A", "2/3/2026", "3/4/2026"), date(2026, 2, 3), date(2026, 3, 4)),
    ],
)
def test_dates_are_read_in_the_order_in_which_they_must_have_been_typed(row, first_day, last_day):
    periods, problems = read_periods([year(row)])
    assert said(problems) == []
    assert [(period.first_day, period.last_day) for period in periods] == [(first_day, last_day)]


def test_a_month_that_the_spreadsheet_took_for_a_date_is_that_month():
    periods, problems = read_periods([year((date(2026, 11, 1), "2 Nov 2026", "29 Nov 2026"))])
    assert ([period.name for period in periods], problems) == (["November 2026"], [])


def test_a_month_in_short_tells_the_order():
    periods, _ = read_periods([year(("Mar", "2/3/2026", "3/4/2026"))])
    assert periods[0].first_day == date(2026, 3, 2)


def test_other_rows_tell_the_order_of_one_that_does_not():
    periods, _ = read_periods([year(("A", "2/3/2026", "3/4/2026"), ("B", "13/4/2026", "10/5/2026"))])
    assert periods[0].first_day == date(2026, 3, 2)


def test_a_worksheet_in_both_orders_leaves_nothing_to_guess():
    rows = [
        ("A", "2/3/2026", "3/4/2026"),
        ("B", "13/4/2026", "10/5/2026"),
        ("C", "5/14/2026", "6/14/2026"),
    ]
    periods, problems = read_periods([year(*rows)])
    assert [period.name for period in periods] == ["B 2026", "C 2026"]
    assert said(problems) == [
        (
            "2026!B2: Start Date can be 3 February 2026 or 2 March 2026, and other rows show both "
            "orders; type 2026-02-03 or 2026-03-02"
        )
    ]


def test_a_date_that_the_spreadsheet_swapped_is_pointed_out():
    _, problems = read_periods([year(("November", date(2026, 2, 11), "29/11/2026"))])
    assert said(problems) == [
        (
            "2026!C2: End Date is 291 days after Start Date; correct it; the spreadsheet took Start Date "
            "for 11 February 2026. If 2 November 2026 is meant, type 2026-11-02"
        )
    ]


# -- review periods: overlapping, missing


def test_overlaps_and_holes_are_pointed_out_and_the_rows_count():
    sheets = [
        year(
            ("September", "8/31/2026", "10/2/2026"),
            ("October", "10/2/2026", "10/25/2026"),
            ("December", "11/30/2026", "12/27/2026"),
        )
    ]
    periods, problems = read_periods(sheets)
    assert len(periods) == 3
    assert problems == []
    assert said(doubts(sheets, date(2026, 12, 1))) == [
        (
            "2026!A3: September 2026 and October 2026 both hold 2 October 2026 to 4 October 2026; "
            "these days count for September 2026. Correct one"
        ),
        ("2026!A4: no period holds the days 26 October 2026 to 29 November 2026; add it, or correct a date"),
    ]


def test_the_next_period_is_asked_for_two_weeks_before():
    sheets = [year(("November", "11/2/2026", "11/27/2026"))]
    assert doubts(sheets, date(2026, 11, 15)) == []
    assert said(doubts(sheets, date(2026, 11, 16))) == [
        "2026!A2: no period is entered for the days after 29 November 2026; add one in the row below"
    ]


# -- people

HEADER = ("Name", "Email", "Cut Off Time", "Device User ID", "Site", "Staff Group")


def test_people_with_all_columns():
    people, problems = read_roster(
        sheet("Cut Off Times", HEADER, ("Ann", "ann@x.com", 0.375, 101.0, "BERLIN", "Office")), SITES
    )
    assert problems == []
    ann = people["ann"]
    assert (ann.device_user_id, ann.site, ann.group, ann.cut_off) == ("101", "berlin", "Office", 9 * 3600)


def test_the_optional_columns_may_be_missing():
    people, problems = read_roster(sheet("Cut Off Times", HEADER[:3], ("Ann", "ann@x.com", "9:00 AM")), SITES)
    assert problems == []
    assert (people["ann"].device_user_id, people["ann"].site, people["ann"].group) == ("", "", "")


def test_each_fault_names_its_cell_and_the_others_go_on():
    people, problems = read_roster(
        sheet(
            "Cut Off Times",
            HEADER,
            ("Ann", "ann@x.com", "nine o'clock", "100", None, None),
            ("Bob", "bob@x.com", 0.375, "101", "berlin", None),
            ("Bobby", "BOB@y.com", 0.375, None, None, None),
            ("Cem", "cem@x.com", 0.375, "101", "Berlin", None),
            ("Dee", "dee@x.com", 0.375, "101", "hamburg", None),
            ("Eve", "eve@x.com", 0.375, "107", "berln", None),
            (None, "fay@x.com", 0.375, None, None, None),
        ),
        SITES,
    )
    assert said(problems) == [
        (
            'Cut Off Times!C2: Cut Off Time holds "nine o\'clock"; type a time such as 09:00; until then it stays as '
            "it was"
        ),
        "Cut Off Times!B4: BOB is already Bob's user name; remove one row",
        (
            "Cut Off Times!D5: 101 is already Bob's device user ID at berlin; correct one, or give both "
            "their site"
        ),
        (
            "Cut Off Times!E7: no site is called 'berln' (there are: Hamburg, berlin); correct it, or leave "
            "it empty; until then it stays as it was"
        ),
        "Cut Off Times!A8: type a text for Name",
    ]
    assert {(p.name, p.device_user_id, p.site) for p in people.values()} == {
        ("Ann", "100", ""),
        ("Bob", "101", "berlin"),
        ("Cem", "", "berlin"),
        ("Dee", "101", "Hamburg"),
        ("Eve", "107", ""),
    }


@pytest.mark.parametrize(
    ("value", "shown", "ask"),
    [
        (1.0, "24:00", "type 1:00 or 24 h 00, whichever is meant"),
        (9.5, "9.5", "type 9:30 or 9:50, whichever is meant"),
        (-0.25, "-0.25", "type a time such as 09:00"),
        (45906.0, "the date 06-09-2025", "type a time such as 09:00"),
        (True, "'TRUE'", "type a time such as 09:00"),
    ],
)
def test_a_number_that_is_no_time_of_day_is_told_as_it_was_typed(value, shown, ask):
    people, problems = read_roster(
        sheet("Cut Off Times", HEADER, ("Ann", "ann@x.com", value, "101", None, None))
    )
    assert said(problems) == [
        f"Cut Off Times!C2: Cut Off Time holds {shown}; {ask}; until then it stays as it was"
    ]
    assert people["ann"].cut_off is None
    assert people["ann"].unread == {Detail.CUT_OFF}


@pytest.mark.parametrize("value", [0.0, "00:00", "12:00 am", "midnight", "0:00"])
def test_midnight_as_a_cut_off_is_asked_back(value):
    people, problems = read_roster(sheet("Cut Off Times", HEADER, ("Ann", "ann@x.com", value)))
    assert said(problems) == [
        (
            "Cut Off Times!C2: Cut Off Time is midnight, and everybody comes after it; type the time that is meant (24 "
            "h for midnight after the evening), or none for nobody to be late; until then it stays as it was"
        )
    ]
    assert people["ann"].unread == {Detail.CUT_OFF}


def test_nobody_is_late_where_hr_says_so():
    people, problems = read_roster(sheet("Cut Off Times", HEADER, ("Ann", "ann@x.com", "None")))
    assert (people["ann"].cut_off, people["ann"].unread, problems) == (None, frozenset(), [])


def test_names_addresses_and_sites_in_another_case_or_with_more_blanks():
    line = (
        "Ann\u00a0 Archer ",
        "Ann Archer <ANN@x.com>",
        "\uff19\uff1a\uff10\uff10",
        " \uff11\uff10\uff11",
        "new\u00a0 YORK",
        "Front  Desk",
    )
    people, problems = read_roster(sheet("Cut Off Times", HEADER, line), ("New York",))
    assert problems == []
    ann = people["ann"]
    assert (ann.name, ann.cut_off, ann.device_user_id) == ("Ann Archer", 9 * 3600, "101")
    assert (ann.site, ann.group) == ("New York", "Front Desk")


def test_an_id_without_a_site_is_the_same_id_everywhere():
    lines = (("Ann", "ann@x.com", 0.375, "7", "berlin"), ("Bob", "bob@x.com", 0.375, "7", None))
    people, problems = read_roster(sheet("Cut Off Times", HEADER[:5], *lines))
    assert [problem.cell for problem in problems] == ["D3"]
    assert (people["ann"].device_user_id, people["bob"].device_user_id) == ("7", "")


# -- when people began and left

WITH_DAYS = (*HEADER[:3], "First Day", "Last Day")


def employed(*lines):
    """First and last day by user, and what is wrong; a line is a user and what HR typed of the two days."""
    rows = [(user.title(), f"{user}@x.com", 0.375, *typed) for user, *typed in lines]
    people, problems = read_roster(sheet("Cut Off Times", WITH_DAYS, *rows), SITES)
    return {key: (person.first_day, person.last_day) for key, person in people.items()}, said(problems)


def test_first_and_last_days():
    assert employed(
        ("ann", date(2026, 11, 5), None),
        ("bob", None, date(2026, 11, 20)),
        ("cem", "2026-11-09", "20 November 2026"),
        ("dee", None, "  "),
        ("eve", date(2026, 11, 9), date(2026, 11, 9)),
    ) == (
        {
            "ann": (date(2026, 11, 5), None),
            "bob": (None, date(2026, 11, 20)),
            "cem": (date(2026, 11, 9), date(2026, 11, 20)),
            "dee": (None, None),
            "eve": (date(2026, 11, 9), date(2026, 11, 9)),
        },
        [],
    )


def test_without_the_columns_everybody_is_there_all_the_time():
    people, problems = read_roster(sheet("Cut Off Times", HEADER[:3], ("Ann", "ann@x.com", 0.375)), SITES)
    assert (people["ann"].first_day, people["ann"].last_day, problems) == (None, None, [])


def test_a_day_that_makes_no_sense_hides_nothing():
    a_date = "type a date such as 2026-11-30; until then it stays as it was"
    assert employed(
        ("ann", "soon", date(2026, 11, 20)),
        ("bob", date(2026, 11, 20), date(2026, 11, 5)),
        ("cem", 0.375, "31/11/2026"),
        ("dee", date(2206, 11, 1), True),
        ("eve", 1e300, -1e300),
    ) == (
        {
            "ann": (None, date(2026, 11, 20)),
            "bob": (None, None),
            "cem": (None, None),
            "dee": (None, None),
            "eve": (None, None),
        },
        [
            f"Cut Off Times!D2: First Day holds 'soon'; {a_date}",
            (
                "Cut Off Times!E3: Last Day (2026-11-05) is before First Day (2026-11-20); correct one: until then "
                "both stay as they were"
            ),
            f"Cut Off Times!D4: First Day holds 9:00; {a_date}",
            f"Cut Off Times!E4: Last Day holds '31/11/2026'; {a_date}",
            f"Cut Off Times!D5: First Day holds the date 01-11-2206; {a_date}",
            f"Cut Off Times!E5: Last Day holds 'TRUE'; {a_date}",
            f"Cut Off Times!D6: First Day holds 1e+300; {a_date}",
            f"Cut Off Times!E6: Last Day holds -1e+300; {a_date}",
        ],
    )


def test_what_shows_an_error_is_not_empty():
    """Such as a formula that finds nothing: the last good value stays, and not none."""
    error = Cell(None, "=VLOOKUP(A2,Staff!A:D,4,0)", is_error=True)
    line = sheet("Cut Off Times", (*HEADER, "Last Day"), ("Ann", "ann@x.com", 0.375, None, "berlin"))
    cells = {**line.cells, **{(1, column): error for column in (2, 4, 6)}}
    people, problems = read_roster(Worksheet(1, "Cut Off Times", 100, 10, cells), SITES)
    assert people["ann"].unread == {Detail.CUT_OFF, Detail.SITE, Detail.LAST_DAY}
    assert [problem.cell for problem in problems] == ["C2", "G2", "E2"]
    grace = sheet("Settings", ("Setting", "Site", "Value"), ("Grace (minutes)", None, None))
    cells = {**grace.cells, (1, 2): error}
    rules, problems = read_rules(Worksheet(1, "Settings", 100, 3, cells))
    assert rules.grace_s is None
    assert said(problems)[0].startswith(
        "Settings!C2: Value holds '#ERROR!'; type a length of time such as 5 min"
    )


def test_a_truth_value_in_a_cell_for_a_name_is_not_empty():
    people, problems = read_roster(
        sheet("Cut Off Times", HEADER, ("Ann", "ann@x.com", "9:00", None, True)), SITES
    )
    assert people["ann"].unread == {Detail.SITE}
    assert said(problems)[0].startswith("Cut Off Times!E2: no site is called 'TRUE'")


def test_a_day_in_text_is_read_in_the_order_that_the_others_show():
    by_others = employed(("ann", "5/11/2026", None), ("bob", None, "20/11/2026"))
    assert by_others == ({"ann": (date(2026, 11, 5), None), "bob": (None, date(2026, 11, 20))}, [])
    days, problems = employed(
        ("ann", "5/11/2026", None), ("bob", None, "20/11/2026"), ("cem", "11/20/2026", None)
    )
    assert days["ann"] == (None, None)
    assert problems == [
        (
            "Cut Off Times!D2: '5/11/2026' can be two days, and other rows show both orders; type 2026-05-11 or "
            "2026-11-05; until then it stays as it was"
        )
    ]


def test_two_rows_of_one_person_that_disagree_say_nothing_of_the_days():
    fifth, twentieth = date(2026, 11, 5), date(2026, 11, 20)
    twice = "ann is already Ann's user name; remove one row"
    neither = " (they have not the same First Day and Last Day: until then they stay as they were)"
    assert employed(("ann", fifth, twentieth), ("ann", fifth, twentieth)) == (
        {"ann": (fifth, twentieth)},
        [f"Cut Off Times!B3: {twice}"],
    )
    for other in ((fifth, None), (None, None), (twentieth, fifth), ("soon", twentieth)):
        assert employed(("ann", fifth, twentieth), ("ann", *other)) == (
            {"ann": (None, None)},
            [f"Cut Off Times!B3: {twice}{neither}"],
        )


# -- holidays


def test_holidays():
    holidays, problems, is_whole = read_holidays(
        sheet(
            "Holidays",
            ("Date", "Name", "Site"),
            ("26/12/2026", "Boxing Day", None),
            ("3/10/2026", "Unity Day", "BERLIN"),
            (date(2026, 1, 1), None, None),
            ("soon", "?", None),
            ("26/12/2026", "Again", None),
            ("31/10/2026", "Reformation Day", "bremen"),
        ),
        SITES,
    )
    assert holidays == [
        Holiday(date(2026, 1, 1), "holiday", ""),
        Holiday(date(2026, 10, 3), "Unity Day", "berlin"),
        Holiday(date(2026, 12, 26), "Boxing Day", ""),
    ]
    assert not is_whole
    assert [(problem.cell, problem.remedy.split(";")[0]) for problem in problems] == [
        ("A5", "Date holds 'soon'"),
        ("A6", "2026-12-26 stands here twice"),
        ("C7", "no site is called 'bremen' (there are: Hamburg, berlin)"),
    ]


def test_a_holiday_that_can_be_two_days_is_only_guessed_while_nothing_contradicts():
    both = [("26/12/2026", "a"), ("12/25/2026", "b"), ("3/10/2026", "c")]
    holidays, problems, _ = read_holidays(sheet("Holidays", ("Date", "Name"), *both))
    assert len(holidays) == 2
    assert said(problems) == [
        (
            "Holidays!A4: '3/10/2026' can be two days, and other rows show both orders; type 2026-03-10 or "
            "2026-10-03"
        )
    ]
    assert read_holidays(sheet("Holidays", ("Date", "Name"), both[2]))[0][0].day == date(2026, 3, 10)


# -- settings


def test_settings():
    rules, problems = read_rules(
        sheet(
            "Settings",
            ("Setting", "Site", "Value", "What it means"),
            ("Share with, to view", None, "board@x.com, pay@x.com", "…"),
            ("share with,  to EDIT", None, "hr@x.com;pay@x.com", "…"),
            ("Alarm to", None, "hr@x.com", "…"),
            ("Key policy", None, None, "…"),
            ("Key policy", "hamburg", "Pairs", "…"),
            ("Double tap (seconds)", None, 30.0, "…"),
            ("Double tap (seconds)", "Berlin", "90", "…"),
            ("Grace (minutes)", None, 5.0, "…"),
            ("Overtime beyond (hours a day)", None, 7.5, "…"),
        ),
        SITES,
    )
    assert problems == []
    assert rules.shares == (
        Share(Role.VIEWER, "board@x.com"),
        Share(Role.EDITOR, "hr@x.com"),
        Share(Role.EDITOR, "pay@x.com"),
    )
    assert rules.alarm_to == ("hr@x.com",)
    assert [rules.key_policy(site) for site in ("berlin", "HAMBURG")] == [
        KeyPolicy.FIRST_AND_LAST,
        KeyPolicy.PAIRS,
    ]
    assert [rules.double_tap_s(site) for site in ("berlin", "Hamburg")] == [90, 30]
    assert (rules.grace_s, rules.overtime_after_s) == (300, 27000)


def test_settings_that_make_no_sense_stay_as_they_were():
    rules, problems = read_rules(
        sheet(
            "Settings",
            ("Setting", "Site", "Value"),
            ("Sharing", None, "x"),
            ("Share with, to view", None, "hr"),
            ("Alarm to", "berlin", "hr@x.com"),
            ("Key policy", None, "any"),
            ("Double tap (seconds)", None, "often"),
            ("Grace (minutes)", None, -5.0),
            ("Grace (minutes)", None, 10.0),
            ("Overtime beyond (hours a day)", None, 480.0),
            ("Key policy", "bremen", "pairs"),
        ),
        SITES,
    )
    # The setting that nobody understands may be how long something is kept: nothing goes.
    assert rules == Rules(
        key_policies={"": None},
        double_taps_s={"": None},
        weekends={"": None},
        week_begins_on=None,
        keep_copies=None,
        keep_notices=None,
        end_grace_s=None,
    )
    assert [problem.cell for problem in problems] == ["A2", "C3", "B4", "C5", "C6", "C7", "A8", "C9", "B10"]
    assert str(problems[5]).endswith(
        "Value holds -5; type a length of time such as 5 min, at most 240 minutes; until then it stays as it was"
    )
    assert '"first and last" or "pairs"' in str(problems[3])
    assert "the settings are: 'Share with, to view', 'Share with, to comment', " in str(problems[0])


SETTING = ("Setting", "Site", "Value")


@pytest.mark.parametrize(
    ("typed", "begins_on", "runs_through_sunday"),
    [("Sunday", 6, False), ("mon", 0, False), (None, 0, True), ("none", 0, True)],
)
def test_where_weeks_begin(typed, begins_on, runs_through_sunday):
    settings = sheet("Settings", SETTING, ("week begins on", None, typed))
    rules, problems = read_rules(settings, SITES)
    assert (rules.week_begins_on, problems) == (begins_on, [])
    assert runs_through_sunday_of(settings) is runs_through_sunday


@pytest.mark.parametrize("typed", ["Sat, Sun", "Mon-Fri", "always", 7.0])
def test_where_weeks_begin_is_one_day(typed):
    settings = sheet("Settings", SETTING, ("Week begins on", None, typed))
    rules, problems = read_rules(settings, SITES)
    assert (rules.week_begins_on, rules.are_hours_read) == (None, False), "all plans stay"
    assert [problem.cell for problem in problems] == ["C2"]
    assert "one day, such as Sunday" in str(problems[0])
    assert not runs_through_sunday_of(settings), "it is meant to be one"


# -- all of it


@pytest.fixture
def world():
    world = World()
    world.type_worksheet(
        "2026", [("Month", "Start Date", "End Date"), ("November", "11/2/2026", "11/27/2026")]
    )
    world.type_worksheet("Cut Off Times", [HEADER, ("Ann", "ann@x.com", "soon", None, "berln", None)])
    return world


def control_of(world):
    return read_control(world.spreadsheets, CONTROL_ID, date(2026, 11, 3), SITES)


def test_everything_in_two_calls(world):
    control = control_of(world)
    assert world.effects.reads == 2
    assert [period.name for period in control.periods] == ["November 2026"]
    assert control.rules == Rules()
    assert said(control.problems) == [
        "Cut Off Times!C2: Cut Off Time holds 'soon'; type a time such as 09:00; until then it stays as it was",
        (
            "Cut Off Times!E2: no site is called 'berln' (there are: Hamburg, berlin); correct it, or leave it empty; "
            "until then it stays as it was"
        ),
    ]


def test_hr_sees_the_problems_and_they_are_written_only_when_they_change(world):
    write_problems(world.spreadsheets, CONTROL_ID, control_of(world))
    assert [row[1] for row in world.control.sheet("Problems").rows()[1:]] == ["C2", "E2"]
    assert world.control.sheet("Problems").rows()[1][2].startswith("Cut Off Time holds 'soon'; type a time")
    writes = world.effects.count
    write_problems(world.spreadsheets, CONTROL_ID, control_of(world))
    assert world.effects.count == writes
    world.control.sheet("Cut Off Times").put(1, 2, 0.375)
    write_problems(world.spreadsheets, CONTROL_ID, control_of(world))
    assert world.control.sheet("Problems").rows()[1][2].startswith("no site is called 'berln'")
    world.control.sheet("Cut Off Times").put(1, 4, None)
    write_problems(world.spreadsheets, CONTROL_ID, control_of(world))
    assert world.control.sheet("Problems").rows()[1:] == [[None, None, "Nothing."]]
    writes = world.effects.count
    write_problems(world.spreadsheets, CONTROL_ID, control_of(world))
    assert world.effects.count == writes


def test_without_problems_no_worksheet_is_made(world):
    world.type_worksheet("Cut Off Times", [HEADER, ("Ann", "ann@x.com", "9:00")])
    write_problems(world.spreadsheets, CONTROL_ID, control_of(world))
    assert world.effects.count == 0


def test_what_is_wrong_in_the_rows_of_sites_is_told(world):
    world.type_worksheet("Cut Off Times", [HEADER, ("Ann", "ann@x.com", "9:00")])
    header = ("Site", "First Day", "Time Zone", "Day Boundary", "Silent After (h)")
    rows = [
        ("berlin", "2026-01-01", "Berlin", 4 / 24, "1 day"),
        ("Hamburg", "2026-01-01", "Europe/Berlin", "soon", None),
        ("Berlin", "2026-01-01", "Europe/Berlin", 0.25, None),
    ]
    world.type_worksheet("Registered Sites", [header, *rows])
    assert [(one.cell, one.remedy.partition(";")[0]) for one in control_of(world).problems] == [
        ("E2", "type a number of hours"),
        ("C2", "no time zone is called 'Berlin'"),
        ("D3", "Day Boundary holds 'soon'"),
        ("B4", "a row above says the same First Day of this site, and counts"),
    ]


def test_two_columns_of_one_name_are_told(world):
    world.type_worksheet(
        "Cut Off Times", [(*HEADER[:3], "cut off  time"), ("Ann", "ann@x.com", "9:00", "8:00")]
    )
    control = control_of(world)
    assert control.people["ann"].cut_off == 9 * 3600
    assert said(control.problems) == [
        (
            "Cut Off Times!D1: a column on the left is called 'cut off  time', too, and that one counts; rename or "
            "delete one"
        )
    ]


def test_an_empty_control_spreadsheet_says_what_is_missing():
    world = World()
    world.type_worksheet("Notes", [("anything",)])
    control = control_of(world)
    assert said(control.problems) == [
        "2026!A1: there is no worksheet for 2026; add one, or run attendance-backend init",
        ("Cut Off Times!A1: there is no worksheet 'Cut Off Times': add it, or run attendance-backend init"),
    ]
    assert control.people == {}


def test_faults_of_the_list_of_review_sheets(world):
    world.type_worksheet(
        "Review Sheets",
        [
            ("Period", "Spreadsheet ID", "Link", "Created On"),
            ("November 2026", "id-1"),
            ("november 2026", "id-2"),
            ("December 2026", None),
            (None, "id-3"),
            ("Jan 2027", "id-4"),
            ("January 2027", "id-4"),
            (None, "id-4"),
        ],
    )
    control = control_of(world)
    assert control.review_sheets == {"November 2026": "id-1", "January 2027": "id-4"}
    assert [problem.cell for problem in control.problems if problem.worksheet == "Review Sheets"] == [
        "A3",
        "B4",
        "A5",
        "A6",
        "A8",
    ]


def test_a_row_of_review_sheets_that_somebody_deletes_during_a_visit_is_no_fault(world):
    world.type_worksheet("Review Sheets", [review_sheets.HEADERS, ("May 2026", "id-1")])
    sheet = review_sheets.read(world.spreadsheets, CONTROL_ID)
    assert sheet is not None
    [noted] = review_sheets.note(sheet, {"April 2026": True, "May 2026": True})
    assert (noted.row, noted.column) == (1, review_sheets.FINALISED)


def test_newest_punches_of_very_many_sites_fit_into_a_cell_and_are_noted_once(world):
    world.type_worksheet("Review Sheets", [review_sheets.HEADERS, ("May 2026", "id-1")])
    punches = {"id-1": {f"{number:050}": "0" * 20 for number in range(2_000)}}
    for _ in range(2):
        sheet = review_sheets.read(world.spreadsheets, CONTROL_ID)
        assert sheet is not None
        changes = review_sheets.note_newest(sheet, punches)
        world.spreadsheets.apply(CONTROL_ID, changes)
    assert changes == []
    sheet = review_sheets.read(world.spreadsheets, CONTROL_ID)
    assert sheet is not None
    assert 0 < len(sheet.text(1, review_sheets.NEWEST)) <= 50_000


@pytest.mark.parametrize(("zone", "cells"), [("Mars/Olympus", ["C2"]), ("Europe/Berlin", []), (None, [])])
def test_a_time_zone_that_is_none_is_told(world, zone, cells):
    row = ("berlin", "2026-10-05", zone, "04:00")
    world.type_worksheet("Registered Sites", [("Site", "First Day", "Time Zone", "Day Boundary"), row])
    told = [each for each in control_of(world).problems if each.worksheet == "Registered Sites"]
    assert [each.cell for each in told] == cells


@pytest.mark.parametrize(("since", "is_told"), [("2027-11-05", True), ("2026-10-05", False), ("soon", True)])
def test_a_site_at_work_whose_first_day_is_yet_to_come_or_no_day_is_told(world, since, is_told):
    world.type_worksheet(
        "Registered Sites", [("Site", "First Day", "Time Zone", "Day Boundary"), ("berlin", since)]
    )
    for sites, tells in ((["Berlin"], is_told), ([], since == "soon")):
        control = read_control(world.spreadsheets, CONTROL_ID, date(2026, 11, 4), sites)
        assert ("Registered Sites" in {each.worksheet for each in control.problems}) is tells


def test_shifts_of_one_person_that_meet_are_named(world):
    world.type_worksheet("Cut Off Times", [HEADER, ("Ann", "ann@x.com", "9:00")])
    shifts = [("Shift", "Start", "End"), ("Early", "06:00", "14:00"), ("Night", "22:00", "06:00")]
    world.type_worksheet("Shifts", shifts)
    header = ("Email", "Shift", "From", "Days")
    world.type_worksheet("Roster", [header, ("ann@x.com", "Night"), ("ann@x.com", "Early", "2026-11-05")])
    (problem,) = control_of(world).problems
    assert "shifts of Ann (Night on Wed 2026-11-04, then Early): punches of one may count for" in str(problem)
    world.type_worksheet("Roster", [header, ("ann@x.com", "Night"), ("ann@x.com", "Early", "2026-11-07")])
    assert said(control_of(world).problems) == []

"""Every value that HR sees in the review workbook, computed by the stand-in's engine, against plain Python."""

import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest

from attendance_backend.review import exceptions_sheet
from attendance_sandbox.sheets.xlsx_names import sheet_titles
from tests.integration.workbook_check import TIMES, differences, errors
from tests.integration.workbook_months import month_of
from tests.integration.workbook_office import Comparison, build, computed, in_libreoffice, new_server, seconds
from tests.integration.workbook_truth import DAY, Correction, Employee, Month, Site, Truth

OCTOBER = {"first": date(2026, 10, 1), "last": date(2026, 10, 31), "clock_day": date(2026, 10, 24)}
MARCH = {"first": date(2026, 3, 2), "last": date(2026, 3, 29), "clock_day": date(2026, 3, 28)}

KINDS: dict[str, Callable[..., Any]] = {
    "late": exceptions_sheet.late,
    "absent": exceptions_sheet.absent,
    "missing out": exceptions_sheet.missing_out,
    "missing in": exceptions_sheet.missing_in,
}
LEAVE = ("half leave", "morning leave", "afternoon leave", "half vacation", "sick", "morning sick paid")


def exceptions_of(month):
    """For each person a few days, whatever they say now, as if they had said so once."""
    return [
        (kind, employee, day)
        for number, employee in enumerate(month.employees)
        for kind in KINDS
        for day in month.days()[number % 5 :: 9]
    ]


def entry_of(kind, employee, day):
    details = {"by_minutes": 30} if kind == "late" else {}
    return KINDS[kind](day, "berlin", employee.name, employee.user.casefold(), **details)


def rare_leave(month):
    """What chance makes of few people too seldom."""
    before, after = month.first - 3 * DAY, month.last + 3 * DAY
    newcomer, leaver, whole, half = (month.employees[number].name for number in (5, 17, 34, 35))
    return [
        Correction(month.first + DAY, newcomer, "leave", until=month.first + 3 * DAY),
        Correction(month.last - 2 * DAY, leaver, "leave", until=month.last),
        Correction(before, whole, "leave", until=after),
        Correction(month.last - 3 * DAY, half, "leave", "half", until=after),
    ]


def on_the_second():
    """Somebody who comes at the cut-off time, and a second before, at and after the end of the ten minutes' grace."""
    late = enumerate((0, 599, 600, 601, 660), 5)
    days = [
        (datetime(2026, 10, day, 9) + timedelta(seconds=by), datetime(2026, 10, day, 17)) for day, by in late
    ]
    punches = tuple(("berlin", moment) for day in days for moment in day)
    return Employee("Edith Edge", "edith", time(9), "berlin", "Office", punches)


@pytest.fixture(scope="module")
def months_server():
    """A month of 81 employees and one of 60, with one change of the clocks each.

    More people are more of the same: that everything happens is asked below.
    """
    made = {
        "October": month_of(1, **OCTOBER, count=80, complete=date(2026, 10, 29), corrections=300),
        "March": month_of(2, **MARCH, count=60, complete=date(2026, 3, 26), corrections=200),
    }
    made["October"].corrections += rare_leave(made["October"])
    made["October"].employees.append(on_the_second())
    with new_server() as server:
        for name, month in made.items():
            build(server, month, name, [entry_of(*case) for case in exceptions_of(month)])
    return server, made


@pytest.fixture(scope="module")
def months(months_server):
    server, made = months_server
    books = computed(server)
    return {name: (month, books[name]) for name, month in made.items()}


@pytest.mark.parametrize("name", ["October", "March"])
def test_every_derived_value_is_right(months, name):
    month, workbook = months[name]
    found, compared = differences(workbook, month)
    assert found == []
    assert compared > 120 * len(month.employees)


@pytest.mark.parametrize("name", ["October", "March"])
def test_no_cell_shows_an_error(months, name):
    assert errors(months[name][1]) == []


@pytest.mark.parametrize("name", ["October", "March"])
def test_exceptions_notice_what_is_settled(months, name):
    month, workbook = months[name]
    truth = Truth(month)
    wanted = [truth.state(*case) for case in exceptions_of(month)]
    states = [row[5] for row in workbook["Exceptions"].iter_rows(min_row=2, values_only=True)]
    assert states[-len(wanted) :] == wanted
    assert {"open", "resolved", "for information"} == set(wanted)


def test_the_months_hold_everything_that_can_happen(months):
    """So that "no difference" cannot mean "nothing to compute"."""
    words, statuses, penalties, times = set(), set(), set(), set()
    for month, _ in months.values():
        truth = Truth(month)
        for employee in month.employees:
            words |= {truth.word(employee, day) for day in month.days()}
            penalties |= {truth.week(employee, monday)[2] for monday in month.mondays()}
            times |= {kind for _, kind, *_ in truth.applied}
        statuses |= {re.sub(r"\d[\d:-]*", "#", text) for text in truth.statuses}
    assert words >= {
        None,
        "present",
        "late",
        "open",
        "missing out",
        "missing in",
        "check the times",
        "absent",
        "leave",
        "not employed",
        "holiday",
        "weekend",
        "no data yet",
        "late, missing out",
        "late, check the times",
        "check the hours",
        "late, check the hours",
        "leave (sick)",
        "present, half vacation",
        "present, morning leave",
        "absent, half leave",
        "missing out, morning leave",
    }
    assert penalties == {None, 0, 1, "waived"}
    assert times == {"check in", "check out", "leave", "waive penalty", "note"}
    assert any("leave to #; carried over into the next workbook" in text for text in statuses)
    assert statuses >= {
        "",
        "Until lies before Date: correct one of them",
        "applied",
        "applied as #",
        *(f"applied as {leave}" for leave in LEAVE),
        "no effect: none of it is a working day, or it is leave already",
        "applied as # of the night after",
        "applied as # of the night after; more than # hours on that day: check them",
        (
            "applied from # to #; carried over into the next workbook; on # of # working days: on the others are "
            "punches or times"
        ),
        "applied; more than # hours on that day: check them",
        "applied; on # of # working days: on the others are punches or times",
        "check the times: the check-out of that day is before the check-in",
        "choose from the list in What; sickness and vacation are leave",
        "choose the employee",
        "no effect: none of it is a working day",
        "no effect: row # is about the same",
        "no effect: there are punches or times, and they count",
        "nobody here has this name: choose one from the list",
        "not a day of this period (# to #)",
        "noted",
        "noted: that week has no penalty to waive",
        "several people have this name: type the user name instead",
        "this time is on another day: type only the time, such as #",
        "type a date such as # into Date",
        "type a date such as # into Until, or nothing",
        "type a time such as # into Value",
    }


def works_while_the_clocks_change(truth, employee, day):
    """Whether a shift is shorter or longer than its two times say."""
    start, end = (truth.time(employee, label, day) for label in TIMES)
    if not isinstance(start, int | float) or not isinstance(end, int | float):
        return False
    return truth.elapsed(employee, day, start, end) != end - start


def test_in_both_months_somebody_works_while_the_clocks_change(months):
    for month, _ in months.values():
        truth = Truth(month)
        assert any(
            works_while_the_clocks_change(truth, employee, day)
            for employee in month.employees
            for day in month.days()
        )


def test_days_outside_the_employment_are_all_that_they_can_be(months):
    """Before the first day and after the last one: missed by nobody, worked all the same, on leave, free."""
    before, after = set(), set()
    for month, _ in months.values():
        truth = Truth(month)
        for employee in month.employees:
            for day in month.days():
                if employee.began and day < employee.began:
                    before.add(truth.word(employee, day))
                if employee.left and day > employee.left:
                    after.add(truth.word(employee, day))
    for words in (before, after):
        assert {"not employed", "present", "missing out", "leave", "weekend"} <= words
        assert not {"absent", "no data yet"} & words
    assert "holiday" in before


@pytest.mark.parametrize(("made", "cells"), [("months_server", 90_000), ("small_server", 30_000)])
def test_the_embedded_engine_and_libreoffice_show_the_same_in_every_cell(request, tmp_path, made, cells):
    """Of months with hostile names; the demo's are compared in `test_demo`."""
    server, _ = request.getfixturevalue(made)
    comparison = in_libreoffice(tmp_path, server)
    assert comparison.disagreements == []
    assert comparison.compared > cells


def test_a_planted_disagreement_is_found():
    with new_server() as server:
        book = build(server, a_month_to_check_by_hand(), "Planted")
        shown = server.compute(book.spreadsheet_id)
    titles = sheet_titles(shown)
    values = {
        titles[sheet.title]: {
            (row + 1, column + 1): cell.value
            for row, column, cell in sheet.occupied(sheet.area)
            if cell.value not in (None, "")
        }
        for sheet in shown.sheets
    }
    late = next(place for place, value in values["Monthly Summary"].items() if value == "late")
    for planted, found in (("late", 0), ("late ", 1), ("", 1), (1, 1), (True, 1)):
        comparison = Comparison()
        comparison.compare(
            shown,
            {title: dict(cells) for title, cells in values.items()}
            | {"Monthly Summary": {**values["Monthly Summary"], late: planted}},
        )
        assert len(comparison.disagreements) == found


CHANGES = {"Back": (date(2026, 10, 24), 9), "Forward": (date(2026, 3, 28), 7)}
"""The evening before the clocks change, and the hours of a shift from 22:00 to 06:00."""


def night_shifts(day):
    """A shift on an ordinary night, and one on the night of the change."""
    punches = [
        ("berlin", datetime.combine(day + number * DAY, time(hour)))
        for number, hour in ((-1, 22), (0, 6), (0, 22), (1, 6))
    ]
    evening = datetime.combine(day + DAY, time(18))
    berlin = Site("berlin", "Europe/Berlin", time(12), complete_through=day, heard=evening)
    employee = Employee("Ann Archer", "ann", time(22), "berlin", punches=tuple(punches))
    return Month(day - 5 * DAY, day + DAY, [berlin], [employee])


def a_month_to_check_by_hand():
    noon = datetime(2026, 11, 7, 12)
    berlin = Site("berlin", "Europe/Berlin", time(4), complete_through=date(2026, 11, 6), heard=noon)
    moments = ("02T08:58", "02T17:30", "03T09:20", "05T22:00", "06T03:30")
    punches = tuple(("berlin", datetime.fromisoformat(f"2026-11-{moment}:00")) for moment in moments)
    ann = Employee("Ann Archer", "ann", time(9), "berlin", "Office", punches)
    month = Month(date(2026, 11, 2), date(2026, 11, 29), [berlin], [ann], grace_min=5)
    month.holidays = [(date(2026, 11, 9), "Founders' Day", "")]
    month.corrections = [
        Correction(date(2026, 11, 3), "Ann Archer", "check out", time(18, 20)),
        Correction(date(2026, 11, 4), "Ann Archer", "leave"),
        Correction(date(2026, 11, 4), "Ann Acher", "leave"),
    ]
    return month


def a_month_of_people_who_come_and_go():
    """Two weeks, complete through the second Thursday. Eve and Fay work every day that they are employed."""
    first, last = date(2026, 11, 2), date(2026, 11, 15)
    berlin = Site(
        "berlin",
        "Europe/Berlin",
        time(4),
        complete_through=date(2026, 11, 12),
        heard=datetime(2026, 11, 13, 8),
    )

    def at_work(*days):
        return tuple(("berlin", datetime(2026, 11, day, hour)) for day in days for hour in (9, 17))

    month = Month(
        first,
        last,
        [berlin],
        [
            Employee(
                "Eve", "eve", time(9), "berlin", punches=at_work(5, 6, 9, 10, 11, 12), began=date(2026, 11, 5)
            ),
            Employee("Fay", "fay", time(9), "berlin", punches=at_work(2, 3, 4, 5), left=date(2026, 11, 5)),
            Employee("Guy", "guy", time(8), "berlin", punches=at_work(3, 5), began=date(2026, 11, 5)),
            Employee("Hal", "hal", time(9), "berlin", began=date(2026, 11, 10), left=date(2026, 11, 11)),
        ],
    )
    month.holidays = [(date(2026, 11, 4), "Founders' Day", "")]
    month.corrections = [Correction(date(2026, 11, 2), "Guy", "leave")]
    return month


SORTED = month_of(5, **OCTOBER, count=25, corrections=40)


def sort(book, title, header_rows, column, order):
    """What HR does with Data > Sort range, of a whole table."""
    sheet = book.view().worksheet(title)
    area = {
        "sheetId": sheet.sheet_id,
        "startRowIndex": header_rows,
        "endRowIndex": sheet.row_count,
        "startColumnIndex": 0,
        "endColumnIndex": sheet.column_count,
    }
    specs = [{"dimensionIndex": column, "sortOrder": order}]
    request = {"sortRange": {"range": area, "sortSpecs": specs}}
    book.server.batch_update(book.spreadsheet_id, [request])


@pytest.fixture(scope="module")
def small_server():
    """Small workbooks."""
    with new_server() as server:
        for name, (day, _) in CHANGES.items():
            build(server, night_shifts(day), name)
        build(server, a_month_to_check_by_hand(), "By hand")
        build(server, a_month_of_people_who_come_and_go(), "Come and go")
        book = build(server, SORTED, "Sorted")
        sort(book, "Daily Attendance", 3, 2, "DESCENDING")
        sort(book, "Daily Attendance", 3, 20, "ASCENDING")
        sort(book, "Weekly Summary", 1, 3, "DESCENDING")
        sort(book, "Monthly Summary", 3, 0, "DESCENDING")
    return server, book


@pytest.fixture(scope="module")
def small(small_server):
    return computed(small_server[0])


@pytest.mark.parametrize("name", CHANGES)
def test_hours_across_a_change_of_the_clocks(small, name):
    day, hours = CHANGES[name]
    sheet = small[name]["Daily Attendance"]
    shown = {
        cell.value.date(): seconds(sheet.cell(6, cell.column).value)
        for cell in sheet[1]
        if isinstance(cell.value, datetime)
    }
    assert shown[day - DAY] == 8 * 3600
    assert shown[day] == hours * 3600


def test_sorted_rows_still_find_each_other(small):
    """HR sorts Daily Attendance by measure and by a day, and the summaries backwards."""
    rows = small["Sorted"]["Daily Attendance"].iter_rows(min_row=4, max_row=8, values_only=True)
    assert len({row[0] for row in rows}) > 1, "the rows stand as they were made: nothing was sorted"
    assert differences(small["Sorted"], SORTED)[0] == []


def test_by_hand(small):
    """A small month that a reader can check without a computer."""
    workbook = small["By hand"]
    monthly = [cell.value for cell in workbook["Monthly Summary"][4]]
    assert monthly[:4] == ["Ann Archer", "ann", "berlin", "Office"]
    # Present, late, absent, on leave, incomplete.
    assert monthly[4:9] == [3, 2, 1, 1, 0]
    # 8:32, 9:00 and 5:30; beyond eight hours: 0:32 and 1:00.
    assert [seconds(value) for value in monthly[9:11]] == pytest.approx([23 * 3600 + 120, 3600 + 1920])
    # On average 13:26, and the cut-off time is 09:00.
    assert monthly[11] == 1
    days = dict(zip((cell.value for cell in workbook["Monthly Summary"][1]), monthly, strict=True))
    assert [days[datetime(2026, 11, day)] for day in (2, 3, 4, 5, 6, 7, 9, 10)] == [
        "present",
        "late",
        "leave",
        "late",
        "absent",
        "weekend",
        "holiday",
        "no data yet",
    ]
    statuses = [workbook["Corrections"].cell(row, 1).value for row in (2, 3, 4)]
    assert statuses == ["applied", "applied", "nobody here has this name: choose one from the list"]


def test_people_who_come_and_go_by_hand(small):
    rows = list(small["Come and go"]["Monthly Summary"].iter_rows(values_only=True))
    header = rows[0]
    columns = [header.index(datetime(2026, 11, day)) for day in range(2, 14)]
    free = ["weekend", "weekend"]
    words = {row[0]: [row[column] for column in columns] for row in rows[3:]}
    assert words == {
        # Monday and Tuesday, the holiday, Thursday and Friday; and the second week.
        "Eve": [*["not employed"] * 2, "holiday", *["present"] * 2, *free, *["present"] * 4, "no data yet"],
        "Fay": ["present"] * 4 + ["not employed"] + free + ["not employed"] * 5,
        "Guy": ["leave", "late", "holiday", "late", "absent", *free, *["absent"] * 4, "no data yet"],
        "Hal": [*["not employed"] * 2, "holiday", *["not employed"] * 2, *free, "not employed"]
        + ["absent"] * 2
        + ["not employed"] * 2,
    }
    absent = {row[0]: row[header.index("Absent")] for row in rows[3:]}
    assert absent == {"Eve": 0, "Fay": 0, "Guy": 5, "Hal": 2}
    penalties = {row[0]: row[header.index("Penalties")] for row in rows[3:]}
    assert penalties == {"Eve": 0, "Fay": 0, "Guy": 1, "Hal": 0}
    about = small["Come and go"]["Exceptions"].iter_rows(min_row=2, values_only=True)
    missed = {(who, what.removeprefix("No punch on ")) for _, _, who, what, *_ in about if "No punch" in what}
    assert missed == {
        *(("Guy", f"{day}-11-2026") for day in ("Fri 06", "Mon 09", "Tue 10", "Wed 11", "Thu 12")),
        *(("Hal", f"{day}-11-2026") for day in ("Tue 10", "Wed 11")),
    }

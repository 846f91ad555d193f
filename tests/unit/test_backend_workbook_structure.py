"""How a review workbook is made and kept complete: over spreadsheets in memory, which hold what they are told."""

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest

from attendance_backend.domain.days import KeyPolicy
from attendance_backend.domain.people import Person
from attendance_backend.handlers import books
from attendance_backend.review import day_header, exceptions_sheet, guide_sheet, sites_sheet, structure
from attendance_backend.review.book import EXCEPTIONS_END, GUIDE_VALUES, STATE_HEADERS, tell, whole
from attendance_backend.review.guide_sheet import Parameters
from attendance_backend.review.names import (
    CORRECTIONS,
    DAILY,
    DAYS,
    EXCEPTIONS,
    GUIDE,
    MONTHLY,
    PUNCH_INDEX,
    SITES,
    SITES_ID,
    WEEKLY,
)
from attendance_backend.review.structure import Content
from attendance_backend.sheet import serial
from attendance_backend.sheet.changes import AddRows, Formula, WriteCells
from attendance_backend.sheet.layout import Column
from attendance_contracts import ReviewPeriod
from tests.fakes_backend import Book, FakeSpreadsheets

NOVEMBER = ReviewPeriod("November 2026", date(2026, 11, 3), date(2026, 11, 27))
LONGER = replace(NOVEMBER, last_day=date(2026, 12, 3))
ANN = Person("Ann Archer", "Ann", 9 * 3600, device_user_id="7", site="berlin", group="Office")
BOB = Person("Bob Baker", "bob", 9 * 3600)
ORDER = [
    EXCEPTIONS,
    DAILY,
    WEEKLY,
    MONTHLY,
    CORRECTIONS,
    "Raw Data - berlin",
    SITES,
    GUIDE,
    DAYS,
    PUNCH_INDEX,
]


class Workbook:
    """One workbook, as the program sees it."""

    def __init__(self, people=(ANN,), holidays=None, period=NOVEMBER):
        self.spreadsheets = FakeSpreadsheets()
        self.book = self.spreadsheets.books["id"] = Book("Review")
        self.complete("berlin", Content(people, holidays or {}), period)

    def apply(self, changes):
        self.spreadsheets.apply("id", changes)

    def complete(self, site, content=None, period=NOVEMBER):
        view = books.present(self.spreadsheets, "id")
        changes = structure.missing_worksheets(view, period, [site], content or Content())
        self.apply(changes)
        return changes

    def read(self, *wants):
        return books.look(self.spreadsheets, "id", wants)

    def people_view(self):
        return self.read(*structure.PEOPLE)

    def titles(self):
        return [sheet.title for sheet in self.book.sheets]

    def shape(self):
        """What stands where; of formulas, that there is one: a filled one reads as for the first of its cells."""
        return {
            title: [["formula" if isinstance(value, Formula) else value for value in row] for row in rows]
            for title, rows in self.book.content().items()
        }

    def column(self, title, column, first_row=0):
        sheet = self.book.sheet(title)
        return [sheet.get(row, column) for row in range(first_row, sheet.row_count)]

    def type(self, title, row, column, value):
        self.book.sheet(title).put(row, column, value)


def test_a_new_workbook_has_its_worksheets_in_order_and_hides_the_facts():
    workbook = Workbook()
    assert workbook.titles() == ORDER
    assert [sheet.title for sheet in workbook.book.sheets if sheet.hidden] == [DAYS, PUNCH_INDEX]
    assert workbook.book.locale == "en_GB"


def test_nothing_is_made_twice():
    workbook = Workbook()
    before = workbook.book.content()
    assert workbook.complete("berlin") == []
    assert workbook.book.content() == before


def test_a_further_site_gets_its_raw_data_behind_the_first():
    workbook = Workbook()
    workbook.complete("athens")
    assert workbook.titles() == [*ORDER[:6], "Raw Data - athens", *ORDER[6:]]


@pytest.mark.parametrize("title", [title for title in ORDER if title != PUNCH_INDEX])
def test_a_deleted_worksheet_comes_back_where_it_was_with_the_same_content(title):
    workbook = Workbook((ANN, BOB), {date(2026, 11, 9): "Founders' Day"})
    before = workbook.book.content()
    workbook.book.sheets = [sheet for sheet in workbook.book.sheets if sheet.title != title]
    headers = workbook.read(*structure.header_wants(books.present(workbook.spreadsheets, "id")))
    workbook.complete("berlin", Content((ANN, BOB), {date(2026, 11, 9): "Founders' Day"}, headers=headers))
    assert workbook.titles() == ORDER
    assert workbook.book.content() == before


def test_hrs_own_worksheet_stays_and_the_blank_first_one_goes():
    workbook = Workbook()
    sheet = replace(workbook.book.sheets[0], sheet_id=77, title="HR's notes", cells={(0, 0): "mine"})
    workbook.book.sheets.insert(8, sheet)
    workbook.book.sheets = [each for each in workbook.book.sheets if each.title != GUIDE]
    headers = workbook.read(*structure.header_wants(books.present(workbook.spreadsheets, "id")))
    workbook.complete("berlin", Content(headers=headers))
    assert workbook.titles() == [*ORDER[:8], "HR's notes", DAYS, PUNCH_INDEX]


def test_whoever_comes_later_stands_at_the_ends_of_the_grids():
    workbook = Workbook((ANN,))
    alike = Workbook((ANN, BOB))
    workbook.apply(structure.add_people(workbook.people_view(), [ANN, BOB]))
    assert workbook.shape() == alike.shape()
    assert {sheet.title: sheet.row_count for sheet in workbook.book.sheets} == {
        sheet.title: sheet.row_count for sheet in alike.book.sheets
    }


def test_who_is_there_is_not_added_again():
    workbook = Workbook((ANN, BOB))
    assert structure.add_people(workbook.people_view(), [BOB, ANN]) == []


def test_only_the_worksheet_that_lacks_somebody_gets_a_row():
    workbook = Workbook((ANN, BOB))
    before = workbook.shape()
    sheet = workbook.book.sheet(MONTHLY)
    last = sheet.row_count - 1
    sheet.cells = {place: value for place, value in sheet.cells.items() if place[0] != last}
    sheet.row_count -= 1
    workbook.apply(structure.add_people(workbook.people_view(), [ANN, BOB]))
    assert workbook.shape() == before


def test_days_that_are_added_to_the_period_get_columns_and_join_it():
    holidays = {date(2026, 11, 30): "St Andrew's Day"}
    workbook = Workbook((ANN,), period=NOVEMBER)
    view = workbook.read(*structure.HEADERS)
    workbook.apply(structure.missing_days(view, LONGER, holidays))
    for title in (DAILY, MONTHLY):
        columns = day_header.columns_by_day(workbook.read(whole(title)).worksheet(title))
        assert list(columns)[-1] == date(2026, 12, 6)
        sheet = workbook.book.sheet(title)
        kinds = {day: sheet.cells.get((day_header.KIND, column)) for day, column in columns.items()}
        assert kinds[date(2026, 11, 28)] is None
        assert kinds[date(2026, 11, 30)] == "St Andrew's Day"
        assert kinds[date(2026, 12, 4)] == "other period"
    assert "30 Nov - 06 Dec" in workbook.book.sheet(WEEKLY).cells.values()
    assert serial.from_date(date(2026, 12, 4)) in workbook.book.sheet(PUNCH_INDEX).cells.values()
    assert serial.from_date(date(2026, 12, 6)) in workbook.book.sheet(DAYS).cells.values()
    assert structure.missing_days(workbook.read(*structure.HEADERS), LONGER, holidays) == []


def test_added_days_refer_to_where_they_stand_elsewhere():
    workbook = Workbook((ANN,))
    workbook.apply(structure.missing_days(workbook.read(*structure.HEADERS), LONGER))
    daily, days = workbook.book.sheet(DAILY), workbook.book.sheet(DAYS)
    day = serial.from_date(date(2026, 11, 30))
    (source,) = (column for (row, column), value in days.cells.items() if row == 0 and value == day)
    (column,) = (column for (row, column), value in daily.cells.items() if row == 0 and value == day)
    letters = chr(ord("A") + source // 26 - 1) + chr(ord("A") + source % 26)
    assert f"Days!{letters}:{letters}" in daily.cells[3, column].text


def test_what_hr_typed_over_a_count_stays_when_days_are_added():
    workbook = Workbook((ANN,))
    columns = [cell for cell in workbook.book.sheet(MONTHLY).rows()[0] if cell]
    late = columns.index("Late")
    workbook.type(MONTHLY, 3, late, 4.0)
    workbook.apply(structure.missing_days(workbook.read(*structure.HEADERS), LONGER))
    assert workbook.book.sheet(MONTHLY).cells[3, late] == 4.0
    assert isinstance(workbook.book.sheet(MONTHLY).cells[3, late - 1], Formula)


# People, holidays and settings that change


def test_a_new_name_site_and_group_arrive_where_they_stand():
    workbook = Workbook((ANN, BOB))
    married = replace(ANN, name="Ann Baker", site="athens", group="Law", device_user_id="8")
    workbook.apply(structure.update_people(workbook.people_view(), [married, BOB]))
    assert workbook.book.content() == Workbook((married, BOB)).book.content()
    assert structure.update_people(workbook.people_view(), [married, BOB]) == []


def test_a_name_that_hr_typed_over_stays():
    workbook = Workbook((ANN,))
    workbook.type(MONTHLY, 3, 0, "Archer, Ann")
    workbook.apply(structure.update_people(workbook.people_view(), [replace(ANN, name="Ann Baker")]))
    assert workbook.book.sheet(MONTHLY).cells[3, 0] == "Archer, Ann"
    assert workbook.book.sheet(DAILY).cells[3, 0] == "Ann Baker"


def test_holidays_come_and_go():
    workbook = Workbook((ANN,), {date(2026, 11, 9): "Old"})
    view = workbook.people_view()
    changes = structure.update_holidays(view, NOVEMBER, {date(2026, 11, 10): "New"})
    assert len(changes) == 4
    workbook.apply(changes)
    assert workbook.book.content() == Workbook((ANN,), {date(2026, 11, 10): "New"}).book.content()


@dataclass(frozen=True)
class Holiday:
    day: date
    name: str
    site: str = ""


def test_holidays_of_some_sites_name_them():
    day, other = date(2026, 11, 9), date(2026, 11, 10)
    holidays = [
        Holiday(day, "Fair [old]", "berlin"),
        Holiday(day, "Regatta", "athens"),
        Holiday(other, "Fair", "berlin"),
        Holiday(other, "Founders' Day"),
    ]
    assert day_header.texts_of(holidays) == {
        day: "Fair (old)\n[berlin]\nRegatta\n[athens]",
        other: "Founders' Day",
    }


def guide(workbook):
    return workbook.read(GUIDE_VALUES).worksheet(GUIDE)


def test_the_parameters_are_read_as_they_stand():
    workbook = Workbook()
    assert guide_sheet.read(guide(workbook)) == Parameters(finalised=False, grace_s=0, overtime_after_s=28800)
    names = workbook.column(GUIDE, guide_sheet.NAME)
    for name, value in (
        ("Finalised", "Yes"),
        ("Grace (minutes)", 7.5),
        ("Overtime beyond (hours a day)", "ten"),
    ):
        workbook.type(GUIDE, names.index(name), guide_sheet.VALUE, value)
    assert guide_sheet.read(guide(workbook)) == Parameters(
        finalised=True, grace_s=450, overtime_after_s=28800
    )


def test_new_settings_arrive_unless_hr_changed_them_here():
    workbook = Workbook()
    row = workbook.column(GUIDE, guide_sheet.NAME).index("Grace (minutes)")
    workbook.type(GUIDE, row, guide_sheet.VALUE, 3.0)
    wanted = Parameters(grace_s=600, overtime_after_s=7 * 3600)
    workbook.apply(guide_sheet.update_parameters(guide(workbook), wanted))
    assert guide_sheet.read(guide(workbook)) == Parameters(grace_s=180, overtime_after_s=7 * 3600)
    assert guide_sheet.update_parameters(guide(workbook), wanted) == []


# Sites


def sites(workbook):
    return workbook.read(whole(SITES)).worksheet(SITES)


def test_a_site_is_written_and_read():
    workbook = Workbook()
    values: dict[Column, Any] = {
        sites_sheet.LAST_HEARD: datetime(2026, 11, 4, 10, 15),
        sites_sheet.COMPLETE_THROUGH: date(2026, 11, 3),
        sites_sheet.BACKLOG: 3,
        sites_sheet.MEMORY_USED: 0.25,
        sites_sheet.TIME_ZONE: "Europe/Berlin",
        sites_sheet.DAY_BOUNDARY: time(4, 30),
        sites_sheet.KEY_POLICY: "pairs",
        sites_sheet.CLOCK_CHANGE_AT: datetime(2026, 10, 25, 3),
        sites_sheet.CLOCK_CHANGE_BY: timedelta(hours=-1),
    }
    workbook.apply(sites_sheet.cells_for(sites(workbook), "Berlin", values))
    assert sites_sheet.cells_for(sites(workbook), "berlin", values) == []
    (found,) = sites_sheet.read(sites(workbook)).values()
    assert found == sites_sheet.SiteRow(
        site="berlin",
        last_heard=datetime(2026, 11, 4, 10, 15),
        complete_through=date(2026, 11, 3),
        time_zone="Europe/Berlin",
        day_boundary=time(4, 30),
        key_policy=KeyPolicy.PAIRS,
        clock_change_at=datetime(2026, 10, 25, 3),
        clock_change_by=timedelta(hours=-1),
    )


def test_only_cells_that_differ_are_written():
    workbook = Workbook()
    workbook.apply(
        sites_sheet.cells_for(sites(workbook), "berlin", {sites_sheet.BACKLOG: 3, sites_sheet.USERS: 9})
    )
    (change,) = sites_sheet.cells_for(
        sites(workbook), "berlin", {sites_sheet.BACKLOG: 4, sites_sheet.USERS: 9, sites_sheet.PROBLEM: ""}
    )
    assert (change.row, change.column, change.rows[0][0].value) == (1, 4, 4.0)


def test_a_site_without_a_row_gets_one_at_the_end():
    workbook = Workbook()
    changes = sites_sheet.cells_for(sites(workbook), "athens", {sites_sheet.BACKLOG: 1})
    assert changes[0] == AddRows(SITES_ID, 1)
    workbook.apply(changes)
    assert sites_sheet.row_of(sites(workbook), "ATHENS") == 2
    assert sites(workbook).number(2, sites_sheet.BACKLOG) == 1
    assert isinstance(workbook.book.sheet(SITES).get(2, sites_sheet.STATE), Formula)


# Exceptions


def entries(count):
    return [
        exceptions_sheet.absent(date(2026, 11, 3 + number), "berlin", "Ann", "ann") for number in range(count)
    ]


def test_exceptions_are_appended_without_a_gap():
    workbook = Workbook()
    for count in (1, 2, 1):
        workbook.apply(tell(workbook.read(EXCEPTIONS_END, *STATE_HEADERS), entries(count)))
    assert workbook.column(EXCEPTIONS, exceptions_sheet.WHAT, 1) == [
        f"No punch on {day}"
        for day in ("Tue 03-11-2026", "Tue 03-11-2026", "Wed 04-11-2026", "Tue 03-11-2026")
    ]
    assert tell(workbook.read(EXCEPTIONS_END, *STATE_HEADERS), []) == []


def test_the_state_looks_where_the_day_stands_in_the_monthly_summary():
    workbook = Workbook()
    view = workbook.read(EXCEPTIONS_END, *STATE_HEADERS)
    change = tell(view, entries(1))[-1]
    assert isinstance(change, WriteCells)
    (row,) = change.rows
    column = day_header.columns_by_day(view.worksheet(MONTHLY))[date(2026, 11, 3)]
    assert (
        f"'Monthly Summary'!${chr(ord('A') + column)}"
        in row[view.worksheet(EXCEPTIONS).at(exceptions_sheet.STATE)].value.text
    )


@pytest.mark.parametrize(
    ("entry", "state"),
    [
        (exceptions_sheet.hired(datetime(2026, 11, 3), "berlin", "Ann", "ann"), "for information"),
        (exceptions_sheet.machine_clock(datetime(2026, 11, 3), "berlin", -7400), "open"),
        (exceptions_sheet.absent(date(2027, 1, 1), "berlin", "Ann", "ann"), "open"),
    ],
)
def test_states_that_nothing_in_the_workbook_can_tell(entry, state):
    view = Workbook().read(EXCEPTIONS_END, *STATE_HEADERS)
    (row,) = tell(view, [entry])[-1].rows
    assert row[view.worksheet(EXCEPTIONS).at(exceptions_sheet.STATE)].value == state


@pytest.mark.parametrize(
    ("offset", "words"),
    [
        (61, "61 s ahead"),
        (-61, "61 s behind"),
        (-7400, "2 hours behind"),
        (10**7, "116 days ahead"),
        (600, "10 min ahead"),
    ],
)
def test_how_wrong_a_clock_is_in_words(offset, words):
    assert words in exceptions_sheet.machine_clock(datetime(2026, 11, 3), "berlin", offset).what

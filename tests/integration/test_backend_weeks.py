"""Overtime of weeks, weeks that a period's end cuts in two, and hours of nights and holidays: worked examples 19 to 23.

Two calendar months whose workbooks the engine computes; examples are called by their number.
"""

from dataclasses import replace
from datetime import date, datetime, time

import pytest

from attendance_backend.handlers.dispatch import handle
from attendance_backend.review import corrections_sheet
from attendance_contracts import CreateReviewSheet, ReviewPeriod, Watch
from tests.integration.test_backend_working_time import ROSTER_HEADER, SHIFTS, Months, People, weekdays
from tests.integration.workbook_messages import healths_of, stores_of
from tests.integration.workbook_office import Book, computed, new_server, typed
from tests.integration.workbook_truth import DAY, Month, Site

OCTOBER = ReviewPeriod("October 2026", date(2026, 10, 1), date(2026, 10, 31))
NOVEMBER = ReviewPeriod("November 2026", date(2026, 11, 1), date(2026, 11, 30))
WEEK = [*weekdays(5, 9)]
SETTINGS = [("Overtime beyond (hours a week)", "", 40), ("Night hours", "", "22:00 - 6:00")]


def people_of_october():
    people = People()
    for day in WEEK:
        people.punch("e19a", day, "08:00", "17:00")
    people.punch("e19a", 10, "08:00", "12:00")
    for day, out in ((5, "17:00"), (6, "15:00"), (7, "15:00")):
        people.punch("e19b", day, "09:00", out)
    people.plan("e19b", "Part", days="Mon-Wed")
    for day in range(13, 18):
        people.punch("e20", day, "06:00", "14:00", home="Bremen", site="Bremen")
    people.plan("e20", "Early")
    for day in range(26, 31):
        people.punch("e21", day, "08:00", "17:00")
    people.punch("e22", 31, "21:55")
    people.plan("e22", "Night", days="all")
    people.punch("e23", 24, "22:00", "06:00", home="Bremen", site="Bremen")
    people.plan("e23", "Night", days="all")
    people.punch("e23b", 24, "20:00", "04:00", site="Noon", home="Noon")
    return people


def punch_in_november(people):
    """Days of November, counted on from October."""
    later = People()
    for day, times in ((32, ("08:00", "12:00")),):
        later.punch("e21", day, *times)
    later.punch("e22", 32, "06:05")
    return [replace(each, cut_off=people.employees[user].cut_off) for user, each in later.employees.items()]


def month_of(period, sites, employees, corrections=()):
    through = [
        replace(
            each, complete_through=period.last_day, heard=datetime.combine(period.last_day + DAY, time(12))
        )
        for each in sites
    ]
    return Month(period.first_day, period.last_day, through, employees, list(corrections))


class Weeks:
    """What the workbooks of the two months show, with weeks of 40 hours, and as shifts expect them."""

    def __init__(self, server):
        self.server = server
        sites = [
            Site("Hamburg", "Europe/Berlin", time(4)),
            Site("Bremen", "Europe/Berlin", time(4)),
            Site("Noon", "Europe/Berlin", time(12)),
        ]
        people = people_of_october()
        october = month_of(OCTOBER, sites, [*people.employees.values()])
        book = self.book = Book(server, october, OCTOBER.name)
        book.knows_all_days = True
        book.keep_people(october.employees)
        periods = [
            (each.name.split()[0], typed(each.first_day), typed(each.last_day))
            for each in (OCTOBER, NOVEMBER)
        ]
        book._keep("2026", [("Month", "Start Date", "End Date"), *periods])
        book._keep("Shifts", SHIFTS)
        book._keep("Roster", [ROSTER_HEADER, *(tuple(map(typed, row)) for row in people.roster)])
        free = [
            (typed(date(2026, 10, 12)), "Thanks", "Bremen"),
            (typed(NOVEMBER.first_day), "Saints", None),
        ]
        book._keep("Holidays", [("Date", "Name", "Site"), *free])
        self.set(*SETTINGS)
        book.send(stores_of(october, OCTOBER, book.spreadsheet_id))
        november = month_of(NOVEMBER, sites, punch_in_november(people))
        for site in sites:
            request = CreateReviewSheet(location=site.name, request_id="november", period=NOVEMBER)
            november_id = handle(request, book.backend).sheet_id
        book.send(stores_of(november, NOVEMBER, november_id))
        for month, period, sheet_id in (
            (october, OCTOBER, book.spreadsheet_id),
            (november, NOVEMBER, november_id),
        ):
            book.send([message for part in healths_of(month, period, sheet_id) for message in part])
        handle(Watch(), book.backend)  # the night over the month's end moves
        server.start_recalculating()
        handle(Watch(), book.backend)  # numbers are brought in
        server.stop_recalculating()
        self.by_hours = self._shown()
        self.set(("Overtime beyond (hours a week)", "", "expected"))
        handle(Watch(), book.backend)
        self.as_expected = self._shown()

    def set(self, *settings):
        rows = [("Setting", "Site", "Value"), *settings]
        self.book._keep("Settings", [*rows, *[(None, None, None)] * (4 - len(rows))])

    def _shown(self):
        books = computed(self.server)
        return {name: OfMonth(books[name], date(2026, number, 1)) for name, number in NUMBERS.items()}


NUMBERS = {"October 2026": 10, "November 2026": 11}


class OfMonth(Months):
    def __init__(self, book, first):
        self._book, self._first = book, first

    def hours_and(self, user, *headers):
        return [self.total(user, header, "Working Time") for header in headers]


@pytest.fixture(scope="module")
def weeks():
    with new_server() as server, pytest.MonkeyPatch.context() as patch:
        # Less work, most of which is the formulas of blank rows.
        patch.setattr(corrections_sheet, "PREPARED_ROWS", 60)
        found = Weeks(server)
        yield found
        found.book.client.session.close()


def hours(number):
    return round(number * 60)


def test_19_hours_of_a_week_that_are_no_overtime_of_a_day(weeks):
    october = weeks.by_hours["October 2026"]
    assert october.total("e19a", "Hours") == hours(49)
    assert october.total("e19a", "Overtime") == hours(5)
    assert october.hours_and("e19a", "Overtime (week)") == [hours(4)]
    expected = weeks.as_expected["October 2026"]
    assert expected.total("e19b", "Overtime") == 0
    assert expected.hours_and("e19b", "Overtime (week)") == [hours(2)]


def test_20_a_week_with_a_holiday(weeks):
    expected = weeks.as_expected["October 2026"]
    assert expected.hours_and("e20", "Overtime (week)", "Weekend") == [hours(8), hours(8)]
    worked = expected.total("e20", "Hours")
    due = hours(8 * (22 - 1))
    assert expected.hours_and("e20", "Expected", "Balance") == [due, worked - due]


def test_21_a_week_that_the_months_end_cuts_in_two(weeks):
    october, november = weeks.by_hours.values()
    assert october.total("e21", "Hours") == hours(45)
    assert october.total("e21", "Overtime") == hours(5)
    assert october.hours_and("e21", "Overtime (week)") == [0]
    assert november.hours_and("e21", "Brought In", "Overtime Brought In") == [hours(45), hours(5)]
    assert november.hours_and("e21", "Overtime (week)") == [hours(4)]
    assert november.total("e21", "Hours") == hours(4)


def test_22_a_night_over_the_months_end_is_of_the_month_in_which_it_began(weeks):
    october, november = weeks.by_hours.values()
    assert october.total("e22", "Hours") == hours(8) + 10
    assert october.total("e22", "Overtime") == 10
    assert october.hours_and("e22", "Night", "Weekend", "Holiday") == [
        hours(8),
        hours(8) + 10,
        hours(6) + 5,
    ]
    assert november.total("e22", "Hours") == 0


def test_23_nights_in_which_clocks_are_put_back(weeks):
    october = weeks.by_hours["October 2026"]
    assert october.total("e23", "Hours") == hours(9)
    assert october.total("e23", "Overtime") == hours(1)
    assert october.hours_and("e23", "Night") == [hours(9)]
    assert october.total("e23b", "Hours") == hours(9)
    assert october.hours_and("e23b", "Night", "Expected") == [hours(7), None]

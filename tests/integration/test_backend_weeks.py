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
from tests.integration.workbook_office import Book, computed, in_libreoffice, new_server, seconds, typed
from tests.integration.workbook_truth import DAY, Correction, Month, Site

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
    for user, check_in in (("e21p", "09:10"), ("e21q", "08:50")):
        for day in range(26, 31):
            people.punch(user, day, check_in, "18:00", site="Bremen", home="Bremen")
        people.plan(user, "Office", first=26, days="all")
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
    for user, check_in in (("e21p", "08:30"), ("e21q", "09:30")):
        later.punch(user, 32, check_in, "18:00", site="Bremen", home="Bremen")
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
            (typed(NOVEMBER.first_day), "Saints", "Hamburg"),
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
    words = "The week from Mon 26-10-2026 to Sun 01-11-2026 ends in the next period"
    told = [[row for row in month.exceptions() if "week" in row[3]] for month in (october, november)]
    lacks = "No workbook has the first days of the first week (Mon 28-09-2026 to Wed 30-09-2026)"
    assert [(row[3].split(":")[0], row[5]) for row in told[0]] == [
        (words, "for information"),
        (lacks, "open"),
    ]
    assert len(told[1]) == 1, "its last day is a Monday"


def test_the_penalty_of_a_week_that_is_cut_in_two_is_the_next_months(weeks):
    """Ten minutes late five times, then half an hour early; ten minutes early five times, then half an hour late."""
    october, november = weeks.by_hours.values()
    week, brought = "26 Oct - 01 Nov", ("Check-ins Brought In", "Mean Late Brought In")
    for user, mean, penalty in (("e21p", 10, 1), ("e21q", -10, 0)):
        assert weeks_of(october, user, "Penalties")[week] in (None, "")
        assert november.hours_and(user, *brought) == [5, pytest.approx(mean)]
        assert weeks_of(november, user, "Penalties")[week] == penalty


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
    told = [(row[3], row[5]) for row in november.exceptions() if row[2] == "e22" and "counts" in row[3]]
    what = "The punch of 01-11-2026 06:05 counts for Sat 31-10-2026, in October 2026"
    assert told == [(what, "for information")]
    assert not any("counts for" in row[3] for row in october.exceptions())


def test_23_nights_in_which_clocks_are_put_back(weeks):
    october = weeks.by_hours["October 2026"]
    assert october.total("e23", "Hours") == hours(9)
    assert october.total("e23", "Overtime") == hours(1)
    assert october.hours_and("e23", "Night") == [hours(9)]
    assert october.total("e23b", "Hours") == hours(9)
    assert october.hours_and("e23b", "Night", "Expected") == [hours(7), None]


SUNDAYS = [("Week begins on", "", "Sunday"), ("Weekend", "Cairo", "Fri, Sat")]


class Sundays:
    """September and October of an office whose weeks begin on Sunday, and whose weekend is Friday and Saturday.

    Ann works from Sunday 27 September to Thursday and on Saturday 3 October, then long days from Sunday the 4th on.
    Bob comes on some days only, late on Sunday the 11th, and on Friday the 23rd. Carl works in Rome, from Monday to
    Friday, and comes late on Friday the 9th and Sunday the 11th.
    """

    def __init__(self, server):
        self.server = server
        people = People()
        days = [
            *((day, "17:00") for day in range(-3, 2)),
            (3, "12:00"),
            *((day, "18:00") for day in range(4, 8)),
        ]
        for day, out in days:
            people.punch("ann", day, "08:00", out, site="Cairo", home="Cairo")
        for day, check_in in ((11, "09:40"), (12, "08:30"), (18, "08:50"), (23, "12:00")):
            people.punch("bob", day, check_in, "17:00", site="Cairo", home="Cairo")
        for day, check_in in ((8, "08:30"), (9, "10:00"), (11, "10:00")):
            people.punch("carl", day, check_in, "17:00", site="Rome", home="Rome")
        sites = [Site("Cairo", "Africa/Cairo", time(4)), Site("Rome", "Europe/Rome", time(4))]
        periods = [
            ReviewPeriod("September 2026", date(2026, 9, 1), date(2026, 9, 30)),
            ReviewPeriod("October 2026", date(2026, 10, 1), date(2026, 10, 30)),
        ]
        months = [month_of(period, sites, punched_in(period, people), CORRECTED) for period in periods]
        book = self.book = Book(server, months[0], periods[0].name, SUNDAYS)
        rows = [(each.name.split()[0], typed(each.first_day), typed(each.last_day)) for each in periods]
        book._keep("2026", [("Month", "Start Date", "End Date"), *rows])
        for site in sites:
            request = CreateReviewSheet(location=site.name, request_id="october", period=periods[1])
            october_id = handle(request, book.backend).sheet_id
        for month, period, sheet_id in zip(months, periods, (book.spreadsheet_id, october_id), strict=True):
            book.send(stores_of(month, period, sheet_id))
            book.send([message for part in healths_of(month, period, sheet_id) for message in part])
        book.spreadsheet_id = october_id
        handle(Watch(), book.backend)
        book.type_corrections()
        self.by_days = self._shown()
        rows = [("Setting", "Site", "Value"), *SUNDAYS, ("Overtime beyond (hours a week)", "", 40)]
        book._keep("Settings", [*rows, *[(None, None, None)] * 4])
        server.start_recalculating()
        handle(Watch(), book.backend)
        handle(Watch(), book.backend)
        server.stop_recalculating()
        self.by_hours = self._shown()

    def _shown(self):
        return OfMonth(computed(self.server)["October 2026"], date(2026, 10, 1))


CORRECTED = [Correction(date(2026, 10, 24), "bob", "waive penalty", None)]


def punched_in(period, people):
    """People with the punches of a period."""
    return [
        replace(
            each,
            punches=tuple(
                (site, at) for site, at in each.punches if period.first_day <= at.date() <= period.last_day
            ),
        )
        for each in people.employees.values()
    ]


@pytest.mark.slow
def test_libreoffice_shows_the_same_in_every_cell(weeks, tmp_path):
    comparison = in_libreoffice(tmp_path, weeks.server)
    assert comparison.disagreements == []
    assert comparison.compared > 10_000


@pytest.fixture(scope="module")
def sundays():
    with new_server() as server, pytest.MonkeyPatch.context() as patch:
        patch.setattr(corrections_sheet, "PREPARED_ROWS", 60)
        found = Sundays(server)
        yield found
        found.book.client.session.close()


def weeks_of(month, user, label):
    sheet = month._book["Weekly Summary"]
    header, *rows = ([cell.value for cell in row] for row in sheet.iter_rows())
    (row,) = (row for row in rows if row[0] == user and label in row)
    return dict(zip(header, row, strict=True))


def test_weeks_begin_on_the_day_that_hr_sets(sundays):
    found = weeks_of(sundays.by_days, "ann", "Hours Worked")
    labels = [label for label in found if " - " in str(label)]
    assert labels[0] == "27 Sep - 03 Oct"
    assert labels[-1] == "25 Oct - 31 Oct"
    assert round(seconds(found["04 Oct - 10 Oct"]) / 3600) == 40
    words = [sundays.by_days.word("bob", day) for day in (8, 9, 10, 11, 16)]
    assert words == ["absent", "weekend", "weekend", "late", "weekend"]


def test_a_penalty_is_of_the_working_days_of_such_a_week(sundays):
    found = weeks_of(sundays.by_days, "bob", "Penalties")
    assert found["11 Oct - 17 Oct"] == 1, "9:05 on average, and 9:00 would do"
    assert found["18 Oct - 24 Oct"] == 0, "the Friday does not count"
    found = weeks_of(sundays.by_days, "carl", "Penalties")
    assert found["04 Oct - 10 Oct"] == 1, "9:15 on average"
    assert found["11 Oct - 17 Oct"] in (None, ""), "nobody is late on a Sunday there"


def test_the_hours_of_such_a_week_and_what_the_month_before_has_of_it(sundays):
    assert sundays.by_hours.hours_and("ann", "Brought In", "Overtime Brought In") == [hours(36), hours(4)]
    # 36 + 9 + 4 of which 5 are of days; 40 of which 8 are.
    assert sundays.by_hours.hours_and("ann", "Overtime (week)", "Weekend") == [hours(4), hours(4)]
    assert sundays.by_hours.total("ann", "Overtime") == hours(1 + 8)


def test_a_period_that_ends_on_a_friday_ends_there_then(sundays):
    header, _ = sundays.by_days._row("Monthly Summary", "ann", "ann")
    assert date(2026, 10, 31) in [each.date() for each in header if isinstance(each, datetime)]
    assert sundays.by_days.word("ann", 31) in (None, "")


def shaded(server, title, days):
    """Whether the header and the first cells of Ann and of Carl are shaded as weekend, by day."""
    (book,) = (one for one in server.spreadsheets(subfolders=False) if "October" in one.title)
    sheet = book.sheet_titled(title)
    header = {cell.value: column for _, column, cell in sheet.occupied(replace(sheet.area, end_row=1))}
    names = [(cell.value, row) for row, column, cell in sheet.occupied(sheet.area) if column == 0]
    rows = [0, *(next(row for value, row in names if value == name) for name in ("ann", "carl"))]
    places = [(row, header[typed(date(2026, 10, day))]) for day in days for row in rows]
    questions = []
    for rule in sheet.rules["conditionalFormats"]:
        formula = rule["booleanRule"]["condition"]["values"][0]["userEnteredValue"]
        if "SEARCH(WEEKDAY(" in formula:
            area = sheet.area_of(rule["ranges"][0])
            within = [place for place in places if area.start_row <= place[0] < area.end_row]
            questions.append((sheet, formula, (area.start_row, area.start_column), within))
    true = set().union(*server.engine.where_true(book, questions))
    return {day: tuple((row, header[typed(date(2026, 10, day))]) in true for row in rows) for day in days}


@pytest.mark.parametrize("title", ["Monthly Summary", "Daily Attendance"])
def test_days_that_are_no_working_days_are_shaded_by_that_weekend(sundays, title):
    wanted = {8: (False,) * 3, 9: (False, True, False), 10: (True,) * 3, 11: (True, False, True)}
    assert shaded(sundays.server, title, [*wanted]) == wanted


def test_23_nights_in_which_clocks_are_put_forward():
    march = ReviewPeriod("March 2026", date(2026, 3, 1), date(2026, 3, 31))
    sites = [Site("Bremen", "Europe/Berlin", time(4)), Site("Noon", "Europe/Berlin", time(12))]
    people = People()
    for user, site, *times in (("e23", "Bremen", "22:00", "06:00"), ("e23b", "Noon", "20:00", "04:00")):
        people.punch(user, (date(2026, 3, 28) - date(2026, 9, 30)).days, *times, site=site, home=site)
    with new_server() as server, pytest.MonkeyPatch.context() as patch:
        patch.setattr(corrections_sheet, "PREPARED_ROWS", 60)
        month = month_of(march, sites, [*people.employees.values()])
        book = Book(server, month, march.name, [("Night hours", "", "22:00-06:00")])
        book._keep(
            "2026", [("Month", "Start Date", "End Date"), ("March", *map(typed, (month.first, month.last)))]
        )
        book._keep("Shifts", SHIFTS)
        night = tuple(map(typed, (date(2026, 3, 28),) * 2))
        book._keep("Roster", [ROSTER_HEADER, ("e23@example.com", "Night", *night, "all", None, None)])
        book.send(stores_of(month, march, book.spreadsheet_id))
        book.send([message for part in healths_of(month, march, book.spreadsheet_id) for message in part])
        handle(Watch(), book.backend)
        book.client.session.close()
        found = OfMonth(computed(server)[march.name], march.first_day)
    assert found.total("e23", "Hours") == found.total("e23b", "Hours") == hours(7)
    assert found.hours_and("e23", "Night", "Expected", "Balance") == [hours(7), hours(8), hours(-1)]
    assert found.hours_and("e23b", "Night", "Expected") == [hours(5), None]

"""Shifts, rosters and weekends: the worked examples, each through messages, rows that HR types, and computed values.

Examples share a workbook; each has people of its own, who are called by its number.
"""

from dataclasses import replace
from datetime import date, datetime, time

import pytest

from attendance_backend.handlers.dispatch import handle
from attendance_contracts import Watch
from tests.integration.workbook_messages import device_user_id, healths_of, stores_of
from tests.integration.workbook_office import (
    TITLE,
    Book,
    computed,
    in_libreoffice,
    new_server,
    seconds,
    typed,
)
from tests.integration.workbook_truth import DAY, Correction, Employee, Month, Site

YEAR = 2026
OCTOBER = date(YEAR, 10, 1), date(YEAR, 10, 31)
SHIFTS = [
    ("Shift", "Start", "End", "Break (minutes)", "Hours", "Late After", "Count"),
    ("Early", "06:00", "14:00"),
    ("Late", "14:00", "22:00"),
    ("Night", "22:00", "06:00"),
    ("Office", "09:00", "18:00", 60),
    ("Part", "09:00", "15:00"),
    ("Steps", "08:00", "17:00", "30 after 6, 45 after 9"),
    ("Saturday", "09:00", "13:00"),
    ("N18", "18:00", "07:00"),
    ("Evening", "14:00", "20:00"),
    ("Security", "08:00", "19:00"),
    ("SecN", "19:00", "07:00"),
    ("Day", "08:45", "17:30"),
    ("Day from start", "08:45", "17:30", None, None, None, "from start"),
    ("Day planned", "08:45", "17:30", None, None, None, "planned"),
]
HALF_HOLIDAY = date(YEAR, 10, 23)
ROSTER_HEADER = ("Email", "Shift", "From", "Until", "Days", "Staff Group", "Site")


class People:
    """Who is in the workbook, and what HR types about them."""

    def __init__(self):
        self.employees, self.roster, self.corrections = {}, [], []

    def punch(self, user, day, *times, site="Hamburg", home="", cut_off=time(9)):
        """Punches of a day of October; a time before the one before it is of the next day."""
        known = self.employees.setdefault(user, Employee(user, user, cut_off, site=home))
        moment = datetime(YEAR, 10, 1) + (day - 1) * DAY
        punches = []
        for text in times:
            at = datetime.combine(moment.date(), time.fromisoformat(text))
            moment = at if at >= moment else at + DAY
            punches.append((site, moment))
        self.employees[user] = replace(known, punches=(*known.punches, *punches))

    def plan(self, user, shift, *, first=None, until=None, days="Mon-Fri", group=None, site=None):
        """A row of Roster."""
        ends = (None if each is None else date(YEAR, 10, each) for each in (first, until))
        self.roster.append((f"{user}@example.com" if user else None, shift, *ends, days, group, site))


def weekdays(first, last):
    days = (date(YEAR, 10, 1) + (number - 1) * DAY for number in range(first, last + 1))
    return [day.day for day in days if day.weekday() < 5]


def october():
    """The people of examples that need no other Settings."""
    people = People()
    people.punch("e1", 6, "08:55", "18:10", cut_off=time(9))
    people.punch("e1", 7, "08:55", "01:30")
    for day in weekdays(1, 30):
        people.punch("e2", day, "05:55", "14:05")
        people.punch("e3", day, "21:55", "06:05")
    people.plan("e2", "Early")
    people.plan("e3", "Night")
    people.punch("e4", 13, "18:30", "07:10")
    people.punch("e4", 14, "13:55", "20:05")
    people.plan("e4", "N18", first=13, until=13, days="all")
    people.plan("e4", "Evening", first=14, until=14, days="all")
    people.punch("e5", 1, "18:50", "07:20")
    people.plan("e5", "Security", days="all")
    people.plan("e5", "SecN", first=1, until=1, days="all")
    people.punch("e6", 5, "13:50", "22:40")
    people.punch("e6", 6, "05:50", "14:00")
    people.plan("e6", "Late", first=5, until=5)
    people.plan("e6", "Early", first=6, until=6)
    people.punch("e7", 6, "09:00", "02:30")
    people.plan("e7", "Office")
    _weeks_and_breaks(people)
    _counts_and_typed_times(people)
    return people


def _weeks_and_breaks(people):
    for day in (5, 6):
        people.punch("e8", day, "09:00", "15:00")
    people.plan("e8", "Part", days="Mon-Wed")
    people.corrections.append(Correction(date(YEAR, 10, 12), "e8", "leave", None, date(YEAR, 10, 18)))
    for day in weekdays(5, 9):
        people.punch("e9c", day, "09:00", "18:00")
    people.punch("e9c", 10, "09:00", "13:00")
    people.plan("e9c", "Office")
    people.plan("e9c", "Saturday", days="Sat")
    for user, times in (("e10", ("21:55", "06:05")), ("e10b", ("10:00", "14:00"))):
        people.punch(user, 9, "21:55", "06:05")
        people.punch(user, 10, *times)
        people.plan(user, "Night")
    for day, out in ((5, "18:10"), (6, "14:00"), (7, "13:00")):
        people.punch("e13", day, "09:00", out)
    people.plan("e13", "Office")
    for day, out in ((5, "14:20"), (6, "17:10"), (7, "17:40"), (8, "18:00")):
        people.punch("e13s", day, "08:00", out)
    people.plan("e13s", "Steps")


def _counts_and_typed_times(people):
    for user, shift in (("e16", "Day"), ("e16f", "Day from start"), ("e16p", "Day planned")):
        people.punch(user, 5, "08:30", "18:45")
        people.plan(user, shift)
    for day, check_in in ((5, "09:04"), (6, "09:06"), (7, "09:30"), (8, "09:00")):
        people.punch("e17", day, check_in, "18:10")
    people.plan("e17", "Office")
    people.corrections.append(Correction(date(YEAR, 10, 8), "e17", "check in", time(10)))
    people.punch("e18a", 5, "09:00", "17:30")
    people.plan("e18a", "Office")
    people.punch("e18b", 6, "06:05")
    people.punch("e18c", 5, "21:55")
    for user in ("e18b", "e18c", "e18d"):
        people.punch(user, 1, "21:55", "06:05")
        people.plan(user, "Night")
    for user, part, *times in (
        ("e11a", "half vacation", "09:00", "13:00"),
        ("e11b", "half vacation"),
        ("e12", "morning vacation", "14:10", "18:00"),
        ("e12b", "afternoon vacation", "09:00", "12:45"),
        ("e12x", "Morning", "13:55", "18:00"),
    ):
        people.punch(user, 1, "09:00", "18:00")
        people.punch(user, 5, *times)
        people.plan(user, "Office")
        people.corrections.append(Correction(date(YEAR, 10, 5), user, "leave", part))
    for user, part, *times in (
        ("e14a", "", "09:00", "13:00"),
        ("e14b", "half vacation"),
        ("e14c", "vacation"),
        ("e14d", "", "09:00", "12:00"),
        ("e14e", ""),
    ):
        people.punch(user, 1, "09:00", "18:00", site="Lima", home="Lima")
        people.punch(user, 23, *times, site="Lima", home="Lima")
        people.plan(user, "Office", days="Mon-Fri")
        if part:
            people.corrections.append(Correction(date(YEAR, 10, 23), user, "leave", part))
    people.punch("e14m", 22, "14:10", "18:00", site="Lima", home="Lima")
    people.plan("e14m", "Office")
    people.punch("e15", 1, "09:00", "18:00")
    people.plan("e15", "Office")
    people.corrections += [
        Correction(date(YEAR, 10, 5), "e15", "leave", "Vacation", date(YEAR, 10, 7)),
        Correction(date(YEAR, 10, 8), "e15", "leave", "sick"),
        Correction(date(YEAR, 10, 9), "e15", "leave", "time off"),
    ]
    people.punch("halves", 5, "13:30", "18:00")
    people.corrections += [
        Correction(date(YEAR, 10, 5), "halves", "leave", "morning"),
        Correction(date(YEAR, 10, 6), "halves", "leave", 0.5),
        Correction(date(YEAR, 10, 7), "halves", "leave", "morning sick"),
        Correction(date(YEAR, 10, 7), "halves", "leave", "afternoon vacation"),
        Correction(date(YEAR, 10, 5), "e18d", "check in", time(17, 30)),
        Correction(date(YEAR, 10, 5), "e18d", "check out", time(6, 5)),
    ]
    for user, site in (("e9a", "Cairo"), ("e9b", "Lima")):
        people.punch(user, 5, "09:00", "17:00", site=site, home=site)
    for user in ("e13p",):
        people.punch(user, 5, "09:00", "12:00", "12:45", "18:00", site="Cairo", home="Cairo")
        people.plan(user, "Office")
    for day in (15, 16):
        people.punch("e24", day, "08:30", "17:00", site="Cairo", home="Cairo")
    people.punch("part", 5, "09:30", "13:00")
    people.plan("part", None, days="Mon, Wed")
    people.punch("e10p", 9, "21:55", "06:05", "10:00", "14:00", site="Cairo", home="Cairo")
    people.plan("e10p", "Night")
    people.punch("e4l", 12, "18:00", "10:30")
    people.plan("e4l", "N18", first=12, until=12, days="all")


class Months:
    """What the workbook of a month shows."""

    def __init__(self, server):
        (self._book,) = computed(server).values()
        self.server = server

    def exceptions(self):
        return [[cell.value for cell in row] for row in self._book["Exceptions"].iter_rows(min_row=2)]

    def _row(self, title, *labels):
        sheet = self._book[title]
        header = [cell.value for cell in sheet[1]]
        for row in sheet.iter_rows(min_row=2):
            if [cell.value for cell in row][: len(labels)] == [*labels]:
                return header, [cell.value for cell in row]
        raise LookupError(labels)

    def day(self, title, user, day, label=None):
        labels = (user, user) if label is None else (user, user, label)
        header, values = self._row(title, *labels)
        days = [
            getattr(each, "date", lambda: None)() if isinstance(each, datetime) else each for each in header
        ]
        return values[days.index(date(YEAR, 10, day))]

    def hours(self, user, day):
        """Minutes of a day, or the word for it."""
        value = seconds(self.day("Daily Attendance", user, day, "Hours Worked"))
        return value if isinstance(value, str) else round(value / 60)

    def word(self, user, day):
        return self.day("Monthly Summary", user, day)

    def number_formats(self, header):
        """Of a column of Monthly Summary."""
        (book,) = (
            each for each in self.server.spreadsheets(subfolders=False) if each.title.startswith(TITLE)
        )
        sheet = book.sheet_titled("Monthly Summary")
        place = [cell.value for cell in self._book["Monthly Summary"][1]].index(header)
        occupied = sheet.occupied(sheet.area)
        return {
            (cell.number_format or {}).get("pattern")
            for row, column, cell in occupied
            if (column, row > 2) == (place, True)
        }

    def total(self, user, header, title="Monthly Summary"):
        headers, values = self._row(title, user, user)
        value = values[headers.index(header)]
        if value in (None, ""):
            return None
        return round(seconds(value) / 60) if not isinstance(value, int | float) else value


def visited(server, people):
    """A workbook of October to which all punches came, half of them before HR typed the roster; and a few visits."""
    sites = [
        replace(each, complete_through=OCTOBER[1], heard=datetime.combine(OCTOBER[1] + DAY, time(12)))
        for each in (
            Site("Hamburg", "Europe/Berlin", time(4)),
            Site("Cairo", "Africa/Cairo", time(4), pairs=True),
            Site("Lima", "America/Lima", time(4)),
            Site("Bremen", "Europe/Berlin", time(4)),
        )
    ]
    month = Month(*OCTOBER, sites, [*people.employees.values()], people.corrections)
    book = Book(server, month, "October 2026")
    book.knows_all_days = True
    book.keep_people(month.employees)
    book._keep("2026", [("Month", "Start Date", "End Date"), ("October", *map(typed, OCTOBER))])
    stores = stores_of(month, book.period, book.spreadsheet_id)
    first, last = healths_of(month, book.period, book.spreadsheet_id)
    book.send([*first, *stores[: len(stores) // 2]])
    settings = [
        ("Grace (minutes)", "", 5),
        ("Key policy", "Cairo", "pairs"),
        ("Kinds of leave", "", "Vacation, sick, time off"),
        ("Weekend", "Cairo", "Fri, Sat"),
        ("Weekend", "Lima", "Sun"),
    ]
    book._keep("Settings", [("Setting", "Site", "Value"), *settings])
    book._keep("Shifts", SHIFTS)
    book._keep("Roster", [ROSTER_HEADER, *(tuple(map(typed, row)) for row in people.roster)])
    halves = [
        ("Date", "Name", "Site", "Part"),
        (typed(HALF_HOLIDAY), "Eve", "Lima", "afternoon"),
        (typed(HALF_HOLIDAY - DAY), "Fair", "Lima", "morning"),
        (typed(date(YEAR, 10, 20)), "Harbour", "Cairo", None),
    ]
    book._keep("Holidays", halves)
    keep_from(book)
    handle(Watch(), book.backend)
    book.send([*stores[len(stores) // 2 :], *last])
    book.type_corrections()
    handle(Watch(), book.backend)
    book.client.session.close()


def keep_from(book):
    """Of example 24: from the 16th on in Bremen, an hour earlier."""
    header = (
        "Name",
        "Email",
        "Cut Off Time",
        "Device User ID",
        "Site",
        "Staff Group",
        "First Day",
        "Last Day",
    )
    rows = [
        (
            *(each.name, f"{each.user}@example.com", typed(each.cut_off)),
            *(device_user_id(book.month, each), each.site, each.group, None, None, None),
        )
        for each in book.people
    ]
    sheet_id = book.server.spreadsheet(book.control_id).sheet_titled("Cut Off Times").sheet_id
    column = {"appendDimension": {"sheetId": sheet_id, "dimension": "COLUMNS", "length": 1}}
    book.server.batch_update(book.control_id, [column])
    later = ("e24", "e24@example.com", typed(time(8)), None, "Bremen", None, None, None)
    book._keep("Cut Off Times", [(*header, "From"), *rows, (*later, typed(date(YEAR, 10, 16)))])


@pytest.fixture(scope="module")
def shown():
    with new_server() as server:
        visited(server, october())
        yield Months(server)


def minutes(text):
    hours, minute = text.split(":")
    return int(hours) * 60 + int(minute)


def test_1_who_has_no_plan_counts_as_ever(shown):
    assert shown.hours("e1", 6) == minutes("9:15")
    assert shown.hours("e1", 7) == minutes("16:35")


@pytest.mark.parametrize("user", ["e2", "e3"])
def test_2_and_3_both_shifts_of_a_plant_have_the_same_hours(shown, user):
    assert shown.total(user, "Hours") == minutes("179:40")
    assert shown.total(user, "Overtime") == minutes("3:40")
    assert shown.total(user, "Days Present") == 22
    assert shown.total(user, "Late") == shown.total(user, "Incomplete") == 0


DAYS = [
    ("4", "e4", 13, "12:40", "late"),
    ("4", "e4", 14, "6:10", "present"),
    ("5", "e5", 1, "12:30", "present"),
    ("5", "e5", 2, "absent", "absent"),
    ("6", "e6", 5, "8:50", "present"),
    ("6", "e6", 6, "8:10", "present"),
    ("7", "e7", 6, "16:30", "check the hours"),
    ("8", "e8", 5, "6:00", "present"),
    ("8", "e8", 7, "absent", "absent"),
    ("8", "e8", 8, "day off", "day off"),
    ("8", "e8", 14, "leave", "leave"),
    ("8", "e8", 15, "day off", "day off"),
    ("9 a", "e9a", 9, "weekend", "weekend"),
    ("9 a", "e9a", 11, "absent", "absent"),
    ("9 b", "e9b", 10, "absent", "absent"),
    ("9 b", "e9b", 11, "weekend", "weekend"),
    ("9 c", "e9c", 5, "8:00", "present"),
    ("9 c", "e9c", 10, "4:00", "present"),
    ("9 c", "e9c", 11, "day off", "day off"),
    ("10", "e10", 9, "8:10", "present"),
    ("10", "e10", 10, "8:10", "present"),
    ("10 b", "e10b", 9, "16:05", "check the hours"),
    ("10 b", "e10b", 10, "day off", "day off"),
    ("10 b, pairs", "e10p", 9, "12:10", "check the hours"),
    ("long, but for a long shift", "e4l", 12, "16:30", "present"),
    ("11 a", "e11a", 5, "4:00", "present, half vacation"),
    ("11 b", "e11b", 5, "absent, half vacation", "absent, half vacation"),
    ("12", "e12", 5, "3:50", "late, morning vacation"),
    ("12 b", "e12b", 5, "3:45", "present, left early, afternoon vacation"),
    ("12, in time", "e12x", 5, "4:05", "present, morning leave"),
    ("14 a", "e14a", 23, "4:00", "present, free afternoon"),
    ("14 b", "e14b", 23, "holiday, half vacation", "holiday, half vacation"),
    ("14 c", "e14c", 23, "holiday, half vacation", "holiday, half vacation"),
    ("14, left early", "e14d", 23, "3:00", "present, left early, free afternoon"),
    ("14, absent", "e14e", 23, "absent, free afternoon", "absent, free afternoon"),
    ("14, in the morning", "e14m", 22, "3:50", "late, free morning"),
    ("15", "e15", 6, "leave (vacation)", "leave (vacation)"),
    ("15", "e15", 8, "leave (sick)", "leave (sick)"),
    ("15", "e15", 9, "leave (time off)", "leave (time off)"),
    ("half a day without a plan", "halves", 5, "4:30", "present, morning leave"),
    ("half a day without a plan", "halves", 6, "absent, half leave", "absent, half leave"),
    ("two halves", "halves", 7, "leave (sick)", "leave (sick)"),
    ("13", "e13", 5, "8:10", "present"),
    ("13", "e13", 6, "4:30", "present, left early"),
    ("13", "e13", 7, "4:00", "present, left early"),
    ("13", "e13p", 5, "8:00", "present"),
    ("13", "e13s", 5, "6:00", "present, left early"),
    ("13", "e13s", 6, "8:40", "present"),
    ("13", "e13s", 7, "9:00", "present"),
    ("13", "e13s", 8, "9:15", "present"),
    ("16", "e16", 5, "10:15", "present"),
    ("16", "e16f", 5, "10:00", "present"),
    ("16", "e16p", 5, "8:45", "present"),
    ("18 a", "e18a", 5, "7:30", "present, left early"),
    ("18 b", "e18b", 5, "missing in", "missing in"),
    ("18 c", "e18c", 5, "missing out", "missing out"),
    ("18 d", "e18d", 5, "12:35", "check the hours"),
    ("by weekdays alone", "part", 5, "3:30", "late"),
    ("by weekdays alone", "part", 6, "day off", "day off"),
    ("by weekdays alone", "part", 7, "absent", "absent"),
]


@pytest.mark.parametrize(("example", "user", "day", "hours", "word"), DAYS)
def test_days(shown, example, user, day, hours, word):
    expected = minutes(hours) if ":" in hours else hours
    assert (shown.hours(user, day), shown.word(user, day)) == (expected, word), example


def test_half_days_are_counted_by_halves(shown):
    assert (shown.total("e11a", "On Leave"), shown.total("e11a", "Days Present")) == (0.5, 2)
    assert shown.total("e11b", "Absent") == 22 - 1 - 0.5
    assert shown.number_formats("On Leave") == shown.number_formats("Absent") == {None}
    assert shown.number_formats("Late") == {"0"}
    assert shown.total("e15", "On Leave") == 5
    for user, leave, absent in (("e14b", 0.5, 19.5), ("e14c", 0.5, 19.5), ("e14e", 0, 20)):
        assert (shown.total(user, "On Leave"), shown.total(user, "Absent")) == (leave, absent)
    assert shown.total("halves", "On Leave") == 2
    assert shown.total("e12", "Late") == 1
    assert shown.total("e17", "Late") == 3  # 09:04 is within the grace of five minutes


def duration(text):
    return -minutes(text[1:]) if text.startswith("-") else minutes(text)


@pytest.mark.parametrize(
    ("user", "expected", "balance", "late", "early", "halves"),
    [
        ("e2", "176:00", "3:40", 0, 0, 0),
        ("e3", "176:00", "3:40", 0, 0, 0),
        ("e4", "19:00", "-0:10", 30, 0, 0),
        ("e8", "54:00", "-42:00", 0, 0, 0),
        ("e11a", "172:00", "-160:00", 0, 0, 1),
        ("e11b", "172:00", "-164:00", 0, 0, 1),
        ("e12", "172:00", "-160:10", 10, 0, 1),
        ("e12b", "172:00", "-160:15", 0, 15, 1),
        ("e14a", "168:00", "-156:00", 0, 0, 0),
        ("e14b", "164:00", "-156:00", 0, 0, 1),
        ("e14c", "164:00", "-156:00", 0, 0, 1),
        ("e14d", "168:00", "-157:00", 0, 60, 0),
        ("e14m", "168:00", "-164:10", 10, 0, 0),
        ("e15", "144:00", "-136:00", 0, 0, 0),
        ("e17", "176:00", "-145:00", 96, 0, 0),
        ("part", None, None, 30, 0, 0),
        ("e18a", "176:00", "-168:30", 0, 30, 0),
        ("e18d", "176:00", "-155:15", 0, 0, 0),
    ],
)
def test_expected_hours_balance_and_minutes(shown, user, expected, balance, late, early, halves):
    found = [
        shown.total(user, header, "Working Time")
        for header in ("Expected", "Balance", "Late (minutes)", "Early (minutes)", "Half-Days")
    ]
    assert found == [expected and duration(expected), balance and duration(balance), late, early, halves]


@pytest.mark.parametrize(
    ("user", "night", "weekend", "holiday"),
    [
        ("e2", "1:50", "0:00", "0:00"),
        ("e3", "176:00", "30:25", "0:00"),
        ("e10", "16:00", "14:15", "0:00"),
        ("e14a", "0:00", "0:00", "1:00"),
        ("e14m", "0:00", "0:00", "0:00"),
    ],
)
def test_hours_at_night_on_weekends_and_on_holidays(shown, user, night, weekend, holiday):
    found = [shown.total(user, header, "Working Time") for header in ("Night", "Weekend", "Holiday")]
    assert found == [minutes(each) for each in (night, weekend, holiday)]


def test_24_from_a_date_on_at_another_site_and_by_another_cut_off_time(shown):
    assert [shown.word("e24", day) for day in (15, 16, 20)] == ["present", "late", "absent"]
    assert shown.total("e24", "Late (minutes)", "Working Time") == 30
    told = [row[3] for row in shown.exceptions() if row[2] == "e24" and " min after" in row[3]]
    assert told == ["30 min after the cut-off time on Fri 16-10-2026"]


def test_the_plan_shows_what_was_understood_and_which_hours_are_what(shown):
    assert shown.day("Plan", "e3", 5, "Shift") == "Night"
    assert shown.day("Plan", "e8", 8, "Shift") == "day off"
    assert shown.day("Plan", "part", 5, "Shift") == "any time"
    assert shown.day("Plan", "e14a", 23, "Shift") == "Office, free afternoon"
    parts = [
        round(seconds(shown.day("Plan", "e10", 9, label)) / 60) for label in ("Overtime", "Night", "Weekend")
    ]
    assert parts == [10, minutes("8:00"), minutes("6:05")]
    assert shown.day("Plan", "e10", 8, "Night") in (None, "")


def test_exceptions_name_what_is_to_be_looked_at_by_the_plan(shown):
    told = {
        user: [(row[3].split(" on ")[0], row[5]) for row in shown.exceptions() if row[2] == user]
        for user in ("e2", "e3", "e4", "e10", "e11a", "e12b", "e14a", "e18a", "e18b", "e18c")
    }
    assert told["e2"] == told["e3"] == []
    assert ("30 min after the start of N18", "for information") in told["e4"]
    assert ("Worked", "for information") in told["e10"]
    assert ("30 min before the end of Office", "for information") in told["e18a"]
    assert ("315 min before the end of Office", "for information") in told["e12b"]
    early = [state for what, state in (*told["e11a"], *told["e14a"]) if "before the end" in what]
    assert early == ["resolved"], "half a day's leave covers it; half a holiday is no early end"
    assert ("No check-in", "open") in told["e18b"]
    assert ("No check-out", "open") in told["e18c"]


@pytest.mark.parametrize(
    ("user", "vacation", "sick", "time_off"),
    [
        ("e15", 3, 1, 1),
        ("e8", 3, 0, 0),
        ("e11a", 0.5, 0, 0),
        ("e11b", 0.5, 0, 0),
        ("e12", 0.5, 0, 0),
        ("e14c", 0.5, 0, 0),
    ],
)
def test_leave_by_kinds(shown, user, vacation, sick, time_off):
    headers = [f"Leave: {kind}" for kind in ("vacation", "sick", "time off")]
    found = [shown.total(user, header, "Working Time") for header in headers]
    assert found == [0 if user == "e8" else vacation, sick, time_off]


def test_status_says_that_leave_counts_on_half_a_holiday(shown):
    sheet = shown._book["Corrections"]
    header = [cell.value for cell in sheet[1]]
    who, status = header.index("Employee"), header.index("Status")
    said = {row[who]: row[status] for row in sheet.iter_rows(min_row=2, values_only=True)}
    assert said["e14c"] == "applied as vacation"
    assert said["e14b"] == "applied as half vacation"


def test_who_has_no_plan_is_not_in_working_time(shown):
    with pytest.raises(LookupError):
        shown.total("e1", "Expected", "Working Time")


def test_penalties_are_of_the_mean_after_what_is_due(shown):
    assert shown.total("e3", "Penalties") == 0  # 21:55 is later than any cut-off time
    assert shown.total("e4", "Penalties") == 1  # 30 minutes late one day, 5 early the next


@pytest.mark.slow
def test_libreoffice_shows_the_same_in_every_cell(shown, tmp_path):
    comparison = in_libreoffice(tmp_path, shown.server)
    assert comparison.disagreements == []
    assert comparison.compared > 10_000

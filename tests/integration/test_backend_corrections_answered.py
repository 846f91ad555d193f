"""What HR types into Corrections is answered with how far it counts, and what is not trusted says so."""

from datetime import date, datetime, time, timedelta

import pytest

from tests.integration.workbook_check import differences, errors
from tests.integration.workbook_office import build, computed, new_server
from tests.integration.workbook_truth import DAY, Correction, Employee, Month, Site

FIRST, LAST = date(2026, 10, 1), date(2026, 10, 31)
MONDAY, TUESDAY, SATURDAY, SUNDAY = (date(2026, 10, day) for day in (12, 13, 17, 18))
NAME = {True: "Ann Archer", False: "Bob Baker"}
"""By whether midnight is the day boundary where somebody works."""
OVER = "no effect: something else is typed over it in Daily Attendance"
EARLIER = "check the times: the check-out of that day is before the check-in"
PUNCHES = "no effect: there are punches or times, and they count"


def of(day, what, value=None, until=None, *, midnight=True):
    return Correction(day, NAME[midnight], what, value, until)


ROWS = {
    "a check-out": (of(MONDAY, "check out", time(18)), "applied"),
    "a check-in spelt as the list has it": (
        of(date(2026, 10, 26), "check-in", time(9)),
        "applied",
    ),
    "a check-out with a hyphen and capitals": (
        of(date(2026, 10, 26), "Check-Out", time(17)),
        "applied",
    ),
    "a check-out before the check-in": (of(TUESDAY, "check out", time(8)), EARLIER),
    "a check-in after the check-out": (of(date(2026, 10, 15), "check in", time(18)), EARLIER),
    "a leave until after the end of the period": (
        of(date(2026, 10, 28), "leave", until=date(2026, 11, 20)),
        "applied to 31-10-2026; carried over into the next workbook",
    ),
    "a leave since before the period": (
        of(date(2026, 9, 20), "leave", until=FIRST),
        "applied from 01-10-2026",
    ),
    "a leave on a day with punches": (of(date(2026, 10, 15), "leave"), PUNCHES),
    "a leave of some days with punches": (
        of(date(2026, 10, 15), "leave", until=date(2026, 10, 22)),
        "applied; on 2 of 6 working days: on the others are punches or times",
    ),
    "a leave on a weekend": (of(SATURDAY, "leave", until=SUNDAY), "no effect: none of it is a working day"),
    "a leave on a holiday": (of(date(2026, 10, 5), "leave"), "no effect: none of it is a working day"),
    "half a day of leave": (
        of(date(2026, 10, 2), "leave", 0.5),
        "applied as half leave",
    ),
    "a leave in the morning": (
        of(date(2026, 10, 27), "leave", "morning"),
        "applied as morning leave",
    ),
    "a leave of a person with punches, in the morning": (
        of(date(2026, 10, 8), "leave", "morning"),
        "applied as morning leave",
    ),
    "a kind of leave": (of(date(2026, 10, 29), "leave", "Vacation"), "applied as vacation"),
    "half a day of a kind": (
        of(date(2026, 10, 26), "leave", "half  Sick, paid"),
        "applied as half sick paid",
    ),
    "half a day where all of it is leave": (
        of(date(2026, 10, 30), "leave", "afternoon"),
        "no effect: none of it is a working day, or it is leave already",
    ),
    "Until beside a check-in": (
        of(date(2026, 10, 6), "check in", time(8, 30), date(2026, 10, 9)),
        "applied for Date only: Until is for leave",
    ),
    "Until beside a note": (
        of(date(2026, 10, 6), "note", None, date(2026, 10, 9)),
        "noted for Date only: Until is for leave",
    ),
    "half past midnight as check-out": (
        of(date(2026, 10, 7), "check out", time(0, 30)),
        "applied as 0:30 of the night after",
    ),
    "24:30 as check-out": (
        of(date(2026, 10, 8), "check out", timedelta(hours=24, minutes=30)),
        "applied as 0:30 of the night after",
    ),
    "date and time as check-out": (
        of(date(2026, 10, 9), "check out", datetime(2026, 10, 10, 0, 30)),
        "applied as 0:30 of the night after",
    ),
    "half past midnight as check-in": (
        of(date(2026, 10, 16), "check in", time(0, 30)),
        "applied",
    ),
    "half past midnight where the day begins at four": (
        of(date(2026, 10, 7), "check out", time(0, 30), midnight=False),
        "applied as 0:30 of the night after",
    ),
    "8.30 as a time": (of(date(2026, 10, 6), "check in", 8.3, midnight=False), "applied as 8:30"),
    "17 as a time": (of(date(2026, 10, 6), "check out", 17, midnight=False), "applied as 17:00"),
    "1730 as a time": (of(date(2026, 10, 8), "check out", 1730, midnight=False), "applied as 17:30"),
    "9:00 pm as a time": (of(date(2026, 10, 9), "check out", "9:00 pm", midnight=False), "applied as 21:00"),
    "9 p.m. as a time": (of(date(2026, 10, 13), "check out", "9 p.m.", midnight=False), "applied as 21:00"),
    "12:15 am as a time": (
        of(date(2026, 10, 14), "check out", "12:15 AM", midnight=False),
        "applied as 0:15 of the night after",
    ),
    "17h30 as a time": (of(date(2026, 10, 15), "check out", "17h30", midnight=False), "applied as 17:30"),
    "0830 as a text": (of(date(2026, 10, 15), "check in", "0830", midnight=False), "applied as 8:30"),
    "17.30 Uhr as a time": (
        of(date(2026, 10, 16), "check out", "17.30 Uhr", midnight=False),
        "applied as 17:30",
    ),
    "8.5 as a time": (
        of(date(2026, 10, 19), "check in", 8.5, midnight=False),
        "did you mean 8:30 or 8:50? Type it with a colon",
    ),
    "8.75 as a time": (of(date(2026, 10, 19), "check in", 8.75, midnight=False), "applied as 8:45"),
    "1 as a time": (
        of(date(2026, 10, 20), "check out", 1, midnight=False),
        "type 1:00, or 24 h for midnight",
    ),
    "24 h as a time": (
        of(date(2026, 10, 20), "check out", "24 h", midnight=False),
        "applied as 0:00 of the night after",
    ),
    "a date as a time": (
        of(date(2026, 10, 21), "check in", datetime(2026, 10, 21), midnight=False),
        "type a time such as 17:30 into Value",
    ),
    "a word as a time": (
        of(date(2026, 10, 21), "check in", "soon", midnight=False),
        "type a time such as 17:30 into Value",
    ),
    "8.61 as a time": (
        of(date(2026, 10, 21), "check in", 8.61, midnight=False),
        "type a time such as 17:30 into Value",
    ),
    "a time of another day": (
        of(date(2026, 10, 21), "check out", datetime(2026, 10, 23, 9), midnight=False),
        "this time is on another day: type only the time, such as 17:30",
    ),
    "a date with the month first": (
        of(date(2026, 12, 10), "check in", time(9), midnight=False),
        "did you mean 12-10-2026? In this workbook the day comes first",
    ),
    "an end with the month first": (
        of(date(2026, 10, 26), "leave", until=date(2026, 3, 11) + 365 * DAY, midnight=False),
        "applied to 31-10-2026; carried over into the next workbook",
    ),
    "an end with the month first that can be meant": (
        of(date(2026, 10, 2), "leave", until=date(2026, 12, 10), midnight=False),
        (
            "applied to 31-10-2026; carried over into the next workbook; on 8 of 20 working days: on the "
            "others are punches or times; or did you mean until 12-10-2026? In this workbook the day comes first"
        ),
    ),
    "a date outside in either order": (
        of(date(2026, 12, 20), "check in", time(9), midnight=False),
        "not a day of this period (01-10-2026 to 31-10-2026)",
    ),
    "a second row about the same": (
        of(MONDAY, "check out", time(19)),
        "no effect: row 2 is about the same",
    ),
    "a time typed over in Daily Attendance": (of(date(2026, 10, 19), "check out", time(16)), OVER),
    "a word typed over in Daily Attendance": (of(date(2026, 10, 20), "check out", time(16)), OVER),
    "a check-out that makes a day of 18 hours": (
        of(date(2026, 10, 23), "check out", time(3)),
        "applied as 3:00 of the night after; more than 16 hours on that day: check them",
    ),
    "a half spelled as a text": (of(date(2026, 10, 14), "leave", " 1/2"), "applied as half leave"),
    "a half behind its kind": (
        of(date(2026, 10, 9), "leave", "Vacation, 1/2 day"),
        "applied as half vacation",
    ),
    "a kind where a line above names another one": (
        of(date(2026, 10, 29), "leave", "sick"),
        "no effect: another line counts",
    ),
    "a kind of days of which a line above names one": (
        of(date(2026, 10, 28), "leave", "sick", date(2026, 10, 29)),
        "applied as sick; on 1 of these days another line counts",
    ),
    "less than a day, in other words": (
        of(date(2026, 10, 7), "leave", "4h", midnight=False),
        PUNCHES,
    ),
    "less than a day, of nobody's punches": (
        of(date(2026, 10, 21), "leave", "4h", midnight=False),
        "applied as 4h; for whole days: for half of one type half into Value",
    ),
    "half a day in brackets": (
        of(date(2026, 10, 22), "leave", "vacation (half)", midnight=False),
        "applied as vacation (half); for whole days: for half of one type half into Value",
    ),
    "a decimal time in a text": (
        of(date(2026, 10, 16), "check in", "8,5"),
        "type a time such as 17:30 into Value",
    ),
    "the morning of a day": (
        of(date(2026, 10, 1), "leave", "morning", midnight=False),
        "applied as morning leave",
    ),
    "the afternoon of the same day": (
        of(date(2026, 10, 1), "leave", "afternoon, sick", midnight=False),
        "applied as afternoon sick",
    ),
    "the same morning once more": (
        of(date(2026, 10, 8), "leave", "Morning, sick"),
        "no effect: row 15 is about the same",
    ),
    "half a day in words": (of(date(2026, 10, 6), "leave", "half a day, sick"), "applied as half sick"),
}
TYPED = {
    ("ann", "Check Out", date(2026, 10, 19)): 17 * 3600,
    ("ann", "Check Out", date(2026, 10, 20)): "sick",
}


def month():
    noon = datetime.combine(LAST, time(12))
    sites = [
        Site("lahore", "Asia/Karachi", time(0), complete_through=LAST, heard=noon),
        Site("berlin", "Asia/Karachi", time(4), complete_through=LAST, heard=noon),
    ]
    days = [date(2026, 10, day) for day in (6, 7, 8, 9, 12, 13, 14, 15, 16, 19, 20, 23)]
    people = [
        Employee(
            name,
            name.split()[0].casefold(),
            time(9, 30),
            site.name,
            punches=tuple(
                (site.name, datetime.combine(day, moment))
                for day in days
                for moment in ((time(9, 0, 59), time(17, 0, 1)) if day.day % 2 else (time(9, 0, 1),))
            ),
        )
        for name, site in zip((NAME[True], NAME[False]), sites, strict=True)
    ]
    made = Month(FIRST, LAST, sites, people)
    made.holidays = [(date(2026, 10, 5), "Founders' Day", "")]
    made.corrections = [row for row, _ in ROWS.values()]
    made.typed = TYPED
    return made


@pytest.fixture(scope="module")
def made():
    with new_server() as server:
        book = build(server, month(), "Answers")
        yield book, computed(server)["Answers"]


@pytest.mark.parametrize("name", ROWS)
def test_the_answer_to(made, name):
    _, workbook = made
    assert workbook["Corrections"].cell(list(ROWS).index(name) + 2, 1).value == ROWS[name][1]


def test_all_else_is_as_plain_python_has_it(made):
    _, workbook = made
    assert differences(workbook, month())[0] == []
    assert errors(workbook) == []

"""Slips: whatever people are called, a page is a page, and what it says is what the export says."""

from datetime import date
from html.parser import HTMLParser

import pytest

from attendance_backend.export.payroll import DAY_HEADERS, PERSON_HEADERS, Payroll
from attendance_backend.export.slips import MOST_CHARACTERS, About, Correction, pages

NOVEMBER = About("November 2026", date(2026, 11, 1), date(2026, 11, 30), date(2026, 12, 1))
HOSTILE = (
    "<script>alert(1)</script>",
    "</style><img src=x onerror=alert(1)>",
    'x" onload="alert(1)',
    "&lt;b&gt; & <b>",
    "\u202egnp.exe",
    "a\x00b\x08c",
)


class Page(HTMLParser):
    """A page's elements, and its texts."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.texts, self.attributes = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]

    def handle_data(self, data):
        self.texts.append(data)

    def says(self, text):
        return text in " ".join(" ".join(self.texts).split())


def person(name="Ann", user="ann", doubts="", **numbers):
    values = {
        "Employee": name,
        "User Name": user,
        "Site": "Bremen",
        "Staff Group": "",
        "Days Present": 2.0,
        "Late": 0.0,
        "Absent": 0.5,
        "On Leave": 0.5,
        "Incomplete": 0.0,
        "Hours": 16.63,
        "Overtime": 0.25,
        "Penalties": 0.0,
        "Minutes": 998.0,
        "Overtime Minutes": 15.0,
        "Doubts": doubts,
        **numbers,
    }
    return tuple(values.get(header) for header in PERSON_HEADERS)


def day(user, on, state, check_in=None, check_out=None, minutes=None, corrected="no", doubts=""):
    values = {
        "Employee": "",
        "User Name": user,
        "Date": on,
        "State": state,
        "Check In": check_in,
        "Check Out": check_out,
        "Hours": None if minutes is None else round(minutes / 60, 2),
        "Corrected": corrected,
        "Minutes": minutes,
        "Doubts": doubts,
    }
    return tuple(values[header] for header in DAY_HEADERS)


def payroll(*people, days=(), finalised=True):
    return Payroll(tuple(people), tuple(days), open_exceptions=0, finalised=finalised, lacking=())


def test_a_slip_has_days_times_corrections_and_totals():
    days = [
        day("ann", "2026-11-03", "present", "2026-11-03 08:55", "2026-11-03 17:10", 495.0),
        day("ann", "2026-11-04", "late", "2026-11-04 21:55", "2026-11-05 06:18", 503.0, corrected="yes"),
        day("bob", "2026-11-03", "absent"),
    ]
    corrected = {"@ann": [Correction(date(2026, 11, 4), date(2026, 11, 4), "check out", "06:18", "forgot")]}
    made = pages(payroll(person(), person("Bob", "bob"), days=days), corrected, NOVEMBER)
    assert list(made) == [f"{name} - November 2026.html" for name in ("All", "ann", "bob")]
    ann = Page(made["ann - November 2026.html"])
    for text in (
        "Tue 03 Nov 2026 present 08:55 17:10 8:15",
        "Wed 04 Nov 2026 late 21:55 06:18 next day 8:23 corrected",
        "Hours 16:38 Overtime 0:15",
        "On Leave 0.5",
        "04 Nov 2026 check out 06:18 forgot",
        "signature of the employee",
    ):
        assert ann.says(text), text
    assert not ann.says("absent")
    assert not ann.says("not finalised")
    everybody = Page(made["All - November 2026.html"])
    assert everybody.tags.count("article") == 2
    assert everybody.says("absent")


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_becomes_a_part_of_the_page(name):
    tame = Page(pages(payroll(person(doubts="x")), {}, NOVEMBER)["ann - November 2026.html"])
    row = day("ann", "2026-11-03", name, doubts=name)
    correction = Correction(date(2026, 11, 3), date(2026, 11, 4), name, name, name)
    about = About(name, NOVEMBER.first_day, NOVEMBER.last_day, NOVEMBER.made_on)
    hostile = payroll(person(name, name, doubts=name), days=[row])
    for text in pages(hostile, {f"@{name.strip().casefold()}": [correction]}, about).values():
        page = Page(text)
        assert set(page.tags) <= {*tame.tags, "ul", "li", "span", "tr", "td"}
        assert set(page.attributes) <= set(tame.attributes)
        assert not any(character in text for character in "\x00\x08\u202e")
        assert page.says("".join(each if each.isprintable() else " " for each in name))


def test_doubts_and_months_that_may_change_are_said_on_the_page():
    row = day("ann", "2026-11-03", "missing out", doubts="a time is missing")
    made = pages(payroll(person(doubts="first; second"), days=[row], finalised=False), {}, NOVEMBER)
    page = Page(made["ann - November 2026.html"])
    for text in ("Not to be trusted yet: first second", "missing out a time is missing", "not finalised"):
        assert page.says(text), text


def test_files_stay_in_their_folder_and_apart():
    users = ["../../x", "a/b", "a\\b", "ANN", "ann", "All", "", "x" * 999, "." * 9, "Zoë"]
    made = pages(payroll(*(person(user, user) for user in users)), {}, NOVEMBER)
    assert len({name.casefold() for name in made}) == len(users) + 1
    for name in made:
        assert not set(name) & set('/\\:*?"<>|\0')
        assert not name.startswith(".")
        assert len(name.encode()) < 255
    assert "Zoë - November 2026.html" in made


def test_texts_and_lists_have_bounds():
    doubts = "; ".join(f"reason {number}" for number in range(5000))
    row = day("ann", "2026-11-03", "present", doubts="z" * 100_000)
    rows = [Correction(date(2026, 11, 3), date(2026, 11, 3), "leave", "", "r" * 9999)] * 3000
    made = pages(payroll(person("y" * 50_000, doubts=doubts), days=[row]), {"@ann": rows}, NOVEMBER)
    text = made["ann - November 2026.html"]
    assert len(text) < 300_000
    page = Page(text)
    assert page.says("and 4960 more")
    assert page.says("and 2800 more in the workbook")
    assert page.says("y" * MOST_CHARACTERS + "…")

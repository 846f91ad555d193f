"""What HR reads: the page and each workbook's Guide name everything that stands in the spreadsheets."""

import re
from pathlib import Path

import pytest

from attendance_backend.control import alarms, completing, registered_sites, review_sheets, rules, shifts
from attendance_backend.review import daily_columns as dc
from attendance_backend.review import names, working_time_columns
from attendance_backend.sheet.layout import Column
from tests.review_book import ReviewBook

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "for-hr.md").read_text(encoding="utf-8")
WORDS = (
    *(dc.PRESENT, dc.LATE, dc.LEFT_EARLY, dc.MISSING_OUT, dc.MISSING_IN, dc.OPEN, dc.HOLIDAY, dc.WEEKEND),
    *(dc.LEAVE, dc.ABSENT, dc.NO_DATA, dc.NOT_EMPLOYED, dc.DAY_OFF, dc.CHECK_TIMES, dc.CHECK_HOURS),
)


def section(title):
    return PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


@pytest.fixture(scope="module")
def guide():
    return [str(value) for value in ReviewBook().sheet("Guide").cells.values()]


@pytest.mark.parametrize("word", WORDS)
def test_each_word_of_a_day_is_explained(guide, word):
    named = re.compile(rf"\b{word}\b")
    assert any(len(cell) < 40 and named.search(cell) for cell in guide)
    explained = section("What the words of a day mean")
    assert any(named.search(line.split("|")[1]) for line in explained.splitlines() if line.startswith("| "))


@pytest.mark.parametrize(
    "name",
    [
        *(names.EXCEPTIONS, names.DAILY, names.WEEKLY, names.MONTHLY, names.CORRECTIONS, names.SITES),
        *(names.GUIDE, names.AMENDMENTS, names.SINCE, names.WORKING_TIME, names.PLAN),
        *(rules.TITLE, shifts.SHIFTS, shifts.ROSTER, review_sheets.TITLE, alarms.TITLE),
        registered_sites.TITLE,
    ],
)
def test_each_worksheet_is_on_the_page(name):
    assert f"`{name}`" in PAGE


@pytest.mark.parametrize("name", [*completing._SHIFTS.headers, *completing._PLANS.headers])
def test_each_column_of_shifts_and_roster_is_on_the_page(name):
    assert name in section("Who works when")


def test_each_column_of_working_time_that_people_see_is_on_the_page():
    columns = [each for each in vars(working_time_columns).values() if isinstance(each, Column)]
    seen = [each.header for each in columns if not each.hidden and "Brought In" not in each.header]
    explained = section("Who works when").partition("### What `Working Time` counts")[2]
    assert "Balance" in seen
    assert [name for name in seen[2:] if name not in explained] == []


def anchor(heading):
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def test_links_lead_somewhere():
    headings = {anchor(line.lstrip("# ")) for line in PAGE.splitlines() if line.startswith("##")}
    links = re.findall(r"\]\(([^)]+)\)", PAGE)
    assert len(links) > 10
    assert [link for link in links if link.startswith("#") and link[1:] not in headings] == []
    assert [link for link in links if not link.startswith("#") and not (DOCS / link).exists()] == []


def test_no_command_is_left_to_hr():
    assert "run `attendance-backend" not in PAGE

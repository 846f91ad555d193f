"""By what worksheets and columns are known, and what becomes of a workbook of another version of the layout."""

import re
from dataclasses import replace
from datetime import date, datetime

import pytest

from attendance_backend.errors import LayoutError
from attendance_backend.handlers import books
from attendance_backend.handlers.dispatch import handle
from attendance_backend.review import book, corrections_sheet, raw_data
from attendance_backend.review.book import LAYOUTS
from attendance_backend.sheet.grid import Cell, Worksheet
from attendance_backend.sheet.layout import Column, Layout
from attendance_backend.sheet.placing import as_made, fixes, placed
from tests.health_message import health_message
from tests.review_book import ReviewBook, punch

MORNING, EVENING = punch("ann", "2026-11-03 09:00"), punch("ann", "2026-11-03 17:00")
NAME, AGE = Column("name", "Name"), Column("age", "Age (years)")
LAYOUT = Layout("Ours", 7, (NAME, AGE))


@pytest.fixture
def office():
    return ReviewBook()


def sheet(*headers, tags=()):
    """A worksheet of these headers, some columns of which bear a key."""
    cells = {(0, column): Cell(text) for column, text in enumerate(headers) if text is not None}
    return Worksheet(7, "Ours", 9, len(headers), cells, tags=dict(tags))


@pytest.mark.parametrize(
    ("headers", "tags", "places"),
    [
        (("Name", "Age (years)"), {0: "name", 1: "age"}, (0, 1)),
        ((None, "Age (years)", "Name"), {1: "age", 2: "name"}, (2, 1)),
        (("Wer", "Alter"), {0: "name", 1: "age"}, (0, 1)),
        (("age (3 of them)", "NAME"), {}, (1, 0)),
        (("Name", "Name", "Age"), {1: "name", 2: "age"}, (1, 2)),
        ((None, "Age", "Name"), {0: "name", 1: "age"}, (2, 1)),
        (("Notes", "Age", "Name"), {0: "name", 1: "age"}, (0, 1)),
        (("Name", None), {0: "name"}, (0, None)),
    ],
    ids=[
        "as it was made",
        "moved",
        "renamed by people",
        "without keys",
        "a copy beside it",
        "cells cut and pasted elsewhere",
        "another word above it",
        "deleted",
    ],
)
def test_where_a_column_stands(headers, tags, places):
    found = placed(sheet(*headers, tags=tags), LAYOUT).columns
    assert (found.get(NAME), found.get(AGE)) == places


def test_headers_are_found_below_what_people_put_above_them():
    shifted = Worksheet(7, "Ours", 9, 2, {(0, 0): Cell("2026"), (3, 0): Cell("Name"), (3, 1): Cell("Age")})
    assert placed(shifted, LAYOUT).lines == (3,)
    assert placed(Worksheet(7, "Ours", 9, 2), LAYOUT).lines == ()


def test_a_row_that_says_one_header_s_word_again_and_again_is_no_header():
    rows = [("Name", "Age (years)"), ("Ann", "7", "age", "age", "age")]
    cells = {(row, at): Cell(text) for row, line in enumerate(rows) for at, text in enumerate(line)}
    found = placed(Worksheet(7, "Ours", 9, 5, cells, tags={0: "name", 1: "age"}), LAYOUT)
    assert (found.lines, found.columns) == ((0,), {NAME: 0, AGE: 1})


def test_a_worksheet_as_it_is_made_lacks_nothing():
    for title, layout in LAYOUTS.items():
        keys = [column.key for column in layout.columns]
        assert len(set(keys)) == len(keys), title
        words = [column.header for column in layout.columns]
        assert len(set(words)) == len(words), title
        made = book.made(layout.create(9, tuple(() for _ in range(layout.header_rows))))
        assert fixes(replace(made, tag=f"2 {layout.sheet_id} {title}"), layout, title) == ([], [])
        assert made.columns == as_made(layout).columns


def health(office):
    return health_message(
        sheet_id=office.sheet_id,
        period=office.period,
        at=datetime(2026, 11, 4, 8),
        release="1",
        complete_through=date(2026, 11, 3),
    )


def forget_tags(office):
    """As release 0.1.0 made it, which knew no tags."""
    for each in office.book.sheets:
        each.tags, each.tag = {}, ""


def test_a_workbook_without_tags_gets_them_with_the_next_message_and_nothing_else_changes(office):
    office.store(MORNING)
    tags = {each.title: (each.tag, dict(each.tags)) for each in office.book.sheets}
    forget_tags(office)
    twin = ReviewBook()
    twin.store(MORNING)
    office.store(EVENING)
    twin.store(EVENING)
    assert {each.title: (each.tag, each.tags) for each in office.book.sheets} == tags
    assert office.content() == twin.content()
    office.store(punch("ann", "2026-11-03 18:00"))
    assert office.cost == (1, 1)


def test_columns_that_a_new_release_adds_are_added_where_they_are_lacking(office, monkeypatch):
    """A workbook of today met by a release with one more column in each site's raw data."""
    office.store(MORNING)
    extra = Column("department", "Department", 90)
    monkeypatch.setattr(raw_data, "COLUMNS", (*raw_data.COLUMNS[:2], extra, *raw_data.COLUMNS[2:]))
    office.store(EVENING)
    raw = office.sheet("Raw Data - berlin")
    assert raw.cells[0, raw.at(extra)] == "Department"
    assert office.raw_ids() == [MORNING.identity, EVENING.identity]
    assert office.day("ann", date(2026, 11, 3)) == (9.0, 17.0, None)


@pytest.mark.parametrize("title", ["Sites", "Guide", "Days", "Exceptions", "Raw Data - berlin"])
@pytest.mark.parametrize("how", ["version", "column"])
def test_a_workbook_of_a_later_release_is_refused_before_anything_is_written(office, title, how):
    changed = office.sheet(title)
    if how == "version":
        changed.tag = "3" + changed.tag[1:]
    else:
        changed.tags[max(changed.tags)] = "department"
    before = office.content()
    told = r"later release of this program \(.*\): deploy that release; nothing"
    assert re.search(told, office.refusal(MORNING))
    assert office.content() == before
    if title in ("Sites", "Guide", "Exceptions"):
        with pytest.raises(LayoutError, match="later release"):
            handle(health(office), office.world.backend)
    assert office.content() == before


def test_a_column_of_the_raw_data_that_nothing_else_knows_is_a_clear_error(office):
    office.store(MORNING)
    raw = office.sheet("Raw Data - berlin")
    place = raw.at(raw_data.RECORD_ID)
    del raw.tags[place]
    raw.cells = {at: value for at, value in raw.cells.items() if at[1] != place}
    before = office.content()
    assert "restore it through File > Version history" in office.refusal(EVENING)
    assert office.content() == before
    told = books.fix(office.world.spreadsheets, office.sheet_id)
    assert told == [
        "the worksheet 'Raw Data - berlin' has lost its column 'Record ID': restore it through File > Version history"
    ]


def test_an_empty_column_is_told_when_it_is_made_again(office, caplog):
    answers = office.sheet("Corrections")
    place = answers.at(corrections_sheet.GROUP)
    del answers.tags[place]
    answers.cells = {at: value for at, value in answers.cells.items() if at[1] != place}
    handle(health(office), office.world.backend)
    assert "'Corrections' lacked the columns Group" in caplog.text
    assert answers.cells[0, answers.at(corrections_sheet.GROUP)] == "Group"

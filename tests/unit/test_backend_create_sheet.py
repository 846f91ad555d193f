"""CreateReviewSheet: one workbook a period, complete for each site that asks."""

from dataclasses import replace
from datetime import date

import pytest

from attendance_backend.handlers.create_sheet import create_review_sheet
from attendance_backend.review.names import GUIDE, SITES
from attendance_contracts import CreateReviewSheet, ReviewPeriod
from tests.fakes_backend import World
from tests.unit.test_backend_workbook_structure import LONGER, NOVEMBER, ORDER

OCTOBER = ReviewPeriod("October 2026", date(2026, 10, 5), date(2026, 11, 1))
DECEMBER = ReviewPeriod("December 2026", date(2026, 11, 30), date(2026, 12, 31))


@pytest.fixture
def world():
    world = World()
    people = [("Name", "Email", "Cut Off Time"), ("Ann Archer", "ann@example.com", "09:00")]
    world.type_worksheet("Cut Off Times", people)
    return world


def ask(world, location, period=NOVEMBER):
    message = CreateReviewSheet(location=location, request_id="r1", period=period)
    return create_review_sheet(message, world.backend).sheet_id


def test_every_site_gets_the_same_workbook_and_a_place_in_it(world):
    assert ask(world, "berlin") == ask(world, "athens") == ask(world, "berlin")
    (book,) = world.review_books()
    assert [sheet.title for sheet in book.sheets] == [*ORDER[:6], "Raw Data - athens", *ORDER[6:]]
    assert [row[0] for row in book.sheet(SITES).rows()[1:]] == ["berlin", "athens"]


def test_asking_again_changes_nothing(world):
    ask(world, "berlin")
    (book,) = world.review_books()
    before, effects = book.content(), world.effects.count
    ask(world, "berlin")
    assert (book.content(), world.effects.count) == (before, effects)


@pytest.mark.parametrize(("finalised", "grows"), [("yes", False), ("no", True)])
def test_a_finalised_workbook_gets_no_days_of_a_period_that_hr_extended(world, finalised, grows):
    ask(world, "berlin")
    (book,) = world.review_books()
    guide = book.sheet(GUIDE)
    ((row, column),) = [place for place, value in guide.cells.items() if value == "Finalised"]
    guide.put(row, column + 1, finalised)
    before = book.content()
    ask(world, "berlin", LONGER)
    assert (book.content() != before) is grows


@pytest.mark.parametrize("title", ORDER)
def test_a_worksheet_that_somebody_deleted_is_made_again(world, title):
    ask(world, "berlin")
    (book,) = world.review_books()
    book.sheets = [sheet for sheet in book.sheets if sheet.title != title]
    ask(world, "berlin", LONGER)
    assert [sheet.title for sheet in book.sheets] == ORDER
    ask(world, "berlin", LONGER)
    effects = world.effects.count
    ask(world, "berlin", LONGER)
    assert world.effects.count == effects


@pytest.mark.parametrize("number", [1, 2, 3], ids=["create", "fill", "record"])
def test_two_instances_that_create_a_workbook_at_once_use_the_same_one(world, number):
    """As the functions that store and that create do, at the turn of a month."""
    earlier = ask(world, "berlin", OCTOBER)
    world.effects.count = 0
    there = replace(world.backend, remembered={})
    message = CreateReviewSheet(location="athens", request_id="r2", period=NOVEMBER)
    theirs = []
    world.effects.meanwhile = number, lambda: theirs.append(create_review_sheet(message, there).sheet_id)

    ours = ask(world, "berlin")
    assert theirs == [ours]
    kept = {sheet_id for sheet_id, book in world.spreadsheets.books.items() if not book.trashed}
    assert kept == {world.backend.control_id, earlier, ours}
    sites = {row[0] for row in world.spreadsheets.books[ours].sheet(SITES).rows()[1:]}
    assert sites == {"athens", "berlin"}
    assert [row[1] for row in world.control.sheet("Review Sheets").rows()[1:]] == [earlier, ours]


def test_a_workbook_that_was_recorded_meanwhile_stays_recorded(world):
    ask(world, "berlin", OCTOBER)
    world.effects.count = 0
    there = replace(world.backend, remembered={})
    message = CreateReviewSheet(location="berlin", request_id="r2", period=DECEMBER)
    world.effects.meanwhile = 2, lambda: create_review_sheet(message, there)

    ask(world, "berlin")
    recorded = {row[0] for row in world.control.sheet("Review Sheets").rows()[1:]}
    assert recorded == {"October 2026", "November 2026", "December 2026"}


def test_of_two_workbooks_the_recorded_one_is_used_where_drive_lists_neither_yet(world, monkeypatch):
    ask(world, "berlin", OCTOBER)
    monkeypatch.setattr(world.backend.drive, "files", lambda properties: [])
    world.effects.count = 0
    there = replace(world.backend, remembered={})
    message = CreateReviewSheet(location="athens", request_id="r2", period=NOVEMBER)
    theirs = []
    world.effects.meanwhile = 2, lambda: theirs.append(create_review_sheet(message, there).sheet_id)

    assert [ask(world, "berlin")] == theirs
    assert world.control.sheet("Review Sheets").rows()[2][1] == theirs[0]

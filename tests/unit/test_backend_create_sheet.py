"""CreateReviewSheet: one workbook a period, complete for each site that asks."""

import pytest

from attendance_backend.handlers.create_sheet import create_review_sheet
from attendance_backend.review.names import SITES
from attendance_contracts import CreateReviewSheet
from tests.fakes_backend import World
from tests.unit.test_backend_workbook_structure import LONGER, NOVEMBER, ORDER


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

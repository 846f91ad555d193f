"""Sharing by the settings: the least role first, nobody loses anything, one refusal stops nobody else."""

from datetime import date

import pytest

from attendance_backend.control import sharing
from attendance_backend.domain.rules import Role, Share
from attendance_backend.handlers.dispatch import handle
from attendance_contracts import CreateReviewSheet, ReviewPeriod
from tests.fakes_backend import Crash, World

NOVEMBER = ReviewPeriod("November 2026", date(2026, 11, 2), date(2026, 11, 29))
REQUEST = CreateReviewSheet(location="berlin", request_id="r", period=NOVEMBER)


@pytest.fixture
def world():
    world = World()
    world.type_worksheet("Cut Off Times", [("Name", "Email", "Cut Off Time")])
    world.type_worksheet(
        "Settings",
        [
            ("Setting", "Site", "Value"),
            ("Share with, to edit", None, "hr@x.com"),
            ("Share with, to view", None, "board@x.com, boss@x.com"),
        ],
    )
    return world


def test_a_new_workbook_is_shared_and_says_so(world):
    sheet_id = handle(REQUEST, world.backend).sheet_id
    assert list(world.drive.shared[sheet_id].items()) == [
        ("board@x.com", "reader"),
        ("boss@x.com", "reader"),
        ("hr@x.com", "writer"),
    ]
    guide = str(world.spreadsheets.books[sheet_id].sheet("Guide").rows())
    assert "board@x.com may view; boss@x.com may view; hr@x.com may edit" in guide


def test_an_address_that_is_refused_keeps_nobody_waiting(world, caplog):
    world.drive.refused = {"board@x.com"}
    sheet_id = handle(REQUEST, world.backend).sheet_id
    assert set(world.drive.shared[sheet_id]) == {"boss@x.com", "hr@x.com"}
    assert "board@x.com has no access" in caplog.text


@pytest.mark.parametrize("number", range(1, 7))
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_crash_leaves_nobody_out(world, number, when):
    world.effects.crash_before = number if when == "before" else None
    world.effects.crash_after = number if when == "after" else None
    with pytest.raises(Crash):
        handle(REQUEST, world.backend)
    world.effects.crash_before = world.effects.crash_after = None
    sheet_id = handle(REQUEST, world.backend).sheet_id
    assert set(world.drive.shared[sheet_id]) == {"board@x.com", "boss@x.com", "hr@x.com"}


def test_a_workbook_that_is_recorded_is_left_as_people_shared_it(world):
    sheet_id = handle(REQUEST, world.backend).sheet_id
    del world.drive.shared[sheet_id]["boss@x.com"]
    handle(REQUEST, world.backend)
    assert "boss@x.com" not in world.drive.shared[sheet_id]


def test_nobody_loses_a_role(world):
    world.drive.shared["file"] = {"HR@x.com": "organizer", "boss@x.com": "commenter"}
    shares = [Share(Role.VIEWER, "boss@x.com"), Share(Role.EDITOR, "hr@x.com")]
    done = sharing.apply(world.drive, "file", shares)
    assert world.drive.shared["file"] == {"HR@x.com": "organizer", "boss@x.com": "commenter"}
    assert [shared.is_new for shared in done] == [False, False]

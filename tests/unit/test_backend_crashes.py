"""A handler that dies at any effect and is delivered again leaves what an undisturbed one leaves."""

import random
from copy import deepcopy
from datetime import date

import pytest

from attendance_backend.handlers.dispatch import handle
from attendance_backend.sheet import steps
from attendance_backend.sheet.changes import Formula
from attendance_backend.sheet.layout import BEING_MADE
from attendance_contracts import (
    AlarmKind,
    CreateReviewSheet,
    RaiseFinalAlarm,
    ReviewPeriod,
    Watch,
)
from tests.fakes_backend import Crash, Effects, World
from tests.review_book import CARL, ROSTER, ReviewBook, punch

NOVEMBER = ReviewPeriod("November 2026", date(2026, 11, 2), date(2026, 11, 29))
CREATE_EFFECTS = 3
"""Create the spreadsheet, fill it, record it."""


def new_world():
    world = World()
    world.type_worksheet(
        "2026", [("Month", "Start Date", "End Date"), ("November", "11/2/2026", "11/27/2026")]
    )
    world.type_worksheet(
        "Cut Off Times",
        [
            ("Name", "Email", "Cut Off Time"),
            ("Ann", "ann@example.com", "09:00"),
            ("Bob", "bob@example.com", "09:00"),
        ],
    )
    return world


def sheet_request(location="berlin"):
    return CreateReviewSheet(location=location, request_id="r1", period=NOVEMBER)


def deliver_until_done(world, message, crashes):
    """Deliver a message again and again; `crashes` are (when, effect) at which an attempt dies."""
    for when, number in crashes:
        world.effects.count = 0
        world.effects.crash_before = number if when == "before" else None
        world.effects.crash_after = number if when == "after" else None
        try:
            handle(message, world.backend)
        except Crash:
            continue
        break
    world.effects.crash_before = world.effects.crash_after = None
    return handle(message, world.backend)


EVERY_CRASH = [(when, number) for number in range(1, CREATE_EFFECTS + 1) for when in ("before", "after")]


@pytest.mark.parametrize("crash", EVERY_CRASH)
def test_creating_once_whatever_happens(crash):
    undisturbed, world = new_world(), new_world()
    expected = handle(sheet_request(), undisturbed.backend)
    assert deliver_until_done(world, sheet_request(), [crash]) == expected
    assert len(world.review_books()) == 1
    assert world.review_books()[0].content() == undisturbed.review_books()[0].content()
    assert world.control.content() == undisturbed.control.content()


def test_the_number_of_effects_is_what_the_crashes_above_assume():
    world = new_world()
    handle(sheet_request(), world.backend)
    assert world.effects.count == CREATE_EFFECTS


@pytest.mark.parametrize("crash", EVERY_CRASH)
def test_two_sites_and_a_crash_share_one_spreadsheet(crash):
    world = new_world()
    try:
        world.effects.crash_before, world.effects.crash_after = (
            (crash[1], None) if crash[0] == "before" else (None, crash[1])
        )
        handle(sheet_request("berlin"), world.backend)
    except Crash:
        world.effects.crash_before = world.effects.crash_after = None
    replies = [handle(sheet_request(site), world.backend) for site in ("hamburg", "berlin")]
    assert replies[0].sheet_id == replies[1].sheet_id
    assert len(world.review_books()) == 1
    titles = [sheet.title for sheet in world.review_books()[0].sheets if sheet.title.startswith("Raw")]
    assert sorted(titles) == ["Raw Data - berlin", "Raw Data - hamburg"]


FEW_BYTES = 4_000
"""Of a request: a workbook for two people then takes many."""


@pytest.fixture
def small_requests(monkeypatch):
    monkeypatch.setattr(steps, "MOST_BYTES", FEW_BYTES)


def looks(book):
    """What people see of a workbook before they read it: its title and its worksheets."""
    return book.title, [sheet.title for sheet in book.sheets if not sheet.hidden]


@pytest.mark.slow
@pytest.mark.usefixtures("small_requests")
def test_a_large_workbook_is_created_once_and_nobody_sees_half_of_it(monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(steps, "MOST_BYTES", 10**9)
        whole = new_world()
        expected = handle(sheet_request(), whole.backend)
    undisturbed = new_world()
    handle(sheet_request(), undisturbed.backend)
    effects = undisturbed.effects.count
    assert effects > CREATE_EFFECTS + 5
    for number in range(1, effects + 1):
        world = new_world()
        world.effects.crash_after = number
        with pytest.raises(Crash):
            handle(sheet_request(), world.backend)
        for half in world.review_books():
            seen = looks(half)
            assert seen in (
                ("Attendance Review - November 2026 (being made)", ["Sheet1"]),
                looks(whole.review_books()[0]),
            )
            assert number >= effects - 1 or seen[1] == ["Sheet1"]
        assert number == effects or "Review Sheets" not in {sheet.title for sheet in world.control.sheets}
        world.effects.crash_after = None
        assert handle(sheet_request(), world.backend) == expected
        (book,) = world.review_books()
        assert book.content() == whole.review_books()[0].content()
        assert looks(book) == looks(whole.review_books()[0])
        assert [(sheet.tag, sheet.tags, sheet.hidden) for sheet in book.sheets] == [
            (sheet.tag, sheet.tags, sheet.hidden) for sheet in whole.review_books()[0].sheets
        ]
        assert world.control.content() == whole.control.content()


def finalised_book(answer="yes"):
    office = ReviewBook()
    office.world.spreadsheets.computed = 0.5
    office.world.type_worksheet(
        "2026", [("Month", "Start Date", "End Date"), ("November", "11/2/2026", "11/29/2026")]
    )
    office.store(punch("ann", "2026-11-03 09:00"), punch("ann", "2026-11-03 17:00"))
    visit(office)
    office.finalise()
    if answer != "yes":
        visit(office)
        office.finalise(answer)
    return office


def visit(office):
    handle(Watch(), office.world.backend)


@pytest.mark.slow
@pytest.mark.parametrize("answer", ["yes", "no"])
def test_a_large_month_is_finalised_and_opened_again_whole_whatever_happens(answer, monkeypatch):
    monkeypatch.setattr(steps, "MOST_BYTES", 3 * FEW_BYTES)
    finalised = finalised_book(answer)
    undisturbed = deepcopy(finalised)
    undisturbed.world.effects.count = 0
    visit(undisturbed)
    effects = undisturbed.world.effects.count
    assert effects >= 5
    assert ("Kept" in undisturbed.content()) == (answer == "yes")
    for number in range(1, effects + 1):
        office = deepcopy(finalised)
        office.world.effects.count = 0
        office.world.effects.crash_after = number
        with pytest.raises(Crash):
            visit(office)
        office.world.effects.crash_after = None
        visit(office)
        assert office.content() == undisturbed.content()
        assert not [sheet.title for sheet in office.book.sheets if sheet.tag.startswith(BEING_MADE)]


@pytest.mark.usefixtures("small_requests")
def test_a_month_that_hr_opens_while_it_is_being_kept_lives():
    """What an attempt left that died is removed."""
    office = finalised_book()
    before = office.content()
    office.world.effects.count = 0
    office.world.effects.crash_after = 2
    with pytest.raises(Crash):
        visit(office)
    assert [sheet for sheet in office.book.sheets if sheet.tag.startswith(BEING_MADE)]
    office.world.effects.crash_after = None
    office.finalise("no")
    visit(office)
    office.finalise("yes")
    assert office.content() == before


def storing(prepare, records, crash):
    """What is left by a message whose first delivery dies at an effect, and by an undisturbed one."""
    undisturbed, office = ReviewBook(), ReviewBook()
    for each in (undisturbed, office):
        prepare(each)
    expected = undisturbed.store(*records)
    assert undisturbed.cost[1] == WRITES[prepare]
    assert deliver_until_done(office.world, office.message(*records), [crash]) == expected
    return office.content(), undisturbed.content()


def nothing(_office):
    """An ordinary workbook."""


def hire(office):
    office.keeps(*ROSTER, CARL)


def finalise(office):
    office.finalise()


def lose_the_hidden_worksheets(office):
    office.store(punch("ann", "2026-11-02 09:00"))
    office.book.sheets = [sheet for sheet in office.book.sheets if not sheet.hidden]


WRITES = {nothing: 1, hire: 1, finalise: 1, lose_the_hidden_worksheets: 3}
"""The version that lay on a hidden worksheet makes one more: its name is refused."""


@pytest.mark.parametrize(
    ("prepare", "number"),
    [(prepare, number) for prepare, writes in WRITES.items() for number in range(1, writes + 1)],
)
@pytest.mark.parametrize("when", ["before", "after"])
def test_storing_once_whatever_happens(prepare, when, number):
    """Cell by cell, on all worksheets."""
    records = [
        punch("ann", "2026-11-03 09:00"),
        punch("carl", "2026-11-03 09:00"),
        punch("guest", "2026-11-03 09:00"),
        punch("ann", "2026-11-03 09:00:20"),
        punch("ann", "2026-11-03 17:00"),
    ]
    left, expected = storing(prepare, records, (when, number))
    assert left == expected


ALARM = RaiseFinalAlarm(
    location="berlin",
    request_id="r3",
    kind=AlarmKind.FINAL_ALARM,
    after=date(2026, 11, 29),
    on=date(2026, 11, 30),
)


@pytest.mark.parametrize("number", [1, 2, 3])
@pytest.mark.parametrize("when", ["before", "after"])
def test_an_alarm_is_on_record_and_at_most_one_e_mail_goes_out(when, number):
    world = new_world()
    for _ in range(3):
        deliver_until_done(world, ALARM, [(when, number)])
    assert len(world.mailer.sent) <= 1
    rows = world.control.sheet("Alarms").rows()[1:]
    assert len(rows) == 1
    state = rows[0][6]
    assert state in ("sent", "unconfirmed")
    if state == "sent":
        assert len(world.mailer.sent) == 1


def test_effects_count_from_one():
    effects = Effects(crash_before=2)
    effects.perform(lambda: None)
    with pytest.raises(Crash):
        effects.perform(lambda: None)


VISIBLE = ("Daily Attendance", "Weekly Summary", "Exceptions")


@pytest.mark.parametrize("seed", range(40))
def test_what_hr_typed_is_never_changed(seed):
    """corrections_survive: whatever arrives before, after and in between, from whichever site."""
    chance = random.Random(seed)
    office = ReviewBook(sites=("berlin", "hamburg"))
    typed = {}
    for _ in range(25):
        if chance.random() < 0.5:
            sheet = office.sheet(chance.choice(VISIBLE))
            # Cells that hold something already, and blank ones.
            place = chance.randrange(1, sheet.row_count), chance.randrange(sheet.column_count)
            value = chance.choice(("sick", "?", Formula("=1/3"), chance.random()))
            sheet.put(*place, value)
            typed[sheet.title, place] = value
        else:
            site = chance.choice(("berlin", "hamburg"))
            records = [any_punch(chance) for _ in range(chance.randint(1, 4))]
            reply = office.store(*records, site=site)
            assert set(reply.confirmed) == {each.identity for each in records}
    assert {(title, place): office.sheet(title).cells.get(place) for title, place in typed} == typed


def any_punch(chance):
    user = chance.choice(("ann", "bob", "guest"))
    return punch(
        user, f"2026-11-{chance.choice((3, 4)):02} {chance.randint(6, 20):02}:{chance.choice((0, 30)):02}"
    )

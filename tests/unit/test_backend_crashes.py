"""A handler that dies at any effect and is delivered again leaves what an undisturbed one leaves."""

import random
from datetime import date, datetime, time

import pytest

from attendance_backend.handlers.dispatch import handle
from attendance_backend.sheet.changes import Formula
from attendance_contracts import (
    AlarmKind,
    AttendanceRecord,
    CreateReviewSheet,
    RaiseFinalAlarm,
    ReviewPeriod,
    StoreAttendRecords,
)
from tests.fakes_backend import Crash, Effects, World

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


def record(user_name, day, hour, minute=0, location="berlin"):
    moment = datetime(2026, 11, day, hour, minute)
    return AttendanceRecord(f"SN-{location}", f"id-{user_name}", user_name, moment, 1, 255)


def store_request(sheet_id, records, location="berlin"):
    return StoreAttendRecords(
        location=location,
        request_id="r2",
        sheet_id=sheet_id,
        period=NOVEMBER,
        time_zone="Europe/Berlin",
        day_boundary=time(4),
        records=tuple(records),
    )


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
    titles = [sheet.title for sheet in world.review_books()[0].sheets]
    assert sorted(titles[-2:]) == ["Raw Data - berlin", "Raw Data - hamburg"]


@pytest.mark.parametrize("when", ["before", "after"])
def test_storing_once_whatever_happens(when):
    records = [record("ann", 3, 9), record("guest", 3, 9), record("ann", 3, 17)]
    undisturbed, world = new_world(), new_world()
    for each in (undisturbed, world):
        handle(sheet_request(), each.backend)
    sheet_id = handle(sheet_request(), world.backend).sheet_id
    expected = handle(store_request(sheet_id, records), undisturbed.backend)
    assert deliver_until_done(world, store_request(sheet_id, records), [(when, 1)]) == expected
    assert world.review_books()[0].content() == undisturbed.review_books()[0].content()


@pytest.mark.parametrize("seed", range(30))
def test_any_order_any_repetition_and_crashes_give_the_same_attendance(seed):
    chance = random.Random(seed)
    sites = ("berlin", "hamburg")
    punches = {
        site: [
            record(user, day, hour, minute, site)
            for user in ("ann", "bob", "guest")
            for day in (3, 4)
            for hour, minute in ((8, 7), (12, 0), (12, 1), (17, 30))
            if chance.random() < 0.8
        ]
        or [record("ann", 3, 9, 0, site)]
        for site in sites
    }
    plain, shuffled = new_world(), new_world()
    for world in (plain, shuffled):
        for site in sites:
            sheet_id = handle(sheet_request(site), world.backend).sheet_id
    for site in sites:
        handle(store_request(sheet_id, punches[site], site), plain.backend)

    messages = []
    for site in sites:
        shuffled_punches = chance.sample(punches[site], len(punches[site]))
        while shuffled_punches:
            size = chance.randint(1, 4)
            messages.append((site, shuffled_punches[:size]))
            shuffled_punches = shuffled_punches[size:]
    messages += chance.sample(messages, len(messages) // 2)
    chance.shuffle(messages)
    for site, records in messages:
        crash = (chance.choice(("before", "after")), 1)
        reply = deliver_until_done(shuffled, store_request(sheet_id, records, site), [crash])
        assert set(reply.confirmed) == {each.identity for each in records}

    one, other = plain.review_books()[0], shuffled.review_books()[0]
    for title in ("Daily Attendance", "Weekly Summary"):
        assert one.sheet(title).rows() == other.sheet(title).rows()
    for site in sites:
        title = f"Raw Data - {site}"
        assert sorted(map(repr, one.sheet(title).rows())) == sorted(map(repr, other.sheet(title).rows()))
    assert {tuple(row[1:4]) for row in one.sheet("Exceptions").rows()} == {
        tuple(row[1:4]) for row in other.sheet("Exceptions").rows()
    }


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


def any_record(chance, site):
    user, day = chance.choice(("ann", "bob")), chance.choice((3, 4))
    return record(user, day, chance.randint(6, 20), chance.choice((0, 30)), site)


@pytest.mark.parametrize("seed", range(40))
def test_what_hr_typed_is_never_changed(seed):
    """corrections_survive: whatever arrives before, after and in between, from whichever site."""
    chance = random.Random(seed)
    world = new_world()
    sites = ("berlin", "hamburg")
    for site in sites:
        sheet_id = handle(sheet_request(site), world.backend).sheet_id
    (book,) = world.review_books()
    sheet = book.sheet("Daily Attendance")
    typed = {}
    for _ in range(25):
        if chance.random() < 0.25:
            # Rows 2 and 3 are Ann's check-in and check-out, 5 and 6 Bob's; columns 6 and 7 are the 3rd and the 4th.
            place = chance.choice((2, 3, 5, 6)), chance.choice((6, 7))
            # At these seconds nobody punches.
            value = chance.choice(("sick", "?", Formula("=1/3"), (chance.randint(6, 20) * 3600 + 1) / 86400))
            sheet.put(*place, value)
            typed[place] = value
        else:
            site = chance.choice(sites)
            records = [any_record(chance, site) for _ in range(chance.randint(1, 4))]
            reply = handle(store_request(sheet_id, records, site), world.backend)
            assert set(reply.confirmed) == {each.identity for each in records}
    assert {place: sheet.cells.get(place) for place in typed} == typed

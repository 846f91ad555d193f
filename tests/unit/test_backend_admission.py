"""When sites were heard of is noted for all messages of a batch at once."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest

from attendance_backend.control import registered_sites
from attendance_backend.control.registered_sites import Column, Numbers
from attendance_backend.handlers import admission, routing
from attendance_backend.handlers.admission import Admitted
from attendance_backend.sheet import serial
from attendance_contracts import ReviewPeriod, Signed, sequence_at
from tests.fakes_backend import World
from tests.health_message import health_message

OCTOBER = ReviewPeriod("October 2026", date(2026, 10, 5), date(2026, 11, 1))
SITES = [f"site{number}" for number in range(10)]


def world_of(headers):
    world = World()
    world.type_worksheet("2026", [("Month", "Start Date", "End Date")])
    rows = [(site, serial.from_date(OCTOBER.first_day), "Europe/Berlin", 0) for site in SITES]
    world.type_worksheet(registered_sites.TITLE, [headers, *rows])
    return world


def health(site, sequence):
    message = health_message(
        location=site, sheet_id="s", period=OCTOBER, at=datetime(2026, 10, 6, 9), day_boundary=time(0)
    )
    return Admitted(message, Signed(1, sequence, ""))


def unsigned(site):
    return health(site, 1).message


def noted(world):
    routing.forget(world.backend)
    return {site: routing.read(world.backend).sites[site].numbers for site in SITES}


def test_ten_sites_cost_one_write_even_where_the_columns_are_missing():
    for headers in (registered_sites.ALL_HEADERS, registered_sites.HEADERS):
        world = world_of(headers)
        admission.note([health(site, 5) for site in SITES], world.backend)

        assert world.effects.count == 1
        assert noted(world) == dict.fromkeys(SITES, Numbers(1, 5))
        titles = world.control.sheet(registered_sites.TITLE).rows()[0]
        assert [title for title in titles if title] == [*dict.fromkeys(titles)]
        assert {*registered_sites.HEADERS, Column.SEQUENCE} <= {*titles}


def test_what_is_noted_costs_one_reading_of_the_table_however_old_the_known_one_is():
    world = world_of(registered_sites.ALL_HEADERS)
    routing.read(world.backend)
    world.clock.moment += timedelta(minutes=2)
    world.effects.reads = 0
    admission.note([health(site, 5) for site in SITES], world.backend)
    assert (world.effects.reads, world.effects.count) == (2, 1)
    assert noted(world) == dict.fromkeys(SITES, Numbers(1, 5))


def test_of_several_messages_of_a_site_the_newest_number_counts_in_any_order():
    for numbers in ((7, 9, 8), (9, 8, 7), (8, 7, 9)):
        world = world_of(registered_sites.ALL_HEADERS)
        admission.note([health(SITES[0], number) for number in numbers], world.backend)
        assert noted(world)[SITES[0]] == Numbers(1, 9)


def test_a_site_whose_row_was_deleted_meanwhile_keeps_no_other_from_being_noted():
    world = world_of(registered_sites.ALL_HEADERS)
    routing.read(world.backend)
    sheet = world.control.sheet(registered_sites.TITLE)
    for column in range(4):
        sheet.put(3, column, None)
    admission.note([health(site, 5) for site in SITES], world.backend)

    routing.forget(world.backend)
    sites = routing.read(world.backend).sites
    assert len(sites) == len(SITES) - 1
    assert {each.numbers for each in sites.values()} == {Numbers(1, 5)}


def test_punches_within_half_an_hour_are_no_news():
    world = world_of(registered_sites.ALL_HEADERS)
    unsigned = [replace(health(SITES[0], 1).message, at=datetime(2026, 10, 6, hour)) for hour in (9, 10)]
    admission.note([Admitted(message, None) for message in unsigned], world.backend)
    before = world.effects.count
    world.clock.moment += timedelta(minutes=29)
    admission.note([Admitted(unsigned[0], None)], world.backend)
    assert world.effects.count == before
    world.clock.moment += timedelta(minutes=2)
    admission.note([Admitted(unsigned[0], None)], world.backend)
    assert world.effects.count == before + 1


def test_while_more_messages_follow_one_write_a_minute_tells_of_all_and_the_table_is_not_read_anew_for_it():
    world = world_of(registered_sites.ALL_HEADERS)
    told = [Admitted(replace(unsigned(site), release=""), None) for site in SITES]
    admission.note(told[:1], world.backend, more_follow=True)
    world.clock.moment += timedelta(seconds=59)
    admission.note(told[1:2], world.backend, more_follow=True)
    assert world.effects.count == 0
    world.clock.moment += timedelta(seconds=2)
    admission.note(told[2:3], world.backend, more_follow=True)
    assert world.effects.count == 1
    admission.note(told[3:4], world.backend, more_follow=True)
    admission.note([], world.backend)
    assert world.effects.count == 2

    world.effects.reads = 0
    routing.read(world.backend)
    assert world.effects.reads == 0
    routing.forget(world.backend)
    sites = routing.read(world.backend).sites
    assert [site for site in SITES if sites[site].last_heard] == SITES[:4]


def test_what_may_come_only_once_is_noted_at_once():
    world = world_of(registered_sites.ALL_HEADERS)
    admission.note([Admitted(health(SITES[1], 1).message, None)], world.backend, more_follow=True)
    admission.note([health(SITES[0], 7)], world.backend, more_follow=True)
    assert routing.read(world.backend).sites[SITES[0]].numbers == Numbers(1, 7)
    assert routing.read(world.backend).sites[SITES[1]].last_heard


def test_what_was_signed_days_ahead_passes_once_and_keeps_nothing_else_out():
    world = world_of(registered_sites.ALL_HEADERS)
    now = world.clock.now()
    years_ahead = sequence_at(now + timedelta(days=1500))
    for number in (sequence_at(now), years_ahead, sequence_at(now) + 1):
        before = noted(world)[SITES[0]]
        is_ahead = number == years_ahead
        assert before.lets_pass(1, number, is_ahead=is_ahead)
        admission.note([health(SITES[0], number)], world.backend)
        assert not noted(world)[SITES[0]].lets_pass(1, number, is_ahead=is_ahead)
    assert not noted(world)[SITES[0]].lets_pass(1, years_ahead, is_ahead=True)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [("3/17", Numbers(3, 17)), ("3/17/99", Numbers(3, 17, 99)), ("", Numbers()), ("3/x", Numbers())],
)
def test_what_stands_in_the_cell_is_read_as_0_2_0_wrote_it(text, numbers):
    assert Numbers.of(text) == numbers
    assert Numbers.of(str(numbers)) == numbers


def test_with_another_key_the_numbers_begin_anew():
    numbers = Numbers(1, 17, 99).with_taken_in(2, 1, is_ahead=False)
    assert numbers == Numbers(2, 1)
    assert not numbers.lets_pass(1, 100, is_ahead=True)
    assert numbers.lets_pass(2, 1, is_ahead=True)

"""The machine's clock is set only where configured, by small steps, and never into the past across a punch."""

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from attendance_client.errors import MachineError
from attendance_client.machine.clock import LARGEST_CORRECTION, LARGEST_STEP, TOLERATED_OFFSET
from attendance_client.machine.polling import poll
from tests.unit.lone_client import lone_client

SECOND = timedelta(seconds=1)


@pytest.fixture
def client():
    with lone_client() as client:
        client.site = replace(client.site, set_machine_clock=True)
        yield client


def offset_after_a_poll(client, offset):
    client.machine.offset = offset
    poll(client)
    return client.machine.time - client.clock.now()


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(
    ("off", "left"),
    [
        (TOLERATED_OFFSET, TOLERATED_OFFSET),
        (TOLERATED_OFFSET + SECOND, timedelta()),
        (LARGEST_STEP, timedelta()),
        (2 * LARGEST_STEP, LARGEST_STEP),
        (LARGEST_CORRECTION, LARGEST_CORRECTION - LARGEST_STEP),
        (LARGEST_CORRECTION + SECOND, LARGEST_CORRECTION + SECOND),
    ],
)
def test_it_is_set_by_small_steps(client, sign, off, left):
    assert offset_after_a_poll(client, sign * off) == sign * left
    assert client.machine.enabled


@pytest.mark.parametrize("zone", [timedelta(hours=1), timedelta(minutes=30), timedelta(hours=-1)])
@pytest.mark.parametrize("drift", [-3, 0, 3])
def test_summer_time_is_no_drift(client, zone, drift):
    """A machine that does not know of it is off by an hour all at once."""
    off = zone + drift * SECOND

    assert offset_after_a_poll(client, off) == off


def test_it_is_left_alone_where_that_is_not_configured(client):
    client.site = replace(client.site, set_machine_clock=False)

    assert offset_after_a_poll(client, LARGEST_STEP) == LARGEST_STEP


@pytest.mark.parametrize("days", [0, 20_458])
def test_a_pi_that_has_heard_from_no_time_server_judges_nobody(client, caplog, days):
    """Its own time is behind: Pub/Sub's says that the machine's is right."""
    client.session.cloud_began = datetime(2026, 1, 5, 9, tzinfo=ZoneInfo(client.site.time_zone))
    client.clock.offset = -timedelta(days=days, minutes=20)
    poll(client)

    assert client.machine.offset == timedelta()
    assert "clock" not in caplog.text
    assert client.session.machine_time == client.session.closing_time == client.machine.time


@pytest.mark.parametrize(
    ("machine", "pi", "agree"),
    [
        (timedelta(minutes=5), timedelta(), True),
        (timedelta(minutes=5, seconds=1), timedelta(), False),
        (timedelta(), timedelta(days=400), False),
        (timedelta(days=400), timedelta(days=400), True),
    ],
)
def test_clocks_that_do_not_agree_close_nothing_and_are_told_at_the_first_poll(
    client, caplog, machine, pi, agree
):
    client.machine.offset, client.clock.offset = machine, pi
    client.clock.synchronised = lambda: False
    poll(client)

    assert (client.session.closing_time is not None) is agree
    assert ("no review period is closed before they agree" in caplog.text) is not agree


def test_a_machine_whose_clock_is_broken_keeps_no_period_open(client):
    """The Pi's and Pub/Sub's agree."""
    client.session.cloud_began = datetime(2026, 1, 5, 9, tzinfo=ZoneInfo(client.site.time_zone))
    client.machine.set_clock(datetime(2000, 1, 1))
    poll(client)

    assert client.session.closing_time == client.clock.now()


def test_it_is_not_set_back_across_a_punch(client):
    client.machine.offset = LARGEST_STEP
    client.machine.record("1001", client.machine.time - 20 * SECOND)
    assert offset_after_a_poll(client, LARGEST_STEP) == LARGEST_STEP

    client.clock._timeline.advance(120)
    assert offset_after_a_poll(client, LARGEST_STEP) == timedelta()


def test_it_is_set_forward_whoever_has_punched(client):
    client.machine.record("1001", client.machine.time)

    assert offset_after_a_poll(client, -LARGEST_STEP) == timedelta()


def test_it_is_not_set_back_when_somebody_punches_at_that_moment(client):
    client.machine.heeds_disabling = False
    machine, real = client.machine, client.machine.call

    def call(name):
        real(name)
        if name == "disable":
            machine.record("1001", machine.time - 2 * LARGEST_STEP)

    machine.call = call
    assert offset_after_a_poll(client, LARGEST_STEP) == LARGEST_STEP
    assert client.machine.enabled


@pytest.mark.parametrize("call", ["disable", "set_time", "enable"])
def test_a_machine_that_does_not_let_its_clock_be_set_is_read_all_the_same(client, call):
    client.machine.record("1001", client.machine.time - timedelta(hours=1))
    client.machine.offset = LARGEST_STEP
    client.doors[0].is_enabled = True
    client.machine.failures.append(call)
    poll(client)
    assert client.ledger.summary().punches == 1
    assert client.machine.enabled, "at once, not at the next poll"


def test_a_machine_that_stays_disabled_is_asked_again_soon(client):
    """Not a polling interval later: nobody can punch meanwhile."""
    client.machine.offset = LARGEST_STEP
    client.machine.failures += ["enable", "connect"]
    client.doors[0].is_enabled = True
    with pytest.raises(MachineError):
        poll(client)
    assert not client.machine.enabled
    assert client.session.next_poll_s <= client.clock.monotonic()

    poll(client)
    assert client.machine.enabled


def test_it_is_not_set_by_a_pi_that_cannot_tell_whether_its_own_is_right(client):
    client.clock.synchronised = lambda: None

    assert offset_after_a_poll(client, LARGEST_STEP) == LARGEST_STEP

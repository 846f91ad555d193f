"""What a runner begins with, what it shows of itself, and how long exactly it backs off."""

import logging
import random

import pytest

from attendance_client.fsm.generated import StateId
from attendance_client.fsm.runner import FIRST_RETRY_S, LONGEST_RETRY_S, Runner
from attendance_client.fsm.snapshot import FileSnapshotStore
from tests.world.backend import MemoryBackend
from tests.world.calendar import row
from tests.world.world import World

ANNA = "1001"


@pytest.fixture
def world():
    world = World(MemoryBackend())
    world.machine.users = {ANNA: "anna"}
    for number in range(2):
        world.publish(row(number, world.weeks))
    yield world
    world.close()


@pytest.fixture
def shown(world):
    """The status lines that the service manager is given."""
    lines = []
    feed = world.supervisor.alive
    world.supervisor.alive = lambda status: lines.append(status) or feed(status)
    return lines


class Lowest(random.Random):
    """Always draws the lower end."""

    def uniform(self, a, b):
        return a


def end_the_period(world):
    closing = world.client.session.review_period
    while world.client.session.previous_period != closing:
        world.step()
    world.run_until(StateId.RELAY_ATTENDANCE_RECORDS)
    return closing


def pause_of(world, runner):
    began_s = world.timeline.now_s
    runner.step()
    return world.timeline.now_s - began_s


def test_a_back_off_is_between_half_of_the_longest_and_the_longest(world, tmp_path):
    world.run_until(StateId.REQUEST_REVIEW_SHEET)
    world.network.reachable = False
    world.client.randomness = Lowest()
    runner = Runner(world.client, FileSnapshotStore(tmp_path))

    lowest = [pause_of(world, runner) for _ in range(11)]

    longest = [min(LONGEST_RETRY_S, FIRST_RETRY_S * 2**attempt) for attempt in range(11)]
    assert lowest == pytest.approx([pause_s / 2 for pause_s in longest], abs=0.01)


def test_after_months_of_failures_the_pause_is_still_the_longest(world, tmp_path):
    """2 to the power of the failures would have outgrown any number."""
    world.run_until(StateId.REQUEST_REVIEW_SHEET)
    world.network.reachable = False
    world.client.randomness = Lowest()
    runner = Runner(world.client, FileSnapshotStore(tmp_path))

    for _ in range(1200):
        pause_s = pause_of(world, runner)
    assert pause_s == pytest.approx(LONGEST_RETRY_S / 2, abs=0.01)


def test_a_lost_ledger_learns_the_open_periods_sheet_from_the_snapshot(world):
    world.run_until(StateId.RELAY_ATTENDANCE_RECORDS)
    period = world.client.session.review_period
    world.power_off()
    world.lose_ledger()
    world.machine.record(ANNA, world.machine.time)
    world.step()

    world.client.ledger.add_log(world.machine.serial_number, world.machine.read(), world.clock.now())
    assert world.client.ledger.next_chunk(period, 1).sheet_id.endswith(period.name)


def test_a_session_with_a_sheet_but_no_period_opens_nothing(world, tmp_path):
    """As after a file in the original format, which names no period."""
    world.run_until(StateId.RELAY_ATTENDANCE_RECORDS)
    session = world.client.session
    session.review_period = None

    runner = Runner(world.client, FileSnapshotStore(tmp_path))
    assert runner.state is StateId.RELAY_ATTENDANCE_RECORDS


def test_a_lost_snapshot_learns_the_latest_closed_period_from_the_ledger(world):
    world.run_until(StateId.RELAY_ATTENDANCE_RECORDS)
    closed = end_the_period(world)
    world.power_off()
    world.lose_snapshot()
    world.step()

    assert world.state is StateId.FIRST_RUN
    assert world.client.session.previous_period == closed


def test_a_snapshots_closed_period_is_not_forgotten_with_the_ledger(world):
    world.run_until(StateId.RELAY_ATTENDANCE_RECORDS)
    closed = end_the_period(world)
    world.power_off()
    world.lose_ledger()
    world.step()

    assert world.client.session.previous_period == closed


def test_the_status_is_the_state_and_while_backing_off_its_reason_too(world, shown):
    world.run_until(StateId.AWAIT_REVIEW_PERIOD)
    world.step()
    assert set(shown) == {"AWAIT_REVIEW_PERIOD"}

    shown.clear()
    world.network.reachable = False
    world.step()
    assert set(shown) == {"REQUEST_REVIEW_SHEET: Pub/Sub cannot be reached"}


def test_a_transition_is_told_and_a_poll_that_finds_nothing_is_not(world, caplog):
    world.machine.users.clear()  # of somebody enrolled it would be told that nobody has punched yet
    world.run_until(StateId.REQUEST_REVIEW_SHEET)
    with caplog.at_level(logging.DEBUG, "attendance_client.fsm.runner"):
        world.run_until(StateId.RELAY_ATTENDANCE_RECORDS)
        world.step()

    assert [(record.levelname, record.message) for record in caplog.records] == [
        ("INFO", "review_sheet_requested: REQUEST_REVIEW_SHEET -> AWAIT_REVIEW_SHEET"),
        ("INFO", "review_sheet_received: AWAIT_REVIEW_SHEET -> RELAY_ATTENDANCE_RECORDS"),
        ("DEBUG", "no_new_records: RELAY_ATTENDANCE_RECORDS -> RELAY_ATTENDANCE_RECORDS"),
    ]


def test_a_client_whose_first_step_succeeds_has_nothing_to_be_glad_of(world, tmp_path, caplog):
    world.run_until(StateId.REQUEST_REVIEW_SHEET)
    runner = Runner(world.client, FileSnapshotStore(tmp_path))
    with caplog.at_level(logging.INFO, "attendance_client.fsm.runner"):
        runner.step()

    assert "working again" not in caplog.text

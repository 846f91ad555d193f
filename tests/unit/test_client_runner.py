"""The runner: back-off on a virtual clock, stopping, and what it starts with."""

import logging
from datetime import date

import pytest

from attendance_client.errors import DiskError, StopRequested
from attendance_client.fsm.generated import StateId
from attendance_client.fsm.runner import FIRST_RETRY_S, LONGEST_RETRY_S, Runner
from attendance_contracts import ReviewPeriod, SiteHealth
from tests.world.backend import MemoryBackend
from tests.world.calendar import row
from tests.world.world import World

DECEMBER = ReviewPeriod("December 2025", date(2025, 12, 1), date(2025, 12, 31))
JANUARY = ReviewPeriod("January 2026", date(2026, 1, 1), date(2026, 1, 31))


@pytest.fixture
def world():
    world = World(MemoryBackend())
    world.publish(row(0, world.weeks))
    yield world
    world.close()


def pauses(world, steps):
    """How long each of the next steps takes."""
    taken = []
    for _ in range(steps):
        began_s = world.timeline.now_s
        world.step()
        taken.append(world.timeline.now_s - began_s)
    return taken


def test_a_failure_is_tried_again_after_ever_longer_pauses(world):
    world.run_until(StateId.FETCH_REVIEW_PERIOD)
    world.network.reachable = False

    for attempt, pause_s in enumerate(pauses(world, 14)):
        longest = min(LONGEST_RETRY_S, FIRST_RETRY_S * 2**attempt)
        assert longest / 2 <= pause_s <= longest + 0.01
        assert world.state is StateId.FETCH_REVIEW_PERIOD


def test_after_a_success_the_pauses_begin_anew(world):
    world.run_until(StateId.FETCH_REVIEW_PERIOD)
    world.network.reachable = False
    world.run(10)
    world.network.reachable = True
    world.run_until(StateId.REQUEST_REVIEW_SHEET)
    world.network.reachable = False

    assert pauses(world, 1)[0] <= FIRST_RETRY_S + 0.01


def test_sites_do_not_retry_in_step():
    firsts = set()
    for seed in range(5):
        world = World(MemoryBackend(), seed=seed)
        world.run_until(StateId.FETCH_REVIEW_PERIOD)
        world.network.reachable = False
        firsts.add(tuple(pauses(world, 3)))
        world.close()

    assert len(firsts) == 5


def test_a_failure_that_repeats_is_loud_once(world, caplog):
    world.run_until(StateId.FETCH_REVIEW_PERIOD)
    world.network.reachable = False
    with caplog.at_level(logging.DEBUG, "attendance_client"):
        world.run(5)
        world.network.reachable = True
        world.step()

    failures = [record.levelname for record in caplog.records if "cannot be reached" in record.message]
    assert failures == ["WARNING", "DEBUG", "DEBUG", "DEBUG", "DEBUG"]
    assert "working again after 5 failures" in caplog.text


def test_a_stop_is_heeded_at_the_next_safe_point(world):
    world.run_until(StateId.RELAY_ATTENDANCE_RECORDS)
    world.step()  # the first poll
    world.timeline.after(10, lambda: setattr(world.supervisor, "stop", True))
    began_s = world.timeline.now_s

    world.step()  # would wait for the next poll for hours

    assert world.state is None
    assert world.timeline.now_s - began_s <= world.supervisor.alive_interval_s + 1
    world.run_until(StateId.RELAY_ATTENDANCE_RECORDS, most_steps=1)


def test_run_enables_the_machine_and_ends_with_the_request_to_stop(world):
    world.run_until(StateId.RELAY_ATTENDANCE_RECORDS)
    world.machine.enabled = False
    world.client.doors[0].is_enabled = False
    world.timeline.after(100_000, lambda: setattr(world.supervisor, "stop", True))

    with pytest.raises(StopRequested):
        Runner(world.client, KeptInMind()).run()
    assert world.machine.enabled


def test_run_enables_a_machine_that_a_power_loss_left_disabled_before_anything_else(world):
    world.run_until(StateId.FETCH_REVIEW_PERIOD)
    world.network.reachable = False
    world.machine.enabled = world.client.doors[0].is_enabled = False
    world.supervisor.stop = True

    with pytest.raises(StopRequested):
        Runner(world.client, KeptInMind()).run()
    assert world.machine.enabled


def test_the_snapshot_is_saved_with_each_entry_even_from_the_state_itself(world):
    world.run_until(StateId.RELAY_ATTENDANCE_RECORDS)
    session, snapshots = world.client.session, KeptInMind()
    runner = Runner(world.client, snapshots)
    session.closing_time = None
    runner.step()
    assert session.current is StateId.RELAY_ATTENDANCE_RECORDS
    assert snapshots.snapshot == session.snapshot()


def test_the_ledger_says_what_was_closed_last_only_where_the_snapshot_does_not(world):
    world.step()
    session, ledger = world.client.session, world.client.ledger
    ledger.open_period(JANUARY, "sheet")
    ledger.close_period(JANUARY)
    session.previous_period = DECEMBER
    Runner(world.client, KeptInMind())
    assert session.previous_period == DECEMBER

    session.previous_period = None
    Runner(world.client, KeptInMind())
    assert session.previous_period == JANUARY


def test_a_machine_that_is_away_at_the_start_does_not_stop_the_client(world):
    world.machine.reachable = False

    world.run_until(StateId.RELAY_ATTENDANCE_RECORDS)

    world.machine.enabled = False
    world.machine.reachable = True
    world.run(3)
    assert world.machine.enabled


def test_on_a_full_disk_nothing_is_done_before_the_snapshot_is_written(world, caplog):
    world.run_until(StateId.AWAIT_REVIEW_SHEET)
    full = Full(times=5)
    began_s = world.timeline.now_s
    Runner(world.client, full).step()

    assert world.client.session.current is StateId.RELAY_ATTENDANCE_RECORDS
    assert full.snapshot == world.client.session.snapshot()
    assert world.timeline.now_s - began_s > FIRST_RETRY_S
    assert [record.levelname for record in caplog.records if "No space left" in record.message][:1] == [
        "WARNING"
    ]


def test_a_full_disk_is_told_in_the_sites_health_once_and_that_there_is_room_again(world, monkeypatch):
    world.run_until(StateId.AWAIT_REVIEW_SHEET)
    told, publish = [], world.client.bus.publish

    def hear(message):
        if isinstance(message, SiteHealth):
            told.append(message.problem)
        publish(message)

    monkeypatch.setattr(world.client.bus, "publish", hear)
    runner = Runner(world.client, Full(times=4))
    runner.step()
    runner.step()
    assert told[0].startswith("cannot write snapshot.json: No space left")
    assert told[1:] == [""]


def test_a_stop_on_a_full_disk_resumes_at_the_older_snapshot(world):
    world.run_until(StateId.AWAIT_REVIEW_SHEET)
    world.timeline.after(500, lambda: setattr(world.supervisor, "stop", True))
    with pytest.raises(StopRequested):
        Runner(world.client, Full(times=1_000)).step()
    world.power_off()
    world.step()
    assert world.state in (StateId.REQUEST_REVIEW_SHEET, StateId.AWAIT_REVIEW_SHEET)


class KeptInMind:
    """A snapshot store in memory."""

    def load(self):
        return None

    def save(self, snapshot):
        self.snapshot = snapshot


class Full(KeptInMind):
    """A snapshot store on a disk that is full for so many attempts."""

    def __init__(self, times):
        self.times = times

    def save(self, snapshot):
        self.times -= 1
        if self.times >= 0:
            raise DiskError("cannot write snapshot.json: No space left on device")
        super().save(snapshot)

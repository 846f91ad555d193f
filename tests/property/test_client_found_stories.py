"""Stories that sequences of rules, or the soak, once found: told again in full, so that they are met each time."""

from contextlib import closing
from datetime import datetime, time, timedelta

import pytest

from attendance_client.fsm.generated import StateId
from tests.handlers_backend import HandlersBackend
from tests.world import promises
from tests.world.backend import MemoryBackend
from tests.world.calendar import row
from tests.world.world import World

HALF_A_DAY_S = 43_200.0
USER = "1001"


@pytest.fixture
def world():
    world = World(MemoryBackend(), seed=1)
    world.machine.users = {USER: "anna"}
    world.publish(row(0, world.weeks))
    world.run_until(StateId.RELAY_ATTENDANCE_RECORDS)
    yield world
    world.close()


def test_a_punch_equal_to_one_of_before_the_log_was_cleared_is_another_one(world):
    """The machine's clock was set back, say. To a client that reads on, it is the second of its second."""
    moment = world.machine.time
    world.machine.record(USER, moment)
    world.run_for(HALF_A_DAY_S, 50)
    world.clear_machine()
    for second in range(6):
        world.machine.record(USER, world.machine.time + timedelta(seconds=second))
    world.run_for(HALF_A_DAY_S, 50)
    world.machine.record(USER, moment)
    world.run_for(HALF_A_DAY_S, 50)

    promises.stored_once(world)
    assert [stored.timestamp for stored in world.backend.rows()].count(moment) == 2


def test_a_reading_that_broke_off_behind_a_late_punch_calls_its_day_complete_no_more(world):
    """It was read, and is not stored: names could not be read with it, and its message is lost."""
    world.run_for(2 * 86_400, 100)
    world.machine.record("1002", world.machine.time - timedelta(days=1))
    world.machine.failures.append("read_user_names")
    told = world.network.health_reported
    world.run_for(HALF_A_DAY_S, 50)

    assert world.network.health_reported > told
    promises.complete_days_are_complete(world)


def test_a_period_that_a_clock_closed_early_is_not_opened_again(world):
    """The machine's clock is ahead as the period ends, is set right, and both snapshots are lost."""
    world.publish(row(1, world.weeks))
    evening = datetime.combine(world.client.session.open_period.last_day, time(20))
    world.run_for((evening - world.timeline.wall).total_seconds(), 200)
    world.machine.offset = timedelta(hours=8)
    world.machine.record(USER, world.machine.time)
    world.run(3)
    world.power_off()
    world.lose_snapshot()
    world.machine.offset = timedelta(0)
    assert world.settle(500), world.describe()
    for promise in promises.WHEN_SETTLED:
        promise(world)


def test_a_ledger_that_is_lost_before_the_open_period_begins_calls_no_day_complete_that_is_not():
    """Of the open period no punch was made yet, so that no reply has told the new ledger whether the backend takes
    punches of other days: of the month under way, which was finalised early.
    """
    with closing(World(HandlersBackend((), seed=1), seed=1)) as world:
        now, later = row(0, world.weeks), row(1, world.weeks)
        for period in (now, later):
            world.publish(period)
        world.run_until(StateId.RELAY_ATTENDANCE_RECORDS)
        assert world.finalise(now.name)
        world.power_off()
        world.lose_snapshot()
        world.lose_ledger()
        world.run_until(StateId.RELAY_ATTENDANCE_RECORDS)
        assert world.client.session.open_period.name == later.name
        world.power_off()
        world.lose_ledger()
        world.machine.record(USER, world.machine.time)
        world.run_for(10 * 86_400, 300)
        promises.complete_days_are_complete(world)

        assert world.settle(500), world.describe()
        for promise in promises.WHEN_SETTLED:
            promise(world)

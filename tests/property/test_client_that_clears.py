"""A client that erases the machine's log and sets its clock, in the same faulty world: nothing is erased unstored."""

from datetime import timedelta

import pytest
from hypothesis import strategies as st

from tests.property.counted import counted_rule as rule
from tests.property.faulty_world import MOST_STEPS, FaultyWorld, steps, users
from tests.property.profiles import limits
from tests.world import promises
from tests.world.backend import MemoryBackend
from tests.world.calendar import row
from tests.world.machine import Entry
from tests.world.world import World

DAY_S = 86_400.0
DAYS = 45
CALLS = ("disable", "clear", "enable", "status", "read_log", "set_time")
INSTANTS = tuple(
    f"{side} the machine's {call}"
    for call in ("disable", "clear", "set_time")
    for side in ("before", "after")
)


class ClearingWorld(FaultyWorld):
    """The faulty world with a client that erases; some machines record punches although they are disabled."""

    clear_machine = True
    set_machine_clock = True

    @rule(instant=st.sampled_from(INSTANTS), steps=st.integers(1, 15))
    def power_is_lost_while_it_erases(self, instant, steps):
        self.world.power.fail_when(instant)
        self.world.run(steps)

    @rule(calls=st.lists(st.sampled_from(CALLS), min_size=1, max_size=3), then=steps)
    def the_machine_breaks_off_while_it_erases(self, calls, then):
        self.world.machine.failures.extend(calls)
        self.world.run(then)

    @rule(user=users, heeds=st.booleans(), then=steps)
    def somebody_punches_in_mid_clear(self, user, heeds, then):
        machine = self.world.machine
        machine.punches_before_erasing.append(Entry(user, machine.time, 1, 255))
        machine.heeds_disabling = heeds
        machine.punches_in_mid_read.append(Entry(user, machine.time, 1, 255))
        self.world.run(then)

    @rule(seconds=st.integers(-4000, 4000), then=steps)
    def the_machines_clock_drifts(self, seconds, then):
        self.world.machine.offset = timedelta(seconds=seconds)
        self.world.run(then)

    @rule(user=users)
    def a_period_ends_quietly(self, user):
        self.world.heal()
        self.world.machine.record(user, self.world.machine.time)
        self.world.run_for(8 * DAY_S, 6 * MOST_STEPS)

    @rule(weeks=st.integers(1, 3), user=users)
    def quiet_weeks_pass(self, weeks, user):
        self.world.machine.record(user, self.world.machine.time)
        self.world.run_for(weeks * 7 * DAY_S, 3 * MOST_STEPS)

    @rule(then=steps)
    def another_machine_hangs_there_that_goes_on_although_it_is_disabled(self, then):
        self.world.replace_machine()
        self.world.machine.goes_on = True
        self.happened("machine that goes on", then)


TestClientThatClears = ClearingWorld.TestCase
TestClientThatClears.settings = limits(dev=20, ci=100)


def test_logs_were_erased_and_clocks_set():
    """Runs after the sequences, and only says something after many."""
    if ClearingWorld.tally["sequences"] < 100:
        pytest.skip("too few sequences; set HYPOTHESIS_PROFILE=ci")

    assert ClearingWorld.tally["log erased by the client"] > 0
    assert ClearingWorld.tally["machine that goes on"] > 0
    assert ClearingWorld.tally["machine's clock set by the client"] > 0


def test_a_quiet_month_ends_with_an_empty_machine_whose_clock_is_right():
    world = World(MemoryBackend(), seed=1, clear_machine=True, set_machine_clock=True)
    try:
        world.machine.users = {"1001": "name1001"}
        world.machine.offset = timedelta(minutes=3)
        for number in range(5):
            world.publish(row(number, world.weeks))
        for day in range(28):
            if day % 7:
                world.machine.record("1001", world.machine.time)
            world.run_for(DAY_S, 100)
        assert world.happened["log erased by the client"] == 3
        assert len(world.machine.log) == 6
        assert world.machine.clock_set_by_client == 3
        assert world.settle(5_000), world.describe()
        for promise in promises.WHEN_SETTLED:
            promise(world)
    finally:
        world.close()


@pytest.mark.parametrize("instant", INSTANTS)
def test_power_lost_at_this_instant_breaks_no_promise(instant):
    world = World(MemoryBackend(), seed=1, clear_machine=True, set_machine_clock=True)
    try:
        world.machine.users = {"1001": "name1001"}
        world.machine.offset = timedelta(minutes=10)
        world.publish(row(0, world.weeks))
        world.publish(row(1, world.weeks))
        world.power.fail_when(instant)
        for day in range(DAYS):
            if world.power.losses[instant]:
                break
            if day == 0 or day % 7:  # a new period's first punches keep the log from being erased
                world.machine.record("1001", world.machine.time)
            while world.timeline.now_s < (day + 1) * DAY_S and not world.power.losses[instant]:
                world.step()
        assert world.power.losses[instant] == 1
        world.step()  # it starts again
        promises.nobody_locked_out(world)
        world.heal()
        assert world.settle(5_000), world.describe()
        for promise in promises.WHEN_SETTLED:
            promise(world)
        assert world.backend.rows()
    finally:
        world.close()

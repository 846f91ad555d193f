"""A client of a site with two machines in the same faulty world: each rule concerns one of them, and then the other."""

import pytest
from hypothesis import strategies as st

from tests.property.counted import counted_rule as rule
from tests.property.faulty_world import MOST_STEPS, FaultyWorld, steps, users
from tests.property.profiles import limits
from tests.world.machine import Entry

DAY_S = 86_400.0


class TwoDoorsWorld(FaultyWorld):
    """The faulty world with a second machine; the client erases logs and keeps clocks.

    The machine that hangs at the back door at first takes punches although it is disabled.
    """

    clear_machine = True
    set_machine_clock = True
    doors = 2
    goes_on = (1,)

    @rule(user=users, then=steps)
    def people_punch_in_mid_clear(self, user, then):
        for machine in self.world.machines:
            machine.record(user, machine.time)
            machine.punches_before_erasing.append(Entry(user, machine.time, 1, 255))
        self.world.run(then)

    @rule()
    def what_follows_is_at_the_other_door(self):
        front, back = self.world.machines
        self.world.machine = back if self.world.machine is front else front

    @rule(then=steps)
    def the_machines_exchange_their_addresses(self, then):
        front, back = self.world.machines
        self.world.machines[:] = [back, front]
        if self.world.client is not None:
            for door, machine in zip(self.world.client.doors, self.world.machines, strict=True):
                door.machine = machine
        self.happened("addresses exchanged", then)

    @rule(weeks=st.integers(1, 3))
    def weeks_pass_with_one_machine_off(self, weeks):
        self.world.machine.reachable = False
        self.world.run_for(weeks * 7 * DAY_S, 2 * MOST_STEPS)
        self.happened("weeks with one machine off")


TestClientAtTwoDoors = TwoDoorsWorld.TestCase
TestClientAtTwoDoors.settings = limits(dev=10, ci=100)


def test_both_were_read_and_erased():
    """Runs after the sequences, and only says something after many."""
    if TwoDoorsWorld.tally["sequences"] < 100:
        pytest.skip("too few sequences; set HYPOTHESIS_PROFILE=ci")

    for kind in ("addresses exchanged", "weeks with one machine off", "log erased by the client"):
        assert TwoDoorsWorld.tally[kind] > 0, kind

"""Power lost before and after every effect, each in a world of its own: none is left to chance."""

import pytest

from attendance_client.fsm.generated import StateId
from tests.property.faulty_world import INSTANTS, MOST_STEPS
from tests.world import promises
from tests.world.backend import MemoryBackend
from tests.world.calendar import row
from tests.world.world import World

DAY_S = 86_400.0
DAYS = 45
"""Long enough for a period to end with none after it, whatever its length."""

SAVES_OF_A_ROUND = 40
"""Instants at which power may be lost while the client saves at two checkpoints, and on its way between them."""


@pytest.mark.parametrize("instant", INSTANTS)
def test_power_lost_at_this_instant_breaks_no_promise(instant):
    world = World(MemoryBackend(), seed=1)
    try:
        world.machine.users = {"1001": "name1001"}
        world.publish(row(0, world.weeks))
        world.power.fail_when(instant)
        for _ in range(DAYS):
            if world.power.losses[instant]:
                break
            world.machine.record("1001", world.machine.time)
            world.run_for(DAY_S, MOST_STEPS)
        assert world.power.losses[instant] == 1
        for promise in promises.AT_EVERY_MOMENT:
            promise(world)
        world.heal()
        assert world.settle(5_000), world.describe()
        for promise in (*promises.AT_EVERY_MOMENT, *promises.WHEN_SETTLED):
            promise(world)
        assert world.backend.rows()
    finally:
        world.close()


@pytest.mark.parametrize("name", ["snapshot.json", "snapshot.previous.json"])
@pytest.mark.parametrize("instants", range(SAVES_OF_A_ROUND))
def test_a_snapshot_that_goes_bad_after_power_was_lost_breaks_no_promise(instants, name):
    world = World(MemoryBackend(), seed=1)
    try:
        for _ in range(2):  # without a period the client goes round, and saves at each checkpoint on its way
            world.run_until(StateId.DEEP_SLEEP)
            world.run_until(StateId.FETCH_REVIEW_PERIOD)
        world.power.fail_at(instants)
        while not world.happened["power lost"]:
            world.step()
        assert world.damage_snapshot(name)
        world.step()  # it checks what the client resumes from
        assert world.state is not None
        world.heal()
        assert world.settle(5_000), world.describe()
        for promise in (*promises.AT_EVERY_MOMENT, *promises.WHEN_SETTLED):
            promise(world)
    finally:
        world.close()

"""What the running client does is what spec/fsm.yaml says, and all that it says is done.

Every transition here was taken by the real steps in a world, and is compared with the YAML itself.
"""

from pathlib import Path

import pytest
import yaml

from attendance_client.fsm.generated import StateId
from tests.world.backend import MemoryBackend
from tests.world.calendar import row
from tests.world.network import Fate
from tests.world.world import World

SPEC = yaml.safe_load((Path(__file__).resolve().parents[2] / "spec" / "fsm.yaml").read_text(encoding="utf-8"))


def said(transition):
    return transition["from"], transition["event"], transition["to"], transition.get("guard", "")


def seen(edge):
    return edge.source, edge.event, edge.target


def guard_holds(guard, edge):
    """Whether a transition's guard held when the edge was taken."""
    name = guard.removeprefix("not ")
    return getattr(edge, name) is not guard.startswith("not ")


def played_through():
    """A world in which everything that the spec knows has happened."""
    world = World(MemoryBackend())
    machine, network = world.machine, world.network
    machine.users = {"1001": "Anna"}

    world.run(
        20
    )  # no period is known: the alarm, and after each sleep the flag that keeps it from going out again
    network.fates.extend([Fate(())])
    world.run(8)  # no answer to the question for the period
    world.publish(row(0, world.weeks))
    world.run_until(StateId.REQUEST_REVIEW_SHEET)
    network.fates.extend([Fate(())])
    world.run(2)  # no answer to the question for the sheet
    world.run_until(StateId.RELAY_ATTENDANCE_RECORDS)
    world.run(2)  # nothing new
    machine.record("1001", machine.time)
    network.fates.extend([Fate(())])
    world.run_until(StateId.AWAIT_LAST_STORED_TIMESTAMP)
    world.run(6)  # not confirmed, then confirmed
    world.publish(row(1, world.weeks))
    world.run_for(8 * 86_400, 200)  # the period ends with nothing new
    world.run_until(StateId.RELAY_ATTENDANCE_RECORDS)
    world.publish(row(2, world.weeks))
    skip_to_the_end_of_the_period(world)
    machine.record(
        "1001", machine.time
    )  # the last punch of the period is there at its first look after the end
    world.timeline.advance(3600)
    world.run_until(StateId.REVIEW_PERIOD_EXPIRED)
    period = world.client.session.review_period
    machine.record("1001", period.closes_at(world.site.day_boundary).replace(hour=3, minute=59))
    world.run_until(StateId.FETCH_REVIEW_PERIOD)  # that one was left, and is stored before the period closes
    return world


def skip_to_the_end_of_the_period(world):
    """Switch the client off until shortly before the end of its period, and on again."""
    end = world.client.session.review_period.closes_at(world.site.day_boundary)
    world.power_off()
    world.timeline.advance((end - world.timeline.wall).total_seconds() - 1800)


@pytest.fixture(scope="module")
def world():
    world = played_through()
    yield world
    world.close()


def test_every_transition_taken_is_one_of_the_spec(world):
    transitions = {said(transition)[:3] for transition in SPEC["transitions"]}

    assert {seen(edge) for edge in world.edges} <= transitions


def test_every_transition_of_the_spec_is_taken(world):
    transitions = {said(transition)[:3] for transition in SPEC["transitions"]}

    assert transitions <= {seen(edge) for edge in world.edges}


def test_every_state_of_the_spec_is_entered_or_started_in(world):
    entered = {edge.target for edge in world.edges} | set(world.resumed_in)

    assert entered == set(SPEC["states"])


def test_a_guarded_transition_is_taken_when_its_guard_holds(world):
    guards = {said(transition)[:3]: transition.get("guard") for transition in SPEC["transitions"]}

    for edge in world.edges:
        guard = guards[seen(edge)]
        if guard is not None:
            assert guard_holds(guard, edge), f"{edge} although {guard} does not hold"


def test_every_outcome_of_every_guard_is_seen(world):
    guarded = {said(transition) for transition in SPEC["transitions"] if "guard" in transition}
    outcomes = {(source, event) for source, event, _, _ in guarded}

    for source, event in outcomes:
        values = {
            getattr(edge, guard.removeprefix("not "))
            for edge in world.edges
            for guarded_source, guarded_event, _, guard in guarded
            if seen(edge)[:2] == (source, event) == (guarded_source, guarded_event)
        }
        assert values == {False, True}, f"{event} in {source}: only {values}"

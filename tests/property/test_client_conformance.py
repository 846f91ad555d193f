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
from tests.world.observed import ObservedWorld

SPEC = yaml.safe_load((Path(__file__).resolve().parents[2] / "spec" / "fsm.yaml").read_text(encoding="utf-8"))


def said(transition):
    return transition["from"], transition["event"], transition["to"], transition.get("guard", "")


def seen(edge):
    return edge.source, edge.event, edge.target


def guard_holds(guard, edge):
    """Whether a transition's guard held when the edge was taken."""
    name = guard.removeprefix("not ")
    return getattr(edge, name) is not guard.startswith("not ")


def played_through(**options):
    """A world in which everything that the spec knows has happened."""
    world = ObservedWorld(MemoryBackend(), **options)
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
    world.run_until(StateId.RELAY_ATTENDANCE_RECORDS)
    machine.record("1001", machine.time)
    world.run_until(StateId.AWAIT_LAST_STORED_TIMESTAMP)
    world.run_until(StateId.RELAY_ATTENDANCE_RECORDS)
    world.delete_workbook(world.client.session.open_period.name, with_its_row=True)
    machine.record("1001", machine.time)
    world.run_until(StateId.REQUEST_REVIEW_SHEET)
    world.run_until(StateId.RELAY_ATTENDANCE_RECORDS)
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


@pytest.fixture(scope="module")
def clearing_world():
    world = played_through(clear_machine=True)
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


def effects_said(state, *, clearing):
    """The effects of a state, without those that need an option which the client does not have."""
    effects = SPEC["states"][state].get("effects", [])
    return [name for name in effects if clearing or SPEC["effects"][name].get("when") != "clearing"]


UNSAID = {"RELAY_ATTENDANCE_RECORDS": ["publish_final_alarm"]}
"""Effects on which nothing depends: the daily warning."""


def check_effects(world, *, clearing):
    """In every state all effects of the spec were seen in one step, in its order, and no step had another order."""
    for state in SPEC["states"]:
        said_here = effects_said(state, clearing=clearing)
        steps = {
            tuple(name for name in step.effects if name not in UNSAID.get(state, []))
            for step in world.recorded_steps
            if step.edge.source == state
        }
        where = (
            f"(its step in src/client/attendance_client/fsm/steps.py; 'effects' of {state} in spec/fsm.yaml; by which "
            "call an effect is known: EFFECTS in tests/world/observed.py)"
        )
        for effects in steps:
            place = iter(said_here)
            in_order = all(name in place for name in effects)
            assert in_order, f"{state} was seen to do {[*effects]}, and the spec says {said_here} {where}"
        assert tuple(said_here) in steps, f"{state} was never seen to do {said_here}, only {steps} {where}"


def test_the_effects_of_a_step_are_the_specs_in_its_order(world):
    check_effects(world, clearing=False)


def test_the_effects_of_a_client_that_clears_are_the_specs_in_its_order(clearing_world):
    check_effects(clearing_world, clearing=True)


def said_to_change(transition):
    """What a transition does to the snapshot, flags included: a value that is not known, or this one."""
    changes = dict.fromkeys(transition.get("writes", []), "a value")
    changes |= {name: SPEC["snapshot"][name]["initial"] for name in transition.get("clears", [])}
    changes |= dict.fromkeys(transition.get("sets_flags", []), True)
    return changes | dict.fromkeys(transition.get("clears_flags", []), False)


@pytest.mark.parametrize(
    "transition", SPEC["transitions"], ids=lambda t: f"{t['from']}-{t['event']}-{t['to']}"
)
def test_a_transition_changes_what_the_spec_says_and_nothing_else(world, transition):
    changes = said_to_change(transition)
    by_the_step = [
        name for name, flag in SPEC["flags"].items() if transition["from"] in flag.get("set_by", [])
    ]
    steps = [step for step in world.recorded_steps if seen(step.edge) == said(transition)[:3]]
    where = "(the state's step in src/client/attendance_client/fsm/steps.py; the transition in spec/fsm.yaml)"
    for step in steps:
        for name, value in step.changed.items():
            assert name in [*changes, *by_the_step], (
                f"{said(transition)[:3]} changes {name} to {value}, and the spec does not say so: name it in 'writes' "
                f"or 'clears' there, or leave it as it is {where}"
            )
        for name, wanted in changes.items():
            right = step.after[name] is not None if wanted == "a value" else step.after[name] == wanted
            assert right, f"{said(transition)[:3]} leaves {name} as {step.after[name]}, not {wanted} {where}"
    for name, wanted in changes.items():
        if name != "daily_warning":  # a warning goes out in a period's last days only
            assert any(name in step.changed for step in steps), (
                f"{said(transition)[:3]} was never seen to make {name} {wanted} {where}"
            )

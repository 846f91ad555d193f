"""The emitted step relation: everything of the spec is in it, and it moves as the generated class moves."""

from dataclasses import dataclass, field
from functools import cache
from itertools import product
from pathlib import Path
from typing import cast

import pytest
import z3
from statemachine.exceptions import TransitionNotAllowed

from attendance_client.fsm.generated import (
    ALL_FLAGS,
    KIND,
    ClientMachine,
    EventId,
    Flag,
    Kind,
    Model,
    StateId,
)
from generator.emit_smt import COPIES, NONE, TO_BE_SAVED, Codes, Outcome, Relation
from generator.errors import SpecError
from generator.load import load, loads
from spec.proof.vocabulary import Assumed
from spec.proof.world import World

FILE = Path(__file__).resolve().parents[2] / "spec" / "fsm.yaml"
SPEC = load(FILE)
REFUSED = "refused"
FIELDS = ("sheet_id", "last_stored_timestamp", "review_period", "previous_period")


class PlainWorld:
    """A world in which each effect is simply done, and `reports_EVENT` and `GUARD` are whatever one likes.

    A transition that writes a field writes 7.
    """

    torn_snapshots = True
    lost_snapshots = True

    def __init__(self):
        self.effects = {str(e.name): lambda _s, _pick: [Outcome()] for e in SPEC.effects}
        self.reports = {str(e.name): self._const(f"reports_{e.name}") for e in SPEC.events}
        self.guards = {"period_expired": self._const("period_expired")}
        self.writes = {name: self._seven(name) for name in FIELDS}

    @staticmethod
    def _const(name):
        return lambda _s: z3.Bool(name)

    @staticmethod
    def _seven(name):
        return lambda _s: {name: z3.IntVal(7)}

    def variables(self):
        return {}

    def variables_of(self, name):
        return [name]

    def initially(self, _s):
        return []

    def time_out(self, _s, _pick):
        return {}

    def after_start(self, _s, _pick):
        yield Outcome()

    def environment(self, _s, _pick):
        yield from ()


RELATION = Relation(SPEC, cast(World, PlainWorld()), frozenset({"clearing"}))
VALUES = RELATION.values()
STEPS = list(RELATION.steps(VALUES))
CODES = RELATION.codes.of
NAMES = {code: name for name, code in CODES.items()}


def known(term, state: str, flags: Flag, **others: object) -> z3.ExprRef:
    """A term in a state of which this much is known."""
    pairs = [(VALUES["state"], z3.IntVal(CODES[state]))]
    pairs += [(VALUES[flag.name.lower()], z3.BoolVal(flag in flags)) for flag in Flag]
    pairs += [(z3.Bool(f"reports_{e}"), z3.BoolVal(True)) for e in EventId]
    pairs += [(z3.Bool(name), z3.BoolVal(value)) for name, value in others.items()]
    return z3.simplify(z3.substitute(term, *pairs))


def last_effect(step) -> int:
    """The number of the effect at which the step ends."""
    effects = SPEC.state(step.state).effects
    return 0 if step.effect == "time_out" else max(len(effects) - 1, 0)


@cache
def by_the_relation(state: str, bits: int, event: str, *, expired: bool) -> tuple[str, Flag]:
    flags = Flag(bits)
    found = []
    for step in STEPS:
        if step.event != event:
            continue
        guard = z3.substitute(step.guard, (VALUES["at"], z3.IntVal(last_effect(step))))
        if z3.is_true(known(guard, state, flags, period_expired=expired)):
            after = Flag(0)
            for flag in Flag:
                value = known(step.after[flag.name.lower()], state, flags)
                if z3.is_true(value) or (not z3.is_false(value) and flag in flags):
                    after |= flag  # a flag that the state's own step sets as it likes stays as it was here
            target = NAMES[known(step.after["state"], state, flags).as_long()]
            assert target == step.target
            found.append((target, after))
    if not found:
        return REFUSED, flags
    (way,) = found
    return way


@dataclass
class Moved(Model):
    """What the generated class asks for."""

    state: str | None
    flags: Flag = field(default_factory=lambda: Flag(0))
    period_expired: bool = False


def by_the_class(state: str, flags: Flag, event: str, *, expired: bool) -> tuple[str, Flag]:
    model = Moved(state, flags, expired)
    try:
        ClientMachine(model).send(event)
    except TransitionNotAllowed:
        return REFUSED, model.flags
    return str(model.state), model.flags


@pytest.mark.parametrize("state", list(StateId))
def test_the_relation_moves_as_the_generated_class_does(state):
    for event, bits, expired in product(EventId, range(ALL_FLAGS + 1), (False, True)):
        of_class = by_the_class(state, Flag(bits), event, expired=expired)
        assert by_the_relation(state, bits, event, expired=expired) == of_class, (event, bits, expired)


def test_a_checkpoint_and_nothing_else_is_entered_with_a_snapshot():
    for step in STEPS:
        if step.event:
            saved = KIND[StateId(step.target)] is Kind.CHECKPOINT
            assert step.after["at"].as_long() == (TO_BE_SAVED if saved else 0)


def test_each_effect_is_a_step_of_its_own_in_the_order_of_the_spec():
    for state in SPEC.states:
        numbered = {}
        for step in STEPS:
            if step.state == state.name and step.effect not in ("", "time_out"):
                numbered[step.name.split(" ")[0]] = step.effect
        assert numbered == {f"{state.name}[{k}]": str(name) for k, name in enumerate(state.effects)}


def test_a_transition_writes_and_clears_what_the_spec_says_and_nothing_else():
    for step in STEPS:
        if not step.event:
            continue
        (arrow,) = [
            t
            for t in SPEC.transitions
            if (t.source, t.event, t.target) == (step.state, step.event, step.target)
        ]
        changed = {name: step.after[name] for name in FIELDS if not step.after[name].eq(VALUES[name])}
        assert {name: term.as_long() for name, term in changed.items()} == {
            **dict.fromkeys(map(str, arrow.writes), 7),
            **dict.fromkeys(map(str, arrow.clears), NONE),
        }


def named(name: str):
    (step,) = [step for step in STEPS if step.name == name]
    return step


def test_a_snapshot_keeps_all_that_is_in_memory_and_the_one_before_it():
    after = named("save snapshot").after
    for name in ("state", "final_alarm_raised", "daily_warning", *FIELDS):
        memory, newest, _ = (VALUES[prefix + name] for prefix in COPIES)
        assert after[f"disk_{name}"].eq(memory)
        assert after[f"kept_{name}"].eq(newest)


def test_power_may_fail_before_any_effect_and_leaves_what_is_on_disk():
    for name, left in (("power loss", "disk_"), ("power loss, newest snapshot torn", "kept_")):
        step = named(name)
        assert z3.is_true(z3.simplify(step.guard))
        assert all(step.after[x].eq(VALUES[left + x]) for x in ("state", "daily_warning", *FIELDS))
    gone = named("power loss, snapshots lost")
    assert gone.after["state"].as_long() == CODES["FIRST_RUN"]
    assert all(gone.after[name].as_long() == NONE for name in FIELDS)


def test_what_the_world_does_not_know_is_told_with_its_line_and_the_way_out():
    text = FILE.read_text(encoding="utf-8")
    text = text.replace("effects: [publish_final_alarm]", "effects: [publish_final_alarm, ring_bell]")
    text = text.replace("  disable_machine:\n", "  ring_bell:\n    meaning: Ring.\n  disable_machine:\n", 1)
    spec = loads(text, "fsm.yaml")
    with pytest.raises(
        SpecError, match=r"fsm.yaml:\d+: .*'ring_bell'; add it to EFFECTS in spec/proof/effects.py"
    ):
        Relation(spec, World(Codes.in_spec(spec), Assumed()))

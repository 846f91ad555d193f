"""The emitted process: everything of the spec is in it, and it moves as the generated class moves."""

import re
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

import pytest
from statemachine.exceptions import TransitionNotAllowed

from attendance_client.fsm.generated import (
    ALL_FLAGS,
    KIND,
    PI4_STATE,
    ClientMachine,
    EventId,
    Flag,
    Kind,
    Model,
    StateId,
)
from generator import emit_promela
from generator.load import load
from generator.model.variants import Arrow, Variant, ours, without

ROOT = Path(__file__).resolve().parents[2]
SPEC = load(ROOT / "spec" / "fsm.yaml")
TEXT = emit_promela.emit(SPEC)
REFUSED = "refused"


@dataclass(frozen=True)
class Arc:
    """An arrow as the Promela text has it."""

    state: str
    event: str
    guards: tuple[str, ...]
    actions: tuple[str, ...]
    entered: str
    target: str


_STATE = re.compile(r"AT\((\w+), (\d+)\)")
_CONDITION = re.compile(r":: \(REPORTS_(\w+?)((?: && !?\w+)*)\) ->$")
_ENTER = re.compile(r"\b(enter|enter_checkpoint)\((\w+)\)")


def arcs(text: str) -> list[Arc]:
    """The process's arrows, read from its text alone."""
    found = []
    state = ""
    lines = [line.strip() for line in text[text.index("proctype Client()") :].splitlines()]
    for number, line in enumerate(lines):
        if at := _STATE.search(line):
            state = at[1]
        if condition := _CONDITION.match(line):
            rest = iter(lines[number + 1 :])
            body = next(rest)
            while not _ENTER.search(body):
                body += f" {next(rest)}"
            entered = _ENTER.search(body)
            assert entered is not None
            guards = tuple(condition[2].removeprefix(" && ").split(" && ")) if condition[2] else ()
            actions = tuple(a.strip() for a in body[: entered.start()].split(";") if a.strip())
            found.append(Arc(state, condition[1].lower(), guards, actions, entered[1], entered[2]))
    return found


ARCS = arcs(TEXT)


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


def by_the_process(state: str, flags: Flag, event: str, *, expired: bool) -> tuple[str, Flag]:
    values = {flag.name.lower(): flag in flags for flag in Flag} | {"period_expired": expired}
    values |= {f"!{name}": not value for name, value in values.items()}
    ways = [
        arc for arc in ARCS if (arc.state, arc.event) == (state, event) and all(values[g] for g in arc.guards)
    ]
    if not ways:
        return REFUSED, flags
    (way,) = ways
    for action in way.actions:
        name, _, value = action.partition(" = ")
        if name in values:
            flags = flags | Flag[name.upper()] if value == "1" else flags & ~Flag[name.upper()]
    return way.target, flags


@pytest.mark.parametrize("state", list(StateId))
def test_the_process_moves_as_the_generated_class_does(state):
    for event, bits, expired in product(EventId, range(ALL_FLAGS + 1), (False, True)):
        of_class = by_the_class(state, Flag(bits), event, expired=expired)
        assert by_the_process(state, Flag(bits), event, expired=expired) == of_class, (event, bits, expired)


def test_neither_accepts_nor_refuses_everything():
    outcomes = [by_the_process(s, Flag(0), e, expired=False)[0] for s, e in product(StateId, EventId)]
    assert 0 < outcomes.count(REFUSED) < len(outcomes)


def test_every_transition_is_there_once():
    assert sorted((a.state, a.event, a.target) for a in ARCS) == sorted(
        (str(t.source), str(t.event), str(t.target)) for t in SPEC.transitions
    )


def test_a_checkpoint_and_nothing_else_is_entered_with_a_snapshot():
    for arc in ARCS:
        expected = "enter_checkpoint" if KIND[StateId(arc.target)] is Kind.CHECKPOINT else "enter"
        assert arc.entered == expected


def test_the_codes_are_those_of_the_snapshot():
    codes = {name: int(code) for name, code in re.findall(r"^#define ([A-Z_]+) (\d+)$", TEXT, re.MULTILINE)}
    assert {state: codes[state] for state in PI4_STATE} == PI4_STATE
    assert len({codes[state] for state in StateId}) == len(StateId)


def test_every_field_that_a_transition_writes_is_saved_and_loaded():
    save = TEXT[TEXT.index("inline save_snapshot") : TEXT.index("inline lose_newest")]
    restore = TEXT[TEXT.index("inline load_snapshot") : TEXT.index('#include "effects.pml"')]
    for name in (
        "state",
        "sheet_id",
        "review_period",
        "previous_period",
        "final_alarm_raised",
        "daily_warning",
    ):
        assert f"disk_{name} = {name};" in save
        assert f"kept_{name} = disk_{name};" in save
        assert f"{name} = disk_{name};" in restore


def test_between_two_effects_power_may_fail():
    """Each effect is an option of its own, but for the last, which ends with the transition."""
    steps = _STATE.findall(TEXT)
    for state in SPEC.states:
        built = [e for e in state.effects if not e.endswith(("able_machine", "clear_machine"))]
        assert {number for name, number in steps if name == state.name} == {
            str(n) for n in range(max(len(built), 1))
        }
    assert ":: atomic { (RUNNING && POWER_MAY_FAIL) -> power_loss() }" in TEXT


def test_the_product_does_not_clear_and_the_option_does():
    assert "clear_machine" not in TEXT
    cleared = emit_promela.emit(SPEC, options=frozenset({"clearing"}))
    assert (
        cleared.index("disable_machine()")
        < cleared.index("clear_machine()")
        < cleared.index("enable_machine()")
    )


def test_a_field_apart_is_in_no_snapshot():
    text = emit_promela.emit(SPEC, apart=frozenset({"review_period"}))
    assert "disk_review_period" not in text
    assert "file_review_period = review_period;" in text


def test_without_its_rival_a_transition_loses_its_guard():
    arrow = Arrow("RELAY_ATTENDANCE_RECORDS", "no_new_records", "REVIEW_PERIOD_EXPIRED")
    left = without(SPEC, [arrow]).leaving("RELAY_ATTENDANCE_RECORDS", "no_new_records")
    assert [(t.target, t.guard) for t in left] == [("RELAY_ATTENDANCE_RECORDS", ())]
    untouched = without(SPEC, [arrow]).leaving("AWAIT_REVIEW_PERIOD", "review_period_missing")
    assert [t.guard_text for t in untouched] == ["not final_alarm_raised", "final_alarm_raised"]


def test_ours_are_what_the_seeds_picture_lacks():
    assert {(a.source, a.target) for a in ours(SPEC)} == {
        ("RELAY_ATTENDANCE_RECORDS", "REVIEW_PERIOD_EXPIRED"),
        ("AWAIT_LAST_STORED_TIMESTAMP", "RELAY_ATTENDANCE_RECORDS"),
        ("AWAIT_LAST_STORED_TIMESTAMP", "REQUEST_REVIEW_SHEET"),
        ("REVIEW_PERIOD_EXPIRED", "RELAY_ATTENDANCE_RECORDS"),
    }
    assert len(arcs(Variant(dropped=ours(SPEC)).emit(SPEC))) == len(ARCS) - 4


def test_dropping_what_is_not_there_is_refused():
    with pytest.raises(ValueError, match="no transition from FIRST_RUN"):
        without(SPEC, [Arrow("FIRST_RUN", "started", "DEEP_SLEEP")])

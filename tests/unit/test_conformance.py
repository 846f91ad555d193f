"""Three machines from one spec agree: the generated class, the library's own, and a plain reading of the YAML.

The other two are built here from the YAML alone, without the generator.
"""

from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import yaml
from statemachine.exceptions import TransitionNotAllowed
from statemachine.io import create_machine_class_from_definition

from attendance_client.fsm import generated
from attendance_client.fsm.generated import ALL_FLAGS, ClientMachine, EventId, Flag, Kind, Model, StateId

SPEC = yaml.safe_load((Path(__file__).resolve().parents[2] / "spec" / "fsm.yaml").read_text(encoding="utf-8"))
REFUSED = "refused"
NO_FLAGS = Flag(0)


@dataclass
class Client(Model):
    """A model as the machine asks for it: two flags and an answer to 'has the period expired?'."""

    state: str | None = None
    flags: Flag = NO_FLAGS
    period_expired: bool = False
    entered: list[str] = field(default_factory=list)

    def on_enter_state(self, state) -> None:
        self.entered.append(state.id)


def librarys_own() -> type:
    """The machine as python-statemachine's loader builds it from a definition."""
    states: dict[str, Any] = {}
    for name, state in SPEC["states"].items():
        states[name] = {"value": name, "initial": state["kind"] == "entry", "on": {}}
    for t in SPEC["transitions"]:
        literals = t["guard"].split(" and ") if "guard" in t else []
        actions = [f"set_{flag}" for flag in t.get("sets_flags", [])]
        actions += [f"clear_{flag}" for flag in t.get("clears_flags", [])]
        arrow = {
            "target": t["to"],
            "cond": [literal for literal in literals if not literal.startswith("not ")],
            "unless": [literal.removeprefix("not ") for literal in literals if literal.startswith("not ")],
            "on": actions,
        }
        states[t["from"]]["on"].setdefault(t["event"], []).append(arrow)
    strict = {"allow_event_without_transition": False, "catch_errors_as_events": False}
    return create_machine_class_from_definition("LibrarysOwn", states=states, **strict)


LibrarysOwn = librarys_own()


def sent(machine_class: type, client: Client, event: str) -> tuple[str, Flag]:
    """Where the machine goes and with which flags; `REFUSED` if it does not take the event."""
    machine = machine_class(client)
    try:
        machine.send(event)
    except TransitionNotAllowed:
        return REFUSED, client.flags
    return str(client.state), client.flags


def plainly_read(state: str, flags: Flag, event: str, *, expired: bool) -> tuple[str, Flag]:
    truth = {"final_alarm_raised": Flag.FINAL_ALARM_RAISED in flags, "period_expired": expired}
    truth |= {f"not {name}": not value for name, value in truth.items()}
    for t in SPEC["transitions"]:
        holds = all(truth[literal] for literal in t["guard"].split(" and ")) if "guard" in t else True
        if (t["from"], t["event"]) == (state, event) and holds:
            for flag in t.get("sets_flags", []):
                flags |= Flag[flag.upper()]
            for flag in t.get("clears_flags", []):
                flags &= ~Flag[flag.upper()]
            return t["to"], flags
    return REFUSED, flags


@pytest.mark.parametrize("state", SPEC["states"])
def test_every_event_in_every_state_with_every_flag(state):
    for event, bits, expired in product(SPEC["events"], range(ALL_FLAGS + 1), (False, True)):
        flags = Flag(bits)
        of_generated = sent(ClientMachine, Client(state, flags, expired), event)
        of_library = sent(LibrarysOwn, Client(state, flags, expired), event)
        of_reading = plainly_read(state, flags, event, expired=expired)
        assert of_generated == of_library == of_reading, (state, event, flags, expired)


def test_the_three_do_accept_and_refuse():
    outcomes = [
        plainly_read(state, NO_FLAGS, event, expired=expired)[0]
        for state, event, expired in product(SPEC["states"], SPEC["events"], (False, True))
    ]
    assert 0 < outcomes.count(REFUSED) < len(outcomes)
    assert set(SPEC["states"]) - {"FIRST_RUN"} <= set(outcomes)


def test_an_unknown_event_is_refused():
    machine = ClientMachine(Client())
    with pytest.raises(TransitionNotAllowed):
        machine.send("no_such_event")


def test_a_refused_event_leaves_state_and_flags_alone():
    client = Client(StateId.AWAIT_REVIEW_SHEET, Flag.DAILY_WARNING)
    with pytest.raises(TransitionNotAllowed):
        ClientMachine(client).send(EventId.REVIEW_PERIOD_RECEIVED)
    assert (client.state, client.flags) == (StateId.AWAIT_REVIEW_SHEET, Flag.DAILY_WARNING)


def test_an_error_in_a_callback_is_raised():
    class Failing(Client):
        def set_final_alarm_raised(self) -> None:
            raise OSError("no disk")

    client = Failing(StateId.RAISE_FINAL_ALARM)
    with pytest.raises(OSError, match="no disk"):
        ClientMachine(client).send(EventId.FINAL_ALARM_PUBLISHED)
    assert client.state == StateId.RAISE_FINAL_ALARM


def test_a_new_client_starts_in_the_entry_state():
    client = Client()
    ClientMachine(client)
    assert client.state == StateId.FIRST_RUN


@pytest.mark.parametrize("state", SPEC["states"])
def test_a_stored_state_is_resumed_without_entering_it(state):
    client = Client(state)
    machine = ClientMachine(client)
    assert [s.id for s in machine.configuration] == [state]
    assert client.entered == []


def test_the_constants_are_the_specs():
    states = SPEC["states"]
    assert [*StateId] == [*states]
    assert [*EventId] == [*SPEC["events"]]
    assert dict(generated.PI4_STATE) == {
        name: state["pi4_state"] for name, state in states.items() if "pi4_state" in state
    }
    assert dict(generated.KIND) == {name: Kind(state["kind"]) for name, state in states.items()}
    assert dict(generated.TIME_OUT_S) == {
        name: state["time_out"]["after_s"] for name, state in states.items() if "time_out" in state
    }
    assert SPEC["intervals"]["polling"]["every_s"] == generated.POLLING_INTERVAL_S
    assert SPEC["intervals"]["deep_sleep"]["every_s"] == generated.DEEP_SLEEP_S
    assert {flag.name.lower(): int(flag) for flag in Flag} == {
        name: 1 << flag["bit"] for name, flag in SPEC["flags"].items()
    }
    assert dict(generated.INITIAL_SNAPSHOT) == {name: f["initial"] for name, f in SPEC["snapshot"].items()}
    assert dict(generated.RAISED_IN) == {
        name: frozenset(e["raised_in"]) for name, e in SPEC["events"].items()
    }


def test_on_every_way_a_time_out_and_a_power_loss_resume_alike():
    """Walk every way through the generated machine with the checkpoint whose snapshot is on disk at the time."""
    start: tuple[StateId, Flag, StateId | None] = (StateId.FIRST_RUN, NO_FLAGS, None)
    met, pending = {start}, [start]
    waited_in = set()
    while pending:
        state, flags, on_disk = pending.pop()
        if generated.KIND[state] is Kind.WAITING:
            waited_in.add(state)
            assert generated.RESUME_AT[generated.PI4_STATE[state]] == on_disk
            assert sent(ClientMachine, Client(state, flags), EventId.TIMED_OUT)[0] == on_disk
        if generated.KIND[state] is Kind.CHECKPOINT:
            assert generated.RESUME_AT[generated.PI4_STATE[state]] == state
        for event, expired in product(EventId, (False, True)):
            target, new_flags = sent(ClientMachine, Client(state, flags, expired), event)
            if target == REFUSED:
                continue
            assert state in generated.RAISED_IN[event]
            new_state = StateId(target)
            entered = new_state if generated.KIND[new_state] is Kind.CHECKPOINT else on_disk
            step = (new_state, new_flags, entered)
            if step not in met:
                met.add(step)
                pending.append(step)
    assert {state for state, _, _ in met} == set(StateId)
    assert waited_in == set(generated.TIME_OUT_S)

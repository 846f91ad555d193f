"""The parts written by hand have all that spec/fsm.yaml names, and nothing else.

Run it first after an edit of the spec: each finding names the file and what to write there. What the steps really do,
and in which order, is compared in tests/property/test_client_conformance.py.
"""

import inspect
import re
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import date, datetime, time
from pathlib import Path

from attendance_client.fsm.generated import ALL_FLAGS, PI4_STATE, EventId, StateId
from attendance_client.fsm.session import Session
from attendance_client.fsm.snapshot import Snapshot, decode_snapshot, encode_snapshot
from attendance_client.fsm.steps import STEPS
from attendance_contracts import ReviewPeriod
from generator.document import Name
from generator.emit_smt import Codes, Relation
from generator.errors import SpecError
from generator.load import load
from generator.spec import Spec
from spec.proof.vocabulary import Assumed
from spec.proof.world import World

ROOT = Path(__file__).resolve().parents[2]
SPEC = load(ROOT / "spec" / "fsm.yaml")
CLIENT = "src/client/attendance_client/fsm"
KEPT_BY_THE_MACHINE = ("pi4_state", "sys_flags")
TYPES = {"integer": (int,), "string": (str, datetime), "object": (ReviewPeriod,)}


def told(findings: list[str]) -> str:
    return "\n" + "\n".join(findings)


def steps_against(spec: Spec, steps: dict[str, Callable]) -> list[str]:
    found = []
    for state in spec.states:
        events = " or ".join(f"EventId.{e.name.upper()}" for e in spec.events if state.name in e.raised_in)
        if state.name not in steps:
            name = state.name.lower()
            found.append(
                f"{CLIENT}/steps.py: the state {state.name} has no step; write "
                f"'def {name}(client: Client) -> EventId', which returns {events}, and add "
                f"'StateId.{state.name}: {name}' to STEPS"
            )
            continue
        returned = set(re.findall(r"EventId\.(\w+)", inspect.getsource(steps[str(state.name)])))
        wanted = {e.name.upper() for e in spec.events if state.name in e.raised_in}
        step = steps[str(state.name)].__name__
        found += [
            f"{CLIENT}/steps.py: {step} never returns EventId.{e}; return it" for e in wanted - returned
        ]
        found += [
            f"{CLIENT}/steps.py: {step} returns EventId.{e}, which is not raised in {state.name}; add the state to "
            f"'raised_in' of the event in spec/fsm.yaml, and a transition, or return another one"
            for e in returned - wanted
        ]
    known = {str(state.name) for state in spec.states}
    found += [
        f"{CLIENT}/steps.py: STEPS has {name}, which is no state; remove it" for name in steps.keys() - known
    ]
    return found


def guards_against(spec: Spec, session: type) -> list[str]:
    return [
        f"{CLIENT}/session.py: Session does not know the guard {guard.name}; write a property "
        f"'def {guard.name}(self) -> bool': {guard.meaning}"
        for guard in spec.guards
        if not isinstance(inspect.getattr_static(session, guard.name, None), property)
    ]


def fields_against(spec: Spec, snapshot: type, session: object) -> list[str]:
    found = []
    here = {field.name: field for field in fields(snapshot)}
    for field in spec.fields:
        types = " | ".join(t.__name__ for t in TYPES[field.type])
        if field.name not in here:
            found.append(
                f"{CLIENT}/snapshot.py: Snapshot lacks the field {field.name}; add '{field.name}: {types}', with "
                f"'| None' if it may be null, and its meaning: {field.meaning}"
            )
        elif not any(t.__name__ in str(here[field.name].type) for t in TYPES[field.type]):
            found.append(
                f"{CLIENT}/snapshot.py: the field {field.name} is {here[field.name].type}; the spec says {types}"
            )
        if field.name not in KEPT_BY_THE_MACHINE and not hasattr(session, field.name):
            found.append(
                f"{CLIENT}/session.py: Session lacks {field.name}; set it in __init__, there from a snapshot as well, "
                "and hand it on in 'snapshot'"
            )
    known = {str(field.name) for field in spec.fields}
    found += [
        f"spec/fsm.yaml: 'snapshot' lacks the field {name} of {CLIENT}/snapshot.py; add it"
        for name in here.keys() - known
    ]
    return found


def formal_model_against(spec: Spec, text: str) -> list[str]:
    """What generator/emit_promela.py asks of the model's world."""
    wanted = {f"inline {effect.name}()": f"effect {effect.name}" for effect in spec.effects}
    wanted |= {f"#define REPORTS_{event.name.upper()} ": f"event {event.name}" for event in spec.events}
    wanted |= {f"#define {guard.name} ": f"guard {guard.name}" for guard in spec.guards if guard.flag is None}
    wanted |= {f"inline write_{f}()": f"snapshot field {f}" for t in spec.transitions for f in t.writes}
    for state in spec.states:
        if state.time_out is not None:
            for macro in ("CAN", "TIMES_OUT"):
                wanted[f"#define {macro}_{state.effects[0].upper()} "] = f"effect {state.effects[0]}"
    return [
        f"spec/formal/effects.pml: the model does not know the {what}; write '{definition.strip()}'"
        for definition, what in wanted.items()
        if definition not in text
    ]


def proof_against(spec: Spec) -> list[str]:
    try:
        Relation(spec, World(Codes.in_spec(spec), Assumed()))
    except SpecError as error:
        return str(error).splitlines()
    return []


STEPS_BY_NAME = {str(state): step for state, step in STEPS.items()}
SESSION = Session(time(4))
MODEL = "\n".join(
    file.read_text(encoding="utf-8") for file in sorted((ROOT / "spec" / "formal").glob("*.pml"))
)


def test_every_state_has_a_step_that_reports_its_events_and_no_others():
    found = steps_against(SPEC, STEPS_BY_NAME)
    assert not found, told(found)


def test_the_session_knows_every_guard():
    found = guards_against(SPEC, Session)
    assert not found, told(found)


def test_snapshot_and_session_have_the_fields_of_the_spec():
    found = fields_against(SPEC, Snapshot, SESSION)
    assert not found, told(found)


def test_the_formal_model_knows_all_that_the_spec_names():
    found = formal_model_against(SPEC, MODEL)
    assert not found, told(found)


def test_the_proof_knows_all_that_the_spec_names():
    found = proof_against(SPEC)
    assert not found, told(found)


def test_each_field_comes_back_from_a_snapshot():
    """Whatever a field holds, a session that is restored hands it on."""
    period = ReviewPeriod("October", date(2026, 10, 1), date(2026, 10, 31))
    values = {int: 3, str: "sheet", datetime: datetime(2026, 10, 2, 8), ReviewPeriod: period}
    filled = {
        field.name: next(value for kind, value in values.items() if kind.__name__ in str(field.type))
        for field in fields(Snapshot)
    }
    filled |= {"pi4_state": PI4_STATE[StateId.RELAY_ATTENDANCE_RECORDS], "sys_flags": int(ALL_FLAGS)}
    snapshot = Snapshot(**filled)
    kept = Session(time(4), decode_snapshot(encode_snapshot(snapshot))).snapshot()
    lost = [
        f"{CLIENT}/session.py: {name} is {value!r} in the snapshot that a session was restored from and "
        f"{getattr(kept, name)!r} in its own; set it in Session.__init__ and hand it on in Session.snapshot"
        for name, value in filled.items()
        if getattr(kept, name) != value
    ]
    assert not lost, told(lost)


# That each of them can fail.


def without(**changes: object) -> Spec:
    """The spec with other parts."""
    return replace(SPEC, **changes)


def renamed(part, name):
    return replace(part, name=Name(name, part.line))


def test_a_state_without_a_step_is_told():
    asleep = without(states=(*SPEC.states, renamed(SPEC.states[-1], "LIGHT_SLEEP")))
    (line,) = steps_against(asleep, STEPS_BY_NAME)
    assert line.startswith(f"{CLIENT}/steps.py: the state LIGHT_SLEEP has no step; write 'def light_sleep(")


def test_an_event_that_no_step_reports_is_told():
    more = without(events=(*SPEC.events, renamed(SPEC.events[-1], "records_lost")))
    (line,) = steps_against(more, STEPS_BY_NAME)
    assert line.endswith("review_period_expired never returns EventId.RECORDS_LOST; return it")


def test_an_event_that_the_spec_does_not_have_is_told():
    (line,) = steps_against(without(events=SPEC.events[:-1]), STEPS_BY_NAME)
    assert "returns EventId.RECORDS_LEFT, which is not raised in REVIEW_PERIOD_EXPIRED" in line


def test_a_guard_that_the_session_does_not_know_is_told():
    more = without(guards=(*SPEC.guards, renamed(SPEC.guards[-1], "machine_full")))
    (line,) = guards_against(more, Session)
    assert line.startswith(
        f"{CLIENT}/session.py: Session does not know the guard machine_full; write a property"
    )


def test_a_field_that_the_snapshot_lacks_is_told():
    more = without(fields=(*SPEC.fields, renamed(SPEC.fields[-1], "next_period")))
    of_snapshot, of_session = fields_against(more, Snapshot, SESSION)
    assert "snapshot.py: Snapshot lacks the field next_period; add 'next_period: ReviewPeriod'" in of_snapshot
    assert "session.py: Session lacks next_period" in of_session
    (line,) = fields_against(without(fields=SPEC.fields[:-1]), Snapshot, SESSION)
    assert line.startswith("spec/fsm.yaml: 'snapshot' lacks the field previous_period")


def test_what_model_and_proof_do_not_know_is_told():
    more = without(
        effects=(*SPEC.effects, renamed(SPEC.effects[-1], "ring_bell")),
        events=(*SPEC.events, renamed(SPEC.events[-1], "bell_rung")),
        guards=(*SPEC.guards, renamed(SPEC.guards[-1], "bell_is_there")),
    )
    assert [line.rsplit("write ", 1)[1] for line in formal_model_against(more, MODEL)] == [
        "'inline ring_bell()'",
        "'#define REPORTS_BELL_RUNG'",
        "'#define bell_is_there'",
    ]
    assert sorted(line.rsplit("; ", 1)[1] for line in proof_against(more)) == [
        "add it to EFFECTS in spec/proof/effects.py",
        "add it to GUARDS in spec/proof/effects.py",
        "add it to REPORTS in spec/proof/effects.py",
    ]


def test_every_event_has_its_meaning_in_the_generated_class():
    text = (ROOT / CLIENT / "generated.py").read_text(encoding="utf-8")
    plain = re.sub(r"\s*\n\s*#\s*", " ", text)
    for event in SPEC.events:
        assert f"{event.meaning}\n    {event.name.upper()} = " in plain
        assert f"{event.meaning}\n    {event.name} = Event(" in plain
    assert {str(e) for e in EventId} == {str(e.name) for e in SPEC.events}

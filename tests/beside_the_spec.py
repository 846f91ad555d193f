"""`python -m tests.beside_the_spec`: have the parts written by hand all that spec/fsm.yaml names, and nothing else?

Each finding names the file and what to write there; `make generate` and `make lint` begin with it. What the steps
really do, and in which order, is compared in tests/property/test_client_conformance.py.
"""

import inspect
import re
import sys
from collections.abc import Callable
from dataclasses import fields
from datetime import date, datetime, time
from pathlib import Path

from attendance_client.fsm.generated import ALL_FLAGS, PI4_STATE, StateId
from attendance_client.fsm.session import Session
from attendance_client.fsm.snapshot import Snapshot, decode_snapshot, encode_snapshot
from attendance_client.fsm.steps import STEPS
from attendance_contracts import ReviewPeriod
from generator.emit_smt import Codes, Relation
from generator.errors import SpecError
from generator.load import load
from generator.spec import Spec
from spec.proof.vocabulary import Assumed
from spec.proof.world import World

ROOT = Path(__file__).resolve().parents[1]
CLIENT = "src/client/attendance_client/fsm"
KEPT_BY_THE_MACHINE = ("pi4_state", "sys_flags")
TYPES = {"integer": (int,), "string": (str, datetime), "object": (ReviewPeriod,)}


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


def flags_against(spec: Spec, code: str) -> list[str]:
    """Those that a step sets; transitions set the others, in the generated class."""
    return [
        f"{CLIENT}/steps.py: no step sets the flag {flag.name}, which is set in {' and '.join(flag.set_by)}; write "
        f"'client.session.flags |= Flag.{flag.name.upper()}' in its step, or remove 'set_by' in spec/fsm.yaml"
        for flag in spec.flags
        if flag.set_by and f"flags |= Flag.{flag.name.upper()}" not in code
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


CODE = "\n".join(
    file.read_text(encoding="utf-8")
    for file in (ROOT / CLIENT).parent.rglob("*.py")
    if file.stem != "generated"
)


def restoring_against(snapshot: type) -> list[str]:
    """Whatever a field holds, a session that is restored must hand it on."""
    period = ReviewPeriod("October", date(2026, 10, 1), date(2026, 10, 31))
    values = {int: 3, str: "sheet", datetime: datetime(2026, 10, 2, 8), ReviewPeriod: period}
    filled = {
        field.name: next(value for kind, value in values.items() if kind.__name__ in str(field.type))
        for field in fields(snapshot)
    }
    filled |= {"pi4_state": PI4_STATE[StateId.RELAY_ATTENDANCE_RECORDS], "sys_flags": int(ALL_FLAGS)}
    try:
        kept = Session(time(4), decode_snapshot(encode_snapshot(snapshot(**filled)))).snapshot()
    except TypeError as error:
        return [f"{CLIENT}/session.py: Session.snapshot does not hand on what a Snapshot holds: {error}"]
    return [
        f"{CLIENT}/session.py: a session that was restored does not hand on {name}; set it in Session.__init__ and "
        "hand it on in Session.snapshot"
        for name, value in filled.items()
        if getattr(kept, name) != value
    ]


def older_files_against(decode: Callable[[bytes], object]) -> list[str]:
    """A Pi that is upgraded goes on from what the release before wrote."""
    found = []
    for file in sorted((ROOT / "tests" / "frozen").glob("*/snapshots/*.json")):
        try:
            decode(file.read_bytes())
        except ValueError as error:
            found.append(
                f"{CLIENT}/snapshot.py: decode_snapshot refuses {file.relative_to(ROOT)}, which a release wrote "
                f"({error}); give what is new its initial value there"
            )
    return found[:1]


def main() -> int:
    try:
        spec = load(ROOT / "spec" / "fsm.yaml", shown_as="spec/fsm.yaml")
    except SpecError as error:
        sys.stdout.write(f"{error}\n")
        return 1
    found = [
        *steps_against(spec, STEPS_BY_NAME),
        *guards_against(spec, Session),
        *flags_against(spec, CODE),
        *fields_against(spec, Snapshot, SESSION),
        *restoring_against(Snapshot),
        *older_files_against(decode_snapshot),
        *formal_model_against(spec, MODEL),
        *proof_against(spec),
    ]
    sys.stdout.write("\n".join(found or ["All that the spec names is there."]) + "\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

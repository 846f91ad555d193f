"""Rules about the snapshot: what is on disk is enough to go on from."""

from collections.abc import Iterator

from generator.errors import Finding
from generator.rules_names import KEPT_BY_THE_MACHINE, Rules
from generator.spec import Field, Kind, Spec, State

# The seed's snapshot.json, which must load as it is: each field's type and initial value.
SEED_FIELDS: dict[str, tuple[str, int | None]] = {
    "pi4_state": ("integer", 1),
    "sys_flags": ("integer", 0),
    "sheet_id": ("string", None),
    "last_stored_timestamp": ("string", None),
}

# How the name of an effect begins that takes a reply.
RECEIVES = "receive_"

CODED = (Kind.CHECKPOINT, Kind.WAITING)


def codes(spec: Spec) -> Iterator[Finding]:
    """Checkpoints and waiting states have a code, each its own; the others have none."""
    first: dict[int, State] = {}
    for state in spec.states:
        if state.kind in CODED and state.pi4_state is None:
            reason = f"the {state.kind} state '{state.name}' has no code for the snapshot"
            yield Finding(state.line, f"{reason}; give it a 'pi4_state' of its own")
        if state.kind not in CODED and state.pi4_state is not None:
            reason = f"'{state.name}' is of kind {state.kind}, where no snapshot is written"
            yield Finding(state.pi4_state_line, f"{reason}; remove its 'pi4_state'")
        if state.pi4_state is None:
            continue
        if state.pi4_state in first:
            other = first[state.pi4_state]
            reason = (
                f"the code {state.pi4_state} of '{state.name}' is that of '{other.name}' on line {other.line}"
            )
            yield Finding(state.pi4_state_line, f"{reason}; choose another")
        first.setdefault(state.pi4_state, state)


def time_outs(spec: Spec) -> Iterator[Finding]:
    """A waiting state has a time-out with one unguarded way; no other state has one."""
    for state in spec.states:
        if state.kind is Kind.WAITING and state.time_out is None:
            reason = (
                f"the waiting state '{state.name}' has no time-out, so a lost answer would hold it for ever"
            )
            yield Finding(state.line, f"{reason}; give it a 'time_out'")
        if state.time_out is None:
            continue
        if state.kind is not Kind.WAITING:
            reason = f"'{state.name}' is of kind {state.kind} and waits for no answer"
            yield Finding(state.time_out.line, f"{reason}; remove its 'time_out'")
            continue
        ways = spec.leaving(state.name, state.time_out.event)
        if len(ways) != 1 or ways[0].guard:
            reason = (
                f"the time-out of '{state.name}' needs exactly one transition on '{state.time_out.event}'"
            )
            yield Finding(state.time_out.line, f"{reason} from it, without a guard")


def receiving(spec: Spec) -> Iterator[Finding]:
    """A waiting state receives, and does nothing else; no other state receives."""
    for state in spec.states:
        receives = [name for name in state.effects if name.startswith(RECEIVES)]
        if state.kind is Kind.WAITING and (len(receives) != 1 or len(state.effects) != 1):
            reason = f"the waiting state '{state.name}' must have one effect, which receives"
            yield Finding(
                state.line, f"{reason}; give it 'effects' with one name that begins with '{RECEIVES}'"
            )
        if state.kind is not Kind.WAITING:
            for name in receives:
                reason = f"'{state.name}' is of kind {state.kind} and waits for no answer"
                yield Finding(name.line, f"{reason}; remove the effect '{name}'")


def time_out_is_power_loss(spec: Spec) -> Iterator[Finding]:
    """A waiting state times out to the very checkpoint whose snapshot is on disk, on every way into it."""
    on_disk = last_snapshots(spec)
    for state in spec.of_kind(Kind.WAITING):
        target = spec.time_out_target(state)
        for checkpoint in sorted(on_disk[state.name]):
            if target is not None and checkpoint != target:
                reason = f"'{state.name}' times out to '{target}', but a way into it leaves the snapshot of"
                reason += f" '{checkpoint}' on disk, where a power loss would resume"
                yield Finding(
                    target.line, f"{reason}; lead the time-out there or enter the state from '{target}' only"
                )


def last_snapshots(spec: Spec) -> dict[str, set[str]]:
    """For each state, the checkpoints whose snapshot can be the newest one while the state is at work."""
    checkpoints = {str(state.name) for state in spec.of_kind(Kind.CHECKPOINT)}
    on_disk = {str(state.name): {str(state.name)} & checkpoints for state in spec.states}
    changed = True
    while changed:
        changed = False
        for t in spec.transitions:
            if t.target not in checkpoints and not on_disk[t.source] <= on_disk[t.target]:
                on_disk[t.target] |= on_disk[t.source]
                changed = True
    return on_disk


def seed_fields(spec: Spec) -> Iterator[Finding]:
    """The seed's four fields are there as the seed has them; each further one says why."""
    present = {str(field.name): field for field in spec.fields}
    for name, (kind, initial) in SEED_FIELDS.items():
        field = present.get(name)
        if field is None:
            reason = f"the seed's snapshot field '{name}' is missing"
            way_out = f"add it with the type {kind}, initially {_yaml(initial)}"
            yield Finding(spec.section_lines["snapshot"], f"{reason}; {way_out}")
        elif (field.type, field.initial) != (kind, initial):
            reason = f"the seed's field '{name}' is of type {kind}, initially {_yaml(initial)}; write it so"
            yield Finding(field.line, reason)
        elif field.ours is not None:
            yield Finding(field.line, f"'{name}' is the seed's field; remove its 'ours'")
    for field in spec.fields:
        if field.name not in SEED_FIELDS:
            yield from _own_field(field)


def _own_field(field: Field) -> Iterator[Finding]:
    if field.ours is None:
        yield Finding(
            field.line, f"'{field.name}' is not one of the seed's fields; say why it is there in 'ours'"
        )
    fits = {"integer": int, "string": str, "object": type(None)}[field.type]
    if field.initial is not None and not isinstance(field.initial, fits):
        reason = (
            f"the initial value of '{field.name}' is not of type {field.type}; write one that is, or null"
        )
        yield Finding(field.line, reason)


def _yaml(value: int | None) -> str:
    return "null" if value is None else str(value)


def first_code(spec: Spec) -> Iterator[Finding]:
    """The initial snapshot names the state in which a first run begins to work."""
    initial = {str(field.name): field for field in spec.fields}.get("pi4_state")
    for entry in spec.of_kind(Kind.ENTRY):
        for t in spec.leaving(entry.name):
            home = spec.state(t.target)
            if initial is not None and home.pi4_state != initial.initial:
                reason = (
                    f"the initial 'pi4_state' is {initial.initial}, but '{entry.name}' leads to '{home.name}'"
                )
                reason += f" with the code {home.pi4_state}"
                yield Finding(t.line, f"{reason}; make them agree")


def bits(spec: Spec) -> Iterator[Finding]:
    """Each flag has a bit of its own."""
    first: dict[int, str] = {}
    for flag in spec.flags:
        if flag.bit in first:
            reason = f"the flag '{flag.name}' has the bit {flag.bit} of '{first[flag.bit]}'; choose another"
            yield Finding(flag.bit_line, reason)
        first.setdefault(flag.bit, flag.name)


def effects_reach_the_disk(spec: Spec) -> Iterator[Finding]:
    """What a transition changes is written by the snapshot of the checkpoint that it leads to."""
    for t in spec.transitions:
        changes = (*t.sets_flags, *t.clears_flags, *t.writes, *t.clears)
        if changes and spec.state(t.target).kind is not Kind.CHECKPOINT:
            reason = f"this changes '{changes[0]}' on the way to '{t.target}', where no snapshot is written"
            yield Finding(changes[0].line, f"{reason}; change it on the way to a checkpoint")
        for name in (*t.writes, *t.clears):
            if name in KEPT_BY_THE_MACHINE:
                yield Finding(
                    name.line, f"'{name}' is kept by the machine itself; take it out of the transition"
                )
        for name in (
            *(n for n in t.clears if n in t.writes),
            *(n for n in t.clears_flags if n in t.sets_flags),
        ):
            yield Finding(
                name.line, f"this transition both gives '{name}' a value and clears it; do one of them"
            )
    for flag in spec.flags:
        for name in flag.set_by:
            if spec.state(name).kind is not Kind.CHECKPOINT:
                reason = (
                    f"'{name}' is no checkpoint, so the flag '{flag.name}' set in it would not be on disk"
                )
                yield Finding(name.line, f"{reason}; name a checkpoint")


RULES: Rules = (
    codes,
    time_outs,
    receiving,
    time_out_is_power_loss,
    seed_fields,
    first_code,
    bits,
    effects_reach_the_disk,
)

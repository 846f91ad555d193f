"""Rules about names: each one is declared once, used, and collides with nothing."""

import inspect
import keyword
from collections.abc import Callable, Collection, Iterator
from functools import cache

from statemachine import StateChart

from generator.document import Name
from generator.errors import Finding
from generator.shape import suggestion
from generator.spec import Spec

Rules = tuple[Callable[[Spec], Iterator[Finding]], ...]

# python-statemachine takes a method of such a name for a callback of the state or event whose name follows.
CALLBACK_PREFIXES = ("on_", "before_", "after_", "prepare_", "error_", "done_state_", "done_invoke_")

# What python-statemachine injects into callbacks, and the attributes a chart has only once it lives.
INJECTED = {"event_data", "machine", "event", "model", "transition", "state", "source", "target"}
OF_INSTANCES = {
    "model",
    "state",
    "state_field",
    "history_values",
    "start_value",
    "start_configuration_values",
}

# Written by the machine itself, at each checkpoint and with each flag.
KEPT_BY_THE_MACHINE = ("pi4_state", "sys_flags")


def unknown(spec: Spec) -> Iterator[Finding]:
    """A name that is used must be declared."""
    for kind, known, used in _references(spec):
        for name in used:
            if name not in known:
                yield Finding(name.line, f"unknown {kind} '{name}'{suggestion(name, known)}")


def _references(spec: Spec) -> Iterator[tuple[str, Collection[str], list[Name]]]:
    events = [t.event for t in spec.transitions]
    events += [state.time_out.event for state in spec.states if state.time_out is not None]
    states = [end for t in spec.transitions for end in (t.source, t.target)]
    states += [name for event in spec.events for name in event.raised_in]
    states += [name for flag in spec.flags for name in flag.set_by]
    states += [interval.state for interval in spec.intervals]
    guards = [literal.guard for t in spec.transitions for literal in t.guard]
    flags = [name for t in spec.transitions for name in (*t.sets_flags, *t.clears_flags)]
    flags += [guard.flag for guard in spec.guards if guard.flag is not None]
    fields = [name for t in spec.transitions for name in (*t.writes, *t.clears)]
    effects = [name for state in spec.states for name in state.effects]
    yield "effect", {effect.name for effect in spec.effects}, effects
    yield "event", {event.name for event in spec.events}, events
    yield "state", {state.name for state in spec.states}, states
    yield "guard", {guard.name for guard in spec.guards}, guards
    yield "flag", {flag.name for flag in spec.flags}, flags
    yield "snapshot field", {field.name for field in spec.fields}, fields


def unused_effects(spec: Spec) -> Iterator[Finding]:
    """An effect must be a state's."""
    used = {name for state in spec.states for name in state.effects}
    for effect in spec.effects:
        if effect.name not in used:
            way_out = "name it in 'effects' of a state or remove it"
            yield Finding(effect.line, f"no state has the effect '{effect.name}'; {way_out}")


def unused_guards(spec: Spec) -> Iterator[Finding]:
    """A guard must guard something."""
    used = {literal.guard for t in spec.transitions for literal in t.guard}
    for guard in spec.guards:
        if guard.name not in used:
            yield Finding(guard.line, f"no transition uses the guard '{guard.name}'; use it or remove it")


def unused_flags(spec: Spec) -> Iterator[Finding]:
    """A flag must be set somewhere and cleared somewhere."""
    for flag in spec.flags:
        is_set = flag.set_by or any(flag.name in t.sets_flags for t in spec.transitions)
        is_cleared = flag.set_by or any(flag.name in t.clears_flags for t in spec.transitions)
        if not is_set:
            way_out = "name it in 'sets_flags' of a transition or give it 'set_by'"
            yield Finding(flag.line, f"nothing sets the flag '{flag.name}'; {way_out}")
        if not is_cleared:
            way_out = "name it in 'clears_flags' of a transition or give it 'set_by'"
            yield Finding(flag.line, f"nothing clears the flag '{flag.name}'; {way_out}")


def unused_fields(spec: Spec) -> Iterator[Finding]:
    """A snapshot field must be written by a transition, unless the machine itself keeps it."""
    for field in spec.fields:
        written = any(field.name in t.writes for t in spec.transitions)
        if field.name in KEPT_BY_THE_MACHINE or written:
            continue
        way_out = "name it in 'writes' of a transition or remove it"
        yield Finding(field.line, f"no transition writes the snapshot field '{field.name}'; {way_out}")


def collisions(spec: Spec) -> Iterator[Finding]:
    """States, events, guards, effects and the methods of flags share one namespace, here and in the model."""
    taken: dict[str, tuple[str, Name]] = {}
    for kind, name in _namespace(spec):
        if name.lower() in taken:
            other_kind, other = taken[name.lower()]
            reason = f"the {kind} '{name}' has the name of the {other_kind} on line {other.line}; rename one"
            yield Finding(name.line, reason)
        else:
            taken[name.lower()] = (kind, name)


def _namespace(spec: Spec) -> Iterator[tuple[str, Name]]:
    yield from (("state", state.name) for state in spec.states)
    yield from (("event", event.name) for event in spec.events)
    yield from (("guard", guard.name) for guard in spec.guards)
    yield from (("effect", effect.name) for effect in spec.effects)
    read = {str(guard.name) for guard in spec.guards if guard.flag == guard.name}
    for flag in spec.flags:
        if flag.name not in read:
            yield "flag", flag.name
        yield "flag's method", Name(flag.setter, flag.line)
        yield "flag's method", Name(flag.clearer, flag.line)


def reserved(spec: Spec) -> Iterator[Finding]:
    """No name may be one that Python or python-statemachine needs."""
    for kind, name in _namespace(spec):
        if keyword.iskeyword(name) or keyword.issoftkeyword(name):
            yield Finding(name.line, f"the {kind} '{name}' is a keyword of Python; rename it")
        elif name in reserved_names():
            yield Finding(
                name.line, f"the {kind} '{name}' is a name that python-statemachine needs; rename it"
            )
        elif name.startswith(CALLBACK_PREFIXES):
            prefix = next(prefix for prefix in CALLBACK_PREFIXES if name.startswith(prefix))
            reason = (
                f"python-statemachine takes names in '{prefix}' for callbacks; rename the {kind} '{name}'"
            )
            yield Finding(name.line, reason)


@cache
def reserved_names() -> frozenset[str]:
    """What the generated class, its model and the callbacks must leave to python-statemachine."""
    parameters = inspect.signature(StateChart.__init__).parameters
    return frozenset({*dir(StateChart), *parameters, *StateChart.__annotations__, *INJECTED, *OF_INSTANCES})


RULES: Rules = (unknown, unused_effects, unused_guards, unused_flags, unused_fields, collisions, reserved)

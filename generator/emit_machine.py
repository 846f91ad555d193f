"""Emits the client's state machine: `attendance_client/fsm/generated.py`."""

import textwrap
from collections.abc import Iterable

from generator.spec import Event, Kind, Spec, State, Transition

HEADER = "# GENERATED from spec/fsm.yaml by `python -m generator`. Do not edit: change the spec instead."
WIDTH = 110

_IMPORTS = '''\
"""The state machine of the attendance client, as `spec/fsm.yaml` says it.

`ClientMachine` moves a `Model`: it asks the model for its guards, has it set and clear flags, and keeps the
state in `Model.state`. A model whose `state` is None starts in the entry state; one whose `state` is set
resumes there, and no callback of an entry runs. An event that the state does not allow raises
`TransitionNotAllowed`.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from enum import IntFlag, StrEnum
from types import MappingProxyType
from typing import Final

from statemachine import Event, State, StateChart

__all__ = [
    "ALL_FLAGS",
    "DEEP_SLEEP_S",
    "INITIAL_SNAPSHOT",
    "KIND",
    "PI4_STATE",
    "POLLING_INTERVAL_S",
    "RAISED_IN",
    "RESUME_AT",
    "TIME_OUT_S",
    "ClientMachine",
    "EventId",
    "Flag",
    "Kind",
    "Model",
    "StateId",
]
'''

_KIND_NOTES = {
    Kind.ENTRY: "where a client without a snapshot starts",
    Kind.CHECKPOINT: "a snapshot is written on entry",
    Kind.WAITING: "waits for the backend; no snapshot, so it has a time-out",
    Kind.SLEEP: "sleeps; no snapshot",
}

_MACHINE_DOC = '''\
class ClientMachine(StateChart[Model]):
    """The machine itself. Send it what a step reported: `machine.send(EventId.STARTED)`."""

    allow_event_without_transition = False
    catch_errors_as_events = False
    atomic_configuration_update = True
    enable_self_transition_entries = True
'''


def emit(spec: Spec) -> str:
    """The module's whole text."""
    parts = [
        f"{HEADER}\n{_IMPORTS}",
        _kinds(),
        _state_ids(spec),
        _event_ids(spec),
        _flags(spec),
        _constants(spec),
        _model(spec),
        _machine(spec),
    ]
    return "\n\n".join(parts)


def _comment(text: str, indent: str = "    ") -> list[str]:
    prefix = f"{indent}# "
    return textwrap.wrap(text, WIDTH, initial_indent=prefix, subsequent_indent=prefix)


def _enum(head: str, doc: str, members: Iterable[tuple[str, str, str]]) -> str:
    lines = [f"class {head}:", f'    """{doc}"""', ""]
    for name, value, meaning in members:
        lines += [*_comment(meaning), f"    {name} = {value}"]
    return "\n".join(lines) + "\n"


def _kinds() -> str:
    members = [(kind.name, f'"{kind.value}"', _KIND_NOTES[kind]) for kind in Kind]
    return _enum("Kind(StrEnum)", "What a state is.", members)


def _state_ids(spec: Spec) -> str:
    members = [(str(state.name), f'"{state.name}"', state.meaning) for state in spec.states]
    return _enum("StateId(StrEnum)", "The states; the values are what `Model.state` holds.", members)


def _event_ids(spec: Spec) -> str:
    members = [(event.name.upper(), f'"{event.name}"', event.meaning) for event in spec.events]
    return _enum("EventId(StrEnum)", "What a step may report.", members)


def _flags(spec: Spec) -> str:
    members = [(flag.name.upper(), f"0x{1 << flag.bit:02x}", flag.meaning) for flag in spec.flags]
    bits = _enum("Flag(IntFlag)", "The bits of the snapshot's `sys_flags`.", members)
    mask = sum(1 << flag.bit for flag in spec.flags)
    return f"{bits}\n\n# Every bit that has a meaning.\nALL_FLAGS: Final = Flag(0x{mask:02x})\n"


def _mapping(name: str, types: str, note: str, entries: Iterable[tuple[str, str]]) -> str:
    lines = [*_comment(note, ""), f"{name}: Final[Mapping[{types}]] = MappingProxyType("]
    lines += ["    {", *(f"        {key}: {value}," for key, value in entries), "    }", ")"]
    return "\n".join(lines) + "\n"


def _constants(spec: Spec) -> str:
    coded = [(state, state.pi4_state) for state in spec.states if state.pi4_state is not None]
    blocks = [
        _mapping(
            "PI4_STATE",
            "StateId, int",
            "The code of each state that a snapshot may name.",
            [(_state(state.name), str(code)) for state, code in coded],
        ),
        _mapping(
            "KIND",
            "StateId, Kind",
            "What each state is.",
            [(_state(state.name), f"Kind.{state.kind.name}") for state in spec.states],
        ),
        _mapping(
            "TIME_OUT_S",
            "StateId, float",
            "Seconds after which a waiting state times out.",
            [(_state(s.name), str(float(s.time_out.after_s))) for s in spec.states if s.time_out is not None],
        ),
        _interval("POLLING_INTERVAL_S", spec, "polling") + _interval("DEEP_SLEEP_S", spec, "deep_sleep"),
        _mapping(
            "RESUME_AT",
            "int, StateId",
            "Where to resume from the code in a snapshot: a waiting state's where its time-out leads.",
            [(str(code), _state(_resume_at(spec, state))) for state, code in coded],
        ),
        _raised_in(spec),
        _mapping(
            "INITIAL_SNAPSHOT",
            "str, int | str | None",
            "The fields of a snapshot, with the values of a client that has never run.",
            [(f'"{field.name}"', _literal(field.initial)) for field in spec.fields],
        ),
    ]
    return "\n".join(blocks)


def _interval(constant: str, spec: Spec, name: str) -> str:
    interval = spec.interval(name)
    note = f"Seconds spent in {interval.state}: {_lower_first(interval.meaning)}"
    return "\n".join([*_comment(note, ""), f"{constant}: Final[float] = {float(interval.every_s)}"]) + "\n"


def _raised_in(spec: Spec) -> str:
    lines = _comment("The states whose steps may report an event.", "")
    lines += ["RAISED_IN: Final[Mapping[EventId, frozenset[StateId]]] = MappingProxyType(", "    {"]
    for event in spec.events:
        lines += _entry_of_set(_event(event), [_state(name) for name in event.raised_in])
    lines += ["    }", ")"]
    return "\n".join(lines) + "\n"


def _entry_of_set(key: str, members: list[str]) -> list[str]:
    line = f"        {key}: frozenset({{{', '.join(members)}}}),"
    if len(line) <= WIDTH:
        return [line]
    return [
        f"        {key}: frozenset(",
        "            {",
        *(f"                {member}," for member in members),
        "            }",
        "        ),",
    ]


def _resume_at(spec: Spec, state: State) -> str:
    if state.kind is Kind.CHECKPOINT:
        return state.name
    target = spec.time_out_target(state)
    assert target is not None, "the rules refuse a waiting state without a time-out"
    return target


def _model(spec: Spec) -> str:
    """The flags need no thought: whoever is a model has nothing to write when the spec gets another one."""
    blocks = [
        [
            "class Model(ABC):",
            '    """What the machine moves. `state` is None before the first start, else a `StateId` value."""',
            "",
            "    state: str | None",
            "    flags = Flag(0)",
        ]
    ]
    for guard in spec.guards:
        method = [f"    def {guard.name}(self) -> bool:", f'        """{guard.meaning}"""']
        if guard.flag is None:
            blocks.append(["    @property", "    @abstractmethod", *method])
        else:
            blocks.append(
                ["    @property", *method, f"        return Flag.{guard.flag.upper()} in self.flags"]
            )
    for flag in spec.flags:
        for name, change in ((flag.setter, "|= "), (flag.clearer, "&= ~")):
            body = f"        self.flags {change}Flag.{flag.name.upper()}"
            blocks.append([f"    def {name}(self) -> None:", body])
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def _machine(spec: Spec) -> str:
    lines = [_MACHINE_DOC]
    for state in spec.states:
        lines += _state_lines(state)
    lines.append("")
    for event in spec.events:
        lines += _event_lines(spec, event)
    return "\n".join(lines) + "\n"


def _state_lines(state: State) -> list[str]:
    arguments = f'"{state.name}", value={_state(state.name)}'
    if state.kind is Kind.ENTRY:
        arguments += ", initial=True"
    line = f"    {state.name} = State({arguments})"
    if len(line) <= WIDTH:
        return [line]
    return [f"    {state.name} = State(", f"        {arguments}", "    )"]


def _event_lines(spec: Spec, event: Event) -> list[str]:
    arrows = [_arrow(spec, t) for t in spec.transitions if t.event == event.name]
    line = f'    {event.name} = Event({arrows[0]}, name="{event.name}")'
    if len(arrows) == 1 and len(line) <= WIDTH:
        return [*_comment(event.meaning), line]
    alternatives = [f"        {arrows[0]}", *(f"        | {arrow}" for arrow in arrows[1:])]
    alternatives[-1] += ","
    head = f"    {event.name} = Event("
    return [*_comment(event.meaning), head, *alternatives, f'        name="{event.name}",', "    )"]


def _arrow(spec: Spec, transition: Transition) -> str:
    arguments = [str(transition.target)]
    if transition.guard:
        arguments.append(f'cond="{transition.guard_text}"')
    actions = [flag.setter for flag in spec.flags if flag.name in transition.sets_flags]
    actions += [flag.clearer for flag in spec.flags if flag.name in transition.clears_flags]
    if actions:
        quoted = ", ".join(f'"{action}"' for action in actions)
        arguments.append(f"on=[{quoted}]")
    return f"{transition.source}.to({', '.join(arguments)})"


def _state(name: str) -> str:
    return f"StateId.{name}"


def _event(event: Event) -> str:
    return f"EventId.{event.name.upper()}"


def _literal(value: int | str | None) -> str:
    return f'"{value}"' if isinstance(value, str) else repr(value)


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]

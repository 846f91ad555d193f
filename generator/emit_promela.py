"""Emits the client as a Promela process, for the model checker SPIN: `spec/formal/client.pml`.

Everything that is state machine comes from the spec: states, transitions, what a snapshot holds and when it is
written, a power loss between any two effects. Everything that is world stands in `spec/formal/world.pml`, which
must define, or SPIN refuses the model:

    effect        `inline EFFECT()`; it may set `failed` (do the step again) or `enough` (skip to the last effect)
    receiving     also `CAN_EFFECT` (a reply is there) and `TIMES_OUT_EFFECT`; the inline may set `dropped`
    event         `REPORTS_EVENT`: the step, now at its end, reports it
    guard         a macro of its name, unless it is a flag
    field         `inline write_FIELD()` for each field that a transition writes
"""

import textwrap
from collections.abc import Iterable

from generator.spec import Effect, Event, Kind, Spec, State, Transition

HEADER = "/* GENERATED from spec/fsm.yaml by `python -m generator`. Do not edit: change the spec instead. */"
NOTE = """\
The client of the attendance relay as a process. The world around it is world.pml, which says what each effect does
and when each event is reported; see generator/emit_promela.py for the terms between the two, docs/formal.md for
what is checked."""
WIDTH = 118

# Of the snapshot's fields, what the process keeps in another way: the state as `state`, the flags one by one.
KEPT_OTHERWISE = ("pi4_state", "sys_flags")


def emit(
    spec: Spec,
    options: frozenset[str] = frozenset(),
    apart: frozenset[str] = frozenset(),
    note: str = NOTE,
) -> str:
    """The process's whole text.

    Args:
        options: which effects that need an option are part of the process; the product has none of them.
        apart: snapshot fields that are kept in a second file instead, written before the snapshot; for
            experiments.
    """
    emitter = _Emitter(spec, options, apart)
    parts = [
        f"{HEADER}\n\n{_comment(note)}",
        emitter.codes(),
        emitter.variables(),
        *emitter.snapshot(),
        f'#include "effects.pml"\n\n{emitter.process()}',
    ]
    return "\n\n".join(parts) + "\n"


def state_codes(spec: Spec) -> dict[str, int]:
    """Each state's number in the process: its code in a snapshot, else one of the numbers after all codes."""
    free = max((state.pi4_state or 0 for state in spec.states), default=0) + 1
    codes: dict[str, int] = {}
    for state in spec.states:
        codes[str(state.name)] = state.pi4_state if state.pi4_state is not None else free
        free += state.pi4_state is None
    return codes


def _comment(text: str, indent: str = "") -> str:
    lines = textwrap.wrap(" ".join(text.split()), WIDTH - 6, initial_indent="", subsequent_indent="")
    return f"{indent}/* " + f"\n{indent}   ".join(lines) + " */"


def _wrapped(statements: Iterable[str]) -> list[str]:
    """Statements on as few lines as they fit, none of them broken."""
    lines: list[str] = []
    for statement in statements:
        if lines and len(lines[-1]) + len(statement) < WIDTH - 10:
            lines[-1] += f" {statement}"
        else:
            lines.append(statement)
    return lines


def _inline(name: str, meaning: str, body: list[str]) -> str:
    lines = [_comment(meaning), f"inline {name}() {{", "  d_step {", *(f"    {x}" for x in body), "  }", "}"]
    return "\n".join(lines)


class _Emitter:
    def __init__(self, spec: Spec, options: frozenset[str], apart: frozenset[str]) -> None:
        self._spec = spec
        self._effects: dict[str, Effect] = {
            str(effect.name): effect
            for effect in spec.effects
            if effect.when is None or effect.when in options
        }
        fields = [str(field.name) for field in spec.fields if field.name not in KEPT_OTHERWISE]
        self._flags = [str(flag.name) for flag in spec.flags]
        self._bytes = [name for name in fields if name not in apart]
        self._apart = [name for name in fields if name in apart]

    def codes(self) -> str:
        """The states as numbers, and what they are."""
        lines = [_comment("The states. A code that pi4_state knows is that code.")]
        lines += [f"#define {name} {code}" for name, code in state_codes(self._spec).items()]
        for kind in (Kind.CHECKPOINT, Kind.WAITING):
            members = " || ".join(f"(s) == {state.name}" for state in self._spec.of_kind(kind))
            lines += ["", f"#define IS_{kind.name}(s) ( \\"]
            lines += [f"    {line} \\" for line in textwrap.wrap(members, WIDTH - 8)]
            lines.append(")")
        return "\n".join(lines)

    def variables(self) -> str:
        """What the client has in memory and on disk."""
        start = self._spec.of_kind(Kind.ENTRY)[0].name
        lines = [
            _comment("In memory: the state, which effect of its step is next, and what a snapshot holds."),
            f"byte state = {start};",
            "byte at = 0;",
            "#define TO_BE_SAVED 99 /* instead of an effect: the snapshot of a checkpoint, on entry */",
            *self._declared(""),
            "",
            _comment("On disk: the newest snapshot, and the one before it. At first there is none."),
        ]
        for prefix in ("disk_", "kept_"):
            lines += [f"byte {prefix}state = {start};", *self._declared(prefix)]
        lines += [f"byte file_{name} = 0; /* in a file of its own */" for name in self._apart]
        lines += [f"byte {name} = 0;" for name in self._apart]
        lines += [
            "",
            _comment("What an effect may say to the process; false between two steps."),
            "bool failed = false; /* do the step again, from its first effect */",
            "bool enough = false; /* go on with the step's last effect */",
            "bool dropped = false; /* the reply answers nothing that is open: wait on */",
        ]
        return "\n".join(lines)

    def _declared(self, prefix: str) -> list[str]:
        return [
            *(f"bit {prefix}{name} = 0;" for name in self._flags),
            *(f"byte {prefix}{name} = 0;" for name in self._bytes),
        ]

    def snapshot(self) -> Iterable[str]:
        """Writing snapshots, losing and loading them."""
        names = ["state", *self._flags, *self._bytes]
        start = self._spec.of_kind(Kind.ENTRY)[0].name
        keep = [f"kept_{name} = disk_{name};" for name in names]
        save = [f"disk_{name} = {name};" for name in names]
        lose = [f"disk_{name} = kept_{name};" for name in names]
        forget = [f"disk_{name} = {start if name == 'state' else 0};" for name in names]
        load = [f"{name} = disk_{name};" for name in names]
        load += [f"{name} = file_{name};" for name in self._apart] + ["at = 0;"]
        same = " && ".join(f"disk_{name} == {name}" for name in names)
        save = [f":: ({same}) -> skip", ":: else ->", *(f"   {line}" for line in _wrapped([*keep, *save]))]
        yield _inline(
            "save_snapshot",
            "The one on disk becomes the one before it; one like that on disk is not written.",
            ["if", *save, "fi"],
        )
        yield _inline("lose_newest_snapshot", "What is left is the one before it.", _wrapped(lose))
        yield _inline("lose_all_snapshots", "As before the first run.", _wrapped(forget))
        yield _inline("load_snapshot", "All that a client knows that has just been started.", _wrapped(load))

    def process(self) -> str:
        """One option for each effect of each state: between any two, anything else may happen."""
        lines = [
            "#define AT(s, n) (RUNNING && state == s && at == n)",
            "",
            _comment(
                "After an effect: go on with the `next` one, or with the `last`, or begin the step again."
            ),
            "inline go_on(next, last) {",
            "  if",
            "  :: failed -> failed = false; at = 0",
            "  :: else ->",
            "     if",
            "     :: enough -> enough = false; at = last",
            "     :: else -> at = next",
            "     fi",
            "  fi",
            "}",
            "",
            "inline enter(s) { state = s; at = 0; STORY_STATE(s) }",
            "inline enter_checkpoint(s) { state = s; at = TO_BE_SAVED; STORY_STATE(s) }",
            "",
            "proctype Client() {",
            "  do",
            "  :: atomic { (RUNNING && POWER_MAY_FAIL) -> power_loss() }",
            "  :: atomic { (RUNNING && at == TO_BE_SAVED) -> save_snapshot(); at = 0; settle() }",
        ]
        for state in self._spec.states:
            lines += ["", _comment(f"{state.name} ({state.kind}): {state.meaning}", "  ")]
            lines += self._waiting(state) if state.kind is Kind.WAITING else self._working(state)
        return "\n".join([*lines, "  od", "}"])

    def _working(self, state: State) -> Iterable[str]:
        effects = [name for name in state.effects if name in self._effects]
        last = max(len(effects) - 1, 0)
        for number, name in enumerate(effects[:-1]):
            yield f"  :: atomic {{ AT({state.name}, {number}) -> {name}(); go_on({number + 1}, {last}); settle() }}"
        yield f"  :: atomic {{ AT({state.name}, {last}) ->"
        if effects:
            yield from self._last_effect(effects[-1], "failed", "failed = false; at = 0", state)
        else:
            yield from self._arrows(state, self._reported(state), " " * 7)
        yield "       settle() }"

    def _last_effect(self, effect: str, unless: str, then: str, state: State) -> Iterable[str]:
        yield f"       {effect}();"
        yield "       if"
        yield f"       :: {unless} -> {then}"
        yield "       :: else ->"
        yield from self._arrows(state, self._reported(state), " " * 10)
        yield "       fi;"

    def _waiting(self, state: State) -> Iterable[str]:
        effect = state.effects[0]
        yield f"  :: atomic {{ (AT({state.name}, 0) && CAN_{effect.upper()}) ->"
        yield from self._last_effect(effect, "dropped", "dropped = false", state)
        yield "       settle() }"
        if state.time_out is not None and self._spec.leaving(state.name, state.time_out.event):
            yield f"  :: atomic {{ (AT({state.name}, 0) && TIMES_OUT_{effect.upper()}) ->"
            yield "       time_out();"
            yield from self._arrows(state, [self._event(state.time_out.event)], " " * 7)
            yield "       settle() }"

    def _reported(self, state: State) -> list[Event]:
        """What the state's step reports, a time-out apart."""
        time_out = state.time_out.event if state.time_out is not None else None
        return [e for e in self._spec.events if state.name in e.raised_in and e.name != time_out]

    def _event(self, name: str) -> Event:
        return next(event for event in self._spec.events if event.name == name)

    def _arrows(self, state: State, events: Iterable[Event], indent: str) -> Iterable[str]:
        yield f"{indent}if"
        for event in events:
            for transition in self._spec.leaving(state.name, event.name):
                yield f"{indent}:: {self._condition(transition)} ->"
                yield from (f"{indent}   {line}" for line in _wrapped(self._actions(transition)))
        yield f"{indent}fi;"

    def _condition(self, t: Transition) -> str:
        literals = [f"REPORTS_{t.event.upper()}"]
        literals += [str(literal.guard) if literal.wanted else f"!{literal.guard}" for literal in t.guard]
        return f"({' && '.join(literals)})"

    def _actions(self, t: Transition) -> Iterable[str]:
        yield from (f"{name} = 1;" for name in t.sets_flags)
        yield from (f"{name} = 0;" for name in t.clears_flags)
        yield from (f"write_{name}();" for name in t.writes)
        yield from (f"{name} = 0;" for name in t.clears)
        yield from (f"file_{name} = {name};" for name in self._apart if name in (*t.writes, *t.clears))
        kind = self._spec.state(t.target).kind
        yield f"{'enter_checkpoint' if kind is Kind.CHECKPOINT else 'enter'}({t.target})"

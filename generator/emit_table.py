"""Emits `docs/state-machine.md`: the machine in tables."""

from collections.abc import Iterable, Sequence

from generator import palette
from generator.spec import Flag, Kind, Spec, State, Transition

HEADER = (
    "<!-- GENERATED from spec/fsm.yaml by `python -m generator`. Do not edit: change the spec instead. -->"
)

_INTRODUCTION = """\
# {title}

![The state machine: states as ellipses, transitions as arrows, with a legend](diagrams/client-fsm.svg)

Green states are checkpoints: on entry a snapshot is written, whole or not at all. Blue states wait for the backend and
write none. A time-out leaves a blue state for the checkpoint whose snapshot is on disk, so that a time-out and a power
loss are one arrow. A step that fails because the attendance machine or Pub/Sub cannot be reached is repeated with
back-off in the same state; that is no transition.

The same machine as [the seed drew it](diagrams/client-fsm-seed.svg), as [DOT](diagrams/client-fsm.dot) and as
[Mermaid](diagrams/client-fsm.mmd).
"""


def emit(spec: Spec) -> str:
    """The page's whole text."""
    sections = [
        f"{HEADER}\n\n{_INTRODUCTION.format(title=spec.title)}",
        _section("States", _states(spec)),
        _section("Events", _events(spec)),
        _section("Transitions", f"{_colours()}\n{_transitions(spec)}"),
        _section("Ours, and why", _ours(spec)),
        _section("Time-outs and intervals", _times(spec)),
        _section("Flags", _flags(spec)),
        _section("Guards", _guards(spec)),
        _section("Snapshot", _fields(spec)),
    ]
    return "\n".join(sections)


def _section(title: str, table: str) -> str:
    return f"## {title}\n\n{table}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines) + "\n"


def _states(spec: Spec) -> str:
    rows = [[f"`{s.name}`", _code(s), _kind(s), s.meaning, _resumes(spec, s)] for s in spec.states]
    return _table(["state", "`pi4_state`", "kind", "meaning", "a power loss in it resumes at"], rows)


def _kind(state: State) -> str:
    return str(state.kind) if state.ours is None else f"{state.kind}, ours"


def _code(state: State) -> str:
    return "" if state.pi4_state is None else str(state.pi4_state)


def _resumes(spec: Spec, state: State) -> str:
    if state.kind is Kind.WAITING:
        return f"`{spec.time_out_target(state)}`"
    if state.kind is Kind.CHECKPOINT:
        return f"`{state.name}`"
    sources = sorted({f"`{t.source}`" for t in spec.transitions if t.target == state.name})
    return ", ".join(sources) if sources else f"`{state.name}`"


def _events(spec: Spec) -> str:
    rows = [[f"`{e.name}`", ", ".join(f"`{name}`" for name in e.raised_in), e.meaning] for e in spec.events]
    return _table(["event", "raised in", "meaning"], rows)


def _colours() -> str:
    meanings = [f"{colour}: {meaning}" for colour, (_, meaning) in palette.ARROWS.items()]
    return f"The arrows are {'; '.join(meanings)}.\n"


def _transitions(spec: Spec) -> str:
    head = ["from", "event", "guard", "to", "arrow", "label", "effects"]
    return _table(head, [_transition(spec, t) for t in spec.transitions])


def _transition(spec: Spec, t: Transition) -> list[str]:
    guard = f"`{t.guard_text}`" if t.guard else ""
    arrow = f"{t.colour}, ours" if t.ours is not None else str(t.colour)
    label = t.label or ""
    return [f"`{t.source}`", f"`{t.event}`", guard, f"`{t.target}`", arrow, label, _effects(spec, t)]


def _effects(spec: Spec, t: Transition) -> str:
    initial = {str(field.name): field.initial for field in spec.fields}
    effects = [f"sets flag `{name}`" for name in t.sets_flags]
    effects += [f"clears flag `{name}`" for name in t.clears_flags]
    effects += [f"writes `{name}`" for name in t.writes]
    effects += [f"clears `{name}`" if initial[name] is None else f"resets `{name}`" for name in t.clears]
    return ", ".join(effects)


def _ours(spec: Spec) -> str:
    rows = [[f"state `{s.name}`", s.ours] for s in spec.states if s.ours is not None]
    rows += [
        [f"`{t.source}` → `{t.target}` on `{t.event}`", t.ours]
        for t in spec.transitions
        if t.ours is not None
    ]
    rows += [[f"snapshot field `{f.name}`", f.ours] for f in spec.fields if f.ours is not None]
    return _table(["not in the seed", "why"], rows)


_BACK_OFF = "While nobody answers, up to twice as long each time, at most the polling interval."


def _times(spec: Spec) -> str:
    rows = []
    for state in spec.of_kind(Kind.WAITING):
        assert state.time_out is not None, "the rules refuse a waiting state without a time-out"
        after = f"{state.time_out.after_s:g} s"
        rows.append([f"`{state.name}`", after, f"time-out: `{state.time_out.event}`. {_BACK_OFF}"])
    rows += [[f"`{i.state}`", f"{i.every_s:g} s", f"interval: {i.name}. {i.meaning}"] for i in spec.intervals]
    return _table(["state", "length", "what"], rows)


def _flags(spec: Spec) -> str:
    rows = [
        [f"`{f.name}`", f"{f.bit} (0x{1 << f.bit:02x})", f.meaning, _setters(spec, f)] for f in spec.flags
    ]
    return _table(["flag", "bit of `sys_flags`", "meaning", "set by"], rows)


def _setters(spec: Spec, flag: Flag) -> str:
    setters = [f"`{t.event}`" for t in spec.transitions if flag.name in t.sets_flags]
    setters += [f"the step of `{name}`" for name in flag.set_by]
    return ", ".join(setters)


def _guards(spec: Spec) -> str:
    return _table(["guard", "meaning"], [[f"`{guard.name}`", guard.meaning] for guard in spec.guards])


def _fields(spec: Spec) -> str:
    rows = [
        [
            f"`{f.name}`",
            f.type,
            "`null`" if f.initial is None else f"`{f.initial}`",
            f.meaning,
            _whose(f.ours),
        ]
        for f in spec.fields
    ]
    return _table(["field", "type", "initially", "meaning", "whose"], rows)


def _whose(ours: str | None) -> str:
    return "the seed's" if ours is None else "ours"

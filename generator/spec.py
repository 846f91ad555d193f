"""The state machine as frozen dataclasses, each with the line it was written on."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import product
from typing import Any

from generator.document import Document, Name


class Kind(StrEnum):
    """What a state is, which decides whether a snapshot is written and how the state is drawn."""

    ENTRY = "entry"
    CHECKPOINT = "checkpoint"
    WAITING = "waiting"
    SLEEP = "sleep"


class Colour(StrEnum):
    """The arrows of the seed's picture."""

    TEAL = "teal"
    GRAY = "gray"
    ORANGE = "orange"
    RED = "red"


@dataclass(frozen=True, slots=True)
class TimeOut:
    """After `after_s` seconds without an answer the state reports `event`."""

    after_s: float
    event: Name
    line: int


@dataclass(frozen=True, slots=True)
class State:
    """A state. `pi4_state` is its code in the snapshot, `at` its place in the picture (pixels, y down).

    `effects` is what its step does to the world, in order; `ours` says why it is there although the seed does not
    have it.
    """

    name: Name
    kind: Kind
    pi4_state: int | None
    meaning: str
    ours: str | None
    effects: tuple[Name, ...]
    time_out: TimeOut | None
    at: tuple[float, float]
    line: int
    pi4_state_line: int


@dataclass(frozen=True, slots=True)
class Effect:
    """Something a step does to the world; `when` names the option that it needs, None if it is always done."""

    name: Name
    meaning: str
    when: str | None
    line: int


@dataclass(frozen=True, slots=True)
class Interval:
    """How long the client stays in `state` for time to pass."""

    name: Name
    state: Name
    every_s: float
    meaning: str
    line: int


@dataclass(frozen=True, slots=True)
class Flag:
    """A bit of `sys_flags`. The steps of `set_by` set and clear it, beside the transitions."""

    name: Name
    bit: int
    meaning: str
    set_by: tuple[Name, ...]
    line: int
    bit_line: int

    @property
    def setter(self) -> str:
        """The model's method that sets it."""
        return f"set_{self.name}"

    @property
    def clearer(self) -> str:
        """The model's method that clears it."""
        return f"clear_{self.name}"


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the snapshot. `ours` says why it is there although the seed does not have it."""

    name: Name
    type: str
    initial: int | str | None
    meaning: str
    ours: str | None
    line: int


@dataclass(frozen=True, slots=True)
class Guard:
    """A condition on transitions. `flag` is the flag it reads, if it reads one."""

    name: Name
    flag: Name | None
    meaning: str
    line: int


@dataclass(frozen=True, slots=True)
class Event:
    """What a step may report, and the states whose steps may report it."""

    name: Name
    raised_in: tuple[Name, ...]
    meaning: str
    line: int


@dataclass(frozen=True, slots=True)
class Literal:
    """A guard, or its contrary."""

    guard: Name
    wanted: bool

    def __str__(self) -> str:
        return self.guard if self.wanted else f"not {self.guard}"


@dataclass(frozen=True, slots=True)
class Drawn:
    """Where an arrow leaves and enters (points of the compass), pulled towards the points of `via`."""

    leaves: str
    enters: str
    via: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Transition:
    """An arrow: `event` in `source` leads to `target` if every literal of `guard` holds."""

    event: Name
    source: Name
    target: Name
    guard: tuple[Literal, ...]
    colour: Colour
    label: str | None
    ours: str | None
    sets_flags: tuple[Name, ...]
    clears_flags: tuple[Name, ...]
    writes: tuple[Name, ...]
    clears: tuple[Name, ...]
    drawn: Drawn | None
    label_at: tuple[float, float] | None
    line: int

    @property
    def guard_text(self) -> str:
        """The guard as python-statemachine reads it; empty if there is none."""
        return " and ".join(str(literal) for literal in self.guard)

    def allows(self, valuation: Mapping[str, bool]) -> bool:
        """Whether the guard holds, given the truth of each guard's name."""
        return all(valuation[literal.guard] == literal.wanted for literal in self.guard)


@dataclass(frozen=True, slots=True)
class Spec:
    """The whole machine, in the order it was written."""

    file: str
    title: str
    states: tuple[State, ...]
    effects: tuple[Effect, ...]
    intervals: tuple[Interval, ...]
    flags: tuple[Flag, ...]
    fields: tuple[Field, ...]
    guards: tuple[Guard, ...]
    events: tuple[Event, ...]
    transitions: tuple[Transition, ...]
    section_lines: Mapping[str, int]

    def state(self, name: str) -> State:
        """The state of this name; `KeyError` if there is none."""
        return {str(state.name): state for state in self.states}[name]

    def interval(self, name: str) -> Interval:
        """The interval of this name; `KeyError` if there is none."""
        return {str(interval.name): interval for interval in self.intervals}[name]

    def of_kind(self, kind: Kind) -> tuple[State, ...]:
        return tuple(state for state in self.states if state.kind is kind)

    def leaving(self, state: str, event: str | None = None) -> tuple[Transition, ...]:
        """The transitions out of a state, of one event if it is given."""
        return tuple(t for t in self.transitions if t.source == state and event in (None, t.event))

    def time_out_target(self, state: State) -> Name | None:
        """Where a waiting state goes when nothing was answered; None if it has no such transition."""
        if state.time_out is None:
            return None
        targets = [t.target for t in self.leaving(state.name, state.time_out.event)]
        return targets[0] if targets else None


def valuations(names: set[str]) -> list[dict[str, bool]]:
    """Every way in which guards of these names can be true or false."""
    ordered = sorted(names)
    return [dict(zip(ordered, values, strict=True)) for values in product((False, True), repeat=len(ordered))]


def build(document: Document) -> Spec:
    """The dataclasses of a document that the JSON Schema has accepted."""
    return _Builder(document).spec()


class _Builder:
    def __init__(self, document: Document) -> None:
        self._document = document
        self._data: dict[str, Any] = document.data

    def spec(self) -> Spec:
        return Spec(
            file=self._document.file,
            title=self._data["title"],
            states=tuple(self._state(name) for name in self._data["states"]),
            effects=tuple(self._effect(name) for name in self._data["effects"]),
            intervals=tuple(self._interval(name) for name in self._data["intervals"]),
            flags=tuple(self._flag(name) for name in self._data["flags"]),
            fields=tuple(self._field(name) for name in self._data["snapshot"]),
            guards=tuple(self._guard(name) for name in self._data["guards"]),
            events=tuple(self._event(name) for name in self._data["events"]),
            transitions=tuple(self._transition(index) for index in range(len(self._data["transitions"]))),
            section_lines={section: self._document.line(section) for section in self._data},
        )

    def _state(self, key: str) -> State:
        data = self._data["states"][key]
        time_out = data.get("time_out")
        return State(
            kind=Kind(data["kind"]),
            pi4_state=data.get("pi4_state"),
            ours=data.get("ours"),
            effects=self._names("states", key, "effects"),
            time_out=None
            if time_out is None
            else TimeOut(
                after_s=time_out["after_s"],
                event=self._name("states", key, "time_out", "event"),
                line=self._document.line("states", key, "time_out"),
            ),
            at=_point(data["at"]),
            pi4_state_line=self._document.line("states", key, "pi4_state"),
            **self._of("states", key),
        )

    def _of(self, section: str, key: str) -> dict[str, Any]:
        """What everything that is named in the spec has: its name, its meaning and its line."""
        meaning, line = self._at(section, key, "meaning"), self._document.line(section, key)
        return {"name": self._key(section, key), "meaning": meaning, "line": line}

    def _effect(self, key: str) -> Effect:
        return Effect(when=self._at("effects", key, "when"), **self._of("effects", key))

    def _interval(self, key: str) -> Interval:
        return Interval(
            state=self._name("intervals", key, "state"),
            every_s=self._at("intervals", key, "every_s"),
            **self._of("intervals", key),
        )

    def _flag(self, key: str) -> Flag:
        return Flag(
            bit=self._at("flags", key, "bit"),
            set_by=self._names("flags", key, "set_by"),
            bit_line=self._document.line("flags", key, "bit"),
            **self._of("flags", key),
        )

    def _field(self, key: str) -> Field:
        data = self._data["snapshot"][key]
        return Field(
            type=data["type"],
            initial=data["initial"],
            ours=data.get("ours"),
            **self._of("snapshot", key),
        )

    def _guard(self, key: str) -> Guard:
        flag = self._name("guards", key, "flag") if "flag" in self._data["guards"][key] else None
        return Guard(flag=flag, **self._of("guards", key))

    def _event(self, key: str) -> Event:
        return Event(raised_in=self._names("events", key, "raised_in"), **self._of("events", key))

    def _transition(self, index: int) -> Transition:
        path = ("transitions", index)
        data = self._data["transitions"][index]
        return Transition(
            event=self._name(*path, "event"),
            source=self._name(*path, "from"),
            target=self._name(*path, "to"),
            guard=self._literals(*path, "guard") if "guard" in data else (),
            colour=Colour(data["colour"]),
            label=data.get("label"),
            ours=data.get("ours"),
            sets_flags=self._names(*path, "sets_flags"),
            clears_flags=self._names(*path, "clears_flags"),
            writes=self._names(*path, "writes"),
            clears=self._names(*path, "clears"),
            drawn=_drawn(data["drawn"]) if "drawn" in data else None,
            label_at=_point(data["label_at"]) if "label_at" in data else None,
            line=self._document.line(*path),
        )

    def _literals(self, *path: str | int) -> tuple[Literal, ...]:
        line = self._document.line(*path)
        return tuple(
            Literal(guard=Name(part.removeprefix("not ").strip(), line), wanted=not part.startswith("not "))
            for part in self._at(*path).split(" and ")
        )

    def _key(self, *path: str | int) -> Name:
        return Name(str(path[-1]), self._document.line(*path))

    def _name(self, *path: str | int) -> Name:
        return Name(self._at(*path), self._document.line(*path))

    def _names(self, *path: str | int) -> tuple[Name, ...]:
        return tuple(
            Name(text, self._document.line(*path, index))
            for index, text in enumerate(self._at(*path, default=[]))
        )

    def _at(self, *path: str | int, default: Any = None) -> Any:
        node: Any = self._data
        for step in path[:-1]:
            node = node[step]
        return node.get(path[-1], default)


def _point(pair: list[float]) -> tuple[float, float]:
    x, y = pair
    return (x, y)


def _drawn(data: dict[str, Any]) -> Drawn:
    return Drawn(data["leaves"], data["enters"], tuple(_point(pair) for pair in data.get("via", [])))

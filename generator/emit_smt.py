"""Emits the client as a step relation, for the solver Z3: what a step needs, and what it changes.

Everything that is state machine comes from the spec, as in `emit_promela`: states, transitions, the effects' order,
what a snapshot holds and when it is written, a power loss between any two effects. Nothing is unrolled and nothing is
bounded: a step is a guard and the values after it, both terms over the values before it and over constants that `Pick`
makes (what the world chooses). Everything that is world is a `World`; the product's stands in `spec/proof`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import z3

from generator.emit_promela import KEPT_OTHERWISE, state_codes
from generator.errors import Finding, SpecError
from generator.spec import Kind, Spec, State, Transition

NONE = 0
"""No period, no sheet, no time: what a cleared snapshot field holds."""

TO_BE_SAVED = 99
"""Instead of an effect's number: the snapshot of a checkpoint is written next."""

MEMORY, NEWEST, KEPT = "", "disk_", "kept_"
"""How the names of a snapshot's values begin: in memory; in the newest snapshot; in the one before it."""

COPIES = (MEMORY, NEWEST, KEPT)

Values = dict[str, z3.ExprRef]
"""A state: a term for each variable. A name that begins with an underscore is scratch, and does not outlive a step."""

Pick = Callable[[str, z3.SortRef], z3.ExprRef]
"""A fresh constant: something that the world chooses."""

Condition = Callable[[Values], z3.BoolRef]
Change = Callable[[Values], Values]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an effect may do: where `when` holds, the values of `sets` change.

    Attributes:
        told: which of the effect's outcomes this is, in a few words.
        verdict: "done"; "failed": the step is done again; "next": so it is, with another machine; "enough": on with its
            last effect; "dropped": wait on.
    """

    told: str = ""
    when: z3.BoolRef = field(default_factory=lambda: z3.BoolVal(True))
    sets: Values = field(default_factory=dict)
    verdict: str = "done"


Effect = Callable[[Values, Pick], Sequence[Outcome]]


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the client or of the world.

    Attributes:
        state: of the client, where it is the client's.
        effect: what it carries out; for the client's own "save_snapshot", "power_loss" or "time_out" as well.
        event: what it reports, if it is a state's last.
    """

    name: str
    guard: z3.BoolRef
    after: Values
    state: str = ""
    effect: str = ""
    event: str = ""
    target: str = ""


class World(Protocol):
    """What the emitter asks of the world around the client.

    Attributes:
        effects: what each effect may do.
        reports: when the step, at its end, reports an event; those of time-outs are not asked for.
        guards: what a guard says, unless it is a flag.
        writes: what a transition gives to a snapshot field.
        torn_snapshots: whether a power loss may tear the newest snapshot.
        lost_snapshots: whether it may take both.
    """

    effects: Mapping[str, Effect]
    reports: Mapping[str, Condition]
    guards: Mapping[str, Condition]
    writes: Mapping[str, Change]
    torn_snapshots: bool
    lost_snapshots: bool

    def variables(self) -> Mapping[str, z3.SortRef]:
        """The world's own variables, beside those of the snapshot."""

    def variables_of(self, name: str) -> Sequence[str]:
        """The variables, of integers, that hold a snapshot field."""

    def initially(self, s: Values) -> Sequence[z3.BoolRef]:
        """What holds of the world's own variables before the first step."""

    def time_out(self, s: Values, pick: Pick) -> Values:
        """What a time-out changes beside its transition."""

    def after_start(self, s: Values, pick: Pick) -> Iterator[Outcome]:
        """What a client may do that has just loaded the snapshot."""

    def environment(self, s: Values, pick: Pick) -> Iterator[Step]:
        """What happens by itself."""


@dataclass(frozen=True, slots=True)
class Codes:
    """The states as numbers, and what is asked of such a number."""

    of: Mapping[str, int]
    entry: int
    checkpoints: tuple[str, ...]

    @classmethod
    def in_spec(cls, spec: Spec) -> "Codes":
        """The numbers that the Promela process has as well."""
        codes = state_codes(spec)
        checkpoints = tuple(str(state.name) for state in spec.of_kind(Kind.CHECKPOINT))
        return cls(codes, codes[str(spec.of_kind(Kind.ENTRY)[0].name)], checkpoints)

    def one_of(self, term: z3.ExprRef, *names: str) -> z3.BoolRef:
        """Whether the term is one of these states."""
        return z3.Or([term == self.of[name] for name in names])

    def is_checkpoint(self, term: z3.ExprRef) -> z3.BoolRef:
        """Whether the term is a state on whose entry a snapshot is written."""
        return self.one_of(term, *self.checkpoints)


class Relation:
    """The client's steps and its world's.

    Args:
        options: which effects that need an option are part of the client.

    Raises:
        SpecError: the world lacks something that the spec names.
    """

    def __init__(self, spec: Spec, world: World, options: frozenset[str] = frozenset()) -> None:
        self.spec, self.world = spec, world
        self.codes = Codes.in_spec(spec)
        self.flags = [str(flag.name) for flag in spec.flags]
        self._effects = {str(e.name) for e in spec.effects if e.when is None or e.when in options}
        self._fields = [str(f.name) for f in spec.fields if f.name not in KEPT_OTHERWISE]
        self._picks = 0
        if findings := list(_lacking(spec, world)):
            raise SpecError(spec.file, findings)
        self._held = ["state", *self.flags, *(v for name in self._fields for v in world.variables_of(name))]

    def variables(self) -> dict[str, z3.SortRef]:
        of_snapshot = {name: z3.BoolSort() if name in self.flags else z3.IntSort() for name in self._held}
        copies = {prefix + name: sort for prefix in COPIES for name, sort in of_snapshot.items()}
        return {"at": z3.IntSort(), **copies, **self.world.variables()}

    def values(self, suffix: str = "") -> Values:
        """A constant for each variable, named as it is, with a suffix."""
        return {name: z3.Const(name + suffix, sort) for name, sort in self.variables().items()}

    def initially(self, s: Values) -> list[z3.BoolRef]:
        """What holds before the first step: nothing was ever written, nothing was ever done."""
        nothing = self._nothing()
        copies = [s[prefix + name] == value for prefix in COPIES for name, value in nothing.items()]
        return [s["at"] == 0, *copies, *self.world.initially(s)]

    def steps(self, s: Values) -> Iterator[Step]:
        """Every step that may be taken next. An outcome and an event that contradict each other make none."""
        yield self._save(s)
        yield from filter(_possible, self._power_losses(s))
        for state in self.spec.states:
            yield from filter(_possible, self._of_state(state, s))
        yield from self.world.environment(s, self._pick)

    def _pick(self, name: str, sort: z3.SortRef) -> z3.ExprRef:
        self._picks += 1
        return z3.Const(f"{name}!{self._picks}", sort)

    def _nothing(self) -> Values:
        """What a snapshot holds that was never written."""
        flags = {name: z3.BoolVal(False) for name in self.flags}
        numbers = {name: z3.IntVal(NONE) for name in self._held if name not in self.flags}
        return {**numbers, **flags, "state": z3.IntVal(self.codes.entry)}

    def _save(self, s: Values) -> Step:
        """The newest snapshot becomes the one before it; so does the first one after a start, whatever it says."""
        kept = {KEPT + name: s[NEWEST + name] for name in self._held}
        newest = {NEWEST + name: s[name] for name in self._held}
        after = {**s, **kept, **newest, "at": z3.IntVal(0)}
        return Step("save snapshot", s["at"] == TO_BE_SAVED, after, effect="save_snapshot")

    def _power_losses(self, s: Values) -> Iterator[Step]:
        losses: list[tuple[str, Values]] = [("power loss", {})]
        if self.world.torn_snapshots:
            torn = {NEWEST + name: s[KEPT + name] for name in self._held}
            losses.append(("power loss, newest snapshot torn", torn))
        if self.world.lost_snapshots:
            nothing = self._nothing()
            gone = {prefix + name: nothing[name] for prefix in (NEWEST, KEPT) for name in self._held}
            losses.append(("power loss, snapshots lost", gone))
        for told, sets in losses:
            left = {**s, **sets}
            loaded = {**left, **{name: left[NEWEST + name] for name in self._held}, "at": z3.IntVal(0)}
            for outcome in self.world.after_start(loaded, self._pick):
                after = {**loaded, **outcome.sets}
                yield Step(told + outcome.told, outcome.when, after, effect="power_loss")

    def _of_state(self, state: State, s: Values) -> Iterator[Step]:
        effects = [str(name) for name in state.effects if str(name) in self._effects]
        last = max(len(effects) - 1, 0)
        here = s["state"] == self.codes.of[str(state.name)]
        for number, effect in enumerate(effects or [""]):
            outcomes = self.world.effects[effect](s, self._pick) if effect else [Outcome()]
            for outcome in outcomes:
                name = f"{state.name}[{number}] {effect}{outcome.told and ': ' + outcome.told}"
                guard = z3.And(here, s["at"] == number, outcome.when)
                step = Step(name, guard, {**s, **outcome.sets}, str(state.name), effect)
                if number == last and outcome.verdict in ("done", "enough"):
                    yield from self._arrows(step, state, self._reported(state))
                else:
                    goes_on = {"dropped": number, "done": number + 1, "enough": last}
                    yield _with(step, {"at": z3.IntVal(goes_on.get(outcome.verdict, 0))})
        if state.time_out is not None:
            after = {**s, **self.world.time_out(s, self._pick)}
            step = Step(
                f"{state.name} time-out", z3.And(here, s["at"] == 0), after, str(state.name), "time_out"
            )
            yield from self._arrows(step, state, [str(state.time_out.event)])

    def _reported(self, state: State) -> list[str]:
        """What the state's step reports, a time-out apart."""
        time_out = state.time_out.event if state.time_out is not None else None
        return [str(e.name) for e in self.spec.events if state.name in e.raised_in and e.name != time_out]

    def _arrows(self, step: Step, state: State, events: Sequence[str]) -> Iterator[Step]:
        """The step, with each transition that it may end in."""
        s = step.after
        always: Condition = lambda _: z3.BoolVal(True)  # noqa: E731 - what a time-out reports, it reports
        for event in events:
            reports = always if step.effect == "time_out" else self.world.reports[event]
            for t in self.spec.leaving(str(state.name), event):
                literals = [self._literal(s, str(x.guard), wanted=x.wanted) for x in t.guard]
                guard = z3.And(step.guard, reports(s), *literals)
                name = f"{step.name} -> {event} -> {t.target}"
                arrow = Step(name, guard, s, step.state, step.effect, event, str(t.target))
                yield _with(arrow, {**self._set_by(state), **self._actions(t, s)})

    def _set_by(self, state: State) -> Values:
        """The flags that the state's step sets and clears as it likes."""
        names = [str(flag.name) for flag in self.spec.flags if state.name in flag.set_by]
        return {name: self._pick(name, z3.BoolSort()) for name in names}

    def _literal(self, s: Values, guard: str, *, wanted: bool) -> z3.BoolRef:
        term = s[guard] if guard in self.flags else self.world.guards[guard](s)
        return term if wanted else z3.Not(term)

    def _actions(self, t: Transition, s: Values) -> Values:
        sets: Values = {str(name): z3.BoolVal(True) for name in t.sets_flags}
        sets |= {str(name): z3.BoolVal(False) for name in t.clears_flags}
        for name in t.writes:
            sets |= self.world.writes[str(name)](s)
        for name in t.clears:
            sets |= {variable: z3.IntVal(NONE) for variable in self.world.variables_of(str(name))}
        kind = self.spec.state(str(t.target)).kind
        sets["state"] = z3.IntVal(self.codes.of[str(t.target)])
        sets["at"] = z3.IntVal(TO_BE_SAVED if kind is Kind.CHECKPOINT else 0)
        return sets


def _with(step: Step, sets: Values) -> Step:
    """The step, finished: what it changes besides, and without scratch."""
    after = {name: term for name, term in {**step.after, **sets}.items() if not name.startswith("_")}
    return Step(step.name, z3.simplify(step.guard), after, step.state, step.effect, step.event, step.target)


def _possible(step: Step) -> bool:
    """Whether the step's guard does not contradict itself."""
    solver = z3.Solver()
    solver.add(step.guard)
    return bool(solver.check() != z3.unsat)


def _lacking(spec: Spec, world: World) -> Iterator[Finding]:
    """What the spec names and the world says nothing about."""

    def finding(line: int, kind: str, name: str, way_out: str) -> Finding:
        return Finding(line, f"the proof's world does not know the {kind} '{name}'; {way_out}")

    for effect in spec.effects:
        if effect.name not in world.effects:
            yield finding(effect.line, "effect", effect.name, "add it to EFFECTS in spec/proof/effects.py")
    time_outs = {str(state.time_out.event) for state in spec.states if state.time_out is not None}
    for event in spec.events:
        if event.name not in world.reports and event.name not in time_outs:
            yield finding(event.line, "event", event.name, "add it to REPORTS in spec/proof/effects.py")
    for guard in spec.guards:
        if guard.flag is None and guard.name not in world.guards:
            yield finding(guard.line, "guard", guard.name, "add it to GUARDS in spec/proof/effects.py")
    for snapshot_field in spec.fields:
        name = snapshot_field.name
        if name not in KEPT_OTHERWISE and name not in world.writes:
            yield finding(
                snapshot_field.line, "snapshot field", name, "add it to WRITES in spec/proof/effects.py"
            )

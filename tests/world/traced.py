"""Is what the real client does allowed by the relation that is proved (docs/formal.md)?

A world is looked at wherever an effect begins, a transition is taken, a step ends and a client starts, as far as one
punch p is concerned. The solver is asked whether the relation has steps that lead from each look to the next, with the
world's own in between. What cannot be seen is left open: the copy of the snapshot, what the final read of the machine
found. A step that the relation does not have is a bug in the client or in the relation.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import z3

from attendance_client.fsm.generated import PI4_STATE, RESUME_AT, StateId
from attendance_client.fsm.session import Session
from attendance_contracts import (
    LastStoredTimestamp,
    Message,
    Outcome,
    Signer,
    StoreAttendRecords,
    business_day,
    decode_topic,
)
from generator.emit_smt import NONE, Codes, Relation, Step, Values
from generator.load import load
from generator.proof.prover import few_names
from spec.proof.vocabulary import COUNTS, DAY, Assumed
from spec.proof.world import World as ProvedWorld
from tests.world.backend import MemoryBackend
from tests.world.edges import Edge
from tests.world.observed import ObservedWorld
from tests.world.world import DAY_BOUNDARY

FILE = Path(__file__).resolve().parents[2] / "spec" / "fsm.yaml"
PERIODS = 5
"""At most so many are published in a traced world; names are 1 and on, 0 is none."""

WITH_SHEET = (
    StateId.RELAY_ATTENDANCE_RECORDS,
    StateId.AWAIT_LAST_STORED_TIMESTAMP,
    StateId.REVIEW_PERIOD_EXPIRED,
)
WORLDS_OWN = (
    *("on_machine", "punched", "fresh", "rows", "version", "replies", "stored"),
    *("home", "busy", "at_sheet", "for_request", "saw_version", "saw_p"),
)

Look = dict[str, Any]


class NotAllowed(AssertionError):  # noqa: N818 - a finding of the tests
    """The relation has no such steps; the message has the step and what differs between both looks."""


def number(name: str | None) -> int:
    """A period's, or a sheet's: "Period 00 2026" and its sheet are 1."""
    return NONE if name is None else int(name.split("Period ")[1][:2]) + 1


@dataclass(frozen=True)
class Punch:
    """The punch that is followed."""

    identity: str
    day: int


class Relator:
    """Asks the solver; remembers what it was asked before, and which steps it found."""

    def __init__(self, *, clearing: bool) -> None:
        spec = load(FILE)
        self.clearing = clearing
        self.codes = Codes.in_spec(spec)
        options = frozenset({"clearing"} if clearing else ())
        self.effects = {
            str(state.name): [
                str(name)
                for name in state.effects
                if clearing or next(e.when for e in spec.effects if e.name == name) is None
            ]
            for state in spec.states
        }
        world = ProvedWorld(self.codes, Assumed())
        self._relation = Relation(spec, world, options)
        self._values = self._relation.values()
        self.steps = [s for s in self._relation.steps(self._values) if s.effect != "environment"]
        # Quantifiers are read as "for the few names that there are".
        self._guards = {step.name: few_names(step.guard, PERIODS) for step in self.steps}
        self._changes = {
            step.name: {name: x for name, x in step.after.items() if not x.eq(self._values[name])}
            for step in self.steps
        }
        self.taken: Counter[str] = Counter()
        self._known: dict[object, tuple[str, ...] | None] = {}

    def never_taken(self) -> list[str]:
        """Steps of the client that no run was found to take."""
        return [step.name for step in self.steps if step.name not in self.taken]

    def of(self, *states: str) -> list[Step]:
        """The client's steps in these states."""
        return [step for step in self.steps if step.state in states]

    def named(self, start: str) -> list[Step]:
        """Those whose name begins so."""
        return [step for step in self.steps if step.name.startswith(start)]

    def leads(
        self, facts: Sequence[z3.BoolRef], before: Look, chain: Sequence[list[Step]], after: Look
    ) -> bool:
        """Whether steps lead from one look to the other: of each list in the chain one, or none."""
        names = tuple(tuple(step.name for step in steps) for steps in chain)
        question = (str(facts), _frozen(before), names, _frozen(after))
        if question not in self._known:
            self._known[question] = self._way(facts, before, chain, after)
        way = self._known[question]
        self.taken.update(way or ())
        return way is not None

    def _way(
        self, facts: Sequence[z3.BoolRef], before: Look, chain: Sequence[list[Step]], after: Look
    ) -> tuple[str, ...] | None:
        solver = z3.Solver()
        solver.set("timeout", 60_000)

        solver.add(*facts)
        s = _known(self._relation.values("#0"), before)
        solver.add(*_seen(s, before))
        chosen = []
        for place, steps in enumerate(chain):
            s = self._world_moves(solver, s, f"#{place}w")
            pairs = [(self._values[name], s[name]) for name in s]
            moving = {name for step in steps for name in self._changes[step.name]}
            t = {**s, **{name: z3.Const(f"{name}#{place + 1}", s[name].sort()) for name in moving}}
            choice = z3.Int(f"choice#{place}")
            chosen.append(choice)
            cases = [z3.And(choice == -1, *(t[name] == s[name] for name in moving))]
            for index, step in enumerate(steps):
                guard = z3.simplify(z3.substitute(self._guards[step.name], *pairs))
                if z3.is_false(guard):
                    continue
                changes = self._changes[step.name]
                sets = {
                    **{x: s[x] for x in moving},
                    **{x: z3.substitute(y, *pairs) for x, y in changes.items()},
                }
                cases.append(z3.And(choice == index, guard, *(t[x] == y for x, y in sets.items())))
            solver.add(z3.Or(cases))
            s = t
        s = self._world_moves(solver, s, "#end")
        solver.add(*_seen(s, after))
        if solver.check() != z3.sat:
            return None
        model = solver.model()
        places = [model.eval(choice, model_completion=True).as_long() for choice in chosen]
        return tuple(chain[place][index].name for place, index in enumerate(places) if index >= 0)

    def _world_moves(self, solver: z3.Solver, s: Values, suffix: str) -> Values:
        """Any number of the world's own steps: rows and replies only come, and only of what was asked."""
        t = {**s, **{name: z3.Const(name + suffix, s[name].sort()) for name in WORLDS_OWN}}
        solver.add(z3.Or(t["home"] == s["home"], s["home"] == NONE))
        for n in range(PERIODS + 1):
            before, after = s["rows"][n], t["rows"][n]
            requested = z3.And(t["home"] == n, z3.Or([s["requests"][hint] for hint in range(PERIODS + 1)]))
            solver.add(after >= before, z3.Or(after == before, requested))
            in_sheet = z3.Or([z3.And(t["home"] == k, t["rows"][k] >= 1) for k in range(1, PERIODS + 1)])
            solver.add(z3.Implies(s["replies"][n], t["replies"][n]), z3.Implies(t["replies"][n], in_sheet))
            solver.add(z3.Implies(t["replies"][n], s["requests"][n]))
        return t


def _known(s: Values, look: Look) -> Values:
    """The values with what was seen of numbers and truths in the constants' place."""
    plain = {name: value for name, value in look.items() if not isinstance(value, dict | frozenset)}
    literals = {
        name: z3.BoolVal(value) if isinstance(value, bool) else z3.IntVal(value)
        for name, value in plain.items()
    }
    return {**s, **literals}


def _frozen(look: Look) -> object:
    return tuple((name, tuple(sorted(v.items())) if isinstance(v, dict) else v) for name, v in look.items())


def _seen(s: Values, look: Look) -> list[z3.BoolRef]:
    """The look as conditions; sets are whole, of tables the entries that were seen."""
    found = []
    for name, value in look.items():
        if isinstance(value, frozenset):
            found += [s[name][key] == (key in value) for key in range(PERIODS + 1)]
        elif isinstance(value, dict):
            found += [s[name][key] == v for key, v in value.items()]
        else:
            found.append(s[name] == value)
    return found


RELATORS: list[Relator] = []
"""Those whose steps are told of at the end of a run."""


class TracedWorld(ObservedWorld):
    """A world whose client is held against the relation while `follow` follows a punch.

    Raises NotAllowed out of `step`.
    """

    backend: MemoryBackend

    def __init__(self, backend: MemoryBackend, *, relator: Relator, **options: Any) -> None:
        super().__init__(backend, **options)
        self._relator = relator
        self.punch: Punch | None = None
        self._requests: set[int] = set()
        self._look: Look | None = None
        self._state = ""
        self._losses = 0
        self.checked = 0
        self.power.begins = self._begins
        published = self.network.publish

        def publish(message: Message, signer: Signer | None = None) -> None:
            match message:
                case StoreAttendRecords(sheet_id=sheet, records=records) if self.punch is not None:
                    if self.punch.identity in {record.identity for record in records}:
                        self._requests.add(number(sheet))
            published(message, signer)

        self.network.publish = publish

    def follow(self) -> None:
        """Follow the punch that was recorded last, from now on."""
        identity = self.machine._identities[-1]
        day = business_day(self.machine.recorded[identity], DAY_BOUNDARY).toordinal()
        self.punch, self._requests, self._look = Punch(identity, day), set(), None

    @property
    def stored(self) -> bool:
        """Whether the punch that is followed is known to be in its sheet."""
        return self.punch is not None and self.punch.identity in self.confirmed()

    def step(self) -> None:
        if self.punch and self.client and self._look is None:
            self._look, self._losses = self._see(0), self._power_losses
            self._state = str(self.state)
        super().step()
        if self._look is None or self.client is None:
            return
        now = self._see(0)
        if self._losses != self._power_losses:
            losses = (self._power_losses - self._losses) * [self._relator.named("power")]
            self._check(now, [*self._rest_of_step(), self._relator.named("save"), *losses])
            self._losses = self._power_losses
        elif self._edge is None:  # the step failed, and is done again
            self._check(now, self._rest_of_step())
        else:
            self._check(now, [self._relator.named("save")])
        self._state = str(self.state)

    @property
    def _power_losses(self) -> int:
        return self.happened["power lost"] + self.happened["service restarted"]

    def _begins(self, effect: str) -> None:
        """An effect of the step begins: all that came before is done."""
        effects = self._relator.effects.get(self._state, [])
        if self._look is None or self._runner is None or effect not in effects:
            return
        at = effects.index(effect)
        steps = [step for step in self._relator.of(self._state) if not step.event]
        ahead = at - self._look["at"]
        # With the next machine, or after a failure, the effects begin anew.
        most = ahead if ahead > 0 else max(1, ahead + len(effects))
        self._check(self._see(at), (most + self._out_of_reach) * [steps])

    def _crossed(self, edge: Edge, session: Session) -> None:
        super()._crossed(edge, session)
        if self._look is not None:
            self._check(self._see(None), self._rest_of_step())

    def _rest_of_step(self) -> list[list[Step]]:
        """The effects that are left; none if the transition was taken."""
        assert self._look is not None
        if "at" not in self._look:
            return []
        left = len(self._relator.effects[self._state]) - self._look["at"]
        return (max(left, 1) + self._out_of_reach) * [self._relator.of(self._state)]

    @property
    def _out_of_reach(self) -> int:
        """Steps that nothing is seen of: to a machine that is not reached, and on to the end."""
        return 2 * (len(self.machines) - 1)

    def _check(self, now: Look, chain: Sequence[list[Step]]) -> None:
        assert self._look is not None
        assert self.punch is not None
        before, self._look = self._look, now
        if before == now:
            return
        self.checked += 1
        at = self.recorded[self.punch.identity]
        facts = [self.punch.day == DAY, z3.Not(COUNTS) if self.is_before_first_day(at) else COUNTS]
        if not self._relator.leads(facts, before, chain, now):
            differs = {name: (before.get(name), now[name]) for name in now if before.get(name) != now[name]}
            raise NotAllowed(
                f"in {self._state} the relation has no way to these changes (before, after): {differs}"
            )

    def _see(self, at: int | None) -> Look:
        """What is to be seen of the state; `at`: which effect is next, None: a transition was just taken."""
        assert self.client is not None
        assert self.punch is not None
        session, saved, identity = self.client.session, self.snapshots.current, self.punch.identity
        look: Look = {"state": self._relator.codes.of[str(session.current)]}
        if at is not None:
            look["at"] = at
        look["disk_state"] = self._relator.codes.entry
        if saved is not None:
            look["disk_state"] = saved.pi4_state
            assert RESUME_AT[saved.pi4_state] in PI4_STATE
        look |= _fields("", session) | _fields("disk_", saved)
        if session.current in WITH_SHEET:
            look["expired"] = session.period_expired
        confirmed = self.confirmed().get(identity)
        home = self.home(self.recorded[identity])
        answer = self._ledger._ask("SELECT answer FROM punches WHERE identity = ?", (identity,))
        answered = answer[0][0] if answer else None
        look |= {"known": identity in self.taken(), "confirmed": confirmed is not None}
        look |= {"home": number(home.name) if home else NONE, "answered": answered is not None}
        look["outside"] = answered == Outcome.BEFORE_FIRST_DAY
        if confirmed is not None:
            look["confirmed_in"] = number(confirmed)
        look |= {"on_machine": identity in self.on_machines(), "requests": frozenset(self._requests)}
        rows = Counter(number(row.sheet) for row in self.backend.rows() if row.identity == identity)
        look["rows"] = {name: rows[name] for name in range(PERIODS + 1)}
        replies = (decode_topic(e.topic, e.data, e.attributes) for e in self.network.replies)
        confirming = (r for r in replies if isinstance(r, LastStoredTimestamp) and identity in r.confirmed)
        look["replies"] = frozenset(number(r.sheet_id) for r in confirming)
        return look | self._asked(session)

    def _asked(self, session: Session) -> Look:
        request = session.request
        waits = session.current is StateId.AWAIT_LAST_STORED_TIMESTAMP and isinstance(
            request, StoreAttendRecords
        )
        if not waits:
            return {}
        asked = self.punch.identity in {record.identity for record in request.records}
        return {"asked_sheet": number(request.sheet_id), "asked_p": asked}


def _fields(prefix: str, holder: object) -> Look:
    """The periods and the sheet of a session or snapshot; of no period, the days mean nothing."""
    found: Look = {}
    for short, name in (("rp", "review_period"), ("prev", "previous_period")):
        period = getattr(holder, name, None)
        found[f"{prefix}{short}_name"] = number(period.name) if period else NONE
        if period:
            found[f"{prefix}{short}_first"] = period.first_day.toordinal()
            found[f"{prefix}{short}_last"] = period.last_day.toordinal()
    found[f"{prefix}sheet_id"] = number(getattr(holder, "sheet_id", None))
    return found

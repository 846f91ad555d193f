"""Obligations and the solver: an invariant holds at first, and every step keeps it."""

import itertools
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import z3

from generator.emit_smt import Codes, Relation, Step, Values
from generator.spec import Spec
from spec.proof import progress
from spec.proof.invariants import invariants
from spec.proof.promises import Claim, promises
from spec.proof.vocabulary import Assumed, Measures
from spec.proof.world import World
from spec.proof.worlds import ERASING

EFFORT = 1_000_000
"""What the solver may spend on one obligation, in its own units of work, which are the same on every computer. The
dearest one that is discharged takes a tenth of it."""

NAMES = 3
"""Of periods and sheets, among which a candidate for a counterexample is looked for."""

AT_FIRST = "at first"


@dataclass(frozen=True, slots=True)
class Fallen:
    """An obligation that was not discharged.

    Attributes:
        claim: the sentence of the invariant, or the promise's name.
        step: that breaks it; `AT_FIRST` without one.
        after: the values after it.
        candidate: a state from which the step might break it; None if not even a candidate was found.
    """

    claim: str
    step: str
    after: Values
    candidate: z3.ModelRef | None


@dataclass(frozen=True, slots=True)
class Proved:
    """What a run of the solver came to.

    Attributes:
        promises: that were claimed, in their order, each with whether it follows from the invariants, and these hold.
        obligations: how many there were.
    """

    promises: Mapping[str, bool]
    obligations: int
    fallen: tuple[Fallen, ...]
    seconds: float


class Proof:
    """The client in one world, and what is claimed of it."""

    def __init__(
        self, spec: Spec, assumed: Assumed, measures: Measures | None = None, *, erasing: bool = True
    ) -> None:
        world = World(Codes.in_spec(spec), assumed, measures)
        self.relation = Relation(spec, world, frozenset({"clearing"}))
        self.values = self.relation.values()
        self.steps = list(self.relation.steps(self.values))
        self.invariants = invariants(world.facts, erasing=erasing)
        self.promises = {n: p for n, p in promises(world.facts).items() if erasing or n != ERASING}
        self._now = [claim.formula(self.values) for claim in self.invariants]

    def run(self, only: Sequence[str] | None = None) -> Proved:
        """Try every obligation; with `only`, those of the invariants of these sentences."""
        began = time.monotonic()
        fallen: list[Fallen] = []
        count = 0
        for claim, step, hypotheses, goal in self._obligations(only):
            count += 1
            if not self._discharged(hypotheses, goal):
                after = self.values if step is None else step.after
                candidate = self._candidate([*hypotheses, z3.Not(goal)])
                fallen.append(
                    Fallen(claim.sentence, AT_FIRST if step is None else step.name, after, candidate)
                )
        kept = {}
        for name, promise in self.promises.items() if only is None else ():
            count += 1
            follows = self._discharged(self._now, promise.formula(self.values))
            kept[name] = follows and not fallen
        return Proved(kept, count, tuple(fallen), time.monotonic() - began)

    def progress(self) -> tuple[int, list[str]]:
        """How many obligations the ranking of `spec.proof.progress` has, and what is wrong with it."""
        wrong: list[str] = []
        count = 0
        before = progress.reached(self.values)
        for number, stage in enumerate(progress.STAGES):
            sentence = stage.reached.sentence
            leading = [step for step in self.steps if progress.takes_on(stage, step.name)]
            wrong += [] if leading else [f"no step leads to the stage '{sentence}'"]
            for step in self.steps:
                after = stage.reached.formula(step.after)
                if not progress.may_undo(step.name):
                    count += 1
                    if not self._discharged([*self._now, step.guard, before[number]], after):
                        wrong.append(f"the stage '{sentence}' is taken back by the step '{step.name}'")
                if step in leading:
                    count += 1
                    from_here = [*before[:number], stage.given(self.values)]
                    if not self._discharged([*self._now, step.guard, *from_here], after):
                        wrong.append(f"the step '{step.name}' does not lead to the stage '{sentence}'")
        return count, wrong

    def _obligations(
        self, only: Sequence[str] | None
    ) -> Iterator[tuple[Claim, Step | None, list[z3.BoolRef], z3.BoolRef]]:
        wanted = [claim for claim in self.invariants if only is None or claim.sentence in only]
        at_first = self.relation.initially(self.values)
        for claim in wanted:
            yield claim, None, at_first, claim.formula(self.values)
        for step in self.steps:
            for claim in wanted:
                yield claim, step, [*self._now, step.guard], claim.formula(step.after)

    def _discharged(self, hypotheses: list[z3.BoolRef], goal: z3.BoolRef) -> bool:
        """Whether it was shown that the goal follows."""
        if any(goal.eq(hypothesis) for hypothesis in hypotheses):
            return True  # the step touches nothing that the invariant speaks of
        answer = self._solver([*hypotheses, z3.Not(goal)]).check()
        return bool(answer == z3.unsat)

    def _candidate(self, formulas: list[z3.BoolRef]) -> z3.ModelRef | None:
        """A state that might refute it, looked for among few names, which proves nothing and tells where to look.

        With quantifiers the solver itself may find no model though there is one.
        """
        solver = self._solver([few_names(x) for x in [*formulas]])
        named = [x for name, x in self.values.items() if name.endswith(("_name", "sheet_id", "asked_sheet"))]
        solver.add(*(z3.And(x >= 0, x <= NAMES) for x in named))
        return solver.model() if solver.check() == z3.sat else None

    def never_taken(self) -> list[str]:
        """Steps that no state which keeps the invariants can take, and transitions that no step takes.

        Then an invariant says too much, or the world too little.
        """
        known = list(self._now)
        among_few = self._solver([few_names(x) for x in known])
        taken = [step for step in self.steps if self._may_be(step.guard, known, among_few)]
        names = {step.name for step in taken}
        arrows = {(step.state, step.event, step.target) for step in taken}
        idle = [step.name for step in self.steps if step.name not in names]
        idle += [
            f"the transition of line {t.line}: {t.source} -> {t.event} -> {t.target}"
            for t in self.relation.spec.transitions
            if (t.source, t.event, t.target) not in arrows
        ]
        return idle

    def _may_be(self, guard: z3.BoolRef, known: list[z3.BoolRef], among_few: z3.Solver) -> bool:
        """Whether a state was found among few names, and it was not shown that there is none among all."""
        among_few.push()
        among_few.add(few_names(guard))
        found = among_few.check() == z3.sat
        among_few.pop()
        return bool(found and self._solver([*known, guard], EFFORT // 25).check() != z3.unsat)

    @staticmethod
    def _solver(formulas: Sequence[z3.BoolRef], effort: int = EFFORT) -> z3.Solver:
        solver = z3.Solver()
        solver.set("rlimit", effort)
        solver.add(*formulas)
        return solver


def few_names(term: z3.ExprRef, names: int = NAMES) -> z3.ExprRef:
    """The formula with its quantifiers read as "for the numbers 0 to `names`"."""
    if z3.is_quantifier(term):
        ranges = itertools.product([z3.IntVal(x) for x in range(names + 1)], repeat=term.num_vars())
        cases = [few_names(z3.substitute_vars(term.body(), *values), names) for values in ranges]
        return z3.And(cases) if term.is_forall() else z3.Or(cases)
    if not z3.is_app(term) or not term.num_args() or term.sort() != z3.BoolSort():
        return term
    return term.decl()(*(few_names(x, names) for x in term.children()))

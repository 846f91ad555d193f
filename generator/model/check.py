"""Carries runs out: searches for all, and for the shortest way to each promise that falls."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from generator import emit_promela
from generator.model import spin, story
from generator.model.promises import BY_NAME, BY_NUMBER
from generator.model.runs import Run
from generator.model.spin import Figures, ModelError, Outcome, Verdict
from generator.spec import Spec

SAFETY_OPTIONS = ("-DSAFETY",)
SHORTEST_OPTIONS = ("-DSAFETY", "-DBFS")
LIVENESS_OPTIONS = ("-DNFAIR=4",)
"""Room for the fairness of 14 processes."""
STANDSTILL_ALLOWED = "-E"
"""Not to take a client that has ended for the fall of the promise that is looked for."""
DEPTHS = (*range(20, 200, 10), 250, 300, 500, 1000)
"""A trail of liveness is searched for within these depths, one after another, to find a short one."""


@dataclass(frozen=True, slots=True)
class Row:
    """What a run found about a promise; `told` is the counterexample in plain words."""

    promise: str
    run: Run
    outcome: Outcome
    told: tuple[str, ...] = ()


def carry_out(run: Run, spec: Spec) -> Iterator[Row]:
    """A row for each promise of the run.

    Raises:
        ModelError: SPIN or gcc is missing, or refuses the model.
    """
    yield from _liveness(run, spec) if run.liveness else _safety(run, spec)


@dataclass(frozen=True, slots=True)
class Survey:
    """Which promises of safety fall anywhere in a world, and what it took to visit all of it."""

    fallen: tuple[str, ...]
    figures: Figures


def survey(run: Run, spec: Spec) -> Survey:
    """Search the run's world completely, stopping at no promise of safety that falls.

    Raises:
        ModelError: as for `carry_out`; also, the search was not complete.
    """
    with spin.built(
        spec, run.variant, {**run.all_switches(), "SURVEY": 1}, (*run.optimised, *SAFETY_OPTIONS)
    ) as build:
        outcome = build.search(STANDSTILL_ALLOWED, seconds=run.seconds)
    _must_be_decided(run, outcome)
    return Survey(tuple(BY_NUMBER[number].name for number in sorted(outcome.fell)), outcome.figures)


def _must_be_decided(run: Run, outcome: Outcome) -> None:
    # A survey stops at no promise, so that a trail means that something else stopped it.
    if outcome.verdict is Verdict.UNKNOWN or outcome.trail:
        raise ModelError(f"'{run.name}' with {dict(run.switches)}: the search was not complete")


def _safety(run: Run, spec: Spec) -> Iterator[Row]:
    with spin.built(spec, run.variant, run.all_switches(), (*run.optimised, *SAFETY_OPTIONS)) as build:
        outcome = build.search(seconds=run.seconds)
    if outcome.verdict is not Verdict.FALLS:
        for promise in run.promises:
            yield Row(promise, run, outcome)
        return
    fallen = survey(run, spec).fallen
    for promise in (*run.promises, *(name for name in fallen if name not in run.promises)):
        if promise in fallen:
            yield Row(promise, run, outcome, shortest(run, promise, spec).told)
        else:
            yield Row(promise, run, Outcome(Verdict.HOLDS, outcome.figures))


def shortest(run: Run, promise: str, spec: Spec) -> Row:
    """Look for the shortest way to break a promise of safety, and tell it."""
    switches = {**run.all_switches(), "ONLY": BY_NAME[promise].number or 0}
    options = (*run.optimised, *SHORTEST_OPTIONS)
    with spin.built(spec, run.variant, switches, options) as build:
        outcome = build.search(STANDSTILL_ALLOWED, seconds=run.seconds)
    return Row(promise, run, outcome, _told(outcome.trail, spec))


def _liveness(run: Run, spec: Spec) -> Iterator[Row]:
    with spin.built(spec, run.variant, run.all_switches(), (*run.optimised, *LIVENESS_OPTIONS)) as build:
        for promise in run.promises:
            outcome = search_formula(build, promise, run.seconds)
            told: tuple[str, ...] = ()
            if outcome.verdict is Verdict.FALLS:
                told = _told(_shorter(build, promise, outcome, run.seconds).trail, spec)
            yield Row(promise, run, outcome, told)


def verdicts(run: Run, spec: Spec) -> Iterator[Row]:
    """A row for each of the run's formulas, without the story; raises as `carry_out`."""
    if not run.promises:
        return
    with spin.built(spec, run.variant, run.all_switches(), (*run.optimised, *LIVENESS_OPTIONS)) as build:
        for promise in run.promises:
            yield Row(promise, run, search_formula(build, promise, run.seconds))


def search_formula(build: spin.Build, promise: str, seconds: float, depth: int = spin.DEPTH) -> Outcome:
    """Search for a run that breaks the formula, among those that are fair to every process."""
    return build.search("-a", "-f", "-N", promise, seconds=seconds, depth=depth)


def _shorter(build: spin.Build, promise: str, found: Outcome, seconds: float) -> Outcome:
    for depth in DEPTHS:
        outcome = search_formula(build, promise, seconds, depth)
        if outcome.verdict is Verdict.FALLS:
            return outcome
    return found


def _told(trail: tuple[str, ...], spec: Spec) -> tuple[str, ...]:
    return tuple(story.tell(trail, codes(spec)))


def codes(spec: Spec) -> Mapping[int, str]:
    """The states by the numbers that the model gives them."""
    return {code: name for name, code in emit_promela.state_codes(spec).items()}

"""Switches each measure off by itself, and asks of every promise whether it falls."""

import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from generator.model import check
from generator.model.check import Row
from generator.model.measures import Measure
from generator.model.promises import BY_NAME
from generator.model.runs import CALM, LIVENESS, Run
from generator.model.spin import NO_FIGURES, Outcome, Verdict
from generator.model.variants import Variant
from generator.spec import Spec

WORLDS: tuple[Mapping[str, int], ...] = (
    {"PUNCHES": 2, "CHUNKED": 0},
    {"PUNCHES": 0, "ALARMS": 1},
    {"PUNCHES": 1, "CORRECTIONS": 1},
    {"PUNCHES": 1, **CALM},
)
LIVE_WORLDS: tuple[tuple[Mapping[str, int], tuple[str, ...]], ...] = (
    ({"PUNCHES": 1, "FAULTS": 1, "CHUNKED": 0}, LIVENESS),
    ({"PUNCHES": 2, "FAULTS": 0, "CHUNKED": 0, "CLOCK_BACK": 0}, LIVENESS),
    ({"PUNCHES": 0, "FAULTS": 1, "ALARMS": 1}, ("alarm_once",)),
)


MILDER: tuple[Mapping[str, int], ...] = (
    {**CALM, "FAULTS": 0},
    {"SLOWNESS": 0, "HASTE": 0, "REDELIVERY": 0, "CLOCK_BACK": 0},
    {},
)
"""A story of liveness is looked for where the least can go wrong; one that is found there is the shortest to tell."""


@dataclass(frozen=True, slots=True)
class Ablation:
    """What became of the promises without a measure.

    Attributes:
        fallen: the promises that fall, in the order of `PROMISES`.
        undecided: those whose search was cut short.
        shown: one of the fallen, with the shortest story; None if nothing falls.
        states: visited in all searches together.
        seconds: that all of it took, compiling included.
    """

    measure: Measure
    fallen: tuple[str, ...]
    undecided: tuple[str, ...]
    shown: Row | None
    states: int
    seconds: float


def without(measure: Measure, spec: Spec) -> Ablation:
    """Try every promise while the measure is off, in the machine that clears.

    Raises:
        ModelError: SPIN or gcc is missing, refuses the model, or a search for safety was not complete.
    """
    began = time.monotonic()
    rows = list(_rows(measure, spec))
    fallen = {row.promise: row for row in reversed(rows) if row.outcome.verdict is Verdict.FALLS}
    undecided = {row.promise for row in rows if row.outcome.verdict is Verdict.UNKNOWN} - fallen.keys()
    return Ablation(
        measure,
        _in_order(fallen),
        _in_order(undecided),
        _shortest(measure, fallen, spec),
        sum(row.outcome.figures.states for row in rows),
        time.monotonic() - began,
    )


def _rows(measure: Measure, spec: Spec) -> Iterator[Row]:
    """What each search found; a row without a promise is a survey that found nothing."""
    fallen: set[str] = set()
    worlds = [_few(world, measure.most_punches) for world in WORLDS]
    for world in (*worlds, *([measure.also] if measure.also is not None else [])):
        run = _run(measure, world)
        found = check.survey(run, spec)
        fallen.update(found.fallen)
        yield Row("", run, Outcome(Verdict.HOLDS, found.figures))
        for promise in found.fallen:
            yield Row(promise, run, Outcome(Verdict.FALLS, NO_FIGURES))
    for world, promises in LIVE_WORLDS:
        left = tuple(name for name in promises if name not in fallen)
        for row in check.verdicts(_run(measure, _few(world, measure.most_punches), left), spec):
            if row.outcome.verdict is Verdict.FALLS:
                fallen.add(row.promise)
            yield row


def _shortest(measure: Measure, fallen: Mapping[str, Row], spec: Spec) -> Row | None:
    """Tell one promise's fall: the one that the measure is for, where it falls; else the first."""
    if not fallen:
        return None
    promise = measure.shows
    if promise is None or promise not in fallen:
        promise = _in_order(fallen)[0]
    run = fallen[promise].run
    if not run.liveness:
        return check.shortest(run, promise, spec)
    for milder in MILDER:
        variants = (replace(run.variant, clearing=False), run.variant)
        for variant in variants:
            told = replace(
                run,
                promises=(promise,),
                switches={**run.switches, **milder, **measure.switches},
                variant=variant,
            )
            row = next(iter(check.carry_out(told, spec)))
            if row.outcome.verdict is Verdict.FALLS:
                return row
    raise AssertionError(f"{promise} fell without {measure.name}, and does not when it is to be told")


def _in_order(names: Collection[str]) -> tuple[str, ...]:
    return tuple(name for name in BY_NAME if name in names)


def _run(measure: Measure, world: Mapping[str, int], formulas: tuple[str, ...] = ()) -> Run:
    variant = Variant(clearing=True, dropped=measure.dropped, period_apart=measure.period_apart)
    switches = {**world, **measure.switches}
    return Run(f"without: {measure.name}", formulas, switches, variant, liveness=bool(formulas), seconds=400)


def _few(world: Mapping[str, int], most_punches: int) -> Mapping[str, int]:
    return {**world, "PUNCHES": min(world["PUNCHES"], most_punches)}

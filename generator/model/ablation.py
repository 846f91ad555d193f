"""Switches each measure off by itself, and asks of every promise whether it falls."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from generator.model import check, spin
from generator.model.measures import Measure
from generator.model.promises import BY_NUMBER
from generator.model.runs import CALM, LIVENESS, Run
from generator.model.spin import Verdict
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


@dataclass(frozen=True, slots=True)
class Fallen:
    """A promise that falls without a measure, and the run in which it does."""

    promise: str
    run: Run


def without(measure: Measure, spec: Spec) -> Iterator[Fallen]:
    """Every promise that falls when the measure is off, in the machine that clears.

    Raises:
        ModelError: SPIN or gcc is missing, refuses the model, or a search was not complete.
    """
    variant = Variant(clearing=True, dropped=measure.dropped, period_apart=measure.period_apart)
    yield from fallen(measure.name, variant, measure.switches, spec, most_punches=measure.most_punches)


def fallen(
    name: str,
    variant: Variant,
    switches: Mapping[str, int],
    spec: Spec,
    worlds: Iterable[Mapping[str, int]] = WORLDS,
    live_worlds: Iterable[tuple[Mapping[str, int], tuple[str, ...]]] = LIVE_WORLDS,
    most_punches: int = 4,
) -> Iterator[Fallen]:
    """Every promise that falls in any of the worlds, each once."""
    met: set[str] = set()
    for world in worlds:
        run = Run(name, (), _few(world, most_punches) | switches, variant)
        outcome = check.survey(run, spec)
        if outcome.verdict is Verdict.UNKNOWN:
            raise spin.ModelError(f"{name}: a search in the world {dict(world)} was not complete")
        for number in sorted(outcome.fell):
            if BY_NUMBER[number].name not in met:
                met.add(BY_NUMBER[number].name)
                yield Fallen(BY_NUMBER[number].name, run)
    for world, promises in live_worlds:
        left = tuple(promise for promise in promises if promise not in met)
        run = Run(name, left, _few(world, most_punches) | switches, variant, liveness=True)
        for promise, verdict in check.formulas(run, spec):
            if verdict is Verdict.UNKNOWN:
                raise spin.ModelError(f"{name}: {promise} was not decided in the world {dict(world)}")
            if verdict is Verdict.FALLS:
                met.add(promise)
                yield Fallen(promise, run)


def _few(world: Mapping[str, int], most_punches: int) -> dict[str, int]:
    return {**world, "PUNCHES": min(world["PUNCHES"], most_punches)}

"""Switches each measure off by itself, and asks of every promise whether it falls."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from generator.model import check
from generator.model.measures import Measure
from generator.model.runs import CALM, LIVENESS, Run
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
    """Every promise that falls when the measure is off, each once, in the machine that clears.

    Raises:
        ModelError: SPIN or gcc is missing, refuses the model, or a search was not complete.
    """
    met: set[str] = set()
    for world in WORLDS:
        for name in check.survey(_run(measure, world), spec):
            if name not in met:
                met.add(name)
                yield Fallen(name, _run(measure, world))
    for world, promises in LIVE_WORLDS:
        left = tuple(promise for promise in promises if promise not in met)
        run = _run(measure, world, left)
        for name in check.formulas_that_fall(run, spec):
            met.add(name)
            yield Fallen(name, run)


def _run(measure: Measure, world: Mapping[str, int], formulas: tuple[str, ...] = ()) -> Run:
    variant = Variant(clearing=True, dropped=measure.dropped, period_apart=measure.period_apart)
    punches = min(world["PUNCHES"], measure.most_punches)
    switches = {**world, **measure.switches, "PUNCHES": punches}
    return Run(f"without: {measure.name}", formulas, switches, variant, liveness=bool(formulas))

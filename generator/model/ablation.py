"""Switches each measure off by itself, and asks of every promise whether it falls."""

from collections.abc import Mapping
from dataclasses import dataclass

from generator.model import check
from generator.model.measures import Measure
from generator.model.promises import BY_NAME
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
class Ablation:
    """What became of the promises without a measure. `undecided` are those whose search was cut short."""

    measure: Measure
    fallen: tuple[str, ...]
    undecided: tuple[str, ...]


def without(measure: Measure, spec: Spec) -> Ablation:
    """Try every promise while the measure is off, in the machine that clears.

    Raises:
        ModelError: SPIN or gcc is missing, refuses the model, or a search for safety was not complete.
    """
    found: dict[str, Verdict] = {}
    runs = [_run(measure, _few(world, measure.most_punches)) for world in WORLDS]
    if measure.also is not None:
        runs.append(_run(measure, measure.also))
    for run in runs:
        found |= dict.fromkeys(check.survey(run, spec), Verdict.FALLS)
    for world, promises in LIVE_WORLDS:
        left = tuple(name for name in promises if found.get(name) is not Verdict.FALLS)
        run = _run(measure, _few(world, measure.most_punches), left)
        found |= {
            name: verdict for name, verdict in check.verdicts(run, spec) if verdict is not Verdict.HOLDS
        }
    return Ablation(measure, _of(Verdict.FALLS, found), _of(Verdict.UNKNOWN, found))


def _of(verdict: Verdict, found: Mapping[str, Verdict]) -> tuple[str, ...]:
    return tuple(name for name in BY_NAME if found.get(name) is verdict)


def _run(measure: Measure, world: Mapping[str, int], formulas: tuple[str, ...] = ()) -> Run:
    variant = Variant(clearing=True, dropped=measure.dropped, period_apart=measure.period_apart)
    switches = {**world, **measure.switches}
    return Run(f"without: {measure.name}", formulas, switches, variant, liveness=bool(formulas), seconds=400)


def _few(world: Mapping[str, int], most_punches: int) -> Mapping[str, int]:
    return {**world, "PUNCHES": min(world["PUNCHES"], most_punches)}

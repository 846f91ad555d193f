"""`python -m generator.model`: does the machine keep its promises, whatever happens?"""

import argparse
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TypeVar

from generator.errors import SpecError
from generator.load import load
from generator.model import ablation, check, drawn, report, runs
from generator.model.measures import MEASURES, Measure
from generator.model.promises import PROMISES, Promise
from generator.model.runs import Run
from generator.model.spin import ModelError, Verdict
from generator.spec import Spec

ROOT = Path(__file__).resolve().parent.parent.parent
SPEC = Path("spec/fsm.yaml")

PLANS: Mapping[str, Sequence[Run]] = {"quick": runs.QUICK, "full": runs.FULL}

KEPT, BROKEN, CANNOT_CHECK = 0, 1, 2

T = TypeVar("T")
R = TypeVar("R")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit code is 0 (as it should be), 1 (it is not) or 2 (SPIN missing, bad usage)."""
    options = _parser().parse_args(arguments)
    try:
        spec = load(ROOT / SPEC, shown_as=SPEC.as_posix())
        match options.what:
            case "ablation":
                return _ablation(_chosen(MEASURES, options.only, lambda m: m.name), spec, options.jobs)
            case "drawn":
                return _drawn(_chosen(PROMISES, options.only, lambda p: p.name), spec, options.jobs)
            case plan:
                return _check(
                    _chosen(PLANS[plan], options.only, lambda run: " ".join(run.promises)), spec, options.jobs
                )
    except SpecError as error:
        print(error, file=sys.stderr)
        return BROKEN
    except ModelError as error:
        print(error, file=sys.stderr)
        return CANNOT_CHECK


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m generator.model",
        description="Explore the formal model of the client and its world with SPIN, exhaustively.",
        epilog="Exit code: 0 all is as it should be; 1 a promise falls or was not decided, or a measure protects "
        "nothing; 2 SPIN or gcc is missing or refuses the model.",
    )
    parser.add_argument(
        "what",
        nargs="?",
        choices=("quick", "full", "ablation", "drawn"),
        default="quick",
        help="quick: every promise within small bounds (default, minutes); full: within larger bounds (an hour); "
        "ablation: each protective measure switched off by itself; drawn: the machine as the seed draws it",
    )
    parser.add_argument(
        "--jobs",
        type=_positive,
        metavar="N",
        default=min(2, os.cpu_count() or 1),
        help="searches at the same time; each may need some gigabytes (default: %(default)s)",
    )
    parser.add_argument(
        "--only",
        metavar="WORDS",
        help="only the runs of a promise, or the measures, whose name holds these words",
    )
    return parser


def _chosen(items: Sequence[T], only: str | None, name: Callable[[T], str]) -> Sequence[T]:
    """The items whose name holds the words; all without any.

    Raises:
        ModelError: there is no such item.
    """
    chosen = [item for item in items if only is None or only in name(item)]
    if not chosen:
        names = sorted({word for item in items for word in (name(item),)})
        raise ModelError(f"nothing is named '{only}'; there are: {'; '.join(names)}")
    return chosen


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


def _in_order(work: Callable[[T], R], items: Iterable[T], jobs: int) -> Iterator[R]:
    """The results in the order of the items, each as soon as those before it are there."""
    with ThreadPoolExecutor(jobs) as pool:
        yield from pool.map(work, items)


def _check(plan: Sequence[Run], spec: Spec, jobs: int) -> int:
    print(report.CHECKED.head(), flush=True)
    broken = []
    for rows in _in_order(lambda run: list(check.carry_out(run, spec)), plan, jobs):
        for row in rows:
            print(report.checked(row), flush=True)
            if row.outcome.verdict is not Verdict.HOLDS:
                broken.append(row)
    for row in broken:
        print(f"\n{row.promise} {row.outcome.verdict} with {row.run.name}:")
        print(report.story(row.told))
    print(
        f"\n{len(broken)} of the promises above fall or were not decided"
        if broken
        else "\nAll promises hold."
    )
    return BROKEN if broken else KEPT


def _ablation(measures: Sequence[Measure], spec: Spec, jobs: int) -> int:
    print(report.ABLATED.head(), flush=True)
    results = []
    for result in _in_order(lambda measure: ablation.without(measure, spec), measures, jobs):
        print(report.ablated(result), flush=True)
        results.append(result)
    for result in results:
        if result.shown:
            print(
                f"\nWithout '{result.measure.name}' ({result.measure.without}), {result.shown.promise} falls:"
            )
            print(report.story(result.shown.told))
    idle = [result.measure.name for result in results if not result.fallen]
    if idle:
        print(f"\nNothing falls without: {', '.join(idle)}")
    return BROKEN if idle else KEPT


def _drawn(promises: Sequence[Promise], spec: Spec, jobs: int) -> int:
    tried = [promise for promise in promises if not promise.auxiliary]
    columns = []
    for reading in drawn.READINGS:
        print(f"\nRead {reading.name}: {reading.sentence}.", flush=True)
        rows = []
        for row in _in_order(partial(drawn.try_promise, reading, spec), tried, jobs):
            if row.outcome.verdict is Verdict.FALLS:
                print(f"\n{row.promise} falls where {row.run.name}:\n{report.story(row.told)}", flush=True)
            else:
                print(f"\n{row.promise}: {row.outcome.verdict}.", flush=True)
            rows.append(row)
        columns.append(rows)
    print(f"\n{report.DRAWN.head()}")
    for of_all_readings in zip(*columns, strict=True):
        print(report.drawn(of_all_readings))
    return KEPT


if __name__ == "__main__":
    sys.exit(main())

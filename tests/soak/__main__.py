"""The command: plays months until the time is up or a promise is broken."""

import argparse
import logging
import os
import sys
import time
from collections import Counter, deque
from concurrent.futures import Future, ProcessPoolExecutor
from functools import partial
from itertools import count

from tests.handlers_backend import HandlersBackend
from tests.soak.month import Report, play
from tests.world.backend import Backend, MemoryBackend

PEOPLE = (("Anna Weber", "name1001@example.com", "09:00"), ("Bert Kunz", "name1002@example.com", "09:30"))
MISFORTUNES = 25
PROCESSORS = os.cpu_count() or 1


def say(line: str) -> None:
    """To the person who started it."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    """Exit code 1 when a promise was broken."""
    options = _parser().parse_args()
    began_s = time.monotonic()
    numbers = [options.month] if options.month is not None else count(1)
    played = partial(_play, options.backend, options.seed, options.misfortunes)
    reports: list[Report] = []
    with ProcessPoolExecutor(initializer=_quietly) as pool:
        # No further ahead than there are processors, so that they stop soon after the time is up.
        months = deque[tuple[int, Future[Report]]]()
        for number in numbers:
            months.append((number, pool.submit(played, number)))
            if len(months) < PROCESSORS:
                continue
            reports.append(_report(options, *months.popleft()))
            if reports[-1].violation or time.monotonic() - began_s >= options.seconds:
                break
        while months and not (reports and reports[-1].violation):
            reports.append(_report(options, *months.popleft()))
    _print_summary(reports, time.monotonic() - began_s)
    return 1 if reports[-1].violation else 0


def _quietly() -> None:
    logging.disable(logging.CRITICAL)


def _play(kind: str, seed: str, misfortunes: int, number: int) -> Report:
    return play(_backend(kind, number), f"{seed}/{number}", misfortunes)


def _report(options: argparse.Namespace, number: int, month: Future[Report]) -> Report:
    """Of a month, when it is over."""
    report = month.result()
    if report.violation:
        say(f"month {number} of seed {options.seed}: {report.violation}")
        say(
            f"replay it: python -m tests.soak --seed {options.seed} --month {number} "
            f"--backend {options.backend} --misfortunes {options.misfortunes}"
        )
    return report


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="how long to go on (default: 60)")
    parser.add_argument(
        "--seed", default="1", help="any text; the same seed plays the same months (default: 1)"
    )
    parser.add_argument("--month", type=int, help="play this month only, to replay a violation")
    parser.add_argument(
        "--misfortunes", type=int, default=MISFORTUNES, help=f"a month (default: {MISFORTUNES})"
    )
    parser.add_argument(
        "--backend",
        choices=("memory", "handlers"),
        default="memory",
        help="the smallest backend, or the real handlers over spreadsheets in memory, which are slower",
    )
    return parser


def _backend(kind: str, number: int) -> Backend:
    if kind == "memory":
        return MemoryBackend()
    return HandlersBackend(PEOPLE, seed=number, crash_chance=0.1)


def _processor_s() -> float:
    """Of this process and of those that have ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def _print_summary(reports: list[Report], seconds: float) -> None:
    faults: Counter[str] = sum((report.faults for report in reports), Counter())
    punches, owed, rows = (
        sum(getattr(report, name) for report in reports) for name in ("punches", "owed", "rows")
    )
    say(
        f"{len(reports)} site-months in {seconds:.0f} s ({_processor_s():.0f} s of one processor): "
        f"{punches} punches made, {owed} owed, {rows} rows stored"
    )
    say(f"{faults.total()} faults and other events:")
    for kind, number in faults.most_common():
        say(f"{number:8}  {kind}")
    say("violations: 1" if reports[-1].violation else "violations: none")


if __name__ == "__main__":
    sys.exit(main())

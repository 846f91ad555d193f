"""The command: plays months until the time is up or a promise is broken."""

import argparse
import logging
import sys
import time
from collections import Counter
from itertools import count

from tests.handlers_backend import HandlersBackend
from tests.soak.month import Report, play
from tests.world.backend import Backend, MemoryBackend

PEOPLE = (("Anna Weber", "name1001@example.com", "09:00"), ("Bert Kunz", "name1002@example.com", "09:30"))
MISFORTUNES = 25


def say(line: str) -> None:
    """To the person who started it."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    """Exit code 1 when a promise was broken."""
    options = _parser().parse_args()
    logging.disable(logging.CRITICAL)
    began_s = time.monotonic()
    reports: list[Report] = []
    for number in [options.month] if options.month is not None else count(1):
        if reports and time.monotonic() - began_s >= options.seconds:
            break
        report = play(_backend(options.backend, number), f"{options.seed}/{number}", options.misfortunes)
        reports.append(report)
        if report.violation:
            say(f"month {number} of seed {options.seed}: {report.violation}")
            say(
                f"replay it: python -m tests.soak --seed {options.seed} --month {number} "
                f"--backend {options.backend} --misfortunes {options.misfortunes}"
            )
            break
    _print_summary(reports, time.monotonic() - began_s)
    return 1 if reports[-1].violation else 0


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


def _print_summary(reports: list[Report], seconds: float) -> None:
    faults: Counter[str] = sum((report.faults for report in reports), Counter())
    punches, owed, rows = (
        sum(getattr(report, name) for report in reports) for name in ("punches", "owed", "rows")
    )
    say(
        f"{len(reports)} site-months in {seconds:.0f} s ({time.process_time():.0f} s of one processor): "
        f"{punches} punches made, {owed} owed, {rows} rows stored"
    )
    say(f"{faults.total()} faults and other events:")
    for kind, number in faults.most_common():
        say(f"{number:8}  {kind}")
    say("violations: 1" if reports[-1].violation else "violations: none")


if __name__ == "__main__":
    sys.exit(main())

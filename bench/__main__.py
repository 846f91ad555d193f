"""python -m bench [NAME ...]: carry out the benchmarks of those names, or all that take minutes.

A benchmark is a module of this package with `run() -> list[str]`, which prints what it measures and returns what is
worse than promised, a line each.
"""

import argparse
import importlib
import sys
from collections.abc import Sequence

BENCHMARKS = {
    "device": "reading the attendance machine: bytes on the wire, time and memory, beside pyzk",
    "link": "reading the attendance machine on a poor link: whether each new punch comes with its poll",
    "pi": "what the client costs the Pi: memory, processor, bytes, fsyncs, processes",
    "workbook": "storing punches in a review workbook: calls, cells, bytes and time, beside plain gspread",
    "planned": "the same for people with shifts (five minutes)",
    "messages": "a message of punches by itself, and in batches of 10 and 60: calls and time",
    "company": "3,000 people in ten workbook groups: workbooks made, a month filled, visited, exported",
    "flood": "a crowd of sites at one account: how long a message waits, after an outage as well",
}
"""Names of modules, and what they measure."""
LONG = ("company", "flood")
"""Take up to hours: carried out only by their names."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns 0, or 1 where something is worse than promised."""
    names = "\n".join(f"  {name:<10} {about}" for name, about in BENCHMARKS.items())
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="Measure what the work costs.",
        epilog=f"benchmarks:\n{names}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"which (default: all but {' and '.join(LONG)})"
    )
    wanted = parser.parse_args(arguments).names or [name for name in BENCHMARKS if name not in LONG]
    for name in wanted:
        if name not in BENCHMARKS:
            parser.error(f"no benchmark {name!r}; there are: {', '.join(BENCHMARKS)}")
    worse = [line for name in wanted for line in importlib.import_module(f"bench.{name}").run()]
    for line in worse:
        sys.stderr.write(f"worse than promised: {line}\n")
    return 1 if worse else 0


if __name__ == "__main__":
    sys.exit(main())

"""What a message of punches costs by itself, and in batches: calls, bytes and time of the processor.

One group of 60 sites, two people each; each message brings a punch. `python -m bench messages` carries it out.
"""

import sys
import time
from collections.abc import Sequence
from itertools import chain
from typing import NamedTuple

from attendance_backend.handlers.together import handle_together
from attendance_contracts import LastStoredTimestamp, StoreAttendRecords
from bench.flood import Flood, flood_of

SITES = 60
BATCHES = (1, 10, 60)
ROUNDS = 3
MOST_CALLS = 2
"""That a batch of one workbook makes, however many messages it has."""


class Cost(NamedTuple):
    """What a batch costs."""

    reads: int
    writes: int
    cells_read: int
    cells_written: int
    cpu_s: float


def run() -> list[str]:
    """Measure, and print a line a size of batches; returns what is worse than promised."""
    worse: list[str] = []
    _say("messages", "reads", "writes", "cells read", "cells written", "CPU ms", "ms a message")
    with flood_of(SITES, together=True) as flood:
        each_ms = {}
        for number, size in enumerate(BATCHES):
            costs = [_cost(flood, size, number * 100 + turn) for turn in range(ROUNDS)]
            least = min(costs, key=lambda cost: cost.cpu_s)
            each_ms[size] = least.cpu_s * 1000 / size
            *counts, cpu_s = least
            _say(size, *(f"{each:,}" for each in counts), f"{cpu_s * 1000:.0f}", f"{each_ms[size]:.1f}")
            if least.reads + least.writes > MOST_CALLS:
                worse.append(f"{size} messages take {least.reads} reads and {least.writes} writes")
        if each_ms[BATCHES[-1]] >= each_ms[1]:
            worse.append(
                f"a message of {BATCHES[-1]} takes {each_ms[BATCHES[-1]]:.1f} ms, alone {each_ms[1]:.1f}"
            )
    return worse


def _cost(flood: Flood, size: int, minute: int) -> Cost:
    messages = [site.message(site.punched(60.0 * minute)) for site in flood.sites[:size]]
    first = len(flood.server.log)
    began_s = time.thread_time()
    confirmed = _confirmed(messages, flood)
    taken_s = time.thread_time() - began_s
    if confirmed != {record.identity for message in messages for record in message.records}:
        raise AssertionError("not all punches were confirmed")
    entries = flood.server.log[first:]
    return Cost(
        sum(entry.kind == "read" for entry in entries),
        sum(entry.kind == "write" for entry in entries),
        sum(entry.cells_read for entry in entries),
        sum(entry.cells_written for entry in entries),
        taken_s,
    )


def _confirmed(messages: Sequence[StoreAttendRecords], flood: Flood) -> set[str]:
    replies = [reply() for _, reply in chain.from_iterable(handle_together(messages, flood.backend))]
    return {
        identity
        for reply in replies
        if isinstance(reply, LastStoredTimestamp)
        for identity in reply.confirmed
    }


def _say(*cells: object) -> None:
    sys.stdout.write("  ".join(f"{cell:>13}" for cell in cells) + "\n")
    sys.stdout.flush()

"""Storing punches in a review workbook for 200 people, each with a shift in ``Roster``; one of three works at night.

As `bench.workbook` measures it. Most of the minutes it takes are the stand-in's, which reads the formulas of ``Plan``.
"""

import sys
from itertools import count

from bench.workbook import EMPLOYEES, FEW_RAW_ROWS, SIZES, office, say


def run() -> list[str]:
    """Measure, and print a table; returns what is worse than promised."""
    worse = []
    with office(FEW_RAW_ROWS, is_planned=True) as (bench, sheet_id):
        sys.stdout.write(f"{EMPLOYEES} employees with shifts, {FEW_RAW_ROWS:,} raw rows\n")
        say("punches", "", "reads", "writes", "cells read", "cells set", "bytes up", "bytes down", "CPU s")
        series = count()
        bench.least(bench.store, sheet_id, 1, series)
        for size in SIZES:
            cost = bench.least(bench.store, sheet_id, size, series)
            say(size, "ours", *cost.cells())
            if (cost.reads, cost.writes) != (1, 1):
                worse.append(
                    f"{size} punches of people with shifts: {cost.reads} reads, {cost.writes} writes"
                )
    return worse

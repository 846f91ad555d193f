"""The machine as the seed draws it: none of our transitions, none of our measures, and a plain backend."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from generator.model import check
from generator.model.check import Row
from generator.model.promises import Promise
from generator.model.runs import CALM, Run
from generator.model.spin import Verdict
from generator.model.variants import Arrow, Variant, ours
from generator.spec import Spec

UNPROTECTED: Mapping[str, int] = {
    "STALE_DROPPED": 0,
    "KEPT_ID": 0,
    "SUBSCRIBED_FIRST": 0,
    "LEFT_GOES_BACK": 0,
    "OWN_WINDOW": 0,
    "LATE_RELAYED": 0,
    "IDENTITY": 0,
    "DEDUPLICATION": 2,
    "READ_FAILURE_TOLD": 0,
    "GUARDED_CLEAR": 0,
    "PERIOD_IN_SNAPSHOT": 0,
    "TWO_SNAPSHOTS": 0,
    "ALARM_IDENTITY": 0,
    "ENABLED_AT_START": 0,
    "ONE_WRITER": 0,
    "COMPARE_AND_SET": 0,
    "OWN_CELLS": 0,
    "TICKS": 2,
    "CHUNKED": 0,
}
"""The picture says nothing of these; a plain implementation has none of them."""

GOES_ON = Arrow("AWAIT_LAST_STORED_TIMESTAMP", "last_stored_timestamp_received", "RELAY_ATTENDANCE_RECORDS")


@dataclass(frozen=True, slots=True)
class Reading:
    """A way to read the picture: `granted` are transitions that it does not draw and may mean."""

    name: str
    sentence: str
    granted: tuple[Arrow, ...] = ()

    def variant(self, spec: Spec) -> Variant:
        dropped = tuple(arrow for arrow in ours(spec) if arrow not in self.granted)
        return Variant(clearing=True, dropped=dropped, period_apart=True)


READINGS = (
    Reading("to the letter", "each arrow as it is drawn: the first confirmation ends the period"),
    Reading(
        "kindly",
        "after a confirmation the period goes on until it is over, which the picture does not draw",
        (GOES_ON,),
    ),
)

WORLDS: tuple[tuple[str, Mapping[str, int], Mapping[str, int]], ...] = (
    ("nothing fails", {**CALM, "PUNCHES": 2}, {**CALM, "PUNCHES": 2, "FAULTS": 0}),
    (
        "anything fails",
        {"PUNCHES": 2, "CLOCK_BACK": 0},
        {"PUNCHES": 1, "FAULTS": 1, "CLOCK_BACK": 0, "SLOWNESS": 0, "LOCKED_AT_FIRST": 1},
    ),
)
"""The name of a world, its switches for safety, and for liveness."""


def try_promise(reading: Reading, spec: Spec, promise: Promise) -> Row:
    """How the drawn machine breaks a promise in the mildest world where it does; if in none, the last row tried.

    Raises:
        ModelError: as for a run.
    """
    tried: list[Row] = []
    for row in _rows(reading, spec, promise):
        tried.append(row)
        if row.outcome.verdict is Verdict.FALLS:
            break
    return tried[-1]


def _rows(reading: Reading, spec: Spec, promise: Promise) -> Iterator[Row]:
    variant = reading.variant(spec)
    parts = {"ALARMS": promise.name == "alarm_once", "CORRECTIONS": promise.name == "corrections_survive"}
    switches = {**UNPROTECTED, **{name: int(used) for name, used in parts.items()}}
    for world, safe, live in WORLDS:
        if promise.number is not None:
            yield check.shortest(Run(world, (), {**safe, **switches}, variant), promise.name, spec)
        if promise.formula:
            run = Run(world, (promise.name,), {**live, **switches}, variant, liveness=True)
            yield from check.carry_out(run, spec)

"""What is searched: which machine, in which world, for which promises."""

from collections.abc import Mapping
from dataclasses import dataclass

from generator.model.variants import Variant

AS_BUILT = Variant()
CLEARING = Variant(clearing=True)

SAFETY = ("stored_once", "own_period", "resumes_at_a_checkpoint", "every_period_closes")
LIVENESS = ("no_endless_wait", "every_period_closes", "nobody_locked_out", "eventually_stored")

CALM: Mapping[str, int] = {
    "POWER_LOSS": 0,
    "LOST_WRITES": 0,
    "REDELIVERY": 0,
    "HASTE": 0,
    "DYING": 0,
    "LOST_ANSWERS": 0,
    "FAILING_READS": 0,
    "CLOCK_BACK": 0,
    "SLOWNESS": 0,
}
"""A world in which nothing fails; time, people and HR still do as they please."""


@dataclass(frozen=True, slots=True)
class Run:
    """One model and the promises that are checked in it.

    Attributes:
        name: of the world, in the table.
        promises: those of safety are searched for together, each of liveness by itself.
        switches: of spec/formal/switches.pml.
        seconds: how long a single search may take.
        long: the compiler may take its time.
    """

    name: str
    promises: tuple[str, ...]
    switches: Mapping[str, int]
    variant: Variant = AS_BUILT
    liveness: bool = False
    seconds: float = 900.0
    long: bool = False

    @property
    def optimised(self) -> tuple[str, ...]:
        """How much the compiler is to optimise; for short searches that takes longer than it saves."""
        return ("-O2",) if self.long else ("-O1",)

    def all_switches(self) -> Mapping[str, int]:
        """The switches with those that follow from what kind of run this is."""
        return {**self.switches, "LIVENESS": int(self.liveness), "CLEARING": int(self.variant.clearing)}


LOSSES: Mapping[str, int] = {"SNAPSHOT_LOSS": 1, "LEDGER_LOSS": 1, "SOMEBODY_CLEARS": 1}
"""What is kept is lost. With the ledger goes the memory of the sheets of closed periods, so that a clock that is set
back as well can stamp a punch that no sheet is known for: a promise of liveness is looked for without that."""

QUICK = (
    Run("2 punches", SAFETY, {"PUNCHES": 2, "CLOCK_AHEAD": 1}),
    Run("2 punches, 2 moments a period", SAFETY, {"PUNCHES": 2, "TICKS": 2}),
    Run("3 punches, whole backlogs", SAFETY, {"PUNCHES": 3, "CHUNKED": 0}, long=True),
    Run("two writers, 2 punches", SAFETY, {"PUNCHES": 2, "ONE_WRITER": 0}),
    Run("1 punch; ledger, snapshots, log lost", SAFETY, {"PUNCHES": 1, **LOSSES}),
    Run("clearing, 2 punches", ("nothing_erased_unstored", *SAFETY), {"PUNCHES": 2}, CLEARING),
    Run(
        "two machines, clearing, 2 punches",
        ("nothing_erased_unstored", *SAFETY),
        {"PUNCHES": 2, "CHUNKED": 0, "DYING": 0, "LOST_ANSWERS": 0, "CLOCK_BACK": 0, "SECOND_MACHINE": 1},
        CLEARING,
    ),
    Run("alarms, 1 punch", ("alarm_once",), {"PUNCHES": 1, "ALARMS": 1}),
    Run("corrections, 1 punch", ("corrections_survive",), {"PUNCHES": 1, "CORRECTIONS": 1}),
    Run("nothing fails, 2 punches", ("no_needless_time_out",), {"PUNCHES": 2, **CALM}),
    Run(
        "1 punch, 1 fault",
        LIVENESS,
        {"PUNCHES": 1, "FAULTS": 1, "LOCKED_AT_FIRST": 1, "CLOCK_AHEAD": 1},
        liveness=True,
    ),
    Run(
        "1 punch, 1 loss of ledger, snapshots, log",
        LIVENESS,
        {"PUNCHES": 1, "FAULTS": 1, "CLOCK_BACK": 0, **LOSSES},
        liveness=True,
    ),
    Run(
        "clearing, 1 punch, 1 fault",
        LIVENESS,
        {"PUNCHES": 1, "FAULTS": 1, "LOCKED_AT_FIRST": 1},
        CLEARING,
        liveness=True,
    ),
    Run(
        "two machines, clearing, no punch, 1 fault",
        ("nobody_locked_out",),
        {"PUNCHES": 0, "FAULTS": 1, "LOCKED_AT_FIRST": 1, "CLOCK_BACK": 0, "SECOND_MACHINE": 1},
        CLEARING,
        liveness=True,
    ),
    Run("alarms, 1 fault", ("alarm_once",), {"PUNCHES": 0, "FAULTS": 1, "ALARMS": 1}, liveness=True),
)
"""Every promise, within bounds that take minutes."""

FULL = (
    Run("3 punches", SAFETY, {"PUNCHES": 3, "CLOCK_AHEAD": 1}, long=True),
    Run("4 punches, whole backlogs", SAFETY, {"PUNCHES": 4, "CHUNKED": 0}, seconds=3600, long=True),
    Run("3 punches, 2 moments a period", SAFETY, {"PUNCHES": 3, "CHUNKED": 0, "TICKS": 2}, long=True),
    Run(
        "2 punches; ledger, snapshots, log lost", SAFETY, {"PUNCHES": 2, "CHUNKED": 0, **LOSSES}, seconds=3600
    ),
    Run(
        "two writers, 3 punches, whole backlogs",
        SAFETY,
        {"PUNCHES": 3, "CHUNKED": 0, "ONE_WRITER": 0},
        seconds=3600,
        long=True,
    ),
    Run("clearing, 3 punches", ("nothing_erased_unstored", *SAFETY), {"PUNCHES": 3}, CLEARING, long=True),
    Run(
        "two machines that may go on, clearing, 2 punches",
        ("nothing_erased_unstored", *SAFETY),
        {"PUNCHES": 2, "SECOND_MACHINE": 1, "GOES_ON": 1, "CHUNKED": 0},
        CLEARING,
        seconds=3600,
        long=True,
    ),
    Run(
        "two machines, 1 punch, 1 fault",
        ("every_period_closes", "eventually_stored"),
        {"PUNCHES": 1, "FAULTS": 1, "CHUNKED": 0, "CLOCK_BACK": 0, "SECOND_MACHINE": 1},
        liveness=True,
    ),
    Run(
        "two machines, clearing, 1 punch, 1 fault",
        LIVENESS,
        {"PUNCHES": 1, "FAULTS": 1, "LOCKED_AT_FIRST": 1, "SECOND_MACHINE": 1},
        CLEARING,
        liveness=True,
        seconds=3600,
        long=True,
    ),
    Run("alarms, 2 punches", ("alarm_once",), {"PUNCHES": 2, "ALARMS": 1}, long=True),
    Run("corrections, 2 punches", ("corrections_survive",), {"PUNCHES": 2, "CORRECTIONS": 1}),
    Run("nothing fails, 4 punches", ("no_needless_time_out",), {"PUNCHES": 4, **CALM}),
    Run(
        "2 punches, 1 fault",
        LIVENESS,
        {"PUNCHES": 2, "FAULTS": 1, "LOCKED_AT_FIRST": 1, "CLOCK_AHEAD": 1},
        liveness=True,
        seconds=3600,
        long=True,
    ),
    Run(
        "two writers, 1 punch, 1 fault", LIVENESS, {"PUNCHES": 1, "FAULTS": 1, "ONE_WRITER": 0}, liveness=True
    ),
    Run("1 punch, 3 faults", LIVENESS, {"PUNCHES": 1, "FAULTS": 3}, liveness=True, seconds=3600, long=True),
    Run(
        "clearing, 2 punches, 1 fault",
        LIVENESS,
        {"PUNCHES": 2, "FAULTS": 1, "LOCKED_AT_FIRST": 1},
        CLEARING,
        liveness=True,
        seconds=1800,
    ),
    Run(
        "alarms, 2 faults",
        ("alarm_once",),
        {"PUNCHES": 0, "FAULTS": 2, "ALARMS": 1},
        liveness=True,
        seconds=1800,
    ),
)
"""Every promise, within bounds that take an hour or two."""

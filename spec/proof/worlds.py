"""The worlds in which the promises are proved, what falls without each measure, and what is not proved."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from spec.proof.vocabulary import Assumed, Measures

ERASING = "nothing_erased_unstored"


@dataclass(frozen=True, slots=True)
class World:
    """A world whose promises are proved.

    Attributes:
        name: in the table.
        assumes: what is taken for granted there, beside what `ASSUMED` says of all worlds.
        erasing: whether `nothing_erased_unstored` is claimed.
    """

    name: str
    assumed: Assumed
    assumes: tuple[str, ...] = ()
    erasing: bool = True


@dataclass(frozen=True, slots=True)
class Without:
    """A world in which something is missing, so that an invariant must fall there.

    Attributes:
        name: what is missing.
        instead: what happens in its place.
        falls: the sentences of invariants that must fall, among others perhaps.
    """

    name: str
    instead: str
    falls: tuple[str, ...]
    assumed: Assumed = field(default_factory=Assumed)
    measures: Measures = field(default_factory=Measures)


DATES_STAY = "HR's dates of a period stay as they were once told to a site"
TODAY_GOES_ON = (
    "the answer to the question for the period of today is never one before a period that was opened"
)
ONE_LIKE_ANOTHER = "each other client publishes a punch for the sheet of its day only (proved of this one)"

WORLDS: Sequence[World] = (
    World("torn snapshots, clearing", Assumed(), (DATES_STAY,)),
    World(
        "both snapshots lost, clearing",
        Assumed(lost_snapshots=True, today_goes_on=True),
        (DATES_STAY, TODAY_GOES_ON),
    ),
    World(
        "snapshots and ledger lost",
        Assumed(lost_snapshots=True, lost_ledger=True),
        (DATES_STAY,),
        erasing=False,
    ),
    World(
        "snapshots and ledger lost, other clients",
        Assumed(lost_snapshots=True, lost_ledger=True, other_clients=True),
        (DATES_STAY, ONE_LIKE_ANOTHER),
        erasing=False,
    ),
    World(
        "HR changes dates, no torn snapshot",
        Assumed(dates_stay=False, torn_snapshots=False),
        ("the newest snapshot is whole after a power loss",),
        erasing=False,
    ),
)

WITHOUT_MEASURE: Sequence[Without] = (
    Without(
        "own window",
        "whatever is unconfirmed goes to the open period's sheet",
        ("p is requested for no sheet but its own",),
        measures=Measures(own_window=False),
    ),
    Without(
        "stale replies dropped",
        "the first reply on the topic is taken for the answer",
        ("the ledger's sheet of a period is that period's",),
        measures=Measures(stale_dropped=False),
    ),
    Without(
        "compare-and-set",
        "a write is applied although the workbook was written to since it was read",
        ("a sheet holds p at most once",),
        measures=Measures(compare_and_set=False),
    ),
    Without(
        "identity in the backend",
        "it appends what comes",
        ("a sheet holds p at most once",),
        measures=Measures(identity_in_backend=False),
    ),
    Without(
        "guarded clear",
        "cleared when the open period's punches are confirmed, whatever else is not",
        ("between the check and the erasing nobody has punched, and p is confirmed or of no sheet",),
        measures=Measures(confirmed_only=False),
    ),
    Without(
        "count compared",
        "cleared although the machine's count is another one than before the reading",
        ("between the check and the erasing nobody has punched, and p is confirmed or of no sheet",),
        measures=Measures(count_compared=False),
    ),
    Without(
        "whole last look",
        "the last look reads the end of the log only",
        ("what the last look found is in the ledger",),
        measures=Measures(whole_last_look=False),
    ),
    Without(
        "failed read told",
        "a read that fails looks like an empty log",
        ("what the last look found is in the ledger",),
        measures=Measures(failed_read_told=False),
    ),
)
"""The protective measures, each taken away by itself."""

LOCKED = "a machine that is being closed is locked, and a start has enabled it before"
IN_LEDGER = "the periods in memory and in both snapshots stand in the ledger"
OWED = "what is owed is of a ledger's period"
ALL_THAT_COMES = "what was erased unstored lies before all that comes, whichever snapshot a start finds"

NOT_PROVED: Sequence[Without] = (
    Without(
        "a new card, with clearing (nothing_erased_unstored)",
        "the ledger is lost: the first period of the new one is today's, and older punches that are in no sheet count "
        "as nobody's and are erased",
        (OWED, IN_LEDGER),
        Assumed(lost_snapshots=True, lost_ledger=True, today_goes_on=True),
    ),
    Without(
        "both snapshots lost before any period was closed (nothing_erased_unstored)",
        "the question 'after none' is answered by the period of today, and that one may hold days of before; proved "
        "where today is never earlier than before",
        (ALL_THAT_COMES,),
        Assumed(lost_snapshots=True),
    ),
    Without(
        "HR extends the open period (nothing_erased_unstored)",
        "the rest comes under the same name, whose dates the ledger overwrites: punches of the first part stand in no "
        "period of the ledger any more, are never sent and can be erased",
        (OWED, IN_LEDGER),
        Assumed(dates_stay=False, torn_snapshots=False),
    ),
    Without(
        "HR moves a border while the newest snapshot is torn (own_period, stored_once)",
        "between the ledger's transaction and the snapshot of the sheet, the client goes back to asking for a period "
        "and opens another one over the same days: a late punch that is answered slowly is in both sheets",
        ("what was opened lies behind whatever snapshot a start may find",),
        Assumed(dates_stay=False),
    ),
    Without(
        "another client at the same machine, with clearing (nothing_erased_unstored)",
        "it enables the machine while this one closes it: somebody punches between the check and the erasing",
        (LOCKED,),
        Assumed(other_clients=True),
    ),
    Without(
        "a machine that does not heed being disabled, with clearing (nothing_erased_unstored)",
        "somebody punches between the check of its count and the erasing",
        (LOCKED,),
        Assumed(heeds_disabling=False),
    ),
)
"""What no proof is claimed of: in words, and the invariant at which the proof breaks."""

NOT_MODELLED: Sequence[str] = (
    "no_endless_wait, every_period_closes, nobody_locked_out, eventually_stored: by the model checker, within bounds.",
    "alarm_once, corrections_survive: by the model checker; whose_it_was and all derived cells: by tests.",
    "That the effects do what the relation says of them: by validated traces of the real client, and by the tests.",
)

ASSUMED: Sequence[str] = (
    "one workbook for a period's name, for ever, and HR deletes no row of raw data",
    "p's identity is its own for ever: no user ID is given to another person, no occurrence number comes again",
    "an effect is atomic, but for the erasing, whose check comes in a call before it",
    "a reading of the log's end is taken into the ledger with p or without it",
    "a reply that bears the question's ID was made for that question",
    "SQLite and fsync keep their word",
)

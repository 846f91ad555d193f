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


CHECKED = "nobody punches before the erasing, and p is confirmed or older than the site"
ERASED_STORED = "what was erased and is in no sheet was made before the site's First Day"
HOME_STAYS = "HR enters p's day into a period whenever it likes, and moves it to no other"

WORLDS: Sequence[World] = (
    World("torn snapshots, clearing", Assumed()),
    World("both snapshots lost, clearing", Assumed(lost_snapshots=True)),
    World("snapshots and ledger lost, clearing", Assumed(lost_snapshots=True, lost_ledger=True)),
    World(
        "snapshots and ledger lost, other clients",
        Assumed(lost_snapshots=True, lost_ledger=True, other_clients=True),
        ("another client erases only what is stored",),
        erasing=False,
    ),
)

WITHOUT_MEASURE: Sequence[Without] = (
    Without(
        "routing",
        "the function stores a punch where the site believes it to belong",
        ("p is written to no sheet but its own",),
        measures=Measures(routed=False),
    ),
    Without(
        "stale replies dropped",
        "the first reply on the topic is taken for the answer",
        ("the ledger confirms what a sheet holds",),
        measures=Measures(stale_dropped=False),
    ),
    Without(
        "First Day asked",
        "what is older than all that this ledger knows counts as older than the site",
        ("p counts as older than the site only if it is",),
        measures=Measures(first_day_asked=False),
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
        (CHECKED,),
        measures=Measures(confirmed_only=False),
    ),
    Without(
        "count compared",
        "cleared although the machine's count is another one than before the reading",
        (CHECKED,),
        measures=Measures(count_compared=False),
    ),
    Without(
        "whole final read",
        "the final read takes the end of the log only",
        ("what the final read found is in the ledger",),
        measures=Measures(whole_final_read=False),
    ),
    Without(
        "failed read told",
        "a read that fails looks like an empty log",
        ("what the final read found is in the ledger",),
        measures=Measures(failed_read_told=False),
    ),
    Without(
        "each machine by itself",
        "after a look at one machine, the one that hangs there by then is erased",
        (ERASED_STORED,),
        measures=Measures(each_by_itself=False),
    ),
    Without(
        "disabling tried",
        "a machine is erased that says that it is disabled, and may go on",
        (CHECKED,),
        measures=Measures(disabling_tried=False),
    ),
)
"""The protective measures, each taken away by itself."""

LOCKED = "a machine that is being closed is locked if it heeds that, and a start has enabled it before"
OWN_ROWS = "p's rows are in its own sheet"

NOT_PROVED: Sequence[Without] = (
    Without(
        "HR moves p's day to another period (own_period, stored_once)",
        "what was stored before stands in a sheet that is not its own any more: the functions' round puts it right, "
        "and until then it may be in two; checked by the properties",
        (OWN_ROWS,),
        Assumed(home_stays=False),
    ),
    Without(
        "another client at the same machine, with clearing (nothing_erased_unstored)",
        "it enables the machine while this one closes it: somebody punches between the check and the erasing",
        (LOCKED,),
        Assumed(other_clients=True),
    ),
)
"""What no proof is claimed of: in words, and the invariant at which the proof breaks."""

NOT_MODELLED: Sequence[str] = (
    "no_endless_wait, every_period_closes, nobody_locked_out: by the model checker, within bounds.",
    "eventually_stored: that the steps of its ranking come in the end, by the model checker, within bounds.",
    "alarm_once, corrections_survive: by the model checker; whose_it_was and all derived cells: by tests.",
    "That the effects do what the relation says of them: by validated traces of the real client, and by the tests.",
)

ASSUMED: Sequence[str] = (
    "one workbook for a period's name, and nobody deletes it or a row of its raw data: the tests do",
    HOME_STAYS,
    "p's identity is its own for ever: no user ID is given to another person, no occurrence number comes again",
    "an effect is atomic, but for the erasing, whose check comes in a call before it",
    "a session is with one machine, which tells its own serial number and no other's",
    "who says that a machine takes no punch while it is disabled has seen it",
    "a reading of the log's end is taken into the ledger with p or without it",
    "a reply that bears the question's ID was made for that question",
    "SQLite and fsync keep their word",
)

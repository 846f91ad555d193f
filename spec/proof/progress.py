"""How far a punch p has come, as a ranking: the number of stages that it has not reached.

Where nothing undoes what was done, and the next step that takes p on always comes, p comes to its sheet and the site
knows it: `eventually_stored`. The first half is proved here: no step of any kind takes a stage back but those of
`UNDOING`, and each step that is to take p on does. That such a step comes in the end is fairness, which the model
checker looks at within bounds (`spec/formal/liveness.pml`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import z3

from generator.emit_smt import NONE, Values
from spec.proof.promises import Claim
from spec.proof.vocabulary import TRUE, Assumed, n

WORLD = Assumed(lost_snapshots=True)
"""Its ledger stays: a lost one is read from the machine again, from the first stage on."""

UNDOING = ("the sheet is gone",)
"""Words of steps that may take a stage back: the site then asks for a sheet anew, and sends p again."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Something that is to be reached.

    Attributes:
        reached: what it is.
        taken: begins the names of the steps that lead there, from all stages before.
        given: what is needed besides.
    """

    reached: Claim
    taken: tuple[str, ...]
    given: Callable[[Values], z3.BoolRef] = lambda _: TRUE


_RELAY = "RELAY_ATTENDANCE_RECORDS[2] publish_store_attend_records: "
_AWAIT = "AWAIT_LAST_STORED_TIMESTAMP[0] receive_last_stored_timestamp: "

STAGES: Sequence[Stage] = (
    Stage(
        Claim("p is in the ledger", lambda s: s["known"]),
        ("REVIEW_PERIOD_EXPIRED[2] read_machine",),
        given=lambda s: z3.And(s["here"], s["on_machine"]),
    ),
    Stage(
        Claim("a sheet was asked to hold p", lambda s: z3.Exists([n], s["requests"][n])),
        (f"{_RELAY}p ", f"{_RELAY}p, the answer is lost"),
    ),
    Stage(
        Claim("p is in its sheet", lambda s: z3.And(s["home"] != NONE, s["rows"][s["home"]] >= 1)),
        ("a function appends p",),
    ),
    Stage(
        Claim("the site was told so", lambda s: z3.Exists([n], s["replies"][n])),
        ("a function appends p and replies", "a function finds p and replies"),
    ),
    Stage(
        Claim("the ledger counts p as confirmed", lambda s: s["confirmed"]),
        (f"{_AWAIT}confirms p",),
    ),
)


def may_undo(step: str) -> bool:
    """Whether a step of this name is one of `UNDOING`."""
    return any(words in step for words in UNDOING)


def takes_on(stage: Stage, step: str) -> bool:
    """Whether a step of this name is to lead to a stage."""
    return step.startswith(stage.taken) and not step.endswith(": fails")


def reached(s: Values) -> list[z3.BoolRef]:
    """Of each stage, whether p has come so far."""
    return [stage.reached.formula(s) for stage in STAGES]

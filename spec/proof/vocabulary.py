"""The words in which the world, the promises and the invariants are said.

All is seen by ONE punch p that could be any: its business day is any day, and nothing about it is bounded. All other
punches are there as what they can do: be left, be new, be published in p's stead, change a count.

Periods have names, which are integers above 0; a period's sheet has the number of its name. A topic is a set of
messages that were ever sent, of which any may be delivered at any time, as often as it likes. The storing function has
any number of instances. The machine's clock says whatever it likes at each look: no promise of safety rests on it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import z3

from generator.emit_smt import NONE, Codes, Values

BOOL, INT = z3.BoolSort(), z3.IntSort()
SET, MAP = z3.ArraySort(INT, BOOL), z3.ArraySort(INT, INT)
TRUE, FALSE = z3.BoolVal(True), z3.BoolVal(False)
NOWHERE = z3.K(INT, FALSE)

DAY = z3.Int("day")
"""p's business day."""

FIRST, LAST = z3.Function("first", INT, INT), z3.Function("last", INT, INT)
"""HR's dates of a period, in worlds where they stay."""

RELAY, EXPIRED = "RELAY_ATTENDANCE_RECORDS", "REVIEW_PERIOD_EXPIRED"
AWAIT_STORED = "AWAIT_LAST_STORED_TIMESTAMP"

n, m, i = z3.Ints("n m i")
"""Any sheet or period, any other one, any instance of the storing function."""


@dataclass(frozen=True, slots=True)
class Assumed:
    """What may go wrong in a world, and what is taken for granted there.

    Attributes:
        dates_stay: the dates of a period stay as they were told to a site; else each answer is as HR likes.
        torn_snapshots: a power loss may tear the newest snapshot.
        lost_snapshots: it may take both.
        lost_ledger: it may take the ledger.
        today_goes_on: the answer to "which period, after none?" is never one before a period that was opened.
        other_clients: there are any number of them, at this machine and this location.
        heeds_disabling: nobody can punch at a machine that is disabled.
    """

    dates_stay: bool = True
    torn_snapshots: bool = True
    lost_snapshots: bool = False
    lost_ledger: bool = False
    today_goes_on: bool = False
    other_clients: bool = False
    heeds_disabling: bool = True


@dataclass(frozen=True, slots=True)
class Measures:
    """What protects the promises; the names and sentences are the model's where it has them (worlds.py)."""

    own_window: bool = True
    compare_and_set: bool = True
    identity_in_backend: bool = True
    stale_dropped: bool = True
    confirmed_only: bool = True
    count_compared: bool = True
    whole_last_look: bool = True
    failed_read_told: bool = True


@dataclass(frozen=True, slots=True)
class Facts:
    """What is assumed, what protects, and the words that hang on it."""

    assumed: Assumed
    measures: Measures
    codes: Codes

    def holds(self, s: Values, prefix: str = "rp") -> z3.BoolRef:
        """Whether the window of a period that the client knows holds p's day."""
        return z3.And(s[f"{prefix}_name"] != NONE, s[f"{prefix}_first"] <= DAY, DAY <= s[f"{prefix}_last"])

    def unconfirmed(self, s: Values) -> z3.BoolRef:
        """Whether the ledger holds p, and no sheet has confirmed it."""
        return z3.And(s["known"], z3.Not(s["confirmed"]))

    def in_backlog(self, s: Values) -> z3.BoolRef:
        """Whether p is to be published for the open period."""
        return z3.And(self.unconfirmed(s), self.holds(s) if self.measures.own_window else TRUE)

    def ledger_holds(self, s: Values, name: z3.ExprRef) -> z3.BoolRef:
        """Whether the ledger knows the period of this name, and its window holds p's day."""
        return z3.And(s["has"][name], s["from_"][name] <= DAY, DAY <= s["until"][name])

    def exempt(self, s: Values) -> z3.BoolRef:
        """Whether p is older than the first period whose sheet is known, and keeps nobody from erasing the machine."""
        before_all = z3.ForAll(n, z3.Implies(s["has"][n], DAY < s["from_"][n]))
        return z3.And(z3.Exists(n, s["has"][n]), before_all)

    def is_home(self, s: Values, sheet: z3.ExprRef) -> z3.BoolRef:
        """Whether p belongs to this sheet."""
        if self.assumed.dates_stay:
            return z3.And(sheet > NONE, FIRST(sheet) <= DAY, DAY <= LAST(sheet))
        return s["held"][sheet]

    def as_published(self, name: z3.ExprRef, first: z3.ExprRef, last: z3.ExprRef) -> list[z3.BoolRef]:
        """The dates of a period are HR's; only in worlds where those stay."""
        return [first == FIRST(name), last == LAST(name)]

    def open_in_ledger(self, s: Values, sheet: z3.ExprRef) -> Values:
        """The ledger is told the open period and its sheet."""
        name = s["rp_name"]
        return {
            "has": z3.Store(s["has"], name, TRUE),
            "sheet_of": z3.Store(s["sheet_of"], name, sheet),
            "from_": z3.Store(s["from_"], name, s["rp_first"]),
            "until": z3.Store(s["until"], name, s["rp_last"]),
            "held": z3.Store(s["held"], sheet, z3.Or(s["held"][sheet], self.holds(s))),
            "owed": z3.Or(s["owed"], self.holds(s)),
            "opened": TRUE,
            "newest": z3.If(z3.And(s["opened"], s["newest"] > s["rp_first"]), s["newest"], s["rp_first"]),
        }


VARIABLES: Mapping[str, Mapping[str, z3.SortRef]] = {
    "the attendance machine": {"punched": BOOL, "on_machine": BOOL, "locked": BOOL},
    "in the client's memory beside the snapshot": {
        "expired": BOOL,
        "was_enabled": BOOL,
        "closing": BOOL,
        "fresh": BOOL,
        "checked": BOOL,
        "asked_p": BOOL,
        "asked_sheet": INT,
    },
    "the ledger: p's row": {"known": BOOL, "confirmed": BOOL, "confirmed_in": INT},
    "the ledger: sheet and window of each period, by name": {
        "has": SET,
        "sheet_of": MAP,
        "from_": MAP,
        "until": MAP,
        "closed": SET,
    },
    "Pub/Sub: requests that hold p, replies that confirm p, by sheet": {"requests": SET, "replies": SET},
    "the sheets: how many rows p has, and the workbook's version": {"rows": MAP, "version": MAP},
    "the storing function's instances: what each is at, and what it has seen": {
        "busy": SET,
        "at_sheet": MAP,
        "saw_version": MAP,
        "saw_p": SET,
    },
    "what happened, for the promises only": {
        "stored": BOOL,
        "lost": BOOL,
        "owed": BOOL,
        "held": SET,
        "opened": BOOL,
        "newest": INT,
    },
}
"""The world's own, by what they belong to. `fresh`: what the last look found still counts. `checked`: the look before
an erasing found that nothing would be lost. `held`: sheets of opened periods whose window held p's day."""

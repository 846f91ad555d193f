"""The words in which the world, the promises and the invariants are said.

All is seen by ONE punch p that could be any: its business day is any day, and nothing about it is bounded. All other
punches are there as what they can do: be left, be new, be published in p's stead, change a count.

A site has any number of machines. One of them is p's, on which p is made; all others are there as what a visit to them
can do. Which machine answers at an address is as it likes, from one session to the next: machines are moved, replaced,
and come back. `here` is whether it is p's that the client talks to.

Periods have names, which are integers above 0; a period's sheet has the number of its name. `home` is the sheet to
which p belongs by HR's table, 0 where it belongs to none. What the site knows of periods, their dates and their sheets
is whatever it likes: the storing function routes by HR's table, and no promise of safety rests on what a site believes.
A topic is a set of messages that were ever sent, of which any may be delivered at any time, as often as it likes. The
storing function has any number of instances. The clocks say whatever they like at each look.
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

COUNTS = z3.Bool("counts")
"""Whether p was made on the site's First Day, or later."""

HEEDS = z3.Bool("heeds")
"""Whether p's machine takes no punch while it is disabled; some say that they are, and go on."""

RELAY, EXPIRED = "RELAY_ATTENDANCE_RECORDS", "REVIEW_PERIOD_EXPIRED"
AWAIT_STORED = "AWAIT_LAST_STORED_TIMESTAMP"

n, m, i = z3.Ints("n m i")
"""Any sheet or period, any other one, any instance of the storing function."""


@dataclass(frozen=True, slots=True)
class Assumed:
    """What may go wrong in a world, and what is taken for granted there.

    Attributes:
        home_stays: HR does not move p to another period once it is stored.
        torn_snapshots: a power loss may tear the newest snapshot.
        lost_snapshots: it may take both.
        lost_ledger: it may take the ledger.
        other_clients: there are any number of them, at these machines and this location.
    """

    home_stays: bool = True
    torn_snapshots: bool = True
    lost_snapshots: bool = False
    lost_ledger: bool = False
    other_clients: bool = False


@dataclass(frozen=True, slots=True)
class Measures:
    """What protects the promises; the names and sentences are the model's where it has them (worlds.py)."""

    routed: bool = True
    compare_and_set: bool = True
    identity_in_backend: bool = True
    stale_dropped: bool = True
    first_day_asked: bool = True
    confirmed_only: bool = True
    count_compared: bool = True
    whole_final_read: bool = True
    each_by_itself: bool = True
    disabling_tried: bool = True
    failed_read_told: bool = True


@dataclass(frozen=True, slots=True)
class Facts:
    """What is assumed, what protects, and the words that hang on it."""

    assumed: Assumed
    measures: Measures
    codes: Codes

    def unconfirmed(self, s: Values) -> z3.BoolRef:
        """Whether the ledger holds p, and no sheet has confirmed it."""
        return z3.And(s["known"], z3.Not(s["confirmed"]))

    def unsent(self, s: Values) -> z3.BoolRef:
        """Whether p is to be published."""
        return z3.And(self.unconfirmed(s), z3.Not(s["answered"]))

    def in_backlog(self, s: Values) -> z3.BoolRef:
        """Whether p is to be published, and of the open period as the site knows it."""
        return z3.And(self.unsent(s), s["rp_name"] != NONE, s["rp_first"] <= DAY, DAY <= s["rp_last"])

    def is_home(self, s: Values, sheet: z3.ExprRef) -> z3.BoolRef:
        """Whether p belongs to this sheet."""
        return z3.And(sheet > NONE, sheet == s["home"])


VARIABLES: Mapping[str, Mapping[str, z3.SortRef]] = {
    "p's machine": {"punched": BOOL, "on_machine": BOOL, "locked": BOOL},
    "HR's table": {"home": INT},
    "in the client's memory beside the snapshot": {
        "expired": BOOL,
        "here": BOOL,
        "was_enabled": BOOL,
        "closing": BOOL,
        "fresh": BOOL,
        "checked": BOOL,
        "asked_p": BOOL,
        "asked_sheet": INT,
    },
    "the ledger: p's row, and what was tried on p's machine": {
        "known": BOOL,
        "confirmed": BOOL,
        "confirmed_in": INT,
        "answered": BOOL,
        "outside": BOOL,
        "tried": BOOL,
    },
    "Pub/Sub: requests that hold p, replies that confirm p, by the sheet that was asked": {
        "requests": SET,
        "replies": SET,
    },
    "the sheets: how many rows p has, and the workbook's version": {"rows": MAP, "version": MAP},
    "the storing function's instances: what each is at, for which request, and what it has seen": {
        "busy": SET,
        "at_sheet": MAP,
        "for_request": MAP,
        "saw_version": MAP,
        "saw_p": SET,
    },
    "what happened, for the promises only": {"stored": BOOL, "lost": BOOL},
}
"""The world's own, by what they belong to. `answered`: p is not sent again for now, as it was refused or set aside.
`outside`: the backend has said that p is older than the site's First Day. `locked`: nobody can punch at p's machine.
`was_enabled`: it was enabled since the client began. `closing`, `fresh`, `checked` are of the machine that is talked
to: it is disabled to be erased; what the final read found there still counts; the look before an erasing found that
nothing would be lost. `tried`: somebody has seen that p's machine takes no punch while it is disabled."""

"""The promises of safety, by the names of README.md, each as a formula over a state."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import z3

from generator.emit_smt import COPIES, KEPT, NEWEST, NONE, Values
from spec.proof.vocabulary import COUNTS, EXPIRED, RELAY, Facts, m, n


@dataclass(frozen=True, slots=True)
class Claim:
    """Something that is so in every state: a sentence and its formula."""

    sentence: str
    formula: Callable[[Values], z3.BoolRef]


def promises(facts: Facts) -> Mapping[str, Claim]:
    """Each promise; `confirmed_is_stored` is none to users: what the others and a cleared machine rest on."""
    return {
        "stored_once": Claim(
            "no sheet holds p twice, and no two sheets hold it",
            lambda s: z3.And(
                z3.ForAll([n], s["rows"][n] <= 1),
                z3.ForAll([n, m], z3.Implies(z3.And(s["rows"][n] >= 1, s["rows"][m] >= 1), n == m)),
            ),
        ),
        "own_period": Claim(
            "a sheet that holds p is that of p's business day",
            lambda s: z3.ForAll([n], z3.Implies(s["rows"][n] >= 1, facts.is_home(s, n))),
        ),
        "nothing_erased_unstored": Claim(
            "what was erased and is in no sheet was made before the site's First Day",
            lambda s: z3.Implies(s["lost"], z3.Not(COUNTS)),
        ),
        "resumes_at_a_checkpoint": Claim(
            "whichever snapshot is left, a start finds a checkpoint and what it needs",
            lambda s: z3.And([_resumable(facts, s, prefix) for prefix in COPIES if prefix in (NEWEST, KEPT)]),
        ),
        "confirmed_is_stored": Claim(
            "what the ledger counts as confirmed is in the sheet that it names",
            lambda s: z3.Implies(s["confirmed"], s["rows"][s["confirmed_in"]] >= 1),
        ),
    }


def _resumable(facts: Facts, s: Values, prefix: str) -> z3.BoolRef:
    codes, state = facts.codes, s[f"{prefix}state"]
    needs_sheet = codes.one_of(state, RELAY, EXPIRED)
    needs_period = z3.Or(needs_sheet, codes.one_of(state, "REQUEST_REVIEW_SHEET"))
    return z3.And(
        z3.Or(codes.is_checkpoint(state), state == codes.entry),
        z3.Implies(needs_period, s[f"{prefix}rp_name"] != NONE),
        z3.Implies(needs_sheet, s[f"{prefix}sheet_id"] != NONE),
    )

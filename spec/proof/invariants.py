"""What must be true at every moment, so that the promises follow: each invariant a sentence and a formula.

The solver is shown, for each invariant and each step, that where all of them hold before the step, this one holds
after it. Where one fails, the state it prints need not be reachable: then say why it is not, as an invariant.
"""

from collections.abc import Callable, Iterator

import z3

from generator.emit_smt import COPIES, KEPT, NEWEST, NONE, TO_BE_SAVED, Values
from spec.proof.promises import Claim, promises
from spec.proof.vocabulary import AWAIT_STORED, COUNTS, EXPIRED, HEEDS, RELAY, Facts, i, n


def invariants(facts: Facts, *, erasing: bool) -> list[Claim]:
    """Those of a world; `erasing`: with those that `nothing_erased_unstored` follows from."""
    found = [*_snapshots(facts), *_relaying(facts), *_storing(facts)]
    if erasing:
        found += [*_final_read(facts), promises(facts)["nothing_erased_unstored"]]
    return found


def _of_each(
    copies: tuple[str, ...], formula: Callable[[Values, str], z3.BoolRef]
) -> Callable[[Values], z3.BoolRef]:
    """The formula, of each copy of a snapshot."""
    return lambda s: z3.And([formula(s, prefix) for prefix in copies])


def _of_all(body: Callable[[Values], z3.BoolRef]) -> Callable[[Values], z3.BoolRef]:
    """The formula for every sheet, or period, n."""
    return lambda s: z3.ForAll([n], body(s))


def _of_instances(body: Callable[[Values], z3.BoolRef]) -> Callable[[Values], z3.BoolRef]:
    """The formula for every instance i of the storing function that is at work."""
    return lambda s: z3.ForAll([i], z3.Implies(s["busy"][i], body(s)))


def _snapshots(facts: Facts) -> Iterator[Claim]:
    codes = facts.codes

    def settled(s: Values, prefix: str) -> z3.BoolRef:
        state, name, sheet = s[f"{prefix}state"], s[f"{prefix}rp_name"], s[f"{prefix}sheet_id"]
        with_sheet = codes.one_of(state, RELAY, EXPIRED, AWAIT_STORED)
        with_period = z3.Or(with_sheet, codes.one_of(state, "REQUEST_REVIEW_SHEET", "AWAIT_REVIEW_SHEET"))
        return z3.And(with_period == (name != NONE), with_sheet == (sheet != NONE))

    def at_a_checkpoint(s: Values, prefix: str) -> z3.BoolRef:
        state = s[f"{prefix}state"]
        return z3.Or(codes.is_checkpoint(state), state == codes.entry)

    yield Claim(
        "a state has the period and the sheet that it needs, and no other: in memory and in both snapshots",
        _of_each(COPIES, settled),
    )
    yield Claim(
        "both snapshots were written at checkpoints, or nothing was yet",
        _of_each((NEWEST, KEPT), at_a_checkpoint),
    )
    yield Claim(
        "only a checkpoint waits to be saved",
        lambda s: z3.Implies(s["at"] == TO_BE_SAVED, codes.is_checkpoint(s["state"])),
    )


def _relaying(facts: Facts) -> Iterator[Claim]:
    yield Claim(
        "what was asked for p was published",
        lambda s: z3.Implies(s["asked_p"], s["requests"][s["asked_sheet"]]),
    )
    yield Claim(
        "p counts as older than the site only if it is",
        lambda s: z3.Implies(s["outside"], z3.Not(COUNTS)),
    )
    yield Claim(
        "the ledger confirms what a sheet holds",
        promises(facts)["confirmed_is_stored"].formula,
    )


def _storing(facts: Facts) -> Iterator[Claim]:
    yield Claim(
        "p is written to no sheet but its own",
        _of_instances(lambda s: facts.is_home(s, s["at_sheet"][i])),
    )
    yield Claim(
        "p's rows are in its own sheet",
        _of_all(lambda s: z3.And(s["rows"][n] >= 0, z3.Implies(s["rows"][n] >= 1, facts.is_home(s, n)))),
    )
    yield Claim("a sheet holds p at most once", _of_all(lambda s: s["rows"][n] <= 1))
    yield Claim(
        "a reply confirms what a sheet holds",
        _of_all(lambda s: z3.Implies(s["replies"][n], s["rows"][s["home"]] >= 1)),
    )
    yield Claim("stored means in a sheet", _of_all(lambda s: z3.Implies(s["rows"][n] >= 1, s["stored"])))
    yield Claim(
        "an instance of the function that is at work works on a request of p",
        _of_instances(lambda s: s["requests"][s["for_request"][i]]),
    )
    yield Claim(
        "an instance that saw p saw what is still there",
        _of_instances(lambda s: z3.Implies(s["saw_p"][i], s["rows"][s["at_sheet"][i]] >= 1)),
    )
    yield Claim(
        "no instance saw a version that is yet to come",
        _of_instances(lambda s: s["saw_version"][i] <= s["version"][s["at_sheet"][i]]),
    )

    def saw_all(s: Values) -> z3.BoolRef:
        sheet = s["at_sheet"][i]
        up_to_date = z3.And(s["saw_version"][i] == s["version"][sheet], z3.Not(s["saw_p"][i]))
        return z3.Implies(up_to_date, s["rows"][sheet] == 0)

    yield Claim(
        "an instance that saw the present version saw p, or the sheet does not hold it",
        _of_instances(saw_all),
    )


def _final_read(facts: Facts) -> Iterator[Claim]:
    def locked(s: Values) -> z3.BoolRef:
        of_p = z3.And(s["locked"] == HEEDS, s["was_enabled"])
        return z3.And(z3.Implies(s["here"], of_p), facts.codes.one_of(s["state"], EXPIRED))

    def safe(s: Values) -> z3.BoolRef:
        owed = z3.And(facts.unconfirmed(s), z3.Not(s["outside"]))
        known = z3.Implies(s["on_machine"], s["known"])
        return z3.And(s["closing"], z3.Implies(s["here"], z3.And(HEEDS, known, z3.Not(owed))))

    yield Claim(
        "what the final read found counts only while the machine is being closed",
        lambda s: z3.Implies(s["fresh"], s["closing"]),
    )
    yield Claim(
        "only a machine that takes no punch while it is disabled was seen to take none",
        lambda s: z3.Implies(s["tried"], HEEDS),
    )
    yield Claim(
        "a machine that is being closed is locked if it heeds that, and a start has enabled it before",
        lambda s: z3.Implies(s["closing"], locked(s)),
    )
    yield Claim(
        "what the final read found is in the ledger",
        lambda s: z3.Implies(z3.And(s["here"], s["fresh"], s["on_machine"]), s["known"]),
    )
    yield Claim(
        "nobody punches before the erasing, and p is confirmed or older than the site",
        lambda s: z3.Implies(s["checked"], safe(s)),
    )

"""What must be true at every moment, so that the promises follow: each invariant a sentence and a formula.

The solver is shown, for each invariant and each step, that where all of them hold before the step, this one holds
after it. Where one fails, the state it prints need not be reachable: then say why it is not, as an invariant.
"""

from collections.abc import Callable, Iterator

import z3

from generator.emit_smt import COPIES, KEPT, MEMORY, NEWEST, NONE, TO_BE_SAVED, Values
from spec.proof.promises import Claim, promises
from spec.proof.vocabulary import AWAIT_STORED, DAY, EXPIRED, FIRST, LAST, RELAY, Facts, i, m, n

PERIOD_PARTS = ("name", "first", "last")


def invariants(facts: Facts, *, erasing: bool) -> list[Claim]:
    """Those of a world; `erasing`: with those that `nothing_erased_unstored` follows from."""
    found = [*_snapshots(facts), *_relaying(facts), *_storing()]
    found += _dates_that_stay(facts) if facts.assumed.dates_stay else _dates_as_hr_likes(facts)
    if erasing:
        found += [*_last_look(facts), *_erasing(facts), promises(facts)["nothing_erased_unstored"]]
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
        right = z3.Or(sheet == NONE, sheet == name)
        return z3.And(with_period == (name != NONE), with_sheet == (sheet != NONE), right)

    def at_a_checkpoint(s: Values, prefix: str) -> z3.BoolRef:
        state = s[f"{prefix}state"]
        return z3.Or(codes.is_checkpoint(state), state == codes.entry)

    yield Claim(
        "a state has the period and the sheet that it needs, no other, and the sheet is the period's: in memory and "
        "in both snapshots",
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
        "the ledger's sheet of a period is that period's",
        _of_all(lambda s: z3.Implies(s["has"][n], z3.And(n > NONE, s["sheet_of"][n] == n))),
    )
    yield Claim(
        "what was asked for p was published",
        lambda s: z3.Implies(s["asked_p"], s["requests"][s["asked_sheet"]]),
    )
    yield Claim(
        "p is requested for no sheet but its own",
        _of_all(lambda s: z3.Implies(s["requests"][n], facts.is_home(s, n))),
    )
    yield Claim(
        "the ledger confirms what a sheet holds",
        promises(facts)["confirmed_is_stored"].formula,
    )


def _storing() -> Iterator[Claim]:
    yield Claim(
        "p's rows were requested",
        _of_all(lambda s: z3.And(s["rows"][n] >= 0, z3.Implies(s["rows"][n] >= 1, s["requests"][n]))),
    )
    yield Claim("a sheet holds p at most once", _of_all(lambda s: s["rows"][n] <= 1))
    yield Claim(
        "a reply confirms what a sheet holds",
        _of_all(lambda s: z3.Implies(s["replies"][n], s["rows"][n] >= 1)),
    )
    yield Claim("stored means in a sheet", _of_all(lambda s: z3.Implies(s["rows"][n] >= 1, s["stored"])))
    yield Claim(
        "an instance of the function that is at work works on a request of p",
        _of_instances(lambda s: s["requests"][s["at_sheet"][i]]),
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


def _dates_that_stay(facts: Facts) -> Iterator[Claim]:
    def published(s: Values, prefix: str) -> z3.BoolRef:
        name, first, last = (s[f"{prefix}_{part}"] for part in PERIOD_PARTS)
        return z3.Or(name == NONE, z3.And(name > NONE, *facts.as_published(name, first, last)))

    periods = tuple(prefix + period for prefix in COPIES for period in ("rp", "prev"))
    yield Claim(
        "the client's periods have HR's dates: in memory and in both snapshots", _of_each(periods, published)
    )
    yield Claim(
        "the ledger's periods have HR's dates",
        _of_all(
            lambda s: z3.Implies(s["has"][n], z3.And(s["from_"][n] == FIRST(n), s["until"][n] == LAST(n)))
        ),
    )


def _dates_as_hr_likes(facts: Facts) -> Iterator[Claim]:
    """A period begins the day after the one before it ended, whatever HR writes: that alone keeps them apart."""

    def in_ledger(s: Values, prefix: str, name: z3.ExprRef) -> z3.BoolRef:
        return z3.And(s["from_"][name] == s[f"{prefix}rp_first"], s["until"][name] == s[f"{prefix}rp_last"])

    def behind(s: Values, prefix: str) -> z3.BoolRef:
        rp, prev = f"{prefix}rp", f"{prefix}prev"
        over = z3.And(s[f"{prev}_name"] != NONE, DAY <= s[f"{prev}_last"])
        open_ = z3.And(facts.holds(s, rp), n == s[f"{rp}_name"])
        return z3.ForAll([n], z3.Implies(s["held"][n], z3.Or(over, open_)))

    def in_order(s: Values, prefix: str) -> z3.BoolRef:
        rp, prev = f"{prefix}rp", f"{prefix}prev"
        is_open, is_closed = s[f"{rp}_name"] != NONE, s[f"{prev}_name"] != NONE
        follows = s[f"{rp}_first"] == s[f"{prev}_last"] + 1
        # Closed in the ledger; power failed before the snapshot; and the ledger was asked what was closed last.
        same = [s[f"{rp}_{part}"] == s[f"{prev}_{part}"] for part in PERIOD_PARTS]
        closed_already = z3.And(s[f"{prefix}sheet_id"] != NONE, *same)
        return z3.And(
            s[f"{rp}_name"] >= NONE,
            s[f"{prev}_name"] >= NONE,
            z3.Implies(z3.And(is_open, is_closed), z3.Or(follows, closed_already)),
            z3.Implies(is_open, s[f"{rp}_first"] <= s[f"{rp}_last"]),
        )

    def told(s: Values, prefix: str) -> z3.BoolRef:
        name = s[f"{prefix}rp_name"]
        there = z3.And(s["has"][name], in_ledger(s, prefix, name))
        held = z3.Implies(facts.holds(s, f"{prefix}rp"), s["held"][name])
        return z3.Implies(s[f"{prefix}sheet_id"] != NONE, z3.And(there, held))

    def on_disk(s: Values) -> z3.BoolRef:
        names = ("rp_name", "rp_first", "rp_last", "sheet_id")
        open_ = [s[NEWEST + name] == s[name] for name in names]
        closed = [s[f"{NEWEST}prev_{part}"] == s[f"prev_{part}"] for part in PERIOD_PARTS]
        same = z3.And(*open_, z3.Or(s[f"{NEWEST}prev_name"] == NONE, z3.And(closed)))
        return z3.Implies(s["at"] != TO_BE_SAVED, same)

    def none_closed(s: Values, prefix: str) -> z3.BoolRef:
        with_sheet = s[f"{prefix}sheet_id"] != NONE
        own = z3.And(with_sheet, n == s[f"{prefix}rp_name"], in_ledger(s, prefix, n))
        closed = z3.And(s["has"][n], s["closed"][n])
        return z3.Implies(s[f"{prefix}prev_name"] == NONE, z3.ForAll([n], z3.Implies(closed, own)))

    copies = COPIES if facts.assumed.torn_snapshots else (MEMORY, NEWEST)
    yield Claim("periods and sheet are on disk as in memory, but for what is about to be saved", on_disk)
    yield Claim(
        "where a snapshot names no closed period, none but its own is closed", _of_each(copies, none_closed)
    )
    yield Claim("a period with a sheet stands in the ledger with its dates", _of_each(copies, told))
    yield Claim("what is closed has a sheet", _of_all(lambda s: z3.Implies(s["closed"][n], s["has"][n])))
    yield Claim("a period follows the one before: in memory and in the snapshots", _of_each(copies, in_order))
    yield Claim(
        "no day is in two periods that were opened",
        lambda s: z3.ForAll([n, m], z3.Implies(z3.And(s["held"][n], s["held"][m]), n == m)),
    )
    yield Claim("what was opened lies behind whatever snapshot a start may find", _of_each(copies, behind))
    yield Claim(
        "a ledger's period that holds p's day was opened",
        _of_all(lambda s: z3.Implies(facts.ledger_holds(s, n), s["held"][n])),
    )


def _last_look(facts: Facts) -> Iterator[Claim]:
    def locked(s: Values) -> z3.BoolRef:
        return z3.And(s["locked"], s["was_enabled"], facts.codes.one_of(s["state"], EXPIRED))

    def safe(s: Values) -> z3.BoolRef:
        owed = z3.And(facts.unconfirmed(s), z3.Not(facts.exempt(s)))
        return z3.And(s["closing"], z3.Implies(s["on_machine"], s["known"]), z3.Not(owed))

    yield Claim(
        "what the last look found counts only while the machine is being closed",
        lambda s: z3.Implies(s["fresh"], s["closing"]),
    )
    yield Claim(
        "a machine that is being closed is locked, and a start has enabled it before",
        lambda s: z3.Implies(s["closing"], locked(s)),
    )
    yield Claim(
        "what the last look found is in the ledger",
        lambda s: z3.Implies(z3.And(s["fresh"], s["on_machine"]), s["known"]),
    )
    yield Claim(
        "between the check and the erasing nobody has punched, and p is confirmed or of no sheet",
        lambda s: z3.Implies(s["checked"], safe(s)),
    )


def _erasing(facts: Facts) -> Iterator[Claim]:
    codes = facts.codes

    def past(s: Values, prefix: str) -> z3.BoolRef:
        """Whatever a client with this snapshot opens next, it lies after p's day."""
        is_open, is_closed = s[f"{prefix}rp_name"] != NONE, s[f"{prefix}prev_name"] != NONE
        # Without either it asks for "the period of today".
        today = z3.And(s["opened"], DAY < s["newest"]) if facts.assumed.today_goes_on else z3.BoolVal(False)
        return z3.And(
            z3.Or(is_open, is_closed, today),
            z3.Implies(is_open, DAY < s[f"{prefix}rp_first"]),
            z3.Implies(is_closed, DAY < s[f"{prefix}prev_first"]),
        )

    def in_ledger(s: Values, prefix: str) -> z3.BoolRef:
        found = []
        for period, known in (("rp", s[f"{prefix}sheet_id"]), ("prev", s[f"{prefix}prev_name"])):
            name, first, last = (s[f"{prefix}{period}_{part}"] for part in PERIOD_PARTS)
            same = z3.And(s["from_"][name] == first, s["until"][name] == last)
            found.append(z3.Implies(known != NONE, z3.And(s["has"][name], same)))
        return z3.And(found)

    def snapshots_know(s: Values) -> z3.BoolRef:
        saved = s["at"] != TO_BE_SAVED
        expiring = codes.one_of(s["state"], EXPIRED)
        at_work = codes.one_of(s["state"], AWAIT_STORED, EXPIRED)
        relaying = z3.And(codes.one_of(s["state"], RELAY), saved)

        def knows(prefix: str, name: z3.ExprRef) -> z3.BoolRef:
            return z3.And(s[f"{prefix}rp_name"] == name, s[f"{prefix}sheet_id"] != NONE)

        return z3.And(
            z3.Implies(z3.Or(at_work, relaying), knows(NEWEST, s["rp_name"])),
            z3.Implies(z3.And(expiring, saved), knows(KEPT, s["rp_name"])),
            z3.Implies(codes.one_of(s[f"{NEWEST}state"], EXPIRED), knows(KEPT, s[f"{NEWEST}rp_name"])),
        )

    def before_all_that_comes(s: Values) -> z3.BoolRef:
        return z3.And(z3.Not(s["owed"]), *[past(s, prefix) for prefix in COPIES])

    yield Claim(
        "no period of the ledger begins later than the newest that was opened",
        _of_all(lambda s: z3.Implies(s["has"][n], z3.And(s["opened"], s["from_"][n] <= s["newest"]))),
    )
    yield Claim(
        "what is owed is of a ledger's period",
        lambda s: z3.Implies(s["owed"], z3.Exists([n], facts.ledger_holds(s, n))),
    )
    yield Claim(
        "the periods in memory and in both snapshots stand in the ledger", _of_each(COPIES, in_ledger)
    )
    yield Claim("while the machine may be erased, both snapshots know the open period", snapshots_know)
    yield Claim(
        "what was erased unstored lies before the newest period",
        lambda s: z3.Implies(s["lost"], z3.And(s["opened"], DAY < s["newest"])),
    )
    yield Claim(
        "what was erased unstored lies before every period of the ledger",
        lambda s: z3.Implies(s["lost"], z3.ForAll([n], z3.Implies(s["has"][n], DAY < s["from_"][n]))),
    )
    yield Claim(
        "what was erased unstored lies before all that comes, whichever snapshot a start finds",
        lambda s: z3.Implies(s["lost"], before_all_that_comes(s)),
    )

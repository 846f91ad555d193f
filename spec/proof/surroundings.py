"""What happens around the client: a start after a power loss, people, the storing function, other clients."""

from collections.abc import Iterator, Mapping

import z3

from generator.emit_smt import NONE, Outcome, Pick, Step, Values
from spec.proof.vocabulary import BOOL, EXPIRED, FALSE, INT, NOWHERE, RELAY, TRUE, Facts, m


def after_start(facts: Facts, s: Values, pick: Pick) -> Iterator[Outcome]:
    """Nothing is left but the snapshot's fields and the ledger; and the ledger is told of the open period's sheet."""
    memory: Values = dict.fromkeys(
        ["expired", "was_enabled", "closing", "fresh", "checked", "asked_p"], FALSE
    )
    memory |= {"asked_sheet": z3.IntVal(NONE), "locked": z3.And(s["locked"], pick("out_of_reach", BOOL))}
    ledgers: dict[str, Values] = {"": {}}
    if facts.assumed.lost_ledger:
        ledgers[", ledger lost"] = {"known": FALSE, "confirmed": FALSE, "has": NOWHERE, "closed": NOWHERE}
    for told, lost in ledgers.items():
        left = {**s, **memory, **lost}
        has_sheet = z3.And(left["rp_name"] != NONE, left["sheet_id"] != NONE)
        told_to = facts.open_in_ledger(left, left["sheet_id"])
        started = {**left, **{name: z3.If(has_sheet, term, left[name]) for name, term in told_to.items()}}
        started["state"] = _resumable(facts, started)
        yield from _closed_before(started, told, pick)


def _resumable(facts: Facts, s: Values) -> z3.ExprRef:
    """A state that lacks what it needs is not resumed in; the promise says that this is never needed."""
    codes = facts.codes
    needs_sheet = codes.one_of(s["state"], RELAY, EXPIRED)
    needs_period = z3.Or(needs_sheet, codes.one_of(s["state"], "REQUEST_REVIEW_SHEET"))
    ask_again = z3.IntVal(codes.of["FETCH_REVIEW_PERIOD"])
    request = z3.IntVal(codes.of["REQUEST_REVIEW_SHEET"])
    without_sheet = z3.If(z3.And(needs_sheet, s["sheet_id"] == NONE), request, s["state"])
    return z3.If(z3.And(needs_period, s["rp_name"] == NONE), ask_again, without_sheet)


def _closed_before(s: Values, told: str, pick: Pick) -> Iterator[Outcome]:
    """A snapshot that names no closed period: the ledger is asked for the one that ended last."""
    latest = pick("latest", INT)

    def is_closed(name: z3.ExprRef) -> z3.BoolRef:
        return z3.And(s["has"][name], s["closed"][name])

    unknown = s["prev_name"] == NONE
    ended_last = z3.ForAll(m, z3.Implies(is_closed(m), s["until"][m] <= s["until"][latest]))
    found = {"prev_name": latest, "prev_first": s["from_"][latest], "prev_last": s["until"][latest]}
    yield Outcome(told, z3.Not(unknown), s)
    asked = f"{told}, asks the ledger what was closed"
    yield Outcome(asked, z3.And(unknown, is_closed(latest), ended_last), {**s, **found})
    yield Outcome(f"{told}, nothing was closed", z3.And(unknown, z3.ForAll(m, z3.Not(is_closed(m)))), s)


def environment(facts: Facts, s: Values, pick: Pick) -> Iterator[Step]:
    """What happens by itself."""
    may_punch = z3.Not(s["locked"])
    punches = {"punched": TRUE, "on_machine": TRUE, "fresh": FALSE}
    yield _step(s, "p is punched", z3.And(may_punch, z3.Not(s["punched"])), punches)
    yield _step(s, "somebody else punches", may_punch, {"fresh": FALSE})
    yield _step(s, "somebody clears the machine", TRUE, {"on_machine": FALSE, "fresh": FALSE})
    yield from _functions(facts, s, pick)
    if facts.assumed.other_clients:
        yield from _other_clients(facts, s, pick)


def _step(s: Values, name: str, guard: z3.BoolRef, sets: Values) -> Step:
    return Step(name, guard, {**s, **sets}, effect="environment")


def _functions(facts: Facts, s: Values, pick: Pick) -> Iterator[Step]:
    """The storing function: any instance reads, writes if nobody has written since, replies; or dies at any moment."""
    instance, other = pick("instance", INT), pick("sheet", INT)
    busy, sheet, saw_p = s["busy"][instance], s["at_sheet"][instance], s["saw_p"][instance]

    def looks_at(looked: z3.ExprRef) -> Values:
        return {
            "saw_version": z3.Store(s["saw_version"], instance, s["version"][looked]),
            "saw_p": z3.Store(s["saw_p"], instance, s["rows"][looked] >= 1),
        }

    def written_to(written: z3.ExprRef) -> Mapping[str, z3.ExprRef]:
        return {"version": z3.Store(s["version"], written, s["version"][written] + 1)}

    begins = {
        "busy": z3.Store(s["busy"], instance, TRUE),
        "at_sheet": z3.Store(s["at_sheet"], instance, other),
    }
    done: Values = {"busy": z3.Store(s["busy"], instance, FALSE)}
    replies: Values = {**done, "replies": z3.Store(s["replies"], sheet, TRUE)}
    rows = z3.Store(s["rows"], sheet, s["rows"][sheet] + 1)
    appends: Values = {"rows": rows, **written_to(sheet), "stored": TRUE}
    same = s["saw_version"][instance] == s["version"][sheet]
    wants = z3.And(busy, z3.Not(saw_p)) if facts.measures.identity_in_backend else busy
    applied = z3.And(wants, same) if facts.measures.compare_and_set else wants

    takes = z3.And(z3.Not(busy), s["requests"][other])
    yield _step(s, "a function takes a request and reads", takes, {**begins, **looks_at(other)})
    yield _step(s, "a function appends p and replies", applied, {**appends, **replies})
    yield _step(s, "a function appends p; the answer is lost, it will write again", applied, appends)
    refused = z3.And(busy, z3.Not(same))
    yield _step(s, "a function's write is refused, it reads again", refused, looks_at(sheet))
    yield _step(s, "a function finds p and replies", z3.And(busy, saw_p), replies)
    yield _step(s, "a function dies", busy, done)
    yield _step(s, "others are stored", TRUE, {**written_to(other)})


def _other_clients(facts: Facts, s: Values, pick: Pick) -> Iterator[Step]:
    """Any number of them, by what each guarantees: it publishes p for the sheet of p's day.

    That is proved of this client, so the argument closes. That another one erases only what is stored is taken for
    granted; "somebody clears the machine" takes p away without that.
    """
    sheet = pick("sheet", INT)
    may_publish = z3.And(facts.is_home(s, sheet), s["punched"])
    asks = {"requests": z3.Store(s["requests"], sheet, TRUE)}
    yield _step(s, "another client publishes p", may_publish, asks)
    switched = {"locked": pick("locked", BOOL)}
    yield _step(s, "another client enables or disables the machine", TRUE, switched)
    may_erase = z3.Or(s["stored"], z3.Not(s["on_machine"]))
    erased = {"on_machine": FALSE, "fresh": FALSE}
    yield _step(s, "another client erases the machine", may_erase, erased)

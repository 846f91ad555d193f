"""What happens around the client: a start after a power loss, people, the storing function, other clients."""

from collections.abc import Iterator, Mapping

import z3

from generator.emit_smt import NONE, Outcome, Pick, Step, Values
from spec.proof.effects import perhaps_again
from spec.proof.vocabulary import BOOL, EXPIRED, FALSE, HEEDS, INT, RELAY, TRUE, Facts


def after_start(facts: Facts, s: Values, pick: Pick) -> Iterator[Outcome]:
    """Nothing is left but the snapshot's fields and the ledger, which is told of the open period's sheet.

    A snapshot that names no closed period is given one by the ledger, or none.
    """
    memory: Values = dict.fromkeys(
        ["expired", "here", "was_enabled", "closing", "fresh", "checked", "asked_p"], FALSE
    )
    memory |= {"asked_sheet": z3.IntVal(NONE), "locked": z3.And(s["locked"], pick("out_of_reach", BOOL))}
    ledgers: dict[str, Values] = {"": perhaps_again(s, pick)}
    if facts.assumed.lost_ledger:
        ledgers[", ledger lost"] = dict.fromkeys(
            ["known", "confirmed", "answered", "outside", "tried"], FALSE
        )
    closed = {f"prev_{part}": pick(part, INT) for part in ("name", "first", "last")}
    for told, ledger in ledgers.items():
        started = {**s, **memory, **ledger}
        started["state"] = _resumable(facts, started)
        yield Outcome(told, sets=started)
        asked = f"{told}, asks the ledger what was closed"
        yield Outcome(
            asked, z3.And(s["prev_name"] == NONE, closed["prev_name"] > NONE), {**started, **closed}
        )


def _resumable(facts: Facts, s: Values) -> z3.ExprRef:
    """A state that lacks what it needs is not resumed in; the promise says that this is never needed."""
    codes = facts.codes
    needs_sheet = codes.one_of(s["state"], RELAY, EXPIRED)
    needs_period = z3.Or(needs_sheet, codes.one_of(s["state"], "REQUEST_REVIEW_SHEET"))
    ask_again = z3.IntVal(codes.of["FETCH_REVIEW_PERIOD"])
    request = z3.IntVal(codes.of["REQUEST_REVIEW_SHEET"])
    without_sheet = z3.If(z3.And(needs_sheet, s["sheet_id"] == NONE), request, s["state"])
    return z3.If(z3.And(needs_period, s["rp_name"] == NONE), ask_again, without_sheet)


def environment(facts: Facts, s: Values, pick: Pick) -> Iterator[Step]:
    """What happens by itself."""
    may_punch = z3.Not(s["locked"])
    punches = {"punched": TRUE, "on_machine": TRUE, "fresh": FALSE}
    yield _step(s, "p is punched", z3.And(may_punch, z3.Not(s["punched"])), punches)
    yield _step(s, "somebody else punches", may_punch, {"fresh": FALSE})
    yield _step(s, "somebody clears the machine", TRUE, {"on_machine": FALSE, "fresh": FALSE})
    yield _step(s, "somebody sees that it takes no punch while it is disabled", HEEDS, {"tried": TRUE})
    entered = pick("entered", INT)
    yield _step(s, "HR enters p's period", z3.And(s["home"] == NONE, entered > NONE), {"home": entered})
    if not facts.assumed.home_stays:
        yield _step(s, "HR moves p to another period", TRUE, {"home": pick("home", INT)})
    yield from _functions(facts, s, pick)
    if facts.assumed.other_clients:
        yield from _other_clients(facts, s, pick)


def _step(s: Values, name: str, guard: z3.BoolRef, sets: Values) -> Step:
    return Step(name, guard, {**s, **sets}, effect="environment")


def _functions(facts: Facts, s: Values, pick: Pick) -> Iterator[Step]:
    """The storing function: any instance reads, writes if nobody has written since, replies; or dies at any moment."""
    instance, other = pick("instance", INT), pick("sheet", INT)
    goes_to = s["home"] if facts.measures.routed else other
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
        "at_sheet": z3.Store(s["at_sheet"], instance, goes_to),
        "for_request": z3.Store(s["for_request"], instance, other),
    }
    done: Values = {"busy": z3.Store(s["busy"], instance, FALSE)}
    replies: Values = {**done, "replies": z3.Store(s["replies"], s["for_request"][instance], TRUE)}
    rows = z3.Store(s["rows"], sheet, s["rows"][sheet] + 1)
    appends: Values = {"rows": rows, **written_to(sheet), "stored": TRUE}
    same = s["saw_version"][instance] == s["version"][sheet]
    wants = z3.And(busy, z3.Not(saw_p)) if facts.measures.identity_in_backend else busy
    applied = z3.And(wants, same) if facts.measures.compare_and_set else wants

    takes = z3.And(z3.Not(busy), s["requests"][other], goes_to > NONE)
    yield _step(s, "a function takes a request and reads", takes, {**begins, **looks_at(goes_to)})
    yield _step(s, "a function appends p and replies", applied, {**appends, **replies})
    yield _step(s, "a function appends p; the answer is lost, it will write again", applied, appends)
    refused = z3.And(busy, z3.Not(same))
    yield _step(s, "a function's write is refused, it reads again", refused, looks_at(sheet))
    yield _step(s, "a function finds p and replies", z3.And(busy, saw_p), replies)
    yield _step(s, "a function dies", busy, done)
    yield _step(s, "others are stored", TRUE, {**written_to(other)})


def _other_clients(facts: Facts, s: Values, pick: Pick) -> Iterator[Step]:
    """Any number of them: each publishes p for whatever sheet it likes.

    That another one erases only what is stored is taken for granted; "somebody clears the machine" takes p away
    without that.
    """
    del facts
    sheet = pick("sheet", INT)
    may_publish = z3.And(sheet > NONE, s["punched"])
    asks = {"requests": z3.Store(s["requests"], sheet, TRUE)}
    yield _step(s, "another client publishes p", may_publish, asks)
    switched = {"locked": pick("locked", BOOL)}
    yield _step(s, "another client enables or disables the machine", TRUE, switched)
    may_erase = z3.Or(s["stored"], z3.Not(s["on_machine"]))
    erased = {"on_machine": FALSE, "fresh": FALSE}
    yield _step(s, "another client erases the machine", may_erase, erased)

"""What each of the client's effects does to the world, when each event is reported, what a transition writes."""

from collections.abc import Callable, Mapping, Sequence

import z3

from generator.emit_smt import NONE, Outcome, Pick, Values
from spec.proof.vocabulary import BOOL, COUNTS, EXPIRED, FALSE, HEEDS, INT, RELAY, TRUE, Facts

Effect = Callable[[Facts, Values, Pick], Sequence[Outcome]]

NO_TIME = z3.IntVal(NONE)
NOTHING_CHECKED: Values = {"fresh": FALSE, "checked": FALSE}
NOT_CLOSING: Values = {"closing": FALSE, **NOTHING_CHECKED}
FAILS = Outcome("fails", verdict="failed")
STALE = Outcome("stale", verdict="dropped")


def perhaps_again(s: Values, pick: Pick) -> Values:
    """What was refused, set aside or of no period may be sent once more."""
    answered = z3.And(s["answered"], pick("still answered", BOOL))
    return {"answered": answered, "outside": z3.And(s["outside"], answered)}


def publish(facts: Facts, s: Values, pick: Pick) -> Sequence[Outcome]:
    """A question or an alarm, which holds no punch: it is asked, or not yet."""
    del facts, s, pick
    return [Outcome(), FAILS]


def receive_new_review_period(facts: Facts, s: Values, pick: Pick) -> Sequence[Outcome]:
    """The reply has the ID and the `after` of the question; which period comes next, and its dates, are as HR likes."""
    del facts, s
    name, first, last = pick("name", INT), pick("first", INT), pick("last", INT)
    dates = {"_first": first, "_last": last}
    found = {"_name": name, **dates, "expired": pick("expired", BOOL)}
    return [
        Outcome("found", z3.And(name > NONE, first <= last), found),
        Outcome("missing", sets={"_name": z3.IntVal(NONE), **dates}),
        STALE,
    ]


def receive_new_review_sheet(facts: Facts, s: Values, pick: Pick) -> Sequence[Outcome]:
    """The reply names the open period, and a sheet. The ledger remembers both; what was of no period is sent again."""
    del facts
    sheet = pick("sheet", INT)
    return [Outcome("", sheet > NONE, {"_sheet": sheet, **perhaps_again(s, pick)}), STALE]


def ask_machine(facts: Facts, s: Values, pick: Pick) -> Sequence[Outcome]:
    """Any of the machines; its clock says what it likes. Once after a start it is enabled."""
    relaying = facts.codes.one_of(s["state"], RELAY)
    here = z3.If(s["closing"], s["here"], pick("here", BOOL))
    # One that hung elsewhere is asked what it is, and enabled in a session of its own.
    was_enabled = z3.Or(s["was_enabled"], z3.And(pick("moved", BOOL), z3.Not(s["closing"])))
    asked = {
        "here": here,
        "expired": pick("expired", BOOL),
        "locked": z3.And(s["locked"], z3.Implies(here, was_enabled)),
        "was_enabled": z3.Or(s["was_enabled"], here),
    }
    polled = {**asked, **perhaps_again(s, pick)}
    return [
        Outcome("", sets=asked),
        Outcome("nothing to read", relaying, polled, "enough"),
        Outcome("nothing to read, the next one", relaying, polled, "next"),
        Outcome("not due", relaying, verdict="enough"),
        # The others were read; without it the site's time may be another one.
        Outcome(
            "out of reach", z3.Not(s["closing"]), {**asked, "here": FALSE, "locked": s["locked"]}, "enough"
        ),
        Outcome("fails", sets=NOT_CLOSING, verdict="failed"),
    ]


def read_machine(facts: Facts, s: Values, pick: Pick) -> Sequence[Outcome]:
    """The final read takes all of the log, a poll its end only; on p's machine with p or without."""
    final_read = facts.codes.one_of(s["state"], EXPIRED)
    tail = pick("in_the_end_of_the_log", BOOL)
    seen = z3.Or(final_read, tail) if facts.measures.whole_final_read else tail
    counts = z3.And(final_read, s["closing"])
    known = z3.Or(s["known"], z3.And(s["here"], s["on_machine"], seen))
    again = {name: z3.If(final_read, s[name], value) for name, value in perhaps_again(s, pick).items()}
    found = {"known": known, "fresh": counts, "checked": FALSE, **again}
    outcomes = [
        Outcome("", sets=found),
        Outcome("the next machine", z3.Not(s["closing"]), found, "next"),
        Outcome("fails", sets=NOT_CLOSING, verdict="failed"),
    ]
    if not facts.measures.failed_read_told:
        outcomes.append(Outcome("fails unnoticed", sets={"fresh": counts}))
    return outcomes


def publish_store_attend_records(facts: Facts, s: Values, pick: Pick) -> Sequence[Outcome]:
    """What no sheet has confirmed: with p or without, for the sheet where the site believes it to belong."""
    sheet = pick("sheet", INT)
    asks: Values = {"asked_p": TRUE, "asked_sheet": sheet, "requests": z3.Store(s["requests"], sheet, TRUE)}
    nothing: Values = {"asked_p": FALSE, "asked_sheet": z3.IntVal(NONE)}
    may_be_sent = z3.And(facts.unsent(s), sheet > NONE)
    return [
        Outcome("p", may_be_sent, asks),
        Outcome("others", sheet > NONE, {"asked_p": FALSE, "asked_sheet": sheet}),
        Outcome("nothing new", z3.Not(facts.unsent(s)), nothing),
        # It is in the topic, and the client does not know it.
        Outcome("p, the answer is lost", may_be_sent, {"requests": asks["requests"]}, "failed"),
        FAILS,
    ]


def receive_last_stored_timestamp(facts: Facts, s: Values, pick: Pick) -> Sequence[Outcome]:
    """The ledger believes what a reply of the sheet that was asked says, as far as it was asked."""
    asked, measures = s["asked_sheet"], facts.measures
    told = s["replies"][asked] if measures.stale_dropped else TRUE
    confirms = z3.And(s["asked_p"], told)
    takes = {
        "confirmed": z3.Or(s["confirmed"], s["known"]),
        "confirmed_in": z3.If(facts.unconfirmed(s), s["home"], s["confirmed_in"]),
    }
    over = {"asked_p": FALSE, "asked_sheet": z3.IntVal(NONE), "_newest": pick("newest", INT)}
    # Any number of others may be answered, and p as others are: refused, or of no period.
    refused = z3.And(s["asked_p"], z3.Not(s["confirmed"]))
    older = z3.And(refused, z3.Not(COUNTS) if measures.first_day_asked else TRUE)
    over |= perhaps_again(s, pick)  # HR's table may be another one by now
    gone = {"confirmed": z3.And(s["confirmed"], pick("of another sheet", BOOL))}
    return [
        Outcome("confirms p", confirms, {**takes, **over, "_gone": FALSE}),
        Outcome("confirms p, others not yet", confirms, takes, "dropped"),
        Outcome("answers others", sets={**over, "_gone": FALSE}),
        Outcome("refuses p", refused, {**over, "answered": TRUE, "outside": FALSE, "_gone": FALSE}),
        Outcome(
            "p is older than the site", older, {**over, "answered": TRUE, "outside": TRUE, "_gone": FALSE}
        ),
        # What it had confirmed is sent again: more than needed, if it was not gone at all.
        Outcome("the sheet is gone", sets={**over, **gone, "_gone": TRUE}),
        Outcome(
            "the sheet is gone, p is refused", refused, {**over, **gone, "answered": TRUE, "_gone": TRUE}
        ),
        STALE,
    ]


def disable_machine(facts: Facts, s: Values, pick: Pick) -> Sequence[Outcome]:
    """From here on a machine, any of them, is being closed, unless something is in the way."""
    del facts
    here = pick("here", BOOL)
    closing = {
        "here": here,
        "locked": z3.If(here, HEEDS, s["locked"]),
        "was_enabled": z3.Or(s["was_enabled"], here),
        "closing": TRUE,
        **NOTHING_CHECKED,
    }
    # The others were looked at; without it the site's time may be another one.
    out_of_reach = {**NOT_CLOSING, "here": FALSE, "expired": pick("expired", BOOL)}
    return [
        Outcome("", sets=closing),
        Outcome("not wanted", sets=NOT_CLOSING),
        Outcome("out of reach", sets=out_of_reach, verdict="enough"),
        Outcome("fails", sets=NOT_CLOSING, verdict="failed"),
    ]


def clear_machine(facts: Facts, s: Values, pick: Pick) -> Sequence[Outcome]:
    """Two calls to the machine: its count is the same as before the reading (`fresh`); then it is erased."""
    measures = facts.measures
    none_owed = z3.Not(z3.And(facts.unconfirmed(s), z3.Not(s["outside"])))
    confirmed = none_owed if measures.confirmed_only else z3.Not(facts.in_backlog(s))
    same_count = s["fresh"] if measures.count_compared else s["closing"]
    tried = s["tried"] if measures.disabling_tried else TRUE
    # Of another machine it is its own punches that must be confirmed, and its own trial that counts.
    nothing_lost = z3.And(same_count, z3.Implies(s["here"], z3.And(confirmed, tried)))
    erased = s["here"] if measures.each_by_itself else pick("erased here", BOOL)
    lost = z3.Or(s["lost"], z3.And(erased, s["on_machine"], z3.Not(s["stored"])))
    erases = {"on_machine": z3.And(s["on_machine"], z3.Not(erased)), "lost": lost, **NOTHING_CHECKED}
    found_out = {"tried": z3.And(s["tried"], z3.Not(s["here"])), **NOTHING_CHECKED}
    return [
        Outcome("would lose nothing", nothing_lost, {"checked": TRUE}, "dropped"),
        Outcome("erases", s["checked"], erases),
        Outcome("does not", sets=NOTHING_CHECKED),
        Outcome("does not, as somebody punched although it is disabled", sets=found_out),
        Outcome("fails", sets=NOT_CLOSING, verdict="failed"),
    ]


def enable_machine(facts: Facts, s: Values, pick: Pick) -> Sequence[Outcome]:
    """People can punch again."""
    del facts, pick
    enabled = {"locked": z3.And(s["locked"], z3.Not(s["here"])), **NOT_CLOSING}
    return [
        Outcome("", sets=enabled),
        Outcome("the next machine", sets=enabled, verdict="next"),
        Outcome("fails", sets=NOT_CLOSING, verdict="failed"),
    ]


def time_out(facts: Facts, s: Values, pick: Pick) -> Values:
    """Nothing is waited for any more; p is set aside if it was asked for by itself."""
    aside = z3.And(s["asked_p"], facts.unconfirmed(s), pick("alone", BOOL))
    return {"asked_p": FALSE, "asked_sheet": z3.IntVal(NONE), "answered": z3.Or(s["answered"], aside)}


EFFECTS: Mapping[str, Effect] = {
    "publish_get_review_period": publish,
    "receive_new_review_period": receive_new_review_period,
    "publish_final_alarm": publish,
    "publish_create_review_sheet": publish,
    "receive_new_review_sheet": receive_new_review_sheet,
    "ask_machine": ask_machine,
    "read_machine": read_machine,
    "publish_store_attend_records": publish_store_attend_records,
    "receive_last_stored_timestamp": receive_last_stored_timestamp,
    "disable_machine": disable_machine,
    "clear_machine": clear_machine,
    "enable_machine": enable_machine,
}


def always(facts: Facts, s: Values) -> z3.BoolRef:
    """The step's end is enough."""
    del facts, s
    return TRUE


REPORTS: Mapping[str, Callable[[Facts, Values], z3.BoolRef]] = {
    "started": always,
    "review_period_requested": always,
    "review_period_received": lambda _, s: s["_name"] != NONE,
    "review_period_missing": lambda _, s: s["_name"] == NONE,
    "final_alarm_published": always,
    "sleep_begun": always,
    "sleep_ended": always,
    "review_sheet_requested": always,
    "review_sheet_received": always,
    "no_new_records": lambda _, s: s["asked_sheet"] == NONE,
    "records_published": lambda _, s: s["asked_sheet"] != NONE,
    "last_stored_timestamp_received": lambda _, s: z3.Not(s["_gone"]),
    "review_sheet_gone": lambda _, s: s["_gone"],
    # Others may always be left; p is not, if the period is closed.
    "period_closed": lambda facts, s: z3.Not(facts.in_backlog(s)),
    "records_left": always,
}

GUARDS: Mapping[str, Callable[[Values], z3.BoolRef]] = {"period_expired": lambda s: s["expired"]}

WRITES: Mapping[str, Callable[[Values], Values]] = {
    "review_period": lambda s: {
        **{f"rp_{part}": s[f"_{part}"] for part in ("name", "first", "last")},
        # The session forgets with the new period what it knew of an older one.
        "sheet_id": z3.IntVal(NONE),
        "last_stored_timestamp": NO_TIME,
    },
    "sheet_id": lambda s: {"sheet_id": s["_sheet"]},
    "last_stored_timestamp": lambda s: {"last_stored_timestamp": s["_newest"]},
    "previous_period": lambda s: {f"prev_{part}": s[f"rp_{part}"] for part in ("name", "first", "last")},
}

"""What each of the client's effects does to the world, when each event is reported, what a transition writes."""

from collections.abc import Callable, Mapping, Sequence

import z3

from generator.emit_smt import NONE, Outcome, Pick, Values
from spec.proof.vocabulary import BOOL, EXPIRED, FALSE, INT, RELAY, TRUE, Facts

Effect = Callable[[Facts, Values, Pick], Sequence[Outcome]]

NO_TIME = z3.IntVal(NONE)
NOTHING_CHECKED: Values = {"fresh": FALSE, "checked": FALSE}
NOT_CLOSING: Values = {"closing": FALSE, **NOTHING_CHECKED}
FAILS = Outcome("fails", verdict="failed")
STALE = Outcome("stale", verdict="dropped")


def publish(facts: Facts, s: Values, pick: Pick) -> Sequence[Outcome]:
    """A question or an alarm, which holds no punch: it is asked, or not yet."""
    del facts, s, pick
    return [Outcome(), FAILS]


def receive_new_review_period(facts: Facts, s: Values, pick: Pick) -> Sequence[Outcome]:
    """The reply has the ID and the `after` of the question; which period comes next, HR decides."""
    name, first, last = pick("name", INT), pick("first", INT), pick("last", INT)
    none_closed = s["prev_name"] == NONE
    says = [name > NONE, first <= last, z3.Or(none_closed, first == s["prev_last"] + 1)]
    if facts.assumed.dates_stay:
        says += facts.as_published(name, first, last)
    if facts.assumed.today_goes_on:
        says.append(z3.Implies(z3.And(none_closed, s["opened"]), first >= s["newest"]))
    dates = {"_first": first, "_last": last}
    return [
        Outcome("found", z3.And(says), {"_name": name, **dates, "expired": pick("expired", BOOL)}),
        Outcome("missing", sets={"_name": z3.IntVal(NONE), **dates}),
        STALE,
    ]


def receive_new_review_sheet(facts: Facts, s: Values, pick: Pick) -> Sequence[Outcome]:
    """The reply names the open period, and its sheet; the ledger remembers both."""
    sheet = s["rp_name"] if facts.measures.stale_dropped else pick("sheet", INT)
    return [Outcome("", sheet > NONE, {"_sheet": sheet, **facts.open_in_ledger(s, sheet)}), STALE]


def ask_machine(facts: Facts, s: Values, pick: Pick) -> Sequence[Outcome]:
    """Its clock says what it likes. Once after a start it is enabled."""
    relaying = facts.codes.one_of(s["state"], RELAY)
    locked = z3.And(s["locked"], s["was_enabled"])
    asked = {"expired": pick("expired", BOOL), "locked": locked, "was_enabled": TRUE}
    return [
        Outcome("", sets=asked),
        Outcome("nothing to read", relaying, asked, "enough"),
        Outcome("not due, or out of reach", relaying, verdict="enough"),
        Outcome("fails", sets=NOTHING_CHECKED, verdict="failed"),
    ]


def read_machine(facts: Facts, s: Values, pick: Pick) -> Sequence[Outcome]:
    """The last look reads all of the log, a poll its end only, with p or without."""
    last_look = facts.codes.one_of(s["state"], EXPIRED)
    tail = pick("in_the_end_of_the_log", BOOL)
    seen = z3.Or(last_look, tail) if facts.measures.whole_last_look else tail
    counts = z3.And(last_look, s["closing"])
    known = z3.Or(s["known"], z3.And(s["on_machine"], seen))
    outcomes = [
        Outcome("", sets={"known": known, "fresh": counts, "checked": FALSE}),
        Outcome("fails", sets=NOTHING_CHECKED, verdict="failed"),
    ]
    if not facts.measures.failed_read_told:
        outcomes.append(Outcome("fails unnoticed", sets={"fresh": counts}))
    return outcomes


def publish_store_attend_records(facts: Facts, s: Values, pick: Pick) -> Sequence[Outcome]:
    """Punches of the open period; late ones of another only if there are none and it is not over; with p or without."""

    def asks(sheet: z3.ExprRef, *, with_p: bool) -> Values:
        asked: Values = {"asked_p": z3.BoolVal(with_p), "asked_sheet": sheet}
        return asked | ({"requests": z3.Store(s["requests"], sheet, TRUE)} if with_p else {})

    def has(name: z3.ExprRef) -> z3.BoolRef:
        return z3.And(s["has"][name], s["sheet_of"][name] != NONE)

    open_, late = s["rp_name"], pick("late", INT)
    own = z3.And(facts.in_backlog(s), has(open_))
    another = z3.Or(late != open_, s["from_"][late] != s["rp_first"], s["until"][late] != s["rp_last"])
    others_turn = z3.And(has(late), another, z3.Not(s["expired"]), z3.Not(own))
    p_is_late = z3.And(others_turn, facts.unconfirmed(s), facts.ledger_holds(s, late))
    asks_own, asks_late = (asks(s["sheet_of"][name], with_p=True) for name in (open_, late))
    # It is in the topic, and the client does not know it.
    own_unheard, late_unheard = ({"requests": asked["requests"]} for asked in (asks_own, asks_late))
    return [
        Outcome("p, for the open period", own, asks_own),
        Outcome("others of the open period", has(open_), asks(s["sheet_of"][open_], with_p=False)),
        Outcome("p, late", p_is_late, asks_late),
        Outcome("others, late", others_turn, asks(s["sheet_of"][late], with_p=False)),
        Outcome("nothing new", z3.Not(own), asks(z3.IntVal(NONE), with_p=False)),
        Outcome("p, for the open period, the answer is lost", own, own_unheard, "failed"),
        Outcome("p, late, the answer is lost", p_is_late, late_unheard, "failed"),
        FAILS,
    ]


def receive_last_stored_timestamp(facts: Facts, s: Values, pick: Pick) -> Sequence[Outcome]:
    """The ledger believes what a reply of the sheet that was asked confirms, as far as it was asked."""
    asked = s["asked_sheet"]
    whose = asked if facts.measures.stale_dropped else pick("any sheet", INT)
    confirms = z3.And(s["asked_p"], s["replies"][whose])
    takes = {
        "confirmed": z3.Or(s["confirmed"], s["known"]),
        "confirmed_in": z3.If(facts.unconfirmed(s), asked, s["confirmed_in"]),
    }
    over = {"asked_p": FALSE, "asked_sheet": z3.IntVal(NONE), "_newest": pick("newest", INT)}
    return [
        Outcome("confirms p", confirms, {**takes, **over}),
        Outcome("confirms p, others not yet", confirms, takes, "dropped"),
        Outcome("confirms others", sets=over),
        STALE,
    ]


def disable_machine(facts: Facts, s: Values, pick: Pick) -> Sequence[Outcome]:
    """From here on the machine is being closed, unless something is in the way."""
    del s
    locked = TRUE if facts.assumed.heeds_disabling else pick("heeded", BOOL)
    closing = {"locked": locked, "was_enabled": TRUE, "closing": TRUE, **NOTHING_CHECKED}
    return [
        Outcome("", sets=closing),
        Outcome("not wanted", sets=NOT_CLOSING),
        Outcome("fails", sets=NOT_CLOSING, verdict="failed"),
    ]


def clear_machine(facts: Facts, s: Values, pick: Pick) -> Sequence[Outcome]:
    """Two calls to the machine: its count is the same as before the reading (`fresh`); then it is erased."""
    del pick
    none_owed = z3.Not(z3.And(facts.unconfirmed(s), z3.Not(facts.exempt(s))))
    confirmed = none_owed if facts.measures.confirmed_only else z3.Not(facts.in_backlog(s))
    same_count = s["fresh"] if facts.measures.count_compared else s["closing"]
    lost = z3.Or(s["lost"], z3.And(s["on_machine"], z3.Not(s["stored"])))
    return [
        Outcome("would lose nothing", z3.And(same_count, confirmed), {"checked": TRUE}, "dropped"),
        Outcome("erases", s["checked"], {"on_machine": FALSE, "lost": lost, **NOTHING_CHECKED}),
        Outcome("does not", sets=NOTHING_CHECKED),
        Outcome("fails", sets=NOT_CLOSING, verdict="failed"),
    ]


def enable_machine(facts: Facts, s: Values, pick: Pick) -> Sequence[Outcome]:
    """People can punch again."""
    del facts, s, pick
    return [
        Outcome("", sets={"locked": FALSE, **NOT_CLOSING}),
        Outcome("fails", sets=NOT_CLOSING, verdict="failed"),
    ]


def time_out(s: Values) -> Values:
    """Nothing is waited for any more."""
    del s
    return {"asked_p": FALSE, "asked_sheet": z3.IntVal(NONE)}


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
    "last_stored_timestamp_received": always,
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
    "previous_period": lambda s: {
        **{f"prev_{part}": s[f"rp_{part}"] for part in ("name", "first", "last")},
        "closed": z3.Store(s["closed"], s["rp_name"], s["has"][s["rp_name"]]),
    },
}

"""The protective measures, and how each is switched off by itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from generator.model.variants import Arrow

RELAY, AWAIT_STORED, EXPIRED = (
    "RELAY_ATTENDANCE_RECORDS",
    "AWAIT_LAST_STORED_TIMESTAMP",
    "REVIEW_PERIOD_EXPIRED",
)
TIME_OUTS = (
    Arrow("AWAIT_REVIEW_PERIOD", "timed_out", "FETCH_REVIEW_PERIOD"),
    Arrow("AWAIT_REVIEW_SHEET", "timed_out", "REQUEST_REVIEW_SHEET"),
    Arrow(AWAIT_STORED, "timed_out", RELAY),
)


@dataclass(frozen=True, slots=True)
class Measure:
    """Something that protects a promise.

    Attributes:
        sentence: what the system does.
        without: what happens in its place when the measure is off.
        switches: the values that switch it off, and what its absence needs in order to show.
        dropped: the transitions that go with it.
        period_apart: see `Variant`.
        most_punches: without it there is so much more to explore that fewer punches must do (and fewer faults).
        also: the switches of one more world in which promises of safety are tried.
        shows: of the promises that fall, the one that is told; without a name, or where it stands, the first.
    """

    name: str
    sentence: str
    without: str
    switches: Mapping[str, int] = field(default_factory=dict)
    dropped: tuple[Arrow, ...] = ()
    period_apart: bool = False
    most_punches: int = 4
    also: Mapping[str, int] | None = None
    shows: str | None = None


MEASURES = (
    Measure(
        "time-outs",
        "every waiting state has a time-out",
        "a lost reply is waited for",
        {"TIME_OUTS": 0},
        TIME_OUTS,
    ),
    Measure(
        "stale replies dropped",
        "a reply that does not answer the open question is dropped",
        "the first reply on the topic is taken for the answer",
        {"STALE_DROPPED": 0, "FAULTS": 0, "CLOCK_BACK": 0},
        most_punches=1,
        also={"PUNCHES": 2, "CHUNKED": 0, "LOST_WRITES": 0},
    ),
    Measure(
        "request ID kept",
        "a question keeps its ID until it is answered",
        "each repetition has a new ID",
        {"KEPT_ID": 0},
        shows="every_period_closes",
    ),
    Measure(
        "subscriptions first",
        "subscriptions exist before the first request",
        "a subscription is created when its reply is waited for",
        {"SUBSCRIBED_FIRST": 0},
    ),
    Measure(
        "expiry without new punches",
        "expiry is looked at when there is nothing new, too",
        "only a stored punch can end a period",
        dropped=(Arrow(RELAY, "no_new_records", EXPIRED),),
        shows="every_period_closes",
    ),
    Measure(
        "stored, not expired",
        "after a confirmation the period goes on until it is over",
        "the first confirmation ends the period",
        dropped=(Arrow(AWAIT_STORED, "last_stored_timestamp_received", RELAY),),
    ),
    Measure(
        "punches left go back",
        "an expired period with unconfirmed punches goes back to relaying",
        "an expired period is closed",
        {"LEFT_GOES_BACK": 0},
        (Arrow(EXPIRED, "records_left", RELAY),),
    ),
    Measure(
        "own window",
        "a punch counts for the period of its own stamp",
        "whatever is unconfirmed goes to the open period's sheet",
        {"OWN_WINDOW": 0},
        shows="own_period",
    ),
    Measure(
        "late punches relayed",
        "late punches of closed periods go to their own sheet",
        "they are left lying",
        {"LATE_RELAYED": 0},
    ),
    Measure(
        "identity in the ledger",
        "the client knows each punch by its identity",
        "what is newer than the last stored time stamp is new",
        {"IDENTITY": 0, "TICKS": 2},
    ),
    Measure(
        "identity in the backend",
        "the backend knows each row by its identity",
        "it appends what comes",
        {"DEDUPLICATION": 0},
    ),
    Measure(
        "not by last row",
        "the same",
        "it appends what is newer than the sheet's last row",
        {"DEDUPLICATION": 2, "TICKS": 2},
    ),
    Measure(
        "machine's clock",
        "the machine's clock says whether a period is over",
        "the Pi's clock says so, and runs ahead",
        {"MACHINE_TIME": 0},
    ),
    Measure(
        "failed read told",
        "a read that fails is an error",
        "it looks like an empty log",
        {"READ_FAILURE_TOLD": 0},
    ),
    Measure(
        "guarded clear",
        "cleared in the session that read, with every record confirmed",
        "cleared later, when the period's punches are confirmed",
        {"GUARDED_CLEAR": 0},
    ),
    Measure(
        "each machine by itself",
        "a machine is cleared in the session that read it",
        "after a look at one machine all of them are cleared",
        {"EACH_BY_ITSELF": 0, "SECOND_MACHINE": 1, "CLOCK_BACK": 0},
    ),
    Measure(
        "others are read",
        "a machine that does not answer holds up no other",
        "it ends the visits to all",
        {"OTHERS_READ": 0, "SECOND_MACHINE": 1, "CLOCK_BACK": 0},
        most_punches=1,
        shows="every_period_closes",
    ),
    Measure(
        "disabling tried",
        "a machine is cleared only if it was seen to take no punch while it is disabled",
        "what it says is believed",
        {"DISABLING_TRIED": 0, "GOES_ON": 1},
        most_punches=1,
    ),
    Measure(
        "period in the snapshot",
        "the review period is part of the snapshot",
        "the latest period is a file of its own",
        {"PERIOD_IN_SNAPSHOT": 0},
        period_apart=True,
    ),
    Measure(
        "sheet told to the ledger",
        "at the start the ledger is told the open period's sheet, as the snapshot has it",
        "a ledger that was lost does not know it",
        {"SHEET_TOLD": 0, "LEDGER_LOSS": 1, "CLOCK_BACK": 0},
        most_punches=1,
        shows="eventually_stored",
    ),
    Measure(
        "two snapshots, checksum",
        "a torn snapshot is known, and the one before it is kept",
        "a torn snapshot ends the client at every start",
        {"TWO_SNAPSHOTS": 0},
    ),
    Measure(
        "alarm identity",
        "an alarm has an identity, and one row",
        "each delivery sends an e-mail",
        {"ALARM_IDENTITY": 0},
    ),
    Measure(
        "enabled at start",
        "the machine is enabled after a start",
        "it stays as it was found",
        {"ENABLED_AT_START": 0, "LOCKED_AT_FIRST": 1},
    ),
    Measure(
        "compare-and-set",
        "Sheets refuses a write if the workbook was written to since it was read",
        "it is applied all the same",
        {"COMPARE_AND_SET": 0},
        also={"PUNCHES": 1, "ONE_WRITER": 0, "LOST_ANSWERS": 0},
    ),
    Measure(
        "one writer",
        "one instance of a function works at a time; the log of alarms has no compare-and-set",
        "two do",
        {"ONE_WRITER": 0},
        most_punches=1,
    ),
    Measure(
        "own cells only",
        "a function writes only the cells that it changes",
        "it writes the workbook back as it read it",
        {"OWN_CELLS": 0},
    ),
)

"""Each rule refuses what it is there to refuse, on the right line and with the way out."""

import pytest

from generator.errors import SpecError
from generator.load import loads
from generator.rules_names import reserved_names
from tests.unit.spec_slips import TEXT


def refused(text: str) -> list[str]:
    with pytest.raises(SpecError) as refusal:
        loads(text, "fsm.yaml")
    return str(refusal.value).splitlines()


def changed(*replacements: tuple[str, str]) -> str:
    text = TEXT
    for old, new in replacements:
        assert old in text, old
        text = text.replace(old, new)
    return text


def transition(event: str, source: str, target: str, *more: str, colour: str = "teal") -> str:
    lines = [f"  - event: {event}", f"    from: {source}", f"    to: {target}", f"    colour: {colour}"]
    return "\n".join([*lines, *(f"    {line}" for line in more)]) + "\n"


def renamed(old: str, new: str) -> str:
    """The spec with a name changed wherever it stands, texts excepted."""
    lines = [line if "meaning:" in line else line.replace(old, new) for line in TEXT.splitlines()]
    return "\n".join(lines) + "\n"


RAISED_IN_RELAY = "no_new_records:\n    raised_in: [RELAY_ATTENDANCE_RECORDS]"
NEW_STATE = "  DEEP_SLEEP:\n    kind: sleep"
LOST = "  LOST:\n    kind: checkpoint\n    pi4_state: 10\n    meaning: Lost.\n    at: [0, 0]\n"

CASES = {
    "two entries": (
        changed((NEW_STATE, "  SECOND:\n    kind: entry\n    meaning: Again.\n    at: [0, 0]\n" + NEW_STATE)),
        "'SECOND' is a second entry",
    ),
    "no entry": (
        changed(("kind: entry", "kind: checkpoint\n    pi4_state: 10")),
        "no state is of kind entry",
    ),
    "into the entry": (
        changed(
            ("    from: DEEP_SLEEP\n    to: FETCH_REVIEW_PERIOD", "    from: DEEP_SLEEP\n    to: FIRST_RUN")
        ),
        "'FIRST_RUN' is the entry, and nothing may lead back to it",
    ),
    "a transition of the seed's to a state of ours": (
        changed((NEW_STATE, NEW_STATE + "\n    ours: People sleep too.")),
        "the state 'DEEP_SLEEP' is ours, so this transition is not the seed's; say why it is there in 'ours'",
    ),
    "an unreachable state": (
        changed((NEW_STATE, LOST + NEW_STATE)),
        "no way leads from 'FIRST_RUN' to 'LOST'",
    ),
    "a trap": (
        changed((NEW_STATE, LOST + NEW_STATE), (RAISED_IN_RELAY, RAISED_IN_RELAY.replace("]", ", LOST]")))
        + transition("no_new_records", "LOST", "LOST"),
        "'LOST' is a trap: nothing leads out of it",
    ),
    "a trap of two": (
        changed(
            (
                "    from: DEEP_SLEEP\n    to: FETCH_REVIEW_PERIOD",
                "    from: DEEP_SLEEP\n    to: NO_REVIEW_PERIOD",
            )
        ),
        "'DEEP_SLEEP' is a trap: no way leads from it back to 'FETCH_REVIEW_PERIOD'",
    ),
    "a transition from a state that does not raise its event": (
        TEXT + transition("records_left", "NO_REVIEW_PERIOD", "DEEP_SLEEP"),
        "'records_left' is not said to be raised in 'NO_REVIEW_PERIOD'",
    ),
    "an event that nothing answers": (
        changed((RAISED_IN_RELAY, RAISED_IN_RELAY.replace("]", ", DEEP_SLEEP]"))),
        "'DEEP_SLEEP' may raise 'no_new_records', but no transition answers it there",
    ),
    "guards that do not exclude each other": (
        changed(
            (
                "guard: not period_expired\n    colour: teal\n    label: no new",
                "colour: teal\n    label: no new",
            )
        ),
        "their guards both hold when 'period_expired' is true",
    ),
    "guards of different things": (
        changed(
            (
                "guard: not period_expired\n    colour: teal\n    label: no new",
                "guard: not period_expired and final_alarm_raised\n    colour: teal\n    label: no new",
            )
        ),
        (
            "'no_new_records' has no answer in 'RELAY_ATTENDANCE_RECORDS'"
            " when 'final_alarm_raised' is false and 'period_expired' is false"
        ),
    ),
    "a guard that contradicts itself": (
        changed(("guard: not final_alarm_raised", "guard: not final_alarm_raised and final_alarm_raised")),
        "names a guard twice",
    ),
    "a code used twice": (
        changed(("pi4_state: 5", "pi4_state: 4")),
        "the code 4 of 'REQUEST_REVIEW_SHEET' is that of",
    ),
    "a code where no snapshot is written": (
        changed(("kind: sleep", "kind: sleep\n    pi4_state: 10")),
        "'DEEP_SLEEP' is of kind sleep, where no snapshot is written",
    ),
    "a time-out of a checkpoint": (
        changed(("    pi4_state: 4\n", "    pi4_state: 4\n    time_out: {after_s: 1, event: sleep_begun}\n")),
        "'NO_REVIEW_PERIOD' is of kind checkpoint and waits for no answer",
    ),
    "a guarded time-out": (
        changed(
            (
                "to: FETCH_REVIEW_PERIOD\n    colour: gray",
                "to: FETCH_REVIEW_PERIOD\n    guard: period_expired\n    colour: gray",
            )
        ),
        "the time-out of 'AWAIT_REVIEW_PERIOD' needs exactly one transition",
    ),
    "a time-out that is no power loss": (
        changed(("to: REQUEST_REVIEW_SHEET\n    colour: gray", "to: FETCH_REVIEW_PERIOD\n    colour: gray")),
        (
            "'AWAIT_REVIEW_SHEET' times out to 'FETCH_REVIEW_PERIOD', but a way into it leaves the snapshot of"
            " 'REQUEST_REVIEW_SHEET' on disk"
        ),
    ),
    "a second way into a waiting state": (
        changed(
            (
                "raised_in: [REVIEW_PERIOD_EXPIRED]\n    meaning: The",
                "raised_in: [REVIEW_PERIOD_EXPIRED, NO_REVIEW_PERIOD]\n    meaning: The",
            )
        )
        + transition("records_left", "NO_REVIEW_PERIOD", "AWAIT_REVIEW_SHEET"),
        (
            "'AWAIT_REVIEW_SHEET' times out to 'REQUEST_REVIEW_SHEET', but a way into it leaves the snapshot of"
            " 'NO_REVIEW_PERIOD' on disk"
        ),
    ),
    "a way into a waiting state past the checkpoint": (
        changed(
            (
                "    from: DEEP_SLEEP\n    to: FETCH_REVIEW_PERIOD",
                "    from: DEEP_SLEEP\n    to: AWAIT_REVIEW_PERIOD",
            )
        ),
        (
            "'AWAIT_REVIEW_PERIOD' times out to 'FETCH_REVIEW_PERIOD', but a way into it leaves the snapshot of"
            " 'NO_REVIEW_PERIOD' on disk"
        ),
    ),
    "a bit used twice": (changed(("bit: 1", "bit: 0")), "the flag 'daily_warning' has the bit 0"),
    "a flag that nothing sets": (
        changed(("    sets_flags: [final_alarm_raised]\n", "")),
        "nothing sets the flag 'final_alarm_raised'",
    ),
    "a flag that nothing clears": (
        changed(("clears_flags: [final_alarm_raised, daily_warning]", "clears_flags: [daily_warning]")),
        "nothing clears the flag 'final_alarm_raised'",
    ),
    "a flag set where no snapshot follows": (
        changed(("set_by: [RELAY_ATTENDANCE_RECORDS]", "set_by: [DEEP_SLEEP]")),
        "'DEEP_SLEEP' is no checkpoint",
    ),
    "a field written where no snapshot follows": (
        changed(
            (
                "to: AWAIT_REVIEW_SHEET\n    colour: teal",
                "to: AWAIT_REVIEW_SHEET\n    colour: teal\n    writes: [sheet_id]",
            )
        ),
        "this changes 'sheet_id' on the way to 'AWAIT_REVIEW_SHEET', where no snapshot is written",
    ),
    "a field that a transition may not write": (
        changed(("writes: [sheet_id]", "writes: [sheet_id, pi4_state]")),
        "'pi4_state' is kept by the machine itself",
    ),
    "a field both written and cleared": (
        changed(("writes: [previous_period]", "writes: [previous_period, sheet_id]")),
        "both gives 'sheet_id' a value and clears it",
    ),
    "a seed's field with another initial value": (
        changed(("initial: 0", "initial: 1")),
        "the seed's field 'sys_flags' is of type integer, initially 0",
    ),
    "a seed's field called ours": (
        changed(
            (
                "    meaning: The flags above, as bits.",
                "    meaning: The flags above, as bits.\n    ours: Because.",
            )
        ),
        "'sys_flags' is the seed's field; remove its 'ours'",
    ),
    "a field of ours without a why": (
        "\n".join(line for line in TEXT.splitlines() if "ours: In a file of its own" not in line),
        "'review_period' is not one of the seed's fields; say why",
    ),
    "an initial value of another type": (
        changed(
            (
                "    type: object\n    initial: null\n    meaning: The open",
                "    type: object\n    initial: 1\n    meaning: The open",
            )
        ),
        "the initial value of 'review_period' is not of type object",
    ),
    "a first run that begins elsewhere": (
        changed(
            (
                "    from: FIRST_RUN\n    to: FETCH_REVIEW_PERIOD",
                "    from: FIRST_RUN\n    to: NO_REVIEW_PERIOD",
            )
        ),
        "the initial 'pi4_state' is 1, but 'FIRST_RUN' leads to 'NO_REVIEW_PERIOD' with the code 4",
    ),
    "a sleep without an interval": (
        changed(("state: DEEP_SLEEP", "state: RELAY_ATTENDANCE_RECORDS")),
        "'DEEP_SLEEP' is a sleep, and no interval says for how long",
    ),
    "an interval where no time passes": (
        changed(("state: RELAY_ATTENDANCE_RECORDS", "state: NO_REVIEW_PERIOD")),
        "the interval 'polling' is spent in 'NO_REVIEW_PERIOD', which is not led back to by itself",
    ),
    "a time-out that is not gray": (
        changed(("to: FETCH_REVIEW_PERIOD\n    colour: gray", "to: FETCH_REVIEW_PERIOD\n    colour: teal")),
        "a time-out is drawn gray, not teal",
    ),
    "gray that is no time-out": (
        changed(("to: DEEP_SLEEP\n    colour: teal", "to: DEEP_SLEEP\n    colour: gray")),
        "gray is for time-outs",
    ),
    "red that does not lead into sleep": (
        changed(("to: REQUEST_REVIEW_SHEET\n    colour: teal", "to: REQUEST_REVIEW_SHEET\n    colour: red")),
        "red is for the way into sleep",
    ),
    "an event named as a guard": (
        renamed("records_left", "period_expired"),
        "the guard 'period_expired' has the name of the event",
    ),
    "an event named as a state": (
        renamed("records_left", "deep_sleep"),
        "the event 'deep_sleep' has the name of the state",
    ),
    "an event named as a flag's method": (
        renamed("records_left", "set_daily_warning"),
        "the flag's method 'set_daily_warning' has the name of the event",
    ),
    "a guard named as a flag that it does not read": (
        changed(("    flag: final_alarm_raised\n", "")),
        "the flag 'final_alarm_raised' has the name of the guard",
    ),
    "an event named as a callback": (
        renamed("records_left", "on_enter_work"),
        "python-statemachine takes names in 'on_' for callbacks",
    ),
    "a keyword": (renamed("records_left", "yield"), "the event 'yield' is a keyword of Python"),
    "a soft keyword": (renamed("records_left", "match"), "the event 'match' is a keyword of Python"),
    "a reserved name": (
        renamed("period_expired", "model"),
        "the guard 'model' is a name that python-statemachine needs",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_refused(name):
    text, reason = CASES[name]
    assert any(reason in line for line in refused(text)), refused(text)


@pytest.mark.parametrize(
    "name", ["model", "state", "send", "configuration", "states", "events", "event", "raise_"]
)
def test_python_statemachine_needs_these_names(name):
    assert name in reserved_names()


def test_none_of_our_names_is_reserved():
    spec = loads(TEXT, "fsm.yaml")
    ours = {*(s.name for s in spec.states), *(e.name for e in spec.events), *(g.name for g in spec.guards)}
    assert not ours & reserved_names()


def test_all_findings_are_told_at_once_in_the_order_of_lines():
    text = changed(
        ("pi4_state: 5", "pi4_state: 4"),
        ("bit: 1", "bit: 0"),
        ("kind: sleep", "kind: sleep\n    pi4_state: 12"),
    )
    lines = [int(line.split(":")[1]) for line in refused(text)]
    assert len(lines) == 3
    assert lines == sorted(lines)


def test_a_finding_stands_on_the_line_of_what_is_wrong():
    text = changed(("pi4_state: 5", "pi4_state: 4"))
    line = text.splitlines().index("  REQUEST_REVIEW_SHEET:") + 3
    assert refused(text)[0].startswith(f"fsm.yaml:{line}: ")

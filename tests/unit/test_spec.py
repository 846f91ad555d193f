"""The spec says what the seed's picture draws, and marks everything else as ours."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from generator.load import load
from generator.spec import Kind, Spec

ROOT = Path(__file__).resolve().parents[2]

# The tables of the seed's picture, written down by hand.
SEED_STATES = {
    "FIRST_RUN": (None, "entry"),
    "FETCH_REVIEW_PERIOD": (1, "checkpoint"),
    "AWAIT_REVIEW_PERIOD": (2, "waiting"),
    "RAISE_FINAL_ALARM": (3, "checkpoint"),
    "NO_REVIEW_PERIOD": (4, "checkpoint"),
    "REQUEST_REVIEW_SHEET": (5, "checkpoint"),
    "AWAIT_REVIEW_SHEET": (6, "waiting"),
    "RELAY_ATTENDANCE_RECORDS": (7, "checkpoint"),
    "AWAIT_LAST_STORED_TIMESTAMP": (8, "waiting"),
    "REVIEW_PERIOD_EXPIRED": (9, "checkpoint"),
    "DEEP_SLEEP": (None, "sleep"),
}
SEED_ARROWS = {
    ("FIRST_RUN", "FETCH_REVIEW_PERIOD", "teal", None),
    ("FETCH_REVIEW_PERIOD", "AWAIT_REVIEW_PERIOD", "teal", None),
    ("AWAIT_REVIEW_PERIOD", "FETCH_REVIEW_PERIOD", "gray", "time-out, power failure"),
    ("AWAIT_REVIEW_PERIOD", "REQUEST_REVIEW_SHEET", "teal", None),
    ("AWAIT_REVIEW_PERIOD", "RAISE_FINAL_ALARM", "orange", "no data for the next review period"),
    ("AWAIT_REVIEW_PERIOD", "NO_REVIEW_PERIOD", "red", "final alarm flag is set"),
    ("RAISE_FINAL_ALARM", "NO_REVIEW_PERIOD", "red", "set the final alarm flag"),
    ("NO_REVIEW_PERIOD", "DEEP_SLEEP", "teal", None),
    ("DEEP_SLEEP", "FETCH_REVIEW_PERIOD", "teal", None),
    ("REQUEST_REVIEW_SHEET", "AWAIT_REVIEW_SHEET", "teal", None),
    ("AWAIT_REVIEW_SHEET", "REQUEST_REVIEW_SHEET", "gray", "time-out, power failure"),
    ("AWAIT_REVIEW_SHEET", "RELAY_ATTENDANCE_RECORDS", "teal", None),
    ("RELAY_ATTENDANCE_RECORDS", "RELAY_ATTENDANCE_RECORDS", "teal", "no new records"),
    ("RELAY_ATTENDANCE_RECORDS", "AWAIT_LAST_STORED_TIMESTAMP", "teal", None),
    ("AWAIT_LAST_STORED_TIMESTAMP", "RELAY_ATTENDANCE_RECORDS", "gray", "time-out, power failure"),
    ("AWAIT_LAST_STORED_TIMESTAMP", "REVIEW_PERIOD_EXPIRED", "teal", None),
    ("REVIEW_PERIOD_EXPIRED", "FETCH_REVIEW_PERIOD", "teal", None),
}
OUR_ARROWS = {
    ("RELAY_ATTENDANCE_RECORDS", "REVIEW_PERIOD_EXPIRED"),
    ("AWAIT_LAST_STORED_TIMESTAMP", "RELAY_ATTENDANCE_RECORDS"),
    ("AWAIT_LAST_STORED_TIMESTAMP", "REQUEST_REVIEW_SHEET"),
    ("REVIEW_PERIOD_EXPIRED", "RELAY_ATTENDANCE_RECORDS"),
}
SEED_SNAPSHOT = {"pi4_state": 1, "sys_flags": 0, "sheet_id": None, "last_stored_timestamp": None}


@pytest.fixture(scope="module")
def spec() -> Spec:
    return load(ROOT / "spec" / "fsm.yaml")


def test_states_are_the_pictures(spec):
    assert {s.name: (s.pi4_state, s.kind) for s in spec.states} == SEED_STATES


def test_arrows_that_are_not_ours_are_the_pictures(spec):
    drawn = [t for t in spec.transitions if t.ours is None]
    assert {(t.source, t.target, t.colour, t.label) for t in drawn} == SEED_ARROWS
    assert len(drawn) == len(SEED_ARROWS)


def test_what_is_ours_says_why(spec):
    ours = [t for t in spec.transitions if t.ours is not None]
    assert {(t.source, t.target) for t in ours} == OUR_ARROWS
    assert all(t.ours.endswith(".") for t in ours)


def test_flags_have_the_seeds_bits(spec):
    assert {f.name: 1 << f.bit for f in spec.flags} == {"final_alarm_raised": 0x01, "daily_warning": 0x02}


def test_a_seeds_snapshot_is_the_initial_one(spec):
    assert {f.name: f.initial for f in spec.fields if f.ours is None} == SEED_SNAPSHOT


def test_waiting_states_time_out_where_a_power_loss_resumes(spec):
    targets = {s.name: spec.time_out_target(s) for s in spec.of_kind(Kind.WAITING)}
    assert targets == {
        "AWAIT_REVIEW_PERIOD": "FETCH_REVIEW_PERIOD",
        "AWAIT_REVIEW_SHEET": "REQUEST_REVIEW_SHEET",
        "AWAIT_LAST_STORED_TIMESTAMP": "RELAY_ATTENDANCE_RECORDS",
    }


def test_names_remember_their_lines(spec):
    lines = (ROOT / "spec" / "fsm.yaml").read_text(encoding="utf-8").splitlines()
    for state in spec.states:
        assert lines[state.line - 1] == f"  {state.name}:"
    for transition in spec.transitions:
        assert lines[transition.line - 1] == f"  - event: {transition.event}"
        assert lines[transition.source.line - 1] == f"    from: {transition.source}"
        assert lines[transition.target.line - 1] == f"    to: {transition.target}"


def test_the_schema_is_a_schema():
    Draft202012Validator.check_schema(
        json.loads((ROOT / "spec" / "fsm.schema.json").read_text(encoding="utf-8"))
    )

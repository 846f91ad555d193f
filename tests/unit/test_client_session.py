"""What a session makes of a snapshot, and the IDs of its requests."""

from datetime import date, datetime, time

import pytest

from attendance_client.fsm.generated import Flag, StateId
from attendance_client.fsm.session import Session
from attendance_client.fsm.snapshot import Snapshot
from attendance_contracts import ReviewPeriod

NOVEMBER = ReviewPeriod("November 2026", date(2026, 11, 1), date(2026, 11, 30))
BOUNDARY = time(4)


def resumed(pi4_state, *, period=NOVEMBER, sheet_id="sheet", flags=0):
    return Session(BOUNDARY, Snapshot(pi4_state, flags, sheet_id, None, period, None))


@pytest.mark.parametrize(
    ("code", "state"),
    [
        (1, StateId.FETCH_REVIEW_PERIOD),
        (2, StateId.FETCH_REVIEW_PERIOD),
        (3, StateId.RAISE_FINAL_ALARM),
        (4, StateId.NO_REVIEW_PERIOD),
        (5, StateId.REQUEST_REVIEW_SHEET),
        (6, StateId.REQUEST_REVIEW_SHEET),
        (7, StateId.RELAY_ATTENDANCE_RECORDS),
        (8, StateId.RELAY_ATTENDANCE_RECORDS),
        (9, StateId.REVIEW_PERIOD_EXPIRED),
    ],
)
def test_every_code_resumes_in_a_checkpoint(code, state):
    """A waiting state's code, as the original format allows, resumes where its time-out leads."""
    assert resumed(code).current is state


@pytest.mark.parametrize("code", [5, 7, 9])
def test_without_a_period_it_asks_for_one(code):
    """A file in the original format names no period."""
    assert resumed(code, period=None).current is StateId.FETCH_REVIEW_PERIOD


@pytest.mark.parametrize("code", [7, 9])
def test_without_a_sheet_it_asks_for_one(code):
    assert resumed(code, sheet_id=None).current is StateId.REQUEST_REVIEW_SHEET


def test_without_a_snapshot_it_starts_at_the_beginning():
    assert Session(BOUNDARY).current is StateId.FIRST_RUN


def test_a_snapshot_gives_back_what_it_took():
    session = resumed(7, flags=3)

    assert session.flags == Flag.FINAL_ALARM_RAISED | Flag.DAILY_WARNING
    assert session.snapshot() == Snapshot(7, 3, "sheet", None, NOVEMBER, None)


def test_only_a_checkpoint_has_a_snapshot():
    session = resumed(7)
    session.state = StateId.AWAIT_LAST_STORED_TIMESTAMP

    with pytest.raises(ValueError, match="no checkpoint"):
        session.snapshot()


@pytest.mark.parametrize(
    ("machine_time", "expired"),
    [
        (None, False),
        (datetime(2026, 12, 1, 3, 59, 59), False),
        (datetime(2026, 12, 1, 4), True),
        (datetime(2026, 12, 1, 4, 0, 1), True),
    ],
)
def test_a_period_expires_at_the_boundary_of_the_day_after_its_last(machine_time, expired):
    session = resumed(7)
    session.closing_time = machine_time

    assert session.period_expired is expired


def test_a_question_keeps_its_id_until_it_is_answered():
    session = resumed(7)
    first = session.request_id(("store", 1))

    assert session.request_id(("store", 1)) == first
    session.answered()
    second = session.request_id(("store", 1))
    assert second != first
    assert session.request_id(("store", 2)) not in {first, second}

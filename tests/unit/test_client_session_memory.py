"""What a session knows at first, what its snapshot holds of it, and what its flags leave alone."""

from datetime import date, datetime, time

import pytest

from attendance_client.fsm.generated import Flag, StateId
from attendance_client.fsm.session import Session
from attendance_client.fsm.snapshot import Snapshot
from attendance_contracts import ReviewPeriod

BOUNDARY = time(4)
OCTOBER = ReviewPeriod("October 2026", date(2026, 10, 1), date(2026, 10, 31))
NOVEMBER = ReviewPeriod("November 2026", date(2026, 11, 1), date(2026, 11, 30))
BOTH = Flag.FINAL_ALARM_RAISED | Flag.DAILY_WARNING
RELAYING = Snapshot(7, 2, "sheet", datetime(2026, 11, 2, 9), NOVEMBER, OCTOBER)


@pytest.fixture
def session():
    return Session(BOUNDARY)


def test_a_first_run_knows_nothing(session):
    assert session.flags == Flag(0)
    assert session.current is StateId.FIRST_RUN
    for name in ("sheet_id", "last_stored_timestamp", "review_period", "previous_period"):
        assert getattr(session, name) is None


@pytest.mark.parametrize("snapshot", [None, RELAYING])
def test_what_no_snapshot_holds_begins_anew_with_each_start(snapshot):
    session = Session(BOUNDARY, snapshot)

    for name in ("machine_time", "closing_time", "cloud_began", "request", "warned_on"):
        assert getattr(session, name) is None
    assert session.machines == {}
    assert session.next_poll_s == float("-inf")
    assert session.time_outs == 0


def test_a_snapshot_that_was_resumed_from_is_the_next_one():
    assert Session(BOUNDARY, RELAYING).snapshot() == RELAYING


@pytest.mark.parametrize("before", [Flag(0), Flag.FINAL_ALARM_RAISED, Flag.DAILY_WARNING, BOTH])
def test_a_flag_is_set_and_cleared_by_itself(session, before):
    for change, after in (
        (session.set_final_alarm_raised, before | Flag.FINAL_ALARM_RAISED),
        (session.clear_final_alarm_raised, before & Flag.DAILY_WARNING),
        (session.set_daily_warning, before | Flag.DAILY_WARNING),
        (session.clear_daily_warning, before & Flag.FINAL_ALARM_RAISED),
    ):
        session.flags = before
        change()
        assert session.flags == after
        assert 0 <= int(session.flags) <= int(BOTH)

"""The final read of the machine for a period: its log is erased only where nothing can be lost by it."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from attendance_client.errors import MachineError
from attendance_client.fsm import steps
from attendance_client.fsm.generated import EventId
from attendance_client.fsm.session import MachineMemory
from attendance_client.machine.polling import poll
from attendance_client.machine.port import LogEnd
from attendance_contracts import Answer, Outcome
from tests.unit.lone_client import NOON, after_the_end, lone_client
from tests.world.machine import Entry, WorldMachineSession

BEFORE_ALL = datetime(2025, 12, 24, 12)


@pytest.fixture
def client():
    with lone_client() as client:
        client.site = replace(client.site, clear_machine=True)
        client.ledger.note_disabling(client.machine.serial_number, heeds=True)
        yield client


def confirm_all(client):
    """Read the machine, and have a sheet confirm all of it that is of a known period."""
    poll(client)
    while (chunk := client.ledger.next_chunk(client.session.open_period, 500)) is not None:
        client.ledger.confirm(tuple(record.identity for record in chunk.records), chunk.sheet_id)


def expire(client):
    after_the_end(client)
    return steps.review_period_expired(client)


def test_a_log_whose_punches_are_all_confirmed_is_erased(client):
    client.machine.record("1001", NOON)
    client.machine.record("1002", datetime(2026, 1, 2, 12))  # of the period before
    confirm_all(client)

    assert expire(client) is EventId.PERIOD_CLOSED
    assert client.machine.log == []
    assert client.machine.enabled


def test_what_comes_after_is_read_and_kept_apart(client):
    client.machine.record("1001", NOON)
    confirm_all(client)
    expire(client)
    client.session.review_period, client.session.sheet_id = client.session.previous_period, "sheet"
    client.machine.record("1001", NOON + timedelta(hours=1))
    poll(client)

    assert client.ledger.summary().punches == 2


def test_an_erased_log_is_known_to_be_empty_from_now_on(client):
    client.machine.record("1001", NOON)
    confirm_all(client)
    client.clock.sleep(5)
    expire(client)

    now_s = client.clock.monotonic()
    assert client.doors[0].state.memory == MachineMemory(LogEnd(0, 0, b""), now_s, now_s, 0)


def test_nothing_is_erased_where_it_is_not_configured(client):
    client.site = replace(client.site, clear_machine=False)
    client.machine.record("1001", NOON)
    confirm_all(client)

    assert expire(client) is EventId.PERIOD_CLOSED
    assert len(client.machine.log) == 1


def test_a_punch_that_no_sheet_has_confirmed_keeps_all(client):
    """Of the period to come: it has no sheet yet."""
    client.machine.record("1001", NOON)
    confirm_all(client)
    client.machine.record("1002", datetime(2026, 1, 12, 8))

    assert expire(client) is EventId.PERIOD_CLOSED
    assert len(client.machine.log) == 2


def test_a_backlog_of_the_period_keeps_all_and_nobody_is_kept_from_punching(client):
    client.machine.record("1001", NOON)
    poll(client)
    client.machine.failures.append("disable")

    assert expire(client) is EventId.RECORDS_LEFT
    assert len(client.machine.log) == 1
    assert list(client.machine.failures) == ["disable"]  # it was not asked to


@pytest.mark.parametrize(
    ("outcome", "left"), [(Outcome.BEFORE_FIRST_DAY, 0), (Outcome.NO_PERIOD, 1), (Outcome.REFUSED, 1)]
)
def test_only_what_is_older_than_the_sites_first_day_is_erased_unstored(client, outcome, left):
    """Whatever this ledger knows: a new card's is young."""
    client.machine.record("1001", BEFORE_ALL)
    poll(client)
    [(identity,)] = client.ledger._db.execute("SELECT identity FROM punches").fetchall()
    client.ledger.take_answers((Answer(outcome=outcome, identities=(identity,)),))
    expire(client)

    assert len(client.machine.log) == left
    assert client.ledger.summary().punches == 1


def test_what_nobody_was_asked_about_is_not_erased(client):
    client.machine.record("1001", BEFORE_ALL)
    poll(client)
    expire(client)

    assert len(client.machine.log) == 1


def test_records_that_make_no_sense_are_in_the_ledger_and_are_erased(client):
    client.machine.record("1001", None)
    client.machine.record("1001", NOON)
    confirm_all(client)
    expire(client)

    assert client.machine.log == []
    assert client.ledger.summary().undecodable == 1


def test_a_log_in_which_nothing_makes_sense_is_kept(client):
    """Its form may be one that a later release knows."""
    client.machine.record("1001", None)
    confirm_all(client)

    assert expire(client) is EventId.PERIOD_CLOSED
    assert len(client.machine.log) == 1


def test_a_machine_on_which_nobody_has_tried_disabling_is_not_disabled_nor_erased(client):
    """Neither where it is known which machine hangs there, nor after a start, when only it can tell."""
    client.machine.serial_number = "ANOTHER"
    client.machine.record("1001", NOON)
    confirm_all(client)
    client.machine.failures.append("disable")
    assert expire(client) is EventId.PERIOD_CLOSED
    assert client.machine.failures, "nobody is kept from punching for nothing"

    client.session.review_period = client.session.previous_period
    client.doors[0].seen = None
    client.machine.failures.clear()
    assert expire(client) is EventId.PERIOD_CLOSED
    assert len(client.machine.log) == 1
    assert client.machine.enabled
    (told,) = client.doors[0].state.troubles.values()
    assert told.startswith(
        "the machine's log is not erased (clear_machine) until it is seen to take no punch"
    )


def test_a_machine_that_is_tried_later_is_erased_and_nothing_is_told_any_more(client):
    client.machine.serial_number = "ANOTHER"
    client.machine.record("1001", NOON)
    confirm_all(client)
    expire(client)
    client.session.review_period = client.session.previous_period
    client.ledger.note_disabling("ANOTHER", heeds=True)

    assert expire(client) is EventId.PERIOD_CLOSED
    assert client.machine.log == []
    assert not client.doors[0].state.troubles


def test_a_punch_in_mid_clear_keeps_all(client):
    """A machine that lets people punch although it is disabled."""
    client.machine.record("1001", NOON)
    confirm_all(client)
    client.machine.heeds_disabling = False
    client.machine.punches_in_mid_read.append(Entry("1002", datetime(2026, 1, 12, 8), 1, 255))
    expire(client)

    assert len(client.machine.log) == 2


@pytest.mark.parametrize("by", [-1, 1])
def test_a_machine_that_counts_other_than_it_sends_keeps_all(client, monkeypatch, by):
    """By its count alone it would be seen that somebody punched at the last moment."""
    client.machine.record("1001", NOON)
    confirm_all(client)
    status = WorldMachineSession.status

    def miscounted(session):
        true = status(session)
        return replace(true, records=true.records + by)

    monkeypatch.setattr(WorldMachineSession, "status", miscounted)
    assert expire(client) is EventId.PERIOD_CLOSED
    assert len(client.machine.log) == 1


@pytest.mark.parametrize("call", ["disable", "status", "read_log", "clear", "enable"])
def test_a_failure_on_the_way_neither_keeps_the_period_open_nor_the_machine_disabled(client, call):
    client.machine.record("1001", NOON)
    confirm_all(client)
    client.machine.failures.append(call)

    assert expire(client) is EventId.PERIOD_CLOSED
    assert client.machine.enabled
    assert client.ledger.summary().punches == 1
    assert len(client.machine.log) == (0 if call == "enable" else 1)


def test_a_machine_that_goes_away_on_the_way_is_enabled_by_the_next_session(client):
    client.machine.record("1001", NOON)
    confirm_all(client)
    client.machine.failures.extend(["read_log", "enable", "connect"])
    with pytest.raises(MachineError):
        expire(client)
    assert not client.machine.enabled

    assert expire(client) is EventId.PERIOD_CLOSED
    assert client.machine.enabled
    assert client.machine.log == []


def test_while_it_looks_nobody_can_punch_and_later_everybody_can(client):
    client.machine.record("1001", NOON)
    confirm_all(client)
    during = []
    client.machine.before_erasing = lambda _: during.append(client.machine.enabled)
    expire(client)

    assert during == [False]
    assert client.machine.record("1001", NOON)


def test_it_reads_the_whole_log(client):
    """Its first record is another one by now: neither its count nor the end of its log tells."""
    for hour in range(6):
        client.machine.record("1001", NOON + timedelta(hours=hour))
    confirm_all(client)
    client.machine.log[0] = Entry("1002", NOON - timedelta(hours=1), 1, 255)
    client.machine.record("1001", NOON + timedelta(hours=6))

    assert expire(client) is EventId.RECORDS_LEFT
    assert client.ledger.summary().punches == 8


def test_a_period_that_is_not_over_by_the_clocks_at_the_final_read_stays_open(client):
    """A clock may have been set right between the look that found the end and the last one."""
    poll(client)

    assert steps.review_period_expired(client) is EventId.RECORDS_LEFT
    assert client.session.review_period is not None

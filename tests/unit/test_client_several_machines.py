"""A site with two machines: both are read, neither holds the other up, and the day is complete when it is at both."""

import json
import logging
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from attendance_client.app.config import load_config
from attendance_client.app.diary import FileDiary
from attendance_client.app.status import describe, look
from attendance_client.errors import MachineError
from attendance_client.fsm import steps
from attendance_client.fsm.generated import EventId
from attendance_client.fsm.session import Door
from attendance_client.machine.polling import enable_machines, poll
from attendance_contracts import StoreAttendRecords, decode_topic, encode
from tests.unit.lone_client import FEBRUARY, JANUARY, NOON, after_the_end, asked, lone_client
from tests.world.machine import WorldMachine
from tests.world.power import Power

MINUTE = timedelta(minutes=1)
THURSDAY = datetime(2026, 1, 8, 12)


@pytest.fixture
def client():
    with lone_client() as client:
        back = WorldMachine(client.clock._timeline, Power())
        client.machine.name, back.name, back.serial_number = "front door", "back door", "B2"
        client.doors = [*client.doors, Door(back)]
        yield client


@pytest.fixture
def front(client):
    return client.doors[0].machine


@pytest.fixture
def back(client):
    return client.doors[1].machine


def at(client, moment):
    client.clock._timeline.advance((moment - client.clock.now()).total_seconds())


def health(client):
    poll(client)
    return client.bus.health[-1]


def on_their_way(client):
    chunk = client.ledger.next_chunk(JANUARY, 500)
    return [(record.machine, record.serial_number, record.timestamp) for record in chunk.records]


def let_clear(client):
    client.site = replace(client.site, clear_machine=True)
    for door in client.doors:
        client.ledger.note_disabling(door.machine.serial_number, heeds=True)


def confirm(client):
    chunk = client.ledger.next_chunk(JANUARY, 500)
    client.ledger.confirm(tuple(record.identity for record in chunk.records), chunk.sheet_id)


def test_each_punch_bears_the_machine_that_it_was_made_on(client, front, back):
    front.record("1001", NOON)
    back.record("1001", NOON + MINUTE)
    steps.relay_attendance_records(client)

    message = asked(client)
    assert isinstance(message, StoreAttendRecords)
    assert [(record.machine, record.serial_number) for record in message.records] == [
        ("front door", "A1B2C3"),
        ("back door", "B2"),
    ]


def test_health_tells_of_each_machine(client, front, back):
    back.offset = timedelta(seconds=-90)
    told = health(client)

    assert decode_topic(told.topic, *encode(told)) == told
    assert [(machine.name, machine.serial_number, machine.clock_offset_s) for machine in told.machines] == [
        ("front door", "A1B2C3", 0),
        ("back door", "B2", -90),
    ]
    assert told.machine == told.machines[0]


@pytest.mark.parametrize("dead", [0, 1])
def test_a_machine_that_does_not_answer_holds_up_no_other(client, caplog, dead):
    at(client, THURSDAY)
    poll(client)
    machines = [door.machine for door in client.doors]
    machines[dead].reachable = False
    machines[1 - dead].record("1001", NOON)
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            poll(client)

    name = machines[dead].name
    assert on_their_way(client) == [(machines[1 - dead].name, machines[1 - dead].serial_number, NOON)]
    told = client.bus.health[-1]
    assert told.problem == f"{name}: the machine does not answer"
    assert [machine.name for machine in told.machines] == [machines[1 - dead].name]
    assert [record.message for record in caplog.records] == [
        f"{name}: the machine does not answer; the site's other machines are read"
    ]
    assert client.session.next_poll_s > client.clock.monotonic(), "it is asked again with the next poll"

    machines[dead].reachable = True
    assert health(client).problem == ""


def test_no_machine_answers(client, front, back):
    front.reachable = back.reachable = False
    with pytest.raises(MachineError, match="the machine does not answer; the machine does not answer"):
        poll(client)
    assert client.bus.health[-1].machine is None


def test_a_day_is_complete_when_it_is_at_each_machine(client, front, back):
    at(client, THURSDAY)
    back.offset = timedelta(hours=-10)  # Thursday, 02:00: Wednesday is not over there
    assert health(client).complete_through == date(2026, 1, 6)

    back.offset = timedelta()
    assert health(client).complete_through == date(2026, 1, 7)

    back.reachable = False
    at(client, THURSDAY + timedelta(days=1))
    assert health(client).complete_through == date(2026, 1, 7), "what the other one holds nobody knows"

    back.reachable = True
    assert health(client).complete_through == date(2026, 1, 8)


def test_no_day_is_complete_before_each_machine_was_read(client, back):
    at(client, THURSDAY)
    back.reachable = False

    assert health(client).complete_through is None


def test_a_period_ends_when_it_does_at_the_machine_whose_clock_is_behind(client, back):
    after_the_end(client)
    back.offset = client.session.open_period.closes_at(client.site.day_boundary) - client.clock.now() - MINUTE
    poll(client)
    assert not client.session.period_expired

    client.clock._timeline.advance(120)
    poll(client)
    assert client.session.period_expired


def test_a_machine_with_a_broken_clock_keeps_no_period_open_where_another_one_is_right(client, front, back):
    client.clock.synchronised = lambda: False
    front.set_clock(datetime(2000, 1, 1))
    after_the_end(client)
    poll(client)
    assert client.session.period_expired

    back.set_clock(datetime(2063, 1, 1))
    poll(client)
    assert not client.session.period_expired, "no two clocks agree"


def test_a_machine_that_does_not_answer_keeps_no_period_open_and_its_punches_follow(client, front, back):
    poll(client)
    back.record("1001", NOON)
    back.reachable = False
    after_the_end(client)
    poll(client)

    assert steps.review_period_expired(client) is EventId.PERIOD_CLOSED
    assert client.ledger.latest_closed_period() == JANUARY
    client.session.review_period = FEBRUARY
    client.session.sheet_id = "february"
    back.reachable = True
    poll(client)
    chunk = client.ledger.next_chunk(client.session.open_period, 500)
    assert (chunk.period, chunk.sheet_id, chunk.records[0].machine) == (JANUARY, "sheet", "back door")


@pytest.mark.parametrize("refuses", [False, True])
def test_the_final_read_is_at_each_and_each_log_is_erased_by_itself(client, front, back, refuses):
    let_clear(client)
    front.record("1001", NOON)
    back.record("1002", NOON)
    poll(client)
    confirm(client)
    after_the_end(client)
    poll(client)
    if refuses:
        back.failures.append("disable")

    assert steps.review_period_expired(client) is EventId.PERIOD_CLOSED
    assert (len(front.log), len(back.log)) == (0, refuses), "what cannot be erased is read all the same"
    assert front.enabled
    assert back.enabled


def test_people_can_punch_at_each_when_the_client_starts(client, front, back):
    front.enabled = back.enabled = False
    front.reachable = False
    enable_machines(client)
    assert (front.enabled, back.enabled) == (False, True)

    front.reachable = True
    poll(client)
    assert front.enabled


def test_a_machine_that_was_left_disabled_is_enabled_wherever_it_appears(client, front, back):
    front.enabled, front.reachable = False, False
    poll(client)
    front.reachable = True
    client.doors[0].machine, client.doors[1].machine = back, front
    poll(client)

    assert front.enabled
    assert back.enabled


def exchange(client):
    first, second = client.doors
    first.machine, second.machine = second.machine, first.machine


def test_so_it_is_where_it_was_not_reached_at_the_start(client, front, back):
    front.enabled, front.reachable = False, False
    enable_machines(client)
    front.reachable = True
    exchange(client)
    poll(client)

    assert front.enabled


def test_each_is_erased_only_where_disabling_was_tried_on_it(client, front, back):
    let_clear(client)
    client.ledger.note_disabling(back.serial_number, heeds=False)
    front.record("1001", NOON)
    back.record("1002", NOON)
    poll(client)
    confirm(client)
    after_the_end(client)
    poll(client)

    assert steps.review_period_expired(client) is EventId.PERIOD_CLOSED
    assert (len(front.log), len(back.log)) == (0, 1)
    (told,) = client.doors[1].state.troubles.values()
    assert told.endswith("attendance-client device try-disabling --machine 'back door'")


def test_so_it_is_where_the_other_one_broke_off_in_its_place(client, front, back):
    let_clear(client)
    poll(client)
    after_the_end(client)
    front.record("1001", NOON)
    front.failures += ["enable", "connect"]
    back.reachable = False
    with pytest.raises(MachineError):
        steps.review_period_expired(client)
    assert not front.enabled
    back.reachable = True
    exchange(client)
    front.reachable = False
    back.failures.append("status")  # enabled in the other's place, before anybody knows which it is
    with pytest.raises(MachineError):
        poll(client)
    exchange(client)
    front.reachable = True
    poll(client)

    assert front.enabled


def test_machines_that_exchange_their_addresses_double_nothing(client, front, back):
    front.record("1001", NOON)
    back.record("1001", NOON)
    poll(client)
    client.doors[0].machine, client.doors[1].machine = back, front
    front.record("1002", NOON + MINUTE)
    poll(client)

    assert sorted(on_their_way(client)) == [
        ("back door", "B2", NOON),
        ("front door", "A1B2C3", NOON),
        ("front door", "A1B2C3", NOON + MINUTE),
    ]


def test_a_machine_that_comes_back_after_another_hung_there_doubles_nothing_and_loses_nothing(client, front):
    front.record("1001", NOON)
    poll(client)
    spare = WorldMachine(client.clock._timeline, Power())
    spare.name, spare.serial_number = "front door", "C3"
    spare.record("1002", NOON)
    client.doors[0].machine = spare
    poll(client)
    # Elsewhere it was emptied, and filled again to the same count.
    front.clear(())
    front.record("1003", NOON + MINUTE)
    client.doors[0].machine = front
    poll(client)

    assert sorted((serial, when) for _, serial, when in on_their_way(client)) == [
        ("A1B2C3", NOON),
        ("A1B2C3", NOON + MINUTE),
        ("C3", NOON),
    ]


def test_two_addresses_of_one_machine_are_told_and_no_day_is_complete(client, front):
    at(client, THURSDAY)
    client.doors[1].machine = front
    front.record("1001", NOON)
    told = health(client)

    assert "answer as one machine, A1B2C3" in told.problem
    assert told.complete_through is None
    assert client.ledger.summary().punches == 1


def test_somebody_clears_one_of_them(client, front, back):
    for machine in (front, back):
        machine.record("1001", NOON)
    poll(client)
    back.clear(())
    poll(client)

    assert client.bus.health[-1].problem.startswith("back door: somebody cleared the machine's log")


def test_a_clock_that_is_off_is_told_by_the_machines_name(client, back, caplog):
    back.offset = timedelta(minutes=3)
    poll(client)
    poll(client)

    assert [record.message for record in caplog.records if "clock" in record.message] == [
        f"the clock of the machine 'back door' ({back.time}) is +180 s off this computer's; set the one that is wrong"
    ]


def test_status_shows_each_and_what_is_wrong_with_it(client, front, back, tmp_path):
    doors = [{"name": "back door", "ip": "192.0.2.18"}]
    config = {"identifier": "berlin", "ip": "192.0.2.17", "port": 4370, "machine_name": "front door"}
    (tmp_path / "biometric_device_config.json").write_text(json.dumps(config | {"machines": doors}))
    assert "machine       back door, 192.0.2.18:4370, never read\n" in describe(look(tmp_path))

    diary = FileDiary(tmp_path, client.clock)
    addresses = load_config(tmp_path).machines
    for door, address in zip(client.doors, addresses, strict=True):
        door.machine = diary.watch(door.machine, address)
    diary.client = client
    for machine in (front, back):
        machine.record("1001", NOON)
    poll(client)
    back.clear(())
    front.reachable = False
    poll(client)
    diary.note("RELAY_ATTENDANCE_RECORDS", "", 60)

    told = describe(look(tmp_path))
    assert "machine       front door, 192.0.2.17:4370, A1B2C3, 1 of 100000 (0%) records" in told
    assert "machine       back door, 192.0.2.18:4370, B2, 0 of 100000 (0%) records" in told
    assert "trouble       the machine does not answer (since" in told
    assert "trouble       back door: somebody cleared the machine's log" in told

"""Kinds of machines and links that people report: read rightly, or told; never taken for healthy and empty.

Each test is named for its kind; docs/testing.md has the table.
"""

import struct
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from attendance_client.errors import MachineError
from attendance_client.machine.final_read import read_finally
from attendance_client.machine.polling import COMPLETE_READ_INTERVAL_S, poll
from attendance_sandbox.device.datagrams import Losses
from attendance_sandbox.device.faults import (
    AnswerWith,
    DropConnection,
    PunchFirst,
    SendGarbage,
    StaySilent,
    Table,
)
from attendance_sandbox.device.machine import Counts
from attendance_sandbox.device.protocol import Command, Reply, encode_frame
from attendance_sandbox.device.server import DeviceServer
from attendance_sandbox.device.session import Manner
from tests.integration.device_traps import (
    MORNING,
    PREPARE_LOG,
    client_of,
    confirm_everything,
    ledger_of,
    let_clear,
    make_machine,
    ours,
    read,
    stored,
)

FORMS = ((40, 72), (49, 72), (16, 28), (8, 28))
PREPARE_USERS: dict[str, Any] = {"on": Command.PREPARE_BUFFER, "table": Table.USERS}


def punch(machine, *, minutes=0):
    machine.add_record("1001", MORNING + timedelta(minutes=minutes))


@pytest.mark.parametrize("udp", [False, True])
@pytest.mark.parametrize("punches", [1, 2, 40])
def test_records_of_8_bytes_with_the_time_last(punches, udp):
    machine = make_machine(punches=punches, record_size=8, time_last=True)
    with DeviceServer(machine, udp=udp) as server, client_of(server, udp=udp) as client:
        poll(client)
        punch(machine)
        poll(client)
        assert ledger_of(client) == sorted(stored(machine))


def test_records_of_8_bytes_of_neither_form_are_told_and_nothing_is_complete():
    machine = make_machine(punches=3, record_size=8)
    for _ in range(40):
        machine.add_raw_record(b"\x01\x00\xff\xff\xff\xff\xff\xff")
    with DeviceServer(machine) as server, client_of(server) as client:
        with pytest.raises(MachineError, match="no believable times in any known form"):
            poll(client)
        assert client.bus.health[-1].complete_through is None
        assert "--dump" in client.bus.health[-1].problem


def test_an_early_time_of_a_flat_cell_is_no_other_form():
    machine = make_machine(record_size=8)
    for minutes in range(5):
        machine.add_record("1001", MORNING.replace(year=2000, month=1, day=1) + timedelta(minutes=minutes))
    with DeviceServer(machine) as server:
        assert read(server) == stored(machine)


@pytest.mark.parametrize("counts", [Counts.NOTHING, Counts.ONE_LESS, Counts.ONE_NUMBER])
@pytest.mark.parametrize(("record_size", "user_size"), FORMS)
def test_a_count_that_is_wrong_for_ever(counts, record_size, user_size):
    machine = make_machine(punches=20, record_size=record_size, user_size=user_size, counts=counts)
    with DeviceServer(machine) as server, client_of(server) as client:
        poll(client)
        assert ledger_of(client) == sorted(stored(machine))
        punch(machine)
        for _ in range(2):
            poll(client)
        assert ledger_of(client) == sorted(stored(machine))
        assert not client.bus.health[-1].problem, "somebody cleared it"


def test_a_count_that_is_wrong_and_divides():
    """Four of five records of 40 bytes would be four of 50."""
    machine = make_machine(punches=5, counts=Counts.ONE_LESS)
    with DeviceServer(machine) as server:
        assert read(server) == stored(machine)


def test_a_log_of_fewer_records_than_are_counted_is_not_taken():
    machine = make_machine(punches=5)
    whole = machine.attendance_blob()
    short = struct.pack("<I", 3 * 40) + whole[4 : 4 + 3 * 40]
    with DeviceServer(machine) as server:
        server.faults.add(AnswerWith(Reply.DATA, data=short), **PREPARE_LOG)
        with pytest.raises(MachineError, match="do not fit"):
            read(server)


def test_a_machine_that_counts_nothing_and_refuses_its_log_is_told_and_nothing_is_complete():
    machine = make_machine(punches=5, counts=Counts.NOTHING)
    with DeviceServer(machine) as server, client_of(server) as client:
        server.faults.add(AnswerWith(4989), times=None, table=Table.ATTENDANCE)
        with pytest.raises(MachineError, match="counts no records, which may be wrong"):
            poll(client)
        assert client.bus.health[-1].complete_through is None
        assert client.bus.health[-1].problem


@pytest.mark.parametrize("trouble", [AnswerWith(Reply.ERROR), DropConnection()])
def test_users_that_cannot_be_read_hold_no_period_open(trouble):
    machine = make_machine(punches=6)
    with DeviceServer(machine) as server, client_of(server) as client:
        server.faults.add(trouble, times=None, table=Table.USERS)
        with pytest.raises(MachineError):
            poll(client)
        poll(client)
        punch(machine)
        poll(client)
        assert "appear by their number" in client.bus.health[-1].problem
        read_finally(client, client.session.review_period)
        assert ledger_of(client) == sorted(stored(machine))
        server.faults.clear()
        punch(machine, minutes=1)
        poll(client)
        assert not client.bus.health[-1].problem


def test_users_of_a_wrong_count():
    machine = make_machine(counts=Counts.ONE_LESS)
    with DeviceServer(machine) as server, ours(server).session() as session:
        assert session.read_user_names() == {f"{1001 + n}": f"user.{n}" for n in range(3)}


def test_a_log_that_another_program_cleared_is_told_with_the_time():
    machine = make_machine(punches=5)
    with DeviceServer(machine) as server, client_of(server) as client:
        poll(client)
        machine.clear()
        punch(machine)
        poll(client)
        problem = client.bus.health[-1].problem
        assert "held 5 punches and holds 1" in problem
        assert f"{MORNING:%d-%m-%Y %H:%M}" in problem
        assert len(ledger_of(client)) == 6


def test_an_ok_that_overtakes_its_data_by_udp():
    machine = make_machine(punches=300)
    with DeviceServer(machine, udp=True) as server:
        server.degrade(Losses(overtaken=1.0))
        with ours(server, udp=True).session() as session:
            assert len(session.read_log().punches) == 300


@pytest.mark.parametrize("seed", range(4))
def test_datagrams_that_are_lost_are_asked_for_again(seed):
    machine = make_machine(punches=2_000)
    with DeviceServer(machine, udp=True) as server:
        server.degrade(Losses(lost=0.01, seed=seed))
        with ours(server, udp=True, timeout_s=0.5).session() as session:
            session.status()
            assert len(session.read_log().punches) == 2_000


def test_new_punches_come_before_the_daily_whole_reading_and_without_it():
    """A link that carries the end of the log, and not the whole of it."""
    machine = make_machine(punches=3_000)
    broken = []

    def breaks_off(command, data):
        if broken and command == Command.READ_CHUNK and struct.unpack_from("<ii", data)[1] > 50_000:
            server.faults.add(DropConnection(), on=Command.READ_CHUNK)

    with DeviceServer(machine, on_request=breaks_off) as server, client_of(server) as client:
        poll(client)
        broken.append(True)
        client.clock.sleep(2 * COMPLETE_READ_INTERVAL_S)
        for minutes in range(2):
            punch(machine, minutes=minutes)
            poll(client)
            assert len(ledger_of(client)) == machine.record_count
        assert "look at the whole log was not possible" in client.bus.health[-1].problem
        broken.clear()
        poll(client)
        assert not client.bus.health[-1].problem


def test_a_whole_reading_goes_on_where_it_broke_off():
    machine = make_machine(punches=10_000)
    with DeviceServer(machine) as server:
        device = ours(server)
        for _ in range(3):
            # Three chunks more each time: of the joint, and two of records.
            server.faults.add(DropConnection(), on=Command.READ_CHUNK, table=Table.ATTENDANCE, skip=3)
            with pytest.raises(MachineError), device.session() as session:
                session.read_log()
            assert server.faults.pending == 0
            punch(machine)
        sent = server.traffic.sent
        with device.session() as session:
            punches = [tuple(each)[:4] for each in session.read_log().punches]
        assert punches == stored(machine)
        assert server.traffic.sent - sent < 100_000, "of 400,000 bytes, the rest"


def test_a_log_that_was_cleared_while_its_reading_had_broken_off_is_read_from_the_beginning():
    machine = make_machine(punches=5_000)
    with DeviceServer(machine) as server:
        device = ours(server)
        server.faults.add(DropConnection(), on=Command.READ_CHUNK, table=Table.ATTENDANCE, skip=2)
        with pytest.raises(MachineError), device.session() as session:
            session.read_log()
        machine.clear()
        for minutes in range(6_000):
            punch(machine, minutes=minutes)
        with device.session() as session:
            assert [tuple(each)[:4] for each in session.read_log().punches] == stored(machine)


def test_a_machine_that_announces_more_than_any_holds_is_not_believed():
    machine = make_machine(punches=5)
    with DeviceServer(machine) as server:
        for answer in (
            AnswerWith(Reply.PREPARE_DATA, data=struct.pack("<II", 0xFFFFFFFF, 1024)),
            AnswerWith(Reply.OK, data=struct.pack("<BIII", 0, 0xFFFFFFF0, 0xFFFFFFF0, 0)),
        ):
            server.faults.add(answer, **PREPARE_LOG)
            with pytest.raises(MachineError, match="more than any machine holds"):
                read(server)


def said_at_connecting(fault):
    with DeviceServer(make_machine()) as server:
        server.faults.add(fault, on=Command.CONNECT)
        with pytest.raises(MachineError) as caught, ours(server, timeout_s=0.5).session():
            pass
        return str(caught.value)


def test_another_program_is_connected():
    for fault in (StaySilent(), DropConnection()):
        said = said_at_connecting(fault)
        assert "another program may be connected" in said
        assert "cannot be reached" not in said


def test_a_wrong_checksum():
    good = encode_frame(Reply.OK, 7, 0, b"")
    said = said_at_connecting(SendGarbage(good[:10] + b"\x12\x34" + good[12:]))
    assert "not as an attendance machine does (a packet with a wrong checksum)" in said


@pytest.mark.parametrize("udp", [False, True])
def test_session_numbers_that_are_not_echoed(udp):
    machine = make_machine(punches=40)
    with DeviceServer(machine, manner=Manner(echoes_session=False), udp=udp) as server:
        assert read(server) == stored(machine)


@pytest.mark.parametrize("udp", [False, True])
def test_reply_numbers_that_are_not_echoed(udp):
    """What answers what cannot be told then: refused, and not taken for a machine that is away."""
    manner = Manner(echoes_number=False)
    with DeviceServer(make_machine(punches=4), manner=manner, udp=udp) as server:  # noqa: SIM117 - one thing fails
        with ours(server, timeout_s=0.5, udp=udp).session() as session:
            with pytest.raises(MachineError, match="nothing that it sent bears the number of the request"):
                session.read_log()


def test_users_but_no_punches():
    """Nobody has punched yet, or its log is not seen: told until the first one is read."""
    machine = make_machine()
    with DeviceServer(machine) as server, client_of(server) as client:
        poll(client)
        assert "knows 3 users and holds no punch" in client.bus.health[-1].problem
        punch(machine)
        poll(client)
        assert not client.bus.health[-1].problem
        machine.clear()
        client.doors[0].state.counted = None  # by this client
        poll(client)
        assert not client.bus.health[-1].problem, "it held some"


def test_a_machine_that_answers_disabled_and_goes_on_is_not_erased():
    """Somebody punches after its final count."""
    machine = make_machine(punches=5, heeds_disabling=False)
    with DeviceServer(machine) as server, client_of(server) as client:
        client.site = replace(client.site, clear_machine=True)
        poll(client)
        confirm_everything(client)
        server.faults.add(PunchFirst("1002"), on=Command.CLEAR_ATTENDANCE)
        read_finally(client, client.session.review_period)
        assert machine.record_count == 5, "nobody has tried it"
        poll(client)
        problem = client.bus.health[-1].problem
        assert "nobody has tried that yet: attendance-client device try-disabling" in problem


def test_a_machine_that_was_seen_to_take_a_punch_while_disabled_is_not_erased_again():
    machine = make_machine(punches=5, heeds_disabling=False)
    with DeviceServer(machine) as server, client_of(server) as client:
        let_clear(client, machine)
        poll(client)
        confirm_everything(client)
        server.faults.add(PunchFirst("1002"), on=Command.PREPARE_BUFFER)
        read_finally(client, client.session.review_period)
        assert machine.record_count == 6
        assert client.ledger.heeds_disabling(machine.serial_number) is False
        poll(client)
        confirm_everything(client)
        assert "it took a punch while it was disabled" in client.bus.health[-1].problem
        read_finally(client, client.session.review_period)
        assert machine.record_count == 6


def test_a_poor_link_keeps_its_word_in_the_first_reading():
    """Clearing stays off while anything is uncertain: a machine with a wrong count is not erased."""
    machine = make_machine(punches=20, counts=Counts.ONE_LESS)
    with DeviceServer(machine) as server, client_of(server) as client:
        let_clear(client, machine)
        poll(client)
        confirm_everything(client)
        read_finally(client, client.session.review_period)
        assert machine.record_count == 20

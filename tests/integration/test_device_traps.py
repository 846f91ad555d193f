"""What is known to go wrong in reading attendance machines, each by its name.

Each test shows first what pyzk's own calls make of the machine, then that the client's adapter, or the client on it,
is not taken in.
"""

import subprocess
import sys
from contextlib import suppress

import pytest
from zk.exception import ZKError, ZKErrorResponse

from attendance_client.errors import MachineError
from attendance_client.machine.polling import poll
from attendance_sandbox.device.faults import AnswerWith, PunchFirst, RunFirst, TearReply
from attendance_sandbox.device.machine import AttendanceMachine
from attendance_sandbox.device.protocol import Command, Reply, encode_fields
from attendance_sandbox.device.records import pack_record
from attendance_sandbox.device.server import DeviceServer
from attendance_sandbox.device.session import Manner
from tests.integration.device_traps import (
    MORNING,
    PREPARE_LOG,
    client_of,
    found,
    ledger_of,
    make_machine,
    ours,
    plain,
    read,
    read_plainly,
    stored,
    undecodable_of,
)


def test_a_failed_read_looks_like_no_records():
    machine = make_machine(punches=5)
    with DeviceServer(machine) as server:
        broken = AnswerWith(Reply.DATA, data=b"")
        server.faults.add(broken, times=2, **PREPARE_LOG)
        assert plain(server).get_attendance() == []

        with pytest.raises(MachineError, match="5 records but sent none"):
            read(server)
        assert read(server) == stored(machine)


@pytest.mark.parametrize("answer", [b"", bytes(76)])
def test_a_short_answer_to_how_many_looks_like_none(answer):
    machine = make_machine(punches=5)
    with DeviceServer(machine) as server:
        server.faults.add(AnswerWith(Reply.OK, data=answer), on=Command.GET_FREE_SIZES, times=2)
        terminal = plain(server)
        terminal.read_sizes()
        assert terminal.records == 0

        with ours(server).session() as session:
            with pytest.raises(MachineError, match="did not say how many records"):
                session.status()
            assert session.status().records == 5
            server.faults.add(AnswerWith(Reply.OK, data=answer), on=Command.GET_FREE_SIZES)
            machine.punch("1001")
            with pytest.raises(MachineError, match="did not say how many records"):
                session.read_log()


@pytest.mark.parametrize(
    ("record_size", "user_size", "there", "misread"),
    [
        (8, 28, 1, "lost"),  # 16 bytes ÷ 1: taken for one record of 16
        (8, 28, 2, "lost"),  # 24 ÷ 2: too short for one of 40
        (8, 28, 5, "invented"),  # 48 ÷ 5: taken for one of 40
        (16, 28, 2, "invented"),  # 48 ÷ 2: taken for one of 40
        (16, 28, 3, "invented"),
    ],
)
def test_the_record_size_is_derived_from_a_count_read_earlier(record_size, user_size, there, misread):
    machine = make_machine(punches=there, record_size=record_size, user_size=user_size)
    with DeviceServer(machine) as server:
        server.faults.add(PunchFirst("1002", status=2, punch=4), **PREPARE_LOG)
        what = read_plainly(plain(server))
        assert machine.record_count == there + 1
        truth = stored(machine)
        assert len(what) < len(truth)
        if misread == "invented":
            assert set(what) - set(truth), "punches that nobody made"

        server.faults.add(PunchFirst("1002", status=2, punch=4), **PREPARE_LOG)
        try:
            again = read(server)
        except MachineError:
            again = read(server)
        assert again == stored(machine)


def test_records_of_49_bytes_are_cut_every_40():
    machine = make_machine(punches=4, record_size=49)
    with DeviceServer(machine) as server:
        with suppress(ValueError):  # a date that does not exist, where the cut happens to make one
            assert read_plainly(plain(server))[1:] != stored(machine)[1:]
        assert read(server) == stored(machine)


def test_one_impossible_date_aborts_the_whole_pull():
    machine = make_machine(punches=3)
    impossible = pack_record(40, uid=1, user_id="1001", encoded_time=encode_fields(2026, 2, 31))
    machine.add_raw_record(impossible)
    machine.punch("1002")
    with DeviceServer(machine) as server:
        with pytest.raises(ValueError, match="day is out of range"):
            plain(server).get_attendance()

        with client_of(server) as client:
            poll(client)
            assert len(ledger_of(client)) == 4
            assert undecodable_of(client) == [impossible]


def test_an_internal_number_passes_for_another_persons_user_id():
    machine = AttendanceMachine(record_size=8, user_size=72, clock=lambda: MORNING)
    machine.add_user("2", "somebody.else")  # has number 1
    machine.add_user("1002", "deleted.later")  # has number 2
    machine.punch("1002")
    machine.delete_user("1002")
    with DeviceServer(machine) as server:
        assert [user_id for user_id, *_ in read_plainly(plain(server))] == ["2"], "somebody else's"
        [(user_id, *_)] = read(server)
        assert user_id not in {"1", "2", "1002"}


def test_status_and_key_are_kept_as_they_are():
    machine = make_machine()
    for status, key in ((1, 0), (15, 255), (4, 5)):
        machine.punch("1001", status=status, punch=key)
    with DeviceServer(machine) as server:
        assert [row[2:] for row in read(server)] == [(1, 0), (15, 255), (4, 5)]


def test_the_whole_log_crosses_the_wire_at_each_pull():
    machine = make_machine(punches=5_000)
    with DeviceServer(machine) as server, client_of(server) as client:
        poll(client)
        machine.punch("1001")
        server.traffic.restart()
        plain(server).get_attendance()
        assert server.traffic.total > 5_000 * 40
        server.traffic.restart()
        poll(client)
        assert server.traffic.total < 16_384
        server.traffic.restart()
        poll(client)
        assert server.traffic.total < 1_024
        assert len(ledger_of(client)) == 5_001


def test_new_firmware_asks_for_the_comm_key_with_another_code():
    manner = Manner(comm_key=4321, key_required=Reply.KEY_REQUIRED)
    machine = make_machine(punches=2)
    with DeviceServer(machine, manner=manner) as server:
        with pytest.raises(ZKErrorResponse, match="Can't connect"):
            plain(server, password=4321)
        with ours(server, comm_key=4321).session() as session:
            assert found(session.read_log()) == stored(machine)
        for refusal in (Reply.UNAUTHORIZED, Reply.KEY_REQUIRED):
            server.faults.add(AnswerWith(refusal), on=Command.AUTHENTICATE)
            with pytest.raises(MachineError, match="comm_key"), ours(server, comm_key=1).session():
                pass


def test_small_packets_that_arrive_together_are_misread():
    machine = make_machine(punches=300)
    with DeviceServer(machine, manner=Manner(frame_bytes=1_024)) as server:
        terminal = plain(server, timeout=0.5)
        rows = []
        with suppress(ZKError, OSError, TypeError, AttributeError):
            rows = read_plainly(terminal)
        assert rows != stored(machine)
        assert read(server) == stored(machine)


SPINS = """
import sys, zk
terminal = zk.ZK("127.0.0.1", int(sys.argv[1]), timeout=1, ommit_ping=True).connect()
print("connected", flush=True)
terminal.read_with_buffer(13)
"""


def test_a_connection_that_the_machine_closes_makes_the_reader_spin():
    machine = make_machine(punches=300)
    with DeviceServer(machine) as server:
        server.faults.add(TearReply(keep=2_000), on=Command.READ_CHUNK, times=2)
        command = [sys.executable, "-c", SPINS, str(server.port)]
        with pytest.raises(subprocess.TimeoutExpired) as spinning:
            subprocess.run(command, timeout=3, check=False, capture_output=True)
        assert spinning.value.stdout == b"connected\n", "and no time-out of one second ends it"
        with pytest.raises(MachineError, match="closed the connection"):
            read(server)


def test_what_is_cleared_in_mid_read_is_noticed():
    machine = make_machine(punches=5)
    with DeviceServer(machine) as server:
        server.faults.add(RunFirst(AttendanceMachine.clear), **PREPARE_LOG)
        terminal = plain(server)
        assert (terminal.get_attendance(), terminal.records) == ([], 5)
        machine.add_record("1001", MORNING)
        machine.add_record("1002", MORNING)
        server.faults.add(RunFirst(AttendanceMachine.clear), **PREPARE_LOG)
        try:
            log = read(server)
        except MachineError:
            log = read(server)
        assert log == [] == stored(machine)

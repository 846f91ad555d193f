"""Each way in which the simulated attendance machine misbehaves on request."""

import socket
import struct
import time
from datetime import datetime, timedelta
from typing import Any

import pytest
from zk import ZK
from zk.exception import ZKErrorResponse, ZKNetworkError

from attendance_sandbox.device.faults import (
    AnswerWith,
    DropConnection,
    PunchFirst,
    RunFirst,
    SlowLink,
    StaySilent,
    Table,
    TearReply,
)
from attendance_sandbox.device.machine import AttendanceMachine
from attendance_sandbox.device.protocol import Command, Reply
from attendance_sandbox.device.server import DeviceServer
from attendance_sandbox.device.session import Manner

MONDAY = datetime.fromisoformat("2026-11-02 09:00:00")
FRAME_HEADER_BYTES = 16


def make_machine(punches=3, **options):
    machine = AttendanceMachine(**options)
    machine.add_user("1001", "amara.okafor")
    for second in range(punches):
        machine.punch("1001", MONDAY + timedelta(seconds=second))
    return machine


def connect(server, timeout=3):
    return ZK("127.0.0.1", server.port, timeout=timeout, ommit_ping=True).connect()


class Terminal:
    """A client that reads exactly what arrives, where pyzk would spin for ever at a torn reply."""

    def __init__(self, server):
        self.socket = socket.create_connection(("127.0.0.1", server.port), timeout=3)
        self.session = 0
        self.session = self.ask(Command.CONNECT)[1]

    def send(self, command, data=b""):
        packet = struct.pack("<4H", command, 0, self.session, 7) + data
        self.socket.sendall(b"\x50\x50\x82\x7d" + struct.pack("<I", len(packet)) + packet)

    def receive(self):
        header = self.exactly(FRAME_HEADER_BYTES)
        magic, length, code, _, session, number = struct.unpack("<4sI4H", header)
        assert magic == b"\x50\x50\x82\x7d"
        return code, session, number, self.exactly(length - 8)

    def ask(self, command, data=b""):
        self.send(command, data)
        return self.receive()

    def exactly(self, count):
        received = b""
        while len(received) < count:
            more = self.socket.recv(count - len(received))
            assert more, "the connection ended in the middle of a packet"
            received += more
        return received

    def until_closed(self):
        received = b""
        while more := self.socket.recv(65_536):
            received += more
        return received

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()


def prepare_attendance(terminal):
    code, _, _, data = terminal.ask(Command.PREPARE_BUFFER, struct.pack("<bhii", 1, 13, 0, 0))
    return code, data


@pytest.mark.parametrize(("applied", "left"), [(False, 3), (True, 0)])
@pytest.mark.parametrize("kind", [DropConnection, StaySilent])
def test_no_answer_before_or_after_the_effect(kind, applied, left):
    machine = make_machine()
    with DeviceServer(machine) as server:
        terminal = connect(server, timeout=0.5)
        server.faults.add(kind(applied=applied), on=Command.CLEAR_ATTENDANCE)
        with pytest.raises(ZKNetworkError):
            terminal.clear_attendance()
        assert machine.record_count == left
        assert server.faults.pending == 0
        assert connect(server).get_serialnumber() == machine.serial_number


def test_silence_keeps_the_connection_and_a_drop_does_not():
    with DeviceServer(make_machine()) as server:
        server.faults.add(StaySilent(), on=Command.GET_TIME)
        with Terminal(server) as terminal:
            terminal.send(Command.GET_TIME)
            assert terminal.ask(Command.GET_VERSION)[0] == Reply.OK
        server.faults.add(DropConnection(), on=Command.GET_TIME)
        with Terminal(server) as terminal:
            terminal.send(Command.GET_TIME)
            assert terminal.until_closed() == b""


@pytest.mark.parametrize(("applied", "left"), [(False, 3), (True, 0)])
def test_an_answer_with_a_code(applied, left):
    machine = make_machine()
    with DeviceServer(machine) as server:
        terminal = connect(server)
        server.faults.add(AnswerWith(Reply.ERROR, applied=applied), on=Command.CLEAR_ATTENDANCE)
        with pytest.raises(ZKErrorResponse):
            terminal.clear_attendance()
        assert machine.record_count == left
        assert terminal.clear_attendance() is True
        terminal.disconnect()


def test_newer_firmware_answers_6001_to_connect():
    with DeviceServer(make_machine()) as server:
        server.faults.add(AnswerWith(6001), on=Command.CONNECT)
        with pytest.raises(ZKErrorResponse, match="Can't connect"):
            connect(server)


def test_a_punch_between_the_count_and_the_read_makes_pyzk_lose_one():
    machine = make_machine(punches=1, record_size=8, user_size=28)
    with DeviceServer(machine) as server:
        between: dict[str, Any] = {"on": Command.PREPARE_BUFFER, "table": Table.ATTENDANCE}
        server.faults.add(PunchFirst("1001", status=2, punch=4), **between)
        terminal = connect(server)
        misread = terminal.get_attendance()
        assert terminal.records == 1
        # Two records of 8 bytes, taken for one of 16: the punch that the machine told of is lost.
        assert [(row.status, row.punch) for row in misread] != [(1, 0), (2, 4)]
        assert len(misread) == 1
        assert [(row.status, row.punch) for row in terminal.get_attendance()] == [(1, 0), (2, 4)]
        terminal.disconnect()


def test_a_punch_between_two_chunks_waits_for_the_next_read():
    machine = make_machine(punches=2_000)
    with DeviceServer(machine) as server:
        server.faults.add(PunchFirst("1001"), on=Command.READ_CHUNK, table=Table.ATTENDANCE, skip=1)
        terminal = connect(server)
        assert len(terminal.get_attendance()) == 2_000
        assert machine.record_count == 2_001
        assert len(terminal.get_attendance()) == 2_001
        terminal.disconnect()


def test_a_disabled_machine_takes_no_punch_in_mid_read():
    machine = make_machine()
    with DeviceServer(machine) as server:
        server.faults.add(PunchFirst("1001"), on=Command.PREPARE_BUFFER, table=Table.ATTENDANCE)
        terminal = connect(server)
        terminal.disable_device()
        assert len(terminal.get_attendance()) == 3
        terminal.enable_device()
        terminal.disconnect()
        assert server.faults.pending == 0
    assert machine.record_count == 3


def test_a_fault_of_one_table_leaves_the_other_alone():
    with DeviceServer(make_machine()) as server:
        server.faults.add(AnswerWith(Reply.ERROR), on=Command.PREPARE_BUFFER, table=Table.ATTENDANCE)
        terminal = connect(server)
        assert len(terminal.get_users()) == 1
        with pytest.raises(ZKErrorResponse):
            terminal.get_attendance()
        terminal.disconnect()


def test_an_action_in_mid_read():
    machine = make_machine()
    with DeviceServer(machine) as server:
        server.faults.add(
            RunFirst(AttendanceMachine.clear), on=Command.PREPARE_BUFFER, table=Table.ATTENDANCE
        )
        terminal = connect(server)
        assert terminal.get_attendance() == []
        assert terminal.records == 3, "the count was read before the log was cleared"
        terminal.disconnect()


def test_a_slow_link_takes_its_time_and_loses_nothing():
    machine = make_machine(punches=500)
    with DeviceServer(machine) as server:
        server.faults.add(SlowLink(bytes_per_second=80_000), on=Command.READ_CHUNK, times=None)
        server.faults.add(SlowLink(bytes_per_second=1_000_000, latency_s=0.1), on=Command.GET_TIME)
        terminal = connect(server)
        before = time.monotonic()
        assert len(terminal.get_attendance()) == 500
        assert time.monotonic() - before >= 20_000 / 80_000
        before = time.monotonic()
        terminal.get_time()
        assert time.monotonic() - before >= 0.1
        terminal.disconnect()


@pytest.mark.parametrize("keep", [0, 5, FRAME_HEADER_BYTES, FRAME_HEADER_BYTES + 100])
def test_a_torn_reply_ends_where_it_was_torn(keep):
    machine = make_machine()
    with DeviceServer(machine) as server, Terminal(server) as terminal:
        server.faults.add(TearReply(keep=keep), on=Command.PREPARE_BUFFER)
        terminal.send(Command.PREPARE_BUFFER, struct.pack("<bhii", 1, 13, 0, 0))
        torn = terminal.until_closed()
        assert len(torn) == keep
        assert machine.attendance_blob()[: max(0, keep - FRAME_HEADER_BYTES)] == torn[FRAME_HEADER_BYTES:]


def test_faults_wait_their_turn_and_can_be_forgotten():
    with DeviceServer(make_machine()) as server:
        server.faults.add(AnswerWith(Reply.ERROR), on=Command.GET_TIME, skip=1, times=2)
        with Terminal(server) as terminal:
            codes = [terminal.ask(Command.GET_TIME)[0] for _ in range(4)]
            assert codes == [Reply.OK, Reply.ERROR, Reply.ERROR, Reply.OK]
            server.faults.add(AnswerWith(Reply.ERROR), times=None)
            assert terminal.ask(Command.GET_TIME)[0] == Reply.ERROR
            server.faults.clear()
            assert terminal.ask(Command.GET_TIME)[0] == Reply.OK


def test_a_pulled_cable_and_a_machine_that_comes_back():
    machine = make_machine()
    server = DeviceServer(machine)
    with server:
        port = server.port
        terminal = connect(server)
        server.drop_connections()
        with pytest.raises(ZKNetworkError):
            terminal.get_time()
        assert connect(server).get_serialnumber() == machine.serial_number
    with pytest.raises(ZKNetworkError):
        connect(server)
    with server:
        assert server.port == port
        terminal = connect(server)
        assert len(terminal.get_attendance()) == 3
        assert server.connections > 0
    assert server.connections == 0


def test_the_tail_of_the_log_can_be_read_alone():
    machine = make_machine(punches=100)
    with DeviceServer(machine, manner=Manner(frame_bytes=1_024)) as server, Terminal(server) as terminal:
        code, data = prepare_attendance(terminal)
        size = struct.unpack_from("<I", data, 1)[0]
        assert (code, size) == (Reply.OK, 4 + 100 * 40)
        terminal.send(Command.READ_CHUNK, struct.pack("<ii", size - 60 * 40, 60 * 40))
        packets = [terminal.receive() for _ in range(5)]
        assert [(packet[0], len(packet[3])) for packet in packets] == [
            (Reply.PREPARE_DATA, 8),
            (Reply.DATA, 1_024),
            (Reply.DATA, 1_024),
            (Reply.DATA, 352),
            (Reply.OK, 0),
        ]
        assert {packet[2] for packet in packets} == {7}, "every packet echoes the reply number"
        assert b"".join(packet[3] for packet in packets[1:-1]) == machine.attendance_blob()[-60 * 40 :]
        assert terminal.ask(Command.FREE_BUFFER)[0] == Reply.OK
        assert terminal.ask(Command.READ_CHUNK, struct.pack("<ii", 0, 40))[0] == Reply.ERROR


@pytest.mark.parametrize(
    ("command", "data", "code"),
    [
        (4242, b"", Reply.UNKNOWN),
        (Command.SET_TIME, b"\x01", Reply.ERROR),
        (Command.SET_TIME, b"\xff\xff\xff\xff", Reply.ERROR),
        (Command.READ_OPTION, b"\xff\xfe", Reply.ERROR),
        (Command.REGISTER_EVENTS, struct.pack("<I", 1), Reply.UNKNOWN),
        (Command.PREPARE_BUFFER, b"", Reply.ERROR),
        (Command.AUTHENTICATE, b"", Reply.UNAUTHORIZED),
    ],
)
def test_senseless_requests_get_an_answer(command, data, code):
    with DeviceServer(make_machine()) as server, Terminal(server) as terminal:
        assert terminal.ask(command, data)[0] == code


@pytest.mark.parametrize(("start", "size"), [(0, 0xFFC1), (-4, 8), (0, 0), (0, -1), (4_004, 40)])
def test_a_chunk_that_cannot_be_is_refused(start, size):
    with DeviceServer(make_machine(punches=100)) as server, Terminal(server) as terminal:
        prepare_attendance(terminal)
        assert terminal.ask(Command.READ_CHUNK, struct.pack("<ii", start, size))[0] == Reply.ERROR
        assert terminal.ask(Command.READ_CHUNK, struct.pack("<ii", 0, 0xFFC0))[0] == Reply.PREPARE_DATA


def test_without_a_session_nothing_is_done():
    machine = make_machine()
    with DeviceServer(machine) as server, Terminal(server) as terminal:
        terminal.session += 1
        assert terminal.ask(Command.CLEAR_ATTENDANCE)[0] == Reply.UNAUTHORIZED
    assert machine.record_count == 3


@pytest.mark.parametrize(
    "garbage", [b"GET / HTTP/1.1\r\n\r\n", b"\x50\x50\x82\x7d\xff\xff\xff\xff", b"\x50\x50\x82\x7d\0\0\0\0"]
)
def test_another_protocol_is_hung_up_on(garbage):
    told = []
    with DeviceServer(make_machine(), log=told.append) as server:
        with socket.create_connection(("127.0.0.1", server.port), timeout=3) as stranger:
            stranger.sendall(garbage)
            assert stranger.recv(1) == b""
        assert connect(server).get_serialnumber() == "SIM0000001"
    assert told[0].startswith("closed a connection: a ")

"""More that befalls the simulated attendance machine: clocks, reboots, resets, half-open connections, garbage."""

import socket
import struct
from datetime import datetime, timedelta

import pytest
from zk import ZK
from zk.exception import ZKErrorResponse, ZKNetworkError

from attendance_sandbox.device.faults import (
    AnswerWith,
    GoneSilent,
    ResetConnection,
    SendGarbage,
    Table,
    TearReply,
)
from attendance_sandbox.device.machine import AttendanceMachine
from attendance_sandbox.device.protocol import Command, Reply, encode_fields
from attendance_sandbox.device.server import DeviceServer
from attendance_sandbox.device.session import Manner

MONDAY = datetime.fromisoformat("2026-11-02 09:00:00")
FRAME = b"\x50\x50\x82\x7d"


def make_machine(punches=3, **options):
    machine = AttendanceMachine(**options)
    machine.add_user("1001", "amara.okafor")
    for second in range(punches):
        machine.punch("1001", MONDAY + timedelta(seconds=second))
    return machine


def connect(server, timeout=3, password=0):
    return ZK("127.0.0.1", server.port, timeout=timeout, password=password, ommit_ping=True).connect()


class Line:
    """A bare connection: whole packets out, whatever comes back in."""

    def __init__(self, server):
        self.socket = socket.create_connection(("127.0.0.1", server.port), timeout=3)
        self.session = 0
        self.session = struct.unpack_from("<H", self.ask(Command.CONNECT), 12)[0]

    def send(self, command, data=b""):
        packet = struct.pack("<4H", command, 0, self.session, 7) + data
        self.socket.sendall(FRAME + struct.pack("<I", len(packet)) + packet)

    def ask(self, command, data=b""):
        self.send(command, data)
        return self.socket.recv(65_536)


def test_a_clock_drifts_until_it_is_set():
    now = [MONDAY]
    machine = make_machine(clock=lambda: now[0], drift_s_a_day=12)
    with DeviceServer(machine) as server:
        terminal = connect(server)
        assert terminal.get_time() == MONDAY
        now[0] += timedelta(days=10)
        assert terminal.get_time() == now[0] + timedelta(minutes=2)
        terminal.set_time(now[0])
        assert terminal.get_time() == now[0]
        now[0] += timedelta(days=5)
        assert terminal.get_time() == now[0] + timedelta(minutes=1)


def test_a_flat_cell_begins_the_years_anew():
    now = [MONDAY]
    machine = make_machine(clock=lambda: now[0])
    machine.lose_clock()
    now[0] += timedelta(minutes=5)
    with DeviceServer(machine) as server:
        assert connect(server).get_time() == datetime.fromisoformat("2000-01-01 00:05:00")
    machine.punch("1001")
    assert machine.records[-1].timestamp == datetime.fromisoformat("2000-01-01 00:05:00")


def test_a_clock_can_show_a_date_that_does_not_exist():
    with DeviceServer(make_machine()) as server:
        impossible = struct.pack("<I", encode_fields(2026, 2, 31))
        server.faults.add(AnswerWith(Reply.OK, data=impossible), on=Command.GET_TIME)
        with pytest.raises(ValueError, match="day"):
            connect(server).get_time()


def test_new_firmware_asks_for_the_key_with_a_code_that_pyzk_does_not_know():
    manner = Manner(comm_key=1234, key_required=Reply.KEY_REQUIRED)
    with DeviceServer(make_machine(), manner=manner) as server:
        with pytest.raises(ZKErrorResponse, match="Can't connect"):
            connect(server, password=1234)
        line = Line(server)
        assert struct.unpack_from("<H", line.ask(Command.GET_TIME), 8)[0] == Reply.UNAUTHORIZED


def test_records_of_49_bytes_are_those_of_40_and_nine_bytes_more():
    machine = make_machine(punches=2, record_size=49)
    plain = make_machine(punches=2, record_size=40)
    blob, expected = machine.attendance_blob(), plain.attendance_blob()
    assert struct.unpack_from("<I", blob)[0] == 98 == len(blob) - 4
    for number in range(2):
        record = blob[4 + 49 * number :][:49]
        assert record[:40] == expected[4 + 40 * number :][:40]
        assert record[40:] == b"\xff" * 9


def test_a_reset_is_a_reset_and_no_goodbye():
    with DeviceServer(make_machine()) as server:
        server.faults.add(ResetConnection(), on=Command.GET_TIME)
        line = Line(server)
        line.send(Command.GET_TIME)
        with pytest.raises(ConnectionResetError):
            line.socket.recv(1)


@pytest.mark.parametrize(("applied", "left"), [(False, 3), (True, 0)])
def test_a_reset_before_or_after_the_effect(applied, left):
    machine = make_machine()
    with DeviceServer(machine) as server:
        server.faults.add(ResetConnection(applied=applied), on=Command.CLEAR_ATTENDANCE)
        with pytest.raises(ZKNetworkError):
            connect(server).clear_attendance()
    assert machine.record_count == left


def test_a_half_open_connection_never_answers_again_and_a_new_one_does():
    with DeviceServer(make_machine()) as server:
        terminal = connect(server, timeout=0.2)
        server.faults.add(GoneSilent(), on=Command.GET_TIME)
        for ask in (terminal.get_time, terminal.get_serialnumber, terminal.get_firmware_version):
            with pytest.raises(ZKNetworkError, match="timed out"):
                ask()
        assert server.connections >= 1
        assert connect(server).get_serialnumber() == "SIM0000001"


def test_garbage_arrives_as_it_was_given():
    with DeviceServer(make_machine()) as server:
        server.faults.add(SendGarbage(b"\0\xff not a frame"), on=Command.GET_TIME)
        line = Line(server)
        assert line.ask(Command.GET_TIME) == b"\0\xff not a frame"
        assert line.ask(Command.GET_TIME).startswith(FRAME)


def test_a_reboot_in_mid_transfer_ends_every_connection_and_enables():
    machine = make_machine(punches=200)
    with DeviceServer(machine) as server:
        bystander = Line(server)
        reader = Line(server)
        reader.ask(Command.DISABLE)
        assert machine.punch("1001") is False
        reader.ask(Command.PREPARE_BUFFER, struct.pack("<bhii", 1, 13, 0, 0))
        torn = TearReply(keep=500, reboot=True)
        server.faults.add(torn, on=Command.READ_CHUNK, table=Table.ATTENDANCE)
        reader.send(Command.READ_CHUNK, struct.pack("<ii", 0, 8_004))
        received = b""
        while more := reader.socket.recv(65_536):
            received += more
        assert len(received) == 500
        assert bystander.socket.recv(1) == b""
        assert machine.punch("1001") is True
        assert len(connect(server).get_attendance()) == 201


def test_a_restart_ends_every_connection():
    with DeviceServer(make_machine()) as server:
        bystander = Line(server)
        connect(server).restart()
        assert bystander.socket.recv(1) == b""


def test_a_machine_that_reads_only_from_where_it_left_off():
    machine = make_machine(punches=100)
    with DeviceServer(machine, manner=Manner(reads_from_an_offset=False)) as server:
        line = Line(server)
        line.ask(Command.PREPARE_BUFFER, struct.pack("<bhii", 1, 13, 0, 0))
        refused = line.ask(Command.READ_CHUNK, struct.pack("<ii", 2_000, 100))
        assert struct.unpack_from("<H", refused, 8)[0] == Reply.ERROR
        assert len(connect(server).get_attendance()) == 100


def test_what_crossed_the_wire_is_counted():
    with DeviceServer(make_machine()) as server:
        line = Line(server)
        server.traffic.restart()
        answer = line.ask(Command.GET_VERSION)
        assert (server.traffic.received, server.traffic.sent) == (16, len(answer))

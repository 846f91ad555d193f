"""The simulated attendance machine on UDP, under pyzk, unpatched."""

from datetime import datetime, timedelta

import pytest
from zk import ZK
from zk.exception import ZKErrorResponse, ZKNetworkError

from attendance_sandbox.device.faults import GoneSilent, SendGarbage, StaySilent, TearReply
from attendance_sandbox.device.machine import AttendanceMachine
from attendance_sandbox.device.protocol import Command
from attendance_sandbox.device.server import DeviceServer

MONDAY = datetime.fromisoformat("2026-11-02 09:00:00")


def make_machine(punches=3, **options):
    machine = AttendanceMachine(**options)
    for user_id in ("1001", "1002"):
        machine.add_user(user_id, f"user.{user_id}")
    for second in range(punches):
        machine.punch(str(1001 + second % 2), MONDAY + timedelta(seconds=second), punch=second % 256)
    return machine


def connect(server, password=0, timeout=3):
    address = ("127.0.0.1", server.port)
    return ZK(*address, timeout=timeout, password=password, force_udp=True, ommit_ping=True).connect()


def read(terminal):
    return [(row.user_id, row.timestamp, row.status, row.punch) for row in terminal.get_attendance()]


def stored(machine):
    return [(record.user_id, record.timestamp, record.status, record.punch) for record in machine.records]


@pytest.mark.parametrize("punches", [0, 3, 25, 26, 2_000])
@pytest.mark.parametrize(("record_size", "user_size"), [(40, 72), (16, 28), (8, 28)])
def test_pyzk_reads_every_punch(punches, record_size, user_size):
    machine = make_machine(punches, record_size=record_size, user_size=user_size)
    with DeviceServer(machine, udp=True) as server:
        terminal = connect(server)
        assert read(terminal) == stored(machine)
        assert [user.user_id for user in terminal.get_users()] == ["1001", "1002"]
        terminal.disconnect()
    assert machine.record_count == punches


def test_the_comm_key_is_asked_for_here_too():
    with DeviceServer(make_machine(), comm_key=1234, udp=True) as server:
        assert connect(server, password=1234).get_serialnumber() == "SIM0000001"
        with pytest.raises(ZKErrorResponse, match="Unauth"):
            connect(server, password=4321)


def test_each_client_has_its_own_session():
    with DeviceServer(make_machine(), udp=True) as server:
        one, other = connect(server), connect(server)
        one.disconnect()
        assert len(other.get_attendance()) == 3


def test_a_lost_reply_is_a_time_out_and_the_next_request_works():
    with DeviceServer(make_machine(), udp=True) as server:
        terminal = connect(server, timeout=0.3)
        server.faults.add(StaySilent(), on=Command.GET_TIME)
        with pytest.raises(ZKNetworkError, match="timed out"):
            terminal.get_time()
        assert terminal.get_serialnumber() == "SIM0000001"


def test_who_has_gone_silent_answers_again_to_a_connect():
    with DeviceServer(make_machine(), udp=True) as server:
        terminal = connect(server, timeout=0.3)
        server.faults.add(GoneSilent(), on=Command.GET_TIME)
        for ask in (terminal.get_time, terminal.get_serialnumber):
            with pytest.raises(ZKNetworkError, match="timed out"):
                ask()
        assert connect(server).get_serialnumber() == "SIM0000001"


@pytest.mark.parametrize("spoilt", [SendGarbage(b"?"), TearReply(keep=3)])
def test_what_is_no_packet_is_no_reply(spoilt):
    with DeviceServer(make_machine(), udp=True) as server:
        terminal = connect(server)
        server.faults.add(spoilt, on=Command.GET_TIME)
        with pytest.raises(ZKNetworkError):
            terminal.get_time()


def test_a_restart_ends_the_session():
    machine = make_machine()
    with DeviceServer(machine, udp=True) as server:
        terminal = connect(server)
        terminal.disable_device()
        server.reboot()
        assert machine.enabled
        with pytest.raises(ZKErrorResponse):
            terminal.get_time()
        assert len(connect(server).get_attendance()) == 3


def test_it_stops_and_starts_on_the_same_port():
    server = DeviceServer(make_machine(), udp=True)
    with server:
        port = server.port
        connect(server).disconnect()
    with pytest.raises(ZKNetworkError):
        connect(server, timeout=0.3)
    with server:
        assert server.port == port
        assert len(connect(server).get_attendance()) == 3

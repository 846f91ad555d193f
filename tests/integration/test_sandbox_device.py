"""The simulated attendance machine under pyzk, unpatched, over TCP."""

import struct
import threading
from datetime import datetime, timedelta

import pytest
from zk import ZK, const
from zk.exception import ZKErrorResponse

from attendance_sandbox.device.machine import AttendanceMachine, WhenFull
from attendance_sandbox.device.protocol import Command, encode_fields
from attendance_sandbox.device.records import pack_record
from attendance_sandbox.device.server import DeviceServer
from attendance_sandbox.device.session import Manner

MONDAY = datetime.fromisoformat("2026-11-02 09:00:00")
FEW = 6
MANY = 9_000
"""Records that need several chunks of 64 KiB in each of the three layouts."""


def make_machine(record_size=40, user_size=72, users=3, **options):
    machine = AttendanceMachine(
        serial_number="TX628-0042", record_size=record_size, user_size=user_size, **options
    )
    for number in range(users):
        machine.add_user(str(1001 + number), f"user.{number}", 14 if number == 0 else 0)
    return machine


def connect(server, password=0, timeout=3):
    return ZK("127.0.0.1", server.port, timeout=timeout, password=password, ommit_ping=True).connect()


def read(server):
    terminal = connect(server)
    attendance = terminal.get_attendance()
    terminal.disconnect()
    return [(row.user_id, row.timestamp, row.status, row.punch) for row in attendance]


def stored(machine):
    return [(record.user_id, record.timestamp, record.status, record.punch) for record in machine.records]


@pytest.mark.parametrize("count", [1, FEW, MANY])
@pytest.mark.parametrize(("record_size", "user_size"), [(40, 72), (16, 28), (8, 28), (8, 72)])
def test_pyzk_reads_every_punch(record_size, user_size, count):
    machine = make_machine(record_size, user_size)
    for number in range(count):
        machine.punch(
            str(1001 + number % 3), MONDAY + timedelta(seconds=number), status=number % 3, punch=number % 256
        )
    with DeviceServer(machine) as server:
        assert read(server) == stored(machine)
    assert len(stored(machine)) == count


@pytest.mark.parametrize("user_size", [72, 28])
@pytest.mark.parametrize("count", [3, 2_000])
def test_pyzk_reads_every_user(user_size, count):
    machine = make_machine(user_size=user_size, users=count)
    with DeviceServer(machine) as server:
        terminal = connect(server)
        users = terminal.get_users()
        terminal.disconnect()
    expected = [
        (user.uid, user.user_id, user.name[: 24 if user_size == 72 else 8], user.privilege)
        for user in machine.users
    ]
    assert [(user.uid, user.user_id, user.name, user.privilege) for user in users] == expected
    assert len(users) == count


def test_pyzk_reads_small_packets_when_they_come_apart():
    machine = make_machine()
    for number in range(300):
        machine.punch("1001", MONDAY + timedelta(seconds=number))
    with DeviceServer(machine, manner=Manner(frame_bytes=1_024), frame_gap_s=0.005) as server:
        assert read(server) == stored(machine)


def test_reads_are_whole_while_people_punch():
    machine = make_machine()

    def punch_often():
        for number in range(400):
            machine.punch("1001", MONDAY + timedelta(seconds=number))

    people = [threading.Thread(target=punch_often) for _ in range(3)]
    with DeviceServer(machine) as server:
        terminal = connect(server)
        for person in people:
            person.start()
        sizes = [0]
        while sizes[-1] < 4 + 3 * 400 * 40:
            blob, size = terminal.read_with_buffer(const.CMD_ATTLOG_RRQ)
            assert struct.unpack_from("<I", blob)[0] == size - 4 == len(blob) - 4
            assert (size - 4) % 40 == 0
            sizes.append(size)
        terminal.disconnect()
    assert sizes == sorted(sizes)
    assert machine.record_count == 1_200


def test_serial_number_version_name_and_counts():
    machine = make_machine(record_capacity=500)
    machine.punch("1001", MONDAY)
    with DeviceServer(machine) as server:
        terminal = connect(server)
        terminal.read_sizes()
        assert (terminal.users, terminal.records, terminal.rec_cap, terminal.rec_av) == (3, 1, 500, 499)
        assert terminal.get_serialnumber() == "TX628-0042"
        assert terminal.get_firmware_version() == machine.firmware
        assert terminal.get_device_name() == "Tx628"
        assert terminal.get_face_version() is None
        terminal.disconnect()


def test_the_clock_is_the_given_one_with_its_offset():
    machine = make_machine(clock=lambda: MONDAY, clock_offset=timedelta(minutes=7))
    with DeviceServer(machine) as server:
        terminal = connect(server)
        assert terminal.get_time() == MONDAY + timedelta(minutes=7)
        terminal.set_time(MONDAY - timedelta(hours=1))
        assert terminal.get_time() == MONDAY - timedelta(hours=1)
        assert machine.clock_offset == timedelta(hours=-1)
        machine.clock_offset = datetime.fromisoformat("2110-03-04") - MONDAY
        assert terminal.get_time() == datetime.fromisoformat("2110-03-04")
        terminal.disconnect()
    machine.punch("1001")
    assert machine.records[-1].timestamp == datetime.fromisoformat("2110-03-04")


@pytest.mark.parametrize("comm_key", [1, 1234, 999_999])
def test_the_right_comm_key_opens_the_machine(comm_key):
    with DeviceServer(make_machine(), comm_key=comm_key) as server:
        for _ in range(3):
            terminal = connect(server, password=comm_key)
            assert terminal.get_serialnumber() == "TX628-0042"
            terminal.disconnect()


@pytest.mark.parametrize("password", [0, 1235, 4321])
def test_a_wrong_comm_key_does_not(password):
    with (
        DeviceServer(make_machine(), comm_key=1234) as server,
        pytest.raises(ZKErrorResponse, match="Unauth"),
    ):
        connect(server, password=password)


def test_nobody_can_punch_while_the_machine_is_disabled():
    machine = make_machine()
    with DeviceServer(machine) as server:
        terminal = connect(server)
        terminal.disable_device()
        assert machine.punch("1001", MONDAY) is False
        assert machine.record_count == 0
        terminal.enable_device()
        assert machine.punch("1001", MONDAY) is True
        assert machine.record_count == 1
        terminal.disconnect()


def test_a_machine_left_disabled_stays_so_until_enabled_or_restarted():
    machine = make_machine()
    with DeviceServer(machine) as server:
        connect(server).disable_device()
        server.drop_connections()
        assert machine.punch("1001", MONDAY) is False
        connect(server).restart()
        assert machine.punch("1001", MONDAY) is True


def test_clearing_erases_the_log_and_leaves_the_users():
    machine = make_machine()
    for minute in range(FEW):
        machine.punch("1002", MONDAY + timedelta(minutes=minute))
    with DeviceServer(machine) as server:
        terminal = connect(server)
        terminal.clear_attendance()
        assert terminal.get_attendance() == []
        assert len(terminal.get_users()) == 3
        terminal.disconnect()
    assert machine.records == ()


def test_a_deleted_users_punches_stay_and_the_slot_is_given_away():
    machine = make_machine(record_size=8, user_size=28)
    machine.punch("1002", MONDAY)
    assert machine.delete_user("1002") is True
    assert machine.delete_user("1002") is False
    assert machine.add_user("2002", "dario.silva").uid == 2
    with DeviceServer(machine) as server:
        # Records of 8 bytes hold only the slot: the client sees somebody else's punch.
        assert read(server) == [("2002", MONDAY, 1, 0)]
    assert machine.records[0].user_id == "1002"


def test_a_31_february_aborts_pyzks_whole_read():
    machine = make_machine()
    machine.punch("1001", MONDAY)
    impossible = encode_fields(2026, 2, 31, hour=8)
    machine.add_raw_record(pack_record(40, uid=1, user_id="1001", encoded_time=impossible))
    with DeviceServer(machine) as server:
        terminal = connect(server)
        with pytest.raises(ValueError, match="day is out of range"):
            terminal.get_attendance()
        terminal.disconnect()


@pytest.mark.parametrize(
    ("when_full", "accepted", "kept"),
    [(WhenFull.STOP_RECORDING, False, [0, 1, 2]), (WhenFull.OVERWRITE_OLDEST, True, [1, 2, 3])],
)
def test_a_full_machine(when_full, accepted, kept):
    machine = make_machine(record_capacity=3, when_full=when_full)
    for minute in range(3):
        assert machine.punch("1001", MONDAY + timedelta(minutes=minute)) is True
    assert machine.punch("1001", MONDAY + timedelta(minutes=3)) is accepted
    with DeviceServer(machine) as server:
        assert read(server) == stored(machine)
    assert [record.timestamp.minute for record in machine.records] == kept


def test_what_a_machine_cannot_hold_is_refused():
    machine = make_machine(record_size=16, user_size=28, user_capacity=3)
    with pytest.raises(ValueError, match="are numbers"):
        machine.add_user("amara", "amara.okafor")
    with pytest.raises(ValueError, match="full"):
        machine.add_user("5", "one.too.many")
    with pytest.raises(ValueError, match="no user"):
        machine.punch("5")
    with pytest.raises(ValueError, match="16 bytes"):
        machine.add_raw_record(b"short")
    with pytest.raises(ValueError, match="years run"):
        machine.punch("1001", datetime.fromisoformat("1999-12-31"))
    assert machine.records == ()


def test_the_hook_sees_each_request_before_it_is_carried_out():
    machine = make_machine()
    machine.punch("1001", MONDAY)
    seen = []
    server = DeviceServer(
        machine, on_request=lambda command, data: seen.append((Command(command), data, machine.record_count))
    )
    with server:
        terminal = connect(server)
        terminal.clear_attendance()
        terminal.disconnect()
    assert seen == [(Command.CONNECT, b"", 1), (Command.CLEAR_ATTENDANCE, b"", 1), (Command.EXIT, b"", 0)]


def test_requests_are_told_in_words():
    machine = make_machine()
    for minute in range(100):
        machine.punch("1002", MONDAY + timedelta(minutes=minute))
    told = []
    with DeviceServer(machine, log=told.append) as server:
        read(server)
    assert told == [
        "connect",
        "read counts",
        "read counts",
        "read users: 3 users, 220 bytes",
        "read attendance log: 100 records, 4,004 bytes",
        "read bytes 0 to 4,004 of attendance log",
        "disconnect",
    ]

"""The adapter and the simulated machine on real sockets: what is read, and how little of it crosses the wire."""

import re
from datetime import datetime, timedelta

import pytest

from attendance_client.errors import MachineError, RefusalError
from attendance_client.machine.polling import poll
from attendance_client.machine.port import MachineAddress
from attendance_client.machine.zk.zk_machine import ZkMachine
from attendance_sandbox.device.machine import AttendanceMachine
from attendance_sandbox.device.protocol import Reply
from attendance_sandbox.device.records import User
from attendance_sandbox.device.server import DeviceServer
from attendance_sandbox.device.session import Manner
from tests.unit.lone_client import NOON, lone_client

USERS = 3_000
RECORDS = 20_000
NEW = 50
BEGIN = datetime(2025, 1, 1)


def filled(width, records=RECORDS, users=USERS, **how):
    machine = AttendanceMachine(record_size=width, clock=lambda: NOON, **how)
    for number in range(users):
        machine.add_user(str(1000 + number), f"n{number}")
    punch(machine, records, BEGIN)
    return machine


def punch(machine, times, begin):
    users = len(machine.users)
    for number in range(times):
        assert machine.punch(str(1000 + number * 7 % users), begin + timedelta(seconds=151 * number))


def zk_machine(server, **changes):
    return ZkMachine(
        MachineAddress(**{"host": "127.0.0.1", "port": server.port, "timeout_s": 5.0, **changes})
    )


def everything(machine):
    return [(record.user_id, record.timestamp, record.status, record.punch) for record in machine.records]


def read_of(log):
    return [(punch.user_id, punch.timestamp, punch.status, punch.punch) for punch in log.punches]


@pytest.mark.parametrize("width", [8, 16, 40, 49])
def test_polling_a_long_log_is_cheap(width):
    """The rest does not depend on how long the log is."""
    machine = filled(width)
    with DeviceServer(machine) as server, lone_client() as client:
        client.machine = zk_machine(server)
        poll(client)
        server.traffic.restart()
        poll(client)
        quiet = server.traffic.total
        punch(machine, NEW, NOON - timedelta(hours=3))
        server.traffic.restart()
        poll(client)
        busy = server.traffic.total

        assert client.ledger.summary().punches == RECORDS + NEW
    assert quiet < 1_000
    assert busy < 16_000


@pytest.mark.parametrize("width", [8, 40])
def test_a_number_given_to_another_bears_the_new_name_and_the_list_is_not_read_again(width):
    machine = filled(width, 100, 1_000)
    with DeviceServer(machine) as server, lone_client() as client:
        client.machine = zk_machine(server)
        poll(client)
        machine.add_user("1500", "somebody else")
        assert machine.punch("1500", NOON - timedelta(hours=2))
        server.traffic.restart()
        poll(client)
        asked = server.traffic.total
        rows = client.ledger._db.execute(
            "SELECT user_name FROM punches WHERE user_id = '1500' ORDER BY timestamp DESC"
        ).fetchall()
    assert rows[0] == ("somebody else",)
    assert asked < 16_000


MANNERS = {
    "large packets": Manner(),
    "small packets that arrive together": Manner(frame_bytes=1000),
    "packets that cut records": Manner(frame_bytes=333),
    "comm key": Manner(comm_key=123456),
    "comm key of new firmware": Manner(comm_key=123456, key_required=Reply.KEY_REQUIRED),
    "no reading from an offset": Manner(reads_from_an_offset=False),
}
WITHOUT_BUFFER = Manner(buffers=False, frame_bytes=1000)
BY_TCP_AND_UDP = [
    pytest.param(manner, udp, id=f"{name}-{'udp' if udp else 'tcp'}")
    for name, manner in MANNERS.items()
    for udp in (False, True)
]


@pytest.mark.parametrize(
    ("manner", "udp"), [*BY_TCP_AND_UDP, pytest.param(WITHOUT_BUFFER, False, id="no buffered reads-tcp")]
)
@pytest.mark.parametrize("width", [8, 40])
def test_the_log_and_what_follows_it(width, udp, manner):
    machine = filled(width, 2_000, 40)
    with DeviceServer(machine, manner=manner, udp=True) as server:
        adapter = zk_machine(server, comm_key=manner.comm_key, udp=udp)
        with adapter.session() as session:
            assert session.status().records == 2_000
            log = session.read_log()
            assert read_of(log) == everything(machine)
            assert session.read_user_names() == {user.user_id: user.name for user in machine.users}
        punch(machine, 3, NOON)
        with adapter.session() as session:
            session.status()
            end = session.read_log(log.end)

        assert read_of(end)[-3:] == everything(machine)[-3:]
        assert end.first == (2_000 if manner.reads_from_an_offset else 0)


def test_without_buffered_reads_nothing_is_read_by_udp_and_that_is_told():
    """Its packets bear one number: those that overtake each other could not be told apart."""
    machine = filled(40, 2_000, 40)
    with (
        DeviceServer(machine, manner=WITHOUT_BUFFER, udp=True) as server,
        zk_machine(server, udp=True).session() as session,
    ):
        session.status()
        with pytest.raises(RefusalError, match=re.escape('set "udp": false, if it speaks TCP')):
            session.read_log()


def test_a_reused_number_is_the_person_who_has_it_now():
    """A user is deleted and another one gets the number: the machine's count of users is the same."""
    machine = filled(8, 100, 10)
    with DeviceServer(machine) as server:
        adapter = zk_machine(server)
        with adapter.session() as session:
            session.status()
            log = session.read_log()
            session.read_user_names()
        machine.delete_user("1003")
        machine.add_user("7777", "new")
        machine.punch("7777", NOON)
        machine.punch("1004", NOON)
        with adapter.session() as session:
            session.status()
            assert [punch.user_id for punch in session.read_log(log.end).punches] == ["7777", "1004"]


def test_people_who_stand_elsewhere_in_the_list_are_found():
    """One is deleted and one added at the end: the count is the same, and all after the first have moved up."""
    machine = filled(8, 100, 10)
    with DeviceServer(machine) as server:
        adapter = zk_machine(server)
        with adapter.session() as session:
            session.status()
            log = session.read_log()
        machine.delete_user("1002")
        machine.write_user(User(50, "7777", "new"))
        for user in ("1004", "1001"):
            machine.punch(user, NOON)
        with adapter.session() as session:
            session.status()
            read = session.read_log(log.end).punches
    assert [punch.user_id for punch in read] == ["1004", "1001"]


def test_a_wrong_comm_key_says_where_the_right_one_is():
    with (
        DeviceServer(filled(40, 1, 1), manner=Manner(comm_key=5)) as server,
        pytest.raises(MachineError, match="its menu"),
        zk_machine(server, comm_key=6).session(),
    ):
        pass


def test_the_commands_do_what_they_say():
    machine = filled(40, 10, 2)
    with DeviceServer(machine) as server, zk_machine(server).session() as session:
        session.disable()
        assert not machine.enabled
        session.set_time(datetime(2026, 3, 4, 5, 6, 7))
        assert session.status().time == datetime(2026, 3, 4, 5, 6, 7)
        session.clear()
        assert session.status().records == 0
        assert read_of(session.read_log()) == []
        session.enable()
        assert machine.enabled


def test_firmware_and_platform_are_asked_for_once():
    machine = filled(40, 1, 1)
    with DeviceServer(machine) as server:
        adapter = zk_machine(server)
        sizes = []
        for _ in range(2):
            server.traffic.restart()
            with adapter.session() as session:
                status = session.status()
            assert (status.firmware, status.platform) == (machine.firmware, "ZEM560_TFT")
            sizes.append(server.traffic.total)
    assert sizes[1] < sizes[0]


def test_a_machine_that_does_not_say_its_platform_has_none():
    machine = filled(40, 1, 1)
    del machine.options["~Platform"]
    with DeviceServer(machine) as server, zk_machine(server).session() as session:
        assert session.status().platform == ""

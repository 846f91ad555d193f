"""What is known to go wrong with attendance machines as time goes by, each by its name.

Each test shows first what a program makes of it with pyzk's own calls, then that the client is not taken in.
"""

from contextlib import suppress
from datetime import datetime, timedelta

import pytest
from zk.exception import ZKError

from attendance_client.errors import MachineError
from attendance_client.machine.final_read import read_finally
from attendance_client.machine.polling import enable_machines, poll
from attendance_sandbox.device.faults import AnswerWith, PunchFirst, TearReply
from attendance_sandbox.device.machine import AttendanceMachine, WhenFull
from attendance_sandbox.device.protocol import Command, Reply, encode_fields
from attendance_sandbox.device.server import DeviceServer
from tests.integration.device_traps import (
    MORNING,
    PREPARE_LOG,
    client_of,
    confirm_everything,
    ledger_of,
    let_clear,
    make_machine,
    ours,
    plain,
    read_plainly,
    stored,
)
from tests.unit.lone_client import JANUARY


def test_clearing_erases_the_punches_that_arrived_since_the_last_read():
    machine, replica = make_machine(punches=3), make_machine(punches=3)
    recorded = []
    machine.add_listener(recorded.append)
    replica.add_listener(recorded.append)
    with DeviceServer(replica) as server:
        server.faults.add(PunchFirst("1002", punch=7), on=Command.CLEAR_ATTENDANCE)
        terminal = plain(server)
        assert len(terminal.get_attendance()) == 3
        terminal.clear_attendance()
        assert (len(recorded), replica.record_count) == (1, 0), "recorded, never read, and gone"

    recorded.clear()
    machine.clear()
    machine.punch("1001")
    with DeviceServer(machine) as server, client_of(server) as client:
        let_clear(client, machine)
        for command in (Command.CLEAR_ATTENDANCE, Command.GET_FREE_SIZES, Command.PREPARE_BUFFER):
            server.faults.add(PunchFirst("1002", punch=7), on=command)
        poll(client)
        confirm_everything(client)
        read_finally(client, JANUARY)
        assert (machine.enabled, machine.record_count, len(recorded)) == (True, 0, 3)
        read_or_kept = {(record.user_id, record.punch) for record in recorded}
        assert read_or_kept <= {(user_id, key) for user_id, _, _, key in ledger_of(client)}


def test_a_clock_that_shows_an_impossible_date_breaks_the_session():
    with DeviceServer(make_machine(punches=2)) as server:
        impossible = encode_fields(2026, 2, 31).to_bytes(4, "little")
        server.faults.add(AnswerWith(Reply.OK, data=impossible), on=Command.GET_TIME, times=2)
        with pytest.raises(ValueError, match="day is out of range"):
            plain(server).get_time()

        with client_of(server) as client:
            poll(client)
            assert len(ledger_of(client)) == 2
            assert client.session.machine_time == client.clock.now(), "the Pi's counts, then"


@pytest.mark.parametrize("jump", [datetime(2063, 3, 1), datetime(2110, 1, 1)])
def test_one_punch_from_the_future_poisons_the_newest_timestamp(jump):
    machine = make_machine(punches=1)
    machine.punch("1001", jump)
    with DeviceServer(machine) as server, client_of(server) as client:
        terminal = plain(server)
        watermark = max(row.timestamp for row in terminal.get_attendance())
        poll(client)
        machine.punch("1002", MORNING)
        assert [row for row in terminal.get_attendance() if row.timestamp > watermark] == []
        poll(client)
        assert ledger_of(client) == sorted(stored(machine))


def test_a_flat_cell_brings_back_the_year_2000():
    machine = make_machine(punches=1)
    with DeviceServer(machine) as server, client_of(server) as client:
        poll(client)
        machine.lose_clock()
        machine.punch("1001")
        terminal = plain(server)
        newest = MORNING - timedelta(minutes=1)
        assert [row for row in terminal.get_attendance() if row.timestamp > newest] == []
        poll(client)
        assert (client.session.machine_time, len(ledger_of(client))) == (client.clock.now(), 2)
        assert ledger_of(client)[0][1].year == 2000, "never rewritten"


def test_two_share_a_second_and_one_record_stands_there_twice():
    machine = make_machine()
    for user_id in ("1001", "1002", "1002"):
        machine.punch(user_id)
    with DeviceServer(machine) as server, client_of(server) as client:
        rows = read_plainly(plain(server))
        assert len({row[1] for row in rows}) == 1, "no time tells them apart"
        assert len(set(rows)) == 2, "nor does all that they hold"
        poll(client)
        assert ledger_of(client) == sorted(stored(machine))
        client.doors[0].state.memory = None
        poll(client)
        assert ledger_of(client) == sorted(stored(machine)), "nor does reading them again make more of them"


def test_a_deleted_user_still_has_punches():
    machine = make_machine(punches=3)
    machine.delete_user("1002")
    with DeviceServer(machine) as server, client_of(server) as client:
        terminal = plain(server)
        names = {user.user_id: user.name for user in terminal.get_users()}
        with pytest.raises(KeyError):
            [names[row.user_id] for row in terminal.get_attendance()]
        poll(client)
        assert {user_id for user_id, *_ in ledger_of(client)} == {"1001", "1002", "1003"}


@pytest.mark.parametrize(("encoding", "name"), [("cp1256", "محمد علي"), ("cp1251", "Ольга"), ("gbk", "王芳")])
def test_names_are_in_an_unknown_code_page(encoding, name):
    machine = AttendanceMachine(encoding=encoding)
    machine.add_user("1001", name)
    with DeviceServer(machine) as server:
        assert plain(server).get_users()[0].name != name
        with ours(server, name_encoding=encoding).session() as session:
            assert session.read_user_names() == {"1001": name}
        with ours(server).session() as session:
            assert session.read_user_names()["1001"], "something to recognise it by, and no exception"


def test_an_exception_while_disabled_leaves_people_locked_out():
    machine = make_machine(punches=3)
    with DeviceServer(machine) as server:
        terminal = plain(server)
        server.faults.add(TearReply(keep=5), **PREPARE_LOG)
        terminal.disable_device()
        with suppress(ZKError, IndexError):
            terminal.get_attendance()
            terminal.enable_device()
        assert machine.punch("1001") is False

        with client_of(server) as client:
            enable_machines(client)
            assert machine.punch("1001") is True, "at start"
            let_clear(client, machine)
            poll(client)
            confirm_everything(client)
            server.faults.add(TearReply(keep=5), **PREPARE_LOG)
            with suppress(MachineError):
                read_finally(client, JANUARY)
            assert server.faults.pending == 0
            poll(client)
            assert machine.punch("1001") is True, "and at the next session, whatever happened"


def test_a_full_machine_overwrites_its_oldest_and_its_count_stands_still():
    machine = make_machine(punches=50, record_capacity=50, when_full=WhenFull.OVERWRITE_OLDEST)
    with DeviceServer(machine) as server, client_of(server) as client:
        terminal = plain(server)
        poll(client)
        terminal.read_sizes()
        before = terminal.records
        machine.punch("1003", punch=9)
        terminal.read_sizes()
        assert terminal.records == before, "whoever looks at the count alone sees nothing new"
        poll(client)
        assert len(ledger_of(client)) == 51


def test_a_full_machine_stops_recording_and_says_nothing(caplog):
    machine = make_machine(punches=40, record_capacity=50)
    with DeviceServer(machine) as server, client_of(server) as client:
        assert len(plain(server).get_attendance()) == 40, "without a word about the ten that still fit"
        poll(client)
        assert "the machine holds 40 of 50 records" in caplog.text


def test_a_replaced_machine_continues_the_old_ones_log():
    old, new = make_machine(punches=4), make_machine(punches=4, serial_number="ANOTHER")
    with DeviceServer(old) as server, client_of(server) as client:
        assert read_plainly(plain(server)) == stored(old)
        poll(client)
        server.machine = new
        assert read_plainly(plain(server)) == stored(old), "the same records to whoever does not ask for more"
        poll(client)
        assert len(ledger_of(client)) == 8, "of two machines"


@pytest.mark.parametrize("said", [b"", b"~SerialNumber=\0", b"~SerialNumber=\x02\x03\0", b"A" * 200])
def test_a_serial_number_that_is_none_passes_for_another_machine(said):
    machine = make_machine(punches=4)
    with DeviceServer(machine) as server, client_of(server) as client:
        poll(client)
        server.faults.add(AnswerWith(Reply.OK, data=said), on=Command.READ_OPTION, times=2)
        assert plain(server).get_serialnumber() != machine.serial_number
        with pytest.raises(MachineError, match="did not say its serial number"):
            poll(client)
        poll(client)
        assert len(ledger_of(client)) == 4, "and not once more from another machine"


@pytest.mark.parametrize(
    ("encoding", "name", "shown"),
    [
        ("utf-8", "Ольга Владимировна", "Ольга Владим"),  # 23 bytes, and half a letter
        ("gbk", "aaaaaaaaaaaaaaaaaaaaaaa王", "aaaaaaaaaaaaaaaaaaaaaaa"),
        ("utf-8", "Ольга", "Ольга"),
    ],
)
def test_a_long_name_is_cut_in_the_middle_of_a_letter(encoding, name, shown):
    machine = AttendanceMachine(encoding=encoding)
    machine.add_user("1001", name)
    with DeviceServer(machine) as server, ours(server, name_encoding=encoding).session() as session:
        assert session.read_user_names() == {"1001": shown}

"""What is known to go wrong with attendance machines, each by its name: with plain pyzk, and with the client.

Each test shows first what pyzk's own calls make of the machine, then that the client's adapter, or the client on it,
is not taken in.
"""

import subprocess
import sys
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from zk import ZK
from zk.exception import ZKError, ZKErrorResponse

from attendance_client.adapters.zk_machine import ZkMachine
from attendance_client.config import MachineAddress
from attendance_client.errors import MachineError
from attendance_client.last_look import look_last
from attendance_client.polling import enable_machine, poll
from attendance_sandbox.device import (
    AnswerWith,
    AttendanceMachine,
    Command,
    DeviceServer,
    Manner,
    PunchFirst,
    Reply,
    RunFirst,
    Table,
    TearReply,
    WhenFull,
    encode_fields,
    pack_record,
)
from tests.unit.lone_client import JANUARY, lone_client
from tests.world.timeline import EPOCH

MORNING = EPOCH
PREPARE_LOG = {"on": Command.PREPARE_BUFFER, "table": Table.ATTENDANCE}


def make_machine(punches=0, **options):
    machine = AttendanceMachine(**{"clock": lambda: MORNING, **options})
    for number in range(3):
        machine.add_user(str(1001 + number), f"user.{number}")
    for number in range(punches):
        machine.add_record(
            str(1001 + number % 3), MORNING - timedelta(minutes=punches - number), punch=number % 2
        )
    return machine


def plain(server, **options):
    return ZK("127.0.0.1", server.port, **{"timeout": 3, "ommit_ping": True, **options}).connect()


def ours(server, **options):
    return ZkMachine(MachineAddress("127.0.0.1", server.port, **{"timeout_s": 3, **options}))


@contextmanager
def client_of(server, **options):
    """The real client with this machine, in the period of the week after MORNING."""
    with lone_client() as client:
        client.machine = ours(server, **options)
        yield client


def read_plainly(terminal):
    return [(row.user_id, row.timestamp, row.status, row.punch) for row in terminal.get_attendance()]


def found(log):
    return [(punch.user_id, punch.timestamp, punch.status, punch.punch) for punch in log.punches]


def read(server):
    with ours(server).session() as session:
        return found(session.read_log())


def stored(machine):
    return [(record.user_id, record.timestamp, record.status, record.punch) for record in machine.records]


def ledger_of(client):
    rows = client.ledger._db.execute("SELECT user_id, timestamp, status, punch FROM punches")
    return sorted((user_id, datetime.fromisoformat(at), status, punch) for user_id, at, status, punch in rows)


def undecodable_of(client):
    return [raw for (raw,) in client.ledger._db.execute("SELECT raw FROM undecodable")]


def test_a_failed_read_looks_like_no_records():
    machine = make_machine(punches=5)
    with DeviceServer(machine) as server:
        broken = AnswerWith(Reply.DATA, data=b"")
        server.faults.add(broken, times=2, **PREPARE_LOG)
        assert plain(server).get_attendance() == []

        with pytest.raises(MachineError, match="5 records but sent none"):
            read(server)
        assert read(server) == stored(machine)


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
        client.site = _clearing(client.site)
        for command in (Command.CLEAR_ATTENDANCE, Command.GET_FREE_SIZES, Command.PREPARE_BUFFER):
            server.faults.add(PunchFirst("1002", punch=7), on=command)
        poll(client)
        _confirm_everything(client)
        look_last(client, JANUARY)
        assert machine.enabled
        read_or_kept = {(record.user_id, record.punch) for record in recorded}
        assert read_or_kept <= {(user_id, key) for user_id, _, _, key in ledger_of(client)}


def _clearing(site):
    return replace(site, clear_machine=True)


def _confirm_everything(client):
    identities = [identity for (identity,) in client.ledger._db.execute("SELECT identity FROM punches")]
    client.ledger.confirm(tuple(identities), "sheet")


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
        client.session.machine_memory = None
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
            enable_machine(client)
            assert machine.punch("1001") is True, "at start"
            client.site = _clearing(client.site)
            poll(client)
            _confirm_everything(client)
            server.faults.add(TearReply(keep=5), **PREPARE_LOG)
            with pytest.raises(MachineError):
                look_last(client, JANUARY)
            poll(client)
            assert machine.punch("1001") is True, "and at the next session, whatever happened"


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


def test_new_firmware_asks_for_the_comm_key_with_another_code():
    manner = Manner(comm_key=4321, key_required=Reply.KEY_REQUIRED)
    machine = make_machine(punches=2)
    with DeviceServer(machine, manner=manner) as server:
        with pytest.raises(ZKErrorResponse, match="Can't connect"):
            plain(server, password=4321)
        with ours(server, comm_key=4321).session() as session:
            assert found(session.read_log()) == stored(machine)
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

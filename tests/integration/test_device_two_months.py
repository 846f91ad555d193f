"""Two months of a machine on TCP, polled every hour by the real client, on a virtual clock.

People punch every few minutes, day and night. The machine's clock drifts, is kept by the client, goes back to the year
2000 and on to 2063 until somebody sets it; connections break, replies are torn, the machine reboots and is replaced.
"""

import random
from collections import Counter
from datetime import datetime, time, timedelta

import pytest

from attendance_client.fsm.client import Client, Site
from attendance_client.fsm.runner import Runner
from attendance_client.fsm.session import Door, Session
from attendance_client.machine.polling import enable_machines
from attendance_client.machine.port import MachineAddress
from attendance_client.machine.zk.zk_machine import ZkMachine
from attendance_contracts import AttendanceRecord
from attendance_sandbox.device.faults import DropConnection, ResetConnection, Table, TearReply
from attendance_sandbox.device.machine import AttendanceMachine
from attendance_sandbox.device.protocol import Command
from attendance_sandbox.device.server import DeviceServer
from tests.world.backend import MemoryBackend
from tests.world.calendar import row
from tests.world.network import Network, WorldBus
from tests.world.power import Power
from tests.world.storage import WorldLedger
from tests.world.supervisor import WorldSupervisor
from tests.world.timeline import EPOCH, PiClock, Timeline

DAY_BOUNDARY = time(4)
DAYS = 61
POLLING_S = 3600
SEED = 20_260_105
LATEST = timedelta(days=1)
"""By when, after the two months, everything is stored."""


class MemorySnapshots:
    """The port SnapshotStore without a disk: fifteen hundred polls would wait for it for minutes."""

    def __init__(self):
        self.latest = None

    def load(self):
        return self.latest

    def save(self, snapshot):
        self.latest = snapshot


class Office:
    """People in front of a machine, which may be replaced; keeps every punch that was ever recorded."""

    def __init__(self, timeline):
        self.timeline = timeline
        self.choice = random.Random(SEED)
        self.machines = []
        self.machine = self.new_machine("OLD-0001")
        self.server = DeviceServer(self.machine)
        self.kinds = Counter()

    def new_machine(self, serial_number):
        machine = AttendanceMachine(
            serial_number=serial_number, clock=lambda: self.timeline.wall, drift_s_a_day=40
        )
        for number in range(40):
            machine.add_user(str(1001 + number), f"user.{number}")
        self.machines.append(machine)
        return machine

    def replace_machine(self):
        """By one that knows the same people and has another serial number."""
        self.machine = self.new_machine("NEW-0002")
        self.server.machine = self.machine
        self.server.drop_connections()

    def set_clock_right(self):
        self.machine.set_time(self.timeline.wall)

    def punch(self):
        """Somebody punches, sometimes twice within a second; and so on for ever."""
        user_id = str(1001 + self.choice.randrange(40))
        for _ in range(self.choice.choice((1, 1, 1, 1, 2))):
            assert self.machine.punch(user_id, punch=255), "somebody was locked out"
        self.timeline.after(self.choice.randrange(60, 480), self.punch)

    def break_something(self):
        """The next reading of the log, or something before it, fails."""
        fault = self.choice.choice(
            (
                DropConnection(),
                DropConnection(applied=True),
                ResetConnection(),
                TearReply(keep=self.choice.randrange(60)),
                TearReply(keep=20, reboot=True),
            )
        )
        on, table = self.choice.choice(
            (
                (Command.CONNECT, None),
                (Command.GET_TIME, None),
                (Command.PREPARE_BUFFER, Table.ATTENDANCE),
                (Command.READ_CHUNK, Table.ATTENDANCE),
            )
        )
        self.server.faults.add(fault, on=on, table=table, skip=self.choice.randrange(3))
        self.kinds[type(fault).__name__] += 1
        self.timeline.after(self.choice.randrange(4, 12) * 3_600, self.break_something)

    def recorded(self):
        """Every punch by the identity that both sides know it by."""
        punches = {}
        for machine in self.machines:
            occurrences = Counter()
            for record in machine.records:
                what = (record.user_id, record.timestamp, record.status, record.punch)
                occurrences[what] += 1
                identity = AttendanceRecord(
                    machine.serial_number,
                    record.user_id,
                    None,
                    record.timestamp,
                    record.status,
                    record.punch,
                    occurrences[what],
                ).identity
                assert identity not in punches
                punches[identity] = record.timestamp
        return punches


@pytest.fixture
def office():
    office = Office(Timeline())
    with office.server:
        yield office


def start(office, backend):
    timeline = office.timeline
    ledger = WorldLedger(":memory:", DAY_BOUNDARY, Power())
    client = Client(
        site=Site("berlin", "Europe/Berlin", DAY_BOUNDARY, POLLING_S, 3_600, set_machine_clock=True),
        doors=[Door(ZkMachine(MachineAddress("127.0.0.1", office.server.port, timeout_s=5)))],
        bus=WorldBus(Network(timeline, backend.handle), timeline, Power()),
        clock=PiClock(timeline),
        ledger=ledger,
        supervisor=WorldSupervisor(timeline),
        session=Session(DAY_BOUNDARY),
        randomness=random.Random(SEED),
    )
    enable_machines(client)
    return client, Runner(client, MemorySnapshots())


@pytest.mark.slow
def test_two_months_lose_nothing_and_double_nothing(office):
    backend = MemoryBackend()
    backend.type_periods([row(number, weeks=4) for number in range(4)])
    client, runner = start(office, backend)
    timeline = office.timeline

    def run_until(day):
        while timeline.wall < EPOCH + timedelta(days=day):
            runner.step()

    office.punch()
    office.break_something()
    run_until(10.3)  # far from the readings of the whole log
    for times in (1, 2):
        # The same punch to the second, read at different times: it was made twice.
        office.machine.lose_clock()
        assert office.machine.punch("1001", punch=255)
        run_until(10.3 + times / 8)
        query = "SELECT count(*) FROM punches WHERE timestamp = '2000-01-01T00:00:00'"
        assert client.ledger._db.execute(query).fetchone() == (times,)
    run_until(11)
    office.set_clock_right()
    run_until(25)
    office.machine.set_time(datetime(2063, 5, 4, 3, 2, 1))
    run_until(27)
    office.set_clock_right()
    run_until(40)
    while client.doors[0].state.memory.end.records != office.machine.record_count:
        runner.step()
    office.replace_machine()
    run_until(DAYS)
    recorded = office.recorded()
    run_until(DAYS + LATEST / timedelta(days=1))

    missing = recorded.keys() - client.ledger.identities()
    assert not missing, f"{len(missing)} of {len(recorded)} never read, such as {recorded[missing.pop()]}"
    assert client.ledger.identities() <= office.recorded().keys(), "punches that nobody made"
    rows = [stored.identity for stored in backend.rows()]
    assert len(rows) == len(set(rows)), "stored twice"
    expected = {identity for identity, at in recorded.items() if at.year == EPOCH.year}
    assert expected <= set(rows), f"{len(expected - set(rows))} not stored"
    assert {stored.timestamp.year for stored in backend.rows()} == {EPOCH.year}
    assert set(rows) <= office.recorded().keys()
    assert len(recorded) > 60 * 24 * 60 / 10, "a punch every few minutes"
    assert {at.year for at in recorded.values()} == {2000, 2026, 2063}
    assert {machine.serial_number for machine in office.machines if machine.record_count} == {
        "OLD-0001",
        "NEW-0002",
    }
    assert abs(office.machine.now() - timeline.wall) < timedelta(minutes=1), "its clock is kept"
    assert len(office.kinds) == 3
    client.ledger.close()

"""An office with two doors, on TCP: a month in which one machine is off, one replaced, and both get new addresses."""

import random
from collections import Counter
from datetime import time, timedelta

import pytest

from attendance_client.fsm.client import Client, Site
from attendance_client.fsm.runner import Runner
from attendance_client.fsm.session import Door, Session
from attendance_client.machine.polling import enable_machines
from attendance_client.machine.port import MachineAddress
from attendance_client.machine.zk.zk_machine import ZkMachine
from attendance_contracts import AttendanceRecord
from attendance_sandbox.device.machine import AttendanceMachine
from attendance_sandbox.device.server import DeviceServer
from tests.world.backend import MemoryBackend
from tests.world.calendar import row, windows
from tests.world.network import TIME_ZONE, Network, WorldBus
from tests.world.power import Power
from tests.world.storage import WorldLedger
from tests.world.supervisor import WorldSupervisor
from tests.world.timeline import EPOCH, PiClock, Timeline

DAY_BOUNDARY = time(4)
POLLING_S = 2 * 3600
SEED = 20_260_105
DAYS = 28
NAMES = ("front door", "back door")


class Snapshots:
    """The port SnapshotStore, in memory."""

    def load(self):
        return None

    def save(self, snapshot):
        pass


class Office:
    """Two doors; keeps every punch that was ever recorded, by the identity that both sides know it by."""

    def __init__(self):
        self.timeline = Timeline()
        self.choice = random.Random(SEED)
        self.recorded = {}
        self.machines = [self.machine("FRONT-1"), self.machine("BACK-1")]
        self.servers = [DeviceServer(machine) for machine in self.machines]
        for server in self.servers:
            server.start()
        self.doors = [
            Door(ZkMachine(MachineAddress("127.0.0.1", server.port, timeout_s=2, name=name)))
            for server, name in zip(self.servers, NAMES, strict=True)
        ]
        self.health = []

    def machine(self, serial_number):
        machine = AttendanceMachine(serial_number=serial_number, clock=lambda: self.timeline.wall)
        for number in range(10):
            machine.add_user(str(1001 + number), f"user.{number}")
        return machine

    def hang(self, door, machine):
        """Another machine answers at a door's address."""
        self.machines[door] = self.servers[door].machine = machine
        self.servers[door].drop_connections()

    def punch(self):
        machine, user = self.machines[self.choice.randrange(2)], str(1001 + self.choice.randrange(10))
        assert machine.punch(user, punch=255)
        record = AttendanceRecord(
            machine.serial_number, user, None, self.timeline.wall.replace(microsecond=0), 1, 255
        )
        assert self.recorded.setdefault(record.identity, record) is record
        self.timeline.after(self.choice.randrange(1800, 9000), self.punch)


@pytest.fixture
def office():
    office = Office()
    yield office
    for server in office.servers:
        server.stop()


def start(office, backend):
    timeline, network = office.timeline, Network(office.timeline, backend.handle)
    network.watch_health = office.health.append
    client = Client(
        site=Site("berlin", TIME_ZONE, DAY_BOUNDARY, POLLING_S, 3_600),
        doors=office.doors,
        bus=WorldBus(network, timeline, Power()),
        clock=PiClock(timeline),
        ledger=WorldLedger(":memory:", DAY_BOUNDARY, Power()),
        supervisor=WorldSupervisor(timeline),
        session=Session(DAY_BOUNDARY),
        randomness=random.Random(SEED),
    )
    enable_machines(client)
    return client, Runner(client, Snapshots())


def test_a_month_at_two_doors_loses_nothing_and_doubles_nothing(office):
    backend = MemoryBackend()
    table = [row(number, weeks=2) for number in range(3)]
    backend.type_periods(table)
    client, runner = start(office, backend)

    def run_until(day):
        while office.timeline.wall < EPOCH + timedelta(days=day):
            runner.step()

    def stored(serial_number, until):
        """Of a machine's punches made before a day, how many there are, and how many are in a sheet."""
        made = {
            identity
            for identity, record in office.recorded.items()
            if record.serial_number == serial_number and record.timestamp < EPOCH + timedelta(days=until)
        }
        return len(made), len(made & {each.identity for each in backend.rows()})

    office.punch()
    run_until(12.5)
    office.servers[1].stop()
    complete = office.health[-1].complete_through
    run_until(15.5)  # in the second period
    made, kept = stored("FRONT-1", until=15)
    assert made == kept > 100, "the other door's punches go on, those of the next period as well"
    made, kept = stored("BACK-1", until=15)
    assert kept < made
    assert client.session.open_period.name == row(1, weeks=2).name, "the period was closed without it"
    assert office.health[-1].complete_through == complete
    assert "'back door'" in office.health[-1].problem

    office.servers[1].start()
    run_until(17)
    made, kept = stored("BACK-1", until=16.5)
    assert made == kept, "they followed, into the period that is closed"
    assert office.health[-1].problem == ""
    assert office.health[-1].complete_through > complete

    run_until(20)
    while client.ledger.identities() < set(office.recorded):
        runner.step()
    office.hang(0, office.machine("FRONT-2"))
    run_until(23)
    front, back = office.machines
    office.hang(0, back)
    office.hang(1, front)  # the router gave each the other's address
    run_until(DAYS)
    recorded = dict(office.recorded)
    run_until(DAYS + 1)

    rows = {each.identity: each for each in backend.rows()}
    assert len(rows) == len(backend.rows()), "stored twice"
    assert recorded.keys() <= rows.keys() <= office.recorded.keys()
    months = {month.name: month for month in windows(table)}
    assert all(months[each.sheet].holds(each.timestamp, DAY_BOUNDARY) for each in rows.values())
    made_on = Counter(record.serial_number for record in recorded.values())
    assert made_on.keys() == {"FRONT-1", "FRONT-2", "BACK-1"}
    client.ledger.close()

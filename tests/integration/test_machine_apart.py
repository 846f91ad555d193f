"""pyzk in a process of its own: the client reads the machine through a pipe and never imports it."""

import json
import os
import subprocess
import sys
from threading import Event

import pytest

from attendance_client.app.bootstrap import bootstrap
from attendance_client.errors import MachineError, RefusalError, StopRequested
from attendance_client.machine.apart import MachineApart
from attendance_client.machine.polling import poll
from attendance_client.machine.port import MachineAddress
from attendance_client.machine.zk.zk_machine import ZkMachine
from attendance_sandbox.device.faults import AnswerWith, StaySilent
from attendance_sandbox.device.protocol import Command, Reply
from attendance_sandbox.device.server import DeviceServer
from tests.integration.device_traps import ledger_of, make_machine, stored
from tests.unit.lone_client import lone_client

IMPORTED = """
import json, sys
import attendance_client.app.bootstrap
from attendance_client.machine.apart import MachineApart
from attendance_client.machine.port import MachineAddress
machine = MachineApart(MachineAddress("127.0.0.1", int(sys.argv[1]), timeout_s=2))
with machine.session() as session:
    found = session.status().records
machine.stop()
print(json.dumps([found, sorted({name.split(".")[0] for name in sys.modules} & {"zk", "google"})]))
"""


@pytest.fixture
def server():
    with DeviceServer(make_machine(punches=50)) as server:
        yield server


@pytest.fixture
def machine(server):
    machine = MachineApart(MachineAddress("127.0.0.1", server.port, timeout_s=1, name="front door"))
    yield machine
    machine.stop()


def test_the_client_reads_a_machine_through_it(server, machine):
    with lone_client() as client:
        client.machine = machine
        poll(client)
        server.machine.punch("1001")
        poll(client)

        assert ledger_of(client) == sorted(stored(server.machine))
        assert client.doors[0].state.status.records == 51
    assert server.machine.enabled


def test_what_goes_wrong_is_told_as_it_is(server, machine):
    server.faults.add(AnswerWith(Reply.ERROR), on=Command.GET_FREE_SIZES)
    with machine.session() as session, pytest.raises(RefusalError, match=r"'front door' at 127\.0\.0\.1"):
        session.status()
    server.faults.add(StaySilent(), on=Command.CONNECT)
    with pytest.raises(MachineError, match="does not talk"), machine.session():
        pass
    with machine.session() as session:
        assert session.status().records == 50


def test_a_process_that_ends_is_told_and_begun_anew(machine):
    with machine.session() as session:
        machine._process.kill()
        with pytest.raises(MachineError, match="ended; another one is started"):
            session.status()
    with machine.session() as session:
        assert session.status().records == 50


def test_the_process_ends_with_the_client(machine):
    with machine.session():
        pass
    process = machine._process
    process.stdin.close()
    assert process.wait(10) == 0
    process.stdout.close()
    machine._process = None


def test_a_long_reading_feeds_the_watchdog_and_is_stopped(server):
    alive, stop = [], Event()
    machine = MachineApart(MachineAddress("127.0.0.1", server.port), lambda: alive.append(1), stop)
    with machine.session() as session:
        session.status()
        assert alive
        stop.set()
        machine._process.terminate()
        with pytest.raises(StopRequested):
            read_until_stopped(session)
        session.enable()
    machine.stop()


def read_until_stopped(session):
    """The signal is heeded when the process gets it."""
    for _ in range(200):
        session.read_log()


def test_the_clients_own_process_does_not_hold_pyzk(server):
    done = subprocess.run(
        [sys.executable, "-c", IMPORTED, str(server.port)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert json.loads(done.stdout) == [50, ["google"]]


@pytest.mark.parametrize("apart", [True, False])
def test_it_is_a_setting(apart, tmp_path, monkeypatch):
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", "127.0.0.1:1")
    config = {"identifier": "berlin", "ip": "192.0.2.1", "port": 4370, "project_id": "x"}
    (tmp_path / "biometric_device_config.json").write_text(
        json.dumps({**config, "own_process_for_machine": apart})
    )
    with bootstrap(tmp_path, Event()) as runner:
        (door,) = runner._client.doors
        assert type(getattr(door.machine, "machine", None)) is (MachineApart if apart else ZkMachine)

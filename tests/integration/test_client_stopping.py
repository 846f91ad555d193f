"""What feeds the watchdog, and how soon a client stops whom nobody answers."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from datetime import date, datetime, timedelta

import pytest

from attendance_client.errors import MachineError, StopRequested
from attendance_client.machine.port import MachineAddress
from attendance_client.machine.zk.zk_machine import ZkMachine
from attendance_client.relay.pubsub import PubSubBus
from attendance_contracts import GetReviewPeriod
from attendance_sandbox.device.machine import AttendanceMachine
from attendance_sandbox.device.server import DeviceServer

CLI = "import sys; from attendance_client.app.cli import main; sys.exit(main())"
QUICK_S = 5.0


@contextmanager
def silent_peer():
    """Takes every connection, and says nothing."""
    taken = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def take():
            while True:
                try:
                    taken.append(server.accept()[0])
                except OSError:
                    return

        threading.Thread(target=take, daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
    for each in taken:
        each.close()


@pytest.mark.parametrize("udp", [False, True])
def test_each_packet_of_a_slow_machine_is_progress(udp):
    machine = AttendanceMachine(serial_number="SIM-1")
    machine.add_user("7", "Anna")
    for number in range(500):
        machine.punch("7", datetime(2026, 11, 2, 8) + timedelta(minutes=number))
    fed = []
    with DeviceServer(machine, udp=udp) as server:
        address = MachineAddress("127.0.0.1", server.port, udp=udp)
        with ZkMachine(address, lambda: fed.append(None)).session() as session:
            session.status()
            before = len(fed)
            assert len(session.read_log().punches) == 500
    assert before >= 5
    assert len(fed) - before >= 3


def test_a_peer_that_says_nothing_is_none():
    fed = []
    with silent_peer() as port:
        machine = ZkMachine(MachineAddress("127.0.0.1", port, timeout_s=0.3), lambda: fed.append(None))
        with pytest.raises(MachineError), machine.session():
            pass
    assert fed == []


def test_a_long_reading_is_given_up_and_people_can_punch_afterwards():
    machine = AttendanceMachine(serial_number="SIM-1")
    machine.add_user("7", "Anna")
    for number in range(5000):
        machine.punch("7", datetime(2026, 11, 2, 8) + timedelta(minutes=number))
    stop = threading.Event()
    with DeviceServer(machine) as server:
        address = MachineAddress("127.0.0.1", server.port)
        with ZkMachine(address, stop=stop).session() as session:
            session.disable()
            assert len(session.read_log().punches) == 5000
            stop.set()
            before = server.traffic.sent
            with pytest.raises(StopRequested):
                session.read_log()
            assert server.traffic.sent - before < 5000
            assert not machine.enabled
            session.enable()
        assert machine.enabled


def test_a_publish_that_nobody_answers_ends_when_the_client_is_told_to_stop(monkeypatch):
    with silent_peer() as port:
        monkeypatch.setenv("PUBSUB_EMULATOR_HOST", f"127.0.0.1:{port}")
        stop = threading.Event()
        bus = PubSubBus("demo", "berlin", stop)
        threading.Timer(0.3, stop.set).start()
        began_s = time.monotonic()
        with pytest.raises(StopRequested):
            bus.publish(GetReviewPeriod(location="berlin", request_id="1", after=None, on=date(2026, 11, 2)))
        assert time.monotonic() - began_s < QUICK_S
        with pytest.raises(StopRequested):
            bus.prepare()
        assert time.monotonic() - began_s < QUICK_S


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_client_whom_nobody_answers_stops_at_once(tmp_path, number):
    with silent_peer() as port, subprocess_of(tmp_path, port) as client:
        for line in client.stderr:
            if "FIRST_RUN -> FETCH_REVIEW_PERIOD" in line:
                break
        time.sleep(0.5)  # so that it is in the call; earlier, the test would only be easier
        began_s = time.monotonic()
        client.send_signal(number)
        rest = client.stderr.read()
        assert client.wait(timeout=60) == 0
        assert time.monotonic() - began_s < QUICK_S
        assert "Traceback" not in rest
        assert "stopped in FETCH_REVIEW_PERIOD" in rest
    assert json.loads((tmp_path / "diary.json").read_text())["ended"] == "stopped"


@contextmanager
def subprocess_of(directory, port):
    config = {
        "identifier": "berlin",
        "ip": "127.0.0.1",
        "port": 9,
        "project_id": "demo",
        "timeout_seconds": 1,
    }
    (directory / "biometric_device_config.json").write_text(json.dumps(config))
    client = subprocess.Popen(
        [sys.executable, "-c", CLI, "run", "--directory", directory],
        env={**os.environ, "PUBSUB_EMULATOR_HOST": f"127.0.0.1:{port}"},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield client
    finally:
        client.kill()
        client.wait()
        client.stderr.close()

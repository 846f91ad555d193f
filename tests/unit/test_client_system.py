"""Whether the computer's clock follows a time server: as systemd says, and unknown where nobody does."""

import socket
import subprocess
import threading
import time

import pytest

from attendance_client.app import system
from attendance_client.app.system import SystemClock


@pytest.fixture
def clock(monkeypatch, tmp_path):
    monkeypatch.setattr(system, "TIMESYNC_MARK", tmp_path / "synchronized")
    monkeypatch.setattr(system, "kernels_clock_error_us", lambda: None)
    return SystemClock("Europe/Berlin", threading.Event())


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (("echo", "yes"), True),
        (("echo", "no"), False),
        (("echo", ""), None),
        (("false",), None),
        (("/no/such/command",), None),
    ],
)
def test_what_timedatectl_says(clock, monkeypatch, command, told):
    monkeypatch.setattr(system, "ASKING_TIMEDATECTL", command)

    assert clock.synchronised() is told


def test_a_command_that_does_not_end_is_not_waited_for(clock, monkeypatch):
    monkeypatch.setattr(system, "ASKING_TIMEDATECTL", ("sleep", "60"))
    monkeypatch.setattr(system, "LONGEST_QUESTION_S", 0.05)

    assert clock.synchronised() is None


def test_the_mark_of_timesyncd_is_enough(clock, monkeypatch):
    monkeypatch.setattr(system, "ASKING_TIMEDATECTL", ("echo", "no"))
    system.TIMESYNC_MARK.touch()

    assert clock.synchronised() is True


@pytest.mark.parametrize(("error_us", "told"), [(0, True), (15_999_999, True), (16_000_000, False)])
def test_the_kernel_is_asked_and_no_process_started(clock, monkeypatch, error_us, told):
    monkeypatch.setattr(system, "kernels_clock_error_us", lambda: error_us)
    monkeypatch.setattr(system, "ASKING_TIMEDATECTL", ("false",))
    monkeypatch.setattr(subprocess, "run", None)

    assert clock.synchronised() is told


def test_what_the_kernel_of_this_computer_says():
    error_us = system.kernels_clock_error_us()
    assert error_us is None or 0 <= error_us <= 2**31


def test_progress_feeds_the_watchdog_now_and_then_and_interrupts_nothing(tmp_path, monkeypatch):
    now_s = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now_s[0])
    address = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(address))
        manager.setblocking(False)
        stop = threading.Event()
        stop.set()
        supervisor = system.SystemdSupervisor(stop, {"NOTIFY_SOCKET": str(address)})
        told = []
        for _ in range(25):
            supervisor.progress()
            now_s[0] += 1
        while True:
            try:
                told.append(manager.recv(100))
            except BlockingIOError:
                break
    assert told == [b"WATCHDOG=1"] * 3

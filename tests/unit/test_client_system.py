"""Whether the computer's clock follows a time server: as systemd says, and unknown where nobody does."""

import threading

import pytest

from attendance_client.app import system
from attendance_client.app.system import SystemClock


@pytest.fixture
def clock(monkeypatch, tmp_path):
    monkeypatch.setattr(system, "TIMESYNC_MARK", tmp_path / "synchronized")
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

"""attendance-client device, against the simulated machine: what a person sees, and what goes into a bug report."""

import base64
import json
import os
import subprocess
import sys
from contextlib import closing
from datetime import datetime, time, timedelta
from functools import partial

import pytest

from attendance_client.app.cli import main
from attendance_client.app.device_command import at_the_terminal
from attendance_client.relay.ledger import Ledger
from attendance_sandbox.device.faults import AnswerWith, DropConnection, PunchFirst, StaySilent, Table
from attendance_sandbox.device.machine import AttendanceMachine
from attendance_sandbox.device.protocol import Command, Reply
from attendance_sandbox.device.server import DeviceServer

CLI = "import sys; from attendance_client.app.cli import main; sys.exit(main())"
BEGIN = datetime(2026, 11, 2, 8)


@pytest.fixture(params=[40, 8])
def machine(request):
    machine = AttendanceMachine(record_size=request.param)
    machine.add_user("1001", "Anna Example")
    machine.add_user("1002", "Bert Example")
    for minute in range(30):
        machine.punch("1001" if minute % 2 else "1002", BEGIN + timedelta(minutes=minute))
    return machine


@pytest.fixture
def server(machine):
    with DeviceServer(machine) as server:
        yield server


@pytest.fixture
def directory(server, tmp_path):
    config = {"identifier": "berlin", "ip": "127.0.0.1", "port": server.port, "timeout_seconds": 1}
    (tmp_path / "biometric_device_config.json").write_text(json.dumps(config))
    return tmp_path


def said(capsys, directory, *arguments):
    assert main(["device", *arguments, "--directory", str(directory)]) == 0
    return capsys.readouterr().out


def complaint(capsys, directory, *arguments):
    code = main(["device", *arguments, "--directory", str(directory)])
    printed = capsys.readouterr()
    assert (printed.out, printed.err.count("\n")) == ("", 1)
    return code, printed.err


def test_info(capsys, directory):
    told = said(capsys, directory, "info")

    assert "SIM0000001" in told
    assert "ZEM560_TFT" in told
    assert "30 of 100000 (0%)" in told


def test_users(capsys, directory):
    assert said(capsys, directory, "users").split("\n")[:2] == [
        "1001         Anna Example",
        "1002         Bert Example",
    ]


def test_the_last_punches(capsys, directory):
    lines = said(capsys, directory, "punches", "--last", "2").splitlines()

    assert [line.split()[:3] for line in lines] == [
        ["2026-11-02", "08:28:00", "1002"],
        ["2026-11-02", "08:29:00", "1001"],
    ]


def without_clock(told):
    return [line for line in told.splitlines() if not line.startswith("clock")]


def test_a_recording_says_the_same_without_the_machine_and_without_names(capsys, directory):
    file = directory / "machine.json"
    live = {kind: said(capsys, directory, kind, "--dump", str(file)) for kind in ("info", "users", "punches")}
    replayed = {kind: said(capsys, directory, kind, "--replay", str(file)) for kind in live}

    assert without_clock(replayed["info"]) == without_clock(live["info"])
    assert replayed["punches"] == live["punches"]
    assert replayed["users"] == "1001\n1002\n"
    assert b"Example" not in b"".join(
        base64.b64decode(json.loads(file.read_text())[table]) for table in ("users", "log")
    )


def test_a_terminal_that_does_not_know_every_letter(directory, machine):
    machine.add_user("1003", "Ольга")
    command = [sys.executable, "-c", CLI, "device", "users", "--directory", str(directory)]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False, timeout=60)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == r"1003         \u041e\u043b\u044c\u0433\u0430"


@pytest.mark.parametrize("table", [Table.USERS, Table.ATTENDANCE])
def test_a_punch_while_a_recording_is_made(capsys, directory, server, machine, table):
    """Between the count and the reading."""
    file = directory / "machine.json"
    server.faults.add(PunchFirst("1001", punch=9), on=Command.PREPARE_BUFFER, table=table)
    said(capsys, directory, "info", "--dump", str(file))

    assert "punch   9" in said(capsys, directory, "punches", "--replay", str(file))


def test_a_recording_that_was_written_is_told_of(capsys, directory):
    file = directory / "machine.json"
    assert main(["device", "info", "--dump", str(file), "--directory", str(directory)]) == 0
    assert capsys.readouterr().err == (
        f"attendance-client: wrote {file}: what the machine said, without names, passwords and card numbers\n"
    )


def test_a_recording_is_not_recorded_again(capsys, directory):
    with pytest.raises(SystemExit) as stopped:
        main(["device", "info", "--replay", "a.json", "--dump", "b.json", "--directory", str(directory)])
    assert stopped.value.code == 2
    assert "--dump: not allowed with argument --replay" in capsys.readouterr().err


def test_a_recording_of_another_format(capsys, directory):
    file = directory / "machine.json"
    file.write_text('{"format": 2}')
    code, told = complaint(capsys, directory, "info", "--replay", str(file))

    assert code == 2
    assert "another format (2, expected 1)" in told


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"format": 1, "status": {}}'])
def test_a_file_that_is_no_recording(capsys, directory, content):
    file = directory / "machine.json"
    file.write_text(content)
    code, told = complaint(capsys, directory, "info", "--replay", str(file))

    assert code == 2
    assert f"{file} is no recording of an attendance machine; make one with --dump" in told


def test_files_that_cannot_be_read_or_written(capsys, directory):
    for option in ("--replay", "--dump"):
        code, told = complaint(capsys, directory, "info", option, str(directory / "no" / "such"))
        assert code == 2
        assert "No such file" in told


def test_a_machine_that_is_away(capsys, directory):
    config = directory / "biometric_device_config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"port": 1}))
    code, told = complaint(capsys, directory, "info")

    assert code == 1
    assert "its menu (Comm. > Ethernet) shows it" in told


@pytest.fixture
def synchronised(monkeypatch, tmp_path):
    mark = tmp_path / "synchronized"
    mark.touch()
    monkeypatch.setattr("attendance_client.app.system.TIMESYNC_MARK", mark)


def test_the_clocks(capsys, directory, machine, synchronised):
    machine.clock_offset = timedelta(days=400)
    told = said(capsys, directory, "clock")

    assert "follows a time server" in told
    assert "+34560" in told


def test_a_clock_that_shows_no_date(capsys, directory, server, monkeypatch, tmp_path):
    monkeypatch.setattr("attendance_client.app.system.TIMESYNC_MARK", tmp_path / "none")
    monkeypatch.setattr("attendance_client.app.system.kernels_clock_error_us", lambda: None)
    monkeypatch.setattr("attendance_client.app.system.ASKING_TIMEDATECTL", ("false",))
    february_31 = ((26 * 12 + 1) * 31 + 30) * 86_400
    shown = AnswerWith(Reply.OK, data=february_31.to_bytes(4, "little"))
    server.faults.add(shown, on=Command.GET_TIME, times=None)
    machine, computer, offset = said(capsys, directory, "clock").splitlines()

    assert machine == "the machine    shows a date that does not exist"
    assert computer.endswith("(whether it follows a time server cannot be told)")
    assert offset == "offset         none can be told: set the clock, with --set or in its menu"


@pytest.mark.parametrize("offset", [timedelta(hours=-5), timedelta(hours=5)])
def test_setting_the_clock(capsys, directory, machine, synchronised, offset):
    machine.clock_offset = offset
    assert "set the machine's clock" in said(capsys, directory, "clock", "--set")
    assert (
        "offset         +0 s" in said(capsys, directory, "clock")
        or abs(machine.clock_offset.total_seconds()) < 5
    )
    assert machine.enabled


def test_the_clock_is_not_set_back_across_a_punch(capsys, directory, machine, synchronised):
    machine.clock_offset = timedelta(hours=5)
    machine.punch("1001", machine.now() - timedelta(hours=1))
    code, told = complaint(capsys, directory, "clock", "--set")

    assert code == 2
    assert "Try again after" in told
    assert machine.clock_offset == timedelta(hours=5)
    assert machine.enabled


@pytest.mark.parametrize("on", [Command.DISABLE, Command.GET_TIME, Command.SET_TIME, Command.ENABLE])
@pytest.mark.parametrize("trouble", [DropConnection(applied=True), StaySilent(applied=True)])
def test_people_can_punch_again_wherever_setting_the_clock_breaks_off(
    capsys, directory, server, machine, synchronised, on, trouble
):
    server.faults.add(trouble, on=on)
    code, told = complaint(capsys, directory, "clock", "--set")

    assert code == 1
    assert f"127.0.0.1:{server.port}" in told
    assert machine.enabled


def test_a_machine_that_cannot_be_enabled_again_is_told_of(capsys, directory, server, machine, synchronised):
    server.faults.add(AnswerWith(Reply.ERROR), on=Command.ENABLE, times=None)
    code, told = complaint(capsys, directory, "clock", "--set")

    assert code == 1
    assert "people may be unable to punch" in told
    assert not machine.enabled


def test_a_clock_that_went_ahead_by_years_is_for_a_person_at_its_menu(
    capsys, directory, machine, synchronised
):
    """No wait is long enough once somebody has punched then."""
    machine.clock_offset = timedelta(days=13_000)
    machine.punch("1001")
    code, told = complaint(capsys, directory, "clock", "--set")

    assert code == 2
    assert "the machine's own menu" in told
    assert "Try again after" not in told


def test_a_computer_that_does_not_know_the_time_sets_no_clock(
    capsys, directory, machine, monkeypatch, tmp_path
):
    monkeypatch.setattr("attendance_client.app.system.TIMESYNC_MARK", tmp_path / "none")
    monkeypatch.setattr("attendance_client.app.system.kernels_clock_error_us", lambda: 16_000_000)
    code, told = complaint(capsys, directory, "clock", "--set")

    assert code == 2
    assert "time server" in told


@pytest.fixture
def two(directory, machine):
    """A second machine, at the back door, beside the one of `machine`."""
    other = AttendanceMachine(serial_number="SIM0000002")
    other.add_user("7", "Cem Example")
    with DeviceServer(other) as server:
        file = directory / "biometric_device_config.json"
        config = json.loads(file.read_text())
        doors = [{"name": "back door", "ip": "127.0.0.1", "port": server.port}]
        file.write_text(json.dumps(config | {"machine_name": "front door", "machines": doors}))
        yield server


def test_each_machine_of_a_site_is_shown_or_the_one_that_is_named(capsys, directory, two):
    both = said(capsys, directory, "info")
    assert both.index("front door (127.0.0.1:") < both.index("SIM0000001") < both.index("back door (")
    assert "  serial number  SIM0000002" in both

    assert said(capsys, directory, "users", "--machine", "Back Door") == "7            Cem Example\n"
    assert said(capsys, directory, "users", "--machine", f"127.0.0.1:{two.port}").startswith("7 ")


def test_a_name_that_no_machine_has_and_one_that_is_missing(capsys, directory, two):
    code, told = complaint(capsys, directory, "info", "--machine", "roof")
    assert (code, "no machine 'roof'; it has 'front door' or 'back door'" in told) == (2, True)

    for asked in (("clock", "--set"), ("info", "--dump", str(directory / "x"))):
        code, told = complaint(capsys, directory, *asked)
        assert (code, "--machine 'front door' or 'back door'" in told) == (2, True)


def test_one_machine_of_two_that_is_away(capsys, directory, two):
    two.stop()
    assert main(["device", "info", "--directory", str(directory)]) == 1
    printed = capsys.readouterr()
    assert "SIM0000001" in printed.out
    assert "the attendance machine 'back door' at 127.0.0.1:" in printed.err


def at_the_machine(monkeypatch, *punches):
    """Somebody who does this at the first, the second question, and presses Enter; None is nobody there."""
    asked = []

    def done(question):
        asked.append(question)
        punch = punches[len(asked) - 1]
        if punch is not None:
            punch()
        return punch is not None

    monkeypatch.setattr("attendance_client.app.device_command.at_the_terminal", done)
    return asked


def shown_to_heed(directory):
    with closing(Ledger(directory / "ledger.sqlite3", time(0))) as ledger:
        return ledger.heeds_disabling("SIM0000001")


def test_a_machine_that_takes_no_punch_while_it_is_disabled(capsys, directory, machine, monkeypatch):
    finger = partial(machine.punch, "1001")
    questions = at_the_machine(monkeypatch, finger, finger)
    told = said(capsys, directory, "try-disabling")

    assert "its log may be erased (clear_machine)" in told
    assert len(questions) == 2
    assert machine.record_count == 31
    assert shown_to_heed(directory) is True


def test_a_machine_that_answers_disabled_and_goes_on(capsys, directory, machine, monkeypatch):
    machine.heeds_disabling = False
    at_the_machine(monkeypatch, partial(machine.punch, "1001"))
    code, told = complaint(capsys, directory, "try-disabling")

    assert (code, "took a punch while it was disabled: its log is never erased" in told) == (1, True)
    assert machine.enabled
    assert shown_to_heed(directory) is False


@pytest.mark.parametrize(
    ("first", "second", "why"),
    [
        (None, None, "nobody pressed Enter"),
        (lambda: None, None, "nobody pressed Enter"),
        (lambda: None, lambda: None, "it took no punch after it was enabled either"),
    ],
)
def test_where_nobody_punches_nothing_is_shown(capsys, directory, machine, monkeypatch, first, second, why):
    at_the_machine(monkeypatch, first, second)
    code, told = complaint(capsys, directory, "try-disabling")

    assert (code, why in told) == (1, True)
    assert machine.enabled
    assert shown_to_heed(directory) is None


def test_enter_is_waited_for_no_longer_than_a_minute(monkeypatch, capsys):
    monkeypatch.setattr("attendance_client.app.device_command.PATIENCE_S", 0.05)
    reading, writing = os.pipe()
    with os.fdopen(reading) as keyboard, os.fdopen(writing, "w") as hand:
        monkeypatch.setattr("sys.stdin", keyboard)
        assert not at_the_terminal("Ready?")
        hand.write("\n")
        hand.flush()
        assert at_the_terminal("Ready?")
    assert capsys.readouterr().out == "Ready?\nReady?\n"

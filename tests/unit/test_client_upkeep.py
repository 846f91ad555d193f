"""export, replay and reset, as a person types them; and a ledger that is only read."""

import csv
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from datetime import date, datetime, time

import pytest

from attendance_client.app import cli
from attendance_client.machine.port import AttendanceLog, LoggedPunch
from attendance_client.relay.ledger import Ledger
from attendance_client.relay.ledger_file import SCHEMA_1
from attendance_contracts import ReviewPeriod

CONFIG = {"identifier": "berlin", "ip": "127.0.0.1", "port": 4370, "time_zone": "UTC"}
NOVEMBER = ReviewPeriod("November", date(2026, 11, 1), date(2026, 11, 30))
MADE = [datetime(2026, 11, day, 8) for day in (2, 3, 4)]


@pytest.fixture
def directory(tmp_path):
    (tmp_path / "biometric_device_config.json").write_text(json.dumps(CONFIG))
    ledger = opened(tmp_path)
    ledger.open_period(NOVEMBER, "sheet")
    ledger.add_log("SN1", AttendanceLog([LoggedPunch("7", at, 1, 0, b"") for at in MADE], ()), MADE[-1])
    ledger.name_punches("SN1", {"7": "=cmd()"})
    sent = ledger.next_chunk(NOVEMBER, 2).records
    ledger.confirm(tuple(record.identity for record in sent), "sheet")
    ledger.close()
    return tmp_path


def opened(directory, **options):
    return Ledger(directory / "ledger.sqlite3", time(0), **options)


def unsent(directory):
    ledger = opened(directory)
    chunk = ledger.next_chunk(NOVEMBER, 10)
    ledger.close()
    return [record.timestamp for record in chunk.records] if chunk else []


def run(directory, *arguments):
    return cli.main([*arguments, "--directory", str(directory)])


def answers(monkeypatch, *words):
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    said = iter(words)
    monkeypatch.setattr("builtins.input", lambda _: next(said))


def test_each_punch_is_exported_with_what_became_of_it(directory, capsys):
    file = directory / "punches.csv"
    assert run(directory, "export", "--since", "2026-11-03", "--to", str(file)) == 0
    assert "wrote 2 punches" in capsys.readouterr().err
    rows = list(csv.DictReader(file.open(encoding="utf-8-sig")))
    assert [(row["timestamp"], row["user_name"], row["sheet_id"]) for row in rows] == [
        ("2026-11-03T08:00:00", "'=cmd()", "sheet"),
        ("2026-11-04T08:00:00", "'=cmd()", ""),
    ]
    assert file.stat().st_mode & 0o777 == 0o600

    assert run(directory, "export", "--to", str(directory / "no" / "such")) == 2
    assert "cannot be written: No such file or directory; or: " in capsys.readouterr().err
    assert run(directory, "export", "--until", "2026-11-03") == 0
    assert capsys.readouterr().out.count("2026-11-02T08:00:00") == 1


def test_an_export_whose_reader_has_seen_enough_ends_without_a_word(directory):
    reading, writing = os.pipe()
    os.close(reading)
    command = "import sys; from attendance_client.app.cli import main; sys.exit(main())"
    arguments = [sys.executable, "-c", command, "export", "--directory", str(directory)]
    with os.fdopen(writing, "wb") as pipe:
        ended = subprocess.run(arguments, stdout=pipe, stderr=subprocess.PIPE, check=False)
    assert (ended.returncode, ended.stderr) == (0, b"")


def test_a_ledger_of_0_1_0_is_exported_and_stays_as_it_is(tmp_path, capsys):
    (tmp_path / "biometric_device_config.json").write_text(json.dumps(CONFIG))
    db = sqlite3.connect(tmp_path / "ledger.sqlite3")
    db.executescript(f"{SCHEMA_1} PRAGMA user_version = 1;")
    db.execute("INSERT INTO punches VALUES ('a', 'SN1', '7', '2026-11-02T08:00:00', 1, 0, 1, x'', '', NULL)")
    db.commit()
    db.close()
    before = (tmp_path / "ledger.sqlite3").read_bytes()

    assert run(tmp_path, "export") == 0
    assert "2026-11-02T08:00:00" in capsys.readouterr().out
    assert run(tmp_path, "status") == 0
    assert (tmp_path / "ledger.sqlite3").read_bytes() == before


def test_what_a_running_client_wrote_last_is_read(directory):
    writing = opened(directory)
    writing.add_log("SN1", AttendanceLog([LoggedPunch("8", MADE[0], 1, 0, b"")], ()), MADE[0])
    reading = opened(directory, read_only=True)
    assert reading.summary().punches == 4
    with pytest.raises(Exception, match="readonly"):
        reading.send_again("")
    reading.close()
    writing.close()


READ_ONLY = """
mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && cd / && exec "$0" -c "$2" status --directory "$1"
"""
STATUS = "import sys; from attendance_client.app.cli import main; sys.exit(main())"


def test_a_disk_that_is_read_only_is_shown_with_all_that_is_on_it(directory, tmp_path_factory):
    """As a power loss leaves it: the newest punch is in the -wal alone, and nobody can make the -shm to it."""
    unshare = ["unshare", "--map-root-user", "--mount"]
    if subprocess.run([*unshare, "true"], capture_output=True, check=False).returncode:
        pytest.skip("mounts cannot be made here")
    left = tmp_path_factory.mktemp("left")
    writing = opened(directory)
    writing.add_log("SN1", AttendanceLog([LoggedPunch("8", MADE[0], 1, 0, b"")], ()), MADE[0])
    for file in directory.iterdir():
        if not file.name.endswith("-shm"):
            shutil.copyfile(file, left / file.name)
    writing.close()
    path = os.pathsep.join(map(os.path.abspath, sys.path))
    told = subprocess.run(
        [*unshare, "sh", "-c", READ_ONLY, sys.executable, left, STATUS],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (told.returncode, told.stderr) == (0, "")
    assert "punches       4, of which 2 are in a sheet" in told.stdout
    assert "its file system is read-only" in told.stdout
    assert "chown" not in told.stdout


def test_a_replay_asks_and_sends_what_was_stored_again(directory, capsys, monkeypatch):
    assert unsent(directory) == MADE[2:]
    answers(monkeypatch, "", "y")
    for _ in range(2):
        assert run(directory, "replay", "--since", "2026-11-03") == 0
        printed = capsys.readouterr().out
        assert printed.startswith("2 punches made from 2026-11-03 00:00:00 on will be sent again")
        expected = MADE[2:] if "nothing was done" in printed else MADE[1:]
        assert unsent(directory) == expected
    assert expected == MADE[1:]


@pytest.mark.parametrize("command", [["replay", "--since", "2026-11-03"], ["reset"]])
def test_where_nobody_can_be_asked_nothing_is_done(directory, capsys, command):
    assert run(directory, *command) == 2
    assert "add --yes" in capsys.readouterr().err
    assert unsent(directory) == MADE[2:]


def test_a_replay_where_nothing_was_read(tmp_path, capsys):
    (tmp_path / "biometric_device_config.json").write_text(json.dumps(CONFIG))
    assert run(tmp_path, "replay", "--since", "2026-11-03", "--yes") == 2
    assert "has read no machine here yet" in capsys.readouterr().err
    assert not (tmp_path / "ledger.sqlite3").exists()


def test_a_reset_puts_aside_and_deletes_nothing(directory, capsys):
    (directory / "snapshot.json").write_text("{}")
    assert run(directory, "reset", "--yes") == 0
    (folder,) = directory.glob("before-reset-*")
    assert [path.name for path in folder.iterdir()] == ["snapshot.json"]
    assert unsent(directory) == MADE[2:]

    capsys.readouterr()
    folder.rename(directory / "earlier")
    assert run(directory, "reset", "--ledger", "--yes") == 0
    assert "Of the 3 punches in the ledger, 1 are in no sheet" in capsys.readouterr().out
    (folder,) = directory.glob("before-reset-*")
    assert unsent(folder) == MADE[2:]
    assert not (directory / "ledger.sqlite3").exists()

    assert run(directory, "reset", "--ledger", "--yes") == 0
    assert "nothing to put aside" in capsys.readouterr().out


def test_a_running_client_is_not_reset(directory, capsys):
    from attendance_client.app.locking import only_one

    with only_one(directory):
        assert run(directory, "reset", "--yes") == 1
        assert run(directory, "replay", "--since", "2026-11-03", "--yes") == 1
    assert "stop it first" in capsys.readouterr().err
    assert unsent(directory) == MADE[2:]

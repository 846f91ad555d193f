"""The table of troubles in docs/installing-the-pi.md: what `status` says of each, and how the service ended."""

import json
import logging
import sqlite3
from datetime import datetime, time

import pytest

from attendance_client.app.cli import main
from attendance_client.machine.port import AttendanceLog, LoggedPunch
from attendance_client.relay.ledger import Ledger

CONFIG = {"identifier": "berlin", "ip": "127.0.0.1", "port": 9, "project_id": "demo", "time_zone": "UTC"}
SNAPSHOT = '{"pi4_state": 1, "sys_flags": 0, "sheet_id": null, "last_stored_timestamp": null}'


@pytest.fixture
def directory(tmp_path, monkeypatch):
    (tmp_path / "biometric_device_config.json").write_text(json.dumps(CONFIG))
    (tmp_path / "snapshot.json").write_text(SNAPSHOT)
    (tmp_path / "snapshot.previous.json").write_text(SNAPSHOT)
    ledger = Ledger(tmp_path / "ledger.sqlite3", time(0))
    at = datetime(2026, 11, 2, 8)
    ledger.add_log("SN1", AttendanceLog([LoggedPunch("7", at, 1, 0, b"")], ()), at)
    ledger.close()
    monkeypatch.delenv("PUBSUB_EMULATOR_HOST", raising=False)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "key.json"))
    handlers, level = logging.root.handlers[:], logging.root.level
    yield tmp_path
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)


def cut_off(directory):
    (directory / "snapshot.json").write_text(SNAPSHOT[:20])


def both_gone(directory):
    (directory / "snapshot.json").unlink()
    (directory / "snapshot.previous.json").unlink()


def both_damaged(directory):
    (directory / "snapshot.json").write_text("")
    (directory / "snapshot.previous.json").write_text("{")


def corrupt(directory):
    (directory / "ledger.sqlite3").write_bytes(b"no database" * 1000)


def empty(directory):
    (directory / "ledger.sqlite3").write_bytes(b"")


def newer(directory):
    db = sqlite3.connect(directory / "ledger.sqlite3")
    db.execute("PRAGMA user_version = 99")
    db.close()


@pytest.mark.parametrize(
    ("trouble", "code", "words"),
    [
        (cut_off, 0, "state         FETCH_REVIEW_PERIOD"),
        (both_gone, 0, "state         has never run here"),
        (both_damaged, 0, "snapshot.json is damaged: the client begins without it, which loses nothing"),
        (corrupt, 1, "When the client starts, it puts the file aside and makes a new one"),
        (empty, 0, "punches       0, of which 0 are in a sheet"),
        (newer, 2, "was written by a newer release (schema 99); upgrade the client"),
    ],
)
def test_files(directory, capsys, trouble, code, words):
    trouble(directory)
    assert main(["status", "--directory", str(directory)]) == code
    assert words in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "key.json, which does not exist"),
        ("", "key.json"),
        ('{"type": "service_account"}', "key.json"),
    ],
)
def test_a_key_that_is_none_ends_the_service_and_status_says_why(directory, capsys, content, words):
    if content is not None:
        (directory / "key.json").write_text(content)
    assert main(["run", "--directory", str(directory)]) == 2
    capsys.readouterr()
    assert main(["status", "--directory", str(directory)]) == 0
    # A computer without a time server has another line of trouble below.
    told, *_ = [line for line in capsys.readouterr().out.splitlines() if "trouble" in line]
    assert told.startswith("trouble       the service ended ")
    assert words in told
    assert told.endswith("Start it: sudo systemctl start attendance-client")


def test_a_newer_ledger_ends_the_service_and_is_left_as_it_is(directory, capsys, monkeypatch):
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", "127.0.0.1:1")
    newer(directory)
    before = (directory / "ledger.sqlite3").read_bytes()
    assert main(["run", "--directory", str(directory)]) == 2
    assert main(["status", "--directory", str(directory)]) == 2
    assert capsys.readouterr().out.count("upgrade the client") == 2
    assert (directory / "ledger.sqlite3").read_bytes() == before

"""A damaged ledger is put aside with all that belongs to it; what can be read of it comes back."""

import json
import shutil
from datetime import datetime, time
from threading import Event

import pytest

from attendance_client.app.bootstrap import bootstrap, recover_ledgers
from attendance_client.errors import DamagedError
from attendance_client.machine.port import AttendanceLog, LoggedPunch
from attendance_client.relay import ledger_rescue
from attendance_client.relay.ledger import LEDGER_NAME, Ledger

BOUNDARY = time(0)
NINE = datetime(2026, 11, 2, 9)
CONFIG = {"identifier": "berlin", "ip": "127.0.0.1", "port": 4370, "project_id": "test", "time_zone": "UTC"}
PUNCHES = 3000
PAGE = 4096


def log_of(first, end):
    return AttendanceLog(tuple(LoggedPunch(str(n), NINE, 1, 255, b"raw") for n in range(first, end)), ())


@pytest.fixture
def directory(tmp_path, monkeypatch):
    """A site whose power failed: the newest punches are in the write-ahead log alone."""
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", "127.0.0.1:1")
    (tmp_path / "running").mkdir()
    ledger = Ledger(tmp_path / "running" / LEDGER_NAME, BOUNDARY)
    ledger.add_log("A1", log_of(0, PUNCHES), NINE)
    ledger._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    ledger.add_log("A1", log_of(PUNCHES, PUNCHES + 1), NINE)
    site = shutil.copytree(tmp_path / "running", tmp_path / "site")
    ledger.close()
    (site / "biometric_device_config.json").write_text(json.dumps(CONFIG))
    return site


def spoil(path):
    """Pages in the middle go bad."""
    data = bytearray(path.read_bytes())
    middle = len(data) // PAGE // 2 * PAGE
    data[middle : middle + 3 * PAGE] = b"\xa5" * (3 * PAGE)
    path.write_bytes(data)


def started(directory):
    """What a start finds: the punches in the ledger, and what the site tells HR."""
    with bootstrap(directory, Event()) as runner:
        client = runner._client
        return client.ledger.summary().punches, client.session.health.troubles.get("ledger", "")


def test_a_damaged_ledger_is_put_aside_whole_and_told(directory, caplog):
    spoil(directory / LEDGER_NAME)
    punches, told = started(directory)

    assert punches == 0
    assert "begun anew on" in told
    assert "ledger recover" in told
    assert "ledger recover" in caplog.text
    (folder,) = ledger_rescue.asides(directory)
    assert LEDGER_NAME in {path.name for path in folder.iterdir()}
    assert started(directory) == (0, told), "until somebody recovers it"


def test_what_can_be_read_of_it_is_taken_over_and_sent_again(directory):
    spoil(directory / LEDGER_NAME)
    started(directory)
    (line,) = recover_ledgers(directory)

    punches, told = started(directory)
    assert PUNCHES // 2 < punches < PUNCHES + 1
    assert f"{punches} punches could be read, {punches} of them were not in the ledger" in line
    assert told == ""
    assert list(recover_ledgers(directory)) == ["nothing to recover: there is no folder ledger.damaged-..."]


def test_a_whole_one_that_was_put_aside_comes_back_with_its_newest_punches(directory):
    """They are in the write-ahead log only."""
    ledger_rescue.put_aside(directory, NINE)
    list(recover_ledgers(directory))
    assert started(directory) == (PUNCHES + 1, "")


def test_a_power_loss_while_it_is_put_aside(directory):
    folder = directory / "ledger.damaged-2026-11-02T09-00-00"
    folder.mkdir()
    (directory / LEDGER_NAME).rename(folder / LEDGER_NAME)

    started(directory)
    assert ledger_rescue.asides(directory) == [folder]
    list(recover_ledgers(directory))
    assert started(directory)[0] == PUNCHES + 1


def test_damage_that_shows_while_the_client_runs_ends_it_and_the_next_start_has_a_new_ledger(directory):
    def run():
        with bootstrap(directory, Event()) as runner:
            spoil(directory / LEDGER_NAME)
            runner._client.ledger._db.execute("PRAGMA shrink_memory")  # what it remembers of the file
            runner._client.ledger.check()

    with pytest.raises(DamagedError):
        run()

    assert len(ledger_rescue.asides(directory)) == 1
    assert started(directory)[0] == 0

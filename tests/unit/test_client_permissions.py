"""Files that the user may not open, credentials that are none, a machine that fills up."""

import json
import logging
import os
from datetime import datetime, time, timedelta
from threading import Event
from types import SimpleNamespace
from typing import Any

import pytest
from google.api_core.exceptions import ServiceUnavailable

from attendance_client.app.bootstrap import bootstrap
from attendance_client.app.config import load_config
from attendance_client.errors import ConfigError, CredentialsError, LedgerError, SnapshotError
from attendance_client.fsm.session import Door, MachineState
from attendance_client.fsm.snapshot import FileSnapshotStore
from attendance_client.machine.polling import _warn_of_full_machine
from attendance_client.machine.port import MachineStatus
from attendance_client.relay.ledger import Ledger
from attendance_client.relay.pubsub import unreachable
from tests.world.machine import WorldMachine
from tests.world.power import Power
from tests.world.timeline import Timeline

CONFIG = {"identifier": "hq", "ip": "127.0.0.1", "port": 4370}


class Forbidden:
    """Has one path refuse to be opened; the tests may run as root, who is refused nothing."""

    def __init__(self, monkeypatch, name):
        real_open, real_access = os.open, os.access
        self.name = name
        import io

        real_io_open = io.open

        def guarded(real, path, *arguments, **options):
            if str(path).endswith(name):
                raise PermissionError(13, "Permission denied", str(path))
            return real(path, *arguments, **options)

        monkeypatch.setattr(os, "open", lambda p, *a, **o: guarded(real_open, p, *a, **o))
        monkeypatch.setattr(io, "open", lambda p, *a, **o: guarded(real_io_open, p, *a, **o))
        # Whether a file is there (F_OK, no mode at all) is not refused.
        monkeypatch.setattr(
            os, "access", lambda p, mode: not (mode and str(p).endswith(name)) and real_access(p, mode)
        )


@pytest.fixture
def directory(tmp_path):
    (tmp_path / "biometric_device_config.json").write_text(json.dumps(CONFIG))
    return tmp_path


def told(caught, directory):
    text = str(caught.value)
    assert "\n" not in text
    assert "sudo -u attendance-client" in text
    assert str(directory) in text
    assert "elete" not in text


def test_a_config_that_may_not_be_read(directory, monkeypatch):
    Forbidden(monkeypatch, "biometric_device_config.json")
    with pytest.raises(ConfigError) as caught:
        load_config(directory)
    told(caught, directory)


def test_a_snapshot_that_may_not_be_read_is_not_passed_over_for_the_one_before(directory, monkeypatch):
    seed = '{"pi4_state": 1, "sys_flags": 0, "sheet_id": null, "last_stored_timestamp": null}'
    (directory / "snapshot.json").write_text(seed)
    (directory / "snapshot.previous.json").write_text(seed)
    Forbidden(monkeypatch, "snapshot.json")
    with pytest.raises(SnapshotError) as caught:
        FileSnapshotStore(directory).load()
    told(caught, directory)


def test_a_ledger_that_may_not_be_written(directory, monkeypatch):
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", "127.0.0.1:1")
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "p")
    Forbidden(monkeypatch, "ledger.sqlite3")
    with pytest.raises(LedgerError) as caught, bootstrap(directory, stop=Event()):
        pass
    told(caught, directory)


def test_a_damaged_ledger_that_may_not_be_read_is_not_called_damaged(directory, monkeypatch):
    path = directory / "ledger.sqlite3"
    path.write_bytes(b"no database, but that is not what is wrong first" * 100)
    Forbidden(monkeypatch, "ledger.sqlite3")
    with pytest.raises(LedgerError) as caught:
        Ledger(path, time(0))
    told(caught, directory)


def test_a_token_that_google_does_not_give_is_not_called_a_network_without_answer():
    """As gRPC tells it; a revoked key is found out only while it is used."""
    words = "Getting metadata from plugin failed with error: ('invalid_grant: Invalid JWT Signature.', {'error': 1})"
    told = str(unreachable(ServiceUnavailable(words)))
    assert told.startswith("Google gives no token for this site's credentials (")
    assert "Invalid JWT Signature" in told


@pytest.mark.parametrize("content", [None, "{", "{}", "[]"])
def test_a_key_file_that_is_none_is_named(directory, monkeypatch, content):
    key_file = directory / "key.json"
    if content is not None:
        key_file.write_text(content)
    monkeypatch.delenv("PUBSUB_EMULATOR_HOST", raising=False)
    monkeypatch.delenv("GOOGLE_CLOUD_PROJECT", raising=False)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(key_file))
    with pytest.raises(CredentialsError) as caught, bootstrap(directory, stop=Event()):
        pass
    assert str(key_file) in str(caught.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"identifier": "hq", "ip": "127.0.0.1", "port": <port>}', r"line 1, column \d+ is no valid JSON"),
        ('{"identifier": "hq", "ip": "999.2.3.4", "port": 4370}', "'999.2.3.4' is no IPv4 address"),
    ],
)
def test_what_is_wrong_in_the_config_is_said_in_plain_words(directory, text, says):
    (directory / "biometric_device_config.json").write_text(text)
    with pytest.raises(ConfigError, match=says):
        load_config(directory)


def test_a_config_in_another_encoding(directory):
    (directory / "biometric_device_config.json").write_bytes(json.dumps(CONFIG).encode("utf-16"))
    with pytest.raises(ConfigError, match="save it as UTF-8"):
        load_config(directory)


@pytest.mark.parametrize(
    ("punches", "capacity", "warnings"), [(79, 100, 0), (80, 100, 1), (100, 100, 1), (5, 0, 0)]
)
def test_a_machine_that_fills_up_is_said_once_a_day(caplog, punches, capacity, warnings):
    moment = [datetime(2026, 10, 5, 9)]
    client: Any = SimpleNamespace(clock=SimpleNamespace(now=lambda: moment[0]))
    status = MachineStatus("S", None, 1, punches, capacity)
    door = Door(WorldMachine(Timeline(), Power()), seen=MachineState(status))
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            _warn_of_full_machine(client, door, status)
        assert len(caplog.records) == warnings
        moment[0] += timedelta(days=1)
        _warn_of_full_machine(client, door, status)
    assert len(caplog.records) == 2 * warnings

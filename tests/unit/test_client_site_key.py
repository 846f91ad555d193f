"""The site's key on the Pi: where it lies, and what is refused."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from attendance_client.app import site_key
from attendance_client.app.config import load_config
from attendance_client.app.doctor.files import examine_files
from attendance_client.errors import ConfigError
from attendance_client.relay.ledger import Ledger
from attendance_contracts import SEQUENCES_AHEAD, SiteKey, sequence_at

KEY = SiteKey.derived(b"s" * 32, "berlin", 3)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.delenv(site_key.CREDENTIALS, raising=False)
    return tmp_path


def config_of(folder, **more):
    text = json.dumps({"identifier": "berlin", "ip": "192.0.2.17", "port": 4370, **more})
    (folder / "biometric_device_config.json").write_text(text)
    return load_config(folder)


def write_key(path, key=KEY, mode=0o600):
    path.write_text(f"{key}\n")
    path.chmod(mode)


def test_without_a_key_nothing_is_signed(folder):
    config = config_of(folder)
    assert site_key.load_site_key(folder, config) is None
    assert "site key" not in [finding.about for finding in examine_files(folder, config)]


def test_the_usual_place_the_service_managers_and_the_named_one(folder, monkeypatch):
    write_key(folder / "site.key", SiteKey.derived(b"s" * 32, "berlin", 1))
    assert site_key.load_site_key(folder, config_of(folder)).number == 1
    credentials = folder / "credentials"
    credentials.mkdir()
    monkeypatch.setenv(site_key.CREDENTIALS, str(credentials))
    assert site_key.load_site_key(folder, config_of(folder)).number == 1
    write_key(credentials / "site.key", SiteKey.derived(b"s" * 32, "berlin", 2), 0o440)
    assert site_key.load_site_key(folder, config_of(folder)).number == 2
    write_key(folder / "mine")
    assert site_key.load_site_key(folder, config_of(folder, site_key_file="mine")) == KEY


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda path: path.chmod(0o644), "chmod 600"),
        (lambda path: path.write_text("secret"), "is no site's key"),
        (lambda path: path.write_bytes(b"\xff"), "is no text"),
        (lambda path: write_key(path, SiteKey.derived(b"s" * 32, "hamburg", 1)), "holds the key of hamburg"),
        (lambda path: path.unlink() or path.mkdir(0o700), "cannot be read"),
    ],
)
def test_what_cannot_be_used_is_told_with_the_way_out(folder, spoil, told):
    write_key(folder / "site.key")
    spoil(folder / "site.key")
    with pytest.raises(ConfigError, match=told):
        site_key.load_site_key(folder, config_of(folder))
    [finding] = [each for each in examine_files(folder, config_of(folder)) if each.about == "site key"]
    assert finding.level.value == "FAIL"
    assert told in finding.told


def test_a_key_that_is_named_must_be_there(folder):
    with pytest.raises(ConfigError, match="attendance-backend site-key"):
        site_key.load_site_key(folder, config_of(folder, site_key_file="mine"))


def test_numbers_rise_through_restarts_and_a_clock_that_goes_back(folder):
    path = folder / "ledger.sqlite3"

    def numbers(seconds, count):
        ledger = Ledger(path, config_of(folder).site.day_boundary)
        try:
            return [ledger.next_sequence(datetime.fromtimestamp(seconds, UTC)) for _ in range(count)]
        finally:
            ledger.close()

    assert numbers(5, 2) == [5000, 5001]
    assert numbers(1, 2) == [5002, 5003]
    assert numbers(9, 1) == [9000]


def test_numbers_of_a_clock_years_ahead_are_left_once_the_clouds_time_was_heard(folder):
    ledger = Ledger(folder / "ledger.sqlite3", config_of(folder).site.day_boundary)
    true = datetime(2026, 10, 6, 9, tzinfo=UTC)
    ledger.next_sequence(true + timedelta(days=1500))
    ledger.bound_sequence(true)
    first = ledger.next_sequence(true)
    # Above all that the backend may have counted, and counted by it a moment later.
    assert first == sequence_at(true + SEQUENCES_AHEAD) + 1
    later = true + timedelta(days=3)
    ledger.bound_sequence(later)
    assert ledger.next_sequence(later) == sequence_at(later)
    ledger.close()

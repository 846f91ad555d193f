"""biometric_device_config.json: what is wrong is told in one line that names the file and the key."""

import json
from datetime import time
from pathlib import Path

import pytest

from attendance_client.app.config import load_config, parse_config, system_time_zone
from attendance_client.errors import ConfigError

LEAST = {"identifier": "berlin", "ip": "192.168.1.201", "port": 4370, "time_zone": "Europe/Berlin"}


def write(directory, text):
    (directory / "biometric_device_config.json").write_text(text, encoding="utf-8")


def test_the_three_keys_of_the_original_format_are_enough(tmp_path):
    write(tmp_path, '{"identifier": "berlin", "ip": "192.168.1.201", "port": 4370}')
    config = load_config(tmp_path)

    assert (config.site.location, config.machine.host, config.machine.port) == (
        "berlin",
        "192.168.1.201",
        4370,
    )
    assert (config.site.polling_interval_s, config.site.deep_sleep_s) == (900, 3600)
    assert config.site.health_interval_s == 3600
    assert config.site.day_boundary == time(0)
    assert config.project_id is None


def test_every_key_is_heeded():
    config = parse_config(
        {
            **LEAST,
            "ip": "machine.office.example",
            "comm_key": 123456,
            "timeout_seconds": 20,
            "name_encoding": "cp1251",
            "day_boundary": "04:30",
            "polling_interval_minutes": 5,
            "deep_sleep_minutes": 30,
            "health_interval_minutes": 240,
            "daily_warning_days": 0,
            "udp": True,
            "clear_machine": True,
            "set_machine_clock": True,
            "project_id": "attendance-123",
        }
    )

    assert config.machine.host == "machine.office.example"
    assert (config.machine.comm_key, config.machine.timeout_s, config.machine.name_encoding) == (
        123456,
        20,
        "cp1251",
    )
    assert (config.site.time_zone, config.site.day_boundary) == ("Europe/Berlin", time(4, 30))
    assert (config.site.polling_interval_s, config.site.deep_sleep_s) == (300, 1800)
    assert config.site.health_interval_s == 14_400
    assert (config.site.daily_warning_days, config.project_id) == (0, "attendance-123")
    assert config.machine.udp
    assert config.site.clear_machine
    assert config.site.set_machine_clock


def test_what_changes_the_machine_is_off_unless_asked_for():
    config = parse_config(LEAST)

    assert (config.machine.udp, config.site.clear_machine, config.site.set_machine_clock) == (False,) * 3


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (
            {"identifier": "<id_to_denote_office_site>"},
            "'identifier': still holds the template's placeholder",
        ),
        ({"ip": "<ipv4_address_of_zkteko_machine>"}, "'ip': still holds the template's placeholder"),
        ({"identifier": "a b"}, "'identifier': location 'a b' must be"),
        ({"identifier": 7}, "'identifier': expected a text"),
        ({"identifier": ""}, "'identifier': expected a text"),
        ({"ip": "192.168.1.256"}, "'ip': "),
        ({"ip": "192.168.1"}, "'ip': "),
        ({"ip": "a..b"}, "'ip': 'a..b' is neither"),
        ({"ip": "http://machine"}, "'ip': 'http://machine' is neither"),
        ({"ip": None}, "'ip': expected a text"),
        ({"port": "4370"}, "'port': expected a whole number from 1 to 65535"),
        ({"port": "14370"}, "not '14370'; write it without quotation marks"),
        ({"timeout_seconds": "2.5"}, "not '2.5'; write it without quotation marks"),
        ({"udp": "true"}, "not 'true'; write it without quotation marks"),
        ({"port": 0}, "'port': expected a whole number"),
        ({"port": 4370.0}, "'port': expected a whole number"),
        ({"port": True}, "'port': expected a whole number"),
        ({"comm_key": -1}, "'comm_key': expected a whole number"),
        ({"timeout_seconds": 0}, "'timeout_seconds': expected a number from 1 to 120"),
        ({"timeout_seconds": float("nan")}, "'timeout_seconds': expected a number"),
        ({"time_zone": "Berlin"}, "'time_zone': 'Berlin' is no IANA time zone"),
        ({"time_zone": "../etc/passwd"}, "'time_zone': "),
        ({"day_boundary": "4:00"}, "'day_boundary': expected a time such as 04:00"),
        ({"day_boundary": "25:00"}, "'day_boundary': "),
        ({"name_encoding": "klingon"}, "'name_encoding': "),
        ({"polling_interval_minutes": 0}, "'polling_interval_minutes': expected a number"),
        ({"polling_interval_minutes": False}, "'polling_interval_minutes': expected a number"),
        ({"daily_warning_days": 1.5}, "'daily_warning_days': expected a whole number"),
        ({"clear_machine": "false"}, "'clear_machine': expected true or false, not 'false'"),
        ({"set_machine_clock": 1}, "'set_machine_clock': expected true or false, not 1"),
        ({"project_id": " "}, "'project_id': expected a text"),
        ({"prot": 4370}, "unknown key 'prot'; did you mean 'port'?"),
        ({"zzz": 1}, "unknown key 'zzz'. Known keys: identifier, ip, port"),
    ],
)
def test_a_wrong_value_is_told_in_one_line_that_names_its_key(tmp_path, change, complaint):
    write(tmp_path, json.dumps(LEAST | change))

    with pytest.raises(ConfigError) as refused:
        load_config(tmp_path)
    assert complaint in str(refused.value)
    assert str(tmp_path / "biometric_device_config.json") in str(refused.value)
    assert "\n" not in str(refused.value)


def test_all_that_is_wrong_is_told_at_once():
    with pytest.raises(ConfigError) as refused:
        parse_config({"identifer": "<site>", "ip": "192.168.1", "udp": "true", "comm_key": 7})

    assert str(refused.value) == (
        "4 faults: (1) unknown key 'identifer'; did you mean 'identifier'?; "
        "(2) 'ip': '192.168.1' is no IPv4 address, such as 192.0.2.17; (3) the key 'port' is missing; "
        "(4) 'udp': expected true or false, not 'true'; write it without quotation marks"
    )


@pytest.mark.parametrize("key", ["identifier", "ip", "port"])
def test_a_missing_key_is_named(key):
    document = {name: value for name, value in LEAST.items() if name != key}

    with pytest.raises(ConfigError, match=f"the key '{key}' is missing"):
        parse_config(document)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '{"port": ' + "9" * 5000 + "}", "[" * 100_000, '{"ip": "\\ud800"}']
)
def test_a_file_that_is_no_config_is_refused_in_one_line(tmp_path, text):
    write(tmp_path, text)

    with pytest.raises(ConfigError) as refused:
        load_config(tmp_path)
    assert "\n" not in str(refused.value)


def test_a_file_in_another_encoding_is_refused(tmp_path):
    (tmp_path / "biometric_device_config.json").write_bytes('{"identifier": "Köln"}'.encode("latin-1"))

    with pytest.raises(ConfigError, match=r"biometric_device_config\.json"):
        load_config(tmp_path)


def test_what_is_no_number_is_not_helped_by_leaving_out_quotation_marks():
    with pytest.raises(ConfigError, match=r"not 'four'$"):
        parse_config(LEAST | {"port": "four"})


def test_a_file_with_the_mark_that_windows_puts_in_front_is_read(tmp_path):
    (tmp_path / "biometric_device_config.json").write_text(json.dumps(LEAST), encoding="utf-8-sig")
    assert load_config(tmp_path).site.location == "berlin"


def test_a_missing_file_is_explained_with_the_least_it_needs(tmp_path):
    with pytest.raises(ConfigError, match=r"--directory.*identifier"):
        load_config(tmp_path)


def test_the_computers_own_time_zone_is_the_default(tmp_path):
    zone = tmp_path / "zoneinfo" / "Asia" / "Karachi"
    zone.parent.mkdir(parents=True)
    zone.touch()
    localtime = tmp_path / "localtime"
    localtime.symlink_to(zone)

    assert system_time_zone(localtime) == "Asia/Karachi"
    assert system_time_zone(Path("/no/such/file")) == "UTC"


def test_more_machines_take_what_they_leave_out_from_the_first():
    config = parse_config(
        {
            **LEAST,
            "machine_name": "front door",
            "comm_key": 7,
            "machines": [
                {"name": "back door", "ip": "192.168.1.202"},
                {"name": "gate", "ip": "gate.example", "port": 4371, "comm_key": 0, "udp": True},
            ],
        }
    )

    front, back, gate = config.machines
    assert (front.name, front.host, front.port, front.comm_key) == ("front door", "192.168.1.201", 4370, 7)
    assert (back.name, back.host, back.port, back.comm_key, back.udp) == (
        *("back door", "192.168.1.202", 4370, 7, False),
    )
    assert (gate.name, gate.host, gate.port, gate.comm_key, gate.udp) == (
        *("gate", "gate.example", 4371, 0, True),
    )


BACK = {"name": "back door", "ip": "192.168.1.202"}


@pytest.mark.parametrize(
    ("machines", "complaint"),
    [
        ({}, "'machines': expected a list of objects, such as"),
        (["192.168.1.202"], "'machines': expected a list of objects, such as"),
        ([{"ip": "192.168.1.202"}], "'machines', number 1: the key 'name' is missing"),
        ([BACK, {"name": "gate"}], "'machines', number 2: the key 'ip' is missing"),
        ([{**BACK, "prot": 1}], "'machines', number 1: unknown key 'prot'; did you mean 'port'?"),
        ([{**BACK, "port": "x"}], "'machines', number 1: 'port': expected a whole number from 1 to 65535"),
        (
            [{**BACK, "name": "a\nb"}],
            "'machines', number 1: 'name': expected a name of at most 40 characters",
        ),
        ([{**BACK, "name": "x" * 41}], "expected a name of at most 40 characters"),
        ([{**BACK, "ip": "192.168.1.201"}], "'machines': 192.168.1.201:4370 is that of 2 machines"),
        ([BACK, {**BACK, "ip": "192.168.1.203", "name": "Back Door"}], "back door is that of 2 machines"),
        ([BACK] * 20, "expected at most 19 machines, not 20"),
    ],
)
def test_machines_that_cannot_be(machines, complaint):
    with pytest.raises(ConfigError) as refusal:
        parse_config({**LEAST, "machines": machines})
    assert complaint in str(refusal.value)
    assert "\n" not in str(refusal.value)

"""What is believed of attendance machines, tried on the simulated one; and machines that are found."""

import base64
import ipaddress
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from attendance_client.app.cli import main
from attendance_client.app.config import load_config
from attendance_client.app.device_command import find
from attendance_client.app.diary import Diary, SeenMachine
from attendance_client.machine.zk import selftest
from attendance_client.machine.zk.selftest import ON_MACHINES
from attendance_sandbox.device.faults import AnswerWith, Table
from attendance_sandbox.device.machine import AttendanceMachine
from attendance_sandbox.device.protocol import Reply
from attendance_sandbox.device.server import DeviceServer
from attendance_sandbox.device.session import Manner

PAGE = Path(__file__).parents[2] / "docs/believed-of-machines.md"
CONFIG = "biometric_device_config.json"
NETWORK = ipaddress.IPv4Network("127.0.0.1/32")


def made(width=40, punches=100, **options):
    machine = AttendanceMachine(record_size=width, **options)
    begun = machine.now() - timedelta(days=3)
    for number in range(3):
        machine.add_user(str(1001 + number), f"Anna Example {number}")
    for number in range(punches):
        machine.punch(str(1001 + number % 3), begun + timedelta(minutes=number))
    return machine


def configure(folder, server, **more):
    config = {"identifier": "berlin", "ip": "127.0.0.1", "port": server.port, "timeout_seconds": 1}
    (folder / CONFIG).write_text(json.dumps(config | more))
    return load_config(folder)


@pytest.fixture(autouse=True)
def no_time(monkeypatch):
    monkeypatch.setattr(selftest, "WAIT_S", 0.0)


def tried(capsys, folder, server, code=0, **more):
    """Outcome and what was seen, by name."""
    configure(folder, server, **more)
    file = folder / "report.json"
    assert main(["device", "selftest", "--directory", str(folder), "--to", str(file)]) == code
    printed = capsys.readouterr()
    lines = re.findall(r"^(as believed|OTHERWISE|not tried) +([a-z-]+) +(.*)$", printed.out, re.MULTILINE)
    assert [name for _, name, _ in lines] == [belief.name for belief in ON_MACHINES]
    assert f"wrote {file}" in printed.out
    return {name: (outcome, seen) for outcome, name, seen in lines}, printed.err


@pytest.mark.parametrize("width", [8, 16, 40, 49])
def test_the_simulated_machine_is_as_it_is_believed_to_be(capsys, tmp_path, width):
    machine = made(width)
    before = len(machine.records)
    with DeviceServer(machine) as server:
        found, errors = tried(capsys, tmp_path, server)

    assert {outcome for outcome, _ in found.values()} == {"as believed"}, found
    assert errors == ""
    assert f"100 records of {width} bytes" in found["log-fits"][1]
    assert (machine.enabled, len(machine.records)) == (True, before)
    assert all(re.search(r" \(\d+\.\d s\)$", seen) for _, seen in found.values())


def test_the_file_can_be_replayed_and_bears_no_name(capsys, tmp_path):
    with DeviceServer(made()) as server:
        tried(capsys, tmp_path, server)
    file = tmp_path / "report.json"
    assert main(["device", "punches", "--last", "1", "--replay", str(file)]) == 0
    assert "1001" in capsys.readouterr().out
    kept = json.loads(file.read_text())
    assert b"1001" in base64.b64decode(kept["users"])
    assert b"Example" not in base64.b64decode(kept["users"]) + file.read_bytes()
    assert len(kept["selftest"]) == len(ON_MACHINES)


def test_a_machine_that_is_otherwise_is_told_of_and_everything_else_is_tried(capsys, tmp_path):
    machine = made(clock_offset=timedelta(hours=2))
    with DeviceServer(machine) as server:
        server.faults.add(AnswerWith(Reply.ERROR), table=Table.USERS, times=None)
        found, errors = tried(capsys, tmp_path, server, code=1)

    assert found["clock-agrees"] == ("OTHERWISE", found["clock-agrees"][1])
    assert found["clock-agrees"][1].startswith("+7200 s off")
    assert found["users-fit"][0] == found["names-text"][0] == "not tried"
    assert found["log-part"][0] == found["log-again"][0] == "as believed"
    assert "not as it is believed to be in clock-agrees: send" in errors
    assert errors.count("\n") == 1


def test_an_empty_machine(capsys, tmp_path):
    with DeviceServer(made(punches=0)) as server:
        found, _ = tried(capsys, tmp_path, server)

    assert found["log-fits"][0] == "as believed"
    assert {found[name][0] for name in ("log-punches", "log-order", "log-part", "log-again")} == {"not tried"}


def test_records_whose_times_go_back(capsys, tmp_path):
    machine = made()
    for number in range(10):
        machine.punch("1001", machine.now() - timedelta(days=20 + number))
    with DeviceServer(machine) as server:
        found, _ = tried(capsys, tmp_path, server, code=1)

    assert found["log-order"][0] == "OTHERWISE"
    assert "10 of 110 are earlier" in found["log-order"][1]


def test_the_docs_list_the_same():
    listed = re.findall(r"^\| `([a-z-]+)` \| (.+?) \| .+ \|$", PAGE.read_text(), re.MULTILINE)
    assert listed == [(belief.name, belief.words) for belief in ON_MACHINES]


def test_several_machines_are_tried_one_by_one(capsys, tmp_path):
    with DeviceServer(made()) as server:
        configure(tmp_path, server, machines=[{"name": "gate", "ip": "192.0.2.9"}])
        assert main(["device", "selftest", "--directory", str(tmp_path)]) == 2
    assert "--machine '127.0.0.1' or 'gate'" in capsys.readouterr().err


# -- find


def diary(*seen):
    now = datetime.now(UTC).replace(tzinfo=None)
    return Diary(now, now, machines=tuple(seen))


def test_a_machine_is_found_with_its_key_and_told_by_its_name(tmp_path):
    with DeviceServer(made(serial_number="FRONT-1"), comm_key=77) as server:
        config = configure(tmp_path, server, comm_key=77, machine_name="front door")
        (line,) = find(config, None, [NETWORK])

    told = f"127.0.0.1:{server.port}  serial number FRONT-1, 100 punches, 3 users: this is front door of {CONFIG}"
    assert line == told


def test_a_machine_whose_address_has_changed_is_recognised(tmp_path):
    with DeviceServer(made(serial_number="FRONT-1")) as server:
        config = configure(tmp_path, server, ip="192.0.2.17", machine_name="front door")
        told = list(
            find(config, diary(SeenMachine("192.0.2.17", server.port, serial_number="FRONT-1")), [NETWORK])
        )

    assert told[0].endswith(
        f": this is front door (192.0.2.17:{server.port}), whose address has changed: put 127.0.0.1 into 'ip' in "
        f"{CONFIG}"
    )
    assert told[1] == f"front door (192.0.2.17:{server.port}) of {CONFIG} does not answer"


def test_a_stranger_and_one_with_another_key(tmp_path):
    with DeviceServer(made(serial_number="OTHER"), manner=Manner(comm_key=5)) as server:
        config = configure(tmp_path, server, ip="192.0.2.17")
        told = list(
            find(config, diary(SeenMachine("192.0.2.17", server.port, serial_number="FRONT-1")), [NETWORK])
        )
        assert "refuses the comm key" in told[0]

        config = configure(
            tmp_path, server, ip="192.0.2.17", machines=[{"name": "gate", "ip": "192.0.2.18", "comm_key": 5}]
        )
        told = list(find(config, None, [NETWORK]))
        assert told[0] == f"127.0.0.1:{server.port}  serial number OTHER, 100 punches, 3 users"


def test_a_search_ends(tmp_path, monkeypatch):
    monkeypatch.setattr("attendance_client.app.search.LONGEST_SEARCH_S", -1.0)
    with DeviceServer(made()) as server:
        told = list(find(configure(tmp_path, server), None, [NETWORK]))
    assert told == [f"127.0.0.1:{server.port}  was not asked: too much answers on this network"]


def test_nothing_is_found(tmp_path):
    with DeviceServer(made()) as server:
        config = configure(tmp_path, server)
    assert list(find(config, None, [NETWORK])) == [
        "nothing answers as an attendance machine does (127.0.0.1/32)"
    ]

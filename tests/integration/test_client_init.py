"""attendance-client init: by the file of a site, and by a conversation; with a machine that answers."""

import ipaddress
import json
import os
import pty
import subprocess
import sys

import pytest

from attendance_client.app import cli
from attendance_client.app.config import load_config
from attendance_client.app.init import Person, interview, write
from attendance_client.app.search import machines_among, what_is_at
from attendance_client.app.site_key import load_site_key
from attendance_client.machine.port import MachineAddress
from attendance_contracts import SiteKey
from attendance_sandbox.device.machine import AttendanceMachine
from attendance_sandbox.device.server import DeviceServer

SITE_KEY = str(SiteKey.derived(b"secret" * 6, "Head_Office", 1))
ACCOUNT = {
    "type": "service_account",
    "project_id": "office-1",
    "client_email": "site@office-1.iam.gserviceaccount.com",
    "private_key": "made up",
    "token_uri": "https://oauth2.googleapis.com/token",
}


@pytest.fixture(autouse=True)
def no_google(monkeypatch):
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "")


@pytest.fixture
def machine():
    machine = AttendanceMachine(serial_number="SIM-1")
    machine.add_user("7", "Anna")
    with DeviceServer(machine, comm_key=4711) as server:
        yield server


@pytest.fixture
def site_file(tmp_path):
    path = tmp_path / "Head_Office.json"
    content = {
        "biometric_device_config": {
            "identifier": "Head_Office",
            "ip": "127.0.0.1",
            "port": 9,
            "project_id": "office-1",
        },
        "service_account": ACCOUNT,
        "site_key": SITE_KEY,
    }
    path.write_text(json.dumps(content))
    return path


@pytest.fixture
def directory(tmp_path):
    directory = tmp_path / "site"
    directory.mkdir()
    return directory


def changed(path, **changes):
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def from_file(directory, path):
    return cli.main(["init", "--from", str(path), "--directory", str(directory)])


def test_the_file_of_a_site_says_it_all(directory, site_file, monkeypatch, capsys):
    key = directory.parent / "etc" / "service-account.json"
    key.parent.mkdir()
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(key))

    assert from_file(directory, site_file) == 1  # nothing answers there
    printed = capsys.readouterr().out
    assert f"wrote {key}\n" in printed
    assert "ok    config         site Head_Office, machine at 127.0.0.1:9" in printed
    assert "FAIL  machine" in printed
    config = load_config(directory)
    assert (config.site.location, config.project_id) == ("Head_Office", "office-1")
    assert str(load_site_key(directory, config)) == SITE_KEY
    assert json.loads(key.read_text()) == ACCOUNT
    assert {path.stat().st_mode & 0o007 for path in (key, *directory.iterdir())} == {0}


def test_a_new_file_keeps_what_was_set_by_hand_and_replaces_what_it_names(directory, site_file):
    (directory / "biometric_device_config.json").write_text(
        json.dumps({"identifier": "Head_Office", "ip": "192.0.2.1", "port": 99, "comm_key": 12})
    )
    from_file(directory, site_file)
    machine = load_config(directory).machine
    assert (machine.host, machine.port, machine.comm_key) == ("127.0.0.1", 9, 12)


def test_punches_of_another_site_are_not_sent_as_this_ones(directory, site_file, capsys):
    config = directory / "biometric_device_config.json"
    config.write_text(json.dumps({"identifier": "berlin", "ip": "192.0.2.1", "port": 4370}))
    (directory / "ledger.sqlite3").touch()
    assert from_file(directory, site_file) == 2
    assert "holds the punches of berlin" in capsys.readouterr().err
    assert [path.name for path in directory.iterdir() if path.name != "ledger.sqlite3"] == [config.name]
    (directory / "ledger.sqlite3").unlink()
    assert from_file(directory, site_file) == 1
    assert load_config(directory).site.location == "Head_Office"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"biometric_device_config": {"identifier": "Head_Office"}}, "'ip' is missing"),
        ({"biometric_device_config": None}, "is no file of a site"),
        ({"service_account": {"private_key": "x"}}, "no key of a service account"),
        ({"site_key": str(SiteKey.derived(b"secret" * 6, "berlin", 1))}, "is of berlin, not of Head_Office"),
        ({"site_key": "abc"}, "Head_Office.json"),
    ],
)
def test_a_file_that_cannot_be_meant_changes_nothing(directory, site_file, capsys, changes, told):
    changed(site_file, **changes)
    assert from_file(directory, site_file) == 2
    printed = capsys.readouterr()
    assert told in printed.err
    assert "deploy site add" in printed.err
    assert (printed.out, list(directory.iterdir())) == ("", [])


@pytest.mark.parametrize("content", ["", "{", "[]", "[" * 100_000, "\x00"])
def test_what_is_no_file_at_all(directory, site_file, capsys, content):
    site_file.write_text(content)
    assert from_file(directory, site_file) == 2
    assert from_file(directory, directory / "none.json") == 2
    assert capsys.readouterr().err.count("\n") == 2


class Script:
    """Answers in turn; keeps what was said."""

    def __init__(self, *answers):
        self.answers, self.said = list(answers), []

    def ask(self, question):
        self.said.append(question)
        return self.answers.pop(0)


def talk(directory, script, found=()):
    person = Person(script.ask, script.ask, script.said.append, lambda: list(found), what_is_at)
    return interview(directory, person)


def test_a_person_is_asked_until_all_could_be_right(directory, site_file, machine, tmp_path):
    key = tmp_path / "key.json"
    key.write_text(json.dumps(ACCOUNT))
    script = Script(
        str(tmp_path / "other.json"),
        str(key),
        "",
        "Head Office!",
        "Head_Office",
        "",
        "a..b",
        f"127.0.0.1:{machine.port}",
        "c",
        "4711",
        "Europe/Nowhere",
        "Europe/Berlin",
        "abc",
        SITE_KEY,
    )
    files = talk(directory, script)
    told = "\n".join(script.said)
    assert script.answers == []
    assert "other.json cannot be read" in told
    assert "it has to be told" in told
    assert "Google Cloud project [office-1]" in told
    assert "refuses the comm key" in told
    assert "serial number SIM-1, 0 punches, 1 users" in told
    assert list(directory.iterdir()) == []

    assert f"export GOOGLE_APPLICATION_CREDENTIALS={directory}/service-account.json" in str(
        list(write(directory, files))
    )
    config = load_config(directory)
    assert config.machine == MachineAddress("127.0.0.1", machine.port, comm_key=4711)
    assert (config.site.location, config.site.time_zone) == ("Head_Office", "Europe/Berlin")
    assert json.loads((directory / "service-account.json").read_text()) == ACCOUNT


def test_what_is_there_is_offered(directory, site_file, machine):
    from_file(directory, site_file)
    (directory / "biometric_device_config.json").write_text(
        json.dumps(
            {**json.loads((directory / "biometric_device_config.json").read_text()), "port": machine.port}
        )
    )
    script = Script("", "", "", "k", "")
    files = talk(directory, script)
    assert script.answers == []
    assert files.config["identifier"] == "Head_Office"
    assert (files.service_account, files.site_key) == (None, None)


def test_a_found_machine_is_taken_by_its_number(directory, site_file, machine):
    changed(
        site_file,
        biometric_device_config={"identifier": "Head_Office", "ip": "127.0.0.1", "port": machine.port},
    )
    script = Script("", "berlin", "office-1", "1", "k", "", "")
    files = talk(directory, script, found=[("127.0.0.9", "serial number SIM-9")])
    assert files.config["ip"] == "127.0.0.9"
    assert "  1  127.0.0.9  serial number SIM-9" in script.said


def test_machines_are_found_by_their_answer(machine):
    network = ipaddress.IPv4Network("127.0.0.0/30")
    (found,) = [each for each in machines_among([network], machine.port) if each[0] == "127.0.0.1"]
    assert "refuses the comm key" in found[1]


def test_at_a_terminal_ctrl_d_writes_nothing(directory):
    starter = "import sys; from attendance_client.app.cli import main; sys.exit(main(sys.argv[1:]))"
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", starter, "init", "--directory", directory],
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.write(ours, b"\x04")
    printed, complaints = process.communicate(timeout=60)
    os.close(ours)
    os.close(theirs)
    assert process.returncode == 2
    assert complaints.endswith("attendance-client: nothing was written\n")
    assert "Which key file?" in printed
    assert list(directory.iterdir()) == []

    nobody = subprocess.run(
        [sys.executable, "-c", starter, "init", "--directory", directory],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert nobody.returncode == 2
    assert "init --from FILE" in nobody.stderr

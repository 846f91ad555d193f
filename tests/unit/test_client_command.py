"""attendance-client as a person meets it: one line for what they must fix, and no traceback."""

import json
import subprocess
import sys

import pytest

from attendance_client.app.cli import main

CONFIG = {"identifier": "berlin", "ip": "127.0.0.1", "port": 4370, "project_id": "test", "time_zone": "UTC"}

CLI = "import sys; from attendance_client.app.cli import main; sys.exit(main())"
HOLD_LOCK = """
import fcntl, os, sys
lock = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT)
fcntl.flock(lock, fcntl.LOCK_EX)
print("locked", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def directory(tmp_path):
    write_config(tmp_path)
    return tmp_path


def write_config(directory, **changes):
    (directory / "biometric_device_config.json").write_text(json.dumps(CONFIG | changes))


def complaint(capsys, *arguments, code=2):
    """The one line that a failing command prints; status shows before it what can be told all the same."""
    assert main(arguments) == code
    printed = capsys.readouterr()
    assert ("berlin" in printed.out) == (arguments[0] == "status" and "config.json" not in printed.err)
    assert printed.err.startswith("attendance-client: ")
    assert printed.err.count("\n") == 1
    return printed.err


@pytest.mark.parametrize("command", ["run", "status"])
def test_a_missing_config(tmp_path, capsys, command):
    assert "biometric_device_config.json does not exist" in complaint(
        capsys, command, "--directory", str(tmp_path)
    )


@pytest.mark.parametrize("command", ["run", "status"])
def test_a_config_that_is_wrong(tmp_path, capsys, command):
    write_config(tmp_path, port="4370")

    assert "'port': expected a whole number" in complaint(capsys, command, "--directory", str(tmp_path))


@pytest.mark.parametrize("command", ["run", "status"])
@pytest.mark.parametrize("content", ['{"pi4_state": 1}', '{"pi4_state": 77}'])
def test_a_snapshot_that_is_whole_and_none(directory, capsys, command, content):
    (directory / "snapshot.json").write_text(content)

    line = complaint(capsys, command, "--directory", str(directory))
    assert "snapshot.json" in line
    assert "Delete snapshot.json" in line


@pytest.mark.parametrize("content", ["", "{", "[" * 100_000])
def test_a_snapshot_that_a_disk_damaged_stops_nothing(directory, capsys, content):
    (directory / "snapshot.json").write_text(content)

    assert main(["status", "--directory", str(directory)]) == 0
    assert "snapshot.json is damaged: the client begins without it" in capsys.readouterr().out


def test_a_ledger_that_is_no_database_is_put_aside_when_the_client_starts(directory, capsys):
    (directory / "ledger.sqlite3").write_bytes(b"not a database" * 1000)

    line = complaint(capsys, "status", "--directory", str(directory), code=1)
    assert "ledger.sqlite3: file is not a database. When the client starts, it puts the file aside" in line


def test_nothing_to_recover(directory, capsys):
    assert main(["ledger", "recover", "--directory", str(directory)]) == 0
    assert "nothing to recover" in capsys.readouterr().out


def test_a_second_client_in_the_same_directory(directory, capsys, monkeypatch):
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", "127.0.0.1:1")
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            HOLD_LOCK,
            directory / "client.lock",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert holder.stdout.readline() == b"locked\n"

        line = complaint(capsys, "run", "--directory", str(directory), code=1)
        assert "another client is running" in line
        assert main(["status", "--directory", str(directory)]) == 0  # which only reads
    finally:
        holder.communicate()


def test_no_google_project(directory, capsys, monkeypatch, tmp_path_factory):
    write_config(directory, project_id="x")
    document = {key: value for key, value in CONFIG.items() if key != "project_id"}
    (directory / "biometric_device_config.json").write_text(json.dumps(document))
    for name in ("GOOGLE_CLOUD_PROJECT", "GOOGLE_APPLICATION_CREDENTIALS", "GCLOUD_PROJECT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path_factory.mktemp("gcloud")))
    monkeypatch.setenv("NO_GCE_CHECK", "true")

    assert "'project_id'" in complaint(capsys, "run", "--directory", str(directory))


def test_the_status_of_a_client_that_never_ran(directory, capsys):
    assert main(["status", "--directory", str(directory)]) == 0

    printed = capsys.readouterr().out
    assert "berlin" in printed
    assert "127.0.0.1:4370" in printed
    assert "has never run here" in printed
    assert [path.name for path in directory.iterdir()] == [
        "biometric_device_config.json"
    ]  # it writes nothing


def test_a_reader_that_has_seen_enough(directory):
    """As in `attendance-client status | head`."""
    command = [sys.executable, "-c", CLI, "status", "--directory", str(directory)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.close()
    complaints = process.stderr.read()
    process.stderr.close()

    assert (process.wait(timeout=60), complaints) == (0, b"")


def test_the_status_of_a_snapshot_in_the_original_format(directory, capsys):
    (directory / "snapshot.json").write_text(
        '{"pi4_state": 1, "sys_flags": 0, "sheet_id": null, "last_stored_timestamp": null}'
    )

    assert main(["status", "--directory", str(directory)]) == 0
    assert "FETCH_REVIEW_PERIOD" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        ([], 2, "ask the attendance machine itself"),
        (["--help"], 0, "snapshot.json"),
        (["run", "--help"], 0, "--verbose"),
        (["status", "--help"], 0, "not stored yet"),
        (["doctor", "--help"], 0, "FAIL"),
        (["--version"], 0, "attendance-client "),
        (["run", "--log-level", "loud"], 2, "warning"),
        (["replay"], 2, "--since"),
        (["replay", "--since", "yesterday"], 2, "such as 2026-11-01"),
        (["fly"], 2, "fly"),
    ],
)
def test_help_and_slips_of_the_pen(capsys, arguments, code, word):
    with pytest.raises(SystemExit) as end:
        main(arguments)

    printed = capsys.readouterr()
    assert end.value.code == code
    assert word in (printed.err if code else printed.out)


def test_a_directory_that_cannot_be_written(directory, capsys, monkeypatch):
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", "127.0.0.1:1")
    directory.joinpath("client.lock").mkdir()

    assert "must belong to the user who runs the client" in complaint(
        capsys, "run", "--directory", str(directory)
    )

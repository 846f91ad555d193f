"""Each program runs without the others' libraries: checked in an interpreter of its own."""

import json
import subprocess
import sys

import pytest

SCRIPT = """
import sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {forbidden!r}:
            raise ModuleNotFoundError(name + " is not installed here", name=name)

sys.meta_path.insert(0, Refuse())
import {module}
"""
COMMAND = (
    SCRIPT
    + """
sys.exit({module}.main(sys.argv[1:]))
"""
)
SANDBOX = ("attendance_sandbox", "openpyxl", "aiosmtpd", "rich", "hypothesis", "generator")


@pytest.mark.parametrize(
    ("module", "forbidden"),
    [
        (
            "attendance_client.app.bootstrap",
            ("gspread", "functions_framework", "attendance_backend", *SANDBOX),
        ),
        ("attendance_client.app.status", ("zk", "google", "grpc", "gspread", *SANDBOX)),
        ("attendance_backend.app.bootstrap", ("zk", "statemachine", "attendance_client", *SANDBOX)),
        ("attendance_contracts", ("zk", "google", "gspread", "statemachine", *SANDBOX)),
    ],
)
def test_runs_without(module, forbidden):
    script = SCRIPT.format(forbidden=set(forbidden), module=module)
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize(
    ("command", "arguments", "missing", "extra"),
    [
        ("attendance-backend", ["check", "--settings", "functions.yaml"], "gspread", "operator"),
        ("attendance-backend", ["init", "--settings", "functions.yaml"], "google.auth", "operator"),
        ("attendance-client", ["status"], "statemachine", "client"),
        ("attendance-client", ["run"], "zk", "client"),
        ("attendance-client", ["device", "info"], "zk", "client"),
        ("attendance-client", ["doctor"], "google.auth", "client"),
        ("attendance-sandbox", ["--help"], "rich", "sandbox"),
        ("attendance-sandbox", ["device"], "aiosmtpd", "sandbox"),
    ],
)
def test_a_command_whose_packages_are_missing_says_so_in_one_line(
    tmp_path, command, arguments, missing, extra
):
    (tmp_path / "functions.yaml").write_text("REVIEW_PERIODS_SPREADSHEET_ID: control-spreadsheet\n")
    config = {"identifier": "berlin", "ip": "127.0.0.1", "port": 1, "project_id": "test", "time_zone": "UTC"}
    (tmp_path / "biometric_device_config.json").write_text(json.dumps(config))
    module = f"{command.replace('-', '_')}.{'cli' if command == 'attendance-sandbox' else 'app.cli'}"
    script = COMMAND.format(forbidden={missing.split(".")[0]}, module=module)
    result = subprocess.run(
        [sys.executable, "-c", script, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert result.returncode == 2, result.stderr
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"{command}: the package {missing.split('.')[0]}"), line
    assert line.endswith(f" is missing: install this command's packages with pip install '.[{extra}]'")


def test_a_module_of_ours_that_is_missing_is_no_package_to_install():
    script = COMMAND.format(
        forbidden={"attendance_client.app.status"}, module="attendance_client.app.cli"
    ).replace('name.split(".")[0]', "name")
    result = subprocess.run(
        [sys.executable, "-c", script, "status"], capture_output=True, text=True, check=False
    )
    assert "attendance_client.app.status" in result.stderr
    assert "pip install" not in result.stderr
    assert result.returncode == 1

"""Each program runs without the others' libraries: checked in an interpreter of its own."""

import subprocess
import sys

import pytest

SCRIPT = """
import sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {forbidden!r}:
            raise ImportError(name + " is not installed here")

sys.meta_path.insert(0, Refuse())
import {module}
"""
SANDBOX = ("attendance_sandbox", "openpyxl", "aiosmtpd", "rich", "hypothesis", "generator")


@pytest.mark.parametrize(
    ("module", "forbidden"),
    [
        ("attendance_client.bootstrap", ("gspread", "functions_framework", "attendance_backend", *SANDBOX)),
        ("attendance_client.status", ("zk", "google", "grpc", "gspread", *SANDBOX)),
        ("attendance_backend.bootstrap", ("zk", "statemachine", "attendance_client", *SANDBOX)),
        ("attendance_contracts", ("zk", "google", "gspread", "statemachine", *SANDBOX)),
    ],
)
def test_runs_without(module, forbidden):
    script = SCRIPT.format(forbidden=set(forbidden), module=module)
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr

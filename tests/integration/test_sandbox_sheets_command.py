"""`attendance-sandbox sheets` as people run it."""

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import openpyxl
from google.auth.transport.requests import AuthorizedSession

from attendance_sandbox.sheets.schema import Json
from tests.integration.sandbox_process import STARTER, rest, running
from tests.integration.test_sandbox_sheets_support import credentials


def eventually(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.02)


def test_it_serves_saves_and_stops_cleanly(tmp_path: Path) -> None:
    folder = tmp_path / "books"
    with running("sheets", "--port", "0", "--folder", str(folder), "--shared-folder", "Office") as (
        process,
        line,
    ):
        assert line.startswith("sheets on 127.0.0.1:")
        url = "http://" + line.rsplit(" ", 1)[1]
        key_file = folder / "service-account.json"
        assert key_file.stat().st_mode & 0o777 == 0o600
        with AuthorizedSession(credentials(json.loads(key_file.read_text(encoding="utf-8")))) as session:
            made = session.post(url + "/v4/spreadsheets", json={"properties": {"title": "Book"}}).json()
            values: Json = {"values": [["x", 1]]}
            one = f"{url}/v4/spreadsheets/{made['spreadsheetId']}/values/A1"
            session.put(one, json=values, params={"valueInputOption": "RAW"})
        process.send_signal(signal.SIGTERM)
        output, errors = rest(process)
    assert (process.returncode, errors) == (0, "")
    assert openpyxl.load_workbook(folder / "Book.xlsx").active["A1"].value == "x"
    assert "folder Office: 0A" in output
    assert f"PUT /v4/spreadsheets/{made['spreadsheetId']}/values/A1 200 wrote 2" in output


def test_quiet_prints_the_address_and_nothing_else(tmp_path: Path) -> None:
    with running("sheets", "--port", "0", "--folder", str(tmp_path), "--quiet") as (process, line):
        assert line.startswith("sheets on 127.0.0.1:")
        process.send_signal(signal.SIGINT)
        assert rest(process) == ("", "")
        assert process.returncode == 0


def test_a_port_in_use_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with running("sheets", "--port", str(port), "--folder", str(tmp_path)) as (process, line):
            _, errors = rest(process)
    assert (process.returncode, line) == (2, "")
    assert errors.count("\n") == 1
    assert f"port {port}" in errors


def test_a_folder_that_cannot_be_made_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with running("sheets", "--port", "0", "--folder", str(tmp_path / "file" / "books")) as (process, _):
        _, errors = rest(process)
    assert process.returncode == 2
    assert errors.startswith("attendance-sandbox sheets: cannot start: ")
    assert errors.count("\n") == 1


def test_help_shows_an_example() -> None:
    result = subprocess.run(
        [sys.executable, "-c", STARTER, "sheets", "--help"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert "attendance-sandbox sheets --port" in result.stdout

"""`attendance-sandbox mail` as people run it."""

import signal
import smtplib
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from attendance_backend.app.cli import main as backend_command
from tests.integration.sandbox_process import STARTER, rest, running


def test_it_keeps_mail_and_stops_cleanly(tmp_path: Path) -> None:
    with running("mail", "--port", "0", "--folder", str(tmp_path / "mail")) as (process, line):
        assert line.startswith("mail on 127.0.0.1:")
        with smtplib.SMTP("127.0.0.1", int(line.rsplit(":", 1)[1]), timeout=60) as smtp:
            smtp.sendmail("a@example.com", "hr@example.com", "Subject: Missing period\r\n\r\nbody\r\n")
        process.send_signal(signal.SIGTERM)
        output, errors = rest(process)
    assert (process.returncode, errors) == (0, "")
    assert "to hr@example.com: Missing period" in output
    assert [path.name for path in (tmp_path / "mail").iterdir()] == ["00001-missing-period.eml"]


def test_it_is_gmail_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with running("mail", "--port", "0", "--folder", str(tmp_path), "--gmail", "0") as (process, _):
        assert process.stdout is not None
        url = process.stdout.readline().removeprefix("export GMAIL_API_URL=").strip()
        consent = tmp_path / "gmail-consent.json"
        for name, value in {
            "MAIL_TRANSPORT": "gmail",
            "GMAIL_API_URL": url,
            "GMAIL_CREDENTIALS": consent.read_text(),
            "MAIL_FROM": "attendance@example.com",
            "ALARM_TO": "hr@example.com",
        }.items():
            monkeypatch.setenv(name, value)
        assert backend_command(["mail", "test"]) == 0
        process.send_signal(signal.SIGTERM)
        output, errors = rest(process)
    assert (process.returncode, errors) == (0, "")
    assert "to hr@example.com: Attendance: a test [Gmail]" in output
    assert (tmp_path / "00001-attendance-a-test.eml").exists()


def test_quiet_prints_the_address_and_nothing_else(tmp_path: Path) -> None:
    with running("mail", "--port", "0", "--folder", str(tmp_path), "--quiet") as (process, line):
        with smtplib.SMTP("127.0.0.1", int(line.rsplit(":", 1)[1]), timeout=60) as smtp:
            smtp.sendmail("a@example.com", "hr@example.com", "Subject: x\r\n\r\nbody\r\n")
        process.send_signal(signal.SIGINT)
        assert rest(process) == ("", "")
        assert process.returncode == 0


def test_a_port_in_use_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with running("mail", "--port", str(port), "--folder", str(tmp_path)) as (process, line):
            _, errors = rest(process)
    assert (process.returncode, line) == (2, "")
    assert errors.count("\n") == 1
    assert f"port {port}" in errors


def test_help_shows_an_example() -> None:
    result = subprocess.run(
        [sys.executable, "-c", STARTER, "mail", "--help"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert "attendance-sandbox mail --port" in result.stdout

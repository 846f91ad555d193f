"""`attendance-sandbox mail` as people run it."""

import signal
import smtplib
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

STARTER = "import sys; from attendance_sandbox.cli import main; sys.exit(main(sys.argv[1:]))"


@contextmanager
def running(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The command, and the first line that it printed."""
    process = subprocess.Popen(
        [sys.executable, "-c", STARTER, "mail", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield process, process.stdout.readline().strip()
    finally:
        if process.poll() is None:
            process.kill()
            rest(process)


def rest(process: subprocess.Popen[str]) -> tuple[str, str]:
    """What the command printed after its first line, and its errors, once it has ended."""
    assert process.stdout is not None
    assert process.stderr is not None
    with process.stdout as output, process.stderr as errors:
        printed = output.read(), errors.read()
    process.wait(timeout=10)
    return printed


def test_it_keeps_mail_and_stops_cleanly(tmp_path: Path) -> None:
    with running("--port", "0", "--folder", str(tmp_path / "mail")) as (process, line):
        assert line.startswith("mail on 127.0.0.1:")
        with smtplib.SMTP("127.0.0.1", int(line.rsplit(":", 1)[1]), timeout=5) as smtp:
            smtp.sendmail("a@example.com", "hr@example.com", "Subject: Missing period\r\n\r\nbody\r\n")
        process.send_signal(signal.SIGTERM)
        output, errors = rest(process)
    assert (process.returncode, errors) == (0, "")
    assert "to hr@example.com: Missing period" in output
    assert [path.name for path in (tmp_path / "mail").iterdir()] == ["00001-missing-period.eml"]


def test_quiet_prints_the_address_and_nothing_else(tmp_path: Path) -> None:
    with running("--port", "0", "--folder", str(tmp_path), "--quiet") as (process, line):
        with smtplib.SMTP("127.0.0.1", int(line.rsplit(":", 1)[1]), timeout=5) as smtp:
            smtp.sendmail("a@example.com", "hr@example.com", "Subject: x\r\n\r\nbody\r\n")
        process.send_signal(signal.SIGINT)
        assert rest(process) == ("", "")
        assert process.returncode == 0


def test_a_port_in_use_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with running("--port", str(port), "--folder", str(tmp_path)) as (process, line):
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
        timeout=20,
    )
    assert "attendance-sandbox mail --port" in result.stdout

"""Lines for systemd's journal, with its priorities and fields of ours: journalctl STATE=RELAY_ATTENDANCE_RECORDS."""

import logging
import os
import socket
import struct
from collections.abc import Callable, Mapping
from typing import TextIO

SOCKET = "/run/systemd/journal/socket"
IDENTIFIER = "attendance-client"
MOST_BYTES = 100_000
"""Of a message: a datagram takes little more."""


class JournalHandler(logging.Handler):
    """Writes as journald takes it; where it does not, to `stream`, whose lines begin with their priority.

    Source: systemd's "Native Journal Protocol", and sd-daemon(3) for the priorities of lines.

    Args:
        fields: asked at each line; names in capitals.
    """

    def __init__(self, stream: TextIO, fields: Callable[[], Mapping[str, str]] = dict) -> None:
        super().__init__()
        self.setFormatter(logging.Formatter("%(message)s"))
        self._fields = fields
        self._stream = stream

    def emit(self, record: logging.LogRecord) -> None:
        try:
            text = self.format(record)
            fields = {
                "MESSAGE": text,
                "PRIORITY": str(priority(record.levelno)),
                "SYSLOG_IDENTIFIER": IDENTIFIER,
                "LOGGER": record.name,
                **self._fields(),
            }
            try:
                self._send(b"".join(encoded(name, value) for name, value in fields.items()))
            except OSError:
                lines = text.splitlines() or [""]
                self._stream.write("".join(f"<{priority(record.levelno)}>{line}\n" for line in lines))
                self._stream.flush()
        except Exception:  # noqa: BLE001 - as logging's own handlers do: what cannot be logged stops nobody
            self.handleError(record)

    def _send(self, datagram: bytes) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as journal:
            journal.connect(SOCKET)
            journal.sendall(datagram)


def goes_to_the_journal(stream: TextIO, environment: Mapping[str, str]) -> bool:
    """Whether what is written there goes to journald. Source: systemd.exec(5), JOURNAL_STREAM; children inherit it."""
    try:
        status = os.fstat(stream.fileno())
    except (OSError, ValueError):
        return False
    return environment.get("JOURNAL_STREAM") == f"{status.st_dev}:{status.st_ino}"


def priority(level: int) -> int:
    """Of syslog."""
    if level >= logging.ERROR:
        return 3
    if level >= logging.WARNING:
        return 4
    return 6 if level >= logging.INFO else 7


def encoded(name: str, value: str) -> bytes:
    """A field; one of several lines bears its length."""
    data = value.encode(errors="backslashreplace")[:MOST_BYTES]
    if b"\n" not in data:
        return name.encode() + b"=" + data + b"\n"
    return name.encode() + b"\n" + struct.pack("<Q", len(data)) + data + b"\n"

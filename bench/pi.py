"""What the client costs the Pi: memory, processor, bytes, fsyncs and processes of polls with nothing new and with news.

The real client, with the simulated machine and Pub/Sub; its pauses end at once, so that fifty polls take seconds.
`python -m bench pi` carries it out; fsyncs and processes are counted by strace, where it is installed.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from attendance_contracts import (
    Answer,
    CreateReviewSheet,
    GetReviewPeriod,
    LastStoredTimestamp,
    Message,
    NewReviewPeriod,
    NewReviewSheet,
    Outcome,
    ReviewPeriod,
    StoreAttendRecords,
    Topic,
    decode_topic,
    encode,
    topic_path,
)
from attendance_sandbox.device.machine import AttendanceMachine
from attendance_sandbox.device.server import DeviceServer
from attendance_sandbox.pubsub.server import PubSubServer

PROJECT = "bench"
POLLS = 50
FULL = 100_000
"""Punches of a machine that is read for the first time."""
RESIDENT_MB = 80.0
FIRST_READING_MB = 105.0
START_S = 2.0
CORE_SHARE = 0.001
POLL_S = 900.0
NOW = datetime.now().replace(microsecond=0)  # noqa: DTZ005 - a machine's wall time
PERIOD = ReviewPeriod("Bench", date(NOW.year - 1, 1, 1), date(NOW.year + 1, 12, 31))


def run() -> list[str]:
    """Measure, and print a table; returns what is worse than promised."""
    with _cloud() as address:
        plain = _measure(address, [])
        worse = _tell(plain)
        if shutil.which("strace"):
            with tempfile.TemporaryDirectory() as folder:
                trace = Path(folder) / "trace"
                calls = "trace=fsync,fdatasync,sync_file_range,execve,rename"
                _measure(address, ["strace", "-f", "-qq", "-e", calls, "-o", str(trace)], trace)
        else:
            _say("fsyncs and processes are not counted: strace is not installed")
        peak_mb, read_s = _first_reading(address)
        _say(f"first reading of {FULL} punches, stored: {peak_mb:.0f} MB at the most, {read_s:.0f} s")
        if peak_mb > FIRST_READING_MB:
            worse.append(f"{peak_mb:.0f} MB at the first reading, more than {FIRST_READING_MB:.0f}")
        limit_mb = _memory_max_mb()
        if peak_mb > 0.8 * limit_mb:
            worse.append(
                f"{peak_mb:.0f} MB at the first reading leave little room below MemoryMax={limit_mb:.0f}M"
            )
    return worse


@dataclass
class _Figures:
    start_s: float
    resident_mb: float
    idle: "_Cost"
    news: "_Cost"


@dataclass
class _Cost:
    """Of a poll, on average."""

    cpu_s: float
    written: float
    """Bytes given to write(2): files, not sockets, which are sent to."""


def _tell(figures: _Figures) -> list[str]:
    _say(f"start to the end of the first poll: {figures.start_s:.1f} s")
    _say(f"resident after {2 * POLLS} polls: {figures.resident_mb:.0f} MB")
    for name, cost in (("nothing new", figures.idle), ("one punch", figures.news)):
        share = cost.cpu_s / POLL_S
        _say(
            f"a poll with {name}: {1000 * cost.cpu_s:.1f} ms of the processor ({share:.4%} of a core at one each "
            f"{POLL_S / 60:.0f} minutes), {cost.written:.0f} bytes written to files"
        )
    worse = []
    if figures.resident_mb > RESIDENT_MB:
        worse.append(f"{figures.resident_mb:.0f} MB resident, more than {RESIDENT_MB:.0f}")
    if figures.start_s > START_S:
        worse.append(
            f"{figures.start_s:.1f} s from the start to the end of the first poll, more than {START_S}"
        )
    if figures.idle.cpu_s / POLL_S > CORE_SHARE:
        worse.append(f"an idle poll takes {figures.idle.cpu_s:.3f} s, more than {CORE_SHARE:.1%} of a core")
    return worse


class _Client:
    """The client's process, which waits at each pause to be told to go on."""

    def __init__(self, directory: Path, address: str, before: list[str]) -> None:
        self.began_s = time.monotonic()
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter, our own module
            [*before, sys.executable, "-m", "bench.pi_client", str(directory)],
            env={**os.environ, "PUBSUB_EMULATOR_HOST": address},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.pid = self._process.pid

    def polled(self) -> None:
        assert self._process.stdout is not None
        if not self._process.stdout.readline():
            raise RuntimeError("the client has ended")

    def go_on(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()

    def end(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def spent(self) -> tuple[float, int]:
        """Seconds of the processor, and bytes given to write(2)."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        written = re.search(r"wchar: (\d+)", Path(f"/proc/{self.pid}/io").read_text())
        assert written is not None
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"), int(written[1])

    def memory_mb(self, which: str) -> float:
        found = re.search(rf"{which}:\s+(\d+) kB", Path(f"/proc/{self.pid}/status").read_text())
        assert found is not None
        return int(found[1]) / 1024


def _measure(address: str, before: list[str], trace: Path | None = None) -> _Figures:
    machine = _machine(100)
    with _site(machine) as directory:
        client = _Client(directory, address, before)
        client.polled()
        start_s = time.monotonic() - client.began_s
        for _ in range(5):
            client.go_on()
            client.polled()
        costs = []
        for punches in (0, 1):
            marked = _lines(trace)
            began = client.spent()
            for _ in range(POLLS):
                for number in range(punches):
                    machine.punch("1", machine.now() + timedelta(seconds=number))
                client.go_on()
                client.polled()
            ended = client.spent()
            if trace is not None:
                _tell_calls("one punch" if punches else "nothing new", _lines(trace)[len(marked) :])
            cpu_s, written = (after - earlier for after, earlier in zip(ended, began, strict=True))
            costs.append(_Cost(cpu_s / POLLS, written / POLLS))
        resident_mb = client.memory_mb("VmRSS")
        client.end()
    return _Figures(start_s, resident_mb, *costs)


def _lines(trace: Path | None) -> list[str]:
    return trace.read_text().splitlines() if trace is not None and trace.exists() else []


def _tell_calls(name: str, lines: list[str]) -> None:
    counts = {
        about: sum(1 for line in lines if re.search(rf"\b({calls})\(", line))
        for about, calls in (
            ("fsyncs", "fsync|fdatasync"),
            ("files replaced", "rename"),
            ("processes", "execve"),
        )
    }
    told = ", ".join(f"{count} {about}" for about, count in counts.items())
    _say(f"{POLLS} polls with {name}: {told}")


def _first_reading(address: str) -> tuple[float, float]:
    with _site(_machine(FULL)) as directory:
        client = _Client(directory, address, [])
        client.polled()
        seconds, peak_mb = time.monotonic() - client.began_s, client.memory_mb("VmHWM")
        client.end()
    return peak_mb, seconds


def _memory_max_mb() -> float:
    unit = Path(__file__).parents[1] / "deploy/pi/attendance-client.service"
    found = re.search(r"^MemoryMax=(\d+)M$", unit.read_text(), re.MULTILINE)
    assert found is not None
    return float(found[1])


def _machine(punches: int) -> AttendanceMachine:
    machine = AttendanceMachine(record_capacity=2 * FULL)
    for number in range(1, 51):
        machine.add_user(str(number), f"Name {number}")
    for number in range(punches):
        machine.punch(str(1 + number % 50), NOW - timedelta(seconds=60 * (punches - number)))
    return machine


@contextmanager
def _site(machine: AttendanceMachine) -> Iterator[Path]:
    with DeviceServer(machine) as server, tempfile.TemporaryDirectory() as folder:
        config = {
            "identifier": "bench",
            "ip": "127.0.0.1",
            "port": server.port,
            "project_id": PROJECT,
            "time_zone": "UTC",
        }
        (Path(folder) / "biometric_device_config.json").write_text(json.dumps(config))
        yield Path(folder)


@contextmanager
def _cloud() -> Iterator[str]:
    """Pub/Sub, and somebody who answers each request at once, that all is well."""

    def answer(topic: str, attributes: dict[str, str], data: bytes) -> None:
        name = topic.rpartition("/")[2]
        if name not in set(Topic):
            return
        reply = _reply(decode_topic(Topic(name), data, attributes))
        if reply is not None:
            content, marks = encode(reply)
            pubsub.publish(topic_path(PROJECT, reply.topic), content, marks)

    with PubSubServer(on_publish=answer) as pubsub:
        for each in Topic:
            pubsub.create_topic(topic_path(PROJECT, each))
        yield pubsub.address


def _reply(message: Message) -> Message | None:
    to: dict[str, Any] = {"location": message.location, "request_id": message.request_id}
    if isinstance(message, GetReviewPeriod):
        return NewReviewPeriod(**to, after=message.after, period=PERIOD)
    if isinstance(message, CreateReviewSheet):
        return NewReviewSheet(**to, period=message.period, sheet_id="sheet", routes=True)
    if isinstance(message, StoreAttendRecords):
        identities = tuple(record.identity for record in message.records)
        return LastStoredTimestamp(
            **to,
            sheet_id=message.sheet_id,
            last_stored_timestamp=max(record.timestamp for record in message.records),
            confirmed=identities,
            answers=(Answer(outcome=Outcome.STORED, identities=identities, sheet_id=message.sheet_id),),
            table="1",
        )
    return None


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()

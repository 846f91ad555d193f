"""Reading the attendance machine: bytes on the wire, time and memory, beside pyzk in the same run.

The machine is the simulated one, on TCP; bytes are counted by it, headers of its protocol included, those of TCP not.
`python -m bench device` carries it out.
"""

import gc
import struct
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from zk import ZK
from zk.user import User as ZkUser

from attendance_client.fsm.client import Client, Site
from attendance_client.fsm.session import Door, Session
from attendance_client.machine.polling import poll
from attendance_client.machine.port import MachineAddress
from attendance_client.machine.zk.attendance_log import decode_log
from attendance_client.machine.zk.zk_machine import ZkMachine
from attendance_client.relay.ledger import Ledger
from attendance_contracts import Message, ReviewPeriod, Topic
from attendance_sandbox.device.machine import AttendanceMachine
from attendance_sandbox.device.server import DeviceServer

WIDTHS = (8, 16, 40, 49)
RECORDS = 100_000
USERS = 3_000
NEW = 50
GROWTH = (10_000, 50_000, 100_000, 200_000)
QUIET_BYTES = 1_000
"""What a poll that finds nothing new may cost; with NEW records it may cost BUSY_BYTES."""
BUSY_BYTES = 16_000
TIMES_FASTER = 25
"""Than pyzk, in decoding RECORDS of them."""
UNEVEN = 2.0
"""By how much the time of a record may vary from the shortest log to the longest."""
BEGIN = datetime(2025, 1, 1)  # noqa: DTZ001 - a machine's wall time


def run() -> list[str]:
    """Measure, and print a table each; returns what is worse than promised."""
    return [*_wire(), *_decoding(), *_growth()]


def _say(*cells: object) -> None:
    sys.stdout.write("  ".join(f"{cell:>14}" for cell in cells) + "\n")
    sys.stdout.flush()


def _machine(width: int, records: int, now: datetime) -> AttendanceMachine:
    machine = AttendanceMachine(record_size=width, record_capacity=2 * GROWTH[-1], clock=lambda: now)
    for number in range(USERS):
        machine.add_user(str(1000 + number), f"Name {number}")
    _punch(machine, records, BEGIN)
    return machine


def _punch(machine: AttendanceMachine, times: int, begin: datetime) -> None:
    for number in range(times):
        machine.punch(str(1000 + number * 7 % USERS), begin + timedelta(seconds=151 * number))


class _Clock:
    """The port Clock, standing still."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return 0.0

    def synchronised(self) -> bool:
        return True

    def sleep(self, seconds: float) -> None:
        del seconds


class _Nobody:
    """The ports Bus and Supervisor, with nobody behind them."""

    alive_interval_s = float("inf")
    heard_at: datetime | None = None

    def prepare(self) -> None: ...

    def publish(self, message: Message) -> None:
        del message

    def receive(self, topic: Topic, timeout_s: float) -> tuple[Message, ...]:
        del topic, timeout_s
        return ()

    def ready(self) -> None: ...

    def alive(self, status: str) -> None:
        del status


def reader_of(address: MachineAddress, now: datetime) -> Client:
    """A client that reads this machine, with nobody to send it to; its clock stands still."""
    site = Site("bench", "UTC")
    ledger, session = Ledger(":memory:", site.day_boundary), Session(site.day_boundary)
    client = Client(site, [Door(ZkMachine(address))], _Nobody(), _Clock(now), ledger, _Nobody(), session)
    session.review_period = ReviewPeriod("bench", now.date(), now.date())
    return client


def _wire() -> Iterator[str]:
    sys.stdout.write(f"bytes on the wire, {RECORDS:,} records and {USERS:,} users on the machine\n")
    _say("record", "first poll", "nothing new", f"{NEW} new", "seconds")
    now = BEGIN + timedelta(days=365)
    for width in WIDTHS:
        machine = _machine(width, RECORDS, now)
        with DeviceServer(machine) as server:
            client = reader_of(MachineAddress("127.0.0.1", server.port), now)
            moved: list[int] = []
            began_s = time.perf_counter()
            for new in (0, 0, NEW):
                _punch(machine, new, now - timedelta(days=1))
                server.traffic.restart()
                poll(client)
                moved.append(server.traffic.total)
            taken_s = time.perf_counter() - began_s
            if client.ledger.summary().punches != RECORDS + NEW:
                raise AssertionError("not all punches were read")
            client.ledger.close()
        _say(f"{width} bytes", *(f"{total:,}" for total in moved), f"{taken_s:.2f}")
        for what, total, most in zip(
            ("nothing", f"{NEW} records"), moved[1:], (QUIET_BYTES, BUSY_BYTES), strict=True
        ):
            if total >= most:
                yield f"a poll with {what} new, {width} bytes a record: {total:,} bytes on the wire, not under {most:,}"


def _blob(width: int, records: int) -> bytes:
    return _machine(width, records, BEGIN).attendance_blob()


def _ours(blob: bytes, records: int) -> int:
    log = decode_log(
        blob, records, records, lambda numbers: {number: str(999 + number) for number in numbers}
    )
    return len(log.punches)


def _pyzk(blob: bytes, records: int) -> int:
    """The decoding of pyzk itself: what it asks the machine for is here already."""
    zk: Any = ZK("127.0.0.1")
    users = [ZkUser(1 + number, "", 0, user_id=str(1000 + number)) for number in range(USERS)]
    zk.records = records
    zk.read_sizes = lambda: True
    zk.get_users = lambda: users
    zk.read_with_buffer = lambda _command: (blob, len(blob))
    return len(zk.get_attendance())


def _seconds(decode: Callable[[bytes, int], int], blob: bytes, records: int) -> float:
    """Of the processor: whatever else the computer does at the time does not count."""
    gc.collect()
    began_s = time.process_time()
    decoded = decode(blob, records)
    taken_s = time.process_time() - began_s
    if decoded != records:
        raise AssertionError(f"decoded {decoded} of {records} records")
    return taken_s


def _peak(decode: Callable[[bytes, int], int], blob: bytes, records: int) -> float:
    """In MB, beyond the blob itself."""
    gc.collect()
    tracemalloc.start()
    try:
        decode(blob, records)
        return tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()


def _decoding() -> Iterator[str]:
    sys.stdout.write(f"\ndecoding {RECORDS:,} records; pyzk reads no records of 49 bytes\n")
    _say("record", "ours, s", "pyzk, s", "times", "ours, MB", "pyzk, MB")
    for width in WIDTHS:
        blob = _blob(width, RECORDS)
        ours_s = min(_seconds(_ours, blob, RECORDS) for _ in range(3))
        ours_mb = _peak(_ours, blob, RECORDS)
        if width == WIDTHS[-1]:
            _say(f"{width} bytes", f"{ours_s:.3f}", "-", "-", f"{ours_mb:.1f}", "-")
            continue
        pyzk_s = _seconds(_pyzk, blob, RECORDS)
        # pyzk compares every record with every user: its memory is that of fewer records, scaled up.
        part = struct.pack("<I", RECORDS // 10 * width) + blob[4 : 4 + RECORDS // 10 * width]
        pyzk_mb = _peak(_pyzk, blob, RECORDS) if width == 40 else 10 * _peak(_pyzk, part, RECORDS // 10)
        _say(
            f"{width} bytes",
            f"{ours_s:.3f}",
            f"{pyzk_s:.2f}",
            f"{pyzk_s / ours_s:.0f}",
            f"{ours_mb:.1f}",
            f"{pyzk_mb:.1f}",
        )
        if pyzk_s < TIMES_FASTER * ours_s:
            yield f"{width} bytes a record: {pyzk_s / ours_s:.0f} times as fast as pyzk, not {TIMES_FASTER}"
        if ours_mb > pyzk_mb:
            yield f"{width} bytes a record: {ours_mb:.1f} MB at the peak, more than pyzk's {pyzk_mb:.1f}"


def _growth() -> Iterator[str]:
    sys.stdout.write("\ndecoding records of 40 bytes\n")
    _say("records", "ours, s", "us each", "ours, MB")
    each_us = []
    for records in GROWTH:
        blob = _blob(40, records)
        ours_s = min(_seconds(_ours, blob, records) for _ in range(3))
        each_us.append(ours_s / records * 1e6)
        _say(f"{records:,}", f"{ours_s:.3f}", f"{each_us[-1]:.2f}", f"{_peak(_ours, blob, records):.1f}")
    if max(each_us) > UNEVEN * min(each_us):
        yield f"a record takes from {min(each_us):.2f} to {max(each_us):.2f} us, which is not linear"

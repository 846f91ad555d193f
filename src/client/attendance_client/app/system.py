"""The Raspberry Pi as the client sees it: its clock, and its service manager."""

import ctypes
import os
import socket
import subprocess
import threading
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from attendance_client.errors import StopRequested

TIMESYNC_MARK = Path("/run/systemd/timesync/synchronized")
"""systemd-timesyncd makes it when it has set the clock."""

ASKING_TIMEDATECTL = ("timedatectl", "show", "--property=NTPSynchronized", "--value")
"""What the kernel was told, by chrony as well; for where it may not be asked itself."""

SYNCHRONISED_US = 16_000_000
"""The kernel's estimated error is less while a time server is followed, as systemd's timedated judges it."""

LONGEST_QUESTION_S = 5.0
PROGRESS_INTERVAL_S = 10.0


class _Timex(ctypes.Structure):
    """The beginning of struct timex; with room for the rest of it. Source: adjtimex(2)."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("rest", ctypes.c_byte * 512),
    )


def kernels_clock_error_us() -> int | None:
    """By how much the kernel believes its clock may be off; None where it does not say. No process is started."""
    timex = _Timex()
    try:
        state = ctypes.CDLL(None).adjtimex(ctypes.byref(timex))
    except (OSError, AttributeError):
        return None
    return None if state < 0 else int(timex.maxerror)


class SystemClock:
    """Wall time of a zone; sleeps that end early when `stop` is set."""

    def __init__(self, time_zone: str, stop: threading.Event) -> None:
        self._zone = ZoneInfo(time_zone)
        self._stop = stop

    def now(self) -> datetime:
        return datetime.now(self._zone).replace(tzinfo=None)

    def monotonic(self) -> float:
        return time.monotonic()

    def synchronised(self) -> bool | None:
        if TIMESYNC_MARK.exists():
            return True
        error_us = kernels_clock_error_us()
        if error_us is not None:
            return error_us < SYNCHRONISED_US
        try:
            told = subprocess.run(  # noqa: S603 - a constant command
                ASKING_TIMEDATECTL, capture_output=True, text=True, timeout=LONGEST_QUESTION_S, check=True
            )
        except (OSError, subprocess.SubprocessError):
            return None
        return {"yes": True, "no": False}.get(told.stdout.strip())

    def sleep(self, seconds: float) -> None:
        self._stop.wait(seconds)


class SystemdSupervisor:
    """The port Supervisor for systemd, or for nobody.

    Source: sd_notify(3); a datagram with NAME=value lines to the socket that NOTIFY_SOCKET names. Without one, in a
    terminal, nothing is sent.
    """

    def __init__(self, stop: threading.Event, environment: Mapping[str, str] | None = None) -> None:
        environment = os.environ if environment is None else environment
        self._stop = stop
        self._address = environment.get("NOTIFY_SOCKET", "")
        watchdog_us = environment.get("WATCHDOG_USEC", "")
        # Half of what systemd allows, as sd_watchdog_enabled(3) advises.
        self.alive_interval_s = int(watchdog_us) / 2e6 if watchdog_us.isdigit() else float("inf")
        self._fed_s = float("-inf")

    def ready(self) -> None:
        self._notify("READY=1")

    def alive(self, status: str) -> None:
        if self._stop.is_set():
            self._notify("STOPPING=1")
            raise StopRequested
        self._notify(f"WATCHDOG=1\nSTATUS={status.splitlines()[0] if status else ''}")

    def progress(self) -> None:
        """Feed the watchdog, at most now and then, as work goes on. Unlike `alive`, it interrupts nothing."""
        now_s = time.monotonic()
        if now_s - self._fed_s >= PROGRESS_INTERVAL_S:
            self._fed_s = now_s
            self._notify("WATCHDOG=1")

    def _notify(self, text: str) -> None:
        if not self._address:
            return
        # A leading @ names a socket in Linux's abstract namespace, whose address begins with a zero byte.
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.connect(address)
            notify.sendall(text.encode())

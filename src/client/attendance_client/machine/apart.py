"""The attendance machine through a process of its own, which alone holds pyzk: see docs/licences.md.

Both sides are this program. What crosses the pipe are pickled tuples: a call's name and arguments one way, an outcome
the other. Told to stop (SIGTERM), the process reads a long table no further and goes on else, as a machine that was
disabled must be enabled; it ends when nobody asks any more.
"""

import pickle
import subprocess
import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from threading import Event
from typing import Any

from attendance_client import errors
from attendance_client.errors import MachineError
from attendance_client.machine.port import (
    AttendanceLog,
    LogEnd,
    MachineAddress,
    MachineSession,
    MachineStatus,
)

SERVED_BY = "attendance_client.machine.zk.served"
OPEN, CLOSE = "open", "close"
DONE, FAILED, GOES_ON = "done", "failed", "goes on"
"""Outcomes: what was returned, or the error's class and words, follows; meanwhile, that bytes have arrived."""


class MachineApart:
    """The port AttendanceMachine; the process is started when it is needed, and again if it has ended.

    Args are those of `ZkMachine`.
    """

    def __init__(
        self, address: MachineAddress, progress: Callable[[], None] | None = None, stop: Event | None = None
    ) -> None:
        self.name = address.name
        self._address = address
        self._progress = progress
        self._stop = stop or Event()
        self._process: subprocess.Popen[bytes] | None = None

    @contextmanager
    def session(self) -> Iterator[MachineSession]:
        self.call(OPEN, self._address)
        try:
            yield _SessionApart(self)
        finally:
            # Whatever went wrong was raised already.
            with suppress(MachineError):
                self.call(CLOSE)

    def call(self, name: str, *arguments: object) -> Any:
        """Have the process do something; raises MachineError."""
        process = self._running()
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            pickle.dump((name, arguments), process.stdin)
            process.stdin.flush()
            while (answer := pickle.load(process.stdout))[0] == GOES_ON:  # noqa: S301 - from this program's own process
                if self._progress is not None:
                    self._progress()
                if self._stop.is_set():
                    process.terminate()
        except (OSError, EOFError, pickle.UnpicklingError) as error:
            self.stop()
            raise MachineError(
                f"the process that talks to the machine at {self._address.host} ended; another one is started"
            ) from error
        outcome, *told = answer
        if outcome == FAILED:
            raise getattr(errors, told[0])(told[1])
        return told[0]

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self._process = subprocess.Popen(  # noqa: S603 - ourselves
                [sys.executable, "-m", SERVED_BY], stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
        return self._process

    def stop(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()


class _SessionApart:
    """The port MachineSession."""

    def __init__(self, machine: MachineApart) -> None:
        self._machine = machine

    def status(self) -> MachineStatus:
        found: MachineStatus = self._machine.call("status")
        return found

    def read_log(self, known: LogEnd | None = None) -> AttendanceLog:
        found: AttendanceLog = self._machine.call("read_log", known)
        return found

    def read_user_names(self, users: Collection[str] = ()) -> Mapping[str, str]:
        found: Mapping[str, str] = self._machine.call("read_user_names", users)
        return found

    def enable(self) -> None:
        self._machine.call("enable")

    def disable(self) -> None:
        self._machine.call("disable")

    def set_time(self, time: datetime) -> None:
        self._machine.call("set_time", time)

    def clear(self) -> None:
        self._machine.call("clear")

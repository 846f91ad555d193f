"""Starts the demo's programs in processes that have imported their libraries before they begin.

Of a client's start, nearly all goes into importing gRPC and Google's libraries. The nursery is a process that has
imported them, and forks for each program, which then runs as ``python -m`` runs it: in a process of its own, which
SIGKILL ends at any instant, with nothing of another one's but the imported modules.

The protocol, a JSON object a line: an order says what to run; {"started": pid} answers it, {"ended": pid, "code": …}
follows. At the end of the orders whoever still runs is killed.
"""

import contextlib
import json
import os
import runpy
import selectors
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

IMPORTED = (
    "attendance_client.app.bootstrap",
    "attendance_client.app.cli",
    "attendance_backend.app.service",
    "functions_framework._cli",
    "google.cloud.pubsub_v1",
    "gspread",
    "gunicorn.app.base",
    "gunicorn.workers.gthread",
)
START_TIMEOUT_S = 60.0


class NurseryError(Exception):
    """No process can be started."""


class Child:
    """A process that was started; as `subprocess.Popen`, as far as the demo needs it."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._code: int | None = None
        self._ended = threading.Event()

    def poll(self) -> int | None:
        """The exit code, minus a signal's number; None while it runs."""
        return self._code

    def wait(self, timeout: float | None = None) -> int:
        if not self._ended.wait(timeout) or self._code is None:
            raise subprocess.TimeoutExpired("a process of the demo", timeout or 0)
        return self._code

    def send_signal(self, number: int) -> None:
        if self._code is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def has_ended(self, code: int) -> None:
        """Tell whoever waits."""
        self._code = code
        self._ended.set()


class Nursery:
    """The nursery's process; a context. Safe to use from several threads."""

    def __init__(self) -> None:
        self._children: dict[int, Child] = {}
        self._started: Child | None = None
        self._answered = threading.Semaphore(0)
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str]

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter, our own module
            [sys.executable, "-m", __name__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        threading.Thread(target=self._listen, name="nursery", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()

    def start(self, module: str, arguments: list[str], environment: Mapping[str, str], log: Path) -> Child:
        """Run ``python -m module`` with these variables besides ours; what it prints is added to `log`."""
        order = {
            "module": module,
            "arguments": arguments,
            "environment": {**os.environ, **environment},
            "log": str(log),
        }
        with self._lock:
            assert self._process.stdin is not None
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.flush()
            if not self._answered.acquire(timeout=START_TIMEOUT_S) or self._started is None:
                raise NurseryError(f"{module} was not started")
            child, self._started = self._started, None
            return child

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            news = json.loads(line)
            if "started" in news:
                self._started = self._children[news["started"]] = Child(news["started"])
                self._answered.release()
            else:
                self._children.pop(news["ended"]).has_ended(news["code"])
        for child in self._children.values():
            child.has_ended(-signal.SIGKILL)
        self._answered.release()


def main() -> None:
    """The nursery's own process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever gives the orders decides when to end
    for name in IMPORTED:
        __import__(name)
    waiting = selectors.DefaultSelector()
    waiting.register(sys.stdin, selectors.EVENT_READ)
    running: dict[int, int] = {}
    try:
        while True:
            for key, _ in waiting.select():
                if key.fd != sys.stdin.fileno():
                    pid = running.pop(key.fd)
                    waiting.unregister(key.fd)
                    os.close(key.fd)
                    _say(ended=pid, code=os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
                elif line := sys.stdin.readline():
                    pid = os.fork()
                    if pid == 0:
                        running = {}
                        _become(json.loads(line))
                        return
                    descriptor = os.pidfd_open(pid)
                    running[descriptor] = pid
                    _say(started=pid)
                    waiting.register(descriptor, selectors.EVENT_READ)
                else:
                    return
    finally:
        for pid in running.values():
            os.kill(pid, signal.SIGKILL)


def _say(**news: int) -> None:
    sys.stdout.write(json.dumps(news) + "\n")
    sys.stdout.flush()


def _become(order: dict[str, Any]) -> None:
    """Be the program that was ordered."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for descriptor, place in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(descriptor, place)
    os.environ.clear()
    os.environ.update(order["environment"])
    sys.argv[1:] = order["arguments"]
    runpy.run_module(order["module"], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()

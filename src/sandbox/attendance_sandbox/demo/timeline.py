"""The virtual clock that the whole demo shares.

A discrete-event clock: time stands still while anybody works and jumps to the next thing that happens once all
sleep. Clients are processes of their own; they join over TCP, tell how long they sleep, and are woken one at a time,
so that a run's course does not depend on how fast anything is.

The protocol, a JSON object a line: the process says {"name": …} once and {"sleep": seconds, "state": …} whenever it has
nothing to do; each time it gets {"now": "<UTC, ISO 8601>"} when it is its turn.
"""

import heapq
import itertools
import json
import socket
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TextIO

from attendance_sandbox.running import Running

HOST = "127.0.0.1"
STALL_S = 240.0
"""Longer than any time-out of a client: a process that works this long without sleeping hangs."""


class TimelineError(Exception):
    """The demo cannot go on; says who holds it up."""


class Timeline(Running):
    """Virtual time (aware, UTC), what is to happen when, and who sleeps until when."""

    def __init__(self, start: datetime) -> None:
        self.now = start.astimezone(UTC)
        self.address = ""
        self.states: dict[str, list[tuple[datetime, str]]] = {}
        """Since when each process slept in which state; an empty one while it did not run."""
        self._agenda: list[tuple[datetime, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._working: set[str] = set()
        self._connections: dict[str, TextIO] = {}
        self._changed = threading.Condition()
        self._listener: socket.socket | None = None

    def start(self) -> None:
        self._listener = socket.create_server((HOST, 0))
        self.address = f"{HOST}:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, name="timeline", daemon=True).start()

    def stop(self) -> None:
        if self._listener is not None:
            self._listener.close()

    def at(self, when: datetime, action: Callable[[], None]) -> None:
        """Have `action` called, in the thread of `run`, at a moment (aware)."""
        with self._changed:
            heapq.heappush(self._agenda, (when.astimezone(UTC), next(self._order), action))
            self._changed.notify_all()

    def expect(self, name: str) -> None:
        """Let time stand still until the process `name`, just started, joins and sleeps, or is `gone`."""
        with self._changed:
            self._working.add(name)

    def gone(self, name: str) -> None:
        """The process `name` has ended."""
        with self._changed:
            self._working.discard(name)
            self._connections.pop(name, None)
            self._note(name, "")
            self._changed.notify_all()

    def _note(self, name: str, state: str) -> None:
        history = self.states.setdefault(name, [])
        if not history or history[-1][1] != state:
            history.append((self.now, state))

    def run(self, until: datetime, show: Callable[[datetime], None]) -> None:
        """Let things happen until a moment (aware); `show` is called with each new virtual time.

        Raises:
            TimelineError: a process works for longer than STALL_S of real time.
        """
        while True:
            with self._changed:
                if not self._changed.wait_for(lambda: not self._working, timeout=STALL_S):
                    raise TimelineError(f"{', '.join(sorted(self._working))} has not slept for {STALL_S:g} s")
                if not self._agenda or self._agenda[0][0] > until:
                    self.now = until.astimezone(UTC)
                    return
                when, _, action = heapq.heappop(self._agenda)
                self.now = max(self.now, when)
            show(self.now)
            action()

    def _accept(self) -> None:
        while self._listener is not None:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rw", encoding="utf-8", newline="\n") as stream:
            try:
                name = json.loads(stream.readline())["name"]
                with self._changed:
                    self._connections[name] = stream
                self._tell(stream)
                for line in stream:
                    told = json.loads(line)
                    seconds = float(told["sleep"])
                    with self._changed:
                        self._note(name, told["state"])
                        # Less than time has steps: whoever waits for the rest of a float would wait for ever.
                        wake = self.now + max(timedelta(seconds=seconds), timedelta.resolution)
                        heapq.heappush(self._agenda, (wake, next(self._order), self._waker(name, stream)))
                        self._working.discard(name)
                        self._changed.notify_all()
            except (OSError, ValueError):
                return  # The process died; whoever started it reports it `gone`.

    def _waker(self, name: str, stream: TextIO) -> Callable[[], None]:
        def wake() -> None:
            with self._changed:
                if self._connections.get(name) is not stream:
                    return  # The process that slept is dead; another one may bear its name.
                self._working.add(name)
            try:
                self._tell(stream)
            except OSError:
                self.gone(name)

        return wake

    def _tell(self, stream: TextIO) -> None:
        stream.write(json.dumps({"now": self.now.isoformat()}) + "\n")
        stream.flush()

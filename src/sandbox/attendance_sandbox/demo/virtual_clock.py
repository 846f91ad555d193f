"""The client's clock in the demo: the port Clock on a shared timeline."""

import json
import socket
import threading
import time
from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

GRACE_S = 20.0


class VirtualClock:
    """Virtual time of a timeline (see `timeline.py`), which stands still while this process works.

    `monotonic` also counts the real time that the process works beyond GRACE_S at a stretch, so that a reply that never
    comes still times out, and a run whose replies all come does not depend on how fast they are.
    """

    def __init__(self, name: str, timeline_address: str, time_zone: str, stop: threading.Event) -> None:
        host, _, port = timeline_address.rpartition(":")
        connection = socket.create_connection((host, int(port)))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._stream = connection.makefile("rw", encoding="utf-8", newline="\n")
        self._zone = ZoneInfo(time_zone)
        self._stop = stop
        self.state: Callable[[], str] = str
        """Tells in which state this process sleeps."""
        self._say({"name": name})
        self._listen()

    def now(self) -> datetime:
        return self._now.astimezone(self._zone).replace(tzinfo=None)

    def monotonic(self) -> float:
        return self._now.timestamp() + max(0.0, time.monotonic() - self._woken_s - GRACE_S)

    def synchronised(self) -> bool:
        return True

    def sleep(self, seconds: float) -> None:
        self._say({"sleep": seconds, "state": self.state()})
        self._listen()

    def _say(self, words: dict[str, object]) -> None:
        self._stream.write(json.dumps(words) + "\n")
        self._stream.flush()

    def _listen(self) -> None:
        line = self._stream.readline()
        if not line:
            self._stop.set()  # The demo is over.
            return
        self._now = datetime.fromisoformat(json.loads(line)["now"])
        self._woken_s = time.monotonic()

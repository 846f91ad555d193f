"""The computer's own clock."""

import threading
import time
from datetime import datetime
from zoneinfo import ZoneInfo


class SystemClock:
    """Wall time of a zone; sleeps that end early when `stop` is set."""

    def __init__(self, time_zone: str, stop: threading.Event) -> None:
        self._zone = ZoneInfo(time_zone)
        self._stop = stop

    def now(self) -> datetime:
        return datetime.now(self._zone).replace(tzinfo=None)

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        self._stop.wait(seconds)

"""Virtual time: what happens at which moment, without waiting for it."""

import heapq
import math
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count

EPOCH = datetime(2026, 1, 5, 9, 0)
"""The true wall time at which every world begins: a Monday morning."""


class Timeline:
    """True time, and the events that lie ahead.

    Time is counted in whole microseconds, and any wait takes at least one: sums of floating-point seconds
    would stand still one rounding error before their end.

    Attributes:
        now_s: seconds since EPOCH.
    """

    def __init__(self) -> None:
        self._move_to(0)
        self._events: list[tuple[int, int, Callable[[], object]]] = []
        self._order = count()

    def _move_to(self, now_us: int) -> None:
        self._now_us = now_us
        self.now_s = now_us / 1e6

    @property
    def wall(self) -> datetime:
        """The true wall time of the site."""
        return EPOCH + timedelta(microseconds=self._now_us)

    def moment_in(self, seconds: float) -> int:
        """The moment in `seconds` seconds, or at the next microsecond."""
        return self._now_us + math.ceil(seconds * 1e6)

    def after(self, delay_s: float, event: Callable[[], object]) -> None:
        """Have `event` happen in `delay_s` seconds."""
        heapq.heappush(self._events, (self.moment_in(delay_s), next(self._order), event))

    def advance(self, seconds: float) -> None:
        """Let time pass, and everything that is due meanwhile happen in its order."""
        end_us = self.moment_in(seconds)
        while self._happens_by(end_us):
            pass
        self._move_to(end_us)

    def advance_to_next(self, end: int) -> bool:
        """Let time pass up to the next event; False, at the moment `end`, when none is due by then."""
        if self._happens_by(end):
            return True
        self._move_to(max(self._now_us, end))
        return False

    def _happens_by(self, end_us: int) -> bool:
        if not self._events or self._events[0][0] > end_us:
            return False
        due_us, _, event = heapq.heappop(self._events)
        self._move_to(max(self._now_us, due_us))
        event()
        return True


class PiClock:
    """The port Clock: the Raspberry Pi's own idea of time.

    Attributes:
        offset: how far its wall time is off; a Pi without NTP boots with the time it last knew.
    """

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._booted_s = timeline.now_s
        self.offset = timedelta(0)

    def reboot(self) -> None:
        """Begin a new monotonic clock."""
        self._booted_s = self._timeline.now_s

    def now(self) -> datetime:
        return self._timeline.wall + self.offset

    def monotonic(self) -> float:
        return self._timeline.now_s - self._booted_s

    def synchronised(self) -> bool:
        return self.offset == timedelta(0)

    def sleep(self, seconds: float) -> None:
        self._timeline.advance(seconds)

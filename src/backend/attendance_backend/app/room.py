"""Batches requests: those that come while others are served are then served together, each answered by itself.

The first to come is served at once. No thread of its own: one of those who wait serves all that wait.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from typing import Any

from attendance_backend.errors import TransientError
from attendance_backend.handlers.together import Served
from attendance_contracts import Message

MOST_MESSAGES = 240
MOST_BYTES = 300_000
"""Of messages that are served together; more only of one by itself. A request to Google is about ten times as large."""
LONGEST_S = 1.0
"""After so long, which is less than a call of Google's takes, and once the first to come is answered, no further round
of a batch is begun. Who was in none waits again, behind nobody, and whoever came meanwhile for the same workbook is
served with them."""
PATIENCE_S = 90.0
"""So long a request waits to be served. Pub/Sub then delivers it again; it would not wait much longer itself."""


class BusyError(TransientError):
    """Too many wait: deliver the message again, later."""


class _Guest:
    def __init__(self, message: Any, size: int, now_s: float) -> None:
        self.message = message
        self.size = size
        self.came_s = now_s
        self.is_answered = False
        self.reply: Message | None = None
        self.error: BaseException | None = None


class Room:
    """Serves requests of many threads, one batch after the other.

    Args:
        serve: handles messages, in whatever form they came, as `handlers.together.handle_together`; of one batch at a
            time.
        clock_s: monotonic.
    """

    def __init__(
        self,
        serve: Callable[[Sequence[Any]], Generator[Sequence[Served], None, None]],
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._serve = serve
        self._clock_s = clock_s
        self._changed = threading.Condition()
        self._waiting: deque[_Guest] = deque()
        self._is_busy = False

    @property
    def is_awaited(self) -> bool:
        """Whether messages wait that will be served next."""
        return bool(self._waiting)

    def reply_to(self, message: Any, size: int) -> Message | None:
        """Serve a message, with those that wait as well.

        Args:
            size: in bytes.

        Raises:
            BusyError: it waited too long.
            Others as `serve`.
        """
        guest = _Guest(message, size, self._clock_s())
        with self._changed:
            self._waiting.append(guest)
            while self._is_busy and not guest.is_answered:
                left_s = guest.came_s + PATIENCE_S - self._clock_s()
                if left_s <= 0 and guest in self._waiting:
                    self._waiting.remove(guest)
                    raise BusyError(
                        f"{len(self._waiting) + 1} messages wait: this one is to come again later"
                    )
                self._changed.wait(max(left_s, 0.1))
            serves = not guest.is_answered
            self._is_busy = self._is_busy or serves
        if serves:
            self._serve_until(guest)
        if guest.error is not None:
            raise guest.error
        return guest.reply

    def _serve_until(self, guest: _Guest) -> None:
        try:
            while not guest.is_answered:
                self._serve_batch()
        finally:
            with self._changed:
                self._is_busy = False
                self._changed.notify_all()

    def _serve_batch(self) -> None:
        batch = self._next_batch()
        began_s = self._clock_s()
        left = dict(enumerate(batch))
        try:
            with closing(self._serve([guest.message for guest in batch])) as rounds:
                for served in rounds:
                    for each in served:
                        self._answer(left[each.number], each)
                        del left[each.number]
                    if 0 not in left and self._clock_s() - began_s > LONGEST_S:
                        break
        except BaseException as error:
            for guest in left.values():
                self._fail(guest, error)
            raise
        with self._changed:
            self._waiting.extendleft(reversed(left.values()))

    def _next_batch(self) -> list[_Guest]:
        """Those who came first, as many as may be served together; the first in any case."""
        with self._changed:
            batch = [self._waiting.popleft()]
            size = batch[0].size
            while self._waiting and len(batch) < MOST_MESSAGES and size + self._waiting[0].size <= MOST_BYTES:
                batch.append(self._waiting.popleft())
                size += batch[-1].size
        return batch

    def _answer(self, guest: _Guest, served: Served) -> None:
        try:
            guest.reply = served.reply()
        except Exception as error:  # noqa: BLE001 - it is the guest's own
            self._fail(guest, error)
            return
        with self._changed:
            guest.is_answered = True
            self._changed.notify_all()

    def _fail(self, guest: _Guest, error: BaseException) -> None:
        with self._changed:
            guest.error = error
            guest.is_answered = True
            self._changed.notify_all()

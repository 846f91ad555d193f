"""Before a request's body is read: whoever sends many large messages at once must not use up the function's memory."""

import gc
import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from attendance_backend.handlers.bounds import MOST_BYTES

log = logging.getLogger(__name__)

LARGE = MOST_BYTES * 3 // 2
"""Bytes of a body that holds more, in base64, than a message may have: it is only read to be set aside."""
MOST_AT_ONCE = 4_000_000
"""Bytes of all others: ten of the largest that clients send. Until it is answered, each takes four times as much."""
PATIENCE_S = 30.0

_BUSY = "503 Service Unavailable", [("Content-Type", "text/plain")]


class Gate:
    """WSGI middleware that lets in as much as there is room for; what has to come again is answered 503.

    Args:
        patience_s: so long a request waits for room. One that is too large does not: it must hold no thread.
    """

    def __init__(self, app: Callable[..., Iterable[bytes]], patience_s: float = PATIENCE_S) -> None:
        self._app = app
        self._patience_s = patience_s
        self._changed = threading.Condition()
        self._used = self._served = 0
        self._large = threading.Lock()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Serve a request."""
        size = int(environ.get("CONTENT_LENGTH") or 0)
        with self._place(size) as is_given:
            if is_given:
                answer = self._app(environ, start_response)
                environ.pop("werkzeug.request", None)  # it holds the body, and is not needed any more
                self._collect(size)  # before the next one is let in
                return answer
        log.warning("no room for a message of %d bytes: it is to come again later", size)
        start_response(*_BUSY)
        return [b"no room: come again later\n"]

    def _collect(self, size: int) -> None:
        """Free what errors hold: they know the calls that they came through, and these the messages and the errors."""
        self._served += size
        if self._served >= MOST_AT_ONCE:
            self._served = 0
            gc.collect()

    @contextmanager
    def _place(self, size: int) -> Iterator[bool]:
        if size > LARGE:
            is_given = self._large.acquire(blocking=False)
            try:
                self._collect(size)
                yield is_given
            finally:
                if is_given:
                    self._large.release()
            return
        with self._changed:
            is_given = self._changed.wait_for(lambda: self._used + size <= MOST_AT_ONCE, self._patience_s)
            self._used += size if is_given else 0
        try:
            yield is_given
        finally:
            with self._changed:
                self._used -= size if is_given else 0
                self._changed.notify_all()

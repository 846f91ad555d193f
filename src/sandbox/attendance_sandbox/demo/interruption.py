"""Ctrl-C and SIGTERM during the demo: it ends by an exception, and stops what it started on the way out."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)
_EXIT_SIGNALLED = 128
"""What a shell adds a signal's number to, for the exit code of a program that a signal ended."""


class Stopped(KeyboardInterrupt):
    """Somebody wants the demo to end."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.exit_code = _EXIT_SIGNALLED + number


class _Pending:
    """A signal that came while it had to wait."""

    held = False
    number: int | None = None


@contextmanager
def stopped_by_signals() -> Iterator[None]:
    """Raise `Stopped` in here at the first signal; those after it change nothing, the way out must be gone to its end.

    For the main thread.
    """
    before = {number: signal.signal(number, _on_signal) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def until_it_can_be_stopped() -> Iterator[None]:
    """Let a signal wait: a process that starts in here is known to whoever stops it before `Stopped` is raised."""
    if threading.current_thread() is not threading.main_thread():
        yield  # signals are handled in the main thread
        return
    _Pending.held = True
    try:
        yield
    finally:
        _Pending.held = False
        number, _Pending.number = _Pending.number, None
        if number is not None:
            raise Stopped(number)


def _on_signal(number: int, _frame: FrameType | None) -> None:
    for each in SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    if _Pending.held:
        _Pending.number = number
        return
    raise Stopped(number)

"""Who waits for messages over gRPC, as the broker sees them.

A caller that has gone, or whose deadline is about to pass, must not be given a lease: its messages would be away until
the lease runs out.
"""

import time
from collections.abc import Callable
from typing import Any

# An answer needs this long to arrive; with less time left the caller gets nothing any more.
DEADLINE_MARGIN_S = 0.05
# The longest that a pull without a deadline waits before it is answered with nothing.
MAX_PULL_S = 90.0


class PullCaller:
    def __init__(self, context: Any, *, max_messages: int, wake: Callable[[], None]) -> None:
        remaining_s = context.time_remaining()
        self._has_deadline = remaining_s is not None and remaining_s < MAX_PULL_S
        self._present = True
        self._max_messages = max_messages
        self._wake = wake
        patience_s = min(MAX_PULL_S, MAX_PULL_S if remaining_s is None else remaining_s)
        self._until = time.monotonic() + patience_s - min(DEADLINE_MARGIN_S, patience_s / 4)
        if not context.add_callback(self._leave):
            self._present = False

    def _leave(self) -> None:
        self._present = False
        self._wake()

    @property
    def is_out_of_time(self) -> bool:
        """Whether the caller's own deadline has come."""
        return self._has_deadline and time.monotonic() >= self._until

    def is_present(self) -> bool:
        return self._present and time.monotonic() < self._until

    def patience_s(self) -> float:
        return max(0.0, self._until - time.monotonic())

    def room(self) -> int:
        return self._max_messages

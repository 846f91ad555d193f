"""Those who wait for messages over gRPC, as the broker sees them.

A caller that has gone, or whose deadline is about to pass, must not be given a lease: its messages would be away until
the lease runs out.
"""

import time
from collections.abc import Callable
from typing import Any

from attendance_sandbox.pubsub.messages import Delivery, Outcome

# An answer needs this long to arrive; with less time left the caller gets nothing any more.
DEADLINE_MARGIN_S = 0.05
# The longest that a pull without a deadline waits before it is answered with nothing.
MAX_PULL_S = 90.0


class PullCaller:
    """The caller of one Pull."""

    def __init__(self, context: Any, *, max_messages: int, wait: bool, wake: Callable[[], None]) -> None:
        remaining_s = context.time_remaining()
        self._has_deadline = remaining_s is not None and remaining_s < MAX_PULL_S
        self._present = True
        self._max_messages = max_messages
        self._wait = wait
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
        return self._wait and self._has_deadline and time.monotonic() >= self._until

    def is_present(self) -> bool:
        return self._present and time.monotonic() < self._until

    def patience_s(self) -> float:
        return max(0.0, self._until - time.monotonic()) if self._wait else 0.0

    def room(self) -> int:
        return self._max_messages

    def ack_deadline_s(self) -> None:
        return None


class StreamCaller:
    """The caller of one StreamingPull, with its flow control.

    Attributes:
        ack_deadline: seconds, as the stream last asked for.
    """

    MAX_BATCH = 1_000

    def __init__(
        self,
        context: Any,
        *,
        ack_deadline: int,
        max_messages: int,
        max_bytes: int,
        wake: Callable[[], None],
    ) -> None:
        self.ack_deadline = ack_deadline
        self._max_messages = max_messages
        self._max_bytes = max_bytes
        self._outstanding: list[Delivery] = []
        self._present = True
        self._wake = wake
        if not context.add_callback(self.leave):
            self._present = False

    def leave(self) -> None:
        """The stream has ended."""
        self._present = False
        self._wake()

    def took(self, deliveries: list[Delivery]) -> None:
        """Count these deliveries until they are acknowledged, given back or expired."""
        self._outstanding.extend(deliveries)

    def is_present(self) -> bool:
        return self._present

    def patience_s(self) -> None:
        return None

    def room(self) -> int:
        self._outstanding = [one for one in self._outstanding if one.outcome is Outcome.OUTSTANDING]
        if self._max_bytes > 0 and sum(one.message.size for one in self._outstanding) >= self._max_bytes:
            return 0
        if self._max_messages <= 0:
            return self.MAX_BATCH
        return min(self.MAX_BATCH, self._max_messages - len(self._outstanding))

    def ack_deadline_s(self) -> int:
        return self.ack_deadline

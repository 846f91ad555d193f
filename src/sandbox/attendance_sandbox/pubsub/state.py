"""What the broker holds of a topic and of a subscription, and what it asks of those who wait for messages."""

import threading
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Protocol

from attendance_sandbox.pubsub.backlog import Backlog
from attendance_sandbox.pubsub.messages import Delivery, Message
from attendance_sandbox.pubsub.settings import SubscriptionSettings

# Publications and deliveries remembered for inspection, per topic and per subscription.
HISTORY_LENGTH = 100_000


class Caller(Protocol):
    """Somebody who waits for messages."""

    def is_present(self) -> bool:
        """Whether messages would still reach the caller. False ends the wait."""

    def patience_s(self) -> float | None:
        """Real seconds that the caller still waits; None for no end."""

    def room(self) -> int:
        """How many messages the caller can take now."""

    def ack_deadline_s(self) -> int | None:
        """The lease the caller wants; None for the subscription's own."""


@dataclass(slots=True, eq=False)
class Topic:
    """`resource` is what the API shows of the topic; the broker only keeps it."""

    name: str
    resource: Any
    published: deque[Message] = field(default_factory=lambda: deque(maxlen=HISTORY_LENGTH))


@dataclass(slots=True, eq=False)
class Subscription:
    """`resource` is what the API shows of the subscription; the broker only keeps it. `waiting` counts callers."""

    name: str
    settings: SubscriptionSettings
    resource: Any
    backlog: Backlog
    changed: threading.Condition
    outstanding: dict[str, Delivery] = field(default_factory=dict)
    acknowledged: deque[Message] = field(default_factory=lambda: deque(maxlen=HISTORY_LENGTH))
    deliveries: deque[Delivery] = field(default_factory=lambda: deque(maxlen=HISTORY_LENGTH))
    dead_letters: list[Message] = field(default_factory=list)
    waiting: int = 0

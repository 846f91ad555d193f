"""What the broker holds of a topic and of a subscription, and what it asks of those who wait for messages."""

import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from attendance_sandbox.pubsub.backlog import Backlog
from attendance_sandbox.pubsub.messages import Delivery, Message

DELETED_TOPIC = "_deleted-topic_"
# What the service does to an endpoint that refuses, where the subscription has no retry policy.
MIN_PUSH_BACKOFF_S, MAX_PUSH_BACKOFF_S = 0.1, 60.0
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


@dataclass(frozen=True, slots=True)
class DeadLetterPolicy:
    topic: str
    max_delivery_attempts: int


@dataclass(frozen=True, slots=True)
class SubscriptionSettings:
    """How a subscription delivers: the part of its configuration that the broker acts on.

    Attributes:
        wanted: the attribute, and its value, of the messages that it is for; None for all.
        push_endpoint: the URL to push to; empty for a subscription to pull from.
    """

    topic: str
    ack_deadline_s: int
    wanted: tuple[str, str] | None = None
    dead_letter: DeadLetterPolicy | None = None
    push_endpoint: str = ""

    def matches(self, attributes: Mapping[str, str]) -> bool:
        """Whether a message with these attributes is for this subscription."""
        return self.wanted is None or attributes.get(self.wanted[0]) == self.wanted[1]

    def backoff_s(self, attempt: int) -> float:
        """How long a message rests after delivery number `attempt` (from 1) was not acknowledged."""
        doubled_s = MIN_PUSH_BACKOFF_S * 2.0 ** min(attempt - 1, 60)
        return min(MAX_PUSH_BACKOFF_S, doubled_s) if self.push_endpoint else 0.0


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
    deliveries: deque[Delivery] = field(default_factory=lambda: deque(maxlen=HISTORY_LENGTH))
    waiting: int = 0

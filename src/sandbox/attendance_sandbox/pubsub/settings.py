"""How a subscription delivers: the part of its configuration that the broker acts on."""

from dataclasses import dataclass

from attendance_sandbox.pubsub.filters import Filter, match_all

DEFAULT_ACK_DEADLINE_S = 10
DEFAULT_RETENTION_S = 7 * 24 * 3600
DEFAULT_MINIMUM_BACKOFF_S = 10.0
DEFAULT_MAXIMUM_BACKOFF_S = 600.0
DELETED_TOPIC = "_deleted-topic_"


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Exponential backoff between deliveries of a message, seconds."""

    minimum_s: float = DEFAULT_MINIMUM_BACKOFF_S
    maximum_s: float = DEFAULT_MAXIMUM_BACKOFF_S

    def backoff_s(self, attempt: int) -> float:
        """The wait after delivery number `attempt` (from 1) was not acknowledged."""
        return min(self.maximum_s, self.minimum_s * 2.0 ** min(attempt - 1, 60))


# What the service does to an endpoint that refuses, where the subscription has no retry policy.
PUSH_BACKOFF = RetryPolicy(minimum_s=0.1, maximum_s=60.0)


@dataclass(frozen=True, slots=True)
class DeadLetterPolicy:
    topic: str
    max_delivery_attempts: int = 5


@dataclass(frozen=True, slots=True)
class SubscriptionSettings:
    """Attributes:
    matches: whether a message with these attributes is for this subscription.
    retry: None delivers again at once.
    retain_acknowledged: acknowledged messages are kept for a seek.
    retention_s: how long an unacknowledged (or retained) message is kept.
    push_endpoint: the URL to push to; empty for a subscription to pull from.
    """

    topic: str
    ack_deadline_s: int = DEFAULT_ACK_DEADLINE_S
    matches: Filter = match_all
    ordered: bool = False
    retry: RetryPolicy | None = None
    dead_letter: DeadLetterPolicy | None = None
    retain_acknowledged: bool = False
    retention_s: float = DEFAULT_RETENTION_S
    push_endpoint: str = ""

    def backoff_s(self, attempt: int) -> float:
        """How long a message rests after delivery number `attempt` was not acknowledged."""
        if self.retry is not None:
            return self.retry.backoff_s(attempt)
        return PUSH_BACKOFF.backoff_s(attempt) if self.push_endpoint else 0.0

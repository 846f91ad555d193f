"""What travels: a message as it was published, and one delivery of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Draft:
    """A message as its publisher hands it in, before it has an ID."""

    data: bytes = b""
    attributes: Mapping[str, str] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Bytes that count against the limits: data and attributes."""
        attributes = sum(len(key.encode()) + len(value.encode()) for key, value in self.attributes.items())
        return len(self.data) + attributes


@dataclass(frozen=True, slots=True)
class Message(Draft):
    """A published message.

    Attributes:
        message_id: decimal digits, unique in this server, rising.
        publish_time_ms: milliseconds since 1970 by the broker's clock, the precision of the real service.
    """

    message_id: str = ""
    publish_time_ms: int = 0


class Outcome(StrEnum):
    """What became of a delivery."""

    OUTSTANDING = "outstanding"
    ACKNOWLEDGED = "acknowledged"
    REJECTED = "rejected"
    EXPIRED = "expired"


@dataclass(slots=True, eq=False)
class Delivery:
    """One delivery of a message to one subscription, with an acknowledgment ID of its own.

    Attributes:
        attempt: 1 for the first delivery of the message to this subscription.
        reported_attempt: `attempt` if the subscription has a dead-letter policy, else 0, as in the API.
        outcome: changes while the server runs.
    """

    subscription: str
    message: Message
    ack_id: str
    attempt: int
    reported_attempt: int
    outcome: Outcome = Outcome.OUTSTANDING

"""A Pub/Sub server on one machine. What is faithful and what is not: `server.py`."""

from attendance_sandbox.pubsub.errors import PubSubError, UnavailableError
from attendance_sandbox.pubsub.messages import Delivery, Message, Outcome
from attendance_sandbox.pubsub.server import PubSubServer, steady_clock

__all__ = [
    "Delivery",
    "Message",
    "Outcome",
    "PubSubError",
    "PubSubServer",
    "UnavailableError",
    "steady_clock",
]

"""Between protobuf and the broker's own types.

The raw protobuf classes of google-cloud-pubsub are used, not their proto-plus wrappers: those cost milliseconds.
"""

from typing import Any

from google.protobuf import duration_pb2, empty_pb2, timestamp_pb2
from google.pubsub_v1 import types

from attendance_sandbox.pubsub.messages import Delivery, Draft, Message

Empty = empty_pb2.Empty


def raw(name: str) -> Any:
    """The protobuf class behind `google.pubsub_v1.types.<name>`."""
    return getattr(types, name).pb()


_PubsubMessage = raw("PubsubMessage")
_ReceivedMessage = raw("ReceivedMessage")


def draft_of(message: Any) -> Draft:
    """What a publisher sent as a PubsubMessage."""
    return Draft(data=message.data, attributes=dict(message.attributes))


def timestamp_of(time_ms: int) -> Any:
    """Milliseconds since 1970 as a protobuf Timestamp."""
    timestamp = timestamp_pb2.Timestamp()
    timestamp.FromMilliseconds(time_ms)
    return timestamp


def message_of(message: Message) -> Any:
    """A published message as PubsubMessage."""
    return _PubsubMessage(
        data=message.data,
        attributes=message.attributes,
        message_id=message.message_id,
        publish_time=timestamp_of(message.publish_time_ms),
    )


def received_message_of(delivery: Delivery) -> Any:
    return _ReceivedMessage(
        ack_id=delivery.ack_id,
        message=message_of(delivery.message),
        delivery_attempt=delivery.reported_attempt,
    )


def seconds_of(duration: Any) -> float:
    return float(duration.seconds + duration.nanos / 1e9)


def duration_of(seconds: float) -> Any:
    duration = duration_pb2.Duration()
    duration.FromNanoseconds(round(seconds * 1e9))
    return duration

"""StreamingPull: messages flow one way, acknowledgments the other, over one stream."""

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

from attendance_sandbox.pubsub.broker import Broker
from attendance_sandbox.pubsub.callers import StreamCaller
from attendance_sandbox.pubsub.errors import InvalidArgumentError, PubSubError, UnavailableError
from attendance_sandbox.pubsub.resources import MIN_ACK_DEADLINE_S, check_ack_deadline
from attendance_sandbox.pubsub.subscriber import check_pullable
from attendance_sandbox.pubsub.wire import raw, received_message_of

_Response = raw("StreamingPullResponse")


def streaming_pull(broker: Broker, requests: Iterator[Any], context: Any) -> Iterator[Any]:
    """The responses of one stream; ends when the client does, raises PubSubError when the server has to end it."""
    first = next(requests, None)
    if first is None:
        raise InvalidArgumentError("The stream ended before its first request.")
    name = first.subscription
    subscription = broker.subscription(name)
    check_pullable(subscription)
    check_ack_deadline(first.stream_ack_deadline_seconds, minimum=MIN_ACK_DEADLINE_S)
    caller = StreamCaller(
        context,
        ack_deadline=first.stream_ack_deadline_seconds,
        max_messages=first.max_outstanding_messages,
        max_bytes=first.max_outstanding_bytes,
        wake=lambda: broker.wake(name),
    )
    reader = threading.Thread(
        target=_read, args=(broker, name, requests, caller), name="streaming-pull-reader", daemon=True
    )
    reader.start()
    properties = _Response.SubscriptionProperties(
        exactly_once_delivery_enabled=subscription.resource.enable_exactly_once_delivery,
        message_ordering_enabled=subscription.settings.ordered,
    )
    while caller.is_present():
        deliveries = broker.pull_from(subscription, caller)
        if deliveries:
            caller.took(deliveries)
            received = [received_message_of(delivery) for delivery in deliveries]
            yield _Response(received_messages=received, subscription_properties=properties)
        if broker.closed:
            raise UnavailableError("The server is shutting down.")


def _read(broker: Broker, name: str, requests: Iterator[Any], caller: StreamCaller) -> None:
    """Carry out what the client sends on the stream until it ends it or is gone."""
    # gRPC ends the requests of a client that is gone with a bare Exception.
    with contextlib.suppress(Exception):
        for request in requests:
            _apply(broker, name, request, caller)
    caller.leave()


def _apply(broker: Broker, name: str, request: Any, caller: StreamCaller) -> None:
    with contextlib.suppress(PubSubError):
        if request.stream_ack_deadline_seconds:
            check_ack_deadline(request.stream_ack_deadline_seconds, minimum=MIN_ACK_DEADLINE_S)
            caller.ack_deadline = request.stream_ack_deadline_seconds
        if request.ack_ids:
            broker.acknowledge(name, request.ack_ids)
        pairs = zip(request.modify_deadline_ack_ids, request.modify_deadline_seconds, strict=False)
        for ack_id, seconds in pairs:
            check_ack_deadline(seconds, minimum=0)
            broker.modify_ack_deadline(name, [ack_id], seconds)

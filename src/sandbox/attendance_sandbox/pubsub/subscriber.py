"""The RPCs of google.pubsub.v1.Subscriber."""

import re
from collections.abc import Sequence
from typing import Any

from attendance_sandbox.pubsub import resources
from attendance_sandbox.pubsub.broker import Broker
from attendance_sandbox.pubsub.callers import PullCaller
from attendance_sandbox.pubsub.errors import (
    DeadlineExceededError,
    FailedPreconditionError,
    InvalidArgumentError,
    UnavailableError,
)
from attendance_sandbox.pubsub.push import PushDispatcher
from attendance_sandbox.pubsub.state import Subscription
from attendance_sandbox.pubsub.wire import Empty, raw, received_message_of

_Subscription = raw("Subscription")
_PullResponse = raw("PullResponse")
_ACK_ID = re.compile(r"[0-9a-f]{32}")


class SubscriberService:
    """Each method takes the raw protobuf request and the gRPC context, and returns the raw response."""

    SERVICE = "google.pubsub.v1.Subscriber"

    def __init__(self, broker: Broker, pushes: PushDispatcher) -> None:
        self._broker = broker
        self._pushes = pushes
        # Each method with what does it and the classes of its request and its response.
        self.unary = {
            "CreateSubscription": (self.create_subscription, _Subscription, _Subscription),
            "GetSubscription": (self.get_subscription, raw("GetSubscriptionRequest"), _Subscription),
            "DeleteSubscription": (
                self.delete_subscription,
                raw("DeleteSubscriptionRequest"),
                Empty,
            ),
            "Pull": (self.pull, raw("PullRequest"), _PullResponse),
            "Acknowledge": (self.acknowledge, raw("AcknowledgeRequest"), Empty),
            "ModifyAckDeadline": (self.modify_ack_deadline, raw("ModifyAckDeadlineRequest"), Empty),
        }

    def create_subscription(self, request: Any, _context: Any) -> Any:
        settings = resources.complete_subscription(request)
        self._broker.create_subscription(request.name, settings, request)
        self._pushes.serve(request.name)
        return request

    def get_subscription(self, request: Any, _context: Any) -> Any:
        return _shown(self._broker.subscription(request.subscription))

    def delete_subscription(self, request: Any, _context: Any) -> Any:
        self._broker.delete_subscription(request.subscription)
        return Empty()

    def pull(self, request: Any, context: Any) -> Any:
        if request.max_messages <= 0:
            raise InvalidArgumentError("The value for max_messages must be greater than zero.")
        check_pullable(self._broker.subscription(request.subscription))
        caller = PullCaller(
            context,
            max_messages=request.max_messages,
            wake=lambda: self._broker.wake(request.subscription),
        )
        deliveries = self._broker.pull(request.subscription, caller)
        if not deliveries and self._broker.closed:
            raise UnavailableError("The server is shutting down.")
        if not deliveries and caller.is_out_of_time:
            raise DeadlineExceededError("Deadline Exceeded")
        return _PullResponse(received_messages=[received_message_of(delivery) for delivery in deliveries])

    def acknowledge(self, request: Any, _context: Any) -> Any:
        check_ack_ids(request.ack_ids)
        self._broker.acknowledge(request.subscription, request.ack_ids)
        return Empty()

    def modify_ack_deadline(self, request: Any, _context: Any) -> Any:
        check_ack_ids(request.ack_ids)
        resources.check_ack_deadline(request.ack_deadline_seconds, minimum=0)
        self._broker.modify_ack_deadline(request.subscription, request.ack_ids, request.ack_deadline_seconds)
        return Empty()


def check_pullable(subscription: Subscription) -> None:
    if subscription.settings.push_endpoint:
        raise FailedPreconditionError(
            "This method is not supported for this subscription type: it is a push one."
        )


def check_ack_ids(ack_ids: Sequence[str]) -> None:
    if not ack_ids:
        raise InvalidArgumentError("No ack ids specified.")
    for ack_id in ack_ids:
        if _ACK_ID.fullmatch(ack_id) is None:
            raise InvalidArgumentError(f"You have passed an invalid ack ID to the service (ack_id={ack_id}).")


def _shown(subscription: Subscription) -> Any:
    """The resource; its topic changes when the topic is deleted."""
    subscription.resource.topic = subscription.settings.topic
    return subscription.resource

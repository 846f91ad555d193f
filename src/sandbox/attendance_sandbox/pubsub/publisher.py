"""The RPCs of google.pubsub.v1.Publisher."""

from typing import Any

from attendance_sandbox.pubsub import resources
from attendance_sandbox.pubsub.broker import Broker
from attendance_sandbox.pubsub.errors import InvalidArgumentError
from attendance_sandbox.pubsub.wire import Empty, draft_of, raw

_PublishResponse = raw("PublishResponse")


class PublisherService:
    """Each method takes the raw protobuf request and the gRPC context, and returns the raw response."""

    SERVICE = "google.pubsub.v1.Publisher"

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        # Each method with what does it and the classes of its request and its response.
        self.unary = {
            "CreateTopic": (self.create_topic, raw("Topic"), raw("Topic")),
            "GetTopic": (self.get_topic, raw("GetTopicRequest"), raw("Topic")),
            "DeleteTopic": (self.delete_topic, raw("DeleteTopicRequest"), Empty),
            "Publish": (self.publish, raw("PublishRequest"), _PublishResponse),
        }

    def create_topic(self, request: Any, _context: Any) -> Any:
        resources.complete_topic(request)
        self._broker.create_topic(request.name, request)
        return request

    def get_topic(self, request: Any, _context: Any) -> Any:
        return self._broker.topic(request.topic).resource

    def delete_topic(self, request: Any, _context: Any) -> Any:
        self._broker.delete_topic(request.topic)
        return Empty()

    def publish(self, request: Any, _context: Any) -> Any:
        if any(message.ordering_key for message in request.messages):
            raise InvalidArgumentError("This stand-in for Pub/Sub knows no ordering keys.")
        drafts = [draft_of(message) for message in request.messages]
        return _PublishResponse(message_ids=self._broker.publish(request.topic, drafts))

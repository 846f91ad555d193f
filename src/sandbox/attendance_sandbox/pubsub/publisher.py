"""The RPCs of google.pubsub.v1.Publisher."""

from typing import Any

from attendance_sandbox.pubsub import resources
from attendance_sandbox.pubsub.broker import Broker
from attendance_sandbox.pubsub.paging import page
from attendance_sandbox.pubsub.wire import Empty, draft_of, raw

_ListTopicsResponse = raw("ListTopicsResponse")
_ListTopicSubscriptionsResponse = raw("ListTopicSubscriptionsResponse")
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
            "UpdateTopic": (self.update_topic, raw("UpdateTopicRequest"), raw("Topic")),
            "DeleteTopic": (self.delete_topic, raw("DeleteTopicRequest"), Empty),
            "ListTopics": (self.list_topics, raw("ListTopicsRequest"), _ListTopicsResponse),
            "ListTopicSubscriptions": (
                self.list_topic_subscriptions,
                raw("ListTopicSubscriptionsRequest"),
                _ListTopicSubscriptionsResponse,
            ),
            "Publish": (self.publish, raw("PublishRequest"), _PublishResponse),
        }

    def create_topic(self, request: Any, context: Any) -> Any:
        del context
        resources.complete_topic(request)
        self._broker.create_topic(request.name, request)
        return request

    def get_topic(self, request: Any, context: Any) -> Any:
        del context
        return self._broker.topic(request.topic).resource

    def update_topic(self, request: Any, context: Any) -> Any:
        del context
        topic = self._broker.topic(request.topic.name)
        topic.resource = resources.updated_topic(topic.resource, request.topic, request.update_mask.paths)
        return topic.resource

    def delete_topic(self, request: Any, context: Any) -> Any:
        del context
        self._broker.delete_topic(request.topic)
        return Empty()

    def list_topics(self, request: Any, context: Any) -> Any:
        del context
        topics, token = page(self._broker.topics(request.project), request.page_size, request.page_token)
        return _ListTopicsResponse(topics=[topic.resource for topic in topics], next_page_token=token)

    def list_topic_subscriptions(self, request: Any, context: Any) -> Any:
        del context
        found = self._broker.subscriptions_of(request.topic)
        subscriptions, token = page(found, request.page_size, request.page_token)
        names = [subscription.name for subscription in subscriptions]
        return _ListTopicSubscriptionsResponse(subscriptions=names, next_page_token=token)

    def publish(self, request: Any, context: Any) -> Any:
        del context
        drafts = [draft_of(message) for message in request.messages]
        return _PublishResponse(message_ids=self._broker.publish(request.topic, drafts))

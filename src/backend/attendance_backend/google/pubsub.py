"""The reply topics, through google-cloud-pubsub."""

from typing import Any

from google.api_core.exceptions import GoogleAPICallError, NotFound, PermissionDenied, RetryError
from google.cloud import pubsub_v1

from attendance_backend.errors import BusError, RefusedError
from attendance_contracts import Message, encode, topic_path
from attendance_trouble import first_words

PUBLISH_TIMEOUT_S = 30.0


class PubSubReplies:
    """The `Replies` port. Make it after the process has forked: gRPC does not survive a fork."""

    def __init__(self, project: str) -> None:
        self._project = project
        settings = pubsub_v1.types.BatchSettings(max_messages=1)
        self._publisher: Any = pubsub_v1.PublisherClient(batch_settings=settings)

    def publish(self, message: Message) -> None:
        """See the port."""
        data, attributes = encode(message)
        path = topic_path(self._project, message.topic)
        try:
            future = self._publisher.publish(path, data, timeout=PUBLISH_TIMEOUT_S, **attributes)
            future.result(timeout=PUBLISH_TIMEOUT_S)
        except NotFound as error:
            raise RefusedError(f"the topic {path} does not exist: create it") from error
        except PermissionDenied as error:
            raise RefusedError(
                f"the backend may not publish to {path}: grant it roles/pubsub.publisher"
            ) from error
        except (GoogleAPICallError, RetryError, TimeoutError) as error:
            raise BusError(f"Pub/Sub did not confirm the reply on {path}: {first_words(error)}") from error

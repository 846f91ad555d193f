"""The reply topics and the dead letters, through google-cloud-pubsub."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import grpc
from google.api_core.exceptions import (
    DeadlineExceeded,
    GoogleAPICallError,
    NotFound,
    PermissionDenied,
    RetryError,
    ServiceUnavailable,
)
from google.cloud import pubsub_v1

from attendance_backend.errors import BusError, RefusedError
from attendance_contracts import Message, Topic, encode, topic_path
from attendance_trouble import first_words

PUBLISH_TIMEOUT_S = 30.0
PULL_TIMEOUT_S = 5.0
CONNECTED_S = 1.0
"""So long a channel may take to say that it is connected; one that is says so at once."""
MOST_LETTERS = 2_000
DEAD_LETTERS = "dead_letters"
"""The topic, and the subscription on it, where messages lie that never worked."""


class PubSubReplies:
    """The `Replies` port. Make it after the process has forked: gRPC does not survive a fork."""

    def __init__(self, project: str) -> None:
        self._project = project
        settings = pubsub_v1.types.BatchSettings(max_messages=1)
        self._publisher: Any = pubsub_v1.PublisherClient(batch_settings=settings)

    def publish(self, message: Message) -> None:
        self._publish(topic_path(self._project, message.topic), *encode(message))

    def set_aside(self, data: bytes, attributes: Mapping[str, str]) -> None:
        self._publish(f"projects/{self._project}/topics/{DEAD_LETTERS}", data, attributes)

    def _publish(self, path: str, data: bytes, attributes: Mapping[str, str]) -> None:
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


@dataclass(frozen=True, slots=True)
class SubscriptionFacts:
    """What a subscription is like; `dead_letters` is the topic's name, empty for none."""

    filter: str
    dead_letters: str


class PubSubLook:
    """Looks at topics and subscriptions, and changes nothing. Make it as `PubSubReplies`."""

    def __init__(self, project: str) -> None:
        self._project = project
        self._publisher: Any = pubsub_v1.PublisherClient()
        self._subscriber: Any = pubsub_v1.SubscriberClient()

    def has_topic(self, name: str) -> bool:
        """Whether there is a topic; raises RefusedError where it may not be seen, and BusError."""
        path = f"projects/{self._project}/topics/{name}"
        return self._look(self._publisher.get_topic, path, {"topic": path}) is not None

    def subscription(self, path: str) -> SubscriptionFacts | None:
        """A subscription; None where there is none. Raises as `has_topic`."""
        found = self._look(self._subscriber.get_subscription, path, {"subscription": path})
        if found is None:
            return None
        return SubscriptionFacts(found.filter, found.dead_letter_policy.dead_letter_topic.rpartition("/")[2])

    def _look(self, call: Any, path: str, request: Mapping[str, str]) -> Any:
        try:
            return call(request=request, timeout=PUBLISH_TIMEOUT_S, retry=None)
        except NotFound:
            return None
        except PermissionDenied as error:
            raise RefusedError(f"{path} may not be seen: grant whoever asks roles/pubsub.viewer") from error
        except (GoogleAPICallError, RetryError) as error:
            raise BusError(f"{path}: {first_words(error)}") from error


@dataclass(frozen=True)
class DeadLetter:
    """A message among the dead letters, held by us for a while."""

    ack_id: str
    letter_id: str
    data: bytes
    attributes: Mapping[str, str]
    at: datetime


class PubSubDeadLetters:
    """The subscription ``dead_letters``. What is looked at stays there, unless it is acknowledged."""

    def __init__(self, project: str) -> None:
        self._project = project
        self._subscription = f"projects/{project}/subscriptions/{DEAD_LETTERS}"
        self._subscriber: Any = pubsub_v1.SubscriberClient()
        self._publisher: Any = pubsub_v1.PublisherClient(
            batch_settings=pubsub_v1.types.BatchSettings(max_messages=1)
        )

    def hold(self) -> list[DeadLetter]:
        """All that can be fetched now, oldest first; raises RefusedError and BusError."""
        held: dict[str, DeadLetter] = {}
        while len(held) < MOST_LETTERS and (received := self._pull()):
            for each in received:
                message = each.message
                held[message.message_id] = DeadLetter(
                    each.ack_id,
                    message.message_id,
                    message.data,
                    dict(message.attributes),
                    message.publish_time,
                )
        return sorted(held.values(), key=lambda letter: letter.at)

    def _pull(self) -> Sequence[Any]:
        request = {"subscription": self._subscription, "max_messages": 100}
        try:
            found = self._call(self._subscriber.pull, request, PULL_TIMEOUT_S)
        except DeadlineExceeded as error:
            # That there is no letter is said by silence, too: from no one but a server that is there.
            self._check_connected(error)
            return ()
        return list(found.received_messages)

    def _check_connected(self, silence: DeadlineExceeded) -> None:
        channel = grpc.channel_ready_future(self._subscriber.transport.grpc_channel)
        try:
            channel.result(timeout=CONNECTED_S)
        except grpc.FutureTimeoutError:
            raise BusError(
                f"{self._subscription}: Pub/Sub cannot be reached (nothing answers); check this computer's network"
            ) from silence
        finally:
            channel.cancel()

    def release(self, letters: Sequence[DeadLetter]) -> None:
        """Let others see them again, and at once."""
        for first in range(0, len(letters), 100):
            ids = [letter.ack_id for letter in letters[first : first + 100]]
            request = {"subscription": self._subscription, "ack_ids": ids, "ack_deadline_seconds": 0}
            self._call(self._subscriber.modify_ack_deadline, request, PUBLISH_TIMEOUT_S)

    def discard(self, letter: DeadLetter) -> None:
        request = {"subscription": self._subscription, "ack_ids": [letter.ack_id]}
        self._call(self._subscriber.acknowledge, request, PUBLISH_TIMEOUT_S)

    def redrive(self, letter: DeadLetter, topic: Topic, attributes: Mapping[str, str]) -> None:
        """Publish one where it came from, then be done with it."""
        path = topic_path(self._project, topic)
        try:
            self._publisher.publish(path, letter.data, timeout=PUBLISH_TIMEOUT_S, **attributes).result(
                timeout=PUBLISH_TIMEOUT_S
            )
        except (NotFound, PermissionDenied) as error:
            raise RefusedError(f"{path}: {first_words(error)}") from error
        except (GoogleAPICallError, RetryError, TimeoutError) as error:
            raise BusError(f"Pub/Sub did not confirm the message on {path}: {first_words(error)}") from error
        self.discard(letter)

    def _call(self, call: Any, request: Mapping[str, object], timeout_s: float) -> Any:
        try:
            return call(request=request, timeout=timeout_s, retry=None)
        except DeadlineExceeded:
            raise
        except (NotFound, PermissionDenied) as error:
            raise RefusedError(
                f"{self._subscription}: {first_words(error)}; deploy/gcp/deploy makes it, and whoever looks at it "
                "needs roles/pubsub.subscriber"
            ) from error
        except ServiceUnavailable as error:
            raise BusError(
                f"{self._subscription}: Pub/Sub cannot be reached ({first_words(error)}); check this computer's network"
            ) from error
        except (GoogleAPICallError, RetryError) as error:
            raise BusError(f"{self._subscription}: {first_words(error)}") from error

"""Pub/Sub through google-cloud-pubsub, as one site sees it."""

import logging
import os
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from google.api_core import exceptions
from google.api_core.retry import Retry, if_exception_type
from google.auth.exceptions import GoogleAuthError
from google.cloud import pubsub_v1
from google.protobuf import duration_pb2

from attendance_client.errors import AccessError, BusError, CredentialsError, StopRequested
from attendance_contracts import (
    REPLY_TOPICS,
    ContractError,
    Message,
    Signer,
    Topic,
    decode_topic,
    encode,
    subscription_filter,
    subscription_path,
    topic_path,
)
from attendance_trouble import KEY_FILE, first_words, key_file_trouble

log = logging.getLogger(__name__)

STAND_IN = "PUBSUB_EMULATOR_HOST"
"""Names another server than Google's."""
NO_USE = (GoogleAuthError, OSError, ValueError, AttributeError)
"""What google-auth raises over a key file; of a folder, and of JSON that is no object, Python's own errors."""
_REFRESH_FAILED = "Getting metadata from plugin failed with error: "
"""What gRPC puts before google-auth's own error."""
PUBLISH_TIMEOUT_S = 30.0
CALL_TIMEOUT_S = 30.0
STOP_HEEDED_S = 0.2
SILENT_S = 60.0
"""After so long without a word from Pub/Sub while it was asked, the connection is made anew."""
MAX_REPLIES = 20
RETENTION_S = 7 * 86_400
"""How long Pub/Sub keeps a reply that nobody fetches: its longest."""


class PubSubBus:
    """The port Bus on google-cloud-pubsub, which honours PUBSUB_EMULATOR_HOST. When `stop` is set, it waits no longer.

    Attributes:
        signer: signs what is published; None where the site has no key.
        reached_at: when Pub/Sub answered last, by this computer's clock, aware; None before it did.
    """

    def __init__(self, project: str, location: str, stop: threading.Event | None = None) -> None:
        self._stop = stop or threading.Event()
        self._project = project
        self._location = location
        self.signer: Signer | None = None
        self._prepared = False
        self.heard_at: datetime | None = None
        self.reached_at: datetime | None = None
        self._heard_at_s = time.monotonic()
        self._connect()

    def _connect(self) -> None:
        """Anew where nothing is heard: a router may have forgotten the connection, which nobody is told of."""
        try:
            self._publisher = pubsub_v1.PublisherClient(
                # One message at a time, each confirmed: nothing to gain by waiting for a fuller batch.
                batch_settings=pubsub_v1.types.BatchSettings(max_messages=1),
            )
            self._subscriber = pubsub_v1.SubscriberClient()
        except NO_USE as error:
            raise CredentialsError(unusable_credentials()) from error

    def _reconnect(self) -> None:
        before = self._publisher, self._subscriber
        try:
            self._connect()
        except CredentialsError as error:
            # They were there at the start. Until they are again, the old connection is tried: a closed one raises.
            raise AccessError(str(error)) from error
        for client in before:
            client.transport.close()
        self._heard_at_s = time.monotonic()

    def _call(self, procedure: Callable[..., Any], **arguments: Any) -> Any:
        """Call Google in a thread of its own: gRPC cannot be called away from a call, and a stop must not wait."""
        future: Future[Any] = Future()

        def call() -> None:
            try:
                future.set_result(procedure(**arguments, retry=None))
            except BaseException as error:  # noqa: BLE001 - raised again by whoever waits
                future.set_exception(error)

        threading.Thread(target=call, daemon=True).start()
        try:
            # With some time for a new token.
            return self._wait_for(future, arguments["timeout"] + CALL_TIMEOUT_S)
        except TimeoutError as error:
            raise BusError("Pub/Sub: nobody answers, not even that it takes too long") from error

    def _wait_for(self, future: Any, timeout_s: float) -> Any:
        """Its result; raises StopRequested or TimeoutError where there is none before. It may still come to pass."""
        deadline_s = time.monotonic() + timeout_s
        while not future.done() and time.monotonic() < deadline_s:
            if self._stop.is_set():
                raise StopRequested
            with suppress(TimeoutError):
                return future.result(timeout=STOP_HEEDED_S)
        return future.result(timeout=0)

    def _answered(self) -> None:
        self._heard_at_s, self.reached_at = time.monotonic(), datetime.now(UTC)

    def prepare(self) -> None:
        if self._prepared:
            return
        for topic in REPLY_TOPICS:
            self.ensure_subscription(topic)
        self._prepared = True

    def ensure_subscription(self, topic: Topic) -> bool:
        """Make sure that this site's subscription on `topic` exists; returns whether it had to be made.

        Raises as `prepare` does.
        """
        name = subscription_path(self._project, topic, self._location)
        request = {
            "name": name,
            "topic": topic_path(self._project, topic),
            "filter": subscription_filter(self._location),
            "ack_deadline_seconds": 30,
            "message_retention_duration": duration_pb2.Duration(seconds=RETENTION_S),
            # Never expires: a Pi may be off for a long holiday.
            "expiration_policy": {},
        }
        try:
            self._call(self._subscriber.create_subscription, request=request, timeout=CALL_TIMEOUT_S)
        except exceptions.AlreadyExists:
            return False
        except exceptions.NotFound as error:
            raise AccessError(
                f"the topic {topic} does not exist in the project {self._project}; create the topics "
                "(docs/deploying.md) or correct 'project_id'"
            ) from error
        except exceptions.PermissionDenied as error:
            self._check_subscription(name, topic, error)
            return False
        except (exceptions.GoogleAPIError, GoogleAuthError) as error:
            if _REFRESH_FAILED in str(error):
                # The key may be a new one by now. Publishing, which sees to that too, comes only after this.
                self._reconnect()
            raise unreachable(error) from error
        log.info("created the subscription %s", name)
        return True

    def _check_subscription(self, name: str, topic: Topic, denied: Exception) -> None:
        """A Pi that may not create subscriptions must find them made."""
        try:
            self._call(
                self._subscriber.get_subscription, request={"subscription": name}, timeout=CALL_TIMEOUT_S
            )
        except exceptions.PermissionDenied:
            raise AccessError(
                f"this account may neither see nor create the subscription {name}. Let it see the one there: gcloud "
                f"pubsub subscriptions add-iam-policy-binding {topic}-{self._location} --role=roles/pubsub.viewer "
                "--member=serviceAccount:ITS-ADDRESS"
            ) from denied
        except exceptions.NotFound:
            raise AccessError(
                f"the subscription {name} does not exist and this account may not create it. Create it with: "
                f"gcloud pubsub subscriptions create {topic}-{self._location} --topic={topic} "
                f"--message-filter='{subscription_filter(self._location)}' "
                "--expiration-period=never --message-retention-duration=7d"
            ) from denied
        except (exceptions.GoogleAPIError, GoogleAuthError) as error:
            raise unreachable(error) from error

    def publish(self, message: Message) -> None:
        data, attributes = encode(message)
        if self.signer is not None:
            attributes = self.signer.signed(message.topic, data, attributes)
        try:
            future = self._publisher.publish(
                topic_path(self._project, message.topic),
                data,
                # Bounded here: left alone, the library goes on trying behind a caller that has given up.
                retry=Retry(
                    predicate=if_exception_type(exceptions.ServiceUnavailable, exceptions.Aborted),
                    timeout=PUBLISH_TIMEOUT_S,
                ),
                timeout=PUBLISH_TIMEOUT_S,
                **attributes,
            )
            self._wait_for(future, 2 * PUBLISH_TIMEOUT_S)
        except exceptions.PermissionDenied as error:
            raise _lacks(f"topics add-iam-policy-binding {message.topic}", "publisher") from error
        # The library asserts when a message follows a failed one within some milliseconds.
        except (exceptions.GoogleAPIError, GoogleAuthError, TimeoutError, AssertionError) as error:
            if isinstance(error, exceptions.DeadlineExceeded | exceptions.RetryError | TimeoutError):
                self._reconnect()
            raise unreachable(error) from error
        self._answered()

    def receive(self, topic: Topic, timeout_s: float) -> Sequence[Message]:
        subscription = subscription_path(self._project, topic, self._location)
        try:
            response = self._call(
                self._subscriber.pull,
                request={"subscription": subscription, "max_messages": MAX_REPLIES},
                timeout=timeout_s,
            )
            self._answered()
            if not response.received_messages:
                return ()
            self._call(
                self._subscriber.acknowledge,
                request={
                    "subscription": subscription,
                    "ack_ids": [received.ack_id for received in response.received_messages],
                },
                timeout=CALL_TIMEOUT_S,
            )
        except exceptions.DeadlineExceeded:
            # No message, or no connection: the same to whoever waits.
            if time.monotonic() - self._heard_at_s >= SILENT_S:
                self._reconnect()
            return ()
        except exceptions.PermissionDenied as error:
            binding = f"subscriptions add-iam-policy-binding {topic}-{self._location}"
            raise _lacks(binding, "subscriber") from error
        except exceptions.NotFound as error:
            self._prepared = False
            raise BusError(f"the subscription {subscription} was deleted; making it again") from error
        except (exceptions.GoogleAPIError, GoogleAuthError) as error:
            raise unreachable(error) from error
        replies = []
        self.heard_at = max(received.message.publish_time for received in response.received_messages)
        for received in response.received_messages:
            try:
                replies.append(decode_topic(topic, received.message.data, received.message.attributes))
            except ContractError as error:
                log.warning("dropped a message that breaks the contract: %s", error)
        return replies


def unusable_credentials() -> str:
    """What to say, and to do, about credentials that google-auth does not find or cannot read."""
    key_file = os.environ.get(KEY_FILE)
    if not key_file:
        return f"there are no Google credentials; point {KEY_FILE} at the key file of this site's service account"
    return f"{KEY_FILE} names {key_file_trouble(Path(key_file))}"


def _lacks(binding: str, role: str) -> BusError:
    return BusError(
        f"Pub/Sub: this account has not the right to it (any more). Give it back with: gcloud pubsub {binding} "
        f"--role=roles/pubsub.{role} --member=serviceAccount:ITS-ADDRESS"
    )


def unreachable(error: Exception) -> BusError:
    """What to raise where Pub/Sub does not answer."""
    if not isinstance(error, exceptions.ServiceUnavailable):
        return BusError(f"Pub/Sub: {first_words(error)}")
    words = first_words(error)
    _, refresh_failed, why = words.partition(_REFRESH_FAILED)
    if refresh_failed:
        return BusError(
            f"Google gives no token for this site's credentials ({why}); attendance-client doctor says more"
        )
    where = os.environ.get(STAND_IN) or "pubsub.googleapis.com"
    # gRPC tells the whole way to the cause, which comes last.
    return BusError(f"Pub/Sub cannot be reached at {where} ({words.rpartition(': ')[2].rstrip(']')})")

"""What is believed of Pub/Sub, on topics and subscriptions of our own."""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import google.auth.exceptions
from google.api_core.exceptions import (
    AlreadyExists,
    DeadlineExceeded,
    GoogleAPIError,
    InvalidArgument,
    MethodNotImplemented,
    NotFound,
    PermissionDenied,
)
from google.cloud import pubsub_v1
from google.iam.v1 import policy_pb2

from attendance_backend.app.settings import LOG_IN
from attendance_backend.errors import BusError, RefusedError
from attendance_backend.google.pubsub import DEAD_LETTERS
from attendance_contracts import Topic, subscription_filter
from attendance_trouble import first_words
from attendance_trouble.belief import Beliefs, NotTriedError, OtherwiseError, expect

NAME = "attendance-selftest"
ACK_S = 10
PULL_S = 2.0
PATIENCE_S = 60
LEAST_ATTEMPTS = 5
_CALL_S = 30.0


class PubSubLab:
    """Two topics, each with a subscription: one that filters and sets aside, one for what was set aside."""

    def __init__(self, project: str, wait: Callable[[float], None] = time.sleep) -> None:
        """Makes them; raises RefusedError and BusError."""
        self.wait = wait
        try:
            self.publisher: Any = pubsub_v1.PublisherClient()
            self.subscriber: Any = pubsub_v1.SubscriberClient()
        except google.auth.exceptions.GoogleAuthError as error:
            raise RefusedError(f"Pub/Sub cannot be asked ({first_words(error)}): {LOG_IN}") from error
        self.project = f"projects/{project}"
        self.topic, self.aside = (f"{self.project}/topics/{NAME}{each}" for each in ("", "-aside"))
        self.filtered, self.letters = (
            f"{self.project}/subscriptions/{NAME}{each}" for each in ("", "-aside")
        )
        self.remove()  # what an earlier one left that was interrupted
        try:
            for topic in (self.topic, self.aside):
                self.publisher.create_topic(name=topic, timeout=_CALL_S)
            policy = {"dead_letter_topic": self.aside, "max_delivery_attempts": LEAST_ATTEMPTS}
            request = {
                "name": self.filtered,
                "topic": self.topic,
                "filter": subscription_filter("a"),
                "ack_deadline_seconds": ACK_S,
                "dead_letter_policy": policy,
            }
            self.subscriber.create_subscription(request=request, timeout=_CALL_S)
            self.subscriber.create_subscription(
                request={"name": self.letters, "topic": self.aside}, timeout=_CALL_S
            )
        except (PermissionDenied, AlreadyExists) as error:
            self.remove()
            raise RefusedError(
                f"topics for the selftest cannot be made ({first_words(error)}): it needs roles/pubsub.editor, which "
                "an Owner has"
            ) from error
        except GoogleAPIError as error:  # also RetryError, where there is no network
            self.remove()
            raise BusError(f"topics for the selftest cannot be made: {first_words(error)}") from error

    def remove(self) -> None:
        """All of it, as far as it is there."""
        for subscription in (self.filtered, self.letters):
            with suppress(GoogleAPIError):
                self.subscriber.delete_subscription(subscription=subscription, retry=None, timeout=_CALL_S)
        for topic in (self.topic, self.aside):
            with suppress(GoogleAPIError):
                self.publisher.delete_topic(topic=topic, retry=None, timeout=_CALL_S)

    def publish(self, location: str, data: bytes) -> None:
        """One message of a site."""
        self.publisher.publish(self.topic, data, location=location).result(timeout=_CALL_S)

    def pull(self, subscription: str) -> list[Any]:
        """What comes within two seconds."""
        request = {"subscription": subscription, "max_messages": 10}
        try:
            found = self.subscriber.pull(request=request, timeout=PULL_S, retry=None)
        except DeadlineExceeded:
            return []
        return list(found.received_messages)

    def pull_one(self, subscription: str, data: bytes) -> tuple[Any, list[bytes]]:
        """The message with this content, and the contents of what came before; raises OtherwiseError if none comes."""
        before: list[bytes] = []
        for _ in range(int(PATIENCE_S / PULL_S)):
            for each in self.pull(subscription):
                if each.message.data == data:
                    return each, before
                before.append(each.message.data)
                self.acknowledge(subscription, each)
        raise OtherwiseError(f"it did not come within {PATIENCE_S} s; others did: {before}")

    def acknowledge(self, subscription: str, received: Any) -> None:
        self.subscriber.acknowledge(subscription=subscription, ack_ids=[received.ack_id], timeout=_CALL_S)

    def lend_rights(self) -> None:
        """What Pub/Sub itself may do with the installation's dead letters, on ours; raises NotTriedError."""
        try:
            for source, target in (
                (f"{self.project}/topics/{DEAD_LETTERS}", self.aside),
                (f"{self.project}/subscriptions/{Topic.STORE_ATTEND_RECORDS}-function", self.filtered),
            ):
                client = self.publisher if "/topics/" in source else self.subscriber
                policy = client.get_iam_policy(request={"resource": source}, timeout=_CALL_S)
                lent = policy_pb2.Policy(bindings=policy.bindings)
                client.set_iam_policy(request={"resource": target, "policy": lent}, timeout=_CALL_S)
        except (NotFound, PermissionDenied, MethodNotImplemented) as error:
            raise NotTriedError(
                f"the rights for dead letters are taken from an installation, which is not here or not to be seen: "
                f"{first_words(error)}"
            ) from error


ON_PUBSUB: Beliefs[PubSubLab] = Beliefs()


@ON_PUBSUB.held("A subscription with a site's filter gets that site's messages and no others.")
def _filter(lab: PubSubLab) -> str:
    lab.publish("b", b"of b")
    lab.publish("a", b"of a")
    received, before = lab.pull_one(lab.filtered, b"of a")
    lab.acknowledge(lab.filtered, received)
    return expect(f"before it came {before}", so=not before)


@ON_PUBSUB.held("What is not acknowledged in time comes again, counted, under another acknowledgment ID.")
def _again(lab: PubSubLab) -> str:
    lab.publish("a", b"again")
    first, _ = lab.pull_one(lab.filtered, b"again")
    lab.wait(ACK_S + 1)
    second, _ = lab.pull_one(lab.filtered, b"again")
    lab.acknowledge(lab.filtered, first)
    lab.acknowledge(lab.filtered, second)
    same = first.message.message_id == second.message.message_id
    return expect(
        f"deliveries {first.delivery_attempt} and {second.delivery_attempt}, an acknowledgment that was too late is no "
        "error",
        so=same and first.ack_id != second.ack_id and second.delivery_attempt == first.delivery_attempt + 1,
    )


@ON_PUBSUB.held("What is refused again and again is set aside, with its attributes and where it came from.")
def _set_aside(lab: PubSubLab) -> str:
    lab.lend_rights()
    lab.publish("a", b"never")
    attempts = 0
    for _ in range(2 * LEAST_ATTEMPTS):
        for each in lab.pull(lab.filtered):
            attempts += 1
            lab.subscriber.modify_ack_deadline(
                subscription=lab.filtered, ack_ids=[each.ack_id], ack_deadline_seconds=0, timeout=_CALL_S
            )
        if attempts >= LEAST_ATTEMPTS:
            break
    received, _ = lab.pull_one(lab.letters, b"never")
    lab.acknowledge(lab.letters, received)
    told = dict(received.message.attributes)
    source = told.get("CloudPubSubDeadLetterSourceSubscription")
    kept = told.get("location")
    return expect(
        f"after {attempts} deliveries, from {source}, with its own attributes: {kept}",
        so=(source, kept) == (NAME, "a"),
    )


@ON_PUBSUB.held("A pull from an empty subscription ends without a message.")
def _empty(lab: PubSubLab) -> str:
    found = lab.pull(lab.letters)
    return expect(f"{len(found)} messages", so=not found)


@ON_PUBSUB.held("A topic that is not there is refused as not found.")
def _unknown(lab: PubSubLab) -> str:
    try:
        lab.publisher.get_topic(topic=f"{lab.project}/topics/{NAME}-none", timeout=_CALL_S)
    except NotFound as error:
        return first_words(error)
    raise OtherwiseError("it was found")


@ON_PUBSUB.held("What one may do is told; of a topic that is not there, nothing.")
def _permissions(lab: PubSubLab) -> str:
    expected = ["pubsub.topics.publish"]
    of_none = {"resource": f"{lab.project}/topics/{NAME}-none", "permissions": expected}
    try:
        held = lab.publisher.test_iam_permissions(
            request={"resource": lab.topic, "permissions": expected}, timeout=_CALL_S
        ).permissions
        none = lab.publisher.test_iam_permissions(request=of_none, timeout=_CALL_S).permissions
    except MethodNotImplemented as error:
        raise NotTriedError("an emulator, which knows no rights") from error
    return expect(f"{list(held)} and {list(none)}", so=(list(held), list(none)) == (expected, []))


@ON_PUBSUB.held("A deadline of less than ten seconds for acknowledgments is refused.")
def _short_deadline(lab: PubSubLab) -> str:
    request = {"name": f"{lab.letters}-2", "topic": lab.aside, "ack_deadline_seconds": 9}
    try:
        lab.subscriber.create_subscription(request=request, timeout=_CALL_S)
    except InvalidArgument as error:
        return first_words(error)
    lab.subscriber.delete_subscription(subscription=request["name"], timeout=_CALL_S)
    raise OtherwiseError("it was made")

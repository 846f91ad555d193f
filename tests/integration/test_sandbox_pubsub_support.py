"""What the tests of the Pub/Sub server share: a cloud with real clients, and a clock that moves when told to."""

import time
from collections.abc import Callable
from typing import Self

import pytest
from google.api_core import exceptions
from google.cloud import pubsub_v1

from attendance_sandbox.pubsub.server import PubSubServer

PROJECT = "projects/office"
TOPIC = f"{PROJECT}/topics/requests"
OTHER_TOPIC = f"{PROJECT}/topics/others"
DEAD_LETTERS = f"{PROJECT}/topics/dead-letters"
SUBSCRIPTION = f"{PROJECT}/subscriptions/site-a"
DEAD_LETTER_SUBSCRIPTION = f"{PROJECT}/subscriptions/dead-letters"
# Long enough for a pull to find what is there, short enough to wait for nothing.
GLANCE_S = 0.3


class ManualClock:
    """Seconds since 1970 that pass when `advance` is called."""

    def __init__(self) -> None:
        self.now_s = 1_780_000_000.0
        self.on_advance: Callable[[], None] = lambda: None

    def __call__(self) -> float:
        return self.now_s

    def advance(self, seconds: float) -> None:
        self.now_s += seconds
        self.on_advance()


class Cloud:
    """A running server with one topic, one subscription and Google's clients connected to it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **options) -> None:
        self.clock = ManualClock()
        self.server = PubSubServer(**{"clock": self.clock, **options})
        self.clock.on_advance = self.server.wake
        self.server.start()
        monkeypatch.setenv("PUBSUB_EMULATOR_HOST", self.server.address)
        self.publisher = pubsub_v1.PublisherClient()
        self.subscriber = pubsub_v1.SubscriberClient()
        self.publisher.create_topic(name=TOPIC)

    def close(self) -> None:
        self.publisher.stop()
        self.publisher.transport.close()
        self.subscriber.close()
        self.server.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error) -> None:
        self.close()

    def subscribe(self, name: str = SUBSCRIPTION, topic: str = TOPIC, **settings):
        return self.subscriber.create_subscription(request={"name": name, "topic": topic, **settings})

    def publish(self, data: bytes = b"punch", topic: str = TOPIC, **attributes: str) -> str:
        return self.publisher.publish(topic, data, **attributes).result(timeout=60)

    def pull(self, name: str = SUBSCRIPTION, *, limit: int = 10, timeout: float = 5.0):
        """The received messages; at least one, or DeadlineExceeded."""
        answer = self.subscriber.pull(subscription=name, max_messages=limit, timeout=timeout)
        return list(answer.received_messages)

    def pull_one(self, name: str = SUBSCRIPTION):
        [received] = self.pull(name, limit=1)
        return received

    def nothing_to_pull(self, name: str = SUBSCRIPTION) -> bool:
        try:
            return not self.pull(name, timeout=GLANCE_S)
        except exceptions.DeadlineExceeded:
            return True

    def acknowledge(self, *received, name: str = SUBSCRIPTION) -> None:
        self.subscriber.acknowledge(subscription=name, ack_ids=[one.ack_id for one in received])

    def reject(self, *received, name: str = SUBSCRIPTION) -> None:
        self.subscriber.modify_ack_deadline(
            subscription=name, ack_ids=[one.ack_id for one in received], ack_deadline_seconds=0
        )


def eventually(condition: Callable[[], object], within_s: float = 60.0) -> None:
    """Fail unless the condition comes true."""
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.002)

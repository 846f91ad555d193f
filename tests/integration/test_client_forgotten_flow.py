"""A router between site and Pub/Sub forgets a connection: nothing is closed, nothing goes through any more."""

import socket
import threading
from contextlib import suppress
from datetime import date

import pytest

from attendance_client.errors import BusError
from attendance_client.relay import pubsub
from attendance_client.relay.pubsub import PubSubBus
from attendance_contracts import NewReviewPeriod, ReviewPeriod, Topic, encode, topic_path
from attendance_sandbox.pubsub.server import PubSubServer

PROJECT = "relay-test"


class Router:
    """Passes connections on to the server; those that it forgot stay open, and dumb."""

    def __init__(self, server):
        self.server = server
        self._port = int(server.address.rpartition(":")[2])
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._age = 0
        self.accepted = 0
        self._ends = []
        threading.Thread(target=self._accept, daemon=True).start()

    def forget(self):
        self._age += 1

    def close(self):
        self._listener.close()
        for end in self._ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _accept(self):
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                self.accepted += 1
                far = socket.create_connection(("127.0.0.1", self._port))
                self._ends += (near, far)
                for ends in ((near, far), (far, near)):
                    threading.Thread(target=self._pass_on, args=(*ends, self._age), daemon=True).start()

    def _pass_on(self, source, target, age):
        with suppress(OSError):
            while data := source.recv(65_536):
                if age == self._age:
                    target.sendall(data)


@pytest.fixture
def router(monkeypatch):
    with PubSubServer() as server:
        for topic in Topic:
            server.create_topic(topic_path(PROJECT, topic))
        router = Router(server)
        monkeypatch.setenv("PUBSUB_EMULATOR_HOST", router.address)
        monkeypatch.setattr(pubsub, "SILENT_S", 1.0)
        monkeypatch.setattr(pubsub, "PUBLISH_TIMEOUT_S", 1.0)
        yield router
        router.close()


def reply():
    period = ReviewPeriod("October 2026", date(2026, 10, 5), date(2026, 11, 1))
    return NewReviewPeriod(location="berlin", request_id="r1", after=None, period=period)


def test_a_reply_arrives_all_the_same(router):
    bus = PubSubBus(PROJECT, "berlin")
    bus.prepare()
    assert bus.receive(Topic.NEW_REVIEW_PERIOD, 0.5) == ()
    connected = router.accepted
    router.forget()
    router.server.publish(topic_path(PROJECT, Topic.NEW_REVIEW_PERIOD), *encode(reply()))
    received = [message for _ in range(8) for message in bus.receive(Topic.NEW_REVIEW_PERIOD, 0.5)]
    assert received == [reply()]
    assert router.accepted > connected


def test_a_message_is_published_at_the_second_attempt(router):
    bus = PubSubBus(PROJECT, "berlin")
    bus.publish(reply())
    router.forget()
    with pytest.raises(BusError):
        bus.publish(reply())
    bus.publish(reply())


def test_silence_alone_makes_no_new_connection_as_long_as_pub_sub_answers(router):
    bus = PubSubBus(PROJECT, "berlin")
    bus.prepare()
    bus.publish(reply())
    connected = router.accepted
    for _ in range(3):
        bus.publish(reply())
        bus.receive(Topic.NEW_REVIEW_PERIOD, 0.3)
    assert router.accepted == connected

"""Push delivery to what receives it in production: functions-framework, and a plain HTTP endpoint."""

import base64
import json
import sys
import threading
from collections.abc import Callable
from concurrent import futures
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import functions_framework
import pytest
from google.api_core import exceptions
from werkzeug.serving import WSGIRequestHandler, make_server

from attendance_sandbox.pubsub.messages import Outcome
from tests.integration.test_sandbox_pubsub_support import (
    DEAD_LETTER_SUBSCRIPTION,
    DEAD_LETTERS,
    PROJECT,
    SUBSCRIPTION,
    TOPIC,
    Cloud,
    eventually,
)

REPLY_TOPIC = f"{PROJECT}/topics/replies"
REPLIES = f"{PROJECT}/subscriptions/replies"
# How often a test server looks whether it shall stop.
POLL_S = 0.02

FUNCTION = """
import functions_framework

received = []
failures_left = []


@functions_framework.cloud_event
def handle(event):
    received.append(event)
    if failures_left:
        failures_left.pop()
        raise RuntimeError("the sheet cannot be reached")
"""


class Function:
    """A function served by functions-framework, with what it has received."""

    def __init__(self, folder) -> None:
        source = folder / "pushed_function.py"
        source.write_text(FUNCTION)
        app = functions_framework.create_app("handle", str(source), "cloudevent")
        self._module = sys.modules["pushed_function"]
        self._server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=QuietHandler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/{TOPIC}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(POLL_S,), daemon=True)
        self._thread.start()

    def fail(self, times: int) -> None:
        self._module.failures_left.extend([None] * times)

    @property
    def received(self) -> list:
        return self._module.received

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class QuietHandler(WSGIRequestHandler):
    def log(self, *args):
        pass


class Endpoint:
    """A plain HTTP endpoint. It answers what `status_for` says of a body, and waits at `gate` before each answer."""

    def __init__(self, protocol: str = "HTTP/1.1") -> None:
        self.bodies: list[dict] = []
        self.connections: set = set()
        self.status_for: Callable[[dict], int] = lambda body: 204
        self.gate = threading.Event()
        self.gate.set()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = protocol

            def do_POST(self):
                outer.connections.add(self.client_address)
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                outer.bodies.append(body)
                outer.gate.wait(60)
                self.send_response(outer.status_for(body))
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/push?token=1"
        threading.Thread(target=self._server.serve_forever, args=(POLL_S,), daemon=True).start()

    def close(self) -> None:
        self.gate.set()
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def cloud(monkeypatch):
    with Cloud(monkeypatch) as running:
        yield running


@pytest.fixture
def function(tmp_path):
    running = Function(tmp_path)
    yield running
    running.close()


@pytest.fixture
def endpoint():
    running = Endpoint()
    yield running
    running.close()


def rejected(cloud, times: int) -> bool:
    """Whether so many deliveries were refused."""
    return [one.outcome for one in cloud.server.deliveries(SUBSCRIPTION)].count(Outcome.REJECTED) == times


def passing(cloud) -> bool:
    """Let some time pass for what waits to be pushed again."""
    cloud.clock.advance(1)
    return True


def all_acknowledged(cloud, name=SUBSCRIPTION):
    return lambda: not cloud.server.unacknowledged(name)


def test_a_function_receives_the_message_as_a_cloud_event(cloud, function):
    cloud.server.create_push_subscription(SUBSCRIPTION, TOPIC, function.url)
    message_id = cloud.publish(b'{"records": []}', site="a")
    eventually(all_acknowledged(cloud))

    [event] = function.received
    assert event["type"] == "google.cloud.pubsub.topic.v1.messagePublished"
    assert event["source"] == f"//pubsub.googleapis.com/{TOPIC}"
    assert event["id"] == message_id
    assert base64.b64decode(event.data["message"]["data"]) == b'{"records": []}'
    assert event.data["message"]["attributes"] == {"site": "a"}


def test_a_failing_function_gets_the_message_again(cloud, function):
    function.fail(2)
    cloud.server.create_push_subscription(SUBSCRIPTION, TOPIC, function.url)
    message_id = cloud.publish(b"{}")
    eventually(lambda: passing(cloud) and not cloud.server.unacknowledged(SUBSCRIPTION))

    assert [event["id"] for event in function.received] == [message_id] * 3
    outcomes = [delivery.outcome for delivery in cloud.server.deliveries(SUBSCRIPTION)]
    assert outcomes == [Outcome.REJECTED, Outcome.REJECTED, Outcome.ACKNOWLEDGED]


def test_what_a_function_never_manages_ends_in_the_dead_letter_topic(cloud, function):
    function.fail(100)
    cloud.server.create_topic(DEAD_LETTERS)
    cloud.server.create_subscription(DEAD_LETTER_SUBSCRIPTION, DEAD_LETTERS)
    cloud.server.create_push_subscription(
        SUBSCRIPTION,
        TOPIC,
        function.url,
        dead_letter_topic=DEAD_LETTERS,
    )
    cloud.publish(b"poison", site="a")
    eventually(lambda: passing(cloud) and cloud.server.unacknowledged(DEAD_LETTER_SUBSCRIPTION))

    buried = cloud.pull_one(DEAD_LETTER_SUBSCRIPTION).message

    assert (buried.data, buried.attributes["site"]) == (b"poison", "a")
    assert buried.attributes["CloudPubSubDeadLetterSourceDeliveryCount"] == "5"
    assert len(function.received) == 5
    assert cloud.server.unacknowledged(SUBSCRIPTION) == []


def test_a_reply_published_while_a_push_is_handled_reaches_a_blocked_pull(cloud, endpoint):
    cloud.server.create_topic(REPLY_TOPIC)
    cloud.subscribe(REPLIES, topic=REPLY_TOPIC, filter='attributes.site = "a"')

    def handle(body):
        cloud.publish(b"done", topic=REPLY_TOPIC, site=body["message"]["attributes"]["site"])
        return 200

    endpoint.status_for = handle
    cloud.server.create_push_subscription(SUBSCRIPTION, TOPIC, endpoint.url)
    with futures.ThreadPoolExecutor() as pool:
        reply = pool.submit(cloud.pull_one, REPLIES)
        eventually(lambda: cloud.server.waiting(REPLIES))
        cloud.publish(b"please", site="b")
        cloud.publish(b"please", site="a")
        assert reply.result(timeout=60).message.attributes["site"] == "a"


def test_the_body_is_the_services_own(cloud, endpoint):
    cloud.server.create_topic(DEAD_LETTERS)
    cloud.server.create_push_subscription(SUBSCRIPTION, TOPIC, endpoint.url, dead_letter_topic=DEAD_LETTERS)
    message_id = cloud.publish(b"punch", site="a")
    eventually(all_acknowledged(cloud))

    assert endpoint.bodies == [
        {
            "message": {
                "data": "cHVuY2g=",
                "attributes": {"site": "a"},
                "messageId": message_id,
                "message_id": message_id,
                "publishTime": "2026-05-28T20:26:40Z",
                "publish_time": "2026-05-28T20:26:40Z",
            },
            "subscription": SUBSCRIPTION,
            "deliveryAttempt": 1,
        }
    ]


def test_pushes_share_a_connection(cloud, endpoint):
    cloud.server.create_push_subscription(SUBSCRIPTION, TOPIC, endpoint.url)
    for _ in range(5):
        cloud.publish()
    eventually(all_acknowledged(cloud))
    assert len(endpoint.bodies) == 5
    assert len(endpoint.connections) == 1


def test_an_endpoint_that_closes_each_connection_is_served_too(cloud):
    endpoint = Endpoint("HTTP/1.0")
    cloud.server.create_push_subscription(SUBSCRIPTION, TOPIC, endpoint.url)
    for _ in range(3):
        cloud.publish()
    eventually(all_acknowledged(cloud))
    assert len(endpoint.bodies) == 3
    endpoint.close()


def test_a_push_subscription_cannot_be_pulled_from(cloud, endpoint):
    cloud.server.create_push_subscription(SUBSCRIPTION, TOPIC, endpoint.url)
    with pytest.raises(exceptions.FailedPrecondition):
        cloud.pull()


def test_a_refused_push_backs_off_and_others_go_on(cloud, endpoint):
    statuses = [500, 429, 302, 204]
    endpoint.status_for = lambda body: statuses.pop(0) if "poison" in body["message"]["attributes"] else 204
    cloud.server.create_push_subscription(SUBSCRIPTION, TOPIC, endpoint.url)

    def pushed(times):
        return len(endpoint.bodies) == times

    poison = cloud.publish(poison="yes")
    for failures, backoff_s in enumerate((0.1, 0.2, 0.4), start=1):
        eventually(partial(rejected, cloud, failures))
        cloud.clock.advance(backoff_s - 0.01)
        cloud.publish(note="a later message is pushed meanwhile, and the poisoned one is not")
        eventually(partial(pushed, 2 * failures))
        eventually(lambda: len(cloud.server.unacknowledged(SUBSCRIPTION)) == 1)
        assert [message.message_id for message in cloud.server.unacknowledged(SUBSCRIPTION)] == [poison]
        cloud.clock.advance(0.01)
    eventually(all_acknowledged(cloud))
    assert statuses == []


def test_nobody_listening_is_a_reason_to_push_again(cloud):
    gone = Endpoint()
    gone.close()
    cloud.server.create_push_subscription(SUBSCRIPTION, TOPIC, gone.url)
    cloud.publish(b"punch")
    for attempts in (1, 2):
        eventually(partial(rejected, cloud, attempts))
        assert len(cloud.server.unacknowledged(SUBSCRIPTION)) == 1
        cloud.clock.advance(1)


def test_one_push_is_under_way_at_a_time(cloud, endpoint):
    endpoint.gate.clear()
    cloud.server.create_push_subscription(SUBSCRIPTION, TOPIC, endpoint.url)
    for _ in range(5):
        cloud.publish()
    eventually(lambda: endpoint.bodies)
    assert len(cloud.server.deliveries(SUBSCRIPTION)) == 1
    endpoint.gate.set()
    eventually(all_acknowledged(cloud))
    assert len(endpoint.bodies) == 5


def test_an_answer_after_the_lease_has_run_out_counts_for_nothing(cloud, endpoint):
    endpoint.gate.clear()
    cloud.server.create_push_subscription(SUBSCRIPTION, TOPIC, endpoint.url)
    cloud.publish()
    eventually(lambda: endpoint.bodies)
    cloud.clock.advance(10)
    endpoint.gate.set()
    eventually(lambda: cloud.server.waiting(SUBSCRIPTION))
    assert len(cloud.server.unacknowledged(SUBSCRIPTION)) == 1

    cloud.clock.advance(0.1)
    eventually(all_acknowledged(cloud))
    outcomes = [delivery.outcome for delivery in cloud.server.deliveries(SUBSCRIPTION)]
    assert outcomes == [Outcome.EXPIRED, Outcome.ACKNOWLEDGED]


def test_a_filter_holds_for_pushes_too(cloud, endpoint):
    cloud.server.create_push_subscription(
        SUBSCRIPTION, TOPIC, endpoint.url, message_filter='attributes.site = "a"'
    )
    cloud.publish(b"1", site="b")
    cloud.publish(b"2", site="a")
    eventually(lambda: endpoint.bodies)
    eventually(all_acknowledged(cloud))
    assert [body["message"]["attributes"]["site"] for body in endpoint.bodies] == ["a"]


def test_a_stop_does_not_wait_for_a_slow_endpoint(cloud, endpoint):
    endpoint.gate.clear()
    cloud.server.create_push_subscription(SUBSCRIPTION, TOPIC, endpoint.url)
    cloud.publish()
    eventually(lambda: endpoint.bodies)
    cloud.server.stop()
    assert [
        thread.name for thread in threading.enumerate() if thread.name.startswith(("push ", "pubsub"))
    ] == []

"""Push delivery: each message is posted to the subscription's endpoint until that answers with success.

The body is the service's wrapped one: `{"message": {...}, "subscription": ..., "deliveryAttempt": n}`, the last only
with a dead-letter policy. The statuses 102, 200, 201, 202 and 204 acknowledge; any other, no connection, or no answer
within the acknowledgment deadline gives the message back, to be pushed again after a backoff.
"""

import base64
import contextlib
import http.client
import json
import socket
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from attendance_sandbox.pubsub.broker import Broker
from attendance_sandbox.pubsub.messages import Delivery
from attendance_sandbox.pubsub.state import Subscription
from attendance_sandbox.pubsub.wire import timestamp_of

SUCCESS = frozenset({102, 200, 201, 202, 204})
STOP_TIMEOUT_S = 1.0

Log = Callable[[str], None]


def push_body(delivery: Delivery) -> bytes:
    """The JSON that the service posts for one delivery."""
    published = delivery.message
    publish_time = timestamp_of(published.publish_time_ms).ToJsonString()
    message: dict[str, Any] = {
        "messageId": published.message_id,
        "message_id": published.message_id,
        "publishTime": publish_time,
        "publish_time": publish_time,
    }
    if published.data:
        message["data"] = base64.b64encode(published.data).decode()
    if published.attributes:
        message["attributes"] = dict(published.attributes)
    body: dict[str, Any] = {"message": message, "subscription": delivery.subscription}
    if delivery.reported_attempt:
        body["deliveryAttempt"] = delivery.reported_attempt
    return json.dumps(body).encode()


class Endpoint:
    """A URL to post to, over a connection that is kept for the next post."""

    def __init__(self, url: str) -> None:
        self.url = url
        parts = urlsplit(url)
        self._secure = parts.scheme == "https"
        self._address = (parts.hostname or "", parts.port)
        self._path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._connection: http.client.HTTPConnection | None = None

    def post(self, body: bytes, timeout_s: float) -> int:
        """The status of the answer.

        Raises:
            OSError, http.client.HTTPException: there was none.
        """
        kept = self._connection
        if kept is not None:
            try:
                return self._post(kept, body, timeout_s)
            except (ConnectionError, http.client.BadStatusLine):
                # The other side closed the connection while nothing was under way: try a new one.
                self.close()
        self._connection = self._connect(timeout_s)
        return self._post(self._connection, body, timeout_s)

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def interrupt(self) -> None:
        """Let a post that is under way in another thread fail at once."""
        connection = self._connection
        sock = None if connection is None else connection.sock
        if sock is not None:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def _connect(self, timeout_s: float) -> http.client.HTTPConnection:
        kind = http.client.HTTPSConnection if self._secure else http.client.HTTPConnection
        return kind(*self._address, timeout=timeout_s)

    def _post(self, connection: http.client.HTTPConnection, body: bytes, timeout_s: float) -> int:
        try:
            if connection.sock is not None:
                connection.sock.settimeout(timeout_s)
            connection.request("POST", self._path, body, {"Content-Type": "application/json"})
            response = connection.getresponse()
            response.read()
        except (OSError, http.client.HTTPException):
            self.close()
            raise
        return response.status


class _PushWorker:
    """A thread that takes a message of one subscription, posts it, says what came of it, and takes the next.

    One push at a time is what a function with one instance and a concurrency of one can take.
    """

    def __init__(self, broker: Broker, subscription: Subscription, log: Log) -> None:
        self._broker = broker
        self._log = log
        self._subscription = subscription
        self._endpoint = Endpoint(subscription.settings.push_endpoint)
        self.thread = threading.Thread(target=self._run, name=f"push {subscription.name}", daemon=True)

    def is_present(self) -> bool:
        return not self._broker.closed

    def patience_s(self) -> None:
        return None

    def room(self) -> int:
        return 1

    def interrupt(self) -> None:
        self._endpoint.interrupt()

    def _run(self) -> None:
        while self.is_present():
            for delivery in self._broker.pull(self._subscription.name, self):
                self._push(delivery)
        self._endpoint.close()

    def _push(self, delivery: Delivery) -> None:
        try:
            status = self._endpoint.post(push_body(delivery), self._subscription.settings.ack_deadline_s)
        except (OSError, http.client.HTTPException) as error:
            self._give_back(delivery, str(error) or type(error).__name__)
            return
        if status in SUCCESS:
            self._log(f"push {_short(delivery.subscription)} message {delivery.message.message_id}: {status}")
            self._broker.acknowledge(delivery.subscription, [delivery.ack_id])
        else:
            self._give_back(delivery, str(status))

    def _give_back(self, delivery: Delivery, reason: str) -> None:
        self._log(
            f"push {_short(delivery.subscription)} message {delivery.message.message_id} "
            f"attempt {delivery.attempt}: {reason}, to be pushed again"
        )
        self._broker.modify_ack_deadline(delivery.subscription, [delivery.ack_id], 0)


class PushDispatcher:
    """The pushes of all push subscriptions, one at a time for each."""

    def __init__(self, broker: Broker, log: Log) -> None:
        self._broker = broker
        self._log = log
        self._workers: list[_PushWorker] = []

    def serve(self, name: str) -> None:
        """Push what a new subscription gets, if it has an endpoint."""
        subscription = self._broker.subscription(name)
        if subscription.settings.push_endpoint:
            worker = _PushWorker(self._broker, subscription, self._log)
            self._workers.append(worker)
            worker.thread.start()

    def stop(self) -> None:
        """Interrupt what is under way; the broker has been closed before."""
        workers = list(self._workers)
        for worker in workers:
            worker.interrupt()
        for worker in workers:
            worker.thread.join(STOP_TIMEOUT_S)


def _short(name: str) -> str:
    return name.rpartition("/")[2]

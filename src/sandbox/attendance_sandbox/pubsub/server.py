"""A Pub/Sub server that google-cloud-pubsub talks to through PUBSUB_EMULATOR_HOST.

Faithful, for what is listed:

- Publisher: create, get and delete topics, publish, with the service's limits (10 MB and 1,000 messages a request).
- Subscriber: create, get and delete subscriptions, pull, acknowledge, modify the acknowledgment deadline.
- Delivery at least once: leases with deadlines, a new acknowledgment ID each time, IDs that expired have no effect,
  dead-letter policy, filters for one value of one attribute, push with backoff.

Not faithful:

- Nothing is stored on disk, nobody is authenticated (all callers may do the same, see `deny`), there is one region
  and no quota.
- Push backoff (0.1 s to 60 s) is kept per message; the service slows the whole subscription down.
- Subscriptions do not expire and messages are never too old; these settings are checked, stored and shown.
- Push requests carry no OIDC token and are never unwrapped.
- A batch of pulled messages stays under 3.5 MB, since clients of an emulator refuse answers over 4 MiB. A single
  larger message is sent and refused by such a client.
- Everything else answers UNIMPLEMENTED, such as streaming pull, updates, lists, seek and snapshots. Other settings
  (retry policy, ordering, exactly-once delivery) are refused, and so are ordering keys.
"""

import errno
import os
import socket
import time
from collections.abc import Callable, Sequence
from concurrent import futures
from dataclasses import replace
from typing import Any

import grpc

from attendance_sandbox.pubsub.broker import Broker, OnPublish
from attendance_sandbox.pubsub.errors import PubSubError
from attendance_sandbox.pubsub.iam import IamService
from attendance_sandbox.pubsub.messages import Delivery, Message
from attendance_sandbox.pubsub.publisher import PublisherService
from attendance_sandbox.pubsub.push import PushDispatcher
from attendance_sandbox.pubsub.subscriber import SubscriberService
from attendance_sandbox.pubsub.wire import raw
from attendance_sandbox.running import Running

HOST = "127.0.0.1"
# Each blocked Pull holds a thread; threads are made when they are needed.
MAX_THREADS = 500
# A stop takes no longer than its blocked callers need to be told; then gRPC cuts off who has not been.
STOP_GRACE_S = 5.0

Clock = Callable[[], float]
Log = Callable[[str], None]

_OPTIONS = (
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
    ("grpc.so_reuseport", 0),
)


def steady_clock() -> Clock:
    """Seconds since 1970 that never step, whatever is done to the system's clock."""
    offset = time.time() - time.monotonic()
    return lambda: time.monotonic() + offset


class PubSubServer(Running):
    """A Pub/Sub service on 127.0.0.1, to be started and stopped, or used as a context manager.

    Args:
        port: 0 picks a free one, shown in `port` after the start.
        on_publish: called with (topic path, attributes, data) for each published message before anyone can receive it.
        clock: seconds since 1970, for leases, backoff and publication times; call `wake` after it has jumped.
        log: called with one short line for each request and push.
    """

    def __init__(
        self,
        port: int = 0,
        on_publish: OnPublish | None = None,
        *,
        clock: Clock | None = None,
        log: Log | None = None,
    ) -> None:
        self.port = port
        self._log = log if log is not None else _say_nothing
        self.broker = Broker(clock=clock or steady_clock(), on_publish=on_publish)
        self._pushes = PushDispatcher(self.broker, self._log)
        self._publisher = PublisherService(self.broker)
        self._subscriber = SubscriberService(self.broker, self._pushes)
        self._iam = IamService(self.broker)
        self._threads = futures.ThreadPoolExecutor(MAX_THREADS, thread_name_prefix="pubsub")
        self._grpc = grpc.server(self._threads, options=_OPTIONS)
        self._grpc.add_generic_rpc_handlers(
            (self._handlers(self._publisher), self._handlers(self._subscriber), self._handlers(self._iam))
        )

    # Life

    @property
    def address(self) -> str:
        """What PUBSUB_EMULATOR_HOST has to be."""
        return f"{HOST}:{self.port}"

    def start(self) -> None:
        """Serve in the background.

        Raises:
            OSError: the port is taken.
        """
        _check_port(self.port)
        try:
            self.port = self._grpc.add_insecure_port(self.address)
        except RuntimeError as error:
            raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE)) from error
        self.broker.start()
        self._grpc.start()

    def stop(self) -> None:
        """Stop at once: blocked callers get UNAVAILABLE, pushes under way are cut. May be called again.

        A call that arrives during the stop may get CANCELLED from gRPC instead, before any handler sees it.
        """
        self.broker.close()
        self._pushes.stop()
        self._grpc.stop(STOP_GRACE_S).wait()
        self._threads.shutdown(wait=True, cancel_futures=True)

    def wake(self) -> None:
        """Tell the server that its clock has jumped."""
        self.broker.wake()

    # Setting up without a client. Names are full paths; errors are those of `errors.py`.

    def create_topic(self, path: str) -> None:
        self._publisher.create_topic(raw("Topic")(name=path), None)

    def create_subscription(
        self,
        path: str,
        topic: str,
        *,
        message_filter: str = "",
        ack_deadline_s: int = 10,
        dead_letter_topic: str = "",
        push_endpoint: str = "",
    ) -> None:
        subscription = raw("Subscription")(
            name=path,
            topic=topic,
            filter=message_filter,
            ack_deadline_seconds=ack_deadline_s,
        )
        if push_endpoint:
            subscription.push_config.push_endpoint = push_endpoint
        if dead_letter_topic:
            subscription.dead_letter_policy.dead_letter_topic = dead_letter_topic
        self._subscriber.create_subscription(subscription, None)

    def create_push_subscription(self, path: str, topic: str, endpoint: str, **settings: Any) -> None:
        """Create a subscription that posts to `endpoint`; further settings as for `create_subscription`."""
        self.create_subscription(path, topic, push_endpoint=endpoint, **settings)

    def deny(self, *permissions: str) -> None:
        """Take permissions from all callers, such as `pubsub.topics.publish`; without any, give all back."""
        self._iam.denied = set(permissions)

    def publish(self, topic: str, data: bytes, attributes: dict[str, str]) -> None:
        message = raw("PubsubMessage")(data=data, attributes=attributes)
        self._publisher.publish(raw("PublishRequest")(topic=topic, messages=[message]), None)

    # Looking on

    def published(self, topic: str) -> list[Message]:
        """What was published to a topic, dead letters too, oldest first."""
        return list(self.broker.topic(topic).published)

    def unacknowledged(self, subscription: str) -> list[Message]:
        """What a subscription holds that is not acknowledged, oldest first."""
        return self.broker.backlog(subscription)

    def wait_until_acknowledged(self, subscriptions: Sequence[str], timeout_s: float) -> bool:
        """Wait until these subscriptions hold nothing; False when that takes longer."""
        end = time.monotonic() + timeout_s
        while any(map(self.unacknowledged, subscriptions)):
            for name in subscriptions:
                if not self.broker.wait_until_acknowledged(name, end - time.monotonic()):
                    return False
        return True

    def deliveries(self, subscription: str) -> list[Delivery]:
        """Every delivery of a subscription, in order, with what has become of it by now."""
        return [replace(delivery) for delivery in list(self.broker.subscription(subscription).deliveries)]

    def waiting(self, subscription: str) -> int:
        """How many callers (pulls, pushers) are waiting for a message now."""
        return self.broker.subscription(subscription).waiting

    # gRPC

    def _handlers(self, service: PublisherService | SubscriberService | IamService) -> Any:
        handlers = {
            method: grpc.unary_unary_rpc_method_handler(
                self._unary(method, behaviour),
                request_deserializer=request.FromString,
                response_serializer=response.SerializeToString,
            )
            for method, (behaviour, request, response) in service.unary.items()
        }
        return grpc.method_handlers_generic_handler(service.SERVICE, handlers)

    def _unary(self, method: str, behaviour: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
        def handle(request: Any, context: Any) -> Any:
            try:
                self._iam.check(method)
                response = behaviour(request, context)
            except PubSubError as error:
                self._log(f"{_summary(method, request, None)}: {error.status} {error}")
                context.abort(grpc.StatusCode[error.status], str(error))
            self._log(_summary(method, request, response))
            return response

        return handle


def _summary(method: str, request: Any, response: Any) -> str:
    """A request and its answer in one short line, for whoever watches the server."""
    words = [method, _resource(request)]
    count = _count(request, response)
    if count is not None:
        words.append(f"{count} message(s)")
    return " ".join(word for word in words if word)


def _resource(request: Any) -> str:
    for field in ("subscription", "name", "topic", "project", "resource"):
        if field in request.DESCRIPTOR.fields_by_name:
            value = getattr(request, field)
            name = value if isinstance(value, str) else value.name
            return str(name).rpartition("/")[2]
    return ""


def _count(request: Any, response: Any) -> int | None:
    for part, field in ((response, "received_messages"), (request, "messages"), (request, "ack_ids")):
        if part is not None and field in part.DESCRIPTOR.fields_by_name:
            return len(getattr(part, field))
    return None


def _check_port(port: int) -> None:
    """Find out that a port is taken before gRPC does, which would write lines of its own to stderr."""
    if port:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((HOST, port))


def _say_nothing(line: str) -> None:
    del line

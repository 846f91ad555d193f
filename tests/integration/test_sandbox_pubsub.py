"""The Pub/Sub server as google-cloud-pubsub sees it: resources, publishing, pulling, redelivery."""

import datetime as dt
import subprocess
import sys
from concurrent import futures

import pytest
from google.api_core import exceptions
from google.cloud import pubsub_v1

from attendance_sandbox.pubsub.errors import UnavailableError
from attendance_sandbox.pubsub.messages import Outcome
from attendance_sandbox.pubsub.server import PubSubServer
from tests.integration.test_sandbox_pubsub_support import (
    DEAD_LETTER_SUBSCRIPTION,
    DEAD_LETTERS,
    OTHER_TOPIC,
    PROJECT,
    SUBSCRIPTION,
    TOPIC,
    Cloud,
    eventually,
)

ACK_DEADLINE_S = 10


@pytest.fixture
def cloud(monkeypatch):
    with Cloud(monkeypatch) as running:
        yield running


# Topics


def test_topics_are_created_shown_and_deleted(cloud):
    cloud.publisher.create_topic(request={"name": OTHER_TOPIC, "labels": {"site": "a"}})
    assert cloud.publisher.get_topic(topic=OTHER_TOPIC).labels == {"site": "a"}

    cloud.publisher.delete_topic(topic=OTHER_TOPIC)
    with pytest.raises(exceptions.NotFound, match="others"):
        cloud.publisher.get_topic(topic=OTHER_TOPIC)


@pytest.mark.parametrize(
    "name", [f"{PROJECT}/topics/ab", f"{PROJECT}/topics/1abc", f"{PROJECT}/topics/googly", "abc"]
)
def test_a_topic_with_a_bad_name_is_refused(cloud, name):
    with pytest.raises(exceptions.InvalidArgument):
        cloud.publisher.create_topic(name=name)


def test_a_name_is_taken_only_once(cloud):
    cloud.subscribe()
    with pytest.raises(exceptions.AlreadyExists):
        cloud.publisher.create_topic(name=TOPIC)
    with pytest.raises(exceptions.AlreadyExists):
        cloud.subscribe()


# Subscriptions


def test_a_subscription_gets_the_defaults_of_the_service(cloud):
    cloud.subscribe()

    shown = cloud.subscriber.get_subscription(subscription=SUBSCRIPTION)

    assert shown.ack_deadline_seconds == ACK_DEADLINE_S
    assert shown.message_retention_duration == dt.timedelta(days=7)
    assert shown.expiration_policy.ttl == dt.timedelta(days=31)
    assert shown.state == pubsub_v1.types.Subscription.State.ACTIVE


@pytest.mark.parametrize(
    "settings",
    [
        {"ack_deadline_seconds": 9},
        {"ack_deadline_seconds": 601},
        {"filter": "attributes.site = a"},
        {"filter": 'attributes.site = "a" AND attributes.kind = "reply"'},
        {"filter": 'attributes.site != "a"'},
        {"enable_message_ordering": True},
        {"enable_exactly_once_delivery": True},
        {"retain_acked_messages": True},
        {"retry_policy": {"minimum_backoff": dt.timedelta(seconds=10)}},
        {"message_retention_duration": dt.timedelta(minutes=9)},
        {"expiration_policy": {"ttl": dt.timedelta(hours=23)}},
        {"dead_letter_policy": {"dead_letter_topic": TOPIC, "max_delivery_attempts": 4}},
        {"push_config": {"push_endpoint": "127.0.0.1:8081"}},
    ],
    ids=str,
)
def test_settings_that_the_service_refuses_are_refused(cloud, settings):
    with pytest.raises(exceptions.InvalidArgument):
        cloud.subscribe(**settings)


def test_unknown_names_are_not_found(cloud):
    with pytest.raises(exceptions.NotFound):
        cloud.subscribe(topic=OTHER_TOPIC)
    with pytest.raises(exceptions.NotFound):
        cloud.publish(topic=OTHER_TOPIC)
    with pytest.raises(exceptions.NotFound):
        cloud.pull()
    with pytest.raises(exceptions.NotFound):
        cloud.subscribe(dead_letter_policy={"dead_letter_topic": DEAD_LETTERS})


def test_a_subscription_outlives_its_topic(cloud):
    cloud.subscribe()
    cloud.publish(b"before")
    cloud.publisher.delete_topic(topic=TOPIC)
    cloud.publisher.create_topic(name=TOPIC)
    cloud.publish(b"after")

    assert cloud.subscriber.get_subscription(subscription=SUBSCRIPTION).topic == "_deleted-topic_"
    assert [received.message.data for received in cloud.pull()] == [b"before"]


# Publishing


def test_a_message_arrives_as_it_was_published(cloud):
    cloud.subscribe()
    message_id = cloud.publish(b"\x00\xffpunch", site="a", zone="Europe/Berlin")

    message = cloud.pull_one().message

    assert (message.data, dict(message.attributes)) == (
        b"\x00\xffpunch",
        {"site": "a", "zone": "Europe/Berlin"},
    )
    assert message.message_id == message_id
    assert message.publish_time.timestamp() == cloud.clock()


def test_a_subscription_sees_only_what_is_published_after_it_was_created(cloud):
    cloud.publish(b"early")
    cloud.subscribe()
    cloud.publish(b"late")
    assert [received.message.data for received in cloud.pull()] == [b"late"]


def test_every_subscription_gets_its_own_copy(cloud):
    second = f"{PROJECT}/subscriptions/site-b"
    cloud.subscribe()
    cloud.subscribe(second)
    cloud.publish(b"punch")

    cloud.acknowledge(cloud.pull_one())

    assert cloud.pull_one(second).message.data == b"punch"


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"data": b"x" * 10_000_001},
        {"data": b"x", "attributes": {"k" * 257: "v"}},
        {"data": b"x", "attributes": {"k": "v" * 1025}},
        {"data": b"x", "attributes": {"googly": "v"}},
        {"data": b"x", "attributes": {f"k{number}": "v" for number in range(101)}},
    ],
    ids=["empty", "too large", "long key", "long value", "reserved key", "many attributes"],
)
def test_a_message_over_the_limits_is_refused_with_its_whole_request(cloud, message):
    cloud.subscribe()
    request = {"topic": TOPIC, "messages": [{"data": b"fine"}, message]}
    with pytest.raises(exceptions.InvalidArgument):
        pubsub_v1.publisher.client.publisher_client.PublisherClient.publish(cloud.publisher, request=request)
    assert cloud.server.published(TOPIC) == []


def test_the_largest_message_is_accepted(cloud):
    cloud.subscribe()
    cloud.publish(b"x" * 9_999_900)
    [held] = cloud.server.unacknowledged(SUBSCRIPTION)
    assert len(held.data) == 9_999_900


def test_on_publish_is_told_before_anyone_can_receive(monkeypatch):
    told = []

    def on_publish(topic, attributes, data):
        told.append((topic, attributes, data, running.server.unacknowledged(SUBSCRIPTION)))

    with Cloud(monkeypatch, on_publish=on_publish) as running:
        running.subscribe()
        running.publish(b"punch", site="a")
        assert told == [(TOPIC, {"site": "a"}, b"punch", [])]
        assert running.pull_one().message.data == b"punch"


def test_on_publish_can_refuse(monkeypatch):
    def on_publish(topic, attributes, data):
        if data == b"never":
            raise UnavailableError("not now")

    with Cloud(monkeypatch, on_publish=on_publish) as running:
        running.subscribe()
        refused = running.publisher.publish(TOPIC, b"never", retry=None)
        with pytest.raises(exceptions.ServiceUnavailable, match="not now"):
            refused.result(timeout=60)
        assert running.server.published(TOPIC) == []


# Pulling


def test_a_pull_waits_for_the_message(cloud):
    cloud.subscribe()
    with futures.ThreadPoolExecutor() as pool:
        pulled = pool.submit(cloud.pull_one)
        eventually(lambda: cloud.server.waiting(SUBSCRIPTION))
        cloud.publish(b"punch")
        assert pulled.result(timeout=60).message.data == b"punch"


def test_a_pull_that_finds_nothing_ends_at_the_callers_deadline(cloud):
    cloud.subscribe()
    with pytest.raises(exceptions.DeadlineExceeded):
        cloud.subscriber.pull(subscription=SUBSCRIPTION, max_messages=1, timeout=0.3)


def test_a_message_is_never_leased_to_a_caller_whose_time_is_up(cloud):
    cloud.subscribe()
    with pytest.raises(exceptions.DeadlineExceeded):
        cloud.subscriber.pull(subscription=SUBSCRIPTION, max_messages=1, timeout=0.3)
    cloud.publish(b"punch")
    assert cloud.server.deliveries(SUBSCRIPTION) == []


def test_a_message_is_never_leased_to_a_process_that_was_killed(cloud):
    cloud.subscribe()
    code = (
        "from google.cloud import pubsub_v1\n"
        f"pubsub_v1.SubscriberClient().pull(subscription={SUBSCRIPTION!r}, max_messages=1, timeout=60)"
    )
    with subprocess.Popen([sys.executable, "-c", code]) as process:
        eventually(lambda: cloud.server.waiting(SUBSCRIPTION) == 1)
        process.kill()
    eventually(lambda: cloud.server.waiting(SUBSCRIPTION) == 0)
    cloud.publish(b"punch")
    assert cloud.server.deliveries(SUBSCRIPTION) == []
    assert cloud.pull_one().message.data == b"punch"


def test_a_pull_takes_no_more_than_it_asks_for_and_than_a_client_can_hold(cloud):
    cloud.subscribe()
    for _ in range(3):
        cloud.publish(b"x" * 2_000_000)
    assert len(cloud.pull(limit=3)) == 1
    assert len(cloud.pull(limit=1)) == 1
    with pytest.raises(exceptions.InvalidArgument):
        cloud.pull(limit=0)


# Acknowledgment and redelivery


def test_an_acknowledged_message_never_comes_again(cloud):
    cloud.subscribe()
    cloud.publish()
    cloud.acknowledge(cloud.pull_one())
    cloud.clock.advance(3600)

    assert cloud.server.unacknowledged(SUBSCRIPTION) == []
    assert cloud.nothing_to_pull()
    assert [delivery.outcome for delivery in cloud.server.deliveries(SUBSCRIPTION)] == [Outcome.ACKNOWLEDGED]


def test_a_message_comes_again_when_its_lease_has_run_out(cloud):
    cloud.subscribe()
    cloud.publish(b"punch")
    first = cloud.pull_one()

    cloud.clock.advance(ACK_DEADLINE_S - 0.001)
    assert cloud.nothing_to_pull()

    cloud.clock.advance(0.001)
    second = cloud.pull_one()
    assert second.message == first.message
    assert second.ack_id != first.ack_id


def test_a_waiting_pull_gets_the_message_when_the_lease_of_another_runs_out(cloud):
    cloud.subscribe()
    cloud.publish(b"punch")
    cloud.pull_one()
    with futures.ThreadPoolExecutor() as pool:
        pulled = pool.submit(cloud.pull_one)
        eventually(lambda: cloud.server.waiting(SUBSCRIPTION))
        cloud.clock.advance(ACK_DEADLINE_S)
        assert pulled.result(timeout=60).message.data == b"punch"


def test_a_late_acknowledgment_has_no_effect(cloud):
    cloud.subscribe()
    cloud.publish()
    first = cloud.pull_one()
    cloud.clock.advance(ACK_DEADLINE_S)

    cloud.acknowledge(first)

    second = cloud.pull_one()
    cloud.acknowledge(first)
    assert len(cloud.server.unacknowledged(SUBSCRIPTION)) == 1
    cloud.acknowledge(second)
    assert cloud.server.unacknowledged(SUBSCRIPTION) == []


def test_an_acknowledgment_id_that_was_never_given_is_refused(cloud):
    cloud.subscribe()
    with pytest.raises(exceptions.InvalidArgument, match="invented"):
        cloud.subscriber.acknowledge(subscription=SUBSCRIPTION, ack_ids=["invented"])


def test_a_longer_deadline_keeps_the_message_away(cloud):
    cloud.subscribe()
    cloud.publish(b"short")
    cloud.publish(b"long")
    cloud.pull_one()
    cloud.clock.advance(1)
    long = cloud.pull_one()
    cloud.subscriber.modify_ack_deadline(
        subscription=SUBSCRIPTION, ack_ids=[long.ack_id], ack_deadline_seconds=60
    )
    cloud.clock.advance(ACK_DEADLINE_S)
    short = cloud.pull_one()
    assert short.message.data == b"short"
    cloud.acknowledge(short)
    cloud.clock.advance(49)
    assert cloud.nothing_to_pull()
    cloud.acknowledge(long)
    assert cloud.server.unacknowledged(SUBSCRIPTION) == []


def test_a_rejected_message_comes_again_at_once(cloud):
    cloud.subscribe()
    cloud.publish(b"punch")
    cloud.reject(cloud.pull_one())
    assert cloud.pull_one().message.data == b"punch"
    outcomes = [delivery.outcome for delivery in cloud.server.deliveries(SUBSCRIPTION)]
    assert outcomes == [Outcome.REJECTED, Outcome.OUTSTANDING]


def test_what_is_delivered_too_often_goes_to_the_dead_letters(cloud):
    cloud.publisher.create_topic(name=DEAD_LETTERS)
    cloud.subscribe(DEAD_LETTER_SUBSCRIPTION, topic=DEAD_LETTERS)
    cloud.subscribe(dead_letter_policy={"dead_letter_topic": DEAD_LETTERS, "max_delivery_attempts": 5})
    cloud.publish(b"poison", site="a")
    for attempt in range(1, 6):
        received = cloud.pull_one()
        assert received.delivery_attempt == attempt
        if attempt % 2:
            cloud.reject(received)
        else:
            cloud.clock.advance(ACK_DEADLINE_S)

    buried = cloud.pull_one(DEAD_LETTER_SUBSCRIPTION).message

    assert (buried.data, buried.attributes["site"]) == (b"poison", "a")
    assert buried.attributes["CloudPubSubDeadLetterSourceDeliveryCount"] == "5"
    assert buried.attributes["CloudPubSubDeadLetterSourceSubscription"] == "site-a"
    assert cloud.server.unacknowledged(SUBSCRIPTION) == []


def test_a_subscription_delivers_only_what_its_filter_lets_through(cloud):
    cloud.subscribe(filter='attributes.site = "a"')
    cloud.publish(b"1", site="a")
    cloud.publish(b"2", site="b")
    cloud.publish(b"3", site="A")
    cloud.publish(b"4")
    assert [received.message.data for received in cloud.pull()] == [b"1"]
    assert len(cloud.server.unacknowledged(SUBSCRIPTION)) == 1


def test_an_ordering_key_is_refused(cloud):
    options = pubsub_v1.types.PublisherOptions(enable_message_ordering=True)
    ordered = pubsub_v1.PublisherClient(publisher_options=options)
    with pytest.raises(exceptions.InvalidArgument, match="ordering"):
        ordered.publish(TOPIC, b"punch", ordering_key="a").result(timeout=60)
    ordered.stop()
    ordered.transport.close()


def test_what_it_does_not_do_is_not_implemented(cloud):
    cloud.subscribe()
    with pytest.raises(exceptions.MethodNotImplemented):
        cloud.publisher.list_topics(project=PROJECT)
    with pytest.raises(exceptions.MethodNotImplemented):
        cloud.subscriber.list_subscriptions(project=PROJECT)


def test_a_deleted_subscription_is_gone_with_what_it_held(cloud):
    cloud.subscribe()
    cloud.publish(b"lost")
    cloud.subscriber.delete_subscription(subscription=SUBSCRIPTION)
    with pytest.raises(exceptions.NotFound):
        cloud.pull()
    cloud.subscribe()
    cloud.publish(b"new")
    assert [received.message.data for received in cloud.pull()] == [b"new"]


def test_a_policy_is_kept_as_it_was_set(cloud):
    binding = {"role": "roles/pubsub.publisher", "members": ["user:a@example.com"]}
    cloud.publisher.set_iam_policy(request={"resource": TOPIC, "policy": {"bindings": [binding]}})
    (kept,) = cloud.publisher.get_iam_policy(request={"resource": TOPIC}).bindings
    assert (kept.role, list(kept.members)) == (binding["role"], binding["members"])
    with pytest.raises(exceptions.NotFound):
        cloud.publisher.get_iam_policy(request={"resource": f"{TOPIC}-none"})


# Life


def test_a_stop_lets_blocked_callers_go(monkeypatch):
    with Cloud(monkeypatch) as running, futures.ThreadPoolExecutor() as pool:
        running.subscribe()
        pulled = pool.submit(
            running.subscriber.pull, subscription=SUBSCRIPTION, max_messages=1, timeout=60, retry=None
        )
        eventually(lambda: running.server.waiting(SUBSCRIPTION))
        running.server.stop()
        with pytest.raises(exceptions.ServiceUnavailable, match="shutting down"):
            pulled.result(timeout=60)


def test_a_port_in_use_is_an_error_of_the_operating_system(cloud):
    with pytest.raises(OSError, match="in use"):
        PubSubServer(port=cloud.server.port).start()


def test_several_servers_live_side_by_side(cloud):
    with PubSubServer() as other:
        other.create_topic(OTHER_TOPIC)
        assert other.port != cloud.server.port
        with pytest.raises(exceptions.NotFound):
            cloud.publisher.get_topic(topic=OTHER_TOPIC)

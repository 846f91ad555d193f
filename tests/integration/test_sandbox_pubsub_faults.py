"""What goes wrong on request, seen from Google's client."""

import pytest
from google.api_core import exceptions

from attendance_sandbox.pubsub import Fate, Faults, Outcome
from tests.integration.test_sandbox_pubsub_support import SUBSCRIPTION, TOPIC, Cloud

ACK_DEADLINE_S = 10


@pytest.fixture
def cloud(monkeypatch):
    with Cloud(monkeypatch, faults=Faults()) as running:
        running.subscribe()
        yield running


def test_without_rates_nothing_goes_wrong(cloud):
    for number in range(20):
        cloud.publish(b"%d" % number)
    received = [message for _ in range(20) for message in cloud.pull(limit=1)]
    cloud.acknowledge(*received)
    assert [one.message.data for one in received] == [b"%d" % number for number in range(20)]
    assert cloud.server.unacknowledged(SUBSCRIPTION) == []


def test_a_dropped_delivery_comes_again_when_its_lease_has_run_out(cloud):
    cloud.server.faults.drop = 1.0
    cloud.server.faults.budget = 1
    cloud.publish(b"punch")
    assert cloud.nothing_to_pull()
    [lost] = cloud.server.deliveries(SUBSCRIPTION)
    assert lost.lost

    cloud.clock.advance(ACK_DEADLINE_S)

    assert cloud.pull_one().message.data == b"punch"
    first, _ = cloud.server.deliveries(SUBSCRIPTION)
    assert first.outcome is Outcome.EXPIRED


def test_a_delayed_message_comes_when_its_delay_is_over(cloud):
    cloud.server.faults.delay = 1.0
    cloud.server.faults.delay_s = 30.0
    cloud.publish(b"punch")
    cloud.clock.advance(29)
    assert cloud.nothing_to_pull()
    cloud.clock.advance(1)
    assert cloud.pull_one().message.data == b"punch"


def test_a_duplicated_message_comes_twice_with_one_id(cloud):
    cloud.server.faults.duplicate = 1.0
    message_id = cloud.publish(b"punch")
    first = cloud.pull_one()
    cloud.acknowledge(first)
    second = cloud.pull_one()
    cloud.acknowledge(second)
    assert [first.message.message_id, second.message.message_id] == [message_id, message_id]
    assert cloud.nothing_to_pull()


def test_a_reordered_message_overtakes_those_that_wait(cloud):
    cloud.publish(b"1")
    cloud.publish(b"2")
    cloud.server.faults.reorder = 1.0
    cloud.publish(b"3")
    assert [received.message.data for received in cloud.pull()] == [b"3", b"1", b"2"]


def test_a_lost_acknowledgment_is_answered_with_ok_and_the_message_comes_again(cloud):
    cloud.server.faults.lose_ack = 1.0
    cloud.server.faults.budget = 1
    cloud.publish(b"punch")
    cloud.acknowledge(cloud.pull_one())
    assert len(cloud.server.unacknowledged(SUBSCRIPTION)) == 1

    cloud.clock.advance(ACK_DEADLINE_S)
    cloud.acknowledge(cloud.pull_one())
    assert cloud.server.unacknowledged(SUBSCRIPTION) == []


def test_a_refused_publication_has_not_happened(cloud):
    cloud.server.faults.refuse = 1.0
    with pytest.raises(exceptions.ServiceUnavailable):
        cloud.publisher.publish(TOPIC, b"punch", retry=None).result(timeout=60)
    assert cloud.server.published(TOPIC) == []


def test_the_client_tries_again_what_was_refused(cloud):
    cloud.server.faults.refuse = 1.0
    cloud.server.faults.budget = 1
    cloud.publish(b"punch")
    assert [message.data for message in cloud.server.published(TOPIC)] == [b"punch"]


def test_a_publication_refused_after_the_fact_is_published_twice_by_the_retry(cloud):
    cloud.server.faults.refuse_after = 1.0
    cloud.server.faults.budget = 1
    cloud.publish(b"punch")
    received = cloud.pull()
    assert [one.message.data for one in received] == [b"punch", b"punch"]
    assert received[0].message.message_id != received[1].message.message_id


def test_only_the_named_methods_are_refused(cloud):
    cloud.server.faults.refuse = 1.0
    cloud.server.faults.methods = frozenset({"Pull"})
    cloud.publish(b"punch")
    with pytest.raises(exceptions.ServiceUnavailable):
        cloud.subscriber.pull(subscription=SUBSCRIPTION, max_messages=1, timeout=2, retry=None)


def test_faults_can_be_scripted(monkeypatch):
    class Script(Faults):
        def fate(self, subscription, message):
            return Fate(delay_s=5.0, copies=3) if message.attributes.get("site") == "a" else Fate()

        def loses_delivery(self, subscription, message, attempt):
            return message.data == b"slow" and attempt == 1

    with Cloud(monkeypatch, faults=Script()) as cloud:
        cloud.subscribe()
        cloud.publish(b"often", site="a")
        cloud.publish(b"plain")
        assert [received.message.data for received in cloud.pull()] == [b"plain"]
        cloud.clock.advance(5)
        assert [received.message.data for received in cloud.pull()] == [b"often"] * 3


def test_the_same_seed_gives_the_same_faults():
    def draw(seed: int) -> list[bool]:
        faults = Faults(refuse=0.5, seed=seed)
        return [faults.refuses("Publish") for _ in range(64)]

    assert draw(1) == draw(1)
    assert draw(1) != draw(2)


def test_nothing_is_lost_under_all_faults_at_once(monkeypatch):
    faults = Faults(
        drop=0.2, delay=0.2, delay_s=5, duplicate=0.2, reorder=0.2, lose_ack=0.2, refuse=0.1, refuse_after=0.1
    )
    with Cloud(monkeypatch, faults=faults) as cloud:
        cloud.subscribe()
        sent = {b"%d" % number for number in range(40)}
        for data in sent:
            cloud.publish(data)
        got = set()
        for _ in range(200):
            if not cloud.server.unacknowledged(SUBSCRIPTION):
                break
            try:
                received = cloud.pull(timeout=0.1)
            except exceptions.DeadlineExceeded:
                cloud.clock.advance(ACK_DEADLINE_S)
                continue
            got |= {one.message.data for one in received}
            if received:
                cloud.acknowledge(*received)
        assert cloud.server.unacknowledged(SUBSCRIPTION) == []
        assert got == sent

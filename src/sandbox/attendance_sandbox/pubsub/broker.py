"""Topics, subscriptions, leases and redelivery: the service itself, without any transport.

Everything is guarded by one lock; each subscription has a condition on it, so that a publication wakes exactly those
who wait for it. One timer thread ends the leases that run out.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from attendance_sandbox.pubsub.backlog import Backlog, Entry
from attendance_sandbox.pubsub.errors import AlreadyExistsError, NotFoundError
from attendance_sandbox.pubsub.limits import check_publish
from attendance_sandbox.pubsub.messages import Delivery, Draft, Message, Outcome
from attendance_sandbox.pubsub.state import DELETED_TOPIC, Caller, Subscription, SubscriptionSettings, Topic

OnPublish = Callable[[str, dict[str, str], bytes], None]

# A client under PUBSUB_EMULATOR_HOST refuses answers over 4 MiB; one large message is its own affair.
MAX_BATCH_BYTES = 3_500_000


class Broker:
    """Thread-safe. Names are full paths (`projects/P/topics/T`); unknown ones raise NotFoundError.

    Args:
        clock: seconds since 1970. Leases, backoff and publication times follow it. After a jump call `wake`.
        on_publish: called with topic, attributes and data of each message before anyone can receive it, outside the
            lock. A PubSubError that it raises refuses the publication. Dead letters are not announced.
    """

    def __init__(self, *, clock: Callable[[], float], on_publish: OnPublish | None = None) -> None:
        self._clock = clock
        self._on_publish = on_publish
        self._lock = threading.RLock()
        self._topics: dict[str, Topic] = {}
        self._subscriptions: dict[str, Subscription] = {}
        self._last_message_id = 0
        self._closed = False
        self._timer = threading.Condition(self._lock)
        self._timer_due_s: float | None = None
        self._timer_thread = threading.Thread(target=self._keep_time, name="pubsub-timer", daemon=True)

    # Life

    def start(self) -> None:
        """Start the timer; without it, leases end when their subscription is next used."""
        self._timer_thread.start()

    def close(self) -> None:
        """Let everybody go who waits. Nothing is delivered any more."""
        with self._lock:
            self._closed = True
            self._wake_everybody()
        if self._timer_thread.is_alive():
            self._timer_thread.join()

    @property
    def closed(self) -> bool:
        return self._closed

    def wake(self, subscription: str | None = None) -> None:
        """Make the waiting look again: a caller has gone, or the clock has jumped."""
        with self._lock:
            if subscription is None:
                self._wake_everybody()
            elif subscription in self._subscriptions:
                self._subscriptions[subscription].changed.notify_all()

    def _wake_everybody(self) -> None:
        self._timer.notify_all()
        for subscription in self._subscriptions.values():
            subscription.changed.notify_all()

    # Topics

    def create_topic(self, name: str, resource: Any = None) -> None:
        with self._lock:
            if name in self._topics:
                raise AlreadyExistsError(f"Resource already exists in the project (resource={_short(name)}).")
            self._topics[name] = Topic(name, resource)

    def topic(self, name: str) -> Topic:
        with self._lock:
            if name not in self._topics:
                raise NotFoundError(f"Resource not found (resource={_short(name)}).")
            return self._topics[name]

    def delete_topic(self, name: str) -> None:
        """Its subscriptions stay, with what they hold, and get nothing new."""
        with self._lock:
            self.topic(name)
            del self._topics[name]
            for subscription in self._subscriptions_of(name):
                subscription.settings = replace(subscription.settings, topic=DELETED_TOPIC)

    # Subscriptions

    def create_subscription(self, name: str, settings: SubscriptionSettings, resource: Any = None) -> None:
        with self._lock:
            if name in self._subscriptions:
                raise AlreadyExistsError(f"Resource already exists in the project (resource={_short(name)}).")
            self.topic(settings.topic)
            if settings.dead_letter is not None:
                self.topic(settings.dead_letter.topic)
            backlog = Backlog()
            changed = threading.Condition(self._lock)
            self._subscriptions[name] = Subscription(name, settings, resource, backlog, changed)

    def subscription(self, name: str) -> Subscription:
        with self._lock:
            if name not in self._subscriptions:
                raise NotFoundError(f"Resource not found (resource={_short(name)}).")
            return self._subscriptions[name]

    def delete_subscription(self, name: str) -> None:
        """Gone with what it holds; whoever waits for its messages is told."""
        with self._lock:
            subscription = self.subscription(name)
            del self._subscriptions[name]
            subscription.changed.notify_all()

    def subscription_names(self) -> list[str]:
        with self._lock:
            return list(self._subscriptions)

    def _subscriptions_of(self, topic: str) -> list[Subscription]:
        return [one for one in self._subscriptions.values() if one.settings.topic == topic]

    # Publishing

    def publish(self, topic: str, drafts: Sequence[Draft]) -> list[str]:
        """Accept messages for every subscription whose filter matches; returns their IDs.

        Raises:
            InvalidArgumentError: no message, an empty one, or one over the limits; none is accepted then.
        """
        self.topic(topic)
        check_publish(drafts)
        if self._on_publish is not None:
            for draft in drafts:
                self._on_publish(topic, dict(draft.attributes), draft.data)
        with self._lock:
            target = self.topic(topic)
            return [self._accept(target, draft).message_id for draft in drafts]

    def _accept(self, topic: Topic, draft: Draft) -> Message:
        self._last_message_id += 1
        message = Message(
            data=draft.data,
            attributes=dict(draft.attributes),
            message_id=str(self._last_message_id),
            publish_time_ms=int(self._clock() * 1000),
        )
        topic.published.append(message)
        for subscription in self._subscriptions_of(topic.name):
            if subscription.settings.matches(message.attributes):
                subscription.backlog.add(message)
                subscription.changed.notify_all()
                self._alarm(subscription)
        return message

    # Receiving

    def pull(self, name: str, caller: Caller) -> list[Delivery]:
        """Lease what there is, or wait for it; empty when the caller has gone or its patience has ended.

        Raises:
            NotFoundError: there is no such subscription.
        """
        with self._lock:
            subscription = self.subscription(name)
            while True:
                patience_s = caller.patience_s()
                if self._closed or not caller.is_present():
                    return []
                deliveries = self._lease(subscription, caller.room())
                if deliveries or (patience_s is not None and patience_s <= 0):
                    return deliveries
                subscription.waiting += 1
                subscription.changed.wait(patience_s)
                subscription.waiting -= 1

    def _lease(self, subscription: Subscription, limit: int) -> list[Delivery]:
        now_s = self._clock()
        self._settle(subscription, now_s)
        deadline_s = now_s + subscription.settings.ack_deadline_s
        entries = subscription.backlog.lease(
            now_s, limit=limit, deadline_s=deadline_s, max_bytes=MAX_BATCH_BYTES
        )
        deliveries = [self._deliver(subscription, entry) for entry in entries]
        self._alarm(subscription)
        return deliveries

    def _deliver(self, subscription: Subscription, entry: Entry) -> Delivery:
        delivery = Delivery(
            subscription=subscription.name,
            message=entry.message,
            ack_id=entry.ack_id,
            attempt=entry.attempts,
            reported_attempt=entry.attempts if subscription.settings.dead_letter else 0,
        )
        subscription.outstanding[entry.ack_id] = delivery
        subscription.deliveries.append(delivery)
        return delivery

    def acknowledge(self, name: str, ack_ids: Sequence[str]) -> None:
        """Be done with these deliveries. IDs that are unknown or have expired have no effect."""
        with self._lock:
            subscription = self.subscription(name)
            self._settle(subscription, self._clock())
            for ack_id in ack_ids:
                if subscription.backlog.remove(ack_id) is not None:
                    self._conclude(subscription, ack_id, Outcome.ACKNOWLEDGED)
            subscription.changed.notify_all()

    def modify_ack_deadline(self, name: str, ack_ids: Sequence[str], seconds: int) -> None:
        """Lease for `seconds` from now; 0 gives the message back. Unknown and expired IDs have no effect."""
        with self._lock:
            subscription = self.subscription(name)
            now_s = self._clock()
            self._settle(subscription, now_s)
            for ack_id in ack_ids:
                if seconds:
                    subscription.backlog.extend(ack_id, now_s + seconds)
                else:
                    self._reject(subscription, ack_id, now_s)
            self._alarm(subscription)
            subscription.changed.notify_all()

    def wait_until_acknowledged(self, name: str, timeout_s: float) -> bool:
        """Whether a subscription holds nothing any more, before the time is over."""
        with self._lock:
            subscription = self.subscription(name)
            return subscription.changed.wait_for(lambda: not self.backlog(name), max(timeout_s, 0.0))

    def backlog(self, name: str) -> list[Message]:
        """What is not acknowledged, oldest first."""
        with self._lock:
            return self.subscription(name).backlog.messages()

    # Redelivery

    def _settle(self, subscription: Subscription, now_s: float) -> None:
        """Everything that time has brought about: leases that ran out, rests that are over."""
        backlog = subscription.backlog
        expired = backlog.pop_expired(now_s)
        for entry in expired:
            self._conclude(subscription, entry.ack_id, Outcome.EXPIRED)
            self._redeliver(subscription, entry, now_s)
        if backlog.ripen(now_s) or expired:
            subscription.changed.notify_all()

    def _reject(self, subscription: Subscription, ack_id: str, now_s: float) -> None:
        entry = subscription.backlog.remove(ack_id)
        if entry is not None:
            self._conclude(subscription, ack_id, Outcome.REJECTED)
            self._redeliver(subscription, entry, now_s)

    def _redeliver(self, subscription: Subscription, entry: Entry, now_s: float) -> None:
        policy = subscription.settings.dead_letter
        if (
            policy is not None
            and entry.attempts >= policy.max_delivery_attempts
            and policy.topic in self._topics
        ):
            self._bury(subscription, entry, self._topics[policy.topic])
        else:
            subscription.backlog.put_back(entry, now_s + subscription.settings.backoff_s(entry.attempts))

    def _bury(self, subscription: Subscription, entry: Entry, topic: Topic) -> None:
        message = entry.message
        project, _, short_name = subscription.name.removeprefix("projects/").partition("/subscriptions/")
        attributes = {
            **message.attributes,
            "CloudPubSubDeadLetterSourceDeliveryCount": str(entry.attempts),
            "CloudPubSubDeadLetterSourceSubscription": short_name,
            "CloudPubSubDeadLetterSourceSubscriptionProject": project,
        }
        self._accept(topic, Draft(message.data, attributes))

    def _conclude(self, subscription: Subscription, ack_id: str, outcome: Outcome) -> None:
        subscription.outstanding.pop(ack_id).outcome = outcome

    # Time

    def _alarm(self, subscription: Subscription) -> None:
        """Wake the timer if this subscription needs it earlier than it means to wake."""
        due_s = subscription.backlog.next_due_s()
        if due_s is not None and (self._timer_due_s is None or due_s < self._timer_due_s):
            self._timer_due_s = due_s
            self._timer.notify_all()

    def _keep_time(self) -> None:
        with self._lock:
            while not self._closed:
                now_s = self._clock()
                for subscription in list(self._subscriptions.values()):
                    self._settle(subscription, now_s)
                dues = [one.backlog.next_due_s() for one in self._subscriptions.values()]
                self._timer_due_s = min((due_s for due_s in dues if due_s is not None), default=None)
                wait_s = None if self._timer_due_s is None else max(0.0, self._timer_due_s - self._clock())
                self._timer.wait(wait_s)


def _short(name: str) -> str:
    return name.rpartition("/")[2]

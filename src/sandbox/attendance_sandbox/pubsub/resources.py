"""Topics and subscriptions as the API shows them: their names, defaults and limits.

Functions here take raw protobuf messages, fill in the service's defaults, and raise InvalidArgumentError for what the
service refuses.
"""

import re
from typing import Any

from attendance_sandbox.pubsub.errors import InvalidArgumentError
from attendance_sandbox.pubsub.state import DeadLetterPolicy, SubscriptionSettings
from attendance_sandbox.pubsub.wire import duration_of, seconds_of

DAY_S = 24 * 3600
DEFAULT_ACK_DEADLINE_S = 10
DEFAULT_RETENTION_S = 7 * DAY_S
DEFAULT_EXPIRATION_S = 31 * DAY_S
MIN_RETENTION_S, MAX_RETENTION_S = 600, 31 * DAY_S
MIN_ACK_DEADLINE_S, MAX_ACK_DEADLINE_S = 10, 600
MIN_DELIVERY_ATTEMPTS, MAX_DELIVERY_ATTEMPTS = 5, 100
ACTIVE = 1

_SHORT_NAME = r"(?!goog)[A-Za-z][\w.~+%-]{2,254}"
_FILTER = re.compile(r'\s*attributes\.([\w-]+)\s*=\s*"([^"\\]*)"\s*')
_SETTINGS = frozenset(
    {"name", "topic", "ack_deadline_seconds", "filter", "message_retention_duration", "expiration_policy"}
    | {"dead_letter_policy", "push_config", "labels"}
)


def check_name(kind: str, name: str) -> None:
    """Raise unless `name` is `projects/P/<kind>/X`; kind is `topics` or `subscriptions`."""
    if re.fullmatch(rf"projects/[^/]+/{kind}/{_SHORT_NAME}", name, re.ASCII) is None:
        raise InvalidArgumentError(f"Invalid [{kind}] name: (name={name})")


def check_ack_deadline(seconds: int, *, minimum: int) -> None:
    if not minimum <= seconds <= MAX_ACK_DEADLINE_S:
        raise InvalidArgumentError(
            f"Invalid ack deadline given: {seconds}. It must be between {minimum} and {MAX_ACK_DEADLINE_S} seconds."
        )


def complete_topic(topic: Any) -> None:
    """Check a topic that is to be created."""
    check_name("topics", topic.name)
    topic.state = ACTIVE


def complete_subscription(subscription: Any) -> SubscriptionSettings:
    """Fill in the defaults of a subscription and return how it delivers."""
    check_name("subscriptions", subscription.name)
    for descriptor, _ in subscription.ListFields():
        if descriptor.name not in _SETTINGS:
            raise InvalidArgumentError(
                f"This stand-in for Pub/Sub does not know the setting {descriptor.name}."
            )
    subscription.ack_deadline_seconds = subscription.ack_deadline_seconds or DEFAULT_ACK_DEADLINE_S
    check_ack_deadline(subscription.ack_deadline_seconds, minimum=MIN_ACK_DEADLINE_S)
    if not subscription.HasField("message_retention_duration"):
        subscription.message_retention_duration.CopyFrom(duration_of(DEFAULT_RETENTION_S))
    retention_s = seconds_of(subscription.message_retention_duration)
    if not MIN_RETENTION_S <= retention_s <= MAX_RETENTION_S:
        raise InvalidArgumentError(
            f"Invalid message retention duration: {retention_s:g} s. "
            f"It must be between {MIN_RETENTION_S} and {MAX_RETENTION_S} seconds."
        )
    _complete_expiration(subscription, retention_s)
    subscription.state = ACTIVE
    return SubscriptionSettings(
        topic=subscription.topic,
        ack_deadline_s=subscription.ack_deadline_seconds,
        wanted=_wanted(subscription.filter),
        dead_letter=_dead_letter_policy(subscription),
        push_endpoint=_push_endpoint(subscription),
    )


def _wanted(source: str) -> tuple[str, str] | None:
    """The attribute and the value that a filter asks for; None for no filter."""
    if not source.strip():
        return None
    asked = _FILTER.fullmatch(source)
    if asked is None:
        raise InvalidArgumentError(
            f'Invalid filter: this stand-in knows those of the form attributes.KEY = "VALUE". (filter={source})'
        )
    return asked[1], asked[2]


def _complete_expiration(subscription: Any, retention_s: float) -> None:
    if not subscription.HasField("expiration_policy"):
        subscription.expiration_policy.ttl.CopyFrom(duration_of(DEFAULT_EXPIRATION_S))
    elif subscription.expiration_policy.HasField("ttl"):
        ttl_s = seconds_of(subscription.expiration_policy.ttl)
        if ttl_s < max(DAY_S, retention_s):
            raise InvalidArgumentError(
                f"Invalid expiration policy: {ttl_s:g} s. "
                "It must be at least a day and no shorter than the message retention duration."
            )


def _dead_letter_policy(subscription: Any) -> DeadLetterPolicy | None:
    if not subscription.HasField("dead_letter_policy"):
        return None
    policy = subscription.dead_letter_policy
    policy.max_delivery_attempts = policy.max_delivery_attempts or MIN_DELIVERY_ATTEMPTS
    if not MIN_DELIVERY_ATTEMPTS <= policy.max_delivery_attempts <= MAX_DELIVERY_ATTEMPTS:
        raise InvalidArgumentError(
            f"Invalid max delivery attempts: {policy.max_delivery_attempts}. "
            f"It must be between {MIN_DELIVERY_ATTEMPTS} and {MAX_DELIVERY_ATTEMPTS}."
        )
    check_name("topics", policy.dead_letter_topic)
    return DeadLetterPolicy(policy.dead_letter_topic, policy.max_delivery_attempts)


def _push_endpoint(subscription: Any) -> str:
    endpoint = str(subscription.push_config.push_endpoint)
    if endpoint and not endpoint.startswith(("http://", "https://")):
        raise InvalidArgumentError(
            f"Invalid push endpoint given (endpoint={endpoint}). It must be a http(s) URL."
        )
    return endpoint

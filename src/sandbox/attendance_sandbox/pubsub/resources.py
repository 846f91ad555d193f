"""Topics and subscriptions as the API shows them: their names, defaults, limits and updates.

Functions here take raw protobuf messages, fill in the service's defaults, and raise InvalidArgumentError for what the
service refuses.
"""

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from attendance_sandbox.pubsub.errors import InvalidArgumentError
from attendance_sandbox.pubsub.filters import FilterError, compile_filter
from attendance_sandbox.pubsub.settings import (
    DEFAULT_ACK_DEADLINE_S,
    DEFAULT_MAXIMUM_BACKOFF_S,
    DEFAULT_MINIMUM_BACKOFF_S,
    DEFAULT_RETENTION_S,
    DeadLetterPolicy,
    RetryPolicy,
    SubscriptionSettings,
)
from attendance_sandbox.pubsub.wire import duration_of, seconds_of

DAY_S = 24 * 3600
DEFAULT_EXPIRATION_S = 31 * DAY_S
MIN_RETENTION_S, MAX_RETENTION_S = 600, 31 * DAY_S
MIN_ACK_DEADLINE_S, MAX_ACK_DEADLINE_S = 10, 600
MAX_BACKOFF_S = 600
MIN_DELIVERY_ATTEMPTS, MAX_DELIVERY_ATTEMPTS = 5, 100
ACTIVE = 1

_SHORT_NAME = r"(?!goog)[A-Za-z][\w.~+%-]{2,254}"
_FIXED_TOPIC_FIELDS = frozenset({"name"})
_FIXED_SUBSCRIPTION_FIELDS = frozenset({"name", "topic", "filter", "enable_message_ordering"})


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
    try:
        matches = compile_filter(subscription.filter)
    except FilterError as error:
        raise InvalidArgumentError(f"Invalid filter: {error}. (filter={subscription.filter})") from error
    return SubscriptionSettings(
        topic=subscription.topic,
        ack_deadline_s=subscription.ack_deadline_seconds,
        matches=matches,
        ordered=subscription.enable_message_ordering,
        retry=_retry_policy(subscription),
        dead_letter=_dead_letter_policy(subscription),
        retain_acknowledged=subscription.retain_acked_messages,
        retention_s=retention_s,
        push_endpoint=_push_endpoint(subscription),
    )


def updated(stored: Any, change: Any, paths: Sequence[str], fixed: frozenset[str]) -> Any:
    """A copy of `stored` with the fields named by `paths` taken from `change`."""
    if not paths:
        raise InvalidArgumentError(
            "The update_mask in the request must be set, and must contain a valid field."
        )
    result = type(stored)()
    result.CopyFrom(stored)
    for path in paths:
        field, _, inner = path.partition(".")
        if field not in stored.DESCRIPTOR.fields_by_name:
            raise InvalidArgumentError(f"Invalid update_mask provided in the request: {path} is no field.")
        if field in fixed:
            raise InvalidArgumentError(
                f"Invalid update_mask provided in the request: {path} cannot be changed."
            )
        _copy_field(result, change, field, inner)
    return result


def updated_topic(stored: Any, change: Any, paths: Sequence[str]) -> Any:
    return updated(stored, change, paths, _FIXED_TOPIC_FIELDS)


def updated_subscription(stored: Any, change: Any, paths: Sequence[str]) -> Any:
    return updated(stored, change, paths, _FIXED_SUBSCRIPTION_FIELDS)


def _copy_field(target: Any, source: Any, field: str, inner: str) -> None:
    if inner:
        if inner not in getattr(target, field).DESCRIPTOR.fields_by_name:
            raise InvalidArgumentError(
                f"Invalid update_mask provided in the request: {field}.{inner} is no field."
            )
        _copy_field(getattr(target, field), getattr(source, field), inner, "")
        return
    target.ClearField(field)
    present = {descriptor.name for descriptor, _ in source.ListFields()}
    if field in present:
        whole = type(source)()
        whole.CopyFrom(source)
        for other in present - {field}:
            whole.ClearField(other)
        target.MergeFrom(whole)


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


def _retry_policy(subscription: Any) -> RetryPolicy | None:
    if not subscription.HasField("retry_policy"):
        return None
    policy = subscription.retry_policy
    if not policy.HasField("minimum_backoff"):
        policy.minimum_backoff.CopyFrom(duration_of(DEFAULT_MINIMUM_BACKOFF_S))
    if not policy.HasField("maximum_backoff"):
        policy.maximum_backoff.CopyFrom(duration_of(DEFAULT_MAXIMUM_BACKOFF_S))
    minimum_s, maximum_s = seconds_of(policy.minimum_backoff), seconds_of(policy.maximum_backoff)
    if not 0 <= minimum_s <= maximum_s <= MAX_BACKOFF_S:
        raise InvalidArgumentError(
            f"Invalid retry policy: backoff from {minimum_s:g} s to {maximum_s:g} s. "
            f"Both must be between 0 and {MAX_BACKOFF_S} seconds, the maximum no shorter than the minimum."
        )
    return RetryPolicy(minimum_s=minimum_s, maximum_s=maximum_s)


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
    if not endpoint:
        return ""
    if _is_push_url(endpoint):
        return endpoint
    raise InvalidArgumentError(
        f"Invalid push endpoint given (endpoint={endpoint}). It must be a http(s) URL."
    )


def _is_push_url(text: str) -> bool:
    if not text.isascii() or not text.isprintable() or " " in text:
        return False
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and port != 0

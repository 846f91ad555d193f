"""The service's limits on what is published. Source: "Pub/Sub quotas and limits", resource limits."""

from collections.abc import Sequence

from attendance_sandbox.pubsub.errors import InvalidArgumentError
from attendance_sandbox.pubsub.messages import Draft

MAX_PUBLISH_BYTES = 10_000_000
MAX_PUBLISH_MESSAGES = 1_000
MAX_ATTRIBUTES = 100
MAX_ATTRIBUTE_KEY_BYTES = 256
MAX_ATTRIBUTE_VALUE_BYTES = 1_024


def check_publish(drafts: Sequence[Draft]) -> None:
    """Raise InvalidArgumentError unless the service would accept these messages in one request."""
    if not drafts:
        raise InvalidArgumentError("The publish request contains no messages.")
    if len(drafts) > MAX_PUBLISH_MESSAGES:
        raise InvalidArgumentError(
            f"The value for message_count is too large. You passed {len(drafts)} in the request, "
            f"but the maximum value is {MAX_PUBLISH_MESSAGES}."
        )
    if sum(draft.size for draft in drafts) > MAX_PUBLISH_BYTES:
        raise InvalidArgumentError(f"Request payload size exceeds the limit: {MAX_PUBLISH_BYTES} bytes.")
    for draft in drafts:
        _check_draft(draft)


def _check_draft(draft: Draft) -> None:
    if not draft.data and not draft.attributes:
        raise InvalidArgumentError(
            "One or more messages in the publish request is empty. "
            "Each message must contain either non-empty data, or at least one attribute."
        )
    if len(draft.attributes) > MAX_ATTRIBUTES:
        raise InvalidArgumentError(f"A message has more than {MAX_ATTRIBUTES} attributes.")
    for key, value in draft.attributes.items():
        if not key or len(key.encode()) > MAX_ATTRIBUTE_KEY_BYTES or key.startswith("goog"):
            raise InvalidArgumentError(
                f"An attribute key is empty, longer than {MAX_ATTRIBUTE_KEY_BYTES} bytes "
                "or begins with the reserved prefix goog."
            )
        if len(value.encode()) > MAX_ATTRIBUTE_VALUE_BYTES:
            raise InvalidArgumentError(
                f"The value of attribute {key} is longer than {MAX_ATTRIBUTE_VALUE_BYTES} bytes."
            )

"""A request and its answer in one short line, for whoever watches the server."""

from typing import Any


def summary(method: str, request: Any, response: Any) -> str:
    """What was asked of which resource, and how many messages it was about."""
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

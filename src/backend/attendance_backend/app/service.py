"""From a CloudEvent to the reply: what the functions have in common."""

import base64
import binascii
import logging
import threading
from collections.abc import Mapping
from typing import Any, TypeVar

from attendance_backend.app import bootstrap
from attendance_backend.control.dead_letters import Kind
from attendance_backend.errors import BackendError, EventError, NotAdmittedError, OvertakenError
from attendance_backend.handlers import admission, bounds, dead_letters
from attendance_backend.handlers.dispatch import handle
from attendance_backend.ports import Backend, Replies
from attendance_contracts import ContractError, Message, decode

log = logging.getLogger(__name__)
M = TypeVar("M", bound=Message)

_TURN = threading.Lock()
"""A spreadsheet has one writer at a time: the messages of a process take turns."""


def serve(kind: type[Message], event: Any) -> None:
    """Handle the message in a CloudEvent and publish its reply.

    What will never do is set aside (`handlers.dead_letters`), and acknowledged by that.

    Raises:
        BackendError: after one line in the log; Pub/Sub then delivers the message again, and after a bounded
            number of times to the dead-letter topic.
    """
    who = "an unreadable message"
    try:
        bootstrap.settings()  # first of all, so that the very first line has its severity
        letter = envelope_of(kind, event.data)
        if "location" in letter[1]:
            who = f"{letter[1]['location']}, request {letter[1].get('request_id')}"
        with _TURN:
            _serve(kind, letter, who)
    except BackendError as error:
        log.error("%s of %s failed: %s", kind.topic, who, error)  # noqa: TRY400 - the line says it all
        raise
    log.info("%s of %s: done", kind.topic, who)


def _serve(kind: type[Message], letter: tuple[bytes, Mapping[str, str]], who: str) -> None:
    """Handle a message or set it aside."""
    backend, replies = bootstrap.backend(), bootstrap.replies()
    try:
        _handle(kind, letter, backend, replies)
    except OvertakenError as error:
        log.info("%s of %s: %s", kind.topic, who, error)
    except EventError as error:
        dead_letters.set_aside(kind.topic, letter, (Kind.UNREADABLE, error), backend, replies)
    except NotAdmittedError as error:
        dead_letters.set_aside(kind.topic, letter, (Kind.NOT_ADMITTED, error), backend, replies)
    except (BackendError, MemoryError):
        raise
    except Exception as error:
        # What brought it out would do so each time, and keep others waiting.
        log.exception("%s of %s: a fault of the program", kind.topic, who)
        dead_letters.set_aside(kind.topic, letter, (Kind.FAULT, error), backend, replies)


def _handle(
    kind: type[Message], letter: tuple[bytes, Mapping[str, str]], backend: Backend, replies: Replies
) -> None:
    content, attributes = letter
    bounds.check_bytes(content)
    impossible = None
    try:
        message = decoded(kind, content, attributes)
    except EventError as error:
        parts = dead_letters.without_impossible(kind, content)
        if parts is None:
            raise
        possible, rest = parts
        message = decoded(kind, possible, attributes)
        impossible = rest, error
    signed = admission.admit(message, content, attributes, backend)
    reply = handle(bounds.as_can_be(message, backend.clock.now()), backend)
    if reply is not None:
        replies.publish(reply)
    admission.note(message, signed, backend)
    if impossible is not None:
        rest, reason = impossible
        dead_letters.set_aside(kind.topic, (rest, attributes), (Kind.IMPOSSIBLE, reason), backend, replies)


def message_of(kind: type[M], data: Any) -> M:
    """The message in an event's data, ``{"message": {"data": <base64>, "attributes": {…}}}``; raises EventError."""
    return decoded(kind, *envelope_of(kind, data))


def envelope_of(kind: type[M], data: Any) -> tuple[bytes, Mapping[str, str]]:
    """A message's data and attributes as they were published; raises EventError."""
    envelope = data.get("message") if isinstance(data, Mapping) else None
    if not isinstance(envelope, Mapping):
        raise EventError(f"the event holds no Pub/Sub message: {kind.topic} must be triggered by its topic")
    attributes = envelope.get("attributes") or {}
    encoded = envelope.get("data") or ""
    if not isinstance(attributes, Mapping) or not isinstance(encoded, str):
        raise EventError("the event's Pub/Sub message is malformed")
    try:
        return base64.b64decode(encoded.encode(), validate=True), attributes
    except binascii.Error as error:
        raise EventError(f"the Pub/Sub message's data is not base64: {error}") from error


def decoded(kind: type[M], content: bytes, attributes: Mapping[str, str]) -> M:
    """The message that was published so; raises EventError."""
    try:
        return decode(kind, content, attributes)
    except ContractError as error:
        raise EventError(f"not a message of the contract: {error}") from error

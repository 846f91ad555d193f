"""From a CloudEvent to the reply: what the functions have in common."""

import base64
import binascii
import logging
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple, TypeVar

from attendance_backend.app import bootstrap
from attendance_backend.app.room import Room
from attendance_backend.control.dead_letters import Kind
from attendance_backend.errors import BackendError, EventError, NotAdmittedError, OvertakenError
from attendance_backend.handlers import admission, bounds, dead_letters
from attendance_backend.handlers.admission import Admitted
from attendance_backend.handlers.together import Served, fail, handle_together
from attendance_backend.ports import Backend, Replies
from attendance_contracts import ContractError, Message, Signed, decode

log = logging.getLogger(__name__)
M = TypeVar("M", bound=Message)


@dataclass(frozen=True)
class Letter:
    """A message as it came; `who` sent it is for people."""

    kind: type[Message]
    content: bytes
    attributes: Mapping[str, str]
    who: str = "an unreadable message"


def serve(kind: type[Message], event: Any) -> None:
    """Handle the message in a CloudEvent and publish its reply.

    What will never do is set aside (`handlers.dead_letters`), and acknowledged by that.

    Raises:
        BackendError: after one line in the log; Pub/Sub then delivers the message again, and after a bounded
            number of times to the dead-letter topic.
    """
    who = Letter.who
    try:
        bootstrap.settings()  # first of all, so that the very first line has its severity
        content, attributes = envelope_of(kind, event.data)
        event.data["message"].pop("data", None)  # a third of a large message's memory while it waits
        if "location" in attributes:
            who = f"{attributes['location']}, request {attributes.get('request_id')}"
        reply = _ROOM.reply_to(Letter(kind, content, attributes, who), len(content))
        if reply is not None:
            bootstrap.replies().publish(reply)
    except BackendError as error:
        log.error("%s of %s failed: %s", kind.topic, who, error)  # noqa: TRY400 - the line says it all
        raise
    log.info("%s of %s: done", kind.topic, who)


def serve_together(
    letters: Sequence[Letter], backend: Backend, replies: Replies
) -> Generator[list[Served], None, None]:
    """Handle messages or set them aside; a spreadsheet has one writer at a time: those of a process take turns.

    Sites that were served are noted together.
    """
    heard: list[Admitted] = []
    admitted: list[tuple[int, _Admitted]] = []
    refused: list[Served] = []
    for number, letter in enumerate(letters):
        try:
            admitted.append((number, _admitted(letter, backend)))
        except Exception as error:  # noqa: BLE001 - it is told by this message's reply
            refused.append(Served(number, partial(_settled, letter, partial(fail, error), backend, replies)))
    is_whole = False
    try:
        yield from ([each] for each in refused)
        for done in handle_together([each.message for _, each in admitted], backend):
            served = []
            for index, reply in done:
                number, each = admitted[index]
                finish = partial(
                    _finished, letters[number], each, reply, heard=heard, backend=backend, replies=replies
                )
                served.append(Served(number, partial(_settled, letters[number], finish, backend, replies)))
            yield served
        is_whole = True
    finally:
        admission.note(heard, backend, more_follow=not is_whole or _ROOM.is_awaited)


_ROOM = Room(lambda letters: serve_together(letters, bootstrap.backend(), bootstrap.replies()))


def _settled(
    letter: Letter, reply: Callable[[], Message | None], backend: Backend, replies: Replies
) -> Message | None:
    """The reply to a message; None for one that is set aside."""
    topic, whole = letter.kind.topic, (letter.content, letter.attributes)
    try:
        return reply()
    except OvertakenError as error:
        log.info("%s of %s: %s", topic, letter.who, error)
    except EventError as error:
        dead_letters.set_aside(topic, whole, (Kind.UNREADABLE, error), backend, replies)
    except NotAdmittedError as error:
        dead_letters.set_aside(topic, whole, (Kind.NOT_ADMITTED, error), backend, replies)
    except (BackendError, MemoryError):
        raise
    except Exception as error:
        # What brought it out would do so each time, and keep others waiting.
        log.exception("%s of %s: a fault of the program", topic, letter.who)
        dead_letters.set_aside(topic, whole, (Kind.FAULT, error), backend, replies)
    return None


class _Admitted(NamedTuple):
    """A message that may be handled; what cannot be in it was taken out, with the reason."""

    message: Message
    signed: Signed | None
    impossible: tuple[bytes, EventError] | None


def _admitted(letter: Letter, backend: Backend) -> _Admitted:
    bounds.check_bytes(letter.content)
    impossible = None
    try:
        message = decoded(letter.kind, letter.content, letter.attributes)
    except EventError as error:
        parts = dead_letters.without_impossible(letter.kind, letter.content)
        if parts is None:
            raise
        possible, rest = parts
        message = decoded(letter.kind, possible, letter.attributes)
        impossible = rest, error
    signed = admission.admit(message, letter.content, letter.attributes, backend)
    return _Admitted(bounds.as_can_be(message, backend.clock.now()), signed, impossible)


def _finished(
    letter: Letter,
    admitted: _Admitted,
    reply: Callable[[], Message | None],
    *,
    heard: list[Admitted],
    backend: Backend,
    replies: Replies,
) -> Message | None:
    given = reply()
    heard.append(Admitted(admitted.message, admitted.signed))
    if admitted.impossible is not None:
        rest, reason = admitted.impossible
        told = Kind.IMPOSSIBLE, reason
        dead_letters.set_aside(letter.kind.topic, (rest, letter.attributes), told, backend, replies)
    return given


def envelope_of(kind: type[M], data: Any) -> tuple[bytes, Mapping[str, str]]:
    """A message's data and attributes as they were published, out of an event's data.

    That is ``{"message": {"data": <base64>, "attributes": {…}}}``; raises EventError for anything else.
    """
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

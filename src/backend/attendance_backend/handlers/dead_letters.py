"""Dead letters: a message that can never be handled is acknowledged, kept with its reason, counted and reported."""

import json
import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from attendance_backend.control import dead_letters
from attendance_backend.control.dead_letters import NOBODY, Kind, Letters
from attendance_backend.domain.people import site_key
from attendance_backend.errors import BackendError
from attendance_backend.handlers import routing
from attendance_backend.handlers.bounds import MOST_BYTES
from attendance_backend.ports import Backend, Replies
from attendance_contracts import (
    AttendanceRecord,
    ContractError,
    Message,
    StoreAttendRecords,
    Topic,
    from_json,
)

log = logging.getLogger(__name__)

COUNTED_EACH = timedelta(minutes=1)
"""So often, for each site, topic and kind, is the sheet written: whoever sends rubbish must not use up the quota."""
MOST_REASON = 500
MOST_ATTRIBUTES = 50
"""Pub/Sub takes 100, of 1,024 bytes each."""
REASON, SOURCE, KIND = "dead_letter_reason", "dead_letter_topic", "dead_letter_kind"
ADDED = (REASON, SOURCE, KIND)


def set_aside(
    topic: Topic,
    letter: tuple[bytes, Mapping[str, str]],
    why: tuple[Kind, Exception],
    backend: Backend,
    replies: Replies,
) -> None:
    """Keep a message and count it.

    Args:
        letter: its data and attributes.
        why: kind and reason.

    Raises:
        RefusedError: there is no such topic, or no right to it: then Pub/Sub must keep it.
        BusError: try again.
    """
    kind, error = why
    reason = str(error)[:MOST_REASON]
    data, attributes = letter
    kept = {str(name)[:250]: str(text)[:250] for name, text in list(attributes.items())[:MOST_ATTRIBUTES]}
    # What is larger than any message may be is kept as far as to be too large when it is sent again.
    replies.set_aside(data[: MOST_BYTES + 1], {**kept, REASON: reason, SOURCE: str(topic), KIND: str(kind)})
    where = _site(attributes, backend), str(topic), kind
    waiting = backend.remembered.setdefault("dead letters", {})
    last, number = waiting.get(where, (None, 0))
    now = backend.clock.now()
    is_due = last is None or abs(now - last) >= COUNTED_EACH
    # Once is an error, of which an alert is sent; what comes at once after it says nothing new.
    log.log(
        logging.ERROR if is_due else logging.INFO,
        "%s of %s is set aside, %s: %s",
        *where[1::-1],
        kind,
        reason,
    )
    waiting[where] = (last, number + 1)
    if is_due:
        _count(Letters(where, reason, now, number + 1), backend)


def _count(letters: Letters, backend: Backend) -> None:
    try:
        dead_letters.count(backend.spreadsheets, backend.control_id, letters)
        backend.remembered["dead letters"][letters.where] = letters.at, 0
    except BackendError as error:
        log.warning("%r cannot be written: %s", dead_letters.TITLE, error)


def _site(attributes: Mapping[str, str], backend: Backend) -> str:
    """Which of the known sites it says to be of."""
    site = str(attributes.get("location", ""))
    try:
        return site if site_key(site) in routing.read(backend).sites else NOBODY
    except BackendError:
        return NOBODY


def without_impossible(kind: type[Message], data: bytes) -> tuple[bytes, bytes] | None:
    """A message of punches without the records that cannot be, and those in a message of their own.

    None where it is no such message, all of its records can be, or none can.
    """
    if kind is not StoreAttendRecords:
        return None
    try:
        document: Any = json.loads(data)
        records = document["records"]
        possible = [record for record in records if _is_possible(record)]
    except (ValueError, RecursionError, TypeError, KeyError):
        return None
    if not possible or len(possible) == len(records):
        return None
    impossible = [record for record in records if not _is_possible(record)]

    def message_of(part: list[Any]) -> bytes:
        return json.dumps({**document, "records": part}, separators=(",", ":"), ensure_ascii=False).encode(
            errors="replace"
        )

    return message_of(possible), message_of(impossible)


def _is_possible(record: object) -> bool:
    try:
        from_json(AttendanceRecord, record, "")
    except ContractError:
        return False
    return True

"""Messages to and from the bytes and attributes of Pub/Sub.

JSON, strict both ways: a missing or mistyped field is refused, an unknown one is ignored, so that a newer
peer may add fields.
"""

import json
import types
import typing
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time
from enum import Enum
from functools import cache
from typing import Any, TypeVar, cast

from attendance_contracts.errors import ContractError
from attendance_contracts.messages import MESSAGE_TYPES, Message
from attendance_contracts.topics import Topic

M = TypeVar("M", bound=Message)
T = TypeVar("T")

CONTRACT_VERSION = "1"

MAX_CHUNK_RECORDS = 500
MAX_CHUNK_BYTES = 300_000
"""Of encoded message data. Events to functions hold 512 KB, in which the data stands base64-coded (4/3)."""

FIRST_YEAR, LAST_YEAR = 1900, 2999
"""Of any date in a message. A machine's own dates are of 2000 to 2133; near the ends of the calendar, going a
day back or forth would fail."""


def encode(message: Message) -> tuple[bytes, dict[str, str]]:
    """A message's data and attributes, as google-cloud-pubsub publishes them."""
    data = json.dumps(_to_json(message), separators=(",", ":"), ensure_ascii=False).encode()
    attributes = {
        "location": message.location,
        "request_id": message.request_id,
        "contract_version": CONTRACT_VERSION,
    }
    return data, attributes


def decode(kind: type[M], data: bytes, attributes: typing.Mapping[str, str]) -> M:
    """The message in `data`; raises ContractError when it is not one of this kind and version."""
    version = attributes.get("contract_version")
    if version != CONTRACT_VERSION:
        raise ContractError(
            f"{kind.topic}: contract version {version!r}, expected {CONTRACT_VERSION!r}: "
            "client and backend are of different releases; upgrade the older one"
        )
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ContractError(f"{kind.topic}: not JSON: {error}") from error
    message = _from_json(kind, document, str(kind.topic))
    if not isinstance(message, kind):
        raise ContractError(f"{kind.topic}: expected an object")
    for name in ("location", "request_id"):
        if attributes.get(name) != getattr(message, name):
            raise ContractError(f"{kind.topic}: attribute {name} differs from the message's own")
    return message


def decode_topic(topic: Topic, data: bytes, attributes: typing.Mapping[str, str]) -> Message:
    """The message of a topic; see `decode`."""
    return decode(MESSAGE_TYPES[topic], data, attributes)


def to_json(value: Any) -> Any:
    """A contract's value (dataclass, date, time …) as what `json.dumps` takes."""
    return _to_json(value)


def from_json(kind: type[T], value: Any, where: str) -> T:
    """The inverse of `to_json`; raises ContractError that names `where`."""
    return cast("T", _from_json(kind, value, where))


def _to_json(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _to_json(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, date | datetime | time):
        return value.isoformat()
    if isinstance(value, tuple):
        return [_to_json(item) for item in value]
    return value


@cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _from_json(kind: Any, value: Any, where: str) -> Any:  # noqa: PLR0911 - one branch a kind of value
    origin = typing.get_origin(kind)
    if origin in (types.UnionType, typing.Union):
        if value is None and type(None) in typing.get_args(kind):
            return None
        (kind,) = [member for member in typing.get_args(kind) if member is not type(None)]
        return _from_json(kind, value, where)
    if origin is tuple:
        if not isinstance(value, list):
            raise ContractError(f"{where}: expected a list")
        item_kind = typing.get_args(kind)[0]
        return tuple(_from_json(item_kind, item, f"{where}[{i}]") for i, item in enumerate(value))
    if is_dataclass(kind):
        return _dataclass_from_json(kind, value, where)
    if kind is bool or kind is int:
        # bool is an int to Python, but not to a reader of the contract.
        if type(value) is not kind:
            raise ContractError(f"{where}: expected {kind.__name__}, not {type(value).__name__}")
        return value
    if not isinstance(value, str):
        raise ContractError(f"{where}: expected a string, not {type(value).__name__}")
    if kind is str:
        return _writable(value, where)
    return _scalar_from_text(kind, value, where)


def _writable(text: str, where: str) -> str:
    """JSON may hold halves of surrogate pairs, which no file and no database takes."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ContractError(f"{where}: {text!r} is no Unicode text") from error
    return text


def _scalar_from_text(kind: Any, text: str, where: str) -> Any:
    try:
        value = kind.fromisoformat(text) if kind in (date, datetime, time) else kind(text)
    except ValueError as error:
        raise ContractError(f"{where}: {text!r} is no {kind.__name__}") from error
    if isinstance(value, date) and not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise ContractError(f"{where}: {text!r} is not between the years {FIRST_YEAR} and {LAST_YEAR}")
    if isinstance(value, datetime | time) and value.tzinfo is not None:
        raise ContractError(f"{where}: {text!r} bears a time zone; times are the site's own, naive")
    return value


def _dataclass_from_json(kind: Any, value: Any, where: str) -> Any:
    if not isinstance(value, dict):
        raise ContractError(f"{where}: expected an object")
    hints = _hints(kind)
    arguments = {}
    for field in fields(kind):
        if field.name not in value:
            raise ContractError(f"{where}.{field.name}: missing")
        arguments[field.name] = _from_json(hints[field.name], value[field.name], f"{where}.{field.name}")
    try:
        return kind(**arguments)
    except ContractError as error:
        raise ContractError(f"{where}: {error}") from error

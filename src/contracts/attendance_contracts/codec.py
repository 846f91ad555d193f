"""Messages to and from the bytes and attributes of Pub/Sub.

JSON, strict both ways: a missing or mistyped field is refused, an unknown one is ignored, so that a newer
peer may add fields. Such a field has a default that says nothing (None, empty, false): it stands for the field where
an older peer leaves it out, and is itself not written.
"""

import json
import types
import typing
from collections.abc import Callable
from dataclasses import MISSING, fields, is_dataclass
from datetime import date, datetime, time
from enum import Enum
from functools import cache, partial
from typing import Any, TypeVar, cast

from attendance_contracts.errors import ContractError
from attendance_contracts.messages import MESSAGE_TYPES, Message, Watch
from attendance_contracts.topics import Topic

M = TypeVar("M", bound=Message)
T = TypeVar("T")

CONTRACT_VERSION = "1"
_DATA = "encoded data"

MAX_CHUNK_RECORDS = 500
MAX_CHUNK_BYTES = 300_000
"""Of encoded message data. Events to functions hold 512 KB, in which the data stands base64-coded (4/3)."""

FIRST_YEAR, LAST_YEAR = 1900, 2999
"""Of any date in a message. A machine's own dates are of 2000 to 2133; near the ends of the calendar, going a
day back or forth would fail."""


def encode(message: Message) -> tuple[bytes, dict[str, str]]:
    """A message's data and attributes, as google-cloud-pubsub publishes them.

    A message never changes: its data is kept with it, for whoever measures it first and publishes it then.
    """
    kept = vars(message)
    data = kept.get(_DATA)
    if data is None:
        data = kept[_DATA] = json.dumps(_to_json(message), separators=(",", ":"), ensure_ascii=False).encode()
    attributes = {
        "location": message.location,
        "request_id": message.request_id,
        "contract_version": CONTRACT_VERSION,
    }
    return data, attributes


def decode(kind: type[M], data: bytes, attributes: typing.Mapping[str, str]) -> M:
    """The message in `data`; raises ContractError when it is not one of this kind and version.

    Only a tick (`Watch`) may hold anything: whoever set up the schedule wrote it by hand, and it says no more than
    that it is time.
    """
    if kind is Watch:
        try:
            return _decode(kind, data, attributes)
        except ContractError:
            return cast("M", Watch())
    return _decode(kind, data, attributes)


def _decode(kind: type[M], data: bytes, attributes: typing.Mapping[str, str]) -> M:
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
    message = from_json(kind, document, str(kind.topic))
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
    shape: Any = kind  # mypy takes no class for hashable
    try:
        return cast("T", _reader(shape)(value))
    except _MismatchError as error:
        raise ContractError(f"{where}{error.place}: {error.complaint}") from error


def _to_json(value: Any) -> Any:
    if value is None or type(value) in (str, int, bool):
        return value
    if isinstance(value, tuple):
        return [_to_json(item) for item in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, date | datetime | time):
        return value.isoformat()
    kind: Any = type(value)
    names = _field_names(kind)
    if not names:
        return value
    added = _added_fields(kind)
    held = ((name, getattr(value, name)) for name in names)
    return {name: _to_json(part) for name, part in held if name not in added or part != added[name]}


@cache
def _field_names(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind)) if is_dataclass(kind) else ()


@cache
def _added_fields(kind: type) -> dict[str, Any]:
    """Fields that older releases do not know, and what stands for them there."""
    return {
        field.name: field.default
        for field in fields(kind)
        if field.default is not MISSING and not field.default
    }


class _MismatchError(Exception):
    """A value that is not of its kind; gathers its place on the way out, so that what is right costs no words."""

    def __init__(self, complaint: str, place: str = "") -> None:
        super().__init__(complaint)
        self.complaint = complaint
        self.place = place

    def within(self, place: str) -> "_MismatchError":
        """The same, seen from the value around it."""
        return _MismatchError(self.complaint, place + self.place)


_Reader = Callable[[Any], Any]


@cache
def _reader(kind: Any) -> _Reader:
    """What turns JSON into a value of this kind, or raises _MismatchError."""
    origin = typing.get_origin(kind)
    if origin in (types.UnionType, typing.Union):
        (kind,) = [member for member in typing.get_args(kind) if member is not type(None)]
        read = _reader(kind)
        return lambda value: None if value is None else read(value)
    if origin is tuple:
        return _tuple_reader(typing.get_args(kind)[0])
    if is_dataclass(kind):
        return _dataclass_reader(cast("type", kind))
    if kind is bool or kind is int:
        return _number_reader(kind)
    return _text_reader(kind)


def _number_reader(kind: type) -> _Reader:
    def read(value: Any) -> Any:
        # bool is an int to Python, but not to a reader of the contract.
        if type(value) is not kind:
            raise _MismatchError(f"expected {kind.__name__}, not {type(value).__name__}")
        return value

    return read


def _text_reader(kind: Any) -> _Reader:
    scalar = _writable if kind is str else partial(_scalar_from_text, kind)

    def read(value: Any) -> Any:
        if not isinstance(value, str):
            raise _MismatchError(f"expected a string, not {type(value).__name__}")
        return scalar(value)

    return read


def _writable(text: str) -> str:
    """JSON may hold halves of surrogate pairs, which no file and no database takes."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise _MismatchError(f"{text!r} is no Unicode text") from error
    return text


def _scalar_from_text(kind: Any, text: str) -> Any:
    try:
        value = kind.fromisoformat(text) if kind in (date, datetime, time) else kind(text)
    except ValueError as error:
        raise _MismatchError(f"{text!r} is no {kind.__name__}") from error
    if isinstance(value, date) and not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise _MismatchError(f"{text!r} is not between the years {FIRST_YEAR} and {LAST_YEAR}")
    if isinstance(value, datetime | time) and value.tzinfo is not None:
        raise _MismatchError(f"{text!r} bears a time zone; times are the site's own, naive")
    return value


def _tuple_reader(item_kind: Any) -> _Reader:
    read_item = _reader(item_kind)

    def read(value: Any) -> Any:
        if not isinstance(value, list):
            raise _MismatchError("expected a list")
        items = []
        for index, item in enumerate(value):
            try:
                items.append(read_item(item))
            except _MismatchError as error:
                raise error.within(f"[{index}]") from error
        return tuple(items)

    return read


def _dataclass_reader(kind: type) -> _Reader:
    hints = typing.get_type_hints(kind)
    readers = {name: _reader(hints[name]) for name in _field_names(kind)}
    added = _added_fields(kind)

    def read(value: Any) -> Any:
        if not isinstance(value, dict):
            raise _MismatchError("expected an object")
        arguments = {}
        for name, read_field in readers.items():
            if name not in value:
                if name in added:
                    continue
                raise _MismatchError("missing", f".{name}")
            try:
                arguments[name] = read_field(value[name])
            except _MismatchError as error:
                raise error.within(f".{name}") from error
        try:
            return kind(**arguments)
        except ContractError as error:
            raise _MismatchError(str(error)) from error

    return read

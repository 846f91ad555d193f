"""Checks request bodies against the message types of the Sheets API, as the real service does.

The real service refuses a body with a misspelt field, a text where a number belongs or an unknown enum value.
A stand-in that ignored them would let the same request fail in production only. The types are data:
``api_schema.json``, taken from Google's discovery document.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable
from importlib import resources
from typing import Any

from attendance_sandbox.sheets.errors import ApiError, invalid_argument, unimplemented

Json = dict[str, Any]


@functools.cache
def messages() -> dict[str, dict[str, str]]:
    """The known message types: name -> field -> type.

    A type is ``string``, ``integer``, ``number``, ``boolean``, ``mask``, ``any``, ``enum:A|B``, ``[]T`` (a list
    of T), the name of a message, or ``?X`` for a message X that only the real service implements.
    """
    text = resources.files(__package__).joinpath("api_schema.json").read_text(encoding="utf-8")
    known: dict[str, dict[str, str]] = json.loads(text)["messages"]
    return known


_Path = tuple[Any, str] | str
"""Where a value stands: what it stands in, and the piece that leads on from there. Put together for errors only."""


def check_message(name: str, payload: Any, path: str = "") -> Json:
    """Returns `payload` as message `name`: nulls removed, numbers given as texts converted.

    `path` is where the message stands in the request, for the errors.

    Raises:
        ApiError: 400 for what the real service refuses, 501 for what only the stand-in lacks.
    """
    checked: Json = _check_of(name)(payload, path)
    return checked


@functools.cache
def _check_of(kind: str) -> Callable[[Any, _Path], Any]:
    """The check of a type: what its name means is worked out once."""
    if kind.startswith("[]"):
        return functools.partial(_check_list, kind[2:])
    if kind.startswith("enum:"):
        return functools.partial(_check_enum, frozenset(kind[5:].split("|")))
    if kind.startswith("?"):
        return functools.partial(_refuse, kind[1:])
    if kind in _SCALARS:
        return functools.partial(_check_scalar, kind, _SCALARS[kind])
    return functools.partial(_check_object, kind, messages()[kind])


def _refuse(kind: str, _value: Any, path: _Path) -> Any:
    raise unimplemented(f"{kind} (at '{_joined(path)}')")


def _check_object(name: str, fields: dict[str, str], value: Any, path: _Path) -> Json:
    if not isinstance(value, dict):
        raise _invalid_value(value, path, f"type.googleapis.com/google.apps.sheets.v4.{name}")
    result: Json = {}
    for key, item in value.items():
        if key not in fields:
            where = f" at '{snake_path(_joined(path))}'" if path else ""
            raise invalid_argument(
                f'Invalid JSON payload received. Unknown name "{key}"{where}: Cannot find field.',
                snake_path(_joined(path)),
            )
        if item is not None:
            result[key] = _check_of(fields[key])(item, (path, key))
    return result


def _check_list(kind: str, value: Any, path: _Path) -> list[Any]:
    if not isinstance(value, list):
        raise _invalid_value(value, path, "type.googleapis.com/google.protobuf.ListValue")
    if kind == "any":
        return value
    check = _check_of(kind)
    if kind == "[]any":  # the rows of a ValueRange; the service names no index in its errors here
        return [check(row, path) for row in value]
    return [check(item, (path, f"[{index}]")) for index, item in enumerate(value)]


def _check_enum(names: frozenset[str], value: Any, path: _Path) -> str:
    if isinstance(value, str) and value in names:
        return value
    raise _invalid_value(value, path, "enum")


def _check_scalar(kind: str, read: Callable[[Any], Any], value: Any, path: _Path) -> Any:
    result = read(value)
    if result is None and value is not None:
        raise _invalid_value(value, path, {"boolean": "TYPE_BOOL", "integer": "TYPE_INT32"}.get(kind, kind))
    return result


def _as_integer(value: Any) -> int | None:
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,19}", value):
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value):
        return None
    return int(value)


def _as_number(value: Any) -> int | float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value


def _as_text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


_SCALARS: dict[str, Callable[[Any], Any]] = {
    "any": lambda value: value,
    "string": _as_text,
    "mask": _as_text,
    "boolean": lambda value: value if isinstance(value, bool) else None,
    "integer": _as_integer,
    "number": _as_number,
}
"""How a value of each scalar type is read; None when it is of another type."""


def _joined(path: _Path) -> str:
    """The path as a text: ``requests[0].addSheet``."""
    if isinstance(path, str):
        return path
    outer, piece = _joined(path[0]), path[1]
    return f"{outer}.{piece}" if outer and not piece.startswith("[") else outer + piece


def _invalid_value(value: Any, path: _Path, expected: str) -> ApiError:
    shown = json.dumps(value, ensure_ascii=False)
    where = snake_path(_joined(path))
    return invalid_argument(f"Invalid value at '{where}' ({expected}), {shown}", where)


def snake_path(path: str) -> str:
    """The path as the service prints it: ``requests[0].add_sheet.properties``."""
    return re.sub(r"([A-Z])", lambda match: "_" + match[1].lower(), path)

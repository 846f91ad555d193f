"""Field masks: which fields of a message are meant.

``userEnteredFormat(textFormat/bold,numberFormat),note`` is held as a tree of nested dictionaries,
``{"userEnteredFormat": {"textFormat": {"bold": {}}, "numberFormat": {}}, "note": {}}``. An empty dictionary
means "everything below".
"""

from __future__ import annotations

import functools
import re
from typing import Any

from attendance_sandbox.sheets.errors import invalid_argument
from attendance_sandbox.sheets.schema import Json, messages

Mask = dict[str, Any]


@functools.lru_cache(maxsize=512)
def parse_mask(text: str) -> Mask:
    """Reads a mask. Callers must not change the tree, it is shared.

    Raises:
        ApiError: the text is no mask.
    """
    mask: Mask = {}
    for path in _split(text.replace("/", ".")):
        grouped = re.fullmatch(r"([^()]+)\((.*)\)", path)
        names = (grouped[1] if grouped else path).split(".")
        node = mask
        for name in names:
            if not re.fullmatch(r"\*|[A-Za-z_]+", name):
                raise invalid_argument(f"Invalid field mask: {text}")
            node = node.setdefault(_camel(name), {})
        if grouped:
            for name, below in parse_mask(grouped[2]).items():
                node.setdefault(name, {}).update(below)
    return mask


def update_mask(text: str | None, message: str) -> Mask:
    """The mask of a request that changes a `message`; it must name fields that the message has.

    Raises:
        ApiError: no field is named, or one that does not exist.
    """
    if not text or not text.strip():
        raise invalid_argument(
            "At least one field must be listed in 'fields'. (Use '*' to indicate all fields.)"
        )
    mask = parse_mask(text)
    _check_names(mask, message)
    return mask


def _check_names(mask: Mask, message: str) -> None:
    fields = messages().get(message)
    for name, below in mask.items():
        if name == "*" or fields is None:
            continue
        if name not in fields:
            raise invalid_argument(f"Invalid field: {name}")
        if below:
            _check_names(below, fields[name].removeprefix("[]"))


def includes(mask: Mask, name: str) -> bool:
    """Whether the mask means field `name` or something below it."""
    return not mask or "*" in mask or name in mask


def below(mask: Mask, name: str) -> Mask:
    """What the mask says about the inside of field `name`."""
    inner: Mask = mask.get(name, {})
    return inner


def select(value: Any, mask: Mask) -> Any:
    """The part of a JSON value that the mask means; lists are masked element by element."""
    if not mask or "*" in mask:
        return value
    if isinstance(value, list):
        return [select(item, mask) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name: select(value[name], inner) if inner else value[name]
        for name, inner in mask.items()
        if name in value
    }


def merge(target: Json, source: Json, mask: Mask) -> Json:
    """A copy of `target` in which the fields of the mask are as in `source`; those it lacks are removed."""
    if not mask or "*" in mask:
        return dict(source)
    result = dict(target)
    for name, inner in mask.items():
        if inner and "*" not in inner:
            merged = merge(_object(result.get(name)), _object(source.get(name)), inner)
            if merged or name in source:
                result[name] = merged
            else:
                result.pop(name, None)
        elif name in source:
            result[name] = source[name]
        else:
            result.pop(name, None)
    return result


def _object(value: Any) -> Json:
    return value if isinstance(value, dict) else {}


def _camel(name: str) -> str:
    return re.sub(r"_([a-z])", lambda match: match[1].upper(), name)


def _split(text: str) -> list[str]:
    parts, depth, start = [], 0, 0
    for index, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if character == "," and depth == 0:
            parts.append(text[start:index])
            start = index + 1
    parts.append(text[start:])
    return [part.strip() for part in parts if part.strip()]

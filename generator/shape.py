"""Checks a document against the JSON Schema and says in plain words, with the line, what does not fit."""

import json
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from functools import cache
from pathlib import Path as FilePath
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from generator.document import Document, Path
from generator.errors import Finding

SCHEMA_FILE = FilePath(__file__).resolve().parent.parent / "spec" / "fsm.schema.json"


def check(document: Document) -> list[Finding]:
    """Every way in which the document does not have the shape of a state machine; empty if it has."""
    return [
        finding for error in _validator().iter_errors(document.data) for finding in _explain(document, error)
    ]


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(json.loads(SCHEMA_FILE.read_text(encoding="utf-8")))


def _explain(document: Document, error: ValidationError) -> Iterator[Finding]:
    path = tuple(error.absolute_path)
    instance: Any = error.instance
    schema: Any = error.schema
    match error.validator:
        case "additionalProperties":
            yield from _unknown_keys(document, path, instance, schema["properties"])
        case "required":
            wanted: Any = error.validator_value
            missing = [key for key in wanted if key not in instance]
            for key in missing:
                yield Finding(document.line(*path), f"{_place(path)} lacks '{key}'; add it")
        case "uniqueItems":
            yield from _repeated(document, path, instance)
        case _ if _is_key(error):
            reason = f"the name '{instance}' does not fit: {_expected(error)}"
            yield Finding(document.line(*path, instance), reason)
        case _:
            yield Finding(
                document.line(*path), f"{_place(path)} is {_shown(error.instance)}: {_expected(error)}"
            )


def _is_key(error: ValidationError) -> bool:
    return "propertyNames" in error.absolute_schema_path


def _unknown_keys(
    document: Document, path: Path, instance: dict[str, Any], known: Iterable[str]
) -> Iterator[Finding]:
    for key in instance:
        if key not in known:
            reason = f"{_place(path)} knows no '{key}'{suggestion(key, known)}"
            yield Finding(document.line(*path, key), reason)


def _repeated(document: Document, path: Path, items: list[Any]) -> Iterator[Finding]:
    for index, item in enumerate(items):
        if item in items[:index]:
            yield Finding(
                document.line(*path, index), f"{_place(path)} names {_shown(item)} twice; remove one"
            )


def _place(path: Path) -> str:
    """`('states', 'FIRST_RUN', 'kind')` -> `kind of FIRST_RUN in states`."""
    if not path:
        return "the file"
    words = [f"number {step + 1}" if isinstance(step, int) else step for step in path]
    if len(words) == 1:
        return words[0]
    return f"{' of '.join(reversed(words[1:]))} in {words[0]}"


def _shown(value: Any) -> str:
    text = json.dumps(value, default=str)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _expected(error: ValidationError) -> str:
    described = error.schema.get("description") if isinstance(error.schema, dict) else None
    wanted: Any = error.validator_value
    match error.validator:
        case "enum":
            near = get_close_matches(str(error.instance), wanted, n=1)
            reason = f"write one of {', '.join(wanted)}" + (f" (did you mean {near[0]}?)" if near else "")
        case "type":
            reason = f"write a value of type {' or '.join(wanted) if isinstance(wanted, list) else wanted}"
        case "pattern":
            reason = "write it as described"
        case _:
            reason = error.message
    return f"{reason} ({described[0].lower()}{described[1:].rstrip('.')})" if described else reason


def suggestion(name: str, known: Iterable[str]) -> str:
    """The way out for an unknown name: the one meant, else all there are."""
    names = sorted(known)
    near = get_close_matches(name, names, n=1)
    if near:
        return f"; did you mean '{near[0]}'?"
    return f"; known are {', '.join(names)}" if names else "; none is declared"

"""Drive's search language, the part of it that finds files by name, type, folder, state and properties.

``name = 'x' and mimeType = 'y' and trashed = false and 'FOLDER' in parents
and appProperties has { key='k' and value='v' }``; with ``or``, ``not`` and parentheses.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import Any, Protocol

from attendance_sandbox.sheets.errors import ApiError


class Searchable(Protocol):
    """What a search looks at."""

    name: str
    mime_type: str
    trashed: bool
    created: str
    modified: str
    parents: list[str]
    app_properties: dict[str, str]
    properties: dict[str, str]

    def emails(self, role: str) -> set[str]: ...


Predicate = Callable[[Searchable], bool]

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\")|(?P<mark>!=|<=|>=|[=<>(){}])|(?P<word>[A-Za-z]\w*))"
)
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "contains": lambda field, wanted: wanted.casefold() in field.casefold(),
}
_FIELDS: dict[str, tuple[Callable[[Searchable], str], tuple[str, ...]]] = {
    "name": (lambda file: file.name, ("=", "!=", "contains")),
    "mimeType": (lambda file: file.mime_type, ("=", "!=", "contains")),
    "createdTime": (lambda file: file.created, ("=", "!=", "<", "<=", ">", ">=")),
    "modifiedTime": (lambda file: file.modified, ("=", "!=", "<", "<=", ">", ">=")),
}
_COLLECTIONS: dict[str, Callable[[Searchable], set[str]]] = {
    "parents": lambda file: set(file.parents),
    "owners": lambda file: file.emails("owner"),
    "writers": lambda file: file.emails("writer"),
    "readers": lambda file: file.emails("reader"),
}


def parse_query(text: str) -> Predicate:
    """The predicate of a search text; an empty one finds everything.

    Raises:
        ApiError: 400, the text is not in the language, or uses a part of it that is not known here.
    """
    if not text.strip():
        return lambda _: True
    parser = _Parser(_tokens(text))
    predicate = parser.alternatives()
    if parser.tokens:
        raise _invalid()
    return predicate


def _invalid() -> ApiError:
    return ApiError(400, "INVALID_ARGUMENT", "Invalid Value", reason="invalid")


def _tokens(text: str) -> list[str]:
    tokens, place = [], 0
    while text[place:].strip():
        match = _TOKEN.match(text, place)
        if match is None:
            raise _invalid()
        tokens.append(match[0].strip())
        place = match.end()
    return tokens


class _Parser:
    """Recursive descent over the tokens that are left."""

    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens

    def _next(self, *wanted: str) -> str:
        if not self.tokens or (wanted and self.tokens[0] not in wanted):
            raise _invalid()
        return self.tokens.pop(0)

    def _accept(self, token: str) -> bool:
        if self.tokens and self.tokens[0] == token:
            self.tokens.pop(0)
            return True
        return False

    def _text(self) -> str:
        token = self._next()
        if token[0] not in "'\"":
            raise _invalid()
        return re.sub(r"\\(.)", r"\1", token[1:-1])

    def alternatives(self) -> Predicate:
        parts = [self._conjunction()]
        while self._accept("or"):
            parts.append(self._conjunction())
        return lambda file: any(part(file) for part in parts)

    def _conjunction(self) -> Predicate:
        parts = [self._term()]
        while self._accept("and"):
            parts.append(self._term())
        return lambda file: all(part(file) for part in parts)

    def _term(self) -> Predicate:
        if self._accept("not"):
            inner = self._term()
            return lambda file: not inner(file)
        if self._accept("("):
            inner = self.alternatives()
            self._next(")")
            return inner
        if self.tokens and self.tokens[0][0] in "'\"":
            return self._membership()
        return self._comparison()

    def _membership(self) -> Predicate:
        wanted = self._text()
        self._next("in")
        collection = _COLLECTIONS[self._next(*_COLLECTIONS)]
        return lambda file: wanted in collection(file)

    def _comparison(self) -> Predicate:
        name = self._next("trashed", "appProperties", "properties", *_FIELDS, *_COLLECTIONS)
        if name in _COLLECTIONS:  # gspread writes it this way round, and Drive accepts it
            self._next("in")
            member = self._text()
            return lambda file: member in _COLLECTIONS[name](file)
        if name == "trashed":
            same = self._next("=", "!=") == "="
            wanted = self._next("true", "false") == "true"
            return lambda file: (file.trashed == wanted) == same
        if name not in _FIELDS:
            return self._property(name)
        field, operators = _FIELDS[name]
        compare = _COMPARE[self._next(*operators)]
        text = self._text()
        return lambda file: compare(field(file), text)

    def _property(self, name: str) -> Predicate:
        for token in ("has", "{", "key", "="):
            self._next(token)
        key = self._text()
        for token in ("and", "value", "="):
            self._next(token)
        value = self._text()
        self._next("}")
        if name == "appProperties":
            return lambda file: file.app_properties.get(key) == value
        return lambda file: file.properties.get(key) == value

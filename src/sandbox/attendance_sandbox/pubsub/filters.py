"""The filter language of subscriptions.

    expression = term { "AND" term } | term { "OR" term }
    term       = [ "NOT" ] ( "(" expression ")" | comparison )
    comparison = "attributes" ":" key
               | "attributes" "." key ( "=" | "!=" ) string
               | "hasPrefix" "(" "attributes" "." key "," string ")"

A key is bare (letters, digits, hyphens, underscores) or a string; a string stands in double quotes, with backslash
escapes. The keywords are upper case. NOT binds tightest; AND and OR mix only with parentheses, as the service has it.

`!=` also matches a message that lacks the attribute. (The public documentation does not say; this is our reading.)
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

Filter = Callable[[Mapping[str, str]], bool]

MAX_FILTER_BYTES = 256

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<string>"(?:[^"\\]|\\.)*")
      | (?P<word>[\w-]+)
      | (?P<symbol>!=|[=:.,()])
      | (?P<bad>\S)
    )""",
    re.VERBOSE,
)
_KEYWORDS = frozenset({"AND", "OR", "NOT"})
_END = "end of filter"


class FilterError(ValueError):
    """A filter that cannot be read. The text says what was met and what was expected."""


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str


def match_all(attributes: Mapping[str, str]) -> bool:
    """The filter of a subscription that has none."""
    del attributes
    return True


def compile_filter(source: str) -> Filter:
    """The predicate that `source` describes; an empty source matches everything.

    Raises:
        FilterError: `source` is too long or not in the language.
    """
    if not source.strip():
        return match_all
    if len(source.encode()) > MAX_FILTER_BYTES:
        raise FilterError(f"the filter is longer than {MAX_FILTER_BYTES} bytes")
    parser = _Parser(_tokens(source))
    predicate = parser.expression()
    parser.expect(_END)
    return predicate


def _tokens(source: str) -> list[_Token]:
    tokens = [
        _Token(match.lastgroup or "", match.group(match.lastgroup or 0))
        for match in _TOKEN.finditer(source.rstrip())
    ]
    for token in tokens:
        if token.kind == "bad":
            raise FilterError(f"unexpected character {token.text}")
    return [*tokens, _Token("end", _END)]


class _Parser:
    """Recursive descent; each method reads one rule of the grammar and returns its predicate."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._position = 0

    @property
    def _next(self) -> _Token:
        return self._tokens[self._position]

    def _take(self) -> _Token:
        token = self._next
        self._position += 1
        return token

    def expect(self, text: str) -> None:
        if self._next.text != text or self._next.kind == "string":
            raise FilterError(f"expected {text} and found {self._next.text}")
        self._take()

    def expression(self) -> Filter:
        operands = [self._term()]
        joint = self._next.text if self._next.text in ("AND", "OR") else ""
        while joint and self._next.text == joint:
            self._take()
            operands.append(self._term())
        if self._next.text in ("AND", "OR"):
            raise FilterError("AND and OR can only be mixed with parentheses")
        if len(operands) == 1:
            return operands[0]
        combine = all if joint == "AND" else any
        return lambda attributes: combine(operand(attributes) for operand in operands)

    def _term(self) -> Filter:
        if self._next.text == "NOT":
            self._take()
            inner = self._term()
            return lambda attributes: not inner(attributes)
        if self._next.text == "(":
            self._take()
            inner = self.expression()
            self.expect(")")
            return inner
        return self._comparison()

    def _comparison(self) -> Filter:
        if self._next.text == "hasPrefix":
            return self._has_prefix()
        self.expect("attributes")
        if self._next.text == ":":
            self._take()
            present = self._key()
            return lambda attributes: present in attributes
        self.expect(".")
        key = self._key()
        operator = self._take().text
        if operator not in ("=", "!="):
            raise FilterError(f"expected = or != and found {operator}")
        value = self._string()
        if operator == "=":
            return lambda attributes: attributes.get(key) == value
        return lambda attributes: attributes.get(key) != value

    def _has_prefix(self) -> Filter:
        self._take()
        self.expect("(")
        self.expect("attributes")
        self.expect(".")
        key = self._key()
        self.expect(",")
        prefix = self._string()
        self.expect(")")
        return lambda attributes: attributes.get(key, "").startswith(prefix) and key in attributes

    def _key(self) -> str:
        if self._next.kind == "string":
            return self._string()
        if self._next.kind != "word" or self._next.text in _KEYWORDS:
            raise FilterError(f"expected the key of an attribute and found {self._next.text}")
        return self._take().text

    def _string(self) -> str:
        token = self._next
        if token.kind != "string":
            raise FilterError(f'expected a string in double quotes ("…") and found {token.text}')
        try:
            value = json.loads(token.text)
        except ValueError as error:
            raise FilterError(f"unknown escape in the string {token.text}") from error
        self._take()
        return str(value)

"""YAML text -> plain data that knows its lines."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self, TypeAlias

import yaml

from generator.errors import Finding, SpecError

# The loader in C is ten times as fast; where it was not built, the other reads the same.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Path: TypeAlias = tuple[str | int, ...]


class Name(str):
    """A string of the spec that remembers the line it was written on (from 1)."""

    __slots__ = ("line",)
    line: int

    def __new__(cls, text: str, line: int) -> Self:
        name = super().__new__(cls, text)
        name.line = line
        return name


@dataclass(frozen=True, slots=True)
class Document:
    """Plain data (dict, list, str, int, float, bool, None) and the line of every key and item, by path."""

    file: str
    data: Any
    lines: Mapping[Path, int]

    def line(self, *path: str | int) -> int:
        """The line of the key or item at `path`; if there is none, of its nearest parent."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def parse(text: str, file: str) -> Document:
    """Read `text`; `file` is only how errors name it.

    Raises:
        SpecError: not YAML, more than one document, a key that is no string, or keys used twice.
    """
    try:
        root = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        problem = " ".join(part for part in (error.context, error.problem) if part)
        reason = f"this is not YAML: {problem}; mend it here or just above"
        raise SpecError(file, [Finding(line, reason)]) from None
    except RecursionError:
        raise SpecError(
            file, [Finding(1, "this is nested too deeply to be read; no spec needs that")]
        ) from None
    except yaml.YAMLError as error:
        raise SpecError(file, [Finding(1, f"this is not YAML: {' '.join(str(error).split())}")]) from None
    if root is None:
        raise SpecError(file, [Finding(1, "the file is empty; it must hold the state machine")])
    reader = _Reader()
    data = reader.read(root, ())
    if reader.findings:
        raise SpecError(file, reader.findings)
    return Document(file, data, reader.lines)


class _Reader:
    """Walks the nodes once, collecting lines and what is wrong with the keys."""

    def __init__(self) -> None:
        self.lines: dict[Path, int] = {}
        self.findings: list[Finding] = []
        self._constructor = yaml.constructor.SafeConstructor()
        self._seen: set[int] = set()

    def read(self, node: yaml.Node, path: Path) -> Any:
        self.lines.setdefault(path, node.start_mark.line + 1)
        if id(node) in self._seen:
            self._refuse(node, "an alias (*) repeats what is written here; write it out in each place")
            return None
        self._seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.read(item, (*path, index)) for index, item in enumerate(node.value)]
        return self._scalar(node)

    def _scalar(self, node: yaml.Node) -> Any:
        try:
            value = self._constructor.construct_object(node)
        except (yaml.YAMLError, ValueError):
            self._refuse(node, f"the value {node.value!r} cannot be read; write it in quotes if it is a text")
            return None
        if isinstance(value, float) and not math.isfinite(value):
            self._refuse(node, f"the value {node.value!r} is no finite number; write one")
            return None
        return value

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        first_lines: dict[str, int] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                self._refuse(key_node, "a key must be a plain name")
                continue
            key = key_node.value
            if key in first_lines:
                where = f"it stands on line {first_lines[key]} already"
                self._refuse(key_node, f"'{key}' is declared twice: {where}; rename or remove one of them")
                continue
            first_lines[key] = line
            self.lines[(*path, key)] = line
            mapping[key] = self.read(value_node, (*path, key))
        return mapping

    def _refuse(self, node: yaml.Node, reason: str) -> None:
        self.findings.append(Finding(node.start_mark.line + 1, reason))

"""Slips of the pen, made mechanically in the real spec: where its names stand, and what the command says to a slip.

Nothing here lists a name: all are found in the YAML, so that a new one is covered on the day it is written. A fixed
word of the format, such as `meaning`, stands in many like places; one of each kind of place is taken.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from generator.__main__ import main

TEXT = (Path(__file__).resolve().parents[2] / "spec" / "fsm.yaml").read_text(encoding="utf-8")

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)

# The sections whose keys are names that the spec declares.
DECLARING = ("states", "effects", "intervals", "flags", "snapshot", "guards", "events")

# The keys whose values are texts for people, numbers, or places in the picture: everything else is a name.
NOT_NAMES = {"title", "meaning", "ours", "label", "at", "via", "label_at", "initial"}

# The keys whose values are names declared elsewhere.
USES = {"event", "from", "to", "guard", "flag", "state", "raised_in", "set_by"}
USES |= {"sets_flags", "clears_flags", "writes", "clears"}

_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


@dataclass(frozen=True)
class Place:
    """A name in the file. `is_use` tells that it is declared elsewhere."""

    name: str
    start: int
    is_use: bool = False

    @property
    def line(self) -> int:
        return TEXT.count("\n", 0, self.start) + 1

    def replaced(self, name: str) -> str:
        """The file with another name in this one place."""
        return TEXT[: self.start] + name + TEXT[self.start + len(self.name) :]

    def __str__(self) -> str:
        return f"{self.line}-{self.name}"


def fresh() -> yaml.MappingNode:
    """The spec's nodes, to be changed."""
    root = yaml.compose(TEXT, Loader=LOADER)
    assert isinstance(root, yaml.MappingNode)
    return root


def serialized(root: yaml.Node) -> str:
    return yaml.serialize(root, Dumper=DUMPER, allow_unicode=True)


def section(root: yaml.MappingNode, name: str) -> yaml.Node:
    return next(value for key, value in root.value if key.value == name)


def entries(
    node: yaml.Node, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], yaml.CollectionNode, int]]:
    """Every pair of a mapping and item of a list: the keys above it, its collection, its number there.

    A fixed word of the format is yielded for the first of its like places only.
    """
    yield from _entries(node, path, set())


def _entries(node, path, met):
    if not isinstance(node, yaml.CollectionNode):
        return
    for number, entry in enumerate(node.value):
        if not isinstance(node, yaml.MappingNode):
            yield path, node, number
            yield from _entries(entry, path, met)
            continue
        key, value = entry
        declares = len(path) == 1 and path[0] in DECLARING
        like = (*path, key.value)
        if declares or like not in met:
            met.add(like)
            yield path, node, number
        yield from _entries(value, (*path, "*" if declares else key.value), met)


def places() -> Iterator[Place]:
    """Every name of the spec."""
    for path, node, number in entries(fresh()):
        entry = node.value[number]
        if isinstance(node, yaml.MappingNode):
            yield Place(entry[0].value, entry[0].start_mark.index)
        elif isinstance(entry, yaml.ScalarNode) and path[-1] not in NOT_NAMES:
            yield Place(entry.value, entry.start_mark.index, is_use=True)
    yield from _values(fresh())


def _values(node: yaml.Node) -> Iterator[Place]:
    """The names that are values of keys; those in lists are items already."""
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _values(item)
    if not isinstance(node, yaml.MappingNode):
        return
    for key, value in node.value:
        yield from _values(value)
        if isinstance(value, yaml.ScalarNode) and key.value not in NOT_NAMES:
            for word in _WORD.finditer(value.value):
                if word.group() not in ("not", "and"):
                    yield Place(word.group(), value.start_mark.index + word.start(), key.value in USES)


def refusal(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """What the command says to this spec, which it must refuse for a reason, with file and line, not for drift."""
    file = tmp_path / "fsm.yaml"
    file.write_text(text, encoding="utf-8")
    code = main(["--check", "--spec", str(file)])
    printed = capsys.readouterr()
    assert code == 1
    assert printed.out == "", "drift alone is no reason"
    for line in printed.err.splitlines():
        assert re.search(r"fsm\.yaml:\d+: \S.{15,}", line), line
    return printed.err

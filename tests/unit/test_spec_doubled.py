"""No part of the spec can be written twice, and none that carries meaning can be left out, without a refusal."""

import copy

import pytest
import yaml

from generator.__main__ import main
from tests.unit.spec_slips import DECLARING, entries, fresh, refusal, section, serialized

ROOT_NODE = fresh()
ENTRIES = [entry for entry in entries(ROOT_NODE) if entry[0][-1:] not in [("at",), ("via",), ("label_at",)]]
STATES = [key.value for key, _ in section(ROOT_NODE, "states").value]


def entry_id(number: int) -> str:
    _, node, index = ENTRIES[number]
    entry = node.value[index]
    first = entry[0] if isinstance(entry, tuple) else entry
    return f"{first.start_mark.line + 1}-{first.value if isinstance(first, yaml.ScalarNode) else 'item'}"


def test_serializing_alone_changes_nothing(tmp_path, capsys):
    file = tmp_path / "fsm.yaml"
    file.write_text(serialized(ROOT_NODE), encoding="utf-8")
    assert main(["--check", "--spec", str(file)]) == 0, capsys.readouterr()


@pytest.mark.slow
@pytest.mark.parametrize("number", range(len(ENTRIES)), ids=entry_id)
def test_doubled(number, tmp_path, capsys):
    _, node, index = ENTRIES[number]
    node.value.insert(index + 1, copy.deepcopy(node.value[index]))
    try:
        text = serialized(ROOT_NODE)
    finally:
        del node.value[index + 1]
    refusal(text, tmp_path, capsys)


@pytest.mark.parametrize("index", range(len(section(ROOT_NODE, "transitions").value)))
def test_a_deleted_transition(index, tmp_path, capsys):
    root = fresh()
    del section(root, "transitions").value[index]
    refusal(serialized(root), tmp_path, capsys)


@pytest.mark.parametrize(
    ("state", "key"),
    [
        (name.value, key.value)
        for name, state in section(ROOT_NODE, "states").value
        for key, _ in state.value
        if key.value in ("pi4_state", "time_out", "kind")
    ],
)
def test_a_deleted_code_or_time_out_or_kind(state, key, tmp_path, capsys):
    root = fresh()
    node = next(value for name, value in section(root, "states").value if name.value == state)
    node.value = [pair for pair in node.value if pair[0].value != key]
    said = refusal(serialized(root), tmp_path, capsys)
    assert state in said
    assert key in said


@pytest.mark.parametrize(
    ("part", "name"), [(part, key.value) for part in DECLARING for key, _ in section(ROOT_NODE, part).value]
)
def test_a_deleted_declaration(part, name, tmp_path, capsys):
    root = fresh()
    node = section(root, part)
    node.value = [pair for pair in node.value if pair[0].value != name]
    assert name in refusal(serialized(root), tmp_path, capsys)


@pytest.mark.parametrize("part", [key.value for key, _ in ROOT_NODE.value])
def test_a_deleted_section(part, tmp_path, capsys):
    root = fresh()
    root.value = [pair for pair in root.value if pair[0].value != part]
    assert f"lacks '{part}'" in refusal(serialized(root), tmp_path, capsys)

"""Whatever the file holds, the command answers with file, line and reason, and never with a traceback."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.__main__ import main
from generator.errors import SpecError
from generator.load import loads
from tests.unit.spec_slips import TEXT

BROKEN = {
    "an open list": (b"states: [A, B\nevents: {}\n", 2, "not YAML"),
    "an open text": (b'title: "x\n', 2, "not YAML"),
    "a tab": (b"states:\n\tA: 1\n", 2, "not YAML"),
    "a control character": (b"title: \x00\n", 1, "not YAML"),
    "two documents": (b"title: a\n---\ntitle: b\n", 2, "not YAML"),
    "not UTF-8": (b"title: \xff\n", 1, "cannot be read"),
    "nothing": (b"", 1, "empty"),
    "a comment alone": (b"# nothing\n", 1, "empty"),
    "a list": (b"- a\n", 1, "object"),
    "an alias": (b"title: &a x\nstates: *a\n", 1, "alias"),
    "an alias inside itself": (b"title: &a [*a]\n", 1, "alias"),
    "a foreign tag": (b"title: !!python/name:os.system x\n", 1, "cannot be read"),
    "no number": (b"title: .nan\n", 1, "no finite number"),
    "a key that is a list": (b"[a]: 1\n", 1, "plain name"),
    "a key twice": (b"title: a\ntitle: b\n", 2, "declared twice"),
    "a wrong date": (b"title: 2026-02-31\n", 1, "cannot be read"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken(name, tmp_path, capsys):
    content, line, reason = BROKEN[name]
    file = tmp_path / "fsm.yaml"
    file.write_bytes(content)
    assert main(["--spec", str(file)]) == 1
    said = capsys.readouterr().err
    assert any(re.match(rf".*fsm\.yaml:{line}: .*{reason}", told) for told in said.splitlines()), said


def test_a_missing_file(tmp_path, capsys):
    assert main(["--spec", str(tmp_path / "no.yaml")]) == 1
    assert "no.yaml:1: there is no such file" in capsys.readouterr().err


def test_a_directory(tmp_path, capsys):
    assert main(["--spec", str(tmp_path)]) == 1
    assert ":1: the file cannot be read" in capsys.readouterr().err


def test_nesting_without_end():
    with pytest.raises(SpecError, match=r"not YAML|nested too deeply"):
        loads("[" * 20_000, "fsm.yaml")


SHAPES = {
    "a kind unknown": (
        "kind: sleep",
        "kind: slep",
        "write one of entry, checkpoint, waiting, sleep (did you mean sleep?)",
    ),
    "a code in words": (
        "pi4_state: 1\n",
        "pi4_state: one\n",
        'pi4_state of FETCH_REVIEW_PERIOD in states is "one"',
    ),
    "a bool for a number": (
        "after_s: 60",
        "after_s: true",
        "after_s of time_out of AWAIT_REVIEW_PERIOD in states",
    ),
    "no time at all": ("after_s: 60", "after_s: 0", "less than or equal to the minimum of 0"),
    "a misspelt key": (
        "time_out: {after_s: 60,",
        "time_out: {after: 60,",
        "knows no 'after'; did you mean 'after_s'?",
    ),
    "a missing key": (
        "    colour: teal\n    drawn: {leaves: e, enters: w}\n",
        "",
        "number 1 in transitions lacks 'colour'",
    ),
    "a state in small letters": ("  DEEP_SLEEP:\n", "  deep sleep:\n", "the name 'deep sleep' does not fit"),
    "a quotation mark": (
        "meaning: Wait on new_review_sheet.",
        "meaning: 'Wait \"on\" it.'",
        "write it as described",
    ),
    "a place of three": ("at: [100, 410]", "at: [100, 410, 3]", "at of FIRST_RUN in states"),
}


@pytest.mark.parametrize("name", SHAPES)
def test_a_wrong_shape(name):
    old, new, reason = SHAPES[name]
    assert old in TEXT
    with pytest.raises(SpecError) as refusal:
        loads(TEXT.replace(old, new, 1), "fsm.yaml")
    assert reason in str(refusal.value)


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(st.data())
def test_no_damage_gives_a_traceback(data):
    """Cut out, repeat or overwrite any stretch of the file: it loads, or it is refused line by line."""
    start = data.draw(st.integers(0, len(TEXT)))
    end = data.draw(st.integers(start, min(len(TEXT), start + 200)))
    filling = data.draw(st.sampled_from(["", TEXT[start:end] * 2]) | st.text(max_size=10))
    try:
        loads(TEXT[:start] + filling + TEXT[end:], "fsm.yaml")
    except SpecError as refusal:
        assert all(re.match(r"fsm\.yaml:\d+: .+", line) for line in str(refusal).splitlines())  # noqa: PT017 - both ends are fine

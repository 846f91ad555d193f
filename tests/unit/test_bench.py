"""The entry point of the benchmarks: which are carried out, and what is said of one that is worse than promised."""

import importlib
import sys
from types import ModuleType
from typing import Any

import pytest

from bench.__main__ import BENCHMARKS, main


def add(monkeypatch, name, worse):
    module: Any = ModuleType(f"bench.{name}")
    module.done = 0

    def run():
        module.done += 1
        return worse

    module.run = run
    monkeypatch.setitem(BENCHMARKS, name, "made for this test")
    monkeypatch.setitem(sys.modules, f"bench.{name}", module)
    return module


def test_each_benchmark_is_there():
    for name in BENCHMARKS:
        assert callable(importlib.import_module(f"bench.{name}").run)


def test_only_the_named_ones_are_carried_out(monkeypatch, capsys):
    quick, other = add(monkeypatch, "quick", []), add(monkeypatch, "other", ["40 bytes more than 39"])

    assert main(["quick"]) == 0
    assert (quick.done, other.done) == (1, 0)
    assert main(["other", "quick"]) == 1
    assert "worse than promised: 40 bytes more than 39" in capsys.readouterr().err
    assert (quick.done, other.done) == (2, 1)


def test_a_name_that_is_none(capsys):
    with pytest.raises(SystemExit) as end:
        main(["fly"])
    assert end.value.code == 2
    assert "there are: device" in capsys.readouterr().err

"""SPIN itself: the promises hold, and the check can fail."""

import os
from dataclasses import replace
from pathlib import Path
from shutil import which

import pytest

from generator.load import load
from generator.model import check, spin
from generator.model.__main__ import main
from generator.model.measures import MEASURES
from generator.model.runs import LIVENESS, SAFETY, Run
from generator.model.spin import ModelError, Verdict
from generator.model.variants import Variant

SPEC = load(Path(__file__).resolve().parents[2] / "spec" / "fsm.yaml")
BY_NAME = {measure.name: measure for measure in MEASURES}

MISSING = [program for program in ("spin", "gcc") if which(program) is None]
if MISSING and not os.environ.get("CI"):
    pytest.skip(f"needs {' and '.join(MISSING)}: apt-get install spin gcc", allow_module_level=True)


def without(name: str, **switches: int) -> Run:
    """A small world in which one measure is off."""
    measure = BY_NAME[name]
    variant = Variant(clearing=True, dropped=measure.dropped, period_apart=measure.period_apart)
    return Run(name, (), {"CHUNKED": 0, **switches, **measure.switches}, variant)


def test_the_promises_of_safety_hold():
    rows = list(check.carry_out(Run("1 punch", SAFETY, {"PUNCHES": 1}), SPEC))
    assert [(row.promise, row.outcome.verdict) for row in rows] == [(name, Verdict.HOLDS) for name in SAFETY]
    assert rows[0].outcome.figures.states > 10_000


def test_the_promises_of_liveness_hold():
    run = Run("no punch, no fault", LIVENESS, {"PUNCHES": 0, "FAULTS": 0}, liveness=True)
    assert {row.promise: row.outcome.verdict for row in check.carry_out(run, SPEC)} == dict.fromkeys(
        LIVENESS, Verdict.HOLDS
    )


def test_without_identities_in_the_backend_a_punch_is_stored_twice():
    run = without("identity in the backend", PUNCHES=1)
    assert check.survey(run, SPEC).fallen == ("stored_once",)
    told = check.shortest(run, "stored_once", SPEC).told
    assert told[-1] == "Backend: appends punch A to sheet 1, which held punch A"


def test_without_time_outs_a_lost_reply_is_waited_for_for_ever():
    run = replace(without("time-outs", PUNCHES=0, FAULTS=1), promises=("no_endless_wait",), liveness=True)
    (row,) = check.carry_out(run, SPEC)
    assert row.outcome.verdict is Verdict.FALLS
    assert "The function dies before it replies" in row.told


def test_a_search_that_was_cut_short_proves_nothing():
    run = Run("too shallow", (), {"PUNCHES": 1})
    with spin.built(SPEC, run.variant, run.all_switches(), check.SAFETY_OPTIONS) as build:
        assert build.search(seconds=60, depth=50).verdict is Verdict.UNKNOWN


class Nonsense(Variant):
    """A machine that is no Promela."""

    def emit(self, spec):
        return f"proctype Client() {{ {spec.title} }}"


def test_a_model_that_spin_refuses_is_said_to_be():
    with pytest.raises(ModelError, match="SPIN refuses the model"), spin.built(SPEC, Nonsense(), {}, ()):
        pass


def test_without_spin_the_command_says_what_to_install(monkeypatch, capsys):
    monkeypatch.setenv("PATH", "")
    assert main(["quick", "--jobs", "1"]) == 2
    assert "apt-get install spin gcc" in capsys.readouterr().err

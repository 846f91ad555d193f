"""SPIN itself: the promises hold, and the check can fail."""

import os
from dataclasses import replace
from pathlib import Path
from shutil import which

import pytest

from generator.load import load
from generator.model import ablation, check, spin, story
from generator.model.__main__ import main
from generator.model.measures import MEASURES
from generator.model.runs import CALM, LIVENESS, SAFETY, Run
from generator.model.spin import ModelError, Verdict
from generator.model.variants import Variant

SPEC = load(Path(__file__).resolve().parents[2] / "spec" / "fsm.yaml")
BY_NAME = {measure.name: measure for measure in MEASURES}

MISSING = [program for program in ("spin", "gcc") if which(program) is None]
if MISSING and not os.environ.get("CI"):
    pytest.skip(f"needs {' and '.join(MISSING)}: apt-get install spin gcc libc6-dev", allow_module_level=True)


@pytest.fixture(autouse=True)
def _hardly_optimised(monkeypatch):
    """These worlds are small: to optimise their search takes three times as long as it."""
    monkeypatch.setattr(Run, "optimised", ("-O0",))


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


def fallen(run: Run) -> tuple[str, ...]:
    return check.survey(run, SPEC).fallen


def end_of(run: Run, promise: str, lines: int) -> list[str]:
    """How the shortest way to break the promise ends."""
    return list(check.shortest(run, promise, SPEC).told[-lines:])


def test_without_identities_in_the_backend_a_punch_is_stored_twice():
    run = without("identity in the backend", PUNCHES=1)
    assert fallen(run) == ("stored_once",)
    assert end_of(run, "stored_once", 1) == ["Backend: appends punch A to sheet 1, which held punch A"]


def test_a_machine_that_goes_on_although_it_is_disabled_is_erased_unread_unless_that_was_tried():
    run = without("disabling tried", PUNCHES=1, FAILING_READS=0, CLOCK_BACK=0)
    assert fallen(run) == ("nothing_erased_unstored",)
    assert end_of(run, "nothing_erased_unstored", 2) == [
        "Somebody punches: punch A, stamped in period 2 (tick 1)",
        "Client: CLEARS the machine: punch A erased, stored are no punch",
    ]


def test_a_machine_that_never_answers_again_holds_no_period_open_unless_it_ends_the_visits_to_all():
    promises = ("every_period_closes", "eventually_stored")
    switches = {"PUNCHES": 1, "FAULTS": 1, **CALM, "SECOND_MACHINE": 1}
    for measure, verdict in ((1, Verdict.HOLDS), (0, Verdict.FALLS)):
        run = Run("gone", promises, {**switches, "OTHERS_READ": measure}, liveness=True)
        rows = {row.promise: row.outcome.verdict for row in check.verdicts(run, SPEC)}
        assert rows == dict.fromkeys(promises, verdict)


def test_two_writers_at_once_are_harmless():
    assert fallen(Run("two writers", (), {"PUNCHES": 1, "ONE_WRITER": 0})) == ()


def test_without_compare_and_set_two_writers_store_a_punch_twice():
    run = without("compare-and-set", PUNCHES=1, ONE_WRITER=0, LOST_ANSWERS=0)
    assert fallen(run) == ("stored_once",)
    assert end_of(run, "stored_once", 3) == [
        "Backend: instance 2 reads sheet 1: no punch",
        "Backend: appends punch A to sheet 1, which held no punch",
        "Backend: appends punch A to sheet 1, which held punch A",
    ]


def test_without_compare_and_set_a_write_that_is_sent_twice_is_applied_twice():
    run = without("compare-and-set", PUNCHES=1)
    assert end_of(run, "stored_once", 2) == [
        "The answer to the write is lost; it is sent again",
        "Backend: appends punch A to sheet 1, which held punch A",
    ]


def test_without_a_window_of_its_own_a_punch_goes_to_the_wrong_period():
    assert fallen(without("own window", PUNCHES=1)) == ("stored_once", "own_period")


def test_without_the_guarded_clear_a_punch_is_erased_before_it_is_stored():
    run = without("guarded clear", PUNCHES=2)
    assert "CLEARS the machine" in end_of(run, "nothing_erased_unstored", 1)[0]


def test_a_write_back_of_the_whole_workbook_undoes_what_hr_typed():
    assert fallen(without("own cells only", PUNCHES=1, CORRECTIONS=1)) == ("corrections_survive",)


def test_without_time_outs_a_lost_reply_is_waited_for_for_ever():
    run = replace(without("time-outs", PUNCHES=0, FAULTS=1), promises=("no_endless_wait",), liveness=True)
    (row,) = check.carry_out(run, SPEC)
    assert row.outcome.verdict is Verdict.FALLS
    assert "The function dies before it replies" in row.told


def test_a_quiet_end_of_a_period_would_never_close_it():
    run = replace(
        without("expiry without new punches", PUNCHES=0, FAULTS=0),
        promises=("every_period_closes",),
        liveness=True,
    )
    (row,) = check.carry_out(run, SPEC)
    assert row.outcome.verdict is Verdict.FALLS
    assert "Client: nothing new" in row.told[row.told.index(story.FOR_EVER) :]


def test_an_ablation_from_end_to_end(monkeypatch, capsys):
    monkeypatch.setattr(ablation, "WORLDS", ({"PUNCHES": 0, "ALARMS": 1},))
    monkeypatch.setattr(ablation, "LIVE_WORLDS", ())
    assert main(["ablation", "--only", "alarm identity", "--jobs", "1"]) == 0
    said = capsys.readouterr().out
    assert "| alarm identity " in said
    assert "Without 'alarm identity' (each delivery sends an e-mail), alarm_once falls:" in said
    assert "Backend: MAILS that the period after 0 is missing; e-mail 2" in said


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
    assert "apt-get install spin gcc libc6-dev" in capsys.readouterr().err

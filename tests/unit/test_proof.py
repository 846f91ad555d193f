"""`make proof`: it proves what it says, and can fail in each way in which it should."""

from dataclasses import replace
from pathlib import Path

import pytest
import z3

from generator.load import load
from generator.proof.__main__ import main
from generator.proof.prover import Proof
from spec.proof import effects, progress, surroundings, worlds
from spec.proof.vocabulary import FALSE, Assumed, Measures

FILE = Path(__file__).resolve().parents[2] / "spec" / "fsm.yaml"
pytestmark = pytest.mark.slow

CLEARING = worlds.WORLDS[0].name


def proved(capsys, *arguments: str) -> tuple[int, str]:
    code = main(arguments)
    return code, capsys.readouterr().out


@pytest.fixture
def edited(tmp_path):
    """The spec with one thing replaced by another."""

    def edit(old: str, new: str) -> str:
        text = FILE.read_text(encoding="utf-8")
        assert text.count(old) == 1
        path = tmp_path / "fsm.yaml"
        path.write_text(text.replace(old, new), encoding="utf-8")
        return str(path)

    return edit


def test_every_promise_of_a_world_is_proved(capsys):
    code, said = proved(capsys, "--only", "ledger lost, clearing")
    assert code == 0
    for promise in ("stored_once", "own_period", "nothing_erased_unstored", "resumes_at_a_checkpoint"):
        assert f"| {promise:23} | snapshots and ledger lost, clearing      | proved     |" in said


def test_a_measure_that_is_taken_away_breaks_its_invariant(capsys):
    code, said = proved(capsys, "--only", "compare-and-set")
    assert code == 0
    assert "| compare-and-set         | a write is applied although" in said


def test_a_field_that_the_spec_no_longer_clears_is_told(capsys, edited):
    spec = edited("clears: [review_period, sheet_id, last_stored_timestamp]", "clears: [review_period]")
    code, said = proved(capsys, "--only", CLEARING, "--spec", spec)
    assert code == 1
    (line, *_) = [line for line in said.splitlines() if line.startswith("NOT PROVED with")]
    assert "'a state has the period and the sheet that it needs" in line
    assert (
        "by the step 'REVIEW_PERIOD_EXPIRED[4] enable_machine -> period_closed -> FETCH_REVIEW_PERIOD'"
        in line
    )
    assert "| resumes_at_a_checkpoint | torn snapshots, clearing                 | NOT PROVED |" in said
    assert "    in memory: REVIEW_PERIOD_EXPIRED" in said


def test_what_no_step_takes_is_told(monkeypatch):
    monkeypatch.setitem(effects.REPORTS, "records_left", lambda _facts, _s: FALSE)
    (told,) = Proof(load(FILE), Assumed()).never_taken()
    assert told.endswith(": REVIEW_PERIOD_EXPIRED -> records_left -> RELAY_ATTENDANCE_RECORDS")


def test_a_step_that_an_invariant_rules_out_is_told(monkeypatch):
    proof = Proof(load(FILE), Assumed())
    assert proof.never_taken() == []
    monkeypatch.setattr(proof, "_now", [z3.Not(proof.values["asked_p"])])
    assert "AWAIT_LAST_STORED_TIMESTAMP[0] receive_last_stored_timestamp: confirms p, others not yet" in (
        proof.never_taken()
    )


def test_what_must_fall_and_is_proved_is_told(capsys, monkeypatch):
    idle = replace(worlds.WITHOUT_MEASURE[0], measures=Measures())
    monkeypatch.setattr(worlds, "WITHOUT_MEASURE", (idle,))
    code, said = proved(capsys, "--only", "routing")
    assert code == 1
    assert "PROVED, and must fall: 'p is written to no sheet but its own' without 'routing'" in said


def test_what_is_said_not_to_be_proved_and_is_proved_is_told(capsys, monkeypatch):
    idle = replace(worlds.NOT_PROVED[0], assumed=Assumed())
    monkeypatch.setattr(worlds, "NOT_PROVED", (idle,))
    code, said = proved(capsys, "--only", "HR moves")
    assert code == 1
    assert "PROVED, and must fall: 'p's rows are in its own sheet'" in said


def test_an_invariant_that_is_not_there_is_told(capsys, monkeypatch):
    misspelt = replace(worlds.WITHOUT_MEASURE[0], falls=("p is asked for no sheet but its own",))
    monkeypatch.setattr(worlds, "WITHOUT_MEASURE", (misspelt,))
    code, said = proved(capsys, "--only", "routing")
    assert code == 1
    assert "names no invariant of spec/proof: 'p is asked for no sheet but its own'" in said


def test_a_name_that_is_not_there(capsys):
    assert main(["--only", "no such world"]) == 2
    assert "no world and no measure is named 'no such world'" in capsys.readouterr().err


def test_nothing_takes_a_punch_back_on_its_way_and_each_step_that_is_to_leads_on():
    count, wrong = Proof(load(FILE), progress.WORLD).progress()
    assert wrong == []
    assert count > 5 * 60


def test_a_ledger_that_is_lost_takes_a_punch_back():
    _, wrong = Proof(load(FILE), replace(progress.WORLD, lost_ledger=True)).progress()
    assert "the stage 'p is in the ledger' is taken back by the step 'power loss, ledger lost'" in wrong


def test_a_function_that_does_not_write_leads_nowhere(monkeypatch):
    monkeypatch.setattr(surroundings, "_step", idle_where("a function appends p and replies"))
    _, wrong = Proof(load(FILE), progress.WORLD).progress()
    assert (
        "the step 'a function appends p and replies' does not lead to the stage 'p is in its sheet'" in wrong
    )


def idle_where(name):
    """Makes the environment's steps, of which this one changes nothing."""
    made = surroundings._step
    return lambda s, told, guard, sets: made(s, told, guard, {} if told == name else sets)

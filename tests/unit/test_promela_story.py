"""Trails and tables in plain words, and the measures against the switches of the model's files."""

import re
from pathlib import Path

import pytest

from generator.model import drawn, report, runs, story
from generator.model.__main__ import main
from generator.model.ablation import LIVE_WORLDS, WORLDS
from generator.model.check import Row
from generator.model.measures import MEASURES
from generator.model.promises import BY_NAME, PROMISES
from generator.model.spin import Figures, Outcome, Verdict

FORMAL = Path(__file__).resolve().parents[2] / "spec" / "formal"
SWITCHES = set(
    re.findall(r"^#ifndef (\w+)", (FORMAL / "switches.pml").read_text(encoding="utf-8"), re.MULTILINE)
)


@pytest.mark.parametrize(
    ("members", "words"),
    [(0, "no punch"), (1, "punch A"), (4, "punch C"), (5, "punches A and C"), (15, "punches A, B, C and D")],
)
def test_a_set_of_punches(members, words):
    assert story.punches(members) == words


def test_a_trail_is_told_without_noise_and_codes():
    trail = [
        "ltl eventually_stored: [] (<> (x))",
        "Client: reads the machine: [3]; not confirmed: [2]",
        "now in <7>",
        "Client: TIME-OUT in <8>",
        "Client: TIME-OUT in <8>",
        "<<<<<START OF CYCLE>>>>>",
        "POWER FAILS in <7>",
        "spin: trail ends after 12 steps",
    ]
    assert story.tell(trail, {7: "RELAY", 8: "AWAIT"}) == [
        "Client: reads the machine: punches A and B; not confirmed: punch B",
        "Client: TIME-OUT in AWAIT",
        story.FOR_EVER,
        "POWER FAILS in RELAY",
    ]


def test_what_happens_over_and_over_is_told_once():
    assert story.tell(["a", "b", "c", "b", "c", "b", "c", "d", "d", "a"], {}) == ["a", "b", "c", "d", "a"]


def test_a_row_fits_its_heading():
    row = Row("stored_once", runs.QUICK[0], Outcome(Verdict.HOLDS, Figures(236_539, 2_458_532, 240.2, 1.9)))
    line = report.checked(row)
    head = report.CHECKED.head().splitlines()
    assert len(line) == len(head[0]) == len(head[1])
    assert "| 2 punches" in line
    assert "236,539" in line
    assert "holds" in line


def test_every_switch_is_one_of_the_models():
    used = [run.all_switches() for run in (*runs.QUICK, *runs.FULL)]
    used += [measure.switches for measure in MEASURES]
    used += [measure.also for measure in MEASURES if measure.also]
    used += [*WORLDS, *(world for world, _ in LIVE_WORLDS), drawn.UNPROTECTED]
    assert {name for switches in used for name in switches} <= SWITCHES


def test_every_measure_of_the_model_is_switched_off_somewhere():
    text = (FORMAL / "switches.pml").read_text(encoding="utf-8")
    measures = set(re.findall(r"^#ifndef (\w+)", text[text.index("---- Measures") :], re.MULTILINE))
    off = {name for measure in MEASURES for name, value in measure.switches.items() if value != 1}
    assert measures <= off


def test_every_measure_shows_a_promise():
    assert {measure.shows for measure in MEASURES if measure.shows} <= set(BY_NAME)


def test_every_promise_is_checked_by_both_plans():
    for plan in (runs.QUICK, runs.FULL):
        assert {promise for run in plan for promise in run.promises} == set(BY_NAME)


def test_every_promise_is_the_models():
    text = "".join(file.read_text(encoding="utf-8") for file in FORMAL.glob("*.pml"))
    for promise in PROMISES:
        if promise.number is not None:
            assert f"#define {promise.name.upper()} {promise.number}\n" in text
            assert f"PROMISE({promise.name.upper()}, " in text
        assert (f"ltl {promise.name} " in text) == promise.formula


def test_help_tells_the_exit_codes(capsys):
    with pytest.raises(SystemExit) as end:
        main(["--help"])
    assert end.value.code == 0
    assert "Exit code: 0" in capsys.readouterr().out


def test_no_jobs_are_refused(capsys):
    with pytest.raises(SystemExit) as end:
        main(["--jobs", "0"])
    assert end.value.code == 2
    assert "--jobs" in capsys.readouterr().err

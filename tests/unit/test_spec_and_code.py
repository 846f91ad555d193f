"""The comparison of spec and code finds nothing, and can find each thing that it is there to find."""

import re
from dataclasses import replace
from datetime import time
from typing import Any

from attendance_client.fsm.generated import EventId
from attendance_client.fsm.session import Session
from attendance_client.fsm.snapshot import Snapshot
from attendance_contracts import ContractError
from generator.document import Name
from generator.load import load
from generator.spec import Spec
from tests import beside_the_spec
from tests.beside_the_spec import (
    CLIENT,
    CODE,
    MODEL,
    ROOT,
    SESSION,
    STEPS_BY_NAME,
    fields_against,
    flags_against,
    formal_model_against,
    guards_against,
    older_files_against,
    proof_against,
    restoring_against,
    steps_against,
)

SPEC = load(ROOT / "spec" / "fsm.yaml")


def test_all_that_the_spec_names_is_there(capsys):
    assert beside_the_spec.main() == 0, capsys.readouterr().out


def without(**changes: Any) -> Spec:
    """The spec with other parts."""
    return replace(SPEC, **changes)


def renamed(part, name):
    return replace(part, name=Name(name, part.line))


def test_a_state_without_a_step_is_told():
    asleep = without(states=(*SPEC.states, renamed(SPEC.states[-1], "LIGHT_SLEEP")))
    (line,) = steps_against(asleep, STEPS_BY_NAME)
    assert line.startswith(f"{CLIENT}/steps.py: the state LIGHT_SLEEP has no step; write 'def light_sleep(")


def test_an_event_that_no_step_reports_is_told():
    more = without(events=(*SPEC.events, renamed(SPEC.events[-1], "records_lost")))
    (line,) = steps_against(more, STEPS_BY_NAME)
    assert line.endswith("review_period_expired never returns EventId.RECORDS_LOST; return it")


def test_an_event_that_the_spec_does_not_have_is_told():
    (line,) = steps_against(without(events=SPEC.events[:-1]), STEPS_BY_NAME)
    assert "returns EventId.RECORDS_LEFT, which is not raised in REVIEW_PERIOD_EXPIRED" in line


def test_a_guard_that_the_session_does_not_know_is_told():
    more = without(guards=(*SPEC.guards, renamed(SPEC.guards[-1], "machine_full")))
    (line,) = guards_against(more, Session)
    assert line.startswith(
        f"{CLIENT}/session.py: Session does not know the guard machine_full; write a property"
    )


def test_a_flag_that_no_step_sets_is_told():
    more = without(flags=(*SPEC.flags, renamed(SPEC.flags[-1], "month_told")))
    (line,) = flags_against(more, CODE)
    assert line.startswith(
        f"{CLIENT}/steps.py: no step sets the flag month_told, which is set in RELAY_ATTENDANCE_RECORDS; write "
        "'client.session.flags |= Flag.MONTH_TOLD'"
    )
    assert flags_against(SPEC, CODE) == []


def test_a_field_that_the_snapshot_lacks_is_told():
    more = without(fields=(*SPEC.fields, renamed(SPEC.fields[-1], "next_period")))
    of_snapshot, of_session = fields_against(more, Snapshot, SESSION)
    assert "snapshot.py: Snapshot lacks the field next_period; add 'next_period: ReviewPeriod'" in of_snapshot
    assert "session.py: Session lacks next_period" in of_session
    (line,) = fields_against(without(fields=SPEC.fields[:-1]), Snapshot, SESSION)
    assert line.startswith("spec/fsm.yaml: 'snapshot' lacks the field previous_period")


def test_a_field_that_a_restored_session_forgets_is_told(monkeypatch):
    restored = Session.__init__

    def forgetful(self, day_boundary: time, snapshot: Snapshot | None = None) -> None:
        restored(self, day_boundary, snapshot)
        self.last_stored_timestamp = None

    monkeypatch.setattr(Session, "__init__", forgetful)
    (line,) = restoring_against(Snapshot)
    assert "session.py: a session that was restored does not hand on last_stored_timestamp" in line


def test_that_a_file_of_an_older_release_is_refused_is_told():
    def decode(data: bytes) -> object:
        raise ContractError(f"snapshot.next_period: missing in {len(data)} bytes")

    (line,) = older_files_against(decode)
    assert line.startswith(
        f"{CLIENT}/snapshot.py: decode_snapshot refuses tests/frozen/0.1.0/snapshots/1-after-"
    )
    assert line.endswith("give what is new its initial value there")


def test_a_mistake_in_the_spec_is_told_in_a_line(capsys, monkeypatch, tmp_path):
    spec = ROOT / "spec" / "fsm.yaml"
    (tmp_path / "spec").mkdir()
    wrong = spec.read_text(encoding="utf-8").replace("pi4_state: 9", "pi4_state: 8", 1)
    (tmp_path / "spec" / "fsm.yaml").write_text(wrong, encoding="utf-8")
    monkeypatch.setattr(beside_the_spec, "ROOT", tmp_path)
    assert beside_the_spec.main() == 1
    assert capsys.readouterr().out.startswith("spec/fsm.yaml:")


def test_what_model_and_proof_do_not_know_is_told():
    more = without(
        effects=(*SPEC.effects, renamed(SPEC.effects[-1], "ring_bell")),
        events=(*SPEC.events, renamed(SPEC.events[-1], "bell_rung")),
        guards=(*SPEC.guards, renamed(SPEC.guards[-1], "bell_is_there")),
    )
    assert [line.rsplit("write ", 1)[1] for line in formal_model_against(more, MODEL)] == [
        "'inline ring_bell()'",
        "'#define REPORTS_BELL_RUNG'",
        "'#define bell_is_there'",
    ]
    assert sorted(line.rsplit("; ", 1)[1] for line in proof_against(more)) == [
        "add it to EFFECTS in spec/proof/effects.py",
        "add it to GUARDS in spec/proof/effects.py",
        "add it to REPORTS in spec/proof/effects.py",
    ]


def test_every_event_has_its_meaning_in_the_generated_class():
    text = (ROOT / CLIENT / "generated.py").read_text(encoding="utf-8")
    plain = re.sub(r"\s*\n\s*#\s*", " ", text)
    for event in SPEC.events:
        assert f"{event.meaning}\n    {event.name.upper()} = " in plain
        assert f"{event.meaning}\n    {event.name} = Event(" in plain
    assert {str(e) for e in EventId} == {str(e.name) for e in SPEC.events}

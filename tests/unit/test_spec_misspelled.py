"""No misspelt name of the spec passes, be it where the name is declared or in any one place where it is used."""

import pytest

from generator.__main__ import main
from tests.unit.spec_slips import DECLARING, TEXT, Place, fresh, places, refusal, section

PLACES = list(places())
DECLARED = {part: [key for key, _ in section(fresh(), part).value] for part in DECLARING}


def test_the_unchanged_spec_passes(tmp_path, capsys):
    file = tmp_path / "fsm.yaml"
    file.write_text(TEXT, encoding="utf-8")
    assert main(["--check", "--spec", str(file)]) == 0, capsys.readouterr()


def test_every_kind_of_name_is_among_the_cases():
    found = {place.name for place in PLACES}
    assert {key.value for keys in DECLARED.values() for key in keys} <= found
    assert {"teal", "checkpoint", "integer", "raised_in", "clears_flags", "wnw", "time_out", "via"} <= found
    in_use = [place.name for place in PLACES if place.is_use]
    assert in_use.count("timed_out") == 6
    assert in_use.count("RELAY_ATTENDANCE_RECORDS") == 12
    assert in_use.count("period_expired") == 4


@pytest.mark.slow
@pytest.mark.parametrize("place", PLACES, ids=str)
def test_misspelt(place: Place, tmp_path, capsys):
    assert place.name in refusal(place.replaced(f"{place.name}X"), tmp_path, capsys)


@pytest.mark.slow
@pytest.mark.parametrize("place", [p for p in PLACES if p.is_use], ids=str)
def test_a_well_formed_slip_in_a_use_is_found_on_its_line(place: Place, tmp_path, capsys):
    letter = "X" if place.name.isupper() else "x"
    said = refusal(place.replaced(f"{place.name}{letter}"), tmp_path, capsys)
    assert f"fsm.yaml:{place.line}: unknown" in said
    assert f"did you mean '{place.name}'?" in said


@pytest.mark.parametrize(("part", "key"), [(part, key.value) for part in DECLARING for key in DECLARED[part]])
def test_a_well_formed_slip_in_a_declaration(part, key, tmp_path, capsys):
    node = next(node for node in DECLARED[part] if node.value == key)
    letter = "X" if key.isupper() else "x"
    assert key in refusal(Place(key, node.start_mark.index).replaced(f"{key}{letter}"), tmp_path, capsys)


@pytest.mark.parametrize(("part", "key"), [(part, key.value) for part in DECLARING for key in DECLARED[part]])
def test_declared_under_the_name_of_another(part, key, tmp_path, capsys):
    node = next(node for node in DECLARED[part] if node.value == key)
    other = next(node.value for node in DECLARED[part] if node.value != key)
    said = refusal(Place(key, node.start_mark.index).replaced(other), tmp_path, capsys)
    assert f"'{other}' is declared twice" in said

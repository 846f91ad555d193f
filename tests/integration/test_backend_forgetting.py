"""A person is forgotten: out of every spreadsheet and copy, back by no message, and nobody else's number moves."""

import re
from contextlib import ExitStack
from datetime import timedelta

import pytest

from attendance_backend.app.bootstrap import SystemClock
from attendance_backend.google import google_http
from attendance_backend.review import corrections_sheet
from tests.integration.backend_office import NOVEMBER, punch
from tests.integration.test_backend_finalised import RECORDS
from tests.integration.test_backend_finalised import Office as FinalisedOffice

STRANGER = punch("", "2026-11-04T08:00:00")

ANN = re.compile(r"(?<![a-z])ann(?![a-z])")
"""The person's name, and no letters of another word."""


class Office(FinalisedOffice):
    def sleep(self, seconds):
        self.now += timedelta(seconds=seconds)

    def everything(self):
        """All texts that any spreadsheet in use holds, formulas included, by where they stand."""
        files = [file for file in self.sheets.store.files.values() if file.spreadsheet and not file.trashed]
        assert len(files) == 4, "two, and a copy of each"
        return {
            (file.name, sheet.title, row, column): f"{cell.formula or ''} {cell.value}"
            for file in files
            for sheet in file.spreadsheet.sheets
            for row, column, cell in sheet.occupied(sheet.area)
        }

    def stored(self):
        rows = self.sheets.read(self.sheet_id, "'Raw Data - berlin'!A2:K60", "UNFORMATTED_VALUE")
        return sorted(row[8] for row in rows if len(row) > 8 and row[8])

    def shown_of_others(self):
        """What people see, row by row, in order; formulas of one row may name its number."""
        rows: dict[tuple[str, int], dict[int, object]] = {}
        for (title, row, column), value in self.shown().items():
            rows.setdefault((title, row), {})[column] = value
        return [
            (title, cells) for (title, _), cells in sorted(rows.items()) if "Ann Archer" not in cells.values()
        ]


@pytest.fixture
def office(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(google_http, "FIRST_DELAY_S", 0.01)
    monkeypatch.setattr(corrections_sheet, "PREPARED_ROWS", 60)
    with ExitStack() as stack:
        office = Office(stack, tmp_path, monkeypatch)
        monkeypatch.setattr(SystemClock, "sleep", office.sleep)
        office.open(capsys)
        office.correct(3, "03/11/2026", "Ann Archer", "check out", "17:10")
        office.store(office.sheet_id, STRANGER)
        yield office


@pytest.mark.parametrize("is_final", [False, True], ids=["a running month", "a finalised month"])
def test_nothing_of_the_person_is_left_and_nobody_else_changes(office, is_final):
    if is_final:
        office.finalise()
    before = office.shown_of_others()
    others = sorted(each.identity for each in [*RECORDS, STRANGER] if each.user_name != "ann")
    code, out, err = office.run("forget", "Ann")
    assert code == 1
    assert err[-1].startswith("attendance-backend: nothing was changed")
    assert office.shown_of_others() == before
    assert len(office.stored()) == len(RECORDS) + 1
    code, out, err = office.run("forget", "ann@example.com", "--yes")
    assert (code, err) == (0, []), (out, err)
    assert not [line for line in out if "put right" in line or "still named" in line], out
    texts = office.everything()
    assert not {place: text for place, text in texts.items() if ANN.search(text.casefold())}
    assert office.shown_of_others() == before
    assert office.stored() == others

    # A new card, or a machine that is read as a whole: all come again, and one that nobody knew.
    late = punch("bob", "2026-11-04T09:00:00")
    answer = office.store(office.sheet_id, *RECORDS, STRANGER, late)
    assert set(answer.confirmed) == {each.identity for each in [*RECORDS, STRANGER, late]}
    assert any(late.identity in text for text in office.everything().values())
    assert not set(office.stored()) & {each.identity for each in RECORDS if each.user_name == "ann"}
    office.tick()
    assert not [line for line in office.problems() if ANN.search(str(line).casefold())]
    code, out, _ = office.run("refresh", "--period", NOVEMBER.name)
    assert out[-1] == "0 differences", out
    assert not [text for text in office.everything().values() if "ann archer" in text.casefold()]
    code, _, err = office.run("forget", "ann", "--yes")
    assert code == 1
    assert "nobody here is called 'ann'" in err[-1]


def test_a_number_of_one_site_is_forgotten_and_what_is_left_by_hand_is_named(office):
    office.sheets.write(
        office.sheet_id, "Corrections!B4", [["04/11/2026", "", "Bob Baker", "note", "", "asked zoe", "HR"]]
    )
    code, out, err = office.run("forget", "id-", "--site", "berlin", "--yes")
    assert (code, err) == (0, []), (out, err)
    assert STRANGER.identity not in office.stored()
    assert len(office.stored()) == len(RECORDS)
    assert not [text for text in office.everything().values() if "User ID id-" in text]
    code, out, _ = office.run("forget", "zoe", "--yes")
    assert code == 0
    assert any("still named in Corrections!G4" in line for line in out), out

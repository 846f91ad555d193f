"""What makes a workbook unusable, or wrong without a word: `check` names it, with a way out that works."""

import pytest

from tests.integration.backend_office import punch
from tests.integration.test_backend_doubts import of_november, office, opened

__all__ = ["office", "opened"]


def sound(office, folder):
    """Nothing is wrong any more: `refresh` finds nothing, `check` says nothing, the strict export is written."""
    code, out, _ = office.run("refresh", "--period", "November 2026")
    assert (code, out) == (0, ["November 2026:", "  no difference", "0 differences"])
    assert of_november(office) == []
    code, lines = office.exported(folder, "--strict")
    assert code == 0, lines
    return True


@pytest.mark.parametrize("below", [0, 1, 2])
@pytest.mark.parametrize("way", ["refresh", "the next visit"])
def test_a_row_deleted_in_daily_attendance(office, tmp_path, below, way):
    before = office.shown()
    row = office.row("Daily Attendance", "Ann Archer") + below
    place = {"dimension": "ROWS", "startIndex": row - 1, "endIndex": row}
    office.edit({"deleteDimension": {"range": {"sheetId": office.id_of("Daily Attendance"), **place}}})
    lines = of_november(office)
    assert any(
        line.startswith("Ann Archer: a row is gone from Daily Attendance: the next visit") for line in lines
    )
    code, told = office.exported(tmp_path, "--strict")
    assert (code, list(tmp_path.iterdir())) == (2, []), "what is computed from it is an error, and no number"
    assert "run attendance-backend refresh" in told[-1]
    if way == "refresh":
        assert office.run("refresh", "--period", "November 2026")[1][-1] != "0 differences"
    else:
        office.tick()
    assert sound(office, tmp_path)
    hours = {place: value for place, value in before.items() if place[0] == "Monthly Summary"}
    assert {place: value for place, value in office.shown().items() if place[0] == "Monthly Summary"} == hours


def test_a_worksheet_renamed(office, tmp_path):
    properties = {"sheetId": office.id_of("Monthly Summary"), "title": "October, paid"}
    office.edit({"updateSheetProperties": {"properties": properties, "fields": "title"}})
    assert sound(office, tmp_path)


def test_a_workbook_in_the_bin(office, tmp_path):
    office.sheets.file(office.sheet_id).trashed = True
    (said,) = of_november(office)
    assert said.startswith("it lies in Drive's bin")
    for command in ("refresh", "export"):
        code, _, err = office.run(command, "--period", "November 2026")
        assert code == 2
        assert err == [f"attendance-backend: the workbook of November 2026: {said}"]
    office.sheets.file(office.sheet_id).trashed = False
    assert sound(office, tmp_path)


def test_a_workbook_deleted_for_good(office, tmp_path):
    del office.sheets.store.files[office.sheet_id]
    (said,) = of_november(office)
    assert 'attendance-backend restore --period "November 2026"' in said
    for command in ("refresh", "export"):
        code, _, err = office.run(command, "--period", "November 2026")
        assert code == 2
        assert err == [f"attendance-backend: the workbook of November 2026: {said}"]
    assert office.run("restore", "--period", "November 2026")[0] == 0
    office.sheet_id = office.sheets.read(office.control_id, "'Review Sheets'!B2")[0][0]
    assert sound(office, tmp_path)


@pytest.mark.parametrize("way", ["refresh", "the next visit"])
def test_another_locale(office, tmp_path, way):
    office.edit(
        {
            "updateSpreadsheetProperties": {
                "properties": {"locale": "de_DE", "timeZone": "Europe/Berlin"},
                "fields": "locale,timeZone",
            }
        }
    )
    (said,) = of_november(office)
    assert said.startswith(
        "its locale is de_DE, its time zone Europe/Berlin: attendance-backend refresh puts"
    )
    if way == "refresh":
        out = office.run("refresh", "--period", "November 2026")[1]
        assert "  the locale was de_DE, and the time zone Europe/Berlin" in out
    else:
        office.tick()
    properties = office.sheets.spreadsheet(office.sheet_id).properties
    assert (properties["locale"], properties["timeZone"]) == ("en_GB", "Etc/GMT")
    assert sound(office, tmp_path)


def test_raw_data_protected_against_the_program(office, tmp_path):
    raw = office.id_of("Raw Data - berlin")
    assert of_november(office) == [], "that Google asks before people edit binds nobody"
    protected = {"protectedRange": {"range": {"sheetId": raw}, "editors": {"users": ["hr@example.com"]}}}
    reply = office.sheets.batch_update(office.sheet_id, [{"addProtectedRange": protected}])
    (said,) = of_november(office)
    assert said.startswith("the worksheet 'Raw Data - berlin' is protected against the program")
    assert "Protect sheets and ranges" in said
    office.tick()
    assert [remedy for name, remedy in office.problems() if name == "Workbook November 2026"] == [said]
    # The way out that is named works.
    number = reply[0]["addProtectedRange"]["protectedRange"]["protectedRangeId"]
    office.edit({"deleteProtectedRange": {"protectedRangeId": number}})
    late = punch("ann", "2026-11-05T16:30:00")
    assert office.store(office.sheet_id, late).confirmed == (late.identity,)
    assert sound(office, tmp_path)

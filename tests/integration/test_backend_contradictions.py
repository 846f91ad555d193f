"""Times and hours that contradict themselves are told in Corrections, in Exceptions and to payroll."""

from contextlib import ExitStack
from datetime import date, datetime

import pytest

from attendance_backend.app.cli import main
from attendance_backend.sheet import serial
from attendance_backend.sheet.a1 import cell_name
from tests.integration.backend_office import punch
from tests.integration.test_backend_refreshing import Office

WEDNESDAY = date(2026, 11, 4)
TO_CHECK = "  'Exceptions' lacked 1 day to be checked"


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    with ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
        office = Office(stack, tmp_path_factory.mktemp("office"), patch)
        office.sheets.start_recalculating()
        office.open()
        office.store(
            office.sheet_id, punch("ann", "2026-11-04T09:20:00"), punch("ann", "2026-11-04T17:00:00")
        )
        office.report(datetime(2026, 11, 5, 9), WEDNESDAY)
        yield office, office.remember()


@pytest.fixture
def office(opened):
    office, before = opened
    office.go_back(before)
    return office


def correct(office, *typed):
    office.sheets.write(office.sheet_id, "'Corrections'!B2", [[serial.from_date(WEDNESDAY), "", *typed]])


def status(office):
    return office.sheets.read(office.sheet_id, "'Corrections'!A2")[0][0]


def contradictions(office):
    """Who, and whether it is still open."""
    rows = office.sheets.read(office.sheet_id, "'Exceptions'!A2:I", "UNFORMATTED_VALUE")
    return [(row[2], row[5], row[8]) for row in rows if row[8].startswith("check")]


def exported(office, tmp_path, capsys):
    """The row of the day, and what is said."""
    main(["export", "--period", "November 2026", "--output", str(tmp_path)])
    printed = capsys.readouterr()
    lines = [line for path in tmp_path.iterdir() for line in path.read_text("utf-8-sig").splitlines()]
    (row,) = [line for line in lines if line.startswith("Ann") and "2026-11-04" in line]
    return row, printed.out + printed.err


def test_a_check_out_before_the_check_in_is_told_in_all_three(office, tmp_path, capsys):
    correct(office, "Ann Archer", "check out", 8 / 24)
    assert status(office) == "check the times: the check-out of that day is before the check-in"
    assert TO_CHECK in office.refresh()
    assert contradictions(office) == [("Ann Archer", "open", "check the times")]
    assert office.refresh()[-1] == "0 differences"
    row, said = exported(office, tmp_path, capsys)
    assert "check the times" in row
    assert "open" in said
    correct(office, "Ann Archer", "check out", 18 / 24)
    assert status(office) == "applied"
    assert contradictions(office) == [("Ann Archer", "resolved", "check the times")]
    assert office.refresh()[-1] == "0 differences"


def test_hours_beyond_16_a_day_are_told(office, tmp_path, capsys):
    """6 typed over Hours Worked is six days to a spreadsheet."""
    rows = office.sheets.read(office.sheet_id, "'Daily Attendance'!A1:AZ", "UNFORMATTED_VALUE")
    column = rows[0].index(serial.from_date(WEDNESDAY))
    row = next(index for index, row in enumerate(rows) if row[1:3] == ["ann", "Hours Worked"])
    office.sheets.write(office.sheet_id, f"'Daily Attendance'!{cell_name(row, column)}", [[6]])
    assert TO_CHECK in office.refresh()
    assert contradictions(office) == [("Ann Archer", "open", "check the hours")]
    assert "check the hours" in exported(office, tmp_path, capsys)[0]
    header, *people = office.sheets.read(office.sheet_id, "'Monthly Summary'!A1:L", "UNFORMATTED_VALUE")
    ann = next(line for line in people if line and line[0] == "Ann Archer")
    assert ann[header.index("Incomplete")] == 1
    correct(office, "Ann Archer", "note")
    assert contradictions(office) == [("Ann Archer", "resolved", "check the hours")]
    assert "check the hours" not in exported(office, tmp_path, capsys)[0]

"""Times and hours that contradict themselves are told in Corrections, in Exceptions and to payroll."""

import csv
from contextlib import ExitStack
from datetime import date, datetime

import pytest

from attendance_backend.app.cli import main
from attendance_backend.review import corrections_sheet
from attendance_backend.sheet import serial
from attendance_backend.sheet.a1 import cell_name
from tests.integration.backend_office import punch
from tests.integration.test_backend_refreshing import Office

WEDNESDAY = date(2026, 11, 4)
PREPARED = 60
"""Rows of Corrections, for speed."""
TO_CHECK = "  'Exceptions' lacked 1 day to be checked"


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    with ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
        patch.setattr(corrections_sheet, "PREPARED_ROWS", PREPARED)
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


def test_day_week_month_and_both_exports_add_up_to_the_minute(office, tmp_path):
    """8:58:45 to 17:30:10 reads 08:58 to 17:30, and so these are 8:32, though the clock ran 8:31:25."""
    times = {5: ("08:58:45", "17:30:10"), 6: ("09:00:59", "17:00:00"), 7: ("10:00:01", "12:59:59")}
    times |= {9: ("08:59:59", "17:20:20"), 10: ("09:10:31", "17:30:30"), 11: ("08:40:40", "17:00:20")}
    for day, moments in times.items():
        office.store(office.sheet_id, *(punch("ann", f"2026-11-{day:02}T{moment}") for moment in moments))
    office.sheets.write(office.sheet_id, "'Guide'!B9", [[7.42]])
    main(["export", "--period", "November 2026", "--output", str(tmp_path / "pay")])
    people, days = (
        [
            row
            for row in csv.DictReader((tmp_path / name).open(encoding="utf-8-sig"))
            if row["Employee"] == "Ann Archer"
        ]
        for name in ("pay.csv", "pay-days.csv")
    )
    worked = {row["Date"]: row for row in days if row["Hours"]}
    assert len(worked) == 8
    for row in worked.values():
        shown = datetime.fromisoformat(row["Check Out"]) - datetime.fromisoformat(row["Check In"])
        assert int(row["Minutes"]) == shown.total_seconds() / 60
        assert float(row["Hours"]) == round(int(row["Minutes"]) / 60, 2)
    assert worked["2026-11-05"]["Minutes"] == "512"
    (ann,) = people
    total = sum(int(row["Minutes"]) for row in worked.values())
    assert (int(ann["Minutes"]), float(ann["Hours"])) == (total, round(total / 60, 2))
    beyond = sum(max(0, int(row["Minutes"]) * 60 - 26712) for row in worked.values())
    assert int(ann["Overtime Minutes"]) == beyond // 60

    def shown_of_ann(title, label, *columns):
        header, *rows = office.sheets.read(office.sheet_id, f"'{title}'!A1:AZ", "UNFORMATTED_VALUE")
        row = next(row for row in rows if row[:1] == ["Ann Archer"] and label in (None, row[3]))
        return [round(row[header.index(column)] * 1440, 6) for column in columns]

    weeks = ("02 Nov - 08 Nov", "09 Nov - 15 Nov", "Total")
    first, second, all_weeks = shown_of_ann("Weekly Summary", "Hours Worked", *weeks)
    assert first + second == all_weeks == total
    assert first == sum(int(row["Minutes"]) for day, row in worked.items() if day <= "2026-11-08")
    assert shown_of_ann("Monthly Summary", None, "Hours", "Overtime") == [total, beyond // 60]


def test_work_on_a_day_that_is_none_is_not_judged(office):
    """Bob comes at noon on a Saturday and on a holiday, and is on time on the only working day of the week."""
    office.sheets.batch_update(office.control_id, [{"addSheet": {"properties": {"title": "Holidays"}}}])
    office.sheets.write(
        office.control_id, "'Holidays'!A1", [["Date", "Name"], ["2026-11-12", "Founders' Day"]]
    )
    for day, hour in ((12, 12), (13, 8), (14, 12)):
        moments = (f"2026-11-{day}T{hour:02}:00:00", f"2026-11-{day}T17:00:00")
        office.store(office.sheet_id, *(punch("bob", moment) for moment in moments))
    office.report(datetime(2026, 11, 16, 8), date(2026, 11, 15))
    office.refresh()
    header, *rows = office.sheets.read(office.sheet_id, "'Monthly Summary'!A1:AZ", "UNFORMATTED_VALUE")
    bob = next(row for row in rows if row[:1] == ["Bob Baker"])
    words = [bob[header.index(serial.from_date(date(2026, 11, day)))] for day in (12, 13, 14)]
    assert words == ["present", "present", "present"]
    header, *rows = office.sheets.read(office.sheet_id, "'Weekly Summary'!A1:Z", "UNFORMATTED_VALUE")
    week = header.index("09 Nov - 15 Nov")
    average, hours, penalty = (row[week] for row in rows if row[:1] == ["Bob Baker"])
    assert [round(value * 24, 6) for value in (average, hours)] == [8, 19]
    assert penalty == 0
    told = office.sheets.read(office.sheet_id, "'Exceptions'!C2:I", "UNFORMATTED_VALUE")
    assert not [row for row in told if row[0] == "Bob Baker" and row[6] == "late" and row[5] >= 46338]


def test_rows_beyond_the_prepared_ones_and_inserted_ones_are_answered(office):
    """As HR adds them at the end, and between two others."""
    sheet_id = office.id_of("Corrections")
    office.edit(
        {"appendDimension": {"sheetId": sheet_id, "dimension": "ROWS", "length": 5}},
        {
            "insertDimension": {
                "range": {"sheetId": sheet_id, "dimension": "ROWS", "startIndex": 3, "endIndex": 4},
                "inheritFromBefore": True,
            }
        },
    )
    for row in (4, 1 + PREPARED + 6):
        line = [serial.from_date(WEDNESDAY), "", "Ann Archer", "note", "", "asked"]
        office.sheets.write(office.sheet_id, f"'Corrections'!B{row}", [line])
    office.refresh()
    answers = office.sheets.read(office.sheet_id, "'Corrections'!A1:A")
    assert answers[3] == ["noted"]
    assert answers[PREPARED + 6] == ["no effect: row 4 is about the same"]

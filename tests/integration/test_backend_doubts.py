"""Numbers that are not to be trusted: `check` and `export` name each with person and day, and --strict refuses."""

import csv
from contextlib import ExitStack
from datetime import date, datetime

import openpyxl
import pytest

from attendance_backend.google import google_http
from attendance_backend.review import corrections_sheet
from attendance_backend.sheet import serial
from tests.integration.backend_office import NOVEMBER, punch
from tests.integration.test_backend_finalised import DECEMBER, Office

WORKING_DAYS = [day for day in range(2, 28) if date(2026, 11, day).weekday() < 5]
PUNCHES = [
    punch(user, f"2026-11-{day:02}T{hour}:00")
    for user in ("ann", "bob", "zoe")
    for day in WORKING_DAYS
    for hour in ("07:30", "16:00")
]
TYPE_A_TIME = "type a time such as 17:30 into Value"
TUESDAY = serial.from_date(date(2026, 11, 3))


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    with ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
        patch.setattr(google_http, "FIRST_DELAY_S", 0.01)
        patch.setattr(corrections_sheet, "PREPARED_ROWS", 60)
        office = Office(stack, tmp_path_factory.mktemp("office"), patch)
        office.sheet_id = office.create()
        office.store(office.sheet_id, *PUNCHES)
        office.report(datetime(2026, 11, 30, 8), NOVEMBER.last_day)
        office.sheets.start_recalculating()
        office.now = DECEMBER.replace(tzinfo=office.now.tzinfo)
        office.tick()
        yield office, office.remember(), office.now


@pytest.fixture
def office(opened, capsys):
    office, files, now = opened
    office.go_back(files)
    office.now = now
    office.sheet_id = office.sheets.read(office.control_id, "'Review Sheets'!B2")[0][0]
    office._capsys = capsys
    return office


def type_over(office, title, name, header, value, below=0):
    cell = f"'{title}'!{office.column(title, header)}{office.row(title, name) + below}"
    office.sheets.write(office.sheet_id, cell, [[value]])


def of_november(office):
    """What `check` says of the workbook."""
    lines = office.run("check")[1]
    return [
        line.removeprefix("Workbook November 2026: ") for line in lines if line.startswith("Workbook Nov")
    ]


def rows(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_a_sound_month_is_exported_strictly_and_check_finds_nothing(office, tmp_path):
    assert of_november(office) == []
    code, lines = office.exported(tmp_path, "--strict")
    assert code == 0, lines
    assert len(rows(tmp_path / "pay-days.csv")) == 3 * 28
    assert {row["Doubts"] for name in ("pay", "pay-days") for row in rows(tmp_path / f"{name}.csv")} == {""}


def forget_to_leave(office):
    office.store(office.sheet_id, punch("ann", "2026-11-07T09:00:00"))


def correct_backwards(office):
    office.correct(2, "03/11/2026", "Ann Archer", "check out", "06:00")


DOUBTS = {
    "6 typed over Hours Worked": (
        lambda office: type_over(office, "Daily Attendance", "Ann Archer", TUESDAY, 6, below=2),
        [
            "Ann Archer, 03-11-2026: 144.00 hours on one day",
            "Ann Archer, 03-11-2026: Hours Worked in Daily Attendance was typed over its formula: 144:00",
        ],
        {"2026-11-03"},
    ),
    "a number typed into the month": (
        lambda office: type_over(office, "Monthly Summary", "Ann Archer", "Days Present", 22),
        ["Ann Archer: Days Present in Monthly Summary was typed over its formula: 22"],
        set(),
    ),
    "a penalty typed over": (
        lambda office: type_over(office, "Weekly Summary", "Ann Archer", "Total", 0, below=2),
        ["Ann Archer: Penalties (Total) in Weekly Summary was typed over its formula: 0"],
        set(),
    ),
    "a day without a check-out": (
        forget_to_leave,
        ["Ann Archer, 07-11-2026: missing out: no hours are counted"],
        {"2026-11-07"},
    ),
    "a check-out before the check-in": (
        correct_backwards,
        ["Ann Archer, 03-11-2026: check the times: no hours are counted"],
        {"2026-11-03"},
    ),
    "a correction with a mistake": (
        lambda office: office.correct(2, "03/11/2026", "Ann Archer", "check out", "late"),
        ["Ann Archer, 03-11-2026: a correction does not count (Corrections, row 2): " + TYPE_A_TIME],
        {"2026-11-03"},
    ),
    "17 hours": (
        lambda office: office.correct(2, "03/11/2026", "Ann Archer", "check out", "24:31"),
        ["Ann Archer, 03-11-2026: 17.02 hours on one day"],
        {"2026-11-03"},
    ),
}


@pytest.mark.parametrize("doubt", DOUBTS)
def test_a_number_that_is_not_to_be_trusted_is_named_with_person_and_day(office, tmp_path, doubt):
    act, expected, days = DOUBTS[doubt]
    act(office)
    assert of_november(office) == expected
    code, lines = office.exported(tmp_path, "--strict")
    assert code == 1
    assert [f"attendance-backend: {line}" for line in expected] == lines[: len(expected)]
    assert "nothing was written" in lines[-1]
    assert list(tmp_path.iterdir()) == []
    code, lines = office.exported(tmp_path)
    assert code == 0
    assert set(lines) >= {f"attendance-backend: {line}" for line in expected}
    people, of_days = rows(tmp_path / "pay.csv"), rows(tmp_path / "pay-days.csv")
    assert {row["Employee"] for row in people if row["Doubts"]} == {"Ann Archer"}
    assert {(row["Employee"], row["Date"]) for row in of_days if row["Doubts"]} == {
        ("Ann Archer", day) for day in days
    }


def test_a_site_whose_data_is_behind_is_named_with_its_people_and_days(office, tmp_path):
    row = office.row("Sites", "berlin")
    column = office.column("Sites", "Complete Through")
    office.sheets.write(office.sheet_id, f"Sites!{column}{row}", [[serial.from_date(date(2026, 11, 25))]])
    found = of_november(office)
    assert found == ["berlin: the site's data is complete to 25-11-2026 only"]
    assert office.exported(tmp_path, "--strict")[0] == 1
    office.exported(tmp_path)
    assert all("complete to 25-11-2026 only" in row["Doubts"] for row in rows(tmp_path / "pay.csv"))


def test_a_workbook_marks_doubts_as_well(office, tmp_path):
    correct_backwards(office)
    path = tmp_path / "pay.xlsx"
    code, *_ = office.run("export", "--period", "November 2026", "--format", "xlsx", "--output", str(path))
    assert code == 0
    sheet = openpyxl.load_workbook(path)["Payroll"]
    header, *lines = sheet.iter_rows(values_only=True)
    assert header[-1] == "Doubts"
    assert [line[0] for line in lines if line[-1]] == ["Ann Archer"]


def test_check_says_nothing_yet_of_days_that_are_still_to_come(office):
    office.now = office.now.replace(month=11, day=20)
    row, column = office.row("Sites", "berlin"), office.column("Sites", "Complete Through")
    office.sheets.write(office.sheet_id, f"Sites!{column}{row}", [[serial.from_date(date(2026, 11, 19))]])
    assert of_november(office) == []


def test_what_was_typed_over_before_finalised_is_still_said_afterwards(office, tmp_path):
    type_over(office, "Daily Attendance", "Ann Archer", TUESDAY, 6, below=2)
    before = of_november(office)
    office.finalise()
    assert of_november(office) == before
    assert office.exported(tmp_path, "--strict")[0] == 1


def test_a_setting_typed_into_guide_that_cannot_count_switches_nothing_off_and_is_told(office, tmp_path):
    before = office.shown()
    office.set("Overtime beyond (hours a day)", "9 h")
    office.set("Grace (minutes)", "5 min")
    assert office.shown() == before
    assert office.guide("Grace (minutes)")[2].startswith("this is not understood: 0 counts")
    assert of_november(office) == [
        "Grace (minutes) in Guide reads 5 min, which is not understood: 0 counts until you type a number",
        "Overtime beyond (hours a day) in Guide reads 9 h, which is not understood: 8 counts until you type a number",
    ]
    assert office.exported(tmp_path, "--strict")[0] == 1


def test_what_hr_changed_since_the_last_visit_is_said_by_an_export(office, tmp_path):
    office.sheets.write(office.control_id, "'Cut Off Times'!C2", [["7:00 AM"]])
    code, lines = office.exported(tmp_path, "--strict")
    assert code == 1
    assert "is not as punches and Review Periods have it: run attendance-backend refresh" in lines[0]
    office.tick()
    assert office.exported(tmp_path, "--strict")[0] == 0

"""The review sheet as an .xlsx, recalculated by LibreOffice, against values worked out by hand."""

import os
import shutil
import subprocess
from contextlib import ExitStack
from datetime import date, datetime, timedelta

import openpyxl
import pytest
from backend_office import CloudOffice, punch

SOFFICE = shutil.which("soffice")
TIMEOUT_S = 120


def recalculated(folder, workbook):
    """The workbook with every formula's value as LibreOffice computes it."""
    if SOFFICE is None:
        if os.environ.get("CI"):
            pytest.fail("soffice is missing; the workbook's formulas cannot be checked")
        pytest.skip("soffice is not installed; it computes the workbook's formulas")
    out = folder / "recalculated"
    subprocess.run(
        [
            SOFFICE,
            f"-env:UserInstallation=file://{folder}/profile",
            "--headless",
            "--convert-to",
            "xlsx",
            "--outdir",
            str(out),
            str(workbook),
        ],
        check=True,
        capture_output=True,
        timeout=TIMEOUT_S,
    )
    return openpyxl.load_workbook(out / workbook.name, data_only=True)


PUNCHES = [
    # Ann, cut-off 09:00. First week: 08:58 and 09:02, on average exactly 09:00: no penalty.
    punch("ann", "2026-11-02T08:58:00"),
    punch("ann", "2026-11-02T17:00:00"),
    punch("ann", "2026-11-03T09:02:00"),
    punch("ann", "2026-11-03T12:00:00"),
    punch("ann", "2026-11-03T17:32:00"),
    # Second week: one second late on the only day.
    punch("ann", "2026-11-09T09:00:01"),
    punch("ann", "2026-11-09T17:00:01"),
    # Bob, cut-off 09:30. A night shift, a day without check-out, a double tap.
    punch("bob", "2026-11-04T21:00:00"),
    punch("bob", "2026-11-05T03:30:00"),
    punch("bob", "2026-11-05T09:00:00"),
    punch("bob", "2026-11-06T09:00:00"),
    punch("bob", "2026-11-06T09:00:20"),
    # Zoe, cut-off 08:00: long days, more than 24 hours in a week.
    punch("zoe", "2026-11-23T07:00:00"),
    punch("zoe", "2026-11-23T20:00:00"),
    punch("zoe", "2026-11-24T07:30:00"),
    punch("zoe", "2026-11-24T20:15:00"),
    punch("zoe", "2026-11-25T07:45:00"),
    punch("zoe", "2026-11-25T08:45:00"),
    # Carl, hired in mid-period, cut-off 08:30.
    punch("carl", "2026-11-12T08:45:00"),
    punch("carl", "2026-11-12T16:45:00"),
]


@pytest.fixture(scope="module")
def workbook(tmp_path_factory):
    folder = tmp_path_factory.mktemp("workbook")
    with ExitStack() as stack, pytest.MonkeyPatch.context() as monkeypatch:
        office = CloudOffice(stack, folder, monkeypatch)
        sheet_id = office.create()
        office.sheets.write(
            office.control_id, "'Cut Off Times'!A5", [["Carl Cook", "carl@example.com", "08:30"]]
        )
        office.store(sheet_id, *PUNCHES)
        saved = {path.name: path for path in office.sheets.save(folder / "saved")}
    (name,) = (name for name in saved if "Attendance Review" in name)
    return recalculated(folder, saved[name])


def clock(value):
    """A cell's number, time or duration as hours, minutes and seconds."""
    if isinstance(value, datetime):
        value -= datetime(1899, 12, 30)
    elif isinstance(value, timedelta):
        pass
    elif isinstance(value, int | float):
        value = timedelta(days=value)
    elif hasattr(value, "hour"):
        value = timedelta(
            hours=value.hour, minutes=value.minute, seconds=value.second, microseconds=value.microsecond
        )
    else:
        return value
    seconds = round(value.total_seconds())
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def weeks_of(sheet, employee):
    """A person's rows by label; times as texts, penalties as numbers, blanks as None."""
    rows = {}
    for row in sheet.iter_rows():
        if row[0].value == employee:
            label = row[3].value
            values = [cell.value if label == "Penalties" else clock(cell.value) for cell in row[4:]]
            rows[label] = [None if value == "" else value for value in values]
    return rows


def test_hours_of_each_day(workbook):
    sheet = workbook["Daily Attendance"]
    header = [cell.value for cell in sheet[1]]
    assert header[5].date() == date(2026, 11, 2)
    assert header[5 + 27].date() == date(2026, 11, 29)

    def hours(employee):
        row = next(
            row for row in sheet.iter_rows() if row[0].value == employee and row[2].value == "Hours Worked"
        )
        shown = [clock(cell.value) or None for cell in row[5:]]
        return {index + 2: value for index, value in enumerate(shown) if value is not None}

    assert hours("Ann Archer") == {2: "08:02:00", 3: "08:30:00", 9: "08:00:00"}
    assert hours("Bob Baker") == {4: "06:30:00", 5: "no check-out", 6: "no check-out"}
    assert hours("Zoe Young") == {23: "13:00:00", 24: "12:45:00", 25: "01:00:00"}
    assert hours("Carl Cook") == {12: "08:00:00"}


@pytest.mark.parametrize(
    ("employee", "averages", "hours", "penalties"),
    [
        (
            "Ann Archer",
            ["09:00:00", "09:00:01", None, None, None],
            ["16:32:00", "08:00:00", None, None, "24:32:00"],
            [0, 1, None, None, 1],
        ),
        # 21:00, 09:00 and 09:00: on average 13:00.
        (
            "Bob Baker",
            ["13:00:00", None, None, None, None],
            ["06:30:00", None, None, None, "06:30:00"],
            [1, None, None, None, 1],
        ),
        # 07:00, 07:30 and 07:45: on average 07:25.
        (
            "Zoe Young",
            [None, None, None, "07:25:00", None],
            [None, None, None, "26:45:00", "26:45:00"],
            [None, None, None, 0, 0],
        ),
        (
            "Carl Cook",
            [None, "08:45:00", None, None, None],
            [None, "08:00:00", None, None, "08:00:00"],
            [None, 1, None, None, 1],
        ),
    ],
)
def test_weeks(workbook, employee, averages, hours, penalties):
    assert weeks_of(workbook["Weekly Summary"], employee) == {
        "Weekly Average": averages,
        "Hours Worked": hours,
        "Penalties": penalties,
    }


def test_no_cell_shows_an_error(workbook):
    errors = [
        (sheet.title, cell.coordinate, cell.value)
        for sheet in workbook
        for row in sheet.iter_rows()
        for cell in row
        if isinstance(cell.value, str) and (cell.value.startswith("#") or "Err:" in cell.value)
    ]
    assert errors == []


def test_the_sheet_computed_something(workbook):
    """So that "no errors" cannot mean "no formulas"."""
    keys = [cell.value for cell in workbook["Daily Attendance"]["D"][2:]]
    assert keys[:3] == ["ann/Check In", "ann/Check Out", "ann/Hours Worked"]
    cut_offs = [clock(cell.value) for cell in workbook["Daily Attendance"]["E"][2:]]
    assert cut_offs[:4] == ["09:00:00", "09:00:00", "09:00:00", "09:30:00"]

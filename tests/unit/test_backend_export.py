"""The files of the payroll export: texts stay texts, in whichever program they are opened."""

import csv
import tracemalloc
from pathlib import Path

import openpyxl
import pytest

from attendance_backend.app.commands.export import chosen_path, default_path
from attendance_backend.errors import UserError
from attendance_backend.export.files import write_csv, write_xlsx
from attendance_backend.export.payroll import DAY_HEADERS, PERSON_HEADERS, Payroll, doubted

EVIL = ("=HYPERLINK(1)", "+1", "-1", "@x", "\t=1", "\r=1")
TAME = ("Ann, the first", 'Bob "Bo" Baker', "Zoë", "1=1")


def payroll(*names):
    people = tuple(
        (name, "user", "", "", 1.0, 0.0, 0.0, 0.0, 0.0, 7.5, None, 2.0, 450.0, None) for name in names
    )
    days = tuple(
        (name, "user", "2026-11-03", "present", "2026-11-03 09:00", None, 0.25, "no", 15.0) for name in names
    )
    return Payroll(people, days, open_exceptions=0, finalised=True, lacking=())


def read(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def test_two_files_of_csv(tmp_path):
    paths = write_csv(payroll(*TAME), tmp_path / "pay.v1.csv")
    assert [path.name for path in paths] == ["pay.v1.csv", "pay.v1-days.csv"]
    header, *people = read(paths[0])
    assert header == list(PERSON_HEADERS)
    assert [row[0] for row in people] == list(TAME)
    assert people[0][4:] == ["1", "0", "0", "0", "0", "7.50", "", "2", "450", ""]
    header, *days = read(paths[1])
    assert header == list(DAY_HEADERS)
    assert days[0][2:] == ["2026-11-03", "present", "2026-11-03 09:00", "", "0.25", "no", "15"]


@pytest.mark.parametrize("name", EVIL)
def test_no_text_is_a_formula_in_csv(tmp_path, name):
    for path in write_csv(payroll(name), tmp_path / "pay.csv"):
        assert read(path)[1][0] == "'" + name


@pytest.mark.parametrize("name", EVIL[:4])
def test_no_text_is_a_formula_in_a_workbook(tmp_path, name):
    (path,) = write_xlsx(payroll(name), tmp_path / "pay.xlsx")
    cell = openpyxl.load_workbook(path)["Payroll"]["A2"]
    assert (cell.value, cell.data_type) == (name, "s")


@pytest.mark.parametrize("write", [write_csv, write_xlsx])
def test_a_file_that_cannot_be_written_is_named(tmp_path, write):
    with pytest.raises(UserError, match="nowhere"):
        write(payroll("Ann"), tmp_path / "nowhere" / "pay.csv")


@pytest.mark.parametrize(
    ("period", "name"),
    [
        ("October 2026", "Payroll October 2026.csv"),
        ("../../etc/x 2026", "Payroll _.._etc_x 2026.csv"),
        ("März 2026", "Payroll März 2026.csv"),
    ],
)
def test_no_period_leads_out_of_the_folder(period, name):
    assert str(default_path(period, "csv")) == name


@pytest.mark.parametrize(
    ("kind", "given", "written"),
    [
        ("csv", "out/p", "out/p.csv"),
        ("xlsx", "p", "p.xlsx"),
        ("csv", "p.csv", "p.csv"),
        ("xlsx", "P.XLSX", "P.XLSX"),
        ("csv", "pay.v1", "pay.v1.csv"),
        ("xlsx", "p.csv", "p.csv.xlsx"),
        ("csv", ".", "Payroll October 2026.csv"),
        ("xlsx", "/", "/Payroll October 2026.xlsx"),
    ],
)
def test_a_file_bears_its_format_in_its_name(kind, given, written):
    assert str(chosen_path(Path(given), "October 2026", kind)) == written


def test_what_a_visit_found_is_doubted_of_everybody_behind_what_was_known_of_one():
    at = PERSON_HEADERS.index("Doubts")
    rows = [(*["Ann"] * at, "2 doubts", "of plans"), (*["Bob"] * at, "", "of plans")]
    found = doubted(Payroll(tuple(rows), (), 0, False, (), ("More",)), ["out of date", "spoilt"])
    assert [row[at] for row in found.people] == ["2 doubts; out of date; spoilt", "out of date; spoilt"]
    assert [(*row[:at], *row[at + 1 :]) for row in found.people] == [
        (*row[:at], *row[at + 1 :]) for row in rows
    ]
    assert doubted(found, []) == found


def test_the_cells_of_a_workbook_are_not_in_memory_at_once(tmp_path):
    large = Payroll((), (("x",) * len(DAY_HEADERS),) * 1_000, 0, True, ())
    write_xlsx(large, tmp_path / "first.xlsx")  # what openpyxl itself takes
    tracemalloc.start()
    try:
        write_xlsx(large, tmp_path / "second.xlsx")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1_000_000

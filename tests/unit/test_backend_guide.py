"""The words of Guide in a workbook of an earlier version."""

from dataclasses import replace

import pytest

from attendance_backend.review import guide_sheet
from attendance_backend.review.guide_sheet import LAYOUT, MEANING, NAME
from attendance_backend.sheet.grid import Cell, Worksheet
from attendance_backend.sheet.placing import placed
from attendance_backend.sheet.preview import after
from tests import frozen


@pytest.fixture
def old():
    """As release 0.1.0 wrote it."""
    (sheet,) = (
        each
        for each in frozen.spreadsheet("0.1.0", "october")["spreadsheet"]["sheets"]
        if each["properties"]["title"] == "Guide"
    )
    cells = {}
    for row, line in enumerate(sheet["data"][0]["rowData"]):
        for column, cell in enumerate(line.get("values", [])):
            for kind, value in cell.get("userEnteredValue", {}).items():
                cells[row, column] = Cell(None, value) if kind == "formulaValue" else Cell(value)
    grid = sheet["properties"]["gridProperties"]
    return placed(Worksheet(1, "Guide", grid["rowCount"], grid["columnCount"], cells, role="Guide"), LAYOUT)


def said(sheet):
    return {sheet.text(row, NAME): sheet.text(row, MEANING) for row in range(sheet.end_row())}


def test_words_of_an_earlier_version_become_todays_once(old):
    assert "day off" not in said(old)
    new = after(old, guide_sheet.refreshed(old))
    assert "day off" in said(new)
    assert said(new)["Sites"] == said(old)["Sites"], "what follows has moved along"
    before = guide_sheet.read(old)
    assert (guide_sheet.read(new), guide_sheet.period_of(new)) == (before, guide_sheet.period_of(old))
    assert guide_sheet.refreshed(new) == []


@pytest.mark.parametrize("is_new", [False, True])
def test_once_somebody_typed_into_them_they_stay(old, is_new):
    sheet = after(old, guide_sheet.refreshed(old)) if is_new else old
    (place,) = (place for place, cell in sheet.cells.items() if cell.value == "late")
    typed = replace(sheet, cells={**sheet.cells, (place[0], sheet.at(MEANING)): Cell("Ask Ann first.")})
    assert guide_sheet.refreshed(typed) == []


def test_what_this_version_marked_the_next_one_changes(old, monkeypatch):
    sheet = after(old, guide_sheet.refreshed(old))
    monkeypatch.setattr(guide_sheet, "_TIMES", dict([*guide_sheet._TIMES.items()][::2]))
    later = after(sheet, guide_sheet.refreshed(sheet))
    assert len(said(later)) == len(said(sheet)) - 1, "a line less, and none is left at the end"
    assert guide_sheet.refreshed(later) == []

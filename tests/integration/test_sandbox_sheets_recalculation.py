"""Formulas that the embedded engine computes for reads, against values worked out by hand; and LibreOffice, asked."""

import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from attendance_sandbox.sheets.engine import Engine
from attendance_sandbox.sheets.worksheet import Worksheet
from tests.integration.test_sandbox_sheets_support import Office

needs_libreoffice = pytest.mark.skipif(
    shutil.which("soffice") is None and not os.environ.get("CI"), reason="LibreOffice is not installed"
)


@pytest.fixture(scope="module")
def office() -> Iterator[Office]:
    with Office(recalculate=True) as running:
        yield running


@pytest.fixture(scope="module")
def book(office: Office) -> str:
    """Hours of three days in A2:B4, an empty row, and formulas about them in D."""
    made = office.new()
    dates = {"userEnteredFormat": {"numberFormat": {"type": "DATE", "pattern": "yyyy-mm-dd"}}}
    hours = {"userEnteredFormat": {"numberFormat": {"type": "TIME", "pattern": "[h]:mm"}}}

    def format_(column: int, rows: tuple[int, int], cell: dict[str, Any]) -> dict[str, Any]:
        area = {
            "startRowIndex": rows[0],
            "endRowIndex": rows[1],
            "startColumnIndex": column,
            "endColumnIndex": column + 1,
        }
        return {"repeatCell": {"range": area, "cell": cell, "fields": "userEnteredFormat.numberFormat"}}

    office.replies(
        made,
        {"addSheet": {"properties": {"title": "Raw Data - a site with a very long name", "sheetId": 5}}},
        {"addNamedRange": {"namedRange": {"name": "Hours", "range": {"sheetId": 5, "endColumnIndex": 1}}}},
    )
    office.put(made, "'Raw Data - a site with a very long name'!A1", [[0.5], [0.75]])
    office.put(made, "A1", [["Day", "Hours"], [46027, 0.5], [46028, 0.75], [46029, "=1/8"]])
    office.put(
        made,
        "D1",
        [
            ["=SUM(B2:B)"],
            ["=MAX(A:A)"],
            ["=A2+1"],
            ['=IF(B2>1,"long","")'],
            ["=1/0"],
            ["=B2=0.5"],
            ['=VLOOKUP("nobody",A:B,2,FALSE)'],
            ["=SUM('Raw Data - a site with a very long name'!A:A)"],
            ["=SUM(Hours)"],
            ["=NOSUCH(1)"],
            ["=D1*2"],
        ],
    )
    office.replies(made, format_(3, (0, 1), hours), format_(3, (10, 11), hours), format_(3, (1, 3), dates))
    return made


def computed(office: Office, book: str, text: str) -> dict[str, Any]:
    shown = office.cell(book, text, "effectiveValue,formattedValue,userEnteredValue")
    del shown["userEnteredValue"]
    return shown


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ("D1", {"effectiveValue": {"numberValue": 1.375}, "formattedValue": "33:00"}),
        ("D2", {"effectiveValue": {"numberValue": 46029}, "formattedValue": "2026-01-07"}),
        ("D3", {"effectiveValue": {"numberValue": 46028}, "formattedValue": "2026-01-06"}),
        ("D4", {"effectiveValue": {"stringValue": ""}}),
        ("D6", {"effectiveValue": {"boolValue": True}, "formattedValue": "TRUE"}),
        ("D8", {"effectiveValue": {"numberValue": 1.25}, "formattedValue": "1.25"}),
        ("D9", {"effectiveValue": {"numberValue": 1.25}, "formattedValue": "1.25"}),
        ("D11", {"effectiveValue": {"numberValue": 2.75}, "formattedValue": "66:00"}),
    ],
)
def test_a_formula_has_its_value(office: Office, book: str, cell: str, shown: dict[str, Any]) -> None:
    assert computed(office, book, cell) == shown


@pytest.mark.parametrize(
    ("cell", "kind", "text"),
    [("D5", "DIVIDE_BY_ZERO", "#DIV/0!"), ("D7", "N_A", "#N/A"), ("D10", "NAME", "#NAME?")],
)
def test_an_error_has_its_type(office: Office, book: str, cell: str, kind: str, text: str) -> None:
    shown = computed(office, book, cell)
    assert shown["effectiveValue"]["errorValue"]["type"] == kind
    assert shown["formattedValue"] == text
    assert office.values(book, cell, valueRenderOption="UNFORMATTED_VALUE") == [[text]]


def test_values_are_computed_once_after_each_change_and_not_for_the_formulas_themselves(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = office.new()
    times: list[int] = []
    compute = Engine._model

    def counted(self: Engine, spreadsheet: Any) -> Any:
        times.append(1)
        return compute(self, spreadsheet)

    monkeypatch.setattr(Engine, "_model", counted)
    office.put(made, "A1", [["x", 2, "=B1*10"]])
    assert office.values(made, "A1:B1") == [["x", "2"]]
    assert office.values(made, "C1", valueRenderOption="FORMULA") == [["=B1*10"]]
    assert office.get(made, fields="sheets.data.rowData.values.userEnteredValue")["sheets"]
    assert times == []
    assert office.values(made, "C1") == [["20"]]
    assert office.server.read(made, "A1:C1") == [["x", 2, 20]]
    assert times == [1]
    office.put(made, "B1", [[3]])
    assert office.values(made, "A:C", valueRenderOption="UNFORMATTED_VALUE") == [["x", 3, 30]]
    assert times == [1, 1]


def test_without_recalculation_a_formula_has_no_value() -> None:
    with Office() as office:
        made = office.new()
        office.put(made, "A1", [[1, "=A1+1"]])
        assert office.values(made, "A1:B1") == [["1"]]
        shown = office.cell(made, "B1", "userEnteredValue,effectiveValue,formattedValue")
        assert shown == {"userEnteredValue": {"formulaValue": "=A1+1"}}


def test_no_libreoffice_is_needed_for_values(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with Office(recalculate=True) as office:
        made = office.new()
        office.put(made, "A1", [[2, "=A1*21"]])
        assert office.server.read(made, "B1") == [[42]]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("a~~b", ["a~b"]),
        ("a~*b", ["a*b"]),
        ("a~?b", ["a?b"]),
        ("~~1", ["~1"]),
        ("~~~*", ["~*"]),
        ("~~~~", ["~~"]),
        ("a~~~?~*b", ["a~?*b"]),
        ("A*B", ["a~b", "a*b", "a?b", "a~?*b"]),
    ],
)
def test_criteria_find_what_wildcards_mean(wanted: str, found: list[str]) -> None:
    texts = ["a~b", "a*b", "a?b", "~1", "~*", "~~", "a~?*b"]
    literal = f'"{wanted}"'
    with Office(recalculate=True) as office:
        made = office.new()
        office.put(made, "A1", [[text, number] for number, text in enumerate(texts, 1)], "RAW")
        office.put(made, "D1", [[wanted]], "RAW")
        office.put(
            made,
            "E1",
            [
                [
                    f"=COUNTIF(A:A,{literal})",
                    "=COUNTIF(A:A,D1)",
                    '=COUNTIF(A:A,"="&D1)',
                    "=SUMIF(A:A,D1,B:B)",
                    '=SUMIFS(B:B,A:A,D1,B:B,">0")',
                    "=COUNTIFS(A:A,D1,B:B,D2)",
                    "=MATCH(D1,A:A,0)",
                    '=IF(D1="x","","~~")',
                ]
            ],
        )
        (row,) = office.server.read(made, "E1:L1")
    numbers = [texts.index(text) + 1 for text in found]
    assert row == [*[len(found)] * 3, *[sum(numbers)] * 2, 0, numbers[0], "~~"]


def test_a_workbook_that_changes_has_the_values_of_one_that_was_made_so() -> None:
    """The engine is told only what changed; each change is checked against an engine that never saw the workbook."""
    with Office(recalculate=True) as office:
        made = office.new()
        long_title = "A worksheet with a title longer than Excel has them"
        sheet = {"addSheet": {"properties": {"title": long_title, "sheetId": 7}}}
        office.replies(made, sheet)
        office.put(made, "A1", [[1, "=A1*2", "=SUM(A:A)", f"=SUM('{long_title}'!A:A)", "=COUNTA(A2:B)"]])
        office.put(made, f"'{long_title}'!A1", [[5], ["=Sheet1!B1"]])
        seen = []

        def values() -> None:
            shown = office.server.compute(made)
            fresh = Engine().computed(office.server.spreadsheet(made).draft())
            assert [cells_of(sheet) for sheet in shown.sheets] == [cells_of(sheet) for sheet in fresh.sheets]
            seen.append(office.server.read(made, "Sheet1!A1:Z"))

        values()
        office.put(made, "A2", [[10, "x"]])
        values()
        rows = {"sheetId": 0, "dimension": "ROWS", "startIndex": 0, "endIndex": 1}
        office.replies(made, {"insertDimension": {"range": rows}})
        values()
        office.put(made, "A1", [["=A2", True, "=B1=1", "=1+"]])
        values()
        renamed = {"sheetId": 7, "title": "Short"}
        office.replies(made, {"updateSheetProperties": {"properties": renamed, "fields": "title"}})
        values()
        office.replies(made, {"addNamedRange": {"namedRange": {"name": "Ten", "range": one_cell(2, 0)}}})
        office.put(made, "A4", [["=Ten+1"]])
        values()
        office.replies(made, {"deleteDimension": {"range": rows}}, {"deleteSheet": {"sheetId": 7}})
        values()
    assert seen[0] == [[1, 2, 1, 7, 0]]
    assert seen[1] == [[1, 2, 11, 7, 2], [10, "x"]]
    assert seen[3] == [[1, True, False, "#ERROR!"], [1, 2, 12, 7, 2], [10, "x"]]
    assert seen[5][3] == [11]
    assert seen[6][0] == [1, 2, 22, "#REF!", 3]


def one_cell(row: int, column: int) -> dict[str, int]:
    return {
        "sheetId": 0,
        "startRowIndex": row,
        "endRowIndex": row + 1,
        "startColumnIndex": column,
        "endColumnIndex": column + 1,
    }


def cells_of(sheet: Worksheet) -> list[tuple[int, int, Any, type]]:
    return [(row, column, cell.value, type(cell.value)) for row, column, cell in sheet.occupied(sheet.area)]


def test_a_title_that_holds_the_number_of_the_row_is_a_title(office: Office) -> None:
    """Of formulas that differ in their own row alone, one is worked out; a title, a text and a number are no row."""
    made = office.new()
    for title in ("Raw 4", "A5"):
        office.replies(made, {"addSheet": {"properties": {"title": title}}})
        office.put(made, f"'{title}'!A1:A5", [[1], [2], [3], [4], [5]])
    office.put(made, "A3:A5", [[f"='Raw 4'!A{row}&\" of 4, \"&'A5'!A{row}+4"] for row in (3, 4, 5)])
    assert office.values(made, "A3:A5") == [["3 of 4, 7"], ["4 of 4, 8"], ["5 of 4, 9"]]


def test_one_column_of_a_title_with_an_apostrophe_is_a_range() -> None:
    with Office(recalculate=True) as office:
        made = office.new()
        office.replies(made, {"addSheet": {"properties": {"title": "HR's days"}}})
        office.put(made, "'HR''s days'!A1:A2", [[1], [3]])
        office.put(
            made, "A1:B1", [["=SUMIF(INDEX('HR''s days'!$A:$A,2,0),\">2\")", "=COUNTIF('HR''s days'!A2,3)"]]
        )
        assert office.server.read(made, "A1:B1") == [[3, 1]]

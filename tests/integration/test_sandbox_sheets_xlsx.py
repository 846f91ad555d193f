"""Workbooks saved as .xlsx: read back by openpyxl, recalculated by LibreOffice."""

import csv
import datetime as dt
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from attendance_sandbox.sheets.server import SheetsServer

DATE_TIME = {"type": "DATE_TIME", "pattern": "dd-mm-yyyy hh:mm:ss"}
HOURS = {"type": "TIME", "pattern": "[h]:mm"}
SOFFICE = shutil.which("soffice")


@pytest.fixture(scope="module")
def server() -> Iterator[SheetsServer]:
    # Never started: what is on the server's side needs no HTTP.
    running = SheetsServer()
    yield running
    running.stop()


def grid(rows: tuple[int, int], columns: tuple[int, int], sheet_id: int = 0) -> dict[str, int]:
    return {
        "sheetId": sheet_id,
        "startRowIndex": rows[0],
        "endRowIndex": rows[1],
        "startColumnIndex": columns[0],
        "endColumnIndex": columns[1],
    }


def saved(server: SheetsServer, spreadsheet_id: str, folder: Path) -> Path:
    """The file of one spreadsheet; the server holds those of other tests too."""
    place = [one.spreadsheet_id for one in server.spreadsheets()].index(spreadsheet_id)
    return server.save(folder)[place]


def typed(number: float, number_format: dict[str, str]) -> dict[str, Any]:
    return {"userEnteredValue": {"numberValue": number}, "userEnteredFormat": {"numberFormat": number_format}}


@pytest.fixture(scope="module")
def review(server: SheetsServer) -> str:
    """A spreadsheet with a bit of everything."""
    made = server.new_spreadsheet("Attendance Review - January 2026")
    header = ["Employee", "In", "Out", "Hours", "Note"]
    rows = [
        {"values": [{"userEnteredValue": {"stringValue": text}} for text in header]},
        {
            "values": [
                {"userEnteredValue": {"stringValue": "=Ann"}},
                typed(46027.375, DATE_TIME),
                typed(46027.75, DATE_TIME),
                {
                    "userEnteredValue": {"formulaValue": "=C2-B2"},
                    "userEnteredFormat": {"numberFormat": HOURS},
                },
                {"userEnteredValue": {"boolValue": True}, "note": "checked"},
            ]
        },
        {
            "values": [
                {
                    "userEnteredValue": {"stringValue": "007"},
                    "userEnteredFormat": {"numberFormat": {"type": "TEXT", "pattern": "@"}},
                },
                typed(46028.375, DATE_TIME),
                typed(46028.5, DATE_TIME),
                {
                    "userEnteredValue": {"formulaValue": "=C3-B3"},
                    "userEnteredFormat": {"numberFormat": HOURS},
                },
            ]
        },
    ]
    head = {
        "textFormat": {"bold": True, "foregroundColorStyle": {"rgbColor": {"red": 1, "green": 1, "blue": 1}}},
        "backgroundColorStyle": {"rgbColor": {"blue": 1}},
        "horizontalAlignment": "CENTER",
        "verticalAlignment": "MIDDLE",
        "wrapStrategy": "WRAP",
    }
    late = {
        "ranges": [grid((1, 100), (3, 4))],
        "booleanRule": {
            "condition": {"type": "CUSTOM_FORMULA", "values": [{"userEnteredValue": "=$D2<0.25"}]},
            "format": {"backgroundColor": {"red": 1}, "textFormat": {"bold": True}},
        },
    }
    properties = {
        "title": "Raw Data - a site with a very long name",
        "gridProperties": {"frozenRowCount": 1, "frozenColumnCount": 2, "rowCount": 100, "columnCount": 6},
        "tabColorStyle": {"rgbColor": {"red": 1}},
    }
    total = {"userEnteredValue": {"formulaValue": "=SUM('Raw Data - a site with a very long name'!D2:D)"}}
    server.batch_update(
        made,
        [
            {"updateCells": {"start": {}, "rows": rows, "fields": "*"}},
            {
                "repeatCell": {
                    "range": grid((0, 1), (0, 5)),
                    "cell": {"userEnteredFormat": head},
                    "fields": "userEnteredFormat",
                }
            },
            {"addConditionalFormatRule": {"rule": late, "index": 0}},
            {
                "repeatCell": {
                    "range": grid((2, 3), (0, 5)),
                    "cell": {"userEnteredFormat": {"borders": {"bottom": {"style": "SOLID_MEDIUM"}}}},
                    "fields": "userEnteredFormat.borders",
                }
            },
            {
                "updateDimensionProperties": {
                    "range": {"dimension": "COLUMNS", "startIndex": 1, "endIndex": 3},
                    "properties": {"pixelSize": 145},
                    "fields": "pixelSize",
                }
            },
            {"addSheet": {"properties": {"title": "Sum", "sheetId": 5, "hidden": False}}},
            {"addSheet": {"properties": {"title": "Workings", "sheetId": 6, "hidden": True}}},
            {"updateCells": {"start": {"sheetId": 5}, "rows": [{"values": [total]}], "fields": "*"}},
            {
                "updateSheetProperties": {
                    "properties": properties,
                    "fields": "title,tabColorStyle,gridProperties",
                }
            },
            {"addNamedRange": {"namedRange": {"name": "Hours", "range": grid((1, 3), (3, 4))}}},
        ],
    )
    return made


@pytest.fixture(scope="module")
def workbook(server: SheetsServer, review: str, tmp_path_factory: pytest.TempPathFactory) -> Any:
    return openpyxl.load_workbook(saved(server, review, tmp_path_factory.mktemp("books")))


@pytest.fixture
def raw(workbook: Any) -> Any:
    return workbook.worksheets[0]


def test_values_keep_their_types(raw: Any) -> None:
    values = [[cell.value for cell in row] for row in raw["A1:E3"]]
    assert values == [
        ["Employee", "In", "Out", "Hours", "Note"],
        ["=Ann", dt.datetime(2026, 1, 5, 9), dt.datetime(2026, 1, 5, 18), "=C2-B2", True],
        ["007", dt.datetime(2026, 1, 6, 9), dt.datetime(2026, 1, 6, 12), "=C3-B3", None],
    ]
    assert [raw["A2"].data_type, raw["D2"].data_type] == ["s", "f"]
    assert [raw[name].number_format for name in ("B2", "D2", "A3")] == ["dd-mm-yyyy hh:mm:ss", "[h]:mm", "@"]
    assert raw["E2"].comment.text == "checked"


def test_formats_are_kept(raw: Any) -> None:
    head = raw["A1"]
    assert head.font.bold
    assert head.font.color.rgb == "FFFFFFFF"
    assert (head.fill.fill_type, head.fill.fgColor.rgb) == ("solid", "FF0000FF")
    assert (head.alignment.horizontal, head.alignment.vertical, head.alignment.wrap_text) == (
        "center",
        "center",
        True,
    )
    assert raw["A3"].border.bottom.style == "medium"
    assert raw["A2"].border.bottom.style is None
    assert not raw["B2"].font.bold
    assert {(raw[name].font.name, raw[name].font.size) for name in ("A1", "A2", "F9")} == {("Arial", 10)}


def test_the_layout_is_kept(workbook: Any, raw: Any) -> None:
    assert raw.freeze_panes == "C2"
    assert raw.sheet_properties.tabColor.rgb.endswith("FF0000")
    assert raw.column_dimensions["B"].width == 20
    assert [sheet.sheet_state for sheet in workbook.worksheets] == ["visible", "visible", "hidden"]
    assert workbook.defined_names["Hours"].attr_text == "'Raw Data - a site with a very l'!$D$2:$D$3"


def test_the_order_of_worksheets_and_notes_are_kept(server: SheetsServer, tmp_path: Path) -> None:
    made = server.new_spreadsheet("Order")
    server.batch_update(
        made,
        [
            {"addSheet": {"properties": {"title": "Staff list", "index": 0, "hidden": True}}},
            {"addSheet": {"properties": {"title": "Summary", "index": 0}}},
            {
                "repeatCell": {
                    "range": grid((0, 1), (2, 3)),
                    "cell": {"note": "Pick a name."},
                    "fields": "note",
                }
            },
        ],
    )
    workbook = openpyxl.load_workbook(saved(server, made, tmp_path))
    assert [(sheet.title, sheet.sheet_state) for sheet in workbook] == [
        ("Summary", "visible"),
        ("Staff list", "hidden"),
        ("Sheet1", "visible"),
    ]
    assert workbook.active.title == "Summary"
    assert workbook["Sheet1"]["C1"].comment.text == "Pick a name."


def test_rules_are_kept(raw: Any) -> None:
    found = {
        str(formats.sqref): (rule.type, rule.formula, rule.stopIfTrue)
        for formats in raw.conditional_formatting
        for rule in formats.rules
    }
    assert found == {"D2:D100": ("expression", ["$D2<0.25"], True)}
    (late,) = next(iter(raw.conditional_formatting)).rules
    assert late.dxf.fill.bgColor.rgb == "FFFF0000"
    assert late.dxf.font.bold


def test_titles_that_excel_refuses_are_shortened_and_formulas_follow(workbook: Any) -> None:
    assert workbook.sheetnames == ["Raw Data - a site with a very l", "Sum", "Workings"]
    assert all(len(name) <= 31 for name in workbook.sheetnames)


def test_open_ranges_and_younger_functions_are_written_for_excel(
    server: SheetsServer, tmp_path: Path
) -> None:
    made = server.new_spreadsheet("Formulas")
    server.write(
        made, "A1", [["=SUM(B2:B)", '=IFS(A1>1,"A2:A",TRUE,TEXTJOIN(",",TRUE,B1:B2))', "=MINIFS(B:B,C:C,1)"]]
    )
    sheet = openpyxl.load_workbook(saved(server, made, tmp_path)).active
    assert [cell.value for cell in sheet[1]] == [
        "=SUM(B2:B$1048576)",
        '=_xlfn.IFS(A1>1,"A2:A",TRUE,_xlfn.TEXTJOIN(",",TRUE,B1:B2))',
        "=_xlfn.MINIFS(B:B,C:C,1)",
    ]


def test_the_same_content_gives_the_same_bytes(server: SheetsServer, review: str, tmp_path: Path) -> None:
    first = saved(server, review, tmp_path / "one").read_bytes()
    again = saved(server, review, tmp_path / "two")
    assert again.read_bytes() == first


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Plain title", "Plain title.xlsx"),
        ("../../etc/passwd", "_.._etc_passwd.xlsx"),
        ("/absolute", "_absolute.xlsx"),
        ("a\\b:c*d?e", "a_b_c_d_e.xlsx"),
        ("nul\x00byte\nline", "nul_byte_line.xlsx"),
        ("...", "Untitled.xlsx"),
        ("Überstunden 01/2026", "Überstunden 01_2026.xlsx"),
        ("x" * 500, "x" * 180 + ".xlsx"),
    ],
)
def test_a_title_is_never_a_path(tmp_path: Path, title: str, name: str) -> None:
    server = SheetsServer(folder=tmp_path / "books")
    server.new_spreadsheet(title)
    (path,) = server.save()
    server.stop()
    assert path == tmp_path / "books" / name
    assert [found.name for found in tmp_path.rglob("*.xlsx")] == [name]


def test_equal_titles_get_files_of_their_own(tmp_path: Path) -> None:
    server = SheetsServer(folder=tmp_path)
    for title in ("Book", "book", "Book"):
        server.new_spreadsheet(title)
    assert [path.name for path in server.save()] == ["Book.xlsx", "book (2).xlsx", "Book (3).xlsx"]
    server.stop()


def test_odd_texts_do_not_spoil_a_file(server: SheetsServer, tmp_path: Path) -> None:
    made = server.new_spreadsheet("Odd")
    texts = ["a\x00b\x1f", "=1+1", "😀", "<b>&amp;", "line\nbreak", "x" * 40_000]
    rows = [{"values": [{"userEnteredValue": {"stringValue": text}} for text in texts]}]
    title = {"properties": {"title": "a\x00\uffffb"}, "fields": "title"}
    server.batch_update(
        made,
        [{"updateCells": {"start": {}, "rows": rows, "fields": "*"}}, {"updateSheetProperties": title}],
    )
    sheet = openpyxl.load_workbook(saved(server, made, tmp_path)).active
    assert [cell.value for cell in sheet[1]][:5] == ["ab", *texts[1:5]]
    assert sheet.title == "ab"


def test_worksheets_with_nothing_in_them_are_saved(server: SheetsServer, tmp_path: Path) -> None:
    made = server.new_spreadsheet("Empty")
    server.batch_update(made, [{"addSheet": {"properties": {"title": "History[1]"}}}])
    assert openpyxl.load_workbook(saved(server, made, tmp_path)).sheetnames == ["Sheet1", "History_1_"]


def convert(path: Path, form: str, folder: Path) -> None:
    """Lets LibreOffice open a workbook and write it in another form."""
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    command = [str(SOFFICE), profile, "--headless", "--convert-to", form, "--outdir", str(folder), str(path)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)


@pytest.mark.skipif(SOFFICE is None, reason="LibreOffice is not installed")
@pytest.mark.slow
def test_libreoffice_sees_all_that_is_kept(server: SheetsServer, review: str, tmp_path: Path) -> None:
    path = saved(server, review, tmp_path / "saved")
    convert(path, "xlsx", tmp_path)  # no window: no frozen panes
    workbook = openpyxl.load_workbook(tmp_path / path.name)
    assert [sheet.sheet_state for sheet in workbook] == ["visible", "visible", "hidden"]
    sheet = workbook.worksheets[0]
    assert sheet["E2"].comment.text == "checked"
    assert sheet["B2"].number_format == "dd\\-mm\\-yyyy\\ hh:mm:ss"
    formats = {str(found.sqref): found.rules[0].formula for found in sheet.conditional_formatting}
    assert formats == {"D2:D100": ["$D2<0.25"]}


@pytest.mark.skipif(SOFFICE is None, reason="LibreOffice is not installed")
@pytest.mark.slow
def test_libreoffice_computes_what_sheets_would(server: SheetsServer, review: str, tmp_path: Path) -> None:
    path = saved(server, review, tmp_path)
    # Every worksheet as CSV, formulas computed, values as they are shown.
    convert(path, "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,true,false,false,-1", tmp_path)
    sheets = {found.stem.removeprefix(path.stem + "-"): found for found in tmp_path.glob("*.csv")}
    raw_rows = list(csv.reader(sheets["Raw Data - a site with a very l"].open(encoding="utf-8")))
    assert raw_rows[1] == ["=Ann", "05-01-2026 09:00:00", "05-01-2026 18:00:00", "9:00", "TRUE"]
    assert raw_rows[2][:4] == ["007", "06-01-2026 09:00:00", "06-01-2026 12:00:00", "3:00"]
    (total,) = list(csv.reader(sheets["Sum"].open(encoding="utf-8")))[:1]
    assert float(total[0]) == 0.5


def test_what_lies_in_a_folder_is_saved_in_a_folder(tmp_path):
    with SheetsServer() as server:
        drive = server.new_shared_folder("Attendance")
        copies = server.store.create("Copies", "application/vnd.google-apps.folder", "a@example.com", [drive])
        server.new_spreadsheet("January", folder_id=drive)
        server.new_spreadsheet("January", folder_id=copies.file_id)
        server.new_spreadsheet("Mine")
        names = [str(path.relative_to(tmp_path)) for path in server.save(tmp_path)]
        assert names == ["January.xlsx", "Mine.xlsx", "Copies/January.xlsx"]
        assert [path.name for path in server.save(tmp_path, subfolders=False)] == [
            "January.xlsx",
            "Mine.xlsx",
        ]

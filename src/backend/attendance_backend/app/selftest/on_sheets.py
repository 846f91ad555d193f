"""What is believed of Google Sheets."""

from typing import Any

from attendance_backend.app.selftest.google_lab import GoogleLab, Refused, area, columns, refused, write
from attendance_backend.google.google_http import Json
from attendance_backend.review.names import LOCALE
from attendance_backend.review.structure import TIME_ZONE
from attendance_trouble.belief import Beliefs, OtherwiseError, expect

_LONGEST_TEXT = 50_000
_TAG = "attendance.selftest"


def _named(name: str, range_id: str, where: Json) -> Json:
    return {"addNamedRange": {"namedRange": {"namedRangeId": range_id, "name": name, "range": where}}}


def _dropped(range_id: str) -> Json:
    return {"deleteNamedRange": {"namedRangeId": range_id}}


def _tagged(sheet_id: int, column: int, value: str) -> Json:
    location = {"dimensionRange": columns(sheet_id, column, column + 1)}
    metadata = {"metadataKey": _TAG, "metadataValue": value, "visibility": "DOCUMENT", "location": location}
    return {"createDeveloperMetadata": {"developerMetadata": metadata}}


def tags(lab: GoogleLab, title: str, of: str | None = None) -> dict[int, str]:
    """What the columns of a worksheet bear, by their places."""
    fields = "sheets(data(startColumn,columnMetadata(developerMetadata(metadataKey,metadataValue))))"
    block = lab.read(fields, f"'{title}'!A1:H1", of=of)["sheets"][0]["data"][0]
    found = {}
    for place, column in enumerate(block.get("columnMetadata", ()), block.get("startColumn", 0)):
        for each in column.get("developerMetadata", ()):
            found[place] = each["metadataValue"]
    return found


def _with_choices(lab: GoogleLab) -> int:
    """A worksheet whose first column offers what another one holds."""
    of, sheet = lab.worksheet(("one",), ("two",)), lab.worksheet()
    offered = {"type": "ONE_OF_RANGE", "values": [{"userEnteredValue": f"='T{of}'!$A$1:$A$2"}]}
    rule = {"condition": offered, "showCustomUi": True}
    lab.batch({"setDataValidation": {"range": area(sheet, 0, 20, 0, 1), "rule": rule}})
    return sheet


def _offers(lab: GoogleLab, cell: str) -> str:
    rows = lab.cells(cell, "dataValidation(condition(type))")
    told: Json = (rows[0][0] if rows and rows[0] else None) or {}
    return expect(f"it offers {told}", so=told.get("condition", {}).get("type") == "ONE_OF_RANGE")


_FORMULAS = {
    '=SUMIFS(B1:B3,A1:A3,"b")': 5.0,
    '=COUNTIFS($A:$A,"b",$B:$B,">2")': 1.0,
    '=IFERROR(INDEX(B1:B3,MATCH("c",A1:A3,0)),0)': 4.0,
    "=ROUND(MOD(0.75,0.5)*24,2)": 6.0,
    '=IF(AND(ISNUMBER(B1),NOT(ISNUMBER(A1))),LEN(TRIM(" ab ")),0)': 2.0,
    '=MINIFS(B1:B3,A1:A3,"b")': 2.0,
    "=WEEKDAY(DATE(2026,11,30),2)": 1.0,
    '=IF(""=C9,MID("Monday",1,3),"")': "Mon",
}


ON_SHEETS: Beliefs[GoogleLab] = Beliefs()


@ON_SHEETS.held(
    "Changes that drop a named range which is gone are refused (400), and nothing of them is written."
)
def _version_gone(lab: GoogleLab) -> str:
    sheet = lab.worksheet(("before",))
    lab.batch(_named("selftest_gone", "gone1", area(sheet, 0, 1, 0, 1)))
    lab.batch(_dropped("gone1"))
    with refused(400) as seen:
        lab.batch(write(sheet, ("after",)), _dropped("gone1"))
    left = lab.cells(f"'T{sheet}'!A1")[0][0]["stringValue"]
    return expect(f"{seen[0]}; the cell still says {left!r}", so=left == "before")


@ON_SHEETS.held("In one call a named range can be dropped and another one of the same name be made.")
def _version_swap(lab: GoogleLab) -> str:
    sheet = lab.worksheet()
    lab.batch(_named("selftest_swap", "swap1", area(sheet, 0, 1, 0, 1)))
    lab.batch(_dropped("swap1"), _named("selftest_swap", "swap2", area(sheet, 0, 1, 0, 1)))
    found = lab.names()["selftest_swap"]["namedRangeId"]
    return expect(f"its ID is {found}", so=found == "swap2")


@ON_SHEETS.held("After the cells of a named range are deleted, one of another name can take its place.")
def _version_lost(lab: GoogleLab) -> str:
    sheet = lab.worksheet()
    lab.batch(_named("selftest_lost", "lost1", area(sheet, 0, 1, 2, 3)))
    lab.batch({"deleteDimension": {"range": columns(sheet, 2, 3)}})
    told = lab.names().get("selftest_lost")
    lab.batch(_named("selftest_lost_2", "lost2", area(sheet, 0, 1, 0, 1)))
    return expect(f"told of it: {told}; another name was taken", so="selftest_lost_2" in lab.names())


@ON_SHEETS.held("A named range moves with its cells when columns are inserted before it.")
def _names_move(lab: GoogleLab) -> str:
    sheet = lab.worksheet()
    lab.batch(_named("selftest_move", "move1", area(sheet, 0, 2, 3, 4)))
    lab.batch({"insertDimension": {"range": columns(sheet, 1, 3)}})
    place = lab.names()["selftest_move"]["range"].get("startColumnIndex")
    return expect(f"from column 3 to {place}", so=place == 5)


@ON_SHEETS.held("A call that is refused in its last change has made none of the others.")
def _all_or_nothing(lab: GoogleLab) -> str:
    sheet = lab.worksheet(("before",))
    try:
        lab.batch(write(sheet, ("after",)), {"deleteSheet": {"sheetId": 99_999}})
    except Refused as error:
        left = lab.cells(f"'T{sheet}'!A1")[0][0]["stringValue"]
        return expect(f"{error}; the cell still says {left!r}", so=left == "before")
    raise OtherwiseError("a worksheet that is not there could be deleted")


@ON_SHEETS.held(
    "Developer metadata of a column stays on it when columns are inserted or moved, and a read of cells tells it."
)
def _tags_follow(lab: GoogleLab) -> str:
    sheet = lab.worksheet()
    lab.batch(_tagged(sheet, 1, "one"), _tagged(sheet, 3, "three"))
    lab.batch({"insertDimension": {"range": columns(sheet, 0, 1)}})
    lab.batch({"moveDimension": {"source": columns(sheet, 4, 5), "destinationIndex": 0}})
    found = tags(lab, f"T{sheet}")
    return expect(f"{found}", so=found == {0: "three", 3: "one"})


@ON_SHEETS.held("Developer metadata of a column goes with it when it is deleted.")
def _tags_die(lab: GoogleLab) -> str:
    sheet = lab.worksheet()
    lab.batch(_tagged(sheet, 1, "one"), _tagged(sheet, 2, "two"))
    lab.batch({"deleteDimension": {"range": columns(sheet, 1, 2)}})
    found = tags(lab, f"T{sheet}")
    return expect(f"{found}", so=found == {1: "two"})


@ON_SHEETS.held("References of formulas follow inserted columns.")
def _references_follow(lab: GoogleLab) -> str:
    sheet = lab.worksheet((1, 2, "=A1+B1", "=SUM($A:$B)"), formulas=True)
    lab.batch({"insertDimension": {"range": columns(sheet, 1, 2)}})
    cells = lab.cells(f"'T{sheet}'!D1:E1", "userEnteredValue")[0]
    found = [cell["formulaValue"] for cell in cells]
    return expect(", ".join(found), so=found == ["=A1+C1", "=SUM($A:$C)"])


@ON_SHEETS.held("References of formulas follow a worksheet that is renamed.")
def _renamed(lab: GoogleLab) -> str:
    of, sheet = lab.worksheet((7,)), lab.worksheet()
    lab.batch(write(sheet, (f"='T{of}'!A1+1",), formulas=True))
    renamed = {"sheetId": of, "title": f"It's T{of}"}
    lab.batch({"updateSheetProperties": {"properties": renamed, "fields": "title"}})
    cell = lab.cells(f"'T{sheet}'!A1", "userEnteredValue")[0][0]["formulaValue"]
    value = lab.cells(f"'T{sheet}'!A1")[0][0].get("numberValue")
    return expect(f"{cell} is {value}", so=(cell, value) == (f"='It''s T{of}'!A1+1", 8))


@ON_SHEETS.held("References of formulas follow cells that are cut and pasted elsewhere.")
def _cut(lab: GoogleLab) -> str:
    sheet = lab.worksheet((7, "=A1+1"), formulas=True)
    place = {"sheetId": sheet, "rowIndex": 4, "columnIndex": 3}
    lab.batch(
        {"cutPaste": {"source": area(sheet, 0, 1, 0, 1), "destination": place, "pasteType": "PASTE_NORMAL"}}
    )
    cell = lab.cells(f"'T{sheet}'!B1", "userEnteredValue")[0][0]["formulaValue"]
    return expect(f"{cell}", so=cell == "=D5+1")


@ON_SHEETS.held("A formula that is filled into a block has its relative references move along.")
def _filled(lab: GoogleLab) -> str:
    sheet = lab.worksheet((1, 10), (2, 20))
    cell = {"userEnteredValue": {"formulaValue": "=A1+B$1"}}
    lab.batch({"repeatCell": {"range": area(sheet, 0, 2, 2, 3), "cell": cell, "fields": "userEnteredValue"}})
    found = [row[0]["formulaValue"] for row in lab.cells(f"'T{sheet}'!C1:C2", "userEnteredValue")]
    return expect(", ".join(found), so=found == ["=A1+B$1", "=A2+B$1"])


@ON_SHEETS.held("Cells offer choices from another worksheet.")
def _choices(lab: GoogleLab) -> str:
    sheet = _with_choices(lab)
    return _offers(lab, f"'T{sheet}'!A1")


@ON_SHEETS.held("Rows that are inserted offer what the row above them offers.")
def _inherit(lab: GoogleLab) -> str:
    sheet = _with_choices(lab)
    rows = {**columns(sheet, 2, 4), "dimension": "ROWS"}
    lab.batch({"insertDimension": {"range": rows, "inheritFromBefore": True}})
    return _offers(lab, f"'T{sheet}'!A3")


@ON_SHEETS.held(
    "Formulas in English, with commas, are computed by the next read, in the locale that workbooks get."
)
def _formulas(lab: GoogleLab) -> str:
    sheet = lab.worksheet(("b", 2), ("b", 3), ("c", 4))
    written = [(text,) for text in _FORMULAS]
    lab.batch(write(sheet, *written, column=5, formulas=True))
    found = [next(iter((row[0] or {}).values()), None) for row in lab.cells(f"'T{sheet}'!F1:F{len(written)}")]
    wrong = [
        f"{formula} gives {value!r}"
        for (formula, expected), value in zip(_FORMULAS.items(), found, strict=True)
        if value != expected
    ]
    return expect("; ".join(wrong) or f"{len(found)} formulas computed", so=not wrong)


@ON_SHEETS.held("A moment that is written as a number comes back as that number, and is shown by its format.")
def _dates(lab: GoogleLab) -> str:
    sheet = lab.worksheet((46356.375,))
    shown = {"numberFormat": {"type": "DATE_TIME", "pattern": "dd-mm-yyyy hh:mm:ss"}}
    look = {
        "range": area(sheet, 0, 1, 0, 1),
        "cell": {"userEnteredFormat": shown},
        "fields": "userEnteredFormat",
    }
    lab.batch({"repeatCell": look})
    number = lab.cells(f"'T{sheet}'!A1")[0][0]["numberValue"]
    text = lab.cells(f"'T{sheet}'!A1", "formattedValue")[0][0]
    return expect(f"{number}, shown as {text}", so=(number, text) == (46356.375, "30-11-2026 09:00:00"))


@ON_SHEETS.held("What is written as a text stays one, whatever it looks like.")
def _texts(lab: GoogleLab) -> str:
    typed = ("007", "1-2", "=1+1", "30/11/2026", "TRUE", "'quoted")
    sheet = lab.worksheet(typed)
    found = [next(iter(cell.items())) for cell in lab.cells(f"'T{sheet}'!A1:F1")[0]]
    return expect(f"{[value for _, value in found]}", so=found == [("stringValue", text) for text in typed])


@ON_SHEETS.held("What is appended goes below the last row in which anybody wrote anything.")
def _append(lab: GoogleLab) -> str:
    sheet = lab.worksheet(("one",), ("two",))
    lab.batch(write(sheet, ("somebody's",), row=6, column=3))
    row = {"values": [{"userEnteredValue": {"stringValue": "new"}}]}
    lab.batch({"appendCells": {"sheetId": sheet, "rows": [row], "fields": "userEnteredValue"}})
    rows = lab.cells(f"'T{sheet}'!A1:D20")
    place = next(place for place, cells in enumerate(rows) if cells and cells[0] == {"stringValue": "new"})
    return expect(f"in row {place + 1}, below row 7", so=place == 7)


@ON_SHEETS.held("The answer to a write tells what areas hold right after it, and what columns bear.")
def _answer(lab: GoogleLab) -> str:
    sheet = lab.worksheet(("head",))
    lab.batch(_tagged(sheet, 0, "zero"))
    fields = "data(columnMetadata(developerMetadata(metadataValue)),rowData(values(effectiveValue)))"
    answer = lab.batch(
        write(sheet, (5,), row=1),
        fields=f"updatedSpreadsheet(sheets({fields}))",
        includeSpreadsheetInResponse=True,
        responseRanges=[f"'T{sheet}'!A1:A2"],
    )
    block = answer["updatedSpreadsheet"]["sheets"][0]["data"][0]
    values = [row["values"][0]["effectiveValue"] for row in block["rowData"]]
    tag = block["columnMetadata"][0]["developerMetadata"][0]["metadataValue"]
    return expect(
        f"{values}, {tag}", so=(values, tag) == ([{"stringValue": "head"}, {"numberValue": 5}], "zero")
    )


@ON_SHEETS.held("A conditional format colours the cells for which its formula is true.")
def _colours(lab: GoogleLab) -> str:
    sheet = lab.worksheet((1,), (5,))
    red = {"red": 1.0}
    condition = {"type": "CUSTOM_FORMULA", "values": [{"userEnteredValue": "=$A1>3"}]}
    rule = {
        "ranges": [area(sheet, 0, 2, 0, 1)],
        "booleanRule": {"condition": condition, "format": {"backgroundColor": red}},
    }
    lab.batch({"addConditionalFormatRule": {"rule": rule, "index": 0}})
    cells = lab.cells(f"'T{sheet}'!A1:A2", "effectiveFormat(backgroundColor)")
    found = [(row[0] or {}).get("backgroundColor") for row in cells]
    return expect(f"{found}", so=found[1] == red and found[0] != red)


@ON_SHEETS.held("Protection that only warns does not keep the program from writing.")
def _protection_warns(lab: GoogleLab) -> str:
    sheet = lab.worksheet(("a",))
    protected = {"range": {"sheetId": sheet}, "warningOnly": True, "description": "selftest"}
    lab.batch({"addProtectedRange": {"protectedRange": protected}})
    lab.batch(write(sheet, ("b",)))
    return "it was written to"


@ON_SHEETS.held("Whoever protects a range and names nobody may go on writing there, and is told so.")
def _protection_own(lab: GoogleLab) -> str:
    sheet = lab.worksheet(("a",))
    protected = {"range": {"sheetId": sheet}, "editors": {"users": []}, "description": "selftest"}
    lab.batch({"addProtectedRange": {"protectedRange": protected}})
    lab.batch(write(sheet, ("b",)))
    told = lab.read("sheets(properties(sheetId),protectedRanges(warningOnly,requestingUserCanEdit))")
    (found,) = [each for each in told["sheets"] if each["properties"].get("sheetId") == sheet]
    can_edit = found["protectedRanges"][0].get("requestingUserCanEdit")
    return expect(f"it was written to; requestingUserCanEdit is {can_edit}", so=can_edit is True)


@ON_SHEETS.held("A cell takes a text of 50,000 characters; one more is refused (400).")
def _longest_text(lab: GoogleLab) -> str:
    sheet = lab.worksheet(("x" * _LONGEST_TEXT,))
    with refused(400) as seen:
        lab.batch(write(sheet, ("x" * (_LONGEST_TEXT + 1),)))
    return f"{seen[0]}"


@ON_SHEETS.held("A write beyond the grid is refused (400).")
def _grid(lab: GoogleLab) -> str:
    sheet = lab.worksheet(row_count=5)
    with refused(400) as seen:
        lab.batch(write(sheet, ("a",), row=5))
    return f"{seen[0]}"


@ON_SHEETS.held("More than 10,000,000 cells in a spreadsheet are refused (400).")
def _most_cells(lab: GoogleLab) -> str:
    grid = {"rowCount": 100_000, "columnCount": 101}
    with refused(400) as seen:
        lab.batch({"addSheet": {"properties": {"title": "Too large", "gridProperties": grid}}})
    return f"{seen[0]}"


@ON_SHEETS.held("One call takes 20,000 cells of 100 characters each.")
def _large_write(lab: GoogleLab) -> str:
    sheet = lab.worksheet(row_count=2_000, columns=10)
    text = "x" * 100
    lab.batch(write(sheet, *[(text,) * 10] * 2_000))
    last = lab.cells(f"'T{sheet}'!J2000")[0][0]["stringValue"]
    return expect("20,000 cells, 3 MB, in one call", so=last == text)


@ON_SHEETS.held("A worksheet that is not there is refused (400) in the words of a range that makes no sense.")
def _no_worksheet(lab: GoogleLab) -> str:
    with refused(400, "Unable to parse range") as seen:
        lab.read("sheets(properties(title))", "'No such worksheet'!A1")
    return f"{seen[0]}"


@ON_SHEETS.held("A spreadsheet that is not there is refused with 404.")
def _no_spreadsheet(lab: GoogleLab) -> str:
    with refused(404) as seen:
        lab.read("spreadsheetId", of="1" * 44)
    return f"{seen[0]}"


@ON_SHEETS.held("A second worksheet of the same title is refused (400).")
def _same_title(lab: GoogleLab) -> str:
    sheet = lab.worksheet()
    with refused(400, "already exists") as seen:
        lab.batch({"addSheet": {"properties": {"title": f"T{sheet}"}}})
    return f"{seen[0]}"


@ON_SHEETS.held("Locale and time zone are those that were set.")
def _locale(lab: GoogleLab) -> str:
    told: dict[str, Any] = lab.read("properties(locale,timeZone)")["properties"]
    return expect(
        f"{told['locale']}, {told['timeZone']}", so=(told["locale"], told["timeZone"]) == (LOCALE, TIME_ZONE)
    )


@ON_SHEETS.held("The ID of a spreadsheet's first worksheet is 0, and may be left out of answers.")
def _left_out(lab: GoogleLab) -> str:
    sheets = lab.read("sheets(properties(sheetId,title))")["sheets"]
    first = sheets[0]["properties"]
    return expect(f"{first}", so=not first.get("sheetId"))

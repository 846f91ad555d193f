"""Spreadsheets as ``.xlsx`` files, for people, LibreOffice and tests to look at.

Kept: typed values, formulas, number formats, fonts, colours, alignment, wrapping, borders, notes, frozen rows and
columns, widths and heights, hidden rows, columns and worksheets, conditional formats, filters, named ranges,
tab colours. Choices and protection are not. The same content gives the same bytes.
"""

from __future__ import annotations

import datetime as dt
import io
import json
import math
import re
import zipfile
from copy import copy
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.comments import Comment
from openpyxl.formatting.rule import FormulaRule
from openpyxl.styles import Font
from openpyxl.workbook.defined_name import DefinedName

from attendance_sandbox.sheets import formula as formulas
from attendance_sandbox.sheets import xlsx_styles
from attendance_sandbox.sheets.a1 import area_reference, column_letters, quote_title
from attendance_sandbox.sheets.cell import Cell
from attendance_sandbox.sheets.conditions import formula_of
from attendance_sandbox.sheets.schema import Json
from attendance_sandbox.sheets.spreadsheet import Spreadsheet
from attendance_sandbox.sheets.view import DEFAULT_PIXELS
from attendance_sandbox.sheets.worksheet import Worksheet
from attendance_sandbox.sheets.xlsx_names import excel_formula, file_name, sheet_titles, unique
from attendance_sandbox.sheets.xlsx_styles import color_of

_FIXED_MOMENT = dt.datetime(2000, 1, 1)  # noqa: DTZ001 - openpyxl takes it for UTC and wants it without a zone
_NO_XML = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|\xef\xbf[\xbe\xbf]")
"""Characters that may stand in a title, a note or a pattern but not in XML, as UTF-8."""
_ZIP_MOMENT = (1980, 1, 1, 0, 0, 0)

_PIXELS_PER_CHARACTER = 7
_CELL_PADDING_PIXELS = 5
_POINTS_PER_PIXEL = 0.75
_NARROW = 1.12
"""Letters of a text in a column's width, on the average, for each digit that fits."""


def save_workbooks(spreadsheets: list[Spreadsheet], folder: Path) -> list[Path]:
    """Writes one file for each spreadsheet into `folder`.

    Returns:
        The files in the order of the spreadsheets. Of equal titles the second file is called ``… (2).xlsx``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    taken: set[str] = set()
    paths = []
    for spreadsheet in spreadsheets:
        path = folder / (unique(file_name(spreadsheet.title), taken) + ".xlsx")
        paths.append(path)
        path.write_bytes(workbook_bytes(spreadsheet))
    return paths


def workbook_bytes(spreadsheet: Spreadsheet) -> bytes:
    """The spreadsheet as the content of an ``.xlsx`` file."""
    workbook = Workbook()
    workbook.remove(workbook.active)
    workbook.properties.creator = "attendance-sandbox"
    workbook.properties.title = spreadsheet.title
    workbook.properties.created = _FIXED_MOMENT
    workbook.calculation.fullCalcOnLoad = True
    _set_default_font(workbook)
    writer = _Writer(spreadsheet, workbook)
    for sheet in spreadsheet.sheets:
        writer.write_sheet(sheet)
    writer.write_named_ranges()
    shown = [index for index, sheet in enumerate(spreadsheet.sheets) if not sheet.properties.get("hidden")]
    workbook.active = shown[0] if shown else 0
    raw = io.BytesIO()
    workbook.save(raw)
    return _repacked(raw)


def _set_default_font(workbook: Any) -> None:
    """Cells without a format look as in Sheets; openpyxl has no public way to say so."""
    font = Font(name="Arial", size=10)
    workbook._fonts[0] = font  # noqa: SLF001 - see above
    workbook._named_styles["Normal"].font = font  # noqa: SLF001 - see above


def _repacked(raw: io.BytesIO) -> bytes:
    """The same archive without the moment at which it was made and without what is no XML."""
    result = io.BytesIO()
    with zipfile.ZipFile(raw) as source, zipfile.ZipFile(result, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            content = _NO_XML.sub(b"", source.read(name))
            if name == "docProps/core.xml":
                moment = _FIXED_MOMENT.isoformat().encode() + b"Z"
                content = re.sub(rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>" + moment, content)
            entry = zipfile.ZipInfo(name, _ZIP_MOMENT)
            entry.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(entry, content)
    return result.getvalue()


class _Writer:
    """Writes the worksheets of one spreadsheet into a workbook."""

    def __init__(self, spreadsheet: Spreadsheet, workbook: Any) -> None:
        self._spreadsheet = spreadsheet
        self._workbook = workbook
        self._titles = sheet_titles(spreadsheet)
        self._renamed = {old: new for old, new in self._titles.items() if old != new}
        self._styles: dict[str, Any] = {}
        self._keys: dict[int, tuple[Json, str]] = {}
        """By the ID of a format, which is kept, lest another gets its ID: cells that look alike mostly share one."""

    def write_sheet(self, sheet: Worksheet) -> None:
        target = self._workbook.create_sheet(self._titles[sheet.title])
        for row, column, cell in sheet.occupied(sheet.area):
            self._write_cell(target.cell(row + 1, column + 1), cell)
        self._write_conditional_formats(sheet, target)
        lay_out(sheet, target)

    # -- cells

    def _write_cell(self, goal: Any, cell: Cell) -> None:
        if cell.formula is not None:
            goal.value = self._formula(cell.formula)
        elif isinstance(cell.value, str):
            goal.value = ILLEGAL_CHARACTERS_RE.sub("", cell.value)  # openpyxl refuses them
            goal.data_type = "s"  # a text that begins with = is a text
        elif cell.value is not None:
            goal.value = cell.value
        if cell.note:
            goal.comment = Comment(cell.note, "attendance-sandbox")
        if cell.format:
            self._style(goal, cell.format)

    def _formula(self, text: str) -> str:
        for old, new in self._renamed.items():
            text = formulas.renamed(text, old, new)
        return excel_formula(text)

    def _style(self, goal: Any, cell_format: Json) -> None:
        """Styles a cell. Looking up styles is what costs most, so that each format is looked up once."""
        if id(cell_format) not in self._keys:
            self._keys[id(cell_format)] = cell_format, json.dumps(cell_format, sort_keys=True)
        key = self._keys[id(cell_format)][1]
        if key not in self._styles:
            for name, value in (
                ("font", xlsx_styles.font(cell_format)),
                ("fill", xlsx_styles.fill(cell_format)),
                ("alignment", xlsx_styles.alignment(cell_format)),
                ("border", xlsx_styles.border(cell_format)),
                ("number_format", xlsx_styles.number_format(cell_format, self._spreadsheet.locale)),
            ):
                if value is not None:
                    setattr(goal, name, value)
            self._styles[key] = copy(goal._style)  # noqa: SLF001 - openpyxl's documented way is 50 times slower
        goal._style = copy(self._styles[key])  # noqa: SLF001 - see above

    # -- rules

    def _write_conditional_formats(self, sheet: Worksheet, target: Any) -> None:
        for rule in sheet.rules["conditionalFormats"]:
            areas = [sheet.area_of(one) for one in rule["ranges"]]
            test = formula_of(rule)
            if test is not None:
                style = xlsx_styles.differential(rule["booleanRule"].get("format", {}))
                # The first rule that fits wins.
                found = FormulaRule(formula=[self._formula(test)[1:]], stopIfTrue=True, **style)
                target.conditional_formatting.add(" ".join(map(area_reference, areas)), found)

    def write_named_ranges(self) -> None:
        for named in self._spreadsheet.named_ranges:
            sheet = self._spreadsheet.sheet(named["range"].get("sheetId", 0))
            area = sheet.area_of(named["range"])
            first = f"${column_letters(area.start_column)}${area.start_row + 1}"
            last = f"${column_letters(area.end_column - 1)}${area.end_row}"
            text = f"{quote_title(self._titles[sheet.title])}!{first}:{last}"
            self._workbook.defined_names[named["name"]] = DefinedName(named["name"], attr_text=text)


def width_in_characters(pixels: int) -> float:
    """A column's width as Excel counts it: characters of the standard font."""
    return round(max(pixels - _CELL_PADDING_PIXELS, 0) / _PIXELS_PER_CHARACTER, 2)


def lay_out(sheet: Worksheet, target: Any) -> None:
    """Gives openpyxl's worksheet the layout of `sheet`, whose cells it holds already."""
    grid = sheet.properties["gridProperties"]
    rows, columns = grid.get("frozenRowCount", 0), grid.get("frozenColumnCount", 0)
    if rows or columns:
        target.freeze_panes = f"{column_letters(columns)}{rows + 1}"
    tab_color = color_of(sheet.properties, "tabColor")
    if tab_color is not None:
        target.sheet_properties.tabColor = tab_color
    if sheet.properties.get("hidden"):
        target.sheet_state = "hidden"
    _size(sheet, target)
    if sheet.basic_filter is not None:
        target.auto_filter.ref = area_reference(sheet.area_of(sheet.basic_filter.get("range", {})))


def _size(sheet: Worksheet, target: Any) -> None:
    target.sheet_format.defaultColWidth = width_in_characters(DEFAULT_PIXELS["COLUMNS"])
    for index, properties in sorted(sheet.column_properties.items()):
        column = target.column_dimensions[column_letters(index)]
        column.width = width_in_characters(properties.get("pixelSize", DEFAULT_PIXELS["COLUMNS"]))
        column.hidden = bool(properties.get("hiddenByUser"))
    for index, properties in sorted(sheet.row_properties.items()):
        row = target.row_dimensions[index + 1]
        if "pixelSize" in properties:
            row.height = properties["pixelSize"] * _POINTS_PER_PIXEL
        row.hidden = bool(properties.get("hiddenByUser"))
    _fit_wrapped_rows(target)


def _fit_wrapped_rows(target: Any) -> None:
    """Make rows high enough for wrapped text, as Sheets does by itself; by an estimate of its lines."""
    for cells in target.iter_rows():
        lines = 1
        for cell in cells:
            if isinstance(cell.value, str) and cell.data_type != "f" and cell.alignment.wrap_text:
                width = (
                    target.column_dimensions[cell.column_letter].width or target.sheet_format.defaultColWidth
                )
                lines = max(
                    lines,
                    sum(math.ceil(len(line) / (_NARROW * width)) or 1 for line in cell.value.split("\n")),
                )
        row = target.row_dimensions[cells[0].row]
        if lines > 1 and row.height is None:
            row.height = lines * DEFAULT_PIXELS["ROWS"] * _POINTS_PER_PIXEL

"""A worksheet's layout in an ``.xlsx`` file: sizes, frozen panes, filter."""

from __future__ import annotations

import math
from typing import Any

from attendance_sandbox.sheets.a1 import column_letters
from attendance_sandbox.sheets.view import DEFAULT_PIXELS
from attendance_sandbox.sheets.worksheet import Worksheet
from attendance_sandbox.sheets.xlsx_rules import area_reference
from attendance_sandbox.sheets.xlsx_styles import color_of

_PIXELS_PER_CHARACTER = 7
_CELL_PADDING_PIXELS = 5
_POINTS_PER_PIXEL = 0.75
_NARROW = 1.12
"""Letters of a text in a column's width, on the average, for each digit that fits."""


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

"""Alternating colours: Excel has none outside of tables, so they become backgrounds of cells."""

from __future__ import annotations

from attendance_sandbox.sheets.schema import Json
from attendance_sandbox.sheets.worksheet import Worksheet
from attendance_sandbox.sheets.xlsx_styles import color_of


def banded_backgrounds(sheet: Worksheet) -> dict[tuple[int, int], Json]:
    """The background that banding gives to each cell without one of its own: (row, column) -> format."""
    backgrounds: dict[tuple[int, int], Json] = {}
    for banded in sheet.rules["bandedRanges"]:
        area = sheet.area_of(banded["range"])
        for row, column in area.cells():
            for properties, place, last in (
                (banded.get("columnProperties"), column - area.start_column, area.width - 1),
                (banded.get("rowProperties"), row - area.start_row, area.height - 1),
            ):
                color = _band(properties, place, last) if properties else None
                if color is not None:
                    backgrounds[row, column] = {"backgroundColor": color}
    return backgrounds


def _band(properties: Json, place: int, last: int) -> Json | None:
    """The colour of the row or column that stands at `place` in its range."""
    has_header = color_of(properties, "headerColor") is not None
    if place == 0 and has_header:
        name = "headerColor"
    elif place == last and color_of(properties, "footerColor") is not None:
        name = "footerColor"
    else:
        name = "firstBandColor" if (place - has_header) % 2 == 0 else "secondBandColor"
    style = properties.get(name + "Style", {})
    color: Json | None = style.get("rgbColor", properties.get(name))
    return color

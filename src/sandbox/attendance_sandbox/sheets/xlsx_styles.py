"""Formats of cells, from Sheets' messages to openpyxl's styles."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.styles.colors import Color

from attendance_sandbox.sheets.locales import Locale
from attendance_sandbox.sheets.number_format import pattern_of
from attendance_sandbox.sheets.schema import Json

_SIDES = {"SOLID": "thin", "SOLID_MEDIUM": "medium"}
_HORIZONTAL = {"LEFT": "left", "CENTER": "center", "RIGHT": "right"}
_VERTICAL = {"TOP": "top", "MIDDLE": "center", "BOTTOM": "bottom"}


def argb(color: Json | None) -> str | None:
    """A ``Color`` message as ``FFRRGGBB``; None for none."""
    if color is None:
        return None
    parts = (round(255 * min(max(float(color.get(name, 0)), 0), 1)) for name in ("red", "green", "blue"))
    return "FF" + "".join(f"{part:02X}" for part in parts)


def color_of(message: Json, name: str) -> str | None:
    """The colour `name` of a message, whether it is given plainly or as a style. Theme colours are dropped."""
    style = message.get(name + "Style")
    if style is not None and "rgbColor" in style:
        return argb(style["rgbColor"])
    return argb(message.get(name))


def font(cell_format: Json) -> Font | None:
    """The font of a cell's format; None for the default one."""
    text = cell_format.get("textFormat")
    if not text:
        return None
    return _font(text, name=str(text.get("fontFamily", "Arial")), size=text.get("fontSize", 10))


def _font(text: Json, **face: Any) -> Font:
    return Font(
        bold=text.get("bold") or None,
        italic=text.get("italic") or None,
        color=_openpyxl_color(color_of(text, "foregroundColor")),
        **face,
    )


def _openpyxl_color(value: str | None) -> Color | None:
    return None if value is None else Color(rgb=value)


def fill(cell_format: Json) -> PatternFill | None:
    """The background of a cell; None for none and for white, which would hide the grid lines."""
    color = color_of(cell_format, "backgroundColor")
    return None if color in {None, "FFFFFFFF"} else PatternFill("solid", fgColor=color)


def alignment(cell_format: Json) -> Alignment | None:
    """Alignment and wrapping; None for the default ones."""
    wanted = {
        "horizontal": _HORIZONTAL.get(cell_format.get("horizontalAlignment", "")),
        "vertical": _VERTICAL.get(cell_format.get("verticalAlignment", "")),
        "wrap_text": True if cell_format.get("wrapStrategy") == "WRAP" else None,
    }
    return Alignment(**wanted) if any(wanted.values()) else None


def border(cell_format: Json) -> Border | None:
    """The borders of a cell; None for none."""
    borders = cell_format.get("borders")
    if not borders:
        return None
    return Border(
        **{side: _side(borders[side]) for side in ("top", "bottom", "left", "right") if side in borders}
    )


def _side(message: Json) -> Side:
    return Side(style=_SIDES.get(message.get("style", "")), color=color_of(message, "color"))


def number_format(cell_format: Json, locale: Locale) -> str | None:
    """Excel's code for a cell's number format; None for the automatic one."""
    pattern = pattern_of(cell_format.get("numberFormat"), locale)
    return excel_pattern(pattern) if pattern else None


_PIECE = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]|am/pm|a/p|[ymdhs]+|.', re.IGNORECASE | re.DOTALL)


@lru_cache(maxsize=256)
def excel_pattern(pattern: str) -> str:
    """A Sheets pattern as Excel writes it: the same letters, date letters small, AM/PM capital."""
    return "".join(_excel_piece(match[0]) for match in _PIECE.finditer(pattern))


def _excel_piece(piece: str) -> str:
    if piece.lower() in {"am/pm", "a/p"}:
        return piece.upper()
    if re.fullmatch(r"\[(h+|m+|s+)\]|[ymdhs]+", piece, re.IGNORECASE):
        return piece.lower()
    return piece


def differential(cell_format: Json) -> dict[str, Any]:
    """The parts of a format that a conditional format can set, as openpyxl's rules take them."""
    result: dict[str, Any] = {}
    text = cell_format.get("textFormat", {})
    if text:
        result["font"] = _font(text)
    background = color_of(cell_format, "backgroundColor")
    if background is not None:
        # Conditional formats take the colour of a solid fill from its background.
        result["fill"] = PatternFill(fill_type="solid", bgColor=background, fgColor=background)
    return result

"""What a new spreadsheet looks like: the format of its cells and the colours of its theme."""

from __future__ import annotations

from attendance_sandbox.sheets.schema import Json
from attendance_sandbox.sheets.values import single_precision


def _color(code: str) -> Json:
    """``4285F4`` as a ``Color`` message: shares of one, zeros left out."""
    parts = (int(code[place : place + 2], 16) for place in (0, 2, 4))
    shares = zip(("red", "green", "blue"), parts, strict=True)
    return {name: single_precision(part / 255) for name, part in shares if part}


_BLACK = _color("000000")
_WHITE = _color("FFFFFF")
DEFAULT_FORMAT: Json = {
    "backgroundColor": _WHITE,
    "padding": {"top": 2, "right": 3, "bottom": 2, "left": 3},
    "verticalAlignment": "BOTTOM",
    "wrapStrategy": "OVERFLOW_CELL",
    "textFormat": {
        "foregroundColor": _BLACK,
        "fontFamily": "arial,sans,sans-serif",
        "fontSize": 10,
        "bold": False,
        "italic": False,
        "strikethrough": False,
        "underline": False,
        "foregroundColorStyle": {"rgbColor": _BLACK},
    },
    "backgroundColorStyle": {"rgbColor": _WHITE},
}
DEFAULT_THEME: Json = {
    "primaryFontFamily": "Arial",
    "themeColors": [
        {"colorType": kind, "color": {"rgbColor": _color(code)}}
        for kind, code in (
            ("TEXT", "000000"),
            ("BACKGROUND", "FFFFFF"),
            ("ACCENT1", "4285F4"),
            ("ACCENT2", "EA4335"),
            ("ACCENT3", "FBBC04"),
            ("ACCENT4", "34A853"),
            ("ACCENT5", "FF6D01"),
            ("ACCENT6", "46BDC6"),
            ("LINK", "1155CC"),
        )
    ],
}

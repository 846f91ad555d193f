"""Spreadsheets as a web page, as HR sees them: one file without scripts, and without a request to anywhere.

A page is a list of screens, of which one is shown: the one that the address names (``#october-exceptions``), else the
first. A worksheet is a screen with frozen rows and columns that stay, and tabs below. Whatever comes from a workbook
is escaped, or a number; a policy in the page forbids scripts and requests all the same.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.resources import files

from attendance_sandbox.sheets.a1 import Area, column_letters
from attendance_sandbox.sheets.cell import Cell
from attendance_sandbox.sheets.conditions import formula_of
from attendance_sandbox.sheets.engine import Engine, Place, Question
from attendance_sandbox.sheets.locales import Locale
from attendance_sandbox.sheets.schema import Json
from attendance_sandbox.sheets.spreadsheet import Spreadsheet
from attendance_sandbox.sheets.view import DEFAULT_PIXELS
from attendance_sandbox.sheets.worksheet import Worksheet
from attendance_sandbox.sheets.xlsx_names import unique
from attendance_sandbox.sheets.xlsx_styles import color_of

GUTTER_PX = 46
"""Width of the row numbers."""
SPARE_ROWS, SPARE_COLUMNS = 3, 1
"""Empty ones that are shown behind the last that says something."""
_LETTER_PX = 6.4
_BORDERS = {"SOLID_MEDIUM": "2px solid"}
_TEXT_STYLES = {"bold": "font-weight:600", "italic": "font-style:italic"}
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


@dataclass(frozen=True, slots=True)
class Screen:
    """What fills the window; `body` is HTML."""

    title: str
    body: str
    color: str = ""
    """Of the tab: ``#rrggbb``."""


@dataclass(frozen=True, slots=True)
class Group:
    """Screens that belong together, such as a spreadsheet's worksheets: one entry above, tabs below."""

    title: str
    screens: Sequence[Screen]


def escaped(text: object) -> str:
    """A text for HTML; characters that no page may hold are left out."""
    return html.escape(re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]", "", str(text)))


def document(title: str, groups: Sequence[Group]) -> str:
    """The page; the first screen of the first group is shown at first."""
    taken: set[str] = set()
    keys = [
        [unique(_slug(f"{group.title} {screen.title}"), taken) for screen in group.screens]
        for group in groups
    ]
    sections = [
        _section(groups, keys, place, number)
        for place, group in enumerate(groups)
        for number in range(len(group.screens))
    ]
    # The first one comes last: it is shown unless one before it is the target.
    body = "\n".join((*sections[1:], sections[0]))
    style = files(__package__).joinpath("page.css").read_text(encoding="utf-8")
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        f'<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,">\n'
        f"<title>{escaped(title)}</title>\n<style>\n{style}</style></head>\n<body>\n{body}\n</body></html>\n"
    )


def _slug(text: str) -> str:
    return re.sub(r"[\W_]+", "-", text.casefold().removeprefix("attendance review - ")).strip("-") or "x"


def _section(groups: Sequence[Group], keys: list[list[str]], place: int, number: int) -> str:
    def link(key: str, text: str, shown: bool, color: str = "") -> str:
        mark = ' class="shown"' if shown else ""
        line = f' style="box-shadow:inset 0 3px {color}"' if color else ""
        return f'<a href="#{escaped(key)}"{mark}{line}>{escaped(text)}</a>'

    screens = groups[place].screens
    above = "".join(link(keys[n][0], group.title, n == place) for n, group in enumerate(groups) if keys[n])
    below = "".join(
        link(keys[place][n], screen.title, n == number, screen.color) for n, screen in enumerate(screens)
    )
    tabs = f'<nav class="tabs">{below}</nav>' if len(screens) > 1 else ""
    key = escaped(keys[place][number])
    return f'<section id="{key}"><nav class="groups">{above}</nav>\n{screens[number].body}\n{tabs}</section>'


def listed(spreadsheets: Iterable[Spreadsheet]) -> Screen:
    links = "".join(
        f'<li><a href="/books/{escaped(one.spreadsheet_id)}">{escaped(one.title)}</a></li>'
        for one in spreadsheets
    )
    body = f"<ul>{links}</ul>" if links else "<p>None yet. Make one, and look again.</p>"
    return Screen("Spreadsheets", f'<main class="report"><h1>Spreadsheets</h1>{body}</main>')


def book(spreadsheet: Spreadsheet, engine: Engine) -> Group:
    """A spreadsheet's worksheets, computed, without the hidden ones."""
    shown = engine.computed(spreadsheet)
    sheets = [sheet for sheet in shown.sheets if not sheet.properties.get("hidden")]
    areas = {sheet.sheet_id: _shown_area(sheet) for sheet in sheets}
    rules = _rule_formats(spreadsheet, engine, areas)
    screens = []
    for sheet in sheets:
        color = color_of(sheet.properties, "tabColor")
        table = _Table(sheet, areas[sheet.sheet_id], rules.get(sheet.sheet_id, {}), shown.locale)
        # Worksheets of two spreadsheets may have the same ID.
        name = re.sub(r"\W", "", f"w{spreadsheet.spreadsheet_id}-{sheet.sheet_id}", flags=re.ASCII)
        screens.append(Screen(sheet.title, table.html(name), f"#{color[2:]}" if color else ""))
    return Group(spreadsheet.title, screens)


def _shown_area(sheet: Worksheet) -> Area:
    """From the first cell to a little behind the last that shows anything."""
    rows, columns = 0, 0
    for row, column, cell in sheet.occupied(sheet.area):
        if cell.value not in (None, "") or cell.note:
            rows, columns = max(rows, row + 1), max(columns, column + 1)
    return Area(
        0, min(rows + SPARE_ROWS, sheet.row_count), 0, min(columns + SPARE_COLUMNS, sheet.column_count)
    )


def _rule_formats(
    spreadsheet: Spreadsheet, engine: Engine, areas: dict[int, Area]
) -> dict[int, dict[Place, Json]]:
    """The formats that conditional formats give, by worksheet and cell. The first rule that is true wins."""
    questions: list[Question] = []
    formats: list[Json] = []
    for sheet in spreadsheet.sheets:
        for rule in sheet.rules["conditionalFormats"] if sheet.sheet_id in areas else []:
            ranges = [sheet.area_of(one) for one in rule["ranges"]]
            test = formula_of(rule)
            if test is not None:
                seen = areas[sheet.sheet_id]
                places = [
                    (row, column)
                    for area in ranges
                    for row in range(area.start_row, min(area.end_row, seen.end_row))
                    for column in range(area.start_column, min(area.end_column, seen.end_column))
                ]
                questions.append((sheet, test, (ranges[0].start_row, ranges[0].start_column), places))
                formats.append(rule["booleanRule"].get("format", {}))
    found: dict[int, dict[Place, Json]] = {}
    answers = engine.where_true(spreadsheet, questions) if questions else []
    for (sheet, *_), true, given in zip(questions, answers, formats, strict=True):
        for place in true:
            found.setdefault(sheet.sheet_id, {}).setdefault(place, given)
    return found


class _Table:
    """One worksheet as an HTML table; each look of a cell is a class of its own."""

    def __init__(self, sheet: Worksheet, area: Area, rules: dict[Place, Json], locale: Locale) -> None:
        self._sheet = sheet
        self._area = area
        self._rules = rules
        self._locale = locale
        self._styles: dict[str, str] = {}
        grid = sheet.properties["gridProperties"]
        self._frozen_rows, self._frozen_columns = (
            grid.get("frozenRowCount", 0),
            grid.get("frozenColumnCount", 0),
        )
        meta = sheet.column_properties
        self._columns = [one for one in area.columns() if not meta.get(one, {}).get("hiddenByUser")]
        self._widths = {
            one: meta.get(one, {}).get("pixelSize", DEFAULT_PIXELS["COLUMNS"]) for one in self._columns
        }
        self._lefts: dict[int, int] = {}
        left = GUTTER_PX
        for column in self._columns:
            if column < self._frozen_columns:
                self._lefts[column] = left
                left += self._widths[column]

    def html(self, name: str) -> str:
        """The table; `name` keeps its styles apart from those of others on the page."""
        meta = self._sheet.row_properties
        rows = [row for row in self._area.rows() if not meta.get(row, {}).get("hiddenByUser")]
        head = "\n".join(self._row(row) for row in rows if row < self._frozen_rows)
        body = "\n".join(self._row(row) for row in rows if row >= self._frozen_rows)
        letters = "".join(
            f"<th{self._class(self._stuck(column, 4))}>{column_letters(column)}</th>"
            for column in self._columns
        )
        widths = "".join(f'<col style="width:{width}px">' for width in self._widths.values())
        total = GUTTER_PX + sum(self._widths.values())
        lines = ' class="plain"' if self._sheet.properties["gridProperties"].get("hideGridlines") else ""
        table = (
            f'<table{lines} style="width:{total}px"><colgroup><col style="width:{GUTTER_PX}px">{widths}</colgroup>\n'
            f'<thead><tr class="letters"><th class="corner"></th>{letters}</tr>\n{head}</thead>\n'
            f"<tbody>{body}</tbody></table>"
        )
        styles = "".join(f".{name} .{key}{{{style}}}\n" for style, key in self._styles.items())
        return f'<style>\n{styles}</style><main class="sheet {name}">{table}</main>'

    def _row(self, row: int) -> str:
        height = self._sheet.row_properties.get(row, {}).get("pixelSize")
        size = f' style="height:{int(height)}px"' if height else ""
        cells = "".join(self._cell(row, place) for place in range(len(self._columns)))
        return f"<tr{size}><th>{row + 1}</th>{cells}</tr>"

    def _cell(self, row: int, place: int) -> str:
        column = self._columns[place]
        cell = self._sheet.cell(row, column)
        look = dict(cell.format)
        for name, value in self._rules.get((row, column), {}).items():
            look[name] = {**look.get(name, {}), **value} if name == "textFormat" else value
            look.pop(f"{name}Style", None)
        text = cell.text(self._locale)
        style = _style(look, cell) + self._stuck(column, 3 if row < self._frozen_rows else 1)
        attributes = self._class(style, noted=bool(cell.note), frozen=self._is_edge(row, column))
        if cell.note:
            attributes += f' title="{escaped(cell.note)}"'
        shown = escaped(text)
        room = self._room(row, place, cell, look, text)
        return (
            f'<td{attributes}><i style="width:{room}px">{shown}</i></td>'
            if room
            else f"<td{attributes}>{shown}</td>"
        )

    def _room(self, row: int, place: int, cell: Cell, look: Json, text: str) -> int:
        """The width in which a long text runs over empty cells to its right; 0 where it needs or has none."""
        width = self._widths[self._columns[place]]
        if (
            not isinstance(cell.value, str)
            or look.get("wrapStrategy", "OVERFLOW_CELL") != "OVERFLOW_CELL"
            or look.get("horizontalAlignment", "LEFT") != "LEFT"
            or len(text) * _LETTER_PX < width - 8
        ):
            return 0
        room, frozen = width, self._columns[place] < self._frozen_columns
        for column in self._columns[place + 1 :]:
            empty = self._sheet.cell(row, column).value in (None, "")
            if not empty or (column < self._frozen_columns) is not frozen or room > len(text) * 10:
                break
            room += self._widths[column]
        return room - 7 if room > width else 0

    def _stuck(self, column: int, level: int) -> str:
        """The style of a cell in a frozen column."""
        left = self._lefts.get(column)
        return "" if left is None else f"position:sticky;left:{left}px;z-index:{level};"

    def _is_edge(self, row: int, column: int) -> str:
        """Where the line stands that tells frozen cells from others."""
        below = " under" if row == self._frozen_rows - 1 else ""
        return below + (" beside" if self._lefts and column == max(self._lefts) else "")

    def _class(self, style: str, *, noted: bool = False, frozen: str = "") -> str:
        names = [self._styles.setdefault(style, f"c{len(self._styles)}")] if style else []
        names += frozen.split() + (["noted"] if noted else [])
        return f' class="{" ".join(names)}"' if names else ""


def _style(look: Json, cell: Cell) -> str:
    """A cell's format as CSS. Only numbers, colours and known words get into it."""
    parts = _text_style(look.get("textFormat", {}))
    background = color_of(look, "backgroundColor")
    if background not in {None, "FFFFFFFF"}:
        parts.append(f"background-color:#{str(background)[2:]}")
    usual = "" if isinstance(cell.value, str) or cell.value is None else "RIGHT"
    usual = "CENTER" if isinstance(cell.value, bool) else usual
    align = look.get("horizontalAlignment") or usual
    if align in {"RIGHT", "CENTER"}:
        parts.append(f"text-align:{align.lower()}")
    if look.get("verticalAlignment") in {"TOP", "MIDDLE"}:
        parts.append(f"vertical-align:{look['verticalAlignment'].lower()}")
    if look.get("wrapStrategy") == "WRAP":
        parts.append("white-space:pre-wrap;overflow-wrap:anywhere")
    for side in ("top", "bottom", "left", "right"):
        line = look.get("borders", {}).get(side)
        if line and line.get("style", "NONE") != "NONE":
            shade = color_of(line, "color") or "FF000000"
            parts.append(f"border-{side}:{_BORDERS.get(line['style'], '1px solid')} #{shade[2:]}")
    return "".join(f"{part};" for part in parts)


def _text_style(text: Json) -> list[str]:
    color = color_of(text, "foregroundColor")
    parts = [] if color in {None, "FF000000"} else [f"color:#{str(color)[2:]}"]
    if text.get("fontSize"):
        parts.append(f"font-size:{float(text['fontSize']) * 1.3:g}px")
    return parts + [style for name, style in _TEXT_STYLES.items() if text.get(name)]

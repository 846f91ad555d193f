"""The values of formulas, computed by IronCalc, a spreadsheet engine that lives in a Python package.

`Engine` keeps a model of each spreadsheet that was asked for. Before it computes, it gives the model the cells that
changed since; what nobody changed is not computed again. It needs some seconds for the first look at a month of 30
people, a fifth of that afterwards. LibreOffice, the reference, is asked in tests alone (`recalculation`).

What IronCalc 0.9 does otherwise than Sheets, and is kept from here:

- A whole column (``A:C``) is slow or wrong: each open range gets an end, the same on all worksheets.
- Titles beyond 31 characters are refused: worksheets have short titles of the engine's own, ``S1``, ``S2``.
- COUNTIF and its like want a range, and no single cell: ``A1`` becomes ``A1:A1``, and what INDEX
  takes out of one column an OFFSET.
- In the criteria of COUNTIF and its like, ``~~`` is taken for two tildes where there is neither an asterisk nor a
  question mark: there it becomes one.

And one that is not: a search for a text in which a tilde follows a question mark (``a?~``) finds nothing.

``TODAY()`` and ``NOW()`` are of this computer's clock, in the spreadsheet's time zone, at the last change; there is
no way to set the engine's clock. No formula of the workbooks uses them, which a test makes sure of.
"""

from __future__ import annotations

import contextlib
import functools
import re
from collections.abc import Collection
from dataclasses import replace
from typing import Any

import ironcalc

from attendance_sandbox.sheets import formula as formulas
from attendance_sandbox.sheets.a1 import Area, column_letters
from attendance_sandbox.sheets.cell import EMPTY, Cell
from attendance_sandbox.sheets.schema import Json
from attendance_sandbox.sheets.spreadsheet import Spreadsheet
from attendance_sandbox.sheets.values import ErrorText, Scalar, tidy
from attendance_sandbox.sheets.worksheet import Rows, Worksheet

_LEAST_ROWS = 256
_PIECE = re.compile(r"""(?P<literal>"(?:[^"]|"")*"|'(?:[^']|'')*')|(?P<open>[A-Za-z_.]*\(|\{)|[,)}]""")
_HAS_CRITERIA = re.compile(r"(?:COUNT|SUM|AVERAGE|MAX|MIN)IFS?\(", re.IGNORECASE)
_CRITERIA = {
    **dict.fromkeys(("COUNTIF(", "SUMIF(", "AVERAGEIF("), (1, 99)),
    "COUNTIFS(": (1, 2),
    **dict.fromkeys(("SUMIFS(", "AVERAGEIFS(", "MAXIFS(", "MINIFS("), (2, 2)),
}
"""Which argument of a function, counted from 0, is its first criterion, and how many further each next one is."""
_OF_ONE_COLUMN = re.compile(r"INDEX\(((?:'(?:[^']|'')*'!|\w+!)?\$?([A-Z]+):\$?\2),([^(),]+),0\)")
_ONE_CELL = re.compile(r"(?:'(?:[^']|'')*'!|\w+!)?(\$?[A-Z]+\$?\d+)")


_SOME_ROW, _SOME_COLUMN = "9999999", "ZZY"
_IN_A_TITLE = re.compile(
    rf"'[^']*(?:{_SOME_ROW}|{_SOME_COLUMN})[^']*'!|(?:{_SOME_ROW}|{_SOME_COLUMN})[\w.]*!"
)


@functools.lru_cache(maxsize=16_384)
def _own_row(number: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\d.]){number}(?![\d.])")


@functools.lru_cache(maxsize=1_024)
def _own_column(letters: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![A-Za-z]){letters}(?=\$?\d)")


class Engine:
    """Gives spreadsheets whose formulas have values. Each is computed when it is first asked for."""

    def __init__(self) -> None:
        self.models_kept = 1
        """Of each spreadsheet, one for each of its latest layouts: more where it goes back to an earlier one."""
        self._models: dict[str, list[_Model]] = {}

    def computed(
        self, spreadsheet: Spreadsheet, places: Collection[tuple[Worksheet, Area]] | None = None
    ) -> Spreadsheet:
        """The spreadsheet itself if there is no formula in these places (None: anywhere), else one with all values.

        A formula that shows nothing has an empty text, one that cannot be read ``#ERROR!``.
        """
        if spreadsheet.computed is None:
            if places is not None and not any(_has_unknown(sheet, area) for sheet, area in places):
                return spreadsheet
            spreadsheet.computed = self._model(spreadsheet).filled(spreadsheet)
        return spreadsheet.computed

    def where_true(self, spreadsheet: Spreadsheet, questions: list[Question]) -> list[set[Place]]:
        """In which cells each formula would be true, if it were filled into them all.

        At most one question for each conditional format of the spreadsheet.
        """
        self.computed(spreadsheet)
        return self._model(spreadsheet).answers(questions)

    def _model(self, spreadsheet: Spreadsheet) -> _Model:
        key = spreadsheet.spreadsheet_id
        layout = _layout(spreadsheet)
        known = self._models.setdefault(key, [])
        model = next((each for each in known if each.layout == layout), None) or _Model(spreadsheet, layout)
        self._models[key] = [model, *(each for each in known if each is not model)][: self.models_kept]
        model.update(spreadsheet)
        return model


Place = tuple[int, int]
"""Row and column, from 0."""
Question = tuple[Worksheet, str, Place, Collection[Place]]
"""A worksheet, a formula, the cell for which that is written, and the cells of the worksheet that it is filled into."""


def _layout(spreadsheet: Spreadsheet) -> Any:
    """All but the cells: when it differs, the model is made anew."""
    rows = max(sheet.row_count for sheet in spreadsheet.sheets)
    bound = _LEAST_ROWS
    while bound < rows:
        bound *= 2
    columns = max(sheet.column_count for sheet in spreadsheet.sheets)
    titles = [(sheet.sheet_id, sheet.title) for sheet in spreadsheet.sheets]
    questions = sum(len(sheet.rules["conditionalFormats"]) for sheet in spreadsheet.sheets)
    return (
        titles,
        bound,
        columns,
        spreadsheet.properties["timeZone"],
        # Of names that no formula uses only the ID changes, with each write.
        [{key: named[key] for key in ("name", "range")} for named in spreadsheet.named_ranges],
        questions,
    )


class _Model:
    """One spreadsheet in IronCalc, and the cells that it was given."""

    def __init__(self, spreadsheet: Spreadsheet, layout: Any) -> None:
        self.layout = layout
        _, self._rows, self._columns, zone, names, questions = layout
        known = zone in ironcalc.get_all_timezones()
        self._book = ironcalc.create("book", "en", zone if known else "UTC", "en")
        self._titles = {
            sheet.title.casefold(): f"S{number}" for number, sheet in enumerate(spreadsheet.sheets, 1)
        }
        self._fed: list[Rows] = [{} for _ in spreadsheet.sheets]
        self._patterns: dict[str, str] = {}
        self._unreadable: set[tuple[int, int, int]] = set()
        # Those for questions, too: to add one later costs seconds.
        for number in range(len(spreadsheet.sheets) + questions):
            if number:
                self._book.add_sheet(f"S{number + 1}")
            else:
                self._book.rename_sheet(0, "S1")
        for named in names:
            self._name(spreadsheet, named)

    def _name(self, spreadsheet: Spreadsheet, named: Json) -> None:
        sheet = spreadsheet.sheet(named["range"].get("sheetId", 0))
        area = sheet.area_of(named["range"])
        first = f"${column_letters(area.start_column)}${area.start_row + 1}"
        last = f"${column_letters(area.end_column - 1)}${area.end_row}"
        text = f"{self._titles[sheet.title.casefold()]}!{first}" + ("" if first == last else f":{last}")
        with contextlib.suppress(ironcalc.WorkbookError):  # a name that the engine refuses is #NAME?
            self._book.new_defined_name(named["name"], None, text)

    def update(self, spreadsheet: Spreadsheet) -> None:
        """Takes over what changed; rows that nobody touched are the very same objects as before."""
        changed = False
        for number, sheet in enumerate(spreadsheet.sheets):
            before, after = self._fed[number], sheet.rows
            for row in before.keys() | after.keys():
                old, new = before.get(row, {}), after.get(row, {})
                if old is not new:
                    for column in old.keys() | new.keys():
                        cell = new.get(column, EMPTY)
                        if not _same(old.get(column, EMPTY), cell):
                            self._feed(number, row, column, cell)
                            changed = True
            self._fed[number] = dict(after)
        if changed:
            self._book.evaluate()

    def _feed(self, sheet: int, row: int, column: int, cell: Cell) -> None:
        place = sheet, row + 1, column + 1
        self._unreadable.discard(place)
        if cell.formula is not None:
            self._enter(place, self._told(cell.formula, row, column))
        elif cell.value is None:
            self._book.clear_cell_contents(*place)
        elif isinstance(cell.value, bool):
            self._book.update_cell_with_bool(*place, cell.value)
        elif isinstance(cell.value, str):
            self._book.update_cell_with_text(*place, cell.value)
        else:
            self._book.update_cell_with_number(*place, float(cell.value))

    def _told(self, formula: str, row: int, column: int) -> str:
        """A formula as this model understands it.

        Thousands of formulas differ in the names of their own row and column alone: with names in their place that no
        worksheet has, these are one.
        """
        number, letters = str(row + 1), column_letters(column)
        pattern = _own_column(letters).sub(_SOME_COLUMN, _own_row(number).sub(_SOME_ROW, formula))
        understood = self._patterns.get(pattern)
        if understood is None:
            if _SOME_ROW in formula or _SOME_COLUMN in formula or _IN_A_TITLE.search(pattern):
                return self._understood(formula)
            understood = self._patterns[pattern] = self._understood(pattern)
        return understood.replace(_SOME_ROW, number).replace(_SOME_COLUMN, letters)

    def _understood(self, formula: str) -> str:
        return formulas.bounded(_with_single_tildes(formula), self._rows, self._columns, self._title)

    def _enter(self, place: tuple[int, int, int], formula: str) -> None:
        try:
            self._book.update_cell_with_formula(*place, formula)
        except ironcalc.WorkbookError:
            self._unreadable.add(place)

    def _title(self, title: str) -> str:
        return self._titles.get(title.casefold(), "S0")  # there is none: #REF!

    def _value(self, sheet: int, row: int, column: int) -> Scalar:
        place = sheet, row + 1, column + 1
        if place in self._unreadable:
            return ErrorText("#ERROR!")
        value = self._book.get_cell_value(*place)
        if isinstance(value, str):
            if value.startswith("#") and self._book.get_cell_type(*place) == ironcalc.CellType.ErrorValue:
                return ErrorText(value)
            return value
        return "" if value is None else tidy(value)

    def filled(self, spreadsheet: Spreadsheet) -> Spreadsheet:
        """The spreadsheet with the values of all formulas."""
        result = (
            spreadsheet.draft()
        )  # from here on a change of either copies the row first: `_fed` stays as it is
        for number, sheet in enumerate(result.sheets):
            rows: Rows = {}
            for row, cells in sheet.rows.items():
                rows[row] = {
                    column: cell
                    if cell.formula is None
                    else replace(cell, value=self._value(number, row, column))
                    for column, cell in cells.items()
                }
            sheet.replace_rows(rows)
        return result

    def answers(self, questions: list[Question]) -> list[set[Place]]:
        """Formulas are computed on worksheets of their own, at the same places; the spreadsheet stays as it is."""
        first = len(self._fed)
        for number, (sheet, formula, (row, column), places) in enumerate(questions, first):
            text = self._understood(formulas.within(formula, sheet.title))
            for place in places:
                moved = formulas.copied(text, place[0] - row, place[1] - column)
                self._enter((number, place[0] + 1, place[1] + 1), moved)
        self._book.evaluate()
        found = [
            {place for place in places if self._value(number, *place) is True}
            for number, (*_, places) in enumerate(questions, first)
        ]
        for number, (*_, places) in enumerate(questions, first):
            for row, column in places:
                self._book.clear_cell_contents(number, row + 1, column + 1)
        self._unreadable = {place for place in self._unreadable if place[0] < first}
        return found


def _same(one: Cell, other: Cell) -> bool:
    """Whether two cells are the same to the engine; 1 and TRUE are not."""
    if one.formula is not None or other.formula is not None:
        return one.formula == other.formula
    return one.value == other.value and type(one.value) is type(other.value)


def _with_single_tildes(formula: str) -> str:
    """The formula with ranges and criteria as IronCalc reads them."""
    if not _HAS_CRITERIA.search(formula):
        return formula
    out: list[str] = []
    calls: list[tuple[str, int, int]] = []  # function, argument, and where in `out` that begins
    end = 0
    for match in _PIECE.finditer(formula):
        out.append(formula[end : match.start()])
        end = match.end()
        if match["open"]:
            out.append(match[0])
            calls.append((match[0].upper(), 0, len(out)))
        elif match["literal"] or not calls:
            out.append(match[0])
        else:
            name, argument, start = calls.pop()
            first, step = _CRITERIA.get(name, (99, 1))
            is_criterion = argument >= first and (argument - first) % step == 0
            text = "".join(out[start:])
            if is_criterion:
                out[start:] = [_criterion(text)]
            elif name in _CRITERIA and (part := _OF_ONE_COLUMN.fullmatch(text)):
                out[start:] = [f"OFFSET({part[1]},{part[3]}-1,0,1,1)"]
            elif name in _CRITERIA and (cell := _ONE_CELL.fullmatch(text)):
                out[start:] = [f"{text}:{cell[1]}"]
            out.append(match[0])
            if match[0] == ",":
                calls.append((name, argument + 1, len(out)))
    return "".join((*out, formula[end:]))


def _criterion(text: str) -> str:
    """A criterion with ``~`` for ``~~``, unless IronCalc sees to it as there is an asterisk or a question mark."""
    if re.fullmatch(r'"(?:[^"]|"")*"', text):
        return text if re.search(r"[*?]", text) else text.replace("~~", "~")
    plain = f'ISTEXT({text})*ISERROR(FIND("*",{text}))*ISERROR(FIND("?",{text}))'
    return f'IF({plain},SUBSTITUTE({text},"~~","~"),{text})'


def _has_unknown(sheet: Worksheet, area: Area) -> bool:
    return any(cell.formula is not None and cell.value is None for _, _, cell in sheet.occupied(area))

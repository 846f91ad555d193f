"""Cells as ``CellData`` messages: what a field mask means is worked out once, not for each cell."""

from __future__ import annotations

from attendance_sandbox.sheets import masks
from attendance_sandbox.sheets.cell import Cell
from attendance_sandbox.sheets.locales import Locale
from attendance_sandbox.sheets.schema import Json
from attendance_sandbox.sheets.values import extended_value

MOST_VIEWS = 32
MOST_SHOWN = 100_000
"""Cells of which it is remembered how they were shown: most of what is read was read before."""


class CellView:
    """Shows cells with the fields of one mask; fields without content are left out.

    What is shown is kept, and must not be changed.
    """

    def __init__(self, mask: masks.Mask, locale: Locale, default_format: Json) -> None:
        self._locale = locale
        self._default_format = default_format
        self._entered = masks.includes(mask, "userEnteredValue")
        self._formula_only = masks.below(mask, "userEnteredValue").keys() == {"formulaValue"}
        self._effective = masks.includes(mask, "effectiveValue")
        self._formatted = masks.includes(mask, "formattedValue")
        self._format = masks.includes(mask, "userEnteredFormat")
        self._effective_format = masks.includes(mask, "effectiveFormat")
        self._note = masks.includes(mask, "note")
        self._validation = masks.includes(mask, "dataValidation")
        self._narrow = {name: inner for name, inner in mask.items() if inner and "*" not in mask}
        if self._formula_only:  # the program asks for no more, of thousands of cells at once
            self._narrow.pop("userEnteredValue", None)
        """Fields of which the mask means only parts."""

        self._shown: dict[int, tuple[Cell, Json]] = {}

    def show(self, cell: Cell) -> Json:
        shown = self._shown.get(id(cell))
        if shown is None:
            if len(self._shown) >= MOST_SHOWN:
                self._shown.clear()
            # The cell is kept, lest another one get its number.
            shown = self._shown[id(cell)] = cell, self._made(cell)
        return shown[1]

    def _made(self, cell: Cell) -> Json:
        data: Json = {}
        if self._entered and (cell.value is not None or cell.formula is not None):
            is_seen = cell.formula is not None or not self._formula_only
            data["userEnteredValue"] = cell.entered() if is_seen else {}
        if cell.value is not None:
            if self._effective:
                data["effectiveValue"] = extended_value(cell.value)
            if self._formatted and cell.value != "":
                data["formattedValue"] = cell.text(self._locale)
        if self._format and cell.format:
            data["userEnteredFormat"] = cell.format
        if self._effective_format and not cell.is_unused:
            data["effectiveFormat"] = (
                _overlay(self._default_format, cell.format) if cell.format else self._default_format
            )
        if self._note and cell.note:
            data["note"] = cell.note
        if self._validation and cell.validation is not None:
            data["dataValidation"] = cell.validation
        return self._narrowed(data)

    def _narrowed(self, data: Json) -> Json:
        for name, inner in self._narrow.items():
            if name in data:
                data[name] = masks.select(data[name], inner)
        return data


_VIEWS: dict[tuple[int, ...], tuple[CellView, tuple[object, ...]]] = {}


def view_for(mask: masks.Mask, locale: Locale, default_format: Json) -> CellView:
    """The view of a mask (`masks.parse_mask`), which remembers what it showed."""
    parts = (mask, locale, default_format)
    key = tuple(map(id, parts))
    if key not in _VIEWS:
        if len(_VIEWS) >= MOST_VIEWS:
            _VIEWS.clear()
        _VIEWS[key] = CellView(*parts), parts
    return _VIEWS[key][0]


def _overlay(under: Json, over: Json) -> Json:
    result = dict(under)
    for name, value in over.items():
        beneath = result.get(name)
        nested = (
            isinstance(beneath, dict) and isinstance(value, dict) and not name.endswith(("Color", "Style"))
        )
        result[name] = _overlay(beneath, value) if nested and isinstance(beneath, dict) else value
    return result

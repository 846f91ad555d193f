"""One cell, and how requests change it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from attendance_sandbox.sheets import formula as formulas
from attendance_sandbox.sheets import masks, values
from attendance_sandbox.sheets.errors import invalid_argument
from attendance_sandbox.sheets.locales import Locale
from attendance_sandbox.sheets.number_format import DATE_TYPES, display
from attendance_sandbox.sheets.schema import Json
from attendance_sandbox.sheets.values import Scalar


@dataclass(frozen=True, slots=True)
class Cell:
    """What one cell holds. Cells and the dictionaries in them are never changed, only replaced."""

    value: Scalar | None = None
    """The value that is shown. Of a formula: when it was computed for a read."""
    formula: str | None = None
    format: Json = field(default_factory=dict)
    """The ``userEnteredFormat``."""
    note: str = ""
    validation: Json | None = None

    @property
    def is_blank(self) -> bool:
        """Neither value nor formula."""
        return self.value is None and self.formula is None

    @property
    def is_unused(self) -> bool:
        """Nothing at all: no need to keep it."""
        return self.is_blank and not self.format and not self.note and self.validation is None

    @property
    def number_format(self) -> Json | None:
        return self.format.get("numberFormat")

    @property
    def shows_date(self) -> bool:
        """Whether its number is formatted as a date or a time."""
        return (self.number_format or {}).get("type") in DATE_TYPES

    def text(self, locale: Locale) -> str:
        """What a person sees."""
        return display(self.value, self.number_format, locale)

    def with_value(self, value: Scalar | None) -> Cell:
        """The cell with a plain value; an empty text clears it."""
        if isinstance(value, str) and len(value) > values.MAX_TEXT:
            raise invalid_argument(
                f"Your input contains more than the maximum of {values.MAX_TEXT} characters in a single cell."
            )
        kept = None if value is None or value == "" else values.tidy(value)
        return Cell(kept, None, self.format, self.note, self.validation)

    def with_formula(self, formula: str) -> Cell:
        return self.with_copied(formulas.canonical(formula))

    def with_copied(self, formula: str) -> Cell:
        """As `with_formula`, for a formula that is canonical."""
        return replace(self, value=None, formula=formula)

    def with_typed(self, text: str, locale: Locale) -> Cell:
        """The cell after a person typed `text` into it."""
        if text.startswith("=") and len(text) > 1:
            return self.with_formula(text)
        if self.number_format == {"type": "TEXT"} or (self.number_format or {}).get("pattern") == "@":
            return self.with_value(text)
        value, number_format = values.parse_typed(text, locale)
        cell = self.with_value(value)
        if number_format is not None and not cell.number_format:
            cell = replace(cell, format={**cell.format, "numberFormat": number_format})
        return cell

    def with_json(self, data: Json, mask: masks.Mask) -> Cell:
        """The cell with the fields of a ``CellData`` message that the mask means."""
        cell = self
        if masks.includes(mask, "userEnteredValue"):
            cell = _with_extended_value(cell, data.get("userEnteredValue"))
        cell_format, note, validation = cell.format, cell.note, cell.validation
        if masks.includes(mask, "userEnteredFormat"):
            wanted = data.get("userEnteredFormat", {})
            if wanted or cell_format:
                merged = masks.merge(cell_format, wanted, masks.below(mask, "userEnteredFormat"))
                cell_format = with_color_styles(merged)
        if masks.includes(mask, "note"):
            note = data.get("note", "")
        if masks.includes(mask, "dataValidation"):
            validation = data.get("dataValidation")
        return Cell(cell.value, cell.formula, cell_format, note, validation)

    def entered(self) -> Json:
        """What was entered, as an ``ExtendedValue`` message. Not for blank cells."""
        if self.formula is not None:
            return {"formulaValue": self.formula}
        assert self.value is not None
        return values.extended_value(self.value)


EMPTY = Cell()


def _with_extended_value(cell: Cell, value: Json | None) -> Cell:
    if not value:
        return cell.with_value(None)
    if len(value) > 1:
        raise invalid_argument("oneof field 'value' is already set. Cannot set more than one value of a cell")
    kind, content = next(iter(value.items()))
    if kind == "errorValue":
        raise invalid_argument("errorValue cannot be written")
    if kind == "formulaValue":
        if not content.startswith("="):
            raise invalid_argument(f"Formula must start with '=': {content}")
        return cell.with_formula(content)
    return cell.with_value(content)


def with_color_styles(value: Any) -> Any:
    """A message as the service keeps it: beside each plain colour the same one as a style, and the reverse."""
    if not isinstance(value, dict):
        return value
    result: Json = {}
    for name, inner in value.items():
        if name.endswith("Color") and isinstance(inner, dict):
            result[name] = _color(inner)
            if name != "rgbColor":
                result.setdefault(name + "Style", {"rgbColor": result[name]})
        else:
            result[name] = with_color_styles(inner)
        if name.endswith("ColorStyle") and "rgbColor" in inner:
            result[name.removesuffix("Style")] = result[name]["rgbColor"]
    return result


def _color(color: Json) -> Json:
    """A colour as the service keeps it: in steps of 1/255, zeros left out."""
    steps = {name: int(part * 255 + 0.01) for name, part in color.items()}
    return {name: values.single_precision(step / 255) for name, step in steps.items() if step}

"""Lists of choices that Excel cannot hold within a validation: they stand on a worksheet that nobody sees.

Within a rule Excel takes 255 characters at most, and no item with a comma in it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from attendance_sandbox.sheets.a1 import column_letters
from attendance_sandbox.sheets.schema import Json

_TITLE = "Choices"
_MAX_CHARACTERS = 255


class Lists:
    """The lists of one workbook that need cells of their own, a column each."""

    def __init__(self, titles: Iterable[str]) -> None:
        """`titles` are those of the workbook's worksheets, which the new one must differ from."""
        taken = {title.casefold() for title in titles}
        self._title = _TITLE
        while self._title.casefold() in taken:
            self._title += "_"
        self._columns: list[list[str]] = []

    def within_excels_limits(self, rule: Json) -> Json:
        """The rule itself, or one that names the cells in which its list will stand."""
        condition = rule.get("condition", {})
        items = [str(value.get("userEnteredValue", "")) for value in condition.get("values", [])]
        if condition.get("type") != "ONE_OF_LIST" or not (
            len(",".join(items)) > _MAX_CHARACTERS or any("," in item for item in items)
        ):
            return rule
        if items not in self._columns:
            self._columns.append(items)
        letters = column_letters(self._columns.index(items))
        cells = f"={self._title}!${letters}$1:${letters}${len(items)}"
        return {**rule, "condition": {"type": "ONE_OF_RANGE", "values": [{"userEnteredValue": cells}]}}

    def write(self, workbook: Any) -> None:
        """Adds the worksheet, if there is any list to stand on it."""
        if not self._columns:
            return
        target = workbook.create_sheet(self._title)
        target.sheet_state = "veryHidden"
        for column, items in enumerate(self._columns, 1):
            for row, item in enumerate(items, 1):
                cell = target.cell(row, column, item)
                cell.data_type = "s"  # a text that begins with = is a text

"""Protection in an ``.xlsx`` file: what the service refuses to change is locked, and anybody can lift it.

Excel protects worksheets, not ranges: a worksheet with a protected range is protected without a password, and its
cells outside of the range are unlocked. A protected range that only warns has no counterpart and locks nothing.
"""

from __future__ import annotations

from typing import Any

from openpyxl.styles import Protection

from attendance_sandbox.sheets.a1 import Area, column_letters
from attendance_sandbox.sheets.worksheet import Worksheet

_FREE, _LOCKED = Protection(locked=False), Protection(locked=True)


def protect(sheet: Worksheet, target: Any) -> None:
    """Locks openpyxl's worksheet as `sheet` is protected; its cells have been written already."""
    hard = [one for one in sheet.rules["protectedRanges"] if not one.get("warningOnly")]
    if not hard:
        return
    target.protection.sheet = True
    target.protection.formatCells = target.protection.formatColumns = target.protection.formatRows = False
    areas = [sheet.area_of(protected["range"]) for protected in hard]
    if sheet.area not in areas:
        _free_all(sheet, target)
        _set(target, areas, _LOCKED)
    _set(target, [sheet.area_of(free) for one in hard for free in one.get("unprotectedRanges", [])], _FREE)


def _free_all(sheet: Worksheet, target: Any) -> None:
    """Unlocks every cell: those in the file one by one, the others by their columns."""
    for index in range(sheet.column_count):
        target.column_dimensions[column_letters(index)].protection = _FREE
    for cells in target.iter_rows():
        for cell in cells:
            cell.protection = _FREE


def _set(target: Any, areas: list[Area], protection: Protection) -> None:
    for area in areas:
        for row, column in area.cells():
            target.cell(row + 1, column + 1).protection = protection

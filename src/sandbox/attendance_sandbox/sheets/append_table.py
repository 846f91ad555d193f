"""Where ``values.append`` writes: the service's guess of what the table is."""

from __future__ import annotations

from collections.abc import Iterable

from attendance_sandbox.sheets.a1 import Area
from attendance_sandbox.sheets.worksheet import Worksheet


def find_table(sheet: Worksheet, area: Area) -> Area | None:
    """The last table that touches the area: a block of filled cells with blank rows and columns around it.

    An empty cell can split a table: after a row ``a, blank, c`` the last table starts in column C, as in the
    real service.
    """
    seeds = [(row, column) for row, column, cell in sheet.occupied(area) if not cell.is_blank]
    if not seeds:
        return None
    row, column = seeds[-1]
    table = Area(row, row + 1, column, column + 1)
    while True:
        grown = _grown_sideways(sheet, _grown_up_and_down(sheet, table))
        if grown == table:
            return table
        table = grown


def _filled(sheet: Worksheet, cells: Iterable[tuple[int, int]]) -> bool:
    return any(not sheet.cell(row, column).is_blank for row, column in cells)


def _grown_up_and_down(sheet: Worksheet, table: Area) -> Area:
    top, bottom = table.start_row, table.end_row
    columns = range(max(table.start_column - 1, 0), table.end_column + 1)
    while top > 0 and _filled(sheet, ((top - 1, column) for column in columns)):
        top -= 1
    while _filled(sheet, ((bottom, column) for column in columns)):
        bottom += 1
    return Area(top, bottom, table.start_column, table.end_column)


def _grown_sideways(sheet: Worksheet, table: Area) -> Area:
    left, right = table.start_column, table.end_column
    rows = range(max(table.start_row - 1, 0), table.end_row + 1)
    while left > 0 and _filled(sheet, ((row, left - 1) for row in rows)):
        left -= 1
    while _filled(sheet, ((row, right) for row in rows)):
        right += 1
    return Area(table.start_row, table.end_row, left, right)

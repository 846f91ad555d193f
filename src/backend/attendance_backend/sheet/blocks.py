"""Single cells as as few writes as cover them, and no cell more."""

from collections.abc import Mapping, Sequence

from attendance_backend.sheet.changes import AddRows, Change, NewCell, Row, WriteCells
from attendance_backend.sheet.grid import Place, Worksheet


def write_cells(sheet_id: int, cells: Mapping[Place, NewCell]) -> list[WriteCells]:
    """Writes of exactly these cells: neighbours in a row go together, and rows below each other that are as wide."""
    blocks: dict[tuple[int, int], list[list[NewCell]]] = {}
    open_at: dict[tuple[int, int, int], tuple[int, int]] = {}
    for row, column, run in _runs(cells):
        above = open_at.pop((row, column, len(run)), (row, column))
        blocks.setdefault(above, []).append(run)
        open_at[row + 1, column, len(run)] = above
    return [
        WriteCells(sheet_id, row, column, tuple(tuple(line) for line in lines))
        for (row, column), lines in blocks.items()
    ]


def _runs(cells: Mapping[Place, NewCell]) -> list[tuple[int, int, list[NewCell]]]:
    """Neighbours in a row, from the top to the bottom and from left to right."""
    runs: list[tuple[int, int, list[NewCell]]] = []
    for row, column in sorted(cells):
        if runs and runs[-1][0] == row and runs[-1][1] + len(runs[-1][2]) == column:
            runs[-1][2].append(cells[row, column])
        else:
            runs.append((row, column, [cells[row, column]]))
    return runs


def append_rows(worksheet: Worksheet, end_row: int, rows: Sequence[Row]) -> list[Change]:
    """Write rows from `end_row` on, at an address, after making the grid long enough.

    Never "append": were the call to be repeated, it would write the same rows again in another place.
    """
    if not rows:
        return []
    missing = end_row + len(rows) - worksheet.row_count
    growth: list[Change] = [AddRows(worksheet.sheet_id, missing)] if missing > 0 else []
    return [*growth, WriteCells(worksheet.sheet_id, end_row, 0, tuple(rows))]

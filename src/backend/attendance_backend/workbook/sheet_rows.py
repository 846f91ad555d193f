"""Appending rows to a worksheet whose last row in use is known."""

from collections.abc import Sequence

from attendance_backend.sheet.changes import AddRows, Change, Row, WriteCells
from attendance_backend.sheet.grid import Worksheet


def append_rows(worksheet: Worksheet, end_row: int, rows: Sequence[Row]) -> list[Change]:
    """Write rows from `end_row` on, at an address, after making the grid long enough.

    Never "append": were the call to be repeated, it would write the same rows again in another place.
    """
    if not rows:
        return []
    missing = end_row + len(rows) - worksheet.row_count
    growth: list[Change] = [AddRows(worksheet.sheet_id, missing)] if missing > 0 else []
    return [*growth, WriteCells(worksheet.sheet_id, end_row, 0, tuple(rows))]

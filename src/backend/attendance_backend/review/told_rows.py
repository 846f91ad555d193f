"""How many rows a hidden worksheet has, told in its first cell: ``Key (600 rows)``.

A row that somebody deleted leaves no trace but this. Whoever adds rows tells the new number in the same write.
"""

import re

from attendance_backend.sheet.changes import Change, NewCell, WriteCells
from attendance_backend.sheet.grid import Worksheet

_TOLD = re.compile(r".* \((\d{1,7}) rows\)")


def header(name: str, rows: int) -> str:
    """The first cell's text."""
    return f"{name} ({rows} rows)"


def told(worksheet: Worksheet) -> int | None:
    """The number of rows below the header that there should be; None when the cell does not tell."""
    match = _TOLD.fullmatch(worksheet.text(0, 0))
    return None if match is None else int(match[1])


def tell(worksheet: Worksheet, name: str, rows: int) -> list[Change]:
    """A write of the first cell, unless it tells this already."""
    text = header(name, rows)
    if worksheet.value(0, 0) == text:
        return []
    return [WriteCells(worksheet.sheet_id, 0, 0, ((NewCell(text),),))]

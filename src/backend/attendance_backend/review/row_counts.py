"""How many rows a hidden worksheet has, told in the header of its first column: ``Key (600 rows)``.

A row that somebody deleted leaves no trace but this. Whoever adds rows tells the new number in the same write.
"""

import re

from attendance_backend.sheet.changes import Change, NewCell, WriteCells
from attendance_backend.sheet.grid import Worksheet
from attendance_backend.sheet.layout import Column

_TOLD = re.compile(r".* \((\d{1,7}) rows\)")


def counted(worksheet: Worksheet, column: Column) -> int | None:
    """The number of rows below the header that there should be; None when the column's header does not tell."""
    match = _TOLD.fullmatch(worksheet.text(worksheet.lines[0], column))
    return None if match is None else int(match[1])


def count(worksheet: Worksheet, column: Column, rows: int) -> list[Change]:
    """A write of the column's header, unless it tells this already."""
    text, row = f"{column.header} ({rows} rows)", worksheet.lines[0]
    if worksheet.value(row, column) == text:
        return []
    return [WriteCells(worksheet.sheet_id, row, worksheet.at(column), ((NewCell(text),),))]

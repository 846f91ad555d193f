"""``Guide``: how to read the workbook, and its parameters."""

from dataclasses import dataclass

from attendance_backend.sheet.changes import AddWorksheet, Change, NewCell, WriteCells
from attendance_backend.sheet.grid import Area, Worksheet
from attendance_backend.workbook.names import GUIDE, GUIDE_ID

FINALISED = "Finalised"
AREAS = (Area(GUIDE, 0, None, 0, 2),)


@dataclass(frozen=True, slots=True)
class Parameters:
    """What HR sets."""

    finalised: bool = False
    grace_s: int = 0
    overtime_after_s: int = 8 * 3600


def create() -> list[Change]:
    return [
        AddWorksheet(GUIDE_ID, GUIDE, row_count=1, column_count=2),
        WriteCells(GUIDE_ID, 0, 0, ((NewCell(FINALISED), NewCell("no")),)),
    ]


def read(worksheet: Worksheet) -> Parameters:
    finalised = any(
        worksheet.text(row, 0) == FINALISED and worksheet.text(row, 1).casefold() == "yes"
        for row in worksheet.row_numbers()
    )
    return Parameters(finalised)

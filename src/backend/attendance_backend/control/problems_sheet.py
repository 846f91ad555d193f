"""``Problems`` in the control spreadsheet: what the program cannot use of what HR typed, where HR sees it.

    Worksheet | Cell | What is wrong, and what to do

Written as a whole, and only when it is to say something else than it does. What is wrong with a review workbook stands
here as well, as HR looks here: then the first column names the workbook. Whoever looks after the workbooks writes these
lines; all others leave them as they are.
"""

from collections.abc import Sequence

from attendance_backend.control.program_sheets import ProgramSheet
from attendance_backend.sheet import styles
from attendance_backend.sheet.blocks import append_rows
from attendance_backend.sheet.changes import Change, NewCell, Row
from attendance_backend.sheet.grid import Worksheet
from attendance_backend.sheet.table import Problem

TITLE = "Problems"
HEADERS = ("Worksheet", "Cell", "What is wrong, and what to do")
SHEET = ProgramSheet(1_900_000_003, TITLE, HEADERS, (160, 70, 760))
NOTHING = ("", "", "Nothing.")
_WORKBOOK = "Workbook "
"""Before the name of a workbook; no worksheet of HR's is called so."""


def of_workbook(name: str, remedy: str) -> Problem:
    """Something wrong with a workbook; `name` is its period's, or that of the control spreadsheet."""
    return Problem(_WORKBOOK + name, "", remedy)


def reported_of_workbooks(worksheet: Worksheet | None) -> list[Problem]:
    """What the worksheet says of workbooks now."""
    worksheet = SHEET.or_blank(worksheet)
    rows = [[worksheet.text(row, column) for column in range(3)] for row in range(1, worksheet.end_row())]
    return [Problem(*row) for row in rows if row[0].startswith(_WORKBOOK)]


def changes(worksheet: Worksheet | None, problems: Sequence[Problem]) -> list[Change]:
    """What makes the worksheet say this, and nothing when it does already.

    Args:
        worksheet: all of it; None when there is none, which is right as long as there are no problems.
        problems: in the order in which they are to stand.
    """
    expected = [(problem.worksheet, problem.cell, problem.remedy) for problem in problems] or [NOTHING]
    if worksheet is None:
        if not problems:
            return []
        return SHEET.appended(None, [_row(line) for line in expected])
    columns = range(len(HEADERS))
    there = [
        tuple(worksheet.text(row, column) for column in columns) for row in range(1, worksheet.end_row())
    ]
    if there == expected:
        return []
    surplus = [("", "", "")] * (len(there) - len(expected))
    return append_rows(worksheet, 1, [_row(line) for line in [*expected, *surplus]])


def _row(line: Sequence[str]) -> Row:
    styled = (styles.PLAIN, styles.PLAIN, styles.WRAPPED)
    return tuple(NewCell(text or None, style) for text, style in zip(line, styled, strict=True))

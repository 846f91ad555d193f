"""The Review Periods spreadsheet, kept by HR: what the handlers read of it.

Worksheets of HR: one a year (`periods`), ``Cut Off Times`` (`roster`). Worksheets of the program, made when
first needed: ``Review Sheets`` (`review_sheets`), ``Alarms`` (`alarms`).
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from attendance_backend.control import roster
from attendance_backend.control.periods import read_periods, year_of
from attendance_backend.control.roster import Person
from attendance_backend.ports import Spreadsheets
from attendance_backend.sheet import styles
from attendance_backend.sheet.changes import (
    AddWorksheet,
    Change,
    NewCell,
    Row,
    SetColumns,
    WarnBeforeEdit,
    WriteCells,
)
from attendance_backend.sheet.grid import Area, Worksheet
from attendance_backend.sheet.table import Problem
from attendance_contracts import ReviewPeriod

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PublishedPeriods:
    """What HR has published.

    Attributes:
        periods: in order of time.
        problems: why some rows do not count.
    """

    periods: Sequence[ReviewPeriod] = ()
    problems: Sequence[Problem] = ()


def read_review_periods(spreadsheets: Spreadsheets, control_id: str, around: date) -> PublishedPeriods:
    """The periods of the year before `around` and of all later ones."""
    titles = [
        worksheet.title
        for worksheet in spreadsheets.read(control_id).worksheets
        if (year := year_of(worksheet.title)) is not None and year >= around.year - 1
    ]
    if not titles:
        return PublishedPeriods()
    years = spreadsheets.read(control_id, [Area(title) for title in titles]).worksheets
    periods, problems = read_periods(years)
    report(problems)
    return PublishedPeriods(periods, problems)


def read_people(spreadsheets: Spreadsheets, control_id: str) -> Mapping[str, Person]:
    """The people of ``Cut Off Times`` by `Person.key`, sorted by name."""
    worksheet = spreadsheets.read(control_id, [Area(roster.TITLE)]).worksheet(roster.TITLE)
    people, problems = roster.read_roster(worksheet)
    report(problems)
    return people


def report(problems: Iterable[Problem]) -> None:
    """One log line for each row that is skipped."""
    for problem in problems:
        log.warning("Review Periods spreadsheet, %s (skipped)", problem)


def find_log(spreadsheets: Spreadsheets, control_id: str, title: str) -> Worksheet | None:
    """One of the program's worksheets, whole; None when it has not been made yet."""
    if spreadsheets.read(control_id).find(title) is None:
        return None
    return spreadsheets.read(control_id, [Area(title)]).worksheet(title)


def create_log(sheet_id: int, title: str, headers: Sequence[str], widths: Sequence[int]) -> list[Change]:
    """One of the program's worksheets, empty but for its header."""
    header: Row = tuple(NewCell(text, styles.HEADER) for text in headers)
    return [
        AddWorksheet(sheet_id, title, row_count=2, column_count=len(headers), frozen_rows=1),
        WriteCells(sheet_id, 0, 0, (header,)),
        *(SetColumns(sheet_id, column, column + 1, pixels) for column, pixels in enumerate(widths)),
        WarnBeforeEdit(sheet_id, "Kept by the program."),
    ]


def blank_log(sheet_id: int, title: str, columns: int) -> Worksheet:
    """What `create_log` makes, as if it had been read."""
    return Worksheet(sheet_id, title, row_count=2, column_count=columns)

"""``Holidays`` in the control spreadsheet: days on which nobody is missed.

Date | Name, and for a holiday of one site only: Site; for half a day of those with a shift: Part
"""

from collections.abc import Collection
from datetime import date
from typing import NamedTuple

from attendance_backend.control.roster import site_in
from attendance_backend.domain.plans import HALVES
from attendance_backend.domain.rules import Holiday
from attendance_backend.sheet import typed
from attendance_backend.sheet.grid import Worksheet
from attendance_backend.sheet.table import BadCellError, Problem, Table
from attendance_backend.sheet.typed import Order

TITLE = "Holidays"
DATE, NAME, SITE, PART = "Date", "Name", "Site", "Part"
HEADERS = (DATE, NAME)
OPTIONAL_HEADERS = (SITE, PART)


class Holidays(NamedTuple):
    """What is read of the worksheet.

    Attributes:
        found: in order of time.
        problems: what is wrong in the rows left out.
        is_whole: whether all rows are understood; else a workbook may have holidays that are not `found` now.
    """

    found: list[Holiday]
    problems: list[Problem]
    is_whole: bool


def read_holidays(worksheet: Worksheet, sites: Collection[str] | None = None) -> Holidays:
    """The holidays. Without the worksheet, or without its headers, nothing is known of any.

    A date that can be read in two orders is read as the other rows must be, or else as month/day/year; when they
    show both orders, it is complained of.

    Args:
        worksheet: all of it.
        sites: that exist; None when nobody knows yet.
    """
    table, problems = Table.read(worksheet, HEADERS, OPTIONAL_HEADERS)
    if table is None:
        return Holidays([], problems, is_whole=False)
    order = table.order_of_dates(DATE)
    holidays: dict[tuple[date, str], Holiday] = {}
    is_whole = True
    for row in table.rows():
        try:
            holiday = _read_row(table, row, order, sites)
        except BadCellError as error:
            problems.append(error.problem(worksheet))
            is_whole = False
            continue
        if (holiday.day, holiday.site) in holidays:
            remedy = f"{holiday.day.isoformat()} stands here twice; remove one"
            problems.append(BadCellError(row, table.columns[DATE], remedy).problem(worksheet))
            continue
        holidays[holiday.day, holiday.site] = holiday
    return Holidays(sorted(holidays.values()), problems, is_whole)


def _read_row(table: Table, row: int, order: Order | None, sites: Collection[str] | None) -> Holiday:
    day = table.date(row, DATE, order)
    part = typed.key(table.label(row, PART))
    if part not in ("", *HALVES):
        raise table.not_understood(row, PART, " or ".join(HALVES) + ", or leave it empty")
    return Holiday(day, table.label(row, NAME) or "holiday", site_in(table, row, SITE, sites), part)

"""``Holidays`` in the control spreadsheet: days on which nobody is missed.

Date | Name, and for a holiday of one site only: Site
"""

from collections.abc import Collection
from datetime import date

from attendance_backend.control.roster import known_site
from attendance_backend.domain.rules import Holiday
from attendance_backend.sheet.grid import Worksheet
from attendance_backend.sheet.table import BadCellError, Problem, Table, header_problem
from attendance_backend.sheet.typed_dates import Order

TITLE = "Holidays"
DATE, NAME, SITE = "Date", "Name", "Site"
HEADERS = (DATE, NAME)
OPTIONAL_HEADERS = (SITE,)


def read_holidays(
    worksheet: Worksheet, sites: Collection[str] | None = None
) -> tuple[list[Holiday], list[Problem]]:
    """The holidays in order of time, and what is wrong in the rows left out.

    A date that can be read in two orders is read as the other rows must be, or else as month/day/year; when they
    show both orders, it is complained of.

    Args:
        worksheet: all of it.
        sites: that exist; None when nobody knows yet.
    """
    if not worksheet.cells:
        return [], []
    broken = header_problem(worksheet, HEADERS)
    if broken is not None:
        return [], [broken]
    table = Table.of(worksheet, HEADERS, OPTIONAL_HEADERS)
    order = table.order_of_dates(DATE)
    holidays: dict[tuple[date, str], Holiday] = {}
    problems: list[Problem] = []
    for row in table.rows():
        try:
            holiday = _read_row(table, row, order, sites)
            if (holiday.day, holiday.site) in holidays:
                remedy = f"{holiday.day.isoformat()} stands here twice; remove one"
                raise BadCellError(row, table.columns[DATE], remedy)  # noqa: TRY301 - reported below like any other
        except BadCellError as error:
            problems.append(error.problem(worksheet))
            continue
        holidays[holiday.day, holiday.site] = holiday
    return sorted(holidays.values()), problems


def _read_row(table: Table, row: int, order: Order | None, sites: Collection[str] | None) -> Holiday:
    day = table.date(row, DATE, order)
    site = table.label(row, SITE)
    if site and sites is not None:
        site = known_site(site, sites, row, table.columns[SITE])
    return Holiday(day, table.label(row, NAME) or "holiday", site)

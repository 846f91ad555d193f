"""The two dates of a review period's row, in whichever order somebody typed them.

What is unambiguous decides: first in the row itself, then the month that the row names, then the other rows of the
worksheet. Without any of these, month/day/year as the header of the column says.
"""

import re
from dataclasses import dataclass
from datetime import date

from attendance_backend.sheet.table import BadCellError, Table
from attendance_backend.sheet.typed import Order, TypedDate, month_of

MAX_PERIOD_DAYS = 100
"""A longer period is a slip of the pen, such as a wrong year."""

_YEAR = re.compile(r"[12]\d{3}")


def year_of(title: str) -> int | None:
    """The year that a worksheet's title names; None when it names none."""
    return int(title) if _YEAR.fullmatch(title.strip()) else None


@dataclass(frozen=True, slots=True)
class _Row:
    """A row's two cells, and where they stand."""

    table: Table
    row: int
    start_header: str
    end_header: str
    start: TypedDate
    end: TypedDate

    def read(self, order: Order) -> tuple[date, date]:
        return self.start.read(order), self.end.read(order)


def read(table: Table, row: int, month: str, start_header: str, end_header: str) -> tuple[date, date]:
    """First and last day of a row.

    Args:
        table: of a year's worksheet.
        month: as the row names it.
        start_header: column of the first day.
        end_header: column of the last day.

    Raises:
        BadCellError: a cell holds no date, or the two make no period in either order.
    """
    typed = _Row(
        table,
        row,
        start_header,
        end_header,
        table.typed_date(row, start_header),
        table.typed_date(row, end_header),
    )
    sound = [order for order in Order if _fault(typed, *typed.read(order)) is None]
    readings = {typed.read(order) for order in sound}
    if len(readings) == 1:
        return readings.pop()
    if readings:
        return typed.read(_decide(typed, month))
    proved = typed.start.proves or typed.end.proves or Order.MONTH_FIRST
    fault = _fault(typed, *typed.read(proved))
    assert fault is not None
    raise _with_hint(typed, fault)


def _decide(typed: _Row, month: str) -> Order:
    """The order of a row that makes a period in both."""
    proved = {each.proves for each in (typed.start, typed.end) if each.proves is not None}
    if len(proved) == 1:
        return proved.pop()
    named = month_of(month)
    matching = [order for order in Order if _month_of(*typed.read(order)) == named]
    if len(matching) == 1:
        return matching[0]
    order = typed.table.order_of_dates(typed.start_header, typed.end_header)
    if order is None:
        days = [typed.start.read(order) for order in Order]
        raise BadCellError(
            typed.row,
            typed.table.columns[typed.start_header],
            f"{typed.start_header} can be {' or '.join(map(in_words, days))}, and other rows show both orders; "
            f"type {' or '.join(day.isoformat() for day in days)}",
        )
    return order


def _month_of(start: date, end: date) -> int:
    """The month in which a period's middle lies."""
    return (start + (end - start) / 2).month


def _fault(typed: _Row, start: date, end: date) -> BadCellError | None:
    """Why two dates make no period of their worksheet; None when they do."""
    year = year_of(typed.table.worksheet.title)
    start_column, end_column = (
        typed.table.columns[header] for header in (typed.start_header, typed.end_header)
    )
    if year not in (start.year, end.year):
        # A worksheet copied from last year's, dates and all, must not make a second set of periods.
        return BadCellError(
            typed.row,
            start_column,
            f"{typed.start_header} is in {start.year}, this worksheet is {year}; correct the year, or type the row "
            f"into {start.year}",
        )
    if end < start:
        return BadCellError(
            typed.row, end_column, f"{typed.end_header} is before {typed.start_header}; correct one of them"
        )
    if (end - start).days >= MAX_PERIOD_DAYS:
        days = (end - start).days
        return BadCellError(
            typed.row, end_column, f"{typed.end_header} is {days} days after {typed.start_header}; correct it"
        )
    return None


def _with_hint(typed: _Row, fault: BadCellError) -> BadCellError:
    """The fault, and the swapped date that would fix it: spreadsheets take 2/11/2026 in their own locale's order."""
    for cell, header in ((typed.start, typed.start_header), (typed.end, typed.end_header)):
        if cell.swapped is None:
            continue
        for order in Order:
            start, end = typed.read(order)
            dates = (cell.swapped, end) if cell is typed.start else (start, cell.swapped)
            if _fault(typed, *dates) is None:
                hint = (
                    f"; the spreadsheet took {header} for {in_words(cell.read(order))}. "
                    f"If {in_words(cell.swapped)} is meant, type {cell.swapped.isoformat()}"
                )
                return BadCellError(fault.row, fault.column, f"{fault}{hint}")
    return fault


def in_words(day: date) -> str:
    """In which day and month cannot be taken for each other."""
    return f"{day.day} {day:%B %Y}"

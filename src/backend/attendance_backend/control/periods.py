"""Review periods from the rows that HR keeps, and which of them comes next."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from attendance_backend.control import period_dates
from attendance_backend.control.period_dates import in_words, year_of
from attendance_backend.domain.periods import GAP_DAYS, NOTICE_DAYS, effective_end
from attendance_backend.sheet.a1 import cell_name
from attendance_backend.sheet.grid import Worksheet
from attendance_backend.sheet.table import BadCellError, Problem, Table
from attendance_contracts import ReviewPeriod

MONTH, START, END = "Month", "Start Date", "End Date"
HEADERS = (MONTH, START, END)


_MOST_NAME = 90
"""Bytes. Drive keeps 124 of a property's key and value, by which a period's workbook is found."""
_FRIDAY = 4
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class PeriodRow:
    """One row of a year's worksheet.

    Attributes:
        end: the effective last day: a Friday typed by HR means the Sunday after it, unless HR sets where weeks begin.
        row: where it stands, for reports.
    """

    name: str
    start: date
    end: date
    worksheet: Worksheet
    row: int


def read_periods(
    years: Iterable[Worksheet], *, through_sunday: bool = True
) -> tuple[list[ReviewPeriod], list[Problem]]:
    """The periods of the years' worksheets in order of time, and what is wrong in the rows left out.

    Args:
        through_sunday: whether a period that ends on a Friday runs through the Sunday after it.
    """
    rows: list[PeriodRow] = []
    problems: list[Problem] = []
    for worksheet in years:
        _read_year(worksheet, rows, problems, through_sunday=through_sunday)
    rows.sort(key=lambda row: (row.start, row.end))
    return _windows(rows, problems), problems


def doubts(years: Iterable[Worksheet], today: date, *, through_sunday: bool = True) -> list[Problem]:
    """What is odd in rows that count all the same: overlaps, days without a period, no next period."""
    rows: list[PeriodRow] = []
    for worksheet in years:
        _read_year(worksheet, rows, [], through_sunday=through_sunday)
    rows.sort(key=lambda row: (row.start, row.end))
    found = [doubt for before, row in pairwise(rows) if (doubt := _doubt(before, row)) is not None]
    if rows and rows[-1].end - NOTICE_DAYS * _DAY < today:
        last = rows[-1]
        remedy = f"no period is entered for the days after {in_words(last.end)}; add one in the row below"
        found.append(Problem(last.worksheet.title, cell_name(last.row, 0), remedy))
    return found


def _doubt(before: PeriodRow, row: PeriodRow) -> Problem | None:
    cell = cell_name(row.row, 0)
    if before.end >= row.start and row.end > before.end:
        days = f"{in_words(row.start)} to {in_words(before.end)}"
        remedy = (
            f"{before.name} and {row.name} both hold {days}; these days count for {before.name}. Correct one"
        )
        return Problem(row.worksheet.title, cell, remedy)
    if (row.start - before.end).days > GAP_DAYS:
        days = f"{in_words(before.end + _DAY)} to {in_words(row.start - _DAY)}"
        return Problem(
            row.worksheet.title, cell, f"no period holds the days {days}; add it, or correct a date"
        )
    return None


def _read_year(
    worksheet: Worksheet, rows: list[PeriodRow], problems: list[Problem], *, through_sunday: bool
) -> None:
    table, broken = Table.read(worksheet, HEADERS)
    problems += broken
    if table is None:
        return
    names = {each.name.casefold() for each in rows}
    for row in table.rows():
        try:
            found = _read_row(table, row, through_sunday=through_sunday)
            if found.name.casefold() in names:
                raise BadCellError(row, table.columns[MONTH], f"{found.name} stands here twice; remove one")  # noqa: TRY301 - reported below like any other
        except BadCellError as error:
            problems.append(error.problem(worksheet))
            continue
        names.add(found.name.casefold())
        rows.append(found)


def _read_row(table: Table, row: int, *, through_sunday: bool) -> PeriodRow:
    year = year_of(table.worksheet.title)
    first = table.worksheet.date(row, table.columns[MONTH])
    # Of "October 2026" the spreadsheet makes a date.
    month = f"{first:%B}" if first is not None and first.year == year else table.text(row, MONTH)
    if len(month.encode()) > _MOST_NAME:
        raise BadCellError(row, table.columns[MONTH], f"{MONTH} is too long for a name: shorten it")
    start, end = period_dates.read(table, row, month, START, END)
    last = effective_end(end) if through_sunday else end
    return PeriodRow(f"{month} {year}", start, last, table.worksheet, row)


def _windows(rows: Sequence[PeriodRow], problems: list[Problem]) -> list[ReviewPeriod]:
    """Give every day one home: gaps of up to a week go to the period after them, overlaps to the one before."""
    periods: list[ReviewPeriod] = []
    for row in rows:
        first_day = row.start
        if periods and (row.start - periods[-1].last_day).days <= GAP_DAYS:
            first_day = periods[-1].last_day + _DAY
        if row.end < first_day:
            error = BadCellError(row.row, 0, f"{row.name} lies within {periods[-1].name}; correct the dates")
            problems.append(error.problem(row.worksheet))
            continue
        periods.append(ReviewPeriod(row.name, first_day, row.end))
    return periods

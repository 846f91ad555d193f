"""A review workbook's results as rows for payroll: what HR sees is what payroll gets. Pure logic.

Nothing is computed here but units: a duration, which spreadsheets hold as a fraction of a day, becomes hours, and
minutes beside them: hours with two digits do not add up, minutes do, to the last digit.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from sys import intern

from attendance_backend.errors import LayoutError
from attendance_backend.review import book, day_header, exceptions_sheet, guide_sheet
from attendance_backend.review import corrections_sheet as corrections
from attendance_backend.review import daily_columns as daily
from attendance_backend.review import monthly_columns as monthly
from attendance_backend.review import working_time_columns as times
from attendance_backend.review.book import Want
from attendance_backend.review.doubts import Doubts
from attendance_backend.review.doubts import lines as doubt_lines
from attendance_backend.review.finding import Finding
from attendance_backend.review.formulas import user_of
from attendance_backend.review.names import CORRECTIONS, DAILY, EXCEPTIONS, GUIDE, MONTHLY, WORKING_TIME
from attendance_backend.review.working_time import OF_KIND, kinds_in
from attendance_backend.sheet import serial
from attendance_backend.sheet.a1 import cell_name
from attendance_backend.sheet.grid import Area, Spreadsheet, Worksheet
from attendance_backend.sheet.layout import Column
from attendance_backend.sheet.placing import as_made

Value = str | float | None

WANTS = (
    book.whole(MONTHLY),
    book.whole(DAILY),
    book.whole(CORRECTIONS),
    Want(
        as_made(exceptions_sheet.LAYOUT),
        lambda sheet: Area.of_places(sheet.title, [sheet.at(exceptions_sheet.STATE)]),
    ),
    book.GUIDE_VALUES,
)
"""What must be read for `payroll`."""

# Without one of them, a person is not exported rightly; other columns may be blank.
_COUNTS = (
    monthly.PRESENT,
    monthly.LATE,
    monthly.ABSENT,
    monthly.ON_LEAVE,
    monthly.INCOMPLETE,
    monthly.HOURS,
    monthly.OVERTIME,
    monthly.PENALTIES,
)
_DURATIONS = (monthly.HOURS, monthly.OVERTIME)
_OF_PLANS = (
    *(times.EXPECTED, times.BALANCE, times.LATE, times.EARLY, times.HALF_DAYS),
    *(times.WEEK_OVERTIME, times.NIGHT, times.WEEKEND, times.HOLIDAY),
)
COUNTS_OF_PLANS = times.LATE, times.EARLY, times.HALF_DAYS
"""Those of the further columns that are no hours."""
MINUTES, OVERTIME_MINUTES, DOUBTS = "Minutes", "Overtime Minutes", "Doubts"
"""Whole minutes; why numbers of the row are not to be trusted, empty for no reason."""
DOUBTS_APART = "; "
"""Between two reasons."""
PERSON_HEADERS = (*(column.header for column in monthly.SHOWN), MINUTES, OVERTIME_MINUTES, DOUBTS)
DAY_HEADERS = (
    "Employee",
    "User Name",
    "Date",
    "State",
    "Check In",
    "Check Out",
    "Hours",
    "Corrected",
    MINUTES,
    DOUBTS,
)

_OF_TIMES = (corrections.CHECK_IN, corrections.CHECK_OUT, corrections.LEAVE)
"""Corrections that change a day."""


@dataclass(frozen=True)
class Payroll:
    """The export.

    Attributes:
        people: a row a person, as `PERSON_HEADERS`; hours as decimals.
        days: a row a person and day of the period, as `DAY_HEADERS`; check-in and check-out in ISO 8601.
        open_exceptions: rows of ``Exceptions`` that are still open.
        finalised: whether HR has closed the period.
        lacking: cells that should have a value and have none.
        more: headers of further columns of `people`, behind the others: of people whose days HR plans.
    """

    people: tuple[tuple[Value, ...], ...]
    days: tuple[tuple[Value, ...], ...]
    open_exceptions: int
    finalised: bool
    lacking: tuple[str, ...]
    more: tuple[str, ...] = ()


def payroll(workbook: Spreadsheet, doubts: Doubts) -> Payroll:
    """The export of a workbook with the cells of `WANTS`; raises LayoutError when nobody is in it."""
    book = _Book(workbook, doubts)
    people = list(book.people())
    if not people:
        raise LayoutError(f"worksheet {MONTHLY!r} has nobody in it: there is nothing to export")
    exceptions = workbook.worksheet(EXCEPTIONS)
    return Payroll(
        people=tuple(book.person_row(row) for row in people),
        days=tuple(line for row in people for line in book.day_rows(row)),
        open_exceptions=sum(
            exceptions.text(row, exceptions_sheet.STATE) == daily.OPEN for row in exceptions.row_numbers()
        ),
        finalised=guide_sheet.read(workbook.worksheet(GUIDE)).finalised,
        lacking=tuple(book.lacking),
        more=()
        if book.times is None
        else (
            *(column.header for column in _OF_PLANS),
            *(f"{OF_KIND}{kind}" for kind in kinds_in(book.times)),
        ),
    )


def doubted(result: Payroll, lines: Sequence[str]) -> Payroll:
    """The export with further doubts, which concern everybody in it; a line each."""
    at = PERSON_HEADERS.index(DOUBTS)
    people = (
        (*row[:at], DOUBTS_APART.join([*filter(None, [str(row[at])]), *lines]), *row[at + 1 :])
        for row in result.people
    )
    return replace(result, people=tuple(people))


def joined(parts: Sequence[Payroll]) -> tuple[Payroll, list[str]]:
    """The export of all groups' workbooks of a period, and who stands in several of them, a line each."""
    if len(parts) == 1:
        return parts[0], []
    more = max((part.more for part in parts), key=len)
    width = len(PERSON_HEADERS) + len(more)
    rows = [(*row, *[None] * (width - len(row))) for part in parts for row in part.people]
    user = [column.header for column in monthly.SHOWN].index(monthly.USER_NAME.header)
    counted = Counter(row[user] for row in rows)
    twice = [
        f"{row[user]} is in the workbooks of several groups, with a part of the month in each: add the rows up"
        for row in rows
        if counted[row[user]] > 1
    ]
    return Payroll(
        people=tuple(rows),
        days=tuple(line for part in parts for line in part.days),
        open_exceptions=sum(part.open_exceptions for part in parts),
        finalised=all(part.finalised for part in parts),
        lacking=tuple(cell for part in parts for cell in part.lacking),
        more=more,
    ), list(dict.fromkeys(twice))


class _Book:
    """The worksheets, and where the days and people stand in them."""

    def __init__(self, workbook: Spreadsheet, doubts: Doubts) -> None:
        self.monthly, self.daily = workbook.worksheet(MONTHLY), workbook.worksheet(DAILY)
        self.times = workbook.find(WORKING_TIME)
        self._times_rows = {} if self.times is None else self.times.rows_by(times.TOKEN)
        self.lacking: list[str] = []
        self._doubts = doubts
        self._days = {
            day: column
            for day, column in sorted(day_header.columns_by_day(self.monthly).items())
            if self.monthly.text(self.monthly.lines[day_header.KIND], column) != day_header.OTHER_PERIOD
        }
        self._written = {day: day.isoformat() for day in self._days}  # one text for all people, as states are
        self._daily_columns = day_header.columns_by_day(self.daily)
        self._daily_rows = {self.daily.text(row, daily.KEY): row for row in self.daily.data_rows()}
        self._corrected = set(_corrected(workbook.worksheet(CORRECTIONS)))

    def people(self) -> Iterator[int]:
        return (row for row in self.monthly.data_rows() if self.monthly.text(row, monthly.TOKEN))

    def person_row(self, row: int) -> tuple[Value, ...]:
        values = (
            self._count(row, column)
            if column in _COUNTS or self.monthly.number(row, column) is not None
            else self.monthly.text(row, column)
            for column in monthly.SHOWN
        )
        minutes = (_minutes(self.monthly.number(row, column)) for column in _DURATIONS)
        return *values, *minutes, DOUBTS_APART.join(doubt_lines(self._findings(row))), *self._of_plans(row)

    def _of_plans(self, row: int) -> Iterator[Value]:
        """What was expected of a person; nothing of whom HR plans nothing."""
        sheet = self.times
        there = self._times_rows.get(self.monthly.text(row, monthly.TOKEN))
        for column in _OF_PLANS if sheet is not None else ():
            assert sheet is not None
            number = None
            if there is not None:
                self._expect_value(sheet, there, sheet.at(column))
                number = sheet.number(there, column)
            yield number if column in COUNTS_OF_PLANS else _hours(number)
        for place in kinds_in(sheet).values() if sheet is not None else ():
            assert sheet is not None
            if there is not None:
                self._expect_value(sheet, there, place)
            yield None if there is None else sheet.number(there, place)

    def _findings(self, row: int) -> list[Finding]:
        user = user_of(self.monthly.text(row, monthly.TOKEN))
        name, site = (self.monthly.text(row, column) for column in (monthly.EMPLOYEE, monthly.SITE))
        return self._doubts.of_person(user, name, site)

    def day_rows(self, row: int) -> Iterator[tuple[Value, ...]]:
        token = self.monthly.text(row, monthly.TOKEN)
        names = self.monthly.text(row, monthly.EMPLOYEE), self.monthly.text(row, monthly.USER_NAME)
        user = user_of(token)
        findings = self._findings(row)
        for day, column in self._days.items():
            check_in, check_out, hours = (self._daily_cell(user, label, day) for label in daily.LABELS)
            typed_over = any(cell is not None and not cell[2] for cell in (check_in, check_out, hours))
            corrected = typed_over or (token, day) in self._corrected
            yield (
                *names,
                self._written[day],
                intern(self._state(row, column)),
                _moment(day, _number(self.daily, check_in)),
                _moment(day, _number(self.daily, check_out)),
                _hours(_number(self.daily, hours)),
                "yes" if corrected else "no",
                _minutes(_number(self.daily, hours)),
                DOUBTS_APART.join(each.what for each in findings if each.day == day),
            )

    def _state(self, row: int, column: int) -> str:
        self._expect_value(self.monthly, row, column)
        return self.monthly.text(row, column)

    def _count(self, row: int, column: Column) -> Value:
        self._expect_value(self.monthly, row, self.monthly.at(column))
        number = self.monthly.number(row, column)
        return _hours(number) if column in _DURATIONS else number

    def _daily_cell(self, user: str, label: str, day: date) -> tuple[int, int, bool] | None:
        """Row and column of a cell that holds anything, and whether it is a formula."""
        row, column = self._daily_rows.get(daily.key_of(user, label)), self._daily_columns.get(day)
        if row is None or column is None or (row, column) not in self.daily.cells:
            return None
        self._expect_value(self.daily, row, column)
        return row, column, self.daily.cells[row, column].is_formula

    def _expect_value(self, worksheet: Worksheet, row: int, column: int) -> None:
        cell = worksheet.cells.get((row, column))
        if cell is not None and cell.is_formula and cell.value is None:
            self.lacking.append(f"worksheet {worksheet.title!r}, cell {cell_name(row, column)}: no value")


def _corrected(worksheet: Worksheet) -> Iterator[tuple[str, date]]:
    """Whose days a correction changes, by the token of the person."""
    for row in worksheet.data_rows():
        kind, user = worksheet.text(row, corrections.KIND), worksheet.text(row, corrections.USER)
        first = worksheet.date(row, corrections.FROM)
        is_applied = worksheet.text(row, corrections.STATUS).startswith(corrections.APPLIED)
        if is_applied and kind in _OF_TIMES and user and first is not None:
            last = worksheet.date(row, corrections.TO) or first
            yield from ((user, first + timedelta(days=number)) for number in range((last - first).days + 1))


def _number(worksheet: Worksheet, cell: tuple[int, int, bool] | None) -> float | None:
    return None if cell is None else worksheet.number(cell[0], cell[1])


def _moment(day: date, fraction: float | None) -> str | None:
    if fraction is None:
        return None
    moment = datetime.combine(day, time()) + timedelta(seconds=serial.to_seconds(fraction))
    return moment.isoformat(sep=" ", timespec="minutes")


def _minutes(fraction: float | None) -> float | None:
    return None if fraction is None else round(fraction * 1440)


def _hours(fraction: float | None) -> float | None:
    return None if fraction is None else round(fraction * 24, 2)

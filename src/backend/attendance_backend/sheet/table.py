"""Worksheets kept by people as tables: a header row, found by its words, and what is typed below it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from attendance_backend.errors import LayoutError
from attendance_backend.sheet import styles, typed
from attendance_backend.sheet.a1 import cell_name
from attendance_backend.sheet.changes import AddColumns, Change, NewCell, WriteCells
from attendance_backend.sheet.grid import Cell, Value, Worksheet
from attendance_backend.sheet.typed import AskBackError, Order, TypedDate, Unit, order_of, typed_date


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that keeps a row from being used; the other rows are.

    Attributes:
        remedy: what is wrong and what to do.
    """

    worksheet: str
    cell: str
    remedy: str

    def __str__(self) -> str:
        return f"worksheet {self.worksheet!r}, cell {self.cell}: {self.remedy}"


class BadCellError(ValueError):
    """A cell that cannot be understood; caught by whoever reads its row."""

    def __init__(self, row: int, column: int, remedy: str) -> None:
        super().__init__(remedy)
        self.row = row
        self.column = column

    def kept(self, what: str = "it stays as it was") -> "BadCellError":
        """The error for a cell that is about something which stays in force as it was; `what`, in words."""
        return BadCellError(self.row, self.column, f"{self}; until then {what}")

    def problem(self, worksheet: Worksheet) -> Problem:
        return Problem(worksheet.title, cell_name(self.row, self.column), str(self))


_Span = tuple[date | None, date | None]
_ERROR, _TRUE, _FALSE = "#ERROR!", "TRUE", "FALSE"


@dataclass(frozen=True)
class Table:
    """A worksheet with the places of its columns."""

    worksheet: Worksheet
    columns: Mapping[str, int]

    @staticmethod
    def of(worksheet: Worksheet, headers: Sequence[str], optional: Sequence[str] = ()) -> "Table":
        """Find the columns of these headers in the first row; raises LayoutError when one is missing.

        Those of the `optional` headers that are missing have no place in `columns`.
        """
        missing = missing_headers(worksheet, headers)
        if missing:
            raise LayoutError(f"worksheet {worksheet.title!r}: {_advice(missing, headers)}")
        found = _found(worksheet)
        expected = [*headers, *(header for header in optional if typed.key(header) in found)]
        return Table(_in_words(worksheet), {header: found[typed.key(header)] for header in expected})

    @staticmethod
    def read(
        worksheet: Worksheet | None, headers: Sequence[str], optional: Sequence[str] = ()
    ) -> "tuple[Table | None, list[Problem]]":
        """As `of`, without raising: None for no worksheet, a blank one, or one without the headers; that is told."""
        if worksheet is None or not worksheet.cells:
            return None, []
        broken = header_problem(worksheet, headers)
        return (None, [broken]) if broken is not None else (Table.of(worksheet, headers, optional), [])

    def rows(self) -> list[int]:
        """The rows below the header in which one of the columns holds anything."""
        columns = set(self.columns.values())
        return sorted({row for row, column in self.worksheet.cells if row > 0 and column in columns})

    def text(self, row: int, header: str) -> str:
        """A text as `typed.squeezed` makes it; raises BadCellError when there is none."""
        text = typed.squeezed(self.worksheet.text(row, self.columns[header]))
        if text in ("", _ERROR, _TRUE, _FALSE):
            raise BadCellError(row, self.columns[header], f"type a text for {header}")
        return text

    def label(self, row: int, header: str) -> str:
        """A text or a whole number as text, such as an ID; empty when there is none or no such column."""
        if header not in self.columns or self.worksheet.value(row, self.columns[header]) is None:
            return ""
        number = self.worksheet.number(row, self.columns[header])
        if number is not None:
            return str(int(number)) if number.is_integer() else str(number)
        return typed.squeezed(self.worksheet.text(row, self.columns[header]))

    def typed_date(self, row: int, header: str) -> TypedDate:
        """A date, or a text that can be one; raises BadCellError."""
        found = typed_date(self.worksheet, row, self.columns[header])
        if found is None:
            raise self.not_understood(row, header, "a date such as 2026-11-30")
        return found

    def date(self, row: int, header: str, order: Order | None) -> date:
        """A date, read in the order of the worksheet (`order_of_dates`); raises BadCellError."""
        cell = self.typed_date(row, header)
        readings = {cell.read(each) for each in Order}
        if len(readings) > 1 and order is None:
            days = " or ".join(day.isoformat() for day in sorted(readings))
            remedy = (
                f"{self.label(row, header)!r} can be two days, and other rows show both orders; type {days}"
            )
            raise BadCellError(row, self.columns[header], remedy)
        return cell.read(order or Order.MONTH_FIRST)

    def span(self, row: int, first: str, until: str, order: Order | None) -> _Span:
        """The days under two headers, None where nothing stands; raises BadCellError, also where they are turned."""
        begin, end = (
            None if self.is_blank(row, each) else self.date(row, each, order) for each in (first, until)
        )
        if begin is not None and end is not None and end < begin:
            remedy = f"{until} ({end}) is before {first} ({begin}); correct one"
            raise BadCellError(row, self.columns[until], remedy)
        return begin, end

    def order_of_dates(self, *headers: str) -> Order | None:
        """The order in which the dates of these columns are read; None when they show both."""
        return order_of(
            typed_date(self.worksheet, row, self.columns[header])
            for row in self.rows()
            for header in headers
            if header in self.columns
        )

    def is_blank(self, row: int, header: str) -> bool:
        """Whether nothing stands in a cell, or a word for it, or there is no such column."""
        if header not in self.columns:
            return True
        value = self.worksheet.value(row, self.columns[header])
        return value is None or (
            isinstance(value, str) and (not value.strip() or self.says_none(row, header))
        )

    def says_none(self, row: int, header: str) -> bool:
        """Whether a cell holds a word for "there is none"."""
        return typed.key(self.worksheet.text(row, self.columns[header])) in typed.NOTHING

    def time_of_day(self, row: int, header: str) -> int:
        """As `typed.time_of_day`; raises BadCellError."""
        value = self.worksheet.value(row, self.columns[header])
        try:
            return typed.time_of_day("" if value is None else value)
        except AskBackError as ask:
            raise self.asked_back(row, header, str(ask)) from None

    def duration(self, row: int, header: str, unit: Unit, most_s: int) -> int:
        """As `typed.duration`; raises BadCellError."""
        value = self.worksheet.value(row, self.columns[header])
        try:
            return typed.duration("" if value is None else value, unit, most_s)
        except AskBackError as ask:
            raise self.asked_back(row, header, str(ask)) from None

    def not_understood(self, row: int, header: str, expected: str) -> BadCellError:
        """The complaint about a cell that holds something else than is expected."""
        return self.asked_back(row, header, f"type {expected}")

    def asked_back(self, row: int, header: str, ask: str) -> BadCellError:
        """The complaint about a cell, with what to type."""
        column = self.columns[header]
        value = self.worksheet.value(row, column)
        what = "is empty" if value in (None, "") else f"holds {typed.shown(value)}"
        return BadCellError(row, column, f"{header} {what}; {ask}")


def _in_words(worksheet: Worksheet) -> Worksheet:
    """The worksheet with texts for truth values and errors: what shows #N/A is not understood, and not empty."""
    words: dict[tuple[int, int], Value] = {
        place: _ERROR if cell.is_error else _TRUE if cell.value else _FALSE
        for place, cell in worksheet.cells.items()
        if cell.is_error or isinstance(cell.value, bool)
    }
    if not words:
        return worksheet
    cells = {place: Cell(word, worksheet.cells[place].formula) for place, word in words.items()}
    return replace(worksheet, cells={**worksheet.cells, **cells})


def missing_headers(worksheet: Worksheet, headers: Sequence[str]) -> list[str]:
    """Those of the headers that the first row lacks."""
    found = _found(worksheet)
    return [header for header in headers if typed.key(header) not in found]


def with_headers(worksheet: Worksheet, headers: Sequence[str]) -> tuple[list[Change], dict[str, int]]:
    """What gives a worksheet the headers that it lacks, right of all that stands there, and the places of these."""
    missing = missing_headers(worksheet, headers)
    if not missing:
        return [], {}
    first = max((column for _, column in worksheet.cells), default=-1) + 1
    lacking = first + len(missing) - worksheet.column_count
    growth: list[Change] = [AddColumns(worksheet.sheet_id, lacking)] if lacking > 0 else []
    cells = tuple(NewCell(header, styles.HEADER) for header in missing)
    places = {header: place for place, header in enumerate(missing, first)}
    return [*growth, WriteCells(worksheet.sheet_id, 0, first, (cells,))], places


def header_problem(worksheet: Worksheet, headers: Sequence[str]) -> Problem | None:
    """What is wrong with the first row; None when it has all the headers."""
    missing = missing_headers(worksheet, headers)
    if not missing:
        return None
    return Problem(worksheet.title, cell_name(0, 0), f"{_advice(missing, headers)}; until then no row counts")


def doubled_headers(worksheet: Worksheet | None, headers: Sequence[str]) -> list[Problem]:
    """Of these headers those that stand in the first row once more: only the left column counts."""
    seen, names = set[str](), {typed.key(header) for header in headers}
    problems: list[Problem] = []
    for column, cell in sorted(worksheet.row(0)) if worksheet is not None else ():
        name = typed.key(str(cell.value))
        if name in seen & names:
            remedy = f"a column on the left is called {cell.value!r}, too, and that one counts; rename or delete one"
            problems.append(Problem(worksheet.title if worksheet else "", cell_name(0, column), remedy))
        seen.add(name)
    return problems


def _advice(missing: Sequence[str], headers: Sequence[str]) -> str:
    return f"the first row lacks {missing[0]!r}; it needs {', '.join(headers)}"


def _found(worksheet: Worksheet) -> dict[str, int]:
    found: dict[str, int] = {}
    for column, cell in worksheet.row(0):
        found.setdefault(typed.key(str(cell.value)), column)
    return found

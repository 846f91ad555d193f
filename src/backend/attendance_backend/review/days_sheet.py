"""``Days``: hidden; what the punches say of each person and business day. Three rows a person, a column a day.

    Key | User Name | Measure | Employee | Device User ID | Site | Last Site | Last Seen | one column a business day
                      breaks                                     | First Day | Last Day

Row 1 holds the dates. Values are fractions of a day: check-in and check-out since the business day's midnight (more
than 1 after the next one), breaks as a length. Corrections are not in here: formulas look them up elsewhere.

What is kept of a person once (employee to last seen) stands in the row of the measure ``in`` only: a message reads
these columns, and most of their cells are blank then. First and last day of the employment, of which punches say
nothing, stand below in the row ``breaks``: so the days have the same columns in every workbook, whatever version made
it, and the rows of hours in ``Daily Attendance``, which know this row, find them.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from attendance_backend.domain.days import DayTimes
from attendance_backend.domain.people import Member, Person, Seen, site_key, user_key
from attendance_backend.review import day_header, told_rows
from attendance_backend.review.names import DAYS, DAYS_ID
from attendance_backend.sheet import placing, serial
from attendance_backend.sheet.blocks import write_cells
from attendance_backend.sheet.changes import AddColumns, AddRows, Change, NewCell
from attendance_backend.sheet.grid import Area, Place, Worksheet
from attendance_backend.sheet.layout import Column, Layout, runs

KEY = Column("key", "Key")
USER_NAME = Column("user_name", "User Name")
MEASURE = Column("measure", "Measure")
EMPLOYEE = Column("employee", "Employee")
DEVICE_USER_ID = Column("device_user_id", "Device User ID")
SITE = Column("site", "Site")
LAST_SITE = Column("last_site", "Last Site / First Day")
LAST_SEEN = Column("last_seen", "Last Seen / Last Day")
FIRST_EMPLOYED, LAST_EMPLOYED = LAST_SITE, LAST_SEEN
"""Columns of the row ``breaks``."""
LAYOUT = Layout(
    DAYS,
    DAYS_ID,
    (KEY, USER_NAME, MEASURE, EMPLOYEE, DEVICE_USER_ID, SITE, LAST_SITE, LAST_SEEN),
    hidden=True,
    plain=True,
    warning="Kept by the program: what the punches say of each day. Never edit.",
)
IN, OUT, BREAKS = "in", "out", "breaks"
MEASURES = (IN, OUT, BREAKS)
KEY_SEPARATOR = "/"
"""A row's key is the user's key (`user_key`), this, and the measure."""


@dataclass(frozen=True)
class Facts:
    """What punches say of people.

    Attributes:
        times: by `Person.key` and business day.
        seen: by `Person.key`.
    """

    times: Mapping[tuple[str, date], DayTimes] = field(default_factory=dict)
    seen: Mapping[str, Seen] = field(default_factory=dict)


class Days:
    """The worksheet as far as it was read.

    Args:
        worksheet: with what is kept of people once, and the columns of some days.
        known: where everybody's rows are known to stand, if the rows of some people only were read.
        keys: of these people.
    """

    def __init__(self, worksheet: Worksheet, known: "Days | None" = None, keys: Collection[str] = ()) -> None:
        self.worksheet = worksheet
        self.columns = columns_by_day(worksheet)
        self.rows: dict[str, dict[str, int]] = _rows_by_key(worksheet) if known is None else known.rows
        self.there: int = self._number_of_rows() if known is None else known.there
        at = {
            column: worksheet.at(column) for column in (EMPLOYEE, DEVICE_USER_ID, SITE, LAST_SITE, LAST_SEEN)
        }
        read = {
            key: _member(worksheet, key, self.rows[key], at) for key in (self.rows if known is None else keys)
        }
        self.members: dict[str, Member] = read if known is None else {**known.members, **read}

    def is_incomplete(self) -> bool:
        """Whether somebody's rows are not all there, or rows were deleted or added by somebody else."""
        return told_rows.told(self.worksheet, KEY) != self.there or any(
            len(rows) < len(MEASURES) for rows in self.rows.values()
        )

    def recount(self) -> list[Change]:
        """A write of how many rows there are, unless it is told already."""
        return told_rows.tell(self.worksheet, KEY, self.there)

    def _number_of_rows(self) -> int:
        sheet, place = self.worksheet, self.worksheet.at(KEY)
        return sum((row, place) in sheet.cells for row in range(sheet.first_row, sheet.row_count))

    def missing_rows(self) -> list[Change]:
        """Rows at the end of the grid for the measures that people lack."""
        missing = [
            (key, measure) for key, rows in self.rows.items() for measure in MEASURES if measure not in rows
        ]
        if not missing:
            return []
        rows = [_row(self.worksheet, key, key, measure) for key, measure in missing]
        sheet = self.worksheet
        return [AddRows(sheet.sheet_id, len(rows)), *_write_rows(sheet.sheet_id, sheet.row_count, rows)]

    def changes(self, facts: Facts) -> list[Change]:
        """Writes of the cells that do not hold the facts."""
        return [*write_cells(self.worksheet.sheet_id, self.differences(facts))]

    def differences(self, facts: Facts) -> dict[Place, NewCell]:
        """What belongs into the cells that do not hold the facts; people and days without a place are left out."""
        cells: dict[Place, NewCell] = {}
        for (key, day), times in facts.times.items():
            column = self.columns.get(day)
            if column is not None:
                cells |= self._day_cells(self.rows.get(key, {}), column, times)
        for key, seen in facts.seen.items():
            row = self.rows.get(key, {}).get(IN)
            if row is not None:
                cells |= self._seen_cells(row, seen)
        return cells

    def employment(self, people: Iterable[Person]) -> dict[Place, NewCell]:
        """What belongs into the cells that do not hold people's first and last day; who has no row is left out."""
        cells: dict[Place, NewCell] = {}
        for person in people:
            row = self.rows.get(person.key, {}).get(BREAKS)
            if row is None:
                continue
            for column, wanted in self._employment(person).items():
                cell = self.worksheet.cells.get((row, column))
                number = self.worksheet.number(row, column)
                if number != wanted.value or (cell is not None and (cell.is_formula or number is None)):
                    cells[row, column] = wanted
        return cells

    def _employment(self, person: Person) -> dict[int, NewCell]:
        return {self.worksheet.at(column): cell for column, cell in _employment_cells(person).items()}

    def _day_cells(self, rows: Mapping[str, int], column: int, times: DayTimes) -> dict[Place, NewCell]:
        cells: dict[Place, NewCell] = {}
        for measure, wanted in zip(MEASURES, _seconds(times), strict=True):
            row = rows.get(measure)
            if row is None:
                continue
            cell = self.worksheet.cells.get((row, column))
            number = self.worksheet.number(row, column)
            holds = None if number is None else serial.to_seconds(number)
            if holds != wanted or (cell is not None and (cell.is_formula or number is None)):
                cells[row, column] = _fraction_cell(wanted)
        return cells

    def _seen_cells(self, row: int, seen: Seen) -> dict[Place, NewCell]:
        cells: dict[Place, NewCell] = {}
        if self.worksheet.text(row, LAST_SITE) != seen.site:
            cells[row, self.worksheet.at(LAST_SITE)] = NewCell(seen.site)
        if _moment(self.worksheet, row, LAST_SEEN) != seen.at:
            cells[row, self.worksheet.at(LAST_SEEN)] = NewCell(serial.from_datetime(seen.at))
        return cells


def key_of(user: str, measure: str) -> str:
    """How `KEY` names a person's row; `user` is a `user_key`."""
    return f"{user}{KEY_SEPARATOR}{measure}"


def create(people: Sequence[Person], days: Sequence[date], facts: Facts | None = None) -> list[Change]:
    """The whole worksheet.

    Args:
        people: in the order of their rows.
        days: business days, whole weeks.
        facts: what is known already.
    """
    sheet = as_made(days)
    rows = _rows_of(people, sheet, facts or Facts())
    dates = tuple(NewCell(serial.from_date(day)) for day in days)
    return [
        *LAYOUT.create(sheet.first_row + len(rows), (dates,)),
        *told_rows.tell(sheet, KEY, len(rows)),
        *_write_rows(DAYS_ID, sheet.first_row, rows),
    ]


def as_made(days: Sequence[date]) -> Worksheet:
    """The worksheet as `create` makes it for these days, without people."""
    first = len(LAYOUT.columns)
    return placing.as_made(LAYOUT, {first + at: serial.from_date(day) for at, day in enumerate(days)})


def add_people(worksheet: Worksheet, people: Sequence[Person], facts: Facts | None = None) -> list[Change]:
    """Rows at the end of the grid for people who have none.

    Args:
        worksheet: of which the header was read.
        people: in the order of their rows.
        facts: what is known of them.
    """
    rows = _rows_of(people, worksheet, facts or Facts())
    if not rows:
        return []
    there = told_rows.told(worksheet, KEY)
    if there is None:
        there = worksheet.row_count - worksheet.first_row
    return [
        AddRows(worksheet.sheet_id, len(rows)),
        *told_rows.tell(worksheet, KEY, there + len(rows)),
        *_write_rows(worksheet.sheet_id, worksheet.row_count, rows),
    ]


def _row(sheet: Worksheet, user: str, name: str, measure: str) -> dict[int, NewCell]:
    """What tells whose row it is, and of what, by place."""
    return {
        sheet.at(KEY): NewCell(key_of(user, measure)),
        sheet.at(USER_NAME): NewCell(name),
        sheet.at(MEASURE): NewCell(measure),
    }


def person_rows(person: Person, sheet: Worksheet, facts: Facts) -> tuple[dict[int, NewCell], ...]:
    """A person's three rows, check-ins, check-outs and breaks, by place; `sheet` as far as its header was read."""
    lines = tuple(_row(sheet, person.key, person.user_name, measure) for measure in MEASURES)
    first, _, breaks = lines
    seen = facts.seen.get(person.key)
    once: dict[Column, float | str | None] = {
        EMPLOYEE: person.name,
        DEVICE_USER_ID: person.device_user_id or None,
        SITE: person.site or None,
        LAST_SITE: None if seen is None else seen.site,
        LAST_SEEN: None if seen is None else serial.from_datetime(seen.at),
    }
    first |= {sheet.at(column): NewCell(value) for column, value in once.items()}
    breaks |= {sheet.at(column): cell for column, cell in _employment_cells(person).items()}
    for day, column in columns_by_day(sheet).items():
        times = facts.times.get((person.key, day))
        if times is not None:
            for line, seconds in zip(lines, _seconds(times), strict=True):
                line[column] = _fraction_cell(seconds)
    return lines


def missing_days(worksheet: Worksheet, days: Sequence[date]) -> list[Change]:
    """Columns at the end of the grid for business days that have none."""
    known = columns_by_day(worksheet)
    missing = [day for day in days if day not in known]
    if not missing:
        return []
    row = worksheet.lines[0]
    cells = {
        (row, worksheet.column_count + number): NewCell(serial.from_date(day))
        for number, day in enumerate(missing)
    }
    return [AddColumns(worksheet.sheet_id, len(missing)), *write_cells(worksheet.sheet_id, cells)]


def areas(worksheet: Worksheet, days: Sequence[date]) -> list[Area]:
    """What must be read to store punches of these business days, by where the columns stand."""
    title, columns = worksheet.title, columns_by_day(worksheet)
    places = [columns[day] for day in days if day in columns]
    kept = [worksheet.at(each) for each in (EMPLOYEE, DEVICE_USER_ID, SITE, LAST_SITE, LAST_SEEN)]
    return [
        *(Area.of_columns(title, first, end) for first, end in runs([worksheet.at(KEY), *kept])),
        *([Area.of_columns(title, min(places), max(places) + 1)] if places else []),
    ]


def columns_by_day(worksheet: Worksheet) -> dict[date, int]:
    """Where each day stands; the first of two alike."""
    return day_header.columns_by_day(worksheet)


def _rows_by_key(worksheet: Worksheet) -> dict[str, dict[str, int]]:
    """Where each person's rows stand, by `Person.key` and measure."""
    rows: dict[str, dict[str, int]] = {}
    place = worksheet.at(KEY)
    for row in range(worksheet.first_row, worksheet.row_count):
        key, separator, measure = worksheet.text(row, place).rpartition(KEY_SEPARATOR)
        if separator and measure in MEASURES:
            rows.setdefault(user_key(key), {}).setdefault(measure, row)
    return rows


def _member(worksheet: Worksheet, key: str, rows: Mapping[str, int], at: Mapping[Column, int]) -> Member:
    row, below = rows.get(IN), rows.get(BREAKS)
    if row is None:
        return Member(key, key, "", "")
    first, last = (
        None if below is None else worksheet.date(below, at[column])
        for column in (FIRST_EMPLOYED, LAST_EMPLOYED)
    )
    moment = _moment(worksheet, row, at[LAST_SEEN])
    return Member(
        key,
        worksheet.text(row, at[EMPLOYEE]) or key,
        worksheet.label(row, at[DEVICE_USER_ID]),
        site_key(worksheet.text(row, at[SITE])),
        None if moment is None else Seen(moment, worksheet.text(row, at[LAST_SITE])),
        first,
        last,
    )


def _employment_cells(person: Person) -> dict[Column, NewCell]:
    """What stands in the row ``breaks``, by column."""
    days = {FIRST_EMPLOYED: person.first_day, LAST_EMPLOYED: person.last_day}
    return {column: NewCell(None if day is None else serial.from_date(day)) for column, day in days.items()}


def _moment(worksheet: Worksheet, row: int, column: int | Column) -> datetime | None:
    number = worksheet.number(row, column)
    try:
        return None if number is None else serial.to_datetime(number)
    except OverflowError:
        return None


def _rows_of(people: Iterable[Person], sheet: Worksheet, facts: Facts) -> list[dict[int, NewCell]]:
    return [row for person in people for row in person_rows(person, sheet, facts)]


def _write_rows(sheet_id: int, first_row: int, rows: Sequence[Mapping[int, NewCell]]) -> list[Change]:
    """The cells of whole rows that hold something: the rows are new."""
    cells = {
        (first_row + down, column): cell
        for down, row in enumerate(rows)
        for column, cell in row.items()
        if cell.value is not None
    }
    return [*write_cells(sheet_id, cells)]


def _seconds(times: DayTimes) -> tuple[int | None, int | None, int | None]:
    """In the order of `MEASURES`."""
    return times.check_in, times.check_out, times.breaks or None


def _fraction_cell(seconds: int | None) -> NewCell:
    return NewCell(None if seconds is None else serial.from_seconds(seconds))

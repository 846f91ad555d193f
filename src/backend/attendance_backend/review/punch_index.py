"""``Punch Index``: hidden; which punches are stored, by the day on which they were made.

    Serial Number | User ID | User Name | Site | one column a calendar date

A row for each user of a machine under each name, a cell the punches of a date: ``<seconds of the day>:<record ID>``,
separated by blanks. Dates, not business days: a record must be found again after a site's day boundary was changed.
Punches that came after the period was finalised bear a mark at the end (``:amended``): they are found again and count
for nobody's day.

What a person typed in here is kept and does not count.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from functools import cached_property, lru_cache
from typing import NamedTuple

from attendance_backend.domain.clocks import seconds_of
from attendance_backend.domain.people import Labels, site_key
from attendance_backend.review import day_header, row_counts
from attendance_backend.review.names import PUNCH_INDEX, PUNCH_INDEX_ID
from attendance_backend.sheet import serial
from attendance_backend.sheet.blocks import write_cells
from attendance_backend.sheet.changes import AddRows, Change, NewCell
from attendance_backend.sheet.grid import Area, Place, Worksheet
from attendance_backend.sheet.layout import Column, Layout
from attendance_contracts import AttendanceRecord

SERIAL_NUMBER = Column("serial_number", "Serial Number")
USER_ID = Column("user_id", "User ID")
USER_NAME = Column("user_name", "User Name")
SITE = Column("site", "Site")
LAYOUT = Layout(
    PUNCH_INDEX,
    PUNCH_INDEX_ID,
    (SERIAL_NUMBER, USER_ID, USER_NAME, SITE),
    hidden=True,
    plain=True,
    warning="Kept by the program: by it each punch is stored once. Never edit.",
)
MAX_CELL_CHARACTERS = 45_000
"""Google Sheets takes 50,000 in a cell; a fuller one is continued in a further row with the same labels."""

_TOKEN = re.compile(r"(\d{1,5}):([0-9A-Za-z]+)(:amended)?", re.ASCII)
_SECONDS_A_DAY = 86_400


class Token(NamedTuple):
    """A punch in a cell.

    Attributes:
        seconds: of the calendar day.
        amended: whether it came after the period was finalised.
    """

    seconds: int
    record_id: str
    amended: bool = False

    @staticmethod
    def of(record: AttendanceRecord, *, amended: bool = False) -> "Token":
        return Token(seconds_of(record.timestamp), record.identity, amended)

    def moment(self, day: date) -> datetime:
        """The wall time of the punch, in the column of a date."""
        return _midnight(day) + timedelta(seconds=self.seconds)

    def __str__(self) -> str:
        return f"{self.seconds}:{self.record_id}{':amended' if self.amended else ''}"


class _Content(NamedTuple):
    """What stands in a cell: punches, and words that are none."""

    tokens: list[Token]
    unreadable: list[str]

    def text(self) -> str:
        return " ".join([*map(str, self.tokens), *self.unreadable])


class PunchIndex:
    """The worksheet as far as it was read, and what is to be added to it.

    Args:
        worksheet: with the labels of all rows, and what stands in the columns of some dates.
        known: whose labels the rows are known to have, if those of some rows only were read.
    """

    def __init__(self, worksheet: Worksheet, known: "PunchIndex | None" = None) -> None:
        self.worksheet = worksheet
        self.columns = day_header.columns_by_day(worksheet)
        self.rows: dict[Labels, list[int]] = (
            _rows_by_labels(worksheet)
            if known is None
            else {labels: [*rows] for labels, rows in known.rows.items()}
        )
        self._added: dict[Place, NewCell] = {}
        self._contents: dict[Place, _Content] = {}
        """Of the cells that were looked at; they may be long, and are taken apart once."""
        self._seen: dict[tuple[Labels, date], dict[str, Token]] = {}
        self._row_count = worksheet.row_count

    @cached_property
    def by_user_id(self) -> Mapping[str, Sequence[Labels]]:
        """The labels of each user ID, of whichever machine: a record's ID tells the machines apart."""
        found: dict[str, list[Labels]] = {}
        for labels in self.rows:
            found.setdefault(labels.user_id, []).append(labels)
        return found

    def is_incomplete(self) -> bool:
        """Whether rows were deleted or added by somebody else."""
        return row_counts.counted(self.worksheet, SERIAL_NUMBER) != self._number_of_rows()

    def sites(self) -> frozenset[str]:
        """The sites that punches were stored of, as they are written."""
        return frozenset(labels.site for labels in self.rows)

    def tokens(self, labels: Labels, day: date) -> list[Token]:
        """The punches of a row and its continuations, each once."""
        return sorted(self._tokens(labels, day).values())

    def knows(self, record: AttendanceRecord, site: str) -> bool:
        """Whether the record of a site is stored; what another site sent, of whichever machine, confirms nothing."""
        day, key = record.timestamp.date(), site_key(site)
        return any(
            site_key(labels.site) == key and record.identity in self._tokens(labels, day)
            for labels in self.by_user_id.get(record.user_id.strip(), ())
        )

    def sites_of(self, record: AttendanceRecord) -> list[str]:
        """The sites that sent the record, each its own: of a machine that was moved there are two."""
        rows, day = self.by_user_id.get(record.user_id.strip(), ()), record.timestamp.date()
        return [row.site for row in rows if record.identity in self._tokens(row, day)]

    def _tokens(self, labels: Labels, day: date) -> Mapping[str, Token]:
        """By record ID."""
        found = self._seen.get((labels, day))
        if found is None:
            column = self.columns.get(day)
            rows = () if column is None else self.rows.get(labels, ())
            found = {
                token.record_id: token for row in rows for token in self._content(row, column or 0).tokens
            }
            self._seen[labels, day] = found
        return found

    def add(self, labels: Labels, day: date, tokens: Iterable[Token]) -> None:
        """Note punches of a date that has a column; `changes` then tells what is to be written."""
        column = self.columns[day]
        self._seen.pop((labels, day), None)
        self.rows.setdefault(labels, [])
        left = sorted(tokens)
        for row in self.rows[labels]:
            left = self._fill(row, column, left)
        while left:
            left = self._fill(self._new_row(labels), column, left)

    def remove(self, labels: Labels, day: date, record_ids: frozenset[str]) -> None:
        """Note that punches of these IDs do not belong into a row and its continuations."""
        column = self.columns[day]
        self._seen.pop((labels, day), None)
        for row in self.rows.get(labels, ()):
            content = self._content(row, column)
            kept = [token for token in content.tokens if token.record_id not in record_ids]
            if len(kept) < len(content.tokens):
                self._write(row, column, _Content(kept, content.unreadable))

    def changes(self) -> list[Change]:
        """What was noted, and how many rows there are then, as writes of the cells that change."""
        missing = self._row_count - self.worksheet.row_count
        growth: list[Change] = [AddRows(self.worksheet.sheet_id, missing)] if missing else []
        told = row_counts.count(self.worksheet, SERIAL_NUMBER, self._number_of_rows())
        return [*growth, *told, *write_cells(self.worksheet.sheet_id, self._added)]

    def _number_of_rows(self) -> int:
        return sum(map(len, self.rows.values()))

    def _new_row(self, labels: Labels) -> int:
        """A row at the end of the grid, where nothing can be."""
        row = self._row_count
        self._row_count += 1
        self.rows[labels].append(row)
        self.__dict__.pop("by_user_id", None)
        texts = labels.serial_number, labels.user_id, labels.user_name, labels.site
        for column, text in zip(LAYOUT.columns, texts, strict=True):
            if text:
                self._added[row, self.worksheet.at(column)] = NewCell(text)
        return row

    def _fill(self, row: int, column: int, tokens: list[Token]) -> list[Token]:
        """Put as many punches into a cell as it has room for; returns the others."""
        cell = self.worksheet.cells.get((row, column))
        if not tokens or (cell is not None and (cell.is_formula or not isinstance(cell.value, str))):
            return tokens  # what a person typed is left alone
        room = MAX_CELL_CHARACTERS - len(self._text(row, column))
        taken = 0
        while taken < len(tokens) and (room := room - len(str(tokens[taken])) - 1) >= 0:
            taken += 1
        if taken:
            content = self._content(row, column)
            merged = sorted([*content.tokens, *tokens[:taken]])
            self._write(row, column, _Content(merged, content.unreadable))
        return tokens[taken:]

    def _write(self, row: int, column: int, content: _Content) -> None:
        self._contents[row, column] = content
        self._added[row, column] = NewCell(content.text() or None)

    def _content(self, row: int, column: int) -> _Content:
        found = self._contents.get((row, column))
        if found is None:
            found = self._contents[row, column] = _parsed(self._text(row, column))
        return found

    def _text(self, row: int, column: int) -> str:
        noted = self._added.get((row, column))
        if noted is not None:
            return str(noted.value or "")
        value = self.worksheet.value(row, column)
        return value if isinstance(value, str) else ""


def create(dates: Sequence[date]) -> list[Change]:
    """The worksheet with columns for these dates (`dates_of`), without punches."""
    sheet = day_header.as_made(LAYOUT, dates)
    return [
        *LAYOUT.create(sheet.first_row, (tuple(NewCell(serial.from_date(day)) for day in dates),)),
        *row_counts.count(sheet, SERIAL_NUMBER, 0),
    ]


def dates_of(first_day: date, last_day: date) -> list[date]:
    """The calendar dates on which a period's punches can be made: its last day may end after midnight."""
    return [first_day + timedelta(days=number) for number in range((last_day - first_day).days + 2)]


def areas(worksheet: Worksheet, days: Sequence[date]) -> list[Area]:
    """What must be read to store punches of these dates, by where the columns stand."""
    return day_header.areas(worksheet, LAYOUT.columns, days)


def _rows_by_labels(worksheet: Worksheet) -> dict[Labels, list[int]]:
    rows: dict[Labels, list[int]] = {}
    places = set(worksheet.columns.values())
    used = {row for row, column in worksheet.cells if column in places and row >= worksheet.first_row}
    columns = [worksheet.at(column) for column in LAYOUT.columns]
    for row in sorted(used):
        texts = [worksheet.label(row, column) for column in columns]
        rows.setdefault(Labels(*texts), []).append(row)
    return rows


@lru_cache(maxsize=256)
def _midnight(day: date) -> datetime:
    return datetime.combine(day, time())


def _parsed(text: str) -> _Content:
    found: list[Token] = []
    unreadable: list[str] = []
    for word in text.split():
        match = _TOKEN.fullmatch(word)
        if match is None or int(match[1]) >= _SECONDS_A_DAY:
            unreadable.append(word)
        else:
            found.append(Token(int(match[1]), match[2], match[3] is not None))
    return _Content(found, unreadable)

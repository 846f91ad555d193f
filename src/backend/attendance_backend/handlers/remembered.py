"""Where people's rows stood when the hidden worksheets were last read whole: of a message's people alone is then read.

What is remembered is kept in the process's memory and only says where to look. A message reads the rows of its people
with all that says whose they are, how many rows there should be, and all user IDs that HR keeps. If any of it is not as
it was, or the message is of somebody who has no row yet, the worksheets are read whole, and remembered anew. So what
others wrote, or people moved, costs a second read, and nothing is ever taken for another one's.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from attendance_backend.domain.people import Labels, People
from attendance_backend.review import days_sheet, punch_index
from attendance_backend.review.book import Want
from attendance_backend.review.days_sheet import Days
from attendance_backend.review.names import DAYS, PUNCH_INDEX
from attendance_backend.review.punch_index import PunchIndex
from attendance_backend.sheet.grid import Area, Cell, Worksheet
from attendance_backend.sheet.layout import Column
from attendance_contracts import StoreAttendRecords

MOST_RUNS = 24
"""Of rows, in a worksheet; of more, which are asked for one by one, the whole columns are no longer than that."""
_GAP = 6
"""Rows between two that are read along: the tags of an area's columns are longer."""
MOST_WORKBOOKS = 16

_INDEX = punch_index.LAYOUT.columns
_DAYS = tuple(
    column for column in days_sheet.LAYOUT.columns if column not in (days_sheet.MEASURE, days_sheet.USER_NAME)
)


@dataclass(frozen=True)
class Rows:
    """Rows of a worksheet that is remembered.

    Attributes:
        was: the worksheet as it was read whole.
        rows: which ones are read.
        names: columns that say whose a row is.
        read: the same, and what else is read of the rows.
        all_rows: columns that must be the same in every row.
        places: the columns of the message's days, by where things stand.
    """

    was: Worksheet
    rows: frozenset[int]
    names: tuple[Column, ...]
    read: tuple[Column, ...]
    all_rows: tuple[Column, ...]
    places: Callable[[Worksheet], Collection[int]]

    def want(self, whole: Callable[[Worksheet], list[Area]]) -> Want:
        """What is to be read: the rows, or all of them (`whole`) where they are not what they were."""
        return Want(self.was, lambda sheet: self._areas(sheet) if self.still(sheet) else whole(sheet))

    def still(self, sheet: Worksheet) -> bool:
        """Whether a worksheet, of which these rows were read, is as it was."""
        if sheet is self.was:
            return True
        told = self.names[0]
        return (
            sheet.row_count == self.was.row_count
            and sheet.lines == self.was.lines
            and all(column in sheet.columns for column in self.read)
            and sheet.text(sheet.lines[0], told) == self.was.text(self.was.lines[0], told)
            and all(self._same(sheet, row, column) for row in self.rows for column in self.names)
            and all(
                self._same(sheet, row, column) for row in self.was.data_rows() for column in self.all_rows
            )
        )

    def _same(self, sheet: Worksheet, row: int, column: Column) -> bool:
        return sheet.cells.get((row, sheet.at(column))) == self.was.cells.get((row, self.was.at(column)))

    def _areas(self, sheet: Worksheet) -> list[Area]:
        kept = [sheet.at(column) for column in self.read]
        days = self.places(sheet)
        spans = [(min(kept), max(kept) + 1), *([(min(days), max(days) + 1)] if days else [])]
        columns = [sheet.at(column) for column in self.all_rows]
        return [
            *(Area.of_columns(sheet.title, column, column + 1) for column in columns),
            *(Area(sheet.title, *rows, *span) for rows in runs(self.rows) for span in spans),
        ]

    def completed(self, sheet: Worksheet) -> Worksheet:
        """The worksheet as if it had been read whole; of the other rows what is remembered."""
        if not self.still(sheet):
            return sheet
        columns = {self.was.at(column): sheet.at(column) for column in self.read}
        others = {
            (row, columns[place]): cell
            for (row, place), cell in self.was.cells.items()
            if place in columns and row not in self.rows and row >= self.was.first_row
        }
        return replace(sheet, cells={**others, **sheet.cells})


@dataclass(frozen=True)
class Remembered:
    """Where a message's people stood."""

    spreadsheet_id: str
    index: Rows
    days: Rows

    def completed(
        self, memory: dict[str, Mapping[str, Worksheet]], index: Worksheet, days: Worksheet
    ) -> tuple[Worksheet, Worksheet]:
        """The worksheets as if they had been read whole; if one was, because it had changed, it is remembered anew."""
        whole = self.index.completed(index), self.days.completed(days)
        if whole[0] is index or whole[1] is days:
            remember(memory, self.spreadsheet_id, *whole)
        return whole


def runs(rows: Iterable[int]) -> list[tuple[int, int]]:
    """Rows as first and end; those between neighbours that are close are read along."""
    found: list[tuple[int, int]] = []
    for row in sorted(rows):
        if found and row - found[-1][1] <= _GAP:
            found[-1] = found[-1][0], row + 1
        else:
            found.append((row, row + 1))
    return found


def remember(
    memory: dict[str, Mapping[str, Worksheet]], spreadsheet_id: str, index: Worksheet, days: Worksheet
) -> None:
    """Keep what says whose the rows are."""
    memory.pop(spreadsheet_id, None)
    while len(memory) >= MOST_WORKBOOKS:
        del memory[next(iter(memory))]
    memory[spreadsheet_id] = {PUNCH_INDEX: _kept(index, _INDEX), DAYS: _kept(days, _DAYS)}


def _kept(sheet: Worksheet, columns: Sequence[Column]) -> Worksheet:
    places = {sheet.at(column) for column in columns}
    header = set(sheet.lines)
    cells: dict[tuple[int, int], Cell] = {
        at: cell for at, cell in sheet.cells.items() if at[1] in places or at[0] in header
    }
    return replace(sheet, cells=cells)


def recall(
    memory: Mapping[str, Mapping[str, Worksheet]],
    message: StoreAttendRecords,
    dates: Sequence[date],
    days: Sequence[date],
) -> Remembered | None:
    """The rows of a message's people; None where the worksheets are to be read whole."""
    known = memory.get(message.sheet_id)
    if known is None:
        return None
    index, by_key = PunchIndex(known[PUNCH_INDEX]), Days(known[DAYS])
    people = People(by_key.members.values())
    keys = set()
    for labels in {Labels.of(record, message.location) for record in message.records}:
        member = people.whose(labels)
        if member is None or labels not in index.rows:
            return None
        keys.add(member.key)
    ids = {record.user_id.strip() for record in message.records}
    keys |= {member.key for member in by_key.members.values() if member.device_user_id in ids}
    index_rows = {
        row
        for labels, rows in index.rows.items()
        if labels.user_id in ids or ((whose := people.whose(labels)) is not None and whose.key in keys)
        for row in rows
    }
    # Rows are added at the end: the last one tells whether others were, instead of those that are remembered.
    index_rows.add(index.worksheet.row_count - 1)
    days_rows = {row for key in keys for row in by_key.rows[key].values()}
    if max(len(runs(index_rows)), len(runs(days_rows))) > MOST_RUNS:
        return None
    return Remembered(
        message.sheet_id,
        Rows(
            index.worksheet,
            frozenset(index_rows),
            _INDEX,
            _INDEX,
            (),
            lambda sheet: _places(punch_index.columns_by_date(sheet), dates),
        ),
        Rows(
            by_key.worksheet,
            frozenset(days_rows),
            (days_sheet.KEY, days_sheet.EMPLOYEE, days_sheet.DEVICE_USER_ID, days_sheet.SITE),
            _DAYS,
            (days_sheet.DEVICE_USER_ID,),
            lambda sheet: _places(days_sheet.columns_by_day(sheet), days),
        ),
    )


def _places(columns: Mapping[date, int], days: Iterable[date]) -> list[int]:
    return [columns[day] for day in days if day in columns]

"""A cache of where people's rows stand in the hidden worksheets, so that a message reads its own people's rows only.

What is remembered is kept in the process's memory and only says where to look. A message reads the rows of its people
with all that says whose they are, how many rows there should be, and all user IDs that HR keeps. If any of it is not as
it was, or the message is of somebody who has no row yet, the worksheets are read whole, and remembered anew. So what
others wrote, or people moved, costs a second read, and nothing is ever taken for another one's.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from attendance_backend.domain.people import Labels, People
from attendance_backend.review import day_header, days_sheet, punch_index
from attendance_backend.review.book import Want
from attendance_backend.review.days_sheet import Days
from attendance_backend.review.punch_index import PunchIndex
from attendance_backend.sheet.grid import Area, Cell, Worksheet
from attendance_backend.sheet.layout import Column, runs
from attendance_contracts import StoreAttendRecords

MOST_RUNS = 24
"""Of rows in a worksheet: more of them, each with the tags of its columns, are no shorter than the whole columns."""
MOST_USERS = 60
MOST_WORKBOOKS = 16
_GAP = 6
"""Rows between two that are read along: the tags of an area's columns are longer."""

_LABELS = punch_index.LAYOUT.columns
_NAMES = (days_sheet.KEY, days_sheet.EMPLOYEE, days_sheet.DEVICE_USER_ID, days_sheet.SITE)

WholeAreas = Callable[[Worksheet], list[Area]]


@dataclass(frozen=True)
class Known:
    """The hidden worksheets of a workbook as they were read whole."""

    index: PunchIndex
    days: Days
    people: People


@dataclass(frozen=True)
class Rows:
    """Rows of a worksheet of which it is known whose they were.

    Attributes:
        was: the worksheet as it was read whole.
        rows: which ones are read.
        names: columns that say whose a row is.
        read: first and last column that are read of the rows.
        all_rows: a column that must be the same in every row, and is read whole.
        places: the columns of the message's days, by where things stand.
    """

    was: Worksheet
    rows: frozenset[int]
    names: tuple[Column, ...]
    read: tuple[Column, Column]
    all_rows: Column | None
    places: Callable[[Worksheet], list[int]]

    def want(self, whole: WholeAreas) -> Want:
        """What is to be read: the rows, or all of them (`whole`) where they are not what they were."""
        return Want(self.was, lambda sheet: self._areas(sheet) if self.still(sheet) else whole(sheet))

    def still(self, sheet: Worksheet) -> bool:
        """Whether a worksheet, of which these rows were read, is as it was."""
        was, told = self.was, self.names[0]
        if sheet is was:
            return True
        if (sheet.row_count, sheet.lines) != (was.row_count, was.lines) or not sheet.columns.keys() >= {
            *self.names,
            *self.read,
        }:
            return False
        return (
            sheet.value(sheet.lines[0], told) == was.value(was.lines[0], told)
            and _cells(sheet, self.rows, self.names) == _cells(was, self.rows, self.names)
            and (self.all_rows is None or _below(sheet, self.all_rows) == _below(was, self.all_rows))
        )

    def _areas(self, sheet: Worksheet) -> list[Area]:
        kept, days = [sheet.at(column) for column in self.read], self.places(sheet)
        spans = [(min(each), max(each) + 1) for each in (kept, days) if each]
        whole = [] if self.all_rows is None else [sheet.at(self.all_rows)]
        return [
            *(Area.of_columns(sheet.title, column, column + 1) for column in whole),
            *(Area(sheet.title, *rows, *span) for rows in runs(self.rows, _GAP) for span in spans),
        ]


@dataclass(frozen=True)
class OfMessage:
    """Where a message's people stood, and who they are."""

    known: Known
    index: Rows
    days: Rows
    keys: frozenset[str]


def hidden_sheets(
    memory: dict[str, Known], spreadsheet_id: str, asked: OfMessage | None, index: Worksheet, days: Worksheet
) -> tuple[PunchIndex, Days]:
    """The hidden worksheets as they were read: what was not as it was, and therefore read whole, is remembered."""
    index_known = asked.known.index if asked is not None and asked.index.still(index) else None
    days_known = asked.known.days if asked is not None and asked.days.still(days) else None
    by_labels = PunchIndex(index, index_known)
    by_day = Days(days, days_known, asked.keys if asked is not None else ())
    if index_known is None or days_known is None:
        memory.pop(spreadsheet_id, None)
        while len(memory) >= MOST_WORKBOOKS:
            del memory[next(iter(memory))]
        known = days_known or by_day
        memory[spreadsheet_id] = Known(
            index_known or PunchIndex(index, by_labels), known, People(known.members.values())
        )
    return by_labels, by_day


def recall(
    memory: Mapping[str, Known],
    parts: Sequence[StoreAttendRecords],
    dates: Sequence[date],
    days: Sequence[date],
) -> OfMessage | None:
    """The rows of the people of messages to one workbook; None where the worksheets are to be read whole."""
    known = memory.get(parts[0].sheet_id)
    found = {Labels.of(record, part.location) for part in parts for record in part.records}
    if known is None or len(found) > MOST_USERS or not found <= known.index.rows.keys():
        return None
    keys = set()
    for labels in found:
        owners = known.people.owners(labels)
        if not owners:
            return None
        keys |= {member.key for member in owners}
    ids = {labels.user_id for labels in found}
    keys |= {member.key for member in known.days.members.values() if member.device_user_id in ids}
    index_rows = {
        row
        for labels, rows in known.index.rows.items()
        if labels.user_id in ids or any(member.key in keys for member in known.people.owners(labels))
        for row in rows
    }
    index, by_day = known.index.worksheet, known.days.worksheet
    # Rows are added at the end: the last one tells whether others were, instead of those that are remembered.
    index_rows.add(index.row_count - 1)
    days_rows = {row for key in keys for row in known.days.rows[key].values()}
    if max(len(runs(index_rows, _GAP)), len(runs(days_rows, _GAP))) > MOST_RUNS:
        return None
    return OfMessage(
        known,
        Rows(
            index,
            frozenset(index_rows),
            _LABELS,
            (_LABELS[0], _LABELS[-1]),
            None,
            lambda sheet: _places(day_header.columns_by_day(sheet), dates),
        ),
        Rows(
            by_day,
            frozenset(days_rows),
            _NAMES,
            (days_sheet.KEY, days_sheet.LAST_SEEN),
            days_sheet.DEVICE_USER_ID,
            lambda sheet: _places(day_header.columns_by_day(sheet), days),
        ),
        frozenset(keys),
    )


def _places(columns: Mapping[date, int], days: Iterable[date]) -> list[int]:
    return [columns[day] for day in days if day in columns]


def _cells(sheet: Worksheet, rows: Iterable[int], columns: Sequence[Column]) -> list[Cell | None]:
    places, cells = [sheet.at(column) for column in columns], sheet.cells
    return [cells.get((row, place)) for row in rows for place in places]


def _below(sheet: Worksheet, column: Column) -> dict[int, Cell]:
    place, first = sheet.at(column), sheet.first_row
    return {row: cell for (row, at), cell in sheet.cells.items() if at == place and row >= first}

"""Carries leave that goes on after a period's end over into ``Corrections`` of the next workbook. Pure logic.

It stands there as a row like those that HR types, and says where it is from. A hidden cell of the row (`CARRIED`) holds
whose leave it is, and what the program wrote: as long as that stands unchanged, the row follows the workbook before,
until that one is finalised; what HR changed or emptied is HR's. Rows are inserted, never written over, as HR may be
typing.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from attendance_backend.review import book, corrections_sheet, formulas, guide_sheet, monthly_columns
from attendance_backend.review.corrections_sheet import (
    AS_TYPED,
    CARRIED,
    DATE,
    EMPLOYEE,
    ENTERED_BY,
    FROM,
    GROUP,
    KEPT,
    KIND,
    LEAVE,
    REASON,
    TO,
    TYPED,
    UNTIL,
    USER,
    VALUE,
    WHAT,
)
from attendance_backend.review.names import CORRECTIONS, GUIDE, MONTHLY
from attendance_backend.sheet import serial
from attendance_backend.sheet.blocks import write_cells
from attendance_backend.sheet.changes import Change, InsertRows, NewCell
from attendance_backend.sheet.grid import Place, Spreadsheet, Value, Worksheet
from attendance_backend.sheet.layout import Column

WANTS = (book.whole(CORRECTIONS, optional=True), book.GUIDE_VALUES)
"""What must be read of the workbook before."""
_READ = (KIND, GROUP, USER, FROM, TO, AS_TYPED, KEPT, VALUE, REASON, ENTERED_BY)
_ORIGIN = "carried over from "
_Typed = list[Value | None]
"""What stands in the columns that HR fills in."""


@dataclass(frozen=True, slots=True)
class Leave:
    """Somebody's, by `user_key`; `until` is a serial number, `value` what says its kind."""

    user: str
    until: float
    value: Value | None
    reason: str
    entered_by: str


@dataclass(frozen=True)
class Earlier:
    """What the workbook before says.

    Attributes:
        period: its name.
        leaves: that go on after it, by what `CARRIED` calls them.
        may_end: whether a leave that is not among them has been taken back.
    """

    period: str
    leaves: Mapping[str, Leave]
    may_end: bool


def read(view: Spreadsheet) -> Earlier | None:
    """What is to be carried over from a workbook, read with `WANTS`; None where that cannot be told."""
    sheet, guide = view.find(CORRECTIONS), view.worksheet(GUIDE)
    period = guide_sheet.period_of(guide)
    if period is None or sheet is None or not sheet.columns.keys() >= {*_READ}:
        return None
    is_kept = bool(guide_sheet.read(guide).kept_on)
    last, is_computed = serial.from_date(period.last_day), True
    found: dict[str, Leave] = {}
    for row in sheet.data_rows():
        group, until = sheet.cells.get((row, sheet.at(GROUP))), sheet.number(row, TO)
        is_computed = is_computed and (group is None or group.value is not None)
        if sheet.text(row, KIND) != LEAVE or not sheet.text(row, GROUP) or until is None or until <= last:
            continue
        if is_kept and sheet.text(row, AS_TYPED) != sheet.text(row, KEPT):
            continue  # typed after the month was finalised
        user, since = sheet.text(row, USER), sheet.number(row, FROM)
        texts = sheet.label(row, REASON), sheet.label(row, ENTERED_BY)
        leave = Leave(formulas.user_of(user), until, sheet.value(row, VALUE), *texts)
        known = found.setdefault(f"{user} {since:.0f}", leave)
        if known.until < until:
            found[f"{user} {since:.0f}"] = leave
    return Earlier(period.name, found, is_computed and not is_kept)


def joined(earlier: Sequence[Earlier | None]) -> Earlier | None:
    """What the workbooks of all groups say; of one person what the first one says. None of those that cannot be read.

    Nothing has been taken back unless all of them can tell.
    """
    known = [each for each in earlier if each is not None]
    if not known:
        return None
    leaves = {key: leave for each in reversed(known) for key, leave in each.leaves.items()}
    may_end = len(known) == len(earlier) and all(each.may_end for each in known)
    return Earlier(known[0].period, leaves, may_end)


def changes(view: Spreadsheet, first_day: date, earlier: Earlier) -> tuple[list[Change], range]:
    """The changes that carry leave over or bring it up to date, and the new rows, which still lack their formulas.

    Args:
        view: the workbook, with ``Corrections`` and ``Monthly Summary``.
        first_day: of its period.
        earlier: the workbook before.
    """
    sheet, monthly = view.find(CORRECTIONS), view.find(MONTHLY)
    if sheet is None or monthly is None:
        return [], range(0)
    begin, expected, names = serial.from_date(first_day), dict[str, _Typed](), _names(monthly)
    for key, leave in earlier.leaves.items():
        if leave.until >= begin and leave.user in names:
            expected[key] = _row(leave, names[leave.user], begin, earlier.period)
    cells: dict[Place, NewCell] = {}
    for row in sheet.data_rows():
        if not (mark := sheet.text(row, CARRIED)):
            continue
        key, written = _read_mark(mark)
        new = expected.pop(key, None)
        if _typed(sheet, row) != written or new == written or (new is None and not earlier.may_end):
            continue
        cells |= _cells(sheet, row, key, new)
    if not expected:
        return [*write_cells(sheet.sheet_id, cells)], range(0)
    growth = corrections_sheet.rows_behind(sheet, len(expected))
    first = growth.row if isinstance(growth, InsertRows) else sheet.row_count
    rows = range(first, first + len(expected))
    added: dict[Place, NewCell] = {}
    for row, (key, typed) in zip(rows, expected.items(), strict=True):
        added |= _cells(sheet, row, key, typed)
    return [
        *write_cells(sheet.sheet_id, cells),
        growth,
        *write_cells(sheet.sheet_id, added),
    ], rows


def _names(monthly: Worksheet) -> dict[str, str]:
    """By which ``Corrections`` knows people: their names, or of namesakes their user names."""
    rows = [(formulas.user_of(monthly.text(row, monthly_columns.TOKEN)), row) for row in monthly.data_rows()]
    labels = [monthly.label(row, monthly_columns.EMPLOYEE).casefold() for _, row in rows]
    return {
        user: monthly.label(
            row,
            monthly_columns.EMPLOYEE if labels.count(label) == 1 else monthly_columns.USER_NAME,
        )
        for (user, row), label in zip(rows, labels, strict=True)
        if user
    }


def _row(leave: Leave, name: str, begin: float, period: str) -> _Typed:
    who = leave.entered_by.partition(_ORIGIN)[0].rstrip(", ")
    by = f"{who}, {_ORIGIN}{period}" if who else f"{_ORIGIN}{period}"
    cells: dict[Column, Value | None] = {
        DATE: begin,
        UNTIL: leave.until,
        EMPLOYEE: name,
        WHAT: LEAVE,
        VALUE: leave.value,
        REASON: leave.reason,
        ENTERED_BY: by,
    }
    return [cells.get(column) or None for column in TYPED]


def _typed(sheet: Worksheet, row: int) -> _Typed:
    return [sheet.value(row, column) for column in TYPED]


def _cells(sheet: Worksheet, row: int, key: str, typed: _Typed | None) -> dict[Place, NewCell]:
    mark = None if typed is None else json.dumps([key, typed], ensure_ascii=False)
    cells = {
        (row, sheet.at(column)): column.cell(value)
        for column, value in zip(TYPED, typed or [None] * len(TYPED), strict=True)
    }
    return {**cells, (row, sheet.at(CARRIED)): NewCell(mark)}


def _read_mark(mark: str) -> tuple[str, _Typed | None]:
    """Whose leave, and what was written; of what somebody typed here instead nothing."""
    try:
        key, typed = json.loads(mark)
    except ValueError:
        return mark, None
    return str(key), typed

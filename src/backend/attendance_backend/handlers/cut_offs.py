"""Brings HR's present cut-off times into a workbook, except where HR typed another one there. Pure logic.

Both are HR's to change: ``Cut Off Times`` for everything, ``Weekly Summary`` for one workbook. Which of them was
changed is told by what the program wrote last, which stands in a hidden cell of the person's row. Where both were, what
was typed into the workbook stays, and ``Exceptions`` asks.
"""

from collections.abc import Sequence
from datetime import date, datetime, time

from attendance_backend.domain.people import Detail, Person
from attendance_backend.review import book, daily_columns
from attendance_backend.review.exceptions_sheet import Entry
from attendance_backend.review.names import WEEKLY
from attendance_backend.review.weekly_columns import (
    AVERAGE,
    CUT_OFF,
    CUT_OFF_AS_SET,
    KEY,
    NO_CUT_OFF,
    shown_cut_off,
)
from attendance_backend.sheet import serial
from attendance_backend.sheet.blocks import write_cells
from attendance_backend.sheet.changes import Change, NewCell
from attendance_backend.sheet.grid import Place, Spreadsheet, Worksheet
from attendance_contracts import ReviewPeriod


def changes(
    view: Spreadsheet, people: Sequence[Person], period: ReviewPeriod, today: date
) -> tuple[list[Change], list[Change]]:
    """What brings the cut-off times up to date, and what only notes them where an earlier version did not.

    In a workbook whose period is over, a change is told as well: it may be meant for the next one.

    Args:
        view: with the cells of `structure.SYNC` and `book.EXCEPTIONS_END`.
    """
    sheet = view.worksheet(WEEKLY)
    rows = sheet.rows_by(KEY)
    changed: dict[Place, NewCell] = {}
    noted: dict[Place, NewCell] = {}
    entries: list[Entry] = []
    for person in people:
        row = rows.get(daily_columns.key_of(person.key, AVERAGE))
        if row is None or Detail.CUT_OFF in person.unread:
            continue
        shown, as_set = _shown(sheet, row), _as_set(sheet, row)
        if as_set == person.cut_off:
            continue
        cut_off = None if person.cut_off is None else serial.from_seconds(person.cut_off)
        setting = NewCell(NO_CUT_OFF if cut_off is None else cut_off)
        if shown == person.cut_off:
            noted[row, sheet.at(CUT_OFF_AS_SET)] = setting
            continue
        changed[row, sheet.at(CUT_OFF_AS_SET)] = setting
        if shown == _NO_TIME:
            continue  # it counts as set, which Problems says
        if shown != as_set:
            entries.append(_both(person, shown, today))
            continue
        changed[row, sheet.at(CUT_OFF)] = NewCell(cut_off)
        if today > period.last_day:
            entries.append(_afterwards(person, shown, today))
    told = book.tell(view, entries)
    return [*write_cells(sheet.sheet_id, changed), *told], [*write_cells(sheet.sheet_id, noted)]


_UNKNOWN, _NO_TIME = -1, -2


def _shown(sheet: Worksheet, row: int) -> int | None:
    """Seconds after midnight; None for a blank cell, of somebody who cannot be late."""
    number = shown_cut_off(sheet, row)
    if number is not None:
        return serial.to_seconds(number)
    return None if sheet.value(row, CUT_OFF) in (None, "") else _NO_TIME


def _as_set(sheet: Worksheet, row: int) -> int | None:
    number = sheet.number(row, CUT_OFF_AS_SET)
    if number is not None:
        return serial.to_seconds(number)
    return None if sheet.text(row, CUT_OFF_AS_SET) == NO_CUT_OFF else _UNKNOWN


def _both(person: Person, shown: int | None, today: date) -> Entry:
    listed = _named(person.cut_off)
    what = (
        f"The cut-off time is {listed} in Cut Off Times, and {_named(shown)} in {WEEKLY}, which counts here"
    )
    remedy = f"Type {listed} into {WEEKLY} if that shall count here, too; otherwise nothing."
    return Entry(datetime.combine(today, time()), person.site, person.name, what, remedy, user=person.key)


def _afterwards(person: Person, before: int | None, today: date) -> Entry:
    now, then = _named(person.cut_off), _named(before)
    what = f"Cut Off Times changed the cut-off time from {then} to {now} after this period was over"
    remedy = (
        f"If that is meant for later periods only, type {then} into {WEEKLY}, where it counts for this one."
    )
    return Entry(datetime.combine(today, time()), person.site, person.name, what, remedy, user=person.key)


def _named(seconds: int | None) -> str:
    if seconds is None:
        return NO_CUT_OFF
    minutes = seconds // 60
    return f"{minutes // 60:02}:{minutes % 60:02}"

"""``Forgotten`` in the control spreadsheet: by what punches are known that must not come back.

    From | To | Salt | Tombstones

A row for a period and each time that somebody was forgotten; a tombstone (`attendance_contracts.tombstone`) for each
punch that was stored there. The dates are the period's, not the person's. Who deletes a row lets the punches come
back, as soon as a site sends them once more.
"""

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from attendance_backend.control.program_sheets import ProgramSheet
from attendance_backend.sheet import serial, styles
from attendance_backend.sheet.changes import Change, NewCell
from attendance_backend.sheet.grid import Worksheet
from attendance_contracts import AttendanceRecord, tombstone

TITLE = "Forgotten"
FROM, TO, SALT, TOMBSTONES = range(4)
HEADERS = ("From", "To", "Salt", "Tombstones")
SHEET = ProgramSheet(1_900_000_012, TITLE, HEADERS, (110, 110, 190, 560))
MOST_IN_A_CELL = 2_500
"""Of 17 characters each; Google Sheets takes 50,000 in a cell."""
AFTER = timedelta(days=1)
"""A period's last night ends after its last day."""


@dataclass(frozen=True, slots=True)
class _Row:
    first: date
    last: date
    salt: str
    tombstones: frozenset[str]


@dataclass(frozen=True, slots=True)
class Forgotten:
    """All rows."""

    rows: tuple[_Row, ...] = ()

    def holds(self, record: AttendanceRecord) -> bool:
        """Whether the punch is to stay forgotten."""
        day = record.timestamp.date()
        # One salt is used for all rows that this program writes.
        marks: dict[str, str] = {}
        for row in self.rows:
            if row.first <= day <= row.last:
                mark = marks.get(row.salt) or marks.setdefault(row.salt, tombstone(row.salt, record.identity))
                if mark in row.tombstones:
                    return True
        return False


def read(worksheet: Worksheet | None) -> Forgotten:
    """What the worksheet holds, as far as anybody can tell."""
    rows, worksheet = [], SHEET.or_blank(worksheet)
    for row in worksheet.row_numbers()[1:]:
        first, last = worksheet.date(row, FROM), worksheet.date(row, TO)
        marks = frozenset(worksheet.text(row, TOMBSTONES).split())
        if marks:
            rows.append(_Row(first or date.min, last or date.max, worksheet.text(row, SALT), marks))
    return Forgotten(tuple(rows))


def remember(
    worksheet: Worksheet | None, first: date, last: date, identities: Collection[str]
) -> Sequence[Change]:
    """What lets punches of a period, by the identities of their records, stay forgotten; those that do already, too.

    Args:
        worksheet: all of it; None where it is to be made.
        first: day of the period.
        last: day of the period.
    """
    known = read(worksheet).rows
    salt = known[0].salt if known else secrets.token_urlsafe(16)
    there = {mark for row in known for mark in row.tombstones}
    marks = sorted({tombstone(salt, each) for each in identities} - there)
    if not marks:
        return ()
    rows = [
        (
            NewCell(serial.from_date(first), styles.DAY_CELL),
            NewCell(serial.from_date(last + AFTER), styles.DAY_CELL),
            NewCell(salt, styles.PLAIN),
            NewCell(" ".join(marks[begin : begin + MOST_IN_A_CELL]), styles.PLAIN),
        )
        for begin in range(0, len(marks), MOST_IN_A_CELL)
    ]
    return SHEET.appended(worksheet, rows)

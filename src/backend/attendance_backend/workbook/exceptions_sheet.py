"""``Exceptions``: what a person should look at, one row each, each thing once.

When | Site | Who | What | What to do
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from attendance_backend.sheet import serial, styles
from attendance_backend.sheet.changes import (
    AddWorksheet,
    Change,
    NewCell,
    SetColumns,
    WarnBeforeEdit,
    WriteCells,
)
from attendance_backend.sheet.grid import Area, Spreadsheet
from attendance_backend.workbook.names import EXCEPTIONS, EXCEPTIONS_ID
from attendance_backend.workbook.sheet_rows import append_rows

WHEN, SITE, WHO, WHAT, REMEDY = range(5)
STATE, USER, DAY, KIND = range(5, 9)
HEADERS = ("When", "Site", "Who", "What", "What to do")
_WIDTHS = (150, 110, 200, 320, 420)

AREAS = (Area.of_rows(EXCEPTIONS, 0, 1),)
"""What must be read to append to the worksheet: how long its grid is."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One row.

    Attributes:
        when: wall time at the site.
    """

    when: datetime
    site: str
    who: str
    what: str
    remedy: str


def create() -> list[Change]:
    """The worksheet, empty but for its header."""
    header = tuple(NewCell(text, styles.HEADER) for text in HEADERS)
    return [
        AddWorksheet(EXCEPTIONS_ID, EXCEPTIONS, row_count=2, column_count=len(HEADERS), frozen_rows=1),
        WriteCells(EXCEPTIONS_ID, 0, 0, (header,)),
        *(SetColumns(EXCEPTIONS_ID, column, column + 1, pixels) for column, pixels in enumerate(_WIDTHS)),
        WarnBeforeEdit(EXCEPTIONS_ID, "Kept by the program. Delete a row when it is done with."),
    ]


def append(workbook: Spreadsheet, entries: Sequence[Entry]) -> list[Change]:
    """Rows at the end of the grid."""
    if not entries:
        return []
    worksheet = workbook.worksheet(EXCEPTIONS)
    rows = [
        (
            NewCell(serial.from_datetime(entry.when), styles.MOMENT),
            NewCell(entry.site, styles.PLAIN),
            NewCell(entry.who, styles.PLAIN),
            NewCell(entry.what, styles.WRAPPED),
            NewCell(entry.remedy, styles.WRAPPED),
        )
        for entry in entries
    ]
    return append_rows(worksheet, worksheet.row_count, rows)


def unknown_user(when: datetime, site: str, who: str, _user: str = "") -> Entry:
    """Punches of somebody whom HR does not keep in Cut Off Times."""
    return Entry(
        when,
        site,
        who,
        "Not in Cut Off Times; punches are in the raw data only",
        "Add the person to Cut Off Times, with an e-mail address that begins with the user name on the machine. "
        "The next punch then adds the person here, earlier punches included.",
    )


def unnamed_user(when: datetime, site: str, user_id: str) -> Entry:
    """Punches of a user ID without a name on the machine."""
    return Entry(
        when,
        site,
        f"User ID {user_id}",
        "No user name on the machine; punches are in the raw data only",
        "Give the user a name on the machine, the one that the e-mail address begins with. Punches from then on "
        "count; look up earlier ones in the raw data.",
    )


def hired(when: datetime, site: str, who: str, _user: str) -> Entry:
    """Somebody was added in mid-period."""
    return Entry(
        when,
        site,
        who,
        "Added to this period's sheets with the first punch",
        "Nothing, if name and cut-off time are right.",
    )


def double_tap(day: date, site: str, who: str, _user: str) -> Entry:
    """Two punches that count as one."""
    return Entry(
        datetime.combine(day, time()), site, who, f"Two punches of {day:%d-%m-%Y} count as one", "Nothing."
    )


def ambiguous_hour(day: date, site: str, who: str, _user: str) -> Entry:
    """A punch in the hour that occurs twice."""
    what = f"A punch of {day:%d-%m-%Y} was made in the hour that occurs twice"
    return Entry(datetime.combine(day, time()), site, who, what, "Ask the person.")


def two_time_zones(day: date, site: str, who: str, _user: str) -> Entry:
    """A day with punches in two time zones."""
    what = f"The punches of {day:%d-%m-%Y} were made in two time zones"
    return Entry(datetime.combine(day, time()), site, who, what, "Correct the hours.")


def amended(when: datetime, site: str, count: int) -> Entry:
    """Punches that came after the period was finalised."""
    what = f"{count} punches came after the period was finalised"
    return Entry(when, site, "", what, "Look into Amendments.")

"""``Exceptions``: what a person should look at, one row each, each thing once.

When | Site | Who | What | What to do
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from attendance_backend.sheet import serial, styles
from attendance_backend.sheet.changes import (
    AddWorksheet,
    Change,
    NewCell,
    SetColumns,
    WarnBeforeEdit,
    WriteCells,
)
from attendance_backend.sheet.grid import Area, Worksheet
from attendance_backend.workbook.names import EXCEPTIONS, EXCEPTIONS_ID
from attendance_backend.workbook.sheet_rows import append_rows

WHEN, SITE, WHO, WHAT, REMEDY = range(5)
STATE, USER, DAY, KIND = range(5, 9)
HEADERS = ("When", "Site", "Who", "What", "What to do")
_WIDTHS = (150, 110, 200, 320, 420)

AREAS = (Area.of_columns(EXCEPTIONS, WHEN, REMEDY),)
"""What must be read to append to the worksheet."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One row. Site, who and what together are its identity.

    Attributes:
        when: wall time at the site.
    """

    when: datetime
    site: str
    who: str
    what: str
    remedy: str

    @property
    def identity(self) -> tuple[str, str, str]:
        """By which an entry is known to be there already."""
        return self.site, self.who, self.what


def create() -> list[Change]:
    """The worksheet, empty but for its header."""
    header = tuple(NewCell(text, styles.HEADER) for text in HEADERS)
    return [
        AddWorksheet(EXCEPTIONS_ID, EXCEPTIONS, row_count=2, column_count=len(HEADERS), frozen_rows=1),
        WriteCells(EXCEPTIONS_ID, 0, 0, (header,)),
        *(SetColumns(EXCEPTIONS_ID, column, column + 1, pixels) for column, pixels in enumerate(_WIDTHS)),
        WarnBeforeEdit(EXCEPTIONS_ID, "Kept by the program. Delete a row when it is done with."),
    ]


def append_entries(worksheet: Worksheet, entries: Iterable[Entry]) -> list[Change]:
    """Add the entries that do not stand there yet."""
    known = {
        (worksheet.text(row, SITE), worksheet.text(row, WHO), worksheet.text(row, WHAT))
        for row in worksheet.row_numbers()
    }
    rows = []
    for entry in entries:
        if entry.identity in known:
            continue
        known.add(entry.identity)
        rows.append(
            (
                NewCell(serial.from_datetime(entry.when), styles.MOMENT),
                NewCell(entry.site, styles.PLAIN),
                NewCell(entry.who, styles.PLAIN),
                NewCell(entry.what, styles.WRAPPED),
                NewCell(entry.remedy, styles.WRAPPED),
            )
        )
    return append_rows(worksheet, max(worksheet.end_row(), 1), rows)


def unknown_user(when: datetime, site: str, who: str) -> Entry:
    """Punches of somebody whom HR does not keep in Cut Off Times."""
    return Entry(
        when,
        site,
        who,
        "Not in Cut Off Times; punches are in the raw data only",
        "Add the person to Cut Off Times, with an e-mail address that begins with the user name on the machine. "
        "The next punch then adds the person here, earlier punches included.",
    )


def unnamed_user(when: datetime, site: str, who: str) -> Entry:
    """Punches of a user ID without a name on the machine."""
    return Entry(
        when,
        site,
        who,
        "No user name on the machine; punches are in the raw data only",
        "Give the user a name on the machine, the one that the e-mail address begins with. Punches from then on "
        "count; look up earlier ones in the raw data.",
    )


def hired(when: datetime, site: str, who: str) -> Entry:
    """Somebody was added in mid-period."""
    return Entry(
        when,
        site,
        who,
        "Added to this period's sheets with the first punch",
        "Nothing, if name and cut-off time are right.",
    )


def kept_as_typed(when: datetime, site: str, who: str, what: str) -> Entry:
    """A check-in or check-out that a person typed stands where a punch would."""
    return Entry(
        when,
        site,
        who,
        f"{what} was typed by hand and is kept, though the machine recorded another time",
        "Nothing, if the typed value is right. Otherwise empty the cell and type the time from the raw data.",
    )


def no_place(when: datetime, site: str, who: str, what: str) -> Entry:
    """The daily attendance lacks the row or column of a punch."""
    return Entry(
        when,
        site,
        who,
        f"{what} is missing in Daily Attendance; the punches are in the raw data only",
        "Restore the row or column through File > Version history, and add the times from the raw data.",
    )


def clocks_changed(when: datetime, site: str, who: str, too_many: bool) -> Entry:
    """Summer time began or ended between check-in and check-out."""
    more_or_less = "more" if too_many else "less"
    return Entry(
        when,
        site,
        who,
        f"The clocks were changed during the shift of {when:%d-%m-%Y}; Hours Worked shows an hour {more_or_less} "
        "than was worked",
        "Take it into account when the hours are paid.",
    )

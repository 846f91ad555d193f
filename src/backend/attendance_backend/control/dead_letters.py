"""``Dead Letters`` in the control spreadsheet: which messages were set aside, how many, and why the last one was.

    Site | Topic | Kind | Reason | First | Last | Count | Told On

The messages themselves lie in Pub/Sub's topic of that name, for a week. A row for each site, topic and kind, so that
whoever sends a thousand of them fills no sheet.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum

from attendance_backend.control import program_sheets
from attendance_backend.control.program_sheets import ProgramSheet
from attendance_backend.ports import Spreadsheets
from attendance_backend.sheet import serial, styles
from attendance_backend.sheet.changes import Change, NewCell, WriteCells
from attendance_backend.sheet.grid import Worksheet

TITLE = "Dead Letters"
SITE, TOPIC, KIND, REASON, FIRST, LAST, COUNT, REPORTED_ON = range(8)
HEADERS = ("Site", "Topic", "Kind", "Reason", "First", "Last", "Count", "Told On")
SHEET = ProgramSheet(1_900_000_008, TITLE, HEADERS, (150, 170, 130, 560, 150, 150, 70, 150))
NOBODY = "(unknown)"


class Kind(StrEnum):
    """Why a message is set aside."""

    UNREADABLE = "unreadable"
    NOT_ADMITTED = "not admitted"
    IMPOSSIBLE = "impossible record"
    FAULT = "fault of the program"


@dataclass(frozen=True, slots=True)
class Unreported:
    """A row that nobody was told of since its last letter."""

    row: int
    line: str


@dataclass(frozen=True, slots=True)
class Letters:
    """Some letters of a site, a topic and a kind; `at` is when the last one came, aware."""

    where: tuple[str, str, Kind]
    reason: str
    at: datetime
    number: int


def count(spreadsheets: Spreadsheets, control_id: str, letters: Letters) -> None:
    """Count them in their row."""
    found = program_sheets.find(spreadsheets, control_id, TITLE)
    worksheet = SHEET.or_blank(found)
    moment = NewCell(serial.from_datetime(letters.at.replace(tzinfo=None, microsecond=0)), styles.MOMENT)
    told = NewCell(letters.reason, styles.WRAPPED)
    row = next((row for row in worksheet.row_numbers()[1:] if _where(worksheet, row) == letters.where), None)
    if row is None:
        labels = [NewCell(str(text), styles.PLAIN) for text in letters.where]
        cells = (*labels, told, moment, moment, NewCell(float(letters.number), styles.CODE))
        changes = SHEET.appended(found, [cells])
    else:
        so_far = worksheet.number(row, COUNT) or 0.0
        changes = [
            WriteCells(worksheet.sheet_id, row, REASON, ((told,),)),
            WriteCells(
                worksheet.sheet_id, row, LAST, ((moment, NewCell(so_far + letters.number, styles.CODE)),)
            ),
        ]
    spreadsheets.apply(control_id, changes)


def unreported(worksheet: Worksheet | None) -> list[Unreported]:
    """Rows with letters that came after somebody was told last."""
    found, worksheet = [], SHEET.or_blank(worksheet)
    for row in worksheet.row_numbers()[1:]:
        last, told_on = worksheet.number(row, LAST), worksheet.number(row, REPORTED_ON)
        if last is not None and (told_on is None or last > told_on):
            site, topic, kind = _where(worksheet, row)
            number = round(worksheet.number(row, COUNT) or 0)
            found.append(
                Unreported(row, f"{topic} of {site}, {kind} ({number} so far): {worksheet.text(row, REASON)}")
            )
    return found


def drop(worksheet: Worksheet, before: date) -> list[Change]:
    """What empties the rows whose last letter came before a day: the letter itself is long gone."""
    return program_sheets.emptied(worksheet, program_sheets.rows_before(worksheet, LAST, before))


def note_reported(worksheet: Worksheet, told: Sequence[Unreported], at: datetime) -> list[Change]:
    """What notes that somebody was told of these rows."""
    moment = NewCell(
        serial.from_datetime(at.astimezone(UTC).replace(tzinfo=None, microsecond=0)), styles.MOMENT
    )
    return [WriteCells(worksheet.sheet_id, each.row, REPORTED_ON, ((moment,),)) for each in told]


def _where(worksheet: Worksheet, row: int) -> tuple[str, str, str]:
    return worksheet.text(row, SITE), worksheet.text(row, TOPIC), worksheet.text(row, KIND)

"""``Alarms`` in the control spreadsheet: which alarms were raised, and what became of their e-mails.

    Alarm | Kind | Missing After | Raised On | Site | To | State

A row is written before the e-mail is sent. Whoever finds it in a state other than "failed" does not send: there is
at least one alarm, the row, and at most one e-mail.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from attendance_backend.control import program_sheets
from attendance_backend.control.program_sheets import ProgramSheet
from attendance_backend.ports import Spreadsheets
from attendance_backend.sheet import serial, styles
from attendance_backend.sheet.changes import Change, NewCell, Row, WriteCells
from attendance_backend.sheet.grid import Worksheet
from attendance_contracts import AlarmKind

TITLE = "Alarms"
ALARM, KIND, MISSING_AFTER, RAISED_ON, SITE, TO, STATE = range(7)
HEADERS = ("Alarm", "Kind", "Missing After", "Raised On", "Site", "To", "State")
SHEET = ProgramSheet(1_900_000_002, TITLE, HEADERS, (260, 120, 120, 110, 120, 260, 110))


class State(StrEnum):
    """What became of an alarm's e-mail."""

    SENDING = "sending"
    """About to be sent; when this is found, an earlier attempt died on the way."""
    SENT = "sent"
    FAILED = "failed"
    """Surely not sent; the next attempt tries again."""
    SUPERSEDED = "superseded"
    """Surely not sent, and said by a later one."""
    UNCONFIRMED = "unconfirmed"
    """It may have been sent; nobody tries again."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """One alarm, the same whichever site raises it first.

    Attributes:
        missing_after: last day of the latest period there is; None when there never was one.
        on: the day on which it was raised; part of the identity of daily warnings only.
        site: which raised it, where that is known.
    """

    kind: AlarmKind
    missing_after: date | None
    on: date
    site: str = ""

    @property
    def identity(self) -> str:
        """By which an alarm is known to be raised already."""
        after = self.missing_after.isoformat() if self.missing_after else "the beginning"
        if self.kind is AlarmKind.DAILY_WARNING:
            return f"{self.kind} after {after} on {self.on.isoformat()}"
        return f"{self.kind} after {after}"


@dataclass(frozen=True, slots=True)
class Notice:
    """Something else that people are told of once; `identity` says what, and a row holds it."""

    identity: str
    kind: str
    on: date
    missing_after: date | None = None


class AlarmLog:
    """The worksheet."""

    def __init__(self, spreadsheets: Spreadsheets, control_id: str) -> None:
        self._spreadsheets = spreadsheets
        self._control_id = control_id
        self._found = program_sheets.find(spreadsheets, control_id, TITLE)

    @property
    def _worksheet(self) -> Worksheet:
        return SHEET.or_blank(self._found)

    def failed(self) -> list[Alarm]:
        """Alarms of missing periods whose e-mail surely was not sent, in the order of their rows."""
        worksheet = self._worksheet
        found = []
        for row in worksheet.row_numbers()[1:]:
            kind, on = worksheet.text(row, KIND), worksheet.date(row, RAISED_ON)
            if (
                kind in set(AlarmKind)
                and worksheet.text(row, STATE).casefold() == State.FAILED
                and on is not None
            ):
                missing = worksheet.date(row, MISSING_AFTER)
                found.append(Alarm(AlarmKind(kind), missing, on, worksheet.text(row, SITE)))
        return found

    def state(self, alarm: Alarm | Notice) -> State | None:
        """What became of an alarm; None when it was never raised. A state that a person typed counts as sent."""
        row = self._row(alarm)
        if row is None:
            return None
        try:
            return State(self._worksheet.text(row, STATE).casefold())
        except ValueError:
            return State.SENT

    def write(self, alarm: Alarm | Notice, state: State, site: str, recipients: str) -> None:
        """Write down an alarm's state, in its row if it has one."""
        row = self._row(alarm)
        if row is not None:
            cell = NewCell(str(state))
            self._spreadsheets.apply(
                self._control_id, [WriteCells(self._worksheet.sheet_id, row, STATE, ((cell,),))]
            )
            return
        changes = SHEET.appended(self._found, [_row_of(alarm, state, site, recipients)])
        self._spreadsheets.apply(self._control_id, changes)
        self._found = program_sheets.find(self._spreadsheets, self._control_id, TITLE)

    def _row(self, alarm: Alarm | Notice) -> int | None:
        worksheet = self._worksheet
        rows = worksheet.row_numbers()
        return next((row for row in rows if worksheet.text(row, ALARM) == alarm.identity), None)


def drop(worksheet: Worksheet, before: date) -> list[Change]:
    """What empties the rows of alarms and notices of before a day; those that are still to be sent stay."""
    old = program_sheets.rows_before(worksheet, RAISED_ON, before)
    return program_sheets.emptied(
        worksheet, [row for row in old if worksheet.text(row, STATE).casefold() != State.FAILED]
    )


def _row_of(alarm: Alarm | Notice, state: State, site: str, recipients: str) -> Row:
    if alarm.missing_after is None:
        after = NewCell("-", styles.PLAIN)
    else:
        after = NewCell(serial.from_date(alarm.missing_after), styles.DAY_CELL)
    return (
        NewCell(alarm.identity, styles.PLAIN),
        NewCell(str(alarm.kind), styles.PLAIN),
        after,
        NewCell(serial.from_date(alarm.on), styles.DAY_CELL),
        NewCell(site, styles.PLAIN),
        NewCell(recipients, styles.PLAIN),
        NewCell(str(state), styles.PLAIN),
    )

"""What the ledger answers."""

from dataclasses import dataclass
from datetime import date, datetime

from attendance_contracts import AttendanceRecord, ReviewPeriod


@dataclass(frozen=True, slots=True)
class Chunk:
    """Unconfirmed records of one period, and the sheet they go to."""

    period: ReviewPeriod
    sheet_id: str
    records: tuple[AttendanceRecord, ...]


@dataclass(frozen=True, slots=True)
class LedgerSummary:
    """Counts for people, and how far the sheets are.

    Attributes:
        confirmed: punches that a sheet confirmed.
        backlog: unconfirmed punches of a period whose sheet is known; they are on their way.
        without_period: unconfirmed punches of no known period: older than the first, or of one yet to come.
        undecodable: records that make no sense, kept with their bytes.
        earliest_backlog: when the oldest punch of the backlog was made.
        first_day: of the first period whose sheet is known.
    """

    punches: int
    confirmed: int
    backlog: int
    without_period: int
    undecodable: int
    earliest_backlog: datetime | None
    first_day: date | None

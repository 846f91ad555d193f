"""What the ledger answers."""

from dataclasses import dataclass

from attendance_contracts import AttendanceRecord, ReviewPeriod


@dataclass(frozen=True, slots=True)
class Chunk:
    """Unconfirmed records of one period, and the sheet they go to."""

    period: ReviewPeriod
    sheet_id: str
    records: tuple[AttendanceRecord, ...]


@dataclass(frozen=True, slots=True)
class LedgerSummary:
    """Counts for people.

    Attributes:
        confirmed: punches that a sheet confirmed.
        backlog: unconfirmed punches of a period whose sheet is known; they are on their way.
        without_period: unconfirmed punches of no known period: older than the first, or of one yet to come.
        undecodable: records that make no sense, kept with their bytes.
    """

    punches: int
    confirmed: int
    backlog: int
    without_period: int
    undecodable: int

"""The functions and HR's spreadsheets, as a site sees them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Protocol

from attendance_contracts import (
    AlarmKind,
    CreateReviewSheet,
    GetReviewPeriod,
    LastStoredTimestamp,
    Message,
    NewReviewPeriod,
    NewReviewSheet,
    RaiseFinalAlarm,
    ReviewPeriod,
    StoreAttendRecords,
)

FRIDAY = 4
LONGEST_GAP = timedelta(days=7)
"""Days between two periods that still count for the later one."""


@dataclass(frozen=True, order=True)
class Row:
    """One row of HR's Review Periods."""

    start: date
    end: date
    name: str


@dataclass(frozen=True)
class StoredRow:
    """One row of a sheet's raw data."""

    period: ReviewPeriod
    identity: str
    timestamp: datetime


class Backend(Protocol):
    """What a world needs of a backend, however it is made.

    Attributes:
        hears_health: whether it takes what a site tells of itself.
    """

    hears_health: bool

    def publish(self, row: Row) -> None:
        """HR enters a review period."""
        ...

    def withdraw(self, row: Row) -> None:
        """HR takes one out again."""
        ...

    def handle(self, message: Message) -> Message | None:
        """Do what a request asks for, and return the reply to publish."""
        ...

    def rows(self) -> Sequence[StoredRow]:
        """The raw data of all sheets and sites."""
        ...

    def mails(self) -> Mapping[str, int]:
        """How many e-mails went out, by the identity of the alarm."""
        ...

    def alarms(self) -> set[str]:
        """Identities of all alarms on record."""
        ...


@dataclass
class _Sheet:
    period: ReviewPeriod
    identities: dict[str, set[str]] = field(default_factory=dict)
    """Of the rows of each site."""


class MemoryBackend:
    """The smallest backend that keeps the contract."""

    hears_health = False

    def __init__(self) -> None:
        self.published: list[Row] = []
        self._sheets: dict[str, _Sheet] = {}
        self._rows: list[StoredRow] = []
        self._mails: dict[str, int] = {}

    def publish(self, row: Row) -> None:
        if row not in self.published:
            self.published.append(row)

    def withdraw(self, row: Row) -> None:
        if row in self.published:
            self.published.remove(row)

    def handle(self, message: Message) -> Message | None:
        match message:
            case GetReviewPeriod():
                period = self.next_period(message.after, message.on)
                return NewReviewPeriod(
                    location=message.location,
                    request_id=message.request_id,
                    after=message.after,
                    period=period,
                )
            case CreateReviewSheet():
                return self._create_sheet(message)
            case StoreAttendRecords():
                return self._store(message)
            case RaiseFinalAlarm():
                self._raise_alarm(message)
                return None
        raise AssertionError(f"the backend does not take {message.topic}")

    def rows(self) -> Sequence[StoredRow]:
        return self._rows

    def mails(self) -> Mapping[str, int]:
        return self._mails

    def alarms(self) -> set[str]:
        return set(self._mails)

    def periods(self) -> list[ReviewPeriod]:
        """The periods as the rows make them: through Sunday, without gaps of a week or less."""
        periods: list[ReviewPeriod] = []
        for row in sorted(self.published):
            first, last = row.start, row.end
            if last.weekday() == FRIDAY:
                last += timedelta(days=2)
            if periods and first - periods[-1].last_day <= LONGEST_GAP:
                first = periods[-1].last_day + timedelta(days=1)
            periods.append(ReviewPeriod(row.name, first, last))
        return periods

    def next_period(self, after: date | None, on: date) -> ReviewPeriod | None:
        """The period after the day `after`; for a new site the one that holds `on`, or begins soon."""
        earlier = on - timedelta(days=1) if after is None else after
        period = next((period for period in self.periods() if period.last_day > earlier), None)
        if period is None or period.first_day - earlier > LONGEST_GAP:
            return None
        if after is not None and period.first_day <= after:
            return ReviewPeriod(period.name, after + timedelta(days=1), period.last_day)
        return period

    def _create_sheet(self, message: CreateReviewSheet) -> NewReviewSheet:
        sheet_id = f"sheet of {message.period.name}"
        sheet = self._sheets.setdefault(sheet_id, _Sheet(message.period))
        sheet.identities.setdefault(message.location, set())
        return NewReviewSheet(
            location=message.location,
            request_id=message.request_id,
            period=message.period,
            sheet_id=sheet_id,
        )

    def _store(self, message: StoreAttendRecords) -> LastStoredTimestamp:
        sheet = self._sheets[message.sheet_id]
        identities = sheet.identities[message.location]
        for record in message.records:
            if record.identity not in identities:
                identities.add(record.identity)
                self._rows.append(StoredRow(sheet.period, record.identity, record.timestamp))
        return LastStoredTimestamp(
            location=message.location,
            request_id=message.request_id,
            sheet_id=message.sheet_id,
            last_stored_timestamp=max(record.timestamp for record in message.records),
            confirmed=tuple(record.identity for record in message.records),
        )

    def _raise_alarm(self, message: RaiseFinalAlarm) -> None:
        if self.next_period(message.after, message.on) is not None:
            return
        identity = f"{message.kind} after {message.after}"
        if message.kind is AlarmKind.DAILY_WARNING:
            identity += f" on {message.on}"
        if identity not in self._mails:
            self._mails[identity] = 1

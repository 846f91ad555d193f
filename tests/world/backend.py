"""The functions and HR's spreadsheets, as a site sees them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import count
from typing import Protocol

from attendance_contracts import (
    AlarmKind,
    Answer,
    AttendanceRecord,
    CreateReviewSheet,
    GetReviewPeriod,
    LastStoredTimestamp,
    Message,
    NewReviewPeriod,
    NewReviewSheet,
    Outcome,
    RaiseFinalAlarm,
    ReviewPeriod,
    SiteKey,
    StoreAttendRecords,
)
from tests.world.calendar import LONGEST_GAP, Boundaries, Row, home_of, windows
from tests.world.network import BackendFault, Envelope

_DAY = timedelta(days=1)


class SetAside(Exception):  # noqa: N818 - nothing went wrong
    """A message lies among the dead letters, and is acknowledged."""


@dataclass(frozen=True)
class StoredRow:
    """One row of a sheet's raw data.

    Attributes:
        sheet: the name of the period that the workbook is for.
        user_name: as it stands there; empty for nobody's.
        counts: whether it is not marked as counting elsewhere.
    """

    sheet: str
    identity: str
    timestamp: datetime
    user_name: str = ""
    counts: bool = True


class Backend(Protocol):
    """What a world needs of a backend, however it is made.

    Attributes:
        hears_health: whether it takes what a site tells of itself.
        now: the true time, which the world keeps up.
        refused: identities of punches that cannot be stored, and are answered so.
        poison: identities of punches over which the function dies.
        site_key: with which the site is to sign; None where nothing is signed.
    """

    hears_health: bool
    now: datetime
    refused: set[str]
    poison: set[str]

    @property
    def site_key(self) -> SiteKey | None: ...

    def type_periods(self, rows: Sequence[Row]) -> None:
        """HR's table of periods is this one from now on."""
        ...

    def register(self, since: date, boundary: timedelta) -> None:
        """HR types a row for the site: since when it counts, or keeps its time so."""
        ...

    def finalise(self, name: str) -> bool:
        """HR types yes beside Finalised; False where there is no workbook for the period."""
        ...

    def delete_workbook(self, name: str, *, with_its_row: bool) -> Mapping[str, set[str]]:
        """Somebody deletes a period's workbook for good, and perhaps its row in Review Sheets.

        Returns the punches that it held, by its ID; of one that is gone already, none. Empty where there is no row.
        """
        ...

    def look_after(self) -> None:
        """What the schedule has the functions do."""
        ...

    def forget(self, user: str, identities: set[str]) -> set[str]:
        """Take a user of the machine, whose punches these are, out of all sheets; returns which punches went."""
        ...

    def handle(self, message: Message) -> Message | None:
        """Do what a request asks for, and return the reply to publish."""
        ...

    def take(self, letter: Envelope, message: Message) -> Message | None:
        """The same of a request as it was published, of which `message` may be a part; raises SetAside."""
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
    name: str
    rows: dict[str, StoredRow] = field(default_factory=dict)


class MemoryBackend:
    """The smallest backend that keeps the contract."""

    hears_health = False
    site_key = None

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 5, 9)
        self._windows: list[ReviewPeriod] = []
        self.registered: Boundaries | None = None
        self.poison: set[str] = set()
        self.refused: set[str] = set()
        self._since: dict[date, timedelta] = {}
        self._numbers = count(1)
        self._sheets: dict[str, _Sheet] = {}
        self._recorded: dict[str, str] = {}
        """The sheet of each period, by name."""
        self._final: set[str] = set()
        self._forgotten: set[str] = set()
        self._mails: dict[str, int] = {}

    def type_periods(self, rows: Sequence[Row]) -> None:
        self._windows = windows(rows)

    def register(self, since: date, boundary: timedelta) -> None:
        self._since[since] = boundary
        self.registered = Boundaries(self._since)

    def finalise(self, name: str) -> bool:
        if name in self._recorded:
            self._final.add(name)
        return name in self._recorded

    def delete_workbook(self, name: str, *, with_its_row: bool) -> Mapping[str, set[str]]:
        if name not in self._recorded:
            return {}
        sheet_id = self._recorded[name]
        sheet = self._sheets.pop(sheet_id, _Sheet(name))
        if with_its_row:
            del self._recorded[name]
        return {sheet_id: {*sheet.rows}}

    def look_after(self) -> None:
        """Put right what HR's table says otherwise by now; what is final stays."""
        for sheet in list(self._sheets.values()):
            for stored in list(sheet.rows.values()):
                home = self._home(stored.timestamp)
                if not stored.counts or home is None or home.name == sheet.name:
                    continue
                if self._final & {home.name, sheet.name}:
                    continue
                target = self._sheets.get(self._sheet_of(home.name))
                if target is not None:
                    target.rows[stored.identity] = replace(stored, sheet=target.name)
                    sheet.rows[stored.identity] = replace(stored, counts=False)
        paid = {
            key
            for sheet in self._sheets.values()
            if sheet.name in self._final
            for key, stored in sheet.rows.items()
            if stored.counts
        }
        for sheet in self._sheets.values():
            for key in paid & sheet.rows.keys() if sheet.name not in self._final else ():
                sheet.rows[key] = replace(sheet.rows[key], counts=False)

    def forget(self, user: str, identities: set[str]) -> set[str]:
        gone = {stored.identity for stored in self.rows()} & identities
        for sheet in self._sheets.values():
            sheet.rows = {key: stored for key, stored in sheet.rows.items() if key not in gone}
        self._forgotten |= gone
        return gone

    def take(self, letter: Envelope, message: Message) -> Message | None:
        del letter  # it believes whoever writes
        return self.handle(message)

    def handle(self, message: Message) -> Message | None:
        match message:
            case GetReviewPeriod():
                return self._next(message)
            case CreateReviewSheet():
                sheet_id = self._sheet_of(message.period.name)
                return NewReviewSheet(
                    location=message.location,
                    request_id=message.request_id,
                    period=message.period,
                    sheet_id=sheet_id,
                    routes=True,
                    table=self._table_as_told(),
                )
            case StoreAttendRecords():
                return self._store(message)
            case RaiseFinalAlarm():
                self._raise_alarm(message)
                return None
        raise AssertionError(f"the backend does not take {message.topic}")

    def rows(self) -> Sequence[StoredRow]:
        return [stored for sheet in self._sheets.values() for stored in sheet.rows.values()]

    def mails(self) -> Mapping[str, int]:
        return self._mails

    def alarms(self) -> set[str]:
        return set(self._mails)

    def next_period(self, after: date | None, on: date) -> ReviewPeriod | None:
        """The period after the day `after`; for a site without a past, the oldest since it counts.

        A site that nobody knows begins with the period that holds `on`, or begins soon.
        """
        if after is None and self.registered is None:  # it may believe that it is 1970
            return self._follower(on - _DAY) or self._follower(self.now.date() - _DAY)
        if after is None:
            first_day = self.registered.first_day
            return next((each for each in self._windows if each.last_day >= first_day), None)
        period = self._follower(after)
        if period is not None and period.first_day <= after:
            return ReviewPeriod(period.name, after + _DAY, period.last_day)
        return period

    def _follower(self, earlier: date) -> ReviewPeriod | None:
        period = next((period for period in self._windows if period.last_day > earlier), None)
        return None if period is None or period.first_day - earlier > LONGEST_GAP else period

    def _next(self, message: GetReviewPeriod) -> NewReviewPeriod:
        period = self.next_period(message.after, message.on)
        if period is not None and self.registered is None:
            assert message.day_boundary is not None
            midnight = datetime.combine(date.min, datetime.min.time())
            self.register(period.first_day, datetime.combine(date.min, message.day_boundary) - midnight)
        return NewReviewPeriod(
            location=message.location, request_id=message.request_id, after=message.after, period=period
        )

    def _home(self, moment: datetime) -> ReviewPeriod | None:
        assert self.registered is not None
        return home_of(moment, self._windows, self.registered)

    def _sheet_of(self, name: str) -> str:
        if name not in self._recorded:
            sheet_id = self._recorded[name] = f"sheet {next(self._numbers)} of {name}"
            self._sheets[sheet_id] = _Sheet(name)
        return self._recorded[name]

    def _store(self, message: StoreAttendRecords) -> LastStoredTimestamp:
        if any(record.identity in self.poison for record in message.records):
            raise BackendFault("function died over a record")
        answers = tuple(self._answers(message.records))
        stored = {
            identity
            for answer in answers
            if answer.outcome is Outcome.STORED
            for identity in answer.identities
        }
        return LastStoredTimestamp(
            location=message.location,
            request_id=message.request_id,
            sheet_id=message.sheet_id,
            last_stored_timestamp=max(record.timestamp for record in message.records),
            confirmed=tuple(record.identity for record in message.records if record.identity in stored),
            answers=answers,
            gone=message.sheet_id not in self._sheets,
            table=self._table_as_told(),
            others_gone=tuple({*message.other_sheets} - self._sheets.keys() - {"forgotten"}),
        )

    def _table_as_told(self) -> str:
        return repr((self._windows, self._since))

    def _answers(self, records: Sequence[AttendanceRecord]) -> Iterator[Answer]:
        assert self.registered is not None
        for record in records:
            one = (record.identity,)
            if record.identity in self._forgotten:
                yield Answer(outcome=Outcome.STORED, identities=one, sheet_id="forgotten")
                continue
            home = self._home(record.timestamp)
            sheet = None if home is None else self._sheets.get(self._sheet_of(home.name))
            if self.registered.is_before(record.timestamp):
                yield Answer(outcome=Outcome.BEFORE_FIRST_DAY, identities=one)
            elif home is None:
                yield Answer(outcome=Outcome.NO_PERIOD, identities=one)
            elif record.identity in self.refused or sheet is None:
                yield Answer(outcome=Outcome.REFUSED, identities=one, reason="the sheet is gone")
            else:
                row = StoredRow(sheet.name, record.identity, record.timestamp, record.user_name or "")
                sheet.rows.setdefault(record.identity, row)
                yield Answer(outcome=Outcome.STORED, identities=one, sheet_id=self._recorded[sheet.name])

    def _raise_alarm(self, message: RaiseFinalAlarm) -> None:
        if self.next_period(message.after, message.on) is not None:
            return
        identity = f"{message.kind} after {message.after}"
        if message.kind is AlarmKind.DAILY_WARNING:
            identity += f" on {message.on}"
        if identity not in self._mails:
            self._mails[identity] = 1

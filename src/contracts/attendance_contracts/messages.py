"""The messages of each topic.

Every message names its site (`location`) and carries a `request_id`, which a reply echoes. Dates and times
are the site's own, naive; where a moment matters across sites its zone is named beside it.
"""

from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from typing import ClassVar

from attendance_contracts.errors import ContractError
from attendance_contracts.period import ReviewPeriod
from attendance_contracts.record import AttendanceRecord
from attendance_contracts.topics import Topic, validate_location


@dataclass(frozen=True, kw_only=True)
class Message:
    """What all messages have in common.

    Attributes:
        sequence, signature: not used. What signs a message stands in its attributes (`signing`).
    """

    topic: ClassVar[Topic]

    location: str
    request_id: str
    sequence: int = 0
    signature: str = ""

    def __post_init__(self) -> None:
        validate_location(self.location)
        if not 1 <= len(self.request_id) <= 64:
            raise ContractError("request_id must have 1 to 64 characters")


@dataclass(frozen=True, kw_only=True)
class GetReviewPeriod(Message):
    """Which period comes next?

    Attributes:
        after: last day of the site's previous period; None at the site's first run.
        on: the site's current day.
        time_zone: IANA name, for a site that is not registered yet.
        day_boundary: when its business day begins; None for midnight.
    """

    topic: ClassVar[Topic] = Topic.GET_REVIEW_PERIOD

    after: date | None
    on: date
    time_zone: str = ""
    day_boundary: time | None = None


@dataclass(frozen=True, kw_only=True)
class NewReviewPeriod(Message):
    """The answer to GetReviewPeriod; `period` is None while HR has not published one."""

    topic: ClassVar[Topic] = Topic.NEW_REVIEW_PERIOD

    after: date | None
    period: ReviewPeriod | None


@dataclass(frozen=True, kw_only=True)
class CreateReviewSheet(Message):
    """Make sure that the period's review sheet exists and has a place for this site."""

    topic: ClassVar[Topic] = Topic.CREATE_REVIEW_SHEET

    period: ReviewPeriod


@dataclass(frozen=True, kw_only=True)
class NewReviewSheet(Message):
    """The answer to CreateReviewSheet: the spreadsheet's ID, the same for every site.

    Attributes:
        routes: whether the backend takes punches of any day (`StoreAttendRecords.routed`).
        table: as in `LastStoredTimestamp`.
    """

    topic: ClassVar[Topic] = Topic.NEW_REVIEW_SHEET

    period: ReviewPeriod
    sheet_id: str
    routes: bool = False
    table: str = ""


@dataclass(frozen=True, kw_only=True)
class StoreAttendRecords(Message):
    """Store these records, each in the sheet of its period by HR's table.

    Attributes:
        sheet_id: the sheet where the site believes they go.
        period: the period to which the site believes they belong.
        time_zone: IANA name, such as "Europe/Berlin".
        day_boundary: when the site's business day begins.
        routed: whether there may be records of any other day, and the site takes an answer for each. (Backends before
            0.2 refuse such records, sites before it know no answer but that all are stored.)
        other_sheets: others that confirmed punches of the period, such as those of other workbook groups: the answer
            says which of them are gone.
    """

    topic: ClassVar[Topic] = Topic.STORE_ATTEND_RECORDS

    sheet_id: str
    period: ReviewPeriod
    time_zone: str
    day_boundary: time
    records: tuple[AttendanceRecord, ...]
    routed: bool = False
    other_sheets: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.records:
            raise ContractError("store_attend_records holds no records")
        for record in self.records if not self.routed else ():
            if not self.period.holds(record.timestamp, self.day_boundary):
                raise ContractError(
                    f"record of {record.timestamp.isoformat()} does not belong to {self.period.name}"
                )


class Outcome(StrEnum):
    """What became of a punch that was to be stored."""

    STORED = "stored"
    NO_PERIOD = "no_period"
    """HR's table holds no period of its day: it may one day."""
    BEFORE_FIRST_DAY = "before_first_day"
    """It was made before the site's First Day, and belongs in no sheet."""
    REFUSED = "refused"
    TOO_LARGE = "too_large"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What became of some punches.

    Attributes:
        identities: of the punches.
        sheet_id: which sheet holds them; empty unless they are stored.
        reason: in words, why they are not; empty where the outcome says it.
    """

    outcome: Outcome
    identities: tuple[str, ...]
    sheet_id: str = ""
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class LastStoredTimestamp(Message):
    """The answer to StoreAttendRecords.

    Attributes:
        sheet_id: as in the question.
        last_stored_timestamp: the newest of the confirmed records, of all where none is.
        confirmed: identities of the records that a sheet now holds.
        answers: what became of each record; empty from a backend that puts all of them into the sheet it was told.
        gone: the sheet of the question is gone, and confirms nothing any more.
        table: changes with HR's table of periods; empty from a backend that does not route.
        others_gone: likewise, of the question's other sheets.
    """

    topic: ClassVar[Topic] = Topic.LAST_STORED_TIMESTAMP

    sheet_id: str
    last_stored_timestamp: datetime
    confirmed: tuple[str, ...]
    answers: tuple[Answer, ...] = ()
    gone: bool = False
    table: str = ""
    others_gone: tuple[str, ...] = ()


class AlarmKind(StrEnum):
    """How urgent a missing review period is."""

    FINAL_ALARM = "final_alarm"
    """The period before it is over: punches wait on the machine."""
    DAILY_WARNING = "daily_warning"
    """The current period ends soon."""


@dataclass(frozen=True, kw_only=True)
class RaiseFinalAlarm(Message):
    """The people who keep the review periods must be told that the next one is missing.

    Attributes:
        after: last day of the site's latest period; None when it never had one.
        on: the site's current day.
    """

    topic: ClassVar[Topic] = Topic.RAISE_FINAL_ALARM

    kind: AlarmKind
    after: date | None
    on: date


CLOCK_OFF_FROM_S = 60
"""A machine's clock further off than this is told."""
NEARLY_FULL = 0.8
"""Share of a machine's memory from which somebody should look: a full one loses punches."""


@dataclass(frozen=True, kw_only=True)
class MachineHealth:
    """What an attendance machine tells about itself.

    Attributes:
        firmware: as the machine words it; empty when it does not say.
        platform: as the machine words it; empty when it does not say.
        clock_offset_s: the machine's wall time less the Raspberry Pi's; None for an impossible date.
        records: punches in its memory.
        record_capacity: punches that its memory holds; 0 when it does not say.
        name: what people call it, where a site has several; may be empty.
    """

    serial_number: str
    firmware: str
    platform: str
    clock_offset_s: int | None
    records: int
    record_capacity: int
    users: int
    name: str = ""

    @property
    def is_clock_off(self) -> bool:
        """Whether its clock is to be looked at."""
        return self.clock_offset_s is None or abs(self.clock_offset_s) > CLOCK_OFF_FROM_S

    @property
    def is_nearly_full(self) -> bool:
        """Whether its memory is."""
        return 0 < NEARLY_FULL * self.record_capacity <= self.records


@dataclass(frozen=True, kw_only=True)
class MistimedPunches:
    """Punches of one user, read on one day, with times at which they cannot have been made: the clock was wrong.

    Attributes:
        user_name: as in the machine's user list; empty where it is not known.
        machine: what people call the machine; may be empty.
        first, last: the earliest and the latest of their times, as the machine has them.
        read_on: by the site's computer: about when they were made.
    """

    serial_number: str
    machine: str = ""
    user_id: str
    user_name: str = ""
    count: int
    first: datetime
    last: datetime
    read_on: date


@dataclass(frozen=True, kw_only=True)
class SiteHealth(Message):
    """How a site is, sent after each poll of its attendance machine; nothing is answered.

    Attributes:
        sheet_id: the review sheet of the open period.
        at: the site's wall time.
        time_zone: IANA name, such as "Europe/Berlin".
        day_boundary: when the site's business day begins.
        backlog: punches read and not yet confirmed by a sheet.
        undecodable: records of the machine that make no sense, kept with their bytes.
        complete_through: the last business day of which every punch was read and is confirmed; None before
            there is one.
        pi_clock_synchronised: whether the Raspberry Pi's clock follows a time server; None when it cannot tell.
        machine: None when it could not be read; of several the first one that could.
        problem: why it could not be read, or what else people should know of it; empty for nothing.
        machines: those that could be read, of a site that has several; empty of a site that has one.
        mistimed: punches in no sheet that were read since the period began, the first ones first.
        table: HR's table (`LastStoredTimestamp.table`) by which there are punches that have no period, or are of before
            the First Day; empty where there are none. By a later table they may be of days that are called complete.
    """

    topic: ClassVar[Topic] = Topic.SITE_HEALTH

    sheet_id: str
    period: ReviewPeriod
    at: datetime
    time_zone: str
    day_boundary: time
    release: str
    backlog: int
    undecodable: int
    complete_through: date | None
    pi_clock_synchronised: bool | None
    machine: MachineHealth | None
    problem: str
    machines: tuple[MachineHealth, ...] = ()
    mistimed: tuple[MistimedPunches, ...] = ()
    table: str = ""


@dataclass(frozen=True, kw_only=True)
class Watch(Message):
    """It is time to look after the workbooks; nothing is answered.

    A schedule publishes it (Cloud Scheduler), no site: `location` and `request_id` have no meaning.

    Attributes:
        at: the moment that it is for, UTC, where the schedule has a clock of its own; None for now.
    """

    topic: ClassVar[Topic] = Topic.WATCH

    location: str = "schedule"
    request_id: str = "tick"
    at: datetime | None = None


MESSAGE_TYPES: dict[Topic, type[Message]] = {
    kind.topic: kind
    for kind in (
        GetReviewPeriod,
        NewReviewPeriod,
        CreateReviewSheet,
        NewReviewSheet,
        StoreAttendRecords,
        LastStoredTimestamp,
        RaiseFinalAlarm,
        SiteHealth,
        Watch,
    )
}

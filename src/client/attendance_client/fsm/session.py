"""What the client knows while it runs: the model of the generated state machine."""

import secrets
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from attendance_client.fsm.generated import (
    KIND,
    PI4_STATE,
    RESUME_AT,
    Flag,
    Kind,
    Model,
    StateId,
)
from attendance_client.fsm.snapshot import Snapshot
from attendance_client.machine.port import AttendanceMachine, LogEnd, MachineStatus
from attendance_contracts import Message, ReviewPeriod, business_day


@dataclass(frozen=True, slots=True)
class MachineMemory:
    """What the last reading of the machine's log found, to tell whether another one is needed, and of how much.

    Attributes:
        end: where the log ended.
        read_at_s: when it was read last.
        whole_read_at_s: when all of it was read last.
        counted: what the machine said it holds, before that; not always what it holds.
    """

    end: LogEnd
    read_at_s: float
    whole_read_at_s: float
    counted: int


@dataclass
class MachineState:
    """What is known of one machine, by serial number; forgotten at a power loss.

    Attributes:
        status: what it said of itself last.
        memory: of the last reading of its log; None before that.
        time: its time, or another clock's where that is not believable, when it was asked last.
        closing_time: the time by which periods end, then; None while no two clocks agree.
        clock_offset: by how much its clock was ahead of the Pi's, then; None for an impossible date.
        clock_is_off: whether its clock was notably off when last read; said once, not at each poll.
        taken_until: its time, as in `time`, at the last reading after which all that it held was in the ledger.
        fullness_said_on: the day on which it was said to be nearly full.
        mistimed_said: how many of its punches bear times that cannot be, as last told.
        counted: its count of records, when it was asked last.
        troubles: what people are to know of it although it can be read, by kind.
    """

    status: MachineStatus
    memory: MachineMemory | None = None
    time: datetime | None = None
    closing_time: datetime | None = None
    clock_offset: timedelta | None = None
    clock_is_off: bool = False
    taken_until: datetime | None = None
    fullness_said_on: date | None = None
    mistimed_said: int = 0
    counted: int | None = None
    troubles: dict[str, str] = field(default_factory=dict)


@dataclass
class Door:
    """A place where one of the site's machines hangs; the machine there may be replaced.

    Attributes:
        machine: what answers there.
        is_enabled: whether people can punch there, as far as is known.
        seen: the machine that answered there last; None before one did.
        answers: whether it answered when it was asked last, and did not break off since.
        problem: why it could not be read the last time; empty where it could.
    """

    machine: AttendanceMachine
    is_enabled: bool = False
    seen: MachineState | None = None
    answers: bool = False
    problem: str = ""

    @property
    def state(self) -> MachineState:
        """Of the machine that is being talked to."""
        if self.seen is None:
            raise AssertionError("the machine was not asked what it is")
        return self.seen


@dataclass
class HealthMemory:
    """What was told of the site's health.

    Attributes:
        due_s: monotonic; before that, it is not told again unless it changed.
        reported: as far as a change of it is told at once.
        problem: why the last message could not be published; said once.
    """

    due_s: float = float("-inf")
    reported: object = None
    problem: str = ""
    troubles: dict[str, str] = field(default_factory=dict)
    """What people are to know of the site besides its machines, by kind."""


class Session(Model):
    """The model of the state machine, and what its steps share.

    What a snapshot holds is restored from one; all else is forgotten at a power loss, and the client works
    without it.
    """

    def __init__(self, day_boundary: time, snapshot: Snapshot | None = None) -> None:
        self._day_boundary = day_boundary
        self.flags = Flag(0)
        self.sheet_id: str | None = None
        self.last_stored_timestamp: datetime | None = None
        self.review_period: ReviewPeriod | None = None
        self.previous_period: ReviewPeriod | None = None
        self.state: str | None = StateId.FIRST_RUN
        if snapshot is not None:
            self.flags = Flag(snapshot.sys_flags)
            self.sheet_id = snapshot.sheet_id
            self.last_stored_timestamp = snapshot.last_stored_timestamp
            self.review_period = snapshot.review_period
            self.previous_period = snapshot.previous_period
            self.state = self._resumable(RESUME_AT[snapshot.pi4_state])

        self.machines: dict[str, MachineState] = {}
        """By serial number, every machine that answered since the client began."""
        self.machine_time: datetime | None = None
        """The machines' time, or another clock's where that is not believable, when they were asked last."""
        self.closing_time: datetime | None = None
        """The time by which periods end, when the machines were asked; None while no two clocks agree."""
        self.cloud_began: datetime | None = None
        """What Pub/Sub's clock showed, as far as is known, when the monotonic clock was at its origin."""
        self.undecodable_said = 0
        """How many records make no sense, as last told."""
        self.health = HealthMemory()
        self.next_poll_s = float("-inf")
        self.table_due_s = float("-inf")
        """Monotonic; when it is next asked whether HR's table is another one."""
        self.request: Message | None = None
        """The latest request; a waiting state waits for its reply."""
        self.time_outs = 0
        """How often in a row nobody answered in time."""
        self.nothing_to_relay: object = None
        """Cache key (ledger revision, open period) at which the ledger had nothing to relay: it is not asked again."""
        self.refusals_said: object = None
        """How many punches are refused, and why, as last told."""
        self.warned_on: date | None = None
        """The day of the last daily warning."""
        self._question: object = None
        self._question_id = ""

    def _resumable(self, state: StateId) -> StateId:
        needs_period = {
            StateId.REQUEST_REVIEW_SHEET,
            StateId.RELAY_ATTENDANCE_RECORDS,
            StateId.REVIEW_PERIOD_EXPIRED,
        }
        if state in needs_period and self.review_period is None:
            return StateId.FETCH_REVIEW_PERIOD
        if state in needs_period and self.sheet_id is None:
            return StateId.REQUEST_REVIEW_SHEET
        return state

    @property
    def current(self) -> StateId:
        """The state, as the generated machine last set it."""
        return self.state if isinstance(self.state, StateId) else StateId(str(self.state))

    @property
    def open_period(self) -> ReviewPeriod:
        """The open period, in states that cannot be entered without one."""
        if self.review_period is None:
            raise AssertionError(f"{self.state} without a review period")
        return self.review_period

    def snapshot(self) -> Snapshot:
        """What a checkpoint captures; only a state that is one can be asked."""
        state = self.current
        if KIND[state] is not Kind.CHECKPOINT:
            raise ValueError(f"{state} is no checkpoint")
        return Snapshot(
            pi4_state=PI4_STATE[state],
            sys_flags=int(self.flags),
            sheet_id=self.sheet_id,
            last_stored_timestamp=self.last_stored_timestamp,
            review_period=self.review_period,
            previous_period=self.previous_period,
        )

    def request_id(self, question: object) -> str:
        """The ID for a request that asks `question`.

        A question keeps its ID until it is answered (`answered`), so that a reply slower than the time-out
        still counts; after an answer, or a restart, late replies are nobody's.
        """
        if self._question != question:
            self._question, self._question_id = question, secrets.token_hex(16)
        return self._question_id

    def answered(self) -> None:
        """The question was answered: the same one, asked again, is a new one."""
        self._question = None
        self.time_outs = 0

    # The generated machine's guards, flags apart.

    @property
    def period_expired(self) -> bool:
        """Whether the open period was over when the machine was asked, by two clocks that agree."""
        if self.closing_time is None or self.review_period is None:
            return False
        return business_day(self.closing_time, self._day_boundary) > self.review_period.last_day

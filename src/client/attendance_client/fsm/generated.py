# GENERATED from spec/fsm.yaml by `python -m generator`. Do not edit: change the spec instead.
"""The state machine of the attendance client, as `spec/fsm.yaml` says it.

`ClientMachine` moves a `Model`: it asks the model for its guards, has it set and clear flags, and keeps the
state in `Model.state`. A model whose `state` is None starts in the entry state; one whose `state` is set
resumes there, and no callback of an entry runs. An event that the state does not allow raises
`TransitionNotAllowed`.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from enum import IntFlag, StrEnum
from types import MappingProxyType
from typing import Final

from statemachine import Event, State, StateChart

__all__ = [
    "ALL_FLAGS",
    "DEEP_SLEEP_S",
    "INITIAL_SNAPSHOT",
    "KIND",
    "PI4_STATE",
    "POLLING_INTERVAL_S",
    "RAISED_IN",
    "RESUME_AT",
    "TIME_OUT_S",
    "ClientMachine",
    "EventId",
    "Flag",
    "Kind",
    "Model",
    "StateId",
]


class Kind(StrEnum):
    """What a state is."""

    # where a client without a snapshot starts
    ENTRY = "entry"
    # a snapshot is written on entry
    CHECKPOINT = "checkpoint"
    # waits for the backend; no snapshot, so it has a time-out
    WAITING = "waiting"
    # sleeps; no snapshot
    SLEEP = "sleep"


class StateId(StrEnum):
    """The states; the values are what `Model.state` holds."""

    # No snapshot exists yet; the client starts here once.
    FIRST_RUN = "FIRST_RUN"
    # Publish get_review_period.
    FETCH_REVIEW_PERIOD = "FETCH_REVIEW_PERIOD"
    # Wait on new_review_period.
    AWAIT_REVIEW_PERIOD = "AWAIT_REVIEW_PERIOD"
    # E-mail the people who keep the review periods, then set the final alarm flag.
    RAISE_FINAL_ALARM = "RAISE_FINAL_ALARM"
    # There is nothing to review yet.
    NO_REVIEW_PERIOD = "NO_REVIEW_PERIOD"
    # Publish create_review_sheet.
    REQUEST_REVIEW_SHEET = "REQUEST_REVIEW_SHEET"
    # Wait on new_review_sheet.
    AWAIT_REVIEW_SHEET = "AWAIT_REVIEW_SHEET"
    # Wait out the polling interval, read the attendance machine, publish store_attend_records.
    RELAY_ATTENDANCE_RECORDS = "RELAY_ATTENDANCE_RECORDS"
    # Wait on last_stored_timestamp.
    AWAIT_LAST_STORED_TIMESTAMP = "AWAIT_LAST_STORED_TIMESTAMP"
    # Clean up after the period.
    REVIEW_PERIOD_EXPIRED = "REVIEW_PERIOD_EXPIRED"
    # Sleep for an hour before asking again.
    DEEP_SLEEP = "DEEP_SLEEP"


class EventId(StrEnum):
    """What a step may report."""

    # The client has been started for the first time.
    STARTED = "started"
    # The request for the review period has been published.
    REVIEW_PERIOD_REQUESTED = "review_period_requested"
    # The answer names the review period.
    REVIEW_PERIOD_RECEIVED = "review_period_received"
    # The answer says that HR has entered no such period yet.
    REVIEW_PERIOD_MISSING = "review_period_missing"
    # No answer came within the time-out of the state.
    TIMED_OUT = "timed_out"
    # The alarm is in the hands of the backend, which mails it once.
    FINAL_ALARM_PUBLISHED = "final_alarm_published"
    # There is nothing to do until HR enters a period.
    SLEEP_BEGUN = "sleep_begun"
    # The hour is over.
    SLEEP_ENDED = "sleep_ended"
    # The request for the period's spreadsheet has been published.
    REVIEW_SHEET_REQUESTED = "review_sheet_requested"
    # The answer names the spreadsheet.
    REVIEW_SHEET_RECEIVED = "review_sheet_received"
    # The attendance machine was read and every punch it holds is confirmed already.
    NO_NEW_RECORDS = "no_new_records"
    # Punches not yet confirmed have been published.
    RECORDS_PUBLISHED = "records_published"
    # The answer confirms that the published punches are in their sheet.
    LAST_STORED_TIMESTAMP_RECEIVED = "last_stored_timestamp_received"
    # The answer says that the open period's spreadsheet is gone, and what it confirmed with it.
    REVIEW_SHEET_GONE = "review_sheet_gone"
    # Every punch of the period is answered for, and the period is done.
    PERIOD_CLOSED = "period_closed"
    # The period is not to be closed yet, as there are punches of it to be sent, or the clocks do not agree.
    RECORDS_LEFT = "records_left"


class Flag(IntFlag):
    """The bits of the snapshot's `sys_flags`."""

    # The people who keep the review periods have been told that the next one is missing.
    FINAL_ALARM_RAISED = 0x01
    # Send a daily warning, since the period is about to end and no next one is known.
    DAILY_WARNING = 0x02


# Every bit that has a meaning.
ALL_FLAGS: Final = Flag(0x03)


# The code of each state that a snapshot may name.
PI4_STATE: Final[Mapping[StateId, int]] = MappingProxyType(
    {
        StateId.FETCH_REVIEW_PERIOD: 1,
        StateId.AWAIT_REVIEW_PERIOD: 2,
        StateId.RAISE_FINAL_ALARM: 3,
        StateId.NO_REVIEW_PERIOD: 4,
        StateId.REQUEST_REVIEW_SHEET: 5,
        StateId.AWAIT_REVIEW_SHEET: 6,
        StateId.RELAY_ATTENDANCE_RECORDS: 7,
        StateId.AWAIT_LAST_STORED_TIMESTAMP: 8,
        StateId.REVIEW_PERIOD_EXPIRED: 9,
    }
)

# What each state is.
KIND: Final[Mapping[StateId, Kind]] = MappingProxyType(
    {
        StateId.FIRST_RUN: Kind.ENTRY,
        StateId.FETCH_REVIEW_PERIOD: Kind.CHECKPOINT,
        StateId.AWAIT_REVIEW_PERIOD: Kind.WAITING,
        StateId.RAISE_FINAL_ALARM: Kind.CHECKPOINT,
        StateId.NO_REVIEW_PERIOD: Kind.CHECKPOINT,
        StateId.REQUEST_REVIEW_SHEET: Kind.CHECKPOINT,
        StateId.AWAIT_REVIEW_SHEET: Kind.WAITING,
        StateId.RELAY_ATTENDANCE_RECORDS: Kind.CHECKPOINT,
        StateId.AWAIT_LAST_STORED_TIMESTAMP: Kind.WAITING,
        StateId.REVIEW_PERIOD_EXPIRED: Kind.CHECKPOINT,
        StateId.DEEP_SLEEP: Kind.SLEEP,
    }
)

# Seconds after which a waiting state times out.
TIME_OUT_S: Final[Mapping[StateId, float]] = MappingProxyType(
    {
        StateId.AWAIT_REVIEW_PERIOD: 60.0,
        StateId.AWAIT_REVIEW_SHEET: 120.0,
        StateId.AWAIT_LAST_STORED_TIMESTAMP: 120.0,
    }
)

# Seconds spent in RELAY_ATTENDANCE_RECORDS: between two reads of the attendance machine, unless a backlog
# remains.
POLLING_INTERVAL_S: Final[float] = 900.0
# Seconds spent in DEEP_SLEEP: before asking for the review period again.
DEEP_SLEEP_S: Final[float] = 3600.0

# Where to resume from the code in a snapshot: a waiting state's where its time-out leads.
RESUME_AT: Final[Mapping[int, StateId]] = MappingProxyType(
    {
        1: StateId.FETCH_REVIEW_PERIOD,
        2: StateId.FETCH_REVIEW_PERIOD,
        3: StateId.RAISE_FINAL_ALARM,
        4: StateId.NO_REVIEW_PERIOD,
        5: StateId.REQUEST_REVIEW_SHEET,
        6: StateId.REQUEST_REVIEW_SHEET,
        7: StateId.RELAY_ATTENDANCE_RECORDS,
        8: StateId.RELAY_ATTENDANCE_RECORDS,
        9: StateId.REVIEW_PERIOD_EXPIRED,
    }
)

# The states whose steps may report an event.
RAISED_IN: Final[Mapping[EventId, frozenset[StateId]]] = MappingProxyType(
    {
        EventId.STARTED: frozenset({StateId.FIRST_RUN}),
        EventId.REVIEW_PERIOD_REQUESTED: frozenset({StateId.FETCH_REVIEW_PERIOD}),
        EventId.REVIEW_PERIOD_RECEIVED: frozenset({StateId.AWAIT_REVIEW_PERIOD}),
        EventId.REVIEW_PERIOD_MISSING: frozenset({StateId.AWAIT_REVIEW_PERIOD}),
        EventId.TIMED_OUT: frozenset(
            {
                StateId.AWAIT_REVIEW_PERIOD,
                StateId.AWAIT_REVIEW_SHEET,
                StateId.AWAIT_LAST_STORED_TIMESTAMP,
            }
        ),
        EventId.FINAL_ALARM_PUBLISHED: frozenset({StateId.RAISE_FINAL_ALARM}),
        EventId.SLEEP_BEGUN: frozenset({StateId.NO_REVIEW_PERIOD}),
        EventId.SLEEP_ENDED: frozenset({StateId.DEEP_SLEEP}),
        EventId.REVIEW_SHEET_REQUESTED: frozenset({StateId.REQUEST_REVIEW_SHEET}),
        EventId.REVIEW_SHEET_RECEIVED: frozenset({StateId.AWAIT_REVIEW_SHEET}),
        EventId.NO_NEW_RECORDS: frozenset({StateId.RELAY_ATTENDANCE_RECORDS}),
        EventId.RECORDS_PUBLISHED: frozenset({StateId.RELAY_ATTENDANCE_RECORDS}),
        EventId.LAST_STORED_TIMESTAMP_RECEIVED: frozenset({StateId.AWAIT_LAST_STORED_TIMESTAMP}),
        EventId.REVIEW_SHEET_GONE: frozenset({StateId.AWAIT_LAST_STORED_TIMESTAMP}),
        EventId.PERIOD_CLOSED: frozenset({StateId.REVIEW_PERIOD_EXPIRED}),
        EventId.RECORDS_LEFT: frozenset({StateId.REVIEW_PERIOD_EXPIRED}),
    }
)

# The fields of a snapshot, with the values of a client that has never run.
INITIAL_SNAPSHOT: Final[Mapping[str, int | str | None]] = MappingProxyType(
    {
        "pi4_state": 1,
        "sys_flags": 0,
        "sheet_id": None,
        "last_stored_timestamp": None,
        "review_period": None,
        "previous_period": None,
    }
)


class Model(ABC):
    """What the machine moves. `state` is None before the first start, else a `StateId` value."""

    state: str | None
    flags = Flag(0)

    @property
    def final_alarm_raised(self) -> bool:
        """The flag of this name is set."""
        return Flag.FINAL_ALARM_RAISED in self.flags

    @property
    @abstractmethod
    def period_expired(self) -> bool:
        """The open period is over by two clocks that agree, of the attendance machine's, the Pi's and Pub/Sub's."""

    def set_final_alarm_raised(self) -> None:
        self.flags |= Flag.FINAL_ALARM_RAISED

    def clear_final_alarm_raised(self) -> None:
        self.flags &= ~Flag.FINAL_ALARM_RAISED

    def set_daily_warning(self) -> None:
        self.flags |= Flag.DAILY_WARNING

    def clear_daily_warning(self) -> None:
        self.flags &= ~Flag.DAILY_WARNING


class ClientMachine(StateChart[Model]):
    """The machine itself. Send it what a step reported: `machine.send(EventId.STARTED)`."""

    allow_event_without_transition = False
    catch_errors_as_events = False
    atomic_configuration_update = True
    enable_self_transition_entries = True

    FIRST_RUN = State("FIRST_RUN", value=StateId.FIRST_RUN, initial=True)
    FETCH_REVIEW_PERIOD = State("FETCH_REVIEW_PERIOD", value=StateId.FETCH_REVIEW_PERIOD)
    AWAIT_REVIEW_PERIOD = State("AWAIT_REVIEW_PERIOD", value=StateId.AWAIT_REVIEW_PERIOD)
    RAISE_FINAL_ALARM = State("RAISE_FINAL_ALARM", value=StateId.RAISE_FINAL_ALARM)
    NO_REVIEW_PERIOD = State("NO_REVIEW_PERIOD", value=StateId.NO_REVIEW_PERIOD)
    REQUEST_REVIEW_SHEET = State("REQUEST_REVIEW_SHEET", value=StateId.REQUEST_REVIEW_SHEET)
    AWAIT_REVIEW_SHEET = State("AWAIT_REVIEW_SHEET", value=StateId.AWAIT_REVIEW_SHEET)
    RELAY_ATTENDANCE_RECORDS = State("RELAY_ATTENDANCE_RECORDS", value=StateId.RELAY_ATTENDANCE_RECORDS)
    AWAIT_LAST_STORED_TIMESTAMP = State(
        "AWAIT_LAST_STORED_TIMESTAMP", value=StateId.AWAIT_LAST_STORED_TIMESTAMP
    )
    REVIEW_PERIOD_EXPIRED = State("REVIEW_PERIOD_EXPIRED", value=StateId.REVIEW_PERIOD_EXPIRED)
    DEEP_SLEEP = State("DEEP_SLEEP", value=StateId.DEEP_SLEEP)

    # The client has been started for the first time.
    started = Event(FIRST_RUN.to(FETCH_REVIEW_PERIOD), name="started")
    # The request for the review period has been published.
    review_period_requested = Event(
        FETCH_REVIEW_PERIOD.to(AWAIT_REVIEW_PERIOD),
        name="review_period_requested",
    )
    # The answer names the review period.
    review_period_received = Event(
        AWAIT_REVIEW_PERIOD.to(REQUEST_REVIEW_SHEET, on=["clear_final_alarm_raised", "clear_daily_warning"]),
        name="review_period_received",
    )
    # The answer says that HR has entered no such period yet.
    review_period_missing = Event(
        AWAIT_REVIEW_PERIOD.to(RAISE_FINAL_ALARM, cond="not final_alarm_raised")
        | AWAIT_REVIEW_PERIOD.to(NO_REVIEW_PERIOD, cond="final_alarm_raised"),
        name="review_period_missing",
    )
    # No answer came within the time-out of the state.
    timed_out = Event(
        AWAIT_REVIEW_PERIOD.to(FETCH_REVIEW_PERIOD)
        | AWAIT_REVIEW_SHEET.to(REQUEST_REVIEW_SHEET)
        | AWAIT_LAST_STORED_TIMESTAMP.to(RELAY_ATTENDANCE_RECORDS),
        name="timed_out",
    )
    # The alarm is in the hands of the backend, which mails it once.
    final_alarm_published = Event(
        RAISE_FINAL_ALARM.to(NO_REVIEW_PERIOD, on=["set_final_alarm_raised"]),
        name="final_alarm_published",
    )
    # There is nothing to do until HR enters a period.
    sleep_begun = Event(NO_REVIEW_PERIOD.to(DEEP_SLEEP), name="sleep_begun")
    # The hour is over.
    sleep_ended = Event(DEEP_SLEEP.to(FETCH_REVIEW_PERIOD), name="sleep_ended")
    # The request for the period's spreadsheet has been published.
    review_sheet_requested = Event(REQUEST_REVIEW_SHEET.to(AWAIT_REVIEW_SHEET), name="review_sheet_requested")
    # The answer names the spreadsheet.
    review_sheet_received = Event(
        AWAIT_REVIEW_SHEET.to(RELAY_ATTENDANCE_RECORDS),
        name="review_sheet_received",
    )
    # The attendance machine was read and every punch it holds is confirmed already.
    no_new_records = Event(
        RELAY_ATTENDANCE_RECORDS.to(RELAY_ATTENDANCE_RECORDS, cond="not period_expired")
        | RELAY_ATTENDANCE_RECORDS.to(REVIEW_PERIOD_EXPIRED, cond="period_expired"),
        name="no_new_records",
    )
    # Punches not yet confirmed have been published.
    records_published = Event(
        RELAY_ATTENDANCE_RECORDS.to(AWAIT_LAST_STORED_TIMESTAMP),
        name="records_published",
    )
    # The answer confirms that the published punches are in their sheet.
    last_stored_timestamp_received = Event(
        AWAIT_LAST_STORED_TIMESTAMP.to(REVIEW_PERIOD_EXPIRED, cond="period_expired")
        | AWAIT_LAST_STORED_TIMESTAMP.to(RELAY_ATTENDANCE_RECORDS, cond="not period_expired"),
        name="last_stored_timestamp_received",
    )
    # The answer says that the open period's spreadsheet is gone, and what it confirmed with it.
    review_sheet_gone = Event(AWAIT_LAST_STORED_TIMESTAMP.to(REQUEST_REVIEW_SHEET), name="review_sheet_gone")
    # Every punch of the period is answered for, and the period is done.
    period_closed = Event(REVIEW_PERIOD_EXPIRED.to(FETCH_REVIEW_PERIOD), name="period_closed")
    # The period is not to be closed yet, as there are punches of it to be sent, or the clocks do not agree.
    records_left = Event(REVIEW_PERIOD_EXPIRED.to(RELAY_ATTENDANCE_RECORDS), name="records_left")

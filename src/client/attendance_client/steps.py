"""A function a state: do the state's work through the ports and return the event that it led to.

A step may be repeated at any time, after a failure or a power loss: each effect is harmless to repeat.
A TransientError means that nothing is known yet; the runner stays in the state and tries again.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TypeVar

from attendance_client._generated.machine import TIME_OUT_S, EventId, Flag, StateId
from attendance_client.config import Site
from attendance_client.errors import BusError, MachineError
from attendance_client.ledger import Chunk, Ledger
from attendance_client.ports import AttendanceMachine, Bus, Clock, MachineSession, MachineStatus, Supervisor
from attendance_client.session import MachineMemory, Session
from attendance_contracts import (
    MAX_CHUNK_BYTES,
    MAX_CHUNK_RECORDS,
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
    Topic,
    business_day,
    encode,
)

log = logging.getLogger(__name__)
M = TypeVar("M", bound=Message)

RECEIVE_SLICE_S = 5.0
"""The longest single wait for a reply: how soon a stop request is heeded."""

COMPLETE_READ_INTERVAL_S = 86_400.0
"""The log is read at least daily, even when its count has not changed: the machine may have been cleared
and filled again, or overwrite its oldest records."""

BELIEVABLE_OFFSET = timedelta(days=1)
"""A machine's clock further off than this is broken (a flat cell: 2000-01-01), not slow."""

NOTABLE_OFFSET = timedelta(minutes=2)
"""A machine's clock further off than this is reported."""


@dataclass
class Client:
    """One site's client: its ports and what it knows."""

    site: Site
    machine: AttendanceMachine
    bus: Bus
    clock: Clock
    ledger: Ledger
    supervisor: Supervisor
    session: Session
    status: str = field(default="starting")

    def pause(self, seconds: float) -> None:
        """Wait, feeding the watchdog; raises StopRequested."""
        end = self.clock.monotonic() + seconds
        while (remaining := end - self.clock.monotonic()) > 0:
            self.supervisor.alive(self.status)
            self.clock.sleep(min(remaining, self.supervisor.alive_interval_s))
        self.supervisor.alive(self.status)

    def await_reply(self, reply: type[M], state: StateId, accept: Callable[[M], bool]) -> bool:
        """Wait for a reply that `accept` takes, at most the state's time-out; drop all others.

        A failure of the bus is no reason to wait longer: only the next request makes a deleted subscription anew.
        """
        deadline = self.clock.monotonic() + TIME_OUT_S[state]
        failed = False
        while (remaining := deadline - self.clock.monotonic()) > 0:
            self.supervisor.alive(self.status)
            accepted = False
            try:
                messages = self.bus.receive(reply.topic, min(remaining, RECEIVE_SLICE_S))
            except BusError as error:
                log.log(logging.DEBUG if failed else logging.WARNING, "%s", error)
                failed = True
                self.pause(min(remaining, RECEIVE_SLICE_S))
                continue
            for message in messages:
                if isinstance(message, reply) and message.location == self.site.location and accept(message):
                    accepted = True
                else:
                    log.info("dropped a %s that nobody waits for", reply.topic)
            if accepted:
                return True
        log.warning("no %s within %g s; asking again", reply.topic, TIME_OUT_S[state])
        return False


def first_run(client: Client) -> EventId:
    del client
    return EventId.STARTED


def fetch_review_period(client: Client) -> EventId:
    session = client.session
    after = session.previous_period.last_day if session.previous_period else None
    _request(
        client,
        GetReviewPeriod(
            location=client.site.location,
            request_id=session.request_id((Topic.GET_REVIEW_PERIOD, after)),
            after=after,
            on=business_day(client.clock.now(), client.site.day_boundary),
        ),
    )
    return EventId.REVIEW_PERIOD_REQUESTED


def await_review_period(client: Client) -> EventId:
    session = client.session
    request = session.request
    found: list[ReviewPeriod | None] = []

    def accept(reply: NewReviewPeriod) -> bool:
        if not isinstance(request, GetReviewPeriod):
            return False
        if reply.request_id != request.request_id or reply.after != request.after:
            return False
        found.append(reply.period)
        return True

    if not client.await_reply(NewReviewPeriod, StateId.AWAIT_REVIEW_PERIOD, accept):
        return EventId.TIMED_OUT
    session.answered()
    period = found[-1]
    if period is None:
        previous = session.previous_period
        log.warning("HR has not entered a review period %s", f"after {previous.name}" if previous else "yet")
        return EventId.REVIEW_PERIOD_MISSING
    session.review_period = period
    session.sheet_id = None
    session.last_stored_timestamp = None
    log.info("review period %s: %s to %s", period.name, period.first_day, period.last_day)
    return EventId.REVIEW_PERIOD_RECEIVED


def raise_final_alarm(client: Client) -> EventId:
    previous = client.session.previous_period
    _publish_alarm(client, AlarmKind.FINAL_ALARM, previous.last_day if previous else None, client.clock.now())
    return EventId.FINAL_ALARM_PUBLISHED


def no_review_period(client: Client) -> EventId:
    del client
    return EventId.SLEEP_BEGUN


def deep_sleep(client: Client) -> EventId:
    client.pause(client.site.deep_sleep_s)
    return EventId.SLEEP_ENDED


def request_review_sheet(client: Client) -> EventId:
    period = _open_period(client)
    _request(
        client,
        CreateReviewSheet(
            location=client.site.location,
            request_id=client.session.request_id((Topic.CREATE_REVIEW_SHEET, period)),
            period=period,
        ),
    )
    return EventId.REVIEW_SHEET_REQUESTED


def await_review_sheet(client: Client) -> EventId:
    period = _open_period(client)
    sheet_ids: list[str] = []

    def accept(reply: NewReviewSheet) -> bool:
        # Whichever request it answers, the sheet of a period is always the same one.
        if reply.period != period:
            return False
        sheet_ids.append(reply.sheet_id)
        return True

    if not client.await_reply(NewReviewSheet, StateId.AWAIT_REVIEW_SHEET, accept):
        return EventId.TIMED_OUT
    client.session.answered()
    client.session.sheet_id = sheet_ids[-1]
    client.ledger.open_period(period, sheet_ids[-1])
    return EventId.REVIEW_SHEET_RECEIVED


def relay_attendance_records(client: Client) -> EventId:
    session = client.session
    chunk = None
    if session.machine_time is not None and client.clock.monotonic() < session.next_poll_s:
        chunk = _next_chunk(client)
        if chunk is None:
            client.pause(session.next_poll_s - client.clock.monotonic())
    if chunk is None:
        try:
            _poll(client)
        except MachineError as error:
            chunk = _next_chunk(client)
            if chunk is None:
                raise
            log.warning("%s; going on with the backlog", error)
        else:
            chunk = _next_chunk(client)
    if chunk is None:
        return EventId.NO_NEW_RECORDS
    _request(client, _store_message(client, chunk))
    return EventId.RECORDS_PUBLISHED


def await_last_stored_timestamp(client: Client) -> EventId:
    session = client.session
    request = session.request

    def accept(reply: LastStoredTimestamp) -> bool:
        if not isinstance(request, StoreAttendRecords) or reply.sheet_id != request.sheet_id:
            return False
        asked = {record.identity for record in request.records}
        confirmed = asked & set(reply.confirmed)
        client.ledger.confirm(tuple(confirmed), reply.sheet_id)
        return confirmed == asked or (bool(confirmed) and reply.request_id == request.request_id)

    if not client.await_reply(LastStoredTimestamp, StateId.AWAIT_LAST_STORED_TIMESTAMP, accept):
        session.time_outs += 1
        if isinstance(request, StoreAttendRecords) and request.period != session.review_period:
            session.postponed.add(request.period.name)
        return EventId.TIMED_OUT
    session.answered()
    session.time_outs = 0
    if isinstance(request, StoreAttendRecords) and request.period == session.review_period:
        newest = max(record.timestamp for record in request.records)
        session.last_stored_timestamp = max(newest, session.last_stored_timestamp or newest)
    return EventId.LAST_STORED_TIMESTAMP_RECEIVED


def review_period_expired(client: Client) -> EventId:
    session = client.session
    period = _open_period(client)
    with client.machine.session() as machine:
        # Whatever the count says: this is the last look at the machine for this period.
        _read(client, machine, _status(client, machine))
    left = client.ledger.backlog_of(period)
    if left:
        log.info("%s is over, but %d of its punches are not stored yet", period.name, left)
        return EventId.RECORDS_LEFT
    client.ledger.close_period(period)
    session.previous_period = period
    session.review_period = None
    session.sheet_id = None
    session.last_stored_timestamp = None
    log.info("review period %s is closed", period.name)
    return EventId.PERIOD_CLOSED


STEPS: Mapping[StateId, Callable[[Client], EventId]] = {
    StateId.FIRST_RUN: first_run,
    StateId.FETCH_REVIEW_PERIOD: fetch_review_period,
    StateId.AWAIT_REVIEW_PERIOD: await_review_period,
    StateId.RAISE_FINAL_ALARM: raise_final_alarm,
    StateId.NO_REVIEW_PERIOD: no_review_period,
    StateId.REQUEST_REVIEW_SHEET: request_review_sheet,
    StateId.AWAIT_REVIEW_SHEET: await_review_sheet,
    StateId.RELAY_ATTENDANCE_RECORDS: relay_attendance_records,
    StateId.AWAIT_LAST_STORED_TIMESTAMP: await_last_stored_timestamp,
    StateId.REVIEW_PERIOD_EXPIRED: review_period_expired,
    StateId.DEEP_SLEEP: deep_sleep,
}


def _open_period(client: Client) -> ReviewPeriod:
    period = client.session.review_period
    if period is None:
        raise AssertionError(f"{client.session.state} without a review period")
    return period


def _request(client: Client, message: Message) -> None:
    client.bus.prepare()
    client.bus.publish(message)
    client.session.request = message


def _publish_alarm(client: Client, kind: AlarmKind, after: date | None, now: datetime) -> None:
    on = business_day(now, client.site.day_boundary)
    client.bus.publish(
        RaiseFinalAlarm(
            location=client.site.location,
            request_id=client.session.request_id((Topic.RAISE_FINAL_ALARM, kind, after, on)),
            kind=kind,
            after=after,
            on=on,
        )
    )


def _next_chunk(client: Client) -> Chunk | None:
    """What to relay next: the open period's punches, then, unless it is about to close, late ones of others."""
    session = client.session
    period = _open_period(client)
    # A message that cannot be stored in time is halved each time.
    limit = max(1, MAX_CHUNK_RECORDS >> session.time_outs)
    chunk = client.ledger.next_chunk(period, limit)
    if chunk is None and not session.period_expired:
        for late in client.ledger.periods_with_backlog():
            if late.name not in session.postponed and late != period:
                chunk = client.ledger.next_chunk(late, limit)
                break
    return chunk


def _store_message(client: Client, chunk: Chunk) -> StoreAttendRecords:
    """The message that stores a chunk, or as much of it as one message may hold."""
    records = chunk.records
    while True:
        message = StoreAttendRecords(
            location=client.site.location,
            request_id=client.session.request_id((Topic.STORE_ATTEND_RECORDS, chunk.sheet_id, records)),
            sheet_id=chunk.sheet_id,
            period=chunk.period,
            time_zone=client.site.time_zone,
            day_boundary=client.site.day_boundary,
            records=records,
        )
        if len(encode(message)[0]) <= MAX_CHUNK_BYTES or len(records) == 1:
            return message
        records = records[: len(records) // 2]


def _poll(client: Client) -> None:
    """Read the machine if it has anything new, and see to the daily warning."""
    session = client.session
    with client.machine.session() as machine:
        if not session.machine_enabled:
            machine.enable()
            session.machine_enabled = True
        status = _status(client, machine)
        if _needs_reading(client, status):
            _read(client, machine, status)
    session.next_poll_s = client.clock.monotonic() + client.site.polling_interval_s
    session.postponed.clear()
    _warn_daily(client)


def _status(client: Client, machine: MachineSession) -> MachineStatus:
    status = machine.status()
    now = client.clock.now()
    believable = status.time is not None and abs(status.time - now) <= BELIEVABLE_OFFSET
    client.session.machine_time = status.time if believable else now
    if status.time is None or abs(status.time - now) > NOTABLE_OFFSET:
        log.warning("the machine's clock shows %s, this computer's %s; set the machine's", status.time, now)
    return status


def _needs_reading(client: Client, status: MachineStatus) -> bool:
    memory = client.session.machine_memory
    return (
        memory is None
        or memory.serial_number != status.serial_number
        or memory.records != status.records
        or 0 < status.record_capacity <= status.records
        or client.clock.monotonic() - memory.read_at_s >= COMPLETE_READ_INTERVAL_S
    )


def _read(client: Client, machine: MachineSession, status: MachineStatus) -> None:
    session, ledger, serial_number = client.session, client.ledger, status.serial_number
    attendance_log = machine.read_log()
    new = ledger.add_log(serial_number, attendance_log, client.clock.now())
    if session.users_read != status.users or ledger.has_unnamed_backlog(serial_number):
        ledger.remember_users(serial_number, machine.read_user_names())
        session.users_read = status.users
    records = len(attendance_log.punches) + len(attendance_log.undecodable)
    session.machine_memory = MachineMemory(serial_number, records, client.clock.monotonic())
    if new:
        log.info("%d new records on machine %s", new, serial_number)


def _warn_daily(client: Client) -> None:
    """In a period's last days, let the backend warn, once a day, if it knows no period after it."""
    session = client.session
    period = _open_period(client)
    now = session.machine_time or client.clock.now()
    day = business_day(now, client.site.day_boundary)
    days_left = (period.last_day - day).days
    if not 0 <= days_left < client.site.daily_warning_days or session.warned_on == day:
        return
    session.flags |= Flag.DAILY_WARNING
    _publish_alarm(client, AlarmKind.DAILY_WARNING, period.last_day, now)
    session.warned_on = day

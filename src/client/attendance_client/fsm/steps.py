"""A function a state: do the state's work through the ports and return the event that it led to.

A step may be repeated at any time, after a failure or a power loss: each effect is harmless to repeat.
A TransientError means that nothing is known yet; the runner stays in the state and tries again.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from attendance_client.errors import MachineError
from attendance_client.fsm.client import Client
from attendance_client.fsm.generated import EventId, StateId
from attendance_client.machine.final_read import read_finally
from attendance_client.machine.polling import poll, publish_alarm
from attendance_client.machine.reading import of_door
from attendance_client.relay.ledger import Chunk, Ledger
from attendance_contracts import (
    MAX_CHUNK_BYTES,
    MAX_CHUNK_RECORDS,
    AlarmKind,
    Answer,
    CreateReviewSheet,
    GetReviewPeriod,
    LastStoredTimestamp,
    Message,
    NewReviewPeriod,
    NewReviewSheet,
    Outcome,
    ReviewPeriod,
    StoreAttendRecords,
    Topic,
    business_day,
    encode,
)

log = logging.getLogger(__name__)

WHOLE_TRIES = 3
"""Time-outs in a row after which a chunk is still sent whole: by then the waits have grown to the polling interval."""


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
            on=business_day(client.cloud_time() or client.clock.now(), client.site.day_boundary),
            time_zone=client.site.time_zone,
            day_boundary=client.site.day_boundary,
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
    publish_alarm(client, AlarmKind.FINAL_ALARM, previous.last_day if previous else None, client.clock.now())
    return EventId.FINAL_ALARM_PUBLISHED


def no_review_period(client: Client) -> EventId:
    del client
    return EventId.SLEEP_BEGUN


def deep_sleep(client: Client) -> EventId:
    client.pause(client.site.deep_sleep_s)
    return EventId.SLEEP_ENDED


def request_review_sheet(client: Client) -> EventId:
    period = client.session.open_period
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
    period = client.session.open_period
    replies: list[NewReviewSheet] = []

    def accept(reply: NewReviewSheet) -> bool:
        # Whichever request it answers, the sheet of a period is always the same one.
        if reply.period != period:
            return False
        replies.append(reply)
        return True

    if not client.await_reply(NewReviewSheet, StateId.AWAIT_REVIEW_SHEET, accept):
        return EventId.TIMED_OUT
    client.session.answered()
    reply = replies[-1]
    client.session.sheet_id = reply.sheet_id
    client.ledger.open_period(period, reply.sheet_id, routes=reply.routes, table=reply.table)
    return EventId.REVIEW_SHEET_RECEIVED


def relay_attendance_records(client: Client) -> EventId:
    session = client.session
    chunk = None
    if session.machine_time is not None and client.clock.monotonic() < session.next_poll_s:
        chunk = _next_chunk(client)
        if chunk is None and session.period_expired:
            return EventId.NO_NEW_RECORDS  # what nobody answers for must not keep the period open
        if chunk is None:
            client.pause(session.next_poll_s - client.clock.monotonic())
    if chunk is None:
        try:
            poll(client)
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
    session, ledger = client.session, client.ledger
    request = session.request
    asked = frozenset(
        record.identity for record in (request.records if isinstance(request, StoreAttendRecords) else ())
    )
    gone: set[str] = set()

    def accept(reply: LastStoredTimestamp) -> bool:
        if not isinstance(request, StoreAttendRecords) or reply.sheet_id != request.sheet_id:
            return False
        # Of a reply to another question it is believed what is stored, and nothing else: the rest may have changed.
        own = reply.request_id == request.request_id
        answers = [part for answer in _answers(reply) if (part := _part_of(answer, asked, ledger, own=own))]
        told = {*request.other_sheets} & {*reply.others_gone} if own else set()
        if own and reply.gone:
            told.add(reply.sheet_id)
        gone.update(told)
        table = reply.table if own else ""
        # A backend before 0.2 confirms, and neither answers each record nor names its table.
        routes = bool(table) if own and (table or reply.confirmed) else None
        ledger.take_answers(answers, table=table, routes=routes, gone=told)
        answered = {identity for answer in answers for identity in answer.identities}
        return answered == asked or (own and (bool(answered) or reply.gone))

    if not client.await_reply(LastStoredTimestamp, StateId.AWAIT_LAST_STORED_TIMESTAMP, accept):
        if len(asked) == 1:
            ledger.set_aside(tuple(asked))
        return EventId.TIMED_OUT
    session.answered()
    for sheet_id in sorted(gone):
        log.warning("the review sheet %s is gone; what it held is sent again", sheet_id)
    if session.sheet_id in gone:
        session.sheet_id = None
        session.last_stored_timestamp = None
        return EventId.REVIEW_SHEET_GONE
    if isinstance(request, StoreAttendRecords) and request.period == session.review_period:
        newest = max(record.timestamp for record in request.records)
        session.last_stored_timestamp = max(newest, session.last_stored_timestamp or newest)
    _tell_of_refusals(client)
    return EventId.LAST_STORED_TIMESTAMP_RECEIVED


def review_period_expired(client: Client) -> EventId:
    session = client.session
    period = client.session.open_period
    read_finally(client, period)
    if not session.period_expired:
        log.info("%s is not closed: the clocks do not agree that it is over", period.name)
        return EventId.RECORDS_LEFT
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
    for door in client.doors:
        if door.problem:
            log.warning(
                "%s; its punches of %s follow when it can be read", of_door(door, door.problem), period.name
            )
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


def _request(client: Client, message: Message) -> None:
    client.bus.prepare()
    client.bus.publish(message)
    client.session.request = message


def _answers(reply: LastStoredTimestamp) -> Sequence[Answer]:
    """What became of each record; a backend before 0.2 says only what the sheet holds."""
    stored = Answer(outcome=Outcome.STORED, identities=reply.confirmed, sheet_id=reply.sheet_id)
    return reply.answers or (stored,)


def _part_of(answer: Answer, asked: frozenset[str], ledger: Ledger, *, own: bool) -> Answer | None:
    """As much of an answer as is to be believed: of what was asked."""
    if not own and (answer.outcome is not Outcome.STORED or ledger.is_gone(answer.sheet_id)):
        return None
    identities = tuple(identity for identity in answer.identities if identity in asked)
    return replace(answer, identities=identities) if identities else None


def _tell_of_refusals(client: Client) -> None:
    """Say once that punches are refused, and why."""
    summary = client.ledger.summary()
    told = (summary.refused, summary.reason)
    if summary.refused and told != client.session.refusals_said:
        log.warning("%d punches are in no sheet yet: %s", summary.refused, summary.reason or "nobody answers")
    client.session.refusals_said = told


def _next_chunk(client: Client) -> Chunk | None:
    """What to relay next: the open period's punches before all others."""
    session = client.session
    cache_key = (client.ledger.revision, session.open_period)
    if session.nothing_to_relay == cache_key:
        return None
    # Silence says nothing of size. Where it outlasts the back-off, one of the punches may be what kills the function.
    limit = max(1, MAX_CHUNK_RECORDS >> 3 * max(0, session.time_outs - WHOLE_TRIES))
    chunk = client.ledger.next_chunk(session.open_period, limit)
    if chunk is None:
        session.nothing_to_relay = cache_key
    return chunk


def _store_message(client: Client, chunk: Chunk) -> StoreAttendRecords:
    """The message that stores a chunk, or as much of it as one message may hold."""
    records = chunk.records
    session = client.session
    sheet_id = chunk.sheet_id or session.sheet_id or ""
    period = chunk.period or session.open_period
    others = client.ledger.other_sheets(period, sheet_id)
    while True:
        message = StoreAttendRecords(
            location=client.site.location,
            request_id=session.request_id((Topic.STORE_ATTEND_RECORDS, chunk.sheet_id, records)),
            sheet_id=sheet_id,
            period=period,
            time_zone=client.site.time_zone,
            day_boundary=client.site.day_boundary,
            records=records,
            routed=client.ledger.routes,
            other_sheets=others,
        )
        if len(encode(message)[0]) <= MAX_CHUNK_BYTES or len(records) == 1:
            return message
        records = records[: len(records) // 2]

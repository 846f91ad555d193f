"""Relaying one step at a time: what goes into a message, what a confirmation ends, and when a period may close."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from attendance_client.errors import MachineError
from attendance_client.fsm import steps
from attendance_client.fsm.generated import EventId
from attendance_contracts import MAX_CHUNK_BYTES, Answer, Outcome, StoreAttendRecords, encode
from tests.unit.lone_client import (
    JANUARY,
    NOON,
    SERIAL,
    after_the_end,
    asked,
    confirmation,
    just_polled,
    lone_client,
    publish_two,
    stored,
    take,
)


@pytest.fixture
def client():
    with lone_client() as client:
        yield client


@pytest.fixture
def session(client):
    return client.session


# Relaying


def test_a_backlog_does_not_keep_the_machine_from_being_polled_when_it_is_time(client, session):
    just_polled(client)
    take(client, NOON)
    session.next_poll_s = client.clock.monotonic()
    client.machine.record("1002", NOON - timedelta(hours=1))

    assert steps.relay_attendance_records(client) is EventId.RECORDS_PUBLISHED
    assert stored(client) == [NOON - timedelta(hours=1), NOON]


def test_a_backlog_does_not_keep_a_late_poll_waiting_either(client, session):
    client.clock.sleep(5000)
    just_polled(client)
    take(client, NOON)
    session.next_poll_s -= 2000
    client.machine.record("1002", NOON - timedelta(hours=1))

    steps.relay_attendance_records(client)
    assert stored(client) == [NOON - timedelta(hours=1), NOON]


def test_a_machine_that_is_away_does_not_hold_up_the_backlog(client):
    client.machine.reachable = False
    take(client, NOON)

    assert steps.relay_attendance_records(client) is EventId.RECORDS_PUBLISHED
    assert stored(client) == [NOON]


def test_a_machine_that_is_away_is_a_failure_when_there_is_nothing_else_to_do(client):
    client.machine.reachable = False

    with pytest.raises(MachineError):
        steps.relay_attendance_records(client)
    assert client.bus.published == []


def test_a_first_poll_that_breaks_off_is_simply_tried_again(client):
    client.machine.record("1001", NOON)
    client.machine.failures.append("read_log")
    with pytest.raises(MachineError):
        steps.relay_attendance_records(client)

    assert steps.relay_attendance_records(client) is EventId.RECORDS_PUBLISHED
    assert stored(client) == [NOON]


def test_the_open_periods_punches_go_before_late_ones(client):
    late = datetime(2026, 1, 2, 12)
    take(client, late, NOON)
    just_polled(client)

    steps.relay_attendance_records(client)
    assert (asked(client).sheet_id, stored(client)) == ("sheet", [NOON])

    client.ledger.confirm(tuple(record.identity for record in asked(client).records), "sheet")
    steps.relay_attendance_records(client)
    assert (asked(client).sheet_id, stored(client)) == ("winter", [late])


def test_an_expired_period_does_not_wait_for_what_nobody_answers(client, session):
    """The next poll would ask for it once more, and the one after that: it would never close."""
    take(client, NOON)
    client.clock.sleep(7 * 86_400)
    just_polled(client)
    steps.relay_attendance_records(client)
    assert steps.await_last_stored_timestamp(client) is EventId.TIMED_OUT

    assert steps.relay_attendance_records(client) is EventId.NO_NEW_RECORDS
    assert steps.review_period_expired(client) is EventId.PERIOD_CLOSED
    assert client.ledger.not_to_be_erased(SERIAL) == 1


def test_punches_of_unknown_days_are_sent_where_the_backend_routes(client):
    """A new card's ledger knows the open period only."""
    take(client, datetime(2025, 12, 24, 12))
    just_polled(client)
    assert client.ledger.next_chunk(JANUARY, 9) is None

    client.ledger.open_period(JANUARY, "sheet", routes=True)
    steps.relay_attendance_records(client)
    assert (asked(client).routed, asked(client).sheet_id, stored(client)) == (
        True,
        "sheet",
        [datetime(2025, 12, 24, 12)],
    )


@pytest.mark.parametrize(("time_outs", "records"), [(0, 500), (3, 500), (4, 62), (5, 7), (6, 1), (60, 1)])
def test_a_message_that_nobody_confirms_however_long_it_waits_shrinks_to_one_record(
    client, session, time_outs, records
):
    take(client, *(NOON + timedelta(seconds=second) for second in range(600)))
    just_polled(client)
    session.time_outs = time_outs

    steps.relay_attendance_records(client)
    assert len(asked(client).records) == records


def test_a_message_of_the_longest_texts_is_halved_until_it_fits(client):
    """Each of these characters takes six bytes."""
    longest = "\x01" * 96
    for second in range(500):
        take(client, NOON + timedelta(seconds=second), user=longest, serial=longest)
    client.ledger.name_punches(longest, {longest: longest})
    just_polled(client)

    steps.relay_attendance_records(client)
    assert len(encode(asked(client))[0]) <= MAX_CHUNK_BYTES
    assert len(asked(client).records) == 500 // 4


def test_a_message_may_be_as_long_as_the_limit_and_no_byte_longer(client):
    def ask(letters):
        client.ledger._db.execute("UPDATE punches SET user_name = NULL")
        client.ledger.name_punches(SERIAL, names(letters))
        steps.relay_attendance_records(client)
        return asked(client)

    def names(letters):
        share, rest = divmod(letters, 500)
        return {f"{number:096}": "\x01" * 60 + "x" * (share + (number < rest)) for number in range(500)}

    for user in names(0):
        take(client, NOON, user=user)
    just_polled(client)
    missing = MAX_CHUNK_BYTES - len(encode(ask(0))[0])

    assert len(encode(ask(missing))[0]) == MAX_CHUNK_BYTES
    assert len(asked(client).records) == 500
    assert len(ask(missing + 1).records) == 250


def test_what_is_too_long_however_often_it_is_halved_goes_out_as_one_record(client):
    """It is for the backend to refuse; an empty message would be sent for ever."""
    client.ledger.open_period(JANUARY, "s" * MAX_CHUNK_BYTES)
    question = publish_two(client)

    assert [record.timestamp for record in question.records] == [NOON]


# Confirmations


@pytest.mark.parametrize(
    ("records", "request_id", "event"),
    [
        (2, None, EventId.LAST_STORED_TIMESTAMP_RECEIVED),
        (2, "another", EventId.LAST_STORED_TIMESTAMP_RECEIVED),
        (1, None, EventId.LAST_STORED_TIMESTAMP_RECEIVED),
        (1, "another", EventId.TIMED_OUT),
        (0, None, EventId.TIMED_OUT),
        (0, "another", EventId.TIMED_OUT),
    ],
)
def test_what_a_reply_confirms_is_remembered_and_all_or_the_answer_ends_the_wait(
    client, records, request_id, event
):
    question = publish_two(client)
    reply = confirmation(question, question.records[:records])
    client.bus.waiting = [
        confirmation(question, question.records[:records], request_id=request_id or reply.request_id)
    ]

    assert steps.await_last_stored_timestamp(client) is event
    assert client.ledger.backlog_of(JANUARY) == 2 - records


def test_what_was_not_asked_for_is_not_confirmed(client):
    """A stale reply may name punches that another sheet holds."""
    question = publish_two(client)
    take(client, NOON, user="1002")
    other = client.ledger.next_chunk(JANUARY, 9).records
    client.bus.waiting = [confirmation(question, other)]

    assert steps.await_last_stored_timestamp(client) is EventId.LAST_STORED_TIMESTAMP_RECEIVED
    assert client.ledger.backlog_of(JANUARY) == 1


def test_another_sheets_confirmation_is_dropped(client):
    question = publish_two(client)
    client.bus.waiting = [confirmation(question, sheet_id="winter")]

    assert steps.await_last_stored_timestamp(client) is EventId.TIMED_OUT
    assert client.ledger.backlog_of(JANUARY) == 2


def test_a_confirmation_that_nobody_waits_for_is_dropped(client):
    question = publish_two(client)
    steps.request_review_sheet(client)
    client.bus.waiting = [confirmation(question)]

    assert steps.await_last_stored_timestamp(client) is EventId.TIMED_OUT
    assert client.ledger.backlog_of(JANUARY) == 2


def test_the_newest_confirmed_punch_of_the_open_period_is_remembered(client, session):
    newest = NOON + timedelta(hours=1)
    client.bus.waiting = [confirmation(publish_two(client))]
    steps.await_last_stored_timestamp(client)
    assert session.last_stored_timestamp == newest

    take(client, NOON - timedelta(hours=1), user="1002")  # read later, made earlier
    steps.relay_attendance_records(client)
    client.bus.waiting = [confirmation(asked(client))]
    steps.await_last_stored_timestamp(client)
    assert session.last_stored_timestamp == newest

    take(client, datetime(2026, 1, 2, 12))
    steps.relay_attendance_records(client)
    client.bus.waiting = [confirmation(asked(client))]
    assert steps.await_last_stored_timestamp(client) is EventId.LAST_STORED_TIMESTAMP_RECEIVED
    assert session.last_stored_timestamp == newest


def test_a_closed_periods_punch_is_not_the_newest_of_an_open_period_that_has_none_yet(client, session):
    take(client, datetime(2026, 1, 2, 12))
    just_polled(client)
    steps.relay_attendance_records(client)
    client.bus.waiting = [confirmation(asked(client))]

    assert steps.await_last_stored_timestamp(client) is EventId.LAST_STORED_TIMESTAMP_RECEIVED
    assert session.last_stored_timestamp is None


def test_only_a_single_punch_is_set_aside_after_a_time_out(client, session):
    """Of several it is not known which one is in the way: fewer are sent."""
    publish_two(client)
    assert steps.await_last_stored_timestamp(client) is EventId.TIMED_OUT
    assert client.ledger.backlog_of(JANUARY) == 2
    session.time_outs = 9
    steps.relay_attendance_records(client)
    assert steps.await_last_stored_timestamp(client) is EventId.TIMED_OUT
    assert client.ledger.backlog_of(JANUARY) == 1

    steps.relay_attendance_records(client)
    assert stored(client) == [NOON + timedelta(hours=1)]


def test_what_was_set_aside_is_tried_again_after_the_next_poll(client, session):
    take(client, datetime(2026, 1, 2, 12))
    just_polled(client)
    steps.relay_attendance_records(client)
    steps.await_last_stored_timestamp(client)
    session.next_poll_s = client.clock.monotonic()
    session.table_due_s = session.next_poll_s + 60  # whatever is asked daily

    assert steps.relay_attendance_records(client) is EventId.RECORDS_PUBLISHED
    assert stored(client) == [datetime(2026, 1, 2, 12)]


def test_what_was_refused_waits_for_all_others_while_nobody_answers(client, session):
    """It may be what stands in their way."""
    take(client, NOON, NOON + timedelta(hours=1))
    refused = client.ledger.next_chunk(JANUARY, 1).records[0].identity
    client.ledger.take_answers([Answer(outcome=Outcome.REFUSED, identities=(refused,))])
    for time_outs, asked_for in ((1, [NOON + timedelta(hours=1)]), (0, [NOON, NOON + timedelta(hours=1)])):
        session.time_outs, session.next_poll_s = time_outs, client.clock.monotonic()
        steps.relay_attendance_records(client)
        assert stored(client) == asked_for


# Answers


def answer(question, *answers, **changes):
    changes = {"confirmed": (), "answers": answers, "table": "a table", **changes}
    return confirmation(question, **changes)


def part(outcome, *records, **more):
    return Answer(outcome=outcome, identities=tuple(record.identity for record in records), **more)


def test_each_punch_is_answered_by_itself(client):
    question = publish_two(client)
    one, other = question.records
    client.bus.waiting = [
        answer(
            question,
            part(Outcome.REFUSED, one, reason="the workbook is protected"),
            part(Outcome.STORED, other, sheet_id="another sheet"),
        )
    ]

    assert steps.await_last_stored_timestamp(client) is EventId.LAST_STORED_TIMESTAMP_RECEIVED
    summary = client.ledger.summary()
    assert (summary.confirmed, summary.refused, summary.reason) == (1, 1, "the workbook is protected")
    assert client.ledger.next_chunk(JANUARY, 9) is None


def test_a_stale_reply_is_believed_in_what_is_stored_only(client):
    take(client, NOON - timedelta(hours=1))
    [earlier] = client.ledger.next_chunk(JANUARY, 1).records
    client.ledger.confirm((earlier.identity,), "sheet")
    question = publish_two(client)
    one, other = question.records
    client.bus.waiting = [
        answer(
            question,
            part(Outcome.BEFORE_FIRST_DAY, one),
            part(Outcome.STORED, other, sheet_id="sheet"),
            request_id="another",
            gone=True,
        )
    ]

    assert steps.await_last_stored_timestamp(client) is EventId.TIMED_OUT
    assert client.ledger.summary().confirmed == 2
    assert client.ledger.not_to_be_erased(SERIAL) == 1


@pytest.mark.parametrize("own", [True, False])
def test_another_sheet_that_is_gone_confirms_nothing_any_more_and_the_own_one_stays(client, session, own):
    first = publish_two(client)
    home, away = first.records
    client.bus.waiting = [
        answer(
            first,
            part(Outcome.STORED, home, sheet_id="sheet"),
            part(Outcome.STORED, away, sheet_id="of others"),
        )
    ]
    steps.await_last_stored_timestamp(client)
    take(client, NOON, user="1002")
    steps.relay_attendance_records(client)
    question = asked(client)
    assert (first.other_sheets, question.other_sheets) == ((), ("of others",))
    more = {} if own else {"request_id": "another"}
    held = part(Outcome.STORED, *question.records, sheet_id="sheet")
    reply = answer(question, held, others_gone=("of others", "sheet"), **more)
    client.bus.waiting = [reply]

    assert steps.await_last_stored_timestamp(client) is EventId.LAST_STORED_TIMESTAMP_RECEIVED
    assert session.sheet_id == "sheet"
    assert client.ledger.summary().confirmed == (2 if own else 3)
    if own:
        chunk = client.ledger.next_chunk(JANUARY, 9)
        assert [record.identity for record in chunk.records] == [away.identity]
        assert client.ledger.other_sheets(JANUARY, "sheet") == ()


def test_a_sheet_that_is_gone_confirms_nothing_any_more_and_another_one_is_asked_for(client, session):
    first = publish_two(client)
    client.bus.waiting = [confirmation(first)]
    steps.await_last_stored_timestamp(client)
    take(client, NOON, user="1002")
    steps.relay_attendance_records(client)
    question = asked(client)
    gone = [part(Outcome.REFUSED, *question.records, reason="gone")]
    client.bus.waiting = [answer(question, *gone, gone=True)]

    assert steps.await_last_stored_timestamp(client) is EventId.REVIEW_SHEET_GONE
    assert (session.sheet_id, session.last_stored_timestamp) == (None, None)
    assert client.ledger.summary().confirmed == 0

    # What it confirmed on its way is not believed either.
    session.sheet_id = "sheet"
    client.ledger.open_period(JANUARY, "sheet")
    steps.relay_attendance_records(client)
    client.bus.waiting = [confirmation(asked(client), request_id="another")]
    assert steps.await_last_stored_timestamp(client) is EventId.TIMED_OUT
    assert client.ledger.summary().confirmed == 0


def test_a_table_that_was_changed_has_punches_of_no_period_asked_for_again(client):
    question = publish_two(client)
    client.bus.waiting = [answer(question, part(Outcome.NO_PERIOD, *question.records))]
    steps.await_last_stored_timestamp(client)
    assert client.ledger.next_chunk(JANUARY, 9) is None

    take(client, NOON, user="1002")
    steps.relay_attendance_records(client)
    question = asked(client)
    client.bus.waiting = [
        answer(question, part(Outcome.STORED, *question.records, sheet_id="sheet"), table="b")
    ]
    steps.await_last_stored_timestamp(client)
    assert len(client.ledger.next_chunk(JANUARY, 9).records) == 2


def test_daily_one_punch_of_no_period_asks_whether_the_table_is_another_one(client):
    question = publish_two(client)
    client.bus.waiting = [answer(question, part(Outcome.NO_PERIOD, *question.records))]
    steps.await_last_stored_timestamp(client)
    client.ledger.ask_again(table=False)
    assert client.ledger.next_chunk(JANUARY, 9) is None

    client.ledger.ask_again(table=True)
    assert len(client.ledger.next_chunk(JANUARY, 9).records) == 1


def test_a_ledger_that_stood_still_is_not_asked_again(client):
    assert steps._next_chunk(client) is None
    questions = []
    client.ledger._db.set_trace_callback(questions.append)

    assert steps._next_chunk(client) is None
    assert questions == []


# The end of a period


def test_an_expired_period_with_a_backlog_stays_open(client, session):
    take(client, NOON)
    after_the_end(client)

    assert steps.review_period_expired(client) is EventId.RECORDS_LEFT
    assert session.review_period == JANUARY
    assert client.ledger.latest_closed_period() is None


def test_a_closed_period_leaves_nothing_of_itself(client, session):
    session.last_stored_timestamp = NOON
    after_the_end(client)

    assert steps.review_period_expired(client) is EventId.PERIOD_CLOSED
    assert session.previous_period == client.ledger.latest_closed_period() == JANUARY
    assert (session.review_period, session.sheet_id, session.last_stored_timestamp) == (None, None, None)


def test_a_request_carries_all_that_the_backend_needs(client):
    question = publish_two(client)

    assert isinstance(question, StoreAttendRecords)
    assert (question.location, question.sheet_id, question.period) == ("berlin", "sheet", JANUARY)
    assert (question.time_zone, question.day_boundary) == ("Europe/Berlin", time(4))


def test_the_day_of_a_question_is_pubsubs_where_that_was_heard(client, session):
    """A Pi without a battery may believe that it is 1970."""
    session.cloud_began = datetime(2026, 3, 1, 12, tzinfo=UTC) - timedelta(seconds=client.clock.monotonic())
    steps.fetch_review_period(client)
    assert client.bus.published[-1].on == date(2026, 3, 1)


def test_a_site_without_any_period_yet_raises_its_alarm_too(client, session):
    session.previous_period = None

    assert steps.raise_final_alarm(client) is EventId.FINAL_ALARM_PUBLISHED
    assert client.bus.published[-1].after is None

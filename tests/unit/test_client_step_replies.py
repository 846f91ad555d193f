"""Single steps between a question and its reply: what is asked, and which reply counts."""

import logging
from datetime import date, datetime

import pytest

from attendance_client.errors import BusError
from attendance_client.fsm import steps
from attendance_client.fsm.generated import TIME_OUT_S, EventId, StateId
from attendance_contracts import (
    Answer,
    CreateReviewSheet,
    GetReviewPeriod,
    NewReviewPeriod,
    NewReviewSheet,
    Outcome,
)
from tests.unit.lone_client import (
    FEBRUARY,
    JANUARY,
    NOON,
    SITE,
    WINTER,
    asked,
    confirmation,
    lone_client,
    publish_two,
    take,
)


@pytest.fixture
def client():
    with lone_client() as client:
        yield client


@pytest.fixture
def session(client):
    return client.session


# The review period


def test_the_period_after_the_last_closed_one_is_asked_for(client, session):
    session.previous_period = WINTER

    assert steps.fetch_review_period(client) is EventId.REVIEW_PERIOD_REQUESTED
    question = asked(client)
    assert isinstance(question, GetReviewPeriod)
    assert (question.after, question.on) == (date(2026, 1, 4), date(2026, 1, 5))
    assert session.request is question


def test_a_site_without_a_closed_period_asks_for_its_first(client):
    steps.fetch_review_period(client)

    assert asked(client).after is None


def new_period(question, **changes):
    parts = {
        "location": SITE.location,
        "request_id": question.request_id,
        "after": question.after,
        "period": FEBRUARY,
    }
    return NewReviewPeriod(**{**parts, **changes})


def test_the_answer_opens_the_period_with_nothing_of_the_one_before(client, session):
    session.last_stored_timestamp = NOON
    steps.fetch_review_period(client)
    client.bus.waiting = [new_period(asked(client))]

    assert steps.await_review_period(client) is EventId.REVIEW_PERIOD_RECEIVED
    assert session.review_period == FEBRUARY
    assert session.sheet_id is None
    assert session.last_stored_timestamp is None


@pytest.mark.parametrize(
    "changes",
    [{"request_id": "another"}, {"after": date(2025, 12, 31)}, {"location": "hamburg"}],
)
def test_an_answer_to_another_question_about_the_period_is_dropped(client, session, changes):
    steps.fetch_review_period(client)
    client.bus.waiting = [new_period(asked(client), **changes)]

    assert steps.await_review_period(client) is EventId.TIMED_OUT
    assert session.review_period == JANUARY


def test_an_answer_that_comes_twice_answers_once(client):
    """That HR had entered nothing yet says nothing of an hour later."""
    steps.fetch_review_period(client)
    nothing_yet = new_period(asked(client), period=None)
    client.bus.waiting = [nothing_yet]
    assert steps.await_review_period(client) is EventId.REVIEW_PERIOD_MISSING

    steps.fetch_review_period(client)
    client.bus.waiting = [nothing_yet]
    assert steps.await_review_period(client) is EventId.TIMED_OUT


def test_a_period_that_nobody_asked_for_is_dropped(client, session):
    steps.fetch_review_period(client)
    question = asked(client)
    steps.request_review_sheet(client)
    client.bus.waiting = [new_period(question)]

    assert steps.await_review_period(client) is EventId.TIMED_OUT
    assert session.review_period == JANUARY


@pytest.mark.parametrize(("previous", "words"), [(None, "a review period yet"), (WINTER, "after Winter")])
def test_a_missing_period_is_told_with_the_one_before(client, session, caplog, previous, words):
    session.previous_period = previous
    steps.fetch_review_period(client)
    client.bus.waiting = [new_period(asked(client), period=None)]

    assert steps.await_review_period(client) is EventId.REVIEW_PERIOD_MISSING
    assert words in caplog.text


# The sheet


def test_the_first_question_of_all_may_be_the_one_for_a_sheet(client, session):
    """As after a restart in that state."""
    assert steps.request_review_sheet(client) is EventId.REVIEW_SHEET_REQUESTED
    first = asked(client)
    assert isinstance(first, CreateReviewSheet)
    assert first.period == JANUARY

    session.review_period = FEBRUARY
    steps.request_review_sheet(client)
    assert asked(client).request_id != first.request_id


@pytest.mark.parametrize(
    ("period", "event"), [(JANUARY, EventId.REVIEW_SHEET_RECEIVED), (FEBRUARY, EventId.TIMED_OUT)]
)
def test_a_sheet_is_that_of_its_period_whichever_question_it_answers(client, session, period, event):
    session.sheet_id = None
    steps.request_review_sheet(client)
    client.bus.waiting = [
        NewReviewSheet(location=SITE.location, request_id="earlier", period=period, sheet_id="new")
    ]

    assert steps.await_review_sheet(client) is event
    assert session.sheet_id == ("new" if event is EventId.REVIEW_SHEET_RECEIVED else None)


def test_a_sheet_by_another_table_has_punches_of_no_period_asked_for_again(client, session):
    client.ledger.open_period(JANUARY, "sheet", routes=True)
    take(client, datetime(2025, 6, 2, 9))
    [record] = client.ledger.next_chunk(JANUARY, 9).records
    client.ledger.take_answers(
        [Answer(outcome=Outcome.NO_PERIOD, identities=(record.identity,))], table="old"
    )
    steps.request_review_sheet(client)
    told = NewReviewSheet(
        location=SITE.location, request_id="r", period=JANUARY, sheet_id="new", routes=True, table="new"
    )
    client.bus.waiting = [told]

    steps.await_review_sheet(client)
    assert client.ledger.next_chunk(JANUARY, 9).records == (record,)


# Waiting


def test_a_deep_sleep_is_as_long_as_the_site_says(client):
    began_s = client.clock.monotonic()

    assert steps.deep_sleep(client) is EventId.SLEEP_ENDED
    assert client.clock.monotonic() - began_s == pytest.approx(SITE.deep_sleep_s, abs=0.01)


def test_no_wait_is_longer_than_the_states_time_out(client):
    publish_two(client)
    began_s = client.clock.monotonic()

    steps.await_last_stored_timestamp(client)
    waited_s = client.clock.monotonic() - began_s
    assert waited_s == pytest.approx(TIME_OUT_S[StateId.AWAIT_LAST_STORED_TIMESTAMP], abs=0.01)


def test_a_reply_in_the_last_moment_counts(client):
    question = publish_two(client)
    time_out_s = TIME_OUT_S[StateId.AWAIT_LAST_STORED_TIMESTAMP]
    client.bus.arrives(time_out_s - 0.6, confirmation(question, sheet_id="winter"))
    client.bus.arrives(time_out_s - 0.2, confirmation(question))

    assert steps.await_last_stored_timestamp(client) is EventId.LAST_STORED_TIMESTAMP_RECEIVED


def test_a_failure_of_pubsub_is_loud_once_a_wait(client, caplog):
    publish_two(client)
    client.bus = Broken()
    with caplog.at_level(logging.DEBUG, "attendance_client"):
        steps.await_last_stored_timestamp(client)

    levels = [record.levelname for record in caplog.records if record.message == "no answer"]
    assert levels[:3] == ["WARNING", "DEBUG", "DEBUG"]
    assert levels.count("WARNING") == 1


class Broken:
    """The port Bus without a network."""

    def receive(self, topic, timeout_s):
        raise BusError("no answer")


def test_the_right_reply_counts_though_a_wrong_one_came_after_it(client, caplog):
    question = publish_two(client)
    client.bus.waiting = [confirmation(question), confirmation(question, sheet_id="winter")]

    with caplog.at_level(logging.INFO, "attendance_client"):
        assert steps.await_last_stored_timestamp(client) is EventId.LAST_STORED_TIMESTAMP_RECEIVED
    assert "dropped a last_stored_timestamp that nobody waits for" in caplog.text

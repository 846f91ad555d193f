"""The site's health after each poll: what it says, how often, and that it stops nothing."""

import logging
from datetime import date, datetime, timedelta

import pytest

from attendance_client.errors import AccessError, BusError, MachineError
from attendance_client.fsm import steps
from attendance_client.fsm.generated import EventId
from attendance_client.fsm.session import MachineState
from attendance_client.machine.polling import poll
from attendance_client.machine.port import MachineStatus
from attendance_client.relay.health import MOST_MISTIMED, UNANSWERED, report_read
from attendance_contracts import Answer, Outcome, decode_topic, encode
from tests.unit.lone_client import FEBRUARY, JANUARY, NOON, SERIAL, lone_client


@pytest.fixture
def client():
    with lone_client() as client:
        yield client


def at(client, moment):
    client.clock._timeline.advance((moment - client.clock.now()).total_seconds())


def health(client):
    poll(client)
    return client.bus.health[-1]


def confirm(client, period=JANUARY):
    chunk = client.ledger.next_chunk(period, 500)
    client.ledger.confirm(tuple(record.identity for record in chunk.records), chunk.sheet_id)


def test_each_poll_tells_of_machine_clock_and_backlog(client):
    client.machine.users = {"1001": "anna"}
    client.machine.record("1001", NOON)
    client.machine.record("1001", None)
    client.machine.offset = timedelta(seconds=-61)
    told = health(client)

    assert decode_topic(told.topic, *encode(told)) == told
    assert (told.location, told.sheet_id, told.period) == ("berlin", "sheet", JANUARY)
    assert (told.backlog, told.undecodable, told.problem) == (1, 1, "")
    assert (told.machine.serial_number, told.machine.records, told.machine.users) == (SERIAL, 2, 1)
    assert (told.machine.clock_offset_s, told.pi_clock_synchronised) == (-61, True)
    assert (told.machines, told.machine.name) == ((), ""), "as a backend before 0.2 knows it"


def test_a_site_whose_requests_nobody_answers_tells_so_once_and_when_it_is_over(client):
    """As where the topic of the replies was deleted and made again: their subscription stays on the old one."""
    client.machine.record("1001", NOON)
    poll(client)
    for _ in range(6):
        assert steps.relay_attendance_records(client) is EventId.RECORDS_PUBLISHED
        steps.await_last_stored_timestamp(client)
        client.session.next_poll_s = client.clock.monotonic()
    assert [told.problem for told in client.bus.health] == ["", UNANSWERED]
    client.session.time_outs = 0
    assert health(client).problem == ""


def test_a_clock_that_shows_no_time_has_no_offset(client):
    client.machine.shows_impossible_date = True

    assert health(client).machine.clock_offset_s is None


def test_a_pi_without_a_time_server_says_so(client):
    client.clock.offset = timedelta(hours=-1)

    assert health(client).pi_clock_synchronised is False


def test_a_machine_that_cannot_be_read_is_told_once_an_hour(client):
    client.machine.reachable = False
    for _ in range(3):
        with pytest.raises(MachineError):
            poll(client)
    assert [(told.machine, told.problem) for told in client.bus.health] == [
        (None, "the machine does not answer")
    ]

    client.clock._timeline.advance(3600)
    with pytest.raises(MachineError):
        poll(client)
    assert len(client.bus.health) == 2

    client.machine.reachable = True
    assert health(client).problem == ""
    assert len(client.bus.health) == 3


def test_without_news_the_health_is_told_hourly(client):
    for _ in range(9):  # two hours
        poll(client)
        client.clock._timeline.advance(900)

    assert len(client.bus.health) == 3


def change_period(client):
    client.session.sheet_id = "another sheet"


def fall_behind(client):
    for minute in range(100):
        client.machine.record("1001", NOON + timedelta(minutes=minute))


def put_clock_off(client):
    client.machine.offset = timedelta(seconds=61)


def end_day(client):
    at(client, datetime(2026, 1, 8, 4))


@pytest.mark.parametrize("change", [change_period, fall_behind, put_clock_off, end_day])
def test_news_are_told_at_once_and_once(client, change):
    poll(client)
    change(client)
    poll(client)
    poll(client)

    assert len(client.bus.health) == 2


def test_a_memory_that_is_nearly_full_is_news(client):
    for records in (79_999, 80_000, 80_001):
        status = MachineStatus(SERIAL, time=NOON, users=0, records=records, record_capacity=100_000)
        client.doors[0].seen = MachineState(status)
        report_read(client)

    assert [told.machine.records for told in client.bus.health] == [79_999, 80_000]


def test_a_few_punches_on_their_way_are_no_news(client):
    poll(client)
    client.machine.record("1001", NOON)
    poll(client)

    assert len(client.bus.health) == 1


def test_what_could_not_be_published_is_told_at_the_next_poll(client):
    published, client.bus.publish = client.bus.publish, fail_to_publish
    poll(client)
    client.bus.publish = published
    poll(client)

    assert len(client.bus.health) == 1


def fail_to_publish(_message):
    raise BusError("away")


@pytest.mark.parametrize("error", [BusError("away"), AccessError("no such topic")])
def test_a_message_that_cannot_be_published_stops_nothing_and_is_told_once(client, caplog, error):
    def fail(_message):
        raise error

    client.bus.publish = fail
    client.machine.record("1001", NOON)
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            poll(client)

    assert client.ledger.summary().punches == 1
    assert len([record for record in caplog.records if str(error) in record.message]) == 1


def test_the_open_question_keeps_its_id(client):
    before = client.session.request_id("question")
    poll(client)

    assert client.session.request_id("question") == before


def test_without_an_open_period_nothing_is_told(client):
    client.session.sheet_id = None
    client.machine.reachable = False
    with pytest.raises(MachineError):
        poll(client)

    assert client.bus.health == []


@pytest.mark.parametrize(
    ("now", "through"),
    [
        (datetime(2026, 1, 7, 3, 59), date(2026, 1, 5)),  # the business day begins at four
        (datetime(2026, 1, 7, 4, 0), date(2026, 1, 6)),
    ],
)
def test_a_day_is_complete_when_it_is_over_by_the_machines_time(client, now, through):
    at(client, now - timedelta(hours=5))
    client.machine.offset = timedelta(hours=5)

    assert health(client).complete_through == through


def test_a_day_is_complete_when_all_of_it_is_confirmed(client):
    at(client, datetime(2026, 1, 8, 12))
    client.machine.record("1001", NOON)
    assert health(client).complete_through == date(2026, 1, 5)

    confirm(client)
    assert health(client).complete_through == date(2026, 1, 7)


def test_punches_that_no_sheet_will_take_do_not_hold_a_day_up(client):
    at(client, datetime(2026, 1, 8, 12))
    client.machine.record("1001", datetime(2025, 6, 1))
    client.machine.record("1001", datetime(2063, 6, 1))

    assert health(client).complete_through == date(2026, 1, 7)


def test_no_day_before_the_first_period_is_complete(client):
    at(client, datetime(2026, 1, 6, 12))
    client.machine.record("1001", datetime(2026, 1, 1, 5))

    assert health(client).complete_through is None


def test_a_machine_that_cannot_be_read_leaves_the_complete_days_as_they_were(client):
    at(client, datetime(2026, 1, 8, 12))
    assert health(client).complete_through == date(2026, 1, 7)

    client.machine.reachable = False
    at(client, datetime(2026, 1, 9, 12))
    with pytest.raises(MachineError):
        poll(client)
    assert client.bus.health[-1].complete_through == date(2026, 1, 7)


def test_a_reading_that_breaks_off_after_it_brought_an_older_punch_takes_its_day_back(client):
    at(client, datetime(2026, 1, 8, 12))
    assert health(client).complete_through == date(2026, 1, 7)

    client.machine.record("1001", NOON)
    client.machine.failures.append("read_user_names")
    with pytest.raises(MachineError):
        poll(client)
    assert client.bus.health[-1].complete_through == date(2026, 1, 5)

    confirm(client)
    client.machine.reachable = False
    with pytest.raises(MachineError):
        poll(client)
    assert client.bus.health[-1].complete_through == date(2026, 1, 7)


def test_a_reading_that_takes_minutes_is_no_wrong_clock(client, caplog):
    client.machine.record("1001", client.machine.time)
    machine, real = client.machine, client.machine.read

    def read(known=None):
        client.clock._timeline.advance(600)
        return real(known)

    machine.read = read
    assert health(client).machine.clock_offset_s == 0
    assert "clock" not in caplog.text


FLAT = datetime(2000, 1, 1, 0, 7)


def mistimed(client):
    """What is told at the poll after the one that the backend answered."""
    poll(client)
    client.ledger.take_answers((), table="routes", routes=True)
    while (chunk := client.ledger.next_chunk(JANUARY, 500)) is not None:
        identities = tuple(record.identity for record in chunk.records)
        if chunk.period is None:
            answer = Answer(outcome=Outcome.BEFORE_FIRST_DAY, identities=identities)
        else:
            answer = Answer(outcome=Outcome.STORED, identities=identities, sheet_id=chunk.sheet_id)
        client.ledger.take_answers((answer,))
    return [
        (each.user_id, each.user_name, each.count, each.first, each.last, each.read_on)
        for each in health(client).mistimed
    ]


def test_punches_of_no_period_are_told_with_the_table_by_which_they_have_none(client):
    """Days that are called complete are so by that table."""
    client.machine.record("1001", NOON)
    mistimed(client)
    assert health(client).table == ""
    client.machine.record("1001", datetime(2025, 6, 2, 9))
    mistimed(client)
    assert health(client).table == "routes"

    client.ledger.take_answers((), table="another", routes=True)
    told = health(client)
    assert (told.table, told.backlog) == ("", 1)


def test_punches_made_while_the_clock_was_flat_are_told_by_user_and_day(client):
    client.machine.users = {"1001": "anna"}
    at(client, datetime(2026, 1, 8, 8))
    for user, moment in (
        ("1001", FLAT),
        ("1001", FLAT + timedelta(hours=8)),
        ("1002", datetime(2063, 1, 1)),
        ("1002", NOON),  # as it should be
        ("1002", datetime(2025, 12, 1)),  # only old
        ("1002", client.clock.now() + timedelta(hours=20)),  # as wrong as a zone can be
    ):
        client.machine.record(user, moment)
    thursday = date(2026, 1, 8)
    told = [
        ("1001", "anna", 2, FLAT, FLAT + timedelta(hours=8), thursday),
        ("1002", "", 1, datetime(2063, 1, 1), datetime(2063, 1, 1), thursday),
    ]
    assert mistimed(client) == told

    at(client, datetime(2026, 1, 9, 8))
    client.machine.record("1001", FLAT)
    assert mistimed(client) == [*told, ("1001", "anna", 1, FLAT, FLAT, date(2026, 1, 9))]
    assert decode_topic(client.bus.health[-1].topic, *encode(client.bus.health[-1])) == client.bus.health[-1]


def test_they_are_told_of_the_period_in_which_they_were_read(client):
    at(client, datetime(2026, 1, 8, 8))
    client.machine.record("1001", FLAT)
    client.session.review_period = FEBRUARY  # begins on the 12th
    assert mistimed(client) == []


def test_a_pi_that_knows_no_time_itself_tells_them_later(client):
    client.machine.record("1001", FLAT)
    client.clock.offset = -timedelta(days=20_458)
    assert client.clock.synchronised() is False
    assert mistimed(client) == []

    client.clock.offset = timedelta()
    assert [told[:3] for told in mistimed(client)] == [("1001", "", 1)]


def test_many_are_told_as_one(client):
    at(client, datetime(2026, 1, 8, 8))
    for number in range(MOST_MISTIMED + 20):
        client.machine.record(str(1001 + number), FLAT)
    told = mistimed(client)

    assert len(told) == MOST_MISTIMED
    assert (told[-1][0], told[-1][2], sum(each[2] for each in told)) == ("", 21, MOST_MISTIMED + 20)

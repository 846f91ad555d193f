"""Polling: when the log and the names are read, which clock counts, and when a warning goes out."""

import logging
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from attendance_client.errors import MachineError
from attendance_client.fsm.generated import Flag, StateId
from attendance_client.machine.final_read import read_finally
from attendance_client.machine.polling import COMPLETE_READ_INTERVAL_S, poll
from attendance_contracts import RaiseFinalAlarm
from tests.world.backend import MemoryBackend
from tests.world.calendar import row
from tests.world.world import World

ANNA, BERT = "1001", "1002"


class RecordingBackend(MemoryBackend):
    """Keeps the alarms that it was asked for."""

    def __init__(self):
        super().__init__()
        self.asked = []

    def handle(self, message):
        if isinstance(message, RaiseFinalAlarm):
            self.asked.append(message)
        return super().handle(message)


class WatchedMachine:
    """The world's machine, counting what is read of it.

    Attributes:
        capacity: what it says of its memory.
        logs: how often its log was read.
        names: how often its users were.
    """

    def __init__(self, machine):
        self._machine = machine
        self.name = ""
        self.capacity = 100_000
        self.logs = 0
        self.names = 0

    @contextmanager
    def session(self):
        with self._machine.session() as real:
            yield WatchedSession(self, real)


class WatchedSession:
    def __init__(self, machine, real):
        self._machine = machine
        self._real = real

    def status(self):
        return replace(self._real.status(), record_capacity=self._machine.capacity)

    def read_log(self, known=None):
        self._machine.logs += 1
        return self._real.read_log(known)

    def read_user_names(self, users=()):
        self._machine.names += 1
        return self._real.read_user_names(users)

    def enable(self):
        self._real.enable()


@pytest.fixture
def world():
    world = World(RecordingBackend())
    world.machine.users = {ANNA: "anna"}
    world.publish(row(0, world.weeks))
    world.run_until(StateId.RELAY_ATTENDANCE_RECORDS)
    # On a whole second, as the machine tells time.
    world.timeline.advance(1 - world.timeline.wall.microsecond / 1e6)
    yield world
    world.close()


@pytest.fixture
def machine(world):
    world.client.doors[0].machine = WatchedMachine(world.machine)
    return world.client.doors[0].machine


def punch(world, user=ANNA):
    world.machine.record(user, world.machine.time)


def names_in_the_ledger(world):
    period = world.client.session.review_period
    return {record.user_id: record.user_name for record in world.client.ledger.next_chunk(period, 99).records}


# When the log is read


@pytest.mark.parametrize(
    ("capacity", "punches", "logs"),
    [
        (0, 2, 1),  # it does not say
        (1, 1, 2),
        (3, 2, 1),
        (2, 2, 2),
        (1, 2, 2),
    ],
)
def test_a_full_memory_is_read_at_each_poll(world, machine, capacity, punches, logs):
    """It overwrites its oldest records, so that their count stays the same."""
    machine.capacity = capacity
    for _ in range(punches):
        punch(world)
    for _ in range(2):
        poll(world.client)

    assert machine.logs == logs


@pytest.mark.parametrize(("early_s", "logs"), [(1.0, 1), (0.0, 2)])
def test_the_log_is_read_when_a_day_has_passed(world, machine, early_s, logs):
    poll(world.client)
    world.timeline.advance(COMPLETE_READ_INTERVAL_S - early_s)
    poll(world.client)

    assert machine.logs == logs


def test_the_final_read_takes_the_whole_log_whatever_its_count_says(world, machine):
    poll(world.client)
    read_finally(world.client, world.client.session.open_period)

    assert machine.logs == 2


def test_a_poll_tells_of_a_memory_that_is_nearly_full(world, machine, caplog):
    machine.capacity = 1
    punch(world)
    with caplog.at_level(logging.WARNING, "attendance_client"):
        poll(world.client)

    assert "the machine holds 1 of 1 records" in caplog.text


def test_records_that_make_no_sense_count_as_read(world, machine):
    punch(world)
    world.machine.record(ANNA, None)
    for _ in range(2):
        poll(world.client)

    assert machine.logs == 1


def test_a_machine_that_was_replaced_is_read_although_it_holds_as_many_records(world):
    punch(world)
    poll(world.client)
    world.machine.serial_number = "ANOTHER"
    poll(world.client)

    assert world.client.ledger.summary().punches == 2


def test_a_machine_that_replaced_another_one_is_enabled(world):
    """Whoever used it elsewhere may have left it disabled."""
    poll(world.client)
    world.machine.serial_number, world.machine.enabled = "ANOTHER", False
    poll(world.client)

    assert world.machine.enabled


# When the names are read


def test_names_are_read_with_the_punches_that_they_are_for(world, machine):
    """A number may be somebody else's the next time."""
    punch(world)
    poll(world.client)
    world.machine.users[ANNA] = "anna the second"
    for _ in range(2):
        poll(world.client)
    punch(world)
    poll(world.client)

    assert (machine.logs, machine.names) == (2, 2)


def test_who_is_not_among_the_users_stays_without_a_name(world, machine):
    world.machine.users = {ANNA: "anna"}
    punch(world, BERT)
    poll(world.client)
    world.machine.users[BERT] = "somebody who came later"
    punch(world)
    poll(world.client)

    assert names_in_the_ledger(world) == {ANNA: "anna", BERT: None}


# Which clock counts


@pytest.mark.parametrize(
    ("offset", "believed"),
    [
        (timedelta(days=1), True),
        (timedelta(days=-1), True),
        (timedelta(days=1, minutes=1), False),
        (timedelta(days=-1, minutes=-1), False),
    ],
)
def test_a_machines_clock_is_believed_up_to_a_day_off(world, offset, believed):
    world.machine.offset = offset
    poll(world.client)

    assert world.client.session.machine_time == world.timeline.wall + (offset if believed else timedelta())


@pytest.mark.parametrize("direction", [1, -1])
def test_a_clock_that_is_off_is_told_once_until_it_is_right_again(world, caplog, direction):
    def warnings(offset):
        caplog.clear()
        world.machine.offset = direction * offset
        poll(world.client)
        return [record.message for record in caplog.records if "clock" in record.message]

    with caplog.at_level(logging.INFO, "attendance_client"):
        assert warnings(timedelta(minutes=1)) == []
        [told] = warnings(timedelta(minutes=1, seconds=1))
        assert str(world.machine.time) in told
        assert f"{direction * 61:+} s" in told
        assert warnings(timedelta(minutes=3)) == []
        assert warnings(timedelta()) == []
        assert len(warnings(timedelta(minutes=3))) == 1


def test_a_clock_that_shows_no_time_is_told_once(world, caplog):
    world.machine.shows_impossible_date = True
    with caplog.at_level(logging.INFO, "attendance_client"):
        for _ in range(2):
            poll(world.client)

    assert len([record for record in caplog.records if "clock" in record.message]) == 1


# Daily warnings


def in_the_last_days(world):
    """Friday of the period that ends on Sunday, 11 January."""
    world.timeline.advance((datetime(2026, 1, 9, 12) - world.timeline.wall).total_seconds())


def test_a_warning_is_published_once_a_day(world):
    in_the_last_days(world)
    for _ in range(3):
        poll(world.client)
    world.timeline.advance(86_400)
    poll(world.client)
    world.timeline.advance(10)

    assert [(alarm.after, alarm.on) for alarm in world.backend.asked] == [
        (date(2026, 1, 11), date(2026, 1, 9)),
        (date(2026, 1, 11), date(2026, 1, 10)),
    ]


def test_each_warning_is_a_question_of_its_own(world):
    in_the_last_days(world)
    poll(world.client)
    world.timeline.advance(86_400)
    poll(world.client)
    world.timeline.advance(10)

    first, second = (alarm.request_id for alarm in world.backend.asked)
    assert len(first) == len(second) == 32
    assert first != second


def test_the_day_of_a_warning_is_the_machines(world):
    in_the_last_days(world)
    world.clock.offset = timedelta(hours=20)
    poll(world.client)
    world.timeline.advance(10)

    assert [alarm.on for alarm in world.backend.asked] == [date(2026, 1, 9)]


def test_a_warning_leaves_the_other_flags_alone(world):
    in_the_last_days(world)
    world.client.session.flags = Flag.FINAL_ALARM_RAISED
    poll(world.client)

    assert world.client.session.flags == Flag.FINAL_ALARM_RAISED | Flag.DAILY_WARNING


def test_the_end_of_a_log_is_taken_once_even_if_the_names_cannot_be_read(world):
    for seconds in range(10):
        world.machine.record(ANNA, world.machine.time + timedelta(seconds=seconds))
    poll(world.client)
    world.machine.users[BERT] = "bert"
    punch(world, BERT)
    world.machine.failures.append("read_user_names")
    with pytest.raises(MachineError):
        poll(world.client)
    punch(world, BERT)
    poll(world.client)

    assert world.client.ledger.summary().punches == len(world.machine.log)
    assert names_in_the_ledger(world)[BERT] == "bert"


def test_names_are_read_once_more_when_that_broke_off(world):
    world.machine.users[BERT] = "bert"
    punch(world, BERT)
    world.machine.failures.append("read_user_names")
    with pytest.raises(MachineError):
        poll(world.client)
    poll(world.client)

    assert names_in_the_ledger(world) == {BERT: "bert"}


def test_a_machine_that_never_tells_its_users_holds_no_punch_up(world, machine, caplog):
    world.machine.users[BERT] = "bert"
    punch(world, BERT)
    world.machine.failures.extend(["read_user_names"] * 3)
    with pytest.raises(MachineError):
        poll(world.client)
    for _ in range(2):
        poll(world.client)

    assert "appear by their number" in caplog.text
    assert (machine.names, names_in_the_ledger(world)) == (3, {BERT: None})


def test_the_whole_log_waits_for_a_quiet_poll_but_not_for_ever(world):
    """It takes minutes on a slow machine; at the latest it is read after two days."""
    for seconds in range(10):
        world.machine.record(ANNA, world.machine.time + timedelta(seconds=seconds))
    poll(world.client)
    read = []
    real = world.machine.read

    def watched(known=None):
        log = real(known)
        read.append(log.first)
        return log

    world.machine.read = watched
    world.timeline.advance(COMPLETE_READ_INTERVAL_S)
    punch(world)
    poll(world.client)
    world.timeline.advance(COMPLETE_READ_INTERVAL_S)
    punch(world)
    poll(world.client)

    assert read == [10, 11, 0], "what is new comes first"


def test_records_that_make_no_sense_are_told_once(world, caplog):
    world.machine.record(ANNA, None)
    with caplog.at_level(logging.WARNING, "attendance_client"):
        poll(world.client)
        world.timeline.advance(COMPLETE_READ_INTERVAL_S)
        poll(world.client)
    assert len([record for record in caplog.records if "make no sense" in record.message]) == 1


FUTURE, FLAT = datetime(2063, 5, 4, 3, 2, 1), datetime(2000, 1, 1, 0, 3)


def mistimed(caplog):
    told = [record.message for record in caplog.records if "times that cannot be" in record.message]
    caplog.clear()
    return told


def test_punches_of_a_wrong_clock_are_told_once(world, caplog):
    """No sheet may ever show them: somebody must hear of them."""
    for seconds in range(10):
        world.machine.record(ANNA, world.machine.time - timedelta(hours=1, seconds=seconds))
    world.machine.record(ANNA, FLAT)
    poll(world.client)
    [told] = mistimed(caplog)
    assert told.startswith("1 punches")
    assert f"{FLAT} of user {ANNA}" in told

    world.machine.record(BERT, FUTURE)
    poll(world.client)
    [told] = mistimed(caplog)
    assert told.startswith("2 punches")
    assert f"{FUTURE} of user {BERT}" in told

    punch(world)
    poll(world.client)
    world.timeline.advance(COMPLETE_READ_INTERVAL_S)
    poll(world.client)
    assert mistimed(caplog) == []


def test_a_pi_that_does_not_know_the_time_calls_no_punch_wrong(world, caplog):
    punch(world)
    world.clock.offset = -timedelta(days=400)
    poll(world.client)

    assert mistimed(caplog) == []

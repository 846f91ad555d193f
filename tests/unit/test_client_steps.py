"""Steps one at a time, where the properties are too blunt: chunks, late punches, warnings, request IDs."""

from datetime import datetime, timedelta

import pytest

from attendance_client.fsm.generated import Flag, StateId
from attendance_contracts import MAX_CHUNK_BYTES, MAX_CHUNK_RECORDS, StoreAttendRecords, Topic, encode
from tests.world.backend import MemoryBackend
from tests.world.calendar import row
from tests.world.network import Fate
from tests.world.world import World

ANNA = "1001"


class RecordingBackend(MemoryBackend):
    """Keeps what it was asked."""

    def __init__(self):
        super().__init__()
        self.asked = []

    def handle(self, message):
        self.asked.append(message)
        return super().handle(message)

    def chunks(self):
        return [message for message in self.asked if isinstance(message, StoreAttendRecords)]


@pytest.fixture
def world():
    world = World(RecordingBackend())
    world.machine.users = {ANNA: "anna"}
    for number in range(2):
        world.publish(row(number, world.weeks))
    world.run_until(StateId.RELAY_ATTENDANCE_RECORDS)
    yield world
    world.close()


def punch(world, count=1, user=ANNA):
    for number in range(count):
        world.machine.record(user, world.machine.time + timedelta(seconds=number))


def end_the_period(world):
    """Let the open period close, and the client open the next."""
    closing = world.client.session.review_period
    while world.client is None or world.client.session.previous_period != closing:
        world.step()
    world.run_until(StateId.RELAY_ATTENDANCE_RECORDS)


def test_a_backlog_goes_in_chunks_one_after_the_other_without_waiting_for_the_poll(world):
    punch(world, 2 * MAX_CHUNK_RECORDS + 1)
    began_s = world.timeline.now_s

    while len(world.backend.rows()) < 2 * MAX_CHUNK_RECORDS + 1:
        world.step()

    assert [len(chunk.records) for chunk in world.backend.chunks()] == [
        MAX_CHUNK_RECORDS,
        MAX_CHUNK_RECORDS,
        1,
    ]
    assert world.timeline.now_s - began_s < 60


def test_a_message_never_exceeds_its_size_in_bytes(world):
    world.machine.users = {f"{number:024}": "\u4e2d" * 24 for number in range(MAX_CHUNK_RECORDS)}
    for user in world.machine.users:
        punch(world, user=user)

    while len(world.backend.rows()) < MAX_CHUNK_RECORDS:
        world.step()

    assert all(len(encode(chunk)[0]) <= MAX_CHUNK_BYTES for chunk in world.backend.chunks())


@pytest.mark.parametrize(("silences", "first"), [(3, MAX_CHUNK_RECORDS), (4, MAX_CHUNK_RECORDS // 8)])
def test_a_chunk_shrinks_only_where_silence_outlasts_the_back_off_and_is_then_whole_again(
    world, silences, first
):
    punch(world, MAX_CHUNK_RECORDS)
    world.network.fates.extend([Fate(())] * silences)
    world.run(2 * silences + 2)
    punch(world, MAX_CHUNK_RECORDS)
    world.run_for(86_400, 20)

    published = [len(chunk.records) for chunk in world.backend.chunks()]
    assert published[0] == first
    assert sum(published) == 2 * MAX_CHUNK_RECORDS
    assert len(published) <= 3


def test_a_reply_slower_than_the_time_out_still_counts(world):
    punch(world)
    world.network.fates.extend(
        [Fate((0.5,)), Fate((125.0,)), Fate(())]
    )  # the reply is late, the next request lost
    world.run_until(StateId.AWAIT_LAST_STORED_TIMESTAMP)
    world.step()
    assert world.state is StateId.RELAY_ATTENDANCE_RECORDS

    world.run_until(StateId.AWAIT_LAST_STORED_TIMESTAMP)
    world.step()

    assert world.state is StateId.RELAY_ATTENDANCE_RECORDS
    assert world.confirmed()
    assert len(world.backend.chunks()) == 1


def test_late_punches_of_a_closed_period_go_to_its_own_sheet(world):
    end_the_period(world)
    first = world.client.session.previous_period
    world.machine.record(ANNA, first.closes_at(world.site.day_boundary) - timedelta(seconds=1))
    world.run_for(2 * 86_400, 50)

    assert [row.sheet for row in world.backend.rows()] == [first.name]


def test_a_closed_periods_sheet_that_never_answers_does_not_hold_up_the_open_one(world):
    end_the_period(world)
    first = world.client.session.previous_period
    real = world.network.take
    deleted = f"sheet 1 of {first.name}"
    world.network.take = lambda letter: (
        None if getattr(letter.message, "sheet_id", "") == deleted else real(letter)
    )
    world.machine.record(ANNA, first.closes_at(world.site.day_boundary) - timedelta(seconds=1))
    for _ in range(4):
        punch(world)
        world.run_for(86_400, 30)

    assert len([row for row in world.backend.rows() if row.sheet != first.name]) == 4


def test_an_unreachable_machine_does_not_hold_up_the_backlog(world):
    punch(world, 3)
    world.network.fates.append(Fate(()))
    world.run_until(StateId.AWAIT_LAST_STORED_TIMESTAMP)
    world.machine.reachable = False
    world.power_off()
    world.run(8)

    assert len(world.backend.rows()) == 3


def test_the_log_is_read_again_only_when_the_count_has_changed_or_a_day_has_passed(world):
    reads = []
    real = world.machine.read
    world.machine.read = lambda known: reads.append(world.timeline.now_s) or real(known)
    punch(world)
    world.run_for(3 * 86_400 - 30_000, 60)

    # One for the punch, then one a day; the polls in between ask for the count alone.
    assert len(reads) == 3


def test_a_cleared_machine_that_was_filled_again_to_the_same_count_is_read_within_a_day(world):
    punch(world)
    world.run(6)
    world.clear_machine()
    punch(world)
    world.run_for(86_400 + world.site.polling_interval_s, 60)

    assert len(world.backend.rows()) == 2


def test_names_come_with_the_records_and_a_new_user_makes_them_be_read_again(world):
    punch(world)
    world.run(6)
    world.machine.users["1002"] = "bert"
    punch(world, user="1002")
    world.run_for(86_400, 30)

    names = [record.user_name for chunk in world.backend.chunks() for record in chunk.records]
    assert names == ["anna", "bert"]


def test_the_daily_warning_is_asked_for_once_a_day_in_the_last_days(world):
    world.withdraw(row(1, world.weeks))
    while world.state is not StateId.REVIEW_PERIOD_EXPIRED:
        world.step()

    warnings = sorted(alarm for alarm in world.backend.alarms() if alarm.startswith("daily"))
    assert [warning.rpartition(" ")[2] for warning in warnings] == ["2026-01-09", "2026-01-10", "2026-01-11"]
    assert Flag.DAILY_WARNING in world.client.session.flags


def test_the_final_alarm_is_raised_once_and_the_flag_cleared_with_the_period(world):
    world.withdraw(row(1, world.weeks))
    while world.state is not StateId.DEEP_SLEEP:
        world.step()
    world.run(12)
    assert [alarm for alarm in world.backend.alarms() if alarm.startswith("final")] == [
        "final_alarm after 2026-01-11"
    ]
    assert Flag.FINAL_ALARM_RAISED in world.client.session.flags

    world.publish(row(1, world.weeks))
    world.run_until(StateId.RELAY_ATTENDANCE_RECORDS)
    assert world.client.session.flags == Flag(0)


@pytest.mark.parametrize("shown", [datetime(2000, 1, 1), datetime(2063, 5, 6), None])
def test_a_broken_clock_of_the_machine_neither_ends_a_period_nor_keeps_it_from_ending(world, shown):
    first = world.client.session.review_period
    if shown is None:
        world.machine.shows_impossible_date = True
    else:
        world.machine.set_clock(shown)
    world.run_for(3 * 86_400, 40)
    assert world.client.session.review_period == first

    world.run_for(5 * 86_400, 60)
    assert world.client.session.previous_period == first


@pytest.mark.parametrize("hours", [-20, -1, 1, 20])
def test_the_end_of_a_period_is_the_machines_not_the_pis(world, hours):
    world.clock.offset = timedelta(hours=hours)
    closes = world.client.session.review_period.closes_at(world.site.day_boundary)
    while world.state is not StateId.REVIEW_PERIOD_EXPIRED:
        world.step()

    assert closes <= world.machine.time < closes + timedelta(seconds=world.site.polling_interval_s + 60)


def test_a_stale_answer_for_another_period_is_dropped(world):
    """After the sheets of two periods were named, the first answer comes again."""
    end_the_period(world)
    second = world.client.session.sheet_id
    world.power_off()
    world.lose_snapshot()
    world.run_until(StateId.AWAIT_REVIEW_SHEET)
    world.network.replay(Topic.NEW_REVIEW_SHEET, 1)
    world.step()

    assert world.client.session.sheet_id == second

"""What the service leaves in diary.json, and what `status` and `timeline` make of it."""

import json
import os
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from attendance_client.app import status as status_module
from attendance_client.app import timeline as timeline_module
from attendance_client.app.diary import FileDiary, read_diary
from attendance_client.app.status import as_json, describe, look
from attendance_client.app.timeline import draw
from attendance_client.errors import BusError, MachineError
from attendance_client.fsm.client import RECEIVE_SLICE_S
from attendance_client.fsm.generated import StateId
from attendance_client.machine.port import MachineAddress, MachineStatus
from attendance_contracts import NewReviewPeriod
from tests.unit.lone_client import lone_client

CONFIG = {"identifier": "berlin", "ip": "192.0.2.17", "port": 4370, "time_zone": "Europe/Berlin"}
START = datetime(2026, 11, 30, 8)
RELAY, AWAIT = str(StateId.RELAY_ATTENDANCE_RECORDS), str(StateId.AWAIT_REVIEW_PERIOD)


class Clock:
    """Wall time that can be set, and time that passes."""

    def __init__(self):
        self.wall, self.passed_s = START, 100.0

    def utc(self):
        return self.wall

    def now(self):
        return self.wall + timedelta(hours=1)

    def monotonic(self):
        return self.passed_s

    def synchronised(self):
        return True

    def sleep(self, seconds):
        self.wall += timedelta(seconds=seconds)
        self.passed_s += seconds


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def directory(tmp_path):
    (tmp_path / "biometric_device_config.json").write_text(json.dumps(CONFIG))
    return tmp_path


def begun(directory, clock):
    return FileDiary(directory, clock, now=clock.utc, monotonic=clock.monotonic)


def polls(diary, clock, count, problem=""):
    for _ in range(count):
        diary.note(RELAY, problem, 900)
        clock.sleep(900)


@pytest.fixture
def runs(monkeypatch):
    """Whether a client holds the directory's lock."""
    taken = [True]
    for module in (status_module, timeline_module):
        monkeypatch.setattr(module, "is_taken", lambda _: taken[0])
    return taken


def test_what_stays_as_it_was_is_one_span(directory, clock):
    polls(begun(directory, clock), clock, 4)

    (span,) = read_diary(directory).spans
    assert (span.state, span.since, span.until - span.since) == (RELAY, START, timedelta(minutes=45))
    assert span.due == START + timedelta(hours=1)


def test_short_waits_that_are_alike_are_written_once(directory, clock):
    diary = begun(directory, clock)
    diary.note(AWAIT, "no network", 5)
    written = (directory / "diary.json").stat().st_mtime_ns, read_diary(directory)
    for _ in range(4):
        clock.sleep(5)
        diary.note(AWAIT, "no network", 5)
    assert ((directory / "diary.json").stat().st_mtime_ns, read_diary(directory)) == written

    clock.sleep(15)
    diary.note(AWAIT, "no network", 5)
    assert read_diary(directory).written == clock.wall


def test_a_disk_that_takes_nothing_does_not_stop_the_client(directory, clock):
    diary = begun(directory, clock)
    (directory / "diary.json.tmp").mkdir()
    polls(diary, clock, 2)
    assert read_diary(directory) is None


@pytest.mark.parametrize("content", ["", "{", "[]", '{"started": 1}', "[" * 100_000])
def test_what_a_power_loss_left_of_it_is_begun_anew(directory, clock, content):
    (directory / "diary.json").write_text(content)
    polls(begun(directory, clock), clock, 1)
    assert len(read_diary(directory).spans) == 1


def test_a_clock_that_is_set_takes_along_what_was_noted_before(directory, clock):
    polls(begun(directory, clock), clock, 2)
    clock.wall = datetime(1970, 1, 1)
    diary = begun(directory, clock)
    polls(diary, clock, 2)
    clock.wall = datetime(2026, 11, 30, 9)
    diary.note(RELAY, "", 900)

    before, now = read_diary(directory).spans
    assert before.since == START
    assert now.since == datetime(2026, 11, 30, 8, 30)
    assert read_diary(directory).started == now.since


@pytest.mark.slow
def test_it_does_not_grow_for_ever(directory, clock):
    diary = begun(directory, clock)
    for number in range(500):
        diary.note(RELAY, f"problem {number % 2}", 600)
        clock.sleep(600)
    assert (directory / "diary.json").stat().st_size < 100_000
    assert read_diary(directory).spans[-1].until == clock.wall - timedelta(minutes=10)


class Machine:
    def __init__(self, status, error=None):
        self.told, self.error = status, error

    @contextmanager
    def session(self):
        if self.error:
            raise self.error
        yield self

    def status(self):
        return self.told


TOLD = MachineStatus("SN1", datetime(2026, 11, 30, 9, 2), 12, 81_000, 100_000, "6.60")


def test_a_clock_that_is_exactly_right_is_no_trouble(directory, clock, runs):
    diary = begun(directory, clock)
    told = replace(TOLD, time=datetime(2026, 11, 30, 9), records=1)
    with diary.watch(Machine(told), MachineAddress("192.0.2.17", 4370)).session() as session:
        session.status()
    polls(diary, clock, 1)

    seen = look(directory, clock.wall)
    assert as_json(seen)["machines"][0]["clock_offset_s"] == 0
    assert "clock of machine" not in str(seen.troubles)


def test_what_a_machine_said_last_is_kept_while_it_is_silent(directory, clock, runs):
    diary = begun(directory, clock)
    machine = Machine(TOLD)
    watched = diary.watch(machine, MachineAddress("192.0.2.17", 4370))
    with watched.session() as session:
        assert session.status() is TOLD
    clock.sleep(900)
    machine.error = MachineError("cannot be reached")
    for _ in range(2):
        with pytest.raises(MachineError), watched.session():
            pass
        polls(diary, clock, 1)

    told = as_json(look(directory, clock.wall))["machines"][0]
    assert told["last_read"] == "2026-11-30T09:00:00+01:00"
    assert (told["problem"], told["problem_since"]) == ("cannot be reached", "2026-11-30T09:15:00+01:00")
    assert (told["records"], told["clock_offset_s"]) == (81_000, 120)
    troubles = look(directory, clock.wall).troubles
    assert [
        words for words in ("cannot be reached", "nearly full", "is +120 s off") if words in str(troubles)
    ] == [
        "cannot be reached",
        "nearly full",
        "is +120 s off",
    ]

    again = begun(directory, clock).watch(machine, MachineAddress("192.0.2.17", 4370))
    assert again.seen.serial_number == "SN1"
    assert begun(directory, clock).watch(machine, MachineAddress("192.0.2.18", 4370)).seen.serial_number == ""


def page(directory, clock):
    lines = describe(look(directory, clock.wall)).splitlines()
    return {line[:13].strip(): line[14:] for line in lines}


def test_a_client_that_works_says_since_when_and_when_it_goes_on(directory, clock, runs):
    polls(begun(directory, clock), clock, 10)
    clock.sleep(-300)
    told = page(directory, clock)
    assert told["state"] == f"{RELAY}, since 2026-11-30 09:00; goes on 11:30"
    assert told["service"].startswith("runs since 2026-11-30 09:00, release ")
    assert told["trouble"] == "none"

    clock.sleep(7200)
    polls(begun(directory, clock), clock, 1)
    assert page(directory, clock)["state"].startswith(f"{RELAY}, since 2026-11-30 13:25 (15 min ago);")


def test_a_client_that_was_stopped_or_ended_says_so(directory, clock, runs):
    runs[0] = False
    diary = begun(directory, clock)
    polls(diary, clock, 1)
    assert page(directory, clock)["trouble"].startswith(
        "the service does not run, and left no word of it. Start it:"
    )
    diary.end()
    assert page(directory, clock)["trouble"].startswith(
        "the service was stopped 2026-11-30 09:15 (0 min ago)"
    )
    diary.end("'ip' is wrong")
    told = page(directory, clock)["trouble"]
    assert told.startswith("the service ended 2026-11-30 09:15 (0 min ago): 'ip' is wrong. Start it:")


def test_a_client_that_is_late_is_told(directory, clock, runs):
    polls(begun(directory, clock), clock, 1)
    clock.sleep(1100)
    assert page(directory, clock)["trouble"] == "none"
    clock.sleep(200)
    assert "has not said anything since" in page(directory, clock)["trouble"]


def test_a_trouble_bears_the_time_since_when(directory, clock, runs):
    diary = begun(directory, clock)
    polls(diary, clock, 4)
    polls(diary, clock, 2, "Pub/Sub cannot be reached (refused)")
    polls(diary, clock, 2, "Pub/Sub cannot be reached (timed out)")
    assert page(directory, clock)["trouble"] == (
        "Pub/Sub cannot be reached (timed out) (since 2026-11-30 10:00 (60 min ago))"
    )
    polls(diary, clock, 1)
    assert page(directory, clock)["trouble"] == "none"


def test_a_disk_that_is_read_only_is_not_given_back_to_the_user(directory, clock, runs, monkeypatch):
    from attendance_client import errors

    real = os.statvfs
    ending = len(real(directory)) - 2  # f_flag, f_namemax

    def read_only(path):
        told = list(real(path))
        told[ending] |= os.ST_RDONLY
        return os.statvfs_result(told)

    monkeypatch.setattr(os, "statvfs", read_only)
    polls(begun(directory, clock), clock, 1)
    told = describe(look(directory, clock.wall))
    assert "read-only" in told
    assert "as Linux makes it where a card fails" in told
    assert "chown" not in told + errors.no_permission(directory / "ledger.sqlite3")


def test_a_week_is_drawn_with_its_gaps(directory, clock, runs):
    clock.wall = datetime(2026, 11, 29, 5)
    diary = begun(directory, clock)
    polls(diary, clock, 12)
    polls(diary, clock, 4, "Pub/Sub cannot be reached")
    polls(diary, clock, 8)
    diary.end()
    clock.sleep(3 * 3600)
    diary = begun(directory, clock)
    diary.note(str(StateId.DEEP_SLEEP), "", 3600)
    clock.sleep(3600)
    polls(diary, clock, 8)
    diary.note(AWAIT, "", 60)

    drawn = draw(directory, 2, clock.wall).splitlines()
    assert drawn[1].startswith("Sat 2026-11-28  ??")
    assert drawn[2] == "Sun 2026-11-29  ????????????######!!####......zz####~"
    assert drawn[-2:] == [
        "2026-11-29 09:00 to 2026-11-29 10:00  Pub/Sub cannot be reached",
        "2026-11-29 12:00 to 2026-11-29 15:00  off",
    ]


def test_a_power_cut_is_a_gap_from_when_the_client_was_to_go_on(directory, clock, runs):
    polls(begun(directory, clock), clock, 2)  # 08:00, 08:15, to go on at 08:30
    clock.sleep(7200)
    polls(begun(directory, clock), clock, 1)
    assert draw(directory, 1, clock.wall).splitlines()[-1] == "2026-11-30 09:30 to 2026-11-30 11:30  off"
    runs[0] = False
    clock.sleep(3600)
    assert draw(directory, 1, clock.wall).splitlines()[-1] == "2026-11-30 11:45 to 2026-11-30 12:45  off"


class Notes:
    def __init__(self):
        self.taken = []

    def note(self, state, problem, wait_s):
        self.taken.append((state, problem, wait_s))


def test_a_reply_that_comes_at_once_costs_no_write_and_a_long_wait_one():
    with lone_client() as client:
        client.diary = notes = Notes()
        client.await_reply(NewReviewPeriod, StateId.AWAIT_REVIEW_PERIOD, lambda _: True)
        assert len(notes.taken) == 1
        (state, problem, wait_s) = notes.taken[0]
        assert (state, problem) == (AWAIT, "")
        assert wait_s >= 30

        notes.taken.clear()
        client.bus.receive = lambda topic, timeout_s: (_ for _ in ()).throw(BusError("no network"))
        client.await_reply(NewReviewPeriod, StateId.AWAIT_REVIEW_PERIOD, lambda _: True)
        assert {problem for _, problem, _ in notes.taken} == {"no network"}


def test_times_in_the_file_are_utc(directory, clock):
    diary = FileDiary(directory, clock)
    assert abs(diary.now().replace(tzinfo=UTC) - datetime.now(UTC)) < timedelta(seconds=5)
    assert RECEIVE_SLICE_S == 5

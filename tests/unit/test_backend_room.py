"""Who comes first is served at once, and who comes meanwhile together, each answered by itself."""

import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest

from attendance_backend.app import room as rooms
from attendance_backend.app.room import BusyError, Room
from attendance_backend.handlers.together import Served

PATIENCE_S = 30


class Work:
    """Answers with the message itself; while it is `held`, a batch takes its time."""

    def __init__(self):
        self.batches = []
        self.held = threading.Event()
        self.begun = threading.Event()
        self.held.set()
        self.now_s = 0.0
        self.each_takes_s = 0.0

    def serve(self, messages):
        self.batches.append(list(messages))
        self.begun.set()
        assert self.held.wait(PATIENCE_S)
        for number, message in enumerate(messages):
            yield [Served(number, partial(self.reply, message))]

    def reply(self, message):
        self.now_s += self.each_takes_s
        if message == "poison":
            raise ValueError("poison")
        return message.upper()


@pytest.fixture
def work():
    return Work()


@pytest.fixture
def room(work):
    return Room(work.serve, lambda: work.now_s)


def come(room, work, pool, messages, size=1):
    """Messages that come, in this order, while the first is being served."""
    work.held.clear()
    work.begun.clear()
    first = pool.submit(room.reply_to, "first", 1)
    assert work.begun.wait(PATIENCE_S)
    others = []
    for number, message in enumerate(messages, 1):
        others.append(pool.submit(room.reply_to, message, size))
        while len(room._waiting) < number:  # they are told apart by when they came
            pass
    return first, others


def test_a_message_alone_is_served_at_once(room, work):
    assert room.reply_to("a", 1) == "A"
    assert room.reply_to("b", 1) == "B"
    assert work.batches == [["a"], ["b"]]


def test_who_comes_meanwhile_is_served_together_and_answered_by_itself(room, work):
    with ThreadPoolExecutor(9) as pool:
        first, others = come(room, work, pool, ["a", "poison", "b", "c"])
        work.held.set()

        assert first.result(PATIENCE_S) == "FIRST"
        assert [others[number].result(PATIENCE_S) for number in (0, 2, 3)] == ["A", "B", "C"]
        with pytest.raises(ValueError, match="poison"):
            others[1].result(PATIENCE_S)
    assert work.batches == [["first"], ["a", "poison", "b", "c"]]


def test_a_batch_is_bounded_in_messages_and_bytes(room, work, monkeypatch):
    monkeypatch.setattr(rooms, "MOST_MESSAGES", 3)
    with ThreadPoolExecutor(9) as pool:
        _, others = come(room, work, pool, list("abcd"))
        work.held.set()
        assert [each.result(PATIENCE_S) for each in others] == list("ABCD")
        _, others = come(room, work, pool, list("ef"), size=rooms.MOST_BYTES)
        work.held.set()
        assert [each.result(PATIENCE_S) for each in others] == list("EF")
    assert work.batches[1:3] == [list("abc"), ["d"]]
    assert work.batches[4:] == [["e"], ["f"]]


def test_a_batch_is_bounded_in_seconds_and_who_is_left_comes_first(room, work):
    with ThreadPoolExecutor(9) as pool:
        _, others = come(room, work, pool, list("abc"))
        work.each_takes_s = rooms.LONGEST_S * 0.7
        work.held.set()
        assert [each.result(PATIENCE_S) for each in others] == list("ABC")
    assert work.batches[1:] == [list("abc"), ["c"]]


def test_whom_a_round_has_served_is_answered_however_long_it_took(room, work):
    def serve(messages):
        work.batches.append(list(messages))
        work.begun.set()
        assert work.held.wait(PATIENCE_S)
        for first in range(0, len(messages), 2):  # the work is done before it is told
            work.now_s += rooms.LONGEST_S * 1.1
            yield [
                Served(n, partial(work.reply, messages[n])) for n in (first, first + 1) if n < len(messages)
            ]

    room._serve = serve
    with ThreadPoolExecutor(9) as pool:
        _, others = come(room, work, pool, list("abcd"))
        work.held.set()
        assert [each.result(PATIENCE_S) for each in others] == list("ABCD")
    assert work.batches[1:] == [list("abcd"), list("cd")]


def test_the_first_to_come_is_served_in_any_case_however_late_its_round_is(room, work):
    def serve(messages):
        work.batches.append(list(messages))
        work.begun.set()
        assert work.held.wait(PATIENCE_S)
        for number in (*range(1, len(messages)), 0):
            work.now_s += rooms.LONGEST_S * 1.1
            yield [Served(number, partial(work.reply, messages[number]))]

    room._serve = serve
    with ThreadPoolExecutor(9) as pool:
        _, others = come(room, work, pool, list("abc"))
        work.held.set()
        assert [each.result(PATIENCE_S) for each in others] == list("ABC")
    assert work.batches[1:] == [list("abc")]


def test_who_waits_too_long_is_sent_away(work, monkeypatch):
    monkeypatch.setattr(rooms, "PATIENCE_S", 0.2)
    room: Any = Room(work.serve)
    with ThreadPoolExecutor(9) as pool:
        first, (other,) = come(room, work, pool, ["a"])
        with pytest.raises(BusyError, match="come again"):
            other.result(PATIENCE_S)
        work.held.set()
        assert first.result(PATIENCE_S) == "FIRST"
    assert room.reply_to("b", 1) == "B"


def test_work_that_fails_as_a_whole_fails_each_and_the_next_is_served():
    def serve(messages):
        if "bad" in messages:
            raise OSError("all of it")
        yield [Served(number, lambda: None) for number in range(len(messages))]

    room: Any = Room(serve)
    with pytest.raises(OSError, match="all of it"):
        room.reply_to("bad", 1)
    assert room.reply_to("good", 1) is None

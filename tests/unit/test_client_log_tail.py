"""Reading only the end of the log: taken where it joins up with what is known, and never else."""

import struct
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest

from attendance_client.errors import MachineError, RefusalError
from attendance_client.machine.zk.attendance_log import OVERLAP_RECORDS, OVERWRITTEN_RECORDS, read_log
from attendance_client.relay.ledger import Ledger
from attendance_contracts import AttendanceRecord
from attendance_sandbox.device.protocol import encode_time

NINE = datetime(2026, 11, 2, 9)


class Machine:
    """A log, and what is fetched of it.

    Attributes:
        fetched: bytes.
        refuses_parts: whether it sends nothing but the whole.
    """

    def __init__(self, count, width=40):
        self.width = width
        self.records = []
        self.fetched = 0
        self.refuses_parts = False
        self.counts = None
        self.punch(count)

    def punch(self, times=1):
        for _ in range(times):
            self.records.append(self.record(len(self.records)))

    def record(self, number):
        time = encode_time(NINE + timedelta(seconds=number))
        if self.width == 8:
            return struct.pack("<HBIB", 1 + number % 5, 1, time, 0)
        if self.width == 16:
            return struct.pack("<IIBB6x", 1001, time, 1, 0)
        return struct.pack("<H24sBIB8x", 1, b"1001", 1, time, 0) + bytes(self.width - 40)

    @contextmanager
    def prepare(self):
        body = b"".join(self.records)
        machine = self

        class Frozen:
            data = struct.pack("<I", len(body)) + body
            size = len(data)

            def part(self, start, length):
                if machine.refuses_parts and (start, length) != (0, self.size):
                    raise RefusalError("no parts")
                machine.fetched += length
                return self.data[start : start + length]

        yield Frozen()

    def count(self):
        return self.counts.pop(0) if self.counts else len(self.records)

    def read(self, known=None):
        self.fetched = 0
        return read_log(self.count, self.prepare, known, lambda numbers: {n: str(1000 + n) for n in numbers})


@pytest.mark.parametrize("width", [8, 16, 40, 49])
def test_only_new_records_and_a_few_known_ones_are_fetched(width):
    machine = Machine(1000, width)
    known = machine.read().end
    machine.punch(3)
    log = machine.read(known)

    assert [punch.raw for punch in log.punches] == machine.records[-3:]
    assert (log.first, log.end.records) == (1000, 1003)
    assert machine.fetched == 4 + (OVERLAP_RECORDS + 3) * width


def test_reading_on_and_on_reads_all():
    machine = Machine(100)
    log = machine.read()
    read = list(log.punches)
    for new in (1, 40, 7):
        machine.punch(new)
        log = machine.read(log.end)
        read += log.punches

    assert [punch.raw for punch in read] == machine.records


@pytest.mark.parametrize("place", [-1, -OVERLAP_RECORDS])
def test_a_log_in_which_a_known_record_has_changed_is_read_whole(place):
    machine = Machine(100)
    known = machine.read().end
    machine.records[100 + place] = machine.record(7)
    machine.punch()
    log = machine.read(known)

    assert (log.first, len(log.punches)) == (0, 101)


@pytest.mark.parametrize("count", [1, 50, 100, 200])
def test_a_machine_that_was_cleared_and_filled_again_is_read_whole(count):
    machine = Machine(100)
    known = machine.read().end
    machine.records = [machine.record(5000 + number) for number in range(count)]
    log = machine.read(known)

    assert (log.first, len(log.punches)) == (0, count)


def test_a_machine_that_sends_no_parts_is_read_whole():
    machine = Machine(100)
    known = machine.read().end
    machine.punch()
    machine.refuses_parts = True
    log = machine.read(known)

    assert (log.first, len(log.punches)) == (0, 101)


def test_a_full_log_that_overwrites_its_oldest_records_is_read_from_its_end():
    machine = Machine(1000)
    known = machine.read().end
    for number in range(5):
        machine.records.append(machine.record(5000 + number))
        del machine.records[0]
    log = machine.read(known)

    assert [punch.raw for punch in log.punches] == machine.records[-5:]
    assert machine.fetched == 4 + (OVERLAP_RECORDS + OVERWRITTEN_RECORDS) * 40


def test_a_full_log_that_has_moved_on_too_far_is_read_whole():
    machine = Machine(1000)
    known = machine.read().end
    machine.records = machine.records[300:] + [machine.record(5000 + number) for number in range(300)]

    assert machine.read(known).first == 0


def test_known_records_that_stand_in_two_places_join_nothing():
    machine = Machine(1000)
    machine.records = [machine.record(1)] * 1000
    known = machine.read().end

    assert machine.read(known).first == 0


@pytest.mark.parametrize("counts", [[1003, 1002], [1002, 1002], [1004, 1003]])
def test_a_tail_is_taken_that_holds_no_less_than_was_counted(counts):
    machine = Machine(1000)
    known = machine.read().end
    machine.punch(3)
    machine.counts = list(counts)
    assert len(machine.read(known).punches) == 3


def test_a_tail_of_fewer_records_than_were_counted_is_refused():
    machine = Machine(1000)
    known = machine.read().end
    machine.punch(3)
    machine.counts = [1004, 1005]
    with pytest.raises(MachineError, match="counts 1004 records and sent 1003"):
        machine.read(known)


@pytest.mark.parametrize(("before", "after"), [(0, 2), (1, 1), (2, 3), (3, 2)])
def test_equal_punches_keep_their_numbers_however_the_log_is_read(before, after):
    """A tap that lasts: the same record again and again, on both sides of a reading."""
    machine = Machine(100)
    ledger, other = Ledger(":memory:", datetime.min.time()), Ledger(":memory:", datetime.min.time())
    machine.records += [machine.record(200)] * before
    log = machine.read()
    ledger.add_log("A1", log, NINE)
    machine.records += [machine.record(200)] * after
    ledger.add_log("A1", machine.read(log.end), NINE)
    other.add_log("A1", machine.read(), NINE)

    assert ledger.summary().punches == 100 + before + after
    assert ledger.add_log("A1", machine.read(), NINE) == 0
    assert other.add_log("A1", machine.read(), NINE) == 0
    at = NINE + timedelta(seconds=200)
    identities = {
        AttendanceRecord("A1", "1001", None, at, 1, 0, 1 + number).identity
        for number in range(before + after)
    }
    for book in (ledger, other):
        assert {row[0] for row in book._ask("SELECT identity FROM punches")} >= identities
        book.close()


def test_a_record_of_8_bytes_stays_with_the_person_who_made_it():
    """The machine gives a deleted user's number to the next one."""
    machine = Machine(10, 8)
    ledger = Ledger(":memory:", datetime.min.time())
    ledger.add_log("A1", machine.read(), NINE)
    later = read_log(machine.count, machine.prepare, None, lambda numbers: {n: f"new {n}" for n in numbers})

    assert ledger.add_log("A1", later, NINE) == 0
    ledger.close()

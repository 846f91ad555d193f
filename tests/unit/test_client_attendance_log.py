"""The log's bytes: decoded record by record, believed only where size and counts add up."""

import struct
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from zk.base import ZK

from attendance_client.errors import MachineError
from attendance_client.machine.zk.attendance_log import decode_log
from attendance_client.machine.zk.log_records import decode_time
from attendance_client.relay.ledger import Ledger
from attendance_contracts import business_day

NINE = datetime(2026, 11, 2, 9, 0, 1)


def encode_time(at):
    days = ((at.year - 2000) * 12 + at.month - 1) * 31 + at.day - 1
    return days * 86_400 + at.hour * 3600 + at.minute * 60 + at.second


def record_8(number, at, status=1, punch=0):
    return struct.pack("<HBIB", number, status, encode_time(at), punch)


def record_16(number, at, status=1, punch=0):
    return struct.pack("<IIBB6x", number, encode_time(at), status, punch)


def record_40(user_id, at, status=1, punch=0):
    return struct.pack("<H24sBIB8x", 7, user_id, status, encode_time(at), punch)


def blob(*records):
    body = b"".join(records)
    return struct.pack("<I", len(body)) + body


def nobody(_numbers):
    raise AssertionError("the users are needed for records of 8 bytes only")


def no_ids(_numbers):
    return {}


def test_records_of_40_bytes():
    log = decode_log(blob(record_40(b"1001", NINE, 15, 4), record_40(b"1002", NINE)), 2, 2, nobody)

    assert [(p.user_id, p.timestamp, p.status, p.punch) for p in log.punches] == [
        ("1001", NINE, 15, 4),
        ("1002", NINE, 1, 0),
    ]
    assert log.punches[0].raw == record_40(b"1001", NINE, 15, 4)


def test_records_of_16_bytes():
    log = decode_log(blob(record_16(4294967295, NINE, 1, 255)), 1, 1, nobody)

    assert [(p.user_id, p.timestamp, p.punch) for p in log.punches] == [("4294967295", NINE, 255)]


def test_records_of_8_bytes_get_the_user_id_of_their_internal_number():
    log = decode_log(
        blob(record_8(3, NINE), record_8(4, NINE)),
        2,
        2,
        lambda numbers: {3: "1001"} if numbers == {3, 4} else {},
    )

    assert [p.user_id for p in log.punches] == ["1001", "#4"]  # 4 may be another person's user ID


def test_an_impossible_date_is_set_aside_and_the_others_are_not_lost():
    impossible = (
        record_40(b"1001", NINE)[:27] + struct.pack("<I", (26 * 12 * 31 + 31 + 30) * 86_400) + bytes(9)
    )
    log = decode_log(blob(record_40(b"1001", NINE), impossible, record_40(b"1002", NINE)), 3, 3, nobody)

    assert [p.user_id for p in log.punches] == ["1001", "1002"]
    assert [(u.raw, u.reason) for u in log.undecodable] == [(impossible, "day is out of range for month")]


def test_a_record_without_user_id_is_set_aside():
    log = decode_log(blob(record_40(b"", NINE)), 1, 1, nobody)

    assert not log.punches
    assert log.undecodable[0].reason == "no user ID"


@pytest.mark.parametrize("width", [50, 64])
def test_records_of_a_form_that_nobody_knows_are_set_aside(width):
    records = [bytes([number]) * width for number in range(3)]
    log = decode_log(blob(*records), 3, 3, nobody)

    assert not log.punches
    assert [item.raw for item in log.undecodable] == records
    assert log.undecodable[0].reason == f"records of {width} bytes are of no known form"


@pytest.mark.parametrize(("width", "before", "after"), [(48, 3, 3), (64, 3, 4), (60, 4, 4)])
def test_a_form_that_nobody_knows_is_not_taken_from_a_count_that_may_be_wrong(width, before, after):
    """48 bytes is shorter than a known form; the count moved; three records were counted as four."""
    with pytest.raises(MachineError, match="do not fit"):
        decode_log(blob(*[bytes(width)] * 3), before, after, nobody)


def test_records_of_49_bytes_begin_like_those_of_40():
    record = record_40(b"1001", NINE, 15, 4) + b"\xff" * 9
    [punch] = decode_log(blob(record), 1, 1, nobody).punches

    assert punch == ("1001", NINE, 15, 4, record)


def test_a_user_id_that_is_no_text_is_kept_legibly_and_reaches_the_ledger():
    log = decode_log(blob(record_40(b"\xff" * 24, NINE)), 1, 1, nobody)
    ledger = Ledger(":memory:", datetime.min.time())

    assert log.punches[0].user_id == r"\xff" * 24
    assert ledger.add_log("A1", log, NINE) == 1
    ledger.close()


def test_a_user_id_fills_its_field():
    log = decode_log(blob(record_40(b"123456789012345678901234", NINE)), 1, 1, nobody)

    assert log.punches[0].user_id == "123456789012345678901234"


@pytest.mark.parametrize(("before", "after"), [(2, 2), (2, 3), (1, 2), (3, 2)])
def test_a_punch_in_mid_read_is_in_the_log_or_not(before, after):
    assert (
        len(decode_log(blob(record_40(b"1", NINE), record_40(b"2", NINE)), before, after, nobody).punches)
        == 2
    )


@pytest.mark.parametrize(
    ("data", "before", "after", "complaint"),
    [
        (blob(record_40(b"1", NINE)), 2, 2, "do not fit the machine's count"),
        (blob(record_40(b"1", NINE)), 2, 3, "do not fit"),
        (blob(record_40(b"1", NINE)[:39]), 1, 1, "do not fit"),
        (blob(bytes(80)), 4, 10, "do not fit"),  # ten records of 8 bytes or five of 16
        (struct.pack("<I", 40) + bytes(39), 1, 1, "announced 40 bytes of records but sent 39"),
        (struct.pack("<I", 40) + bytes(41), 1, 1, "announced 40 bytes of records but sent 41"),
        (b"", 1, 1, "counts 1 records but sent none"),
        (b"\1\2", 1, 1, "counts 1 records but sent none"),
        (blob(), 1, 1, "0 bytes of records do not fit"),
    ],
)
def test_a_log_that_does_not_add_up_is_refused_whole(data, before, after, complaint):
    with pytest.raises(MachineError, match=complaint):
        decode_log(data, before, after, no_ids)


@pytest.mark.parametrize("data", [b"", blob()])
def test_an_empty_machine_has_an_empty_log(data):
    log = decode_log(data, 0, 0, nobody)

    assert not log.punches
    assert not log.undecodable


@given(encoded=st.integers(0, 2**32 - 1))
def test_times_are_decoded_as_pyzk_does(encoded):
    pyzk = ZK("127.0.0.1")
    try:
        expected = pyzk._ZK__decode_time(struct.pack("<I", encoded))
    except ValueError:
        with pytest.raises(ValueError):
            decode_time(encoded)
        return
    assert decode_time(encoded) == expected


@given(data=st.binary(max_size=200), before=st.integers(0, 9), after=st.integers(0, 9))
def test_any_bytes_are_a_log_or_a_machine_error(data, before, after):
    try:
        log = decode_log(data, before, after, no_ids, latest=NINE)
    except MachineError:
        return
    records = len(log.punches) + len(log.undecodable)
    assert min(before, after) <= records
    assert records <= max(before, after) or not log.undecodable, (
        "more than were counted only where all make sense"
    )


@given(body=st.binary(min_size=40, max_size=200).map(lambda body: body[: len(body) // 40 * 40]))
def test_any_records_are_decoded_or_set_aside_and_reach_the_ledger(body):
    count = len(body) // 40
    log = decode_log(struct.pack("<I", len(body)) + body, count, count, no_ids, latest=NINE)
    ledger = Ledger(":memory:", datetime.min.time())

    assert len(log.punches) + len(log.undecodable) == count
    ledger.add_log("A1", log, NINE)
    for punch in log.punches:
        business_day(punch.timestamp, NINE.time())
    ledger.close()


def test_a_record_of_8_bytes_from_a_public_report_has_its_time_last():
    record = bytes.fromhex("07002800a8eba71e")
    [punch] = decode_log(blob(record), 1, 1, no_ids, latest=NINE).punches

    assert punch == ("#7", datetime(2016, 1, 1, 19, 2), 40, 0, record)

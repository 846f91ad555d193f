"""The wire of the simulated attendance machine, against pyzk's own arithmetic."""

import struct
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from zk import ZK
from zk.base import make_commkey

from attendance_sandbox.device.protocol import (
    FrameReader,
    ProtocolError,
    checksum,
    comm_key_matches,
    decode_time,
    encode_fields,
    encode_frame,
    encode_time,
    scramble_comm_key,
)

u16 = st.integers(0, 0xFFFF)
times = st.datetimes(datetime.fromisoformat("2000-01-01"), datetime.fromisoformat("2099-12-31")).map(
    lambda when: when.replace(microsecond=0)
)
pyzk = ZK("127.0.0.1")


def summed_word_by_word(packet):
    total = 0
    for (word,) in struct.iter_unpack("<H", packet + b"\0" * (len(packet) % 2)):
        total += word
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


@given(st.binary(max_size=300) | st.lists(st.sampled_from([0, 0xFF]), max_size=20).map(bytes))
def test_checksum_is_the_complement_of_the_folded_sum(packet):
    assert checksum(packet) == summed_word_by_word(packet)


@given(key=st.integers(0, 999_999), session=u16, ticks=st.integers(0, 255))
def test_comm_key_is_scrambled_as_pyzk_does(key, session, ticks):
    scrambled = make_commkey(key, session, ticks)
    assert scramble_comm_key(key, session, ticks) == scrambled
    assert comm_key_matches(scrambled, key, session)


@given(times)
def test_times_are_pyzks_times(when):
    encoded = encode_time(when)
    assert encoded == pyzk._ZK__encode_time(when)
    assert decode_time(encoded) == when == pyzk._ZK__decode_time(struct.pack("<I", encoded))


@given(times, times)
def test_order_of_encoded_times_is_order_of_time(one, other):
    assert (encode_time(one) < encode_time(other)) == (one < other)


def test_a_date_that_does_not_exist_has_bytes_and_no_meaning():
    with pytest.raises(ValueError, match="day"):
        decode_time(encode_fields(2026, 2, 31))


@given(st.lists(st.tuples(u16, u16, u16, st.binary(max_size=80)), max_size=6), st.data())
def test_packets_survive_any_cutting_of_the_stream(packets, data):
    stream = b"".join(encode_frame(*packet) for packet in packets)
    reader = FrameReader()
    received = []
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        received += reader.feed(stream[:size])
        stream = stream[size:]
    assert [(packet.command, packet.session, packet.number, packet.data) for packet in received] == packets


def test_a_stream_that_is_no_frame_is_refused():
    with pytest.raises(ProtocolError, match="a frame starts with"):
        list(FrameReader().feed(b"SSH-2.0-x"))

"""Whatever reply is spoilt, and however: the truth is read, or a MachineError says that it was not.

`FUZZED_REPLIES` says how many replies are spoilt; without it the profile does.
"""

import os
from datetime import datetime, timedelta
from functools import cache

from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from attendance_client.errors import MachineError
from attendance_client.machine.port import MachineAddress
from attendance_client.machine.zk.zk_machine import ZkMachine
from attendance_sandbox.device.machine import AttendanceMachine
from attendance_sandbox.device.protocol import encode_fields
from attendance_sandbox.device.records import pack_record
from attendance_sandbox.device.session import Manner
from tests.fuzz.mutations import MUTATIONS, Reply, count_wrongly, exchange_packets, send_one_for_another
from tests.fuzz.wire import Wire, on
from tests.property.profiles import PROFILE, draws

REPLIES = int(os.environ.get("FUZZED_REPLIES") or draws(dev=300, ci=2_000))
MONDAY = datetime(2026, 11, 2, 9)
TIMEOUT_S = 10.0
KNOWN = 20
"""Records that an earlier reading found, before the tail is read."""

FORMS = ((40, 72), (49, 72), (16, 28), (8, 28), (8, 72))
SIZES = (0, 1, 3, 24, 45, 2_000)
"""Records: none, few enough to come at once, in a chunk, in several."""

READINGS = ("status", "log", "tail", "users", "users, then log")
numbers = st.integers(0, 2**32 - 1)


@cache
def machine_with(form, records):
    """One that is only read; with deleted users, unknown names and, in between, a date that does not exist."""
    record_size, user_size = form
    machine = AttendanceMachine(record_size=record_size, user_size=user_size, clock=lambda: MONDAY)
    for number in range(5):
        machine.add_user(str(1001 + number), "" if number == 3 else f"user{number}")
    for number in range(records):
        when = MONDAY + timedelta(seconds=7 * number)
        if number % 50 == 2:
            impossible = encode_fields(2026, 2, 31, second=number % 60)
            raw = pack_record(record_size, uid=1, user_id="1001", encoded_time=impossible)
            machine.add_raw_record(raw)
        else:
            machine.add_record(str(1001 + number % 5), when, status=number % 4, punch=number % 256)
    return machine


@cache
def truth(form, records, udp):
    """What is read when nothing goes wrong."""
    wire = Wire(machine_with(form, records), lambda *_: None, udp=udp)
    with on(wire), address(udp).session() as session:
        status = session.status()
        return status, session.read_log(), dict(session.read_user_names())


@cache
def replies_to(reading, form, records, udp, small_frames):
    """The replies that a reading takes when nothing goes wrong: of how many packets each of them is."""
    packets = []
    wire = Wire(
        machine_with(form, records),
        lambda _number, _request, reply: packets.append(len(reply.packets)),
        udp=udp,
        manner=manner_of(udp, small_frames),
    )
    with on(wire), address(udp).session() as session:
        read(session, reading, form, udp)
    return packets


def chosen(replies, mutation, which):
    """The number of the reply to spoil; one of several packets, if there is any, where it takes them."""
    several = [number for number, packets in enumerate(replies) if packets > 1]
    if mutation in (exchange_packets, send_one_for_another) and several:
        return several[which % len(several)]
    return which % len(replies)


@cache
def end_of(form, udp):
    """Where a reading ended when there were `KNOWN` records."""
    return truth(form, KNOWN, udp)[1].end


def address(udp):
    return ZkMachine(MachineAddress("192.0.2.1", 4370, timeout_s=TIMEOUT_S, udp=udp))


def manner_of(udp, small_frames):
    return Manner(frame_bytes=1_024) if small_frames and not udp else None


def found(log):
    return [tuple(punch) for punch in log.punches], [record.raw for record in log.undecodable]


def new_in(log, first):
    """What of a whole log a reading from the record `first` on must find."""
    all_raw = sorted(log.punches, key=lambda punch: punch.timestamp)
    assert [punch.raw for punch in all_raw] == [punch.raw for punch in log.punches]
    undecodable_before = sum(1 for number in range(first) if number % 50 == 2)
    return (
        [tuple(punch) for punch in log.punches[first - undecodable_before :]],
        [record.raw for record in log.undecodable[undecodable_before:]],
    )


def read(session, reading, form, udp):
    if reading == "status":
        return session.status()
    if reading == "users":
        return dict(session.read_user_names())
    if reading == "users, then log":
        session.read_user_names()
    log = session.read_log(end_of(form, udp) if reading == "tail" else None)
    return log.first, found(log)


def is_true(reading, result, form, records, udp):
    status, log, users = truth(form, records, udp)
    if reading == "status":
        same = (result.serial_number, result.time, result.record_capacity)
        return same == (status.serial_number, status.time, status.record_capacity)
    if reading == "users":
        return result == users
    first, what = result
    return first <= records and what == new_in(log, first)


@settings(settings.get_profile(PROFILE), max_examples=REPLIES)
@given(
    form=st.sampled_from(FORMS),
    records=st.sampled_from(SIZES),
    udp=st.booleans(),
    small_frames=st.booleans(),
    reading=st.sampled_from(READINGS),
    mutation=st.sampled_from(MUTATIONS),
    reply=numbers,
    place=numbers,
    value=numbers,
)
def test_a_spoilt_reply_is_an_error_or_harmless(
    form, records, udp, small_frames, reading, mutation, reply, place, value
):
    truth(form, records, udp)
    end_of(form, udp)
    spoilt_one = chosen(replies_to(reading, form, records, udp, small_frames), mutation, reply)
    is_spoilt = False

    def spoil(number, request, sent):
        nonlocal is_spoilt
        if number == spoilt_one:
            before = Reply(list(sent.packets), sent.encode, sent.udp).pieces
            mutation(request, sent, place, value)
            is_spoilt = sent.closes or sent.pieces != before

    wire = Wire(machine_with(form, records), spoil, udp=udp, manner=manner_of(udp, small_frames))
    try:
        with on(wire), address(udp).session() as session:
            result = read(session, reading, form, udp)
    except MachineError:
        result = None
    assume(is_spoilt)
    event(f"{mutation.__name__}: {'an error' if result is None else 'harmless'}")
    assert wire.now_s <= 2 * TIMEOUT_S, "one time-out for the request, one for saying goodbye"
    if result is None or (mutation is count_wrongly and result == (0, ([], []))):
        return  # a machine that counts no records has none
    assert is_true(reading, result, form, records, udp), result

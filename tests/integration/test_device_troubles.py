"""The client's adapter on real sockets while the machine misbehaves: an error in time, and then the truth."""

import time
from datetime import timedelta

import pytest

from attendance_client.errors import MachineError
from attendance_sandbox.device.faults import (
    AnswerWith,
    DropConnection,
    GoneSilent,
    ResetConnection,
    SendGarbage,
    SlowLink,
    StaySilent,
    Table,
    TearReply,
)
from attendance_sandbox.device.protocol import Command, Reply
from attendance_sandbox.device.server import DeviceServer
from attendance_sandbox.device.session import Manner
from tests.integration.device_traps import MORNING, found, make_machine, ours, stored

TIMEOUT_S = 0.5
TROUBLES = (
    DropConnection(),
    DropConnection(applied=True),
    ResetConnection(),
    StaySilent(),
    GoneSilent(),
    AnswerWith(Reply.ERROR),
    SendGarbage(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
    TearReply(keep=3),
    TearReply(keep=20),
    TearReply(keep=700, reboot=True),
)
MOMENTS = (
    (Command.CONNECT, None),
    (Command.GET_FREE_SIZES, None),
    (Command.PREPARE_BUFFER, Table.ATTENDANCE),
    (Command.READ_CHUNK, Table.ATTENDANCE),
)
FORMS = ((40, 72), (49, 72), (16, 28), (8, 28), (8, 72))


def read(server, known=None, **options):
    with ours(server, **{"timeout_s": TIMEOUT_S, **options}).session() as session:
        return session.read_log(known)


@pytest.mark.parametrize("moment", MOMENTS, ids=lambda moment: moment[0].name)
@pytest.mark.parametrize(
    ("trouble", "udp"),
    [
        *((trouble, False) for trouble in TROUBLES),
        # On UDP there is no connection to drop or to reset.
        *(
            (trouble, True)
            for trouble in TROUBLES
            if not isinstance(trouble, DropConnection | ResetConnection)
        ),
    ],
    ids=repr,
)
def test_an_error_in_time_and_then_the_truth(trouble, moment, udp):
    machine = make_machine(punches=100)
    command, table = moment
    with DeviceServer(machine, udp=udp) as server:
        server.faults.add(trouble, on=command, table=table)
        began = time.monotonic()
        log, said = None, ""
        try:
            log = read(server, udp=udp)
        except MachineError as error:
            said = str(error)
        if log is None:
            assert f"127.0.0.1:{server.port}" in said
            assert "\n" not in said
        else:
            assert found(log) == stored(machine)
        assert server.faults.pending == 0, "it did not strike"
        assert time.monotonic() - began < 2 * TIMEOUT_S + 5, "one for the request, one for saying goodbye"
        assert found(read(server, udp=udp, timeout_s=3)) == stored(machine)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("count", [0, 1, 20, 3_000])
@pytest.mark.parametrize("udp", [False, True])
def test_every_form_is_read_and_read_on(form, count, udp):
    record_size, user_size = form
    machine = make_machine(punches=count, record_size=record_size, user_size=user_size)
    with DeviceServer(machine, udp=udp) as server:
        log = read(server, udp=udp, timeout_s=3)
        assert found(log) == stored(machine)
        for number in range(40):
            machine.punch(str(1001 + number % 3), MORNING + timedelta(seconds=number), punch=number)
        more = read(server, log.end, udp=udp, timeout_s=3)
        assert found(more) == stored(machine)[more.first :]
        assert more.first == count or count < 40, "only the end, where that is shorter"


@pytest.mark.parametrize("paced", [False, True])
def test_a_machine_that_sends_no_end_without_the_rest_is_read_whole(paced):
    machine = make_machine(punches=500)
    manner = Manner(reads_from_an_offset=False, frame_bytes=1_024 if paced else 0xFFC0)
    with DeviceServer(machine, manner=manner, frame_gap_s=0.001 if paced else 0) as server:
        log = read(server, timeout_s=3)
        machine.punch("1001")
        more = read(server, log.end, timeout_s=3)
        assert (more.first, found(more)) == (0, stored(machine))


@pytest.mark.parametrize("count", [0, 1, 20])
def test_a_short_log_that_is_announced_like_a_chunk(count):
    machine = make_machine(punches=count)
    with DeviceServer(machine, manner=Manner(announces_inline=True, frame_bytes=100)) as server:
        assert found(read(server, timeout_s=3)) == stored(machine)


def test_a_copy_is_let_go_before_the_next_is_asked_for():
    """Also when the machine refused to send a part of it."""
    machine, asked = make_machine(punches=500), []
    with DeviceServer(
        machine,
        manner=Manner(reads_from_an_offset=False),
        on_request=lambda command, _data: asked.append(command),
    ) as server:
        log = read(server, timeout_s=3)
        machine.punch("1001")
        read(server, log.end, timeout_s=3)
    held = 0
    for command in asked:
        held += (command == Command.PREPARE_BUFFER) - (command == Command.FREE_BUFFER)
        assert 0 <= held <= 1
    assert (held, asked.count(Command.PREPARE_BUFFER)) == (0, 3)


def test_a_slow_link_is_no_time_out_while_packets_arrive():
    machine = make_machine(punches=500)
    with DeviceServer(machine, manner=Manner(frame_bytes=1_024), frame_gap_s=0.001) as server:
        server.faults.add(SlowLink(bytes_per_second=30_000), on=Command.READ_CHUNK, times=None)
        began = time.monotonic()
        assert found(read(server)) == stored(machine)
        assert time.monotonic() - began > TIMEOUT_S

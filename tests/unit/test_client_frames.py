"""Packets on a real socket: one at a time, however they arrive, and none that answers something else."""

import socket
import struct

import pytest

from attendance_client.machine.zk.frames import Code, FrameError, FrameSocket, encode_packet, frame

ASKED = 7


@pytest.fixture
def ends():
    """The client's end, which has just asked, and the machine's."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = FrameSocket(listener.getsockname(), 0.3)
        machine, _ = listener.accept()
        with machine:
            ask(client, Code.READ_CHUNK)
            yield client, machine
            client.close()


def ask(client, command):
    client.send(frame(encode_packet(command, 1, ASKED, b"")))


def answer(code=Code.OK, data=b"", number=ASKED):
    return frame(encode_packet(code, 1, number, data))


def test_packets_that_arrive_together_are_kept_apart(ends):
    client, machine = ends
    machine.sendall(answer(Code.DATA, b"one") + answer(Code.DATA, b"two") + answer())

    assert [client.packet().data for _ in range(3)] == [b"one", b"two", b""]


def test_a_packet_that_arrives_in_pieces_is_put_together(ends):
    client, machine = ends
    whole = answer(Code.DATA, b"x" * 50)
    machine.sendall(whole[:3])
    machine.sendall(whole[3:30])
    machine.sendall(whole[30:])

    assert client.packet().data == b"x" * 50


def test_answers_to_earlier_requests_are_passed_over(ends):
    client, machine = ends
    machine.sendall(answer(Code.DATA, b"late", ASKED - 1) + answer(Code.DATA, b"now"))

    assert client.packet().data == b"now"


def test_events_are_passed_over_whatever_number_they_bear(ends):
    client, machine = ends
    machine.sendall(answer(Code.EVENT, b"somebody punched") + answer(Code.DATA, b"now"))

    assert client.packet().data == b"now"


def test_a_wrong_checksum_is_an_error(ends):
    client, machine = ends
    spoilt = bytearray(answer(Code.DATA, b"record"))
    spoilt[-1] ^= 1
    machine.sendall(spoilt)

    with pytest.raises(FrameError, match="checksum"):
        client.packet()


def test_a_machine_that_computes_no_checksums_is_believed(ends):
    client, machine = ends
    plain = bytearray(answer(Code.DATA, b"record"))
    plain[10:12] = b"\0\0"
    machine.sendall(plain)

    assert client.packet().data == b"record"


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\n", b"\x50\x50\x82\x7d" + struct.pack("<I", 1 << 30)])
def test_something_else_is_an_error(ends, head):
    client, machine = ends
    machine.sendall(head)

    with pytest.raises(FrameError, match="begins no frame"):
        client.packet()


def test_silence_and_endless_chatter_time_out(ends):
    client, machine = ends
    with pytest.raises(TimeoutError):
        client.packet()

    machine.sendall(answer(Code.EVENT) * 1000)
    with pytest.raises(TimeoutError):
        client.packet()


def test_a_closed_connection_is_an_error(ends):
    client, machine = ends
    machine.close()

    with pytest.raises(ConnectionResetError):
        client.packet()


def test_newer_firmware_is_understood_to_want_the_comm_key(ends):
    client, machine = ends
    ask(client, Code.CONNECT)
    machine.sendall(answer(Code.KEY_REQUIRED) * 2)
    assert struct.unpack_from("<H", client.recv(16), 8) == (Code.UNAUTHORIZED,)

    ask(client, Code.READ_CHUNK)
    assert client.packet().code == Code.KEY_REQUIRED

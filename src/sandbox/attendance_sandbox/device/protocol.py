"""The wire of the attendance machine: frames, checksum, numbers, times and the comm key.

All numbers are little-endian. A frame is `50 50 82 7d`, the u32 length of what follows, and then a packet:
u16 command, u16 checksum, u16 session, u16 reply number, data. Source: the behaviour of pyzk 0.9, which many
machines agree with; the manufacturer publishes no specification of it.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

_FRAME_HEADER = struct.Struct("<4sI")
_PACKET_HEADER = struct.Struct("<4H")
_MAGIC = b"\x50\x50\x82\x7d"
_MAX_PACKET_BYTES = 1 << 20
"""No request comes near it: whatever claims more is not a client of this protocol."""

MAX_CHUNK_BYTES = 0xFFC0
"""The most that one `READ_CHUNK` may ask for."""


class Command(IntEnum):
    """What a client may ask."""

    READ_USERS = 9
    READ_OPTION = 11
    READ_ATTENDANCE = 13
    CLEAR_ATTENDANCE = 15
    GET_FREE_SIZES = 50
    GET_TIME = 201
    SET_TIME = 202
    REGISTER_EVENTS = 500
    CONNECT = 1000
    EXIT = 1001
    ENABLE = 1002
    DISABLE = 1003
    RESTART = 1004
    GET_VERSION = 1100
    AUTHENTICATE = 1102
    FREE_BUFFER = 1502
    PREPARE_BUFFER = 1503
    READ_CHUNK = 1504
    ACKNOWLEDGE = 2000


class Reply(IntEnum):
    """What the machine answers."""

    PREPARE_DATA = 1500
    DATA = 1501
    OK = 2000
    ERROR = 2001
    UNAUTHORIZED = 2005
    KEY_REQUIRED = 6001
    UNKNOWN = 0xFFFF


class ProtocolError(ValueError):
    """The bytes that arrived are not this protocol; the connection cannot be used any further."""


@dataclass(frozen=True)
class Packet:
    """One request as it arrived. The checksum is not kept: see `FrameReader`."""

    command: int
    session: int
    number: int
    data: bytes


def checksum(packet: bytes) -> int:
    """The ones' complement of the folded sum of the little-endian words, the checksum's own field being zero.

    Folding a sum of 16-bit words is reducing it modulo 65,535, which one division of the whole does.
    """
    number = int.from_bytes(packet, "little")
    folded = number % 0xFFFF
    if number and not folded:
        folded = 0xFFFF
    return ~folded & 0xFFFF


def encode_packet(command: int, session: int, number: int, data: bytes = b"") -> bytes:
    """A packet by itself, as it travels on UDP."""
    unsigned = _PACKET_HEADER.pack(command, 0, session, number) + data
    return _PACKET_HEADER.pack(command, checksum(unsigned), session, number) + data


def decode_packet(packet: bytes) -> Packet:
    """The packet in these bytes.

    Raises:
        ProtocolError: they are fewer than a packet's header.
    """
    if len(packet) < _PACKET_HEADER.size:
        raise ProtocolError(f"a packet of {len(packet)} bytes is none of this protocol")
    command, _, session, number = _PACKET_HEADER.unpack_from(packet)
    return Packet(command, session, number, packet[_PACKET_HEADER.size :])


def encode_frame(command: int, session: int, number: int, data: bytes = b"") -> bytes:
    """A packet in the frame that it has on TCP."""
    packet = encode_packet(command, session, number, data)
    return _FRAME_HEADER.pack(_MAGIC, len(packet)) + packet


class FrameReader:
    """Cuts a stream of bytes into packets.

    A wrong checksum is accepted, as by the machines: pyzk computes it before it increments the reply number,
    so that none of its requests bears a right one.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, received: bytes) -> Iterator[Packet]:
        """The packets that `received` completes.

        Raises:
            ProtocolError: the stream does not continue with a frame.
        """
        self._buffer += received
        while len(self._buffer) >= _FRAME_HEADER.size:
            magic, length = _FRAME_HEADER.unpack_from(self._buffer)
            if magic != _MAGIC:
                raise ProtocolError(f"a frame starts with {_MAGIC.hex()}, not {magic.hex()}")
            if not _PACKET_HEADER.size <= length <= _MAX_PACKET_BYTES:
                raise ProtocolError(f"a packet of {length:,} bytes is none of this protocol")
            end = _FRAME_HEADER.size + length
            if len(self._buffer) < end:
                return
            packet = bytes(self._buffer[_FRAME_HEADER.size : end])
            del self._buffer[:end]
            yield decode_packet(packet)


def encode_fields(year: int, month: int, day: int, *, hour: int = 0, minute: int = 0, second: int = 0) -> int:
    """The machine's 32-bit time of a date that need not exist: `encode_fields(2026, 2, 31)` is a 31 February.

    Years run from 2000 to 2132; a month has 31 days and a year has 12 months.
    """
    days = ((year - 2000) * 12 + month - 1) * 31 + day - 1
    return days * 86400 + (hour * 60 + minute) * 60 + second


def encode_time(when: datetime) -> int:
    """The machine's 32-bit time: its order is the order of time; what is below a second is lost."""
    return encode_fields(
        when.year, when.month, when.day, hour=when.hour, minute=when.minute, second=when.second
    )


def decode_time(encoded: int) -> datetime:
    """The naive wall time of a 32-bit time.

    Raises:
        ValueError: there is no such date.
    """
    rest, second = divmod(encoded, 60)
    rest, minute = divmod(rest, 60)
    rest, hour = divmod(rest, 24)
    rest, day = divmod(rest, 31)
    year, month = divmod(rest, 12)
    return datetime(2000 + year, month + 1, day + 1, hour, minute, second)  # noqa: DTZ001 - the wall time of a clock without a zone


def scramble_comm_key(key: int, session: int, ticks: int = 50) -> bytes:
    """The four bytes by which a client proves that it knows the comm key, for one session.

    The bits of the key are reversed, the session is added, and the result is hidden behind `ZKSO` and
    `ticks`, a number of the client's choice that travels in the third byte.
    """
    reversed_key = int(f"{key & 0xFFFFFFFF:032b}"[::-1], 2)
    mixed = struct.pack("<I", (reversed_key + session) & 0xFFFFFFFF)
    _, second, third, fourth = (a ^ b for a, b in zip(mixed, b"ZKSO", strict=True))
    ticks &= 0xFF
    return bytes([third ^ ticks, fourth ^ ticks, ticks, second ^ ticks])


def comm_key_matches(data: bytes, key: int, session: int) -> bool:
    """Whether `data` of an `AUTHENTICATE` proves the key."""
    return len(data) >= 4 and data[:4] == scramble_comm_key(key, session, ticks=data[2])

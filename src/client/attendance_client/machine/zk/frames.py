"""The machine's packets on a socket, one at a time, and only those that answer what was asked.

pyzk 0.9 takes whatever one `recv` brings for one answer: two small packets that arrive together, or one that arrives
in pieces, put it out of step. It gets this socket instead of a plain one.

A packet is u16 command, u16 checksum, u16 session, u16 number, data; on TCP a frame is `50 50 82 7d`, the u32 length,
and the packet. All is little-endian. Machines echo the number of the request in each packet of the answer and their
checksums are right; the session number of data packets is not to be relied upon.
"""

import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

MAGIC = b"\x50\x50\x82\x7d"
MAX_PACKET_BYTES = 1 << 20
SLOWEST_BYTES_A_SECOND = 1024
"""A packet that goes on arriving so fast, without a pause as long as the time-out, is waited for."""
_HEADER = struct.Struct("<4H")
_MAX_DATAGRAM_BYTES = 65_536


class Code(IntEnum):
    """Commands and answers of the protocol that are used by name."""

    READ_USERS = 9
    READ_ATTENDANCE = 13
    GET_SIZES = 50
    EVENT = 500
    CONNECT = 1000
    AUTHENTICATE = 1102
    PREPARE_DATA = 1500
    DATA = 1501
    FREE_BUFFER = 1502
    PREPARE_BUFFER = 1503
    READ_CHUNK = 1504
    OK = 2000
    UNAUTHORIZED = 2005
    KEY_REQUIRED = 6001
    """How newer firmware says UNAUTHORIZED."""


class FrameError(OSError):
    """What arrived is not this protocol; the connection cannot be used any further."""


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet of an answer."""

    code: int
    data: bytes


@dataclass(slots=True)
class Tally:
    """What was seen of the packets of a connection.

    Attributes:
        answers: that answer what was asked.
        unsummed: of these, how many bear no checksum.
        of_other_session: of these, how many bear another session number than the request.
        passed_over: packets that answer nothing that was asked: events, and answers to earlier requests.
    """

    answers: int = 0
    unsummed: int = 0
    of_other_session: int = 0
    passed_over: int = 0


def encode_packet(command: int, session: int, number: int, data: bytes) -> bytes:
    """A packet without its frame."""
    unsigned = _HEADER.pack(command, 0, session, number) + data
    return _HEADER.pack(command, ~_folded(unsigned) & 0xFFFF, session, number) + data


def frame(packet: bytes) -> bytes:
    """The packet as TCP carries it."""
    return MAGIC + struct.pack("<I", len(packet)) + packet


def _folded(packet: bytes) -> int:
    # Folding a sum of 16-bit words is reducing the whole, as one number, modulo 65,535.
    return int.from_bytes(packet, "little") % 0xFFFF


class FrameSocket:
    """What pyzk takes for its socket: `recv` returns one whole answer, `send` sends one request.

    Args:
        timeout_s: within which each packet of an answer must have arrived whole.
        udp: datagrams instead of a stream.
        progress: called when bytes have arrived.

    Raises:
        OSError: from every method, where the connection fails or times out.
    """

    def __init__(
        self,
        address: tuple[str, int],
        timeout_s: float,
        *,
        udp: bool = False,
        progress: Callable[[], None] | None = None,
    ) -> None:
        self._udp = udp
        self._progress = progress
        self._timeout_s = timeout_s
        self.patience = self._patience = 1.0
        """The part of the time-out within which each packet of the next request's answer is waited for."""
        self.tally = Tally()
        self._command = 0
        self._number = 0
        self._session = 0
        self._received = b""
        if udp:
            self._sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            try:
                self._sock.connect(address)
            except OSError:
                self._sock.close()
                raise
        else:
            self._sock = socket.create_connection(address, timeout_s)
            self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, data: bytes) -> int:
        self._asked(data[len(MAGIC) + 4 :])
        self._sock.settimeout(self._timeout_s)
        self._sock.sendall(data)
        return len(data)

    def sendto(self, data: bytes, address: tuple[str, int]) -> int:
        """Send one request as a datagram; the address is the one connected to."""
        del address
        self._asked(data)
        self._sock.settimeout(self._timeout_s)
        return self._sock.send(data)

    def _asked(self, packet: bytes) -> None:
        self._patience, self.patience = self.patience, 1.0
        self._command, _, self._session, self._number = _HEADER.unpack_from(packet)

    def recv(self, size: int) -> bytes:
        """The next packet of the answer, framed as it arrived, however long it is."""
        del size
        packet = self._answer()
        if (
            self._command in (Code.CONNECT, Code.AUTHENTICATE)
            and _HEADER.unpack_from(packet)[0] == Code.KEY_REQUIRED
        ):
            # pyzk authenticates, and takes its key for refused, on 2005 only.
            packet = struct.pack("<H", Code.UNAUTHORIZED) + packet[2:]
        return packet if self._udp else frame(packet)

    def packet(self) -> Packet:
        """The next packet of the answer."""
        packet = self._answer()
        return Packet(_HEADER.unpack_from(packet)[0], packet[_HEADER.size :])

    def close(self) -> None:
        self._sock.close()

    def _answer(self) -> bytes:
        """The next packet that answers the latest request: events, and answers to earlier requests, are passed over."""
        deadline = time.monotonic() + self._timeout_s * self._patience
        before = self.tally.passed_over
        while True:
            try:
                packet = self._datagram(deadline) if self._udp else self._framed(deadline)
            except TimeoutError as error:
                if self.tally.passed_over > before:
                    raise TimeoutError("nothing that it sent bears the number of the request") from error
                raise
            if len(packet) < _HEADER.size:
                raise FrameError(f"a packet of {len(packet)} bytes")
            code, checksum, session, number = _HEADER.unpack_from(packet)
            # A checksum of 0 is also how a firmware without checksums would leave the field.
            if checksum and _folded(packet):
                raise FrameError("a packet with a wrong checksum")
            if code != Code.EVENT and number == self._number:
                self.tally.answers += 1
                self.tally.unsummed += not checksum
                # The first answer says which one the session has.
                self.tally.of_other_session += session != self._session and self._command != Code.CONNECT
                return packet
            self.tally.passed_over += 1

    def _framed(self, deadline: float) -> bytes:
        head = self._exactly(len(MAGIC) + 4, deadline)
        (length,) = struct.unpack_from("<I", head, len(MAGIC))
        if not head.startswith(MAGIC) or length > MAX_PACKET_BYTES:
            raise FrameError(f"what answers is no attendance machine: {head.hex(' ')} begins no frame")
        return self._exactly(length, deadline)

    def _exactly(self, size: int, deadline: float) -> bytes:
        parts = [self._received]
        missing = size - len(self._received)
        limit = deadline
        while missing > 0:
            part = self._receive(max(missing, 4096), deadline)
            if not part:
                raise ConnectionResetError("the machine closed the connection")
            parts.append(part)
            missing -= len(part)
            limit += len(part) / SLOWEST_BYTES_A_SECOND
            deadline = min(limit, time.monotonic() + self._timeout_s * self._patience)
        whole = b"".join(parts)
        self._received = whole[size:]
        return whole[:size]

    def _datagram(self, deadline: float) -> bytes:
        return self._receive(_MAX_DATAGRAM_BYTES, deadline)

    def _receive(self, size: int, deadline: float) -> bytes:
        left_s = deadline - time.monotonic()
        if left_s <= 0:
            raise TimeoutError("timed out")
        self._sock.settimeout(left_s)
        received = self._sock.recv(size)
        if received and self._progress is not None:
            self._progress()
        return received

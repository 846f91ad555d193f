"""A wire in memory between the client's adapter and a simulated machine."""

import socket
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from types import SimpleNamespace
from unittest.mock import patch

from attendance_client.machine.zk import frames
from attendance_sandbox.device.datagrams import FRAME_BYTES, INLINE_BYTES
from attendance_sandbox.device.machine import AttendanceMachine
from attendance_sandbox.device.protocol import FrameReader, Packet, decode_packet, encode_frame, encode_packet
from attendance_sandbox.device.session import Manner, Session
from tests.fuzz.mutations import Reply, Sent

MOST_CALLS = 200_000
"""Far more than any honest reading needs: who asks more often than that, hangs."""


class Hang(BaseException):
    """No Exception: nothing that the adapter catches."""


class Wire:
    """The machine's end and the network; `Socket` is the client's end.

    Args:
        machine: who answers.
        spoil: what happens to the reply to the nth request.
        udp: datagrams instead of a stream.

    Attributes:
        now_s: what the clock of this world shows; only waiting for nothing moves it.
    """

    def __init__(
        self,
        machine: AttendanceMachine,
        spoil: Callable[[int, Packet, Reply], None],
        *,
        udp: bool = False,
        manner: Manner | None = None,
    ) -> None:
        if manner is None:
            manner = Manner(inline_bytes=INLINE_BYTES, frame_bytes=FRAME_BYTES) if udp else Manner()
        self.udp = udp
        self.now_s = 0.0
        self._replies = 0
        self._machine = machine
        self._spoil = spoil
        self._manner = manner
        self._session_numbers = count(0x1001)

    def socket(self, *_: object) -> "Socket":
        """Stands for a constructor."""
        return Socket(self)

    def connection(self, *_: object) -> "Socket":
        """Stands for `socket.create_connection`."""
        return Socket(self)

    def session(self) -> Session:
        return Session(self._machine, self._manner, lambda: next(self._session_numbers))

    def answer(self, session: Session, request: Packet) -> Reply:
        answer = session.answer(request)
        sent = [Sent(code, session.id, request.number, data) for code, data in answer.packets]
        reply = Reply(sent, encode_packet if self.udp else encode_frame, udp=self.udp)
        self._spoil(self._replies, request, reply)
        self._replies += 1
        return reply


class Socket:
    """What the adapter uses of a socket."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._session = wire.session()
        self._reader = FrameReader()
        self._arriving: deque[bytes] = deque()
        self._late: list[bytes] = []
        self._closed_by_machine = False
        self._timeout_s = 0.0
        self._calls = 0

    def connect(self, address: object) -> None:
        pass

    def setsockopt(self, *_: int) -> None:
        pass

    def settimeout(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s

    def close(self) -> None:
        self._arriving.clear()

    def send(self, data: bytes) -> int:
        self.sendall(data)
        return len(data)

    def sendall(self, data: bytes) -> None:
        if self._closed_by_machine:
            raise BrokenPipeError("the machine closed the connection")
        for request in [decode_packet(data)] if self._wire.udp else self._reader.feed(data):
            reply = self._wire.answer(self._session, request)
            self._arriving.extend(self._late)
            self._late = reply.late
            self._arriving.extend(reply.pieces)
            self._closed_by_machine = self._closed_by_machine or reply.closes

    def recv(self, size: int) -> bytes:
        self._calls += 1
        if self._calls > MOST_CALLS:
            raise Hang
        if not self._arriving:
            if self._closed_by_machine:
                return b""
            self._wire.now_s += self._timeout_s
            raise TimeoutError("timed out")
        piece = self._arriving.popleft()
        if len(piece) > size and not self._wire.udp:
            self._arriving.appendleft(piece[size:])
        return piece[:size]


@contextmanager
def on(wire: Wire) -> Iterator[None]:
    """Put the adapter on this wire, and on its clock."""
    constants = {name: getattr(socket, name) for name in dir(socket) if name.isupper()}
    sockets = SimpleNamespace(**constants, socket=wire.socket, create_connection=wire.connection)
    clock = SimpleNamespace(monotonic=lambda: wire.now_s)
    with patch.object(frames, "socket", sockets), patch.object(frames, "time", clock):
        yield

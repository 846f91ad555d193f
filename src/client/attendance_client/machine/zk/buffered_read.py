"""Reading a table of the machine in parts.

The machine freezes a copy of the table on PREPARE_BUFFER; READ_CHUNK fetches any part of it by offset and length;
FREE_BUFFER lets it go. A small table comes whole with the first answer. Old firmware knows no PREPARE_BUFFER; it sends
the whole table when it is asked for it.
"""

import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Protocol, TypeVar

from attendance_client.errors import MachineError, RefusalError, SilenceError
from attendance_client.machine.zk.frames import Code, Packet

T = TypeVar("T")

CHUNK_BYTES = 0xFFC0
UDP_CHUNK_BYTES = 1024
"""What one datagram carries: the packets of a longer chunk bear one and the same number, and UDP keeps no order."""
UDP_ATTEMPTS = 5
"""How often something is asked for by UDP before the machine counts as silent."""
MOST_BYTES = 32 << 20
"""Of a table. The largest machines hold 200,000 punches of 49 bytes; whoever announces more would fill our memory."""


class Table(Protocol):
    """A frozen copy of one of the machine's tables."""

    @property
    def size(self) -> int:
        """In bytes."""
        ...

    def part(self, start: int, length: int) -> bytes:
        """Exactly these bytes; raises MachineError, in particular RefusalError."""
        ...


class Link(Protocol):
    """One request at a time, and its answer."""

    def ask(self, command: int, data: bytes = b"", patience: float = 1.0) -> Packet:
        """Send a request and wait for the first packet of its answer; raises MachineError.

        `patience` is the part of the time-out that its packets are waited for.
        """
        ...

    def more(self) -> Packet:
        """Wait for the next packet of the same answer; raises MachineError."""
        ...


def insistently(by_udp: bool, ask: Callable[[float], T]) -> T:
    """Ask what may be asked twice; by UDP, which loses packets, several times.

    `ask` takes the part of the time-out that it is to wait.
    """
    for _ in range(UDP_ATTEMPTS - 1 if by_udp else 0):
        with suppress(SilenceError):
            return ask(1 / UDP_ATTEMPTS)
    return ask(1.0)


@contextmanager
def prepared_table(
    link: Link, command: int, function: int, chunk_bytes: int = CHUNK_BYTES
) -> Iterator[Table]:
    """Let the machine freeze the table that `command` and `function` name.

    Raises:
        RefusalError: it does not have one, or does not let it be read.
        MachineError: it did not answer, or not in this protocol.
    """
    request = struct.pack("<bhii", 1, command, function, 0)
    by_udp = chunk_bytes == UDP_CHUNK_BYTES
    answer = insistently(by_udp, lambda patience: link.ask(Code.PREPARE_BUFFER, request, patience))
    if answer.code == Code.DATA:
        yield WholeTable(answer.data)
    elif answer.code == Code.PREPARE_DATA:
        yield WholeTable(_rest(link, answer, None, in_order=chunk_bytes == CHUNK_BYTES))
    elif answer.code == Code.OK:
        if len(answer.data) < 5:
            raise MachineError("the machine prepared a reading and did not say how long it is")
        (size,) = struct.unpack_from("<I", answer.data, 1)
        _check_size(size)
        try:
            yield _ChunkedTable(link, size, chunk_bytes)
        except RefusalError:
            # The conversation goes on: the copy must not be in the way of the next.
            link.ask(Code.FREE_BUFFER)
            raise
        link.ask(Code.FREE_BUFFER)
    else:
        yield WholeTable(_unbuffered(link, command, function, answer, by_udp=by_udp))


def _unbuffered(link: Link, command: int, function: int, refusal: Packet, *, by_udp: bool) -> bytes:
    """The whole table, from a machine that answered `refusal` when it was to freeze it."""
    if by_udp:  # by which packets that overtake each other cannot be told apart
        raise RefusalError(
            f'the machine refuses to be read in parts (answer {refusal.code}); set "udp": false, if it speaks TCP'
        )
    answer = link.ask(command, bytes([function]) if function else b"")
    if answer.code == Code.DATA:
        return answer.data
    if answer.code == Code.PREPARE_DATA:
        return _rest(link, answer, None, in_order=True)
    raise RefusalError(f"the machine refuses to be read (answer {refusal.code})")


@dataclass(frozen=True, slots=True)
class WholeTable:
    """A table that is here already."""

    data: bytes

    @property
    def size(self) -> int:
        return len(self.data)

    def part(self, start: int, length: int) -> bytes:
        return self.data[start : start + length]


@dataclass(frozen=True, slots=True)
class _ChunkedTable:
    link: Link
    size: int
    chunk_bytes: int

    def part(self, start: int, length: int) -> bytes:
        end = min(start + length, self.size)
        return b"".join(
            self._chunk(place, min(self.chunk_bytes, end - place))
            for place in range(start, end, self.chunk_bytes)
        )

    def _chunk(self, start: int, length: int) -> bytes:
        """On UDP a lost packet is no reason to begin again: the machine's copy stands still."""
        return insistently(
            self.chunk_bytes == UDP_CHUNK_BYTES, lambda patience: self._asked(start, length, patience)
        )

    def _asked(self, start: int, length: int, patience: float) -> bytes:
        answer = self.link.ask(Code.READ_CHUNK, struct.pack("<ii", start, length), patience)
        if answer.code == Code.DATA:
            data = answer.data
        elif answer.code == Code.PREPARE_DATA:
            data = _rest(self.link, answer, length, in_order=self.chunk_bytes == CHUNK_BYTES)
        else:
            raise RefusalError(
                f"the machine refuses to send {length} bytes from {start} (answer {answer.code})"
            )
        if len(data) != length:
            raise MachineError(f"the machine sent {len(data)} bytes where {length} were asked for")
        return data


def _rest(link: Link, announcement: Packet, expected: int | None, *, in_order: bool) -> bytes:
    """The data that follow an announcement, up to the OK that ends them; which by UDP may overtake them."""
    if len(announcement.data) < 4:
        raise MachineError("the machine announced data and did not say how many")
    (size,) = struct.unpack_from("<I", announcement.data)
    if expected is not None and size != expected:
        raise MachineError(f"the machine announced {size} bytes where {expected} were asked for")
    _check_size(size)
    parts: list[bytes] = []
    received = 0
    is_ended = False
    while received < size or not is_ended:
        packet = link.more()
        if packet.code == Code.OK and not is_ended and (received == size or not in_order):
            is_ended = True
        elif packet.code == Code.DATA and packet.data and received < size:
            parts.append(packet.data)
            received += len(packet.data)
        elif received < size:
            raise MachineError(f"the machine broke off after {received} of {size} bytes")
        else:
            break
    if received != size or not is_ended:
        raise MachineError(f"the machine announced {size} bytes and sent others")
    return b"".join(parts)


def _check_size(size: int) -> None:
    if size > MOST_BYTES:
        raise MachineError(f"the machine announced {size} bytes, more than any machine holds")

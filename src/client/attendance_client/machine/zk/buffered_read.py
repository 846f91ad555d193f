"""Reading a table of the machine in parts.

The machine freezes a copy of the table on PREPARE_BUFFER; READ_CHUNK fetches any part of it by offset and length;
FREE_BUFFER lets it go. A small table comes whole with the first answer.
"""

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from attendance_client.errors import MachineError, RefusalError
from attendance_client.machine.zk.frames import Code, Packet

CHUNK_BYTES = 0xFFC0
UDP_CHUNK_BYTES = 1024
"""What one datagram carries: the packets of a longer chunk bear one and the same number, and UDP keeps no order."""


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

    def ask(self, command: int, data: bytes = b"") -> Packet:
        """Send a request and wait for the first packet of its answer; raises MachineError."""
        ...

    def more(self) -> Packet:
        """Wait for the next packet of the same answer; raises MachineError."""
        ...


@contextmanager
def prepared_table(
    link: Link, command: int, function: int, chunk_bytes: int = CHUNK_BYTES
) -> Iterator[Table]:
    """Let the machine freeze the table that `command` and `function` name.

    Raises:
        RefusalError: it does not have one, or knows no buffered reads.
        MachineError: it did not answer, or not in this protocol.
    """
    answer = link.ask(Code.PREPARE_BUFFER, struct.pack("<bhii", 1, command, function, 0))
    if answer.code == Code.DATA:
        yield WholeTable(answer.data)
    elif answer.code == Code.PREPARE_DATA:
        yield WholeTable(_rest(link, answer, None))
    elif answer.code == Code.OK:
        if len(answer.data) < 5:
            raise MachineError("the machine prepared a reading and did not say how long it is")
        (size,) = struct.unpack_from("<I", answer.data, 1)
        try:
            yield _ChunkedTable(link, size, chunk_bytes)
        except RefusalError:
            # The conversation goes on: the copy must not be in the way of the next.
            link.ask(Code.FREE_BUFFER)
            raise
        link.ask(Code.FREE_BUFFER)
    else:
        raise RefusalError(f"the machine refuses to be read (answer {answer.code})")


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
        answer = self.link.ask(Code.READ_CHUNK, struct.pack("<ii", start, length))
        if answer.code == Code.DATA:
            data = answer.data
        elif answer.code == Code.PREPARE_DATA:
            data = _rest(self.link, answer, length)
        else:
            raise RefusalError(
                f"the machine refuses to send {length} bytes from {start} (answer {answer.code})"
            )
        if len(data) != length:
            raise MachineError(f"the machine sent {len(data)} bytes where {length} were asked for")
        return data


def _rest(link: Link, announcement: Packet, expected: int | None) -> bytes:
    """The data that follow an announcement, up to the OK that ends them."""
    if len(announcement.data) < 4:
        raise MachineError("the machine announced data and did not say how many")
    (size,) = struct.unpack_from("<I", announcement.data)
    if expected is not None and size != expected:
        raise MachineError(f"the machine announced {size} bytes where {expected} were asked for")
    parts: list[bytes] = []
    received = 0
    while received < size:
        packet = link.more()
        if packet.code != Code.DATA or not packet.data:
            raise MachineError(f"the machine broke off after {received} of {size} bytes")
        parts.append(packet.data)
        received += len(packet.data)
    if received > size or link.more().code != Code.OK:
        raise MachineError(f"the machine announced {size} bytes and sent others")
    return b"".join(parts)

"""What can happen to a reply on its way, or to a machine that is not sound.

A packet's checksum sees every change of fewer than 16 neighbouring bits, which is why no more are changed where it is
to be seen. Where the machine itself is wrong (counts, sizes, codes) the checksum is right.

Two data packets of one chunk are exchanged, or one sent in place of another, on UDP only: nothing in the packets
tells them apart, and TCP keeps their order.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from attendance_sandbox.device.protocol import Command, Packet, encode_packet
from attendance_sandbox.device.protocol import Reply as Code

NUMBERS = (1, -1, 2, -2, 4, 8, -8, 16, -16, 40, -40, 49, -49, 1_000, -1_000, 1 << 20, -(1 << 30))
"""What is added to a count or a size."""

CODES = (*Code, 500, 1502, 0, 7, 0xFFFE)
TEXTS = (Command.READ_OPTION, Command.GET_VERSION)
"""Nothing says how long their answers are, so that a shortened one with a right checksum passes for another text."""

_FREE_SIZES_USERS = 16
_FREE_SIZES_RECORDS = 32


@dataclass(frozen=True)
class Sent:
    """One packet of a reply."""

    code: int
    session: int
    number: int
    data: bytes


@dataclass
class Reply:
    """A reply that can be spoilt.

    Attributes:
        packets: of which it consists.
        encode: how they travel.
        udp: whether each travels by itself.
        pieces: their bytes; made of the packets unless a mutation has made them already.
        late: bytes that arrive with the next reply.
        closes: whether the machine closes the connection afterwards.
    """

    packets: list[Sent]
    encode: Callable[[int, int, int, bytes], bytes] = encode_packet
    udp: bool = False
    late: list[bytes] = field(default_factory=list)
    closes: bool = False
    _pieces: list[bytes] | None = None

    @property
    def pieces(self) -> list[bytes]:
        if self._pieces is None:
            self._pieces = [
                self.encode(sent.code, sent.session, sent.number, sent.data) for sent in self.packets
            ]
        return self._pieces

    @pieces.setter
    def pieces(self, pieces: list[bytes]) -> None:
        self._pieces = pieces


Mutation = Callable[[Packet, Reply, int, int], None]
"""Spoils the reply to a request; `place` and `value` are any numbers that say where and how."""

# --- the wire's part


def flip_a_bit(_: Packet, reply: Reply, place: int, value: int) -> None:
    _change(reply, place, 1 << value % 8, 1)


def flip_a_burst(_: Packet, reply: Reply, place: int, value: int) -> None:
    _change(reply, place, value % 0x7FFF + 1, 2)


def cut_off(_: Packet, reply: Reply, place: int, value: int) -> None:
    """The rest never comes; by the value, because the connection ends."""
    stream = reply.pieces[:1] if reply.udp else [b"".join(reply.pieces)]
    if stream:
        reply.pieces = [stream[0][: place % (len(stream[0]) + 1)]]
    reply.closes = value % 2 == 1 and not reply.udp


def lose_a_packet(_: Packet, reply: Reply, place: int, value: int) -> None:
    if reply.packets:
        del reply.packets[place % len(reply.packets)]


def double_a_packet(_: Packet, reply: Reply, place: int, value: int) -> None:
    """At once, or after others."""
    if reply.packets:
        reply.packets.insert(value % (len(reply.packets) + 1), reply.packets[place % len(reply.packets)])


def exchange_packets(_: Packet, reply: Reply, place: int, value: int) -> None:
    if not reply.packets:
        return
    one, other = place % len(reply.packets), value % len(reply.packets)
    if reply.udp or not _both_data(reply, one, other):
        reply.packets[one], reply.packets[other] = reply.packets[other], reply.packets[one]


def send_one_for_another(_: Packet, reply: Reply, place: int, value: int) -> None:
    """One is lost and another doubled."""
    if not reply.packets:
        return
    one, other = place % len(reply.packets), value % len(reply.packets)
    if reply.udp or not _both_data(reply, one, other):
        reply.packets[one] = reply.packets[other]


def come_too_late(_: Packet, reply: Reply, place: int, value: int) -> None:
    """The whole reply arrives when the next is expected."""
    reply.late, reply.pieces = reply.pieces, []


def come_in_crumbs(_: Packet, reply: Reply, place: int, value: int) -> None:
    """No harm is done: a stream may be cut anywhere."""
    if not reply.udp:
        stream, crumb = b"".join(reply.pieces), value % 23 + 1
        reply.pieces = [stream[start : start + crumb] for start in range(0, len(stream), crumb)]


def add_garbage(_: Packet, reply: Reply, place: int, value: int) -> None:
    pieces = list(reply.pieces)
    garbage = value.to_bytes(4, "little") * (place % 7 + 1)
    pieces.insert(place % (len(pieces) + 1), garbage)
    reply.pieces = pieces


# --- the machine's part


def add_an_event(_: Packet, reply: Reply, place: int, value: int) -> None:
    event = Sent(Command.REGISTER_EVENTS, 1, value % 2, value.to_bytes(4, "little") * 8)
    reply.packets.insert(place % (len(reply.packets) + 1), event)


def answer_with_another_code(_: Packet, reply: Reply, place: int, value: int) -> None:
    _replace(reply, place, lambda sent: replace(sent, code=CODES[value % len(CODES)]))


def number_wrongly(_: Packet, reply: Reply, place: int, value: int) -> None:
    _replace(reply, place, lambda sent: replace(sent, number=(sent.number + value) & 0xFFFF))


def claim_another_session(_: Packet, reply: Reply, place: int, value: int) -> None:
    _replace(reply, place, lambda sent: replace(sent, session=value & 0xFFFF))


def say_too_little_or_too_much(request: Packet, reply: Reply, place: int, value: int) -> None:
    if request.command in TEXTS:
        return
    by = NUMBERS[value % 13]
    _replace(
        reply, place, lambda sent: replace(sent, data=sent.data + bytes(by) if by > 0 else sent.data[:by])
    )


def count_wrongly(request: Packet, reply: Reply, place: int, value: int) -> None:
    """A count or a size in the reply is another number."""
    if not reply.packets:
        return
    index = place % len(reply.packets)
    sent = reply.packets[index]
    offset = _place_of_number(request, reply, index, value)
    if offset is None or len(sent.data) < offset + 4:
        return
    (number,) = struct.unpack_from("<i", sent.data, offset)
    wrong = (number + NUMBERS[value // 2 % len(NUMBERS)]) & 0xFFFFFFFF
    data = sent.data[:offset] + struct.pack("<I", wrong) + sent.data[offset + 4 :]
    reply.packets[index] = replace(sent, data=data)


MUTATIONS: tuple[Mutation, ...] = (
    flip_a_bit,
    flip_a_burst,
    cut_off,
    lose_a_packet,
    double_a_packet,
    exchange_packets,
    send_one_for_another,
    come_too_late,
    come_in_crumbs,
    add_garbage,
    add_an_event,
    answer_with_another_code,
    number_wrongly,
    claim_another_session,
    say_too_little_or_too_much,
    count_wrongly,
)


def _change(reply: Reply, place: int, bits: int, width: int) -> None:
    pieces = list(reply.pieces)
    if not pieces:
        return
    index = place % len(pieces)
    piece = bytearray(pieces[index])
    at = place // len(pieces) % (len(piece) - width + 1)
    changed = int.from_bytes(piece[at : at + width], "little") ^ bits
    piece[at : at + width] = changed.to_bytes(width, "little")
    pieces[index] = bytes(piece)
    reply.pieces = pieces


def _replace(reply: Reply, place: int, change: Callable[[Sent], Sent]) -> None:
    if reply.packets:
        index = place % len(reply.packets)
        reply.packets[index] = change(reply.packets[index])


def _both_data(reply: Reply, one: int, other: int) -> bool:
    return reply.packets[one].code == reply.packets[other].code == Code.DATA


def _place_of_number(request: Packet, reply: Reply, index: int, value: int) -> int | None:
    code = reply.packets[index].code
    if request.command == Command.GET_FREE_SIZES:
        return _FREE_SIZES_RECORDS if value % 2 else _FREE_SIZES_USERS
    if request.command == Command.PREPARE_BUFFER:
        return 1 if code == Code.OK else 0
    if request.command == Command.READ_CHUNK:
        begins_table = struct.unpack_from("<i", request.data)[0] == 0 and index == 1
        return 0 if code == Code.PREPARE_DATA or begins_table else None
    return None

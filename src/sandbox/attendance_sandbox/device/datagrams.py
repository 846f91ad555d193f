"""The machine on UDP: packets without a frame around them, one a datagram."""

import random
import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from attendance_sandbox.device.dialogue import Dialogue, Outcome
from attendance_sandbox.device.faults import (
    DropConnection,
    GoneSilent,
    ResetConnection,
    SendGarbage,
    StaySilent,
    TearReply,
)
from attendance_sandbox.device.protocol import (
    Command,
    Packet,
    ProtocolError,
    Reply,
    decode_packet,
    encode_packet,
)
from attendance_sandbox.device.traffic import Traffic

INLINE_BYTES = 1016
"""With the packet's header that makes 1 KB, the most that clients receive at once."""

FRAME_BYTES = 1024
"""What a packet of a chunk carries; clients count on it."""

_RECEIVE_BYTES = 65_536

Address = tuple[str, int]


@dataclass(frozen=True)
class Losses:
    """What a poor link does to datagrams.

    Attributes:
        lost: the share of them that arrive nowhere, requests and answers alike.
        overtaken: the share of packets with data that arrive after the one sent next.
        seed: draws the same ones each time.
        bytes_per_second: how fast they travel to the client; 0 for at once.
        latency_s: how long an answer is on its way before that.
    """

    lost: float = 0.0
    overtaken: float = 0.0
    seed: int = 1
    bytes_per_second: float = 0.0
    latency_s: float = 0.0


class Datagrams:
    """Answers the requests of all clients in one thread, with a session for each address.

    There is no connection to drop or to reset: such faults leave the request unanswered.
    """

    def __init__(self, bound: socket.socket, new_dialogue: Callable[[], Dialogue], traffic: Traffic) -> None:
        self._socket = bound
        self._new_dialogue = new_dialogue
        self._traffic = traffic
        self._dialogues: dict[Address, Dialogue] = {}
        self._gone: set[Address] = set()
        self._closed = threading.Event()
        self.losses = Losses()
        self._random = random.Random(1)  # noqa: S311 - a poor link, no secret
        self._held: tuple[bytes, Address] | None = None

    def serve(self) -> None:
        """Answer until `close`."""
        with self._socket:
            while True:
                data, address = self._socket.recvfrom(_RECEIVE_BYTES)
                if self._closed.is_set():
                    return
                self._traffic.count(received=len(data))
                self._take(data, address)

    def close(self) -> None:
        """Make `serve` end; from any thread."""
        self._closed.set()
        host_and_port = self._socket.getsockname()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as waker:
            waker.sendto(b"", host_and_port)

    def forget_sessions(self) -> None:
        """As after a restart: clients have to connect again."""
        self._dialogues.clear()
        self._gone.clear()

    def _take(self, data: bytes, address: Address) -> None:
        if self._is_lost():
            return
        try:
            packet = decode_packet(data)
        except ProtocolError:
            return  # nobody to complain to
        if packet.command == Command.CONNECT:
            self._gone.discard(address)
        elif address in self._gone:
            return
        if address not in self._dialogues:
            self._dialogues[address] = self._new_dialogue()
        dialogue = self._dialogues[address]
        faults = dialogue.hear(packet)
        if packet.command == Command.ACKNOWLEDGE:
            return
        outcome = dialogue.answer(packet, faults)
        self._reply(dialogue, packet, outcome, address)
        if outcome.reboots:
            self.forget_sessions()
        elif outcome.closes:
            del self._dialogues[address]

    def _reply(self, dialogue: Dialogue, packet: Packet, outcome: Outcome, address: Address) -> None:
        session_id, number = dialogue.session.numbers(packet)
        datagrams = [encode_packet(code, session_id, number, data) for code, data in outcome.packets]
        match outcome.spoilt_by:
            case StaySilent() | DropConnection() | ResetConnection():
                return
            case GoneSilent():
                self._gone.add(address)
                return
            case SendGarbage(data):
                datagrams = [data]
            case TearReply(keep):
                datagrams = [b"".join(datagrams)[:keep]]
        time.sleep(self.losses.latency_s)
        for datagram in datagrams:
            if self.losses.bytes_per_second:
                time.sleep(len(datagram) / self.losses.bytes_per_second)
            self._send(datagram, address)

    def _send(self, datagram: bytes, address: Address) -> None:
        if self._is_lost():
            return
        held, self._held = self._held, None
        is_data = datagram[:2] == struct.pack("<H", Reply.DATA)
        if held is None and is_data and self._random.random() < self.losses.overtaken:
            self._held = (datagram, address)
            return
        for one in filter(None, ((datagram, address), held)):
            self._traffic.count(sent=len(one[0]))
            self._socket.sendto(*one)

    def _is_lost(self) -> bool:
        return self._random.random() < self.losses.lost

    def degrade(self, losses: Losses) -> None:
        """From now on, the link is such."""
        self._random = random.Random(losses.seed)  # noqa: S311 - a poor link, no secret
        self.losses = losses

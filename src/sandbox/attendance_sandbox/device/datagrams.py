"""The machine on UDP: packets without a frame around them, one a datagram."""

import socket
import threading
from collections.abc import Callable

from attendance_sandbox.device.dialogue import Dialogue, Outcome
from attendance_sandbox.device.faults import (
    DropConnection,
    GoneSilent,
    ResetConnection,
    SendGarbage,
    StaySilent,
    TearReply,
)
from attendance_sandbox.device.protocol import Command, Packet, ProtocolError, decode_packet, encode_packet
from attendance_sandbox.device.traffic import Traffic

INLINE_BYTES = 1016
"""With the packet's header that makes 1 KB, the most that clients receive at once."""

FRAME_BYTES = 1024
"""What a packet of a chunk carries; clients count on it."""

_RECEIVE_BYTES = 65_536

Address = tuple[str, int]


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
        session_id = dialogue.session.id
        datagrams = [encode_packet(code, session_id, packet.number, data) for code, data in outcome.packets]
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
        for datagram in datagrams:
            self._traffic.count(sent=len(datagram))
            self._socket.sendto(datagram, address)

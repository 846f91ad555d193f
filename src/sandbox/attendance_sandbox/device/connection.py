"""One TCP connection to the machine: requests in, replies out."""

import contextlib
import socket
import struct
import threading
from collections.abc import Callable

from attendance_sandbox.device.dialogue import Dialogue, Outcome
from attendance_sandbox.device.faults import (
    DropConnection,
    GoneSilent,
    ResetConnection,
    SendGarbage,
    SlowLink,
    StaySilent,
    TearReply,
)
from attendance_sandbox.device.protocol import Command, FrameReader, Packet, ProtocolError, encode_frame
from attendance_sandbox.device.traffic import Traffic

_RECEIVE_BYTES = 65_536
_PACKET_BYTES = 1_460
"""What one Ethernet packet carries; a slow link delivers in such pieces."""

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
"""SO_LINGER: on, for no time; closing then throws away what is unsent and resets the connection."""


class Connection:
    """Serves one client until it leaves."""

    def __init__(
        self,
        client: socket.socket,
        dialogue: Dialogue,
        *,
        traffic: Traffic,
        frame_gap_s: float,
        on_reboot: Callable[[], object],
    ) -> None:
        self._client = client
        self._dialogue = dialogue
        self._traffic = traffic
        self._frame_gap_s = frame_gap_s
        self._on_reboot = on_reboot
        self._closed = threading.Event()
        self._gone = False

    def serve(self) -> None:
        """Answer until either side closes; returns, whatever the client did."""
        reader = FrameReader()
        try:
            while not self._closed.is_set():
                received = self._client.recv(_RECEIVE_BYTES)
                if not received:
                    return
                self._traffic.count(received=len(received))
                for packet in reader.feed(received):
                    self._handle(packet)
                    if self._closed.is_set():
                        return
        except ProtocolError as error:
            self._dialogue.log(f"closed a connection: {error}")
        except OSError:
            return  # the client has gone, or close() was called
        finally:
            self._client.close()

    def close(self) -> None:
        """Make `serve` end soon, from any thread; twice does no harm."""
        self._closed.set()
        with contextlib.suppress(OSError):
            self._client.shutdown(socket.SHUT_RDWR)

    # --- requests

    def _handle(self, packet: Packet) -> None:
        if self._gone:
            return
        faults = self._dialogue.hear(packet)
        if packet.command == Command.ACKNOWLEDGE:
            return
        outcome = self._dialogue.answer(packet, faults)
        self._reply(packet, outcome)
        if outcome.reboots:
            self._on_reboot()

    def _reply(self, packet: Packet, outcome: Outcome) -> None:
        session_id, number = self._dialogue.session.numbers(packet)
        frames = [encode_frame(code, session_id, number, data) for code, data in outcome.packets]
        match outcome.spoilt_by:
            case StaySilent():
                return
            case GoneSilent():
                self._gone = True
                return
            case ResetConnection():
                self._client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
                self._closed.set()
                return
            case DropConnection():
                self._closed.set()
                return
            case SendGarbage(data):
                frames = [data]
            case TearReply(keep):
                frames = [b"".join(frames)[:keep]]
        self._send(frames, outcome.slow)
        if outcome.closes or isinstance(outcome.spoilt_by, TearReply):
            self._closed.set()

    def _send(self, frames: list[bytes], slow: SlowLink | None) -> None:
        if self._frame_gap_s == 0:
            frames = [b"".join(frames)]
        for index, frame in enumerate(frames):
            if index and self._closed.wait(self._frame_gap_s):
                return
            self._transmit(frame, slow)

    def _transmit(self, frames: bytes, slow: SlowLink | None) -> None:
        if slow is None:
            self._send_all(frames)
            return
        self._closed.wait(slow.latency_s)
        for start in range(0, len(frames), _PACKET_BYTES):
            piece = frames[start : start + _PACKET_BYTES]
            if self._closed.wait(len(piece) / slow.bytes_per_second):
                return
            self._send_all(piece)

    def _send_all(self, data: bytes) -> None:
        self._traffic.count(sent=len(data))
        self._client.sendall(data)

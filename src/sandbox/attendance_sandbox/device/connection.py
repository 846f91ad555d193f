"""One TCP connection to the machine: requests in, replies and punch events out."""

import contextlib
import socket
import struct
import threading
from collections import deque
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
from attendance_sandbox.device.protocol import (
    EVENT_PUNCH,
    Command,
    FrameReader,
    Packet,
    ProtocolError,
    encode_frame,
)
from attendance_sandbox.device.records import PunchRecord, pack_event
from attendance_sandbox.device.traffic import Traffic

_RECEIVE_BYTES = 65_536
_PACKET_BYTES = 1_460
"""What one Ethernet packet carries; a slow link delivers in such pieces."""

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
"""SO_LINGER: on, for no time; closing then throws away what is unsent and resets the connection."""


class Connection:
    """Serves one client until it leaves.

    Events wait for one another: the next is sent when the client has acknowledged the last.
    """

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
        self._write_lock = threading.Lock()
        self._events: deque[bytes] = deque()
        self._event_unacknowledged = False

    def serve(self) -> None:
        """Answer until either side closes; returns, whatever the client did."""
        self._dialogue.machine.add_listener(self._punched)
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
            self._dialogue.machine.remove_listener(self._punched)
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
            self._event_unacknowledged = False
            self._flush_events()
            return
        if packet.command == Command.REGISTER_EVENTS:
            self._events.clear()
            self._event_unacknowledged = False
        with self._write_lock:
            outcome = self._dialogue.answer(packet, faults)
            self._reply(packet, outcome)
        if outcome.reboots:
            self._on_reboot()
        if not self._closed.is_set():
            self._flush_events()

    def _reply(self, packet: Packet, outcome: Outcome) -> None:
        session_id = self._dialogue.session.id
        frames = [encode_frame(code, session_id, packet.number, data) for code, data in outcome.packets]
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

    # --- punch events

    def _punched(self, record: PunchRecord) -> None:
        if self._dialogue.session.wants_punches and not self._gone:
            self._events.append(pack_event(record, numeric=self._dialogue.machine.numeric_ids))
            self._flush_events()

    def _flush_events(self) -> None:
        """Send the next event unless the last is unacknowledged or a request is being answered.

        Called by the connection's own thread and by those who punch. Nobody waits: whoever holds the lock
        calls this again after having released it.
        """
        while self._events and not self._event_unacknowledged:
            if not self._write_lock.acquire(blocking=False):
                return
            try:
                if self._events and not self._event_unacknowledged:
                    self._event_unacknowledged = True
                    event = encode_frame(Command.REGISTER_EVENTS, EVENT_PUNCH, 0, self._events.popleft())
                    self._send_all(event)
            except OSError:
                return  # the client has gone; its own thread ends the connection
            finally:
                self._write_lock.release()

"""One TCP connection to the machine: requests in, replies and punch events out."""

import contextlib
import socket
import threading
from collections import deque
from collections.abc import Callable

from attendance_sandbox.device.faults import (
    AnswerWith,
    DropConnection,
    Fault,
    Faults,
    PunchFirst,
    RunFirst,
    SlowLink,
    StaySilent,
    TearReply,
)
from attendance_sandbox.device.machine import AttendanceMachine
from attendance_sandbox.device.protocol import (
    EVENT_PUNCH,
    Command,
    FrameReader,
    Packet,
    ProtocolError,
    encode_frame,
)
from attendance_sandbox.device.records import PunchRecord, pack_event
from attendance_sandbox.device.session import Answer, Session

_RECEIVE_BYTES = 65_536
_PACKET_BYTES = 1_460
"""What one Ethernet packet carries; a slow link delivers in such pieces."""

_BREAKING = DropConnection | StaySilent | AnswerWith | TearReply
"""Faults that spoil the reply; of several that strike one request, the first counts."""

OnRequest = Callable[[int, bytes], object]
Log = Callable[[str], object]


class Connection:
    """Serves one client until it leaves.

    Events wait for one another: the next is sent when the client has acknowledged the last.
    """

    def __init__(
        self,
        client: socket.socket,
        *,
        machine: AttendanceMachine,
        session: Session,
        faults: Faults,
        on_request: OnRequest | None,
        log: Log,
        frame_gap_s: float,
    ) -> None:
        self._client = client
        self._machine = machine
        self._session = session
        self._faults = faults
        self._on_request = on_request
        self._log = log
        self._frame_gap_s = frame_gap_s
        self._closed = threading.Event()
        self._write_lock = threading.Lock()
        self._events: deque[bytes] = deque()
        self._event_unacknowledged = False

    def serve(self) -> None:
        """Answer until either side closes; returns, whatever the client did."""
        self._machine.add_listener(self._punched)
        reader = FrameReader()
        try:
            while not self._closed.is_set():
                received = self._client.recv(_RECEIVE_BYTES)
                if not received:
                    return
                for packet in reader.feed(received):
                    self._handle(packet)
                    if self._closed.is_set():
                        return
        except ProtocolError as error:
            self._log(f"closed a connection: {error}")
        except OSError:
            return  # the client has gone, or close() was called
        finally:
            self._machine.remove_listener(self._punched)
            self._client.close()

    def close(self) -> None:
        """Make `serve` end soon, from any thread; twice does no harm."""
        self._closed.set()
        with contextlib.suppress(OSError):
            self._client.shutdown(socket.SHUT_RDWR)

    # --- requests

    def _handle(self, packet: Packet) -> None:
        request = self._session.describe(packet)
        if self._on_request is not None:
            self._on_request(packet.command, packet.data)
        if packet.command == Command.ACKNOWLEDGE:
            self._event_unacknowledged = False
            self._flush_events()
            return
        if packet.command == Command.REGISTER_EVENTS:
            self._events.clear()
            self._event_unacknowledged = False
        faults = self._faults.strike(request)
        with self._write_lock:
            self._act_first(faults)
            self._answer(packet, faults)
        if not self._closed.is_set():
            self._flush_events()

    def _answer(self, packet: Packet, faults: list[Fault]) -> None:
        slow = next((fault for fault in faults if isinstance(fault, SlowLink)), None)
        breaking = next((fault for fault in faults if isinstance(fault, _BREAKING)), None)
        if isinstance(breaking, DropConnection | StaySilent | AnswerWith) and not breaking.applied:
            answer = Answer(told=f"command {packet.command}: left undone by a fault")
        else:
            answer = self._session.answer(packet)
        if answer.told:
            self._log(answer.told)
        self._send(packet, answer, breaking, slow)

    def _act_first(self, faults: list[Fault]) -> None:
        for fault in faults:
            if isinstance(fault, PunchFirst):
                self._machine.punch(fault.user_id, status=fault.status, punch=fault.punch)
            elif isinstance(fault, RunFirst):
                fault.action(self._machine)

    def _send(self, packet: Packet, answer: Answer, breaking: Fault | None, slow: SlowLink | None) -> None:
        if isinstance(breaking, StaySilent):
            return
        if isinstance(breaking, DropConnection):
            self._closed.set()
            return
        packets = answer.packets
        if isinstance(breaking, AnswerWith):
            packets = ((breaking.code, b""),)
        frames = [encode_frame(code, self._session.id, packet.number, data) for code, data in packets]
        if isinstance(breaking, TearReply):
            frames = [b"".join(frames)[: breaking.keep]]
        if self._frame_gap_s == 0:
            frames = [b"".join(frames)]
        for index, frame in enumerate(frames):
            if index and self._closed.wait(self._frame_gap_s):
                return
            self._transmit(frame, slow)
        if answer.closes or isinstance(breaking, TearReply):
            self._closed.set()

    def _transmit(self, frames: bytes, slow: SlowLink | None) -> None:
        if slow is None:
            self._client.sendall(frames)
            return
        self._closed.wait(slow.latency_s)
        for start in range(0, len(frames), _PACKET_BYTES):
            piece = frames[start : start + _PACKET_BYTES]
            if self._closed.wait(len(piece) / slow.bytes_per_second):
                return
            self._client.sendall(piece)

    # --- punch events

    def _punched(self, record: PunchRecord) -> None:
        if self._session.wants_punches:
            self._events.append(pack_event(record, numeric=self._machine.numeric_ids))
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
                    self._client.sendall(event)
            except OSError:
                return  # the client has gone; its own thread ends the connection
            finally:
                self._write_lock.release()

"""The machine on the network, as pyzk and others find it on port 4370.

Faithful: frames, session numbers, echoed reply numbers, the comm key, options, counts and capacities, both user
layouts and four record layouts, buffered reads at once and in chunks (from any offset), unbuffered reads, disabling.

Not faithful:

- fingerprints, faces, doors and enrolling are missing, as are punch events, and writing users and options: as commands
  they are unknown;
- several clients are served at once, each with a session and a buffer of its own;
- a buffered read is a copy taken when it begins;
- a chunk comes as one packet at once. Machines send packets of about 1 KB some milliseconds apart, which
  `frame_bytes=1024, frame_gap_s=0.005` imitates. The gap matters: pyzk stumbles over small packets that arrive
  together, and clients that take every arrival for one packet (node-zklib, zkteco-js) need it even for large ones;
- nobody is refused for punching twice within a minute;
- a restart takes no time.
"""

import itertools
import socket
import threading
from dataclasses import replace

from attendance_sandbox.device.connection import Connection
from attendance_sandbox.device.datagrams import FRAME_BYTES, INLINE_BYTES, Datagrams, Losses
from attendance_sandbox.device.dialogue import Dialogue, Log, OnRequest
from attendance_sandbox.device.faults import Faults
from attendance_sandbox.device.machine import AttendanceMachine
from attendance_sandbox.device.session import Manner, Session
from attendance_sandbox.device.traffic import Traffic
from attendance_sandbox.running import Running

HOST = "127.0.0.1"
_FIRST_SESSION = 0x1001
_SESSIONS = 60_000
_BACKLOG = 128
_STOP_TIMEOUT_S = 5.0
_MOST_ATTEMPTS = 10
"""To find a port that is free on TCP and on UDP."""


class DeviceServer(Running):
    """Serves one machine on 127.0.0.1, one thread a connection, and one for all of UDP.

    Args:
        port: 0 picks a free one; known after `start`.
        comm_key: the machine's communication key, 0 for none.
        on_request: called with command and data of every request, in the connection's thread, before the
            request is carried out and answered.
        log: called with one line in words for each request worth telling.
        manner: how the machine talks, where it is not as most do; it then holds the comm key, too.
        frame_gap_s: the pause between the packets of a chunk.
        udp: whether to serve UDP, too, on the same port.

    Attributes:
        traffic: how much crossed the wire since the start.
    """

    def __init__(
        self,
        machine: AttendanceMachine,
        port: int = 0,
        comm_key: int = 0,
        on_request: OnRequest | None = None,
        *,
        log: Log | None = None,
        manner: Manner | None = None,
        frame_gap_s: float = 0.0,
        udp: bool = False,
    ) -> None:
        self.machine = machine
        self.port = port
        self.manner = manner or Manner(comm_key=comm_key)
        self.faults = Faults()
        """How to misbehave; changeable at any time."""
        self.traffic = Traffic()
        self._on_request = on_request
        self._log: Log = log or (lambda _line: None)
        self._frame_gap_s = frame_gap_s
        self._udp = udp
        self._session_numbers = itertools.count()
        self._listener: socket.socket | None = None
        self._acceptor: threading.Thread | None = None
        self._datagrams: Datagrams | None = None
        self._datagram_thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._connections: dict[Connection, threading.Thread] = {}

    def start(self) -> None:
        """Listen. After a `stop`, on the same port again.

        Raises:
            OSError: the port is taken.
        """
        listener, bound = _listen(self.port, udp=self._udp)
        self._listener = listener
        self.port = listener.getsockname()[1]
        self._acceptor = threading.Thread(
            target=self._accept, args=(listener,), name=f"device-{self.port}", daemon=True
        )
        self._acceptor.start()
        if bound is not None:
            manner = replace(self.manner, inline_bytes=INLINE_BYTES, frame_bytes=FRAME_BYTES)
            self._datagrams = Datagrams(bound, lambda: self._new_dialogue(manner), self.traffic)
            self._datagram_thread = threading.Thread(
                target=self._datagrams.serve, name=f"device-{self.port}-udp", daemon=True
            )
            self._datagram_thread.start()

    def stop(self) -> None:
        """Stop listening and end every connection; the machine keeps its state."""
        listener, self._listener = self._listener, None
        if listener is None or self._acceptor is None:
            return
        with socket.create_connection((HOST, self.port), timeout=_STOP_TIMEOUT_S):
            pass  # wakes the acceptor, which closes its socket
        self._acceptor.join(_STOP_TIMEOUT_S)
        if self._datagrams is not None and self._datagram_thread is not None:
            self._datagrams.close()
            self._datagram_thread.join(_STOP_TIMEOUT_S)
        self.drop_connections()

    def degrade(self, losses: Losses) -> None:
        """Let the link be so poor from now on, for whoever speaks UDP."""
        assert self._datagrams is not None, "the server does not serve UDP"
        self._datagrams.degrade(losses)

    def drop_connections(self) -> None:
        """Pull the cable: every connection ends, new ones are welcome."""
        for thread in self._close_connections():
            if thread is not threading.current_thread():
                thread.join(_STOP_TIMEOUT_S)

    def reboot(self) -> None:
        """Switch the machine off and on: every session ends, what was stored stays, and people can punch."""
        self.machine.restart()
        self._end_sessions()

    def _end_sessions(self) -> None:
        if self._datagrams is not None:
            self._datagrams.forget_sessions()
        self._close_connections()

    def _close_connections(self) -> list[threading.Thread]:
        with self._lock:
            connections = dict(self._connections)
        for connection in connections:
            connection.close()
        return list(connections.values())

    @property
    def connections(self) -> int:
        """How many clients are connected."""
        with self._lock:
            return len(self._connections)

    def _accept(self, listener: socket.socket) -> None:
        with listener:
            while True:
                client, _ = listener.accept()
                if self._listener is not listener:
                    client.close()
                    return
                self._serve(client)

    def _serve(self, client: socket.socket) -> None:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = Connection(
            client,
            self._new_dialogue(self.manner),
            traffic=self.traffic,
            frame_gap_s=self._frame_gap_s,
            on_reboot=self._end_sessions,
        )
        thread = threading.Thread(
            target=self._run, args=(connection,), name=f"device-{self.port}-client", daemon=True
        )
        with self._lock:
            self._connections[connection] = thread
            thread.start()

    def _run(self, connection: Connection) -> None:
        try:
            connection.serve()
        finally:
            with self._lock:
                self._connections.pop(connection, None)

    def _new_dialogue(self, manner: Manner) -> Dialogue:
        session = Session(self.machine, manner, self._new_session_id)
        return Dialogue(self.machine, session, self.faults, on_request=self._on_request, log=self._log)

    def _new_session_id(self) -> int:
        return _FIRST_SESSION + next(self._session_numbers) % _SESSIONS


def _listen(port: int, *, udp: bool) -> tuple[socket.socket, socket.socket | None]:
    """A socket that listens on TCP and, where wanted, one on the same port of UDP."""
    for attempt in itertools.count(1):
        listener = socket.create_server((HOST, port), backlog=_BACKLOG)
        if not udp:
            return listener, None
        bound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            bound.bind((HOST, listener.getsockname()[1]))
        except OSError:
            bound.close()
            listener.close()
            if port or attempt == _MOST_ATTEMPTS:
                raise
        else:
            return listener, bound
    raise AssertionError("unreachable")

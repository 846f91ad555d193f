"""The machine on TCP, as pyzk and others find it on port 4370.

Faithful: frames, session numbers, echoed reply numbers, the comm key, options, counts and capacities, both
user layouts and three record layouts, buffered reads at once and in chunks (from any offset), punch events,
disabling.

Not faithful:

- fingerprints, faces, doors and enrolling are missing, as are UDP and the unbuffered reads of old firmware;
- several clients are served at once, each with a session and a buffer of its own;
- a buffered read is a copy taken when it begins;
- a chunk comes as one packet at once. Machines send packets of about 1 KB some milliseconds apart, which
  `frame_bytes=1024, frame_gap_s=0.005` imitates. The gap matters: pyzk stumbles over small packets that arrive
  together, and clients that take every arrival for one packet (node-zklib, zkteco-js) need it even for large ones;
- that an event waits for the acknowledgement of the one before is an assumption;
- nobody is refused for punching twice within a minute;
- a restart ends the connection of the client that asked for it, and no other.
"""

import itertools
import socket
import threading
from types import TracebackType
from typing import Self

from attendance_sandbox.device.connection import Connection, Log, OnRequest
from attendance_sandbox.device.faults import Faults
from attendance_sandbox.device.machine import AttendanceMachine
from attendance_sandbox.device.protocol import MAX_CHUNK_BYTES
from attendance_sandbox.device.session import Session

HOST = "127.0.0.1"
_FIRST_SESSION = 0x1001
_SESSIONS = 60_000
_BACKLOG = 128
_STOP_TIMEOUT_S = 5.0


class DeviceServer:
    """Serves one machine on 127.0.0.1, one thread a connection.

    Args:
        machine: whose state is served.
        port: 0 picks a free one; known after `start`.
        comm_key: the machine's communication key, 0 for none.
        on_request: called with command and data of every request, in the connection's thread, before the
            request is carried out and answered.
        faults: how to misbehave; changeable at any time.
        log: called with one line in words for each request worth telling.
        frame_bytes: the most data that one packet of a chunk carries.
        frame_gap_s: the pause between the packets of a chunk.
    """

    def __init__(
        self,
        machine: AttendanceMachine,
        port: int = 0,
        comm_key: int = 0,
        on_request: OnRequest | None = None,
        faults: Faults | None = None,
        *,
        log: Log | None = None,
        frame_bytes: int = MAX_CHUNK_BYTES,
        frame_gap_s: float = 0.0,
    ) -> None:
        self.machine = machine
        self.port = port
        self.comm_key = comm_key
        self.faults = faults or Faults()
        self._on_request = on_request
        self._log: Log = log or (lambda _line: None)
        self._frame_bytes = frame_bytes
        self._frame_gap_s = frame_gap_s
        self._session_numbers = itertools.count()
        self._listener: socket.socket | None = None
        self._acceptor: threading.Thread | None = None
        self._lock = threading.Lock()
        self._connections: dict[Connection, threading.Thread] = {}

    def start(self) -> None:
        """Listen. After a `stop`, on the same port again.

        Raises:
            OSError: the port is taken.
        """
        self._listener = socket.create_server((HOST, self.port), backlog=_BACKLOG)
        self.port = self._listener.getsockname()[1]
        self._acceptor = threading.Thread(
            target=self._accept, args=(self._listener,), name=f"device-{self.port}", daemon=True
        )
        self._acceptor.start()

    def stop(self) -> None:
        """Stop listening and end every connection; the machine keeps its state."""
        listener, self._listener = self._listener, None
        if listener is None or self._acceptor is None:
            return
        with socket.create_connection((HOST, self.port), timeout=_STOP_TIMEOUT_S):
            pass  # wakes the acceptor, which closes its socket
        self._acceptor.join(_STOP_TIMEOUT_S)
        self.drop_connections()

    def drop_connections(self) -> None:
        """Pull the cable: every connection ends, new ones are welcome."""
        with self._lock:
            connections = dict(self._connections)
        for connection in connections:
            connection.close()
        for thread in connections.values():
            if thread is not threading.current_thread():
                thread.join(_STOP_TIMEOUT_S)

    @property
    def connections(self) -> int:
        """How many clients are connected."""
        with self._lock:
            return len(self._connections)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        exception_type: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

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
        session = Session(self.machine, self.comm_key, self._new_session_id, self._frame_bytes)
        connection = Connection(
            client,
            machine=self.machine,
            session=session,
            faults=self.faults,
            on_request=self._on_request,
            log=self._log,
            frame_gap_s=self._frame_gap_s,
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

    def _new_session_id(self) -> int:
        return _FIRST_SESSION + next(self._session_numbers) % _SESSIONS

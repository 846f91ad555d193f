"""A cable between two programs that can be cut, stalled and narrowed."""

import socket
import threading
import time
from contextlib import suppress
from enum import Enum, auto


class Mode(Enum):
    """What becomes of bytes."""

    PASS = auto()
    SLOW = auto()
    STALLED = auto()
    """They wait, in both directions; connections stay."""
    CUT = auto()
    """Connections are reset, new ones closed at once."""


SLOW_BYTES_A_SECOND = 3000
PIECE_BYTES = 16_384


class Link:
    """Forwards each connection to 127.0.0.1:`target`, which may change."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.mode = Mode.PASS
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Reset all connections; what comes after goes by `mode`."""
        with self._lock:
            ends, self._open = self._open, set()
        for end in ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            near, _ = self._listener.accept()
            try:
                if self.mode is Mode.CUT:
                    raise ConnectionRefusedError
                far = socket.create_connection(("127.0.0.1", self.target), timeout=5)
            except OSError:
                near.close()
                continue
            far.settimeout(None)
            with self._lock:
                self._open |= {near, far}
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._carry, args=(source, sink), daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(PIECE_BYTES):
                while self.mode is Mode.STALLED:
                    time.sleep(0.05)
                if self.mode is Mode.SLOW:
                    time.sleep(len(data) / SLOW_BYTES_A_SECOND)
                if self.mode is Mode.CUT:
                    break
                sink.sendall(data)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        with self._lock:
            self._open -= {source, sink}

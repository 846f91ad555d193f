"""What runs from `start` to `stop`, or as long as a ``with`` lasts; and the ports of programs that take no 0."""

import secrets
import socket
from contextlib import suppress
from typing import Self

HOST = "127.0.0.1"
_FIRST_PORT, _PORTS = 20_000, 10_000
"""Below those that the system gives to whoever asks for any."""


def free_port() -> int:
    """A port that nobody has, and that the system gives to nobody before the program begins that is told it."""
    while True:
        port = _FIRST_PORT + secrets.randbelow(_PORTS)
        with suppress(OSError), socket.create_server((HOST, port)):
            return port


class Running:
    """A stand-in, or a part of one."""

    def start(self) -> None:
        """Begin to run."""
        raise NotImplementedError

    def stop(self) -> None:
        """Run no more; harmless where it does not run."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

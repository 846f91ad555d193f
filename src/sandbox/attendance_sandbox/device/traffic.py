"""How much crossed the wire."""

import threading


class Traffic:
    """Bytes that the machine received and sent, headers of its own protocol included; those of TCP or UDP are not."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.received = 0
        self.sent = 0

    def count(self, *, received: int = 0, sent: int = 0) -> None:
        with self._lock:
            self.received += received
            self.sent += sent

    @property
    def total(self) -> int:
        return self.received + self.sent

    def restart(self) -> None:
        """Count from nought again."""
        with self._lock:
            self.received = self.sent = 0

"""The service manager's side: readiness, watchdog, status and the request to stop.

Source: sd_notify(3); a datagram with NAME=value lines to the socket that NOTIFY_SOCKET names. Without one
(a terminal) nothing is sent.
"""

import os
import socket
import threading
from collections.abc import Mapping

from attendance_client.errors import StopRequested


class SystemdSupervisor:
    """The port Supervisor for systemd, or for nobody."""

    def __init__(self, stop: threading.Event, environment: Mapping[str, str] | None = None) -> None:
        environment = os.environ if environment is None else environment
        self._stop = stop
        self._address = environment.get("NOTIFY_SOCKET", "")
        watchdog_us = environment.get("WATCHDOG_USEC", "")
        # Half of what systemd allows, as sd_watchdog_enabled(3) advises.
        self.alive_interval_s = int(watchdog_us) / 2e6 if watchdog_us.isdigit() else float("inf")

    def ready(self) -> None:
        self._notify("READY=1")

    def alive(self, status: str) -> None:
        if self._stop.is_set():
            self._notify("STOPPING=1")
            raise StopRequested
        self._notify(f"WATCHDOG=1\nSTATUS={status.splitlines()[0] if status else ''}")

    def _notify(self, text: str) -> None:
        if not self._address:
            return
        # A leading @ names a socket in Linux's abstract namespace, whose address begins with a zero byte.
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.connect(address)
            notify.sendall(text.encode())

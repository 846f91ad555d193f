"""The client of `bench pi`: as `attendance-client run`, but for the pauses, whose end it is told on standard input."""

import logging
import sys
import threading
import time
from datetime import datetime, timedelta
from pathlib import Path

from attendance_client.app.bootstrap import bootstrap
from attendance_client.app.system import SystemClock

SHORT_S = 60.0
"""A pause before something is tried again, which is over at once."""


class Ordered(SystemClock):
    """A clock by which each pause between polls ends at once, when a line says so."""

    passed_s = 0.0

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=self.passed_s)

    def monotonic(self) -> float:
        return time.monotonic() + self.passed_s

    def sleep(self, seconds: float) -> None:
        self.passed_s += seconds
        if seconds < SHORT_S:
            return
        sys.stdout.write("polled\n")
        sys.stdout.flush()
        if not sys.stdin.readline():
            sys.exit(0)


def main() -> None:
    logging.disable(logging.CRITICAL)
    stop = threading.Event()
    with bootstrap(Path(sys.argv[1]), stop, Ordered("UTC", stop)) as runner:
        runner.run()


if __name__ == "__main__":
    main()

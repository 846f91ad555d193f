"""The computer's own clock."""

import subprocess
import threading
import time
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

TIMESYNC_MARK = Path("/run/systemd/timesync/synchronized")
"""systemd-timesyncd makes it when it has set the clock."""

ASKING_TIMEDATECTL = ("timedatectl", "show", "--property=NTPSynchronized", "--value")
"""What the kernel was told, by chrony as well."""

LONGEST_QUESTION_S = 5.0


class SystemClock:
    """Wall time of a zone; sleeps that end early when `stop` is set."""

    def __init__(self, time_zone: str, stop: threading.Event) -> None:
        self._zone = ZoneInfo(time_zone)
        self._stop = stop

    def now(self) -> datetime:
        return datetime.now(self._zone).replace(tzinfo=None)

    def monotonic(self) -> float:
        return time.monotonic()

    def synchronised(self) -> bool | None:
        if TIMESYNC_MARK.exists():
            return True
        try:
            told = subprocess.run(  # noqa: S603 - a constant command
                ASKING_TIMEDATECTL, capture_output=True, text=True, timeout=LONGEST_QUESTION_S, check=True
            )
        except (OSError, subprocess.SubprocessError):
            return None
        return {"yes": True, "no": False}.get(told.stdout.strip())

    def sleep(self, seconds: float) -> None:
        self._stop.wait(seconds)

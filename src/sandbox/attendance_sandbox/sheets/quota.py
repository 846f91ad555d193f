"""The Sheets API's quota: reads and writes a minute, for each account."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from attendance_sandbox.sheets.errors import ApiError

WINDOW_S = 60.0


@dataclass
class Quota:
    """Refuses more than so many reads or writes of one account within any 60 s.

    The real service refills its buckets by the clock's minute; a sliding window is never more generous.
    """

    reads_per_minute: int = 60
    writes_per_minute: int = 60
    clock: Callable[[], float] = time.monotonic
    _times: dict[tuple[str, str], deque[float]] = field(default_factory=dict, repr=False)

    def spend(self, kind: str, caller: str) -> None:
        """Counts a request of `kind` ``read`` or ``write``.

        Raises:
            ApiError: 429, the caller has used up the minute.
        """
        allowed = self.reads_per_minute if kind == "read" else self.writes_per_minute
        now = self.clock()
        times = self._times.setdefault((kind, caller), deque())
        while times and times[0] <= now - WINDOW_S:
            times.popleft()
        if len(times) >= allowed:
            name = "Read" if kind == "read" else "Write"
            raise ApiError(
                429,
                "RESOURCE_EXHAUSTED",
                f"Quota exceeded for quota metric '{name} requests' and limit '{name} requests per minute per "
                "user' of service 'sheets.googleapis.com' for consumer 'project_number:0'.",
            )
        times.append(now)

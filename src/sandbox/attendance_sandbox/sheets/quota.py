"""The Sheets API's quotas: reads and writes a minute, for each account.

By default those that Google documents: 60 of each. Those of a project and of Drive are wider, and not simulated.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from attendance_sandbox.sheets.errors import ApiError

WINDOW_S = 60.0
_SERVICE = "sheets.googleapis.com"


@dataclass
class Quota:
    """Refuses more than so many reads or writes within any 60 s. What it refuses does not count.

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
        limit = self.reads_per_minute if kind == "read" else self.writes_per_minute
        recent = self._recent(kind, caller)
        if len(recent) >= limit:
            raise exceeded(kind, limit)
        recent.append(self.clock())

    def forget(self) -> None:
        """As if nobody had asked for anything yet."""
        self._times.clear()

    def _recent(self, kind: str, subject: str) -> deque[float]:
        """When a subject made its requests of the last 60 s."""
        times = self._times.setdefault((kind, subject), deque())
        oldest = self.clock() - WINDOW_S
        while times and times[0] <= oldest:
            times.popleft()
        return times


def exceeded(kind: str, limit: int) -> ApiError:
    """429 as the service words it for too many requests of `kind` ``read`` or ``write``."""
    name = kind.capitalize()
    message = (
        f"Quota exceeded for quota metric '{name} requests' and limit '{name} requests per minute per user' "
        f"of service '{_SERVICE}' for consumer 'project_number:0'."
    )
    metadata = {
        "service": _SERVICE,
        "consumer": "projects/0",
        "quota_metric": f"{_SERVICE}/{kind}_requests",
        "quota_limit": f"{name}RequestsPerMinutePerUser",
        "quota_limit_value": str(limit),
        "quota_location": "global",
        "quota_unit": "1/min/{project}/{user}",
    }
    info = {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": "RATE_LIMIT_EXCEEDED",
        "domain": "googleapis.com",
        "metadata": metadata,
    }
    return ApiError(429, "RESOURCE_EXHAUSTED", message, details=[info])

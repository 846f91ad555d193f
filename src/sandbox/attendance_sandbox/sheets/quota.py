"""The Sheets API's quotas: reads and writes a minute, for each account and for each project.

By default those that Google documents: 60 of each for an account, 300 of each for all accounts of a project together.
Drive has far wider ones, which are not simulated.
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
    project_reads_per_minute: int = 300
    project_writes_per_minute: int = 300
    clock: Callable[[], float] = time.monotonic
    _times: dict[tuple[str, str], deque[float]] = field(default_factory=dict, repr=False)

    def spend(self, kind: str, caller: str) -> None:
        """Counts a request of `kind` ``read`` or ``write``.

        Raises:
            ApiError: 429, the caller or its project has used up the minute.
        """
        reads = kind == "read"
        own = self._recent(kind, "account " + caller)
        shared = self._recent(kind, "project " + project_of(caller))
        user_limit = self.reads_per_minute if reads else self.writes_per_minute
        project_limit = self.project_reads_per_minute if reads else self.project_writes_per_minute
        if len(own) >= user_limit:
            raise exceeded(kind, user_limit, per_user=True)
        if len(shared) >= project_limit:
            raise exceeded(kind, project_limit, per_user=False)
        now = self.clock()
        own.append(now)
        shared.append(now)

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


def project_of(email: str) -> str:
    """The Google Cloud project that a service account belongs to; a person counts as a project of their own."""
    domain = email.partition("@")[2]
    return (
        domain.removesuffix(".iam.gserviceaccount.com") if domain.endswith("gserviceaccount.com") else email
    )


def exceeded(kind: str, limit: int, *, per_user: bool) -> ApiError:
    """429 as the service words it for too many requests of `kind` ``read`` or ``write``."""
    name = kind.capitalize()
    spoken = f"{name} requests per minute" + (" per user" if per_user else "")
    message = (
        f"Quota exceeded for quota metric '{name} requests' and limit '{spoken}' of service '{_SERVICE}' "
        "for consumer 'project_number:0'."
    )
    metadata = {
        "service": _SERVICE,
        "consumer": "projects/0",
        "quota_metric": f"{_SERVICE}/{kind}_requests",
        "quota_limit": f"{name}RequestsPerMinutePer{'User' if per_user else 'Project'}",
        "quota_limit_value": str(limit),
        "quota_location": "global",
        "quota_unit": "1/min/{project}" + ("/{user}" if per_user else ""),
    }
    info = {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": "RATE_LIMIT_EXCEEDED",
        "domain": "googleapis.com",
        "metadata": metadata,
    }
    return ApiError(429, "RESOURCE_EXHAUSTED", message, details=[info])

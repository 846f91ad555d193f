"""Faults on request: what the real service does on a bad day.

    server.faults.add(rate_limited())                            # the next API call gets 429
    server.faults.add(unavailable(applied=True), times=2)        # 503 although it was carried out, twice
    server.faults.add(dropped(), when=lambda request: request.kind == "write")

Faults that were added are looked through in order; the first whose `when` fits is used up. Token requests are
spared unless `when` asks for them. A function given as `hook` is asked first, for every request.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from attendance_sandbox.sheets.quota import Quota, exceeded
from attendance_sandbox.sheets.schema import Json


@dataclass(frozen=True, slots=True)
class Request:
    number: int
    """Counted from 1 since the server started."""
    method: str
    path: str
    kind: str
    """``read`` or ``write`` of Sheets, ``drive`` or ``token``."""
    caller: str
    """The account that asks; empty before it is known."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong with one request."""

    name: str
    status: int = 0
    """HTTP status answered in place of the true one; 0 for the true one."""
    code: str = ""
    message: str = ""
    applied: bool = False
    """Whether the request is carried out all the same."""
    drop: bool = False
    """The connection is closed without an answer."""
    delay_s: float = 0.0
    """How long the answer is held back."""
    details: list[Json] | None = None
    """What the error answered tells besides its message."""


Hook = Callable[[Request], Fault | None]
Condition = Callable[[Request], bool]


def rate_limited() -> Fault:
    """429: too many requests in this minute; nothing was done."""
    error = exceeded("write", Quota.writes_per_minute)
    return Fault("429", error.code, error.status, error.message, details=error.details)


def internal_error(*, applied: bool = False) -> Fault:
    """500, before or after the request was carried out."""
    return Fault("500 applied" if applied else "500", 500, "INTERNAL", "Internal error encountered.", applied)


def unavailable(*, applied: bool = False) -> Fault:
    """503, before or after the request was carried out."""
    message = "The service is currently unavailable."
    return Fault("503 applied" if applied else "503", 503, "UNAVAILABLE", message, applied)


def dropped(*, applied: bool = False) -> Fault:
    """The connection breaks, before or after the request was carried out."""
    return Fault("dropped applied" if applied else "dropped", applied=applied, drop=True)


def delayed(seconds: float) -> Fault:
    """The request is carried out, its answer comes late."""
    return Fault(f"delayed {seconds:g} s", applied=True, delay_s=seconds)


def _api_call(request: Request) -> bool:
    return request.kind != "token"


class Faults:
    """The faults that a server is to commit. Safe to use from several threads."""

    def __init__(self) -> None:
        self.hook: Hook | None = None
        """Asked first, for every request."""
        self._lock = threading.Lock()
        self._planned: list[tuple[Fault, Condition, int]] = []

    def add(self, fault: Fault, *, when: Condition = _api_call, times: int = 1) -> None:
        """Plans a fault for the next `times` requests that `when` fits."""
        with self._lock:
            self._planned.append((fault, when, times))

    def clear(self) -> None:
        """Forgets what is planned; the hook stays."""
        with self._lock:
            self._planned.clear()

    def next_for(self, request: Request) -> Fault | None:
        """The fault for a request, which is thereby used up."""
        if self.hook is not None:
            chosen = self.hook(request)
            if chosen is not None:
                return chosen
        with self._lock:
            for place, (fault, when, times) in enumerate(self._planned):
                if not when(request):
                    continue
                if times > 1:
                    self._planned[place] = (fault, when, times - 1)
                else:
                    del self._planned[place]
                return fault
        return None

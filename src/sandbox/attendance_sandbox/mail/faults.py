"""Faults on request: what a mail server does on a bad day.

server.faults.add(refusal(450))                 # the next recipient is refused for now
server.faults.add(refusal(550), times=3)        # three are refused for good
server.faults.add(failure_after_data())         # the message is kept, the sender hears 451
server.faults.add(connection_lost())            # the message is kept, the sender hears nothing
"""

import threading
from dataclasses import dataclass
from typing import Literal

Stage = Literal["recipient", "data"]

_REFUSALS = {
    450: "450 4.2.1 Mailbox temporarily unavailable, try again later",
    451: "451 4.3.0 Local error in processing",
    452: "452 4.3.1 Insufficient system storage",
    550: "550 5.1.1 Mailbox unavailable",
    552: "552 5.2.2 Mailbox full",
}


@dataclass(frozen=True, slots=True)
class MailFault:
    """What goes wrong with one message."""

    name: str
    stage: Stage
    reply: str
    """What the sender is answered in place of 250."""
    kept: bool = False
    """Whether the message is kept all the same."""
    drop: bool = False
    """The connection is closed without an answer."""


def refusal(code: int) -> MailFault:
    """The recipient is refused: 450, 451 or 452 for now, 550 or 552 for good.

    Raises:
        ValueError: there is no refusal of that code here.
    """
    if code not in _REFUSALS:
        raise ValueError(f"no refusal with code {code}; there are {', '.join(map(str, _REFUSALS))}")
    return MailFault(f"{code}", "recipient", _REFUSALS[code])


def failure_after_data() -> MailFault:
    """451 after the message was received and kept: a sender that tries again sends it twice."""
    return MailFault("451 after data", "data", _REFUSALS[451], kept=True)


def connection_lost() -> MailFault:
    """The connection breaks after the message was received and kept."""
    return MailFault("connection lost after data", "data", "", kept=True, drop=True)


class MailFaults:
    """The faults that a server is to commit, in order. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._planned: list[MailFault] = []

    def add(self, fault: MailFault, *, times: int = 1) -> None:
        with self._lock:
            self._planned.extend([fault] * times)

    def clear(self) -> None:
        with self._lock:
            self._planned.clear()

    def next_for(self, stage: Stage) -> MailFault | None:
        """The fault for a recipient or a message, which is thereby used up."""
        with self._lock:
            for fault in self._planned:
                if fault.stage == stage:
                    self._planned.remove(fault)
                    return fault
        return None

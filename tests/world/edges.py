"""Watches the generated state machine as it moves."""

from collections.abc import Callable
from dataclasses import dataclass

from attendance_client.fsm.generated import ClientMachine, EventId, Flag
from attendance_client.fsm.session import Session


@dataclass(frozen=True)
class Edge:
    """A transition that was taken, and what the guards said just before it."""

    source: str
    event: str
    target: str
    final_alarm_raised: bool
    period_expired: bool


class WatchedMachine:
    """A client's machine, with somebody who is told of each transition that it took.

    With `recollect`, the machine is not sent again what it has answered with "stay as you are". A poll that finds
    nothing new leads from RELAY_ATTENDANCE_RECORDS back to it, thousands of times a month, and python-statemachine
    takes longer for that than the client for the poll. What the machine does hangs on its state, its flags, its guards
    and the event (tests/unit/test_conformance.py tries all of them): the same question has the same answer. Whatever
    changes anything is sent each time, and the machine of a client that starts anew is asked anew.
    """

    def __init__(
        self,
        machine: ClientMachine,
        session: Session,
        crossed: Callable[[Edge, Session], None],
        *,
        recollect: bool,
    ) -> None:
        self._machine = machine
        self._session = session
        self._crossed = crossed
        self._recollect = recollect
        self._changed_nothing: set[tuple[object, ...]] = set()

    def send(self, event: EventId) -> None:
        """Let the machine move."""
        session = self._session
        source, flags, expired = session.state, session.flags, session.period_expired
        question = (source, flags, expired, event)
        if question in self._changed_nothing:
            return
        self._machine.send(event)
        target = session.state
        if self._recollect and (target, session.flags) == (source, flags):
            self._changed_nothing.add(question)
        self._crossed(
            Edge(str(source), event, str(target), Flag.FINAL_ALARM_RAISED in flags, expired), session
        )

"""Watches the generated state machine as it moves."""

from collections.abc import Callable
from dataclasses import dataclass

from attendance_client.fsm.generated import ClientMachine, EventId, Flag
from attendance_client.fsm.session import Session

Question = tuple[str | None, Flag, bool, EventId]
"""The state, the flags, whether the period has expired, and the event."""

Answers = dict[Question, tuple[str | None, Flag]]
"""The state and the flags after it."""


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

    With `answers`, the machine is not sent again what it has answered in this world. It is asked the same few questions
    hundreds of times, and python-statemachine takes longer for an answer than the client for a poll. What it does
    hangs on its state, its flags, its guards and the event (tests/unit/test_conformance.py tries all of them): the same
    question has the same answer. One that changed anything but state and flags is not remembered.
    """

    def __init__(
        self,
        machine: ClientMachine,
        session: Session,
        crossed: Callable[[Edge, Session], None],
        answers: Answers | None,
    ) -> None:
        self._machine = machine
        self._session = session
        self._crossed = crossed
        self._answers = answers

    def send(self, event: EventId) -> None:
        """Let the machine move."""
        session = self._session
        source, alarmed, expired = session.state, session.final_alarm_raised, session.period_expired
        question = (source, session.flags, expired, event)
        if self._answers is not None and question in self._answers:
            session.state, session.flags = self._answers[question]
        else:
            before = dict(vars(session))
            self._machine.send(event)
            answer = {"state": session.state, "flags": session.flags}
            if self._answers is not None and vars(session) == {**before, **answer}:
                self._answers[question] = session.state, session.flags
        self._crossed(Edge(str(source), event, str(session.state), alarmed, expired), session)

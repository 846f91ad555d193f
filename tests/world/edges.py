"""Watches the generated state machine as it moves."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from attendance_client.session import Session


@dataclass(frozen=True)
class Edge:
    """A transition that was taken, and what the guards said just before it."""

    source: str
    event: str
    target: str
    final_alarm_raised: bool
    period_expired: bool


class EdgeRecorder:
    """A listener of python-statemachine."""

    def __init__(self, session: Session, crossed: Callable[[Edge, Session], None]) -> None:
        self._session = session
        self._crossed = crossed

    def before_transition(self, event: Any, source: Any, target: Any) -> None:
        session = self._session
        edge = Edge(source.id, str(event), target.id, session.final_alarm_raised, session.period_expired)
        self._crossed(edge, session)

"""A world that writes down what each step of the client did: its effects in their order, and what it changed."""

from dataclasses import dataclass, fields
from typing import Any

from attendance_client.fsm.generated import Flag
from attendance_client.fsm.session import Session
from attendance_client.fsm.snapshot import Snapshot
from attendance_contracts import Topic
from tests.world.edges import Edge
from tests.world.power import Power
from tests.world.world import World

FIELDS = tuple(field.name for field in fields(Snapshot) if field.name not in ("pi4_state", "sys_flags"))

EFFECTS = {
    f"publish {Topic.GET_REVIEW_PERIOD}": "publish_get_review_period",
    f"receive {Topic.NEW_REVIEW_PERIOD}": "receive_new_review_period",
    f"publish {Topic.RAISE_FINAL_ALARM}": "publish_final_alarm",
    f"publish {Topic.CREATE_REVIEW_SHEET}": "publish_create_review_sheet",
    f"receive {Topic.NEW_REVIEW_SHEET}": "receive_new_review_sheet",
    f"publish {Topic.STORE_ATTEND_RECORDS}": "publish_store_attend_records",
    f"receive {Topic.LAST_STORED_TIMESTAMP}": "receive_last_stored_timestamp",
    "the machine's status": "ask_machine",
    "the machine's read_log": "read_machine",
    "the machine's disable": "disable_machine",
    "the machine's clear": "clear_machine",
    "the machine's enable": "enable_machine",
}
"""The spec's effects, by the call of a port that is the effect."""


@dataclass(frozen=True)
class Taken:
    """A step that ended in a transition.

    Attributes:
        effects: the spec's, in the order in which they were done; one that is done twice running is there once.
        before: the snapshot fields and the flags before the step.
        after: the same after the transition.
    """

    edge: Edge
    effects: tuple[str, ...]
    before: dict[str, object]
    after: dict[str, object]

    @property
    def changed(self) -> dict[str, object]:
        """What is another value than before."""
        return {name: value for name, value in self.after.items() if value != self.before[name]}


class ObservedPower(Power):
    """Tells somebody of each effect of the spec that begins, and keeps those that are done."""

    def __init__(self) -> None:
        super().__init__()
        self.begins = lambda _effect: None
        self.done: list[str] = []

    def instant(self, name: str) -> None:
        when, _, call = name.partition(" ")
        effect = EFFECTS.get(call)
        if effect == "ask_machine" and "read_machine" in self.done:
            effect = "clear_machine"  # the count once more, before the erasing: the first half of it
        if effect is not None and when == "before":
            self.begins(effect)
        super().instant(name)
        if effect is not None and when == "after" and self.done[-1:] != [effect]:
            self.done.append(effect)


class ObservedWorld(World):
    """A world whose steps are written down in `recorded_steps`."""

    power: ObservedPower

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.recorded_steps: list[Taken] = []
        self._edge: Edge | None = None

    def _new_power(self) -> Power:
        return ObservedPower()

    def step(self) -> None:
        self.power.done.clear()
        self._edge = None
        before = held(self.client.session) if self.client else {}
        super().step()
        if self._edge is not None and self.client is not None:
            after = held(self.client.session)
            self.recorded_steps.append(Taken(self._edge, tuple(self.power.done), before, after))

    def _crossed(self, edge: Edge, session: Session) -> None:
        super()._crossed(edge, session)
        self._edge = edge


def held(session: Session) -> dict[str, object]:
    """What a snapshot holds of a session, flag by flag."""
    flags = {flag.name.lower(): flag in session.flags for flag in Flag}
    return {**{name: getattr(session, name) for name in FIELDS}, **flags}

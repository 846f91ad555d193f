"""A world that writes down what each step of the client did: its effects in their order, and what it changed."""

from dataclasses import dataclass

from attendance_client.fsm.generated import Flag
from attendance_client.fsm.session import Session
from attendance_contracts import Topic
from tests.world.edges import Edge
from tests.world.power import Power
from tests.world.world import World

FIELDS = ("sheet_id", "last_stored_timestamp", "review_period", "previous_period")

EFFECTS = {
    f"after publish {Topic.GET_REVIEW_PERIOD}": "publish_get_review_period",
    f"after receive {Topic.NEW_REVIEW_PERIOD}": "receive_new_review_period",
    f"after publish {Topic.RAISE_FINAL_ALARM}": "publish_final_alarm",
    f"after publish {Topic.CREATE_REVIEW_SHEET}": "publish_create_review_sheet",
    f"after receive {Topic.NEW_REVIEW_SHEET}": "receive_new_review_sheet",
    f"after publish {Topic.STORE_ATTEND_RECORDS}": "publish_store_attend_records",
    f"after receive {Topic.LAST_STORED_TIMESTAMP}": "receive_last_stored_timestamp",
    "after the machine's status": "ask_machine",
    "after the machine's read_log": "read_machine",
    "after the machine's disable": "disable_machine",
    "after the machine's clear": "clear_machine",
    "after the machine's enable": "enable_machine",
}
"""The spec's effects, by the instant after the call of a port that is the effect."""


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
    """Passes every instant, and writes down which effect it came after."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def instant(self, name: str) -> None:
        super().instant(name)
        effect = EFFECTS.get(name)
        if effect == "ask_machine" and "read_machine" in self.seen:
            effect = "clear_machine"  # the count once more, before the erasing: the first half of it
        if effect is not None and self.seen[-1:] != [effect]:
            self.seen.append(effect)


class ObservedWorld(World):
    """A world whose steps are written down in `recorded_steps`."""

    power: ObservedPower

    def __init__(self, *args: object, **options: object) -> None:
        super().__init__(*args, **options)
        self.recorded_steps: list[Taken] = []
        self._edge: Edge | None = None

    def _new_power(self) -> Power:
        return ObservedPower()

    def step(self) -> None:
        self.power.seen.clear()
        self._edge = None
        before = held(self.client.session) if self.client else {}
        super().step()
        if self._edge is not None and self.client is not None:
            self.recorded_steps.append(
                Taken(self._edge, tuple(self.power.seen), before, held(self.client.session))
            )

    def _crossed(self, edge: Edge, session: Session) -> None:
        super()._crossed(edge, session)
        self._edge = edge


def held(session: Session) -> dict[str, object]:
    """What a snapshot holds of a session, flag by flag."""
    flags = {flag.name.lower(): flag in session.flags for flag in Flag}
    return {**{name: getattr(session, name) for name in FIELDS}, **flags}

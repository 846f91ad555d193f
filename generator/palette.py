"""The colours of the seed's picture, and what they say."""

from dataclasses import dataclass

from generator.spec import Colour, Kind

TEXT = "#0e8088"
PAGE = "#ffffff"


@dataclass(frozen=True, slots=True)
class Paint:
    """How a state is painted, and what that says."""

    fill: str
    border: str
    meaning: str


STATES = {
    Kind.ENTRY: Paint("#f5d657", "#d6b656", "entry"),
    Kind.CHECKPOINT: Paint("#d5e8d4", "#1b7a1b", "checkpoint: a snapshot is written"),
    Kind.WAITING: Paint("#d4e1f5", "#0b66c3", "waiting for the backend, no snapshot"),
    Kind.SLEEP: Paint("#bac8d3", "#23445d", "sleep"),
}

ARROWS = {
    Colour.TEAL: ("#0e8088", "work done, or an answer"),
    Colour.GRAY: ("#9b9b7a", "time-out, power failure"),
    Colour.ORANGE: ("#e69a35", "data missing: raises an alarm"),
    Colour.RED: ("#a00000", "on the way into deep sleep"),
}

OURS = "ours: not in the seed's picture"

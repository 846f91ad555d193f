"""Machines that differ from the spec's: without some of its transitions, or with the period in a file of its own."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from generator import emit_promela
from generator.spec import Spec, Transition

CLEARING = "clearing"
PERIOD = "review_period"


@dataclass(frozen=True, slots=True)
class Arrow:
    """A transition, by its two ends and its event."""

    source: str
    event: str
    target: str

    def is_of(self, transition: Transition) -> bool:
        """Whether this is the transition's arrow."""
        return (self.source, self.event, self.target) == (
            transition.source,
            transition.event,
            transition.target,
        )


@dataclass(frozen=True, slots=True)
class Variant:
    """Which machine a run is about.

    Attributes:
        clearing: the attendance machine is cleared when a period closes.
        dropped: transitions that are missing. What remains for their event in their state loses its guard, or the
            machine would stand still there.
        period_apart: the latest period, open or closed, is kept in a file of its own, written before the snapshot.
    """

    clearing: bool = False
    dropped: tuple[Arrow, ...] = ()
    period_apart: bool = False

    def emit(self, spec: Spec) -> str:
        """The client's process; raises ValueError if the spec lacks a transition that is to be dropped."""
        changed = without(spec, self.dropped)
        if self.period_apart:
            changed = _keeping_the_period(changed)
        return emit_promela.emit(
            changed,
            options=frozenset({CLEARING} if self.clearing else ()),
            apart=frozenset({PERIOD} if self.period_apart else ()),
        )


def without(spec: Spec, arrows: Collection[Arrow]) -> Spec:
    """The spec without these transitions, however unsound that makes it."""
    for arrow in arrows:
        if not any(arrow.is_of(t) for t in spec.transitions):
            raise ValueError(
                f"the spec has no transition from {arrow.source} on {arrow.event} to {arrow.target}"
            )
    left = [t for t in spec.transitions if not any(arrow.is_of(t) for arrow in arrows)]
    touched = {(arrow.source, arrow.event) for arrow in arrows}
    return replace(spec, transitions=tuple(_unguarded(left, touched)))


def _unguarded(left: list[Transition], touched: Collection[tuple[str, str]]) -> Iterable[Transition]:
    for t in left:
        key = (str(t.source), str(t.event))
        alone = sum((str(other.source), str(other.event)) == key for other in left) == 1
        yield replace(t, guard=()) if key in touched and alone else t


def ours(spec: Spec) -> tuple[Arrow, ...]:
    """The transitions that the seed's picture does not have."""
    return tuple(Arrow(t.source, t.event, t.target) for t in spec.transitions if t.ours is not None)


def _keeping_the_period(spec: Spec) -> Spec:
    """A closed period stays where the open one stood: the request asks for the one after it."""
    return replace(
        spec,
        transitions=tuple(
            replace(t, clears=tuple(n for n in t.clears if n != PERIOD)) for t in spec.transitions
        ),
    )

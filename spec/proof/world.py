"""The world around the client, as `generator/emit_smt.py` asks for it."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

import z3

from generator.emit_smt import NONE, Codes, Condition, Effect, Outcome, Pick, Step, Values
from spec.proof import effects, surroundings
from spec.proof.vocabulary import (
    BOOL,
    FALSE,
    INT,
    MAP,
    NOWHERE,
    SET,
    VARIABLES,
    Assumed,
    Facts,
    Measures,
)

LEFT_OPEN = ("locked", "home", "confirmed_in", "at_sheet", "for_request", "saw_version")
"""Variables that mean nothing at first, or may be anything."""


class World:
    """One world: what may go wrong in it, and which measures protect the promises there."""

    def __init__(self, codes: Codes, assumed: Assumed, measures: Measures | None = None) -> None:
        facts = self.facts = Facts(assumed, measures or Measures(), codes)
        self.torn_snapshots, self.lost_snapshots = assumed.torn_snapshots, assumed.lost_snapshots
        self.effects: Mapping[str, Effect] = {
            name: partial(effect, facts) for name, effect in effects.EFFECTS.items()
        }
        self.reports: Mapping[str, Condition] = {
            name: partial(reported, facts) for name, reported in effects.REPORTS.items()
        }
        self.guards, self.writes = effects.GUARDS, effects.WRITES

    def variables(self) -> Mapping[str, z3.SortRef]:
        """The world's own, beside the snapshot's."""
        return {name: sort for group in VARIABLES.values() for name, sort in group.items()}

    def variables_of(self, name: str) -> Sequence[str]:
        """A period is a name and two days; a sheet and a time are one number each."""
        short = {"review_period": "rp", "previous_period": "prev"}.get(name)
        return [name] if short is None else [f"{short}_name", f"{short}_first", f"{short}_last"]

    def initially(self, s: Values) -> Sequence[z3.BoolRef]:
        """Nothing has happened; the machine may have been left disabled."""
        nothing = {BOOL: FALSE, INT: z3.IntVal(NONE), SET: NOWHERE, MAP: z3.K(INT, z3.IntVal(0))}
        return [s[name] == nothing[sort] for name, sort in self.variables().items() if name not in LEFT_OPEN]

    def time_out(self, s: Values, pick: Pick) -> Values:
        """Nothing is waited for any more."""
        return effects.time_out(self.facts, s, pick)

    def after_start(self, s: Values, pick: Pick) -> Iterator[Outcome]:
        """What a client does that has just been started."""
        return surroundings.after_start(self.facts, s, pick)

    def environment(self, s: Values, pick: Pick) -> Iterator[Step]:
        """What happens by itself."""
        return surroundings.environment(self.facts, s, pick)

"""The promises by name, and where the model checks each."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Promise:
    """A promise of the system.

    Attributes:
        number: of its assertions in spec/formal/promises.pml; None if it has none.
        formula: whether spec/formal/liveness.pml has a formula of its name.
        auxiliary: it is no promise to HR, but shows what a measure is for.
    """

    name: str
    sentence: str
    number: int | None = None
    formula: bool = False
    auxiliary: bool = False


PROMISES = (
    Promise("stored_once", "every punch is stored once at most, in one sheet", 1),
    Promise("nothing_erased_unstored", "what is erased on the machine is in its sheet", 2),
    Promise("own_period", "a punch is published for, and stored in, the period of its own stamp", 3),
    Promise("resumes_at_a_checkpoint", "a power loss resumes in a green state, from a whole snapshot", 4),
    Promise("no_endless_wait", "no waiting state is for ever", None, formula=True),
    Promise("alarm_once", "a missing period is reported, and mailed once at most", 5, formula=True),
    Promise("every_period_closes", "an expired period is closed; none is skipped", 6, formula=True),
    Promise("nobody_locked_out", "the machine is not disabled for ever", None, formula=True),
    Promise("corrections_survive", "what HR typed stays", 7),
    Promise("eventually_stored", "when faults stop, every punch reaches its sheet", None, formula=True),
    Promise("no_needless_time_out", "where nothing fails, no time-out passes", 8, auxiliary=True),
)

BY_NAME = {promise.name: promise for promise in PROMISES}
BY_NUMBER = {promise.number: promise for promise in PROMISES if promise.number is not None}

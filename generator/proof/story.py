"""Tells a state from which a step might break an invariant, in words."""

from collections.abc import Iterator

import z3

from generator.emit_smt import COPIES, Relation, Values
from generator.proof.prover import Fallen
from spec.proof.vocabulary import DAY

TITLES = ("in memory", "newest snapshot", "the one before it")
LONGEST = 160
"""Of a change that is shown, in characters; that of a whole table of periods tells nobody anything."""


def tell(relation: Relation, before: Values, fallen: Fallen) -> Iterator[str]:
    """The state, then what the step changes; nothing where there is no candidate."""
    model = fallen.candidate
    if model is None:
        return
    states = {code: name for name, code in relation.codes.of.items()}

    def said(name: str, term: z3.ExprRef) -> str:
        value = model.eval(term, model_completion=True)
        if name.endswith("state"):
            return states.get(value.as_long(), str(value))
        return str(value).replace("\n", " ")

    for prefix, title in zip(COPIES, TITLES, strict=True):
        names = (
            "state",
            "rp_name",
            "rp_first",
            "rp_last",
            "sheet_id",
            "prev_name",
            "prev_first",
            "prev_last",
        )
        state, rp, rp_first, rp_last, sheet, prev, prev_first, prev_last = (
            said(prefix + name, before[prefix + name]) for name in names
        )
        place = f", effect {said('at', before['at'])}" if prefix == "" else ""
        open_ = f"open {rp} [{rp_first}..{rp_last}] with sheet {sheet}"
        yield f"{title}: {state}{place}; {open_}; closed last {prev} [{prev_first}..{prev_last}]"
    yield f"p's day: {said('day', DAY)}"
    own = [name for name, term in before.items() if z3.is_bool(term) and not name.startswith(COPIES[1:])]
    true = [name for name in own if z3.is_true(model.eval(before[name], model_completion=True))]
    yield f"true: {', '.join(true) or 'nothing'}"
    yield f"then: {fallen.step}"
    for name, term in fallen.after.items():
        was, becomes = said(name, before[name]), said(name, term)
        if was != becomes and len(was) + len(becomes) < LONGEST:
            yield f"  {name}: {was} -> {becomes}"

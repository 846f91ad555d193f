"""Rules about the arrows: every event is answered once, every state is reached and left."""

from collections.abc import Iterable, Iterator

from generator.errors import Finding
from generator.rules_names import Rules
from generator.spec import Colour, Kind, Spec, Transition, valuations


def one_entry(spec: Spec) -> Iterator[Finding]:
    """There is one entry state, with one unguarded way out and no way in."""
    entries = spec.of_kind(Kind.ENTRY)
    if not entries:
        yield Finding(
            spec.section_lines["states"], "no state is of kind entry; give the one where all begins"
        )
    for state in entries[1:]:
        reason = (
            f"'{state.name}' is a second entry; '{entries[0].name}' on line {entries[0].line} is the first"
        )
        yield Finding(state.line, f"{reason}; make it a state of another kind")
    for state in entries:
        ways_out = spec.leaving(state.name)
        if len(ways_out) != 1 or ways_out[0].guard:
            yield Finding(state.line, f"the entry '{state.name}' needs exactly one way out, without a guard")
    for t in spec.transitions:
        if spec.state(t.target).kind is Kind.ENTRY:
            yield Finding(
                t.line, f"'{t.target}' is the entry, and nothing may lead back to it; choose another 'to'"
            )


def raised_is_answered(spec: Spec) -> Iterator[Finding]:
    """An event has a transition from every state that may raise it, and from no other."""
    for event in spec.events:
        sources = {str(t.source) for t in spec.transitions if t.event == event.name}
        for name in event.raised_in:
            if name not in sources:
                reason = f"'{name}' may raise '{event.name}', but no transition answers it there"
                yield Finding(name.line, f"{reason}; add the transition or take the state out of 'raised_in'")
    raised_in = {str(event.name): event.raised_in for event in spec.events}
    for t in spec.transitions:
        if t.source not in raised_in[t.event]:
            reason = f"'{t.event}' is not said to be raised in '{t.source}'"
            yield Finding(t.line, f"{reason}; add the state to its 'raised_in' or remove the transition")


def guards_decide(spec: Spec) -> Iterator[Finding]:
    """Whatever the guards say, exactly one transition answers an event in a state."""
    groups: dict[tuple[str, str], list[Transition]] = {}
    for t in spec.transitions:
        groups.setdefault((t.source, t.event), []).append(t)
        names = [literal.guard for literal in t.guard]
        if len(names) != len(set(names)):
            yield Finding(t.line, f"the guard '{t.guard_text}' names a guard twice; name each once")
    for (source, event), group in groups.items():
        yield from _not_exclusive(source, event, group)
        yield from _not_exhaustive(source, event, group)


def _not_exclusive(source: str, event: str, group: list[Transition]) -> Iterator[Finding]:
    for index, later in enumerate(group):
        for earlier in group[:index]:
            for valuation in _valuations((earlier, later)):
                if earlier.allows(valuation) and later.allows(valuation):
                    reason = f"a second transition on '{event}' from '{source}' beside the one on line"
                    reason += f" {earlier.line}, and their guards both hold {_when(valuation)}"
                    yield Finding(later.line, f"{reason}; remove one or guard them by contraries")
                    break


def _not_exhaustive(source: str, event: str, group: list[Transition]) -> Iterator[Finding]:
    for valuation in _valuations(group):
        if not any(t.allows(valuation) for t in group):
            reason = f"'{event}' has no answer in '{source}' {_when(valuation)}"
            yield Finding(group[0].line, f"{reason}; add the transition for it or drop the guard")
            return


def _valuations(transitions: Iterable[Transition]) -> list[dict[str, bool]]:
    return valuations({str(literal.guard) for t in transitions for literal in t.guard})


def _when(valuation: dict[str, bool]) -> str:
    if not valuation:
        return "always"
    return "when " + " and ".join(f"'{name}' is {str(value).lower()}" for name, value in valuation.items())


def reachable(spec: Spec) -> Iterator[Finding]:
    """Every state can be reached from the entry."""
    entries = spec.of_kind(Kind.ENTRY)
    if not entries:
        return
    reached = _closure({str(entries[0].name)}, [(t.source, t.target) for t in spec.transitions])
    for state in spec.states:
        if state.name not in reached:
            reason = f"no way leads from '{entries[0].name}' to '{state.name}'"
            yield Finding(state.line, f"{reason}; add a transition into it or remove the state")


def no_traps(spec: Spec) -> Iterator[Finding]:
    """Every state is left, and leads back to where the work begins."""
    entries = spec.of_kind(Kind.ENTRY)
    ways_in = [t.target for entry in entries for t in spec.leaving(entry.name)]
    home = ways_in[0] if ways_in else None
    returning = _closure({str(home)}, [(t.target, t.source) for t in spec.transitions])
    for state in spec.states:
        if all(t.target == state.name for t in spec.leaving(state.name)):
            yield Finding(state.line, f"'{state.name}' is a trap: nothing leads out of it; add a transition")
        elif home is not None and state.name not in returning:
            reason = f"'{state.name}' is a trap: no way leads from it back to '{home}'"
            yield Finding(state.line, f"{reason}; add a transition")


def _closure(start: set[str], edges: list[tuple[str, str]]) -> set[str]:
    reached = set(start)
    pending = list(start)
    while pending:
        node = pending.pop()
        for tail, head in edges:
            if tail == node and head not in reached:
                reached.add(str(head))
                pending.append(str(head))
    return reached


def intervals_fit(spec: Spec) -> Iterator[Finding]:
    """A sleep, and a state that leads back to itself, take time: they and no others have an interval."""
    sleeps = {str(state.name) for state in spec.of_kind(Kind.SLEEP)}
    loops = {str(t.source) for t in spec.transitions if t.source == t.target}
    timed = {str(interval.state) for interval in spec.intervals}
    for state in spec.states:
        if state.name in (sleeps | loops) - timed:
            what = "is a sleep" if state.name in sleeps else "leads back to itself"
            reason = f"'{state.name}' {what}, and no interval says for how long"
            yield Finding(state.line, f"{reason}; name it as the 'state' of an interval")
    for interval in spec.intervals:
        wanted, what = (
            (sleeps, "a sleep") if interval.name == "deep_sleep" else (loops, "led back to by itself")
        )
        if interval.state not in wanted:
            reason = f"the interval '{interval.name}' is spent in '{interval.state}', which is not {what}"
            yield Finding(interval.state.line, f"{reason}; name the state that is")


def ours_hangs_together(spec: Spec) -> Iterator[Finding]:
    """A transition from or to a state that is ours is ours, too: the seed's picture cannot have it."""
    own = {str(state.name) for state in spec.states if state.ours is not None}
    for t in spec.transitions:
        for name in (t.source, t.target):
            if t.ours is None and name in own:
                reason = f"the state '{name}' is ours, so this transition is not the seed's"
                yield Finding(t.line, f"{reason}; say why it is there in 'ours'")
                break


def colours_mean(spec: Spec) -> Iterator[Finding]:
    """Gray is the time-out and nothing else; red leads to a state that goes to sleep."""
    for t in spec.transitions:
        time_out = spec.state(t.source).time_out
        is_time_out = time_out is not None and time_out.event == t.event
        if is_time_out and t.colour is not Colour.GRAY:
            yield Finding(t.line, f"a time-out is drawn gray, not {t.colour}; change the colour")
        if not is_time_out and t.colour is Colour.GRAY:
            yield Finding(t.line, f"gray is for time-outs, and '{t.event}' is none here; change the colour")
        leads_to_sleep = any(spec.state(n.target).kind is Kind.SLEEP for n in spec.leaving(t.target))
        if t.colour is Colour.RED and not leads_to_sleep:
            reason = f"red is for the way into sleep, and no sleep follows '{t.target}'"
            yield Finding(t.line, f"{reason}; change the colour")


RULES: Rules = (
    one_entry,
    raised_is_answered,
    guards_decide,
    reachable,
    no_traps,
    intervals_fit,
    ours_hangs_together,
    colours_mean,
)

"""How often each rule was followed and each fault met: counted, and told at the end of a run."""

from collections import Counter, defaultdict
from functools import wraps

import pytest
from hypothesis.stateful import rule

LINES = pytest.StashKey[list[str]]()
"""Where a run keeps the lines that it ends with."""

LINE = 120
"""Characters."""

GROUPS = (("power lost ", "power lost"), ("edge ", "transitions"), ("", "faults and other events"))
"""What a tally counts, by how its names begin."""

_names = defaultdict(set)
"""Of rules, by the name of the class that they stand in."""


def counted_rule(**strategies):
    """Hypothesis's `rule`, for a class that counts in `fired`."""

    def decorate(function):
        _names[function.__qualname__.partition(".")[0]].add(function.__name__)

        @wraps(function)
        def counted(self, **drawn):
            type(self).fired[function.__name__] += 1
            return function(self, **drawn)

        return rule(**strategies)(counted)

    return decorate


def rules_of(world):
    """The names of a class's rules, inherited ones included."""
    return set().union(*(_names[kind.__name__] for kind in world.__mro__))


def headline(world):
    """One line on all sequences of a class."""
    return (
        f"{world.__name__}: {world.tally['sequences']:,} sequences, {world.fired.total():,} steps, "
        f"{len(world.fired)} of {len(rules_of(world))} rules followed"
    )


def details(world):
    """Lines that tell each rule, fault and transition, and how often it was met."""
    yield from _table("rules", world.fired)
    counts = Counter({name: number for name, number in world.tally.items() if number and name != "sequences"})
    for start, title in GROUPS:
        group = {name: counts.pop(name) for name in list(counts) if name.startswith(start)}
        yield from _table(title, Counter({name.removeprefix(start): n for name, n in group.items()}))


def _table(title, counts):
    """The largest number first, in columns that are read downwards."""
    yield f"  {title}:"
    cells = [f"{number:9,}  {name}" for name, number in counts.most_common()]
    width = max(map(len, cells), default=LINE)
    columns = max(1, LINE // width)
    height = -(-len(cells) // columns)
    for line in range(height):
        yield "".join(cell.ljust(width) for cell in cells[line::height]).rstrip()

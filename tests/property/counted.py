"""How often each rule was followed and each fault met: counted, and told at the end of a run."""

from collections import Counter, defaultdict
from functools import wraps

from hypothesis.stateful import rule

COLUMNS = 2
WIDTH = 56
"""Characters of a column."""

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


def table(counts: Counter):
    """Lines with a number and a name, the largest first, in columns that are read downwards."""
    cells = [f"{number:9,}  {name}" for name, number in counts.most_common()]
    height = -(-len(cells) // COLUMNS)
    for line in range(height):
        yield "".join(cell.ljust(WIDTH) for cell in cells[line::height]).rstrip()

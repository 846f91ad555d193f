"""What the searches came to, in tables."""

from collections.abc import Iterable, Sequence

from generator.model.ablation import Ablation
from generator.model.check import Row
from generator.model.spin import Verdict
from generator.table import Table

CHECKED = Table(
    (
        ("promise", 23),
        ("world", 44),
        ("verdict", 11),
        ("states", -11),
        ("transitions", -13),
        ("MB", -5),
        ("s", -5),
    )
)
ABLATED = Table(
    (
        ("without", 26),
        ("in its place", 67),
        ("falls", 67),
        ("shown", 23),
        ("steps", -5),
        ("states", -11),
        ("s", -4),
    )
)
"""`shown` is the promise whose fall is told, in so many steps; states and seconds are of all searches together."""

DRAWN = Table((("promise", 23), ("to the letter", 26), ("kindly", 26)))


def checked(row: Row) -> str:
    figures = row.outcome.figures
    return CHECKED.line(
        [
            row.promise,
            row.run.name,
            str(row.outcome.verdict),
            f"{figures.states:,}",
            f"{figures.transitions:,}",
            f"{figures.memory_mb:.0f}",
            f"{figures.seconds:.0f}",
        ]
    )


def ablated(result: Ablation) -> str:
    names = [*result.fallen, *(f"{name} ({Verdict.UNKNOWN})" for name in result.undecided)]
    shown = result.shown
    return ABLATED.line(
        [
            result.measure.name,
            result.measure.without,
            ", ".join(names) or "nothing",
            shown.promise if shown else "",
            str(len(shown.told)) if shown else "",
            f"{result.states:,}",
            f"{result.seconds:.0f}",
        ]
    )


def drawn(readings: Sequence[Row]) -> str:
    """A line of `DRAWN`: one promise, in each reading of the picture."""
    cells = [
        f"{row.outcome.verdict}: {row.run.name}"
        if row.outcome.verdict is Verdict.FALLS
        else str(row.outcome.verdict)
        for row in readings
    ]
    return DRAWN.line([readings[0].promise, *cells])


def story(told: Iterable[str]) -> str:
    """A trail, a line a step."""
    return "\n".join(f"  {number:>3}. {line}" for number, line in enumerate(told, 1))

"""A trail in plain words: what the model printed on its way, with the codes replaced by names."""

import re
from collections.abc import Iterable, Mapping

PUNCHES = "ABCDEFGH"
CYCLE = "<<<<<START OF CYCLE>>>>>"
FOR_EVER = "... and from here on for ever:"

LONGEST_REPEATED = 12
"""Lines; a longer part of a story is told each time it happens."""

# What SPIN says itself, and what only matters beside something else.
_NOISE = re.compile(r"^(spin:|ltl |$|\d+ process|now in|#processes|Never claim|\s*MSC|starting claim)")


def tell(trail: Iterable[str], codes: Mapping[int, str]) -> list[str]:
    """The lines of a story; what happens again and again at once is told once."""
    lines: list[str] = []
    for printed in trail:
        if CYCLE in printed:
            lines.append(FOR_EVER)
            continue
        if _NOISE.match(printed):
            continue
        line = _named(printed, codes)
        lines.append(line)
        _forget_repetition(lines)
    return lines


def _forget_repetition(lines: list[str]) -> None:
    """Drop the end of the story if what stands before it says the same."""
    for length in range(1, LONGEST_REPEATED + 1):
        if len(lines) >= 2 * length and lines[-length:] == lines[-2 * length : -length]:
            del lines[-length:]
            return


def _named(line: str, codes: Mapping[int, str]) -> str:
    line = re.sub(r"<(\d+)>", lambda found: codes[int(found[1])], line)
    return re.sub(r"\[(\d+)\]", lambda found: punches(int(found[1])), line)


def punches(members: int) -> str:
    """A set of punches in words: 5 is "punches A and C"."""
    names = [name for number, name in enumerate(PUNCHES) if members & (1 << number)]
    if not names:
        return "no punch"
    if len(names) == 1:
        return f"punch {names[0]}"
    return f"punches {', '.join(names[:-1])} and {names[-1]}"

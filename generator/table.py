"""Tables for people: Markdown that reads well in a terminal, too."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Table:
    """A table's columns: heading and width; a negative width aligns to the right."""

    columns: tuple[tuple[str, int], ...]

    def head(self) -> str:
        """The heading and the line below it."""
        rule = "|".join("-" * (abs(width) + 1) + (":" if width < 0 else "-") for _, width in self.columns)
        return f"{self.line([heading for heading, _ in self.columns])}\n|{rule}|"

    def line(self, cells: Sequence[str]) -> str:
        padded = (
            cell.rjust(-width) if width < 0 else cell.ljust(width)
            for cell, (_, width) in zip(cells, self.columns, strict=True)
        )
        return f"| {' | '.join(padded)} |"

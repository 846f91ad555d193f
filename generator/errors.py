"""What can go wrong.

GeneratorError
├── SpecError       the spec is not sound: every reason found, each with its line
└── RenderError     the picture cannot be drawn on this machine
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One reason to refuse the spec: the line (from 1) and the reason with the way out."""

    line: int
    reason: str


class GeneratorError(Exception):
    """The root: the message is for a person and needs no traceback."""


class SpecError(GeneratorError):
    """The spec was refused. `findings` holds every reason found, in the order of their lines."""

    def __init__(self, file: str, findings: Sequence[Finding]) -> None:
        self.file = file
        self.findings = tuple(sorted(set(findings)))
        super().__init__("\n".join(f"{file}:{finding.line}: {finding.reason}" for finding in self.findings))


class RenderError(GeneratorError):
    """Graphviz is missing or failed."""

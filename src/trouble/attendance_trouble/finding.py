"""What a doctor, of the Pi or of the cloud, says of one thing."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARN = "warn"
    """It works, and somebody should know."""
    FAIL = "FAIL"
    """It does not work like this."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line.

    Attributes:
        about: what was looked at, in a word or two.
        told: what was found, and where it is not well, what to do.
    """

    level: Level
    about: str
    told: str

    def __str__(self) -> str:
        return f"{self.level:<4}  {self.about:<13}  {' '.join(self.told.split())}"


def ok(about: str, told: str) -> Finding:
    return Finding(Level.OK, about, told)


def warn(about: str, told: str) -> Finding:
    return Finding(Level.WARN, about, told)


def fail(about: str, told: object) -> Finding:
    return Finding(Level.FAIL, about, str(told))

"""A belief about a service or a device that others made, how it is tried, and what comes of it."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from attendance_trouble import first_words

Lab = TypeVar("Lab")


class OtherwiseError(Exception):
    """It is otherwise than is believed; says how."""


class NotTriedError(Exception):
    """It cannot be tried here; says why."""


class Outcome(StrEnum):
    """What came of a trial."""

    AS_BELIEVED = "as believed"
    OTHERWISE = "OTHERWISE"
    NOT_TRIED = "not tried"


@dataclass(frozen=True)
class Belief(Generic[Lab]):
    """One line of the list.

    Attributes:
        name: by which it is called, unique.
        words: what is believed, one sentence.
        trial: tries it, and returns what was seen; raises OtherwiseError or NotTriedError.
    """

    name: str
    words: str
    trial: Callable[[Lab], str]


class Beliefs(list[Belief[Lab]]):
    """A list of beliefs, in their order."""

    def held(self, words: str) -> Callable[[Callable[[Lab], str]], Callable[[Lab], str]]:
        """Decorates a belief's trial, which bears its name: ``_same_title`` is *same-title*."""

        def hold(trial: Callable[[Lab], str]) -> Callable[[Lab], str]:
            self.append(Belief(trial.__name__.strip("_").replace("_", "-"), words, trial))
            return trial

        return hold


@dataclass(frozen=True)
class Tried:
    """A line of the table."""

    name: str
    outcome: Outcome
    seen: str

    def __str__(self) -> str:
        return f"{self.outcome:<11}  {self.name:<22}  {' '.join(self.seen.split())}"


def expect(seen: object, *, so: bool) -> str:
    """What was seen, as text; raises OtherwiseError with it unless it is `so`."""
    if not so:
        raise OtherwiseError(str(seen))
    return str(seen)


def try_all(
    beliefs: Iterable[Belief[Lab]], lab: Lab, not_tried: type[Exception] = NotTriedError
) -> Iterator[Tried]:
    """Each by itself: what one comes to keeps no other from being tried.

    Args:
        not_tried: the error of a program's own that says why something could not be tried.
    """
    for belief in beliefs:
        try:
            yield Tried(belief.name, Outcome.AS_BELIEVED, belief.trial(lab))
        except OtherwiseError as error:
            yield Tried(belief.name, Outcome.OTHERWISE, str(error))
        except (NotTriedError, not_tried) as error:
            yield Tried(belief.name, Outcome.NOT_TRIED, str(error))
        except Exception as error:  # noqa: BLE001 - whatever a service answers that no belief foresees is to be told
            yield Tried(belief.name, Outcome.OTHERWISE, f"{type(error).__name__}: {first_words(error)}")

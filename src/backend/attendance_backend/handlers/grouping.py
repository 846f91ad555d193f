"""Does work for one workbook in one go, and finds by halving the piece that keeps the others from being done."""

import logging
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from attendance_backend.errors import SpreadsheetGoneError, TransientError

log = logging.getLogger(__name__)
T = TypeVar("T")

MOST_FAILURES = 14
"""Attempts that fail: enough to find two pieces that are in the way among 100."""


class Grouping(Generic[T]):
    """Tries pieces together; where something is in the way, half of them, and half of these.

    What is left by itself, or after `MOST_FAILURES`, or where the workbook is gone, is left to its own way: it may need
    more than a write, or be refused.
    """

    def __init__(self, do: Callable[[Sequence[T]], object]) -> None:
        self._do = do
        self._failures = 0

    def done(self, pieces: Sequence[T]) -> list[T]:
        """Do the pieces; returns those that are done. Raises TransientError: nothing is known of any."""
        if len(pieces) < 2 or self._failures >= MOST_FAILURES:
            return []
        try:
            self._do(pieces)
        except TransientError:
            raise
        except SpreadsheetGoneError as error:
            log.warning("%s", error)
            return []
        except Exception as error:  # noqa: BLE001 - whoever is to blame raises it again, alone
            self._failures += 1
            log.warning("%d messages are not taken in together: %s", len(pieces), error)
            middle = len(pieces) // 2
            return [*self.done(pieces[:middle]), *self.done(pieces[middle:])]
        return [*pieces]

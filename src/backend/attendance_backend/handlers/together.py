"""Messages that wait at the same time: what several of them do to one workbook is one read and one write.

What is done comes in rounds, a workbook or a message each: who serves them may stop between two, and go on later with
whoever is left and whoever came meanwhile.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from attendance_backend.errors import TransientError
from attendance_backend.handlers.create_sheet import create_together
from attendance_backend.handlers.dispatch import handle
from attendance_backend.handlers.get_period import periods_together
from attendance_backend.handlers.site_health import health_together
from attendance_backend.handlers.store_records import store_together
from attendance_backend.ports import Backend
from attendance_contracts import CreateReviewSheet, GetReviewPeriod, Message, SiteHealth, StoreAttendRecords

log = logging.getLogger(__name__)

Reply = Callable[[], Message | None]
"""Gives the reply to a message as `dispatch.handle` does."""


_TOGETHER: Mapping[type[Message], Callable[[Any, Backend], Iterator[Mapping[int, Reply | None]]]] = {
    GetReviewPeriod: periods_together,
    CreateReviewSheet: create_together,
    StoreAttendRecords: store_together,
    SiteHealth: health_together,
}
"""What is done together of some kinds of messages, a round at a time. Left to do is who is in none of them, or whose
reply is None."""


class Served(NamedTuple):
    """A message, by its number, and its reply."""

    number: int
    reply: Reply


def handle_together(messages: Sequence[Message], backend: Backend) -> Iterator[list[Served]]:
    """Handle messages as `dispatch.handle` does each, in rounds of those whose replies cost nothing more.

    The kind of the first message comes first, so that no kind waits for ever for another one. Those that were done
    together come before the others of their workbook. Each of these is a round by itself, and only done when it is
    asked for its reply. Each is harmless to repeat, alone or with others.
    """
    left = dict(enumerate(messages))
    for kind in dict.fromkeys(map(type, messages)):
        do = _TOGETHER.get(kind)
        numbers = [number for number, message in left.items() if type(message) is kind]
        if do is None or len(numbers) < 2:
            continue
        try:
            for replies in do([messages[number] for number in numbers], backend):
                of_round = {numbers[index]: reply for index, reply in replies.items()}
                for number in of_round:
                    del left[number]
                yield [Served(number, reply) for number, reply in of_round.items() if reply is not None]
                alone = [number for number, reply in of_round.items() if reply is None]
                yield from ([Served(n, partial(handle, messages[n], backend))] for n in alone)
        except TransientError as error:
            failed = [number for number in numbers if left.pop(number, None) is not None]
            yield [Served(number, partial(fail, error)) for number in failed]
        except Exception as error:  # noqa: BLE001 - whoever is to blame raises it again, alone
            log.warning("%d messages are not taken in together: %s", len(numbers), error)
    for number, message in left.items():
        yield [Served(number, partial(handle, message, backend))]


def fail(error: Exception) -> None:
    """The reply to a message that cannot be handled: it raises the error."""
    raise error

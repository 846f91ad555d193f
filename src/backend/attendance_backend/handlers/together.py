"""Messages that wait at the same time: what several of them do to one workbook is one read and one write."""

import logging
from collections.abc import Callable, Mapping, Sequence
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


_TOGETHER: Mapping[type[Message], Callable[[Any, Backend], Sequence[Reply | None]]] = {
    GetReviewPeriod: periods_together,
    CreateReviewSheet: create_together,
    StoreAttendRecords: store_together,
    SiteHealth: health_together,
}
"""What is done together of some kinds of messages; None for the reply to one that is left to do."""


class Served(NamedTuple):
    """A message, by its number, and its reply."""

    number: int
    reply: Reply


def handle_together(messages: Sequence[Message], backend: Backend) -> list[Served]:
    """Handle messages as `dispatch.handle` does each.

    Those that were done together come first. The others are only done when they are asked for their replies, so that
    what is refused keeps nobody waiting. Each is harmless to repeat, alone or with others.
    """
    if len(messages) < 2:
        return [Served(number, partial(handle, message, backend)) for number, message in enumerate(messages)]
    done: list[Served] = []
    for kind, do in _TOGETHER.items():
        numbered = [(number, message) for number, message in enumerate(messages) if isinstance(message, kind)]
        if len(numbered) < 2:
            continue
        try:
            replies = do([message for _, message in numbered], backend)
        except TransientError as error:
            replies = [partial(_fail, error)] * len(numbered)
        except Exception as error:  # noqa: BLE001 - whoever is to blame raises it again, alone
            log.warning("%d messages are not taken in together: %s", len(numbered), error)
            continue
        done += [
            Served(n, reply) for (n, _), reply in zip(numbered, replies, strict=True) if reply is not None
        ]
    numbers = {served.number for served in done}
    left = ((number, message) for number, message in enumerate(messages) if number not in numbers)
    return [*done, *(Served(number, partial(handle, message, backend)) for number, message in left)]


def _fail(error: TransientError) -> None:
    raise error

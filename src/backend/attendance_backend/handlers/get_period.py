"""GetReviewPeriod: which period comes next?"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from attendance_backend.handlers import routing
from attendance_backend.ports import Backend
from attendance_contracts import GetReviewPeriod, NewReviewPeriod


def get_review_period(
    message: GetReviewPeriod, backend: Backend, table: routing.Table | None = None
) -> NewReviewPeriod:
    """Answer with the next period; with None while HR has not published it.

    `table` is HR's, read after the message came; without it, it is read.
    """
    period, table = routing.period_for(message, backend, table)
    if period is not None:
        routing.register_for(message, period, table, backend)
    return NewReviewPeriod(
        location=message.location,
        request_id=message.request_id,
        after=message.after,
        period=period,
    )


def periods_together(
    messages: Sequence[GetReviewPeriod], backend: Backend
) -> Iterator[dict[int, Callable[[], NewReviewPeriod]]]:
    """What gives each message's reply: HR's table is read once for all. Raises as `Spreadsheets.read`."""
    table = routing.read(backend, anew=True)
    yield {
        number: partial(get_review_period, message, backend, table) for number, message in enumerate(messages)
    }

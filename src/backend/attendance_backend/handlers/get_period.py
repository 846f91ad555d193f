"""GetReviewPeriod: which period comes next?"""

from attendance_backend.handlers import routing
from attendance_backend.ports import Backend
from attendance_contracts import GetReviewPeriod, NewReviewPeriod


def get_review_period(message: GetReviewPeriod, backend: Backend) -> NewReviewPeriod:
    """Answer with the next period; with None while HR has not published it."""
    period, table = routing.period_for(message, backend)
    if period is not None:
        routing.register_for(message, period, table, backend)
    return NewReviewPeriod(
        location=message.location,
        request_id=message.request_id,
        after=message.after,
        period=period,
    )

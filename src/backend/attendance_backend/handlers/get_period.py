"""GetReviewPeriod: which period comes next?"""

from attendance_backend.control.reading import read_review_periods
from attendance_backend.domain.periods import next_period
from attendance_backend.ports import Backend
from attendance_contracts import GetReviewPeriod, NewReviewPeriod


def get_review_period(message: GetReviewPeriod, backend: Backend) -> NewReviewPeriod:
    """Answer with the next period; with None while HR has not published it."""
    around = min(message.after or message.on, message.on)
    published = read_review_periods(backend.spreadsheets, backend.control_id, around)
    return NewReviewPeriod(
        location=message.location,
        request_id=message.request_id,
        after=message.after,
        period=next_period(published.periods, message.after, message.on),
    )

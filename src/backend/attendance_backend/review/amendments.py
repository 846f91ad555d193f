"""``Amendments``: punches that came after HR finalised the period, in the columns of the raw data.

Made when first needed. They stand in ``Punch Index``, so that they are stored once like all others, and count for
nobody's day.
"""

from attendance_backend.review import raw_data
from attendance_backend.review.names import AMENDMENTS, AMENDMENTS_ID
from attendance_backend.sheet.changes import Change


def create() -> list[Change]:
    """The worksheet, empty but for its header."""
    return raw_data.create_worksheet(
        AMENDMENTS_ID,
        AMENDMENTS,
        "Punches that came after the period was finalised: never edit.",
    )

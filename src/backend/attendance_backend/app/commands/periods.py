"""Which workbooks a command is about."""

from attendance_backend.control.reading import Control
from attendance_backend.domain.periods import period_named
from attendance_backend.errors import UserError
from attendance_contracts import ReviewPeriod


def review_sheet_ids(control: Control, period: str | None) -> dict[str, str]:
    """Spreadsheet IDs by period: of one period, or of all that are recorded; raises UserError when there is none."""
    if period is None:
        if not control.review_sheets:
            raise UserError("no review sheet has been made yet: one is made when a site asks for it")
        return dict(control.review_sheets)
    for name, spreadsheet_id in control.review_sheets.items():
        if name.casefold() == " ".join(period.split()).casefold():
            return {name: spreadsheet_id}
    listed = ", ".join(repr(name) for name in control.review_sheets) or "none yet"
    raise UserError(f"there is no review sheet of {period!r}; there are: {listed}")


def window(name: str, control: Control) -> ReviewPeriod:
    """The days of a period, by its name; raises UserError when HR's list does not say them."""
    if (period := period_named(control.periods, name)) is not None:
        return period
    raise UserError(
        f"the Review Periods spreadsheet has no row for {name!r} any more, or one that does not count: mend it first "
        "(attendance-backend check says what is wrong)"
    )

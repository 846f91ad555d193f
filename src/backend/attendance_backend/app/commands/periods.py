"""Which workbooks a command is about."""

from attendance_backend.control.reading import Control
from attendance_backend.errors import UserError


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

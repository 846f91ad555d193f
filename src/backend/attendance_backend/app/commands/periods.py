"""Which workbooks a command is about."""

from attendance_backend.control.reading import Control
from attendance_backend.errors import UserError
from attendance_contracts import ReviewPeriod


def review_sheet_ids(control: Control, period: str | None) -> dict[str, str]:
    """Spreadsheet IDs by the workbooks' names: of one workbook, of all groups' of one period, or all that are recorded.

    Raises UserError when there is none.
    """
    if period is None:
        if not control.review_sheets:
            raise UserError("no review sheet has been made yet: one is made when a site asks for it")
        return dict(control.review_sheets)
    asked_for = " ".join(period.split()).casefold()
    found = {
        name: spreadsheet_id
        for name, spreadsheet_id in control.review_sheets.items()
        if asked_for in (name.casefold(), control.parts.get(name, (name, ""))[0].casefold())
    }
    if found:
        return {
            name: found[name] for name in found if name.casefold() == asked_for and name in control.parts
        } or found
    listed = ", ".join(repr(name) for name in control.review_sheets) or "none yet"
    raise UserError(f"there is no review sheet of {period!r}; there are: {listed}")


def only_one(found: dict[str, str]) -> tuple[str, str]:
    """Name and ID of the one workbook that was asked for; raises UserError where a period has several."""
    if len(found) > 1:
        raise UserError(f"there are several, one a group; name one of: {', '.join(map(repr, found))}")
    ((name, spreadsheet_id),) = found.items()
    return name, spreadsheet_id


def window(name: str, control: Control) -> ReviewPeriod:
    """The days of a period, by its name; raises UserError when HR's list does not say them."""
    if (period := control.period_of(name)) is not None:
        return period
    raise UserError(
        f"the Review Periods spreadsheet has no row for {name!r} any more, or one that does not count: fix it first "
        "(attendance-backend check says what is wrong)"
    )

"""`attendance-backend share`: share the review workbooks as ``Settings`` says."""

from attendance_backend.app.commands.periods import review_sheet_ids
from attendance_backend.control import sharing
from attendance_backend.control.reading import read_control
from attendance_backend.control.sharing import Shared
from attendance_backend.ports import Backend


def share(backend: Backend, period: str | None) -> dict[str, list[Shared]]:
    """Share one period's workbook, or all that are recorded; what became of each address, by period.

    Raises:
        UserError: no such period, or a workbook that is gone.
        GoogleError: try again.
    """
    control = read_control(backend.spreadsheets, backend.control_id, backend.clock.now().date())
    return {
        name: sharing.apply(
            backend.drive, spreadsheet_id, control.of_group(control.group_of(name)).rules.shares
        )
        for name, spreadsheet_id in review_sheet_ids(control, period).items()
    }

"""Daily backup copies of each workbook that is not finalised, and of *Review Periods*.

They lie in a folder beside, and are found by their Drive properties, never by title. A copy bears none of the
properties by which its original is found, and so never counts as the original itself.

Making one may be repeated: of two copies of a day, as two ticks at once make them, the older one stays; whoever looks
last sees both.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from attendance_backend.handlers.init_control import KIND_PROPERTY
from attendance_backend.ports import Backend, Drive
from attendance_backend.review.names import CONTROL_PROPERTY, PERIOD_PROPERTY

FOLDER = "Copies"
FOLDER_PROPERTY = "attendance_copies"
COPY_OF, COPIED_ON = "attendance_copy_of", "attendance_copied_on"
RESTORED_FOR = "attendance_restored_for"
"""On what was made from a copy: the ID of what it takes the place of."""
NOT_ITSELF = dict.fromkeys((PERIOD_PROPERTY, CONTROL_PROPERTY, KIND_PROPERTY, RESTORED_FOR), "copy")
"""Properties of what is a copy, so that it is not found as its original."""


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy, made on a day (UTC)."""

    file_id: str
    day: date


def of(file_id: str, drive: Drive) -> list[Copy]:
    """The copies of a spreadsheet, the newest day first, the older one of two of the same day first."""
    found = drive.files({COPY_OF: file_id})
    copies = [Copy(file.file_id, date.fromisoformat(file.properties[COPIED_ON])) for file in found]
    return sorted(copies, key=lambda copy: copy.day, reverse=True)


def keep(
    file_id: str, title: str, backend: Backend, in_use: Collection[str], days: int | None = None
) -> None:
    """See to it that there is a copy of today, and that no more than the last ones are kept.

    Args:
        in_use: IDs of spreadsheets that people work in: should one of them be a copy that somebody put in its
            original's place, it stays.
        days: of so many a copy is kept; None for all that there are.

    Raises:
        UserError: no copy can be made.
        GoogleError: the next tick tries again.
    """
    drive, today = backend.drive, backend.clock.now().date()
    kept = of(file_id, drive)
    if all(copy.day != today for copy in kept):
        folder_id = folder(backend)
        properties = {**NOT_ITSELF, COPY_OF: file_id, COPIED_ON: today.isoformat()}
        drive.copy(file_id, f"{title}, copy of {today}", properties, folder_id)
        kept = of(file_id, drive)
    for copy in _surplus(kept, days) if days is not None else ():
        if copy.file_id not in in_use:
            drive.move_to_bin(copy.file_id)


def folder(backend: Backend) -> str:
    """Where copies lie; made if it is not there. Raises as `keep`."""
    return backend.drive.subfolder(FOLDER, {FOLDER_PROPERTY: backend.control_id})


def _surplus(copies: Sequence[Copy], days: int) -> list[Copy]:
    """All but the first copy of each of the newest days."""
    first = {copy.day: copy for copy in reversed(copies)}
    kept = list(first.values())[-days:]
    return [copy for copy in copies if copy not in kept]


def gone(name: str) -> str:
    """What is said of a workbook that does not exist, or that we may not see; `name` is its period's."""
    return (
        "it was deleted for good, or is not shared with the program any more: share it again, or have "
        f'attendance-backend restore --period "{name}" run, which makes it again from its newest copy'
    )

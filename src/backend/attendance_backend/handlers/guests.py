"""Sites that have a place in another group's workbook, since people of it punched there.

Health messages go to a site's own workbook. How far its data is complete is brought into the others at each visit:
whoever is absent there, and what an export may be trusted in, depends on it as well.
"""

import logging
from functools import partial

from attendance_backend.control.reading import Control
from attendance_backend.domain.people import site_key
from attendance_backend.errors import UserError
from attendance_backend.handlers import books
from attendance_backend.handlers.optimistic import write_optimistically
from attendance_backend.handlers.site_health import close
from attendance_backend.ports import Backend
from attendance_backend.review import sites_sheet
from attendance_backend.review.book import whole
from attendance_backend.review.names import SITES
from attendance_backend.review.sites_sheet import SiteRow

log = logging.getLogger(__name__)


def keep(control: Control, backend: Backend) -> None:
    """Bring in what sites told in their own workbooks, of all that are not finalised; costs a read of each."""
    seen: dict[str, dict[str, dict[str, SiteRow]]] = {}
    for name, sheet_id in control.review_sheets.items():
        period = control.period_of(name)
        if name in control.finalised or period is None:
            continue
        try:
            view = books.look(backend.spreadsheets, sheet_id, [whole(SITES)])
        except UserError as error:
            log.info("workbook of %s: %s", name, error)  # its visit tells
            continue
        seen.setdefault(period.name, {})[name] = sites_sheet.read(view.worksheet(SITES))
    for workbooks in seen.values():
        for name, rows in workbooks.items():
            _keep(name, rows, workbooks, control, backend)


def _keep(
    name: str,
    rows: dict[str, SiteRow],
    workbooks: dict[str, dict[str, SiteRow]],
    control: Control,
    backend: Backend,
) -> None:
    period, through = control.period_of(name), {}
    for other, others in workbooks.items():
        for key, row in others.items():
            is_own = site_key(control.groups.of_site(key)) == site_key(control.group_of(other))
            day, guest = row.complete_through, rows.get(key)
            if other == name or not is_own or guest is None or day is None:
                continue
            if guest.complete_through is None or guest.complete_through < day:
                through[guest.site] = day
    if period is None or not through:
        return
    sheet_id = control.review_sheets[name]
    while write_optimistically(
        backend.spreadsheets, partial(close, backend.spreadsheets, sheet_id, period, through)
    ):
        pass

"""What HR changed in the control spreadsheet, into the workbooks: once a day for each site, and at each refresh.

Idempotent: only what differs is written.
"""

import logging
from datetime import timedelta

from attendance_backend.control.reading import Control, read_control, write_problems
from attendance_backend.handlers import books
from attendance_backend.handlers.refresh import rebuild_facts
from attendance_backend.handlers.turns import Draft, take_turn
from attendance_backend.ports import Backend
from attendance_backend.review import day_header, guide_sheet, sites_sheet, structure
from attendance_backend.review.book import sites_of, whole
from attendance_backend.review.guide_sheet import Parameters
from attendance_backend.review.names import GUIDE, SITES
from attendance_backend.sheet.changes import Change
from attendance_backend.sheet.grid import Spreadsheet
from attendance_contracts import ReviewPeriod, SiteHealth

log = logging.getLogger(__name__)

_LOOK_BACK = timedelta(days=14)
"""So long after a period began, the one before it may still lack the word that its last days are complete."""


def begin_day(message: SiteHealth, backend: Backend) -> tuple[str, ReviewPeriod] | None:
    """Read the control spreadsheet, tell HR what is wrong in it, and bring the open workbook up to date.

    Returns:
        The workbook of the period before and that period, while it may lack the word of its last days.
    """
    present = books.present(backend.spreadsheets, message.sheet_id)
    today = message.at.date()
    control = read_control(backend.spreadsheets, backend.control_id, today, sites_of(present))
    write_problems(backend.spreadsheets, backend.control_id, control)
    for difference in sync(message.sheet_id, message.period, control, backend):
        log.info("%s: %s", message.period.name, difference)
    if today - message.period.first_day > _LOOK_BACK:
        return None
    return _before(message.period, control)


def sync(sheet_id: str, period: ReviewPeriod, control: Control, backend: Backend) -> list[str]:
    """People, holidays and rules as HR keeps them now; returns what was different, in words.

    Punches are looked at anew when it changed whose they are, or how they count.
    """

    def draft() -> Draft[tuple[list[str], bool]]:
        read = books.read(backend.spreadsheets, sheet_id, [*structure.SYNC, whole(SITES)])
        people = list(control.people.values())
        holidays = day_header.texts_of(control.holidays)
        parameters = parameters_of(control)
        parts: dict[str, list[Change]] = {
            "people were added": structure.add_people(read, structure.people_of(read, people, period)),
            "people were changed": structure.update_people(read, people),
            "first or last days were changed": structure.update_employment(read, people),
            "holidays were changed": structure.update_holidays(read, period, holidays),
            "grace or overtime was changed": guide_sheet.update_parameters(read.worksheet(GUIDE), parameters),
            "rules of a site were changed": _site_rules(read, control),
        }
        changed = [words for words, changes in parts.items() if changes]
        about_punches = {"people were added", "people were changed", "rules of a site were changed"}
        changes = [change for part in parts.values() for change in part]
        return Draft(read, changes, (changed, not about_punches.isdisjoint(changed)))

    changed, count_anew = take_turn(backend.spreadsheets, draft)
    return [*changed, *(rebuild_facts(sheet_id, period, backend).differences if count_anew else ())]


def parameters_of(control: Control) -> Parameters:
    """By what formulas count, as it is set for all workbooks."""
    return Parameters(grace_s=control.rules.grace_s, overtime_after_s=control.rules.overtime_after_s)


def _site_rules(workbook: Spreadsheet, control: Control) -> list[Change]:
    sheet = workbook.worksheet(SITES)
    return [
        change
        for row in sites_sheet.read(sheet).values()
        for change in sites_sheet.cells_for(
            sheet,
            row.site,
            {
                sites_sheet.KEY_POLICY: control.rules.key_policy(row.site).value,
                sites_sheet.DOUBLE_TAP: control.rules.double_tap_s(row.site),
            },
        )
    ]


def _before(period: ReviewPeriod, control: Control) -> tuple[str, ReviewPeriod] | None:
    """The latest earlier period that has a workbook."""
    earlier = [each for each in control.periods if each.last_day < period.first_day]
    for each in reversed(earlier):
        for name, sheet_id in control.review_sheets.items():
            if name.casefold() == each.name.casefold():
                return sheet_id, each
    return None

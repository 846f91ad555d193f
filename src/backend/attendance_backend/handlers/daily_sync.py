"""Brings HR's changes of the control spreadsheet into the workbooks: at each visit and refresh, once a day a site.

Idempotent: only what differs is written.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, time

from attendance_backend.control.reading import Control, read_control, write_problems
from attendance_backend.control.registered_sites import Registered
from attendance_backend.domain.clocks import seconds_of
from attendance_backend.domain.people import Person, site_key
from attendance_backend.errors import UserError
from attendance_backend.handlers import books, cut_offs
from attendance_backend.handlers.optimistic import Draft, write_optimistically
from attendance_backend.handlers.refresh import rebuild_facts
from attendance_backend.ports import Backend
from attendance_backend.review import day_header, guide_sheet, in_force, sites_sheet, structure
from attendance_backend.review.book import EXCEPTIONS_END, GUIDE_VALUES, lost_keys, sites_of, whole
from attendance_backend.review.days_sheet import Days
from attendance_backend.review.in_force import InForce
from attendance_backend.review.names import DAILY, DAYS, GUIDE, SITES
from attendance_backend.review.structure import Content
from attendance_backend.sheet.changes import Change
from attendance_backend.sheet.grid import Spreadsheet
from attendance_backend.sheet.layout import Column
from attendance_contracts import ReviewPeriod, SiteHealth

log = logging.getLogger(__name__)

REPLANNED = "what is planned for people's days was changed"
LOST_KEYS = "hidden keys of people were gone"
PEOPLE_ADDED = "people were added"
_MOST_EARLIER = 4
"""Of a day's first messages, each reads so many earlier workbooks at most, however many HR leaves open."""
_ABOUT_PUNCHES = {PEOPLE_ADDED, REPLANNED, "people were changed", "rules of a site were changed", LOST_KEYS}


def begin_day(message: SiteHealth, backend: Backend) -> list[tuple[str, ReviewPeriod]]:
    """Read the control spreadsheet, tell HR what is wrong in it, and bring the open workbook up to date.

    Returns:
        The workbooks of the newest earlier periods that are not finalised, and those periods. They may lack the word
        that their last days are complete, or of all: one that HR split off when it was over.
    """
    present = books.present(backend.spreadsheets, message.sheet_id)
    today = message.at.date()
    control = read_control(backend.spreadsheets, backend.control_id, today, sites_of(present))
    write_problems(backend.spreadsheets, backend.control_id, control)
    control = control.of_book(message.sheet_id)
    for difference in sync(message.sheet_id, message.period, control, backend, today):
        log.info("%s: %s", message.period.name, difference)
    return list(_open_before(message.period, control))[-_MOST_EARLIER:]


def sync(
    sheet_id: str, period: ReviewPeriod, control: Control, backend: Backend, today: date | None = None
) -> list[str]:
    """People, holidays and rules as HR keeps them now; returns what was different, in words.

    Punches are looked at anew when it changed whose they are, or how they count. What HR typed and nobody understands
    stays as the workbook has it, and so does a month that HR finalised. `today` is the cloud's day, unless a site's
    message is taken in that waited. While HR holds changes, nothing is brought in.
    """
    if control.rules.holds_changes:
        return []
    earlier = _earlier_workbook(control, sheet_id, backend)
    changed: dict[str, None] = {}
    on = today or backend.clock.now().date()

    is_planned = not control.plans.are_none or any(person.terms for person in control.people.values())

    def draft() -> Draft[tuple[list[str], bool]]:
        """What was different, and whether there may be more people to add."""
        nonlocal is_planned
        read = books.read(backend.spreadsheets, sheet_id, [*structure.SYNC, whole(SITES), EXCEPTIONS_END])
        if guide_sheet.read(read.worksheet(GUIDE)).is_closed:
            return Draft(read, (), ([], False))
        if keys := lost_keys(read):
            return Draft(read, keys, ([LOST_KEYS], LOST_KEYS not in changed))
        is_planned = is_planned or bool(Days(read.worksheet(DAYS)).planned)
        kept = InForce(control.rules, read, earlier)
        people = kept.people(control.people.values(), period.last_day)
        cut_offs_changed, cut_offs_noted = cut_offs.changes(read, people, period, on)
        new = structure.next_lacking(read, _expected(read, people, period, on))
        holidays = day_header.texts_of(control.holidays)
        if not control.knows_all_holidays:
            holidays = {**day_header.texts_in(read.worksheet(DAILY)), **holidays}
        parts: dict[str, list[Change]] = {
            PEOPLE_ADDED: structure.add_people(read, new),
            "people were changed": structure.update_people(read, people),
            "cut-off times were changed": cut_offs_changed,
            "first or last days were changed": structure.update_employment(read, people),
            "weekends were changed": structure.update_weekends(read, control.rules.weekends),
            "holidays were changed": structure.update_holidays(read, period, holidays),
            "grace or overtime was changed": guide_sheet.update_parameters(
                read.worksheet(GUIDE), kept.parameters()
            ),
            "rules of a site were changed": _site_rules(read, kept, period, control.sites),
        }
        different = [words for words, changes in parts.items() if changes]
        changes = [change for part in (*parts.values(), cut_offs_noted) for change in part]
        return Draft(read, changes, (different, len(new) == structure.MOST_ADDED))

    more = True
    while more:
        found, more = write_optimistically(backend.spreadsheets, draft)
        changed |= dict.fromkeys(found)
    if is_planned and _replan(sheet_id, period, control, backend):
        changed[REPLANNED] = None
    count_anew = not _ABOUT_PUNCHES.isdisjoint(changed)
    return [*changed, *(rebuild_facts(sheet_id, period, backend).differences if count_anew else ())]


def _replan(sheet_id: str, period: ReviewPeriod, control: Control, backend: Backend) -> bool:
    """Bring in what HR plans; returns whether it differed. What nobody understands of it leaves all as it was."""

    def draft() -> Draft[bool]:
        wants = [whole(DAYS), whole(SITES), GUIDE_VALUES]
        read = books.read(backend.spreadsheets, sheet_id, wants)
        days, kept = Days(read.worksheet(DAYS)), InForce(control.rules, read)
        is_closed = guide_sheet.read(read.worksheet(GUIDE)).is_closed
        if is_closed or (days.planned and not control.plans.is_whole):
            return Draft(read, (), outcome=False)
        boundaries = {key: row.day_boundary for key, row in sites_sheet.read(read.worksheet(SITES)).items()}
        known = [boundary for boundary in boundaries.values() if boundary is not None]
        plans = {}
        for person in kept.people(control.people.values(), period.last_day):
            # Without a site any boundary may be asked: with the earliest one a day is taken to end later.
            begin = boundaries.get(site_key(person.site)) or min(known, default=time())
            member = days.members.get(person.key)
            seen_at = member.seen.site if member is not None and member.seen is not None else ""
            plans[person.key] = control.plans.of(
                person, days.columns, seconds_of(begin), period.last_day, seen_at
            )
        changes = days.replanned(plans)
        return Draft(read, changes, bool(changes), in_steps=True)

    if write_optimistically(backend.spreadsheets, draft):
        backend.remembered.pop(sheet_id, None)
        return True
    return False


def add_hires(sheet_id: str, people: Sequence[Person], period: ReviewPeriod, backend: Backend) -> None:
    """Rows for people, in as many requests as that takes, and what the punches that are stored say of them."""

    def draft() -> Draft[int]:
        read = books.read(backend.spreadsheets, sheet_id, structure.PEOPLE)
        new = structure.next_lacking(read, people)
        return Draft(read, structure.add_people(read, new), len(new))

    while write_optimistically(backend.spreadsheets, draft):
        pass
    rebuild_facts(sheet_id, period, backend)


def content_for(workbook: Spreadsheet, period: ReviewPeriod, control: Control, backend: Backend) -> Content:
    """What worksheets begin with that are missing in a workbook, of which is known which there are."""
    sheet_id, headers = workbook.spreadsheet_id, structure.header_wants(workbook)
    kept = InForce(control.rules, _earlier_workbook(control, sheet_id, backend))
    return Content(
        tuple(kept.people(control.people.values(), period.last_day)),
        holidays=day_header.texts_of(control.holidays),
        parameters=kept.parameters(),
        headers=books.read(backend.spreadsheets, sheet_id, headers) if headers else None,
        week_begins_on=kept.week_begins_on(),
    )


def _earlier_workbook(control: Control, sheet_id: str, backend: Backend) -> Spreadsheet | None:
    """The newest other workbook, with the cells of `in_force.WANTS`; None when it is not needed or cannot be read."""
    others = [other for other in control.review_sheets.values() if other != sheet_id]
    if not others or not in_force.is_needed(control.rules, control.people.values()):
        return None
    try:
        return books.look(backend.spreadsheets, others[-1], in_force.WANTS)
    except UserError as error:
        log.warning("what is not understood in the Review Periods spreadsheet has its default: %s", error)
        return None


def _expected(view: Spreadsheet, people: Sequence[Person], period: ReviewPeriod, today: date) -> list[Person]:
    """Those of HR's list who need rows: once the period is over, nobody new without a First Day or a punch in it.

    Who comes into the list in November is hired for November: in October's workbook every day would be an absence.
    """
    if today <= period.last_day:
        return structure.people_of(view, people, period)
    begun = [person if person.first_day else replace(person, first_day=today) for person in people]
    keys = {person.key for person in structure.people_of(view, begun, period)}
    return [person for person in people if person.key in keys]


def _site_rules(
    workbook: Spreadsheet, kept: InForce, period: ReviewPeriod, registered: Mapping[str, Registered]
) -> list[Change]:
    sheet = workbook.worksheet(SITES)
    changes: list[Change] = []
    for key, row in sites_sheet.read(sheet).items():
        values: dict[Column, sites_sheet.Value] = {
            sites_sheet.KEY_POLICY: kept.key_policy(row.site).value,
            sites_sheet.DOUBLE_TAP: kept.double_tap_s(row.site),
        }
        if key in registered:
            # By these punches are stored, whatever somebody typed here.
            keeping = registered[key].in_period(period)
            values[sites_sheet.DAY_BOUNDARY] = keeping.day_boundary
            values[sites_sheet.TIME_ZONE] = keeping.time_zone or row.time_zone
        changes += sites_sheet.cells_for(sheet, row.site, values)
    return changes


def before(period: ReviewPeriod, control: Control) -> tuple[str, ReviewPeriod] | None:
    """The latest earlier period that has a workbook."""
    earlier = [each for each in control.periods if each.last_day < period.first_day]
    for each in reversed(earlier):
        for name, sheet_id in control.review_sheets.items():
            if name.casefold() == each.name.casefold():
                return sheet_id, each
    return None


def _open_before(period: ReviewPeriod, control: Control) -> Iterator[tuple[str, ReviewPeriod]]:
    for name, sheet_id in control.review_sheets.items():
        earlier = control.period_of(name)
        if earlier is not None and earlier.last_day < period.first_day and name not in control.finalised:
            yield sheet_id, earlier

"""Restore a workbook: worksheets, days, people, facts and formulas that are missing. What HR typed stays.

A healthy workbook shows no difference and is not written to.
"""

import logging
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from typing import TypeVar

from attendance_backend.control.reading import Control
from attendance_backend.domain.periods import week_of
from attendance_backend.errors import LayoutError, UserError
from attendance_backend.handlers import books, daily_sync, finalising, routing
from attendance_backend.handlers.optimistic import Draft, write_optimistically
from attendance_backend.handlers.refresh import rebuild_facts
from attendance_backend.ports import Backend
from attendance_backend.review import (
    brought_in,
    carried_leave,
    day_header,
    finalised,
    guide_sheet,
    repairing,
    sites_sheet,
    structure,
    working_time,
)
from attendance_backend.review.book import (
    EXCEPTIONS_END,
    STATE_HEADERS,
    header,
    places_of,
    sites_of,
    tell,
    whole,
)
from attendance_backend.review.carried_leave import Earlier
from attendance_backend.review.completion import contradictions
from attendance_backend.review.exceptions_sheet import Entry
from attendance_backend.review.expected_formulas import OF_PLANS
from attendance_backend.review.in_force import InForce
from attendance_backend.review.names import CORRECTIONS, DAILY, EXCEPTIONS, GUIDE, SITES, WEEKLY
from attendance_backend.review.repairing import Repairs
from attendance_backend.review.working_time import WeekFacts
from attendance_backend.sheet.changes import AddWorksheet
from attendance_backend.sheet.preview import after, workbook_after
from attendance_contracts import ReviewPeriod

log = logging.getLogger(__name__)

LOST = (
    "punches are gone from the raw data that were there at an earlier visit, as if an older version was restored: have "
    "attendance-client replay run at the site, which sends them again (or empty Newest Punches in Review Sheets)"
)
_MISSING = "the worksheet {!r} was missing"
_TYPED_IN = GUIDE, WEEKLY, CORRECTIONS
"""Worksheets in which what people typed counts."""
_LEAVE, _WEEK = "leave", "week"
"""What is remembered of the workbooks of other groups."""
_Read = TypeVar("_Read")


def restore(
    sheet_id: str, period: ReviewPeriod, control: Control, backend: Backend, site: str | None = None
) -> tuple[list[str], list[str], dict[str, str]]:
    """Make a workbook whole; one that HR finalised is kept as values, one that HR opened again lives.

    Args:
        site: one that surely has raw data; None for those whose raw data is there.

    Returns:
        What was wrong, a line each; what stays, which only people can fix: rows of the raw data that are gone or cannot
        be read, and what was typed over formulas; of a finalised month what differs since; and of a month that lives
        its newest punches, as `review_sheets.newest`, but for those that are gone.

    Raises:
        UserError: there is no raw data, or a later version of the program changed the workbook.
    """
    differences = books.fix(backend.spreadsheets, sheet_id)
    missing, is_kept, sites = _complete_worksheets(sheet_id, period, control, backend, site)
    _tell_emptied(sheet_id, missing, backend)
    lacking, is_finalised = _complete_days(sheet_id, period, control, backend, sites)
    differences += [*missing, *lacking]
    if is_kept and is_finalised:
        return differences, _since_finalised(sheet_id, control, backend), {}
    if is_kept:
        differences += finalising.open_again(sheet_id, period, backend)
    if not is_finalised:
        differences += daily_sync.sync(sheet_id, period, control, backend)
    elif not is_kept and finalising.is_of_earlier_version(sheet_id, period, backend):
        return *_kept_as_it_is(sheet_id, period, control, backend, differences), {}
    rebuilt = rebuild_facts(sheet_id, period, backend)
    leave = None if is_finalised else earlier_leave(period, control, backend)
    weeks = None if is_finalised else week_facts(sheet_id, period, control, backend)
    repairs = repair_formulas(sheet_id, period, backend, leave, weeks)
    differences += [*rebuilt.differences, *repairs.differences]
    known = control.newest_punches.get(sheet_id, {})
    lost = {site: record for site, record in known.items() if (site, record) not in rebuilt.stored}
    newest = {**rebuilt.newest, **lost}
    kept = [*(f"{site}: {LOST}" for site in sorted(lost)), *rebuilt.unreadable, *repairs.kept]
    if is_finalised:
        differences, told = _kept_as_it_is(sheet_id, period, control, backend, differences)
        return differences, [*kept, *told], newest
    return differences, kept, newest


def _kept_as_it_is(
    sheet_id: str, period: ReviewPeriod, control: Control, backend: Backend, differences: list[str]
) -> tuple[list[str], list[str]]:
    """What was wrong, and what differs since HR finalised the month, or keeps it from being kept."""
    try:
        kept = finalising.keep(sheet_id, period, control, backend)
    except LayoutError as error:
        return differences, [str(error)]
    return [*differences, *kept], _since_finalised(sheet_id, control, backend)


def _since_finalised(sheet_id: str, control: Control, backend: Backend) -> list[str]:
    return [str(each) for each in finalising.look(sheet_id, control, backend) or ()]


def _complete_worksheets(
    sheet_id: str, period: ReviewPeriod, control: Control, backend: Backend, site: str | None
) -> tuple[list[str], bool, set[str]]:
    """What was missing, whether the month is values, and the sites that have raw data."""

    def draft() -> Draft[tuple[list[str], bool, set[str]]]:
        present = books.present(backend.spreadsheets, sheet_id)
        content = daily_sync.content_for(present, period, control, backend)
        sites = sites_of(present) or ({site} if site is not None else set())
        if not sites:
            raise UserError(
                f"the workbook of {period.name} has no raw data of any site: restore it through File > Version history"
            )
        moved, earlier = structure.locale_changes(present), structure.with_earlier_colours(present)
        own = [header(title) for title in earlier]
        shaded = (
            structure.coloured_anew(present, books.read(backend.spreadsheets, sheet_id, own), earlier)
            if own
            else []
        )
        changes = [*moved, *shaded, *structure.missing_worksheets(present, period, [min(sites)], content)]
        added = [change for change in changes if isinstance(change, AddWorksheet)]
        told = [f"the locale was {present.locale}, and the time zone {present.time_zone}"] if moved else []
        told += [f"{title} shaded weekends as an earlier version did" for title in earlier]
        told += [_MISSING.format(change.title) for change in added]
        return Draft(present, changes, (told, finalised.is_kept(present), sites), in_steps=True)

    return write_optimistically(backend.spreadsheets, draft)


def _tell_emptied(sheet_id: str, missing: Collection[str], backend: Backend) -> None:
    """Tell of worksheets that were deleted with what people had typed into them, which counts no more."""
    entries = [
        Entry(
            backend.clock.now().replace(tzinfo=None),
            "",
            "",
            f"The worksheet {title} was deleted, and made again without what was typed into it, which counts no more",
            "File > Version history shows what that was: type it again. Then type resolved into State.",
        )
        for title in _TYPED_IN
        if _MISSING.format(title) in missing
    ]

    def draft() -> Draft[None]:
        read = books.read(backend.spreadsheets, sheet_id, [EXCEPTIONS_END, *STATE_HEADERS])
        return Draft(read, tell(read, entries), None)

    if entries:
        write_optimistically(backend.spreadsheets, draft)


def _complete_days(
    sheet_id: str, period: ReviewPeriod, control: Control, backend: Backend, sites: Collection[str]
) -> tuple[list[str], bool]:
    """What was lacking, and whether HR has finalised the month, to which no day is added any more then.

    A site without a row in ``Sites`` would count as one whose data is complete.
    """

    def draft() -> Draft[tuple[list[str], bool]]:
        wants = [*structure.HEADERS, whole(GUIDE), whole(SITES)]
        view = books.read(backend.spreadsheets, sheet_id, wants)
        guide, kept = view.worksheet(GUIDE), InForce(control.rules, view)
        is_finalised = guide_sheet.read(guide).finalised
        days = (
            []
            if is_finalised
            else structure.missing_days(view, period, day_header.texts_of(control.holidays))
        )
        settings = guide_sheet.restored(guide, period, kept.parameters(), places_of(view))
        answer = guide_sheet.answer(after(guide, settings))
        words = [] if is_finalised else guide_sheet.refreshed(after(guide, settings))
        there = view.worksheet(SITES)
        without = [site for site in sorted(sites) if sites_sheet.row_of(there, site) is None]
        rows = [] if is_finalised else sites_sheet.cells_of(there, {site: {} for site in without})
        told = ["days of the period were missing"] if days else []
        told += [f"{SITES!r} lacked {', '.join(without)}"] if rows else []
        told += [f"settings of {GUIDE!r} were gone"] if settings else []
        told += [f"{GUIDE!r} did not say what becomes of Finalised"] if answer and not settings else []
        told += [f"{GUIDE!r} had the words of an earlier version"] if words else []
        changes = [*days, *rows, *settings, *answer, *words]
        return Draft(view, changes, (told, is_finalised), in_steps=True)

    return write_optimistically(backend.spreadsheets, draft)


def earlier_leave(period: ReviewPeriod, control: Control, backend: Backend) -> Earlier | None:
    """What the workbook before says of leave that goes on; None where there is none, or it cannot be read.

    Where sites have workbook groups, somebody may have been in another group's then: all of that period are read.
    """
    own, others = _workbooks_before(period, control, backend)
    leave = [_leave_in(each, backend) for each in own]
    leave += [_of_another(f"{_LEAVE} {each}", backend, partial(_leave_in, each, backend)) for each in others]
    return carried_leave.joined(leave)


def _workbooks_before(
    period: ReviewPeriod, control: Control, backend: Backend, since: date = date.min
) -> tuple[list[str], list[str]]:
    """The group's workbook of the period before, if that ends on a day or later, and those of all other groups."""
    before, table = daily_sync.before(period, control), routing.read(backend)
    own = [] if before is None or before[1].last_day < since else [before[0]]
    if table.groups.are_none:
        return own, []
    earlier = [each for each in table.periods if each.last_day < period.first_day and table.books_of(each)]
    of_all = table.books_of(earlier[-1]) if earlier and earlier[-1].last_day >= since else []
    return own, [each for each in of_all if each not in own]


def _leave_in(sheet_id: str, backend: Backend) -> Earlier | None:
    try:
        return carried_leave.read(books.look(backend.spreadsheets, sheet_id, carried_leave.WANTS))
    except UserError as error:
        # That it cannot be read is told of that workbook itself.
        log.info("leave is not carried over from the workbook %s: %s", sheet_id, error)
        return None


def _of_another(key: str, backend: Backend, read: Callable[[], _Read]) -> _Read:
    """What another group's workbook said a minute ago: each group's workbook asks for that of each other group."""
    now, kept = backend.clock.now(), backend.remembered.get(key)
    if kept is None or abs((now - kept[0]).total_seconds()) >= routing.KNOWN_FOR_S:
        kept = backend.remembered[key] = now, read()
    found: _Read = kept[1]
    return found


def week_facts(sheet_id: str, period: ReviewPeriod, control: Control, backend: Backend) -> WeekFacts | None:
    """By what weeks count, and what the workbooks before, of all groups, have of a week that is cut in two.

    None where nobody is planned, and where HR holds changes or typed what nobody understands: then all stays.
    """
    rules = control.rules
    is_planned = not control.plans.are_none or any(person.terms for person in control.people.values())
    if not is_planned or rules.holds_changes or not rules.are_hours_read:
        return None
    limit = rules.overtime_after_week
    facts = WeekFacts(
        None if limit is None else limit / 86_400, rules.balance_leave, kinds=rules.kinds_of_leave
    )
    try:
        own = books.read(backend.spreadsheets, sheet_id, [header(WEEKLY), header(DAILY)])
    except UserError as error:
        log.info("nothing is brought into the workbook of %s: %s", period.name, error)
        return facts
    first, begins_on = period.first_day, working_time.begin_of_weeks(own)
    begin = week_of(first, begins_on)
    days = [begin + timedelta(days=number) for number in range((first - begin).days)]
    before, others = _workbooks_before(period, control, backend, begin) if days else ([], [])
    if not before and not others:
        return replace(facts, lacks=tuple(days))

    def shown(earlier: str) -> brought_in.Found:
        present = books.present(backend.spreadsheets, earlier)
        view = books.look(backend.spreadsheets, earlier, brought_in.wants(present))
        return brought_in.of_days(view, days, rules.balance_leave)

    try:
        found = [shown(each) for each in before]
        found += [_of_another(f"{_WEEK} {days[0]} {each}", backend, partial(shown, each)) for each in others]
    except UserError as error:
        log.info("nothing is brought into the workbook of %s: %s", period.name, error)
        return facts
    return replace(facts, brought=brought_in.joined(found))


def repair_formulas(
    sheet_id: str,
    period: ReviewPeriod,
    backend: Backend,
    leave: Earlier | None = None,
    weeks: WeekFacts | None = None,
) -> Repairs:
    """Put formulas back that are gone, carry leave over from the workbook before, and tell of days to be checked."""

    def draft() -> Draft[Repairs]:
        view = read = books.read(backend.spreadsheets, sheet_id, repairing.wants())
        if repairing.planned_people(view):
            present = books.present(backend.spreadsheets, sheet_id)
            there = [title for title in OF_PLANS if present.find(title) is not None]
            view = replace(view, absent=view.absent.union(OF_PLANS).difference(there))
            if there:
                read_too = books.read(backend.spreadsheets, sheet_id, [whole(title) for title in there])
                view = books.joined(view, read_too)
        carried, rows = (
            ([], range(0)) if leave is None else carried_leave.changes(view, period.first_day, leave)
        )
        if carried:
            view = workbook_after(view, carried)
        repairs = repairing.repair(view, period, new_rows=rows, weeks=weeks)
        repairs.changes[:0] = carried
        repairs.differences += [f"leave was carried over from {leave.period}"] if leave and carried else []
        unreported = contradictions(view)
        repairs.changes += tell(view, [*unreported, *working_time.cut_weeks(view, period, weeks)])
        days = "1 day" if len(unreported) == 1 else f"{len(unreported)} days"
        repairs.differences += [f"{EXCEPTIONS!r} lacked {days} to be checked"] if unreported else []
        return Draft(read, repairs.changes, repairs, in_steps=True)

    return write_optimistically(backend.spreadsheets, draft)

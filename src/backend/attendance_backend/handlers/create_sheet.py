"""CreateReviewSheet: make sure that the period's spreadsheet exists, once, with a place for the site.

Whatever the point at which an earlier attempt died, this one goes on from there: a recorded spreadsheet is
used, one created but not recorded is found by its Drive properties. What is missing in it is made, in steps where it is
much (`sheet.steps`); with the last of them people see its worksheets, and it gets its name. Only then it is shared and
recorded, and somebody is told.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial

from attendance_backend.control import review_sheets, sharing
from attendance_backend.control.reading import Control, read_control, report
from attendance_backend.control.sharing import Shared
from attendance_backend.domain.groups import book_name
from attendance_backend.domain.people import site_key
from attendance_backend.errors import NotAdmittedError, SpreadsheetGoneError, UserError
from attendance_backend.handlers import books, bounds, routing
from attendance_backend.handlers.copies import gone
from attendance_backend.handlers.daily_sync import content_for
from attendance_backend.handlers.grouping import Grouping
from attendance_backend.handlers.optimistic import Draft, write_optimistically
from attendance_backend.handlers.restore import earlier_leave, repair_formulas
from attendance_backend.ports import Backend
from attendance_backend.review import guide_sheet, sites_sheet, structure
from attendance_backend.review.book import whole
from attendance_backend.review.names import (
    BEING_MADE,
    GROUP_PROPERTY,
    GUIDE,
    SITES,
    drive_properties,
    workbook_title,
)
from attendance_backend.review.structure import Content
from attendance_backend.sheet.grid import Spreadsheet
from attendance_contracts import CreateReviewSheet, NewReviewSheet, ReviewPeriod

log = logging.getLogger(__name__)


def create_review_sheet(
    message: CreateReviewSheet, backend: Backend, group: str | None = None
) -> NewReviewSheet:
    """Answer with the ID of the period's spreadsheet, the same for every site of a group.

    Args:
        message: of the site that is to have a place in it.
        group: whose workbook; None for that of the site.

    Raises:
        NotAdmittedError: HR's table has no such period, and there never was a workbook of it.
        Others as `Spreadsheets.read` and `Drive.create`.
    """
    # HR's dates count, whatever the site believes.
    table = routing.read(backend, anew=True)
    period = bounds.period_of(message.period, table, message.location)
    records = review_sheets.read(backend.spreadsheets, backend.control_id)
    if group is None:
        group = table.groups.of_site(message.location)
    name = book_name(period.name, group)
    recorded = review_sheets.find(records, name)
    # A table without any period is one that somebody is fixing just now: punches must not wait for that.
    if recorded is None and table.periods and period not in table.periods:
        raise NotAdmittedError(f"HR's table has no period {period.name!r}, and it gets no workbook")
    sheet_id = recorded or _find_or_create(period, group, backend)
    control = None if recorded else _read_control(backend, group)
    try:
        _complete(sheet_id, period, [message.location], backend, control=control, group=group)
    except SpreadsheetGoneError as error:
        if recorded is None:
            raise
        # The site is not to wait for it: its punches are answered one by one, and are asked for again.
        log.error(  # noqa: TRY400 - the line says it all
            "the review sheet of %s is gone (%s): %s; where there is no copy, delete its row in %r to have a new one "
            "made",
            name,
            error,
            gone(name),
            review_sheets.TITLE,
        )
    if control is not None:
        if leave := earlier_leave(period, control, backend):
            repair_formulas(sheet_id, period, backend, leave)
        # Before it is recorded: an attempt that died on the way is gone on with, and this is done again.
        _share(sheet_id, control, backend)
        # Read again: what others recorded since is not written over.
        records = review_sheets.read(backend.spreadsheets, backend.control_id)
        recorded = review_sheets.find(records, name)
        if recorded is None:
            today = backend.clock.now().date()
            review_sheets.record(
                backend.spreadsheets,
                backend.control_id,
                records,
                period.name,
                spreadsheet_id=sheet_id,
                created_on=today,
                group=group,
            )
        routing.forget(backend)
    # Drive may have listed one too late: what is recorded counts.
    return _reply(message, recorded or sheet_id, table)


def create_together(
    messages: Sequence[CreateReviewSheet], backend: Backend
) -> Iterator[dict[int, Callable[[], NewReviewSheet] | None]]:
    """Make places for all sites with one write a workbook; one that is not recorded yet is made by the first.

    Returns:
        What gives the replies by the messages' places, a workbook after the other; None for one that is left to do.

    Raises:
        TransientError: deliver those again that were in no round.
    """
    records = review_sheets.read(backend.spreadsheets, backend.control_id)
    table = routing.read(backend, anew=True)
    groups: dict[tuple[ReviewPeriod, str], list[int]] = {}
    for number, message in enumerate(messages):
        groups.setdefault((message.period, table.groups.of_site(message.location)), []).append(number)
    for (told, group), numbers in groups.items():
        first = messages[numbers[0]]
        try:
            period = bounds.period_of(told, table, first.location)
            recorded = review_sheets.find(records, book_name(period.name, group))
            sheet_id = recorded or create_review_sheet(first, backend, group).sheet_id
        except (UserError, NotAdmittedError) as error:
            log.warning("%s: %s", told.name, error)
            continue

        def complete(
            some: Sequence[int],
            sheet_id: str = sheet_id,
            period: ReviewPeriod = period,
            group: str = group,
        ) -> None:
            names = (messages[number].location for number in reversed(some))
            sites = {site_key(name): name for name in names}
            _complete(sheet_id, period, [*reversed(sites.values())], backend, control=None, group=group)

        done = Grouping[int](complete).done(numbers)
        yield {n: partial(_reply, messages[n], sheet_id, table) if n in done else None for n in numbers}


def _reply(message: CreateReviewSheet, sheet_id: str, table: routing.Table) -> NewReviewSheet:
    return NewReviewSheet(
        location=message.location,
        request_id=message.request_id,
        period=message.period,
        sheet_id=sheet_id,
        routes=True,
        table=table.digest(message.location),
    )


def _share(sheet_id: str, control: Control, backend: Backend) -> None:
    """Share a new workbook as HR set it; an address that cannot be used must not keep punches waiting."""
    for shared in sharing.apply(backend.drive, sheet_id, control.rules.shares):
        if shared.trouble:
            log.warning("spreadsheet %s: %s", sheet_id, shared)


def _find_or_create(period: ReviewPeriod, group: str, backend: Backend) -> str:
    properties = drive_properties(period.name, backend.control_id, group)

    def oldest() -> str | None:
        found = (
            file.file_id
            for file in backend.drive.files(properties)
            if file.properties.get(GROUP_PROPERTY) == properties.get(GROUP_PROPERTY)
        )
        return next(found, None)

    if (known := oldest()) is not None:
        return known
    sheet_id = backend.drive.create(workbook_title(period, group) + BEING_MADE, properties)
    log.info("created the review sheet of %s: spreadsheet %s", book_name(period.name, group), sheet_id)
    # Another instance may have created one since nothing was found: of two, all take the older one.
    if (first := oldest() or sheet_id) != sheet_id:
        log.info("spreadsheet %s was created before it, and is used; %s goes to the bin", first, sheet_id)
        backend.drive.move_to_bin(sheet_id)
    return first


def _complete(
    sheet_id: str,
    period: ReviewPeriod,
    locations: Sequence[str],
    backend: Backend,
    *,
    control: Control | None,
    group: str,
) -> None:
    """Make what is missing.

    Args:
        locations: the sites that are to have a place, each once.
        control: what HR keeps; None to read it only if it is needed.
    """

    def draft() -> Draft[None]:
        workbook = books.present(backend.spreadsheets, sheet_id)
        content = _content(workbook, period, backend, control, group)
        changes = structure.missing_worksheets(workbook, period, locations, content)
        if structure.can_grow(workbook):
            view = books.read(backend.spreadsheets, sheet_id, [*structure.HEADERS, whole(SITES)])
            if not guide_sheet.read(view.worksheet(GUIDE)).is_closed:
                changes += structure.missing_days(view, period)
            changes += sites_sheet.cells_of(view.worksheet(SITES), {site: {} for site in locations})
        return Draft(workbook, changes, None, in_steps=True)

    write_optimistically(backend.spreadsheets, draft)


def _content(
    workbook: Spreadsheet, period: ReviewPeriod, backend: Backend, control: Control | None, group: str
) -> Content:
    """What the worksheets that are missing begin with; nothing is read when none is."""
    if not structure.lacks_derived(workbook):
        return Content(group=group)
    known = control or _read_control(backend, group)
    shared_with = sharing.report([Shared(share, is_new=True) for share in known.rules.shares])
    return replace(content_for(workbook, period, known, backend), shared_with=shared_with, group=group)


def _read_control(backend: Backend, group: str) -> Control:
    control = read_control(backend.spreadsheets, backend.control_id, backend.clock.now().date())
    report(control.problems)
    return control.of_group(group)

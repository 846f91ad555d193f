"""SiteHealth: keeps the site's row in ``Sites``, and lists in ``Exceptions`` what the newly complete days lack.

Idempotent: what is said in ``Exceptions`` is written together with what it follows from (Complete Through, Clock Told
On, Memory Told On), in one atomic call which is refused if anybody wrote in between. Where it is much, as after weeks,
some days come first in a call of their own. A message that is delivered again finds that and says nothing twice; one
that was overtaken by a later one is dropped.
"""

import hashlib
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from functools import partial
from operator import attrgetter

from attendance_backend.control.reading import read_control
from attendance_backend.domain.completeness import Advance, advance
from attendance_backend.domain.people import site_key
from attendance_backend.errors import NotAdmittedError, UserError, WorksheetGoneError
from attendance_backend.handlers import books, bounds, daily_sync
from attendance_backend.handlers.grouping import Grouping
from attendance_backend.handlers.optimistic import Draft, write_optimistically
from attendance_backend.handlers.restore import restore
from attendance_backend.ports import Backend, Spreadsheets
from attendance_backend.review import book, completion, exceptions_sheet, guide_sheet, rules, sites_sheet
from attendance_backend.review.exceptions_sheet import Entry
from attendance_backend.review.names import GUIDE, PUNCH_INDEX, SITES
from attendance_backend.review.sites_sheet import SiteRow, Value
from attendance_backend.sheet.changes import Change
from attendance_backend.sheet.grid import Spreadsheet
from attendance_backend.sheet.layout import Column
from attendance_contracts import RELEASE, MachineHealth, ReviewPeriod, SiteHealth, business_day, is_older

log = logging.getLogger(__name__)

_WANTS = (
    book.whole(SITES),
    book.GUIDE_VALUES,
    book.EXCEPTIONS_END,
    *book.STATE_HEADERS,
    book.header(PUNCH_INDEX),
)
"""``Punch Index`` is only there for the version, which lies on it."""

OUTDATED = f", outdated: {RELEASE} is out"
MOST_ENTRIES = 1_300
"""Rows for ``Exceptions`` in one request, which is then smaller than a megabyte. Days beyond them follow in another."""
BEGUN_FOR = timedelta(minutes=15)
"""So long a workbook counts as brought up to date for other sites' first messages of a day; visits are as far apart."""
_BEGUN = "workbooks brought up to date"
_DAY = timedelta(days=1)
_FUTURE = timedelta(hours=2)
"""A site's clock that is further ahead of the cloud's is wrong, and says nothing about the order of messages."""


def site_health(message: SiteHealth, backend: Backend) -> None:
    """Take in what a site tells of itself. A worksheet that somebody deleted is brought back first.

    Raises:
        SpreadsheetGoneError: the review sheet is gone.
        WorksheetGoneError: a worksheet was renamed.
        NotAdmittedError: its period has no workbook.
        TransientError: deliver the message again.
    """
    message = bounds.of_health(message, backend)
    try:
        _take_in(backend, [message])
    except WorksheetGoneError as gone:
        log.warning("%s: %s. Bringing it back, as attendance-backend refresh does", message.location, gone)
        _bring_back(message, backend)
        _take_in(backend, [message])


def health_together(
    messages: Sequence[SiteHealth], backend: Backend
) -> Iterator[dict[int, Callable[[], None] | None]]:
    """Take in what concerns one workbook with one read and one write. Of several of one site the latest tells all.

    Returns:
        What gives the replies, which are none, by the messages' places, a workbook after the other; None for one that
        is left to do.

    Raises:
        TransientError: deliver those again that were in no round.
    """
    groups: dict[tuple[str, ReviewPeriod], list[tuple[int, SiteHealth]]] = {}
    for number, each in enumerate(messages):
        with suppress(NotAdmittedError):  # it is told by itself
            message = bounds.of_health(each, backend)
            groups.setdefault((message.sheet_id, message.period), []).append((number, message))
    for group in groups.values():
        ordered = sorted((told for _, told in group), key=attrgetter("at"))
        latest = {site_key(each.location): each for each in ordered}
        taken = Grouping[SiteHealth](partial(_take_in, backend)).done([*latest.values()])
        done = {site_key(each.location) for each in taken}
        yield {number: (lambda: None) if site_key(told.location) in done else None for number, told in group}


def _bring_back(message: SiteHealth, backend: Backend) -> None:
    sites = book.sites_of(books.present(backend.spreadsheets, message.sheet_id))
    control = read_control(
        backend.spreadsheets, backend.control_id, message.at.date(), sites | {message.location}
    ).of_book(message.sheet_id)
    differences, *_ = restore(message.sheet_id, message.period, control, backend, message.location)
    for difference in differences:
        log.warning("%s: %s", message.period.name, difference)


def _take_in(backend: Backend, messages: Sequence[SiteHealth]) -> None:
    """Take in messages to one workbook, each of another site."""
    sheet_id, now = messages[0].sheet_id, backend.clock.now()
    present = books.read(backend.spreadsheets, sheet_id, _WANTS)
    rows = sites_sheet.read(present.worksheet(SITES))
    news, first = list[SiteHealth](), list[SiteHealth]()
    for message in messages:
        row = rows.get(site_key(message.location))
        if _is_overtaken(row, message, now):
            log.info("%s: a health message of %s was overtaken", message.location, message.at)
            continue
        news.append(message)
        if row is None or row.last_heard is None or _day(row.last_heard, message) < _day(message.at, message):
            first.append(message)
    if not news:
        return
    known = [present]
    if first and _begin_day(first, backend):
        known.clear()
    fix = partial(books.put_right, backend.spreadsheets, sheet_id)
    while write_optimistically(backend.spreadsheets, partial(_draft, news, backend, known), fix):
        pass


def _begin_day(messages: Sequence[SiteHealth], backend: Backend) -> bool:
    """What is done with sites' first messages of their day; should it be done twice, the second time finds it done.

    Nothing here keeps the health from being taken in: what HR has to fix is in the log, and in ``Problems``.

    Returns:
        Whether the workbook may have changed: it was not brought up to date for another site a moment ago.
    """
    newest, now = max(messages, key=attrgetter("at")), backend.clock.now()
    begun = backend.remembered.setdefault(_BEGUN, {})
    at, day, earlier = begun.get(newest.sheet_id, (now, None, []))
    is_begun = day == newest.at.date() and abs(now - at) < BEGUN_FOR
    try:
        if not is_begun:
            earlier = daily_sync.begin_day(newest, backend)
            begun[newest.sheet_id] = now, newest.at.date(), earlier
    except UserError as error:
        sites = ", ".join(message.location for message in messages)
        log.error("%s: the workbook is not brought up to date: %s", sites, error)  # noqa: TRY400 - the line says it all
    told = {each.location: each.complete_through for each in messages if each.complete_through is not None}
    for sheet_id, period in earlier if told else ():
        through = {site: min(day, period.last_day) for site, day in told.items()}
        closing = partial(close, backend.spreadsheets, sheet_id, period, through)
        try:
            while write_optimistically(backend.spreadsheets, closing):
                pass
        except UserError as error:
            log.error("%s: it is not known through which day it is complete: %s", period.name, error)  # noqa: TRY400 - as above
    return not is_begun


def _draft(messages: Sequence[SiteHealth], backend: Backend, known: list[Spreadsheet]) -> Draft[bool]:
    """What the messages change, and whether more is left to do; the first attempt takes what is `known` already.

    While days are left to become complete, nothing else is told: a message that is delivered again is not overtaken.
    """
    read = known.pop() if known else books.read(backend.spreadsheets, messages[0].sheet_id, _WANTS)
    rows, now = sites_sheet.read(read.worksheet(SITES)), backend.clock.now()
    values: dict[str, dict[Column, Value]] = {}
    through: dict[str, date] = {}
    entries: list[Entry] = []
    for message in messages:
        row, site = rows.get(site_key(message.location)), message.location
        if _is_overtaken(row, message, now):
            continue
        values[site] = _values(message, row)
        entries += [
            *_about_machine(message, row, values[site]),
            *_about_mistimed(message, row, values[site]),
        ]
        day = message.complete_through
        if day is not None and (row is None or row.complete_through is None or day > row.complete_through):
            values[site][sites_sheet.COMPLETE_THROUGH] = through[site] = day
    reached, completed = _completed(backend.spreadsheets, read, messages[0].period, through)
    if reached != through:
        return Draft(read, _changes(read, _reached(reached), completed), outcome=True)
    return Draft(read, _changes(read, values, [*completed, *entries]), outcome=False)


def close(
    spreadsheets: Spreadsheets, sheet_id: str, period: ReviewPeriod, through: Mapping[str, date]
) -> Draft[bool]:
    """The days of an earlier period: its workbook hears of the last ones only when its sites are in the next one.

    The outcome is whether more is left to do.
    """
    read = books.read(spreadsheets, sheet_id, _WANTS)
    rows = sites_sheet.read(read.worksheet(SITES))
    news = {
        site: day
        for site, day in through.items()
        for row in [rows.get(site_key(site))]
        if row is not None and (row.complete_through is None or row.complete_through < day)
    }
    reached, entries = _completed(spreadsheets, read, period, news)
    return Draft(read, _changes(read, _reached(reached), entries), reached != news)


def _completed(
    spreadsheets: Spreadsheets, read: Spreadsheet, period: ReviewPeriod, through: Mapping[str, date]
) -> tuple[Mapping[str, date], list[Entry]]:
    """What is to be said of the days that became complete by site; nothing in a workbook that HR has finalised.

    Returns:
        Through which day, by site, and what: as much of it as a request should hold, and a day of a site in any case.
    """
    parameters = guide_sheet.read(read.worksheet(GUIDE))
    rows = sites_sheet.read(read.worksheet(SITES))
    reported = {key: row.complete_through for key, row in rows.items()}
    steps: list[tuple[str, date, Advance]] = []
    for site, last in through.items():
        for day in _days_after(reported.get(site_key(site)), min(last, period.last_day), period):
            steps.append((site, day, advance(reported, site, day, period.first_day, period.last_day)))
            reported[site_key(site)] = day
    if parameters.is_closed or not steps:
        return through, []
    workbook = books.read(spreadsheets, read.spreadsheet_id, completion.WANTS)
    reached: dict[str, date] = {}
    entries: list[Entry] = []
    told = completion.entries(workbook, [moved for *_, moved in steps], parameters.grace_s)
    for (site, day, _), more in zip(steps, told, strict=True):
        if reached and len(entries) + len(more) > MOST_ENTRIES:
            return reached, entries
        reached[site] = day
        entries += more
    return through, entries


def _days_after(day: date | None, last: date, period: ReviewPeriod) -> list[date]:
    first = period.first_day if day is None else max(day + _DAY, period.first_day)
    return [first + number * _DAY for number in range((last - first).days + 1)]


def _reached(through: Mapping[str, date]) -> dict[str, dict[Column, Value]]:
    return {site: {sites_sheet.COMPLETE_THROUGH: day} for site, day in through.items()}


def _changes(
    read: Spreadsheet, values: Mapping[str, Mapping[Column, Value]], entries: Sequence[Entry]
) -> list[Change]:
    return [*sites_sheet.cells_of(read.worksheet(SITES), values), *book.tell(read, entries)]


def _values(message: SiteHealth, row: SiteRow | None) -> dict[Column, Value]:
    """What the message says, by column. What the machine says stands until it can be read again."""
    values: dict[Column, Value] = {
        sites_sheet.LAST_HEARD: message.at,
        sites_sheet.BACKLOG: message.backlog,
        sites_sheet.SOFTWARE: message.release + (OUTDATED if is_older(message.release) else ""),
        sites_sheet.PROBLEM: _problem(message),
        **rules.told(message, row),
    }
    machines = _machines(message)
    if machines:
        offsets = [machine.clock_offset_s for machine in machines if machine.clock_offset_s is not None]
        fullest = max(machines, key=lambda machine: (_memory_used(machine) or 0, machine.records))
        kinds = (" ".join(filter(None, (machine.platform, machine.firmware))) for machine in machines)
        values |= {
            sites_sheet.CLOCK_OFFSET: max(offsets, key=abs, default=None),
            sites_sheet.RECORDS: fullest.records,
            sites_sheet.CAPACITY: fullest.record_capacity or None,
            sites_sheet.MEMORY_USED: _memory_used(fullest),
            sites_sheet.USERS: max(machine.users for machine in machines),
            sites_sheet.SERIAL_NUMBER: ", ".join(machine.serial_number for machine in machines),
            sites_sheet.FIRMWARE: ", ".join(dict.fromkeys(filter(None, kinds))),
            sites_sheet.MACHINES: "\n".join(map(_described, message.machines)) or None,
        }
    return values


def _machines(message: SiteHealth) -> Sequence[MachineHealth]:
    """Those of a site's machines that could be read."""
    return message.machines or ((message.machine,) if message.machine is not None else ())


def _described(machine: MachineHealth) -> str:
    """A line of a site that has several."""
    offset, used = machine.clock_offset_s, _memory_used(machine)
    clock = "shows an impossible date" if offset is None else f"{offset:+d} s"
    holds = f"{machine.records} records" + ("" if used is None else f" ({used:.0%} full)")
    return f"{machine.name or 'machine'} ({machine.serial_number}): {holds}, {machine.users} users, clock {clock}"


def _problem(message: SiteHealth) -> str:
    if message.problem:
        return message.problem
    for machine in _machines(message):
        if machine.clock_offset_s is None:
            name = f"{machine.name}: " if machine.name else ""
            return f"{name}the machine's clock shows an impossible date: set it in the machine's menu"
    if message.pi_clock_synchronised is False:
        return "the site's computer does not follow a time server: check its network"
    return ""


def _about_machine(message: SiteHealth, row: SiteRow | None, values: dict[Column, Value]) -> list[Entry]:
    """What is said of the machines once a day; `values` gets the days on which it was said."""
    today, where = _day(message.at, message), (message.at, message.location)
    entries: list[Entry] = []
    clock_reported, memory_reported = (row.clock_reported_on, row.memory_reported_on) if row else (None, None)
    for machine in _machines(message):
        offset, used = machine.clock_offset_s, _memory_used(machine)
        if offset is not None and machine.is_clock_off and clock_reported != today:
            entries.append(exceptions_sheet.machine_clock(*where, offset, machine.name))
            values[sites_sheet.CLOCK_REPORTED_ON] = today
        if used is not None and machine.is_nearly_full and memory_reported != today:
            entries.append(exceptions_sheet.machine_memory(*where, used, machine.name))
            values[sites_sheet.MEMORY_REPORTED_ON] = today
    return entries


MOST_TOLD = 1_000
"""Marks of punches with impossible times that a site's row of a month keeps: more are not told."""


def _about_mistimed(message: SiteHealth, row: SiteRow | None, values: dict[Column, Value]) -> list[Entry]:
    """What is said, once, of punches whose times cannot be; `values` gets the marks of what was said."""
    told = [*(row.mistimed_reported if row else ())]
    entries = []
    for punches in message.mistimed:
        key = repr((punches.serial_number, punches.user_id, punches.read_on, punches.count))
        mark = hashlib.sha256(key.encode()).hexdigest()[:10]
        if mark in told or len(told) >= MOST_TOLD:
            continue
        told.append(mark)
        named = (
            f"{punches.user_name} ({punches.user_id})" if punches.user_name else f"User ID {punches.user_id}"
        )
        who = named if punches.user_id else "further users"
        entries.append(exceptions_sheet.mistimed(message.location, who, punches))
    if entries:
        values[sites_sheet.MISTIMED_REPORTED] = " ".join(told)
    return entries


def _memory_used(machine: MachineHealth) -> float | None:
    return machine.records / machine.record_capacity if machine.record_capacity else None


def _is_overtaken(row: SiteRow | None, message: SiteHealth, now: datetime) -> bool:
    """Whether a later message, or this one, was taken in already."""
    if row is None or row.last_heard is None or message.at > row.last_heard:
        return False
    return row.last_heard <= bounds.latest_wall_time(now, message.time_zone) + _FUTURE


def _day(moment: datetime, message: SiteHealth) -> date:
    return business_day(moment, message.day_boundary)

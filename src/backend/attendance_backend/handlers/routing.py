"""Which period a punch belongs to, and which workbook is the period's: by HR's table, whatever a site believes.

The table is read anew when it was read more than a minute ago; what HR changed within that minute is put right by the
next visit (`handlers.moving`), as is whatever HR changes later.
"""

import hashlib
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import NamedTuple

from attendance_backend.control import forgotten, machine_ids, registered_sites, review_sheets, roster, rules
from attendance_backend.control.forgotten import Forgotten
from attendance_backend.control.period_dates import year_of
from attendance_backend.control.periods import read_periods
from attendance_backend.control.reading import groups_of, people_in, read_people, report
from attendance_backend.control.registered_sites import Keeping, Registered
from attendance_backend.domain.clocks import zone_of
from attendance_backend.domain.groups import Groups, book_name
from attendance_backend.domain.people import Person, site_key
from attendance_backend.domain.periods import next_period
from attendance_backend.errors import LayoutError, UserError
from attendance_backend.handlers import books
from attendance_backend.ports import Backend
from attendance_backend.review import sites_sheet
from attendance_backend.review.book import sites_of, whole
from attendance_backend.review.names import SITES
from attendance_backend.sheet.grid import Area, Spreadsheet, same_cells
from attendance_backend.sheet.table import Problem
from attendance_contracts import GetReviewPeriod, RaiseFinalAlarm, ReviewPeriod, StoreAttendRecords

log = logging.getLogger(__name__)

KNOWN_FOR_S = 60.0
"""So long is a table believed that was read. Google allows 60 reads a minute to all sites together."""

_GROUPS = "what groups are made of"
_LOOKED_UP, _MOST_LOOKED_UP = "workbooks that are in no list", 5
_DAY = timedelta(days=1)


class _Window(NamedTuple):
    """When a site's punches belong to a period, by its clocks; the end is not included."""

    begin: datetime
    end: datetime
    period: ReviewPeriod


@dataclass(frozen=True)
class Table:
    """What HR's table says.

    Attributes:
        periods: in order of time; no two hold the same day.
        sites: by `site_key`.
        books: IDs of workbooks by name (`domain.groups.book_name`), casefolded.
        finalised: names of workbooks, casefolded.
        problems: why some rows of periods do not count.
        of_sites: why some rows of sites do not.
        book: the control spreadsheet, as far as it was read.
        parts: period and group by casefolded name, of the workbooks of groups.
        week_begins_on: the weekday of weeks' first days in a workbook that is made now, 0 is Monday.
    """

    periods: Sequence[ReviewPeriod]
    sites: Mapping[str, Registered]
    books: Mapping[str, str]
    finalised: frozenset[str]
    problems: Sequence[Problem]
    book: Spreadsheet
    forgotten: Forgotten = field(default_factory=Forgotten)
    groups: Groups = field(default_factory=Groups)
    parts: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    week_begins_on: int = 0
    of_sites: Sequence[Problem] = ()
    _windows: dict[str, list[_Window]] = field(default_factory=dict, init=False, compare=False, repr=False)
    """By `site_key`: each punch is asked for."""

    def home(self, site: str, moment: datetime) -> ReviewPeriod | None:
        """The period of a moment of a registered site's clocks."""
        key = site_key(site)
        windows = self._windows.get(key) or self._windows.setdefault(key, [*self._windows_of(key)])
        for window in windows:
            if moment < window.end:
                return None if moment < window.begin else window.period
        return None

    def _windows_of(self, key: str) -> Iterator[_Window]:
        keeping = self.sites[key].in_period
        for period, following in pairwise([*self.periods, None]):
            assert period is not None
            end = period.last_day + _DAY
            # Where the boundary changes with the period, the later one's is the border.
            last = following if following is not None and following.first_day == end else period
            begin = datetime.combine(period.first_day, keeping(period).day_boundary)
            yield _Window(begin, datetime.combine(end, keeping(last).day_boundary), period)

    def boundary_of(self, site: str, period: ReviewPeriod, moment: datetime) -> time:
        """When the day begins to which a moment of a period belongs; its last night may end by the next one's rule."""
        registered = self.sites[site_key(site)]
        if len(registered.keepings) == 1:
            return registered.keepings[0].day_boundary
        own = registered.in_period(period).day_boundary
        following = ReviewPeriod(period.name, period.last_day + _DAY, period.last_day + _DAY)
        return own if period.holds(moment, own) else registered.in_period(following).day_boundary

    def is_before(self, site: str, moment: datetime) -> bool:
        """Whether a punch was made before the site's First Day."""
        registered = self.sites[site_key(site)]
        return moment < datetime.combine(registered.first_day, registered.keepings[0].day_boundary)

    def book_of(self, period: ReviewPeriod, group: str = "") -> str | None:
        """The ID of its workbook; None where none is recorded."""
        return self.books.get(book_name(period.name, group).casefold())

    def book_for(self, period: ReviewPeriod, site: str) -> str | None:
        """The ID of its workbook in which a site's own row stands; None where none is recorded."""
        return self.book_of(period, self.groups.of_site(site))

    def books_of(self, period: ReviewPeriod) -> list[str]:
        """The IDs of its workbooks, of all groups."""
        names = dict.fromkeys(("", *self.groups.all_of_sites))
        return [sheet_id for group in names if (sheet_id := self.book_of(period, group)) is not None]

    def parts_of(self, name: str) -> tuple[str, str]:
        """The names of period and group of a workbook."""
        return self.parts.get(name.casefold(), (name, ""))

    def group_of(self, sheet_id: str) -> str | None:
        """The group of a workbook; None for one that is not recorded."""
        name = next((name for name, other in self.books.items() if other == sheet_id), None)
        return None if name is None else self.groups.spelled(self.parts_of(name)[1])

    def is_finalised(self, period: ReviewPeriod, group: str = "") -> bool:
        """Whether HR had finalised its workbook at the last visit."""
        return book_name(period.name, group).casefold() in self.finalised

    def digest(self, site: str) -> str:
        """A digest that differs as soon as a punch of the site may belong elsewhere."""
        said = repr((list(self.periods), self.sites.get(site_key(site))))
        return hashlib.sha256(said.encode()).hexdigest()[:16]


def read(backend: Backend, *, anew: bool = False) -> Table:
    """HR's table, at most a minute old; with `anew` as it is now. Raises as `Spreadsheets.read`."""
    now = backend.clock.now()
    kept: tuple[datetime, Table] | None = backend.remembered.get(backend.control_id)
    if kept is not None and not anew and abs((now - kept[0]).total_seconds()) < KNOWN_FOR_S:
        return kept[1]
    present = backend.spreadsheets.read(backend.control_id)
    kept_sheets = (registered_sites.TITLE, review_sheets.TITLE, forgotten.TITLE, rules.TITLE)
    years = [sheet.title for sheet in present.worksheets if year_of(sheet.title) is not None]
    titles = [*years, *(title for title in kept_sheets if present.find(title) is not None)]
    book = (
        backend.spreadsheets.read(backend.control_id, [Area(title) for title in titles])
        if titles
        else present
    )
    table = kept[1] if kept is not None and same_cells(kept[1].book, book) else _understood(book, years)
    report([*table.problems, *table.of_sites])
    groups = _groups(present, table.sites, backend, is_grouped=bool(table.parts))
    table = replace(table, book=book, groups=groups)
    backend.remembered[backend.control_id] = now, table
    return table


def _understood(book: Spreadsheet, years: Sequence[str]) -> Table:
    """The table but for its groups; `years` are the titles of the worksheets with periods."""
    settings = book.find(rules.TITLE)
    periods, problems = read_periods(
        [book.worksheet(title) for title in years],
        through_sunday=rules.runs_through_sunday(settings),
    )
    sites, of_sites = registered_sites.read(book.find(registered_sites.TITLE))
    kept = book.find(review_sheets.TITLE)
    recorded, _ = review_sheets.recorded(kept)
    return Table(
        periods,
        sites,
        {name.casefold(): sheet_id for name, sheet_id in recorded.items()},
        frozenset(name.casefold() for name in review_sheets.finalised(kept)),
        problems,
        book,
        forgotten.read(book.find(forgotten.TITLE)),
        parts={name.casefold(): each for name, each in review_sheets.parts(kept).items()},
        week_begins_on=(rules.read_rules(settings)[0].week_begins_on or 0) if settings is not None else 0,
        of_sites=of_sites,
    )


def known_begin_of_weeks(backend: Backend) -> int:
    """`Table.week_begins_on` as it was last read; Monday where nothing was. Costs no call."""
    kept: tuple[datetime, Table] | None = backend.remembered.get(backend.control_id)
    return 0 if kept is None else kept[1].week_begins_on


def _groups(
    present: Spreadsheet, sites: Mapping[str, Registered], backend: Backend, *, is_grouped: bool
) -> Groups:
    """The groups; without any in ``Registered Sites`` nothing more is read."""
    if not any(site.group for site in sites.values()):
        if is_grouped:
            raise LayoutError(
                f"the column {str(registered_sites.Column.GROUP)!r} of {registered_sites.TITLE!r} is gone or empty, "
                f"and {review_sheets.TITLE!r} has workbooks of groups: messages wait until the column is back (File > "
                "Version history); who wants no groups any more deletes their rows there"
            )
        return Groups()
    titles = [title for title in (roster.TITLE, machine_ids.TITLE) if present.find(title) is not None]
    areas = [Area(title) for title in titles]
    book = backend.spreadsheets.read(backend.control_id, areas) if areas else replace(present, worksheets=())
    made_of = {site: each.group for site, each in sites.items()}, book.worksheets, backend.clock.now().date()
    kept = backend.remembered.get(_GROUPS)
    if kept is None or kept[0] != made_of:
        # Of thousands of people it takes a second.
        people = people_in(book, None, []).values()
        kept = backend.remembered[_GROUPS] = made_of, groups_of(sites, people, made_of[-1])
    return kept[1]


def people_of_book(sheet_id: str, backend: Backend) -> Mapping[str, Person]:
    """Those of HR's list who may get rows in a workbook: of its group. Raises as `read_people` and `read`."""
    persons = read_people(backend.spreadsheets, backend.control_id)
    table = read(backend)
    if table.groups.are_none:
        return persons
    group = table.group_of(sheet_id)
    return {key: person for key, person in persons.items() if table.groups.persons.get(key) == group}


def is_gone(sheet_id: str, backend: Backend) -> bool:
    """Whether a workbook is in no row of ``Review Sheets`` any more: whoever has made a copy may have put that in its
    place, and nobody looks after the other one. Raises as `Spreadsheets.read`.

    Looked up once in a minute at the most, and in a minute no more than `_MOST_LOOKED_UP`: a site may name whatever it
    likes.
    """
    now = backend.clock.now()
    known: dict[str, tuple[datetime, bool]] = backend.remembered.setdefault(_LOOKED_UP, {})
    fresh = {each for each, (at, _) in known.items() if abs((now - at).total_seconds()) < KNOWN_FOR_S}
    if sheet_id not in fresh:
        if len(fresh) >= _MOST_LOOKED_UP:
            return False
        known[sheet_id] = now, sheet_id not in read(backend, anew=True).books.values()
        if len(known) > _MOST_LOOKED_UP:
            del known[min(known, key=lambda each: known[each][0])]
    return known[sheet_id][1]


def with_site_of(known: Table, table: Table) -> Table:
    """A table that was read later, with the sites of an earlier one that could not be registered."""
    return replace(table, sites={**known.sites, **table.sites})


def forget(backend: Backend) -> None:
    """Drop the cached table: it is known to have changed."""
    backend.remembered.pop(backend.control_id, None)


def table_for(message: StoreAttendRecords, backend: Backend) -> Table:
    """HR's table with the message's site in it: one that is not registered yet is, since it first stored punches."""
    table = read(backend)
    if site_key(message.location) in table.sites:
        return table
    keeping = Keeping(message.period.first_day, message.time_zone, message.day_boundary)
    return _register(message.location, keeping, backend)


def _register(site: str, keeping: Keeping, backend: Backend) -> Table:
    table = read(backend, anew=True)
    if site_key(site) in table.sites:
        return table
    zone = keeping.time_zone if zone_of(keeping.time_zone) else ""
    since = min(keeping.since, _at_work_since(site, table, backend))
    keeping = replace(keeping, since=since, time_zone=zone)
    worksheet = table.book.find(registered_sites.TITLE)
    try:
        backend.spreadsheets.apply(backend.control_id, registered_sites.register(worksheet, site, keeping))
        log.info("%s is registered since %s", site, keeping.since)
    except UserError as error:
        # A punch must not wait for somebody to fix the worksheet.
        log.error("%s cannot be registered: %s", site, error)  # noqa: TRY400 - the line says it all
    forget(backend)
    sites = {**table.sites, site_key(site): Registered((keeping,))}
    return replace(table, sites=sites)


def _at_work_since(site: str, table: Table, backend: Backend) -> date:
    """The first day of the oldest period whose workbook has a place for the site; without one, the end of time."""
    for period in table.periods:
        for sheet_id in table.books_of(period):
            try:
                if site_key(site) in map(site_key, sites_of(books.present(backend.spreadsheets, sheet_id))):
                    return period.first_day
            except UserError as error:
                log.warning("it is not known whether %s was at work in %s: %s", site, period.name, error)
    return date.max


def period_for(
    message: GetReviewPeriod | RaiseFinalAlarm, backend: Backend, table: Table | None = None
) -> tuple[ReviewPeriod | None, Table]:
    """The period that a site is to go on with; None while HR has not published it.

    A site that has closed none, as its card is new, begins with the oldest one since its First Day that is not
    complete; one that nobody knows with that of today. `table` is HR's, if it was read since the message came.
    """
    table = table or read(backend, anew=True)
    if message.after is not None:
        return next_period(table.periods, message.after, message.on), table
    registered = table.sites.get(site_key(message.location))
    if registered is None:
        # A computer without a battery may believe that it is 1970.
        days = (message.on, backend.clock.now().date())
        found = (next_period(table.periods, None, on) for on in days)
        return next(filter(None, found), None), table
    after: date | None = None
    for period in table.periods:
        if period.last_day < registered.first_day:
            continue
        if not _is_complete(message.location, period, table, backend):
            return period, table
        after = period.last_day
    return next_period(table.periods, after or registered.first_day - _DAY, message.on), table


def _is_complete(site: str, period: ReviewPeriod, table: Table, backend: Backend) -> bool:
    """Whether every punch of a site is in a period's workbook, as far as the site has told, or HR has finalised it."""
    sheet_id = table.book_for(period, site)
    if table.is_finalised(period, table.groups.of_site(site)):
        return True
    if sheet_id is None:
        return False
    try:
        view = books.look(backend.spreadsheets, sheet_id, [whole(SITES)])
    except UserError as error:
        log.warning("it is not known whether %s is complete: %s", period.name, error)
        return False
    row = sites_sheet.read(view.worksheet(SITES), {site_key(site)}).get(site_key(site))
    return row is not None and row.complete_through is not None and row.complete_through >= period.last_day


def register_for(message: GetReviewPeriod, period: ReviewPeriod, table: Table, backend: Backend) -> None:
    """Register a site that is told its first period."""
    if site_key(message.location) not in table.sites:
        boundary = message.day_boundary or time()
        _register(message.location, Keeping(period.first_day, message.time_zone, boundary), backend)

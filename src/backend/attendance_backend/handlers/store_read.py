"""What messages of punches read of their workbook: as a rule one call, whose size does not depend on what is stored.

Messages that are stored together, `parts`, are of one workbook and one period.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from attendance_backend.domain.clocks import zone_of
from attendance_backend.domain.days import USUAL_RULES, SiteRules
from attendance_backend.domain.people import site_key
from attendance_backend.domain.periods import whole_weeks
from attendance_backend.errors import WorksheetGoneError
from attendance_backend.handlers import books, relabelled
from attendance_backend.handlers.remembered import hidden_sheets, recall
from attendance_backend.handlers.routing import known_begin_of_weeks
from attendance_backend.ports import Backend
from attendance_backend.review import book, day_header, days_sheet, guide_sheet, punch_index, sites_sheet
from attendance_backend.review.book import Want
from attendance_backend.review.days_sheet import Days
from attendance_backend.review.guide_sheet import Parameters
from attendance_backend.review.names import DAYS, GUIDE, PUNCH_INDEX, SITES, raw_title
from attendance_backend.review.punch_index import PunchIndex
from attendance_backend.review.rules import rules_of
from attendance_backend.sheet import placing
from attendance_backend.sheet.grid import Area, Spreadsheet, Worksheet
from attendance_contracts import StoreAttendRecords, business_day

_DAY = timedelta(days=1)
_PLANNED = "workbooks with plans"
"""What is remembered of those for whose people HR plans days: more days are to be read at once."""


@dataclass(frozen=True)
class Book:
    """The workbook as far as messages need it.

    Attributes:
        rules: by `site_key`; a message's own site follows the message in what ``Sites`` does not say.
    """

    read: Spreadsheet
    index: PunchIndex
    days: Days
    rules: Mapping[str, SiteRules]
    parameters: Parameters

    def worksheet(self, title: str) -> Worksheet:
        return self.read.worksheet(title)


def read_book(parts: Sequence[StoreAttendRecords], backend: Backend) -> Book | None:
    """The workbook; None when a hidden worksheet is missing.

    A further call is made when something does not stand where it was put, or days not where the messages' period says,
    as after HR extended it.

    Raises:
        WorksheetGoneError: a worksheet is missing of which something must be known.
    """
    sheet_id = parts[0].sheet_id
    is_planned = sheet_id in backend.remembered.get(_PLANNED, ())
    days = _around(parts) if is_planned else business_days(parts)
    try:
        read = _read(parts, backend, days)
    except WorksheetGoneError:
        there = books.present(backend.spreadsheets, sheet_id)
        if there.find(PUNCH_INDEX) is None or there.find(DAYS) is None:
            return None
        raise
    # By the rules of Sites a day may begin at another time than the message says.
    others = _days_by(read.rules, parts).difference(days)
    if read.days.planned:
        backend.remembered.setdefault(_PLANNED, set()).add(sheet_id)
        others |= {*_around(parts)}.difference(days)
    return read if not others else _read(parts, backend, sorted({*days, *others}))


def business_days(parts: Sequence[StoreAttendRecords]) -> list[date]:
    """The business days of the messages' records, by each message's own boundary.

    What counts in the period by somebody's plan, though it lies an hour beyond it, is of its first or last day.
    """
    found: set[date] = set()
    for part in parts:
        first, last = part.period.first_day, part.period.last_day
        beyond = {first - _DAY: first, last + _DAY: last}
        days = {business_day(record.timestamp, part.day_boundary) for record in part.records}
        found |= {beyond.get(day, day) for day in days}
    return sorted(found)


def _around(parts: Sequence[StoreAttendRecords]) -> list[date]:
    """The days for which punches may count of people whose days HR plans, and the next ones, which end these."""
    dates = {record.timestamp.date() for part in parts for record in part.records}
    return sorted({day + timedelta(days=more) for day in dates for more in (-1, 0, 1)})


def _dates_of(days: Sequence[date]) -> list[date]:
    """The calendar dates on which the punches of business days can have been made."""
    return sorted({*days, *(day + timedelta(days=1) for day in days)})


def _days_by(rules: Mapping[str, SiteRules], parts: Sequence[StoreAttendRecords]) -> set[date]:
    return {
        business_day(record.timestamp, boundary)
        for part in parts
        for boundary in [rules[site_key(part.location)].day_boundary]
        for record in part.records
    }


def lacks_place(book: Book, parts: Sequence[StoreAttendRecords]) -> bool:
    """Whether the hidden worksheets miss a column of the messages' days, or rows."""
    days = business_days(parts)
    return (
        any(day not in book.index.columns for day in _dates_of(days))
        or any(day not in book.days.columns for day in days)
        or book.index.is_incomplete()
        or book.days.is_incomplete()
    )


def lacks_rules(book: Book, parts: Sequence[StoreAttendRecords]) -> bool:
    """Whether punches of a site count that came before ``Sites`` told when its day begins."""
    own = _sites(parts).keys() & set(map(site_key, book.index.sites()))
    rows = sites_sheet.read(book.worksheet(SITES), own)
    return any(site not in rows or rows[site].day_boundary is None for site in own)


def is_at_odds(book: Book, parts: Sequence[StoreAttendRecords]) -> bool:
    """Whether of a site's raw data and the index only one is empty.

    The index may have been made anew, or the raw data, which somebody deleted: nothing is confirmed then by what it
    held.
    """
    indexed = set(map(site_key, book.index.sites()))
    return any(
        placing.is_empty(book.worksheet(raw_title(name))) == (site in indexed)
        for site, name in _sites(parts).items()
    )


def _sites(parts: Sequence[StoreAttendRecords]) -> dict[str, str]:
    """The sites' names by `site_key`."""
    return {site_key(part.location): part.location for part in reversed(parts)}


def _read(parts: Sequence[StoreAttendRecords], backend: Backend, days: Sequence[date]) -> Book:
    sheet_id, period, dates = parts[0].sheet_id, parts[0].period, _dates_of(days)

    def index_areas(sheet: Worksheet) -> list[Area]:
        return punch_index.areas(sheet, dates)

    def days_areas(sheet: Worksheet) -> list[Area]:
        return days_sheet.areas(sheet, days)

    known = recall(backend.remembered, parts, dates, days)
    if known is None:
        index = Want(
            day_header.as_made(punch_index.LAYOUT, punch_index.dates_of(period.first_day, period.last_day)),
            index_areas,
        )
        weeks = whole_weeks(period.first_day, period.last_day, known_begin_of_weeks(backend))
        by_day = Want(day_header.as_made(days_sheet.LAYOUT, weeks), days_areas)
    else:
        index, by_day = known.index.want(index_areas), known.days.want(days_areas)
    wants = (
        index,
        by_day,
        *(book.raw(raw_title(name)) for name in _sites(parts).values()),
        book.whole(SITES),
        book.GUIDE_VALUES,
        replace(book.EXCEPTIONS_END, optional=True),
    )
    view = books.read(backend.spreadsheets, sheet_id, wants)
    sheets = view.worksheet(PUNCH_INDEX), view.worksheet(DAYS)
    by_labels, people = hidden_sheets(backend.remembered, sheet_id, known, *sheets)
    relabelled.remember(by_labels, parts, backend)
    return Book(
        view,
        by_labels,
        people,
        _rules(view.worksheet(SITES), parts),
        guide_sheet.read(view.worksheet(GUIDE)),
    )


def _rules(sites: Worksheet, parts: Sequence[StoreAttendRecords]) -> Mapping[str, SiteRules]:
    rows = sites_sheet.read(sites)
    rules = rules_of(rows)
    for part in reversed(parts):
        site = site_key(part.location)
        row, own = rows.get(site), rules.get(site, USUAL_RULES)
        if row is None or not row.time_zone:
            own = replace(own, zone=zone_of(part.time_zone))
        if row is None or row.day_boundary is None:
            own = replace(own, day_boundary=part.day_boundary)
        rules[site] = own
    return rules

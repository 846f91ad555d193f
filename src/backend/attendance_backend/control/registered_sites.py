"""``Registered Sites`` in the control spreadsheet: since when a site counts, and how it keeps its time.

    Site | First Day | Time Zone | Day Boundary

A site registers itself when it first asks for something. Whoever changes the time zone or the day boundary types a
further row for the site: it counts from the first period on that begins on its First Day or later. What the site's
own computer says of its zone and boundary counts no more once it is registered.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, time, timedelta

from attendance_backend.control import program_sheets
from attendance_backend.domain.people import site_key
from attendance_backend.sheet import serial, styles
from attendance_backend.sheet.blocks import append_rows
from attendance_backend.sheet.changes import Change, NewCell
from attendance_backend.sheet.grid import Worksheet
from attendance_backend.sheet.table import BadCellError, Problem, Table, header_problem
from attendance_contracts import ReviewPeriod

TITLE = "Registered Sites"
SHEET_ID = 1_900_000_007
SITE, FIRST_DAY, TIME_ZONE, DAY_BOUNDARY = "Site", "First Day", "Time Zone", "Day Boundary"
HEADERS = (SITE, FIRST_DAY, TIME_ZONE, DAY_BOUNDARY)
WIDTHS = (150, 130, 160, 110)


@dataclass(frozen=True, slots=True)
class Keeping:
    """How a site keeps its time from a day on."""

    since: date
    time_zone: str
    day_boundary: time


@dataclass(frozen=True, slots=True)
class Registered:
    """A site; `keepings` in order of time, at least one."""

    keepings: tuple[Keeping, ...] = field(default=())

    @property
    def first_day(self) -> date:
        """Since when it counts."""
        return self.keepings[0].since

    def in_period(self, period: ReviewPeriod) -> Keeping:
        """How it keeps its time in a period, all through."""
        return max(
            (each for each in self.keepings if each.since <= period.first_day),
            key=lambda each: each.since,
            default=self.keepings[0],
        )


def read(worksheet: Worksheet | None) -> tuple[Mapping[str, Registered], list[Problem]]:
    """The sites by `site_key`, and what is wrong in the rows left out."""
    if worksheet is None or not worksheet.cells:
        return {}, []
    broken = header_problem(worksheet, HEADERS)
    if broken is not None:
        return {}, [broken]
    table = Table.of(worksheet, HEADERS)
    order = table.order_of_dates(FIRST_DAY)
    found: dict[str, list[Keeping]] = {}
    problems: list[Problem] = []
    for row in table.rows():
        try:
            since = table.date(row, FIRST_DAY, order)
            seconds = 0 if table.is_blank(row, DAY_BOUNDARY) else table.time_of_day(row, DAY_BOUNDARY)
            boundary = time.min if seconds >= 86_400 else _time_of(seconds)
            keeping = Keeping(since, table.label(row, TIME_ZONE), boundary)
            found.setdefault(site_key(table.text(row, SITE)), []).append(keeping)
        except BadCellError as error:
            problems.append(error.problem(worksheet))
    sites = {key: Registered(tuple(sorted(rows, key=lambda each: each.since))) for key, rows in found.items()}
    return sites, problems


def register(worksheet: Worksheet | None, site: str, keeping: Keeping) -> Sequence[Change]:
    """A row for a site that has none; `worksheet` is all of it, None where it is to be made."""
    boundary = keeping.day_boundary
    since_midnight = timedelta(hours=boundary.hour, minutes=boundary.minute, seconds=boundary.second)
    row = (
        NewCell(site, styles.NAME),
        NewCell(serial.from_date(keeping.since), styles.DAY_CELL),
        NewCell(keeping.time_zone or None, styles.PLAIN),
        NewCell(serial.from_seconds(round(since_midnight.total_seconds())), styles.TIME_CELL),
    )
    changes = [] if worksheet else program_sheets.create(SHEET_ID, TITLE, HEADERS, WIDTHS)
    target = worksheet or program_sheets.blank(SHEET_ID, TITLE, len(HEADERS))
    return [*changes, *append_rows(target, max(target.end_row(), 1), [row])]


def _time_of(seconds: int) -> time:
    return time(seconds // 3600, seconds // 60 % 60, seconds % 60)

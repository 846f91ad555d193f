"""``Registered Sites`` in the control spreadsheet: since when a site counts, how it keeps its time, its key.

    Site | First Day | Time Zone | Day Boundary | Key | Key Before Until | Signed Since | Last Heard | Sequence
    | Silent After (h) | Silent Since | Release | Release Told
    | Workbook Group

A site registers itself when it first asks for something. Whoever changes the time zone or the day boundary types a
further row for the site: it counts from the first period on that begins on its First Day or later. What the site's
own computer says of its zone and boundary counts no more once it is registered.

The columns from Key on may be missing. Of a site with several rows the topmost that says anything counts. Key is the
number of the site's key (`attendance_contracts.signing`), 1 where it is empty; the one before is taken up to and with
the day Key Before Until. From Signed Since on no unsigned message is taken. Last Heard is by the cloud's clock, UTC,
and up to half an hour old; Sequence is the number of the newest signed message then, behind the number of its key.
After so many hours as Silent After says (26 where it is empty, 0 for never) a site is silent, which `handlers.telling`
tells. Release is what the site's health last said of its software; Release Told, which outdated one was told.
Workbook Group, which HR types, says whose workbooks the site's are (`domain.groups`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from enum import StrEnum

from attendance_backend.control.program_sheets import ProgramSheet
from attendance_backend.domain.clocks import seconds_of, time_of, zone_of
from attendance_backend.domain.people import site_key
from attendance_backend.sheet import serial, styles
from attendance_backend.sheet.a1 import cell_name
from attendance_backend.sheet.blocks import write_cells
from attendance_backend.sheet.changes import Change, NewCell
from attendance_backend.sheet.grid import Place, Worksheet
from attendance_backend.sheet.table import BadCellError, Problem, Table, with_headers
from attendance_contracts import ReviewPeriod

TITLE = "Registered Sites"
SITE, FIRST_DAY, TIME_ZONE, DAY_BOUNDARY = "Site", "First Day", "Time Zone", "Day Boundary"
HEADERS = (SITE, FIRST_DAY, TIME_ZONE, DAY_BOUNDARY)


class Column(StrEnum):
    """The headers of the columns that may be missing, in the order in which they are added."""

    KEY = "Key"
    KEY_BEFORE_UNTIL = "Key Before Until"
    SIGNED_SINCE = "Signed Since"
    LAST_HEARD = "Last Heard"
    SEQUENCE = "Sequence"
    SILENT_AFTER = "Silent After (h)"
    SILENT_SINCE = "Silent Since"
    RELEASE = "Release"
    RELEASE_REPORTED = "Release Told"
    GROUP = "Workbook Group"


ALL_HEADERS = (*HEADERS, *Column)
SHEET = ProgramSheet(
    1_900_000_007, TITLE, ALL_HEADERS, (150, 130, 160, 110, 60, 130, 150, 150, 150, 120, 150, 90, 110, 130)
)
_KEY_DIGITS = 9
_MOMENTS = (Column.SIGNED_SINCE, Column.LAST_HEARD, Column.SILENT_SINCE)
_MOMENT_NAMES = ("signed_since", "last_heard", "silent_since")
SILENT_AFTER_H = 26.0
"""A site without news may tell of itself once a day, if it is set so, and be late."""


@dataclass(frozen=True, slots=True)
class Keeping:
    """How a site keeps its time from a day on."""

    since: date
    time_zone: str
    day_boundary: time


@dataclass(frozen=True, slots=True)
class Numbers:
    """What was taken in of a site's signed health: nothing of it is taken in again.

    Attributes:
        key: the number of the key that signed it.
        newest: of its messages.
        ahead: the newest of those that were signed while a clock was days ahead; they keep nothing else out.
    """

    key: int = 0
    newest: int = 0
    ahead: int = 0

    def lets_pass(self, key: int, number: int, *, is_ahead: bool) -> bool:
        """Whether a message is newer than what was taken in of its kind."""
        return (key, number) > (self.key, self.ahead if is_ahead else self.newest)

    def with_taken_in(self, key: int, number: int, *, is_ahead: bool) -> "Numbers":
        """The numbers after such a message."""
        before = self if key == self.key else Numbers(key)
        return replace(before, ahead=number) if is_ahead else replace(before, newest=number)

    def __str__(self) -> str:
        return f"{self.key}/{self.newest}" + (f"/{self.ahead}" if self.ahead else "")

    @classmethod
    def of(cls, text: str) -> "Numbers":
        """What `str` makes of them; none from anything else."""
        parts = text.split("/")
        is_known = len(parts) in (2, 3) and all(part.isdecimal() for part in parts)
        return cls(*map(int, parts)) if is_known else cls()


@dataclass(frozen=True, slots=True)
class Registered:
    """A site.

    Attributes:
        keepings: in order of time, at least one.
        key_number: of its key; None where what stands there is none.
        key_before_until: last day on which the key before is taken; None for none.
        signed_since: UTC; None while it has signed nothing.
        last_heard: UTC, aware.
        numbers: of its signed health, as far as it was written down.
        silent_after_h: hours without a word after which people are told; 0 for never.
        silent_since: the Last Heard of a silence that people were told of; UTC, aware.
        release: of its software, as it last told; empty before.
        release_reported: of which people were told that it is outdated.
        group: of its workbooks; empty for none.
    """

    keepings: tuple[Keeping, ...] = field(default=())
    # What follows does not change where punches belong (`routing.Table.digest`).
    key_number: int | None = field(default=1, repr=False)
    key_before_until: date | None = field(default=None, repr=False)
    signed_since: datetime | None = field(default=None, repr=False)
    last_heard: datetime | None = field(default=None, repr=False)
    numbers: Numbers = field(default=Numbers(), repr=False)
    silent_after_h: float = field(default=SILENT_AFTER_H, repr=False)
    silent_since: datetime | None = field(default=None, repr=False)
    name: str = field(default="", repr=False, compare=False)
    release: str = field(default="", repr=False)
    release_reported: str = field(default="", repr=False)
    group: str = field(default="", repr=False)

    def takes_key(self, number: int, today: date) -> bool:
        """Whether what a key of this number signed counts."""
        if self.key_number is None or number == self.key_number:
            return self.key_number is not None
        before = number == self.key_number - 1
        return before and self.key_before_until is not None and today <= self.key_before_until

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
    table, problems = Table.read(worksheet, HEADERS, tuple(Column))
    if table is None:
        return {}, problems
    order = table.order_of_dates(FIRST_DAY)
    found: dict[str, list[Keeping]] = {}
    told: dict[str, dict[str, object]] = {}
    for row in table.rows():
        try:
            key = site_key(table.text(row, SITE))
            # Of a row whose day cannot be read, too: a key that ended must not come back.
            told[key] = {**_told(table, row, problems), **told.get(key, {})}
            since = table.date(row, FIRST_DAY, order)
            seconds = 0 if table.is_blank(row, DAY_BOUNDARY) else table.time_of_day(row, DAY_BOUNDARY)
            boundary = time.min if seconds >= 86_400 else time_of(seconds)
            rows = found.setdefault(key, [])
            if any(each.since == since for each in rows):
                remedy = (
                    f"a row above says the same {FIRST_DAY} of this site, and counts; correct one of them"
                )
                raise BadCellError(row, table.columns[FIRST_DAY], remedy)  # noqa: TRY301 - reported below like any other
            rows.append(Keeping(since, _time_zone(table, row, problems), boundary))
        except BadCellError as error:
            problems.append(error.problem(table.worksheet))
    sites = {
        key: Registered(tuple(sorted(rows, key=lambda each: each.since)), **told[key])  # type: ignore[arg-type]
        for key, rows in found.items()
    }
    return sites, problems


def _time_zone(table: Table, row: int, problems: list[Problem]) -> str:
    """The name of a row's time zone; empty where there is none, or none that exists."""
    name = table.label(row, TIME_ZONE)
    if not name or zone_of(name) is not None:
        return name
    remedy = (
        f"no time zone is called {name!r}; type one such as Europe/Berlin: until then the site's own counts"
    )
    problems.append(BadCellError(row, table.columns[TIME_ZONE], remedy).problem(table.worksheet))
    return ""


def _told(table: Table, row: int, problems: list[Problem]) -> dict[str, object]:
    """What a row says in the columns from Key on."""
    told: dict[str, object] = {}
    if text := table.label(row, Column.KEY):
        told["key_number"] = int(text) if text.isdecimal() and len(text) < _KEY_DIGITS and int(text) else None
        if told["key_number"] is None:
            cell = cell_name(row, table.columns[Column.KEY])
            remedy = (
                f"the number of a key is 1 or more, not {text!r}; until then no message of the site is taken"
            )
            problems.append(Problem(table.worksheet.title, cell, remedy))
    for column, name in (
        (Column.KEY_BEFORE_UNTIL, "key_before_until"),
        *zip(_MOMENTS, _MOMENT_NAMES, strict=True),
    ):
        number = table.worksheet.number(row, table.columns[column]) if column in table.columns else None
        if number is not None and 0 < number < serial.from_date(date.max):
            moment = serial.to_datetime(number)
            told[name] = moment.date() if column is Column.KEY_BEFORE_UNTIL else moment.replace(tzinfo=UTC)
    told["name"] = table.label(row, SITE)
    for column, name in (
        (Column.RELEASE, "release"),
        (Column.RELEASE_REPORTED, "release_reported"),
        (Column.GROUP, "group"),
    ):
        if text := table.label(row, column):
            told[name] = text
    if not table.is_blank(row, Column.SILENT_AFTER):
        hours = table.worksheet.number(row, table.columns[Column.SILENT_AFTER])
        if hours is not None and hours >= 0:
            told["silent_after_h"] = hours
        else:
            cell = cell_name(row, table.columns[Column.SILENT_AFTER])
            remedy = f"type a number of hours; until then {SILENT_AFTER_H:g} count"
            problems.append(Problem(table.worksheet.title, cell, remedy))
    told["numbers"] = Numbers.of(table.label(row, Column.SEQUENCE))
    return told


def note(
    worksheet: Worksheet, of_sites: Mapping[str, Mapping[Column, int | date | str | None]]
) -> list[Change]:
    """What writes cells of registered sites, in the row that counts of each; columns that are missing are added.

    Args:
        worksheet: all of it.
        of_sites: each has a row; a `datetime` in UTC; None empties a cell.
    """
    changes, added = with_headers(worksheet, tuple(Column))
    table = Table.of(worksheet, HEADERS, tuple(Column))
    columns = {**table.columns, **added}
    cells: dict[Place, NewCell] = {}
    rows: dict[str, list[int]] = {}
    for row in table.rows():
        rows.setdefault(site_key(worksheet.text(row, table.columns[SITE])), []).append(row)
    for site, values in of_sites.items():
        own = rows[site_key(site)]
        for column, value in values.items():
            holding = [row for row in own if column in table.columns and not table.is_blank(row, column)]
            cells[(holding or own)[0], columns[column]] = _cell(value)
    return [*changes, *write_cells(worksheet.sheet_id, cells)]


def _cell(value: int | date | str | None) -> NewCell:
    if isinstance(value, datetime):
        return NewCell(serial.from_datetime(value.replace(tzinfo=None, microsecond=0)), styles.MOMENT)
    if isinstance(value, date):
        return NewCell(serial.from_date(value), styles.DAY_CELL)
    return NewCell(float(value) if isinstance(value, int) else value, styles.PLAIN)


def register(worksheet: Worksheet | None, site: str, keeping: Keeping) -> Sequence[Change]:
    """A row for a site that has none; `worksheet` is all of it, None where it is to be made."""
    row = (
        NewCell(site, styles.NAME),
        NewCell(serial.from_date(keeping.since), styles.DAY_CELL),
        NewCell(keeping.time_zone or None, styles.PLAIN),
        NewCell(serial.from_seconds(seconds_of(keeping.day_boundary)), styles.TIME_CELL),
    )
    return SHEET.appended(worksheet, [row])

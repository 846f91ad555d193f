"""``Sites``: how each site is, and by which rules its punches count. One row a site."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum

from attendance_backend.sheet import serial, styles
from attendance_backend.sheet.blocks import write_cells
from attendance_backend.sheet.changes import AddRows, AddWorksheet, Change, NewCell, WriteCells
from attendance_backend.sheet.grid import Area, Worksheet
from attendance_backend.workbook.names import SITES, SITES_ID

(
    SITE,
    STATE,
    LAST_HEARD,
    COMPLETE_THROUGH,
    BACKLOG,
    CLOCK_OFFSET,
    RECORDS,
    CAPACITY,
    MEMORY_USED,
    USERS,
    SERIAL_NUMBER,
    FIRMWARE,
    SOFTWARE,
    PROBLEM,
    TIME_ZONE,
    DAY_BOUNDARY,
    KEY_POLICY,
    DOUBLE_TAP,
    CLOCK_CHANGE_AT,
    CLOCK_CHANGE_BY,
    CLOCK_TOLD_ON,
    MEMORY_TOLD_ON,
) = range(22)
HEADERS = (
    "Site",
    "State",
    "Last Heard",
    "Complete Through",
    "Backlog",
    "Machine Clock (s)",
    "Records",
    "Capacity",
    "Memory Used",
    "Users",
    "Serial Number",
    "Firmware",
    "Software",
    "Problem",
    "Time Zone",
    "Day Boundary",
    "Key Policy",
    "Double Tap (s)",
    "Clock Change At",
    "Clock Change By",
    "Clock Told On",
    "Memory Told On",
)


class KeyPolicy(StrEnum):
    """Which punches of a day count, whatever keys were pressed."""

    FIRST_AND_LAST = "first and last"
    PAIRS = "pairs"


DEFAULT_DOUBLE_TAP_S = 60

AREAS = (Area(SITES),)


@dataclass(frozen=True)
class SiteRow:
    """What a site's row says of its rules; None for what it lacks."""

    row: int
    site: str
    time_zone: str
    day_boundary: time | None
    key_policy: KeyPolicy
    double_tap_s: int
    clock_change_at: datetime | None
    clock_change_by: timedelta | None


def site_key(site: str) -> str:
    """By which sites are found: upper and lower case alike."""
    return site.strip().casefold()


def create() -> list[Change]:
    header = tuple(NewCell(text, styles.HEADER) for text in HEADERS)
    return [
        AddWorksheet(SITES_ID, SITES, row_count=1, column_count=len(HEADERS)),
        WriteCells(SITES_ID, 0, 0, (header,)),
    ]


def read(worksheet: Worksheet) -> dict[str, SiteRow]:
    """The rows by the site's name as it is compared (`site_key`)."""
    rows: dict[str, SiteRow] = {}
    for row in range(1, worksheet.end_row()):
        site = worksheet.text(row, SITE)
        if not site:
            continue
        boundary = worksheet.number(row, DAY_BOUNDARY)
        at, by = worksheet.number(row, CLOCK_CHANGE_AT), worksheet.number(row, CLOCK_CHANGE_BY)
        pairs = worksheet.text(row, KEY_POLICY).casefold() == KeyPolicy.PAIRS
        tap = worksheet.number(row, DOUBLE_TAP)
        rows[site_key(site)] = SiteRow(
            row,
            site,
            worksheet.text(row, TIME_ZONE),
            None if boundary is None else serial.to_datetime(boundary % 1).time(),
            KeyPolicy.PAIRS if pairs else KeyPolicy.FIRST_AND_LAST,
            DEFAULT_DOUBLE_TAP_S if tap is None else int(tap),
            None if at is None else serial.to_datetime(at),
            None if by is None else timedelta(days=by),
        )
    return rows


def cells_for(worksheet: Worksheet, site: str, values: Mapping[int, float | str]) -> list[Change]:
    """Writes of a site's cells by column; the row is added when there is none."""
    known = read(worksheet).get(site_key(site))
    cells = {column: NewCell(value) for column, value in values.items()}
    if known is not None:
        row, growth = known.row, list[Change]()
    else:
        row, growth = worksheet.row_count, [AddRows(worksheet.sheet_id, 1)]
        cells[SITE] = NewCell(site)
    return [
        *growth,
        *write_cells(worksheet.sheet_id, {(row, column): cell for column, cell in cells.items()}),
    ]

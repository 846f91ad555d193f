"""``Sites``: how each site is, and by which rules its punches count. One row a site.

The program writes all but State, which is a formula: *not heard from yet*, *needs a look* (the machine could not be
read, its clock is more than a minute off, or its memory is nearly full), *catching up* (punches on their way), *fine*.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from attendance_backend.domain.days import DEFAULT_DOUBLE_TAP_S, KeyPolicy
from attendance_backend.domain.people import site_key
from attendance_backend.review.names import SITES, SITES_ID
from attendance_backend.sheet import serial, styles
from attendance_backend.sheet.changes import (
    AddNote,
    AddRows,
    AddWorksheet,
    Change,
    Formula,
    HighlightWhen,
    NewCell,
    Row,
    SetColumns,
    Style,
    WarnBeforeEdit,
    WriteCells,
)
from attendance_backend.sheet.grid import Area, Worksheet
from attendance_contracts import CLOCK_OFF_FROM_S, NEARLY_FULL

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
HEADER_ROWS = 1
FIRST_HIDDEN = CLOCK_CHANGE_AT

NOT_HEARD, NEEDS_A_LOOK, CATCHING_UP, FINE = "not heard from yet", "needs a look", "catching up", "fine"


AREAS = (Area(SITES),)
"""What must be read for everything here."""

Value = str | float | int | date | datetime | time | timedelta | None

_NOTES = {
    STATE: "fine, catching up (punches are on their way), or needs a look: see Problem and Exceptions.",
    LAST_HEARD: "When the site's computer last reported, in the site's own time.",
    COMPLETE_THROUGH: "Every punch up to the end of this day is in the workbook. Only then is somebody absent.",
    BACKLOG: "Punches that the site's computer holds and that are not in the workbook yet.",
    CLOCK_OFFSET: "By how many seconds the machine's clock is ahead (behind: negative).",
    MEMORY_USED: "How full the machine's memory is. A full machine stops recording, or overwrites.",
    DAY_BOUNDARY: "A punch before this time belongs to the day before: the end of a night shift.",
    KEY_POLICY: "first and last: the first punch of a day is the check-in, the last the check-out. "
    "pairs: every two punches are a stretch of work, what lies between is a break.",
    DOUBLE_TAP: "Two punches of a person within so many seconds are one.",
}
_WIDTHS = (130, 130, 140, 110, 70, 90, 80, 80, 80, 60, 160, 110, 90, 260, 120, 90, 100, 90)
_STYLES: Mapping[int, Style] = {
    SITE: styles.NAME,
    LAST_HEARD: styles.MOMENT,
    COMPLETE_THROUGH: styles.DAY_CELL,
    BACKLOG: styles.CODE,
    CLOCK_OFFSET: styles.CODE,
    RECORDS: styles.CODE,
    CAPACITY: styles.CODE,
    MEMORY_USED: styles.SHARE,
    USERS: styles.CODE,
    FIRMWARE: styles.WRAPPED,
    PROBLEM: styles.WRAPPED,
    DAY_BOUNDARY: styles.TIME_CELL,
    DOUBLE_TAP: styles.CODE,
    CLOCK_CHANGE_AT: styles.MOMENT,
    CLOCK_TOLD_ON: styles.DAY_CELL,
    MEMORY_TOLD_ON: styles.DAY_CELL,
}


@dataclass(frozen=True, slots=True)
class SiteRow:
    """A site as its row tells; None and empty texts for what has not been reported.

    Attributes:
        row: where it stands.
        last_heard: wall time at the site.
        clock_offset: the machine's clock minus the true time, seconds.
        memory_used: share, 0 to 1.
        clock_change_at: wall time, by the clock before the change.
        clock_change_by: what is added to the clock then.
    """

    row: int
    site: str
    last_heard: datetime | None = None
    complete_through: date | None = None
    backlog: int | None = None
    clock_offset: int | None = None
    records: int | None = None
    capacity: int | None = None
    memory_used: float | None = None
    serial_number: str = ""
    problem: str = ""
    time_zone: str = ""
    day_boundary: time | None = None
    key_policy: KeyPolicy = KeyPolicy.FIRST_AND_LAST
    double_tap_s: int = DEFAULT_DOUBLE_TAP_S
    clock_change_at: datetime | None = None
    clock_change_by: timedelta | None = None
    clock_told_on: date | None = None
    memory_told_on: date | None = None


def create(sites: Sequence[str] = ()) -> list[Change]:
    """The whole worksheet, with a row for each site."""
    header = tuple(NewCell(text, styles.HEADER_WRAPPED) for text in HEADERS)
    rows = [header, *(_row(site, HEADER_ROWS + index) for index, site in enumerate(sites))]
    return [
        AddWorksheet(
            SITES_ID,
            SITES,
            row_count=max(len(rows), HEADER_ROWS + 1),
            column_count=len(HEADERS),
            frozen_rows=HEADER_ROWS,
            frozen_columns=1,
            tab_color=styles.QUIET_TAB,
        ),
        WriteCells(SITES_ID, 0, 0, tuple(rows)),
        *(SetColumns(SITES_ID, column, column + 1, pixels) for column, pixels in enumerate(_WIDTHS)),
        SetColumns(SITES_ID, FIRST_HIDDEN, len(HEADERS), hidden=True),
        *(AddNote(SITES_ID, 0, column, text) for column, text in _NOTES.items()),
        WarnBeforeEdit(
            SITES_ID, "Kept by the program: what the sites report, and the rules by which they count."
        ),
        *_highlights(),
    ]


def row_of(worksheet: Worksheet, site: str) -> int | None:
    """Where a site's row stands; None when it has none."""
    wanted = site_key(site)
    return next(
        (
            row
            for row in range(HEADER_ROWS, worksheet.end_row())
            if site_key(worksheet.text(row, SITE)) == wanted
        ),
        None,
    )


def read(worksheet: Worksheet) -> dict[str, SiteRow]:
    """The sites by `site_key`, the first row of each; what makes no sense counts as not reported."""
    sites: dict[str, SiteRow] = {}
    for row in range(HEADER_ROWS, worksheet.end_row()):
        if key := site_key(worksheet.text(row, SITE)):
            sites.setdefault(key, _read_row(worksheet, row))
    return sites


def cells_for(worksheet: Worksheet, site: str, values: Mapping[int, Value]) -> list[Change]:
    """What brings a site's row up to date: only cells that differ. A site without a row gets one at the grid's end.

    Args:
        worksheet: as `AREAS` names it.
        site: as it is called.
        values: by column. A time of day and a `timedelta` become fractions of a day, None empties the cell.
    """
    row = row_of(worksheet, site)
    if row is None:
        row = worksheet.row_count
        cells = list(_row(site, row))
        for column, value in values.items():
            cells[column] = NewCell(_plain(value), _STYLES.get(column, styles.PLAIN))
        return [AddRows(SITES_ID, 1), WriteCells(SITES_ID, row, 0, (tuple(cells),))]
    return [
        WriteCells(SITES_ID, row, column, ((NewCell(plain, _STYLES.get(column, styles.PLAIN)),),))
        for column, value in sorted(values.items())
        if not _same(worksheet.value(row, column), plain := _plain(value))
    ]


def _row(site: str, row: int) -> Row:
    number = row + 1
    looks = f'$N{number}<>"",ABS($F{number})>{CLOCK_OFF_FROM_S},$I{number}>={NEARLY_FULL}'
    state = (
        f'=IF($C{number}="",IF($E{number}="","{NOT_HEARD}","{CATCHING_UP}"),'
        f'IF(OR({looks}),"{NEEDS_A_LOOK}",IF($E{number}>0,"{CATCHING_UP}","{FINE}")))'
    )
    cells = [NewCell(None, _STYLES.get(column, styles.PLAIN)) for column in range(len(HEADERS))]
    cells[SITE] = NewCell(site, styles.NAME)
    cells[STATE] = NewCell(Formula(state), styles.NAME)
    return tuple(cells)


def _highlights() -> list[Change]:
    state = f"$B{HEADER_ROWS + 1}"
    looks = (
        (FINE, styles.GOOD_BACKGROUND, styles.GOOD_TEXT),
        (CATCHING_UP, styles.OPEN_BACKGROUND, styles.OPEN_TEXT),
        (NOT_HEARD, styles.OPEN_BACKGROUND, styles.OPEN_TEXT),
        (NEEDS_A_LOOK, styles.LATE_BACKGROUND, styles.LATE_TEXT),
    )
    return [
        HighlightWhen(
            SITES_ID,
            HEADER_ROWS,
            STATE,
            Formula(f'={state}="{text}"'),
            background,
            color,
            end_column=STATE + 1,
        )
        for text, background, color in looks
    ]


def _read_row(worksheet: Worksheet, row: int) -> SiteRow:
    def number(column: int) -> float | None:
        return worksheet.number(row, column)

    def whole(column: int) -> int | None:
        value = number(column)
        return None if value is None else round(value)

    policy = worksheet.text(row, KEY_POLICY)
    boundary, double_tap = number(DAY_BOUNDARY), whole(DOUBLE_TAP)
    change_by = number(CLOCK_CHANGE_BY)
    return SiteRow(
        row=row,
        site=worksheet.text(row, SITE),
        last_heard=_moment(number(LAST_HEARD)),
        complete_through=_day(number(COMPLETE_THROUGH)),
        backlog=whole(BACKLOG),
        clock_offset=whole(CLOCK_OFFSET),
        records=whole(RECORDS),
        capacity=whole(CAPACITY),
        memory_used=number(MEMORY_USED),
        serial_number=worksheet.text(row, SERIAL_NUMBER),
        problem=worksheet.text(row, PROBLEM),
        time_zone=worksheet.text(row, TIME_ZONE),
        day_boundary=_time_of_day(boundary),
        key_policy=KeyPolicy(policy) if policy in set(KeyPolicy) else KeyPolicy.FIRST_AND_LAST,
        double_tap_s=DEFAULT_DOUBLE_TAP_S if double_tap is None else max(double_tap, 0),
        clock_change_at=_moment(number(CLOCK_CHANGE_AT)),
        clock_change_by=None if change_by is None else timedelta(seconds=serial.to_seconds(change_by)),
        clock_told_on=_day(number(CLOCK_TOLD_ON)),
        memory_told_on=_day(number(MEMORY_TOLD_ON)),
    )


def _moment(number: float | None) -> datetime | None:
    try:
        return None if number is None else serial.to_datetime(number)
    except OverflowError:
        return None


def _day(number: float | None) -> date | None:
    moment = _moment(number)
    return None if moment is None else moment.date()


def _time_of_day(number: float | None) -> time | None:
    if number is None or not 0 <= number < 1:
        return None
    seconds = serial.to_seconds(number)
    return time(seconds // 3600 % 24, seconds // 60 % 60, seconds % 60)


def _plain(value: Value) -> float | str | None:
    match value:
        case None | str():
            return value or None
        case datetime():
            return serial.from_datetime(value)
        case date():
            return serial.from_date(value)
        case time():
            return serial.from_seconds(value.hour * 3600 + value.minute * 60 + value.second)
        case timedelta():
            return value / timedelta(days=1)
        case _:
            return float(value)


def _same(stands: object, wanted: float | str | None) -> bool:
    if isinstance(stands, int | float) and isinstance(wanted, float):
        return round(stands * serial.SECONDS_A_DAY) == round(wanted * serial.SECONDS_A_DAY)
    return (stands or None) == wanted if isinstance(stands, str | None) else False

"""``Sites``: how each site is, and by which rules its punches count. One row a site.

The program writes all but State, which is a formula: *not heard from yet*, *needs a look* (the machine could not be
read, its clock is more than a minute off, or its memory is nearly full), *catching up* (punches on their way), *fine*.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from attendance_backend.domain.clocks import seconds_of, time_of
from attendance_backend.domain.days import DEFAULT_DOUBLE_TAP_S, KeyPolicy
from attendance_backend.domain.people import site_key
from attendance_backend.review.formulas import Places
from attendance_backend.review.names import SITES, SITES_ID
from attendance_backend.sheet import placing, serial, styles
from attendance_backend.sheet.changes import AddRows, Change, Formula, HighlightWhen, NewCell, Style
from attendance_backend.sheet.grid import Worksheet
from attendance_backend.sheet.layout import Column, Layout
from attendance_contracts import CLOCK_OFF_FROM_S, NEARLY_FULL


def _column(key: str, header: str, width: int | None, style: Style = styles.PLAIN, note: str = "") -> Column:
    return Column(key, header, width, style, width is None, note, styles.HEADER_WRAPPED)


SITE = _column("site", "Site", 130, styles.NAME)
STATE = _column(
    "state",
    "State",
    130,
    styles.NAME,
    "fine, catching up (punches are on their way), or needs a look: see Problem and Exceptions.",
)
LAST_HEARD = _column(
    "last_heard",
    "Last Heard",
    140,
    styles.MOMENT,
    "When the site's computer last reported, in the site's own time.",
)
COMPLETE_THROUGH = _column(
    "complete_through",
    "Complete Through",
    110,
    styles.DAY_CELL,
    "Every punch up to the end of this day is in the workbook. Only then is somebody absent.",
)
BACKLOG = _column(
    "backlog",
    "Backlog",
    70,
    styles.CODE,
    "Punches that the site's computer holds and that are not in the workbook yet.",
)
CLOCK_OFFSET = _column(
    "clock_offset",
    "Machine Clock (s)",
    90,
    styles.CODE,
    "By how many seconds the machine's clock is ahead (behind: negative).",
)
RECORDS = _column("records", "Records", 80, styles.CODE)
CAPACITY = _column("capacity", "Capacity", 80, styles.CODE)
MEMORY_USED = _column(
    "memory_used",
    "Memory Used",
    80,
    styles.SHARE,
    "How full the machine's memory is. A full machine stops recording, or overwrites.",
)
USERS = _column("users", "Users", 60, styles.CODE)
SERIAL_NUMBER = _column("serial_number", "Serial Number", 160, styles.WRAPPED)
FIRMWARE = _column("firmware", "Firmware", 110, styles.WRAPPED)
MACHINES = _column(
    "machines",
    "Machines",
    330,
    styles.WRAPPED,
    "Of a site with several machines: each of those that could be read. The columns beside it show the one whose clock "
    "is furthest off, and the one whose memory is fullest.",
)
SOFTWARE = _column("software", "Software", 90)
PROBLEM = _column("problem", "Problem", 260, styles.WRAPPED)
TIME_ZONE = _column("time_zone", "Time Zone", 120)
DAY_BOUNDARY = _column(
    "day_boundary",
    "Day Boundary",
    90,
    styles.TIME_CELL,
    "A punch before this time belongs to the day before: the end of a night shift.",
)
KEY_POLICY = _column(
    "key_policy",
    "Key Policy",
    100,
    styles.PLAIN,
    "first and last: the first punch of a day is the check-in, the last the check-out. "
    "pairs: every two punches are a stretch of work, what lies between is a break.",
)
DOUBLE_TAP = _column(
    "double_tap", "Double Tap (s)", 90, styles.CODE, "Two punches of a person within so many seconds are one."
)
CLOCK_CHANGE_AT = _column("clock_change_at", "Clock Change At", None, styles.MOMENT)
CLOCK_CHANGE_BY = _column("clock_change_by", "Clock Change By", None)
CLOCK_REPORTED_ON = _column("clock_told_on", "Clock Told On", None, styles.DAY_CELL)
MEMORY_REPORTED_ON = _column("memory_told_on", "Memory Told On", None, styles.DAY_CELL)
MISTIMED_REPORTED = _column("mistimed_told", "Mistimed Told", None)
"""Which punches with impossible times were told in ``Exceptions``: a mark each, separated by blanks."""
LAYOUT = Layout(
    SITES,
    SITES_ID,
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
        MACHINES,
        TIME_ZONE,
        DAY_BOUNDARY,
        KEY_POLICY,
        DOUBLE_TAP,
        CLOCK_CHANGE_AT,
        CLOCK_CHANGE_BY,
        CLOCK_REPORTED_ON,
        MEMORY_REPORTED_ON,
        MISTIMED_REPORTED,
    ),
    frozen_columns=1,
    tab_color=styles.QUIET_TAB,
    warning="Kept by the program: what the sites report, and the rules by which they count.",
)

NOT_HEARD, NEEDS_A_LOOK, CATCHING_UP, FINE = "not heard from yet", "needs a look", "catching up", "fine"

Value = str | float | int | date | datetime | time | timedelta | None


@dataclass(frozen=True, slots=True)
class SiteRow:
    """A site as its row tells; None and empty texts for what has not been reported.

    Attributes:
        last_heard: wall time at the site.
        clock_change_at: wall time, by the clock before the change.
        clock_change_by: what is added to the clock then.
    """

    site: str
    last_heard: datetime | None = None
    complete_through: date | None = None
    problem: str = ""
    time_zone: str = ""
    day_boundary: time | None = None
    key_policy: KeyPolicy = KeyPolicy.FIRST_AND_LAST
    double_tap_s: int = DEFAULT_DOUBLE_TAP_S
    clock_change_at: datetime | None = None
    clock_change_by: timedelta | None = None
    clock_reported_on: date | None = None
    memory_reported_on: date | None = None
    mistimed_reported: tuple[str, ...] = ()


def create(sites: Sequence[str] = ()) -> list[Change]:
    """The whole worksheet, with a row for each site."""
    made = placing.as_made(LAYOUT)
    rows = [_row(site, made.first_row + index, made) for index, site in enumerate(sites)]
    return [
        *LAYOUT.create(made.first_row + max(len(rows), 1)),
        *placing.lay(SITES_ID, made.columns, made.first_row, rows),
        *_highlights(made),
    ]


def row_of(worksheet: Worksheet, site: str) -> int | None:
    """Where a site's row stands; None when it has none."""
    expected = site_key(site)
    return next(
        (row for row in worksheet.data_rows() if site_key(worksheet.text(row, SITE)) == expected),
        None,
    )


def read(worksheet: Worksheet, only: Collection[str] | None = None) -> dict[str, SiteRow]:
    """The sites by `site_key`, all or `only` some, the first row of each; nonsense counts as not reported."""
    sites: dict[str, SiteRow] = {}
    for row in worksheet.data_rows():
        key = site_key(worksheet.text(row, SITE))
        if key and key not in sites and (only is None or key in only):
            sites[key] = _read_row(worksheet, row)
    return sites


def cells_for(worksheet: Worksheet, site: str, values: Mapping[Column, Value]) -> list[Change]:
    """What brings a site's row up to date: only cells that differ. A site without a row gets one at the grid's end.

    Args:
        worksheet: whole.
        values: by column. A time of day and a `timedelta` become fractions of a day, None empties the cell.
    """
    row = row_of(worksheet, site)
    plain = {column: _plain(value) for column, value in values.items()}
    if row is None:
        row = worksheet.row_count
        cells = {
            **_row(site, row, worksheet),
            **{column: column.cell(value) for column, value in plain.items()},
        }
        return [
            AddRows(worksheet.sheet_id, 1),
            *placing.lay(worksheet.sheet_id, worksheet.columns, row, [cells]),
        ]
    differing = {
        column: value for column, value in plain.items() if not _same(worksheet.value(row, column), value)
    }
    return [*placing.put(worksheet, row, differing)]


def cells_of(worksheet: Worksheet, values: Mapping[str, Mapping[Column, Value]]) -> list[Change]:
    """As `cells_for`, of several sites: each that has no row gets its own."""
    changes: list[Change] = []
    for site, cells in values.items():
        own = cells_for(worksheet, site, cells)
        added = sum(change.count for change in own if isinstance(change, AddRows))
        worksheet = replace(worksheet, row_count=worksheet.row_count + added)
        changes += own
    return changes


def _row(site: str, row: int, worksheet: Worksheet) -> dict[Column, NewCell]:
    blank = {column: column.cell() for column in LAYOUT.columns}
    return {**blank, SITE: SITE.cell(site), STATE: STATE.cell(state(row, worksheet))}


def state(row: int, worksheet: Worksheet) -> Formula:
    at = Places([worksheet], {})
    problem, offset, used, heard, backlog = (
        at.own(column, row) for column in (PROBLEM, CLOCK_OFFSET, MEMORY_USED, LAST_HEARD, BACKLOG)
    )
    looks = f'{problem}<>"",ABS({offset})>{CLOCK_OFF_FROM_S},{used}>={NEARLY_FULL}'
    return Formula(
        f'=IF({heard}="",IF({backlog}="","{NOT_HEARD}","{CATCHING_UP}"),'
        f'IF(OR({looks}),"{NEEDS_A_LOOK}",IF({backlog}>0,"{CATCHING_UP}","{FINE}")))'
    )


def _highlights(made: Worksheet) -> list[Change]:
    row, place = made.first_row, made.at(STATE)
    state = Places([made], {}).own(STATE, row)
    looks = (
        (FINE, styles.GOOD_BACKGROUND, styles.GOOD_TEXT),
        (CATCHING_UP, styles.OPEN_BACKGROUND, styles.OPEN_TEXT),
        (NOT_HEARD, styles.OPEN_BACKGROUND, styles.OPEN_TEXT),
        (NEEDS_A_LOOK, styles.LATE_BACKGROUND, styles.LATE_TEXT),
    )
    return [
        HighlightWhen(
            SITES_ID, row, place, Formula(f'={state}="{text}"'), background, color, end_column=place + 1
        )
        for text, background, color in looks
    ]


def _read_row(worksheet: Worksheet, row: int) -> SiteRow:
    policy = worksheet.text(row, KEY_POLICY)
    boundary, double_tap, change_by = (
        worksheet.number(row, column) for column in (DAY_BOUNDARY, DOUBLE_TAP, CLOCK_CHANGE_BY)
    )
    return SiteRow(
        site=worksheet.text(row, SITE),
        last_heard=worksheet.moment(row, LAST_HEARD),
        complete_through=worksheet.date(row, COMPLETE_THROUGH),
        problem=worksheet.text(row, PROBLEM),
        time_zone=worksheet.text(row, TIME_ZONE),
        day_boundary=(
            time_of(serial.to_seconds(boundary)) if boundary is not None and 0 <= boundary < 1 else None
        ),
        key_policy=KeyPolicy(policy) if policy in set(KeyPolicy) else KeyPolicy.FIRST_AND_LAST,
        double_tap_s=DEFAULT_DOUBLE_TAP_S if double_tap is None else max(round(double_tap), 0),
        clock_change_at=worksheet.moment(row, CLOCK_CHANGE_AT),
        clock_change_by=None if change_by is None else timedelta(seconds=serial.to_seconds(change_by)),
        clock_reported_on=worksheet.date(row, CLOCK_REPORTED_ON),
        memory_reported_on=worksheet.date(row, MEMORY_REPORTED_ON),
        mistimed_reported=tuple(worksheet.text(row, MISTIMED_REPORTED).split()),
    )


def _plain(value: Value) -> float | str | None:
    match value:
        case None | str():
            return value or None
        case datetime():
            return serial.from_datetime(value)
        case date():
            return serial.from_date(value)
        case time():
            return serial.from_seconds(seconds_of(value))
        case timedelta():
            return value / timedelta(days=1)
        case _:
            return float(value)


def _same(stands: object, expected: float | str | None) -> bool:
    if isinstance(stands, int | float) and isinstance(expected, float):
        return round(stands * serial.SECONDS_A_DAY) == round(expected * serial.SECONDS_A_DAY)
    return (stands or None) == expected if isinstance(stands, str | None) else False

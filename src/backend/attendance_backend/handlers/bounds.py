"""The bounds within which a message is believed, each with its reason, all in one place.

A site's key proves who speaks, not that it is true. Periods and workbooks are those of HR's table and the program's own
notes; the time is the cloud's. A punch that could be true is stored, however odd: machines count wrongly, and clocks
are wrong.
"""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import TypeVar

from attendance_backend.control.period_dates import MAX_PERIOD_DAYS
from attendance_backend.domain.clocks import zone_of
from attendance_backend.domain.people import site_key
from attendance_backend.domain.periods import GAP_DAYS, last_day_before, period_named
from attendance_backend.errors import NotAdmittedError, SpreadsheetGoneError
from attendance_backend.handlers import routing
from attendance_backend.handlers.routing import Table
from attendance_backend.ports import Backend
from attendance_contracts import (
    MachineHealth,
    Message,
    MistimedPunches,
    RaiseFinalAlarm,
    ReviewPeriod,
    SiteHealth,
    StoreAttendRecords,
    business_day,
)

M = TypeVar("M", bound=Message)

MOST_BYTES = 1_000_000
"""Of a message. A client sends 300 KB at most; reading what is larger takes the memory that others need."""
MOST_RECORDS = 5_000
"""Of a message. A client sends 500; each costs time of the two minutes that a function has."""
MOST_PERIOD_DAYS = MAX_PERIOD_DAYS + GAP_DAYS + 3
"""Of a period that HR's table does not hold so any more: the longest, with the days before it and the weekend after it.
Each day is columns of a workbook."""
MOST_TEXT = 500
"""Characters of what a site says in words: a cell that people read."""
MOST_MACHINES = 20
"""Of a site: as many as its computer reads."""
MOST_NAME = 96
"""Characters of a machine's name, or a user's."""
MOST_MISTIMED = 200
"""Users and days with punches that bear impossible times: as many as a client tells."""
MOST_COUNT = 10_000_000
"""Of records, users, a backlog: more than any machine holds."""
MOST_STRANGERS = 300
"""Users of a site whom nobody knows, told in a month's ``Exceptions``: those of an office whose list is empty yet."""
AHEAD = timedelta(hours=14)
"""So far ahead of UTC is the earliest zone's clock: no site's day is over before."""


def check_bytes(data: bytes) -> None:
    """Whether a message is larger than any client's; raises NotAdmittedError."""
    if len(data) > MOST_BYTES:
        raise NotAdmittedError(f"it holds {len(data)} bytes, and no message has more than {MOST_BYTES}")


def check_records(message: Message) -> None:
    """Whether a message holds more records than any client's; raises NotAdmittedError."""
    if isinstance(message, StoreAttendRecords) and len(message.records) > MOST_RECORDS:
        raise NotAdmittedError(
            f"it holds {len(message.records)} records, and none has more than {MOST_RECORDS}"
        )


def latest_wall_time(now: datetime, time_zone: str) -> datetime:
    """What a clock in a time zone shows; of an unknown one the latest that any can show."""
    zone = zone_of(time_zone)
    return now.astimezone(zone).replace(tzinfo=None) if zone else now.replace(tzinfo=None) + AHEAD


def as_can_be(message: M, now: datetime) -> M:
    """The message without what cannot be at all: numbers, lengths of words, days that are not over yet."""
    if not isinstance(message, SiteHealth):
        return message
    here = latest_wall_time(now, message.time_zone)
    over = business_day(here, message.day_boundary) - timedelta(days=1)
    through = message.complete_through
    return replace(
        message,
        release=message.release[:MOST_TEXT],
        backlog=_count(message.backlog),
        complete_through=None if through is None else min(through, over),
        machine=None if message.machine is None else _machine(message.machine),
        problem=message.problem[:MOST_TEXT],
        machines=tuple(_machine(machine) for machine in message.machines[:MOST_MACHINES]),
        mistimed=tuple(map(_mistimed, message.mistimed[:MOST_MISTIMED])),
    )


def of_health(message: SiteHealth, backend: Backend) -> SiteHealth:
    """The message, for the workbook of its period and with HR's dates; raises NotAdmittedError where there is none.

    What a site calls complete by an earlier table of HR's is not: it asks again for punches that had no period by it.
    """
    try:
        table = routing.read(backend)
    except SpreadsheetGoneError:
        # Then there is nothing to compare it with, and the sites are all that is heard of.
        return message
    period = _spoken_of(message, table)
    sheet_id = table.book_for(period, message.location)
    if sheet_id is None or sheet_id != message.sheet_id:
        # Made or restored within the last minute, perhaps.
        table = routing.read(backend, anew=True)
        period = _spoken_of(message, table)
        sheet_id = table.book_for(period, message.location)
    if sheet_id is None:
        raise NotAdmittedError(f"there is no workbook of {message.period.name!r}")
    zone, boundary = message.time_zone, message.day_boundary
    registered = table.sites.get(site_key(message.location))
    if registered is not None:
        keeping = registered.in_period(period)
        zone, boundary = keeping.time_zone or zone, keeping.day_boundary
    is_by_table = message.table in ("", table.digest(message.location))
    return replace(
        message,
        complete_through=message.complete_through if is_by_table else None,
        sheet_id=sheet_id,
        period=period,
        time_zone=zone if zone_of(zone) else "",
        day_boundary=boundary,
    )


def _spoken_of(message: SiteHealth, table: Table) -> ReviewPeriod:
    """The period of a health message; of one that HR has shortened, renamed or withdrawn since, that of today.

    The site goes on in it until the end that it was told, while its punches are stored in today's.
    """
    told = message.period
    period = period_of(told, table, message.location)
    if period in table.periods and told.last_day <= period.last_day:
        return period
    today = business_day(message.at, message.day_boundary)
    now = next((each for each in table.periods if each.first_day <= today <= each.last_day), period)
    return now if table.book_for(now, message.location) else period


def _machine(machine: MachineHealth) -> MachineHealth:
    offset = machine.clock_offset_s
    return replace(
        machine,
        serial_number=machine.serial_number[:MOST_TEXT],
        firmware=machine.firmware[:MOST_TEXT],
        platform=machine.platform[:MOST_TEXT],
        clock_offset_s=None if offset is None or abs(offset) > MOST_COUNT * 1000 else offset,
        records=_count(machine.records),
        record_capacity=_count(machine.record_capacity),
        users=_count(machine.users),
        name=machine.name[:MOST_NAME],
    )


def _mistimed(punches: MistimedPunches) -> MistimedPunches:
    return replace(
        punches,
        serial_number=punches.serial_number[:MOST_NAME],
        machine=punches.machine[:MOST_NAME],
        user_id=punches.user_id[:MOST_NAME],
        user_name=punches.user_name[:MOST_NAME],
        count=_count(punches.count),
    )


def _count(number: int) -> int:
    return min(max(number, 0), MOST_COUNT)


def period_of(told: ReviewPeriod, table: Table, site: str) -> ReviewPeriod:
    """HR's period of that name, or the one that a site means whose words are older than HR's table.

    HR may have renamed the period, or put another one in its place, before it had a workbook: then it is the one that
    has most of those days, or else is nearest. Each punch goes where HR's table says; but without an answer the site
    would ask for ever. Where there is a workbook, or no period at all, the site's own words.

    Raises:
        NotAdmittedError: it is longer than any.
    """
    known = period_named(table.periods, told.name)
    if known is None and (told.last_day - told.first_day).days >= MOST_PERIOD_DAYS:
        raise NotAdmittedError(
            f"HR's table has no period {told.name!r}, and none has more than {MOST_PERIOD_DAYS} days"
        )
    if known is None and table.book_for(told, site) is None:
        known = max(table.periods, key=partial(_days_of_both, told), default=None)
    return known or told


def _days_of_both(one: ReviewPeriod, other: ReviewPeriod) -> timedelta:
    """How long both last; negative where they are apart."""
    return min(one.last_day, other.last_day) - max(one.first_day, other.first_day)


def may_have_been(told: ReviewPeriod, table: Table) -> bool:
    """Whether HR's table may have held these days under this name, of which there is a workbook."""
    now = period_named(table.periods, told.name) or told
    first, last = min(now.first_day, told.first_day), max(now.last_day, told.last_day)
    return bool(table.books_of(told)) and (last - first).days < MOST_PERIOD_DAYS


def of_alarm(message: RaiseFinalAlarm, table: Table, now: datetime) -> RaiseFinalAlarm:
    """The message with a day that can be today somewhere, after the end of a period that HR's table holds.

    An alarm is told once, by these two: whoever invents them must not fill a mailbox.
    """
    earliest, latest = ((now.astimezone(UTC) + by).date() for by in (-AHEAD, AHEAD))
    on = min(max(message.on, earliest), latest)
    ends = {period.last_day for period in table.periods}
    after: date | None = message.after if message.after in ends else last_day_before(table.periods, on)
    return replace(message, after=after, on=on)

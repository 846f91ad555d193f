"""What a site tells of itself: at once when something changed that somebody waits for, and otherwise hourly, or
as often as the site is set to.

Each message costs the backend a read and a write of the review sheet, of which Google allows 60 a minute to all sites
together. Nothing of it ever keeps the client from its work.
"""

import logging
import secrets
from datetime import date, timedelta
from functools import cache
from importlib.metadata import PackageNotFoundError, version

from attendance_client.errors import AccessError, BusError
from attendance_client.fsm.client import Client
from attendance_client.machine.port import MachineStatus
from attendance_contracts import MachineHealth, SiteHealth, business_day

log = logging.getLogger(__name__)

DISTRIBUTION = "attendance-relay"

LARGE_BACKLOG = 100
"""From so many punches on their way is a site catching up, which is news; fewer are on their way after any poll."""


def report_read(client: Client, status: MachineStatus) -> None:
    """Publish the site's health if it is due: the machine was just read, or had nothing new."""
    session = client.session
    session.taken_until = session.machine_time or client.clock.now()
    offset = session.clock_offset
    machine = MachineHealth(
        serial_number=status.serial_number,
        firmware=status.firmware,
        platform=status.platform,
        clock_offset_s=None if offset is None else round(offset.total_seconds()),
        records=status.records,
        record_capacity=status.record_capacity,
        users=status.users,
    )
    _publish(client, machine, "; ".join(session.health.troubles.values()))


def report_unreadable(client: Client, problem: str) -> None:
    """Publish that the machine cannot be read, if that is news or due."""
    _publish(client, None, problem)


def complete_through(client: Client) -> date | None:
    """The last business day that is wholly over by the machine's time, and of which every punch is confirmed.

    Not as of the last whole reading: one that broke off may have brought older punches since.
    """
    taken_until, summary = client.session.taken_until, client.ledger.summary()
    if taken_until is None:
        return None
    under_way = min(taken_until, summary.earliest_backlog or taken_until)
    day = business_day(under_way, client.site.day_boundary) - timedelta(days=1)
    if client.session.review_period is not None:
        # Of later days HR may not have entered the period yet, by which their punches are stored.
        day = min(day, client.session.review_period.last_day)
    return day if summary.first_day is not None and day >= summary.first_day else None


def _publish(client: Client, machine: MachineHealth | None, problem: str) -> None:
    session = client.session
    if session.review_period is None or session.sheet_id is None:
        return
    summary = client.ledger.summary()
    complete = complete_through(client)
    news = _news(client, machine, problem, complete, summary.backlog)
    if news == session.health.told and client.clock.monotonic() < session.health.due_s:
        return
    health = SiteHealth(
        location=client.site.location,
        request_id=secrets.token_hex(16),
        sheet_id=session.sheet_id,
        period=session.review_period,
        at=client.clock.now().replace(microsecond=0),
        time_zone=client.site.time_zone,
        day_boundary=client.site.day_boundary,
        release=release(),
        backlog=summary.backlog,
        undecodable=summary.undecodable,
        complete_through=complete,
        pi_clock_synchronised=client.clock.synchronised(),
        machine=machine,
        problem=problem,
    )
    try:
        client.bus.publish(health)
    except (BusError, AccessError) as error:
        # The next message tells the same; a topic that an older installation lacks must not stop the punches.
        level = logging.DEBUG if session.health.problem else logging.WARNING
        log.log(level, "the site's health was not published: %s", error)
        session.health.problem = str(error)
    else:
        session.health.problem = ""
        session.health.told = news
        session.health.due_s = client.clock.monotonic() + client.site.health_interval_s


def _news(
    client: Client, machine: MachineHealth | None, problem: str, complete: date | None, backlog: int
) -> object:
    """What is told at once when it differs from what was told last."""
    session = client.session
    about_machine = None
    if machine is not None:
        about_machine = (
            machine.serial_number,
            machine.firmware,
            machine.is_nearly_full,
            machine.is_clock_off,
        )
    return session.sheet_id, complete, problem, backlog >= LARGE_BACKLOG, about_machine


@cache
def release() -> str:
    """Of this program, as it is installed."""
    try:
        return version(DISTRIBUTION)
    except PackageNotFoundError:
        return "unknown"

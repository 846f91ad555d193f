"""What a site tells of itself after each poll; nothing of it ever keeps the client from its work."""

import logging
import secrets
from datetime import date, datetime, timedelta
from functools import cache
from importlib.metadata import PackageNotFoundError, version

from attendance_client.client import Client
from attendance_client.errors import AccessError, BusError
from attendance_client.ports import MachineStatus
from attendance_contracts import MachineHealth, SiteHealth, business_day

log = logging.getLogger(__name__)

DISTRIBUTION = "attendance-relay"


def report_read(client: Client, status: MachineStatus) -> None:
    """Publish the site's health: the machine was just read, or had nothing new."""
    session = client.session
    session.complete_through = complete_through(client, session.machine_time or client.clock.now())
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
    _publish(client, machine, "")


def report_unreadable(client: Client, problem: str) -> None:
    """Publish that the machine cannot be read, at most once per polling interval."""
    if client.clock.monotonic() >= client.session.health_due_s:
        _publish(client, None, problem)


def complete_through(client: Client, machine_time: datetime) -> date | None:
    """The last business day that is wholly over by the machine's time, and of which every punch is confirmed.

    `machine_time` is that of a reading after which all that the machine held is in the ledger.
    """
    summary = client.ledger.summary()
    under_way = min(machine_time, summary.earliest_backlog or machine_time)
    day = business_day(under_way, client.site.day_boundary) - timedelta(days=1)
    return day if summary.first_day is not None and day >= summary.first_day else None


def _publish(client: Client, machine: MachineHealth | None, problem: str) -> None:
    session = client.session
    if session.review_period is None or session.sheet_id is None:
        return
    summary = client.ledger.summary()
    health = SiteHealth(
        location=client.site.location,
        request_id=secrets.token_hex(16),
        sheet_id=session.sheet_id,
        period=session.review_period,
        at=client.clock.now().replace(microsecond=0),
        time_zone=client.site.time_zone,
        day_boundary=client.site.day_boundary,
        release=_release(),
        backlog=summary.backlog,
        undecodable=summary.undecodable,
        complete_through=session.complete_through,
        pi_clock_synchronised=client.clock.synchronised(),
        machine=machine,
        problem=problem,
    )
    session.health_due_s = client.clock.monotonic() + client.site.polling_interval_s
    try:
        client.bus.publish(health)
    except (BusError, AccessError) as error:
        # The next message tells the same; a topic that an older installation lacks must not stop the punches.
        level = logging.DEBUG if session.health_problem else logging.WARNING
        log.log(level, "the site's health was not published: %s", error)
        session.health_problem = str(error)
    else:
        session.health_problem = ""


@cache
def _release() -> str:
    try:
        return version(DISTRIBUTION)
    except PackageNotFoundError:
        return "unknown"

"""What a site tells of itself: at once when something changed that somebody waits for, and otherwise hourly, or
as often as the site is set to.

Each message costs the backend a read and a write of the review sheet, of which Google allows 60 a minute to all sites
together. Nothing of it ever keeps the client from its work.
"""

import logging
import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from attendance_client.errors import AccessError, BusError
from attendance_client.fsm.client import Client
from attendance_client.fsm.session import Door
from attendance_client.machine.reading import BELIEVABLE_OFFSET, of_door
from attendance_contracts import (
    RELEASE,
    MachineHealth,
    MistimedPunches,
    ReviewPeriod,
    SiteHealth,
    business_day,
)

log = logging.getLogger(__name__)

MOST_MISTIMED = 200
"""Users and days with punches that bear times that cannot be, in one message; the others are counted as one."""
LARGE_BACKLOG = 100
"""From so many punches on their way is a site catching up, which is news; fewer are on their way after any poll."""

UNANSWERED_TOLD = 5
"""From so many requests in a row without a reply; fewer pass by themselves, and a message more would add to a crowd."""
UNANSWERED = "nobody answers what this site sends: attendance-client doctor, on its Pi, says more"


def report_read(client: Client) -> None:
    """Publish the site's health if it is due: the machines were just read, or had nothing new."""
    machines = [_health_of(door) for door in client.doors if not door.problem]
    problems = [of_door(door, door.problem) for door in client.doors if door.problem]
    if client.session.time_outs >= UNANSWERED_TOLD:
        # Health goes its own way: replies may be lost alone, as where their topic was deleted and made again.
        problems.append(UNANSWERED)
    _publish(client, machines, "; ".join([*problems, *troubles_of(client)]))


def troubles_of(client: Client) -> list[str]:
    """What people are to know although work goes on; what keeps a machine from being read is told apart."""
    of_machines = [
        told
        for door in client.doors
        if door.seen is not None and not door.problem
        for told in door.seen.troubles.values()
    ]
    return [*of_machines, *_alike(client), *client.session.health.troubles.values()]


def _health_of(door: Door) -> MachineHealth:
    status, offset = door.state.status, door.state.clock_offset
    return MachineHealth(
        serial_number=status.serial_number,
        firmware=status.firmware,
        platform=status.platform,
        clock_offset_s=None if offset is None else round(offset.total_seconds()),
        records=status.records,
        record_capacity=status.record_capacity,
        users=status.users,
        name=door.machine.name,
    )


def _alike(client: Client) -> Sequence[str]:
    """Where two addresses lead to one machine, another one is not read at all."""
    names: dict[str, list[str]] = {}
    for door in client.doors:
        if door.seen is not None:
            names.setdefault(door.seen.status.serial_number, []).append(
                door.machine.name or "the first machine"
            )
    return [
        f"{' and '.join(alike)} answer as one machine, {serial_number}: is one of their addresses in "
        "biometric_device_config.json wrong? No day is complete before each machine is read"
        for serial_number, alike in names.items()
        if len(alike) > 1
    ]


def report_unreadable(client: Client, problem: str) -> None:
    """Publish that no machine can be read, if that is news or due."""
    _publish(client, [], problem)


def complete_through(client: Client) -> date | None:
    """The last business day that is wholly over by each machine's time, and of which every punch is confirmed.

    Not as of the last whole reading: one that broke off may have brought older punches since. None where a machine was
    not read yet since the client began, or two addresses lead to one machine.
    """
    summary = client.ledger.summary()
    read = {id(door.seen): door.seen.taken_until for door in client.doors if door.seen is not None}
    known = [moment for moment in read.values() if moment is not None]
    if len(known) < len(client.doors):
        return None
    taken_until = min(known)
    under_way = min(taken_until, summary.earliest_backlog or taken_until)
    day = business_day(under_way, client.site.day_boundary) - timedelta(days=1)
    if client.session.review_period is not None:
        # Of later days HR may not have entered the period yet, by which their punches are stored.
        day = min(day, client.session.review_period.last_day)
    return day if summary.first_day is not None and day >= summary.first_day else None


def _publish(client: Client, machines: Sequence[MachineHealth], problem: str) -> None:
    session = client.session
    if session.review_period is None or session.sheet_id is None:
        return
    summary = client.ledger.summary()
    complete = complete_through(client)
    mistimed = _mistimed(client, session.review_period)
    table = client.ledger.table if summary.without_period else ""
    news = (_news(client, machines, problem, complete, summary.backlog), mistimed, table)
    if news == session.health.reported and client.clock.monotonic() < session.health.due_s:
        return
    health = SiteHealth(
        location=client.site.location,
        request_id=secrets.token_hex(16),
        sheet_id=session.sheet_id,
        period=session.review_period,
        at=client.clock.now().replace(microsecond=0),
        time_zone=client.site.time_zone,
        day_boundary=client.site.day_boundary,
        release=RELEASE,
        backlog=summary.backlog,
        undecodable=summary.undecodable,
        complete_through=complete,
        pi_clock_synchronised=client.clock.synchronised(),
        machine=machines[0] if machines else None,
        problem=problem,
        machines=tuple(machines) if len(client.doors) > 1 else (),
        mistimed=mistimed,
        table=table,
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
        session.health.reported = news
        session.health.due_s = client.clock.monotonic() + client.site.health_interval_s


def _mistimed(client: Client, period: ReviewPeriod) -> tuple[MistimedPunches, ...]:
    """What HR is to see of punches with times that cannot be, where this computer knows the time itself."""
    if client.clock.synchronised() is False or not client.ledger.summary().without_period:
        return ()
    latest = (client.session.machine_time or client.clock.now()) + BELIEVABLE_OFFSET
    found = client.ledger.mistimed(period.first_day, latest)
    if len(found) > MOST_MISTIMED:
        others = found[MOST_MISTIMED - 1 :]
        rest = replace(others[-1], user_id="", user_name="", count=sum(each.count for each in others))
        found[MOST_MISTIMED - 1 :] = [rest]
    return tuple(found)


def _news(
    client: Client, machines: Sequence[MachineHealth], problem: str, complete: date | None, backlog: int
) -> object:
    """What is told at once when it differs from what was told last."""
    session = client.session
    about_machines = tuple(
        (machine.serial_number, machine.firmware, machine.is_nearly_full, machine.is_clock_off)
        for machine in machines
    )
    return session.sheet_id, complete, problem, backlog >= LARGE_BACKLOG, about_machines

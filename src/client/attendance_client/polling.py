"""Reading the attendance machine into the ledger, and the daily warning that goes with it."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta

from attendance_client._generated.machine import Flag
from attendance_client.client import Client
from attendance_client.errors import MachineError
from attendance_client.ports import MachineSession, MachineStatus
from attendance_client.session import MachineMemory
from attendance_contracts import AlarmKind, RaiseFinalAlarm, Topic, business_day

log = logging.getLogger(__name__)

COMPLETE_READ_INTERVAL_S = 86_400.0
"""The log is read at least daily, even when its count has not changed: the machine may have been cleared
and filled again, or overwrite its oldest records."""

BELIEVABLE_OFFSET = timedelta(days=1)
"""A machine's clock further off than this is broken (a flat cell: 2000-01-01), not slow."""

FULL_ENOUGH_TO_SAY = 0.8
"""Of the machine's capacity."""

NOTABLE_OFFSET = timedelta(minutes=2)
"""A machine's clock further off than this is reported."""


def poll(client: Client) -> None:
    """Read the machine if it has anything new, and see to the daily warning."""
    session = client.session
    with _enabled_machine(client) as machine:
        status = _status(client, machine)
        if _needs_reading(client, status):
            _read(client, machine, status)
    _warn_of_full_machine(client, status)
    session.next_poll_s = client.clock.monotonic() + client.site.polling_interval_s
    session.postponed.clear()
    _warn_daily(client)


def read_completely(client: Client) -> None:
    """Read the whole log, whatever its count says."""
    with _enabled_machine(client) as machine:
        _read(client, machine, _status(client, machine))


def enable_machine(client: Client) -> None:
    """Let people punch at once: whoever talked to the machine before may have left it disabled.

    No failure stops the client: the machine is enabled, at the latest, when it is read.
    """
    try:
        with _enabled_machine(client):
            pass
    except MachineError as error:
        log.warning("%s; going on without it for now", error)


@contextmanager
def _enabled_machine(client: Client) -> Iterator[MachineSession]:
    with client.machine.session() as machine:
        if not client.session.machine_enabled:
            machine.enable()
            client.session.machine_enabled = True
        yield machine


def _status(client: Client, machine: MachineSession) -> MachineStatus:
    status = machine.status()
    now = client.clock.now()
    believable = status.time is not None and abs(status.time - now) <= BELIEVABLE_OFFSET
    client.session.machine_time = status.time if believable else now
    is_off = status.time is None or abs(status.time - now) > NOTABLE_OFFSET
    if is_off and not client.session.clock_is_off:
        log.warning(
            "the machine's clock shows %s, this computer's %s; set the one that is wrong", status.time, now
        )
    client.session.clock_is_off = is_off
    return status


def _needs_reading(client: Client, status: MachineStatus) -> bool:
    memory = client.session.machine_memory
    return (
        memory is None
        or memory.serial_number != status.serial_number
        or memory.records != status.records
        or 0 < status.record_capacity <= status.records
        or client.clock.monotonic() - memory.read_at_s >= COMPLETE_READ_INTERVAL_S
    )


def _warn_of_full_machine(client: Client, status: MachineStatus) -> None:
    """Say once a day that the machine is nearly full: it then drops punches, the new or the oldest ones."""
    session = client.session
    today = client.clock.now().date()
    if status.records < FULL_ENOUGH_TO_SAY * status.record_capacity or status.record_capacity == 0:
        return
    if session.fullness_said_on != today:
        session.fullness_said_on = today
        log.warning(
            "the machine holds %d of %d records and will lose punches when it is full; once `attendance-client status` "
            "shows nothing on its way, clear its attendance log in its own menu",
            status.records,
            status.record_capacity,
        )


def _read(client: Client, machine: MachineSession, status: MachineStatus) -> None:
    session, ledger, serial_number = client.session, client.ledger, status.serial_number
    attendance_log = machine.read_log()
    new = ledger.add_log(serial_number, attendance_log, client.clock.now())
    if session.users_read != status.users or ledger.has_unnamed_backlog(serial_number):
        ledger.remember_users(serial_number, machine.read_user_names())
        session.users_read = status.users
    records = len(attendance_log.punches) + len(attendance_log.undecodable)
    session.machine_memory = MachineMemory(serial_number, records, client.clock.monotonic())
    if new:
        log.info("%d new records on machine %s", new, serial_number)


def _warn_daily(client: Client) -> None:
    """In a period's last days, let the backend warn, once a day, if it knows no period after it."""
    session = client.session
    period = session.open_period
    now = session.machine_time or client.clock.now()
    day = business_day(now, client.site.day_boundary)
    days_left = (period.last_day - day).days
    if not 0 <= days_left < client.site.daily_warning_days or session.warned_on == day:
        return
    session.flags |= Flag.DAILY_WARNING
    publish_alarm(client, AlarmKind.DAILY_WARNING, period.last_day, now)
    session.warned_on = day


def publish_alarm(client: Client, kind: AlarmKind, after: date | None, now: datetime) -> None:
    on = business_day(now, client.site.day_boundary)
    client.bus.publish(
        RaiseFinalAlarm(
            location=client.site.location,
            request_id=client.session.request_id((Topic.RAISE_FINAL_ALARM, kind, after, on)),
            kind=kind,
            after=after,
            on=on,
        )
    )

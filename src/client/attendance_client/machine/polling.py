"""What is done at each poll of the attendance machines."""

import logging
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial

from attendance_client.errors import MachineError
from attendance_client.fsm.client import Client
from attendance_client.fsm.generated import Flag
from attendance_client.fsm.session import Door
from attendance_client.machine.clock import keep_clock
from attendance_client.machine.port import LogEnd, MachineStatus
from attendance_client.machine.reading import (
    ask_status,
    at_each_door,
    called,
    doubt_that_people_can_punch,
    enabled_machine,
    look_at_count,
    look_for_punches,
    read_log,
    read_names_again,
    tell_of_trouble,
)
from attendance_client.relay.health import report_read, report_unreadable
from attendance_contracts import NEARLY_FULL, AlarmKind, RaiseFinalAlarm, Topic, business_day

log = logging.getLogger(__name__)

COMPLETE_READ_INTERVAL_S = 86_400.0
"""The whole log is read daily, at the first poll that finds its count unchanged, when hardly anybody punches; at the
latest after two days. A machine cleared and filled again to the same count is noticed then. (A count that has grown is
checked at each poll: the new records must follow the known ones.)"""

TABLE_INTERVAL_S = 86_400.0
"""Between two questions for a punch of no period, where no other punch's answer tells of HR's table."""


def poll(client: Client) -> None:
    """Read each machine that has anything new, and see to what goes with it: clocks, reports, the daily warning.

    Raises:
        MachineError: none of them could be read.
    """
    session = client.session
    try:
        at_each_door(client, partial(_poll_at, client))
    except MachineError as error:
        report_unreadable(client, str(error))
        raise
    report_read(client)
    session.next_poll_s = client.clock.monotonic() + client.site.polling_interval_s
    _ask_again(client)
    _warn_daily(client)


def _poll_at(client: Client, door: Door) -> None:
    with enabled_machine(door) as machine:
        status = ask_status(client, door, machine)
        look_at_count(door, status)
        quiet = _is_quiet(door, status)
        wanted = _wanted(door, status)
        if wanted is not None:
            read_log(client, door, machine, status, wanted.known)
        elif client.ledger.unnamed_users(status.serial_number):
            read_names_again(client, door, machine, status)
        look_for_punches(client, door, status)
        keep_clock(client, door, machine, status)
    if not door.is_enabled:
        # Setting its clock broke off, or it is another machine. At once: until then nobody can punch.
        with enabled_machine(door):
            pass
    _read_whole_if_due(client, door, quiet=quiet)
    door.state.taken_until = door.state.time or client.clock.now()
    _warn_of_full_machine(client, door, status)


def _ask_again(client: Client) -> None:
    """Let what was refused or not answered be sent once more; daily, see whether HR's table is another one by now.

    Daily as well, what is older than the site is to keep goes.

    While nobody answers, it waits for all others to be asked for: they must not wait for what may be in their way.
    """
    session = client.session
    if session.time_outs and client.ledger.next_chunk(session.open_period, 1) is not None:
        return
    now_s = client.clock.monotonic()
    daily = now_s >= client.session.table_due_s
    if daily:
        client.session.table_due_s = now_s + TABLE_INTERVAL_S
        _expire(client)
    client.ledger.ask_again(table=daily)


def _expire(client: Client) -> None:
    days, cloud = client.site.keep_punches_days, client.cloud_time()
    if days == 0 or cloud is None:
        return  # a computer without a battery may believe any year
    before = min(cloud, client.clock.now()).replace(microsecond=0) - timedelta(days=days)
    if count := client.ledger.expire(before):
        log.info(
            "%d punches of before %s are not kept any longer: the sheets have them", count, before.date()
        )


def enable_machines(client: Client) -> None:
    """Let people punch at once: whoever talked to a machine before may have left it disabled.

    No failure stops the client: a machine is enabled, at the latest, when it is read.
    """
    for door in client.doors:
        try:
            with enabled_machine(door):
                pass
        except MachineError as error:
            log.warning("%s; going on without it for now", error)
    if not all(door.is_enabled for door in client.doors):
        doubt_that_people_can_punch(client)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A reading of the log: what follows `known`, or all of it."""

    known: LogEnd | None


def _wanted(door: Door, status: MachineStatus) -> _Wanted | None:
    """What is to be read first; None when nothing is new."""
    memory = door.state.memory
    if memory is None:
        return _Wanted(None)
    if _is_quiet(door, status) and not 0 < status.record_capacity <= status.records:
        return None
    return _Wanted(memory.end)


def _is_quiet(door: Door, status: MachineStatus) -> bool:
    """Whether the machine counts what it counted at the last reading; one that counts nothing tells nothing by that."""
    memory = door.state.memory
    if memory is None or (status.records == 0 and memory.end.records):
        return False
    return memory.counted == status.records


def _read_whole_if_due(client: Client, door: Door, *, quiet: bool) -> None:
    """The daily reading of the whole log: after what is new, which a poor link may just carry.

    In a conversation of its own, and no failure of it holds up what was read: it is tried again at each poll.
    """
    memory = door.state.memory
    age_s = 0.0 if memory is None else client.clock.monotonic() - memory.whole_read_at_s
    if age_s < (COMPLETE_READ_INTERVAL_S if quiet else 2 * COMPLETE_READ_INTERVAL_S):
        return
    try:
        with enabled_machine(door) as machine:
            read_log(client, door, machine, ask_status(client, door, machine))
    except MachineError as error:
        tell_of_trouble(
            door,
            "whole",
            f"{error}; new punches are read, the daily look at the whole log was not possible",
        )
    else:
        door.state.troubles.pop("whole", None)


def _warn_of_full_machine(client: Client, door: Door, status: MachineStatus) -> None:
    """Say once a day that the machine is nearly full: it then drops punches, the new or the oldest ones."""
    today = client.clock.now().date()
    if status.records < NEARLY_FULL * status.record_capacity or status.record_capacity == 0:
        return
    if door.state.fullness_said_on != today:
        door.state.fullness_said_on = today
        log.warning(
            "%s holds %d of %d records and will lose punches when it is full; once `attendance-client status` "
            "shows nothing on its way, clear its attendance log in its own menu",
            called(door),
            status.records,
            status.record_capacity,
        )


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

"""A session with the attendance machine: what it says of itself, and its log into the ledger."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from attendance_client.errors import MachineError
from attendance_client.fsm.client import Client
from attendance_client.fsm.session import MachineMemory
from attendance_client.machine.port import AttendanceLog, LogEnd, MachineSession, MachineStatus

log = logging.getLogger(__name__)

BELIEVABLE_OFFSET = timedelta(days=1)
"""A machine's clock further off than this is broken (a flat cell: 2000-01-01), not slow."""

FIRST_POSSIBLE = datetime(2001, 1, 1)  # noqa: DTZ001 - a machine's wall time
"""Earlier punches were made after a flat cell had set the machine's clock to the year 2000."""

APART = timedelta(minutes=5)
"""Clocks that differ by more do not agree, and then no period is closed."""

NAMES, CLEARED = "names", "cleared"
"""Kinds of trouble with a machine that can be read all the same."""


@contextmanager
def enabled_machine(client: Client) -> Iterator[MachineSession]:
    """A session in which people can punch, whatever an earlier one left behind."""
    with client.machine.session() as machine:
        if not client.session.machine_enabled:
            machine.enable()
            client.session.machine_enabled = True
        yield machine


@contextmanager
def nobody_punching(client: Client, machine: MachineSession) -> Iterator[None]:
    """Keep people from punching meanwhile.

    Should the machine not be enabled afterwards, by a failure or a power loss, the next session begins with that.
    """
    client.session.machine_enabled = False
    try:
        machine.disable()
        yield
    finally:
        machine.enable()
        client.session.machine_enabled = True


def ask_status(client: Client, machine: MachineSession) -> MachineStatus:
    """What the machine says of itself; its time counts from now on, or another one's where that is not believable.

    There are three clocks: the machine's, the Pi's, which has no battery, and Pub/Sub's.
    """
    status = machine.status()
    now, cloud = client.clock.now(), client.cloud_time()
    offset = client.session.clock_offset = offset_of(status, now)
    offsets = [found for found in (offset, offset_of(status, cloud) if cloud else None) if found is not None]
    nearest = min(map(abs, offsets), default=BELIEVABLE_OFFSET * 2)
    pi_is_right = cloud is not None and abs(now - cloud) <= APART
    others = now if pi_is_right or cloud is None else cloud
    believed = client.session.machine_time = status.time if nearest <= BELIEVABLE_OFFSET else others
    # Two clocks that agree tell the time; while a third one is behind, its period is not over yet.
    closing = believed if nearest <= APART else None
    if closing is None and pi_is_right and believed is not None:
        closing = min(believed, now)
    client.session.closing_time = closing
    return status


def offset_of(status: MachineStatus, now: datetime) -> timedelta | None:
    """By how much the machine's clock is ahead of `now`; None when it shows an impossible date."""
    return None if status.time is None else status.time - now.replace(microsecond=0)


def read_log(
    client: Client, machine: MachineSession, status: MachineStatus, known: LogEnd | None = None
) -> AttendanceLog:
    """Take what follows `known`, or the whole log, into the ledger; returns what was read."""
    session, ledger, serial_number = client.session, client.ledger, status.serial_number
    # Its users could not be read the last time: nothing is to wait for them now.
    failed_before = bool(ledger.unnamed_users(serial_number)) or NAMES in session.health.troubles
    attendance_log = machine.read_log(known)
    new = ledger.add_log(serial_number, attendance_log, client.clock.now())
    now_s = client.clock.monotonic()
    whole_read_at_s = now_s
    if attendance_log.first and session.machine_memory is not None:
        whole_read_at_s = session.machine_memory.whole_read_at_s
    # At once: the end of a log must not be taken twice, even if what follows fails.
    session.machine_memory = MachineMemory(
        serial_number, attendance_log.end, now_s, whole_read_at_s, status.records
    )
    if new:
        log.info("%d new records on machine %s", new, serial_number)
    _tell_of_undecodable(client, attendance_log)
    _tell_of_mistimed(client, attendance_log)
    if failed_before:
        read_names_again(client, machine, status)
    else:
        _read_names(client, machine, status)
    return attendance_log


def read_names_again(client: Client, machine: MachineSession, status: MachineStatus) -> None:
    """Once more, after a reading of the log that broke off before the names.

    Names are a nicety: a machine that never tells them must hold neither the punches up nor a period open. The punches
    then bear the user's number only.
    """
    try:
        _read_names(client, machine, status)
    except MachineError as error:
        told = f"{error}; people who are new on it appear by their number until its users can be read"
        tell_of_trouble(client, NAMES, told)


def tell_of_trouble(client: Client, kind: str, trouble: str) -> None:
    """Say once what is wrong with a machine that can be read all the same, and in the site's health until it passes."""
    if client.session.health.troubles.get(kind) != trouble:
        client.session.health.troubles[kind] = trouble
        log.warning("%s", trouble)


def look_at_count(client: Client, status: MachineStatus) -> None:
    """Say that the machine's log was cleared by somebody else, and since when punches may be missing.

    Told until the client starts anew, or the machine is another one.
    """
    session = client.session
    earlier, session.health.counted = session.health.counted, (status.serial_number, status.records)
    if earlier is None or earlier[0] != status.serial_number:
        session.health.troubles.pop(CLEARED, None)
    elif status.records < earlier[1]:
        since = session.taken_until
        after = "its last reading" if since is None else f"{since:%d-%m-%Y %H:%M}"
        tell_of_trouble(
            client,
            CLEARED,
            f"somebody cleared the machine's log: it held {earlier[1]} punches and holds {status.records}. Punches "
            f"made after {after} and before it was cleared are missing: ask whoever was there, and type them into "
            "Corrections",
        )


def _tell_of_undecodable(client: Client, attendance_log: AttendanceLog) -> None:
    """Say once how many records make no sense, and why."""
    if not attendance_log.undecodable:
        return
    undecodable = client.ledger.summary().undecodable
    if undecodable != client.session.undecodable_said:
        client.session.undecodable_said = undecodable
        log.warning(
            "%d records of the machine make no sense (%s); they are kept with their bytes, and in no sheet",
            undecodable,
            attendance_log.undecodable[-1].reason,
        )


def _tell_of_mistimed(client: Client, attendance_log: AttendanceLog) -> None:
    """Say once how many punches bear a time at which they cannot have been made: no sheet may ever show them."""
    session = client.session
    latest = (session.machine_time or client.clock.now()) + BELIEVABLE_OFFSET
    mistimed = [punch for punch in attendance_log.punches if not FIRST_POSSIBLE <= punch.timestamp <= latest]
    already_said = 0 if attendance_log.first else session.mistimed_said
    if len(mistimed) <= already_said or client.clock.synchronised() is False:
        return
    session.mistimed_said = len(mistimed) + (session.mistimed_said if attendance_log.first else 0)
    log.warning(
        "%d punches on the machine bear times that cannot be, such as %s of user %s: its clock was wrong when they "
        "were made. They keep their times, and those of no review period are in no sheet; HR must know",
        session.mistimed_said,
        mistimed[-1].timestamp,
        mistimed[-1].user_id,
    )


def _read_names(client: Client, machine: MachineSession, status: MachineStatus) -> None:
    """Ask whose the punches are that were just read: later their numbers may be other people's."""
    if users := client.ledger.unnamed_users(status.serial_number):
        client.ledger.name_punches(status.serial_number, machine.read_user_names(users))
    client.session.health.troubles.pop(NAMES, None)

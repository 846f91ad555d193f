"""A session with the attendance machine: what it says of itself, and its log into the ledger."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from attendance_client.errors import MachineError
from attendance_client.fsm.client import Client
from attendance_client.fsm.session import Door, MachineMemory, MachineState
from attendance_client.machine.port import AttendanceLog, LogEnd, MachineSession, MachineStatus
from attendance_client.relay.ledger import FIRST_POSSIBLE

log = logging.getLogger(__name__)

BELIEVABLE_OFFSET = timedelta(days=1)
"""A machine's clock further off than this is broken (a flat cell: 2000-01-01), not slow."""

APART = timedelta(minutes=5)
"""Clocks that differ by more do not agree, and then no period is closed."""

NAMES, CLEARED, NOT_ERASED, EMPTY = "names", "cleared", "not erased", "empty"
"""Kinds of trouble with a machine that can be read all the same."""


def at_each_door(client: Client, visit: Callable[[Door], None]) -> None:
    """Visit each machine; one that cannot be read holds up no other, and is told once.

    Raises:
        MachineError: none could be read.
    """
    has_others = len(client.doors) > 1
    failures = []
    for door in client.doors:
        client.supervisor.alive(client.status)
        try:
            visit(door)
        except MachineError as error:
            if has_others and door.problem != str(error):
                log.warning("%s; the site's other machines are read", of_door(door, str(error)))
            door.answers, door.problem = False, str(error)
            failures.append(error)
        else:
            if has_others and door.problem:
                log.info("%s can be read again", called(door))
            door.problem = ""
    _tell_the_time(client)
    if failures:
        doubt_that_people_can_punch(client)
    if len(failures) == len(client.doors):
        raise MachineError("; ".join(map(str, failures))) if has_others else failures[0]


def doubt_that_people_can_punch(client: Client) -> None:
    """One of several machines broke off, perhaps disabled: it is enabled wherever it hangs when it answers again."""
    if len(client.doors) > 1:
        for door in client.doors:
            door.is_enabled = False


def called(door: Door) -> str:
    """The machine, in words."""
    return f"the machine {door.machine.name!r}" if door.machine.name else "the machine"


def of_door(door: Door, trouble: str) -> str:
    """What is told of a machine, with its name where it has one that is not told by that."""
    name = door.machine.name
    return f"{name}: {trouble}" if name and name not in trouble else trouble


@contextmanager
def enabled_machine(door: Door) -> Iterator[MachineSession]:
    """A session in which people can punch, whatever an earlier one left behind."""
    with door.machine.session() as machine:
        if not door.is_enabled:
            machine.enable()
            door.is_enabled = True
        yield machine


@contextmanager
def nobody_punching(door: Door, machine: MachineSession) -> Iterator[None]:
    """Keep people from punching meanwhile.

    Should the machine not be enabled afterwards, by a failure or a power loss, the next session begins with that.
    """
    door.is_enabled = False
    try:
        machine.disable()
        yield
    finally:
        machine.enable()
        door.is_enabled = True


def ask_status(client: Client, door: Door, machine: MachineSession) -> MachineStatus:
    """What the machine says of itself; its time counts from now on, or another one's where that is not believable.

    There are three clocks: the machine's, the Pi's, which has no battery, and Pub/Sub's.
    """
    status = machine.status()
    state = client.session.machines.setdefault(status.serial_number, MachineState(status))
    if door.seen is not state:
        # It hangs here since now: what became of its log elsewhere, only a reading of all of it tells; and whether
        # people can punch on it, nobody.
        door.is_enabled &= door.seen is None
        door.seen, state.memory = state, None
    state.status, door.answers = status, True
    now, cloud = client.clock.now(), client.cloud_time()
    offset = state.clock_offset = offset_of(status, now)
    offsets = [found for found in (offset, offset_of(status, cloud) if cloud else None) if found is not None]
    nearest = min(map(abs, offsets), default=BELIEVABLE_OFFSET * 2)
    pi_is_right = cloud is not None and abs(now - cloud) <= APART
    others = now if pi_is_right or cloud is None else cloud
    believed = state.time = status.time if nearest <= BELIEVABLE_OFFSET else others
    # Two clocks that agree tell the time; while a third one is behind, its period is not over yet.
    closing = believed if nearest <= APART else None
    if closing is None and pi_is_right and believed is not None:
        closing = min(believed, now)
    state.closing_time = closing
    _tell_the_time(client)
    return status


def _tell_the_time(client: Client) -> None:
    """The site's time is that of the machine whose clock is behind the others'; one that cannot be read has no say.

    Where the clocks of one of them agree, those of another one need not: but its time is waited for.
    """
    states = [door.seen for door in client.doors if door.seen is not None and door.answers]
    if not states:
        return
    session = client.session
    session.machine_time = min(filter(None, (state.time for state in states)), default=None)
    closing = [state.closing_time or state.time for state in states]
    agree = any(state.closing_time for state in states)
    session.closing_time = min(filter(None, closing), default=None) if agree else None


def offset_of(status: MachineStatus, now: datetime) -> timedelta | None:
    """By how much the machine's clock is ahead of `now`; None when it shows an impossible date."""
    return None if status.time is None else status.time - now.replace(microsecond=0)


def read_log(
    client: Client, door: Door, machine: MachineSession, status: MachineStatus, known: LogEnd | None = None
) -> AttendanceLog:
    """Take what follows `known`, or the whole log, into the ledger; returns what was read."""
    state, ledger, serial_number = door.state, client.ledger, status.serial_number
    # Its users could not be read the last time: nothing is to wait for them now.
    failed_before = bool(ledger.unnamed_users(serial_number)) or NAMES in state.troubles
    attendance_log = machine.read_log(known)
    new = ledger.add_log(serial_number, attendance_log, client.clock.now(), door.machine.name)
    now_s = client.clock.monotonic()
    whole_read_at_s = now_s
    if attendance_log.first and state.memory is not None:
        whole_read_at_s = state.memory.whole_read_at_s
    # At once: the end of a log must not be taken twice, even if what follows fails.
    state.memory = MachineMemory(attendance_log.end, now_s, whole_read_at_s, status.records)
    if new:
        log.info("%d new records on machine %s", new, serial_number)
    _tell_of_undecodable(client, attendance_log)
    _tell_of_mistimed(client, door, attendance_log)
    if failed_before:
        read_names_again(client, door, machine, status)
    else:
        _read_names(client, door, machine, status)
    return attendance_log


def read_names_again(client: Client, door: Door, machine: MachineSession, status: MachineStatus) -> None:
    """Once more, after a reading of the log that broke off before the names.

    Names are a nicety: a machine that never tells them must hold neither the punches up nor a period open. The punches
    then bear the user's number only.
    """
    try:
        _read_names(client, door, machine, status)
    except MachineError as error:
        told = f"{error}; people who are new on it appear by their number until its users can be read"
        tell_of_trouble(door, NAMES, told)


def tell_of_trouble(door: Door, kind: str, trouble: str) -> None:
    """Say once what is wrong with a machine that can be read all the same, and in the site's health until it passes."""
    trouble, troubles = of_door(door, trouble), door.state.troubles
    if troubles.get(kind) != trouble:
        troubles[kind] = trouble
        log.warning("%s", trouble)


def look_at_count(door: Door, status: MachineStatus) -> None:
    """Say that the machine's log was cleared by somebody else, and since when punches may be missing.

    Told until the client starts anew, or another machine hangs there.
    """
    state = door.state
    earlier, state.counted = state.counted, status.records
    if earlier is not None and status.records < earlier:
        since = state.taken_until
        after = "its last reading" if since is None else f"{since:%d-%m-%Y %H:%M}"
        tell_of_trouble(
            door,
            CLEARED,
            f"somebody cleared the machine's log: it held {earlier} punches and holds {status.records}. Punches "
            f"made after {after} and before it was cleared are missing: ask whoever was there, and type them into "
            "Corrections",
        )


def look_for_punches(client: Client, door: Door, status: MachineStatus) -> None:
    """Say that people are enrolled on the machine, and that it never gave away a punch: it may hold some."""
    state = door.state
    if status.users and not status.records and not client.ledger.knows_machine(status.serial_number):
        told = f"{called(door)} knows {status.users} users and holds no punch"
        remedy = "if somebody has punched on it, its log cannot be read: attendance-client device selftest"
        tell_of_trouble(door, EMPTY, f"{told}; {remedy}")
    else:
        state.troubles.pop(EMPTY, None)


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


def _tell_of_mistimed(client: Client, door: Door, attendance_log: AttendanceLog) -> None:
    """Say once how many punches bear a time at which they cannot have been made: no sheet may ever show them."""
    state = door.state
    latest = (state.time or client.clock.now()) + BELIEVABLE_OFFSET
    mistimed = [punch for punch in attendance_log.punches if not FIRST_POSSIBLE <= punch.timestamp <= latest]
    already_said = 0 if attendance_log.first else state.mistimed_said
    if len(mistimed) <= already_said or client.clock.synchronised() is False:
        return
    state.mistimed_said = len(mistimed) + (state.mistimed_said if attendance_log.first else 0)
    log.warning(
        "%d punches on %s bear times that cannot be, such as %s of user %s: its clock was wrong when they "
        "were made. They keep their times, and those of no review period are in no sheet; HR must know",
        state.mistimed_said,
        called(door),
        mistimed[-1].timestamp,
        mistimed[-1].user_id,
    )


def _read_names(client: Client, door: Door, machine: MachineSession, status: MachineStatus) -> None:
    """Ask whose the punches are that were just read: later their numbers may be other people's."""
    if users := client.ledger.unnamed_users(status.serial_number):
        client.ledger.name_punches(status.serial_number, machine.read_user_names(users))
    door.state.troubles.pop(NAMES, None)

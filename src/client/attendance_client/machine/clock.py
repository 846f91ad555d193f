"""Compares the machine's clock with the Raspberry Pi's, reports a difference, and sets it where that is configured."""

import logging
from datetime import datetime, timedelta

from attendance_client.errors import MachineError
from attendance_client.fsm.client import Client
from attendance_client.fsm.session import Door
from attendance_client.machine.port import MachineSession, MachineStatus
from attendance_client.machine.reading import called, nobody_punching, offset_of
from attendance_contracts import CLOCK_OFF_FROM_S

log = logging.getLogger(__name__)

NOTABLE_OFFSET = timedelta(seconds=CLOCK_OFF_FROM_S)

TOLERATED_OFFSET = timedelta(seconds=5)
"""A machine's clock is not set for less: both clocks are read in whole seconds, and the answer takes its time."""

LARGEST_STEP = timedelta(minutes=1)
"""A machine's clock is set by no more at one poll."""

LARGEST_CORRECTION = timedelta(minutes=15)
"""More is no drift but a wrong zone, a flat cell or a typing error, which a person must look at. Zones and summer time
differ by half an hour at least: brought nearer by small steps, they would spoil a day's times by a little less each."""


def keep_clock(client: Client, door: Door, machine: MachineSession, status: MachineStatus) -> None:
    """Report once that the machine's clock is off, and bring it nearer to the Pi's where that is configured.

    A Pi that has not heard from a time server judges no other clock, unless that keeps a period from closing.
    """
    synchronised, agree = client.clock.synchronised(), client.session.closing_time is not None
    if synchronised is False and agree:
        return
    state = door.state
    offset = state.clock_offset
    is_off = offset is None or abs(offset) > NOTABLE_OFFSET
    if is_off and not state.clock_is_off:
        told = (
            f"is {offset.total_seconds():+.0f} s off this computer's" if offset else "shows no possible date"
        )
        held = "" if agree else "; no review period is closed before they agree"
        log.warning(
            "the clock of %s (%s) %s; set the one that is wrong%s", called(door), status.time, told, held
        )
    state.clock_is_off = is_off
    small = offset is not None and TOLERATED_OFFSET < abs(offset) <= LARGEST_CORRECTION
    if client.site.set_machine_clock and small and synchronised:
        try:
            _set_nearer(client, door, machine, status)
        except MachineError as error:
            # A machine that does not let its clock be set must not keep its punches.
            log.warning("%s; its clock was not set", error)


def _set_nearer(client: Client, door: Door, machine: MachineSession, status: MachineStatus) -> None:
    """Set the machine's clock by one step towards the Pi's, unless a punch forbids it for now.

    Into the past it is only set while nobody can punch, and not across a punch: a later punch would bear an earlier
    time. `status` is what the machine said in this session, and all its records are in the ledger.
    """
    before = machine.status()
    now = client.clock.now()
    offset = offset_of(before, now)
    if offset is None or before.time is None:
        return
    if offset < timedelta(0):
        _set(door, machine, before.time, before.time + min(-offset, LARGEST_STEP))
        return
    with nobody_punching(door, machine):
        before = machine.status()
        if before.time is None or before.records != status.records:
            return  # somebody has punched since; at the next poll, then
        target = before.time - min(offset, LARGEST_STEP)
        if not client.ledger.punched_between(
            status.serial_number, target - timedelta(seconds=1), before.time
        ):
            _set(door, machine, before.time, target)


def _set(door: Door, machine: MachineSession, shown: datetime, target: datetime) -> None:
    machine.set_time(target)
    log.warning("set the clock of %s from %s to %s", called(door), shown, target)

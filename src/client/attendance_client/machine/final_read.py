"""The final read of the machines before a period closes; where that is configured, their logs are erased with it.

The order at each is the model's: disable, ask, read, erase, enable. Power may fail between any two: a machine left
disabled is enabled when the client starts, and one left full is erased, if at all, after it has been read again.
"""

import logging

from attendance_client.errors import MachineError
from attendance_client.fsm.client import Client
from attendance_client.fsm.session import Door, MachineMemory
from attendance_client.machine.port import LogEnd, MachineSession, MachineStatus
from attendance_client.machine.reading import (
    ask_status,
    at_each_door,
    called,
    enabled_machine,
    nobody_punching,
    read_log,
)
from attendance_contracts import ReviewPeriod

log = logging.getLogger(__name__)


def read_finally(client: Client, period: ReviewPeriod) -> None:
    """Read the whole logs, whatever their counts say, and erase them if that is configured and loses nothing.

    A machine that cannot be erased must not keep its period open: it is then only read.
    """

    def visit(door: Door) -> None:
        if client.site.clear_machine and not client.ledger.backlog_of(period):
            try:
                _read_and_erase(client, door)
            except MachineError as error:
                log.warning("%s; the machine's log is not erased this time", error)
            else:
                return
        with enabled_machine(door) as machine:
            read_log(client, door, machine, ask_status(client, door, machine))

    at_each_door(client, visit)


def _read_and_erase(client: Client, door: Door) -> None:
    with enabled_machine(door) as machine, nobody_punching(door, machine):
        status = ask_status(client, door, machine)
        attendance_log = read_log(client, door, machine, status)
        records = len(attendance_log.punches) + len(attendance_log.undecodable)
        if attendance_log.punches and _nothing_would_be_lost(client, door, machine, status, records):
            machine.clear()
            now_s = client.clock.monotonic()
            door.state.counted = None
            door.state.memory = MachineMemory(LogEnd(0, 0, b""), now_s, now_s, 0)
            log.warning(
                "erased the log of machine %s: its %d records are in the ledger and its punches in their sheets",
                status.serial_number,
                records,
            )


def _nothing_would_be_lost(
    client: Client, door: Door, machine: MachineSession, status: MachineStatus, records: int
) -> bool:
    """Whether all that the machine holds was just read, and is confirmed by a sheet or of no sheet.

    Records that make no sense are in the ledger with their bytes, as far as they can ever get. (A log in which nothing
    makes sense is not asked about: its form may be one that a later release knows.)
    """
    unconfirmed = client.ledger.not_to_be_erased(status.serial_number)
    if unconfirmed:
        log.info(
            "the log of %s is not erased: %d of its punches are in no sheet yet", called(door), unconfirmed
        )
        return False
    now_there = machine.status()
    if now_there.serial_number != status.serial_number or not status.records == records == now_there.records:
        log.info("the log of %s is not erased: somebody has punched in the meantime", called(door))
        return False
    return True

"""The last look at the machine for a period; where that is configured, its log is erased with it.

The order is the model's: disable, ask, read, erase, enable. Power may fail between any two: a machine left disabled is
enabled when the client starts, and one left full is erased, if at all, after it has been read again.
"""

import logging

from attendance_client.errors import MachineError
from attendance_client.fsm.client import Client
from attendance_client.fsm.session import MachineMemory
from attendance_client.machine.port import LogEnd, MachineSession, MachineStatus
from attendance_client.machine.reading import ask_status, enabled_machine, nobody_punching, read_log
from attendance_contracts import ReviewPeriod

log = logging.getLogger(__name__)


def read_finally(client: Client, period: ReviewPeriod) -> None:
    """Read the whole log, whatever its count says, and erase it if that is configured and loses nothing.

    A machine that cannot be erased must not keep its period open: it is then only read.
    """
    if client.site.clear_machine and not client.ledger.backlog_of(period):
        try:
            _read_and_erase(client)
        except MachineError as error:
            log.warning("%s; the machine's log is not erased this time", error)
        else:
            return
    with enabled_machine(client) as machine:
        read_log(client, machine, ask_status(client, machine))


def _read_and_erase(client: Client) -> None:
    with enabled_machine(client) as machine, nobody_punching(client, machine):
        status = ask_status(client, machine)
        attendance_log = read_log(client, machine, status)
        records = len(attendance_log.punches) + len(attendance_log.undecodable)
        if attendance_log.punches and _nothing_would_be_lost(client, machine, status, records):
            machine.clear()
            client.session.health.counted = None
            now_s = client.clock.monotonic()
            client.session.machine_memory = MachineMemory(
                status.serial_number, LogEnd(0, 0, b""), now_s, now_s, 0
            )
            log.warning(
                "erased the log of machine %s: its %d records are in the ledger and its punches in their sheets",
                status.serial_number,
                records,
            )


def _nothing_would_be_lost(
    client: Client, machine: MachineSession, status: MachineStatus, records: int
) -> bool:
    """Whether all that the machine holds was just read, and is confirmed by a sheet or of no sheet.

    Records that make no sense are in the ledger with their bytes, as far as they can ever get. (A log in which nothing
    makes sense is not asked about: its form may be one that a later release knows.)
    """
    unconfirmed = client.ledger.not_to_be_erased(status.serial_number)
    if unconfirmed:
        log.info("the machine's log is not erased: %d of its punches are in no sheet yet", unconfirmed)
        return False
    now_there = machine.status()
    if now_there.serial_number != status.serial_number or not status.records == records == now_there.records:
        log.info("the machine's log is not erased: somebody has punched in the meantime")
        return False
    return True

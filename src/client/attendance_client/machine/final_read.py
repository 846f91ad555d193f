"""The final read of the machines before a period closes; where that is configured, their logs are erased with it.

The order at each is the model's: disable, ask, read, erase, enable. Power may fail between any two: a machine left
disabled is enabled when the client starts, and one left full is erased, if at all, after it has been read again.

Between the final count and the erasing nothing keeps a punch from being lost but that the machine takes none
while it is disabled. Some say that they are, and go on. So none is erased before somebody has tried it
(`attendance-client device try-disabling`), nor after one was seen to take a punch.
"""

import logging

from attendance_client.errors import MachineError
from attendance_client.fsm.client import Client
from attendance_client.fsm.session import Door, MachineMemory
from attendance_client.machine.port import LogEnd, MachineSession, MachineStatus
from attendance_client.machine.reading import (
    NOT_ERASED,
    ask_status,
    at_each_door,
    called,
    enabled_machine,
    nobody_punching,
    read_log,
    tell_of_trouble,
)
from attendance_contracts import ReviewPeriod

log = logging.getLogger(__name__)


def read_finally(client: Client, period: ReviewPeriod) -> None:
    """Read the whole logs, whatever their counts say, and erase them if that is configured and loses nothing.

    A machine that cannot be erased must not keep its period open: it is then only read.
    """

    def visit(door: Door) -> None:
        wanted = client.site.clear_machine and not client.ledger.backlog_of(period)
        # Nobody is kept from punching for an erasing that will not be, where the machine is known.
        if wanted and (door.seen is None or _takes_no_punch_disabled(client, door)):
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


def _takes_no_punch_disabled(client: Client, door: Door) -> bool:
    """Whether somebody has tried it on this very machine."""
    heeds = client.ledger.heeds_disabling(door.state.status.serial_number)
    if heeds:
        door.state.troubles.pop(NOT_ERASED, None)
    else:
        tell_of_trouble(door, NOT_ERASED, why_not_erased(heeds, door.machine.name))
    return heeds is True


def why_not_erased(heeds: bool | None, name: str) -> str:
    """Why the log of the machine of this name is not erased, and the way out; `heeds` as the ledger has it."""
    seen = "it took a punch while it was disabled" if heeds is False else "nobody has tried that yet"
    which = f" --machine '{name}'" if name else ""
    return (
        "the machine's log is not erased (clear_machine) until it is seen to take no punch while it is disabled; "
        f"{seen}: attendance-client device try-disabling{which}"
    )


def _nothing_would_be_lost(
    client: Client, door: Door, machine: MachineSession, status: MachineStatus, records: int
) -> bool:
    """Whether all that the machine holds was just read, and is confirmed by a sheet or of no sheet.

    Records that make no sense are in the ledger with their bytes, as far as they can ever get. (A log in which nothing
    makes sense is not asked about: its form may be one that a later release knows.)
    """
    now_there = machine.status()
    is_same = now_there.serial_number == status.serial_number
    if is_same and now_there.records > status.records:
        client.ledger.note_disabling(status.serial_number, heeds=False)
    if not _takes_no_punch_disabled(client, door):
        return False
    unconfirmed = client.ledger.not_to_be_erased(status.serial_number)
    if unconfirmed:
        log.info(
            "the log of %s is not erased: %d of its punches are in no sheet yet", called(door), unconfirmed
        )
        return False
    if not is_same or not status.records == records == now_there.records:
        log.info("the log of %s is not erased: it does not hold as many records as were read", called(door))
        return False
    return True

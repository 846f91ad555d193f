"""The attendance machines: do they answer, and what do they say of themselves?"""

import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from attendance_client.app.config import FILE_NAME, Config
from attendance_client.app.system import SystemClock
from attendance_client.errors import ClientError, MachineError
from attendance_client.machine.clock import NOTABLE_OFFSET
from attendance_client.machine.final_read import why_not_erased
from attendance_client.machine.port import MachineAddress, MachineStatus
from attendance_client.machine.reading import offset_of
from attendance_client.machine.zk.user_records import MachineUser
from attendance_client.machine.zk.zk_machine import ZkMachine
from attendance_client.relay.ledger import LEDGER_NAME, Ledger
from attendance_contracts import NEARLY_FULL
from attendance_trouble.finding import Finding, fail, ok, warn

NO_TEXT = re.compile(r"\\x[0-9a-f]{2}")
"""How a byte is shown that is no text in the configured code page."""

ZONE_STEP = timedelta(minutes=30)
WIDEST_ZONE_DIFFERENCE = timedelta(hours=26)

SET_IT = "set it in its menu, or with attendance-client device clock --set"


def examine_machines(directory: Path, config: Config) -> Iterator[Finding]:
    """What each says of itself, and its users; their logs are not read."""
    for address in config.machines:
        for finding in _examine(directory, config, address):
            named = f"{address.name}: " if address.name and address.name not in finding.told else ""
            yield replace(finding, told=named + finding.told)


def _examine(directory: Path, config: Config, address: MachineAddress) -> Iterator[Finding]:
    clock = SystemClock(config.site.time_zone, threading.Event())
    try:
        with ZkMachine(address).session() as session:
            status = session.status()
            now = clock.now()
            yield ok(
                "machine",
                f"serial number {status.serial_number}, firmware {status.firmware or '-'}, "
                f"platform {status.platform or '-'}",
            )
            yield _clock(status, now, config.site.time_zone, trusted=clock.synchronised() is not False)
            yield _memory(status)
            yield _users(session.read_users(), address.name_encoding)
            if config.site.clear_machine:
                yield _clearing(directory / LEDGER_NAME, config, address, status.serial_number)
    except MachineError as error:
        yield fail("machine", error)


def _clock(status: MachineStatus, now: datetime, zone: str, *, trusted: bool) -> Finding:
    offset = offset_of(status, now)
    if offset is None:
        return warn("machine clock", f"shows a date that does not exist; {SET_IT}")
    told = f"{status.time}, {offset.total_seconds():+.0f} s off this computer's"
    if abs(offset) <= NOTABLE_OFFSET:
        return ok("machine clock", told)
    if not trusted:
        return warn(
            "machine clock", f"{told}, which itself has not heard from a time server: see to that first"
        )
    if is_zone_difference(offset):
        return warn(
            "machine clock",
            f"{told}: perhaps the machine is not in {zone}, then put its zone into 'time_zone' of {FILE_NAME}; "
            f"otherwise {SET_IT}",
        )
    return warn("machine clock", f"{told}; {SET_IT}")


def is_zone_difference(offset: timedelta) -> bool:
    """Whether two zones may differ by this: whole half hours, up to a day and two hours."""
    remainder = (offset + ZONE_STEP / 2) % ZONE_STEP - ZONE_STEP / 2
    return abs(remainder) <= NOTABLE_OFFSET and abs(offset) <= WIDEST_ZONE_DIFFERENCE + NOTABLE_OFFSET


def _memory(status: MachineStatus) -> Finding:
    if not status.record_capacity:
        return ok("memory", f"{status.records} records; the machine does not say how many it holds")
    share = status.records / status.record_capacity
    told = f"{status.records} of {status.record_capacity} records ({share:.0%})"
    if share < NEARLY_FULL:
        return ok("memory", told)
    return warn(
        "memory",
        f"{told}: a full machine loses punches; once attendance-client status shows nothing on its way, clear its "
        "attendance log in its own menu",
    )


def _clearing(path: Path, config: Config, address: MachineAddress, serial_number: str) -> Finding:
    """Whether its log may be erased; a ledger that cannot be read is told of elsewhere."""
    heeds = None
    with suppress(ClientError), closing(Ledger(path, config.site.day_boundary, read_only=True)) as ledger:
        heeds = ledger.heeds_disabling(serial_number)
    if heeds:
        return ok("clearing", "it takes no punch while it is disabled: its log may be erased")
    return warn("clearing", why_not_erased(heeds, address.name))


def _users(users: Sequence[MachineUser], encoding: str) -> Finding:
    """By their names HR's list knows them."""
    odd = [user for user in users if NO_TEXT.search(user.name)]
    told = f"{len(users)} users, {sum(1 for user in users if user.name)} with a name"
    if not odd:
        return ok("users", told)
    return warn(
        "users",
        f"{told}, of which {len(odd)} are not {encoding}, such as {odd[0].name} ({odd[0].user_id}): put the code page "
        "of the machine's language into 'name_encoding', such as cp1252, cp1251, cp1256 or gbk",
    )

"""The attendance machine: does it answer, and what does it say of itself?"""

import threading
from collections.abc import Iterator
from datetime import datetime

from attendance_client.adapters.system_clock import SystemClock
from attendance_client.adapters.zk_machine import ZkMachine
from attendance_client.config import Config
from attendance_client.doctor.finding import Finding, fail, ok, warn
from attendance_client.errors import MachineError
from attendance_client.machine_clock import NOTABLE_OFFSET
from attendance_client.polling import FULL_ENOUGH_TO_SAY
from attendance_client.ports import MachineStatus
from attendance_client.reading import offset_of

SET_IT = "set it in its menu, or with attendance-client device clock --set"


def examine_machine(config: Config) -> Iterator[Finding]:
    """One small exchange; its log and its users are not read."""
    clock = SystemClock(config.site.time_zone, threading.Event())
    try:
        with ZkMachine(config.machine).session() as session:
            status = session.status()
            now = clock.now()
    except MachineError as error:
        yield fail("machine", error)
        return
    yield ok(
        "machine",
        f"serial number {status.serial_number}, firmware {status.firmware or '-'}, platform {status.platform or '-'}, "
        f"{status.users} users",
    )
    yield _clock(status, now, trusted=clock.synchronised() is not False)
    yield _memory(status)


def _clock(status: MachineStatus, now: datetime, *, trusted: bool) -> Finding:
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
    return warn("machine clock", f"{told}; {SET_IT}")


def _memory(status: MachineStatus) -> Finding:
    if not status.record_capacity:
        return ok("memory", f"{status.records} records; the machine does not say how many it holds")
    share = status.records / status.record_capacity
    told = f"{status.records} of {status.record_capacity} records ({share:.0%})"
    if share < FULL_ENOUGH_TO_SAY:
        return ok("memory", told)
    return warn(
        "memory",
        f"{told}: a full machine loses punches; once attendance-client status shows nothing on its way, clear its "
        "attendance log in its own menu",
    )

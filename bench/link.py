"""Reading the attendance machine on a poor link: 5 KB/s, 200 ms, and 1 of 100 datagrams lost, in either direction.

The machine is the simulated one, on UDP. `python -m bench link` carries it out, in some minutes.
"""

import sys
import time
from datetime import datetime, timedelta

from attendance_client.errors import MachineError
from attendance_client.fsm.client import Client
from attendance_client.machine.polling import poll
from attendance_client.machine.port import MachineAddress
from attendance_sandbox.device.datagrams import Losses
from attendance_sandbox.device.machine import AttendanceMachine
from attendance_sandbox.device.server import DeviceServer
from bench.device import reader_of

RECORDS = 10_000
POLLS = 10
POOR = Losses(lost=0.01, bytes_per_second=5_000, latency_s=0.2)
NOW = datetime(2026, 11, 2, 8)  # noqa: DTZ001 - the wall time of the machine
MOST_TRIES = 20
"""For the first reading, which goes on where it broke off."""


def run() -> list[str]:
    """Measure, and print it; returns a line for each poll that did not bring its punch."""
    machine = AttendanceMachine(clock=lambda: NOW)
    machine.add_user("1001", "Anna Example")
    for number in range(RECORDS):
        machine.add_record("1001", NOW - timedelta(minutes=RECORDS - number))
    worse = []
    with DeviceServer(machine, udp=True) as server:
        server.degrade(POOR)
        client = reader_of(MachineAddress("127.0.0.1", server.port, udp=True), NOW)
        began_s = time.monotonic()
        tries = 0
        while client.ledger.summary().punches < RECORDS and tries < MOST_TRIES:
            tries += 1
            _troubled(client)
        sys.stdout.write(
            f"{RECORDS:,} records, first reading: {time.monotonic() - began_s:.0f} s, {tries} polls\n"
        )
        slowest_s = 0.0
        for number in range(1, POLLS + 1):
            machine.add_record("1001", NOW + timedelta(minutes=number))
            began_s = time.monotonic()
            trouble = _troubled(client)
            slowest_s = max(slowest_s, time.monotonic() - began_s)
            if client.ledger.summary().punches != RECORDS + number:
                worse.append(f"poll {number} on a poor link did not bring its punch: {trouble or 'no error'}")
        sys.stdout.write(
            f"{POLLS} polls with a new punch each: {POLLS - len(worse)} brought it; the slowest took "
            f"{slowest_s:.1f} s\n"
        )
        client.ledger.close()
    return worse


def _troubled(client: Client) -> str:
    """Poll; why that failed, if it did."""
    try:
        poll(client)
    except MachineError as error:
        return str(error)
    return ""

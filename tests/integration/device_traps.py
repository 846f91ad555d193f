"""A machine, and who reads it: plain pyzk, the client's adapter, the client."""

from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from zk import ZK

from attendance_client.machine.port import MachineAddress
from attendance_client.machine.zk.zk_machine import ZkMachine
from attendance_sandbox.device.faults import Table
from attendance_sandbox.device.machine import AttendanceMachine
from attendance_sandbox.device.protocol import Command
from tests.unit.lone_client import lone_client
from tests.world.timeline import EPOCH

MORNING = EPOCH
PREPARE_LOG: dict[str, Any] = {"on": Command.PREPARE_BUFFER, "table": Table.ATTENDANCE}


def make_machine(punches=0, **options):
    machine = AttendanceMachine(**{"clock": lambda: MORNING, **options})
    for number in range(3):
        machine.add_user(str(1001 + number), f"user.{number}")
    for number in range(punches):
        machine.add_record(
            str(1001 + number % 3), MORNING - timedelta(minutes=punches - number), punch=number % 2
        )
    return machine


def plain(server, **options):
    return ZK("127.0.0.1", server.port, **{"timeout": 3, "ommit_ping": True, **options}).connect()


def ours(server, **options):
    return ZkMachine(MachineAddress("127.0.0.1", server.port, **{"timeout_s": 3, **options}))


@contextmanager
def client_of(server, **options):
    """The real client with this machine, in the period of the week after MORNING."""
    with lone_client() as client:
        client.machine = ours(server, **options)
        yield client


def read_plainly(terminal):
    return [(row.user_id, row.timestamp, row.status, row.punch) for row in terminal.get_attendance()]


def found(log):
    return [(punch.user_id, punch.timestamp, punch.status, punch.punch) for punch in log.punches]


def read(server):
    with ours(server).session() as session:
        return found(session.read_log())


def stored(machine):
    return [(record.user_id, record.timestamp, record.status, record.punch) for record in machine.records]


def ledger_of(client):
    rows = client.ledger._db.execute("SELECT user_id, timestamp, status, punch FROM punches")
    return sorted((user_id, datetime.fromisoformat(at), status, punch) for user_id, at, status, punch in rows)


def undecodable_of(client):
    return [raw for (raw,) in client.ledger._db.execute("SELECT raw FROM undecodable")]


def let_clear(client, machine):
    """Where it was tried that the machine takes no punch while it is disabled."""
    client.site = replace(client.site, clear_machine=True)
    client.ledger.note_disabling(machine.serial_number, heeds=True)


def confirm_everything(client):
    identities = [identity for (identity,) in client.ledger._db.execute("SELECT identity FROM punches")]
    client.ledger.confirm(tuple(identities), "sheet")

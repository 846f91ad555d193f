"""The attendance machine: a stand-in for a ZKTeco terminal that pyzk cannot tell from one.

    machine = AttendanceMachine()
    machine.add_user("1001", "amara.okafor")
    machine.punch("1001")
    with DeviceServer(machine) as server:
        zk.ZK("127.0.0.1", server.port, ommit_ping=True).connect().get_attendance()

`server` tells what is faithful and what is not.
"""

from attendance_sandbox.device.datagrams import Losses
from attendance_sandbox.device.faults import (
    AnswerWith,
    DropConnection,
    Faults,
    GoneSilent,
    PunchFirst,
    ResetConnection,
    RunFirst,
    SendGarbage,
    SlowLink,
    StaySilent,
    Table,
    TearReply,
)
from attendance_sandbox.device.machine import AttendanceMachine, Counts, WhenFull
from attendance_sandbox.device.protocol import Command, Reply, decode_time, encode_fields, encode_time
from attendance_sandbox.device.records import PunchRecord, RawRecord, User, pack_record
from attendance_sandbox.device.server import DeviceServer
from attendance_sandbox.device.session import Manner

__all__ = [
    "AnswerWith",
    "AttendanceMachine",
    "Command",
    "Counts",
    "DeviceServer",
    "DropConnection",
    "Faults",
    "GoneSilent",
    "Losses",
    "Manner",
    "PunchFirst",
    "PunchRecord",
    "RawRecord",
    "Reply",
    "ResetConnection",
    "RunFirst",
    "SendGarbage",
    "SlowLink",
    "StaySilent",
    "Table",
    "TearReply",
    "User",
    "WhenFull",
    "decode_time",
    "encode_fields",
    "encode_time",
    "pack_record",
]

"""The simulated machine, read by a client that others wrote in another language: node-zklib, from npm.

What node-zklib 1.3.0 does wrong by itself, and what follows for these tests:

- it handles one packet for each arrival of data, and waits for the rest until its time-out when two arrive together:
  the machine sends chunks with a gap between the packets, as real ones do;
- it reads the first nine bytes of a user ID, and reads neither status nor key of a record of 40 bytes;
- it reads times as its own computer's wall time: it runs in UTC here;
- it knows neither the comm key nor records of 8, 16 and 49 bytes on TCP.
"""

import json
import os
import shutil
import subprocess
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from attendance_sandbox.device import AttendanceMachine, DeviceServer, Manner

VERSION = "1.3.0"
PROGRAM = Path(__file__).parent / "node_zklib" / "read.js"
MONDAY = datetime(2026, 11, 2, 9)
GAP_S = 0.02
LARGE = 0xFFC0


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with node-zklib in it, fresh from the registry."""
    folder = tmp_path_factory.mktemp("node-zklib")
    for tool in ("node", "npm"):
        assert shutil.which(tool), f"{tool} is missing: apt-get install nodejs npm"
    install = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", f"node-zklib@{VERSION}"]
    done = subprocess.run(install, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    shutil.copy(PROGRAM, folder)
    return folder


def read(folder, port):
    environment = {**os.environ, "TZ": "UTC"}
    done = subprocess.run(
        ["node", "read.js", str(port)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize(
    ("punches_each", "frame_bytes"),
    [
        (2, LARGE),  # at once
        (10, LARGE),  # 100 records: one chunk, one packet
        (10, 1_024),  # 100 records: one chunk, small packets
        (100, 1_024),
        (200, LARGE),  # more than one chunk
    ],
)
def test_node_zklib_reads_every_user_and_every_punch(folder, punches_each, frame_bytes):
    machine = AttendanceMachine()
    for number in range(10):
        machine.add_user(str(1001 + number), f"user.{number}", 14 if number == 0 else 0)
    for number in range(10 * punches_each):
        machine.punch(str(1001 + number % 10), MONDAY + timedelta(minutes=number))

    with DeviceServer(machine, manner=Manner(frame_bytes=frame_bytes), frame_gap_s=GAP_S) as server:
        found = read(folder, server.port)

    assert found["counts"] == {"userCounts": 10, "logCounts": 10 * punches_each, "logCapacity": 100_000}
    assert [(user["uid"], user["userId"], user["name"], user["role"]) for user in found["users"]] == [
        (user.uid, user.user_id, user.name, user.privilege) for user in machine.users
    ]
    assert [(row["userSn"], row["deviceUserId"], row["recordTime"]) for row in found["records"]] == [
        (record.uid, record.user_id, f"{record.timestamp.isoformat()}.000Z") for record in machine.records
    ]
    assert len(found["records"]) == 10 * punches_each

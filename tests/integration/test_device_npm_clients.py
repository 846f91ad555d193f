"""The simulated machine, read by clients that others wrote in another language: three from npm.

What they do wrong by themselves, and what follows for these tests:

- node-zklib 1.3.0 and zkteco-js 1.7.2 handle one packet for each arrival of data, and wait for the rest until their
  time-out when two arrive together: the machine sends chunks with a gap between the packets, as real ones do;
- node-zklib reads the first nine bytes of a user ID, and reads neither status nor key of a record of 40 bytes;
- all read times as their own computer's wall time: it runs in UTC here;
- none knows the comm key, or records of 8, 16 and 49 bytes on TCP;
- zklib 0.2.11 reads without a buffer, as clients of old firmware do. By TCP it finds no users; it is asked by UDP.
"""

import json
import os
import shutil
import subprocess
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from attendance_sandbox.device.machine import AttendanceMachine
from attendance_sandbox.device.server import DeviceServer
from attendance_sandbox.device.session import Manner

PACKAGES = ("node-zklib@1.3.0", "zkteco-js@1.7.2", "zklib@0.2.11")
PROGRAMS = Path(__file__).parent / "npm_clients"
MONDAY = datetime(2026, 11, 2, 9)
GAP_S = 0.05
LARGE = 0xFFC0
USERS = 10


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with the clients in it, fresh from the registry, and a program for each."""
    folder = tmp_path_factory.mktemp("npm-clients")
    for tool in ("node", "npm"):
        assert shutil.which(tool), f"{tool} is missing: apt-get install nodejs npm"
    install = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", *PACKAGES]
    done = subprocess.run(install, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return Path(shutil.copytree(PROGRAMS, folder, dirs_exist_ok=True))


def read(folder, client, port):
    done = subprocess.run(
        ["node", f"{client}.js", str(port)],
        cwd=folder,
        env={**os.environ, "TZ": "UTC"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def a_machine(punches_each):
    machine = AttendanceMachine()
    for number in range(USERS):
        machine.add_user(str(1001 + number), f"user.{number}", 14 if number == 0 else 0)
    for number in range(USERS * punches_each):
        machine.punch(str(1001 + number % USERS), MONDAY + timedelta(minutes=number))
    return machine


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
    machine = a_machine(punches_each)

    with DeviceServer(machine, manner=Manner(frame_bytes=frame_bytes), frame_gap_s=GAP_S) as server:
        found = read(folder, "node-zklib", server.port)

    assert found["counts"] == {"userCounts": 10, "logCounts": 10 * punches_each, "logCapacity": 100_000}
    assert [(user["uid"], user["userId"], user["name"], user["role"]) for user in found["users"]] == [
        (user.uid, user.user_id, user.name, user.privilege) for user in machine.users
    ]
    assert [(row["userSn"], row["deviceUserId"], row["recordTime"]) for row in found["records"]] == [
        (record.uid, record.user_id, f"{record.timestamp.isoformat()}.000Z") for record in machine.records
    ]
    assert len(found["records"]) == 10 * punches_each


@pytest.mark.parametrize("punches_each", [2, 10, 200])
def test_zkteco_js_reads_every_user_and_every_punch(folder, punches_each):
    machine = a_machine(punches_each)

    with DeviceServer(machine, frame_gap_s=GAP_S) as server:
        found = read(folder, "zkteco-js", server.port)

    assert found["counts"] == {"userCounts": 10, "logCounts": 10 * punches_each, "logCapacity": 100_000}
    assert [(user["uid"], user["userId"], user["name"], user["role"]) for user in found["users"]] == [
        (user.uid, user.user_id, user.name, user.privilege) for user in machine.users
    ]
    assert [(row["user_id"], row["record_time"][4:24]) for row in found["records"]] == [
        (record.user_id, record.timestamp.strftime("%b %d %Y %H:%M:%S")) for record in machine.records
    ]
    assert len(found["records"]) == 10 * punches_each


@pytest.mark.parametrize("punches_each", [2, 200])
def test_zklib_reads_every_user_and_every_punch_without_a_buffer(folder, punches_each):
    machine = a_machine(punches_each)

    with DeviceServer(machine, frame_gap_s=GAP_S, udp=True) as server:
        found = read(folder, "zklib", server.port)

    assert [(user["uid"], user["userid"], user["name"], user["role"]) for user in found["users"]] == [
        (user.uid, user.user_id, user.name, user.privilege) for user in machine.users
    ]
    assert [(row["id"], row["timestamp"]) for row in found["records"]] == [
        (int(record.user_id), f"{record.timestamp.isoformat()}.000Z") for record in machine.records
    ]
    assert len(found["records"]) == 10 * punches_each

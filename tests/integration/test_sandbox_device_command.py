"""`attendance-sandbox device` as a process of its own."""

import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest
from zk import ZK

PROGRAM = """
import argparse, sys
from attendance_sandbox.device.command import add_parser
parser = argparse.ArgumentParser(prog="attendance-sandbox")
add_parser(parser.add_subparsers(required=True))
arguments = parser.parse_args()
sys.exit(arguments.run(arguments))
"""


def start(*options):
    command = [sys.executable, "-c", PROGRAM, "device", *options]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@contextmanager
def running(*options):
    process = start("--port", "0", *options)
    try:
        address = process.stdout.readline()
        assert address.startswith("device on 127.0.0.1:"), process.stderr.read()
        yield process, int(address.rsplit(":", 1)[1])
    finally:
        process.kill()
        process.communicate()


def connect(port, password=0):
    return ZK("127.0.0.1", port, timeout=3, password=password, ommit_ping=True).connect()


@pytest.mark.parametrize("record_size", ["40", "16", "8"])
def test_serves_made_up_people_and_says_what_it_is_asked(record_size):
    options = ("--users", "12", "--punches", "300", "--record-size", record_size, "--comm-key", "77")
    with running(*options, "--seed", "5") as (process, port):
        terminal = connect(port, password=77)
        users = terminal.get_users()
        attendance = terminal.get_attendance()
        machine_time = terminal.get_time()
        terminal.disconnect()
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0
    assert err == ""
    assert len({user.name for user in users}) == 12
    assert len(attendance) == 300
    assert {row.user_id for row in attendance} == {user.user_id for user in users}
    stamps = [row.timestamp for row in attendance]
    assert stamps == sorted(stamps)
    assert stamps[-1] <= machine_time
    size = 4 + 300 * int(record_size)
    lines = [line.split(" ", 1)[1] for line in out.splitlines()]
    assert f"read attendance log: 300 records, {size:,} bytes" in lines
    assert lines[0] == "connect: asked for the comm key"
    assert lines[-1] == "disconnect"


def test_the_same_seed_makes_up_the_same_people():
    names = []
    for _ in range(2):
        with running("--seed", "7", "--users", "1500", "--punches", "0", "--quiet") as (process, port):
            names.append([user.name for user in connect(port).get_users()])
            process.send_signal(signal.SIGINT)
            assert process.communicate(timeout=60)[0] == ""
        assert process.returncode == 0
    assert names[0] == names[1]
    assert len(set(names[0])) == 1500


def test_its_clock_and_the_protocol_can_be_chosen():
    with running("--users", "2", "--clock-offset", "-3600", "--udp", "--seed", "3") as (process, port):
        terminal = ZK("127.0.0.1", port, timeout=3, force_udp=True, ommit_ping=True).connect()
        behind = datetime.now() - terminal.get_time()
        process.send_signal(signal.SIGTERM)
        assert process.communicate(timeout=60)[1] == ""
    assert timedelta(minutes=59) < behind < timedelta(minutes=61)


def test_somebody_punches_every_now_and_then():
    with running("--punches", "0", "--punch-every", "0.05") as (process, port):
        assert " punch of 10" in process.stdout.readline()
        assert len(connect(port).get_attendance()) >= 1


def test_a_taken_port_is_one_line_and_exit_code_2():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        process = start("--port", port)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (2, "")
    assert err == (
        f"attendance-sandbox device: cannot start: port {port}: Address already in use; "
        "--port 0 takes a free one\n"
    )


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--users", "0"], "punches need somebody who makes them: --users 1 or more, or --punches 0"),
        (
            ["--users", "0", "--punches", "0", "--punch-every", "1"],
            "--punch-every needs somebody who punches: --users 1 or more",
        ),
        (["--users", "1", "--punches", "90000"], "not 90000: fewer --punches, or more --users"),
        (["--clock-offset", "9999999999"], "shows the years 2000 to 2132; ask for fewer seconds"),
        (["--users", "many"], "argument --users: a whole number from 0 to 60000, not 'many'"),
        (["--punch-every", "0"], "argument --punch-every: seconds from 0.01 to 86400, not '0'"),
    ],
)
def test_senseless_options_are_explained(options, complaint):
    process = start("--port", "0", *options)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (2, "")
    assert err.splitlines()[-1].endswith(complaint)

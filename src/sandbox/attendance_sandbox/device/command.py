"""`attendance-sandbox device`: a simulated attendance machine in a terminal."""

import argparse
import threading
from collections.abc import Callable
from datetime import timedelta
from random import Random

from attendance_sandbox.device import made_up
from attendance_sandbox.device.machine import FIRST_YEAR, LAST_YEAR, AttendanceMachine
from attendance_sandbox.device.records import RECORD_SIZES
from attendance_sandbox.device.server import HOST, DeviceServer
from attendance_sandbox.device.session import Manner
from attendance_sandbox.terminal import EXIT_OK, add_command, announce, refuse, stop_signal, taken, teller

_EPILOG = """\
example:
  attendance-sandbox device --port 4370 --users 12 --punches 400 --punch-every 30
  a machine with twelve made-up users, 400 punches of the last working days, and one more every 30 seconds;
  point "ip" and "port" of biometric_device_config.json at 127.0.0.1 and 4370
"""

NO_SUCH_YEAR = (
    f"--clock-offset: a machine's clock shows the years {FIRST_YEAR} to {LAST_YEAR}; ask for fewer seconds"
)


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = add_command(
        subparsers,
        "device",
        run,
        port=4370,
        summary="a simulated ZKTeco attendance machine",
        description="A simulated ZKTeco attendance machine on 127.0.0.1, filled with made-up users and punches.\n"
        "It prints what it is asked and runs until it is interrupted.",
        epilog=_EPILOG,
    )
    add = parser.add_argument
    add("--users", type=_number(0, 60_000), default=10, metavar="N", help="made-up users (default: 10)")
    add(
        "--punches",
        type=_number(0, 1_000_000),
        default=100,
        metavar="M",
        help="made-up punches of the last days, about two a user and working day (default: 100)",
    )
    add("--record-size", type=int, choices=RECORD_SIZES, default=40, help="bytes of a punch (default: 40)")
    add(
        "--comm-key",
        type=_number(0, 999_999),
        default=0,
        metavar="K",
        help="communication key (default: 0, none)",
    )
    add("--punch-every", type=_seconds, default=None, metavar="SECONDS", help="let somebody punch so often")
    add(
        "--clock-offset",
        type=_number(-10_000_000_000, 10_000_000_000),
        default=0,
        metavar="SECONDS",
        help="what its clock is ahead, or behind (default: 0)",
    )
    add("--udp", action="store_true", help="answer on UDP, too, on the same port")
    add("--seed", type=int, default=None, metavar="S", help="make up the same people and habits each time")


def run(arguments: argparse.Namespace) -> int:
    """Serve until SIGINT or SIGTERM; 0 after a clean stop, 2 when it cannot start."""
    if arguments.punch_every is not None and not arguments.users:
        return refuse("device", "--punch-every needs somebody who punches: --users 1 or more")
    random = Random(arguments.seed)  # noqa: S311 - makes up people, guards nothing
    machine = AttendanceMachine(
        record_size=arguments.record_size,
        user_capacity=max(arguments.users, 3_000),
    )
    tell = teller(arguments)
    manner = Manner(comm_key=arguments.comm_key)
    server = DeviceServer(machine, port=arguments.port, log=tell, manner=manner, udp=arguments.udp)
    try:
        made_up.enrol(machine, arguments.users, random)
        made_up.fill(machine, arguments.punches, random)
        machine.clock_offset = timedelta(seconds=arguments.clock_offset)
        shown = machine.now()
    except ValueError as error:
        return refuse("device", str(error))
    except OverflowError:
        return refuse("device", NO_SUCH_YEAR)
    if not FIRST_YEAR <= shown.year <= LAST_YEAR:
        return refuse("device", NO_SUCH_YEAR)
    try:
        server.start()
    except OSError as error:
        return refuse("device", taken(arguments.port, error))
    stopped = stop_signal()
    announce(f"device on {HOST}:{server.port}")
    _wait(stopped, machine, arguments.punch_every, random, tell)
    server.stop()
    return EXIT_OK


def _wait(
    stopped: threading.Event,
    machine: AttendanceMachine,
    punch_every_s: float | None,
    random: Random,
    tell: Callable[[str], None],
) -> None:
    users = machine.users
    while not stopped.wait(punch_every_s):
        if not users:
            continue
        user = random.choice(users)
        key = random.choice((made_up.KEY_CHECK_IN, made_up.KEY_CHECK_OUT))
        recorded = machine.punch(user.user_id, punch=key)
        refused = "" if recorded else ": refused, the machine is disabled or full"
        tell(f"punch of {user.user_id} {user.name}{refused}")


def _number(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = low - 1
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"a whole number from {low} to {high}, not {text!r}")
        return value

    return parse


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.01 <= value <= 86_400:
        raise argparse.ArgumentTypeError(f"seconds from 0.01 to 86400, not {text!r}")
    return value

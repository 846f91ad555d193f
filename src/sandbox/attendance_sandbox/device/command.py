"""`attendance-sandbox device`: a simulated attendance machine in a terminal."""

import argparse
import threading
from collections.abc import Callable
from datetime import timedelta
from random import Random

from attendance_sandbox.device import made_up
from attendance_sandbox.device.datagrams import Losses
from attendance_sandbox.device.faults import Faults, PunchFirst, SlowLink, Table
from attendance_sandbox.device.machine import FIRST_YEAR, LAST_YEAR, AttendanceMachine, Counts, WhenFull
from attendance_sandbox.device.protocol import MAX_CHUNK_BYTES, Command, Reply
from attendance_sandbox.device.records import RECORD_SIZES, USER_SIZES
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
_PACED_FRAME_BYTES = 1_024
_PACED_GAP_S = 0.005


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `device` to the subcommands."""
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
    add(
        "--users",
        type=_number(0, 60_000),
        default=10,
        metavar="N",
        help="made-up users, 0 to 60000 (default: 10)",
    )
    add(
        "--punches",
        type=_number(0, 1_000_000),
        default=100,
        metavar="M",
        help="made-up punches of the last days, about two a user and working day (default: 100)",
    )
    add("--record-size", type=int, choices=RECORD_SIZES, default=40, help="bytes of a punch (default: 40)")
    add("--user-size", type=int, choices=USER_SIZES, default=72, help="bytes of a user (default: 72)")
    add(
        "--comm-key",
        type=_number(0, 999_999),
        default=0,
        metavar="K",
        help="communication key, 0 for none (default: 0)",
    )
    add("--serial-number", default="SIM0000001", metavar="TEXT", help="serial number (default: SIM0000001)")
    add(
        "--capacity",
        type=_number(1, 1_000_000),
        default=100_000,
        metavar="N",
        help="punches that fit (default: 100000)",
    )
    add(
        "--when-full",
        type=WhenFull,
        choices=list(WhenFull),
        default=WhenFull.STOP_RECORDING,
        help="what happens to a punch when the machine is full (default: stop-recording)",
    )
    add("--punch-every", type=_seconds, default=None, metavar="SECONDS", help="let somebody punch so often")
    add(
        "--clock-offset",
        type=_number(-10_000_000_000, 10_000_000_000),
        default=0,
        metavar="SECONDS",
        help="what its clock is ahead, or behind (default: 0)",
    )
    add(
        "--drift",
        type=_number(-86_400, 86_400),
        default=0,
        metavar="SECONDS",
        help="what its clock gains each day, or loses (default: 0)",
    )
    add("--new-firmware", action="store_true", help="ask for the comm key with 6001 instead of 2005")
    add("--no-offset-reads", action="store_true", help="refuse to send the end of the log without the rest")
    add("--no-buffered-reads", action="store_true", help="know only reads of the whole, as old firmware does")
    add("--slow", type=_number(100, 10_000_000), metavar="BYTES", help="send so many bytes a second")
    add(
        "--punch-in-mid-read",
        action="store_true",
        help="let somebody punch whenever the log is about to be read",
    )
    add("--time-last", action="store_true", help="with --record-size 8: the form with the time at its end")
    add(
        "--counts",
        type=Counts,
        choices=list(Counts),
        default=Counts.RIGHT,
        help="how it counts users and punches: rightly, no punches, one less of each, or with one number only",
    )
    add(
        "--ignores-disabling",
        action="store_true",
        help="take punches although it is disabled, as it says it is",
    )
    add("--no-session-numbers", action="store_true", help="tell the number of a session once only")
    add("--no-reply-numbers", action="store_true", help="do not repeat the number of a request in its answer")
    add(
        "--lose",
        type=_number(0, 90),
        default=0,
        metavar="PERCENT",
        help="with --udp: of the datagrams, so many are lost",
    )
    add("--udp", action="store_true", help="answer on UDP, too, on the same port")
    add("--paced", action="store_true", help="send long answers as machines do, 1 KB each 5 ms")
    add("--seed", type=int, default=None, metavar="S", help="make up the same people and habits each time")


def run(arguments: argparse.Namespace) -> int:
    """Serve until SIGINT or SIGTERM; 0 after a clean stop, 2 when it cannot start."""
    if arguments.punch_every is not None and not arguments.users:
        return refuse("device", "--punch-every needs somebody who punches: --users 1 or more")
    random = Random(arguments.seed)  # noqa: S311 - makes up people, guards nothing
    machine = AttendanceMachine(
        serial_number=arguments.serial_number,
        record_size=arguments.record_size,
        user_size=arguments.user_size,
        record_capacity=arguments.capacity,
        user_capacity=max(arguments.users, 3_000),
        when_full=arguments.when_full,
        drift_s_a_day=arguments.drift,
        time_last=arguments.time_last,
        counts=arguments.counts,
        heeds_disabling=not arguments.ignores_disabling,
    )
    tell = teller(arguments)
    server = DeviceServer(
        machine,
        port=arguments.port,
        faults=_faults(arguments),
        log=tell,
        manner=Manner(
            comm_key=arguments.comm_key,
            key_required=Reply.KEY_REQUIRED if arguments.new_firmware else Reply.UNAUTHORIZED,
            frame_bytes=_PACED_FRAME_BYTES if arguments.paced else MAX_CHUNK_BYTES,
            buffers=not arguments.no_buffered_reads,
            reads_from_an_offset=not arguments.no_offset_reads,
            echoes_session=not arguments.no_session_numbers,
            echoes_number=not arguments.no_reply_numbers,
        ),
        frame_gap_s=_PACED_GAP_S if arguments.paced else 0.0,
        udp=arguments.udp,
    )
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
    if arguments.udp:
        server.degrade(Losses(arguments.lose / 100))
    stopped = stop_signal()
    announce(f"device on {HOST}:{server.port}")
    _wait(stopped, machine, arguments.punch_every, random, tell)
    server.stop()
    return EXIT_OK


def _faults(arguments: argparse.Namespace) -> Faults:
    faults = Faults()
    if arguments.slow:
        faults.add(SlowLink(bytes_per_second=arguments.slow), times=None)
    if arguments.punch_in_mid_read and arguments.users:
        somebody = PunchFirst(made_up.FIRST_USER_ID)
        faults.add(somebody, on=Command.PREPARE_BUFFER, table=Table.ATTENDANCE, times=None)
    return faults


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

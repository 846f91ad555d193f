"""`attendance-sandbox mail`: a mail server in a terminal that keeps what it gets."""

import argparse
import os
import signal
import sys
import threading
from datetime import datetime
from pathlib import Path

from attendance_sandbox.mail.server import HOST, MailServer

_EPILOG = """\
example:
  attendance-sandbox mail --port 1025 --folder mail
  keeps each message as mail/00001-subject.eml; point SMTP_HOST and SMTP_PORT at 127.0.0.1 and 1025
"""

_EXIT_OK = 0
_EXIT_UNUSABLE = 2


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `mail` to the subcommands."""
    parser = subparsers.add_parser(
        "mail",
        help="a mail server that keeps every message as a file",
        description="An SMTP server on 127.0.0.1 that keeps every message as an .eml file and sends none on.\n"
        "It prints a line for each message and runs until it is interrupted.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--port", type=_port, default=1025, help="TCP port, 0 for a free one (default: 1025)")
    parser.add_argument(
        "--folder",
        type=Path,
        default=Path("mail"),
        metavar="F",
        help="where to keep messages (default: mail)",
    )
    parser.add_argument("--quiet", action="store_true", help="print the address and nothing else")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Serve until SIGINT or SIGTERM; 0 after a clean stop, 2 when it cannot start."""
    try:
        server = MailServer(arguments.port, arguments.folder, on_event=None if arguments.quiet else _say)
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        what = (
            f"port {arguments.port}: {reason}; --port 0 takes a free one"
            if error.filename is None
            else f"{error.filename}: {reason}; name another --folder"
        )
        sys.stderr.write(f"attendance-sandbox mail: cannot start: {what}\n")
        return _EXIT_UNUSABLE
    stopped = threading.Event()
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signal_number, lambda *_: stopped.set())
    with server:
        sys.stdout.write(f"mail on {HOST}:{server.port}\n")
        sys.stdout.flush()
        stopped.wait()
    return _EXIT_OK


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port; give a number from 0 to 65535")
    return int(text)


def _say(line: str) -> None:
    now = datetime.now().astimezone()
    sys.stdout.write(f"{now:%H:%M:%S} {line}\n")
    sys.stdout.flush()

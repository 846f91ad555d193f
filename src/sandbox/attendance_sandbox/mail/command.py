"""`attendance-sandbox mail`: a mail server in a terminal that keeps what it gets."""

import argparse
import os
from pathlib import Path

from attendance_sandbox.mail.server import HOST, MailServer
from attendance_sandbox.terminal import EXIT_OK, add_command, announce, refuse, stop_signal, taken, teller

_EPILOG = """\
example:
  attendance-sandbox mail --port 1025 --folder mail
  keeps each message as mail/00001-subject.eml; point SMTP_HOST and SMTP_PORT at 127.0.0.1 and 1025
"""


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `mail` to the subcommands."""
    parser = add_command(
        subparsers,
        "mail",
        run,
        port=1025,
        summary="a mail server that keeps every message as a file",
        description="An SMTP server on 127.0.0.1 that keeps every message as an .eml file and sends none on.\n"
        "It prints a line for each message and runs until it is interrupted.",
        epilog=_EPILOG,
    )
    parser.add_argument(
        "--folder",
        type=Path,
        default=Path("mail"),
        metavar="F",
        help="where to keep messages (default: mail)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Serve until SIGINT or SIGTERM; 0 after a clean stop, 2 when it cannot start."""
    try:
        server = MailServer(arguments.port, arguments.folder, on_event=teller(arguments))
    except OSError as error:
        if error.filename is None:
            return refuse("mail", taken(arguments.port, error))
        return refuse("mail", f"{error.filename}: {os.strerror(error.errno or 0)}; name another --folder")
    stopped = stop_signal()
    with server:
        announce(f"mail on {HOST}:{server.port}")
        stopped.wait()
    return EXIT_OK

"""`attendance-sandbox mail`: a mail server in a terminal that keeps what it gets."""

import argparse
import json
import os
from contextlib import ExitStack
from email.message import EmailMessage
from email.utils import getaddresses, parseaddr
from pathlib import Path

from aiosmtpd.smtp import Envelope

from attendance_sandbox.mail.gmail import GmailServer
from attendance_sandbox.mail.server import HOST, MailServer
from attendance_sandbox.terminal import EXIT_OK, add_command, announce, refuse, stop_signal, taken, teller

_EPILOG = """\
example:
  attendance-sandbox mail --port 1025 --folder mail
  keeps each message as mail/00001-subject.eml; point SMTP_HOST and SMTP_PORT at 127.0.0.1 and 1025
"""


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
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
        "--gmail",
        type=int,
        metavar="PORT",
        help="be the Gmail API on this port as well: GMAIL_API_URL; F/gmail-consent.json is GMAIL_CREDENTIALS",
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
    with server, ExitStack() as stack:
        announce(f"mail on {HOST}:{server.port}")
        if arguments.gmail is not None:
            try:
                gmail = GmailServer(arguments.gmail, on_message=lambda message: _keep(server, message))
            except OSError as error:
                return refuse("mail", taken(arguments.gmail, error))
            stack.enter_context(gmail)
            (arguments.folder / "gmail-consent.json").write_text(json.dumps(gmail.consented()))
            announce(f"export GMAIL_API_URL={gmail.url}")
        stopped.wait()
    return EXIT_OK


def _keep(server: MailServer, message: EmailMessage) -> None:
    envelope = Envelope()
    envelope.mail_from = parseaddr(str(message["From"]))[1]
    envelope.rcpt_tos = [address for _, address in getaddresses([str(message["To"])])]
    envelope.content = message.as_bytes()
    server.keep(envelope)
    server.tell(f"to {', '.join(envelope.rcpt_tos)}: {message.get('Subject', '')} [Gmail]")

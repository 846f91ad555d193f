"""The command attendance-sandbox: an office and a cloud on one machine."""

import argparse
from collections.abc import Sequence

from attendance_sandbox.demo import command as demo
from attendance_sandbox.device import command as device
from attendance_sandbox.mail import command as mail
from attendance_sandbox.pubsub import command as pubsub
from attendance_sandbox.sheets import command as sheets


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a subcommand; returns its exit code."""
    parser = argparse.ArgumentParser(
        prog="attendance-sandbox",
        description="Stand-ins that the real libraries talk to: an attendance machine, Pub/Sub, Google Sheets and "
        "mail, on 127.0.0.1 only; and a demo that plays a month through all of them.",
    )
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in (device, pubsub, sheets, mail, demo):
        command.add_parser(subparsers)
    options = parser.parse_args(arguments)
    return int(options.run(options))

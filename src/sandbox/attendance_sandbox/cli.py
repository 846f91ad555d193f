"""The command attendance-sandbox: an office and a cloud on one machine."""

import argparse
import sys
from collections.abc import Sequence

from attendance_trouble import missing_package

EXIT_USER_ERROR = 2
EXIT_STOPPED = 130
"""What a shell tells of a program that Ctrl-C ended."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a subcommand; returns its exit code."""
    try:
        options = _parser().parse_args(arguments)
        return int(options.run(options))
    except ModuleNotFoundError as error:
        told = missing_package(error, "sandbox")
        if told is None:
            raise
        print(f"attendance-sandbox: {told}", file=sys.stderr)
        return EXIT_USER_ERROR
    except KeyboardInterrupt:
        print("attendance-sandbox: stopped", file=sys.stderr)
        return EXIT_STOPPED


def _parser() -> argparse.ArgumentParser:
    # Imported late: what keeps them from being imported is told in one line, too.
    from attendance_sandbox.demo import command as demo  # noqa: PLC0415
    from attendance_sandbox.device import command as device  # noqa: PLC0415
    from attendance_sandbox.mail import command as mail  # noqa: PLC0415
    from attendance_sandbox.pubsub import command as pubsub  # noqa: PLC0415
    from attendance_sandbox.pubsub import scheduler  # noqa: PLC0415
    from attendance_sandbox.sheets import command as sheets  # noqa: PLC0415

    parser = argparse.ArgumentParser(
        prog="attendance-sandbox",
        description="Stand-ins that the real libraries talk to: an attendance machine, Pub/Sub, Google Sheets and "
        "mail, on 127.0.0.1 only; and a demo that plays a month through all of them.",
    )
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in (device, pubsub, scheduler, sheets, mail, demo):
        command.add_parser(subparsers)
    return parser

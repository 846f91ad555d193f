"""The command attendance-sandbox: an office and a cloud on one machine."""

import argparse
from collections.abc import Sequence

from attendance_trouble.command_line import ended

EXIT_STOPPED = 130
"""What a shell tells of a program that Ctrl-C ended."""


def main(arguments: Sequence[str] | None = None) -> int:
    return ended(
        "attendance-sandbox",
        "sandbox",
        lambda: _run(arguments),
        {KeyboardInterrupt: (EXIT_STOPPED, "stopped")},
    )


def _run(arguments: Sequence[str] | None) -> int:
    options = _parser().parse_args(arguments)
    return int(options.run(options))


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

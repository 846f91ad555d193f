"""What the stand-ins' commands have in common: a port, lines on the terminal, an end by signal."""

import argparse
import os
import signal
import sys
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

EXIT_OK = 0
EXIT_UNUSABLE = 2


def add_command(
    subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    run: Callable[[argparse.Namespace], int],
    *,
    port: int,
    summary: str,
    description: str,
    epilog: str,
) -> argparse.ArgumentParser:
    """Add a command that serves on a port; returns its parser, for further options."""
    parser = subparsers.add_parser(
        name,
        help=summary,
        description=description,
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--port", type=_port, default=port, help="TCP port, 0 for a free one (default: %(default)s)"
    )
    parser.add_argument("--quiet", action="store_true", help="print the address and nothing else")
    parser.set_defaults(run=run)
    return parser


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port; give a number from 0 to 65535")
    return int(text)


def stop_signal() -> threading.Event:
    """What SIGINT and SIGTERM set from now on."""
    stopped = threading.Event()
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signal_number, lambda *_: stopped.set())
    return stopped


def announce(line: str) -> None:
    """Print a line for programs to read, such as where the server is."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def say(line: str) -> None:
    """Print a line for people, with the time."""
    announce(f"{datetime.now().astimezone():%H:%M:%S} {line}")


def teller(arguments: argparse.Namespace) -> Callable[[str], None]:
    """What prints lines for people; nothing with --quiet."""
    return (lambda _line: None) if arguments.quiet else say


def refuse(name: str, reason: str) -> int:
    """Say why a command cannot start; returns its exit code."""
    sys.stderr.write(f"attendance-sandbox {name}: cannot start: {reason}\n")
    return EXIT_UNUSABLE


def taken(port: int, error: OSError) -> str:
    """The reason that a port cannot be listened on."""
    return f"port {port}: {os.strerror(error.errno or 0)}; --port 0 takes a free one"


def from_here(path: Path) -> Path:
    """A path as seen from the current folder where it lies in it; otherwise the whole path."""
    whole, here = path.resolve(), Path.cwd()
    return whole.relative_to(here) if whole.is_relative_to(here) else whole

"""The options of attendance-client device; what it does is `device_command`, which is slow to load."""

import argparse
from pathlib import Path

from attendance_trouble.command_line import Commands, Run


def add_device_command(commands: Commands, run: Run) -> None:
    """Add `device` and its kinds."""
    kinds = commands.group(
        "device",
        "ask the attendance machine itself",
        "Ask the attendance machine itself; of a site with several each of them, or the one that --machine "
        "names. Many machines talk to one program at a time: stop the service first (systemctl stop "
        "attendance-client).",
        dest="device_command",
    )
    which = argparse.ArgumentParser(add_help=False)
    which.add_argument("--machine", metavar="NAME", help="of several, the one of this name or address")
    which.set_defaults(dump=None, replay=None)
    files = argparse.ArgumentParser(add_help=False)
    either = files.add_mutually_exclusive_group()
    either.add_argument(
        "--dump", type=Path, metavar="FILE", help="also keep what the machine says in FILE, without names"
    )
    either.add_argument(
        "--replay", type=Path, metavar="FILE", help="ask the FILE that --dump wrote instead of the machine"
    )
    for name, about in (("info", "what it is"), ("users", "whom it knows"), ("punches", "what it recorded")):
        kind = kinds.add(name, run, about, f"Show {about}.", which, files)
        if name == "punches":
            kind.add_argument(
                "--last", type=at_least_one, default=20, metavar="N", help="how many (default: %(default)s)"
            )
    clock = kinds.add("clock", run, "its clock beside this computer's", None, which)
    clock.add_argument("--set", action="store_true", help="set it by this computer's")
    kinds.add(
        "find",
        run,
        "look for machines on this computer's own networks",
        "Look for machines on this computer's own networks, for at most a minute. One whose address "
        "has changed is recognised by its serial number. Only machines that are spoken to by TCP are found.",
        which,
    )
    kinds.add(
        "try-disabling",
        run,
        "try whether it takes no punch while it is disabled, which clear_machine needs",
        "Try whether the machine takes no punch while it is disabled. Without that its log is never erased "
        "(clear_machine): a punch could be lost by it. It takes a finger that the machine knows, and a minute in which "
        "nobody else can punch. What was seen is kept in the ledger, by the machine's serial number.",
        which,
    )
    tried = kinds.add(
        "selftest",
        run,
        "try what is believed of machines, and write a file for a bug report",
        "Try each line of what is believed of machines (docs/believed-of-machines.md), in about two "
        "minutes, and write what the machine said, without names, into a file for a bug report. Nothing is changed on "
        "it. Ends with 1 if anything is otherwise than believed.",
        which,
    )
    tried.add_argument(
        "--to", type=Path, metavar="FILE", help="where to (default: selftest-SERIAL.json in this folder)"
    )


def at_least_one(text: str) -> int:
    """A number of things, as it is typed."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number from 1 on, not {text!r}")
    return int(text)

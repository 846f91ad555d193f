"""The command attendance-client."""

import argparse
import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import FrameType
from typing import TextIO

from attendance_client.app.device_options import add_device_command, at_least_one
from attendance_client.app.journal import JournalHandler, goes_to_the_journal
from attendance_client.errors import ClientError, StopRequested, UserError
from attendance_contracts import RELEASE
from attendance_trouble.command_line import EXIT_USER_ERROR, Commands, ended, parsed, say, say_findings

EXIT_TRY_AGAIN = 1
EXIT_FAILED = 1
DESCRIPTION = """\
Carries the punches of an attendance machine to HR's review sheet.

The directory holds biometric_device_config.json (which init writes), and snapshot.json and ledger.sqlite3
(which the client keeps).
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns 0, 2 for what the user must fix, 1 for what may work another time."""
    options = parsed(_parser(), arguments)
    return ended(
        "attendance-client",
        "client",
        lambda: int(options.command(options)),
        {UserError: (EXIT_USER_ERROR, ""), ClientError: (EXIT_TRY_AGAIN, "")},
    )


def _parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--directory",
        type=Path,
        default=Path(),
        metavar="DIR",
        help="where biometric_device_config.json and snapshot.json lie (default: here)",
    )
    parser = argparse.ArgumentParser(
        prog="attendance-client",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--version", action="version", version=f"%(prog)s {RELEASE}", help="show the release and end"
    )
    commands = Commands(parser, common)
    run = commands.add(
        "run",
        _run,
        "relay punches until stopped",
        "Relay punches until stopped. Ctrl-C or SIGTERM stops at the next safe point; the same "
        "command goes on where it stopped.",
    )
    run.add_argument("--verbose", action="store_true", help="the same as --log-level debug")
    run.add_argument(
        "--log-level",
        choices=("debug", "info", "warning", "error"),
        default="info",
        help="what to log: debug is every poll too (default: %(default)s)",
    )
    init = commands.add(
        "init",
        _init,
        "set this computer up as a site's client",
        "Ask for the site and its key, look for the attendance machine, write the configuration, and look "
        "whether all is in place. Ends with 1 if something is not, yet.",
    )
    init.add_argument(
        "--from",
        dest="file",
        type=Path,
        metavar="FILE",
        help="ask nothing: the file that deploy/gcp/deploy site add wrote says it all",
    )
    _add_looking(commands)
    _add_upkeep(commands)
    add_device_command(commands, _device)
    ledger = commands.group(
        "ledger", "look after the site's memory of what it read", "Look after ledger.sqlite3."
    )
    ledger.add(
        "recover",
        _recover,
        "take over what can be read of a damaged one",
        "Take over what can be read of the damaged ledgers that the client has put aside (folders "
        "ledger.damaged-...). Their punches are sent again; the sheets recognise what they hold. Stop the service "
        "first (systemctl stop attendance-client).",
    )
    forget = commands.add(
        "forget",
        _forget,
        "take a person out of the site's memory, and keep the punches from coming back",
        "Take a person's punches out of ledger.sqlite3, those that are in no sheet yet, too. What is left "
        "are marks of them, in which nobody can be read, so that no reading of the machine brings them back. There is "
        "no way back. Stop the service first (systemctl stop attendance-client).",
    )
    forget.add_argument("user", metavar="USER", help="user ID, or name, on the machine")
    forget.add_argument("--name", help="where a number was several people: the name it had")
    commands.add(
        "doctor",
        _doctor,
        "look whether all is in place, and say what to fix",
        "Look at the files, the clocks, the machine and the cloud project, a line each: ok, warn (it "
        "works, and somebody should know) or FAIL, with what to do. A subscription that is missing is made, as the "
        "client itself would; nothing is published, and the machine's log is not read. Ends with 1 if anything failed.",
    )
    return parser


def _add_looking(commands: Commands) -> None:
    status = commands.add(
        "status",
        _status,
        "show how the service is, what troubles it, and what is not stored yet",
        "Show how the service is, what troubles it, and what is not stored yet. Reads files only; works "
        "while the client runs.",
    )
    status.add_argument("--json", action="store_true", help="for programs")
    timeline = commands.add(
        "timeline",
        _timeline,
        "draw how the last days went",
        "Draw how the last days went, a row each, and tell what was not well. Reads files only.",
    )
    timeline.add_argument(
        "--days", type=at_least_one, default=7, metavar="N", help="how many (default: %(default)s)"
    )
    export = commands.add(
        "export",
        _export,
        "write the punches of the ledger as CSV",
        "Write the punches of the ledger as CSV: each, and which sheet holds it or why none does. Works "
        "while the client runs.",
    )
    export.add_argument(
        "--since", type=_moment, default="0001-01-01", metavar="DATE", help="from this day on"
    )
    export.add_argument("--until", type=_moment, default="9999-12-31", metavar="DATE", help="before this day")
    export.add_argument("--to", type=Path, metavar="FILE", help="into this file (default: standard output)")


def _add_upkeep(commands: Commands) -> None:
    asks = argparse.ArgumentParser(add_help=False)
    asks.add_argument("--yes", action="store_true", help="do not ask")
    first = "Says what it would do, and asks. Stop the service first (systemctl stop attendance-client)."
    replay = commands.add(
        "replay",
        _replay,
        "send punches again",
        f"Send the punches from a day on again; the sheets recognise what they hold. {first}",
        asks,
    )
    replay.add_argument(
        "--since", type=_moment, required=True, metavar="DATE", help="a day, such as 2026-11-01, or a moment"
    )
    reset = commands.add(
        "reset",
        _reset,
        "begin anew",
        "Put the snapshot aside, so that the client begins at its first run; the ledger and the sheets "
        f"keep it from storing anything twice. {first}",
        asks,
    )
    reset.add_argument("--ledger", action="store_true", help="put the ledger aside as well")


def _moment(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is not None:
        raise argparse.ArgumentTypeError(
            f"expected a day such as 2026-11-01, or a moment such as 2026-11-01T08:00, not {text!r}"
        )
    return moment.replace(microsecond=0).isoformat()


def _device(options: argparse.Namespace) -> int:
    from attendance_client.app.device_command import run  # noqa: PLC0415

    for text in run(options):
        say(text)
    if options.dump is not None:
        told = "what the machine said, without names, passwords and card numbers"
        print(f"attendance-client: wrote {options.dump}: {told}", file=sys.stderr)
    return 0


def _run(options: argparse.Namespace) -> int:
    # Imported late: `status` and `--help` need neither pyzk nor gRPC, and the Pi is slow to load them.
    from attendance_client.app.bootstrap import bootstrap  # noqa: PLC0415

    level = "debug" if options.verbose else options.log_level
    about: dict[str, Callable[[], str]] = {}
    log_to(
        sys.stderr,
        logging.getLevelNamesMapping()[level.upper()],
        os.environ,
        lambda: {name: ask() for name, ask in about.items()},
    )
    # What matters of theirs arrives as an error of ours.
    for noisy in ("google", "grpc", "urllib3", "statemachine"):
        logging.getLogger(noisy).setLevel(logging.ERROR)
    stop = threading.Event()
    install_stop_signals(stop)
    with bootstrap(options.directory, stop) as runner:
        about |= {"SITE": lambda: runner.site, "STATE": lambda: str(runner.state)}
        try:
            runner.run()
        except StopRequested:
            logging.getLogger(__name__).info("stopped in %s", runner.state)
    return 0


def log_to(
    stream: TextIO, level: int, environment: Mapping[str, str], fields: Callable[[], Mapping[str, str]] = dict
) -> None:
    """Log to a terminal or a file, or to systemd's journal, with fields, where `environment` says that it listens."""
    handler: logging.Handler
    if goes_to_the_journal(stream, environment):
        handler = JournalHandler(stream, fields=fields)
    else:
        handler = logging.StreamHandler(stream)
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)-7s %(message)s"))
    logging.basicConfig(level=level, handlers=[handler])


def install_stop_signals(stop: threading.Event) -> None:
    """Stop at the next safe point at the first signal, at once at the second."""

    def request_stop(number: int, frame: FrameType | None) -> None:
        del frame
        stop.set()
        signal.signal(number, signal.SIG_DFL)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, request_stop)


def _status(options: argparse.Namespace) -> int:
    from attendance_client.app.status import as_json, describe, look  # noqa: PLC0415

    status = look(options.directory)
    say(json.dumps(as_json(status), indent=2) if options.json else describe(status))
    for error in status.failures:
        raise error
    return 0


def _timeline(options: argparse.Namespace) -> int:
    from attendance_client.app.timeline import draw  # noqa: PLC0415

    say(draw(options.directory, options.days))
    return 0


def _export(options: argparse.Namespace) -> int:
    from attendance_client.app.upkeep import export  # noqa: PLC0415

    if told := export(options.directory, options.since, options.until, options.to):
        print(f"attendance-client: {told}", file=sys.stderr)
    return 0


def _replay(options: argparse.Namespace) -> int:
    from attendance_client.app.upkeep import replay, what_replay_does  # noqa: PLC0415

    if _agreed(what_replay_does(options.directory, options.since), options):
        say(replay(options.directory, options.since))
    return 0


def _reset(options: argparse.Namespace) -> int:
    from attendance_client.app.upkeep import reset, what_reset_does  # noqa: PLC0415

    if _agreed(what_reset_does(options.directory, ledger=options.ledger), options):
        say(reset(options.directory, datetime.now(), ledger=options.ledger))  # noqa: DTZ005 - as people read it
    return 0


def _agreed(what: str, options: argparse.Namespace) -> bool:
    """Whether a person wants it done."""
    say(what)
    if options.yes:
        return True
    if not sys.stdin.isatty():
        raise UserError("nobody can be asked here: add --yes to have it done")
    answer = input("Go on? [y/N] ").strip().lower()
    if answer in ("y", "yes"):
        return True
    say("nothing was done")
    return False


def _recover(options: argparse.Namespace) -> int:
    from attendance_client.app.bootstrap import recover_ledgers  # noqa: PLC0415

    for line in recover_ledgers(options.directory):
        say(line)
    return 0


def _init(options: argparse.Namespace) -> int:
    from attendance_client.app.init import at_the_terminal, interview, read_site_file, write  # noqa: PLC0415

    try:
        if options.file is not None:
            files = read_site_file(options.file)
        else:
            files = interview(options.directory, at_the_terminal(say))
    except (EOFError, KeyboardInterrupt):
        raise UserError("nothing was written") from None
    for line in write(options.directory, files):
        say(line)
    code = _doctor(options)
    say("It counts from the next start on: sudo systemctl restart attendance-client")
    return code


def _forget(options: argparse.Namespace) -> int:
    from attendance_client.app.bootstrap import forget  # noqa: PLC0415

    for line in forget(options.directory, options.user, options.name):
        say(line)
    return 0


def _doctor(options: argparse.Namespace) -> int:
    from attendance_client.app.doctor import examine  # noqa: PLC0415

    return 0 if say_findings(examine(options.directory)) else EXIT_FAILED

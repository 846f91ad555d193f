"""What the command lines have in common: how commands are declared, what they print, and how they end."""

import argparse
import errno
import io
import logging
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence

from attendance_trouble import missing_package
from attendance_trouble.finding import Finding, Level

EXIT_UNPRINTED = 1
EXIT_USER_ERROR = 2

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)

Run = Callable[[argparse.Namespace], int]


class Commands:
    """The commands of a program, or of a group of commands.

    Args:
        common: options that each of them takes.
    """

    def __init__(
        self,
        parser: argparse.ArgumentParser,
        *common: argparse.ArgumentParser,
        metavar: str = "COMMAND",
        dest: str = argparse.SUPPRESS,
    ) -> None:
        self._kinds = parser.add_subparsers(metavar=metavar, required=True, dest=dest)
        self._common = common

    def add(
        self,
        name: str,
        run: Run,
        summary: str,
        description: str | None = None,
        *further: argparse.ArgumentParser,
        takes_common: bool = True,
    ) -> argparse.ArgumentParser:
        """A command; returns its parser, for options of its own. `further` are more options that others share."""
        parents = [*(self._common if takes_common else ()), *further]
        parser = self._kinds.add_parser(name, parents=parents, help=summary, description=description)
        parser.set_defaults(command=run)
        return parser

    def group(
        self,
        name: str,
        summary: str,
        description: str,
        *,
        metavar: str = "WHAT",
        dest: str = argparse.SUPPRESS,
    ) -> "Commands":
        """A command that has commands itself, which take the common options."""
        parser = self._kinds.add_parser(name, help=summary, description=description)
        return Commands(parser, *self._common, metavar=metavar, dest=dest)


def parsed(parser: argparse.ArgumentParser, arguments: Sequence[str] | None) -> argparse.Namespace:
    """What was asked for; who asks for nothing gets the help. Ends the program where it is not understood."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if not arguments:
        parser.print_help(sys.stderr)
        parser.exit(EXIT_USER_ERROR)
    return parser.parse_args(arguments)


def ended(
    program: str,
    extra: str,
    run: Callable[[], int],
    exit_codes: Mapping[type[BaseException], tuple[int, str]],
) -> int:
    """Run a command; returns its exit code, and says in a line why it ended early.

    Args:
        extra: as for `missing_package`.
        exit_codes: by errors, the more particular ones first; with what is said behind each message.
    """
    try:
        code = run()
        sys.stdout.flush()  # here, where a full disk can be told in a line
    except OSError as error:
        told = unprinted(error)
        if told is None:
            raise
        if told:
            print(f"{program}: {told}", file=sys.stderr)
        return EXIT_UNPRINTED if told else 0
    except ModuleNotFoundError as error:
        told = missing_package(error, extra)
        if told is None:
            raise
        print(f"{program}: {told}", file=sys.stderr)
        return EXIT_USER_ERROR
    except tuple(exit_codes) as error:
        code, advice = next(exit_codes[kind] for kind in exit_codes if isinstance(error, kind))
        print(f"{program}: {error}{advice}", file=sys.stderr)
    return code


def say(text: object) -> None:
    """Print, for a terminal that knows not every letter, and for a reader that has seen enough ("| head")."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        print(text, flush=True)
    except BrokenPipeError as error:
        unprinted(error)


def unprinted(error: OSError) -> str | None:
    """Why what is printed goes nowhere, and what to do; empty where its reader has seen enough (``| head``).

    None where the error is of something else. Otherwise Python keeps still when it flushes the rest at its end.
    """
    if not isinstance(error, BrokenPipeError) and (error.errno not in _FULL or error.filename is not None):
        return None
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if isinstance(error, BrokenPipeError):
        return ""
    return f"not all could be written ({error.strerror}): make room, or let it go to another disk"


def say_findings(findings: Iterable[Finding]) -> bool:
    """Print what a doctor finds, as it finds it; returns whether all of it is well enough."""
    failed = False
    logging.disable(logging.CRITICAL)  # what matters is in the findings
    try:
        for finding in findings:
            say(finding)
            failed = failed or finding.level is Level.FAIL
    finally:
        logging.disable(logging.NOTSET)
    return not failed

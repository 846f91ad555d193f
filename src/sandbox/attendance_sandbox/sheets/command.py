"""`attendance-sandbox sheets`: Google Sheets in a terminal, its workbooks saved as .xlsx."""

import argparse
import json
import os
import sys
from pathlib import Path

from attendance_sandbox.sheets.http_server import HOST
from attendance_sandbox.sheets.server import SheetsServer
from attendance_sandbox.terminal import EXIT_OK, add_command, announce, refuse, stop_signal, taken, teller

_EPILOG = """\
example:
  attendance-sandbox sheets --port 8086 --folder books --shared-folder Attendance
  the key of a service account is in books/service-account.json; let its programs talk to http://127.0.0.1:8086
  instead of https://sheets.googleapis.com and https://www.googleapis.com; http://127.0.0.1:8086/ shows
  the spreadsheets in a browser as they are; at the end each is saved in books as an .xlsx file
"""


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = add_command(
        subparsers,
        "sheets",
        run,
        port=8086,
        summary="Google Sheets and Drive, saved as .xlsx files",
        description="A stand-in for Google Sheets v4, Drive v3 and the token endpoint on 127.0.0.1.\n"
        "It starts empty, prints what it is asked and runs until it is interrupted.",
        epilog=_EPILOG,
    )
    parser.add_argument(
        "--folder",
        type=Path,
        default=Path("books"),
        metavar="F",
        help="where to save .xlsx files (default: books)",
    )
    parser.add_argument(
        "--shared-folder", metavar="NAME", help="make a shared drive's folder and print its ID"
    )


def run(arguments: argparse.Namespace) -> int:
    """Serve until SIGINT or SIGTERM; 0 after a clean stop, 2 when it cannot start."""
    tell = teller(arguments)
    try:
        server = SheetsServer(
            arguments.port, arguments.folder, on_request=lambda entry: tell(str(entry)), recalculate=True
        )
    except OSError as error:
        return refuse("sheets", taken(arguments.port, error))
    key_file = arguments.folder / "service-account.json"
    try:
        arguments.folder.mkdir(parents=True, exist_ok=True)
        _write_key(key_file, server.new_service_account())
    except OSError as error:
        server.stop()
        reason = os.strerror(error.errno or 0)
        return refuse("sheets", f"{error.filename}: {reason}; name another --folder")
    stopped = stop_signal()
    with server:
        announce(f"sheets on {HOST}:{server.port}")
        tell(f"the spreadsheets as pages for a browser: {server.url}/")
        tell(f"service account's key in {key_file}")
        if arguments.shared_folder:
            tell(f"folder {arguments.shared_folder}: {server.new_shared_folder(arguments.shared_folder)}")
        stopped.wait()
        try:
            server.save()
        except OSError as error:
            sys.stderr.write(f"attendance-sandbox sheets: cannot save: {error}\n")
    return EXIT_OK


def _write_key(path: Path, key: dict[str, str]) -> None:
    """Writes a private key so that only its owner can read it, also where the file was there before."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(key, file, indent=2)
        file.write("\n")

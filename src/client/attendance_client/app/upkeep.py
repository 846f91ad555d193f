"""What a person does to the ledger and the snapshot by hand: export, replay, reset. The last two want the service
stopped.
"""

import csv
import sys
from collections.abc import Iterable
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

from attendance_client.app.config import load_config
from attendance_client.app.locking import only_one
from attendance_client.errors import DiskError, LedgerError, disk_remedy
from attendance_client.fsm.snapshot import FileSnapshotStore
from attendance_client.relay.ledger import EXPORTED, LEDGER_NAME, Ledger

_FORMULA_BEGINNINGS = ("=", "+", "-", "@", "\t", "\r")
"""What spreadsheet programs take for a formula when they open a CSV file."""
RESET = "before-reset-"


def export(directory: Path, since: str, until: str, to: Path | None) -> str:
    """Write the ledger's punches as CSV into a file, or to standard output; returns what there is to say.

    A text that a spreadsheet program would take for a formula gets an apostrophe in front. Works while the client runs.

    Raises:
        LedgerError, DiskError, DamagedError: the ledger cannot be read.
    """
    with closing(_opened_to_read(directory)) as ledger, closing(ledger.punches(since, until)) as rows:
        if to is None:
            _write(sys.stdout, rows)
            sys.stdout.flush()
            return ""
        try:
            to.touch(mode=0o600)
            with to.open("w", encoding="utf-8-sig", newline="") as file:
                count = _write(file, rows)
        except OSError as error:
            raise LedgerError(
                f"{to} cannot be written: {error.strerror or error}; or: attendance-client export >FILE"
            ) from error
    return f"wrote {count} punches to {to}"


def _write(file: Any, rows: Iterable[tuple[Any, ...]]) -> int:
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow(EXPORTED)
    count = 0
    for row in rows:
        writer.writerow([_cell(value) for value in row])
        count += 1
    return count


def _cell(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA_BEGINNINGS) else value


def what_replay_does(directory: Path, since: str) -> str:
    """In a line, before it is done."""
    with closing(_opened_to_read(directory)) as ledger:
        count = sum(1 for _ in ledger.punches(since))
    return (
        f"{count} punches made from {since.replace('T', ' ')} on will be sent again when the service runs. The sheets "
        "recognise what they hold; nothing is stored twice"
    )


def replay(directory: Path, since: str) -> str:
    """Let the punches of `since` on be sent again; returns what there is to say.

    Raises:
        DiskError: a client runs, or the ledger cannot be written.
    """
    config = load_config(directory)
    with only_one(directory), closing(Ledger(directory / LEDGER_NAME, config.site.day_boundary)) as ledger:
        confirmed = ledger.send_again(since)
    return f"done: of the punches to be sent again, {confirmed} were in a sheet. Start the service"


def what_reset_does(directory: Path, *, ledger: bool) -> str:
    """In a line, before it is done."""
    told = "the client will begin anew: it asks for the review period again, which loses nothing"
    if not ledger or not (directory / LEDGER_NAME).exists():
        return told
    with closing(_opened_to_read(directory)) as opened:
        summary = opened.summary()
    left = summary.punches - summary.confirmed
    return (
        f"{told}, and reads the machine from its beginning. Of the {summary.punches} punches in the ledger, {left} are "
        "in no sheet: those of them that the machine holds no more will be in the old ledger only, which is kept"
    )


def reset(directory: Path, now: datetime, *, ledger: bool) -> str:
    """Put the snapshots, and the ledger if that is wanted, into a folder aside; returns what there is to say.

    Raises:
        DiskError: a client runs, or they cannot be moved.
    """
    load_config(directory)
    store = FileSnapshotStore(directory)
    paths = [store.path, store.previous_path]
    if ledger:
        # The database first: without the others, one that is old could pass for the new one.
        paths += [directory / f"{LEDGER_NAME}{end}" for end in ("", "-wal", "-shm")]
    with only_one(directory):
        there = [path for path in paths if path.exists()]
        if not there:
            return "nothing to put aside: the client begins at its first run anyway"
        folder = directory / f"{RESET}{now:%Y-%m-%dT%H-%M-%S}"
        try:
            folder.mkdir(mode=0o700)
            for path in there:
                path.replace(folder / path.name)
        except OSError as error:
            raise DiskError(f"{folder}: {error}; {disk_remedy(folder)}") from error
    return f"done; what was there lies in {folder}. Start the service"


def _opened_to_read(directory: Path) -> Ledger:
    config = load_config(directory)
    path = directory / LEDGER_NAME
    if not path.exists():
        raise LedgerError(f"{path} does not exist: the client has read no machine here yet")
    return Ledger(path, config.site.day_boundary, read_only=True)

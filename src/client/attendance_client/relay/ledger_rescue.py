"""A damaged ledger is put aside whole, and what can be read of it is taken over later.

Aside, in a folder of its own, lie the database and the two files that SQLite keeps beside it: after a power loss the
newest punches are in ``ledger.sqlite3-wal``. The folder tells people, too: as long as it has its name, the site's
health says since when punches may be missing.
"""

import logging
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from attendance_client.errors import DiskError, LedgerError, disk_remedy
from attendance_client.relay.ledger import LEDGER_NAME, PUNCH_COLUMNS, Ledger

log = logging.getLogger(__name__)

_ASIDE, _RECOVERED = "ledger.damaged-", "ledger.recovered-"
_MOMENT = "%Y-%m-%dT%H-%M-%S"
_FILES = (LEDGER_NAME, f"{LEDGER_NAME}-wal", f"{LEDGER_NAME}-shm")


def put_aside(directory: Path, now: datetime) -> Path:
    """Put the ledger's files into a folder of their own, which is returned; raises DiskError."""
    begun = asides(directory) if is_half_aside(directory) else []
    folder = begun[-1] if begun else directory / f"{_ASIDE}{now:{_MOMENT}}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        # The database first: without the others, one that is damaged could pass for a whole one.
        for name in _FILES:
            if (directory / name).exists():
                (directory / name).replace(folder / name)
    except OSError as error:
        raise DiskError(f"{folder}: {error}; {disk_remedy(folder)}") from error
    return folder


def is_half_aside(directory: Path) -> bool:
    """Whether the power failed when the database was put aside, and what lay beside it was not."""
    database, *others = (directory / name for name in _FILES)
    return not database.exists() and any(other.exists() for other in others)


def asides(directory: Path) -> list[Path]:
    """The damaged ledgers that nobody has recovered, oldest first."""
    return sorted(directory.glob(f"{_ASIDE}*"))


def trouble(directory: Path) -> str:
    """What HR is to know of them; empty where there are none."""
    for folder in asides(directory)[-1:]:
        moment = folder.name.removeprefix(_ASIDE)
        try:
            moment = f"{datetime.strptime(moment, _MOMENT):%d-%m-%Y %H:%M}"  # noqa: DTZ007 - wall time, as it was named
        except ValueError:
            log.debug("%s bears no time", folder)
        return (
            f"the site's memory was damaged and begun anew on {moment}: punches of before that were on no machine any "
            "more, and in no sheet yet, are missing until somebody runs attendance-client ledger recover"
        )
    return ""


def recover(folder: Path, ledger: Ledger) -> tuple[int, int]:
    """Take over what can be read of a damaged ledger, and give its folder another name.

    Returns:
        How many punches could be read, and how many of them the ledger had not.

    Raises:
        LedgerError: nothing can be read.
        DiskError: the files cannot be copied, or the folder not renamed.
    """
    with tempfile.TemporaryDirectory() as scratch:
        try:
            # Of a copy: opening a database changes it.
            copy = Path(shutil.copytree(folder, Path(scratch) / "ledger")) / LEDGER_NAME
        except (OSError, shutil.Error) as error:
            raise DiskError(f"{folder}: {error}; {disk_remedy(folder)}") from error
        rows, why = _rows(copy)
    if not rows and why:
        raise LedgerError(f"nothing can be read of {folder}: {why}. Delete the folder to be told no more")
    taken = ledger.take_over(rows.values())
    try:
        folder.rename(folder.with_name(folder.name.replace(_ASIDE, _RECOVERED)))
    except OSError as error:
        raise DiskError(f"{folder}: {error}; {disk_remedy(folder)}") from error
    return len(rows), taken


def _rows(path: Path) -> tuple[dict[object, tuple[Any, ...]], str]:
    """The rows that can be read, by identity, from both ends up to what is damaged; and why not all."""
    rows: dict[object, tuple[Any, ...]] = {}
    why = ""
    try:
        database = sqlite3.connect(path)
        for order in ("ASC", "DESC"):
            try:
                for row in _read(database, order):
                    rows[row[0]] = row
            except sqlite3.Error as error:
                why = str(error)
        database.close()
    except sqlite3.Error as error:
        why = str(error)
    return rows, why


def _read(database: sqlite3.Connection, order: str) -> Iterator[tuple[Any, ...]]:
    known = {name for _, name, *_ in database.execute("PRAGMA table_info(punches)")}
    columns = ", ".join(name if name in known else "NULL" for name in PUNCH_COLUMNS)
    yield from database.execute(f"SELECT {columns} FROM punches ORDER BY identity {order}")  # noqa: S608 - words of ours

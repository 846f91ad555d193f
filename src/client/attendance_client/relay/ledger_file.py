"""How the ledger lies on the disk: its schema, an earlier release's, and what is wrong with the file, by the remedy."""

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from attendance_client.errors import (
    ClientError,
    DamagedError,
    DiskError,
    LedgerError,
    disk_remedy,
    is_read_only,
    no_permission,
)

SCHEMA_VERSION = 4
SCHEMA_1 = """
CREATE TABLE punches (
    identity TEXT PRIMARY KEY,
    serial_number TEXT NOT NULL,
    user_id TEXT NOT NULL,
    timestamp TEXT NOT NULL,
    status INTEGER NOT NULL,
    punch INTEGER NOT NULL,
    occurrence INTEGER NOT NULL,
    raw BLOB NOT NULL,
    read_at TEXT NOT NULL,
    sheet_id TEXT
) WITHOUT ROWID;
CREATE INDEX unconfirmed ON punches (timestamp) WHERE sheet_id IS NULL;
CREATE TABLE undecodable (
    serial_number TEXT NOT NULL,
    raw BLOB NOT NULL,
    reason TEXT NOT NULL,
    read_at TEXT NOT NULL,
    PRIMARY KEY (serial_number, raw)
);
CREATE TABLE users (
    serial_number TEXT NOT NULL,
    user_id TEXT NOT NULL,
    user_name TEXT NOT NULL,
    PRIMARY KEY (serial_number, user_id)
);
CREATE TABLE periods (
    name TEXT PRIMARY KEY,
    first_day TEXT NOT NULL,
    last_day TEXT NOT NULL,
    sheet_id TEXT NOT NULL,
    closed INTEGER NOT NULL
);
"""
SCHEMA_2 = """
ALTER TABLE punches ADD COLUMN user_name TEXT;
ALTER TABLE punches ADD COLUMN answer TEXT;
ALTER TABLE punches ADD COLUMN reason TEXT;
UPDATE punches SET user_name = coalesce((
    SELECT user_name FROM users
    WHERE users.serial_number = punches.serial_number AND users.user_id = punches.user_id), '');
CREATE INDEX unnamed ON punches (serial_number) WHERE user_name IS NULL AND sheet_id IS NULL;
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""
"""`user_name`: as the machine told it when the punch was read; empty for a user without one, NULL before it was asked.
`answer`: why no sheet holds the punch, an `Outcome` or UNANSWERED; NULL before it was asked, and once a sheet does."""
SCHEMA_3 = """
ALTER TABLE punches ADD COLUMN machine TEXT;
"""
"""`machine`: what people called the machine when the punch was read; empty or NULL where it has no name."""
SCHEMA_4 = """
CREATE INDEX confirmed ON punches (timestamp, sheet_id) WHERE sheet_id IS NOT NULL;
"""
"""Each message asks which sheets hold a period's punches: not by a look at all of the years before."""
_PASSING = (
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
)


def trouble_of(path: Path | str, error: sqlite3.Error | OSError) -> ClientError:
    """The error for what SQLite or the system said of a ledger, by its remedy."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if isinstance(path, Path):
        if path.exists() and not os.access(path, os.R_OK | os.W_OK) and not is_read_only(path):
            return LedgerError(no_permission(path))
        if code in _PASSING or is_read_only(path):
            return DiskError(f"{path}: {error}; {disk_remedy(path)}")
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return damaged(path, error)
    return LedgerError(
        f"{path}: {error}. If the disk is in order, move the file away, and with it those beside it that end in "
        "-wal and -shm: the machine is then read again, and the sheets recognise what they already hold"
    )


def damaged(path: Path | str, why: object) -> DamagedError:
    """The error of a file that SQLite cannot make sense of."""
    return DamagedError(
        f"{path}: {why}. When the client starts, it puts the file aside and makes a new one: the machine is "
        "read again, and the sheets recognise what they already hold"
    )


def migrate(db: sqlite3.Connection, path: Path | str) -> None:
    """Bring a ledger of an earlier release to the present schema; raises LedgerError for one of a later release."""
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version > SCHEMA_VERSION:
        raise LedgerError(f"{path} was written by a newer release (schema {version}); upgrade the client")
    missing = [SCHEMA_1, SCHEMA_2, SCHEMA_3, SCHEMA_4][version:]
    if missing:
        script = "\n".join(missing)
        db.executescript(f"BEGIN; {script} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;")


def _copied(path: Path) -> sqlite3.Connection:
    """All that a ledger on a read-only disk holds, in memory."""
    copy = sqlite3.connect(":memory:", isolation_level=None)
    with TemporaryDirectory() as directory:
        for file in (path, path.with_name(f"{path.name}-wal")):
            if file.exists():
                shutil.copyfile(file, Path(directory, file.name))
        with closing(sqlite3.connect(Path(directory, path.name))) as db:
            db.backup(copy)
    return copy


def opened_to_read(path: Path | str) -> sqlite3.Connection:
    """A ledger that is only looked at: of any release, on a read-only disk, or in use by a running client."""
    where = Path(path).absolute().as_uri()
    db = sqlite3.connect(f"{where}?mode=ro", uri=True, isolation_level=None)
    try:
        db.execute("PRAGMA user_version")
    except sqlite3.OperationalError:
        if not is_read_only(Path(path)):
            raise
        # Beside it SQLite would make files of its own, and without them it passes over the newest punches (-wal).
        db = _copied(Path(path))
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version == SCHEMA_VERSION:
        return db
    copy = sqlite3.connect(":memory:", isolation_level=None)
    db.backup(copy)
    db.close()
    migrate(copy, path)
    return copy

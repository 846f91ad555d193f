"""The ledger: every punch ever read, and which sheet confirmed it.

Where the snapshot says where the *machine* is, the ledger says what the *data* is. It makes harmless the order
in which punches are read and the clock they were stamped by, remembers the sheets of closed periods, and
is the archive that outlives a machine's memory. It can be lost: the machine is read again, and the sheets
recognise what they hold.
"""

import os
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from attendance_client.errors import LedgerError, no_permission
from attendance_client.ports import AttendanceLog
from attendance_contracts import AttendanceRecord, ReviewPeriod

LEDGER_NAME = "ledger.sqlite3"
"""Beside the snapshot."""

_SCHEMA_VERSION = 1
_SCHEMA = """
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


@dataclass(frozen=True, slots=True)
class Chunk:
    """Unconfirmed records of one period, and the sheet they go to."""

    period: ReviewPeriod
    sheet_id: str
    records: tuple[AttendanceRecord, ...]


@dataclass(frozen=True, slots=True)
class LedgerSummary:
    """Counts for people.

    Attributes:
        confirmed: punches that a sheet confirmed.
        backlog: unconfirmed punches of a period whose sheet is known; they are on their way.
        without_period: unconfirmed punches of no known period: older than the first, or of one yet to come.
        undecodable: records that make no sense, kept with their bytes.
    """

    punches: int
    confirmed: int
    backlog: int
    without_period: int
    undecodable: int


class Ledger:
    """A SQLite database in WAL mode with full synchronisation: what it has taken survives a power loss.

    `day_boundary` is the site's: it decides which period a punch belongs to.
    """

    def __init__(self, path: Path | str, day_boundary: time) -> None:
        self._path = path
        self._day_boundary = day_boundary
        try:
            self._db = sqlite3.connect(path, isolation_level=None)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            self._migrate()
        except sqlite3.Error as error:
            raise self._damaged(error) from error

    def _damaged(self, error: sqlite3.Error) -> LedgerError:
        if (
            isinstance(self._path, Path)
            and self._path.exists()
            and not os.access(self._path, os.R_OK | os.W_OK)
        ):
            return LedgerError(no_permission(self._path))
        return LedgerError(
            f"{self._path}: {error}. If the disk is in order, move the file away: the machine is then read "
            "again, and the sheets recognise what they already hold"
        )

    def _migrate(self) -> None:
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        if version > _SCHEMA_VERSION:
            raise LedgerError(
                f"{self._path} was written by a newer release (schema {version}); upgrade the client"
            )
        if version == 0:
            self._db.executescript(f"BEGIN; {_SCHEMA} PRAGMA user_version = {_SCHEMA_VERSION}; COMMIT;")

    def close(self) -> None:
        """Release the file."""
        self._db.close()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        try:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                # A full disk makes SQLite roll back by itself.
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            raise self._damaged(error) from error

    def _ask(self, question: str, parameters: tuple[object, ...] = ()) -> list[Any]:
        try:
            return self._db.execute(question, parameters).fetchall()
        except sqlite3.Error as error:
            raise self._damaged(error) from error

    def add_log(self, serial_number: str, attendance_log: AttendanceLog, read_at: datetime) -> int:
        """Take the machine's whole log; returns how many records were not known before."""
        occurrences: Counter[tuple[object, ...]] = Counter()
        rows = []
        for punch in attendance_log.punches:
            key = (punch.user_id, punch.timestamp, punch.status, punch.punch)
            occurrences[key] += 1
            record = AttendanceRecord(
                serial_number,
                punch.user_id,
                None,
                punch.timestamp,
                punch.status,
                punch.punch,
                occurrences[key],
            )
            rows.append(
                (
                    record.identity,
                    serial_number,
                    punch.user_id,
                    punch.timestamp.isoformat(),
                    punch.status,
                    punch.punch,
                    record.occurrence,
                    punch.raw,
                    read_at.isoformat(),
                )
            )
        odd = [
            (serial_number, item.raw, item.reason, read_at.isoformat()) for item in attendance_log.undecodable
        ]
        with self._transaction() as db:
            before = db.total_changes
            db.executemany("INSERT OR IGNORE INTO punches VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)", rows)
            db.executemany("INSERT OR IGNORE INTO undecodable VALUES (?, ?, ?, ?)", odd)
            return db.total_changes - before

    def remember_users(self, serial_number: str, names: Mapping[str, str]) -> None:
        """Take user names; those of users deleted since are kept, because their punches are."""
        with self._transaction() as db:
            db.executemany(
                "INSERT INTO users VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET user_name = excluded.user_name",
                [(serial_number, user_id, name) for user_id, name in names.items()],
            )

    def has_unnamed_backlog(self, serial_number: str) -> bool:
        """Whether an unconfirmed punch belongs to a user whose name is not known."""
        return bool(
            self._ask(
                "SELECT 1 FROM punches LEFT JOIN users USING (serial_number, user_id)"
                " WHERE sheet_id IS NULL AND serial_number = ? AND user_name IS NULL LIMIT 1",
                (serial_number,),
            )
        )

    def open_period(self, period: ReviewPeriod, sheet_id: str) -> None:
        """Remember a period's sheet; from now on its punches can be relayed."""
        with self._transaction() as db:
            db.execute(
                "INSERT INTO periods VALUES (?, ?, ?, ?, 0) ON CONFLICT DO UPDATE SET"
                " first_day = excluded.first_day, last_day = excluded.last_day, sheet_id = excluded.sheet_id",
                (period.name, period.first_day.isoformat(), period.last_day.isoformat(), sheet_id),
            )

    def close_period(self, period: ReviewPeriod) -> None:
        """Remember that a period is over; its late punches are still relayed."""
        with self._transaction() as db:
            db.execute("UPDATE periods SET closed = 1 WHERE name = ?", (period.name,))

    def latest_closed_period(self) -> ReviewPeriod | None:
        """What the snapshot would say, should it be lost."""
        rows = self._ask(
            "SELECT name, first_day, last_day FROM periods WHERE closed ORDER BY last_day DESC LIMIT 1"
        )
        return _period(*rows[0]) if rows else None

    @property
    def revision(self) -> int:
        """A number that grows with every row written: while it stands still, every answer stays the same."""
        return self._db.total_changes

    def periods_with_backlog(self) -> list[ReviewPeriod]:
        """Periods whose sheet is known and that have unconfirmed punches, the oldest first."""
        return [period for period, _ in self._periods() if self.backlog_of(period)]

    def next_chunk(self, period: ReviewPeriod, limit: int) -> Chunk | None:
        """The oldest unconfirmed records of a period, at most `limit`; None without any or without a sheet."""
        sheet_id = next((sheet for known, sheet in self._periods() if known.name == period.name), None)
        if sheet_id is None:
            return None
        rows = self._ask(
            "SELECT serial_number, user_id, user_name, timestamp, status, punch, occurrence"
            " FROM punches LEFT JOIN users USING (serial_number, user_id)"
            " WHERE sheet_id IS NULL AND timestamp >= ? AND timestamp < ?"
            " ORDER BY timestamp, identity LIMIT ?",
            (*self._window(period), limit),
        )
        records = tuple(
            AttendanceRecord(
                serial, user, user_name, datetime.fromisoformat(stamp), status, punch, occurrence
            )
            for serial, user, user_name, stamp, status, punch, occurrence in rows
        )
        return Chunk(period, sheet_id, records) if records else None

    def backlog_of(self, period: ReviewPeriod) -> int:
        """How many punches of the period no sheet has confirmed."""
        [(count,)] = self._ask(
            "SELECT count(*) FROM punches WHERE sheet_id IS NULL AND timestamp >= ? AND timestamp < ?",
            self._window(period),
        )
        return int(count)

    def confirm(self, identities: tuple[str, ...], sheet_id: str) -> None:
        """Remember that a sheet holds these punches; saying so twice changes nothing."""
        with self._transaction() as db:
            db.executemany(
                "UPDATE punches SET sheet_id = ? WHERE identity = ? AND sheet_id IS NULL",
                [(sheet_id, identity) for identity in identities],
            )

    def summary(self) -> LedgerSummary:
        """Counts for `attendance-client status`."""
        [(punches, confirmed)] = self._ask("SELECT count(*), count(sheet_id) FROM punches")
        [(undecodable,)] = self._ask("SELECT count(*) FROM undecodable")
        backlog = sum(self.backlog_of(period) for period, _ in self._periods())
        return LedgerSummary(punches, confirmed, backlog, punches - confirmed - backlog, undecodable)

    def _periods(self) -> list[tuple[ReviewPeriod, str]]:
        rows = self._ask("SELECT name, first_day, last_day, sheet_id FROM periods ORDER BY first_day")
        return [(_period(*row[:3]), row[3]) for row in rows]

    def _window(self, period: ReviewPeriod) -> tuple[str, str]:
        # ISO 8601 without zone and fraction: order of the text is order of time.
        return (
            period.opens_at(self._day_boundary).isoformat(),
            period.closes_at(self._day_boundary).isoformat(),
        )


def _period(name: str, first_day: str, last_day: str) -> ReviewPeriod:
    return ReviewPeriod(name, date.fromisoformat(first_day), date.fromisoformat(last_day))

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
from attendance_client.machine.port import AttendanceLog
from attendance_contracts import AttendanceRecord, ReviewPeriod

LEDGER_NAME = "ledger.sqlite3"
"""Beside the snapshot."""

SCHEMA_VERSION = 1
SCHEMA = """
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
    """Counts for people, and how far the sheets are.

    Attributes:
        confirmed: punches that a sheet confirmed.
        backlog: unconfirmed punches of a period whose sheet is known; they are on their way.
        without_period: unconfirmed punches of no known period: older than the first, or of one yet to come.
        undecodable: records that make no sense, kept with their bytes.
        earliest_backlog: when the oldest punch of the backlog was made.
        first_day: of the first period whose sheet is known.
    """

    punches: int
    confirmed: int
    backlog: int
    without_period: int
    undecodable: int
    earliest_backlog: datetime | None
    first_day: date | None


class Ledger:
    """A SQLite database in WAL mode with full synchronisation: what it has taken survives a power loss.

    `day_boundary` is the site's: it decides which period a punch belongs to.
    """

    def __init__(self, path: Path | str, day_boundary: time) -> None:
        self._path = path
        self._day_boundary = day_boundary
        self._summary: LedgerSummary | None = None
        self._summary_of = 0
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
        if version > SCHEMA_VERSION:
            raise LedgerError(
                f"{self._path} was written by a newer release (schema {version}); upgrade the client"
            )
        if version == 0:
            self._db.executescript(f"BEGIN; {SCHEMA} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;")

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
        """Take what was read of the machine's log; returns how many records were not known before.

        Equal records are told apart by their place among each other: in a whole log from its beginning, in the end
        of one after those that the ledger holds. The end of a log must therefore be taken once only.
        """
        occurrences: Counter[tuple[str, datetime, int, int]] = Counter()
        again = attendance_log.end.width == 8 and attendance_log.first == 0
        settled = self._settled_user_ids(serial_number) if again else {}
        rows = []
        for read in attendance_log.punches:
            user_id = settled.get(read.raw, read.user_id)
            key = (user_id, read.timestamp, read.status, read.punch)
            if attendance_log.first and key not in occurrences:
                occurrences[key] = self._occurrences(serial_number, *key)
            occurrences[key] += 1
            occurrence = occurrences[key]
            record = AttendanceRecord(
                serial_number, user_id, None, read.timestamp, read.status, read.punch, occurrence
            )
            rows.append(
                (
                    record.identity,
                    serial_number,
                    user_id,
                    read.timestamp.isoformat(),
                    read.status,
                    read.punch,
                    occurrence,
                    read.raw,
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

    def _settled_user_ids(self, serial_number: str) -> dict[bytes, str]:
        """Whose the records of 8 bytes are that the ledger holds: the machine's numbers pass to other people."""
        return dict(self._ask("SELECT raw, user_id FROM punches WHERE serial_number = ?", (serial_number,)))

    def _occurrences(
        self, serial_number: str, user_id: str, timestamp: datetime, status: int, punch: int
    ) -> int:
        """How many equal punches the ledger holds."""
        occurrence = 0
        while True:
            following = AttendanceRecord(
                serial_number, user_id, None, timestamp, status, punch, occurrence + 1
            )
            if not self._ask("SELECT 1 FROM punches WHERE identity = ?", (following.identity,)):
                return occurrence
            occurrence += 1

    def remember_users(self, serial_number: str, names: Mapping[str, str]) -> None:
        """Take user names; those of users deleted since are kept, because their punches are."""
        with self._transaction() as db:
            db.executemany(
                "INSERT INTO users VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET user_name = excluded.user_name",
                [(serial_number, user_id, name) for user_id, name in names.items()],
            )

    def unnamed_users(self, serial_number: str) -> frozenset[str]:
        """User IDs of unconfirmed punches whose user's name is not known, and that may still go to a sheet.

        An old machine is full of punches of people who are long gone: their names are never asked for again.
        """
        rows = self._ask(
            "SELECT DISTINCT user_id FROM punches LEFT JOIN users USING (serial_number, user_id)"
            " WHERE sheet_id IS NULL AND timestamp >= ? AND serial_number = ? AND user_name IS NULL",
            (self._first_opens_at(), serial_number),
        )
        return frozenset(user_id for (user_id,) in rows)

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
        return self._backlog(period)[0]

    def _backlog(self, period: ReviewPeriod) -> tuple[int, str | None]:
        """How many punches of the period no sheet has confirmed, and when the first of them was made."""
        [(count, earliest)] = self._ask(
            "SELECT count(*), min(timestamp) FROM punches WHERE sheet_id IS NULL AND timestamp >= ? AND timestamp < ?",
            self._window(period),
        )
        return count, earliest

    def confirm(self, identities: tuple[str, ...], sheet_id: str) -> None:
        """Remember that a sheet holds these punches; saying so twice changes nothing."""
        with self._transaction() as db:
            db.executemany(
                "UPDATE punches SET sheet_id = ? WHERE identity = ? AND sheet_id IS NULL",
                [(sheet_id, identity) for identity in identities],
            )

    def not_to_be_erased(self, serial_number: str) -> int:
        """How many punches of the machine no sheet has confirmed.

        Not counted are those made before the first period whose sheet is known: no sheet will ever take them, and
        the ledger is their archive.
        """
        [(left,)] = self._ask(
            "SELECT count(*) FROM punches WHERE sheet_id IS NULL AND serial_number = ? AND timestamp >= ?",
            (serial_number, self._first_opens_at()),
        )
        return int(left)

    def punched_between(self, serial_number: str, after: datetime, until: datetime) -> bool:
        """Whether the machine recorded a punch later than `after`, up to and including `until`."""
        return bool(
            self._ask(
                "SELECT 1 FROM punches WHERE serial_number = ? AND timestamp > ? AND timestamp <= ? LIMIT 1",
                (serial_number, after.isoformat(), until.isoformat()),
            )
        )

    def check(self) -> None:
        """Read the whole file; raises LedgerError where it is damaged."""
        [(told,), *_] = self._ask("PRAGMA quick_check")
        if told != "ok":
            raise self._damaged(sqlite3.DatabaseError(told))

    def summary(self) -> LedgerSummary:
        """Counts, and how far the sheets are; counted again only when a row was written since."""
        if self._summary is None or self._summary_of != self.revision:
            self._summary, self._summary_of = self._summarise(), self.revision
        return self._summary

    def _summarise(self) -> LedgerSummary:
        [(punches, confirmed)] = self._ask("SELECT count(*), count(sheet_id) FROM punches")
        [(undecodable,)] = self._ask("SELECT count(*) FROM undecodable")
        periods = [period for period, _ in self._periods()]
        backlogs = [self._backlog(period) for period in periods]
        backlog = sum(count for count, _ in backlogs)
        earliest = min((stamp for _, stamp in backlogs if stamp), default=None)
        return LedgerSummary(
            punches=punches,
            confirmed=confirmed,
            backlog=backlog,
            without_period=punches - confirmed - backlog,
            undecodable=undecodable,
            earliest_backlog=None if earliest is None else datetime.fromisoformat(earliest),
            first_day=periods[0].first_day if periods else None,
        )

    def _periods(self) -> list[tuple[ReviewPeriod, str]]:
        rows = self._ask("SELECT name, first_day, last_day, sheet_id FROM periods ORDER BY first_day")
        return [(_period(*row[:3]), row[3]) for row in rows]

    def _first_opens_at(self) -> str:
        """When the first period whose sheet is known opened: no sheet will take an older punch."""
        return min((self._window(period)[0] for period, _ in self._periods()), default="")

    def _window(self, period: ReviewPeriod) -> tuple[str, str]:
        # ISO 8601 without zone and fraction: order of the text is order of time.
        return (
            period.opens_at(self._day_boundary).isoformat(),
            period.closes_at(self._day_boundary).isoformat(),
        )


def _period(name: str, first_day: str, last_day: str) -> ReviewPeriod:
    return ReviewPeriod(name, date.fromisoformat(first_day), date.fromisoformat(last_day))

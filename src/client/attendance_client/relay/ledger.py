"""The ledger: every punch ever read, and what the backend said of it last.

Where the snapshot says where the *machine* is, the ledger says what the *data* is. It makes harmless the order
in which punches are read and the clock they were stamped by, and is the archive that outlives a machine's memory. It
can be lost: the machine is read again, and the sheets recognise what they hold.

Which period a punch belongs to, the backend decides. The periods here are what the site knows of them: they put
punches of one sheet into one message, and a backend before 0.2 takes no others.
"""

import sqlite3
from array import array
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import pairwise
from pathlib import Path
from secrets import token_urlsafe
from typing import Any

from attendance_client.errors import DiskError
from attendance_client.machine.port import AttendanceLog, LoggedPunch
from attendance_client.relay.ledger_file import damaged, migrate, opened_to_read, trouble_of
from attendance_contracts import (
    SEQUENCES_AHEAD,
    Answer,
    AttendanceRecord,
    MistimedPunches,
    Outcome,
    ReviewPeriod,
    sequence_at,
    tombstone,
)

LEDGER_NAME = "ledger.sqlite3"
"""Beside the snapshot."""

PUNCH_COLUMNS = (
    "identity",
    "serial_number",
    "user_id",
    "timestamp",
    "status",
    "punch",
    "occurrence",
    "raw",
    "read_at",
    "user_name",
    "machine",
)
"""What was read of a punch, without what was said of it since."""
EXPORTED = (
    "serial_number",
    "machine",
    "user_id",
    "user_name",
    "timestamp",
    "status",
    "punch",
    "read_at",
    "sheet_id",
    "answer",
    "reason",
)
"""For people: each punch, and what became of it."""
FIRST_POSSIBLE = datetime(2001, 1, 1)  # noqa: DTZ001 - a machine's wall time
"""Earlier punches were made after a flat cell had set the machine's clock to the year 2000."""
MOST_SHEETS = 20
"""That a message asks for: a period has a workbook for each workbook group."""
UNANSWERED = "unanswered"
"""Asked for by itself, and nobody answered in time."""
ROUTES, TABLE, GONE, SEQUENCE, HEEDS = "routes", "table", "gone ", "sequence", "heeds disabling "
SALT, FORGOTTEN, EXPIRED = "salt", "forgotten ", "expired "
"""Names of facts: whether the backend takes punches of any day; its table as last told; a sheet that is gone; the
number of the last signed message; before a serial number, whether that machine takes no punch while it is disabled;
the salt of tombstones, and before each of them and its machine's serial number why
the punch is not here any more."""
UNKNOWN = "unknown"
"""The value of `ROUTES` in a ledger that was begun in the middle of a period."""
_SHORT = 8
"""Bytes of a record that bears the user's place among the machine's users, and not the user ID."""
_EXPIRED_ROUNDS = 1
"""Of the hash of punches that are too old: these are all people's, and many to compare with at each whole reading."""
_Row = tuple[str, str, str, str, int, int, int, bytes, str, str]
"""Of punches, up to `read_at`."""
_OF_NO_PERIOD = (Outcome.NO_PERIOD, Outcome.BEFORE_FIRST_DAY)


@dataclass(frozen=True, slots=True)
class Chunk:
    """Unconfirmed records of one period, and the sheet they go to; or of days of which the site knows no period."""

    records: tuple[AttendanceRecord, ...]
    period: ReviewPeriod | None = None
    sheet_id: str = ""


@dataclass(frozen=True, slots=True)
class LedgerSummary:
    """Counts for people, and how far the sheets are.

    Attributes:
        confirmed: punches that a sheet confirmed.
        backlog: unconfirmed punches that are on their way, or refused.
        without_period: unconfirmed punches of no period: older than the first, or of one yet to come.
        undecodable: records that make no sense, kept with their bytes.
        earliest_backlog: when the oldest punch of the backlog was made.
        first_day: of the first period whose sheet is known.
        refused: punches of the backlog that the backend refuses, or does not answer.
        reason: why it refuses one of them, in its words.
    """

    punches: int
    confirmed: int
    backlog: int
    without_period: int
    undecodable: int
    earliest_backlog: datetime | None
    first_day: date | None
    refused: int = 0
    reason: str = ""


class Ledger:
    """A SQLite database in WAL mode with full synchronisation: what it has taken survives a power loss.

    `day_boundary` is the site's: it decides which period a punch belongs to. One that is opened to be read only can be
    of an earlier release, on a read-only disk, and in use by a running client.
    """

    def __init__(self, path: Path | str, day_boundary: time, *, read_only: bool = False) -> None:
        self._path = path
        self._day_boundary = day_boundary
        self._summary: LedgerSummary | None = None
        self._summary_of = 0
        self._left_out: set[str] = set()
        """Identities of punches that were found to be forgotten: each reading of the machine brings them again."""
        try:
            if read_only:
                self._db = opened_to_read(path)
                return
            self._db = sqlite3.connect(path, isolation_level=None)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            migrate(self._db, path)
        except (sqlite3.Error, OSError) as error:
            raise trouble_of(self._path, error) from error

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
            raise trouble_of(self._path, error) from error

    def _ask(self, question: str, parameters: tuple[object, ...] = ()) -> list[Any]:
        try:
            return self._db.execute(question, parameters).fetchall()
        except sqlite3.Error as error:
            raise trouble_of(self._path, error) from error

    def add_log(
        self, serial_number: str, attendance_log: AttendanceLog, read_at: datetime, machine: str = ""
    ) -> int:
        """Take what was read of the log of a machine, and what people call it; returns how many records are new.

        Equal records are told apart by their place among each other: in a whole log from its beginning, in the end
        of one after those that the ledger holds. The end of a log must therefore be taken once only.
        """
        at = read_at.isoformat()
        rows = self._rows(serial_number, attendance_log, at, machine)
        odd = [(serial_number, item.raw, item.reason, at) for item in attendance_log.undecodable]
        with self._transaction() as db:
            before = db.total_changes
            db.executemany(
                "INSERT OR IGNORE INTO punches (identity, serial_number, user_id, timestamp, status, punch, occurrence,"
                " raw, read_at, machine) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                self._without_forgotten(serial_number, rows),
            )
            db.executemany("INSERT OR IGNORE INTO undecodable VALUES (?, ?, ?, ?)", odd)
            return db.total_changes - before

    def _rows(
        self, serial_number: str, attendance_log: AttendanceLog, read_at: str, machine: str
    ) -> Iterator[_Row]:
        """Made one by one as they are written: a full machine's log is large enough as it was read."""
        again = attendance_log.end.width == 8 and attendance_log.first == 0
        settled = self._settled_user_ids(serial_number) if again else {}

        def what(read: LoggedPunch) -> tuple[str, datetime, int, int]:
            return settled.get(read.raw, read.user_id), read.timestamp, read.status, read.punch

        # Few punches are equal to another one: by their hashes it is seen which can be, in a hundredth of the memory.
        hashes = sorted(array("q", (hash(what(read)) for read in attendance_log.punches)))
        doubtful = {one for one, next_one in pairwise(hashes) if one == next_one}
        del hashes
        occurrences: dict[tuple[str, datetime, int, int], int] = {}
        for read in attendance_log.punches:
            key = what(read)
            user_id, occurrence = key[0], 1
            if attendance_log.first or hash(key) in doubtful:
                earlier = occurrences.get(key)
                if earlier is None:
                    earlier = self._occurrences(serial_number, *key) if attendance_log.first else 0
                occurrence = occurrences[key] = earlier + 1
            record = AttendanceRecord(serial_number, user_id, None, *key[1:], occurrence)
            yield (
                record.identity,
                serial_number,
                user_id,
                read.timestamp.isoformat(),
                read.status,
                read.punch,
                occurrence,
                read.raw,
                read_at,
                machine,
            )

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
            known = self._ask("SELECT 1 FROM punches WHERE identity = ?", (following.identity,))
            if not known and not self._is_forgotten(serial_number, following.identity):
                return occurrence
            occurrence += 1

    def _without_forgotten(self, serial_number: str, rows: Iterable[_Row]) -> Iterable[_Row]:
        """The rows of punches but for those that must not come back."""
        if not any(self._tombstones(serial_number)):
            return rows
        known = {identity for (identity,) in self._ask("SELECT identity FROM punches")}
        return (
            row
            for row in rows
            if row[0] in known
            or not any(self._is_forgotten(serial_number, mark) for mark in _marks(row[0], row[7]))
        )

    def _is_forgotten(self, serial_number: str, identity: str) -> bool:
        """Whether a punch that is not here was."""
        if identity in self._left_out:
            return True
        salt = self._fact(SALT)
        for kind, has_any in zip((EXPIRED, FORGOTTEN), self._tombstones(serial_number), strict=True):
            if has_any and self._fact(_tombstone(kind, serial_number, salt, identity)):
                self._left_out.add(identity)
                return True
        return False

    def _tombstones(self, serial_number: str) -> list[bool]:
        """Whether there are any of punches that expired, and of punches that were forgotten, of a machine."""
        return [
            bool(self._ask("SELECT 1 FROM facts WHERE name >= ? AND name < ? LIMIT 1", (begin, begin + "~")))
            for begin in (f"{kind}{serial_number} " for kind in (EXPIRED, FORGOTTEN))
        ]

    def users_called(self, user: str) -> list[tuple[str, str]]:
        """User IDs and names, as punches bear them, of whoever has this ID or this name on any machine."""
        rows = self._ask(
            "SELECT DISTINCT user_id, coalesce(user_name, '') FROM punches UNION SELECT user_id, user_name FROM users"
        )
        wanted = user.strip().casefold()
        return sorted(row for row in rows if wanted in (row[0].casefold(), row[1].strip().casefold()))

    def forget(self, user_id: str, user_name: str) -> tuple[int, int]:
        """Take out the punches of a user ID under a name, for good; returns how many, and of how many no sheet knows.

        What is left are tombstones, so that no reading of the machine brings them back. Neither is sent what was not
        stored yet.
        """
        where, whom = "user_id = ? AND coalesce(user_name, '') = ?", (user_id, user_name)
        with self._transaction() as db:
            ((unstored,),) = db.execute(
                f"SELECT count(*) FROM punches WHERE sheet_id IS NULL AND {where}",  # noqa: S608 - words of this file
                whom,
            )
            count = _bury(db, FORGOTTEN, where, whom)
            db.execute("DELETE FROM users WHERE user_id = ? AND user_name = ?", whom)
        self._overwrite()
        return count, int(unstored)

    def expire(self, before: datetime) -> int:
        """Take out punches that a sheet holds, or never will, made and read before a moment; returns how many.

        Tombstones tell them from new ones, should the machine still hold them.
        """
        settled = f"(sheet_id IS NOT NULL OR answer = '{Outcome.BEFORE_FIRST_DAY}')"
        where, moments = f"{settled} AND timestamp < ? AND read_at < ?", (before.isoformat(),) * 2
        if not self._ask(f"SELECT 1 FROM punches WHERE {where} LIMIT 1", moments):  # noqa: S608 - words of this file
            return 0
        with self._transaction() as db:
            count = _bury(db, EXPIRED, where, moments)
            db.execute("DELETE FROM undecodable WHERE read_at < ?", moments[:1])
        self._overwrite()
        return count

    def _overwrite(self) -> None:
        """Leave nothing of what was deleted in the file, or in the one beside it; a full disk leaves it for later."""
        try:
            self._db.execute("VACUUM")
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.Error as error:
            told = trouble_of(self._path, error)
            if not isinstance(told, DiskError):
                raise told from error

    def name_punches(self, serial_number: str, names: Mapping[str, str]) -> None:
        """Give the punches that were read since the last time the names that their users have now.

        Never again: a number passes to another person, a name is changed. A user deleted since has the last known one.
        """
        with self._transaction() as db:
            db.executemany(
                "INSERT INTO users VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET user_name = excluded.user_name",
                [(serial_number, user_id, name) for user_id, name in names.items()],
            )
            db.execute(
                "UPDATE punches SET user_name = coalesce((SELECT user_name FROM users WHERE"
                " users.serial_number = punches.serial_number AND users.user_id = punches.user_id), '')"
                " WHERE serial_number = ? AND user_name IS NULL AND sheet_id IS NULL",
                (serial_number,),
            )

    def unnamed_users(self, serial_number: str) -> frozenset[str]:
        """User IDs of punches of which the machine was not asked yet whose they are."""
        question = (
            "SELECT DISTINCT user_id FROM punches"
            " WHERE serial_number = ? AND user_name IS NULL AND sheet_id IS NULL"
        )
        return frozenset(user_id for (user_id,) in self._ask(question, (serial_number,)))

    def open_period(
        self, period: ReviewPeriod, sheet_id: str, *, routes: bool | None = None, table: str = ""
    ) -> None:
        """Remember a period's sheet, whether the backend that named it takes punches of any day, and its table."""
        with self._transaction() as db:
            db.execute(
                "INSERT INTO periods VALUES (?, ?, ?, ?, 0) ON CONFLICT DO UPDATE SET"
                " first_day = excluded.first_day, last_day = excluded.last_day, sheet_id = excluded.sheet_id",
                (period.name, period.first_day.isoformat(), period.last_day.isoformat(), sheet_id),
            )
            if routes is not None:
                _state(db, ROUTES, "yes" if routes else "")
            if table:
                _believe(db, table)

    def resume(self, period: ReviewPeriod, sheet_id: str) -> None:
        """Remember what the snapshot says of the open period's sheet: this ledger may follow one that was lost.

        It then does not know whether the backend takes punches of any day.
        """
        if not self._periods() and not self._fact(ROUTES):
            with self._transaction() as db:
                _state(db, ROUTES, UNKNOWN)
        self.open_period(period, sheet_id)

    def take_over(self, rows: Iterable[Sequence[object]]) -> int:
        """Take rows of another ledger (`PUNCH_COLUMNS`), to be asked for again; returns how many were not known."""
        names, places = ", ".join(PUNCH_COLUMNS), ", ".join("?" * len(PUNCH_COLUMNS))
        with self._transaction() as db:
            before = db.total_changes
            db.executemany(f"INSERT OR IGNORE INTO punches ({names}) VALUES ({places})", rows)  # noqa: S608 - as above
            return db.total_changes - before

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

    def _fact(self, name: str) -> str:
        """What was last told; empty when nothing was."""
        found = self._ask("SELECT value FROM facts WHERE name = ?", (name,))
        return str(found[0][0]) if found else ""

    @property
    def routes(self) -> bool:
        """Whether the backend takes punches of any day in one message, as far as it has told."""
        return self._fact(ROUTES) == "yes"

    def next_chunk(self, first: ReviewPeriod, limit: int) -> Chunk | None:
        """The oldest punches that are to be sent, at most `limit` of one period: of `first`, or else of others.

        Punches of no known period are sent only where the backend routes.
        """
        known = [(period, sheet_id) for period, sheet_id in self._periods() if sheet_id]
        known.sort(key=lambda each: each[0].name != first.name)
        for period, sheet_id in known:
            records = self._unsent(" AND timestamp >= ? AND timestamp < ?", self._window(period), limit)
            if records:
                return Chunk(records, period, sheet_id)
        if not self.routes:
            return None
        records = self._unsent(*self._outside(known), limit)
        return Chunk(records) if records else None

    def _unsent(self, where: str, parameters: tuple[str, ...], limit: int) -> tuple[AttendanceRecord, ...]:
        rows = self._ask(
            "SELECT serial_number, user_id, user_name, timestamp, status, punch, occurrence, machine FROM punches"  # noqa: S608 - words of this file
            f" WHERE sheet_id IS NULL AND answer IS NULL{where} ORDER BY timestamp, identity LIMIT ?",
            (*parameters, limit),
        )
        return tuple(
            AttendanceRecord(
                serial,
                user,
                user_name or None,
                datetime.fromisoformat(stamp),
                status,
                punch,
                occurrence,
                machine or "",
            )
            for serial, user, user_name, stamp, status, punch, occurrence, machine in rows
        )

    def _outside(self, known: Sequence[tuple[ReviewPeriod, str]]) -> tuple[str, tuple[str, ...]]:
        """The condition that a punch is of none of these periods."""
        windows = [self._window(period) for period, _ in known]
        where = " AND NOT (timestamp >= ? AND timestamp < ?)" * len(windows)
        return where, tuple(moment for window in windows for moment in window)

    def backlog_of(self, period: ReviewPeriod) -> int:
        """How many punches of the period are still to be sent."""
        [(count,)] = self._ask(
            "SELECT count(*) FROM punches WHERE sheet_id IS NULL AND answer IS NULL"
            " AND timestamp >= ? AND timestamp < ?",
            self._window(period),
        )
        return int(count)

    @property
    def table(self) -> str:
        """HR's table, as the backend named it last; empty before."""
        return self._fact(TABLE)

    def confirm(self, identities: tuple[str, ...], sheet_id: str) -> None:
        """Remember that a sheet holds these punches; saying so twice changes nothing."""
        self.take_answers((Answer(outcome=Outcome.STORED, identities=identities, sheet_id=sheet_id),))

    def is_gone(self, sheet_id: str) -> bool:
        """Whether a sheet was said to be gone, and has not confirmed anything since."""
        return bool(self._fact(GONE + sheet_id))

    def other_sheets(self, period: ReviewPeriod, sheet_id: str) -> tuple[str, ...]:
        """The sheets but this one that confirmed punches of a period, `MOST_SHEETS` at most."""
        rows = self._ask(
            "SELECT DISTINCT sheet_id FROM punches WHERE sheet_id != ? AND timestamp >= ? AND timestamp < ? LIMIT ?",
            (sheet_id, *self._window(period), MOST_SHEETS),
        )
        return tuple(other for (other,) in rows)

    def take_answers(
        self,
        answers: Sequence[Answer],
        *,
        table: str = "",
        routes: bool | None = None,
        gone: Iterable[str] = (),
    ) -> None:
        """Believe what was told last, of punches that no sheet has confirmed.

        Args:
            table: the backend's table of periods; if it is another one than before, punches of no period are asked
                for again.
            routes: whether the backend takes punches of any day, where the answer shows it.
            gone: sheets that are gone: what they confirmed is confirmed no more.
        """
        with self._transaction() as db:
            if table:
                _believe(db, table)
            if routes is not None:
                _state(db, ROUTES, "yes" if routes else "")
            for sheet_id in gone:
                db.execute(
                    "UPDATE punches SET sheet_id = NULL, answer = NULL WHERE sheet_id = ?", (sheet_id,)
                )
                db.execute("UPDATE periods SET sheet_id = '' WHERE sheet_id = ?", (sheet_id,))
                _state(db, GONE + sheet_id, "yes")
            for answer in answers:
                stored = answer.outcome is Outcome.STORED
                told = (answer.sheet_id, None, None) if stored else (None, answer.outcome, answer.reason)
                db.executemany(
                    "UPDATE punches SET sheet_id = ?, answer = ?, reason = ?"
                    " WHERE identity = ? AND sheet_id IS NULL",
                    [(*told, identity) for identity in answer.identities],
                )
                if stored:
                    db.execute("DELETE FROM facts WHERE name = ?", (GONE + answer.sheet_id,))

    def punches(self, since: str = "", until: str = "9999") -> Generator[tuple[Any, ...], None, None]:
        """The rows of `EXPORTED`, oldest first, of punches made from `since` on and before `until` (ISO 8601)."""
        try:
            yield from self._db.execute(
                f"SELECT {', '.join(EXPORTED)} FROM punches WHERE timestamp >= ? AND timestamp < ?"  # noqa: S608 - as above
                " ORDER BY timestamp, identity",
                (since, until),
            )
        except sqlite3.Error as error:
            raise trouble_of(self._path, error) from error

    def send_again(self, since: str) -> int:
        """Forget what was said of punches made from `since` on (ISO 8601); returns how many a sheet had confirmed."""
        with self._transaction() as db:
            [(confirmed,)] = db.execute(
                "SELECT count(sheet_id) FROM punches WHERE timestamp >= ?", (since,)
            ).fetchall()
            db.execute(
                "UPDATE punches SET sheet_id = NULL, answer = NULL, reason = NULL WHERE timestamp >= ?",
                (since,),
            )
        return int(confirmed)

    def next_sequence(self, now: datetime) -> int:
        """A higher number each time, for signed messages.

        By the clock (`now`, aware), so that the ledger of a new card goes on above the lost one's.
        """
        with self._transaction() as db:
            number = max(sequence_at(now), int(self._fact(SEQUENCE) or 0) + 1)
            _state(db, SEQUENCE, str(number))
        return number

    def bound_sequence(self, cloud_time: datetime) -> None:
        """Go back to the highest number that the backend counts by now, if a clock that was ahead has led beyond it."""
        most = sequence_at(cloud_time + SEQUENCES_AHEAD)
        if int(self._fact(SEQUENCE) or 0) > most:
            with self._transaction() as db:
                _state(db, SEQUENCE, str(most))

    def set_aside(self, identities: Sequence[str]) -> None:
        """Nobody answers for these punches: others are sent first, until `ask_again`."""
        with self._transaction() as db:
            db.executemany(
                "UPDATE punches SET answer = ? WHERE identity = ? AND sheet_id IS NULL",
                [(UNANSWERED, identity) for identity in identities],
            )

    def ask_again(self, *, table: bool) -> None:
        """Send once more what was refused or not answered.

        With `table`, one punch of no period as well: its answer tells whether HR's table is another one by now.
        """
        wanted = f"answer NOT IN {tuple(map(str, _OF_NO_PERIOD))}"
        if table:
            wanted += (
                " OR identity = (SELECT identity FROM punches WHERE sheet_id IS NULL AND answer IS NOT NULL"  # noqa: S608 - as above
                f" AND answer = '{Outcome.NO_PERIOD}' ORDER BY timestamp DESC LIMIT 1)"
            )
        question = f"FROM punches WHERE sheet_id IS NULL AND answer IS NOT NULL AND ({wanted})"
        if self._ask(f"SELECT 1 {question} LIMIT 1"):
            with self._transaction() as db:
                db.execute(
                    f"UPDATE punches SET answer = NULL WHERE identity IN (SELECT identity {question})"  # noqa: S608 - as above
                )

    def not_to_be_erased(self, serial_number: str) -> int:
        """How many punches of the machine no sheet has confirmed.

        Not counted are those that the backend said were made before the site's First Day: no sheet will ever take
        them, and the ledger is their archive.
        """
        [(left,)] = self._ask(
            "SELECT count(*) FROM punches WHERE sheet_id IS NULL AND serial_number = ?"
            " AND coalesce(answer, '') != ?",
            (serial_number, Outcome.BEFORE_FIRST_DAY),
        )
        return int(left)

    def knows_machine(self, serial_number: str) -> bool:
        """Whether it gave away a punch, ever."""
        return bool(self._ask("SELECT 1 FROM punches WHERE serial_number = ? LIMIT 1", (serial_number,)))

    def heeds_disabling(self, serial_number: str) -> bool | None:
        """Whether the machine takes no punch while it is disabled; None where nobody has tried."""
        return {"yes": True, "no": False}.get(self._fact(HEEDS + serial_number))

    def note_disabling(self, serial_number: str, *, heeds: bool) -> None:
        """Remember what was seen of the machine while it was disabled."""
        with self._transaction() as db:
            _state(db, HEEDS + serial_number, "yes" if heeds else "no")

    def punched_between(self, serial_number: str, after: datetime, until: datetime) -> bool:
        """Whether the machine recorded a punch later than `after`, up to and including `until`."""
        return bool(
            self._ask(
                "SELECT 1 FROM punches WHERE serial_number = ? AND timestamp > ? AND timestamp <= ? LIMIT 1",
                (serial_number, after.isoformat(), until.isoformat()),
            )
        )

    def mistimed(self, since: date, latest: datetime) -> list[MistimedPunches]:
        """Punches of no period whose times cannot be: of before `FIRST_POSSIBLE`, or later than `latest`.

        As far as they were read since a day; or by a computer whose own clock was as wrong, and nobody knows when.
        """
        first = FIRST_POSSIBLE.isoformat()
        rows = self._ask(
            "SELECT serial_number, coalesce(max(machine), ''), user_id, coalesce(max(user_name), ''), count(*),"
            " min(timestamp), max(timestamp), date(read_at) FROM punches"
            " WHERE sheet_id IS NULL AND (timestamp < ? OR timestamp > ?) AND answer IN (?, ?)"
            " AND (read_at >= ? OR read_at < ?)"
            " GROUP BY serial_number, user_id, date(read_at) ORDER BY date(read_at), serial_number, user_id",
            (first, latest.isoformat(), *_OF_NO_PERIOD, since.isoformat(), first),
        )
        return [
            MistimedPunches(
                serial_number=serial,
                machine=machine,
                user_id=user,
                user_name=name,
                count=count,
                first=datetime.fromisoformat(earliest),
                last=datetime.fromisoformat(last),
                read_on=date.fromisoformat(read_on),
            )
            for serial, machine, user, name, count, earliest, last, read_on in rows
        ]

    def check(self) -> None:
        """Read the whole file; raises DamagedError where it is damaged."""
        [(told,), *_] = self._ask("PRAGMA quick_check(1)")
        if told != "ok":
            raise damaged(self._path, told)

    def summary(self) -> LedgerSummary:
        """Counts, and how far the sheets are; counted again only when a row was written since."""
        if self._summary is None or self._summary_of != self.revision:
            self._summary, self._summary_of = self._summarise(), self.revision
        return self._summary

    def _summarise(self) -> LedgerSummary:
        [(punches, confirmed)] = self._ask("SELECT count(*), count(sheet_id) FROM punches")
        [(undecodable,)] = self._ask("SELECT count(*) FROM undecodable")
        periods = self._periods()
        # A backend that does not route takes none but those of known periods. While nobody knows, as after a ledger was
        # lost, days with such punches are not complete.
        outside, moments = self._outside(periods)
        left_out, moments = ("", ()) if self._fact(ROUTES) else (f" AND NOT (1{outside})", moments)
        [(backlog, earliest)] = self._ask(
            "SELECT count(*), min(timestamp) FROM punches WHERE sheet_id IS NULL"  # noqa: S608 - as above
            f" AND coalesce(answer, '') NOT IN (?, ?){left_out}",
            (*_OF_NO_PERIOD, *moments),
        )
        refused = self._ask(
            "SELECT reason FROM punches WHERE sheet_id IS NULL AND answer NOT IN (?, ?)", _OF_NO_PERIOD
        )
        return LedgerSummary(
            punches=punches,
            confirmed=confirmed,
            backlog=backlog,
            without_period=punches - confirmed - backlog,
            undecodable=undecodable,
            earliest_backlog=None if earliest is None else datetime.fromisoformat(earliest),
            first_day=periods[0][0].first_day if periods else None,
            refused=len(refused),
            reason=next((reason for (reason,) in refused if reason), ""),
        )

    def _periods(self) -> list[tuple[ReviewPeriod, str]]:
        """What is known of periods, the oldest first, and their sheets; empty where it is gone."""
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


def _bury(db: sqlite3.Connection, kind: str, where: str, parameters: Sequence[object]) -> int:
    """Leave a tombstone of each punch in place of it; returns how many there were."""
    found = db.execute("SELECT value FROM facts WHERE name = ?", (SALT,)).fetchone()
    salt = found[0] if found else token_urlsafe(16)
    _state(db, SALT, salt)
    question = f"SELECT serial_number, identity, raw FROM punches WHERE {where}"  # noqa: S608 - words of this file
    rows = db.execute(question, parameters).fetchall()
    for serial_number, identity, raw in rows:
        for mark in _marks(identity, raw):
            _state(db, _tombstone(kind, serial_number, salt, mark), "yes")
    db.execute(f"DELETE FROM punches WHERE {where}", parameters)  # noqa: S608 - as above
    return len(rows)


def _marks(identity: str, raw: bytes) -> list[str]:
    """By what a punch is known again. Whose one of 8 bytes is, only the machine's users tell, and they change."""
    return [identity, raw.hex()] if len(raw) == _SHORT else [identity]


def _tombstone(kind: str, serial_number: str, salt: str, identity: str) -> str:
    mark = tombstone(salt, identity, _EXPIRED_ROUNDS) if kind == EXPIRED else tombstone(salt, identity)
    return f"{kind}{serial_number} {mark}"


def _believe(db: sqlite3.Connection, table: str) -> None:
    """HR's table is this one by now: where it was another one, punches that it had no period for are asked again."""
    if (table,) not in db.execute("SELECT value FROM facts WHERE name = ?", (TABLE,)).fetchall():
        db.execute("UPDATE punches SET answer = NULL WHERE answer IN (?, ?)", _OF_NO_PERIOD)
        _state(db, TABLE, table)


def _state(db: sqlite3.Connection, name: str, value: str) -> None:
    db.execute(
        "INSERT INTO facts VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value", (name, value)
    )

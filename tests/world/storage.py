"""The client's two durable things, with a power supply that can fail around each of their effects."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import time
from pathlib import Path

from attendance_client.fsm.snapshot import FileSnapshotStore, Snapshot
from attendance_client.relay.ledger import Ledger
from tests.world.power import Power
from tests.world.snapshots import SnapshotModel


class WorldLedger(Ledger):
    """The real ledger; the power may fail before a transaction and after it.

    In between, SQLite promises all or nothing, as `synchronous = FULL` asks it to.
    """

    def __init__(self, path: Path | str, day_boundary: time, power: Power) -> None:
        self._power = power
        super().__init__(path, day_boundary)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._power.effect("ledger transaction"), super()._transaction() as db:
            yield db

    def identities(self) -> set[str]:
        """Every punch that it holds."""
        return {identity for (identity,) in self._db.execute("SELECT identity FROM punches")}

    def confirmed(self) -> dict[str, str]:
        """The sheet that is said to hold a punch, by the punch's identity."""
        query = "SELECT identity, sheet_id FROM punches WHERE sheet_id IS NOT NULL"
        return dict(self._db.execute(query).fetchall())

    def of_user(self, user: str) -> set[str]:
        """Every punch of a user ID that it holds."""
        rows = self._db.execute("SELECT identity FROM punches WHERE user_id = ?", (user,))
        return {identity for (identity,) in rows}

    def undecodable(self) -> int:
        (count,) = self._db.execute("SELECT count(*) FROM undecodable").fetchone()
        return int(count)


class WorldSnapshotStore:
    """The real store, with a small model of its files beside it."""

    def __init__(self, directory: Path, power: Power, model: SnapshotModel) -> None:
        self._store = FileSnapshotStore(directory)
        self._power = power
        self._model = model

    def load(self) -> Snapshot | None:
        return self._store.load()

    def save(self, snapshot: Snapshot) -> None:
        self._model.begin(snapshot)
        with self._power.effect("snapshot"):
            self._store.save(snapshot)
            self._model.end()

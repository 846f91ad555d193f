"""The files that the client keeps in its directory."""

import os
import shutil
from collections.abc import Iterator
from datetime import time
from pathlib import Path

from attendance_client.app.config import Config
from attendance_client.app.locking import is_taken
from attendance_client.app.site_key import load_site_key
from attendance_client.app.status import FREE_BYTES
from attendance_client.errors import ClientError, ConfigError, no_permission
from attendance_client.fsm.generated import RESUME_AT
from attendance_client.fsm.snapshot import FileSnapshotStore, decode_snapshot
from attendance_client.relay import ledger_rescue
from attendance_client.relay.ledger import LEDGER_NAME, Ledger
from attendance_trouble.finding import Finding, fail, ok, warn


def examine_files(directory: Path, config: Config | None) -> Iterator[Finding]:
    """Directory, snapshot and ledger, and whether a client is running here."""
    if not directory.is_dir():
        trouble = "is no folder" if directory.exists() else "does not exist"
        yield fail("directory", f"{directory} {trouble}; name the client's folder with --directory")
        return
    yield _directory(directory)
    if config is not None:
        yield from _site_key(directory, config)
    yield _service(directory)
    yield _snapshot(directory)
    yield _ledger(directory / LEDGER_NAME, time(0) if config is None else config.site.day_boundary)


def _directory(directory: Path) -> Finding:
    if not os.access(directory, os.R_OK | os.W_OK | os.X_OK):
        return fail("directory", no_permission(directory / LEDGER_NAME))
    free = shutil.disk_usage(directory).free
    told = f"{directory.absolute()}, {free / 1e9:.1f} GB free"
    if free < FREE_BYTES:
        return warn("directory", f"{told}; make room on this disk")
    return ok("directory", told)


def _site_key(directory: Path, config: Config) -> Iterator[Finding]:
    """Nothing is said of a site that has none: it need not."""
    try:
        key = load_site_key(directory, config)
    except ConfigError as error:
        yield fail("site key", error)
        return
    if key is not None:
        yield ok("site key", f"number {key.number}; messages are signed")


def _service(directory: Path) -> Finding:
    if is_taken(directory):
        return warn(
            "service",
            "a client is running here: a machine that talks to one program at a time may not answer the doctor. To be "
            "sure, stop it for that long (systemctl stop attendance-client)",
        )
    return ok("service", "no client is running here now")


def _snapshot(directory: Path) -> Finding:
    store = FileSnapshotStore(directory)
    if not store.path.exists() and not store.previous_path.exists():
        return ok("snapshot", "none yet: the client begins at its first run")
    try:
        snapshot = decode_snapshot(store.path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        return _earlier_snapshot(store, error)
    period = snapshot.review_period
    return ok("snapshot", f"{RESUME_AT[snapshot.pi4_state]}, period {period.name if period else 'none'}")


def _earlier_snapshot(store: FileSnapshotStore, problem: Exception) -> Finding:
    try:
        snapshot = store.load()
    except ClientError as error:
        return fail("snapshot", error)
    if snapshot is None:
        return warn(
            "snapshot",
            f"{store.path}: {problem}. The client begins anew: it asks for the review period again, which loses "
            "nothing; if this comes again, look at the disk",
        )
    return warn(
        "snapshot",
        f"{store.path}: {problem}. The client resumes from {store.previous_path.name}, one step earlier, which loses "
        "nothing; if this comes again, look at the disk",
    )


def _ledger(path: Path, day_boundary: time) -> Finding:
    if not path.exists():
        return ok("ledger", "none yet: the client makes it")
    try:
        ledger = Ledger(path, day_boundary, read_only=True)
        try:
            ledger.check()
            summary = ledger.summary()
        finally:
            ledger.close()
    except ClientError as error:
        return fail("ledger", error)
    if told := ledger_rescue.trouble(path.parent):
        return warn("ledger", told)
    return ok(
        "ledger",
        f"{summary.punches} punches, {summary.confirmed} in a sheet, {summary.backlog} on their way, "
        f"{summary.without_period} of no period, {summary.undecodable} that make no sense",
    )

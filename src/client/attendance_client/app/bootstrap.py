"""Builds the client out of its adapters; nothing else constructs them."""

import os
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import google.auth

from attendance_client.app.config import Config, load_config
from attendance_client.app.locking import only_one
from attendance_client.app.site_key import load_site_key
from attendance_client.app.system import SystemClock, SystemdSupervisor
from attendance_client.errors import AccessError, LedgerError, no_permission
from attendance_client.fsm.client import Client
from attendance_client.fsm.runner import Runner
from attendance_client.fsm.session import Session
from attendance_client.fsm.snapshot import FileSnapshotStore
from attendance_client.machine.zk.zk_machine import ZkMachine
from attendance_client.ports import Clock
from attendance_client.relay.ledger import LEDGER_NAME, Ledger
from attendance_client.relay.pubsub import KEY_FILE, NO_USE, PubSubBus, unusable_credentials
from attendance_contracts import Signer


@contextmanager
def bootstrap(directory: Path, stop: threading.Event, clock: Clock | None = None) -> Iterator[Runner]:
    """A runner for the site whose files lie in `directory`; `clock` replaces the computer's own.

    Raises:
        UserError: what a person must mend.
    """
    config = load_config(directory)
    snapshots = FileSnapshotStore(directory)
    with only_one(directory):
        session = Session(config.site.day_boundary, snapshots.load())
        bus = PubSubBus(project_of(config), config.site.location)
        path = directory / LEDGER_NAME
        _keep_private(path)
        ledger = Ledger(path, config.site.day_boundary)
        try:
            if (key := load_site_key(directory, config)) is not None:
                bus.signer = Signer(key, ledger.next_sequence)
            client = Client(
                site=config.site,
                machine=ZkMachine(config.machine),
                bus=bus,
                clock=clock or SystemClock(config.site.time_zone, stop),
                ledger=ledger,
                supervisor=SystemdSupervisor(stop),
                session=session,
            )
            yield Runner(client, snapshots, random.Random())  # noqa: S311 - spreads retries, keeps no secret
        finally:
            ledger.close()


def _keep_private(path: Path) -> None:
    """Let only this user read the ledger: it says who was where when."""
    try:
        path.touch(mode=0o600)
    except PermissionError as error:
        raise LedgerError(no_permission(path)) from error
    except OSError as error:
        raise LedgerError(f"{path}: {error}") from error


def project_of(config: Config) -> str:
    """The Google Cloud project; raises AccessError where nothing names it."""
    if config.project_id:
        return config.project_id
    if project := os.environ.get("GOOGLE_CLOUD_PROJECT"):
        return project
    try:
        _, project = google.auth.default()
    except NO_USE as error:
        if os.environ.get(KEY_FILE):
            raise AccessError(unusable_credentials()) from error
        project = None
    if not project:
        raise AccessError(
            "the Google Cloud project is not known; put 'project_id' into biometric_device_config.json, or set "
            "GOOGLE_CLOUD_PROJECT"
        )
    return str(project)

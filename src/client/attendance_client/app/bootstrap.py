"""Builds the client out of its adapters; nothing else constructs them."""

import logging
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, time
from importlib.util import find_spec
from pathlib import Path

import google.auth

from attendance_client.app.config import Config, load_config
from attendance_client.app.diary import FileDiary
from attendance_client.app.locking import only_one
from attendance_client.app.site_key import load_site_key
from attendance_client.app.system import SystemClock, SystemdSupervisor
from attendance_client.errors import (
    ClientError,
    CredentialsError,
    DamagedError,
    DiskError,
    LedgerError,
    disk_remedy,
    no_permission,
)
from attendance_client.fsm.client import Client
from attendance_client.fsm.runner import Runner
from attendance_client.fsm.session import Door, Session
from attendance_client.fsm.snapshot import FileSnapshotStore
from attendance_client.machine.apart import MachineApart
from attendance_client.machine.port import AttendanceMachine, MachineAddress
from attendance_client.ports import Clock
from attendance_client.relay import ledger_rescue
from attendance_client.relay.ledger import LEDGER_NAME, Ledger
from attendance_client.relay.pubsub import NO_USE, PubSubBus, unusable_credentials
from attendance_contracts import Signer
from attendance_trouble import KEY_FILE

log = logging.getLogger(__name__)

PYZK = "zk"
"""What it is imported as."""


@contextmanager
def bootstrap(directory: Path, stop: threading.Event, clock: Clock | None = None) -> Iterator[Runner]:
    """A runner for the site whose files lie in `directory`; `clock` replaces the computer's own.

    Raises:
        UserError: what a person must fix.
        DiskError, DamagedError: what another start may get over.
    """
    config = load_config(directory)
    snapshots = FileSnapshotStore(directory)
    with only_one(directory):
        diary = FileDiary(directory, clock or SystemClock(config.site.time_zone, stop))
        try:
            with _assembled(directory, config, snapshots, stop, diary) as client:
                yield Runner(client, snapshots)
        except ClientError as error:
            diary.end(str(error))
            raise
        diary.end()


@contextmanager
def _assembled(
    directory: Path, config: Config, snapshots: FileSnapshotStore, stop: threading.Event, diary: FileDiary
) -> Iterator[Client]:
    if find_spec(PYZK) is None:  # a process of its own would end again and again
        raise ModuleNotFoundError(f"No module named {PYZK!r}", name=PYZK)
    session = Session(config.site.day_boundary, snapshots.load())
    bus = PubSubBus(project_of(config), config.site.location, stop)
    ledger = _ledger(directory, config.site.day_boundary)
    session.health.troubles |= {"ledger": told} if (told := ledger_rescue.trouble(directory)) else {}
    try:
        if (key := load_site_key(directory, config)) is not None:
            bus.signer = Signer(key, lambda: ledger.next_sequence(datetime.now(UTC)))
        supervisor = SystemdSupervisor(stop)
        talks_to = MachineApart if config.own_process_for_machine else _here
        client = Client(
            site=config.site,
            doors=[
                Door(diary.watch(talks_to(address, supervisor.progress, stop), address))
                for address in config.machines
            ],
            bus=bus,
            clock=diary.clock,
            ledger=ledger,
            supervisor=supervisor,
            session=session,
            diary=diary,
        )
        diary.client, diary.bus = client, bus
        yield client
    except DamagedError:
        ledger.close()
        ledger_rescue.put_aside(directory, datetime.now())  # noqa: DTZ005 - as people read it
        raise
    finally:
        ledger.close()


def _here(address: MachineAddress, progress: Callable[[], None], stop: threading.Event) -> AttendanceMachine:
    # pyzk, where it may be: see MachineApart.
    from attendance_client.machine.zk.zk_machine import ZkMachine  # noqa: PLC0415

    return ZkMachine(address, progress, stop)


def _ledger(directory: Path, day_boundary: time) -> Ledger:
    """The site's ledger; a damaged one is put aside, as it must not keep punches from being read."""
    path, now = directory / LEDGER_NAME, datetime.now()  # noqa: DTZ005 - as above
    if ledger_rescue.is_half_aside(directory):
        ledger_rescue.put_aside(directory, now)
    _keep_private(path)
    try:
        ledger = Ledger(path, day_boundary)
        try:
            ledger.check()
        except DamagedError:
            ledger.close()
            raise
    except DamagedError as error:
        why = str(error)
    else:
        return ledger
    folder = ledger_rescue.put_aside(directory, now)
    log.error("%s. It lies in %s; attendance-client ledger recover takes over what can be read", why, folder)
    _keep_private(path)
    return Ledger(path, day_boundary)


def recover_ledgers(directory: Path) -> Iterator[str]:
    """Take over what can be read of the ledgers that were put aside; says in a line each what became of them."""
    config = load_config(directory)
    with only_one(directory):
        folders = ledger_rescue.asides(directory)
        if not folders:
            yield "nothing to recover: there is no folder ledger.damaged-..."
            return
        ledger = _ledger(directory, config.site.day_boundary)
        try:
            for folder in folders:
                found, new = ledger_rescue.recover(folder, ledger)
                yield f"{folder.name}: {found} punches could be read, {new} of them were not in the ledger"
        finally:
            ledger.close()


@contextmanager
def opened_ledger(directory: Path) -> Iterator[Ledger]:
    """The site's ledger, while no client runs there."""
    config = load_config(directory)
    with only_one(directory), closing(_ledger(directory, config.site.day_boundary)) as ledger:
        yield ledger


def forget(directory: Path, user: str, name: str | None) -> Iterator[str]:
    """Forget a user of the machine; says in a line each what was done and what is left to do.

    Raises:
        UserError: nobody is called so, or several are.
    """
    with opened_ledger(directory) as ledger:
        found = ledger.users_called(user)
        if name is not None:
            found = [each for each in found if each[1].strip().casefold() == name.strip().casefold()]
        if len({user_name for _, user_name in found}) > 1:
            listed = ", ".join(f"{number} {user_name or '(no name)'}" for number, user_name in found)
            raise LedgerError(
                f"{user!r} was several people ({listed}): say which one with --name, or --name ''"
            )
        if not found:
            raise LedgerError(
                f"nobody is called {user!r} in the ledger: attendance-client device users lists all"
            )
        for user_id, user_name in found:
            count, unstored = ledger.forget(user_id, user_name)
            called = f"user {user_id}" + (f" ({user_name})" if user_name else "")
            yield f"{called}: {count} punches forgotten; they do not come back from the machine"
            if unstored:
                yield (
                    f"{called}: {unstored} of these were in no sheet, and only this card knows that they are "
                    "forgotten: before it is replaced or its ledger deleted, clear the machine's log; or forget "
                    "again afterwards, here and with attendance-backend"
                )
        yield (
            "left to do: delete the user in the machine's menu, or its name comes back here; then attendance-backend "
            "forget for the workbooks"
        )
        for folder in sorted(directory.glob("ledger.*-*/")):
            yield f"{folder} holds what could be read of a damaged ledger, and the person: delete it"


def _keep_private(path: Path) -> None:
    """Let only this user read the ledger: it says who was where when."""
    try:
        path.touch(mode=0o600)
    except PermissionError as error:
        raise LedgerError(no_permission(path)) from error
    except OSError as error:
        raise DiskError(f"{path}: {error}; {disk_remedy(path)}") from error


def project_of(config: Config) -> str:
    """The Google Cloud project; raises CredentialsError where nothing names it."""
    if config.project_id:
        return config.project_id
    if project := os.environ.get("GOOGLE_CLOUD_PROJECT"):
        return project
    try:
        _, project = google.auth.default()
    except NO_USE as error:
        if os.environ.get(KEY_FILE):
            raise CredentialsError(unusable_credentials()) from error
        project = None
    if not project:
        raise CredentialsError(
            "the Google Cloud project is not known; put 'project_id' into biometric_device_config.json, or set "
            "GOOGLE_CLOUD_PROJECT"
        )
    return str(project)

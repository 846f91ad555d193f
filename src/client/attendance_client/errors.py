"""The client's errors, by remedy.

ClientError
├── UserError            a person must fix something here; commands end with exit code 2, and the service stays ended
│   ├── ConfigError
│   ├── CredentialsError
│   ├── SnapshotError
│   ├── LedgerError
│   ├── RecordingError
│   └── ClockError
├── DamagedError         a file is damaged: the next start makes a new one
└── TransientError       try again later, with back-off
    ├── MachineError     the attendance machine did not answer, or answered what cannot be true
    │   └── RefusalError     it answered that it will not
    ├── DiskError        the disk is full, locked, read-only or failing
    ├── AccessError      something in the cloud project is missing, or this site may not use it
    └── BusError         Pub/Sub did not answer

StopRequested            no error: the service was told to stop
"""

import os
from pathlib import Path


class ClientError(Exception):
    """Says what happened, to what, and what to do next."""


class UserError(ClientError):
    """A person must fix something before the client can go on."""


class ConfigError(UserError):
    """biometric_device_config.json is missing, unreadable or holds something impossible."""


class SnapshotError(UserError):
    """snapshot.json is none that this release can go on with, or may not be read."""


class LedgerError(UserError):
    """The ledger's file may not be opened, or is none of this release."""


class RecordingError(UserError):
    """A recording of a machine cannot be written, or read."""


class ClockError(UserError):
    """The machine's clock was not set, because that would do harm."""


class CredentialsError(UserError):
    """There are no credentials that can be used, or nothing names the Google Cloud project."""


class DamagedError(ClientError):
    """The ledger's file is damaged; see `relay.ledger_rescue`."""


class TransientError(ClientError):
    """The world is not ready; the same step is tried again later."""


class MachineError(TransientError):
    """The attendance machine could not be read; says nothing about whether there are new punches."""


class RefusalError(MachineError):
    """The machine understood what it was asked and will not do it."""


class SilenceError(MachineError):
    """The machine did not answer in time; asked again, it may."""


class DiskError(TransientError):
    """A file cannot be written or read now: the disk is full, read-only or failing, or another program has the file."""


class AccessError(TransientError):
    """Something in the cloud project is missing, or this site may not use it; somebody may be about to fix it."""


class BusError(TransientError):
    """Pub/Sub could not be reached or did not confirm."""


class StopRequested(Exception):  # noqa: N818 - not an error: a service manager asked, and gets what it asked for
    """Raised between effects when the service was told to stop."""


def no_permission(path: Path) -> str:
    """What to say, and to do, about a file that this user may not open."""
    if is_read_only(path):
        return f"{path}: it may not be opened; {disk_remedy(path)}"
    return (
        f"{path}: this user may not open it. Run the command as the service's user (sudo -u attendance-client ...), or "
        f"give the files back to it: sudo chown -R attendance-client: {path.absolute().parent}"
    )


def is_read_only(path: Path) -> bool:
    """Whether a file lies on a file system that nothing may be written to."""
    try:
        return bool(os.statvfs(path.parent).f_flag & os.ST_RDONLY)
    except OSError:
        return False


def disk_remedy(path: Path) -> str:
    """What to do about a file that cannot be written or read now."""
    if is_read_only(path):
        return (
            "its file system is read-only, as Linux makes it where a card fails (dmesg says more): start the computer "
            "anew, and replace the card if it comes again"
        )
    try:
        is_full = os.statvfs(path.parent).f_bavail == 0
    except OSError:
        is_full = False
    if is_full:
        return "the disk is full: make room, for example with sudo journalctl --vacuum-size=50M"
    return "tried again; if it stays so, look at the disk (dmesg), and for another program that has the file (fuser)"

"""The client's errors, by remedy.

ClientError
├── UserError            a person must mend something; commands end with exit code 2
│   ├── ConfigError
│   ├── SnapshotError
│   ├── LedgerError
│   ├── RecordingError
│   ├── ClockError
│   └── AccessError
└── TransientError       try again later, with back-off
    ├── MachineError     the attendance machine did not answer, or answered what cannot be true
    │   └── RefusalError     it answered that it will not
    └── BusError         Pub/Sub did not answer

StopRequested            no error: the service was told to stop
"""

from pathlib import Path


class ClientError(Exception):
    """Says what happened, to what, and what to do next."""


class UserError(ClientError):
    """A person must mend something before the client can go on."""


class ConfigError(UserError):
    """biometric_device_config.json is missing, unreadable or holds something impossible."""


class SnapshotError(UserError):
    """Neither snapshot.json nor the one before it can be read."""


class LedgerError(UserError):
    """The ledger's file cannot be opened or is damaged."""


class RecordingError(UserError):
    """A recording of a machine cannot be written, or read."""


class ClockError(UserError):
    """The machine's clock was not set, because that would do harm."""


class AccessError(UserError):
    """Google refuses this client's credentials, or something in the cloud project is missing."""


class TransientError(ClientError):
    """The world is not ready; the same step is tried again later."""


class MachineError(TransientError):
    """The attendance machine could not be read; says nothing about whether there are new punches."""


class RefusalError(MachineError):
    """The machine understood what it was asked and will not do it."""


class SilenceError(MachineError):
    """The machine did not answer in time; asked again, it may."""


class BusError(TransientError):
    """Pub/Sub could not be reached or did not confirm."""


class StopRequested(Exception):  # noqa: N818 - not an error: a service manager asked, and gets what it asked for
    """Raised between effects when the service was told to stop."""


def no_permission(path: Path) -> str:
    """What to say, and to do, about a file that this user may not open."""
    return (
        f"{path}: this user may not open it. Run the command as the service's user (sudo -u attendance-client ...), or "
        f"give the files back to it: sudo chown -R attendance-client: {path.absolute().parent}"
    )

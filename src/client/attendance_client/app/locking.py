"""One client a directory."""

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from attendance_client.errors import DiskError, LedgerError, disk_remedy

LOCK_NAME = "client.lock"
KERNELS_LOCKS = Path("/proc/locks")


@contextmanager
def only_one(directory: Path) -> Iterator[None]:
    """Hold the directory's lock; the kernel lets go of it however the process ends."""
    path = directory / LOCK_NAME
    try:
        lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        if error.errno in (errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.EIO):
            raise DiskError(f"cannot write in {directory}: {error}; {disk_remedy(path)}") from error
        raise LedgerError(
            f"cannot write in {directory}: {error}. It must belong to the user who runs the client"
        ) from error
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise DiskError(
                f"another client is running in {directory}; stop it first (systemctl stop attendance-client)"
            ) from error
        yield
    finally:
        os.close(lock)


def is_taken(directory: Path) -> bool:
    """Whether a client runs in `directory`; False where the kernel does not say.

    The lock itself is left alone: a client that starts at that moment would take this program for another client.
    """
    try:
        inode = (directory / LOCK_NAME).stat().st_ino
        held = KERNELS_LOCKS.read_text(encoding="ascii", errors="replace")
    except OSError:
        return False
    # 1: FLOCK  ADVISORY  WRITE 1234 08:01:5678 0 EOF
    rows = [line.split() for line in held.splitlines()]
    return any(len(row) > 5 and row[5].rpartition(":")[2] == str(inode) for row in rows)

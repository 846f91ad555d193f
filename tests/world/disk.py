"""The memory card: keeps what was synchronised, and may keep or lose or tear everything else.

The client writes real files into a real directory (in memory where the system offers that). Meanwhile the
calls that make writing durable are watched, so that at a power loss it is known what may be damaged:

- bytes of a file that were not synchronised (`fsync`) may be there in part, or not at all;
- names that were changed (`rename`, creation) may be as before until their directory was synchronised.
"""

import os
import random
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from tests.world.power import Power

MEMORY = Path("/dev/shm")
"""A file system in memory, on Linux."""

_fsync, _replace = os.fsync, os.replace


@dataclass
class _Durable:
    """What a power loss cannot touch: content by inode, and inode by name."""

    contents: dict[int, bytes] = field(default_factory=dict)
    names: dict[str, int] = field(default_factory=dict)


class Disk:
    """One directory whose files can be damaged as a power loss damages them; a context in which it is written.

    Attributes:
        directory: where the client's files lie.
        losses: how often a power loss tore a file or undid a rename.
    """

    def __init__(self, power: Power) -> None:
        self._power = power
        parent = MEMORY if os.access(MEMORY, os.W_OK) else None
        self.directory = Path(tempfile.mkdtemp(prefix="attendance-world-", dir=parent))
        self._path = str(self.directory)
        self._durable = _Durable()
        self.losses = 0

    def remove(self) -> None:
        """Give the directory back."""
        shutil.rmtree(self.directory, ignore_errors=True)

    def __enter__(self) -> None:
        """Watch what is written from now on, and let the power fail around it."""
        os.fsync = self._synchronise  # type: ignore[assignment]  # narrower, and only in this file's directory
        os.replace = self._rename  # type: ignore[assignment]  # ditto

    def __exit__(self, *_: object) -> None:
        os.fsync, os.replace = _fsync, _replace

    def _synchronise(self, descriptor: int) -> None:
        folder, _, name = os.readlink(f"/proc/self/fd/{descriptor}").rpartition("/")  # noqa: PTH115 - for speed
        self._power.instant("before fsync")
        if f"{folder}/{name}" == self._path:
            self._durable.names = names = self._inodes()
            self._durable.contents = {
                inode: content for inode, content in self._durable.contents.items() if inode in names.values()
            }
        elif folder == self._path:
            with open(f"{folder}/{name}", "rb") as file:  # noqa: PTH123 - for speed
                self._durable.contents[os.fstat(descriptor).st_ino] = file.read()
        self._power.instant("after fsync")

    def _rename(self, source: os.PathLike[str], target: os.PathLike[str]) -> None:
        self._power.instant("before rename")
        _replace(source, target)
        self._power.instant("after rename")

    def _inodes(self) -> dict[str, int]:
        with os.scandir(self._path) as entries:
            return {entry.name: entry.inode() for entry in entries if not _ledger(entry.name)}

    def power_lost(self, choice: random.Random) -> None:
        """Leave the directory as a power loss may leave it; `choice` decides what was not yet on the disk."""
        volatile = self._inodes()
        names = {
            name: inode
            for name in volatile.keys() | self._durable.names.keys()
            if (inode := self._surviving(name, volatile, choice)) is not None
        }
        contents = {inode: self._content(name, inode, choice) for name, inode in names.items()}
        for name in volatile:
            (self.directory / name).unlink()
        for name, inode in names.items():
            (self.directory / name).write_bytes(contents[inode])
        self._durable.names = self._inodes()
        self._durable.contents = {
            inode: (self.directory / name).read_bytes() for name, inode in self._durable.names.items()
        }

    def _surviving(self, name: str, volatile: dict[str, int], choice: random.Random) -> int | None:
        before, now = self._durable.names.get(name), volatile.get(name)
        if before == now or choice.random() < 0.5:
            return now
        self.losses += 1
        return before

    def _content(self, name: str, inode: int, choice: random.Random) -> bytes:
        synchronised = self._durable.contents.get(inode)
        path = self.directory / name
        written = path.read_bytes() if path.exists() and path.stat().st_ino == inode else synchronised
        if written is None or written == synchronised:
            return synchronised or b""
        self.losses += 1
        if synchronised is not None and choice.random() < 0.5:
            return synchronised
        kept = choice.randrange(len(written) + 1)
        return written[:kept] + bytes(choice.choice((0, len(written) - kept)))

    def damage(self, name: str, choice: random.Random) -> bool:
        """A block of a file goes bad; False where there is no such file."""
        path = self.directory / name
        if not path.exists() or not path.stat().st_size:
            return False
        data = bytearray(path.read_bytes())
        start = choice.randrange(len(data))
        end = min(len(data), start + choice.choice((1, 16, 4096)))
        data[start:end] = bytes(byte ^ choice.randrange(1, 256) for byte in data[start:end])
        path.write_bytes(data)
        self._durable.contents[path.stat().st_ino] = bytes(data)
        return True

    def delete(self, *names: str) -> None:
        """A person removes files, and the disk has time to remember it."""
        for name in names:
            (self.directory / name).unlink(missing_ok=True)
        self._durable.names = self._inodes()


def _ledger(name: str) -> bool:
    return name.startswith("ledger.")

"""snapshot.json: where the state machine is, so that it resumes there after a power loss.

The first four fields are those of the original file format and keep their meaning; a file with only those
loads as it is. Ours stand beside them. A file is written whole or not at all, and the one before it is kept.
"""

import contextlib
import hashlib
import json
import logging
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from attendance_client.errors import DiskError, SnapshotError, disk_remedy, no_permission
from attendance_client.fsm.generated import ALL_FLAGS, RESUME_AT
from attendance_contracts import ContractError, ReviewPeriod, from_json, to_json

log = logging.getLogger(__name__)


class TornError(ContractError):
    """A disk damaged the file, or a power loss on a disk that keeps no order."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a checkpoint captures.

    Attributes:
        pi4_state: the state's code, see the generated PI4_STATE.
        sys_flags: bit field, see the generated Flag.
        sheet_id: of the open period's review sheet.
        last_stored_timestamp: newest punch of the open period that its sheet confirmed; machine's wall time.
        review_period: the open period.
        previous_period: the latest closed one.
    """

    pi4_state: int
    sys_flags: int
    sheet_id: str | None
    last_stored_timestamp: datetime | None
    review_period: ReviewPeriod | None
    previous_period: ReviewPeriod | None


def encode_snapshot(snapshot: Snapshot) -> bytes:
    """The file's bytes."""
    document = to_json(snapshot)
    document["checksum"] = _checksum(document)
    return (json.dumps(document, indent=2) + "\n").encode()


def decode_snapshot(data: bytes) -> Snapshot:
    """The snapshot in a file's bytes; raises ValueError with the reason.

    The checksum may be missing only where all of our own fields are: then it is a file in the original
    format, or one that a person wrote.
    """
    document = _document(data)
    if not isinstance(document, dict):
        raise ContractError("expected an object")
    ours = {"review_period", "previous_period", "checksum"} & document.keys()
    if ours and document.get("checksum") != _checksum(document):
        raise TornError("the checksum does not fit: the file is torn or was edited")
    snapshot = from_json(Snapshot, {"review_period": None, "previous_period": None, **document}, "snapshot")
    if snapshot.pi4_state not in RESUME_AT:
        raise ContractError(f"pi4_state {snapshot.pi4_state} is no state's code")
    if snapshot.sys_flags & ~int(ALL_FLAGS):
        raise ContractError(f"sys_flags {snapshot.sys_flags} has bits without a meaning")
    return snapshot


def _document(data: bytes) -> object:
    if not data.strip():
        raise TornError("the file is empty")
    try:
        return json.loads(data)
    except json.JSONDecodeError as error:
        cut_off = error.pos >= len(error.doc.rstrip()) or error.msg.startswith("Unterminated")
        raise TornError("the file is cut off" if cut_off else "the file is no JSON") from error
    except (ValueError, RecursionError) as error:
        raise TornError("the file is no JSON that the client writes") from error


def _checksum(document: dict[str, Any]) -> str:
    content = {name: value for name, value in document.items() if name != "checksum"}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


class FileSnapshotStore:
    """snapshot.json in a directory, and snapshot.previous.json beside it."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / "snapshot.json"
        self.previous_path = directory / "snapshot.previous.json"
        self._written: Snapshot | None = None
        self._data: bytes | None = None
        """The file's bytes, where this program wrote them."""

    def load(self) -> Snapshot | None:
        """The last whole snapshot, None on a first run, and where the disk has damaged both files.

        Raises:
            SnapshotError: neither file is a snapshot, and one of them is whole: a person or a newer release wrote it.
            DiskError: the disk does not let it be read.
        """
        problems: list[str] = []
        is_torn, failing = True, None
        for path in (self.path, self.previous_path):
            try:
                snapshot = decode_snapshot(path.read_bytes())
            except FileNotFoundError:
                continue
            except PermissionError as error:
                raise SnapshotError(no_permission(path)) from error
            except OSError as error:
                problems.append(f"{path}: {error}; {disk_remedy(path)}")
                failing = error
                continue
            except (ValueError, RecursionError) as error:
                problems.append(f"{path}: {error}")
                is_torn &= isinstance(error, TornError)
                continue
            if problems:
                log.warning("%s; resuming from %s, written one step earlier", problems[0], path.name)
            return snapshot
        if failing is not None:
            raise DiskError("; ".join(problems)) from failing
        if problems and is_torn:
            log.error(
                "%s. Beginning without them: the client asks for the review period again; the ledger and the sheets "
                "keep it from storing anything twice",
                "; ".join(problems),
            )
            return None
        if problems:
            raise SnapshotError(
                f"{'; '.join(problems)}. Delete {self.path.name} (and {self.previous_path.name}): the client then "
                "asks for the review period again; the ledger and the sheets keep it from storing anything twice"
            )
        return None

    def save(self, snapshot: Snapshot) -> None:
        """Write `snapshot` durably; a snapshot equal to the last one written costs nothing."""
        if snapshot == self._written:
            return
        data = encode_snapshot(snapshot)
        try:
            self._keep_previous()
            _write_durably(self.path, data)
        except OSError as error:
            raise DiskError(f"cannot write {self.path}: {error}; {disk_remedy(self.path)}") from error
        self._written, self._data = snapshot, data

    def _keep_previous(self) -> None:
        """Make the current file the previous one; a torn file must not displace a whole one."""
        data = self._data
        if data is None:
            try:
                data = self.path.read_bytes()
                decode_snapshot(data)
            except (FileNotFoundError, ValueError, RecursionError):
                return
        _write_durably(self.previous_path, data)


def _write_durably(path: Path, data: bytes) -> None:
    """Temporary file, write, fsync, rename, fsync of the directory: the new content whole, or the old one."""
    temporary = path.with_name(path.name + ".tmp")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)

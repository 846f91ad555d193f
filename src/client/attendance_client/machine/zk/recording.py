"""What a machine said, kept in a file: for bug reports, and to be decoded again without the machine.

JSON: the machine's status, and the bytes of its two tables in base64. Of each user only the internal number and the
user ID are kept; names, passwords, card numbers are blanked.
"""

import base64
import json
from collections.abc import Collection, Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from attendance_client.errors import RecordingError
from attendance_client.machine.port import AttendanceLog, MachineStatus
from attendance_client.machine.zk.attendance_log import decode_log
from attendance_client.machine.zk.buffered_read import WholeTable
from attendance_client.machine.zk.frames import Code
from attendance_client.machine.zk.log_records import ANY_TIME
from attendance_client.machine.zk.user_records import MachineUser, blanked, read_users
from attendance_client.machine.zk.zk_machine import A_DAY, USERS_FUNCTION, ZkSession

FORMAT = 1


def write_recording(session: ZkSession, path: Path) -> None:
    """Read both tables of the machine and write the file.

    Raises:
        MachineError: the machine could not be read.
        RecordingError: the file could not be written.
    """
    status = session.status()
    users = session.read_table(Code.READ_USERS, USERS_FUNCTION)
    log = session.read_table(Code.READ_ATTENDANCE, 0)
    # People may have punched meanwhile.
    save_recording(path, status, session.status().records, users, log)


def save_recording(
    path: Path, status: MachineStatus, records_after: int, users: bytes, log: bytes, **more: object
) -> None:
    """Write what was read, and `more` beside it; raises RecordingError."""
    document = {
        "format": FORMAT,
        "status": asdict(status) | {"time": status.time and status.time.isoformat()},
        "records_after": records_after,
        "users": base64.b64encode(blanked(users, status.users)).decode(),
        "log": base64.b64encode(log).decode(),
        **more,
    }
    try:
        path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise RecordingError(
            f"{path} cannot be written ({error.strerror or error}); name another file"
        ) from error


def _check_format(found: object, path: Path) -> None:
    if found != FORMAT:
        raise RecordingError(
            f"{path} is a recording of another format ({found!r}, expected {FORMAT}); make one with this release"
        )


class Recording:
    """A machine's answers out of a file; raises RecordingError where it is none."""

    def __init__(self, path: Path) -> None:
        try:
            document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            _check_format(document["format"], path)
            status = dict(document["status"])
            if status["time"] is not None:
                status["time"] = datetime.fromisoformat(status["time"])
            self._status = MachineStatus(**status)
            self._records_after = int(document["records_after"])
            self._users = base64.b64decode(document["users"], validate=True)
            self._log = base64.b64decode(document["log"], validate=True)
        except OSError as error:
            raise RecordingError(f"{path} cannot be read ({error.strerror or error})") from error
        except (ValueError, TypeError, LookupError, RecursionError) as error:
            raise RecordingError(
                f"{path} is no recording of an attendance machine; make one with --dump"
            ) from error

    def status(self) -> MachineStatus:
        return self._status

    def read_log(self) -> AttendanceLog:
        """The whole log; raises MachineError when it does not add up."""
        shown = self._status.time
        latest = ANY_TIME if shown is None else shown + A_DAY
        return decode_log(self._log, self._status.records, self._records_after, self._user_ids, latest=latest)

    def read_users(self) -> list[MachineUser]:
        """Everybody, without names; raises MachineError when the table does not add up."""
        return read_users(WholeTable(self._users), self._status.users, "ascii")

    def _user_ids(self, _numbers: Collection[int]) -> Mapping[int, str]:
        return {user.number: user.user_id for user in self.read_users()}

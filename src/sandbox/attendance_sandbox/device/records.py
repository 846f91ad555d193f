"""What the machine stores, and its bytes: users of 72 or 28 bytes, punches of 49, 40, 16 or 8.

Source of the layouts: what pyzk 0.9 reads. Strings end at the first zero byte or fill their field. Punches of 49
bytes come from machines that know faces and measure temperatures: by the public reports the first 40 bytes are the
form of 40 bytes; what the other nine mean is not known, and here they are `NINE_MORE`.
"""

import struct
from dataclasses import dataclass
from datetime import datetime

from attendance_sandbox.device.protocol import encode_time

RECORD_SIZES = (49, 40, 16, 8)
USER_SIZES = (72, 28)

_USER_72 = struct.Struct("<HB8s24sIx7sx24s")
_USER_28 = struct.Struct("<HB5s8sIxBhI")
_RECORD_40 = struct.Struct("<H24sBIB8s")
NINE_MORE = b"\xff" * 9
"""Of a record of 49 bytes: neither zero nor a text, so that a reader that takes them for something is noticed."""

_RECORD_16 = struct.Struct("<IIBB2sI")
_RECORD_8 = struct.Struct("<HBIB")
_RECORD_8_TIME_LAST = struct.Struct("<HBBI")

MAX_UID = 0xFFFF
_MAX_NUMBER = 0xFFFFFFFF
_MAX_TEXT_BYTES = 24


@dataclass(frozen=True)
class User:
    """Somebody whom the machine knows.

    Attributes:
        uid: the machine's own number of the slot, 1 to 65535; reused when a user is deleted.
        user_id: what is typed at the machine.
        name: as shown on the display; longer names are cut to 24 (or 8) bytes on the wire.
        privilege: 0 for a user, 14 for an administrator.
    """

    uid: int
    user_id: str
    name: str
    privilege: int = 0


@dataclass(frozen=True)
class PunchRecord:
    """One punch.

    Attributes:
        uid: the user's slot when the punch was made, 0 when nobody had that user ID.
        user_id: the user's ID when the punch was made; records of 8 bytes do not carry it.
        timestamp: the machine's wall time, naive, whole seconds.
        status: how the person was recognised (1 finger, 0 password, 2 card …), 0 to 255.
        punch: which key was pressed (0 check in, 1 check out … 255 none), 0 to 255.
    """

    uid: int
    user_id: str
    timestamp: datetime
    status: int
    punch: int

    def __post_init__(self) -> None:
        if not (0 <= self.status <= 255 and 0 <= self.punch <= 255):
            raise ValueError("status and punch are codes from 0 to 255")


@dataclass(frozen=True)
class RawRecord:
    """A record of which only the bytes are known: a broken one, or one with a date that does not exist."""

    data: bytes


def check_user_id(user_id: str, *, numeric: bool) -> None:
    """Raise a `ValueError` when a machine of this kind cannot hold the user ID."""
    if not user_id or len(user_id.encode()) > _MAX_TEXT_BYTES:
        raise ValueError(f"a user ID has 1 to {_MAX_TEXT_BYTES} bytes, not {user_id!r}")
    if numeric and not (user_id.isascii() and user_id.isdigit() and int(user_id) <= _MAX_NUMBER):
        raise ValueError(f"this machine's user IDs are numbers up to {_MAX_NUMBER}, not {user_id!r}")


def pack_record(
    size: int,
    *,
    uid: int,
    user_id: str,
    encoded_time: int,
    status: int = 1,
    punch: int = 0,
    time_last: bool = False,
) -> bytes:
    """The bytes of one punch in the layout of `size` bytes; of 8 there are two, one with the time at its end.

    The time is given as the machine's 32-bit number, so that `encode_fields` can put an impossible one there.
    """
    if size in (40, 49):
        record = _RECORD_40.pack(uid, user_id.encode(), status, encoded_time, punch, b"\0\0\0\0\xff")
        return record + (NINE_MORE if size == 49 else b"")
    if size == 16:
        return _RECORD_16.pack(int(user_id), encoded_time, status, punch, b"", 0)
    if size == 8 and time_last:
        return _RECORD_8_TIME_LAST.pack(uid, status, punch, encoded_time)
    if size == 8:
        return _RECORD_8.pack(uid, status, encoded_time, punch)
    raise ValueError(f"a record has {RECORD_SIZES} bytes, not {size}")


def pack_punch(size: int, record: PunchRecord, *, time_last: bool = False) -> bytes:
    time = encode_time(record.timestamp)
    return pack_record(
        size,
        uid=record.uid,
        user_id=record.user_id,
        encoded_time=time,
        status=record.status,
        punch=record.punch,
        time_last=time_last,
    )


def pack_user(size: int, user: User, encoding: str) -> bytes:
    """The bytes of one user; a name that is too long is cut, in the middle of a character if need be."""
    name = user.name.encode(encoding, errors="replace")
    if size == 72:
        return _USER_72.pack(user.uid, user.privilege, b"", name, 0, b"1", user.user_id.encode())
    if size == 28:
        return _USER_28.pack(user.uid, user.privilege, b"", name, 0, 1, 0, int(user.user_id))
    raise ValueError(f"a user has {USER_SIZES} bytes, not {size}")

"""Decodes the attendance log's bytes, record by record.

Source: the ZKTeco TCP protocol as pyzk 0.9 reads it. pyzk derives the record size from a count that it read
earlier and gives up the whole log at one impossible date; here the size must fit the count, and a record that
cannot be decoded is set aside with its bytes.
"""

import struct
from collections.abc import Callable, Mapping
from datetime import datetime

from attendance_client.errors import MachineError
from attendance_client.ports import AttendanceLog, LoggedPunch, UndecodableRecord

_Decoder = Callable[[bytes, Mapping[int, str]], LoggedPunch]


def decode_time(encoded: int) -> datetime:
    """The machine's packed time; raises ValueError for a date that does not exist.

    Seconds since 2000 in a calendar in which every month has 31 days.
    """
    minutes, second = divmod(encoded, 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    months, day = divmod(days, 31)
    years, month = divmod(months, 12)
    return datetime(2000 + years, month + 1, day + 1, hour, minute, second)  # noqa: DTZ001 - wall time


def decode_log(
    blob: bytes, records_before: int, records_after: int, user_ids: Callable[[], Mapping[int, str]]
) -> AttendanceLog:
    """The log in `blob`: a u32 byte count, then records of 8, 16 or 40 bytes.

    Args:
        blob: as the machine's buffered read returned it.
        records_before: the machine's own count before the read.
        records_after: its count after the read; people may have punched meanwhile.
        user_ids: the machine's internal number of each user to the user ID; asked only for 8-byte records.

    Raises:
        MachineError: size and count do not add up, so that nothing in the blob can be believed.
    """
    if len(blob) < 4:
        if records_before == 0:
            return AttendanceLog((), ())
        raise MachineError(f"the machine counts {records_before} records but sent none")
    (size,) = struct.unpack_from("<I", blob)
    body = blob[4:]
    if size != len(body):
        raise MachineError(f"the machine announced {size} bytes of records but sent {len(body)}")
    if size == 0 and records_before == 0:
        return AttendanceLog((), ())
    least, most = sorted((records_before, records_after))
    fitting = [width for width in _DECODERS if size % width == 0 and least <= size // width <= most]
    if len(fitting) != 1:
        raise MachineError(
            f"{size} bytes of records do not fit the machine's count ({records_before} before the read, "
            f"{records_after} after it)"
        )
    width = fitting[0]
    decode = _DECODERS[width]
    numbers = user_ids() if width == 8 else {}
    punches, undecodable = [], []
    for start in range(0, size, width):
        raw = body[start : start + width]
        try:
            punches.append(decode(raw, numbers))
        except ValueError as error:
            undecodable.append(UndecodableRecord(raw, str(error)))
    return AttendanceLog(tuple(punches), tuple(undecodable))


def _decode_8(raw: bytes, user_ids: Mapping[int, str]) -> LoggedPunch:
    number, status, encoded, punch = struct.unpack("<HBIB", raw)
    # An unknown internal number must not pass for the user ID that happens to look like it.
    user_id = user_ids.get(number, f"#{number}")
    return LoggedPunch(user_id, decode_time(encoded), status, punch, raw)


def _decode_16(raw: bytes, _: Mapping[int, str]) -> LoggedPunch:
    number, encoded, status, punch = struct.unpack_from("<IIBB", raw)
    return LoggedPunch(str(number), decode_time(encoded), status, punch, raw)


def _decode_40(raw: bytes, _: Mapping[int, str]) -> LoggedPunch:
    _number, user_id, status, encoded, punch = struct.unpack_from("<H24sBIB", raw)
    text = user_id.split(b"\0")[0].decode("utf-8", errors="backslashreplace").strip()
    if not text:
        raise ValueError("no user ID")
    return LoggedPunch(text, decode_time(encoded), status, punch, raw)


_DECODERS: dict[int, _Decoder] = {8: _decode_8, 16: _decode_16, 40: _decode_40}

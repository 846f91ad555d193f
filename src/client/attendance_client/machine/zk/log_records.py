"""The forms of a punch in the machine's log.

8 bytes hold the machine's internal number of the user, 16 a numeric user ID, 40 one of text. 49 bytes come from
machines that know faces (SpeedFace and others): by public reports their first 40 bytes are the form of 40 bytes; what
the other nine mean is not known, and nothing is read out of them (they are kept with the rest).
"""

import struct
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from attendance_client.machine.port import LoggedPunch, UndecodableRecord

UserIds = Callable[[Collection[int]], Mapping[int, str]]
"""From the machine's internal numbers of some users to their user IDs; asked for records of 8 bytes only."""

WIDTHS = (8, 16, 40, 49)
_WIDE = {40: struct.Struct("<2x24sBIB8x"), 49: struct.Struct("<2x24sBIB17x")}
_NARROW = {8: struct.Struct("<HBIB"), 16: struct.Struct("<IIBB6x")}
_DAY_S = 86_400

Decoded = tuple[list[LoggedPunch], list[UndecodableRecord]]


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


def decode_records(data: bytes, width: int, user_ids: UserIds, start: int = 0) -> Decoded:
    """The punches in `data`, and the records that cannot be decoded, with their bytes.

    Args:
        data: whole records of `width` bytes each, from `start` on.
        width: one of WIDTHS; records of any other are of an unknown form and set aside, all of them.
        user_ids: asked once, with all internal numbers, for records of 8 bytes.
        start: in bytes.
    """
    if width not in WIDTHS:
        reason = f"records of {width} bytes are of no known form"
        places = range(start, len(data), width)
        return [], [UndecodableRecord(data[place : place + width], reason) for place in places]
    # A log is long: no copy is made of it but for the bytes that each record keeps.
    body = memoryview(data)[start:]
    if width == 8:
        rows = _rows_8(body, user_ids)
    elif width == 16:
        rows = ((str(number), *rest) for number, *rest in _NARROW[16].iter_unpack(body))
    else:
        rows = (
            (who, encoded, status, punch) for who, status, encoded, punch in _WIDE[width].iter_unpack(body)
        )
    texts = _Texts() if width in _WIDE else None
    midnights = _Calendar()
    punches: list[LoggedPunch] = []
    undecodable: list[UndecodableRecord] = []
    for who, encoded, status, punch in rows:
        end = start + width
        raw = data[start:end]
        start = end
        day, second = divmod(encoded, _DAY_S)
        try:
            user_id = who if texts is None else texts[who]
            moment = midnights[day] + timedelta(0, second)
        except ValueError as error:
            undecodable.append(UndecodableRecord(raw, str(error)))
        else:
            punches.append(LoggedPunch(user_id, moment, status, punch, raw))
    return punches, undecodable


def _rows_8(body: memoryview, user_ids: UserIds) -> Iterator[tuple[Any, ...]]:
    known = user_ids({number for number, *_ in _NARROW[8].iter_unpack(body)})
    for number, status, encoded, punch in _NARROW[8].iter_unpack(body):
        # An unknown internal number must not pass for the user ID that happens to look like it.
        yield known.get(number) or f"#{number}", encoded, status, punch


class _Calendar(dict[int, datetime]):
    """Midnights by the machine's packed day; raises ValueError for a day that does not exist."""

    def __missing__(self, day: int) -> datetime:
        midnight = self[day] = decode_time(day * _DAY_S)
        return midnight


class _Texts(dict[bytes, str]):
    """User IDs by their field; raises ValueError where there is none."""

    def __missing__(self, field: bytes) -> str:
        text = field.split(b"\0")[0].decode("utf-8", errors="backslashreplace").strip()
        if not text:
            raise ValueError("no user ID")
        self[field] = text
        return text

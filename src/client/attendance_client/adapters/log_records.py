"""The forms of a punch in the machine's log.

8 bytes hold the machine's internal number of the user, 16 a numeric user ID, 40 one of text. 49 bytes come from
machines that know faces (SpeedFace and others): by public reports their first 40 bytes are the form of 40 bytes; what
the other nine mean is not known, and nothing is read out of them (they are kept with the rest).
"""

import struct
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from attendance_client.ports import LoggedPunch, UndecodableRecord

UserIds = Callable[[Collection[int]], Mapping[int, str]]
"""From the machine's internal numbers of some users to their user IDs; asked for records of 8 bytes only."""

WIDTHS = (8, 16, 40, 49)
_WIDE = {40: struct.Struct("<2x24sBIB8x"), 49: struct.Struct("<2x24sBIB17x")}
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


def encode_time(moment: datetime) -> int:
    """The inverse of `decode_time`, in whole seconds."""
    days = ((moment.year - 2000) * 12 + moment.month - 1) * 31 + moment.day - 1
    return days * _DAY_S + moment.hour * 3600 + moment.minute * 60 + moment.second


def decode_records(body: bytes, width: int, user_ids: UserIds) -> Decoded:
    """The punches in `body`, and the records that cannot be decoded, with their bytes.

    Args:
        body: whole records of `width` bytes each.
        width: one of WIDTHS.
        user_ids: asked once, with all internal numbers, for records of 8 bytes.
    """
    if width == 8:
        return _decode_8(body, user_ids)
    if width == 16:
        return _decode_16(body)
    return _decode_wide(body, width)


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


class _Seconds(dict[int, timedelta]):
    """Times of day."""

    def __missing__(self, second: int) -> timedelta:
        since_midnight = self[second] = timedelta(seconds=second)
        return since_midnight


def _decode_wide(body: bytes, width: int) -> Decoded:
    # People and days are few beside punches: each is decoded once.
    texts, midnights, seconds = _Texts(), _Calendar(), _Seconds()
    punches: list[LoggedPunch] = []
    undecodable: list[UndecodableRecord] = []
    start = 0
    for field, status, encoded, punch in _WIDE[width].iter_unpack(body):
        end = start + width
        raw = body[start:end]
        start = end
        day, second = divmod(encoded, _DAY_S)
        try:
            punches.append(LoggedPunch(texts[field], midnights[day] + seconds[second], status, punch, raw))
        except ValueError as error:
            undecodable.append(UndecodableRecord(raw, str(error)))
    return punches, undecodable


def _decode_16(body: bytes) -> Decoded:
    rows = ((str(number), *rest) for number, *rest in struct.iter_unpack("<IIBB6x", body))
    return _decode_narrow(body, 16, rows)


def _decode_8(body: bytes, user_ids: UserIds) -> Decoded:
    records = list(struct.iter_unpack("<HBIB", body))
    known = user_ids({number for number, *_ in records})
    # An unknown internal number must not pass for the user ID that happens to look like it.
    rows = (
        (known.get(number, f"#{number}"), encoded, status, punch)
        for number, status, encoded, punch in records
    )
    return _decode_narrow(body, 8, rows)


def _decode_narrow(body: bytes, width: int, rows: Iterable[Sequence[Any]]) -> Decoded:
    midnights, seconds = _Calendar(), _Seconds()
    punches: list[LoggedPunch] = []
    undecodable: list[UndecodableRecord] = []
    for index, (user_id, encoded, status, punch) in enumerate(rows):
        raw = body[index * width : (index + 1) * width]
        day, second = divmod(encoded, _DAY_S)
        try:
            punches.append(LoggedPunch(user_id, midnights[day] + seconds[second], status, punch, raw))
        except ValueError as error:
            undecodable.append(UndecodableRecord(raw, str(error)))
    return punches, undecodable

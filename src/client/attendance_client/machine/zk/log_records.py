"""The forms of a punch in the machine's log.

8 bytes hold the machine's internal number of the user, 16 a numeric user ID, 40 one of text. 49 bytes come from
machines that know faces (SpeedFace and others): by public reports their first 40 bytes are the form of 40 bytes; what
the other nine mean is not known, and nothing is read out of them (they are kept with the rest).

Of 8 bytes there are two forms, which differ in where the time stands (by public reports of old firmware); which one a
log is written in is told by its times: only one of the two makes them times of this machine's past.
"""

import struct
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from attendance_client.errors import MachineError
from attendance_client.machine.port import LoggedPunch, UndecodableRecord

UserIds = Callable[[Collection[int]], Mapping[int, str]]
"""From the machine's internal numbers of some users to their user IDs; asked for records of 8 bytes only."""

WIDTHS = (8, 16, 40, 49)
_WIDE = {40: struct.Struct("<2x24sBIB8x"), 49: struct.Struct("<2x24sBIB17x")}
_NARROW = {8: struct.Struct("<HBIB"), 16: struct.Struct("<IIBB6x")}
_TIME_LAST = struct.Struct("<HBBI")
"""The other form of 8 bytes."""
_DAY_S = 86_400
_HALF, _CLEARLY = 0.5, 0.1
_KEYS, _NO_KEY = 16, 255
"""Machines have fewer keys than that; 255 says that none was pressed."""
_SAMPLE = 512
"""So many records of a log, spread over it, tell its form."""
ANY_TIME = datetime.max  # noqa: DTZ901 - wall time
"""Where nothing is known of clocks."""
_EARLIEST = datetime(2000, 1, 1)  # noqa: DTZ001 - wall time
FIRST_BELIEVABLE = datetime(2001, 1, 1)  # noqa: DTZ001 - wall time
"""Zeros, and clocks whose cell is flat, read as the year 2000."""

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


def believable_share(data: bytes, width: int, latest: datetime, start: int = 0) -> float:
    """Which part of the records in `data`, taken to be `width` bytes wide, look like punches; from 0 to 1.

    They bear a time from 2001 to `latest` and, where the form has a text for it, a user ID with nothing behind it.
    """
    if width == 8:
        return max(_times(data, start, form, latest)[0] for form in _forms_of_8())
    records = _sample(data, width, start)
    believed = 0
    for record in records:
        if width == 16:
            encoded = _NARROW[16].unpack(record)[1]
        else:
            who, _, encoded, _ = _WIDE[width].unpack(record)
            text, _, rest = who.partition(b"\0")
            if not text.decode("utf-8", errors="replace").isprintable() or not text or rest.strip(b"\0"):
                continue
        believed += _is_between(encoded, FIRST_BELIEVABLE, latest)
    return believed / len(records) if records else 0.0


def _sample(data: bytes, width: int, start: int) -> list[bytes]:
    count = (len(data) - start) // width
    step = max(1, count // _SAMPLE)
    return [data[place : place + width] for place in range(start, start + count * width, step * width)]


def _is_between(encoded: int, earliest: datetime, latest: datetime) -> bool:
    try:
        return earliest <= decode_time(encoded) <= latest
    except ValueError:
        return False


def _times(data: bytes, start: int, form: struct.Struct, latest: datetime) -> tuple[float, float]:
    """How good a form of 8 bytes is: the share of believable records, and, negative, how far back their times lie.

    Believable are a time from 2001 to `latest` and a key that machines have.
    """
    moments = []
    records = _sample(data, 8, start)
    for record in records:
        encoded, punch = _time_and_key(form, form.unpack(record))
        with suppress(ValueError):
            moment = decode_time(encoded)
            if FIRST_BELIEVABLE <= moment <= latest and (punch < _KEYS or punch == _NO_KEY):
                moments.append(moment)
    age_s = median((latest - moment).total_seconds() for moment in moments) if moments else float("inf")
    return (len(moments) / len(records) if records else 0.0), -age_s


def _time_and_key(form: struct.Struct, fields: tuple[int, ...]) -> tuple[int, int]:
    first, second = fields[2:]
    return (first, second) if form is _NARROW[8] else (second, first)


def _forms_of_8() -> tuple[struct.Struct, struct.Struct]:
    return _NARROW[8], _TIME_LAST


def _form_of_8(data: bytes, start: int, latest: datetime) -> struct.Struct:
    """The form in which these records make sense.

    Raises:
        MachineError: they do not in either.
    """
    usual, other = (_times(data, start, form, latest) for form in _forms_of_8())
    if max(usual[0], other[0]) < _HALF:
        # Made after a flat cell had set the clock to 2000, or of a form that nobody knows.
        early = [
            _is_between(_NARROW[8].unpack(record)[2], _EARLIEST, latest) for record in _sample(data, 8, start)
        ]
        if sum(early) < _HALF * len(early):
            raise MachineError(
                "its records of 8 bytes make no believable times in any known form, so that nothing of its log is "
                "taken; set the clocks of the machine and of this computer, and if that is no help send us the file "
                "that `attendance-client device info --dump FILE` makes"
            )
        return _NARROW[8]
    if abs(usual[0] - other[0]) > _CLEARLY:
        return _NARROW[8] if usual[0] > other[0] else _TIME_LAST
    return _NARROW[8] if usual[1] >= other[1] else _TIME_LAST


def decode_records(
    data: bytes, width: int, user_ids: UserIds, start: int = 0, latest: datetime = ANY_TIME
) -> Decoded:
    """The punches in `data`, and the records that cannot be decoded, with their bytes.

    Args:
        data: whole records of `width` bytes each, from `start` on.
        width: one of WIDTHS; records of any other are of an unknown form and set aside, all of them.
        user_ids: asked once, with all internal numbers, for records of 8 bytes.
        start: in bytes.
        latest: when the last of them may have been made, by the machine's clock or by ours.

    Raises:
        MachineError: records of 8 bytes whose times are believable in no form.
    """
    if width not in WIDTHS:
        reason = f"records of {width} bytes are of no known form"
        places = range(start, len(data), width)
        return [], [UndecodableRecord(data[place : place + width], reason) for place in places]
    # A log is long: no copy is made of it but for the bytes that each record keeps.
    body = memoryview(data)[start:]
    if width == 8:
        rows = _rows_8(body, user_ids, _form_of_8(data, start % 8, latest))
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


def _rows_8(body: memoryview, user_ids: UserIds, form: struct.Struct) -> Iterator[tuple[Any, ...]]:
    known = user_ids({number for number, *_ in form.iter_unpack(body)})
    for fields in form.iter_unpack(body):
        (number, status, *_), (encoded, punch) = fields, _time_and_key(form, fields)
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

"""Reads the attendance log: the whole of it, or only what is new, and never what does not add up.

Source: the ZKTeco TCP protocol as pyzk 0.9 reads it. pyzk derives the record size from a count that it read earlier;
here the size must fit the machine's count before and after the reading. Only the end of the log is fetched where it
is known what stood before it: some records that are known already are fetched again and must be the same, byte by byte.
"""

import struct
from collections.abc import Callable
from contextlib import AbstractContextManager

from attendance_client.errors import MachineError, RefusalError
from attendance_client.machine.port import AttendanceLog, LogEnd
from attendance_client.machine.zk.buffered_read import Table
from attendance_client.machine.zk.log_records import WIDTHS, UserIds, decode_records

OVERLAP_RECORDS = 32
"""Known records that are fetched again, to see that the new ones follow them."""

OVERWRITTEN_RECORDS = 256
"""So many records from its end, a full log that overwrites its oldest is searched for the known ones."""


def read_log(
    count: Callable[[], int],
    prepare: Callable[[], AbstractContextManager[Table]],
    known: LogEnd | None,
    user_ids: UserIds,
    overlap: int = OVERLAP_RECORDS,
) -> AttendanceLog:
    """What follows `known` in the machine's log; the whole log where that is None or does not join up.

    Args:
        count: asks the machine how many records it holds.
        prepare: has the machine freeze its log.
        known: where an earlier reading ended.
        user_ids: see `decode_records`.
        overlap: how many known records the next reading is to find again.

    Raises:
        MachineError: size and count do not add up, so that nothing can be believed.
    """
    before = count()
    if before == 0:
        return decode_log(b"", 0, 0, user_ids)
    if known is not None and known.last:
        try:
            with prepare() as table:
                tail = _tail(table, known)
        except RefusalError:
            tail = None  # of a part of it; the whole may still be had
        if tail is not None:
            body, joint, first = tail
            _fitting_width(first * known.width + len(body), before, count(), known.width)
            punches, undecodable = decode_records(body, known.width, user_ids, start=joint)
            records = first + len(body) // known.width
            end = LogEnd(records, known.width, body[-overlap * known.width :])
            return AttendanceLog(punches, undecodable, first + joint // known.width, end)
    with prepare() as table:
        blob = table.part(0, table.size)
    return decode_log(blob, before, count(), user_ids, overlap)


def decode_log(
    blob: bytes,
    records_before: int,
    records_after: int,
    user_ids: UserIds,
    overlap: int = OVERLAP_RECORDS,
) -> AttendanceLog:
    """The whole log in `blob`: a u32 byte count, then records of 8, 16, 40 or 49 bytes.

    Args:
        blob: as the machine's buffered read returned it.
        records_before: the machine's own count before the read.
        records_after: its count after the read; people may have punched meanwhile.
        user_ids: see `decode_records`.
        overlap: how many records a later reading is to find again.

    Raises:
        MachineError: size and count do not add up, so that nothing in the blob can be believed.
    """
    if len(blob) < 4:
        if records_before == 0:
            return AttendanceLog((), ())
        raise MachineError(f"the machine counts {records_before} records but sent none")
    (size,) = struct.unpack_from("<I", blob)
    if size != len(blob) - 4:
        raise MachineError(f"the machine announced {size} bytes of records but sent {len(blob) - 4}")
    if size == 0 and records_before == 0:
        return AttendanceLog((), ())
    width = _fitting_width(size, records_before, records_after)
    punches, undecodable = decode_records(blob, width, user_ids, start=4)
    last = blob[max(4, len(blob) - overlap * width) :]
    return AttendanceLog(punches, undecodable, 0, LogEnd(size // width, width, last))


def _tail(table: Table, known: LogEnd) -> tuple[bytes, int, int] | None:
    """The end of the log, where in it the first new record begins, and which record it begins with.

    None where the known records are not where they must be.
    """
    if table.size < 4:
        return None
    head = table.part(0, 4)
    (size,) = struct.unpack("<I", head)
    total, odd = divmod(size, known.width)
    if size != table.size - 4 or odd or total < known.records:
        return None
    overlap = len(known.last) // known.width
    # As many records as before: the machine overwrites its oldest, and all have moved up.
    moved = total == known.records
    first = max(0, total - overlap - OVERWRITTEN_RECORDS) if moved else known.records - overlap
    if first == 0:
        return None  # that is all of it
    start = 4 + first * known.width
    body = table.part(start, table.size - start)
    if len(body) != table.size - start:
        return None
    if not moved:
        return (body, len(known.last), first) if body.startswith(known.last) else None
    places = [
        place
        for place in range(0, len(body) - len(known.last) + 1, known.width)
        if body.startswith(known.last, place)
    ]
    return (body, places[0] + len(known.last), first) if len(places) == 1 else None


def _fitting_width(size: int, before: int, after: int, width: int = 0) -> int:
    """The one width that fits the counts before and after a reading, or `width` where that is known and does.

    A form that nobody knows yet must be longer than the known ones, as each new one was, and fit a count that stood
    still: anything else is more likely a count that is wrong.
    """
    least, most = sorted((before, after))
    fitting = [
        candidate
        for candidate in ((width,) if width else WIDTHS)
        if size % candidate == 0 and least <= size // candidate <= most
    ]
    if len(fitting) == 1:
        return fitting[0]
    if not fitting and before == after and size % before == 0 and size // before > WIDTHS[-1]:
        return size // before
    raise MachineError(
        f"{size} bytes of records do not fit the machine's count ({before} before the read, {after} after it)"
    )

"""Reads the attendance log: the whole of it, or only what is new, and never what does not add up.

Source: the ZKTeco TCP protocol as pyzk 0.9 reads it. pyzk derives the record size from a count that it read earlier;
here the size must fit the machine's count before and after the reading. Only the end of the log is fetched where it
is known what stood before it: some records that are known already are fetched again and must be the same, byte by byte.
"""

import logging
import struct
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime

from attendance_client.errors import MachineError, RefusalError
from attendance_client.machine.port import AttendanceLog, LogEnd
from attendance_client.machine.zk.buffered_read import CHUNK_BYTES, Table
from attendance_client.machine.zk.log_records import (
    ANY_TIME,
    WIDTHS,
    UserIds,
    believable_share,
    decode_records,
)

log = logging.getLogger(__name__)

OVERLAP_RECORDS = 32
"""Known records that are fetched again, to see that the new ones follow them."""

OVERWRITTEN_RECORDS = 256
"""So many records from its end, a full log that overwrites its oldest is searched for the known ones."""

_JOINT_BYTES = 1280
"""Of what was fetched before a reading broke off, so much is fetched again, to see that it is still the same log."""
_HEAD = 4

_TELLING_SHARE, _DOUBTFUL_SHARE = 0.9, 0.5
"""Of records that look like punches: a form that makes so many of them is the log's, one that makes fewer hardly."""
_TELLING_RECORDS = 16
"""Fewer of 8 bytes tell nothing: only their time can be wrong."""


class Pieces:
    """A whole log on its way: what was fetched before a reading broke off is not fetched again."""

    def __init__(self) -> None:
        self._fetched = bytearray()

    def whole(self, table: Table) -> bytes:
        """All of the table; raises MachineError, and goes on from there the next time."""
        had, goes_on = self._fetched, self._goes_on(table)
        if not goes_on:
            had.clear()
        while len(had) < table.size:
            had += table.part(len(had), min(CHUNK_BYTES, table.size - len(had)))
        if goes_on:
            had[:_HEAD] = table.part(0, _HEAD)  # the size, which grows with the records
        self._fetched = bytearray()
        return bytes(had)

    def _goes_on(self, table: Table) -> bool:
        """Whether the table begins with what was fetched of it, as far as its last records tell."""
        had = self._fetched
        start = max(_HEAD, len(had) - _JOINT_BYTES)
        if start >= len(had) or len(had) > table.size:
            return False
        try:
            return table.part(start, len(had) - start) == had[start:]
        except RefusalError:
            return False  # it sends nothing but the whole

    def forget(self) -> None:
        self._fetched = bytearray()


def read_log(
    count: Callable[[], int],
    prepare: Callable[[], AbstractContextManager[Table]],
    known: LogEnd | None,
    user_ids: UserIds,
    *,
    overlap: int = OVERLAP_RECORDS,
    latest: datetime = ANY_TIME,
    pieces: Pieces | None = None,
) -> AttendanceLog:
    """What follows `known` in the machine's log; the whole log where that is None or does not join up.

    A machine that counts no records is asked for them all the same: some count wrongly, or not at all.

    Args:
        count: asks the machine how many records it holds.
        prepare: has the machine freeze its log.
        known: where an earlier reading ended.
        overlap: how many known records the next reading is to find again.
        pieces: of a whole reading of this machine that broke off.

    Raises:
        MachineError: size and count do not add up, so that nothing can be believed.
    """
    before = count()
    if known is not None and known.last:
        try:
            with prepare() as table:
                tail = _tail(table, known)
        except RefusalError:
            tail = None  # of a part of it; the whole may still be had
        if tail is not None:
            body, joint, first = tail
            records = first + len(body) // known.width
            least = min(before, count())
            if records < least:
                raise MachineError(f"the machine counts {least} records and sent {records}")
            punches, undecodable = decode_records(body, known.width, user_ids, joint, latest)
            end = LogEnd(records, known.width, body[-overlap * known.width :])
            return AttendanceLog(punches, undecodable, first + joint // known.width, end)
    try:
        with prepare() as table:
            blob = (pieces or Pieces()).whole(table)
    except RefusalError as error:
        if before:
            raise
        raise RefusalError(
            f"{error}; it counts no records, which may be wrong, so that no day passes for complete. A machine on "
            "which nobody has punched yet needs one punch"
        ) from error
    return decode_log(blob, before, count(), user_ids, overlap=overlap, latest=latest)


def decode_log(
    blob: bytes,
    records_before: int,
    records_after: int,
    user_ids: UserIds,
    *,
    overlap: int = OVERLAP_RECORDS,
    latest: datetime = ANY_TIME,
) -> AttendanceLog:
    """The whole log in `blob`: a u32 byte count, then records of 8, 16, 40 or 49 bytes.

    Args:
        blob: as the machine's buffered read returned it.
        records_before: the machine's own count before the read.
        records_after: its count after the read; people may have punched meanwhile.
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
    width = _fitting_width(blob, records_before, records_after, latest)
    punches, undecodable = decode_records(blob, width, user_ids, 4, latest)
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


def _fitting_width(blob: bytes, before: int, after: int, latest: datetime) -> int:
    """How wide the records in `blob` are: as the counts before and after the reading say, or as their bytes do.

    Some machines count wrongly. Where the count fits no known form, or one in which the bytes make no sense, a form in
    which they do is taken, if that makes no fewer records than were counted: fewer would be a log that broke off. A
    form that nobody knows yet must be longer than the known ones, as each new one was, and fit a count that stood
    still.
    """
    size = len(blob) - 4
    least, most = sorted((before, after))
    dividing = [width for width in WIDTHS if size % width == 0]
    fitting = [width for width in dividing if least <= size // width <= most]
    if len(fitting) == 1 and (
        len(dividing) == 1 or believable_share(blob, fitting[0], latest, 4) >= _DOUBTFUL_SHARE
    ):
        return fitting[0]
    telling = [
        width
        for width in dividing
        if size // width >= (least if width > WIDTHS[0] else max(least, _TELLING_RECORDS))
        and believable_share(blob, width, latest, 4) >= _TELLING_SHARE
    ]
    if len(telling) == 1:
        if telling[0] not in fitting:
            log.warning(
                "the machine counts %d records and holds %d: its count is wrong, its records are taken as they are",
                most,
                size // telling[0],
            )
        return telling[0]
    if len(fitting) == 1 and not telling:
        return fitting[0]
    if not fitting and before == after and before and size % before == 0 and size // before > WIDTHS[-1]:
        return size // before
    raise MachineError(
        f"{size} bytes of records do not fit the machine's count ({before} before the read, {after} after it)"
    )

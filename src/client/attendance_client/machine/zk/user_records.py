"""The forms of a user in the machine's list: 28 bytes with a numeric user ID, 72 with one of text."""

import codecs
import struct
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from attendance_client.errors import MachineError
from attendance_client.machine.zk.buffered_read import Table

_FORMS = {28: struct.Struct("<H6x8s6xhI"), 72: struct.Struct("<H9x24s13x24s")}

MOST_LOOKUPS = 64
"""Users that are looked up one by one; more are read with the whole list."""


@dataclass(frozen=True, slots=True)
class MachineUser:
    """Somebody whom the machine knows.

    Attributes:
        number: the machine's internal number, given to somebody else when the user is deleted.
        name: empty where the machine has none.
    """

    number: int
    user_id: str
    name: str


def read_users(table: Table, count: int, encoding: str) -> list[MachineUser]:
    """All users in `table`; `count` is the machine's own, `encoding` the code page of names.

    Raises:
        MachineError: size and count do not add up.
    """
    if table.size < 4:
        if count == 0:
            return []
        raise MachineError(f"the machine counts {count} users but sent none")
    blob = table.part(0, table.size)
    (size,) = struct.unpack_from("<I", blob)
    if size != len(blob) - 4:
        raise MachineError(f"the machine announced {size} bytes of users but sent {len(blob) - 4}")
    form = next((form for width, form in _FORMS.items() if size == count * width), None)
    if form is None:
        # Some machines count wrongly.
        fitting = [form for width, form in _FORMS.items() if size and size % width == 0]
        if len(fitting) != 1 or size < count * fitting[0].size:
            raise MachineError(f"{size} bytes of users do not fit the machine's count of {count}")
        [form] = fitting
    return _users(blob[4:], form, encoding)


def _users(body: bytes, form: struct.Struct, encoding: str) -> list[MachineUser]:
    users = []
    for number, name, *rest in form.iter_unpack(body):
        field = rest[-1]
        user_id = str(field) if isinstance(field, int) else _text(field, "utf-8")
        users.append(MachineUser(number, user_id, _name(name, encoding)))
    return users


def _name(field: bytes, encoding: str) -> str:
    """Where a long name fills its field, the machine may have cut the last letter in two: that rest is left out."""
    text, ends, _ = field.partition(b"\0")
    decoder = codecs.getincrementaldecoder(encoding)(errors="backslashreplace")
    return decoder.decode(text, final=bool(ends)).strip()


def _text(field: bytes, encoding: str) -> str:
    return field.split(b"\0")[0].decode(encoding, errors="backslashreplace").strip()


def records_at(
    table: Table, known: Sequence[MachineUser], numbers: Collection[int], encoding: str
) -> list[MachineUser] | None:
    """The users of `numbers`, fetched from where they stood when `known` was read.

    None where the list has changed so that they cannot be found there, or where the whole list costs no more.
    """
    width, odd = divmod(table.size - 4, len(known) or 1)
    if not known or odd or width not in _FORMS or len(numbers) > MOST_LOOKUPS:
        return None
    places = {user.number: place for place, user in enumerate(known)}
    found: list[MachineUser] = []
    for number in numbers:
        if number not in places:
            return None
        record = table.part(4 + places[number] * width, width)
        if len(record) != width:
            return None
        [user] = _users(record, _FORMS[width], encoding)
        if user.number != number:
            return None
        found.append(user)
    return found


def blanked(blob: bytes, count: int) -> bytes:
    """The table `blob` of `count` users with nothing left of a user but the internal number and the user ID."""
    width = next((width for width in _FORMS if len(blob) - 4 == count * width), 0)
    if not width:
        return b""  # of an unknown form: who knows where its names are
    user_id = {28: 24, 72: 48}[width]
    records = (blob[start : start + width] for start in range(4, len(blob), width))
    return blob[:4] + b"".join(record[:2] + bytes(user_id - 2) + record[user_id:] for record in records)

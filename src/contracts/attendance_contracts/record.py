"""A punch, and the identity by which both sides know it."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from attendance_contracts.errors import ContractError

_TEXT_LIMIT = 96
"""Characters; the machine's own fields hold at most 24 bytes, and a byte that is no text is written as four
characters (`\\xff`)."""


@dataclass(frozen=True)
class AttendanceRecord:
    """One punch as the machine recorded it; nothing in it is ever rewritten.

    Attributes:
        serial_number: of the machine; a replaced machine is a new source.
        user_id: as typed into the machine; may belong to a user deleted since.
        user_name: as in the machine's user list at the time of reading; None when the user is unknown there.
        timestamp: the machine's wall time, naive, whole seconds.
        status: how the person was recognised (finger, card, password), the machine's code, 0 to 255.
        punch: which key was pressed (0 check in, 1 check out, …, 255 none), the machine's code.
        occurrence: 1 for the first of several records that agree in all of the above, 2 for the second …
        machine: what people call the machine, where a site has several; empty where nobody named it.
    """

    serial_number: str
    user_id: str
    user_name: str | None
    timestamp: datetime
    status: int
    punch: int
    occurrence: int = 1
    machine: str = ""

    def __post_init__(self) -> None:
        for name in ("serial_number", "user_id", "user_name", "machine"):
            value = getattr(self, name)
            if value is not None and len(value) > _TEXT_LIMIT:
                raise ContractError(f"{name} is longer than {_TEXT_LIMIT} characters")
        if self.timestamp.tzinfo is not None or self.timestamp.microsecond:
            raise ContractError("a record's timestamp is naive wall time in whole seconds")
        if not (0 <= self.status <= 255 and 0 <= self.punch <= 255):
            raise ContractError("status and punch are codes from 0 to 255")
        if self.occurrence < 1:
            raise ContractError("occurrence counts from 1")

    @cached_property
    def identity(self) -> str:
        """20 hexadecimal digits, the same wherever and whenever the punch is read again.

        The names of user and machine are left out: names get changed.
        """
        key = [
            self.serial_number,
            self.user_id,
            self.timestamp.isoformat(),
            self.status,
            self.punch,
            self.occurrence,
        ]
        return hashlib.sha256(json.dumps(key).encode()).hexdigest()[:20]

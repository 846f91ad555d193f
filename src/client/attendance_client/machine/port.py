"""What the client needs of an attendance machine; `zk` and the tests' worlds implement it."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol


@dataclass(frozen=True, slots=True)
class MachineAddress:
    """How to talk to the attendance machine.

    Attributes:
        comm_key: the machine's communication password; 0 for none.
        timeout_s: of each single exchange.
        name_encoding: code page of the names in the machine.
        udp: whether the machine is spoken to by UDP, as old firmware wants it, instead of TCP.
        name: what people call it, where a site has several; may be empty.
    """

    host: str
    port: int
    comm_key: int = 0
    timeout_s: float = 10.0
    name_encoding: str = "utf-8"
    udp: bool = False
    name: str = ""


@dataclass(frozen=True, slots=True)
class MachineStatus:
    """What the machine says of itself in one short exchange.

    Attributes:
        time: the machine's wall time, naive; None when it shows an impossible date.
        records: punches in its memory.
        record_capacity: punches that its memory holds; 0 when it does not say.
        firmware: as the machine words it; empty when it does not say.
        platform: as the machine words it; empty when it does not say.
    """

    serial_number: str
    time: datetime | None
    users: int
    records: int
    record_capacity: int
    firmware: str = ""
    platform: str = ""


class LoggedPunch(NamedTuple):
    """One record of the machine's log, decoded; `raw` holds its bytes.

    A log has up to a hundred thousand of them, which a tuple is made for.
    """

    user_id: str
    timestamp: datetime
    status: int
    punch: int
    raw: bytes


@dataclass(frozen=True, slots=True)
class UndecodableRecord:
    """One record of the machine's log that makes no sense, such as one of 31 February."""

    raw: bytes
    reason: str


@dataclass(frozen=True, slots=True)
class LogEnd:
    """Where a reading of the machine's log ended, so that the next one can go on from there.

    Attributes:
        records: how many the log held.
        width: of each record, in bytes; 0 when there was none.
        last: the bytes of the last few.
    """

    records: int
    width: int
    last: bytes


@dataclass(frozen=True, slots=True)
class AttendanceLog:
    """Records of the machine's log, in its own order.

    Attributes:
        first: index in the machine's log of the first record here; 0 where this is the whole log. The records before it
            were read earlier, and are still there.
        end: where the log ended.
    """

    punches: Sequence[LoggedPunch]
    undecodable: Sequence[UndecodableRecord]
    first: int = 0
    end: LogEnd = LogEnd(0, 0, b"")


class MachineSession(Protocol):
    """A conversation with the machine. Every method raises MachineError when it fails."""

    def status(self) -> MachineStatus:
        """Ask the machine for its clock, its counts and its serial number: a few hundred bytes."""
        ...

    def read_log(self, known: LogEnd | None = None) -> AttendanceLog:
        """Read the log from `known` on, or the whole of it.

        Args:
            known: where the last reading ended. None, or an end that the log no longer has: all of it is read.

        Raises:
            MachineError: size and count do not add up, or the connection broke. Nothing is known of new punches then.
        """
        ...

    def read_user_names(self, users: Collection[str] = ()) -> Mapping[str, str]:
        """User names by user ID, as they are now: at least those of `users`; who has no name is left out."""
        ...

    def enable(self) -> None:
        """Let people punch; does nothing on a machine that is enabled."""
        ...

    def disable(self) -> None:
        """Keep people from punching, until `enable`."""
        ...

    def set_time(self, time: datetime) -> None:
        """Set the machine's clock to a naive wall time in whole seconds."""
        ...

    def clear(self) -> None:
        """Erase the whole log, what nobody has read included."""
        ...


class AttendanceMachine(Protocol):
    """The machine on the wall."""

    @property
    def name(self) -> str:
        """What people call it, where a site has several; may be empty."""
        ...

    def session(self) -> AbstractContextManager[MachineSession]:
        """Connect; raises MachineError when the machine cannot be reached or refuses the comm key."""
        ...

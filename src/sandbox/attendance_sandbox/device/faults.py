"""What can go wrong on the way to a machine and back, said in advance.

    server.faults.add(DropConnection(), on=Command.GET_TIME)
    server.faults.add(PunchFirst("1001"), on=Command.READ_CHUNK, table=Table.ATTENDANCE, skip=1)
    server.faults.add(SlowLink(bytes_per_second=20_000), times=None)

Every fault waits for a request (`on`, `table`), lets `skip` of them pass and then strikes `times` times.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from attendance_sandbox.device.machine import AttendanceMachine


class Table(Enum):
    """What a read is about."""

    USERS = "users"
    ATTENDANCE = "attendance log"


@dataclass(frozen=True)
class Request:
    """A request, seen as the machine sees it.

    Attributes:
        command: see `Command`; any u16 may arrive.
        table: of a read, buffered or not, what is read; None otherwise.
    """

    command: int
    data: bytes
    table: Table | None = None


@dataclass(frozen=True)
class DropConnection:
    """Close the connection instead of answering; `applied`: after having done what was asked."""

    applied: bool = False


@dataclass(frozen=True)
class StaySilent:
    """Do not answer, and keep the connection; `applied`: after having done what was asked."""

    applied: bool = False


@dataclass(frozen=True)
class AnswerWith:
    """Answer with this code, such as `Reply.ERROR`, and these data.

    `applied`: after having done what was asked.
    """

    code: int
    applied: bool = False
    data: bytes = b""


@dataclass(frozen=True)
class ResetConnection:
    """Break the connection off with a TCP reset instead of answering; `applied`: after having done what was asked."""

    applied: bool = False


@dataclass(frozen=True)
class GoneSilent:
    """The machine has gone without a word, as when its plug is pulled: neither this request nor a later one on the
    connection is answered, and nobody closes it.
    """


@dataclass(frozen=True)
class SendGarbage:
    """Send these bytes in place of the reply, without having done what was asked."""

    data: bytes


@dataclass(frozen=True)
class TearReply:
    """Do what was asked, send only the first `keep` bytes of the reply and close the connection.

    The frame's header counts: 8 bytes of frame, 8 of packet, then the data. `reboot`: because the machine starts anew,
    which ends every client's connection and enables it.
    """

    keep: int
    reboot: bool = False


@dataclass(frozen=True)
class PunchFirst:
    """Somebody punches in the moment before the request is carried out, if the machine is enabled.

    Before `PREPARE_BUFFER` of the attendance log, that is between the count and the read; before a
    `READ_CHUNK`, between two chunks.
    """

    user_id: str
    status: int = 1
    punch: int = 0


@dataclass(frozen=True)
class RunFirst:
    """Run `action` with the machine in the moment before the request is carried out."""

    action: Callable[[AttendanceMachine], object]


@dataclass(frozen=True)
class SlowLink:
    """Send the reply late, and in pieces of a network packet at this speed."""

    bytes_per_second: float
    latency_s: float = 0.0

    def __post_init__(self) -> None:
        if self.bytes_per_second <= 0:
            raise ValueError("a slow link still moves some bytes a second")


Spoiling = DropConnection | ResetConnection | StaySilent | GoneSilent | AnswerWith | SendGarbage | TearReply
"""What takes the reply's place; of several that strike one request, the first counts."""

Fault = Spoiling | PunchFirst | RunFirst | SlowLink


@dataclass
class _Waiting:
    fault: Fault
    on: int | None
    table: Table | None
    skip: int
    times: int | None

    def matches(self, request: Request) -> bool:
        return self.on in (None, request.command) and self.table in (None, request.table)


class Faults:
    """The faults that wait for their request; safe to use from any thread, at any time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[_Waiting] = []

    def add(
        self,
        fault: Fault,
        *,
        on: int | None = None,
        table: Table | None = None,
        skip: int = 0,
        times: int | None = 1,
    ) -> None:
        """Let `fault` strike.

        Args:
            on: the `Command` that it waits for; None for any request.
            table: the read that it waits for; None for any request.
            skip: how many such requests pass before.
            times: how many such requests it strikes; None for all, until `clear`.
        """
        with self._lock:
            self._waiting.append(_Waiting(fault, on, table, skip, times))

    def clear(self) -> None:
        """Forget all of them: the machine behaves."""
        with self._lock:
            self._waiting.clear()

    @property
    def pending(self) -> int:
        """How many have still to strike; 0 says that each struck as often as it was told to."""
        with self._lock:
            return len(self._waiting)

    def strike(self, request: Request) -> list[Fault]:
        """The faults of this request, in the order in which they were added; for the server."""
        with self._lock:
            if not self._waiting:
                return []
            struck = [waiting.fault for waiting in self._waiting if _strikes(waiting, request)]
            self._waiting = [waiting for waiting in self._waiting if waiting.times != 0]
            return struck


def _strikes(waiting: _Waiting, request: Request) -> bool:
    if not waiting.matches(request):
        return False
    if waiting.skip:
        waiting.skip -= 1
        return False
    if waiting.times is not None:
        waiting.times -= 1
    return True

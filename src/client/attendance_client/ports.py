"""What the client needs of the world; adapters and the tests' worlds implement it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from attendance_client.fsm.snapshot import Snapshot
from attendance_contracts import Message, Topic


class Bus(Protocol):
    """Pub/Sub, as one site sees it. Each method raises StopRequested when the client is told to stop meanwhile.

    Attributes:
        heard_at: publish time of the newest reply of the last `receive` that brought any: Pub/Sub's clock, aware; None
            before the first reply.
    """

    heard_at: datetime | None

    def prepare(self) -> None:
        """Make sure that this site's subscriptions exist; must precede the first request.

        Raises:
            BusError: try again.
            AccessError: a person must fix the cloud project.
        """
        ...

    def publish(self, message: Message) -> None:
        """Publish and wait for Pub/Sub's confirmation; raises BusError without one."""
        ...

    def receive(self, topic: Topic, timeout_s: float) -> Sequence[Message]:
        """Take delivered replies, waiting up to `timeout_s` for the first; none is a normal outcome.

        A reply is acknowledged when it is taken: losing one to a power cut costs a time-out, never a punch.
        Messages that break the contract are reported and dropped. Raises BusError.
        """
        ...


class Clock(Protocol):
    """The Raspberry Pi's clock."""

    def now(self) -> datetime:
        """The site's wall time, naive."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back; the origin means nothing."""
        ...

    def synchronised(self) -> bool | None:
        """Whether the wall time follows a time server; None when that cannot be told."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait; may return early when the service is told to stop."""
        ...


class SnapshotStore(Protocol):
    """Where the machine's state outlives a power loss."""

    def load(self) -> Snapshot | None:
        """The last whole snapshot; None on a first run; raises SnapshotError."""
        ...

    def save(self, snapshot: Snapshot) -> None:
        """Write the whole snapshot or nothing of it."""
        ...


class Supervisor(Protocol):
    """The service manager."""

    def ready(self) -> None:
        """Tell it that the client has started."""
        ...

    def alive(self, status: str) -> None:
        """Feed the watchdog and show a one-line status; raises StopRequested when told to stop."""
        ...

    @property
    def alive_interval_s(self) -> float:
        """How often `alive` must be called at least; infinite without a watchdog."""
        ...


class Diary(Protocol):
    """What the service leaves for people who look after it."""

    def note(self, state: str, problem: str, wait_s: float) -> None:
        """Note that the client is about to wait.

        Never raises: a diary that cannot be written keeps nobody from work.

        Args:
            state: in which it waits, a `StateId` value.
            problem: what keeps it from its work; empty for nothing.
            wait_s: for how long.
        """
        ...


class NoDiary:
    """The diary of a client that nobody looks after: nothing is noted."""

    def note(self, state: str, problem: str, wait_s: float) -> None:
        del state, problem, wait_s

"""diary.json: what the service did and saw last, for `attendance-client status` and `timeline`.

Written when the client begins to wait, so once in an idle poll, without fsync: after a power loss the last entry may be
missing, or all of it, which costs nobody anything but a look back. All times in it are UTC.
"""

import contextlib
import json
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol, cast

from attendance_client.errors import MachineError
from attendance_client.fsm.client import Client
from attendance_client.machine.port import AttendanceMachine, MachineAddress, MachineSession, MachineStatus
from attendance_client.ports import Clock
from attendance_client.relay.health import troubles_of
from attendance_contracts import RELEASE, ContractError, from_json, to_json

log = logging.getLogger(__name__)

FILE_NAME = "diary.json"
KEPT = timedelta(days=8)
MOST_SPANS = 300
SOON_S = 30.0
"""A shorter wait that is like the one before it is not worth a write."""
CLOCK_WAS_SET = timedelta(minutes=1)
"""By so much more than time has passed has somebody set the clock."""
UNANSWERED_FROM = 2
"""So many requests in a row without an answer are trouble; one may be slow."""


@dataclass(frozen=True, slots=True)
class Span:
    """A time spent in one state, as far as it is known.

    Attributes:
        problem: what kept the client from its work; empty for nothing.
        until: when it was last seen so.
        due: by when it was to be seen again; equal to `until` where it was stopped.
    """

    state: str
    since: datetime
    until: datetime
    due: datetime
    problem: str = ""


@dataclass(frozen=True, slots=True)
class SeenMachine:
    """What was last seen of an attendance machine.

    Attributes:
        name: what people call it, where the site has several; may be empty.
        read_at: when a conversation with it last went to its end.
        problem: why the last one did not; empty if it did.
        problem_since: since when none did.
        clock_offset_s: its clock less the Pi's; None for an impossible date.
    """

    host: str
    port: int
    name: str = ""
    read_at: datetime | None = None
    problem: str = ""
    problem_since: datetime | None = None
    serial_number: str = ""
    firmware: str = ""
    clock_offset_s: int | None = None
    records: int = 0
    record_capacity: int = 0
    users: int = 0


@dataclass(frozen=True, slots=True)
class Diary:
    """The whole file.

    Attributes:
        started: when this process did.
        written: when this was.
        ended: why the process ended: its error, or STOPPED; empty while it runs, as far as is known.
        troubles: what people are to know although work goes on.
        unanswered: requests in a row that nobody answered.
        reached_at: when Pub/Sub last answered.
        cloud_offset_s: the Pi's clock less Pub/Sub's, as far as is known.
        clock_synchronised: whether the Pi's clock follows a time server; None where that cannot be told.
    """

    started: datetime
    written: datetime
    release: str = ""
    ended: str = ""
    troubles: tuple[str, ...] = ()
    unanswered: int = 0
    reached_at: datetime | None = None
    cloud_offset_s: int | None = None
    clock_synchronised: bool | None = None
    machines: tuple[SeenMachine, ...] = ()
    spans: tuple[Span, ...] = ()


STOPPED = "stopped"


def read_diary(directory: Path) -> Diary | None:
    """What the service left; None where there is nothing that can be read."""
    try:
        document = json.loads((directory / FILE_NAME).read_bytes())
        return from_json(Diary, document, FILE_NAME)
    except (OSError, ValueError, RecursionError, ContractError) as error:
        log.debug("%s", error)
        return None


@dataclass
class WatchedMachine:
    """The port AttendanceMachine: another one, of which is kept what was last seen."""

    machine: AttendanceMachine
    seen: SeenMachine
    now: Callable[[], datetime]
    clock: Clock

    @property
    def name(self) -> str:
        return self.machine.name

    @contextmanager
    def session(self) -> Iterator[MachineSession]:
        told: list[MachineStatus] = []
        try:
            with self.machine.session() as session:
                yield cast("MachineSession", _Listening(session, told))
        except MachineError as error:
            since = self.seen.problem_since if self.seen.problem else self.now()
            self.seen = replace(self.seen, problem=str(error), problem_since=since)
            raise
        for status in told[-1:]:
            offset = None if status.time is None else status.time - self.clock.now()
            self.seen = SeenMachine(
                host=self.seen.host,
                port=self.seen.port,
                name=self.seen.name,
                read_at=self.now(),
                serial_number=status.serial_number,
                firmware=status.firmware,
                clock_offset_s=None if offset is None else round(offset.total_seconds()),
                records=status.records,
                record_capacity=status.record_capacity,
                users=status.users,
            )


class _Listening:
    """A session that goes on as it is; what the machine says of itself is heard."""

    def __init__(self, session: MachineSession, told: list[MachineStatus]) -> None:
        self._session = session
        self._told = told

    def status(self) -> MachineStatus:
        status = self._session.status()
        self._told.append(status)
        return status

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)


class _Asked(Protocol):
    reached_at: datetime | None


def _utc_now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None, microsecond=0)


@dataclass
class FileDiary:
    """The port Diary: diary.json in a directory."""

    directory: Path
    clock: Clock
    now: Callable[[], datetime] = _utc_now
    monotonic: Callable[[], float] = time.monotonic
    machines: list[WatchedMachine] = field(default_factory=list)
    client: Client | None = None
    bus: _Asked | None = None

    def __post_init__(self) -> None:
        earlier = read_diary(self.directory)
        now = self.now()
        self._diary = Diary(
            started=now,
            written=now,
            release=RELEASE,
            reached_at=earlier.reached_at if earlier else None,
            machines=earlier.machines if earlier else (),
            spans=earlier.spans if earlier else (),
        )
        self._own = len(self._diary.spans)
        """Where in the spans those of this process begin."""
        self._seen_at = now, self.monotonic()

    def watch(self, machine: AttendanceMachine, address: MachineAddress) -> WatchedMachine:
        """The machine, of which is noted what is seen; what was seen before stands until then."""
        known = {(seen.host, seen.port): seen for seen in self._diary.machines}
        where = address.host, address.port
        seen = replace(known.get(where, SeenMachine(*where)), name=address.name)
        watched = WatchedMachine(machine, seen, self.now, self.clock)
        self.machines.append(watched)
        return watched

    def note(self, state: str, problem: str, wait_s: float) -> None:
        now = self.now()
        self._mind_a_set_clock(now)
        due = now + timedelta(seconds=round(wait_s))
        spans, last = self._diary.spans, None
        if len(spans) > self._own:
            last = spans[-1]
        if last is not None and (last.state, last.problem) == (state, problem):
            if wait_s < SOON_S and (now - self._diary.written).total_seconds() < SOON_S:
                return
            spans = (*spans[:-1], replace(last, until=now, due=due))
        else:
            if last is not None:
                spans = (*spans[:-1], replace(last, until=now, due=now))
            spans = (*spans, Span(state, now, now, due, problem))
        self._write(now, self._trimmed(spans, now))

    def end(self, why: str = "") -> None:
        """The process ends: it was told to, or for `why`."""
        now = self.now()
        spans = self._diary.spans
        if len(spans) > self._own:
            spans = (*spans[:-1], replace(spans[-1], until=now, due=now))
        self._write(now, spans, ended=why or STOPPED)

    def _trimmed(self, spans: tuple[Span, ...], now: datetime) -> tuple[Span, ...]:
        kept = tuple(span for span in spans if now - KEPT <= span.due)[-MOST_SPANS:]
        self._own = max(0, self._own - (len(spans) - len(kept)))
        return kept

    def _mind_a_set_clock(self, now: datetime) -> None:
        """What this process noted before the clock was set moves with it: a Pi may start in 1970."""
        before, before_s = self._seen_at
        now_s = self.monotonic()
        self._seen_at = now, now_s
        step = now - before - timedelta(seconds=now_s - before_s)
        if abs(step) < CLOCK_WAS_SET:
            return
        step = timedelta(seconds=round(step.total_seconds()))
        own = tuple(
            replace(span, since=span.since + step, until=span.until + step, due=span.due + step)
            for span in self._diary.spans[self._own :]
        )
        self._diary = replace(
            self._diary,
            started=self._diary.started + step,
            written=self._diary.written + step,
            spans=(*self._diary.spans[: self._own], *own),
        )

    def _write(self, now: datetime, spans: tuple[Span, ...], ended: str = "") -> None:
        session, reached = self.client and self.client.session, self.bus.reached_at if self.bus else None
        self._diary = replace(
            self._diary,
            written=now,
            ended=ended,
            spans=spans,
            troubles=tuple(troubles_of(self.client)) if self.client else (),
            unanswered=session.time_outs if session else 0,
            reached_at=reached.astimezone(UTC).replace(tzinfo=None, microsecond=0)
            if reached
            else self._diary.reached_at,
            cloud_offset_s=self._cloud_offset_s(),
            clock_synchronised=self.clock.synchronised(),
            machines=tuple(machine.seen for machine in self.machines) or self._diary.machines,
        )
        path = self.directory / FILE_NAME
        temporary = path.with_name(f"{FILE_NAME}.tmp")
        try:
            temporary.write_text(json.dumps(to_json(self._diary)) + "\n", encoding="utf-8")
            temporary.replace(path)
        except OSError as error:
            # What a disk does not take is told where it matters: of punches, by the ledger.
            log.debug("%s: %s", path, error)
            with contextlib.suppress(OSError):
                temporary.unlink()

    def _cloud_offset_s(self) -> int | None:
        cloud = self.client.cloud_time() if self.client else None
        return round((self.client.clock.now() - cloud).total_seconds()) if self.client and cloud else None

"""The attendance machine on the wall, with people in front of it and everything that goes wrong with one.

The log crosses to the client as the bytes that a real machine sends, through the client's own decoder.
"""

import struct
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Self

from attendance_client.errors import MachineError
from attendance_client.machine.port import AttendanceLog, LogEnd, MachineStatus
from attendance_client.machine.zk.attendance_log import read_log
from attendance_client.machine.zk.buffered_read import Table, WholeTable
from attendance_contracts import AttendanceRecord
from tests.world.power import Power
from tests.world.timeline import Timeline

EARLIEST = datetime(2000, 1, 1)
"""What a machine's clock shows after its cell went flat."""

OVERLAP_RECORDS = 4
"""Few, so that the short logs of these worlds are read in part, too."""

LATEST = datetime(2133, 1, 1)
"""Near the end of what four bytes hold."""


@dataclass(frozen=True)
class Entry:
    """One record of the machine's log. `timestamp` None: a date that does not exist."""

    user_id: str
    timestamp: datetime | None
    status: int
    punch: int

    @cached_property
    def encoded(self) -> bytes:
        """The 40 bytes of a recent firmware."""
        moment = self.timestamp
        if moment is None:
            days = 1 * 31 + 30  # 31 February
            encoded = ((2026 - 2000) * 12 * 31 + days) * 86_400
        else:
            days = ((moment.year - 2000) * 12 + moment.month - 1) * 31 + moment.day - 1
            encoded = days * 86_400 + moment.hour * 3600 + moment.minute * 60 + moment.second
        return struct.pack("<H24sBIB8x", 1, self.user_id.encode(), self.status, encoded, self.punch)


class WorldMachine:
    """The machine itself; `session` is the port AttendanceMachine.

    Attributes:
        offset: how far its clock is off the true time.
        shown: what its clock showed when a client asked last; None for an impossible date.
        shows_impossible_date: its clock cannot be read.
        reachable: whether it answers at all.
        failures: names of calls (connect, status, read_log, ...) that fail once each.
        punches_in_mid_read: entries that people make while the log is being read.
        punches_before_erasing: those that they make between its final count and the erasing.
        enabled: whether people can punch.
        heeds_disabling: whether it keeps people from punching while it is disabled.
        goes_on: that it never does, and nobody who tries it finds that it does.
        recorded: every punch that it ever recorded, by the identity that both sides know it by.
        known_as: the identities by which a punch may be stored: one equal to a punch of before the log was cleared is
            that punch once more to a client that reads the log from its beginning, and another one to a client that
            reads on where it was.
        cleared_unread: identities that somebody else erased before any client had read them.
        erased_by_client: identities of what a client had it erase, and how often each.
        clock_set_by_client: how often a client set its clock.
        before_erasing: asked to look at what a client is about to have erased.
        names: whose each punch may be: who bore its user ID when it was made, and when a client asked for it.
        told: punches of which a client has asked whose they are.
    """

    def __init__(self, timeline: Timeline, power: Power) -> None:
        self._timeline = timeline
        self._power = power
        self.name = ""
        self.serial_number = "A1B2C3"
        self.users: dict[str, str] = {}
        self.offset = timedelta(0)
        self.shown: datetime | None = None
        self.shows_impossible_date = False
        self.reachable = True
        self.failures: deque[str] = deque()
        self.punches_in_mid_read: deque[Entry] = deque()
        self.punches_before_erasing: deque[Entry] = deque()
        self.enabled = True
        self.heeds_disabling = True
        self.goes_on = False
        self.log: list[Entry] = []
        self.recorded: dict[str, datetime] = {}
        self.cleared_unread: set[str] = set()
        self.erased_by_client: Counter[str] = Counter()
        self.clock_set_by_client = 0
        self.before_erasing: Callable[[set[str]], None] = lambda _identities: None
        self.impossible = 0
        self.names: dict[str, set[str]] = {}
        self.told: set[str] = set()
        self._reported_before = 0
        self._last_names: dict[str, str] = {}
        self._reported_names: dict[str, str] = {}
        self.known_as: set[str] = set()
        self._occurrences: Counter[Entry] = Counter()
        self._occurrences_ever: Counter[Entry] = Counter()
        self._identities: list[str] = []
        self._users_of: dict[str, str] = {}

    @property
    def time(self) -> datetime:
        """What its clock shows: whole seconds, within what it can hold."""
        return _holdable(self._timeline.wall + self.offset).replace(microsecond=0)

    @property
    def lets_punch(self) -> bool:
        return self.enabled or self.goes_on or not self.heeds_disabling

    def set_clock(self, shown: datetime) -> None:
        self.offset = shown - self._timeline.wall

    def record(self, user_id: str, timestamp: datetime | None, status: int = 1, punch: int = 255) -> bool:
        """Somebody punches; False where the machine does not let them."""
        if not self.lets_punch:
            return False
        if timestamp is not None:
            timestamp = _holdable(timestamp)
        self._append(Entry(user_id, timestamp, status, punch))
        return True

    def _append(self, entry: Entry) -> None:
        self.log.append(entry)
        if entry.timestamp is None:
            self.impossible += 1
            return
        self._occurrences[entry] += 1
        self._occurrences_ever[entry] += 1
        since_cleared, ever = self._occurrences[entry], self._occurrences_ever[entry]
        identity = self._identity(entry, since_cleared)
        self.recorded.setdefault(identity, entry.timestamp)
        self._identities.append(identity)
        self._last_names.update(self.users)
        # Who was deleted is known by the last name that the number had.
        self.names.setdefault(identity, set()).add(self._last_names.get(entry.user_id, ""))
        self._users_of[identity] = entry.user_id
        self.known_as |= {self._identity(entry, number) for number in range(since_cleared, ever + 1)}

    def _identity(self, entry: Entry, occurrence: int) -> str:
        assert entry.timestamp is not None
        return AttendanceRecord(
            self.serial_number, entry.user_id, None, entry.timestamp, entry.status, entry.punch, occurrence
        ).identity

    def tell_names(self) -> None:
        """A client asks whose the punches are that it holds."""
        self._last_names.update(self.users)
        if self._power.restored != self._reported_before:
            # What it was told may have died with it: then it asks again, and later is the earliest that anybody tells.
            self._reported_before = self._power.restored
            self.told.clear()
        for identity in self.identities() - self.told:
            user = self._users_of[identity]
            # Of a user who was renamed and deleted in between, a client knows what it was told before.
            self.names[identity] |= {
                known.get(user, "") for known in (self._last_names, self._reported_names)
            }
            self.told.add(identity)
        self._reported_names.update(self.users)

    def identities(self) -> set[str]:
        """Of the punches that it holds now."""
        return set(self._identities)

    def of_user(self, user_id: str) -> set[str]:
        """Of all punches that a user ID ever made."""
        return {identity for identity, user in self._users_of.items() if user == user_id}

    @property
    def newest(self) -> str:
        """The identity of the punch that was recorded last."""
        return self._identities[-1]

    def clear(self, taken: Collection[str]) -> None:
        """Somebody empties it at its menu. What no client has `taken` is lost, and no client's fault."""
        self.cleared_unread |= set(self._identities).difference(taken)
        self.log.clear()
        self._occurrences.clear()
        self._identities.clear()

    def erase(self) -> None:
        """A client has it emptied."""
        while self.goes_on and self.punches_before_erasing:
            self._append(self.punches_before_erasing.popleft())
        self.before_erasing(self.identities())
        self.erased_by_client.update(self._identities)
        self.log.clear()
        self._occurrences.clear()
        self._identities.clear()

    def session(self) -> "WorldMachineSession":
        return WorldMachineSession(self)

    def connect(self) -> None:
        with self._power.effect("connecting to the machine"):
            self._fail("connect")

    def call(self, name: str) -> None:
        """The network's part of any call: it may fail."""
        self._power.instant(f"before the machine's {name}")
        self._fail(name)

    def called(self, name: str) -> None:
        self._power.instant(f"after the machine's {name}")

    def _fail(self, name: str) -> None:
        if not self.reachable:
            raise MachineError("the machine does not answer")
        if self.failures and self.failures[0] == name:
            self.failures.popleft()
            raise MachineError(f"the machine broke off in {name}")

    def read(self, known: LogEnd | None = None) -> AttendanceLog:
        """What the client's own reading makes of its bytes."""
        return read_log(lambda: len(self.log), self._prepared, known, lambda _: {}, overlap=OVERLAP_RECORDS)

    @contextmanager
    def _prepared(self) -> Iterator[Table]:
        """The log as it is frozen: people may punch just before that, or after."""
        late = self.punches_in_mid_read.popleft() if self.punches_in_mid_read and self.lets_punch else None
        body = self._encoded()
        if late is not None:
            self._append(late)
            if len(self.log) % 2:
                body = self._encoded()
        yield WholeTable(struct.pack("<I", len(body)) + body)

    def _encoded(self) -> bytes:
        return b"".join(entry.encoded for entry in self.log)


class WorldMachineSession:
    """The port MachineSession."""

    def __init__(self, machine: WorldMachine) -> None:
        self._machine = machine

    def __enter__(self) -> Self:
        self._machine.connect()
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is left to be closed."""

    def status(self) -> MachineStatus:
        machine = self._machine
        machine.call("status")
        machine.shown = None if machine.shows_impossible_date else machine.time
        status = MachineStatus(
            serial_number=machine.serial_number,
            time=machine.shown,
            users=len(machine.users),
            records=len(machine.log),
            record_capacity=100_000,
        )
        machine.called("status")
        return status

    def read_log(self, known: LogEnd | None = None) -> AttendanceLog:
        self._machine.call("read_log")
        log = self._machine.read(known)
        self._machine.called("read_log")
        return log

    def read_user_names(self, users: Collection[str] = ()) -> Mapping[str, str]:
        self._machine.call("read_user_names")
        self._machine.tell_names()
        names = dict(self._machine.users)
        self._machine.called("read_user_names")
        return names

    def enable(self) -> None:
        self._machine.call("enable")
        self._machine.enabled = True
        self._machine.called("enable")

    def disable(self) -> None:
        self._machine.call("disable")
        self._machine.enabled = False
        self._machine.called("disable")

    def set_time(self, time: datetime) -> None:
        self._machine.call("set_time")
        self._machine.set_clock(time)
        self._machine.clock_set_by_client += 1
        self._machine.called("set_time")

    def clear(self) -> None:
        self._machine.call("clear")
        self._machine.erase()
        self._machine.called("clear")


def _holdable(moment: datetime) -> datetime:
    """A moment, or the nearest one that a machine can hold."""
    return moment if EARLIEST <= moment <= LATEST else min(max(moment, EARLIEST), LATEST)

"""The attendance machine through pyzk 0.9; no other module imports it.

Its public methods connect, authenticate by comm key, enable, disable, read and set the clock, erase the log, and read
serial number, firmware and platform. Our own code reads the tables (log, users) and their sizes, in its connection:
pyzk derives the width of a record from a count that may be wrong, and reads a whole table at each poll.

This module also goes below pyzk's public face, which is why pyproject.toml pins the version:

- `_ZK__create_socket`, `_ZK__sock`: pyzk makes its own socket and takes one ``recv`` for one answer. It offers no
  public way to give it a socket that keeps packets apart (`frames.FrameSocket`).
- `_ZK__session_id`, `_ZK__reply_id`: it sends no requests but its own, so ours take their place in its numbering.
- `helper.test_tcp`: it would first try the port with a connection of its own, and many machines talk to one at a time.

A version of pyzk that renames one of them fails at the first connection, in every test of the wire
(``tests/integration/test_client_device_wire.py``), and not on somebody's wall.
"""

import struct
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import datetime, timedelta
from functools import partial
from threading import Event
from typing import NamedTuple, TypeVar

from zk import ZK
from zk.exception import ZKError, ZKErrorResponse, ZKNetworkError

from attendance_client.errors import MachineError, RefusalError, SilenceError, StopRequested
from attendance_client.machine.port import AttendanceLog, LogEnd, MachineAddress, MachineStatus
from attendance_client.machine.zk.attendance_log import Pieces, read_log
from attendance_client.machine.zk.buffered_read import (
    CHUNK_BYTES,
    UDP_CHUNK_BYTES,
    Table,
    insistently,
    prepared_table,
)
from attendance_client.machine.zk.frames import (
    Code,
    FrameError,
    FrameSocket,
    Packet,
    Tally,
    encode_packet,
    frame,
)
from attendance_client.machine.zk.user_records import MachineUser, read_users, records_at
from attendance_trouble import network_trouble

T = TypeVar("T")

A_DAY = timedelta(days=1)
USERS_FUNCTION = 5
LONGEST_SERIAL_NUMBER = 64
_COUNTS = struct.Struct("<16xi12xi28xi12x")
_ONE_NUMBER = 4
NUMBERS = 0xFFFF
"""Packet numbers go round after so many."""


class ZkMachine:
    """A ZKTeco machine on TCP or UDP.

    Args:
        progress: called when bytes have arrived from it.
        stop: when it is set, a long table is read no further: StopRequested. All else goes on, so that a machine that
            was disabled is enabled.
    """

    def __init__(
        self,
        address: MachineAddress,
        progress: Callable[[], None] | None = None,
        stop: Event | None = None,
    ) -> None:
        self.name = address.name
        self._address = address
        self._progress = progress
        self._stop = stop or Event()
        self._memory = _Memory()

    @contextmanager
    def session(self) -> "Iterator[ZkSession]":
        address = self._address
        named = f" {address.name!r}" if address.name else ""
        where = f"the attendance machine{named} at {address.host}:{address.port}"
        zk = _Zk(address, self._progress, self._stop)
        try:
            _connect(zk, where)
            yield ZkSession(zk, where, self._memory)
        finally:
            # Whatever went wrong was raised already; a machine that is gone need not be told goodbye.
            with suppress(ZKError, OSError, AttributeError):
                zk.disconnect()
            zk.close()


class _Memory:
    """What a machine tells once and need not be asked again while its serial number stays.

    Attributes:
        users: as read last, in the machine's order.
    """

    def __init__(self) -> None:
        self.serial_number = ""
        self.firmware = ""
        self.platform = ""
        self.users: list[MachineUser] = []
        self.pieces = Pieces()


class _Zk(ZK):  # type: ignore[misc]  # pyzk is untyped
    """pyzk on a socket that keeps packets apart."""

    def __init__(self, address: MachineAddress, progress: Callable[[], None] | None, stop: Event) -> None:
        # ommit_ping: pyzk would run the system's `ping`; the connection itself tells as much.
        super().__init__(
            address.host,
            address.port,
            timeout=address.timeout_s,
            password=address.comm_key,
            force_udp=address.udp,
            ommit_ping=True,
            encoding=address.name_encoding,
        )
        self.close()  # the socket that pyzk makes beforehand, and forgets
        self.address = address
        self._progress = progress
        self._stop = stop
        self.connected = False
        # pyzk would try the port with a connection of its own before the real one.
        self.helper.test_tcp = lambda: 0

    @property
    def reached(self) -> bool:
        """Whether there was a connection; UDP has none."""
        return bool(self.tcp) and self.connected

    def _ZK__create_socket(self) -> None:  # noqa: N802 - pyzk's own name for it, as Python spells private ones
        address = self.address
        self._ZK__sock = FrameSocket(
            (address.host, address.port), address.timeout_s, udp=address.udp, progress=self._progress
        )
        self.connected = True

    def close(self) -> None:
        self._ZK__sock.close()

    def ask(self, command: int, data: bytes = b"", patience: float = 1.0) -> Packet:
        """One request of ours, in pyzk's session and numbering; raises StopRequested instead of going on for long."""
        if command == Code.READ_CHUNK and self._stop.is_set():
            raise StopRequested
        self.be_patient(patience)
        number: int = (self._ZK__reply_id + 1) % NUMBERS
        self._ZK__reply_id: int = number
        packet = encode_packet(command, self._ZK__session_id, number, data)
        if self.tcp:
            self._ZK__sock.send(frame(packet))
        else:
            self._ZK__sock.sendto(packet, (self.address.host, self.address.port))
        return self.more()

    @property
    def tally(self) -> Tally:
        """What was seen of this connection's packets."""
        found: Tally = self._ZK__sock.tally
        return found

    def be_patient(self, patience: float) -> None:
        """With the next request, for this part of the time-out."""
        self._ZK__sock.patience = patience

    def more(self) -> Packet:
        """The next packet of the answer to it."""
        packet: Packet = self._ZK__sock.packet()
        return packet


class _Sizes(NamedTuple):
    users: int
    records: int
    record_capacity: int


class ZkSession:
    """One connection; see the port MachineSession."""

    def __init__(self, zk: _Zk, where: str, memory: _Memory) -> None:
        self._zk = zk
        self._where = where
        self._memory = memory
        self._met: list[MachineUser] = []
        """Users whom this conversation has looked up already."""
        self._shown: datetime | None = None
        """The machine's clock, as it was asked last."""

    def status(self) -> MachineStatus:
        serial_number = self._serial_number()
        if serial_number != self._memory.serial_number:
            self._memory.firmware = self._optional(self._zk.get_firmware_version)
            self._memory.platform = self._optional(self._zk.get_platform)
            self._memory.users = []
            self._memory.pieces.forget()
            self._memory.serial_number = serial_number
        self._shown = self._time()
        sizes = self._sizes()
        return MachineStatus(
            serial_number=serial_number,
            time=self._shown,
            records=sizes.records,
            users=sizes.users,
            record_capacity=sizes.record_capacity,
            firmware=self._memory.firmware,
            platform=self._memory.platform,
        )

    def read_log(self, known: LogEnd | None = None) -> AttendanceLog:
        prepare = partial(self._prepared, Code.READ_ATTENDANCE, 0)
        # Whichever clock is ahead: where punches are later than both, their form is another.
        latest = max(filter(None, (self._shown, datetime.now()))) + A_DAY  # noqa: DTZ005 - wall time, as the machine's
        return self._call(
            lambda: read_log(
                lambda: self._sizes().records,
                prepare,
                known,
                self._user_ids,
                latest=latest,
                pieces=self._memory.pieces,
            )
        )

    def read_user_names(self, users: Collection[str] = ()) -> Mapping[str, str]:
        found = self._looked_up(users) if users else None
        return {user.user_id: user.name for user in (found or self.read_users()) if user.name}

    def _looked_up(self, users: Collection[str]) -> list[MachineUser] | None:
        """These users as they are now, from where they stood when all were read; None where that tells nothing."""
        met = [user for user in self._met if user.user_id in users]
        if len(met) == len(users):
            return met
        numbers = {user.number: user.user_id for user in self._memory.users if user.user_id in users}
        if len(numbers) != len(users):
            return None
        # A machine that refuses to send a part of its list still sends the whole.
        with suppress(RefusalError):
            with self._prepared(Code.READ_USERS, USERS_FUNCTION) as table:
                found = records_at(table, self._memory.users, numbers, self._zk.encoding)
            if found is not None and all(numbers[user.number] == user.user_id for user in found):
                return found
        return None

    def read_users(self) -> list[MachineUser]:
        """Everybody whom the machine knows, in its own order."""
        count = self._sizes().users
        with self._prepared(Code.READ_USERS, USERS_FUNCTION) as table:
            users = self._call(lambda: read_users(table, count, self._zk.encoding))
        self._memory.users = users
        return users

    def read_table(self, command: int, function: int) -> bytes:
        """A whole table as the machine sends it."""
        with self._prepared(command, function) as table:
            return table.part(0, table.size)

    @property
    def encoding(self) -> str:
        """Code page of the names."""
        return str(self._zk.encoding)

    @property
    def tally(self) -> Tally:
        """What was seen of this connection's packets."""
        return self._zk.tally

    def enable(self) -> None:
        self._insist(self._zk.enable_device)

    def disable(self) -> None:
        self._insist(self._zk.disable_device)

    def set_time(self, time: datetime) -> None:
        self._call(lambda: self._zk.set_time(time))

    def clear(self) -> None:
        self._call(self._zk.clear_attendance)

    def ask(self, command: int, data: bytes = b"", patience: float = 1.0) -> Packet:
        return self._call(lambda: self._zk.ask(command, data, patience))

    def more(self) -> Packet:
        return self._call(self._zk.more)

    def _prepared(self, command: int, function: int) -> AbstractContextManager[Table]:
        return prepared_table(self, command, function, CHUNK_BYTES if self._zk.tcp else UDP_CHUNK_BYTES)

    def _user_ids(self, numbers: Collection[int]) -> Mapping[int, str]:
        """The user IDs of some of the machine's internal numbers, as they are now.

        A number is given to somebody else when its user is deleted: what was read earlier only says where to look.
        """
        # A machine that refuses to send a part of its list still sends the whole.
        with suppress(RefusalError):
            with self._prepared(Code.READ_USERS, USERS_FUNCTION) as table:
                found = records_at(table, self._memory.users, numbers, self._zk.encoding)
            if found is not None:
                self._met = found
                return {user.number: user.user_id for user in found}
        return {user.number: user.user_id for user in self.read_users()}

    def _serial_number(self) -> str:
        """Part of the identity of each punch: another one, even for once, would store the whole log again."""
        told: str = self._insist(self._zk.get_serialnumber).strip()
        if not told or not told.isprintable() or len(told) > LONGEST_SERIAL_NUMBER:
            raise MachineError(f"{self._where}: did not say its serial number, but {told[:40]!r}")
        return told

    def _optional(self, function: Callable[[], str]) -> str:
        try:
            return self._insist(function).strip()
        except MachineError as error:
            if isinstance(error.__cause__, ZKErrorResponse):
                return ""  # it has no such thing
            raise

    def _sizes(self) -> "_Sizes":
        """What the machine counts. Old ones answer with a single number and count nothing: their log is read all the
        same, see `read_log`.
        """
        answer = insistently(not self._zk.tcp, lambda patience: self.ask(Code.GET_SIZES, b"", patience))
        if answer.code not in (Code.OK, Code.DATA):
            raise RefusalError(
                f"{self._where}: does not say how many records it holds (answer {answer.code})"
            )
        if len(answer.data) == _ONE_NUMBER:
            return _Sizes(0, 0, 0)
        if len(answer.data) < _COUNTS.size:
            raise MachineError(f"{self._where}: did not say how many records it holds")
        sizes = _Sizes(*_COUNTS.unpack_from(answer.data))
        if min(sizes.records, sizes.users) < 0:
            raise MachineError(f"{self._where}: did not say how many records it holds, but {sizes.records}")
        return sizes

    def _time(self) -> datetime | None:
        try:
            time: datetime = self._insist(self._zk.get_time)
        except MachineError as error:
            # pyzk raises ValueError for a date that does not exist; anything else is a failed exchange.
            if isinstance(error.__cause__, ValueError):
                return None
            raise
        return time

    def _call(self, function: Callable[[], T]) -> T:
        return _translate(self._where, function)

    def _insist(self, command: Callable[[], T]) -> T:
        """A command of pyzk's that may be given twice."""

        def give(patience: float) -> T:
            self._zk.be_patient(patience)
            return self._call(command)

        return insistently(not self._zk.tcp, give)


def _connect(zk: _Zk, where: str) -> None:
    try:
        _translate(where, zk.connect)
    except MachineError as error:
        if "Unauthenticated" in str(error):
            raise MachineError(
                f"{where} refuses the comm key; put the one from its menu (Comm. > Security) into 'comm_key'"
            ) from error
        cause = error.__cause__
        if isinstance(cause, ZKNetworkError) and cause.__context__ is not None:
            cause = cause.__context__  # pyzk's words hide the socket's error
        if isinstance(cause, FrameError):
            raise MachineError(
                f"{where} answers, but not as an attendance machine does ({cause}): is 'port' right, and no other "
                "program or device at this address? If it is the machine, switch it off and on"
            ) from error
        if zk.reached and isinstance(cause, OSError):
            raise MachineError(
                f"{where} takes the connection and does not talk ({network_trouble(cause)}): another program may be "
                "connected to it, as it talks to one at a time. End that one (its own software, a second client), or "
                "switch the machine off and on"
            ) from error
        if isinstance(cause, ZKNetworkError | OSError):
            how = (
                ". With 'udp' it is spoken to by UDP, which not every machine answers: try without"
                if zk.address.udp
                else ""
            )
            raise MachineError(
                f"{where} cannot be reached ({network_trouble(cause)}); is it switched on and on the "
                "network? If so, its address may have changed: its menu (Comm. > Ethernet) shows it, 'ip' "
                f"and 'port' in biometric_device_config.json must be the same{how}"
            ) from error
        raise


def _translate(where: str, function: Callable[[], T]) -> T:
    """Call pyzk; whatever it raises becomes a MachineError.

    pyzk lets struct.error, IndexError, TypeError and others out when an answer is not what it expects.
    """
    try:
        return function()
    except StopRequested:
        raise
    except MachineError as error:
        if where in str(error):
            raise
        raise type(error)(f"{where}: {error}") from error.__cause__
    except Exception as error:
        text = str(error) or type(error).__name__
        # pyzk passes on the socket's own error in its context only.
        is_silent = any(isinstance(each, TimeoutError) for each in (error, error.__context__))
        raise (SilenceError if is_silent else MachineError)(f"{where}: {text}") from error

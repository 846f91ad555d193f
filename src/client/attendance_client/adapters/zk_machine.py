"""The attendance machine through pyzk; the only file that knows pyzk's oddities."""

import logging
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

from zk import ZK, const
from zk.exception import ZKError, ZKNetworkError

from attendance_client.adapters.attendance_log import decode_log
from attendance_client.config import MachineAddress
from attendance_client.errors import MachineError
from attendance_client.ports import AttendanceLog, MachineStatus

log = logging.getLogger(__name__)
T = TypeVar("T")


class ZkMachine:
    """A ZKTeco machine on TCP."""

    def __init__(self, address: MachineAddress) -> None:
        self._address = address

    @contextmanager
    def session(self) -> "Iterator[ZkSession]":
        address = self._address
        where = f"the attendance machine at {address.host}:{address.port}"
        # ommit_ping: pyzk would run the system's `ping`; the connection itself tells as much.
        zk = ZK(
            address.host,
            address.port,
            timeout=address.timeout_s,
            password=address.comm_key,
            ommit_ping=True,
            encoding=address.name_encoding,
        )
        try:
            _connect(zk, where)
            yield ZkSession(zk, where)
        finally:
            # Whatever went wrong was raised already; a machine that is gone need not be told goodbye.
            with suppress(ZKError, OSError, AttributeError):
                zk.disconnect()


class ZkSession:
    """One connection; see the port MachineSession."""

    def __init__(self, zk: Any, where: str) -> None:
        self._zk = zk
        self._where = where
        self._status: MachineStatus | None = None

    def status(self) -> MachineStatus:
        self._status = MachineStatus(
            serial_number=self._call(self._zk.get_serialnumber).strip(),
            time=self._time(),
            records=self._count(),
            users=self._zk.users,
            record_capacity=self._zk.rec_cap,
        )
        return self._status

    def read_log(self) -> AttendanceLog:
        before = self._count()
        blob = b""
        if before:
            blob, _ = self._call(lambda: self._zk.read_with_buffer(const.CMD_ATTLOG_RRQ))
        return decode_log(blob, before, self._count() if before else 0, self._user_ids)

    def read_user_names(self) -> Mapping[str, str]:
        # pyzk puts "NN-<user ID>" where a user has no name.
        return {user.user_id: user.name for user in self._users() if user.name != f"NN-{user.user_id}"}

    def enable(self) -> None:
        self._call(self._zk.enable_device)

    def _user_ids(self) -> Mapping[int, str]:
        return {user.uid: user.user_id for user in self._users()}

    def _users(self) -> list[Any]:
        users: list[Any] = self._call(self._zk.get_users)
        return users

    def _count(self) -> int:
        self._call(self._zk.read_sizes)
        return int(self._zk.records)

    def _time(self) -> Any:
        try:
            return self._call(self._zk.get_time)
        except MachineError as error:
            # pyzk raises ValueError for a date that does not exist; anything else is a failed exchange.
            if isinstance(error.__cause__, ValueError):
                return None
            raise

    def _call(self, function: Callable[[], T]) -> T:
        return _translate(self._where, function)


def _connect(zk: ZK, where: str) -> None:
    try:
        _translate(where, zk.connect)
    except MachineError as error:
        if "Unauthenticated" in str(error):
            raise MachineError(
                f"{where} refuses the comm key; put the one from its menu (Comm. > Security) into 'comm_key'"
            ) from error
        if isinstance(error.__cause__, ZKNetworkError | OSError):
            raise MachineError(
                f"{where} cannot be reached ({error.__cause__}); is it switched on and on the network, and are 'ip' "
                "and 'port' right?"
            ) from error
        raise
    # pyzk 0.9 takes the empty read of a connection that the machine closed for "still waiting", and spins.
    zk._ZK__sock = _StrictSocket(zk._ZK__sock)  # noqa: SLF001 - pyzk offers no way in


def _translate(where: str, function: Callable[[], T]) -> T:
    """Call pyzk; whatever it raises becomes a MachineError.

    pyzk lets struct.error, IndexError, TypeError and others out when an answer is not what it expects.
    """
    try:
        return function()
    except MachineError:
        raise
    except Exception as error:
        text = str(error) or type(error).__name__
        raise MachineError(f"{where}: {text}") from error


class _StrictSocket:
    """A socket whose `recv` raises where the other side has closed the connection."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def recv(self, size: int) -> bytes:
        data = self._sock.recv(size)
        if not data:
            raise ConnectionResetError("the machine closed the connection")
        return data

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)

"""One client's session: what the machine answers to each request, apart from sockets."""

import struct
from collections.abc import Callable
from dataclasses import dataclass

from attendance_sandbox.device.faults import Request, Table
from attendance_sandbox.device.machine import AttendanceMachine
from attendance_sandbox.device.protocol import (
    MAX_CHUNK_BYTES,
    Command,
    Packet,
    Reply,
    comm_key_matches,
    decode_time,
    encode_time,
)

_TABLES: dict[int, Table] = {Command.READ_USERS: Table.USERS, Command.READ_ATTENDANCE: Table.ATTENDANCE}
_BUFFER_COMMANDS = (Command.READ_CHUNK, Command.FREE_BUFFER)


@dataclass(frozen=True)
class Manner:
    """How a machine talks; models and firmware differ.

    Attributes:
        comm_key: what the client has to prove to know; 0 for nothing.
        key_required: the code by which the machine asks for it; newer firmware uses `Reply.KEY_REQUIRED`.
        inline_bytes: a blob up to this size is answered at once; a longer one is fetched in chunks.
        announces_inline: whether such an answer is announced and ended, as a chunk is.
        frame_bytes: the most data that one packet of a chunk carries.
        buffers: whether it knows buffered reads; old firmware does not.
        reads_from_an_offset: whether a chunk may begin elsewhere than where the last one ended.
        echoes_session: whether every packet bears the number of the session, and not only the first.
        echoes_number: whether every packet bears the number of the request that it answers.
    """

    comm_key: int = 0
    key_required: int = Reply.UNAUTHORIZED
    inline_bytes: int = 1024
    announces_inline: bool = False
    frame_bytes: int = MAX_CHUNK_BYTES
    buffers: bool = True
    reads_from_an_offset: bool = True
    echoes_session: bool = True
    echoes_number: bool = True


@dataclass(frozen=True)
class Answer:
    """What goes back to the client.

    Attributes:
        packets: code and data of each; none for what needs no answer.
        told: the request in words, for whoever watches; None for what is not worth a line.
        closes: whether the connection ends with it.
        reboots: whether every connection ends with it.
    """

    packets: tuple[tuple[int, bytes], ...] = ()
    told: str | None = None
    closes: bool = False
    reboots: bool = False


def _ok(told: str | None = None, data: bytes = b"", *, closes: bool = False, reboots: bool = False) -> Answer:
    return Answer(((Reply.OK, data),), told, closes=closes, reboots=reboots)


def _refused(told: str | None = None, code: int = Reply.ERROR) -> Answer:
    return Answer(((code, b""),), told)


class Session:
    """The state between `CONNECT` and `EXIT`.

    Args:
        new_id: gives each `CONNECT` its session number.
    """

    def __init__(self, machine: AttendanceMachine, manner: Manner, new_id: Callable[[], int]) -> None:
        self._machine = machine
        self._manner = manner
        self._new_id = new_id
        self._authenticated = False
        self._chunk_starts = 0
        self._buffer = b""
        self._table: Table | None = None
        self.id = 0
        self._handlers: dict[int, Callable[[bytes], Answer]] = {
            Command.EXIT: self._exit,
            Command.ENABLE: self._enable,
            Command.DISABLE: self._disable,
            Command.RESTART: self._restart,
            Command.GET_VERSION: self._get_version,
            Command.READ_OPTION: self._read_option,
            Command.GET_FREE_SIZES: self._get_free_sizes,
            Command.GET_TIME: self._get_time,
            Command.SET_TIME: self._set_time,
            Command.READ_USERS: lambda _: self._read_at_once(Table.USERS),
            Command.READ_ATTENDANCE: lambda _: self._read_at_once(Table.ATTENDANCE),
            Command.PREPARE_BUFFER: self._prepare_buffer,
            Command.READ_CHUNK: self._read_chunk,
            Command.FREE_BUFFER: self._free_buffer,
            Command.CLEAR_ATTENDANCE: self._clear_attendance,
        }
        if not manner.buffers:
            for command in (Command.PREPARE_BUFFER, *_BUFFER_COMMANDS):
                del self._handlers[command]

    def describe(self, packet: Packet) -> Request:
        """The request with the table that it is about."""
        table = _TABLES.get(packet.command)
        if packet.command == Command.PREPARE_BUFFER:
            table = _wanted_table(packet.data)
        elif packet.command in _BUFFER_COMMANDS:
            table = self._table
        return Request(packet.command, packet.data, table)

    def numbers(self, request: Packet) -> tuple[int, int]:
        """The numbers of session and reply that the packets of an answer bear."""
        tells = self._manner.echoes_session or request.command == Command.CONNECT
        return self.id if tells else 0, request.number if self._manner.echoes_number else 0

    def answer(self, packet: Packet) -> Answer:
        """Carry out a request; whatever its data are, the answer says what became of it."""
        if packet.command == Command.CONNECT:
            return self._connect()
        if packet.command == Command.AUTHENTICATE:
            return self._authenticate(packet.data)
        if not self._authenticated or packet.session != self.id:
            return _refused(f"command {packet.command} without a session: refused", Reply.UNAUTHORIZED)
        return self._carry_out(packet)

    def _carry_out(self, packet: Packet) -> Answer:
        handler = self._handlers.get(packet.command)
        if handler is None:
            return _refused(f"command {packet.command} is unknown", Reply.UNKNOWN)
        try:
            return handler(packet.data)
        except (ValueError, struct.error) as error:
            return _refused(f"command {packet.command} refused: {error}")

    # --- connecting

    def _connect(self) -> Answer:
        self.id = self._new_id()
        self._authenticated = self._manner.comm_key == 0
        if self._authenticated:
            return _ok("connect")
        return _refused("connect: asked for the comm key", self._manner.key_required)

    def _authenticate(self, data: bytes) -> Answer:
        self._authenticated = bool(self.id) and comm_key_matches(data, self._manner.comm_key, self.id)
        if self._authenticated:
            return _ok("authenticate")
        return _refused("authenticate: wrong comm key", Reply.UNAUTHORIZED)

    def _exit(self, _: bytes) -> Answer:
        self._authenticated = False
        return _ok("disconnect", closes=True)

    # --- the machine as such

    def _enable(self, _: bytes) -> Answer:
        self._machine.enabled = True
        return _ok("enable")

    def _disable(self, _: bytes) -> Answer:
        self._machine.enabled = False
        return _ok("disable")

    def _restart(self, _: bytes) -> Answer:
        self._machine.restart()
        return _ok("restart", closes=True, reboots=True)

    def _get_version(self, _: bytes) -> Answer:
        return _ok("read firmware version", self._machine.firmware.encode() + b"\0")

    def _read_option(self, data: bytes) -> Answer:
        name = data.split(b"\0")[0].decode("ascii", errors="replace")
        value = self._machine.options.get(name)
        if value is None:
            return _refused(f"read option {name}: there is none")
        return _ok(f"read option {name}", f"{name}={value}\0".encode())

    def _get_free_sizes(self, _: bytes) -> Answer:
        return _ok("read counts", self._machine.free_sizes())

    def _get_time(self, _: bytes) -> Answer:
        return _ok("read time", struct.pack("<I", encode_time(self._machine.now())))

    def _set_time(self, data: bytes) -> Answer:
        when = decode_time(struct.unpack_from("<I", data)[0])
        self._machine.set_time(when)
        return _ok(f"set time to {when}")

    # --- reading

    def _table_as_told(self, table: Table) -> tuple[bytes, str]:
        """The bytes of a table, and the words for whoever watches."""
        if table is Table.USERS:
            blob, record_size, what = self._machine.users_blob(), self._machine.user_size, "users"
        else:
            blob, record_size, what = self._machine.attendance_blob(), self._machine.record_size, "records"
        return blob, f"read {table.value}: {(len(blob) - 4) // record_size:,} {what}, {len(blob):,} bytes"

    def _read_at_once(self, table: Table) -> Answer:
        """An unbuffered read, as clients of old firmware ask for it: announced, and all of it sent."""
        blob, told = self._table_as_told(table)
        return Answer(self._announced(blob), told)

    def _prepare_buffer(self, data: bytes) -> Answer:
        self._table = _wanted_table(data)
        if self._table is None:
            return _refused("buffered read of something that this machine does not have")
        self._buffer, told = self._table_as_told(self._table)
        size = len(self._buffer)
        self._chunk_starts = 0
        if size <= self._manner.inline_bytes:
            if self._manner.announces_inline:
                return Answer(self._announced(self._buffer), told)
            return Answer(((Reply.DATA, self._buffer),), told)
        return _ok(told, struct.pack("<BIII", 0, size, size, 0))

    def _read_chunk(self, data: bytes) -> Answer:
        start, size = struct.unpack_from("<ii", data)
        if not (0 <= start < len(self._buffer) and 0 < size <= MAX_CHUNK_BYTES):
            return _refused(f"chunk of {size} bytes from {start}: refused")
        if start != self._chunk_starts and not self._manner.reads_from_an_offset:
            return _refused(f"chunk of {size} bytes from {start}, not {self._chunk_starts}: refused")
        part = self._buffer[start : start + size]
        self._chunk_starts = start + len(part)
        told = (
            f"read bytes {start:,} to {start + len(part):,} of {self._table.value}" if self._table else None
        )
        return Answer(self._announced(part), told)

    def _announced(self, part: bytes) -> tuple[tuple[int, bytes], ...]:
        frame_bytes = self._manner.frame_bytes
        announced = struct.pack("<II", len(part), min(len(part), frame_bytes))
        offsets = range(0, len(part), frame_bytes)
        frames = [(Reply.DATA, part[offset : offset + frame_bytes]) for offset in offsets]
        return ((Reply.PREPARE_DATA, announced), *frames, (Reply.OK, b""))

    def _free_buffer(self, _: bytes) -> Answer:
        self._buffer, self._table = b"", None
        return _ok()

    # --- writing

    def _clear_attendance(self, _: bytes) -> Answer:
        return _ok(f"clear attendance log: {self._machine.clear():,} records erased")


def _wanted_table(data: bytes) -> Table | None:
    """The table that the data of a `PREPARE_BUFFER` name: `01`, i16 command, i32 function, i32 extension."""
    if len(data) < 3:
        return None
    return _TABLES.get(struct.unpack_from("<H", data, 1)[0])

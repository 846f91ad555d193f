"""The state of one attendance machine, apart from any network."""

import struct
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum

from attendance_sandbox.device.records import (
    RECORD_SIZES,
    USER_SIZES,
    PunchRecord,
    RawRecord,
    User,
    check_user_id,
    pack_punch,
    pack_user,
)
from attendance_sandbox.device.slots import UserSlots

Record = PunchRecord | RawRecord
PunchListener = Callable[[PunchRecord], None]

_FREE_SIZES = struct.Struct("<23i")
FIRST_YEAR = 2000
LAST_YEAR = 2132


class WhenFull(StrEnum):
    """What a full machine does with the next punch; models differ."""

    STOP_RECORDING = "stop-recording"
    OVERWRITE_OLDEST = "overwrite-oldest"


class Counts(StrEnum):
    """What a machine says when it is asked how many users and punches it holds; some are wrong for ever."""

    RIGHT = "right"
    NOTHING = "nothing"
    """Users, but no punches, whatever it holds."""
    ONE_LESS = "one-less"
    ONE_NUMBER = "one-number"
    """A single number instead of twenty, as old models do."""


class AttendanceMachine:
    """Users, punches and a clock. Safe to use from any thread.

    Args:
        serial_number: what `~SerialNumber` answers.
        record_size: bytes of a punch, 49, 40, 16 or 8; those of 16 hold a numeric user ID, those of 8 only
            the uid.
        user_size: bytes of a user, 72 or 28; those of 28 hold a numeric user ID and 8 bytes of name.
        when_full: what happens to a punch when all of `record_capacity` is used.
        clock: the naive local wall time that the machine's clock follows.
        clock_offset: what the machine's clock is ahead of `clock`; setting the time changes it.
        drift_s_a_day: what the machine's clock gains each day since it was set last, or loses.
        time_last: whether the time stands at the end of a record of 8 bytes, as on some old models.
        heeds_disabling: whether it takes no punch while it is disabled; some say that they are, and go on.

    Attributes:
        enabled: False while a client has disabled the machine. Nobody can punch then, and it stays so when
            the client's connection is lost: only `ENABLE` or a restart ends it.
    """

    def __init__(
        self,
        *,
        serial_number: str = "SIM0000001",
        record_size: int = 40,
        user_size: int = 72,
        record_capacity: int = 100_000,
        user_capacity: int = 3_000,
        when_full: WhenFull = WhenFull.STOP_RECORDING,
        clock: Callable[[], datetime] = datetime.now,
        clock_offset: timedelta = timedelta(0),
        drift_s_a_day: float = 0.0,
        encoding: str = "utf-8",
        time_last: bool = False,
        counts: Counts = Counts.RIGHT,
        heeds_disabling: bool = True,
    ) -> None:
        if record_size not in RECORD_SIZES:
            raise ValueError(f"a record has {RECORD_SIZES} bytes, not {record_size}")
        if user_size not in USER_SIZES:
            raise ValueError(f"a user has {USER_SIZES} bytes, not {user_size}")
        self.record_size = record_size
        self.user_size = user_size
        self.record_capacity = record_capacity
        self.when_full = WhenFull(when_full)
        self.clock = clock
        self.clock_offset = clock_offset
        self.drift_s_a_day = drift_s_a_day
        self._clock_set_at = clock()
        self.encoding = encoding
        self.time_last = time_last
        self.counts = Counts(counts)
        self.heeds_disabling = heeds_disabling
        self.enabled = True
        self.firmware = "Ver 6.60 Nov 13 2019"
        self.options = _factory_options(serial_number)
        self._lock = threading.RLock()
        self._slots = UserSlots(user_capacity, numeric=self.numeric_ids)
        self._records: list[Record] = []
        self._log = bytearray()
        self._listeners: list[PunchListener] = []

    @property
    def numeric_ids(self) -> bool:
        """Whether this machine's layouts hold user IDs as numbers only."""
        return self.user_size == 28 or self.record_size == 16

    @property
    def serial_number(self) -> str:
        return self.options["~SerialNumber"]

    @serial_number.setter
    def serial_number(self, value: str) -> None:
        self.options["~SerialNumber"] = value

    # --- the clock

    def now(self) -> datetime:
        """The machine's wall time: naive, whole seconds, as wrong as `clock_offset` and `drift_s_a_day` say."""
        true = self.clock()
        days = (true - self._clock_set_at) / timedelta(days=1)
        gained = timedelta(seconds=days * self.drift_s_a_day)
        return (true + self.clock_offset + gained).replace(microsecond=0)

    def set_time(self, when: datetime) -> None:
        """Set the machine's clock, by way of `clock_offset`.

        Raises:
            ValueError: the time has a zone, or a year that the machine does not know.
        """
        true = self.clock()
        self.clock_offset = _whole_seconds(when) - true
        self._clock_set_at = true

    def lose_clock(self) -> None:
        """The cell went flat: the clock starts again at the beginning of its years."""
        self.set_time(datetime(FIRST_YEAR, 1, 1))  # noqa: DTZ001 - the wall time of a clock without a zone

    # --- users

    @property
    def users(self) -> tuple[User, ...]:
        """A copy, in the order of the uids."""
        return self._slots.all()

    def user(self, user_id: str) -> User | None:
        return self._slots.find(user_id)

    def add_user(self, user_id: str, name: str, privilege: int = 0) -> User:
        """Enrol somebody in the lowest free slot; a user ID that exists gets the new name and privilege.

        Raises:
            ValueError: the user ID does not fit this machine, or the machine is full.
        """
        with self._lock:
            known = self.user(user_id)
            uid = known.uid if known else self._slots.free_uid()
            user = User(uid, user_id, name, privilege)
            self.write_user(user)
            return user

    def write_user(self, user: User) -> None:
        """Put `user` into its slot, whoever was there before.

        Raises:
            ValueError: as in `add_user`, or the user ID has another slot.
        """
        self._slots.write(user)

    def delete_user(self, user_id: str) -> bool:
        """Forget somebody, whose punches stay; False when nobody has that user ID."""
        with self._lock:
            user = self.user(user_id)
            return user is not None and self._slots.empty(user.uid)

    # --- punches

    @property
    def records(self) -> tuple[Record, ...]:
        """A copy of the attendance log, oldest first, as it was written (not in the order of time)."""
        with self._lock:
            return tuple(self._records)

    @property
    def record_count(self) -> int:
        with self._lock:
            return len(self._records)

    def punch(self, user_id: str, when: datetime | None = None, status: int = 1, punch: int = 0) -> bool:
        """Somebody clocks in or out; listeners hear of it.

        Args:
            user_id: of an enrolled user.
            when: the time that the machine records; None for the time of its clock.
            status: how the person was recognised, see `PunchRecord`.
            punch: which key was pressed, see `PunchRecord`.

        Returns:
            Whether the punch was recorded. It is not while the machine is disabled, nor when it is full and
            stops recording then.

        Raises:
            ValueError: the machine does not know that user (`add_record` writes such a punch), or the time
                has a zone or does not fit.
        """
        with self._lock:
            user = self.user(user_id)
            if user is None:
                raise ValueError(f"no user {user_id!r} is enrolled; add_user first")
            if self.heeds_disabling and not self.enabled:
                return False
            record = PunchRecord(user.uid, user_id, _whole_seconds(when or self.now()), status, punch)
            recorded = self._append(record, self._packed(record))
            listeners = list(self._listeners) if recorded else []
        for listener in listeners:
            listener(record)
        return recorded

    def add_record(self, user_id: str, when: datetime, status: int = 1, punch: int = 0) -> bool:
        """Write a punch into the log as if it had been there: no user needed, disabled or not, no event.

        Returns False when the machine is full and stops recording.
        """
        check_user_id(user_id, numeric=self.numeric_ids)
        with self._lock:
            user = self.user(user_id)
            record = PunchRecord(user.uid if user else 0, user_id, _whole_seconds(when), status, punch)
            return self._append(record, self._packed(record))

    def add_raw_record(self, data: bytes) -> bool:
        """Write any bytes of `record_size` into the log; see `pack_record` and `encode_fields`.

        Returns False when the machine is full and stops recording.
        """
        if len(data) != self.record_size:
            raise ValueError(f"a record of this machine has {self.record_size} bytes, not {len(data)}")
        with self._lock:
            return self._append(RawRecord(bytes(data)), data)

    def clear(self) -> int:
        """Erase the attendance log, and nothing else; returns how many records there were."""
        with self._lock:
            count = len(self._records)
            self._records.clear()
            self._log.clear()
            return count

    def restart(self) -> None:
        """Switch off and on: what was stored stays, and the machine is enabled again."""
        self.enabled = True

    def add_listener(self, listener: PunchListener) -> None:
        """`listener` is called with each punch that is recorded, in the thread that punches."""
        with self._lock:
            self._listeners.append(listener)

    # --- what a client reads

    def free_sizes(self) -> bytes:
        """23 numbers: how many users and records there are, how many fit and how many fit still; see `Counts`."""
        with self._lock:
            users, records = len(self._slots), len(self._records)
        if self.counts is Counts.ONE_NUMBER:
            return bytes(4)
        if self.counts is Counts.NOTHING:
            records = 0
        elif self.counts is Counts.ONE_LESS:
            users, records = max(0, users - 1), max(0, records - 1)
        fields = [0] * 23
        fields[4], fields[8] = users, records
        fields[15], fields[16] = self._slots.capacity, self.record_capacity
        fields[18], fields[19] = self._slots.capacity - users, self.record_capacity - records
        return _FREE_SIZES.pack(*fields)

    def users_blob(self) -> bytes:
        """The u32 count of the bytes that follow, and the users."""
        packed = b"".join(pack_user(self.user_size, user, self.encoding) for user in self.users)
        return struct.pack("<I", len(packed)) + packed

    def attendance_blob(self) -> bytes:
        """The u32 count of the bytes that follow, and the attendance log."""
        with self._lock:
            return struct.pack("<I", len(self._log)) + self._log

    def _packed(self, record: PunchRecord) -> bytes:
        return pack_punch(self.record_size, record, time_last=self.time_last)

    def _append(self, record: Record, packed: bytes) -> bool:
        if len(self._records) >= self.record_capacity:
            if self.when_full is WhenFull.STOP_RECORDING:
                return False
            del self._records[0]
            del self._log[: self.record_size]
        self._records.append(record)
        self._log += packed
        return True


def _whole_seconds(when: datetime) -> datetime:
    if when.tzinfo is not None:
        raise ValueError("the machine records naive wall time; a time with a zone does not fit")
    if not FIRST_YEAR <= when.year <= LAST_YEAR:
        raise ValueError(f"the machine's years run from {FIRST_YEAR} to {LAST_YEAR}, not {when.year}")
    return when.replace(microsecond=0)


def _factory_options(serial_number: str) -> dict[str, str]:
    """What a machine answers about itself as it leaves the factory."""
    return {
        "~SerialNumber": serial_number,
        "~Platform": "ZEM560_TFT",
        "~DeviceName": "Tx628",
        "~ZKFPVersion": "10",
        "~ExtendFmt": "0",
        "~UserExtFmt": "0",
        "~OS": "1",
        "MAC": "00:00:5e:00:53:01",
        "IPAddress": "127.0.0.1",
        "NetMask": "255.0.0.0",
        "GATEIPAddress": "0.0.0.0",  # noqa: S104 - the answer of a machine without a gateway; nothing binds to it
    }

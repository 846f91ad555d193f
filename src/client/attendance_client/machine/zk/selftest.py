"""What is believed of attendance machines and could not be tried on many: each line tried on one's own.

Nothing is changed on the machine: people go on punching. docs/believed-of-machines.md lists the same, and what cannot
be tried so.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

from attendance_client.errors import MachineError
from attendance_client.machine.port import LogEnd, LoggedPunch, MachineStatus
from attendance_client.machine.zk.attendance_log import OVERLAP_RECORDS, decode_log
from attendance_client.machine.zk.buffered_read import WholeTable
from attendance_client.machine.zk.frames import Code
from attendance_client.machine.zk.log_records import FIRST_BELIEVABLE, WIDTHS, believable_share
from attendance_client.machine.zk.recording import save_recording
from attendance_client.machine.zk.user_records import MachineUser, read_users
from attendance_client.machine.zk.zk_machine import A_DAY, USERS_FUNCTION, ZkSession
from attendance_trouble.belief import Beliefs, NotTriedError, OtherwiseError, Tried, expect, try_all

WAIT_S = 3.0
"""Between two looks at a clock that shows whole seconds."""
CLOCKS_AGREE = timedelta(minutes=1)
TELLING_SHARE = 0.9
LONGEST_READING_S = 45.0
"""A log that takes longer is read once only: two minutes are to be enough."""


@dataclass
class Bench:
    """A machine on trial, and what was read of it so far.

    Attributes:
        session: a conversation with it.
        now: the site's time.
        wait: lets so many seconds pass.
    """

    session: ZkSession
    now: Callable[[], datetime]
    wait: Callable[[float], None] = time.sleep
    statuses: list[MachineStatus] = field(default_factory=list)
    users: bytes = b""
    people: Sequence[MachineUser] = ()
    log: bytes = b""
    width: int = 0
    log_took_s: float = 0.0

    def ask(self) -> MachineStatus:
        self.statuses.append(self.session.status())
        return self.statuses[-1]

    @property
    def records(self) -> list[bytes]:
        """Of the log, as it was read whole."""
        if not self.width:
            raise NotTriedError("the log was not read, or is empty")
        return [self.log[place : place + self.width] for place in range(4, len(self.log), self.width)]

    def number_of(self, numbers: object) -> dict[int, str]:
        """User IDs by the machine's internal numbers."""
        del numbers
        return {user.number: user.user_id for user in self.people}


def selftest(bench: Bench, save_as: Path) -> Iterator[Tried]:
    """Try each belief, and write what was read and what came of it.

    Raises:
        RecordingError: the file cannot be written.
    """
    lines = []
    for belief in ON_MACHINES:
        began_s = time.monotonic()
        for tried in try_all([belief], bench, MachineError):
            took = f" ({time.monotonic() - began_s:.1f} s)"
            lines.append(Tried(tried.name, tried.outcome, tried.seen + took))
            yield lines[-1]
    if bench.statuses:
        first, last = bench.statuses[0], bench.statuses[-1]
        save_recording(
            save_as, first, last.records, bench.users, bench.log, selftest=[str(line) for line in lines]
        )


def _latest(bench: Bench) -> datetime:
    shown = bench.statuses[-1].time if bench.statuses else None
    return max(filter(None, (shown, bench.now()))) + A_DAY


def _decoded(bench: Bench) -> Sequence[LoggedPunch]:
    count = len(bench.records)
    return decode_log(bench.log, count, count, bench.number_of, latest=_latest(bench)).punches


ON_MACHINES: Beliefs[Bench] = Beliefs()


@ON_MACHINES.held("A machine tells one and the same serial number each time.")
def _serial_number(bench: Bench) -> str:
    told = {bench.ask().serial_number for _ in range(3)}
    return expect(" and ".join(sorted(told)), so=len(told) == 1)


@ON_MACHINES.held("The answer to the question for sizes is 80 bytes or more, with three counts.")
def _sizes(bench: Bench) -> str:
    status = bench.ask()
    answer = bench.session.ask(Code.GET_SIZES)
    told = (
        f"{len(answer.data)} bytes: {status.users} users, {status.records} records of "
        f"{status.record_capacity or 'an unknown number'}"
    )
    return expect(told, so=len(answer.data) >= 80 and status.record_capacity >= status.records)


@ON_MACHINES.held("The clock shows a date that exists, in whole seconds, and goes on.")
def _clock_goes(bench: Bench) -> str:
    first = bench.ask().time
    bench.wait(WAIT_S)
    second = bench.ask().time
    if first is None or second is None:
        raise OtherwiseError("it shows a date that does not exist")
    passed_s = (second - first).total_seconds()
    return expect(f"{passed_s:.0f} s passed in {WAIT_S:.0f} s", so=abs(passed_s - WAIT_S) <= 2)


@ON_MACHINES.held("The clock shows the site's time.")
def _clock_agrees(bench: Bench) -> str:
    shown, now = bench.ask().time, bench.now().replace(microsecond=0)
    if shown is None:
        raise OtherwiseError("it shows a date that does not exist")
    offset = shown - now
    return expect(f"{offset.total_seconds():+.0f} s off this computer's", so=abs(offset) <= CLOCKS_AGREE)


@ON_MACHINES.held("The list of users is records of 28 or 72 bytes, as many as are counted.")
def _users_fit(bench: Bench) -> str:
    count = bench.ask().users
    bench.users = bench.session.read_table(Code.READ_USERS, USERS_FUNCTION)
    bench.people = read_users(WholeTable(bench.users), count, bench.session.encoding)
    told = f"{len(bench.people)} users in {len(bench.users)} bytes, counted are {count}"
    return expect(told, so=len(bench.people) == count)


@ON_MACHINES.held("Names are text in the code page that is configured.")
def _names_text(bench: Bench) -> str:
    if not bench.people:
        raise NotTriedError("there are no users, or they were not read")
    odd = sum("\\x" in user.name for user in bench.people)
    encoding = bench.session.encoding
    return expect(f"{odd} of {len(bench.people)} names are not {encoding}", so=odd == 0)


@ON_MACHINES.held("The log is records of 8, 16, 40 or 49 bytes, as many as are counted.")
def _log_fits(bench: Bench) -> str:
    before = bench.ask().records
    began_s = time.monotonic()
    log = bench.session.read_table(Code.READ_ATTENDANCE, 0)
    bench.log_took_s = time.monotonic() - began_s
    after = bench.ask().records
    bench.log = log
    latest = _latest(bench)
    end = decode_log(log, before, after, bench.number_of, latest=latest).end
    bench.width = end.width
    told = f"{end.records} records of {end.width} bytes; counted are {before}, and {after} afterwards"
    return expect(told, so=before <= end.records <= after and end.width in (0, *WIDTHS))


@ON_MACHINES.held("These records are punches, with times of the past and user IDs.")
def _log_punches(bench: Bench) -> str:
    records = bench.records
    share = believable_share(bench.log, bench.width, _latest(bench), 4) if bench.width in WIDTHS else 0.0
    return expect(f"{share:.0%} of {len(records)}", so=share >= TELLING_SHARE)


@ON_MACHINES.held("New records come at the end of the log.")
def _log_order(bench: Bench) -> str:
    log = _decoded(bench)
    times = [punch.timestamp for punch in log if punch.timestamp >= FIRST_BELIEVABLE]
    back = sum(later < earlier for earlier, later in pairwise(times))
    return expect(f"{back} of {len(times)} are earlier than the one before", so=back * 100 <= len(times))


@ON_MACHINES.held("A part of the log can be read, and is what the whole has there.")
def _log_part(bench: Bench) -> str:
    records = bench.records
    if len(records) <= 2 * OVERLAP_RECORDS:
        raise NotTriedError(f"it holds {len(records)} records, and {2 * OVERLAP_RECORDS + 1} are needed")
    known = len(records) - OVERLAP_RECORDS
    last = b"".join(records[known - OVERLAP_RECORDS : known])
    tail = bench.session.read_log(LogEnd(known, bench.width, last))
    if tail.first == 0:
        raise OtherwiseError("a part of it is not what the whole was: the whole is read each time")
    read = [punch.raw for punch in tail.punches] + [record.raw for record in tail.undecodable]
    wanted = records[known:]
    same = set(wanted) <= set(read) and tail.first == known
    return expect(f"{len(read)} records from number {tail.first} on, {len(wanted)} were known", so=same)


@ON_MACHINES.held("The log, read again, begins as it did before.")
def _log_again(bench: Bench) -> str:
    before = bench.log
    if not bench.width:
        raise NotTriedError("the log was not read, or is empty")
    if bench.log_took_s > LONGEST_READING_S:
        raise NotTriedError(f"the log takes {bench.log_took_s:.0f} s")
    now = bench.session.read_table(Code.READ_ATTENDANCE, 0)
    same = now[4:].startswith(before[4:])
    return expect(f"{len(now)} bytes after {len(before)}", so=same)


@ON_MACHINES.held("Every packet bears the number of the request that it answers.")
def _numbers(bench: Bench) -> str:
    tally = bench.session.tally
    told = f"{tally.answers} packets, {tally.passed_over} that answered nothing that was asked"
    return expect(told, so=tally.passed_over == 0)


@ON_MACHINES.held("Every packet bears its checksum.")
def _checksums(bench: Bench) -> str:
    tally = bench.session.tally
    return expect(f"{tally.unsummed} of {tally.answers} packets have none", so=tally.unsummed == 0)


@ON_MACHINES.held("Every packet bears the number of the session.")
def _session(bench: Bench) -> str:
    tally = bench.session.tally
    told = f"{tally.of_other_session} of {tally.answers} packets bear another one"
    return expect(told, so=tally.of_other_session == 0)

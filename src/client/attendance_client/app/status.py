"""What `attendance-client status` says: from the files in the client's directory alone, whatever state they are in."""

import shutil
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from attendance_client.app.config import Config, load_config
from attendance_client.app.diary import STOPPED, UNANSWERED_FROM, Diary, SeenMachine, Span, read_diary
from attendance_client.app.locking import is_taken
from attendance_client.errors import ClientError, disk_remedy, is_read_only
from attendance_client.fsm.generated import RESUME_AT
from attendance_client.fsm.snapshot import FileSnapshotStore, Snapshot
from attendance_client.relay import ledger_rescue
from attendance_client.relay.ledger import LEDGER_NAME, Ledger, LedgerSummary
from attendance_contracts import CLOCK_OFF_FROM_S, NEARLY_FULL

FREE_BYTES = 200_000_000
"""A ledger of a hundred thousand punches takes 40 MB, and as much again while it is written."""
LATE = timedelta(minutes=20)
"""A running client that is so much later than it meant to be is stuck, or reads a slow machine for the first time."""


@dataclass
class Status:
    """What is known; all times are UTC, `last_stored` and those of the ledger as the machine showed them.

    Attributes:
        failures: why a file could not be read.
        troubles: what people are to know, the gravest first.
    """

    config: Config
    now: datetime
    runs: bool
    diary: Diary | None = None
    snapshot: Snapshot | None = None
    summary: LedgerSummary | None = None
    free_bytes: int = 0
    disk_is_read_only: bool = False
    failures: list[ClientError] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)

    @property
    def span(self) -> Span | None:
        return self.diary.spans[-1] if self.diary and self.diary.spans else None

    @property
    def state(self) -> str:
        """Empty where it has never run here."""
        if self.runs and self.span:
            return self.span.state
        return str(RESUME_AT[self.snapshot.pi4_state]) if self.snapshot else ""

    @property
    def state_since(self) -> datetime | None:
        """Since when it has been in its state without a break, as far as is noted."""
        since = None
        for span in reversed(self.diary.spans if self.diary and self.runs else ()):
            if span.state != self.state or (since is not None and span.due < since):
                break
            since = span.since
        return since


def look(directory: Path, now: datetime | None = None) -> Status:
    """Look at all files.

    Raises:
        ConfigError: of which site, cannot be told.
    """
    config = load_config(directory)
    now = now or datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    status = Status(config, now, is_taken(directory), read_diary(directory))
    store = FileSnapshotStore(directory)
    try:
        status.snapshot = store.load()
        if status.snapshot is None and store.path.exists():
            status.troubles.append(
                f"{store.path.name} is damaged: the client begins without it, which loses nothing"
            )
    except ClientError as error:
        status.failures.append(error)
    path = directory / LEDGER_NAME
    if path.exists():
        try:
            ledger = Ledger(path, config.site.day_boundary, read_only=True)
            try:
                status.summary = ledger.summary()
            finally:
                ledger.close()
        except ClientError as error:
            status.failures.append(error)
    status.free_bytes = shutil.disk_usage(directory).free
    status.disk_is_read_only = is_read_only(path)
    status.troubles = [*_of_the_service(status), *map(str, status.failures), *status.troubles]
    status.troubles += _of_the_disk(status, path)
    if told := ledger_rescue.trouble(directory):
        status.troubles.append(told)
    if status.diary is not None:
        status.troubles += [told for told in status.diary.troubles if told not in status.troubles]
        for seen in status.diary.machines:
            status.troubles += _of_a_machine(seen, status)
        if status.diary.clock_synchronised is False:
            status.troubles.append("this computer's clock has not heard from a time server")
    if status.summary is not None and status.summary.refused:
        why = status.summary.reason or "nobody answers"
        status.troubles.append(f"{status.summary.refused} punches are refused: {why}")
    return status


def _of_the_service(status: Status) -> list[str]:
    diary, span = status.diary, status.span
    if not status.runs:
        if diary is None or not diary.ended:
            told = "the service does not run" + (", and left no word of it" if diary else "")
        elif diary.ended == STOPPED:
            told = f"the service was stopped {_at(diary.written, status)}"
        else:
            told = f"the service ended {_at(diary.written, status)}: {diary.ended}"
        return [f"{told}. Start it: sudo systemctl start attendance-client"]
    if diary is None or span is None:
        return []
    troubles = []
    if span.problem:
        troubles.append(f"{span.problem} (since {_at(_problem_since(diary), status)})")
    elif diary.unanswered >= UNANSWERED_FROM:
        troubles.append(
            f"nobody answered the last {diary.unanswered} requests: are the functions in place, and do their logs "
            "say why?"
        )
    if status.now - span.due > LATE:
        troubles.append(
            f"the client meant to go on {_at(span.due, status)} and has not said anything since: it reads a slow "
            "machine for the first time, or systemd will start it anew"
        )
    return troubles


def _problem_since(diary: Diary) -> datetime:
    since = diary.spans[-1].since
    for span in reversed(diary.spans):
        if not span.problem:
            break
        since = span.since
    return since


def _of_the_disk(status: Status, path: Path) -> list[str]:
    if status.disk_is_read_only:
        return [f"{path.parent} cannot be written: {disk_remedy(path)}"]
    if status.free_bytes < FREE_BYTES:
        free = f"{status.free_bytes / 1e6:.0f} MB of the disk are free"
        return [f"{free}; make room, for example with sudo journalctl --vacuum-size=50M"]
    return []


def _of_a_machine(seen: SeenMachine, status: Status) -> list[str]:
    troubles = []
    span_tells = status.span is not None and status.span.problem == seen.problem
    if seen.problem and seen.problem_since and not (status.runs and span_tells):
        troubles.append(f"{seen.problem} (since {_at(seen.problem_since, status)})")
    if seen.record_capacity and seen.records >= NEARLY_FULL * seen.record_capacity:
        troubles.append(
            f"machine {seen.serial_number} is nearly full: once nothing is on its way, clear its attendance log in its "
            "own menu"
        )
    if seen.serial_number and (seen.clock_offset_s is None or abs(seen.clock_offset_s) > CLOCK_OFF_FROM_S):
        troubles.append(
            f"the clock of machine {seen.serial_number} {_offset(seen.clock_offset_s)}: set the one that is wrong"
        )
    return troubles


def describe(status: Status) -> str:
    """A page for a person."""
    config, diary, summary = status.config, status.diary, status.summary
    lines = [("site", config.site.location), ("service", _service(status)), ("state", _state(status))]
    if status.snapshot is not None:
        period = status.snapshot.review_period
        named = f"{period.name}, {period.first_day} to {period.last_day}" if period else "none"
        lines += [("period", named), ("last stored", f"{status.snapshot.last_stored_timestamp or '-'}")]
    for seen in _machines(status):
        lines += _machine(seen, status)
    if diary is not None:
        lines += [("Pub/Sub", f"last answered {_at(diary.reached_at, status)}"), ("clock", _clock(diary))]
    written = "read-only" if status.disk_is_read_only else f"{status.free_bytes / 1e9:.1f} GB free"
    lines.append(("disk", written))
    if summary is not None:
        oldest = f", the oldest of {summary.earliest_backlog}" if summary.earliest_backlog else ""
        lines += [
            ("punches", f"{summary.punches}, of which {summary.confirmed} are in a sheet"),
            ("on their way", f"{summary.backlog}{oldest}"),
            (
                "no period",
                f"{summary.without_period} (older than the site's First Day, or of a period that HR has not entered)",
            ),
            ("undecodable", f"{summary.undecodable} (kept with their bytes)"),
        ]
    lines += [("trouble", told) for told in status.troubles] or [("trouble", "none")]
    return "\n".join(f"{name:<13} {told}" for name, told in lines)


def _service(status: Status) -> str:
    diary = status.diary
    if status.runs:
        return f"runs since {_at(diary.started, status)}, release {diary.release}" if diary else "runs"
    return "does not run"


def _state(status: Status) -> str:
    if not status.state:
        return "cannot be told" if status.failures else "has never run here"
    if not status.runs or status.span is None:
        return f"{status.state}, where it goes on"
    since = f"since {_at(status.state_since, status)}"
    on = "now" if status.span.due <= status.now else f"{_local(status.span.due, status):%H:%M}"
    return f"{status.state}, {since}; goes on {on}"


def _machines(status: Status) -> tuple[SeenMachine, ...]:
    known = {(seen.host, seen.port): seen for seen in (status.diary.machines if status.diary else ())}
    configured = {
        (machine.host, machine.port): SeenMachine(machine.host, machine.port, machine.name)
        for machine in status.config.machines
    }
    return tuple({**configured, **known}.values())


def _machine(seen: SeenMachine, status: Status) -> list[tuple[str, str]]:
    where = f"{seen.name + ', ' if seen.name else ''}{seen.host}:{seen.port}"
    if seen.read_at is None:
        return [("machine", f"{where}, never read")]
    share = (
        f" of {seen.record_capacity} ({seen.records / seen.record_capacity:.0%})"
        if seen.record_capacity
        else ""
    )
    return [
        ("machine", f"{where}, {seen.serial_number}, {seen.records}{share} records, {seen.users} users"),
        ("  last read", _at(seen.read_at, status)),
        ("  its clock", _offset(seen.clock_offset_s)),
    ]


def _offset(offset_s: int | None) -> str:
    return (
        "shows a date that does not exist" if offset_s is None else f"is {offset_s:+d} s off this computer's"
    )


def _clock(diary: Diary) -> str:
    synchronised = {True: "follows a time server", False: "has not heard from a time server"}
    told = synchronised.get(bool(diary.clock_synchronised), "")
    if diary.clock_synchronised is None:
        told = "whether it follows a time server cannot be told"
    if diary.cloud_offset_s is not None:
        told += f"; {diary.cloud_offset_s:+d} s off Pub/Sub's"
    return told


def _at(moment: datetime | None, status: Status) -> str:
    """As the site's clocks show it, and how long ago where that is easier to grasp."""
    if moment is None:
        return "never"
    shown = _local(moment, status).strftime("%Y-%m-%d %H:%M")
    ago = status.now - moment
    if timedelta(0) <= ago < timedelta(hours=2):
        return f"{shown} ({ago.total_seconds() / 60:.0f} min ago)"
    return shown


def _local(moment: datetime, status: Status) -> datetime:
    return moment.replace(tzinfo=UTC).astimezone(ZoneInfo(status.config.site.time_zone))


def as_json(status: Status) -> dict[str, Any]:
    """The same for programs; moments with their offset from UTC, those of the machine as it showed them."""
    diary, span, snapshot, summary = status.diary, status.span, status.snapshot, status.summary
    period = snapshot.review_period if snapshot else None

    def moment(value: datetime | None) -> str | None:
        return None if value is None else _local(value, status).isoformat()

    return {
        "site": status.config.site.location,
        "service": {
            "running": status.runs,
            "started": moment(diary.started if diary else None),
            "release": diary.release if diary else None,
            "ended": (diary.ended or None) if diary and not status.runs else None,
            "written": moment(diary.written if diary else None),
        },
        "state": {
            "name": status.state or None,
            "since": moment(status.state_since),
            "next_wake": moment(span.due if span and status.runs else None),
            "problem": (span.problem or None) if span and status.runs else None,
        },
        "period": None
        if period is None
        else {"name": period.name, "first_day": f"{period.first_day}", "last_day": f"{period.last_day}"},
        "last_stored": None
        if snapshot is None or snapshot.last_stored_timestamp is None
        else snapshot.last_stored_timestamp.isoformat(),
        "machines": [
            {
                "host": seen.host,
                "port": seen.port,
                "name": seen.name or None,
                "serial_number": seen.serial_number or None,
                "last_read": moment(seen.read_at),
                "problem": seen.problem or None,
                "problem_since": moment(seen.problem_since),
                "clock_offset_s": seen.clock_offset_s,
                "records": seen.records,
                "record_capacity": seen.record_capacity,
                "users": seen.users,
            }
            for seen in _machines(status)
        ],
        "pubsub": {"last_answered": moment(diary.reached_at if diary else None)},
        "clock": {
            "synchronised": diary.clock_synchronised if diary else None,
            "offset_from_pubsub_s": diary.cloud_offset_s if diary else None,
        },
        "disk": {"free_bytes": status.free_bytes, "read_only": status.disk_is_read_only},
        "ledger": None
        if summary is None
        else {
            "punches": summary.punches,
            "confirmed": summary.confirmed,
            "backlog": summary.backlog,
            "oldest_of_backlog": summary.earliest_backlog.isoformat() if summary.earliest_backlog else None,
            "refused": summary.refused,
            "without_period": summary.without_period,
            "undecodable": summary.undecodable,
        },
        "troubles": status.troubles,
    }

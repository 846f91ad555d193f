"""A while of chaos, then peace, then the accounts."""

import json
import random
import re
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import openpyxl

from attendance_sandbox.demo.nursery import Nursery
from tests.chaos.link import Link, Mode
from tests.chaos.office import SITE, Office, Part

Key = tuple[str, datetime, int]
"""User ID, wall time and key of a punch."""

SETTLING_S = 300.0
SHORT_S, LONG_S, SHORT_SHARE = 0.5, 5.0, 0.75
"""How long a client lives: most of them are killed as they begin, some get far."""
FAKETIMES_OWN = "OSError: [Errno 22] Invalid argument"
"""How libfaketime now and then answers time.sleep while the clock that it shows is set; the system itself does not."""
TURN_S = 5.0
"""For each machine, when all is to be stored."""
CLOCKS = ("-3h", "-400d", "+2d", "@1970-01-01 00:00:10")


@dataclass
class Report:
    """What was done, and what became of it.

    Attributes:
        violations: a line for each promise that was broken, which begins with its name.
    """

    faults: Counter[str] = field(default_factory=Counter)
    exits: Counter[int] = field(default_factory=Counter)
    punches: int = 0
    rows: int = 0
    settled_s: float = 0.0
    violations: list[str] = field(default_factory=list)


def play(folder: Path, seconds: float, seed: str, *, punch_every_s: float = 0.3) -> Report:
    """Raises nothing for a broken promise: the report says so."""
    report = Report()
    with Nursery() as nursery:
        office = Office(folder, nursery, punch_every_s)
        try:
            chaos = _Chaos(office, random.Random(seed), report)
            chaos.rage(time.monotonic() + seconds)
            chaos.settle()
        finally:
            office.close()
    reconcile(folder, office, report)
    return report


class _Chaos:
    def __init__(self, office: Office, randomness: random.Random, report: Report) -> None:
        self.office = office
        self.random = randomness
        self.report = report
        self.over = threading.Event()
        self.held = threading.Lock()
        """By whoever needs the client to be left alone."""

    # --- the client: started again whenever it has ended, as systemd does; and killed, again and again

    def keep_client(self) -> None:
        office, randomness = self.office, random.Random(self.random.random())
        while not self.over.is_set():
            with self.held:
                self.start_client()
                client = office.client
                assert client is not None
                is_short = randomness.random() < SHORT_SHARE
                lives_s = randomness.expovariate(1 / SHORT_S) if is_short else LONG_S * randomness.random()
                end_s = time.monotonic() + 0.02 + lives_s
                while client.poll() is None and time.monotonic() < end_s and not self.over.is_set():
                    time.sleep(0.01)
                if client.poll() is None and not self.over.is_set():
                    how = randomness.choices(("SIGKILL", "SIGTERM", "SIGSTOP"), (10, 1, 1))[0]
                    self.report.faults[f"client {how}"] += 1
                    self.end_client(how, randomness)
                if (code := client.poll()) is not None:
                    self.report.exits[code] += 1
            time.sleep(0.01)

    def start_client(self) -> None:
        clock = ""
        if self.random.random() < 0.03:
            clock = self.random.choice(CLOCKS)
            self.report.faults["client's clock wrong"] += 1
        self.office.start_client(clock)
        if clock:
            threading.Timer(1.5, self.office.set_clock, ["+0"]).start()

    def end_client(self, how: str, randomness: random.Random) -> None:
        client = self.office.client
        assert client is not None
        part = _as_part(client)
        if how == "SIGSTOP":
            part.send(signal.SIGSTOP)
            time.sleep(randomness.random() * 2)
            part.send(signal.SIGCONT)
            time.sleep(randomness.random())
        part.send(signal.SIGTERM if how == "SIGTERM" else signal.SIGKILL)
        with suppress(Exception):
            client.wait(20)
        if client.poll() is None:
            self.report.violations.append("stops_when_told: the client did not end within 20 s of SIGTERM")
            part.send(signal.SIGKILL)
            client.wait(20)

    # --- all else

    def rage(self, end_s: float) -> None:
        keeper = threading.Thread(target=self.keep_client)
        keeper.start()
        try:
            while time.monotonic() < end_s:
                time.sleep(self.random.expovariate(1 / 0.8))
                self.random.choice(self.faults())()
        finally:
            self.over.set()
            keeper.join()

    def faults(self) -> list[Callable[[], None]]:
        office = self.office
        storing = [part for part in office.functions if "store" in part.name]
        parts = [*office.functions, *storing * 3, *[office.pubsub] * 3, office.mail, *office.machines]
        part = self.random.choice(parts)
        links = [office.machine_link, office.pubsub_link, office.sheets_link, *office.function_links]
        link = self.random.choice(links[:3] if self.random.random() < 0.8 else links)
        faults: list[Callable[[], None]] = [
            *[lambda: self.killed(part)] * 3,
            *[lambda: self.halted(part)] * 2,
            lambda: self.halted(office.sheets),
            lambda: self.disturbed(link, Mode.CUT),
            lambda: self.disturbed(link, Mode.SLOW),
            lambda: self.disturbed(link, Mode.STALLED),
            self.swapped,
        ]
        if office.has_disk:
            faults += [self.full, self.read_only]
        return faults

    def killed(self, part: Part) -> None:
        self.report.faults[f"{part.name} SIGKILL"] += 1
        part.kill()
        time.sleep(self.random.random() * 2)
        part.start()

    def halted(self, part: Part) -> None:
        self.report.faults[f"{part.name} SIGSTOP"] += 1
        part.send(signal.SIGSTOP)
        time.sleep(self.random.random() * 4)
        part.send(signal.SIGCONT)

    def disturbed(self, link: Link, mode: Mode) -> None:
        self.report.faults[f"{self.name_of(link)} {mode.name.lower()}"] += 1
        link.mode = mode
        if mode is Mode.CUT:
            link.cut()
        time.sleep(self.random.random() * 4)
        link.mode = Mode.PASS
        if self.random.random() < 0.5:
            link.cut()

    def name_of(self, link: Link) -> str:
        office = self.office
        named = {
            office.machine_link: "link to machine",
            office.pubsub_link: "link to Pub/Sub",
            office.sheets_link: "link to Sheets",
        }
        return named.get(link, "link to a function")

    def swapped(self) -> None:
        self.report.faults["machine swapped"] += 1
        self.swap()

    def swap(self) -> None:
        """Another machine on the wall; the first may come back."""
        link, machines = self.office.machine_link, self.office.machines
        link.target = next(machine.port or 0 for machine in machines if machine.port != link.target)
        link.cut()

    def full(self) -> None:
        self.report.faults["disk full"] += 1
        self.office.fill_disk()
        time.sleep(self.random.random() * 5)
        self.office.empty_disk()

    def read_only(self) -> None:
        """A disk that is in use cannot be made read-only by hand, as it can by a failing card: between two clients."""
        with self.held:
            if not self.office.remount("ro"):
                return
            self.report.faults["disk read-only"] += 1
            for _ in range(self.random.randrange(1, 4)):
                self.office.start_client()
                client = self.office.client
                assert client is not None
                with suppress(Exception):
                    self.report.exits[client.wait(10)] += 1
                if client.poll() is None:
                    _as_part(client).send(signal.SIGKILL)
                    client.wait(10)
            self.office.remount("rw")

    # --- peace

    def settle(self) -> None:
        """Until the client says that all is stored; each machine in turn, as each holds punches of its own."""
        office = self.office
        began_s = time.monotonic()
        for machine in office.machines:
            machine.send(signal.SIGUSR1)
        if office.client is not None and office.client.poll() is None:
            _as_part(office.client).send(signal.SIGKILL)
            office.client.wait(20)
        time.sleep(0.5)
        wanted = sum(len(punches_of(log)) for log in office.machine_logs)
        while time.monotonic() - began_s < SETTLING_S:
            office.start_client()
            if self.is_stored(wanted, TURN_S):
                break
            assert office.client is not None
            _as_part(office.client).send(signal.SIGTERM)
            office.client.wait(20)
            self.swap()
        else:
            self.report.violations.append(
                f"settles: not all of {wanted} punches are stored after {SETTLING_S:.0f} s: {office.status()}"
            )
        self.report.settled_s = time.monotonic() - began_s
        self.check_status()
        assert office.client is not None
        _as_part(office.client).send(signal.SIGTERM)
        if (code := office.client.wait(20)) != 0:
            self.report.violations.append(f"stops_when_told: exit code {code}")

    def is_stored(self, wanted: int, seconds: float) -> bool:
        end_s = time.monotonic() + seconds
        while time.monotonic() < end_s:
            ledger = self.office.status().get("ledger") or {}
            if ledger.get("confirmed") == ledger.get("punches") == wanted:
                return True
            time.sleep(0.5)
        return False

    def check_status(self) -> None:
        told = self.office.status()
        if not told or not told["service"]["running"]:
            self.report.violations.append(f"status_is_true: a running client is not seen: {told}")


def _as_part(process: object) -> Part:
    return Part("client", lambda: process)  # type: ignore[arg-type,return-value]


# --- the accounts


def punches_of(log: Path) -> list[Key]:
    """What a machine took, by its own file."""
    lines = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
    return [(user, datetime.fromisoformat(when), key) for user, when, key in lines]


def rows_of(books: Path) -> Counter[Key]:
    """What the workbooks hold of the site, whichever worksheet it is in."""
    found: Counter[Key] = Counter()
    for path in books.rglob("Attendance Review - *.xlsx"):
        if path.parent.name == "Copies":
            continue
        for sheet in openpyxl.load_workbook(path, read_only=True).worksheets:
            if sheet.title == f"Raw Data - {SITE}":
                found.update(_keys(sheet.iter_rows(values_only=True)))
    return found


def _keys(rows: Iterator[tuple[object, ...]]) -> Iterator[Key]:
    column = {str(title): number for number, title in enumerate(next(rows))}
    for row in rows:
        when = row[column["Timestamp"]]
        if isinstance(when, datetime):
            whole = datetime.fromtimestamp(round(when.timestamp()))
            yield str(row[column["User ID"]]), whole, int(str(row[column["Key"]]))


def reconcile(folder: Path, office: Office, report: Report) -> None:
    """Each promise by its name."""
    truth = Counter(key for log in office.machine_logs for key in punches_of(log))
    rows = rows_of(office.books)
    report.punches, report.rows = truth.total(), rows.total()
    broken = report.violations.append
    if lost := truth - rows:
        broken(f"none_lost: {lost.total()} punches are in no sheet, such as {next(iter(lost))}")
    if known := [key for key in rows - truth if key in truth]:
        broken(f"none_twice: {len(known)} punches are there more than once, such as {known[0]}")
    if invented := [key for key in rows if key not in truth]:
        broken(f"none_invented: {len(invented)} rows that no machine recorded, such as {invented[0]}")
    for code in report.exits:
        if code not in (0, 1, -signal.SIGKILL, -signal.SIGTERM):
            broken(f"passes: the client ended with exit code {code}, {report.exits[code]} times")
    log = (office.logs / "client.log").read_text(errors="replace")
    for told in _tracebacks(log):
        broken(f"one_clear_line: the client printed a traceback: {told}")
    for path in sorted(office.logs.glob("function-*.log")):
        if said := re.search(r"^(\w+Error: .*)$", path.read_text(errors="replace"), re.MULTILINE):
            report.faults[f"(said by a function: {said[1][:70]})"] += 1


def _tracebacks(log: str) -> set[str]:
    """The last line of each."""
    found = set()
    for part in log.split("Traceback (most recent call last):\n")[1:]:
        found.add(next((line for line in part.splitlines() if not line.startswith(" ")), ""))
    return found - {FAKETIMES_OWN}

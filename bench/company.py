"""A company of 3,000 people in ten workbook groups: workbooks made, a month filled, visited, exported.

The stand-in for Sheets is a process of its own, so that memory is the backend's alone. The first and the last working
day come as messages, the days between are laid into the raw data. Minutes are the calls at `CALL_S` each, and what the
processor took. `python -m bench company` carries it out.
"""

import gc
import logging
import multiprocessing
import resource
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import chain
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, TypeVar

import requests
from google.oauth2.service_account import Credentials

from attendance_backend.app.bootstrap import SCOPES
from attendance_backend.app.commands.export import export
from attendance_backend.google.drive import GoogleDrive
from attendance_backend.google.google_http import Addresses, GoogleHttpClient
from attendance_backend.google.sheets import GoogleSheets
from attendance_backend.handlers import books, refresh
from attendance_backend.handlers.dispatch import handle
from attendance_backend.handlers.together import handle_together
from attendance_backend.ports import Backend
from attendance_backend.review import book, raw_data
from attendance_backend.review.names import raw_title
from attendance_backend.sheet import placing
from attendance_contracts import AttendanceRecord, CreateReviewSheet, Message, StoreAttendRecords, Watch
from attendance_sandbox.sheets.server import SheetsServer
from bench.flood import BOUNDARY, CALL_S, PERIOD, control_of

T = TypeVar("T")

PEOPLE, GROUPS, SITES = 3_000, 10, 90
MOST_MB = 400.0
MOST_REQUEST_MB = 2.0
"""Google advises 2 MB a request."""
TOGETHER = 6
"""Messages of a day of a site, as many as `app.room.MOST_BYTES` lets in."""
ROWS = 2_000
"""Of raw data, that are laid in by a request."""


def run(people: int = PEOPLE, groups: int = GROUPS, sites: int = SITES) -> list[str]:
    """Carry it out, and print a line each; returns what is worse than promised."""
    logging.disable(logging.CRITICAL)
    worse: list[str] = []
    _say(f"{people:,} people, {sites} sites, {groups} workbooks")
    _say("", "calls", "largest MB", "minutes", "CPU s", "memory MB")
    with _company(people, groups, sites) as company:
        for name, phase in (
            ("made", company.make),
            ("filled", company.fill),
            ("visited", company.visit),
            ("exported", company.export),
        ):
            megabytes, largest_mb = company.measure(name, phase)
            if megabytes > MOST_MB:
                worse.append(f"{people:,} people, {name}: {megabytes:.0f} MB of memory, not {MOST_MB:g}")
            if largest_mb > MOST_REQUEST_MB:
                worse.append(f"{people:,} people, {name}: a request of {largest_mb:.1f} MB")
    return worse


class _Company:
    """The backend over a stand-in in another process."""

    def __init__(self, backend: Backend, stand_in: Connection, shape: tuple[int, int, int]) -> None:
        self.backend = backend
        self.now = datetime(2026, 1, 30, 19, tzinfo=UTC)
        self.calls = self.largest = 0
        self._stand_in = stand_in
        self._people, self._groups, self._sites = shape
        self._ids: list[str] = []
        days = (PERIOD.first_day + timedelta(days=number) for number in range(30))
        self._workdays = [day for day in days if day.weekday() < 5]

    def count(self, response: requests.Response, **_options: Any) -> None:
        body = response.request.body or b""
        self.calls += 1
        self.largest = max(self.largest, len(body) if isinstance(body, bytes | str) else 0)

    def measure(self, name: str, phase: Any) -> tuple[float, float]:
        """The peak of memory so far, and the largest request, in MB."""
        gc.collect()
        self.calls = self.largest = 0
        began_s = time.process_time()
        phase()
        cpu_s = time.process_time() - began_s
        megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
        minutes = (self.calls * CALL_S + cpu_s) / 60
        largest_mb = self.largest / 1e6
        _say(
            name,
            f"{self.calls:,}",
            f"{largest_mb:.2f}",
            f"{minutes:.1f}",
            f"{cpu_s:.0f}",
            f"{megabytes:.0f}",
        )
        return megabytes, largest_mb

    def make(self) -> None:
        """A workbook a group, with a place for each of its sites."""
        self._ids = [""] * self._sites
        for group in range(self._groups):
            numbers = range(group, self._sites, self._groups)
            wanted = [
                CreateReviewSheet(location=_site(each), request_id="r", period=PERIOD) for each in numbers
            ]
            for number, reply in chain.from_iterable(handle_together(wanted, self.backend)):
                self._ids[numbers[number]] = getattr(reply(), "sheet_id")  # noqa: B009 - a reply of its kind

    def fill(self) -> None:
        """A month of punches."""
        self._store(0)
        for site, sheet_id in enumerate(self._ids):
            title = raw_title(_site(site))
            records = [
                record for day in range(1, len(self._workdays) - 1) for record in self._records(site, day)
            ]
            for some in _some(records, ROWS):
                lines = [raw_data.row_of(each, each.user_name or "", _site(site), BOUNDARY) for each in some]
                view = books.read(self.backend.spreadsheets, sheet_id, [book.raw(title)])
                self.backend.spreadsheets.apply(sheet_id, placing.append(view.worksheet(title), lines))
        for sheet_id in dict.fromkeys(self._ids):
            refresh.rebuild_facts(sheet_id, PERIOD, self.backend)
        self._store(len(self._workdays) - 1)

    def visit(self) -> None:
        """What the schedule does each quarter of an hour."""
        handle(Watch(), self.backend)

    def export(self) -> None:
        """For payroll, with the values that the stand-in's engine computes."""
        self._stand_in.send("recalculate")
        self._stand_in.recv()
        with tempfile.TemporaryDirectory() as folder:
            done = export(self.backend, PERIOD.name, "csv", Path(folder) / "pay.csv")
        if done.people != self._people:
            raise AssertionError(f"{done.people} people were exported")

    def _store(self, day: int) -> None:
        """The punches of a working day, by messages, those of a workbook together."""
        for group in range(self._groups):
            for sites in _some(range(group, self._sites, self._groups), TOGETHER):
                messages = [self._message(site, self._records(site, day)) for site in sites]
                for _, reply in chain.from_iterable(handle_together(messages, self.backend)):
                    if not getattr(reply(), "confirmed", ()):
                        raise AssertionError("a message was not stored")

    def _message(self, site: int, records: Sequence[AttendanceRecord]) -> Message:
        return StoreAttendRecords(
            location=_site(site),
            request_id="r",
            sheet_id=self._ids[site],
            period=PERIOD,
            time_zone="Europe/Berlin",
            day_boundary=BOUNDARY,
            records=tuple(records),
            routed=True,
        )

    def _records(self, site: int, day: int) -> list[AttendanceRecord]:
        """In and out of each person of a site."""
        midnight = datetime.combine(self._workdays[day], datetime.min.time())
        people = range(site, self._people, self._sites)
        return [
            AttendanceRecord(
                f"SN{site}", user, user, midnight + timedelta(hours=hour, seconds=37 * number), 1, 0
            )
            for hour in (8, 17)
            for number, user in enumerate(f"user{person:04}" for person in people)
        ]


class _Clock:
    def __init__(self, company: list[_Company]) -> None:
        self._company = company

    def now(self) -> datetime:
        return self._company[0].now

    def sleep(self, seconds: float) -> None:
        self._company[0].now += timedelta(seconds=seconds)


def _some(things: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    return (things[first : first + size] for first in range(0, len(things), size))


def _site(number: int) -> str:
    return f"site{number:03}"


def _serve(to_us: Connection, people: int, groups: int, sites: int) -> None:
    with SheetsServer() as server:
        key = server.new_service_account()
        homes = [_site(number % sites) for number in range(people)]
        to_us.send((server.url, key, control_of(server, key["client_email"], homes, sites, groups)))
        while to_us.recv() == "recalculate":
            server.start_recalculating()
            to_us.send("done")


@contextmanager
def _company(people: int, groups: int, sites: int) -> Iterator[_Company]:
    ours, theirs = multiprocessing.Pipe()
    context = multiprocessing.get_context("spawn")  # with no memory of ours
    stand_in = context.Process(target=_serve, args=(theirs, people, groups, sites))
    stand_in.start()
    try:
        url, key, control_id = ours.recv()
        credentials = Credentials.from_service_account_info(key, scopes=SCOPES)
        client = GoogleHttpClient(credentials, Addresses(url, url))
        # The engine of the stand-in computes a workbook in minutes, on a busy machine.
        client.set_timeout(3600)
        found: list[_Company] = []
        backend = Backend(
            spreadsheets=GoogleSheets(client),
            drive=GoogleDrive(client, None),
            mailer=None,  # type: ignore[arg-type]  # no mail goes out
            clock=_Clock(found),
            control_id=control_id,
            mail_from="",
            alarm_to=(),
        )
        found.append(_Company(backend, ours, (people, groups, sites)))
        client.session.hooks["response"].append(found[0].count)
        yield found[0]
        client.session.close()
        ours.send("stop")
    finally:
        stand_in.join(10)
        stand_in.terminate()


def _say(*cells: object) -> None:
    sys.stdout.write("  ".join(f"{cell:>11}" for cell in cells) + "\n")
    sys.stdout.flush()

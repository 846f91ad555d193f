"""Storing punches in a review workbook: calls, cells, bytes and time, beside the same job done plainly with gspread.

The service is the Sheets stand-in, over HTTP. Cells are counted by it: those given out, blank ones between them
included for value ranges, and those set. Bytes are of bodies, as sent. Seconds are of the thread that handles the
message, the least of a few messages: neither the service's work nor waiting for it counts.
`python -m bench workbook` carries it out.
"""

import gc
import logging
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from datetime import time as day_time
from functools import partial
from itertools import count
from typing import Any

import gspread
import requests
from google.oauth2.service_account import Credentials

from attendance_backend.app.bootstrap import SCOPES, SystemClock
from attendance_backend.control.reading import read_control
from attendance_backend.google.drive import GoogleDrive
from attendance_backend.google.google_http import Addresses, GoogleHttpClient
from attendance_backend.google.sheets import GoogleSheets
from attendance_backend.handlers import books, refresh
from attendance_backend.handlers.dispatch import handle
from attendance_backend.handlers.restore import restore
from attendance_backend.ports import Backend
from attendance_backend.review import book, raw_data
from attendance_backend.review.names import DAILY, raw_title
from attendance_backend.sheet import placing, serial
from attendance_contracts import AttendanceRecord, CreateReviewSheet, ReviewPeriod, StoreAttendRecords
from attendance_sandbox.sheets.server import SheetsServer

EMPLOYEES = 200
SITES = ("berlin", "hamburg", "munich")
PERIOD = ReviewPeriod("January 2026", date(2026, 1, 1), date(2026, 1, 31))
RAW_ROWS = 25_000
FEW_RAW_ROWS = 2_500
SIZES = (1, 50, 500)
BYTES_DOWN = 60_000
"""What a message of one punch may bring down, once the process has served the workbook before."""
BYTES_UP = 1_200
"""What each punch of a message of many may send up."""
PUNCHES_A_DAY = 4
REPETITIONS = 3
BOUNDARY = day_time(4)
CHECK_IN, CHECK_OUT = "Check In", "Check Out"


def run() -> list[str]:
    """Measure, and print a table each; returns what is worse than promised."""
    worse: list[str] = []
    # The workbooks begin with raw rows only; that they are counted anew is no news here.
    logging.getLogger("attendance_backend").setLevel(logging.ERROR)
    many: dict[int, Cost] = {}
    for raw_rows in (FEW_RAW_ROWS, RAW_ROWS):
        with office(raw_rows) as (bench, sheet_id):
            sys.stdout.write(
                f"{EMPLOYEES} employees, {(PERIOD.last_day - PERIOD.first_day).days + 1} days, {len(SITES)} sites, "
                f"{raw_rows:,} raw rows\n"
            )
            say(
                "punches", "", "reads", "writes", "cells read", "cells set", "bytes up", "bytes down", "CPU s"
            )
            series = count()
            many[raw_rows] = bench.least(bench.store, sheet_id, 50, series)
            for size in SIZES:
                ours = bench.least(bench.store, sheet_id, size, series)
                plain = bench.least(bench.store_plainly, sheet_id, size, series)
                say(size, "ours", *ours.cells())
                say("", "gspread", *plain.cells())
                say(
                    "",
                    "times",
                    *(_ratio(*pair) for pair in zip(plain.numbers(), ours.numbers(), strict=True)),
                )
                if (ours.reads, ours.writes) != (1, 1):
                    worse.append(
                        f"{size} punches take {ours.reads} reads and {ours.writes} writes instead of one each"
                    )
                if raw_rows == RAW_ROWS and ours.cpu_s > plain.cpu_s:
                    worse.append(f"{size} punches take {ours.cpu_s:.3f} s, plain gspread {plain.cpu_s:.3f} s")
                if size == 1 and ours.bytes_down > BYTES_DOWN:
                    worse.append(f"a punch brings {ours.bytes_down:,} bytes down, not at most {BYTES_DOWN:,}")
                if size > 1 and ours.bytes_up > size * BYTES_UP:
                    worse.append(
                        f"{size} punches send {ours.bytes_up:,} bytes up, not at most {BYTES_UP:,} each"
                    )
        sys.stdout.write("\n")
    sys.stdout.write("50 punches, beside more and more raw rows\n")
    say("raw rows", "", "reads", "writes", "cells read", "cells set", "bytes up", "bytes down", "CPU s")
    for raw_rows, cost in many.items():
        say(f"{raw_rows:,}", "ours", *cost.cells())
    return worse


@dataclass(frozen=True)
class Cost:
    """What a job costs."""

    reads: int
    writes: int
    cells_read: int
    cells_set: int
    bytes_up: int
    bytes_down: int
    cpu_s: float

    def numbers(self) -> tuple[float, ...]:
        """In the order of the columns."""
        return (
            self.reads,
            self.writes,
            self.cells_read,
            self.cells_set,
            self.bytes_up,
            self.bytes_down,
            self.cpu_s,
        )

    def cells(self) -> list[str]:
        """As they are shown."""
        *counts, seconds = self.numbers()
        return [*(f"{count:,}" for count in counts), f"{seconds:.4f}"]


class Bench:
    """The backend over a stand-in, on one connection whose bodies are counted."""

    def __init__(self, server: SheetsServer, backend: Backend, client: GoogleHttpClient) -> None:
        self.server = server
        self.backend = backend
        self.client = client
        self.bytes_up = self.bytes_down = 0
        client.session.hooks["response"].append(self._count)

    def least(
        self,
        store: Callable[[str, Sequence[AttendanceRecord]], None],
        sheet_id: str,
        size: int,
        series: Iterator[int],
    ) -> Cost:
        """What a message of so many punches costs: the cheapest of a few, each with punches of its own."""
        jobs = (partial(store, sheet_id, records_of(size, next(series))) for _ in range(REPETITIONS))
        return min((self.measure(job) for job in jobs), key=lambda cost: cost.cpu_s)

    def measure(self, job: Callable[[], None]) -> Cost:
        """What a job costs."""
        first, up, down = len(self.server.log), self.bytes_up, self.bytes_down
        # The service lives in this process: our thread is not to look for garbage among all of its cells.
        gc.collect()
        gc.freeze()
        began_s = time.thread_time()
        job()
        taken_s = time.thread_time() - began_s
        gc.unfreeze()
        entries = self.server.log[first:]
        return Cost(
            sum(entry.kind == "read" for entry in entries),
            sum(entry.kind == "write" for entry in entries),
            sum(entry.cells_read for entry in entries),
            sum(entry.cells_written for entry in entries),
            self.bytes_up - up,
            self.bytes_down - down,
            taken_s,
        )

    def store(self, sheet_id: str, records: Sequence[AttendanceRecord]) -> None:
        """Store a message of the first site."""
        reply = handle(_message(sheet_id, SITES[0], records), self.backend)
        if reply is None or len(getattr(reply, "confirmed", ())) != len(records):
            raise AssertionError("not all punches were confirmed")

    def store_plainly(self, sheet_id: str, records: Sequence[AttendanceRecord]) -> None:
        """The same job, as gspread's documentation suggests: open, read both worksheets, write both back."""
        client = gspread.Client(None, http_client=lambda *_: self.client)  # type: ignore[arg-type]  # it brings its own
        book = client.open_by_key(sheet_id)
        raw, daily = book.worksheet(raw_title(SITES[0])), book.worksheet(DAILY)
        rows, days = raw.get_all_values(), daily.get_all_values()
        record_id = raw_data.COLUMNS.index(raw_data.RECORD_ID)
        known = {row[record_id] for row in rows[1:] if len(row) > record_id}
        new = [record for record in records if record.identity not in known]
        rows += [[str(cell.value or "") for cell in _row(record).values()] for record in new]
        _note_times(days, new)
        raw.resize(rows=len(rows))
        raw.update(rows, "A1", raw=True)
        daily.update(days, "A1", raw=True)

    def _count(self, response: requests.Response, **_options: Any) -> None:
        body = response.request.body or b""
        self.bytes_up += len(body) if isinstance(body, bytes | str) else 0
        self.bytes_down += int(response.headers.get("Content-Length") or len(response.content))


@contextmanager
def office(raw_rows: int, *, is_planned: bool = False) -> Iterator[tuple[Bench, str]]:
    """A stand-in with the workbook of a period in which so many punches are stored; gives its ID.

    With `is_planned` everybody works in one of three shifts, one of them at night.
    """
    with SheetsServer() as server:
        key = server.new_service_account()
        credentials = Credentials.from_service_account_info(key, scopes=SCOPES)
        client = GoogleHttpClient(credentials, Addresses(server.url, server.url))
        control_id = server.new_spreadsheet("Review Periods", share_with=[key["client_email"]])
        people = [
            [f"Name {number}", f"{name_of(number)}@example.com", "09:00"] for number in range(EMPLOYEES)
        ]
        server.batch_update(control_id, [{"addSheet": {"properties": {"title": "Cut Off Times"}}}])
        server.write(control_id, "'Cut Off Times'!A1", [["Name", "Email", "Cut Off Time"], *people])
        backend = Backend(
            spreadsheets=GoogleSheets(client),
            drive=GoogleDrive(client, None),
            mailer=None,  # type: ignore[arg-type]  # no mail goes out
            clock=SystemClock(),
            control_id=control_id,
            mail_from="",
            alarm_to=(),
        )
        for site in SITES:
            made = handle(CreateReviewSheet(location=site, request_id="bench", period=PERIOD), backend)
        sheet_id: str = made.sheet_id
        _fill(backend, sheet_id, raw_rows)
        if is_planned:
            _plan(server, backend, sheet_id)
        yield Bench(server, backend, client), sheet_id
        client.session.close()


def _plan(server: SheetsServer, backend: Backend, sheet_id: str) -> None:
    shifts = [
        ["Early", "06:00", "14:00", "30"],
        ["Late", "14:00", "22:00", ""],
        ["Night", "22:00", "06:00", ""],
    ]
    roster = [
        [f"{name_of(number)}@example.com", shifts[number % len(shifts)][0], "Mon-Fri"]
        for number in range(EMPLOYEES)
    ]
    tables = {
        "Shifts": [["Shift", "Start", "End", "Break (minutes)"], *shifts],
        "Roster": [["Email", "Shift", "Days"], *roster],
    }
    for title, rows in tables.items():
        server.batch_update(backend.control_id, [{"addSheet": {"properties": {"title": title}}}])
        server.write(backend.control_id, f"'{title}'!A1", rows)
    control = read_control(backend.spreadsheets, backend.control_id, PERIOD.last_day)
    restore(sheet_id, PERIOD, control, backend)


def name_of(number: int) -> str:
    """A user name on the machine."""
    return f"user{number:03}"


def records_of(size: int, series: int) -> list[AttendanceRecord]:
    """Punches of the last day that are in no other series, of the people in turn."""
    # Punches of a person lie further apart than taps of one.
    begin = datetime.combine(PERIOD.last_day, day_time(6)) + timedelta(seconds=90 * series)
    return [
        AttendanceRecord(
            "SN0",
            str(1000 + number % EMPLOYEES),
            name_of(number % EMPLOYEES),
            begin + timedelta(seconds=20 * number),
            1,
            255,
        )
        for number in range(size)
    ]


def _fill(backend: Backend, sheet_id: str, raw_rows: int) -> None:
    """Raw rows of all sites, people at one each, and what follows from them."""
    rows: dict[str, list[AttendanceRecord]] = {site: [] for site in SITES}
    for number in range(raw_rows):
        person, count = number % EMPLOYEES, number // EMPLOYEES
        day = PERIOD.first_day + timedelta(days=count // PUNCHES_A_DAY % 30)
        seconds = 8 * 3600 + count % PUNCHES_A_DAY * 3 * 3600 + person + 7 * (count // (30 * PUNCHES_A_DAY))
        home = person % len(SITES)
        moment = datetime.combine(day, day_time()) + timedelta(seconds=seconds)
        record = AttendanceRecord(f"SN{home}", str(1000 + person), name_of(person), moment, 1, 255)
        rows[SITES[home]].append(record)
    for site, records in rows.items():
        raw = books.read(backend.spreadsheets, sheet_id, [book.raw(raw_title(site))])
        lines = [raw_data.row_of(record, record.user_name or "", site, BOUNDARY) for record in records]
        backend.spreadsheets.apply(sheet_id, placing.append(raw.worksheet(raw_title(site)), lines))
    refresh.rebuild_facts(sheet_id, PERIOD, backend)
    for site, records in rows.items():
        # With its first message Sites learns when the site's day begins.
        first = replace(records[0], occurrence=2)
        handle(_message(sheet_id, site, [first]), backend)


def _message(sheet_id: str, site: str, records: Sequence[AttendanceRecord]) -> StoreAttendRecords:
    return StoreAttendRecords(
        location=site,
        request_id="bench",
        sheet_id=sheet_id,
        period=PERIOD,
        time_zone="Europe/Berlin",
        day_boundary=BOUNDARY,
        records=tuple(records),
    )


def _row(record: AttendanceRecord) -> raw_data.Row:
    return raw_data.row_of(record, record.user_name or "", SITES[0], BOUNDARY)


def _note_times(days: list[list[str]], records: Sequence[AttendanceRecord]) -> None:
    """Check-ins and check-outs of the last day, into a table of ``Daily Attendance``."""
    column = len(days[0]) - 1
    rows = {(row[1], row[2]): row for row in days if len(row) > 2}
    for record in records:
        check_in, check_out = (rows.get((record.user_name or "", label)) for label in (CHECK_IN, CHECK_OUT))
        if check_in is None or check_out is None:
            continue
        for row in (check_in, check_out):
            row.extend("" for _ in range(column + 1 - len(row)))
        shown = str(serial.from_datetime(record.timestamp) % 1)
        check_in[column] = min(check_in[column] or shown, shown)
        check_out[column] = max(check_out[column], shown)


def say(*cells: object) -> None:
    """A line of a table."""
    sys.stdout.write("  ".join(f"{cell:>10}" for cell in cells) + "\n")
    sys.stdout.flush()


def _ratio(plain: float, ours: float) -> str:
    if not ours:
        return "-"
    ratio = plain / ours
    return f"{ratio:,.0f} x" if ratio >= 10 else f"{ratio:.1f} x"

"""A crowd of sites at one account: how long a message waits, beside the way before messages were taken in together.

The handlers are the real ones, over HTTP to the Sheets stand-in, which refuses what is more than 60 reads and 60 writes
a minute. Time is virtual: each call takes `CALL_S`, and what the computer takes for it does not count. Sites keep the
client's rules of waiting, Pub/Sub delivers again after `REDELIVERED_AFTER_S`. `make flood` carries it out.
"""

import gc
import heapq
import logging
import random
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from datetime import time as day_time
from functools import partial
from itertools import chain, count
from typing import Any

from google.oauth2.service_account import Credentials

from attendance_backend.app.bootstrap import SCOPES
from attendance_backend.app.room import LONGEST_S, MOST_BYTES, MOST_MESSAGES, PATIENCE_S
from attendance_backend.errors import BackendError
from attendance_backend.google.drive import GoogleDrive
from attendance_backend.google.google_http import Addresses, GoogleHttpClient
from attendance_backend.google.sheets import GoogleSheets
from attendance_backend.handlers import admission
from attendance_backend.handlers.admission import Admitted
from attendance_backend.handlers.dispatch import handle
from attendance_backend.handlers.together import handle_together
from attendance_backend.ports import Backend
from attendance_client.fsm.client import waits_s
from attendance_client.fsm.generated import POLLING_INTERVAL_S, TIME_OUT_S, StateId
from attendance_contracts import (
    AttendanceRecord,
    CreateReviewSheet,
    GetReviewPeriod,
    LastStoredTimestamp,
    MachineHealth,
    Message,
    NewReviewPeriod,
    ReviewPeriod,
    SiteHealth,
    StoreAttendRecords,
    encode,
)
from attendance_sandbox.sheets.faults import Fault, Request, unavailable
from attendance_sandbox.sheets.in_process import InProcess
from attendance_sandbox.sheets.quota import Quota
from attendance_sandbox.sheets.server import SheetsServer

CALL_S = 1.5
REPLY_S = 0.2
REDELIVERED_AFTER_S = (10.0, 600.0)
PERIOD = ReviewPeriod("January 2026", date(2026, 1, 1), date(2026, 1, 31))
BEGIN = datetime(2026, 1, 7, 5, tzinfo=UTC)
PEOPLE_A_SITE = 2
WAITING = StateId.AWAIT_LAST_STORED_TIMESTAMP
BOUNDARY = day_time(4)


def run() -> list[str]:
    """Carry out all floods, and print a line each; returns what is worse than promised."""
    logging.disable(logging.CRITICAL)
    worse: list[str] = []
    _say("sites", "what", "way", "messages", "reads", "writes", "median s", "p99 s", "longest s", "left")
    for sites, longest_s in ((60, 20.0), (300, 60.0)):
        for together in (True, False):
            found = minute(sites, together=together)
            _say(sites, "in a minute", *found.cells())
            if together and found.longest_s > longest_s:
                worse.append(
                    f"{sites} sites in a minute: one waited {found.longest_s:.0f} s, not {longest_s:g}"
                )
    for together in (True, False):
        found = outage(300, together=together)
        _say(300, "1 h outage", *found.cells())
        broken = _worse_than_promised(found)
        worse += broken if together else []
    for together in (True, False):
        found = first_health(300, together=together)
        _say(300, "first health", *found.cells())
        if together and found.longest_s > 900:
            worse.append(f"300 first health messages: one waited {found.longest_s / 60:.0f} minutes")
    for together in (True, False):
        found = months_turn(300, together=together)
        _say(300, "month's turn", *found.cells())
        if together and found.longest_s > 900:
            worse.append(
                f"300 sites go on with the next month: one waited {found.longest_s / 60:.0f} minutes"
            )
    return [*worse, *of_groups(900, 10)]


def of_groups(sites: int, groups: int, hours: float = 24) -> list[str]:
    """A company with several workbooks a period; returns what is worse than promised.

    As it takes long, requests to the stand-in are calls in the same process, and a site has one person.
    """
    worse: list[str] = []
    name = f"{sites} in {groups}"
    for together in (True, False):
        _say(name, "in a minute", *minute(sites, together=together, groups=groups).cells())
    _say(name, "1 h outage", *outage(sites, together=False, groups=groups).cells())
    for what, flood in (("first health", first_health), ("month's turn", months_turn)):
        found = flood(sites, together=True, groups=groups)
        _say(name, what, *found.cells())
        if found.longest_s > 900:
            worse.append(
                f"{sites} sites in {groups} groups, {what}: one waited {found.longest_s / 60:.0f} min"
            )
    found = outage(sites, together=True, groups=groups, hours=hours)
    _say(name, f"{hours:g} hours", *found.cells())
    worse += _worse_than_promised(found)
    if found.calm_p99_s > 60:
        worse.append(f"{sites} sites in {groups} groups: p99 {found.calm_p99_s:.0f} s without the outage")
    return worse


def _worse_than_promised(found: "Found") -> list[str]:
    """What an hour's outage led to."""
    said = (
        f"all stored {found.stored_after_s / 60:.0f} minutes after the outage, {found.sent} messages where "
        f"{found.needed} are needed; p99 {found.calm_p99_s:.0f} s without it"
    )
    sys.stdout.write(f"    {said}\n")
    is_kept = not found.left and found.stored_after_s <= 1800 and found.sent <= 2 * found.needed
    return [] if is_kept else [said]


def minute(sites: int, *, together: bool, groups: int = 1) -> "Found":
    """Each site sends a message within the same minute."""
    with flood_of(sites, together=together, groups=groups) as flood:
        for site in flood.sites:
            flood.at(flood.chance.uniform(0, 60), site.poll)
        flood.run(3600)
        return flood.found()


def outage(sites: int, *, together: bool, hours: float = 3, groups: int = 1) -> "Found":
    """Sites poll every 15 minutes; during the second hour Google does not answer. Says each hour how it goes."""
    with flood_of(sites, together=together, groups=groups) as flood:
        flood.dark = (3600.0, 7200.0)
        for hour in range(1, int(hours) + 1) if groups > 1 else ():
            flood.at(hour * 3600.0, lambda: _say("", f"{flood.now_s / 3600:.0f} h", *flood.found().cells()))
        flood.polls_until_s = hours * 3600
        for site in flood.sites:
            flood.at(flood.chance.uniform(0, POLLING_INTERVAL_S), site.poll)
        flood.run((hours + 3) * 3600)
        return flood.found()


def first_health(sites: int, *, together: bool, groups: int = 1) -> "Found":
    """Each site tells how it is for the first time of the day, within 15 minutes."""
    with flood_of(sites, together=together, groups=groups) as flood:
        for site in flood.sites:
            flood.at(flood.chance.uniform(0, POLLING_INTERVAL_S), site.tell)
        flood.run(4 * 3600)
        return flood.found()


def months_turn(sites: int, *, together: bool, groups: int = 1) -> "Found":
    """Within 15 minutes each site asks for the next period and for its workbook, which nobody made before.

    One instance serves both questions here; deployed, each has its own.
    """
    with flood_of(sites, together=together, made=False, groups=groups) as flood:
        for site in flood.sites:
            flood.at(flood.chance.uniform(0, POLLING_INTERVAL_S), site.turn)
        flood.run(6 * 3600)
        return flood.found()


@dataclass
class Found:
    """What a flood led to.

    Attributes:
        waits_s: of what was answered, from the first time that it was published.
        needed: messages, were each answered.
        left: punches or health messages that were not taken in.
        stored_after_s: how long after Google answered again all punches of the time before were stored.
        calm_waits_s: of what did not wait in the outage, or while what had was made up for.
    """

    together: bool
    waits_s: list[float]
    sent: int
    needed: int
    reads: int
    writes: int
    left: int
    stored_after_s: float
    calm_waits_s: list[float]

    @property
    def longest_s(self) -> float:
        """Of all waits; endless where something was not taken in."""
        return float("inf") if self.left else max(self.waits_s)

    @property
    def p99_s(self) -> float:
        """What 99 of 100 waited at most."""
        return _p99(self.waits_s)

    @property
    def calm_p99_s(self) -> float:
        """Likewise, without the outage."""
        return _p99(self.calm_waits_s)

    def cells(self) -> list[object]:
        """As they are shown."""
        waits = sorted(self.waits_s)
        way = "together" if self.together else "before"
        times = (f"{each:.0f}" for each in (waits[len(waits) // 2], self.p99_s, self.longest_s))
        return [way, self.sent, self.reads, self.writes, *times, self.left]


def _p99(waits_s: Sequence[float]) -> float:
    return sorted(waits_s)[min(int(len(waits_s) * 0.99), len(waits_s) - 1)]


@dataclass
class _Site:
    """One site, by the client's rules: a question at a time, asked again when no answer comes."""

    flood: "Flood"
    number: int
    sheet_id: str = ""
    punches: list[AttendanceRecord] = field(default_factory=list)
    stored: set[str] = field(default_factory=set)
    made_s: dict[str, float] = field(default_factory=dict)
    time_outs: int = 0
    asked: int = 0
    is_waiting: bool = False
    next_poll_s: float = 0.0

    @property
    def name(self) -> str:
        return f"site{self.number:03}"

    def poll(self) -> None:
        """Find new punches, until the end of the day, and send them unless an answer is awaited."""
        now_s = self.flood.now_s
        if now_s <= self.flood.polls_until_s:
            for record in self.punched(now_s):
                self.punches.append(record)
                self.made_s[record.identity] = now_s
            self.flood.needed += 1
            self.next_poll_s = now_s + POLLING_INTERVAL_S
            self.flood.at(self.next_poll_s, self.poll)
        if not self.is_waiting:
            self.ask()

    def punched(self, at_s: float) -> list[AttendanceRecord]:
        """A punch of each person of the site."""
        moment = (BEGIN + timedelta(seconds=at_s)).replace(tzinfo=None, microsecond=0)
        people = self.flood.people_a_site
        users = [f"user{self.number * people + person:04}" for person in range(people)]
        return [
            AttendanceRecord(f"SN{self.number}", user, user, moment + timedelta(seconds=person), 1, 0)
            for person, user in enumerate(users)
        ]

    def message(self, records: Sequence[AttendanceRecord]) -> StoreAttendRecords:
        """With punches, under the number of the question."""
        return StoreAttendRecords(
            location=self.name,
            request_id=f"{self.number}-{self.asked}",
            sheet_id=self.sheet_id,
            period=PERIOD,
            time_zone="Europe/Berlin",
            day_boundary=BOUNDARY,
            records=tuple(records),
            routed=True,
        )

    def ask(self) -> None:
        """Send what is not stored."""
        left = [record for record in self.punches if record.identity not in self.stored]
        self.is_waiting = bool(left)
        if not left:
            return
        self.asked += 1
        limit = 500 if self.flood.together else max(1, 500 >> self.time_outs)
        self.flood.publish(self.message(left[:limit]))
        wait_s = (
            waits_s(WAITING, self.time_outs, POLLING_INTERVAL_S, self.flood.chance)
            if self.flood.together
            else TIME_OUT_S[WAITING]
        )
        asked = self.asked
        self.flood.at(self.flood.now_s + wait_s, lambda: self._timed_out(asked))

    def hear(self, reply: LastStoredTimestamp) -> None:
        """A late one counts as well."""
        for identity in reply.confirmed:
            if identity not in self.stored:
                self.stored.add(identity)
                self.flood.waited(self.made_s[identity])
                if self.made_s[identity] < self.flood.dark[1]:
                    self.flood.stored_s = self.flood.now_s
        if reply.request_id == f"{self.number}-{self.asked}" and self.is_waiting:
            self.asked += 1
            self.time_outs = 0
            self.is_waiting = False
            self.ask()

    def _timed_out(self, asked: int) -> None:
        if self.is_waiting and asked == self.asked:
            self.time_outs += 1
            self.ask()

    def wanted(self) -> CreateReviewSheet:
        """The question for the period's workbook."""
        return CreateReviewSheet(location=self.name, request_id=self.name, period=PERIOD)

    def turn(self) -> None:
        """Go on with the next period: ask for it, and then for its workbook."""
        self.flood.needed += 2
        day = PERIOD.first_day - timedelta(days=1)
        on = PERIOD.first_day
        self.flood.publish(
            GetReviewPeriod(
                location=self.name,
                request_id=self.name,
                after=day,
                on=on,
                time_zone="Europe/Berlin",
                day_boundary=BOUNDARY,
            )
        )

    def tell(self) -> None:
        """How it is."""
        at = (BEGIN + timedelta(seconds=self.flood.now_s)).replace(tzinfo=None, microsecond=0)
        machine = MachineHealth(
            serial_number=f"SN{self.number}",
            firmware="6.60",
            platform="ZEM560",
            clock_offset_s=3,
            records=1000,
            record_capacity=100_000,
            users=40,
        )
        self.flood.needed += 1
        self.flood.publish(
            SiteHealth(
                location=self.name,
                request_id=self.name,
                sheet_id=self.sheet_id,
                period=PERIOD,
                time_zone="Europe/Berlin",
                day_boundary=BOUNDARY,
                at=at,
                release="0.2",
                backlog=0,
                complete_through=BEGIN.date() - timedelta(days=1),
                machine=machine,
                undecodable=0,
                pi_clock_synchronised=True,
                problem="",
            )
        )


@dataclass
class _Delivery:
    message: Message
    size: int
    published_s: float
    came_s: float = 0.0
    attempts: int = 0


class Flood:
    """Events in virtual time, and the one instance that serves what comes."""

    def __init__(self, *, together: bool, people_a_site: int) -> None:
        self.together = together
        self.people_a_site = people_a_site
        self.now_s = 0.0
        self.chance = random.Random(1)  # noqa: S311 - the same flood each time
        self.sites: list[_Site] = []
        self.dark = (float("inf"), 0.0)
        self.polls_until_s = 60.0
        self.waits: list[tuple[float, float]] = []
        """From when until when."""
        self.sent = self.needed = self.heard = 0
        self.stored_s = 0.0
        self.backend: Any = None
        self.server: Any = None
        self.is_setting_up = True
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = count()
        self._queue: deque[_Delivery] = deque()

    def at(self, moment_s: float, event: Callable[[], None]) -> None:
        heapq.heappush(self._events, (moment_s, next(self._numbers), event))

    def pass_s(self, seconds: float) -> None:
        """Time that the instance spends; meanwhile others go on."""
        if self.is_setting_up:
            return
        end_s = self.now_s + seconds
        self._happen_until(end_s)
        self.now_s = end_s

    def waited(self, since_s: float) -> None:
        self.waits.append((since_s, self.now_s))

    def publish(self, message: Message) -> None:
        self.sent += 1
        delivery = _Delivery(message, len(encode(message)[0]), self.now_s)
        self._deliver(delivery)

    def run(self, until_s: float) -> None:
        """Serve until nothing is left to do, or until then."""
        self.is_setting_up = False
        self.server.log.clear()
        while self.now_s < until_s:
            if self._queue:
                self._serve()
            elif self._events:
                self._happen_until(self._events[0][0])
            else:
                return

    def found(self) -> Found:
        entries = [entry for entry in self.server.log if entry.status == 200]
        punches = sum(len(site.punches) - len(site.stored) for site in self.sites)
        health = self.needed - self.heard if not any(site.punches for site in self.sites) else 0
        return Found(
            self.together,
            [end_s - begin_s for begin_s, end_s in self.waits],
            self.sent,
            self.needed,
            sum(entry.kind == "read" for entry in entries),
            sum(entry.kind == "write" for entry in entries),
            punches + health,
            self.stored_s - self.dark[1],
            [
                end_s - begin_s
                for begin_s, end_s in self.waits
                if end_s < self.dark[0] or begin_s > self.stored_s
            ],
        )

    def _happen_until(self, moment_s: float) -> None:
        while self._events and self._events[0][0] <= moment_s:
            at_s, _, event = heapq.heappop(self._events)
            self.now_s = max(self.now_s, at_s)
            event()

    def _deliver(self, delivery: _Delivery) -> None:
        delivery.came_s = self.now_s
        self._queue.append(delivery)

    def _again(self, delivery: _Delivery) -> None:
        first_s, last_s = REDELIVERED_AFTER_S
        delay_s = min(first_s * 2**delivery.attempts, last_s)
        delivery.attempts += 1
        self.at(self.now_s + delay_s, lambda: self._deliver(delivery))

    def _serve(self) -> None:
        batch = [self._queue.popleft()]
        if not self.together:
            self._answer(batch[0], lambda: handle(batch[0].message, self.backend))
            return
        while self._queue and self.now_s - self._queue[0].came_s > PATIENCE_S:
            self._again(self._queue.popleft())
        size = batch[0].size
        while self._queue and len(batch) < MOST_MESSAGES and size + self._queue[0].size <= MOST_BYTES:
            batch.append(self._queue.popleft())
            size += batch[-1].size
        left = dict(enumerate(batch))
        began_s = self.now_s
        for served in handle_together([each.message for each in batch], self.backend):
            for number, reply in served:
                self._answer(left.pop(number), reply)
            if 0 not in left and self.now_s - began_s > LONGEST_S:
                break
        heard = [Admitted(each.message, None) for number, each in enumerate(batch) if number not in left]
        admission.note(heard, self.backend, more_follow=bool(left or self._queue))
        self._queue.extendleft(reversed(left.values()))

    def _answer(self, delivery: _Delivery, reply: Callable[[], Message | None]) -> None:
        try:
            answer = reply()
        except BackendError:
            self._again(delivery)
            return
        if isinstance(answer, LastStoredTimestamp):
            site = self.sites[int(answer.location.removeprefix("site"))]
            self.at(self.now_s + REPLY_S, lambda: site.hear(answer))
        else:
            if isinstance(answer, NewReviewPeriod):
                site = self.sites[int(answer.location.removeprefix("site"))]
                self.at(self.now_s + REPLY_S, lambda: self.publish(site.wanted()))
            self.heard += 1
            self.waited(delivery.published_s)

    def fault(self, request: Request) -> Fault | None:
        """What Google answers in its bad hour."""
        is_dark = self.dark[0] <= self.now_s < self.dark[1]
        return unavailable() if is_dark and request.kind != "token" else None


class _Clock:
    def __init__(self, flood: Flood) -> None:
        self._flood = flood

    def now(self) -> datetime:
        return BEGIN + timedelta(seconds=self._flood.now_s)

    def sleep(self, seconds: float) -> None:
        self._flood.pass_s(seconds)


@contextmanager
def flood_of(sites: int, *, together: bool, made: bool = True, groups: int = 1) -> Iterator[Flood]:
    """So many sites with a workbook for each of so many groups, which are made."""
    people = PEOPLE_A_SITE if groups == 1 else 1
    flood = Flood(together=together, people_a_site=people)
    quota = Quota(clock=lambda: flood.now_s)
    with SheetsServer(quota=quota) as server:
        key = server.new_service_account()
        credentials = Credentials.from_service_account_info(key, scopes=SCOPES)
        client = GoogleHttpClient(
            credentials, Addresses(server.url, server.url), sleep=flood.pass_s, monotonic=lambda: flood.now_s
        )
        client.session.hooks["response"].append(lambda *_a, **_k: flood.pass_s(CALL_S))
        if groups > 1:
            client.session.mount(server.url, InProcess(server))
        homes = [f"site{number // people:03}" for number in range(sites * people)]
        control_id = control_of(server, key["client_email"], homes, sites, groups)
        flood.server = server
        flood.backend = Backend(
            spreadsheets=GoogleSheets(client),
            drive=GoogleDrive(client, None),
            mailer=None,  # type: ignore[arg-type]  # no mail goes out
            clock=_Clock(flood),
            control_id=control_id,
            mail_from="",
            alarm_to=(),
        )
        flood.sites = [_Site(flood, number) for number in range(sites)]
        # As nobody waits for them yet, these calls are a minute apart.
        quota.clock = partial(next, count(0.0, 60.0))
        for group in range(groups) if made else ():
            members = flood.sites[group::groups]
            asked = [site.wanted() for site in members]
            for number, reply in chain.from_iterable(handle_together(asked, flood.backend)):
                members[number].sheet_id = reply().sheet_id
        flood.now_s = 0.0
        quota.forget()
        quota.clock = lambda: flood.now_s
        server.faults.hook = flood.fault
        gc.freeze()  # what was made stays, and need not be looked through again and again
        yield flood
        gc.unfreeze()
        client.session.close()


def control_of(server: SheetsServer, account: str, homes: Sequence[str], sites: int, groups: int) -> str:
    """Make Review Periods, with a person for each of the homes, and sites that are in groups in turn; gives its ID."""
    control_id = server.new_spreadsheet("Review Periods", share_with=[account])
    people = [
        [f"Name {number}", f"user{number:04}@example.com", "09:00", home] for number, home in enumerate(homes)
    ]
    registered = [
        [f"site{number:03}", "1/1/2026", "Europe/Berlin", "4:00", f"G{number % groups}" if groups > 1 else ""]
        for number in range(sites)
    ]
    sheets: Sequence[tuple[str, list[list[str]]]] = (
        ("2026", [["Month", "Start Date", "End Date"], ["January", "1/1/2026", "1/31/2026"]]),
        ("Cut Off Times", [["Name", "Email", "Cut Off Time", "Site"], *people]),
        (
            "Registered Sites",
            [["Site", "First Day", "Time Zone", "Day Boundary", "Workbook Group"], *registered],
        ),
    )
    for title, rows in sheets:
        grid = {"rowCount": max(1000, len(rows) + 100), "columnCount": 26}
        added = {"addSheet": {"properties": {"title": title, "gridProperties": grid}}}
        server.batch_update(control_id, [added])
        server.write(control_id, f"'{title}'!A1", rows)
    return control_id


def _say(*cells: object) -> None:
    sys.stdout.write("  ".join(f"{cell:>11}" for cell in cells) + "\n")
    sys.stdout.flush()

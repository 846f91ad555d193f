"""What `scripts/freeze` has this release write: five weeks of two made-up sites on a virtual clock.

North has a front and a back door and the real client, with real machines' bytes; what south sends is the release's own
messages. The real functions answer, HR types as in a browser. What happens is told in `punches` and `_plan`; the test
of the release writes down by hand what must follow from it.
"""

import io
import json
import logging
import lzma
import random
import re
import secrets
import shutil
import sqlite3
import sys
from contextlib import ExitStack, closing, redirect_stdout, suppress
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from attendance_backend.app import bootstrap
from attendance_backend.app.cli import main as operate
from attendance_backend.app.commands.site_key import site_key
from attendance_backend.handlers.dead_letters import SOURCE
from attendance_client.app.config import FILE_NAME, parse_config
from attendance_client.app.diary import FileDiary
from attendance_client.app.site_key import KEY_NAME
from attendance_client.fsm.client import Client
from attendance_client.fsm.generated import Flag
from attendance_client.fsm.runner import Runner
from attendance_client.fsm.session import Door, Session
from attendance_client.fsm.snapshot import FileSnapshotStore
from attendance_client.machine.polling import enable_machines
from attendance_client.machine.zk.zk_machine import ZkMachine
from attendance_client.relay.ledger import LEDGER_NAME, Ledger
from attendance_contracts import (
    RELEASE,
    REPLY_TOPICS,
    AttendanceRecord,
    CreateReviewSheet,
    GetReviewPeriod,
    NewReviewPeriod,
    NewReviewSheet,
    Outcome,
    ReviewPeriod,
    Signer,
    SiteHealth,
    SiteKey,
    StoreAttendRecords,
    Topic,
    Watch,
    decode_topic,
    encode,
    sequence_at,
    topic_path,
)
from attendance_sandbox.demo.hr import TYPED, HrDesk
from attendance_sandbox.device.machine import AttendanceMachine
from attendance_sandbox.device.server import DeviceServer
from attendance_sandbox.sheets.faults import Fault
from tests import frozen
from tests.health_message import health_message
from tests.integration.backend_office import PROJECT, CloudOffice, forget_adapters
from tests.world.network import BackendFault, Envelope, Network, WorldBus
from tests.world.power import Power
from tests.world.supervisor import WorldSupervisor
from tests.world.timeline import EPOCH, PiClock, Timeline

SECRET = "made up, for the frozen files alone: no secret"
LETTERS = f"projects/{PROJECT}/topics/dead_letters"
CONFIG = {
    "identifier": "north",
    "ip": "192.0.2.10",
    "port": 4370,
    "time_zone": "Europe/Berlin",
    "day_boundary": "04:00",
    "polling_interval_minutes": 120,
    "health_interval_minutes": 720,
    "machine_name": "front door",
    "machines": [{"name": "back door", "ip": "192.0.2.11"}],
}
FROZEN_AT = datetime(2026, 1, 29, 12)
"""The first punches that are relayed after this are in flight when ledger, snapshot and spreadsheets are taken."""
END = datetime(2026, 2, 10, 12)
USERS = {"101": "ada.adler", "102": "ben.brandt", "104": "dora.dahl", "900": "badge-0417"}
JANUARY = ReviewPeriod("January 2026", date(2026, 1, 5), date(2026, 1, 18))
FEBRUARY = ReviewPeriod("February 2026", date(2026, 1, 19), date(2026, 2, 8))


def at(day, clock):
    """A moment, such as (19, "8:50"), of January; of February on from day 32."""
    hours, minutes, *seconds = map(int, clock.split(":"))
    more = timedelta(hours=hours, minutes=minutes, seconds=sum(seconds))
    return datetime(2026, 1, 1) + timedelta(days=day - 1) + more


def weekdays():
    return [day for day in range(5, 42) if at(day, "0:00").weekday() < 5]


def punches():
    """When who is at which door of north: moment, door (0: front), user ID, key."""
    for day in weekdays():
        if day not in (2, 28):  # Ada is on leave on the 28th
            yield at(day, "8:50"), 0, "101", 0
            if day not in (20, 29):  # on the 20th she forgets to check out
                yield at(day, "17:30"), 1, "101", 1
        if at(day, "0:00").weekday() < 4:
            yield at(day, "21:50"), 0, "102", 0
            yield at(day + 1, "6:05"), 0, "102", 1
        if at(day, "0:00").weekday() < 3:
            yield at(day, "8:55"), 1, "104", 0
            yield at(day, "13:05" if day == 27 else "17:35"), 1, "104", 1
    yield at(2, "9:00"), 0, "101", 0  # before the first day of all
    yield at(6, "9:08:03"), 0, "900", 0  # whom nobody knows
    yield at(21, "8:49:20"), 0, "101", 0  # once more in the same minute, and twice in one second
    yield at(21, "8:49:20"), 0, "101", 0
    yield at(29, "12:46"), 0, "101", 1
    yield at(29, "12:46:04"), 0, "101", 1


class Bus(WorldBus):
    """The site's, of which is heard what it has published and when it was answered last."""

    published = staticmethod(lambda message: None)
    reached_at = None

    def publish(self, message):
        super().publish(message)
        self.published(message)

    def receive(self, topic, timeout_s):
        messages = super().receive(topic, timeout_s)
        self.reached_at = self._network.now()
        return messages


class Snapshots(FileSnapshotStore):
    """Keeps the first file of each kind."""

    def __init__(self, directory, kept):
        super().__init__(directory)
        self._kept = kept

    def save(self, snapshot):
        super().save(snapshot)
        period, before = snapshot.review_period, snapshot.previous_period
        open_period = _month(period) if period else f"after-{_month(before)}" if before else "beginning"
        flags = [flag.name.lower().replace("_", "-") for flag in Flag(snapshot.sys_flags)]
        if snapshot.pi4_state == 7 and snapshot.last_stored_timestamp is None:
            flags.append("nothing-stored")
        name = "-".join([str(snapshot.pi4_state), open_period, *flags])
        if not (kept := self._kept / f"{name}.json").exists():
            shutil.copy(self.path, kept)


def _month(period):
    return period.name.split()[0].lower()


class Story:
    """All of it; `folder` gets what is kept."""

    def __init__(self, stack, work, patch, folder):
        self.folder = folder
        self.timeline = Timeline()
        self.clock = PiClock(self.timeline)
        self.log = []
        """Each message once, as it was published: topic, data, attributes."""
        self.network = Network(self.timeline, lambda _: None)
        self.network.take = self._take
        self.network.delivers_health = True
        self.office = CloudOffice(stack, work, patch)
        patch.setenv("SIGNING_SECRET", SECRET)
        self.office.pubsub.create_topic(LETTERS)
        self._move_the_office()
        self._init(patch)
        self.hr = HrDesk(self.office.sheets, self.office.control_id)
        self.control = self.hr._control
        self.directory = work / "north"
        self.directory.mkdir()
        self._doors(stack)
        self._south_key, self._south_sheet = 1, {}
        self.is_frozen = False
        stack.callback(self.hr._client.http_client.session.close)

    # -- the cloud

    def _init(self, patch):
        office = self.office
        del office.sheets.store.files[office.control_id]
        patch.delenv("REVIEW_PERIODS_SPREADSHEET_ID")
        with redirect_stdout(io.StringIO()):
            assert operate(["init", "--year", "2026"]) == 0
        (office.control_id,) = [each.spreadsheet_id for each in office.sheets.spreadsheets()]
        patch.setenv("REVIEW_PERIODS_SPREADSHEET_ID", office.control_id)
        forget_adapters()

    def _move_the_office(self):
        self.office.now = self.network.now()

    def _take(self, letter):
        """What a function answers."""
        self._move_the_office()
        said = (letter.topic, letter.data, letter.attributes)
        if said not in self.log:
            self.log.append(said)
        before = {topic: len(self._answers(topic)) for topic in REPLY_TOPICS}
        response = self.office.post_raw(*said)
        if response.status_code != 200:
            raise BackendFault(response.text)
        new = [(topic, each) for topic in REPLY_TOPICS for each in self._answers(topic)[before[topic] :]]
        for topic, answer in new:
            self.log.append((topic, answer.data, dict(answer.attributes)))
            return decode_topic(topic, answer.data, answer.attributes)
        return None

    def _answers(self, topic):
        return self.office.pubsub.published(topic_path(PROJECT, topic))

    def _tick(self):
        self._take(Envelope(Topic.WATCH, *encode(Watch(at=self.network.now().replace(tzinfo=None)))))

    # -- north

    def _doors(self, stack):
        self.machines = [
            AttendanceMachine(serial_number=number, clock=lambda: self.timeline.wall)
            for number in ("SIM-NORT-01", "SIM-NORT-02")
        ]
        servers = [stack.enter_context(_running(DeviceServer(machine))) for machine in self.machines]
        for machine in self.machines:
            for user_id, name in USERS.items():
                machine.add_user(user_id, name)
        (self.directory / FILE_NAME).write_text(json.dumps(CONFIG, indent=2) + "\n")
        key = SiteKey.derived(SECRET.encode(), "north", 1)
        (self.directory / KEY_NAME).write_text(f"{key}\n")
        config = parse_config(CONFIG)
        boundary = config.site.day_boundary
        self.ledger = stack.enter_context(closing(Ledger(self.directory / LEDGER_NAME, boundary)))
        signer = Signer(key, lambda: self.ledger.next_sequence(self.network.now()))
        bus = Bus(self.network, self.timeline, Power(), signer)
        bus.published = self._freeze_when_it_is_time
        diary = FileDiary(
            self.directory,
            self.clock,
            now=lambda: self.network.now().replace(tzinfo=None, microsecond=0),
            monotonic=self.clock.monotonic,
        )
        self.client = Client(
            site=config.site,
            doors=[
                Door(diary.watch(ZkMachine(replace(address, host="127.0.0.1", port=server.port)), address))
                for address, server in zip(config.machines, servers, strict=True)
            ],
            bus=bus,
            clock=diary.clock,
            ledger=self.ledger,
            supervisor=WorldSupervisor(self.timeline),
            session=Session(boundary),
            randomness=random.Random(1),
            diary=diary,
        )
        diary.client, diary.bus = self.client, bus
        (self.folder / "snapshots").mkdir(parents=True)
        self.runner = Runner(self.client, Snapshots(self.directory, self.folder / "snapshots"))

    # -- south, whose only machine knows no names

    def _sent(self, message, ahead=timedelta(0)):
        """By a site whose clock is so far ahead; returns the answer."""
        data, attributes = encode(message)
        number = self._south_key if message.location == "south" else 1
        key = SiteKey.derived(SECRET.encode(), message.location, number)
        signer = Signer(key, lambda: sequence_at(self.network.now() + ahead))
        return self._take(Envelope(message.topic, data, signer.signed(message.topic, data, attributes)))

    def _south_asks(self, after, period):
        place = {"location": "south", "request_id": _request_id()}
        on = self.timeline.wall.date()
        said = self._sent(GetReviewPeriod(**place, after=after, on=on, **_in_berlin()))
        assert isinstance(said, NewReviewPeriod)
        assert said.period == period
        place["request_id"] = _request_id()
        made = self._sent(CreateReviewSheet(**place, period=period))
        assert isinstance(made, NewReviewSheet)
        self._south_sheet[period] = made.sheet_id

    def _south_stores(self, period, *moments, user_id="7"):
        records = tuple(
            AttendanceRecord("SIM-SOUT-01", user_id, None, moment, 1, 255) for moment in sorted(moments)
        )
        place = {"location": "south", "request_id": _request_id(), "sheet_id": self._south_sheet[period]}
        return self._sent(
            StoreAttendRecords(**place, **_in_berlin(), period=period, records=records, routed=True)
        )

    def _south_tells(self, period, through, *, ahead=timedelta(0), **told):
        place = {"location": "south", "request_id": _request_id(), "sheet_id": self._south_sheet[period]}
        message = health_message(
            **place,
            period=period,
            at=self.timeline.wall,
            day_boundary=time(0),
            complete_through=through,
            **told,
        )
        self._sent(message, ahead)

    def _south_day(self, day):
        """Cleo's."""
        period = JANUARY if day < 19 else FEBRUARY
        self._south_stores(period, at(day, "9:05"), at(day, "17:00"))
        through = at(day, "0:00").date() - timedelta(days=1)
        self._south_tells(period, through if through >= period.first_day else None)

    def _south_anywhere(self):
        """Punches of before the first day, of each period, and of a day that is in none."""
        days = (at(2, "9:00"), at(16, "17:05"), at(22, "17:10"), at(60, "9:00"))
        outcomes = {answer.outcome for answer in self._south_stores(FEBRUARY, *days).answers}
        assert outcomes == {Outcome.BEFORE_FIRST_DAY, Outcome.STORED, Outcome.NO_PERIOD}

    def _south_is_refused(self, clock, outcome, words):
        """Google takes nothing of this workbook for once."""
        fault = Fault("refused", 400, "INVALID_ARGUMENT", words)
        self.office.sheets.faults.add(fault, when=lambda request: request.kind == "write")
        reply = self._south_stores(FEBRUARY, at(22, clock))
        assert {answer.outcome for answer in reply.answers} == {outcome}

    def _south_gets_another_key(self):
        self._move_the_office()
        made = site_key(bootstrap.backend(), SECRET.encode(), "south", 7)
        self._south_key = made.key.number

    def _west_asks(self):
        """It has no workbook yet."""
        place = {"location": "west", "request_id": _request_id(), "time_zone": "Europe/Lisbon"}
        on = self.timeline.wall.date()
        self._sent(GetReviewPeriod(**place, after=None, on=on, day_boundary=time(4)))

    def _hr_groups_west(self):
        sites = self.control.worksheet("Registered Sites")
        headers, row = sites.row_values(1), sites.col_values(1).index("west") + 1
        sites.update_cell(row, headers.index("Silent After (h)") + 1, 0)
        sites.update_cell(row, headers.index("Workbook Group") + 1, "West")

    def _strangers(self):
        """Nobody's message, and none at all."""
        message = next(each for each in self.log if each[0] is Topic.GET_REVIEW_PERIOD)
        data, attributes = encode(replace(decode_topic(*message), request_id=_request_id()))
        self._move_the_office()
        self.office.post_raw(message[0], data, attributes)
        self.office.post_raw(Topic.SITE_HEALTH, b"no message", {**attributes, "location": "nowhere"})

    # -- HR

    def _type(self, title, first, *rows):
        self.control.worksheet(title).update([list(row) for row in rows], first, value_input_option=TYPED)

    def _hr_begins(self):
        self.hr.type_period("January", JANUARY.first_day, date(2026, 1, 16))
        self.hr.type_period("February", FEBRUARY.first_day, date(2026, 2, 6))
        known = [header for header in self.control.worksheet("Cut Off Times").row_values(1) if header]
        people = [
            {"Name": "Ada Adler", "Email": "ada.adler", "Cut Off Time": "9:00 AM", "Site": "north"},
            {"Name": "Ada Adler", "Email": "ada.adler", "Cut Off Time": "08:45", "From": "2026-01-26"},
            {"Name": "Ben Brandt", "Email": "ben.brandt", "Cut Off Time": "none", "Staff Group": "Night"},
            {"Name": "Cleo Clark", "Email": "cleo.clark", "Cut Off Time": "09:00", "Site": "south"},
            {"Name": "Dora Dahl", "Email": "dora.dahl", "Cut Off Time": "09:00", "First Day": "2026-01-05"},
        ]
        people = [{**row, "Email": f"{row['Email']}@example.com"} for row in people]
        self._type("Cut Off Times", "A2", *([row.get(header, "") for header in known] for row in people))
        self._type("Shifts", "A2", ("Night", "22:00", "06:00"), ("Day", "09:00", "17:30", 30))
        self._type(
            "Roster",
            "A2",
            ("ben.brandt@example.com", "", "", "Night", "", "", "Mon-Thu"),
            ("dora.dahl@example.com", "", "", "Day", "2026-01-05", "", "Mon-Wed"),
        )
        self._type("Machine IDs", "A2", ("cleo.clark@example.com", "south", "7"))
        self._type("Holidays", "A2", ("2026-01-06", "Epiphany", "south"))
        self.hr.set("Grace (minutes)", 3)

    def _hr_closes_january(self):
        self.hr.correct("January", ("13/01/2026", "", "Ada Adler", "note", "", "was at a fair", "HR"))
        self.hr.finalise("January")
        sheets = self.office.sheets
        sheets.start_recalculating()
        sheets.compute(self.hr.workbook_id("January"))
        self._tick()
        sheets.stop_recalculating()

    def _hr_corrects(self):
        self.hr.correct(
            "February",
            ("20/01/2026", "", "Ada Adler", "check-out", "17:30", "forgot", "HR"),
            ("27/01/2026", "", "Dora Dahl", "leave", "afternoon vacation", "", "HR"),
            ("28/01/2026", "28/01/2026", "Ada Adler", "leave", "", "moving house", "HR"),
            ("22/01/2026", "", "Nobody", "check in", "9", "", "HR"),
        )
        workbook = self.hr._workbook("February")
        exceptions = workbook.worksheet("Exceptions")
        self.timeline.after(0, self._tick)
        headers = exceptions.row_values(1)
        own = len(headers) + 1
        if own > exceptions.col_count:
            exceptions.add_cols(1)
        exceptions.update_cell(1, own, "HR's own")
        exceptions.update_cell(2, own, "call her")
        exceptions.update_cell(2, headers.index("State") + 1, "asked, is settled")
        self.hr.colour("February", "J6")

    # -- the course of it

    def _at(self, when, action, *arguments):
        delay_s = (when - self.timeline.wall).total_seconds()
        self.timeline.after(delay_s, partial(action, *arguments))

    def _punch(self, door, user_id, key, when=None):
        assert self.machines[door].punch(user_id, when=when, punch=key)

    def _plan(self):
        for when, door, user_id, key in sorted(punches()):
            if when < EPOCH:
                self._punch(door, user_id, key, when)
            else:
                self._at(when, self._punch, door, user_id, key)
        self._at(at(7, "10:00"), self.machines[1].add_record, "777", at(7, "10:00"))  # nobody has this number
        self._at(at(14, "10:00"), self.machines[0].add_record, "101", datetime(2000, 1, 1, 0, 7))
        self._at(at(5, "10:00"), self._south_asks, None, JANUARY)
        self._at(at(19, "8:00"), self._south_asks, JANUARY.last_day, FEBRUARY)
        for day in weekdays():
            if day < 39:
                self._at(at(day, "18:00"), self._south_day, day)
        for day in (6, 9, 12, 26, 28):
            self._at(at(day, "11:40"), self._tick)
        self._at(at(21, "10:00"), self._south_gets_another_key)
        self._at(at(21, "15:00"), self._hr_closes_january)
        # The machine gives one of January away only now.
        self._at(at(22, "10:00"), self.machines[0].add_record, "101", at(16, "19:05"))
        self._at(at(23, "10:00"), self._south_anywhere)
        self._at(at(23, "10:05"), self._south_is_refused, "17:11", Outcome.REFUSED, "This cell is protected.")
        full = "This action would increase the number of cells in the workbook above the limit of 10000000 cells."
        self._at(at(23, "10:10"), self._south_is_refused, "17:12", Outcome.TOO_LARGE, full)
        self._at(at(23, "10:15"), self._strangers)
        self._at(at(28, "9:00"), self._hr_corrects)
        self._at(at(26, "10:00"), self._west_asks)
        self._at(at(26, "11:00"), self._hr_groups_west)
        self._at(
            at(28, "9:30"), partial(self._south_tells, FEBRUARY, date(2026, 1, 27), ahead=timedelta(days=9))
        )
        dark = {"problem": "the attendance machine at 192.0.2.20:4370 cannot be reached", "backlog": 3}
        self._at(at(29, "9:00"), partial(self._south_tells, FEBRUARY, date(2026, 1, 28), **dark))
        self._at(at(40, "13:00"), self.hr.type_period, "March", date(2026, 2, 9), date(2026, 3, 6))

    def play(self):
        self._hr_begins()
        self._plan()
        enable_machines(self.client)
        while self.timeline.wall < END:
            self.runner.step()
        assert self.is_frozen
        assert not self.network.dead_letters

    def _freeze_when_it_is_time(self, message):
        if not isinstance(message, StoreAttendRecords) or self.is_frozen or self.timeline.wall < FROZEN_AT:
            return
        self.is_frozen, self.in_flight = True, message.request_id
        site = self.folder / "north"
        shutil.copytree(self.directory, site, ignore=shutil.ignore_patterns("ledger*"))
        with (
            closing(sqlite3.connect(self.directory / LEDGER_NAME)) as ledger,
            closing(sqlite3.connect(site / LEDGER_NAME)) as copy,
        ):
            ledger.backup(copy)
        names = {"review-periods": self.office.control_id}
        names |= {month: self.hr.workbook_id(month.capitalize()) for month in ("january", "february")}
        for name, file_id in names.items():
            file = self.office.sheets.file(file_id)
            known = {"id": file_id, "name": file.name, "appProperties": file.app_properties}
            saved = {"file": known, "spreadsheet": frozen.taken(self.office.sheets, file_id)}
            text = json.dumps(saved, separators=(",", ":"))
            (self.folder / f"{name}.json.xz").write_bytes(lzma.compress(text.encode(), preset=9))

    def keep_messages(self):
        """One of each shape, by name; an answer bears its question's."""
        by_name, wanted = {}, _shapes(self.in_flight)
        for said in self.log:
            message = decode_topic(*said)
            for name, fits in wanted.items():
                with suppress(AttributeError, TypeError):
                    if name not in by_name and fits(message):
                        by_name[name] = said
        assert by_name.keys() == wanted.keys(), wanted.keys() - by_name.keys()
        questions = {attributes["request_id"]: name for name, (_, _, attributes) in by_name.items()}
        for topic, data, attributes in self.log:
            if topic in REPLY_TOPICS and attributes["request_id"] in questions:
                by_name[f"{questions[attributes['request_id']]}, answered"] = topic, data, attributes
        _write_lines(self.folder / "messages.jsonl", by_name)
        letters = self.office.pubsub.published(LETTERS)
        named = {
            f"letter {n}": (each.attributes[SOURCE], each.data, dict(each.attributes))
            for n, each in enumerate(letters, 1)
        }
        _write_lines(self.folder / "dead-letters.jsonl", named)


def _shapes(in_flight):
    """By what a message of each shape is known: the first one that is so."""

    def is_of(kind, site, **values):
        def fits(message):
            named = isinstance(message, kind) and message.location == site
            return named and all(getattr(message, name) == value for name, value in values.items())

        return fits

    def holds(message, user_id):
        return isinstance(message, StoreAttendRecords) and any(r.user_id == user_id for r in message.records)

    return {
        "the first question": is_of(GetReviewPeriod, "north", after=None),
        "the first workbook": is_of(CreateReviewSheet, "north", period=JANUARY),
        "west's question": is_of(GetReviewPeriod, "west"),
        "the first health": is_of(SiteHealth, "north"),
        "the first punches": is_of(StoreAttendRecords, "north"),
        "an unknown badge": lambda message: holds(message, "900"),
        "an unknown number": lambda message: holds(message, "777"),
        "twice in a second": lambda message: any(r.occurrence == 2 for r in message.records),
        "a wrong clock": lambda message: bool(message.mistimed),
        "the next question": is_of(GetReviewPeriod, "north", after=JANUARY.last_day),
        "south's question": is_of(GetReviewPeriod, "south", after=None),
        "punches of anywhere": lambda message: holds(message, "7") and len(message.records) == 4,
        "refused": lambda message: (
            message.location == "south" and message.records[0].timestamp == at(22, "17:11")
        ),
        "too large": lambda message: (
            message.location == "south" and message.records[0].timestamp == at(22, "17:12")
        ),
        "nothing to be read": is_of(SiteHealth, "south", backlog=3),
        "in flight": lambda message: message.request_id == in_flight,
        "a warning": lambda message: message.kind == "daily_warning",
        "no period": is_of(GetReviewPeriod, "north", after=FEBRUARY.last_day),
        "the final alarm": lambda message: message.kind == "final_alarm",
        "a tick": lambda message: isinstance(message, Watch),
    }


def _write_lines(path, named):
    with path.open("w", encoding="utf-8") as file:
        for name, (topic, data, attributes) in named.items():
            line = {
                "name": name,
                "topic": str(topic),
                "attributes": dict(sorted(attributes.items())),
                "data": data.decode(),
            }
            file.write(json.dumps(line) + "\n")


class _running:  # noqa: N801 - as it reads
    """A server while it runs."""

    def __init__(self, server):
        self._server = server

    def __enter__(self):
        self._server.start()
        return self._server

    def __exit__(self, *_):
        self._server.stop()


def _in_berlin():
    return {"time_zone": "Europe/Berlin", "day_boundary": time(0)}


_IDS = random.Random(RELEASE)


def _request_id():
    return _IDS.randbytes(16).hex()


def _not_at_random(patch):
    """IDs are the same each time. What nobody keeps, such as a session's token, may come in another order."""
    ids, numbers, words = random.Random(2), random.Random(3), random.Random(4)
    patch.setattr(secrets, "choice", ids.choice)
    patch.setattr(secrets, "randbelow", numbers.randrange)
    patch.setattr(secrets, "token_hex", lambda size=32: words.randbytes(size).hex())


def main():
    folder = frozen.HERE / RELEASE
    logging.disable(logging.CRITICAL)
    with (
        ExitStack() as stack,
        TemporaryDirectory() as work,
        TemporaryDirectory() as made,
        pytest.MonkeyPatch.context() as patch,
    ):
        _not_at_random(patch)
        story = Story(stack, Path(work), patch, Path(made))
        story.play()
        story.keep_messages()
        own = "|".join(map(re.escape, ("127.0.0.1", "localhost", work, made, str(frozen.HERE.parents[1]))))
        for path in Path(made).rglob("*"):
            held = path.read_bytes() if path.is_file() else b""
            held = lzma.decompress(held) if path.suffix == ".xz" else held
            found = re.search(own.encode(), held)
            assert found is None, f"{path.name} names this machine: {found}"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(made, folder)
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    sys.stdout.write(f"{folder.relative_to(frozen.HERE.parent.parent)}: {size // 1000} KB\n")


if __name__ == "__main__":
    main()

"""What release 0.2.0 wrote (`tests/frozen`) is read by the code of today: messages, snapshots, ledger, workbooks."""

import shutil
from collections import Counter
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, date, datetime, time
from functools import partial
from typing import Any

import pytest

from attendance_backend.google import pubsub
from attendance_client.app.cli import main as client
from attendance_client.app.config import load_config
from attendance_client.app.site_key import load_site_key
from attendance_client.fsm.generated import Flag, StateId
from attendance_client.fsm.session import Session
from attendance_client.fsm.snapshot import FileSnapshotStore
from attendance_client.relay.ledger import LEDGER_NAME, Ledger
from attendance_contracts import (
    REPLY_TOPICS,
    AlarmKind,
    Answer,
    AttendanceRecord,
    CreateReviewSheet,
    GetReviewPeriod,
    LastStoredTimestamp,
    MachineHealth,
    MistimedPunches,
    NewReviewPeriod,
    NewReviewSheet,
    Outcome,
    RaiseFinalAlarm,
    ReviewPeriod,
    Signed,
    Signer,
    SiteHealth,
    SiteKey,
    StoreAttendRecords,
    Topic,
    Watch,
    decode_topic,
    encode,
    to_json,
)
from tests import frozen
from tests.integration.backend_office import PROJECT
from tests.integration.frozen_office import (
    CONTROL,
    FrozenOffice,
    check_that_the_release_reads,
    check_that_the_release_resumes,
    holds,
)

RELEASE = "0.2.0"
SECRET = "made up, for the frozen files alone: no secret"
JANUARY = ReviewPeriod("January 2026", date(2026, 1, 5), date(2026, 1, 18))
FEBRUARY = ReviewPeriod("February 2026", date(2026, 1, 19), date(2026, 2, 8))
MARCH = ReviewPeriod("March 2026", date(2026, 2, 9), date(2026, 3, 8))
BOOKS = ("review-periods", "january", "february")
_, JANUARY_ID, FEBRUARY_ID = (frozen.spreadsheet(RELEASE, name)["file"]["id"] for name in BOOKS)
FOLDER = frozen.HERE / RELEASE
MESSAGES = frozen.named_messages(RELEASE)
DECODED: dict[str, Any] = {name: decode_topic(*said) for name, said in MESSAGES.items()}
ADA, DORA, CLEO = ("101", "ada.adler"), ("104", "dora.dahl"), ("7", None)
FRONT, BACK = ("SIM-NORT-01", "front door"), ("SIM-NORT-02", "back door")
BERLIN = {"time_zone": "Europe/Berlin"}


def at(text):
    return datetime.fromisoformat(f"2026-{text}")


# -- what was said. Who asked with which ID, and the code for HR's table, are read from the files.


def said(site, kind, name, /, **fields):
    return kind(location=site, request_id=DECODED[name].request_id, **fields)


north, south = partial(said, "north"), partial(said, "south")


def asked(name, after, on, boundary=time(4), site="north", zone="Europe/Berlin"):
    place = {"time_zone": zone, "day_boundary": boundary}
    return said(site, GetReviewPeriod, name, after=after, on=date.fromisoformat(on), **place)


def punch(door, who, when, key=0, occurrence=1):
    (number, machine), (user_id, user_name) = door, who
    return AttendanceRecord(number, user_id, user_name, at(when), 1, key, occurrence, machine)


def of_cleo(when):
    return punch(("SIM-SOUT-01", ""), CLEO, when, 255)


def store(name, period, *records, site="north"):
    sheet_id = {JANUARY: JANUARY_ID, FEBRUARY: FEBRUARY_ID}[period]
    place = {**BERLIN, "day_boundary": time(4 if site == "north" else 0), "sheet_id": sheet_id}
    return said(site, StoreAttendRecords, name, **place, period=period, records=records, routed=True)


def answered(question, newest, *answers):
    """Answers as (outcome, records, ID of the sheet or why not)."""
    made = []
    for outcome, records, more in answers:
        in_sheet = {"sheet_id" if outcome is Outcome.STORED else "reason": more}
        made.append(Answer(outcome=outcome, identities=tuple(each.identity for each in records), **in_sheet))
    confirmed = [each for answer in made if answer.outcome is Outcome.STORED for each in answer.identities]
    return LastStoredTimestamp(
        location=question.location,
        request_id=question.request_id,
        sheet_id=question.sheet_id,
        last_stored_timestamp=at(newest),
        confirmed=tuple(confirmed),
        answers=tuple(made),
    )


def stored(question, newest):
    return answered(question, newest, (Outcome.STORED, question.records, question.sheet_id))


def machine(door, records):
    number, name = door
    return MachineHealth(
        serial_number=number,
        firmware="Ver 6.60 Nov 13 2019",
        platform="ZEM560_TFT",
        clock_offset_s=0,
        records=records,
        record_capacity=100_000,
        users=4,
        name=name,
    )


def health(name, when, period, **told):
    site = told.pop("site", "north")
    place = {**BERLIN, "day_boundary": time(4 if site == "north" else 0)}
    always = {"release": RELEASE, "undecodable": 0, "pi_clock_synchronised": True}
    sheet_id = {JANUARY: JANUARY_ID, FEBRUARY: FEBRUARY_ID}[period]
    told = {"backlog": 0, "complete_through": None, "problem": "", **told}
    return said(
        site, SiteHealth, name, **place, **always, sheet_id=sheet_id, period=period, at=at(when), **told
    )


def alarm(name, kind, after, on):
    return north(RaiseFinalAlarm, name, kind=kind, after=after, on=date.fromisoformat(on))


FIRST = store(
    "the first punches", JANUARY, punch(FRONT, ADA, "01-05T08:50"), punch(BACK, DORA, "01-05T08:55")
)
BADGE = store("an unknown badge", JANUARY, punch(FRONT, ("900", "badge-0417"), "01-06T09:08:03"))
NUMBER = store("an unknown number", JANUARY, punch(BACK, ("777", None), "01-07T10:00"))
TWICE = store(
    "twice in a second",
    FEBRUARY,
    punch(FRONT, ADA, "01-21T08:49:20", occurrence=2),
    punch(FRONT, ADA, "01-21T08:49:20"),
    punch(FRONT, ADA, "01-21T08:50"),
    punch(BACK, DORA, "01-21T08:55"),
)
EARLY, OLD, OWN, LATER = map(of_cleo, ("01-02T09:00", "01-16T17:05", "01-22T17:10", "03-01T09:00"))
ANYWHERE = store("punches of anywhere", FEBRUARY, EARLY, OLD, OWN, LATER, site="south")
REFUSED = store("refused", FEBRUARY, of_cleo("01-22T17:11"), site="south")
TOO_LARGE = store("too large", FEBRUARY, of_cleo("01-22T17:12"), site="south")
IN_FLIGHT = store(
    "in flight", FEBRUARY, punch(FRONT, ADA, "01-29T12:46", 1), punch(FRONT, ADA, "01-29T12:46:04", 1)
)
"""Published when ledger, snapshot and spreadsheets were taken, and not yet answered."""
FULL = (
    f"spreadsheet {FEBRUARY_ID}: Google refuses (400): This action would increase the number of cells in the "
    "workbook above the limit of 10000000 cells."
)
PROTECTED = f"spreadsheet {FEBRUARY_ID}: Google refuses (400): This cell is protected."
WRONG_CLOCK = MistimedPunches(
    serial_number="SIM-NORT-01",
    machine="front door",
    user_id="101",
    user_name="ada.adler",
    count=1,
    first=datetime(2000, 1, 1, 0, 7),
    last=datetime(2000, 1, 1, 0, 7),
    read_on=date(2026, 1, 14),
)


def with_answers():
    yield "the first question", asked("the first question", None, "2026-01-05")
    yield (
        "the first question, answered",
        north(NewReviewPeriod, "the first question", after=None, period=JANUARY),
    )
    yield "the first workbook", north(CreateReviewSheet, "the first workbook", period=JANUARY)
    made = {"period": JANUARY, "sheet_id": JANUARY_ID, "routes": True}
    yield "the first workbook, answered", north(NewReviewSheet, "the first workbook", **made)
    doors = machine(FRONT, 2), machine(BACK, 1)
    found = {"backlog": 3, "machine": doors[0], "machines": doors}
    yield "the first health", health("the first health", "01-05T09:00:02", JANUARY, **found)
    for question, newest in (
        (FIRST, "01-05T08:55"),
        (BADGE, "01-06T09:08:03"),
        (NUMBER, "01-07T10:00"),
        (TWICE, "01-21T08:55"),
        (IN_FLIGHT, "01-29T12:46:04"),
    ):
        (name,) = (name for name, message in DECODED.items() if message == question)
        yield name, question
        yield f"{name}, answered", stored(question, newest)
    doors = machine(FRONT, 23), machine(BACK, 19)
    found = {"machine": doors[0], "machines": doors, "mistimed": (WRONG_CLOCK,)}
    through = {"complete_through": date(2026, 1, 13)}
    yield "a wrong clock", health("a wrong clock", "01-14T13:00:02", JANUARY, **found, **through)
    yield "a warning", alarm("a warning", AlarmKind.DAILY_WARNING, JANUARY.last_day, "2026-01-16")
    yield "the next question", asked("the next question", JANUARY.last_day, "2026-01-19")
    after = {"after": JANUARY.last_day, "period": FEBRUARY}
    yield "the next question, answered", north(NewReviewPeriod, "the next question", **after)
    yield "south's question", asked("south's question", None, "2026-01-05", time(0), "south")
    yield "south's question, answered", south(NewReviewPeriod, "south's question", after=None, period=JANUARY)
    yield "west's question", asked("west's question", None, "2026-01-26", time(4), "west", "Europe/Lisbon")
    west = {"after": None, "period": FEBRUARY}
    yield "west's question, answered", said("west", NewReviewPeriod, "west's question", **west)
    yield "punches of anywhere", ANYWHERE
    answers = (
        (Outcome.BEFORE_FIRST_DAY, [EARLY], ""),
        (Outcome.NO_PERIOD, [LATER], ""),
        (Outcome.STORED, [OLD], JANUARY_ID),
        (Outcome.STORED, [OWN], FEBRUARY_ID),
    )
    yield "punches of anywhere, answered", answered(ANYWHERE, "01-22T17:10", *answers)
    yield "refused", REFUSED
    why = Outcome.REFUSED, REFUSED.records, PROTECTED
    yield "refused, answered", answered(REFUSED, "01-22T17:11", why)
    yield "too large", TOO_LARGE
    why = Outcome.TOO_LARGE, TOO_LARGE.records, FULL
    yield "too large, answered", answered(TOO_LARGE, "01-22T17:12", why)
    words = "the attendance machine at 192.0.2.20:4370 cannot be reached"
    dark = {"machine": None, "problem": words, "backlog": 3, "complete_through": date(2026, 1, 28)}
    yield "nothing to be read", health("nothing to be read", "01-29T09:00", FEBRUARY, site="south", **dark)
    yield "no period", asked("no period", FEBRUARY.last_day, "2026-02-09")
    nothing = {"after": FEBRUARY.last_day, "period": None}
    yield "no period, answered", north(NewReviewPeriod, "no period", **nothing)
    yield "the final alarm", alarm("the final alarm", AlarmKind.FINAL_ALARM, FEBRUARY.last_day, "2026-02-09")
    yield "a tick", Watch(at=at("01-06T10:40"))


def apart_from_the_table(message):
    return replace(message, table="") if hasattr(message, "table") else message


def test_every_message_means_what_it_meant():
    expected = dict(with_answers())
    assert expected.keys() == DECODED.keys()
    for name, message in DECODED.items():
        assert apart_from_the_table(message) == expected[name], name
    assert {topic for topic, _, _ in MESSAGES.values()} == set(Topic)
    for answer in ("the first workbook", "the first punches", "refused"):
        assert DECODED[f"{answer}, answered"].table, "changes with HR's table"


def test_every_message_is_read_and_written_as_the_release_does():
    for name, read in MESSAGES.items():
        check_that_the_release_reads(read, DECODED[name])


def key_of(site, number):
    return SiteKey.derived(SECRET.encode(), site, number)


def test_every_message_of_a_site_is_signed_and_each_for_itself():
    sequences = set()
    for name, (topic, data, attributes) in MESSAGES.items():
        if topic in REPLY_TOPICS or name == "a tick":
            assert Signed.of(attributes) is None
            continue
        signed = Signed.of(attributes)
        site = DECODED[name].location
        south_had_another = site == "south" and name != "south's question"
        assert signed.key_number == (2 if south_had_another else 1)
        assert signed.is_by(key_of(site, signed.key_number), topic, data, attributes)
        assert not signed.is_by(key_of(site, 3), topic, data, attributes)
        assert not signed.is_by(key_of(site, signed.key_number), topic, data + b" ", attributes)
        again = Signer(key_of(site, signed.key_number), partial(int, signed.sequence))
        assert again.signed(topic, data, attributes) == attributes
        sequences.add((site, signed.sequence))
    questions = [name for name, (topic, _, _) in MESSAGES.items() if topic not in REPLY_TOPICS]
    assert len(sequences) == len(questions) - 1


# -- the client's files

WARNED, RAISED = Flag.DAILY_WARNING, Flag.DAILY_WARNING | Flag.FINAL_ALARM_RAISED
RELAY, NONE = StateId.RELAY_ATTENDANCE_RECORDS, Flag(0)
SNAPSHOTS = {
    "1-beginning": (StateId.FETCH_REVIEW_PERIOD, NONE, None, None, None),
    "1-after-january-daily-warning": (StateId.FETCH_REVIEW_PERIOD, WARNED, None, None, JANUARY),
    "1-after-february-daily-warning": (StateId.FETCH_REVIEW_PERIOD, WARNED, None, None, FEBRUARY),
    "1-after-february-final-alarm-raised-daily-warning": (
        *(StateId.FETCH_REVIEW_PERIOD, RAISED, None, None, FEBRUARY),
    ),
    "3-after-february-daily-warning": (StateId.RAISE_FINAL_ALARM, WARNED, None, None, FEBRUARY),
    "4-after-february-final-alarm-raised-daily-warning": (
        *(StateId.NO_REVIEW_PERIOD, RAISED, None, None, FEBRUARY),
    ),
    "5-january": (StateId.REQUEST_REVIEW_SHEET, NONE, None, JANUARY, None),
    "5-february": (StateId.REQUEST_REVIEW_SHEET, NONE, None, FEBRUARY, JANUARY),
    "5-march": (StateId.REQUEST_REVIEW_SHEET, NONE, None, MARCH, FEBRUARY),
    "7-january-nothing-stored": (RELAY, NONE, None, JANUARY, None),
    "7-january": (RELAY, NONE, "01-05T08:55", JANUARY, None),
    "7-january-daily-warning": (RELAY, WARNED, "01-15T21:50", JANUARY, None),
    "7-february-nothing-stored": (RELAY, NONE, None, FEBRUARY, JANUARY),
    "7-february": (RELAY, NONE, "01-19T08:55", FEBRUARY, JANUARY),
    "7-february-daily-warning": (RELAY, WARNED, "02-05T21:50", FEBRUARY, JANUARY),
    "7-march-nothing-stored": (RELAY, NONE, None, MARCH, FEBRUARY),
    "7-march": (RELAY, NONE, "02-09T08:55", MARCH, FEBRUARY),
    "9-january-daily-warning": (StateId.REVIEW_PERIOD_EXPIRED, WARNED, "01-16T17:30", JANUARY, None),
    "9-february-daily-warning": (StateId.REVIEW_PERIOD_EXPIRED, WARNED, "02-06T17:30", FEBRUARY, JANUARY),
}
"""State, flags, the newest punch that is stored, the open period and the one before."""


def test_no_snapshot_is_left_out():
    assert {path.stem for path in (FOLDER / "snapshots").iterdir()} == set(SNAPSHOTS)


@pytest.mark.parametrize("name", SNAPSHOTS)
def test_a_client_resumes_where_the_snapshot_was_taken(name, tmp_path, caplog):
    written = FOLDER / "snapshots" / f"{name}.json"
    shutil.copy(written, tmp_path / "snapshot.json")
    session = Session(time(4), FileSnapshotStore(tmp_path).load())
    state, flags, last_stored, period, previous = SNAPSHOTS[name]
    assert (session.current, session.flags) == (state, flags)
    assert session.last_stored_timestamp == (at(last_stored) if last_stored else None)
    assert (session.review_period, session.previous_period) == (period, previous)
    if period in (JANUARY, FEBRUARY) and state is not StateId.REQUEST_REVIEW_SHEET:
        assert session.sheet_id == {JANUARY: JANUARY_ID, FEBRUARY: FEBRUARY_ID}[period]
    else:
        assert (session.sheet_id is None) == (state is not RELAY)
    assert not caplog.records, "not even a warning"

    check_that_the_release_resumes(session, written, tmp_path)


@pytest.fixture
def pi(tmp_path):
    """North's folder, as it was when its message was in flight."""
    shutil.copytree(FOLDER / "north", tmp_path / "north")
    (tmp_path / "north" / "site.key").chmod(0o600)
    return tmp_path / "north"


def test_the_configuration_and_the_key_of_a_site(pi):
    config = load_config(pi)
    assert [(each.name, each.host, each.port) for each in config.machines] == [
        ("front door", "192.0.2.10", 4370),
        ("back door", "192.0.2.11", 4370),
    ]
    assert (config.site.location, config.site.day_boundary) == ("north", time(4))
    assert load_site_key(pi, config) == key_of("north", 1)


def test_the_status_of_a_site(pi, capsys):
    assert client(["status", "--directory", str(pi)]) == 0
    lines = [line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines()]
    said = dict(line for line in lines if len(line) > 1)
    assert said["site"] == "north"
    assert said["period"] == "February 2026, 2026-01-19 to 2026-02-08"
    assert said["punches"] == "97, of which 93 are in a sheet"
    machines = [line[1].split(", ")[:4] for line in lines if line[0] == "machine"]
    assert machines == [
        ["front door", "192.0.2.10:4370", "SIM-NORT-01", "54 of 100000 (0%) records"],
        ["back door", "192.0.2.11:4370", "SIM-NORT-02", "41 of 100000 (0%) records"],
    ]


def test_the_ledger_goes_on(pi):
    ledger = Ledger(pi / LEDGER_NAME, time(4))
    ledger.check()
    summary = ledger.summary()
    assert (summary.punches, summary.confirmed, summary.backlog) == (97, 93, 2)
    assert ledger.latest_closed_period() == JANUARY
    chunk = ledger.next_chunk(FEBRUARY, 500)
    assert (chunk.period, chunk.sheet_id, chunk.records) == (FEBRUARY, FEBRUARY_ID, IN_FLIGHT.records)
    ledger.confirm(DECODED["in flight, answered"].confirmed, FEBRUARY_ID)
    assert (ledger.summary().confirmed, ledger.summary().backlog) == (95, 0)
    before = Signed.of(MESSAGES["in flight"][2]).sequence
    assert ledger.next_sequence(datetime(2026, 1, 29, 11, tzinfo=UTC)) == before + 1
    ledger.close()


# -- workbooks and control spreadsheet


HR_TYPES = {
    **CONTROL,
    "Cut Off Times": (*CONTROL["Cut Off Times"], "From"),
    "Holidays": ("Date", "Name", "Site", "Part"),
    "Shifts": ("Shift", "Start", "End", "Break (minutes)"),
    "Roster": ("Email", "Shift", "From", "Until", "Days"),
    "Machine IDs": ("Email", "Site", "Device User ID"),
    "Registered Sites": (
        "Site",
        "First Day",
        "Time Zone",
        "Day Boundary",
        "Silent After (h)",
        "Workbook Group",
    ),
}


class Office(FrozenOffice):
    """HR keeps shifts, plans, IDs on the machines and a group, too."""

    control = HR_TYPES


LETTERS = f"projects/{PROJECT}/topics/dead_letters"


@pytest.fixture
def office(tmp_path, monkeypatch, capsys):
    """What HR typed is there at the end, to the letter, whatever was done."""
    with ExitStack() as stack:
        office = Office(stack, tmp_path, monkeypatch, capsys, RELEASE, BOOKS)
        office.now = datetime(2026, 1, 29, 13, tzinfo=UTC)
        monkeypatch.setenv("SIGNING_SECRET", SECRET)
        office.pubsub.create_topic(LETTERS)
        stands = office.check_what_was_typed()
        yield office
        assert stands()


def test_the_stand_in_holds_frozen_spreadsheets_as_they_were(office):
    for name, file_id in office.books.items():
        assert frozen.taken(office.sheets, file_id) == frozen.spreadsheet(RELEASE, name)["spreadsheet"]


def test_every_request_is_answered_as_it_was(office):
    before = {book: office.identities(book) for book in (JANUARY_ID, FEBRUARY_ID)}
    for name, said in MESSAGES.items():
        if said[0] in REPLY_TOPICS:
            continue
        if (signed := Signed.of(said[2])) is not None:
            office.now = datetime.fromtimestamp(signed.sequence / 1000, UTC)  # when it was sent
        office.deliver(*said)
        wanted = DECODED.get(f"{name}, answered")
        if name in ("refused", "too large"):  # and this time Google takes them
            question = DECODED[name]
            wanted = stored(question, f"{question.records[0].timestamp:%m-%dT%H:%M}")
        if isinstance(wanted, NewReviewPeriod) and wanted.after is None:
            wanted = replace(wanted, period=FEBRUARY)  # as January is finalised by now
        if wanted is not None:
            answer = office.replies(wanted.topic)[-1]
            assert holds(to_json(apart_from_the_table(answer)), to_json(apart_from_the_table(wanted))), name
    assert not office.pubsub.published(LETTERS)
    office.now = datetime(2026, 1, 29, 13, tzinfo=UTC)
    office.deliver(*MESSAGES["south's question"])
    (letter,) = office.pubsub.published(LETTERS)
    assert letter.attributes["dead_letter_kind"] == "not admitted", "that key ended on the 28th"
    assert office.identities(JANUARY_ID) == before[JANUARY_ID]
    new = (*IN_FLIGHT.records, *REFUSED.records, *TOO_LARGE.records)
    assert office.identities(FEBRUARY_ID) == before[FEBRUARY_ID] + Counter(each.identity for each in new)
    assert set(office.identities(FEBRUARY_ID).values()) == {1}


def test_those_of_today_join_the_punches_of_the_release(office):
    record = punch(BACK, ADA, "01-29T17:31", 1)
    new = replace(IN_FLIGHT, request_id="r1", records=(record,))
    data, attributes = encode(new)
    for sequence in (1, 2):
        signer = Signer(key_of("north", 1), partial(int, sequence))
        office.deliver(new.topic, data, signer.signed(new.topic, data, attributes))
    assert office.identities(FEBRUARY_ID)[record.identity] == 1
    assert office.times(FEBRUARY_ID, "ada.adler", date(2026, 1, 29)) == pytest.approx(
        ((8 * 60 + 50) / 1440, (17 * 60 + 31) / 1440)
    )
    # The night of the 26th ended on the 27th, and Dora had the afternoon of the 27th off.
    assert office.times(FEBRUARY_ID, "ben.brandt", date(2026, 1, 26)) == pytest.approx(
        ((21 * 60 + 50) / 1440, (30 * 60 + 5) / 1440)
    )
    assert office.times(FEBRUARY_ID, "dora.dahl", date(2026, 1, 27)) == pytest.approx(
        ((8 * 60 + 55) / 1440, (13 * 60 + 5) / 1440)
    )


def test_what_the_release_set_aside_is_listed(office, monkeypatch):
    monkeypatch.setattr(pubsub, "PULL_TIMEOUT_S", 0.2)
    office.pubsub.create_subscription(f"projects/{PROJECT}/subscriptions/dead_letters", LETTERS)
    for _, data, attributes in frozen.named_messages(RELEASE, "dead-letters").values():
        office.pubsub.publish(LETTERS, data, attributes)
    code, (first, second, number) = office.operate("dead-letters", "list")
    assert (code, number) == (0, "2 dead letters")
    assert "get_review_period of north: it is not signed, and north has signed its messages since" in first
    assert "site_health of nowhere: not a message of the contract" in second


COUNTED = ("Days Present", "Late", "Absent", "On Leave", "Incomplete", "Hours", "Overtime", "Penalties")
MONTHS: dict[str, dict[str, list[float]]] = {
    JANUARY_ID: {
        "Ada Adler": [10, 0, 0, 0, 0, 86 + 40 / 60, 6 + 40 / 60, 0],
        "Ben Brandt": [8, 0, 0, 0, 0, 66, 2, 0],
        "Cleo Clark": [10, 9, 0, 0, 0, 79 + 10 / 60, 0, 2],
        "Dora Dahl": [6, 0, 0, 0, 0, 49, 1, 0],
    },
    FEBRUARY_ID: {  # up to the 28th; Ada's cut-off time is 8:45 from the 26th on
        "Ada Adler": [8, 3, 0, 1, 0, 60 + 41 / 60, 4 + 41 / 60, 1],
        "Ben Brandt": [7, 0, 0, 0, 0, 57.75, 1.75, 0],
        "Cleo Clark": [8, 8, 0, 0, 0, 63.5, 5 / 60, 2],
        "Dora Dahl": [6, 0, 0, 0.5, 0, 45, 50 / 60, 0],
    },
}


def months(office):
    """What ``Monthly Summary`` counts for each person, hours in hours."""
    found = {}
    for book in MONTHS:
        headers, *rows = office.sheets.read(book, "'Monthly Summary'!A1:Z20", "UNFORMATTED_VALUE")
        columns = [headers.index(name) for name in COUNTED]
        found[book] = {
            row[0]: [row[at] * (24 if headers[at] in ("Hours", "Overtime") else 1) for at in columns]
            for row in rows
            if row and row[0]
        }
    return found


@pytest.mark.slow
def test_the_operator_checks_and_refreshes(office):
    office.sheets.start_recalculating()
    for book, people in months(office).items():
        assert people == {name: pytest.approx(counted) for name, counted in MONTHS[book].items()}
    _, complaints = office.operate("check")
    # The copies that the release kept are not among the files.
    expected = (
        "no period is entered for the days after 8 February 2026",
        "Ada Adler, 16-01-2026: a punch at 19:05 came after the month was finalised",
        "Cleo Clark, 16-01-2026: a punch at 17:05 came after the month was finalised",
        "Nobody, 22-01-2026: a correction does not count",
        "the function watch has kept no copies so far",
    )
    assert [line for line in complaints if not any(words in line for words in expected)] == []
    assert len(complaints) == len(expected)
    code, first = office.operate("refresh")
    assert code == 0
    (kept,) = (line for line in first if "typed over" in line)
    assert kept.endswith("typed over, kept: asked, is settled"), "all formulas of the release are known again"
    code, second = office.operate("refresh")
    assert (code, second[-1]) == (0, "0 differences")
    for book, people in months(office).items():
        assert people == {name: pytest.approx(counted) for name, counted in MONTHS[book].items()}

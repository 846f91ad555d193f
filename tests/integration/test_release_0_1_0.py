"""What release 0.1.0 wrote (`tests/frozen`) is read by the code of today: messages, snapshots, ledger, workbooks."""

import csv
import dataclasses
import os
import shutil
import sqlite3
from collections import Counter
from contextlib import ExitStack
from datetime import date, datetime, time

import pytest

from attendance_backend.sheet import serial
from attendance_client.app.cli import main as client
from attendance_client.fsm.generated import Flag, StateId
from attendance_client.fsm.session import Session
from attendance_client.fsm.snapshot import FileSnapshotStore
from attendance_client.relay.ledger import LEDGER_NAME, Ledger
from attendance_contracts import (
    REPLY_TOPICS,
    AlarmKind,
    AttendanceRecord,
    CreateReviewSheet,
    GetReviewPeriod,
    LastStoredTimestamp,
    MachineHealth,
    NewReviewPeriod,
    NewReviewSheet,
    RaiseFinalAlarm,
    ReviewPeriod,
    SiteHealth,
    StoreAttendRecords,
    Topic,
    decode_topic,
    to_json,
)
from attendance_sandbox.sheets.server import SheetsServer
from tests import frozen
from tests.integration.frozen_office import (
    FrozenOffice,
    check_that_the_release_reads,
    check_that_the_release_resumes,
    holds,
)

RELEASE = "0.1.0"
SEPTEMBER = ReviewPeriod("September 2026", date(2026, 9, 28), date(2026, 10, 4))
OCTOBER = ReviewPeriod("October 2026", date(2026, 10, 5), date(2026, 11, 1))
NOVEMBER = ReviewPeriod("November 2026", date(2026, 11, 2), date(2026, 11, 29))
SEPTEMBER_ID = "1xSJe3omDARQajWzkpByabS_37HFieSzvQGNzXDLkxGn"
OCTOBER_ID = "1eRnonqw-k1fX0CtotKSYLEDe1G5rWf08UJAUctNQhkO"
CONTROL_ID = "1Ox5A6lENlJAT89UfL941nvr5LKnwFkD6bMd0_yHNlb5"
BOOKS = {"review-periods": CONTROL_ID, "september": SEPTEMBER_ID, "october": OCTOBER_ID}
FOLDER = frozen.HERE / RELEASE
MESSAGES = frozen.messages(RELEASE)
DECODED = [decode_topic(*message) for message in MESSAGES]


def at(text):
    return datetime.fromisoformat(text)


def punch(user_id, user_name, when, key=0, occurrence=1):
    return AttendanceRecord("SIM-NORT-01", user_id, user_name, at(when), 1, key, occurrence)


def north(message, request_id, **fields):
    return message(location="north", request_id=request_id, **fields)


def store(request_id, sheet_id, period, *records):
    place = {"sheet_id": sheet_id, "period": period, "time_zone": "Europe/Berlin", "day_boundary": time(0)}
    return north(StoreAttendRecords, request_id, **place, records=records)


def confirmed(request_id, sheet_id, stamp, *identities):
    return north(
        LastStoredTimestamp,
        request_id,
        sheet_id=sheet_id,
        last_stored_timestamp=at(stamp),
        confirmed=identities,
    )


def health(request_id, when, complete_through, records):
    return north(
        SiteHealth,
        request_id,
        sheet_id=SEPTEMBER_ID,
        period=SEPTEMBER,
        at=at(when),
        time_zone="Europe/Berlin",
        day_boundary=time(0),
        release=RELEASE,
        backlog=0,
        undecodable=0,
        complete_through=complete_through,
        pi_clock_synchronised=True,
        machine=MachineHealth(
            serial_number="SIM-NORT-01",
            firmware="Ver 6.60 Nov 13 2019",
            platform="ZEM560_TFT",
            clock_offset_s=0,
            records=records,
            record_capacity=100_000,
            users=5,
        ),
        problem="",
    )


IN_FLIGHT = store(
    "42fab126bac6cd49409af3586f695ef2",
    OCTOBER_ID,
    OCTOBER,
    punch("101", "ada.adler", "2026-10-22T12:46:00", 1),
    punch("101", "ada.adler", "2026-10-22T12:46:04", 1),
)
"""Published when snapshot, ledger and spreadsheets were taken, and not yet answered."""
ITS_REPLY = confirmed(
    IN_FLIGHT.request_id,
    OCTOBER_ID,
    "2026-10-22T12:46:04",
    *("ab4fac7c2f4413984c88", "54560eccff942be7bded"),
)
EXPECTED = [
    north(GetReviewPeriod, "bbaa515cdb019b0fd57ccfdca7457d90", after=None, on=SEPTEMBER.first_day),
    north(NewReviewPeriod, "bbaa515cdb019b0fd57ccfdca7457d90", after=None, period=SEPTEMBER),
    north(CreateReviewSheet, "4413a2b24f340b5099cd24c6b2e2b20a", period=SEPTEMBER),
    north(NewReviewSheet, "4413a2b24f340b5099cd24c6b2e2b20a", period=SEPTEMBER, sheet_id=SEPTEMBER_ID),
    health("940f0030429971ea75e60bb74151d5f0", "2026-09-28T00:05", None, 12),
    store(
        "7e10da19cbb2acff37b261a22f242e02",
        SEPTEMBER_ID,
        SEPTEMBER,
        punch("102", "ben.brandt", "2026-09-28T08:48:06"),
    ),
    confirmed(
        "7e10da19cbb2acff37b261a22f242e02", SEPTEMBER_ID, "2026-09-28T08:48:06", "92ead2265d8c6b2d008b"
    ),
    store(
        "7dfb4e6c198596cb8ddb81e34b6d452a",
        SEPTEMBER_ID,
        SEPTEMBER,
        punch("900", "badge-0417", "2026-09-28T09:08:03"),
        punch("101", "ada.adler", "2026-09-28T09:10:03"),
    ),
    confirmed(
        "7dfb4e6c198596cb8ddb81e34b6d452a",
        SEPTEMBER_ID,
        "2026-09-28T09:10:03",
        *("e888c7bce8e334ef8708", "fef8674e9c453cc1a67d"),
    ),
    health("d2c64f4a790aa47dc099c178faec3bfd", "2026-09-29T00:05", SEPTEMBER.first_day, 18),
    store(
        "7761c7743a4c9ca64e7840d741d2f30b", SEPTEMBER_ID, SEPTEMBER, punch("777", None, "2026-10-01T09:59:00")
    ),
    north(
        RaiseFinalAlarm,
        "bab4501d2d42594ad9b624222bc90999",
        kind=AlarmKind.DAILY_WARNING,
        after=SEPTEMBER.last_day,
        on=date(2026, 10, 2),
    ),
    north(
        GetReviewPeriod,
        "74afd489a2b084a7811f339628e77492",
        after=SEPTEMBER.last_day,
        on=OCTOBER.first_day,
    ),
    north(NewReviewPeriod, "74afd489a2b084a7811f339628e77492", after=SEPTEMBER.last_day, period=OCTOBER),
    store(
        "7be988417f7c84b69a49a02ad8e2e924",
        OCTOBER_ID,
        OCTOBER,
        punch("102", "ben.brandt", "2026-10-13T08:49:20"),
        punch("102", "ben.brandt", "2026-10-13T08:49:20", occurrence=2),
    ),
    dataclasses.replace(
        health("170f582d588b133f1a022ebc66f92791", "2026-10-14T10:05", date(2026, 10, 13), 0),
        location="south",
        sheet_id=OCTOBER_ID,
        period=OCTOBER,
        day_boundary=time(4),
        machine=None,
        problem="the attendance machine at 127.0.0.1:38601 cannot be reached (the connection broke); is it "
        "switched on and on the network? If so, its address may have changed: its menu (Comm. > Ethernet) shows "
        "it, 'ip' and 'port' in biometric_device_config.json must be the same",
    ),
    IN_FLIGHT,
    ITS_REPLY,
    north(NewReviewPeriod, "d96473d18ed51b0de972bc789f4f575a", after=OCTOBER.last_day, period=None),
    north(
        RaiseFinalAlarm,
        "c2216dcfdc3c962431e2752ce31fd5fb",
        kind=AlarmKind.FINAL_ALARM,
        after=OCTOBER.last_day,
        on=NOVEMBER.first_day,
    ),
]


# -- messages


def test_every_message_means_what_it_meant():
    # The schedule's tick came later.
    assert {topic for topic, _, _ in MESSAGES} == set(Topic) - {Topic.WATCH}
    assert DECODED == EXPECTED


def test_every_message_is_read_and_written_as_the_release_does():
    for said, message in zip(MESSAGES, EXPECTED, strict=True):
        check_that_the_release_reads(said, message)


# -- the client's files


WARNED, RAISED = Flag.DAILY_WARNING, Flag.DAILY_WARNING | Flag.FINAL_ALARM_RAISED
SNAPSHOTS = {
    "seed": (StateId.FETCH_REVIEW_PERIOD, Flag(0), None, None, None, None),
    "1-period-closed": (StateId.FETCH_REVIEW_PERIOD, WARNED, None, None, None, OCTOBER),
    "1-after-deep-sleep": (StateId.FETCH_REVIEW_PERIOD, RAISED, None, None, None, OCTOBER),
    "3-no-period": (StateId.RAISE_FINAL_ALARM, WARNED, None, None, None, OCTOBER),
    "4-alarm-raised": (StateId.NO_REVIEW_PERIOD, RAISED, None, None, None, OCTOBER),
    "5-first-period": (StateId.REQUEST_REVIEW_SHEET, Flag(0), None, None, SEPTEMBER, None),
    "7-nothing-stored": (StateId.RELAY_ATTENDANCE_RECORDS, Flag(0), SEPTEMBER_ID, None, SEPTEMBER, None),
    "7-last-days": (
        *(StateId.RELAY_ATTENDANCE_RECORDS, WARNED, OCTOBER_ID, at("2026-10-29T17:57:59")),
        *(OCTOBER, SEPTEMBER),
    ),
    "9-expired": (
        *(StateId.REVIEW_PERIOD_EXPIRED, WARNED, OCTOBER_ID, at("2026-10-30T17:45:34")),
        *(OCTOBER, SEPTEMBER),
    ),
    "7-next-period": (
        *(StateId.RELAY_ATTENDANCE_RECORDS, Flag(0), "1PneGpekrC_v18nkgLOQ7GNoi1a6WHKN_kWyA03CUNii", None),
        *(NOVEMBER, OCTOBER),
    ),
}


def test_no_snapshot_is_left_out():
    assert {path.stem for path in (FOLDER / "snapshots").iterdir()} == set(SNAPSHOTS)


@pytest.mark.parametrize("name", SNAPSHOTS)
def test_a_client_resumes_where_the_snapshot_was_taken(name, tmp_path, caplog):
    written = FOLDER / "snapshots" / f"{name}.json"
    shutil.copy(written, tmp_path / "snapshot.json")
    snapshot = FileSnapshotStore(tmp_path).load()
    session = Session(time(0), snapshot)
    state, flags, sheet_id, last_stored, period, previous = SNAPSHOTS[name]
    assert (session.current, session.flags, session.sheet_id) == (state, flags, sheet_id)
    assert (session.last_stored_timestamp, session.review_period) == (last_stored, period)
    assert session.previous_period == previous
    assert not caplog.records, "not even a warning"

    check_that_the_release_resumes(session, written, tmp_path)


@pytest.fixture
def pi(tmp_path):
    """A site's folder, as it was when its message was in flight."""
    shutil.copytree(FOLDER / "north", tmp_path / "north")
    return tmp_path / "north"


def test_the_status_of_a_site(pi, capsys):
    assert client(["status", "--directory", str(pi)]) == 0
    said = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    assert said["site"] == "north"
    assert said["machine"] == "192.0.2.10:4370, never read"
    assert said["state"] == "RELAY_ATTENDANCE_RECORDS, where it goes on"
    assert said["period"] == "October 2026, 2026-10-05 to 2026-11-01"
    assert said["punches"] == "94, of which 80 are in a sheet"


def test_the_ledger_goes_on(pi):
    ledger = Ledger(pi / LEDGER_NAME, time(0))
    ledger.check()
    summary = ledger.summary()
    assert (summary.punches, summary.confirmed, summary.backlog) == (94, 80, 2)
    assert (summary.without_period, summary.undecodable) == (12, 0)
    assert ledger.latest_closed_period() == SEPTEMBER
    chunk = ledger.next_chunk(OCTOBER, 500)
    assert (chunk.period, chunk.sheet_id, chunk.records) == (OCTOBER, OCTOBER_ID, IN_FLIGHT.records)
    ledger.confirm(ITS_REPLY.confirmed, OCTOBER_ID)
    assert (ledger.summary().confirmed, ledger.summary().backlog) == (82, 0)
    ledger.close()


# -- workbooks and control spreadsheet


@pytest.mark.parametrize("name", BOOKS)
def test_the_stand_in_holds_a_frozen_spreadsheet_as_it_was(name):
    server = SheetsServer(owns_storage=False)
    with server:
        made = frozen.put_back(server, RELEASE, name, server.new_shared_folder("Attendance"))
        assert made == BOOKS[name]
        assert frozen.taken(server, made) == frozen.spreadsheet(RELEASE, name)["spreadsheet"]


@pytest.fixture
def office(tmp_path, monkeypatch, capsys):
    """What HR typed is there at the end, to the letter, whatever was done."""
    with ExitStack() as stack:
        office = FrozenOffice(stack, tmp_path, monkeypatch, capsys, RELEASE, BOOKS)
        stands = office.check_what_was_typed()
        yield office
        assert stands()


def test_every_request_is_answered_as_it_was(office):
    before = {book: office.identities(book) for book in (SEPTEMBER_ID, OCTOBER_ID)}
    replies = {message.request_id: message for message in DECODED if message.topic in REPLY_TOPICS}
    answered = 0
    for (topic, data, attributes), message in zip(MESSAGES, DECODED, strict=True):
        if topic not in REPLY_TOPICS:
            office.deliver(topic, data, attributes)
            wanted = replies.get(message.request_id)
            if wanted is not None:
                answered += 1
                assert holds(to_json(office.replies(wanted.topic)[-1]), to_json(wanted))
    assert answered == 6
    assert office.identities(SEPTEMBER_ID) == before[SEPTEMBER_ID]
    assert office.identities(OCTOBER_ID) == before[OCTOBER_ID] + Counter(ITS_REPLY.confirmed)


def test_each_punch_stands_once_and_those_of_today_join_them(office, pi):
    with sqlite3.connect(pi / LEDGER_NAME) as ledger:
        stored = ledger.execute(
            "SELECT sheet_id, identity FROM punches WHERE sheet_id IS NOT NULL"
        ).fetchall()
    new = store("r1", OCTOBER_ID, OCTOBER, punch("102", "ben.brandt", "2026-10-22T17:31:00", 1))
    for _ in range(2):
        office.ask(new, Topic.LAST_STORED_TIMESTAMP)
        office.ask(IN_FLIGHT, Topic.LAST_STORED_TIMESTAMP)
    for book in (SEPTEMBER_ID, OCTOBER_ID):
        found = office.identities(book)
        assert set(found.values()) == {1}
        assert found.keys() >= {identity for sheet_id, identity in stored if sheet_id == book}
    assert office.identities(OCTOBER_ID).keys() >= {record.identity for record in new.records}
    check_in, check_out = office.times(OCTOBER_ID, "ben.brandt", date(2026, 10, 22))
    assert 0 < check_in < check_out == pytest.approx((17 * 60 + 31) / 1440)


def test_a_site_tells_its_health_and_what_is_complete_is_judged(office):
    told = dataclasses.replace(
        health("r1", "2026-10-23T00:05", date(2026, 10, 22), 97), sheet_id=OCTOBER_ID, period=OCTOBER
    )
    before = office.table(OCTOBER_ID, "Exceptions", "Who", "Day", "Kind")
    assert office.post(told).status_code == 200
    today = serial.from_date(date(2026, 10, 22))
    (site,) = [row for row in office.table(OCTOBER_ID, "Sites") if row["Site"] == "north"]
    assert (site["Complete Through"], site["Records"]) == (today, 97)
    after = office.table(OCTOBER_ID, "Exceptions", "Who", "Day", "Kind")
    assert after[: len(before)] == before
    missing = [
        row["Who"] for row in after[len(before) :] if (row["Day"], row["Kind"]) == (today, "missing out")
    ]
    assert missing == ["Ada Adler", "Ben Brandt"], "their second punch had not come yet"


@pytest.mark.slow
def test_the_operator_shares_checks_and_refreshes(office):
    code, out = office.operate("share")
    assert code == 0
    assert sum("hr@example.com may edit" in line for line in out) == 2
    _, complaints = office.operate("check")
    # What an upgrade must still do: 0.1.0 had no visitor.
    expected = (
        "no period is entered for the days after",
        "the function watch has kept no copies so far",
        "Ben Brandt, 02-10-2026: a punch at 19:05 came after the month was finalised",
        "the site's data is complete to",
    )
    assert [line for line in complaints if not any(words in line for words in expected)] == []
    assert any("the function watch" in line for line in complaints)
    code, first = office.operate("refresh")
    assert code == 0
    (kept,) = (line for line in first if "typed over" in line)
    assert kept.endswith("typed over, kept: asked, is settled"), "all formulas of the release are known again"
    code, second = office.operate("refresh")
    assert (code, second[-1]) == (0, "0 differences")


def test_a_month_that_hr_had_finalised_is_kept_as_it_was(office):
    office.sheets.start_recalculating()
    before = office.sheets.read(SEPTEMBER_ID, "'Monthly Summary'!A4:X20")
    code, out = office.operate("refresh", "--period", "September 2026")
    assert code == 0
    assert "  finalised: its numbers are kept as they are" in out
    assert [
        row[1] for row in office.sheets.read(SEPTEMBER_ID, "Guide!A1:B40") if row[:1] == ["Finalised"]
    ] == ["yes"]
    after = office.sheets.read(SEPTEMBER_ID, "'Monthly Summary'!A4:X20")
    assert before == after
    code, out = office.operate("refresh", "--period", "September 2026")
    assert out[-1] == "0 differences"
    assert not [line for line in out if "Corrections" in line], "what had been typed before is none"
    day = serial.from_date(date(2026, 9, 30))
    office.sheets.write(SEPTEMBER_ID, "'Corrections'!B60", [[day, "", "Ada Adler", "leave", "", "late"]])
    _, out = office.operate("refresh", "--period", "September 2026")
    told = "Ada Adler, 30-09-2026: leave: typed into Corrections after the month was finalised"
    assert [line for line in out if told in line], out
    assert office.sheets.read(SEPTEMBER_ID, "'Monthly Summary'!A4:X20") == before
    office.sheets.write(SEPTEMBER_ID, "'Corrections'!B60", [[""] * 6])


def shaded(server, title, first, last):
    """The days that are shaded as weekend, in the header and in the first person's cells."""
    book = server.spreadsheet(OCTOBER_ID)
    sheet = book.sheet_titled(title)
    columns = {cell.value: column for row, column, cell in sheet.occupied(sheet.area) if row == 0}
    days = [date.fromordinal(number) for number in range(first.toordinal(), last.toordinal() + 1)]
    places = {(row, columns[serial.from_date(day)]): (row, day) for row in (0, 3) for day in days}
    questions = [
        (
            sheet,
            text,
            (area.start_row, area.start_column),
            [each for each in places if area.start_row <= each[0] < area.end_row],
        )
        for rule in sheet.rules["conditionalFormats"]
        if "WEEKDAY" in (text := rule["booleanRule"]["condition"]["values"][0]["userEnteredValue"])
        for area in map(sheet.area_of, rule["ranges"])
    ]
    assert len(questions) == 2
    true = set().union(*server.engine.where_true(book, questions))
    return [[places[each][1] for each in sorted(true) if each[0] == line] for line in (0, 3)]


def test_weekends_are_shaded_by_what_hr_sets_in_a_workbook_of_the_release(office):
    week, titles = (date(2026, 10, 12), date(2026, 10, 18)), ("Daily Attendance", "Monthly Summary")
    friday, saturday, sunday = (date(2026, 10, day) for day in (16, 17, 18))
    for title in titles:
        assert shaded(office.sheets, title, *week) == [[saturday, sunday]] * 2
    row = len(office.sheets.read(CONTROL_ID, "Settings!A1:C")) + 1
    office.sheets.write(CONTROL_ID, f"Settings!A{row}", [["Weekend", "", "Fri, Sat"]])
    code, out = office.operate("refresh", "--period", "October 2026")
    assert code == 0
    assert sum("shaded weekends as an earlier version did" in line for line in out) == 2
    for title in titles:
        assert shaded(office.sheets, title, *week) == [[friday, saturday]] * 2
    office.sheets.write(CONTROL_ID, f"Settings!A{row}", [[""] * 3])


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("soffice") is None and not os.environ.get("CI"), reason="needs LibreOffice")
def test_the_operator_exports_what_payroll_gets(office, tmp_path):
    office.sheets.start_recalculating()
    path = tmp_path / "october.csv"
    assert office.operate("export", "--period", "October 2026", "--output", str(path))[0] == 0
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    counted = ("Days Present", "Late", "Absent", "On Leave", "Incomplete", "Hours", "Overtime", "Penalties")
    assert {row["Employee"]: [float(row[name]) for name in counted] for row in rows} == {
        "Ada Adler": [12, 0, 1, 0, 1, 84.34, 4.34, 0],
        "Ben Brandt": [14, 0, 0, 0, 0, 110.40, 6.65, 0],
        "Cleo Clark": [8, 3, 0, 0, 0, 74.91, 10.91, 0],
        "Dora Dahl": [10, 1, 0, 2, 0, 93.10, 13.10, 0],
    }

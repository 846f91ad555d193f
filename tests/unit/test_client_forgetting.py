"""A person is forgotten at the site, and old punches go: no reading of the machine brings them back."""

import json
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from attendance_client.app.cli import main
from attendance_client.machine.polling import poll
from attendance_client.machine.port import AttendanceLog, LogEnd, LoggedPunch
from attendance_client.relay.ledger import LEDGER_NAME, Ledger
from attendance_contracts import ReviewPeriod
from tests.unit.lone_client import lone_client

NINE = datetime(2026, 11, 2, 9)
CONFIG = {"identifier": "berlin", "ip": "127.0.0.1", "port": 4370, "project_id": "test", "time_zone": "UTC"}
NOVEMBER = ReviewPeriod("November 2026", NINE.date(), NINE.date() + timedelta(days=27))


def punch(user, day, raw=None):
    moment = NINE + timedelta(days=day)
    return LoggedPunch(user, moment, 1, 255, raw or f"{user} {moment}".encode())


LOG = tuple(punch(user, day) for day in range(5) for user in ("17", "18"))


def whole(*punches, width=40):
    return AttendanceLog(punches, (), end=LogEnd(len(punches), width, b""))


@pytest.fixture
def directory(tmp_path):
    (tmp_path / "biometric_device_config.json").write_text(json.dumps(CONFIG))
    ledger = Ledger(tmp_path / LEDGER_NAME, time(0))
    ledger.add_log("A1", whole(*LOG), NINE)
    ledger.name_punches("A1", {"17": "ann archer", "18": "bob"})
    ledger.open_period(NOVEMBER, "sheet", routes=True)
    ledger.close()
    return tmp_path


def opened(directory):
    return Ledger(directory / LEDGER_NAME, time(0))


def users(ledger):
    return [user for (user,) in ledger._ask("SELECT user_id FROM punches ORDER BY timestamp, user_id")]


def test_nothing_of_the_person_is_in_the_files_and_no_reading_brings_it_back(directory, capsys):
    assert main(["forget", "Ann Archer", "--directory", str(directory)]) == 0
    assert "user 17 (ann archer): 5 punches forgotten" in capsys.readouterr().out
    for file in directory.glob("ledger.sqlite3*"):
        assert b"ann archer" not in file.read_bytes(), file
    ledger = opened(directory)
    assert users(ledger) == ["18"] * 5
    new = punch("17", 6)
    for _ in range(2):
        ledger.add_log("A1", whole(*LOG, new), NINE)
        assert users(ledger) == ["18"] * 5 + ["17"], "who has the number now goes on"
    chunk = ledger.next_chunk(NOVEMBER, 100)
    assert len(chunk.records) == 6
    texts = str(ledger._ask("SELECT * FROM facts"))
    assert "ann" not in texts
    assert not any(str(record.identity)[:8] in texts for record in chunk.records)
    ledger.close()


def test_of_punches_that_no_sheet_holds_is_told_that_another_card_would_bring_them(directory, capsys):
    ledger = opened(directory)
    stored = ledger.next_chunk(NOVEMBER, 100).records[:7]
    ledger.confirm(tuple(record.identity for record in stored), "sheet")
    ledger.close()
    main(["forget", "17", "--directory", str(directory)])
    assert "user 17 (ann archer): 1 of these were in no sheet" in capsys.readouterr().out
    main(["forget", "18", "--directory", str(directory)])
    assert "2 of these were in no sheet" in capsys.readouterr().out


def test_what_was_deleted_is_overwritten_at_once(directory):
    ledger = opened(directory)
    ledger._db.execute("PRAGMA secure_delete = OFF")  # as most builds of SQLite have it
    ledger.forget("17", "ann archer")
    texts = [file.read_bytes() for file in directory.glob("ledger.sqlite3*")]
    assert not any(b"ann archer" in text or LOG[0].raw in text for text in texts)
    ledger.close()


def test_an_equal_punch_at_the_end_of_a_log_is_told_from_a_forgotten_one(directory):
    main(["forget", "17", "--directory", str(directory)])
    ledger = opened(directory)
    end = AttendanceLog((LOG[0],), (), first=9, end=LogEnd(10, 40, b""))
    assert ledger.add_log("A1", end, NINE) == 1
    ((occurrence,),) = ledger._ask("SELECT occurrence FROM punches WHERE user_id = '17'")
    assert occurrence == 2
    ledger.close()


def test_a_short_record_whose_user_was_deleted_on_the_machine_stays_forgotten(tmp_path):
    (tmp_path / "biometric_device_config.json").write_text(json.dumps(CONFIG))
    ledger = opened(tmp_path)
    ledger.add_log("A1", whole(punch("17", 0, b"12345678"), width=8), NINE)
    ledger.close()
    assert main(["forget", "17", "--directory", str(tmp_path)]) == 0
    ledger = opened(tmp_path)
    ledger.add_log("A1", whole(punch("3", 0, b"12345678"), width=8), NINE)
    assert users(ledger) == []
    ledger.close()


def test_a_number_that_was_several_people_is_asked_back(directory, capsys):
    ledger = opened(directory)
    ledger.add_log("A1", whole(*LOG, punch("17", 7)), NINE)
    ledger.name_punches("A1", {"17": "carl"})
    ledger.close()
    assert main(["forget", "17", "--directory", str(directory)]) == 2
    assert "'17' was several people (17 ann archer, 17 carl)" in capsys.readouterr().err
    assert main(["forget", "17", "--name", "Carl", "--directory", str(directory)]) == 0
    ledger = opened(directory)
    assert users(ledger) == [*["17", "18"] * 5]
    ledger.close()
    assert main(["forget", "nobody", "--directory", str(directory)]) == 2


def test_what_is_old_and_in_a_sheet_goes_and_does_not_come_back(directory):
    ledger = opened(directory)
    chunk = ledger.next_chunk(NOVEMBER, 4)
    ledger.confirm(tuple(record.identity for record in chunk.records), "sheet")
    later = NINE + timedelta(days=3)
    assert ledger.expire(NINE) == 0
    assert ledger.expire(later) == 4, "the fifth and sixth are as old, and in no sheet"
    ledger.add_log("A1", whole(*LOG, punch("18", 8)), later)
    assert users(ledger) == [*["17", "18"] * 3, "18"]
    ledger.close()


@pytest.mark.parametrize(("days", "left"), [(0, 4), (2, 3)])
def test_the_daily_look_lets_go_what_the_site_does_not_keep(days, left):
    with lone_client() as client:
        client.site = replace(client.site, keep_punches_days=days)
        now = client.clock.now().replace(microsecond=0)
        moments = [now - timedelta(days=number) for number in range(4)]
        log = tuple(LoggedPunch("17", moment, 1, 255, str(moment).encode()) for moment in moments)
        client.ledger.add_log("B1", whole(*log), now - timedelta(days=4))
        held = client.ledger._ask("SELECT identity FROM punches")
        client.ledger.confirm(tuple(identity for (identity,) in held), "sheet")
        poll(client)
        assert client.ledger.summary().punches == 4, "nobody told what day it is"
        began = (now + timedelta(hours=1)).replace(tzinfo=UTC)
        client.session.cloud_began = began - timedelta(seconds=client.clock.monotonic())
        client.session.table_due_s = client.session.next_poll_s = 0.0
        poll(client)
        assert client.ledger.summary().punches == left

"""The ledger's file: what it keeps over a restart, and what it says when it is damaged."""

import sqlite3
from datetime import date, datetime, time

import pytest

from attendance_client.errors import DamagedError, DiskError, LedgerError
from attendance_client.machine.port import AttendanceLog, LoggedPunch
from attendance_client.relay.ledger import Ledger
from attendance_contracts import ReviewPeriod

BOUNDARY = time(4)
NINE = datetime(2026, 11, 2, 9)
NOVEMBER = ReviewPeriod("November 2026", date(2026, 11, 1), date(2026, 11, 30))


def log_of(*user_ids):
    return AttendanceLog(tuple(LoggedPunch(user_id, NINE, 1, 255, b"raw") for user_id in user_ids), ())


@pytest.fixture
def path(tmp_path):
    return tmp_path / "ledger.sqlite3"


def test_it_keeps_everything_over_a_restart(path):
    ledger = Ledger(path, BOUNDARY)
    ledger.add_log("A1", log_of("1001", "1002"), NINE)
    ledger.name_punches("A1", {"1001": "anna"})
    ledger.open_period(NOVEMBER, "sheet")
    first = ledger.next_chunk(NOVEMBER, 1)
    ledger.confirm((first.records[0].identity,), "sheet")
    ledger.close_period(NOVEMBER)
    ledger.close()

    again = Ledger(path, BOUNDARY)
    summary = again.summary()
    assert (summary.punches, summary.confirmed, summary.backlog) == (2, 1, 1)
    assert again.latest_closed_period() == NOVEMBER
    names = {
        record.user_id: record.user_name for record in again.next_chunk(NOVEMBER, 9).records + first.records
    }
    assert names == {"1001": "anna", "1002": None}
    again.close()


def test_a_punch_keeps_the_name_that_it_was_read_with():
    """By the time it is sent, its user's number may be somebody else's."""
    ledger = Ledger(":memory:", BOUNDARY)
    ledger.add_log("A1", log_of("1001", "1002"), NINE)
    ledger.open_period(NOVEMBER, "sheet")
    assert ledger.unnamed_users("A1")
    ledger.name_punches("A1", {"1001": "anna", "1002": "bert"})
    ledger.add_log("A1", AttendanceLog((LoggedPunch("1002", NINE.replace(hour=10), 1, 255, b""),), ()), NINE)
    ledger.name_punches("A1", {"1002": "carla"})

    names = [record.user_name for record in ledger.next_chunk(NOVEMBER, 9).records]
    assert sorted(map(str, names)) == ["anna", "bert", "carla"]
    assert not ledger.unnamed_users("A1")
    ledger.close()


def test_an_opened_period_that_was_closed_stays_closed(path):
    ledger = Ledger(path, BOUNDARY)
    ledger.open_period(NOVEMBER, "sheet")
    assert ledger.latest_closed_period() is None
    ledger.close_period(NOVEMBER)
    ledger.open_period(NOVEMBER, "sheet")

    assert ledger.latest_closed_period() == NOVEMBER
    ledger.close()


@pytest.mark.parametrize("how", ["ABORT", "ROLLBACK"])  # SQLite rolls back by itself when the disk is full
def test_a_transaction_that_breaks_off_leaves_nothing_and_says_why(path, how):
    """A reading of the machine's log is taken whole or not at all."""
    ledger = Ledger(path, BOUNDARY)
    ledger._db.execute(
        "CREATE TRIGGER full BEFORE INSERT ON punches WHEN NEW.user_id = '1002' "
        f"BEGIN SELECT RAISE({how}, 'disk is full'); END"
    )

    with pytest.raises(LedgerError, match="disk is full"):
        ledger.add_log("A1", log_of("1001", "1002"), NINE)
    assert ledger.summary().punches == 0
    ledger.close()


@pytest.mark.parametrize("content", [b"no database at all" * 100, b"SQLite format 3\0" + b"\xff" * 4096])
def test_a_file_that_is_no_ledger_is_damaged(path, content):
    path.write_bytes(content)

    with pytest.raises(DamagedError, match="puts the file aside"):
        Ledger(path, BOUNDARY)


def test_a_page_that_goes_bad_while_the_client_runs_is_told_as_damage(path):
    ledger = Ledger(path, BOUNDARY)
    ledger.add_log("A1", log_of(*(str(number) for number in range(2000))), NINE)
    ledger.open_period(NOVEMBER, "sheet")
    ledger.close()
    data = bytearray(path.read_bytes())
    data[4096 * 3 :] = b"\xa5" * (len(data) - 4096 * 3)
    path.write_bytes(data)
    damaged = Ledger(path, BOUNDARY)

    for question in (
        lambda: damaged.next_chunk(NOVEMBER, 500),
        lambda: damaged.backlog_of(NOVEMBER),
        damaged.summary,
        lambda: damaged.unnamed_users("A1"),
        lambda: damaged.confirm(("x",), "sheet"),
    ):
        with pytest.raises(DamagedError, match="puts the file aside"):
            question()
    damaged.close()


def test_a_full_disk_passes(path):
    ledger = Ledger(path, BOUNDARY)
    ledger.add_log("A1", log_of("1"), NINE)
    (pages,) = ledger._db.execute("PRAGMA page_count").fetchone()
    ledger._db.execute(f"PRAGMA max_page_count = {pages}")
    many = log_of(*(str(number) for number in range(2000)))

    with pytest.raises(DiskError, match="database or disk is full"):
        ledger.add_log("A1", many, NINE)
    assert ledger.summary().punches == 1
    ledger._db.execute("PRAGMA max_page_count = 1000000")
    assert ledger.add_log("A1", many, NINE) == 1999
    ledger.close()


def test_a_ledger_that_another_program_holds_passes(path):
    ledger = Ledger(path, BOUNDARY)
    ledger._db.execute("PRAGMA busy_timeout = 0")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")

    with pytest.raises(DiskError, match="database is locked"):
        ledger.add_log("A1", log_of("1"), NINE)
    other.execute("ROLLBACK")
    other.close()
    assert ledger.add_log("A1", log_of("1"), NINE) == 1
    ledger.close()


def test_a_ledger_of_a_newer_release_is_refused(path):
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()

    with pytest.raises(LedgerError, match="newer release"):
        Ledger(path, BOUNDARY)

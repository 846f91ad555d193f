"""What the ledger's rows and refusals hold, word for word, and how durably they are written."""

import sqlite3
from datetime import date, datetime, time, timedelta

import pytest

from attendance_client.errors import DamagedError, LedgerError
from attendance_client.machine.port import AttendanceLog, LoggedPunch, UndecodableRecord
from attendance_client.relay.ledger import Ledger, LedgerSummary
from attendance_client.relay.ledger_file import SCHEMA_1
from attendance_contracts import Answer, Outcome, ReviewPeriod

BOUNDARY = time(4)
NINE = datetime(2026, 11, 2, 9)
READ_AT = datetime(2026, 11, 3, 12)
NOVEMBER = ReviewPeriod("November 2026", date(2026, 11, 1), date(2026, 11, 30))
DECEMBER = ReviewPeriod("December 2026", date(2026, 12, 1), date(2026, 12, 31))
READ_AGAIN = "the machine is read again, and the sheets recognise what they already hold"


def punched(user_id, at=NINE, *, status=1, punch=255):
    return LoggedPunch(user_id, at, status, punch, f"bytes of {user_id}".encode())


@pytest.fixture
def ledger():
    ledger = Ledger(":memory:", BOUNDARY)
    yield ledger
    ledger.close()


def test_each_commit_reaches_the_disk(tmp_path):
    """A power loss must not take back what add_log has returned from."""
    ledger = Ledger(tmp_path / "ledger.sqlite3", BOUNDARY)

    assert ledger._db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert ledger._db.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL
    ledger.close()


def test_a_new_file_bears_the_schemas_version_and_a_newer_one_is_refused(tmp_path):
    path = tmp_path / "ledger.sqlite3"
    Ledger(path, BOUNDARY).close()
    with sqlite3.connect(path) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (4,)
        db.execute("PRAGMA user_version = 5")
    db.close()

    with pytest.raises(LedgerError) as refusal:
        Ledger(path, BOUNDARY)
    assert str(refusal.value) == f"{path} was written by a newer release (schema 5); upgrade the client"


def test_tables_are_made_all_at_once(tmp_path):
    """A power loss among them would leave a file that no release can read."""
    path = tmp_path / "ledger.sqlite3"
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE periods (name TEXT)")  # the last of them: it stands in the way
    db.close()
    with pytest.raises(LedgerError, match="table periods already exists"):
        Ledger(path, BOUNDARY)

    with sqlite3.connect(path) as db:
        assert db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall() == [("periods",)]
    db.close()


def test_a_damaged_file_is_told_with_the_databases_own_words_and_the_remedy(tmp_path):
    path = tmp_path / "ledger.sqlite3"
    path.write_bytes(b"no database at all" * 100)

    with pytest.raises(DamagedError) as refusal:
        Ledger(path, BOUNDARY)
    assert str(refusal.value) == (
        f"{path}: file is not a database. When the client starts, it puts the file aside and makes a new one: "
        + READ_AGAIN
    )


def test_a_question_that_fails_is_told_with_the_databases_own_words(ledger):
    ledger._db.execute("DROP TABLE periods")

    with pytest.raises(LedgerError) as refusal:
        ledger.latest_closed_period()
    assert str(refusal.value).startswith(
        ":memory:: no such table: periods. If the disk is in order, move the file away"
    )
    assert "-wal and -shm" in str(refusal.value)


def test_the_archive_keeps_what_was_read_with_its_bytes_and_when(ledger):
    """Long after the machine has overwritten it."""
    odd = UndecodableRecord(b"\x01\x02", "31 February")
    ledger.add_log("A1", AttendanceLog((punched("1001", status=3, punch=4),), (odd,)), READ_AT)

    columns = "serial_number, user_id, timestamp, status, punch, occurrence, raw, read_at, sheet_id"
    assert ledger._db.execute(f"SELECT {columns} FROM punches").fetchall() == [
        ("A1", "1001", "2026-11-02T09:00:00", 3, 4, 1, b"bytes of 1001", "2026-11-03T12:00:00", None)
    ]
    assert ledger._db.execute("SELECT serial_number, raw, reason, read_at FROM undecodable").fetchall() == [
        ("A1", b"\x01\x02", "31 February", "2026-11-03T12:00:00")
    ]


def test_an_undecodable_record_counts_as_new_once(ledger):
    odd = UndecodableRecord(b"\x01", "31 February")

    assert ledger.add_log("A1", AttendanceLog((punched("1001"),), (odd,)), READ_AT) == 2
    assert ledger.add_log("A1", AttendanceLog((punched("1001"),), (odd,)), READ_AT) == 0


def test_an_undecodable_record_is_kept_once_a_machine_however_often_it_is_read(ledger):
    for day in range(2):
        for serial_number in ("A1", "B2"):
            odd = UndecodableRecord(b"\x01", f"31 February, said on day {day}")
            ledger.add_log(serial_number, AttendanceLog((), (odd,)), READ_AT + timedelta(days=day))

    assert ledger.summary().undecodable == 2


def test_records_go_out_oldest_first_however_they_were_read(ledger):
    ledger.open_period(NOVEMBER, "sheet")
    hours = (5, 1, 4, 2, 3)
    log = tuple(punched("1001", NINE + timedelta(hours=hour)) for hour in hours)
    ledger.add_log("A1", AttendanceLog(log, ()), READ_AT)

    times = [record.timestamp for record in ledger.next_chunk(NOVEMBER, 9).records]
    assert times == sorted(times)


def test_another_machines_users_are_not_this_ones(ledger):
    """After an exchange, the new machine may give an ID to somebody else."""
    ledger.open_period(NOVEMBER, "sheet")
    ledger.add_log("A1", AttendanceLog((punched("1001"),), ()), READ_AT)
    ledger.add_log("B2", AttendanceLog((punched("1001"),), ()), READ_AT)
    ledger.name_punches("A1", {"1001": "anna"})

    assert not ledger.unnamed_users("A1")
    assert ledger.unnamed_users("B2")
    named = {(record.serial_number, record.user_name) for record in ledger.next_chunk(NOVEMBER, 9).records}
    assert named == {("A1", "anna"), ("B2", None)}

    ledger.name_punches("B2", {"1001": "bert"})
    both = {record.user_name for record in ledger.next_chunk(NOVEMBER, 9).records}
    assert both == {"anna", "bert"}


def test_the_confirmed_need_no_name_and_no_second_sheet(ledger):
    ledger.open_period(NOVEMBER, "sheet")
    ledger.add_log("A1", AttendanceLog((punched("1001"),), ()), READ_AT)
    [record] = ledger.next_chunk(NOVEMBER, 9).records
    ledger.confirm((record.identity,), "sheet")
    ledger.confirm((record.identity,), "another")

    assert not ledger.unnamed_users("A1")
    assert ledger._db.execute("SELECT sheet_id FROM punches").fetchall() == [("sheet",)]


@pytest.mark.parametrize("opened", [(NOVEMBER, DECEMBER), (DECEMBER, NOVEMBER)])
def test_the_latest_of_the_closed_periods_is_told(ledger, opened):
    for period in opened:
        ledger.open_period(period, period.name)
    ledger.close_period(NOVEMBER)
    assert ledger.latest_closed_period() == NOVEMBER
    ledger.close_period(DECEMBER)
    assert ledger.latest_closed_period() == DECEMBER


def test_a_period_that_is_opened_again_takes_its_new_days_and_its_new_sheet(ledger):
    ledger.open_period(ReviewPeriod(NOVEMBER.name, date(2026, 11, 9), date(2026, 11, 10)), "first")
    ledger.open_period(NOVEMBER, "second")
    ledger.add_log("A1", AttendanceLog((punched("1001"),), ()), READ_AT)

    assert ledger.next_chunk(NOVEMBER, 9).sheet_id == "second"


def test_the_open_periods_punches_come_first_then_the_oldest(ledger):
    january = ReviewPeriod("January 2027", date(2027, 1, 1), date(2027, 1, 31))
    for period in (DECEMBER, january, NOVEMBER):
        ledger.open_period(period, period.name)
        ledger.add_log(
            "A1", AttendanceLog((punched("1001", datetime.combine(period.last_day, time(9))),), ()), READ_AT
        )

    came = []
    while (chunk := ledger.next_chunk(DECEMBER, 9)) is not None:
        came.append(chunk.period)
        ledger.confirm((chunk.records[0].identity,), chunk.sheet_id)
    assert came == [DECEMBER, NOVEMBER, january]


def test_an_old_punch_that_was_read_a_moment_ago_is_kept_as_long_as_any(ledger):
    """As from a machine that hung elsewhere for years."""
    ledger.add_log("A1", AttendanceLog((punched("17"),), ()), READ_AT)
    ledger.open_period(NOVEMBER, "sheet")
    ledger.confirm(tuple(record.identity for record in ledger.next_chunk(NOVEMBER, 1).records), "sheet")

    assert (ledger.expire(READ_AT), ledger.expire(READ_AT + timedelta(seconds=1))) == (0, 1)


def test_sheets_of_other_periods_are_not_asked_for_and_one_that_confirms_again_is_not_gone(ledger):
    ledger.add_log("A1", AttendanceLog((punched("17"), punched("18", datetime(2026, 12, 1, 9))), ()), READ_AT)
    for period, sheet_id in ((NOVEMBER, "other group's"), (DECEMBER, "december's")):
        ledger.open_period(period, sheet_id)
        identities = tuple(record.identity for record in ledger.next_chunk(period, 1).records)
        ledger.confirm(identities, sheet_id)
    assert ledger.other_sheets(NOVEMBER, "november's") == ("other group's",)

    for is_gone in (True, False):
        if is_gone:
            ledger.take_answers((), gone=["december's"])
        else:
            ledger.confirm(identities, "december's")
        assert ledger.is_gone("december's") is is_gone


def test_a_summary_tells_each_punch_in_one_place(ledger):
    ledger.open_period(NOVEMBER, "sheet")
    log = (punched("1001"), punched("1002"), punched("1003"), punched("1001", datetime(2025, 1, 1)))
    odd = UndecodableRecord(b"\x01", "31 February")
    ledger.add_log("A1", AttendanceLog(log, (odd,)), READ_AT)
    ledger.confirm((ledger.next_chunk(NOVEMBER, 1).records[0].identity,), "sheet")

    assert ledger.summary() == LedgerSummary(
        punches=4,
        confirmed=1,
        backlog=2,
        without_period=1,
        undecodable=1,
        earliest_backlog=NINE,
        first_day=NOVEMBER.first_day,
    )


@pytest.mark.parametrize("told", [{"routes": False}, {"routes": True, "table": "HR's"}])
def test_a_ledger_that_follows_a_lost_one_misses_punches_of_other_days_until_it_is_told(ledger, told):
    """Whether the backend takes them, and so whether days are complete without them, the lost one knew."""
    log = AttendanceLog((punched("1001"), punched("1001", datetime(2025, 1, 1))), ())
    ledger.resume(NOVEMBER, "sheet")
    ledger.add_log("A1", log, READ_AT)
    ledger.resume(NOVEMBER, "sheet")
    assert (ledger.routes, ledger.summary().backlog) == (False, 2)
    ledger.open_period(NOVEMBER, "sheet", **told)
    assert (ledger.routes, ledger.summary().backlog) == (told["routes"], 1 + told["routes"])


def test_a_ledger_that_knows_its_period_is_the_one_it_was(ledger):
    """Of 0.1.0, say, which knows nothing of backends that take punches of any day."""
    ledger.open_period(NOVEMBER, "sheet")
    ledger.add_log("A1", AttendanceLog((punched("1001", datetime(2025, 1, 1)),), ()), READ_AT)
    ledger.resume(NOVEMBER, "sheet")
    assert ledger.summary().backlog == 0


def test_a_summary_is_counted_again_after_whatever_was_written(ledger):
    assert ledger.summary().first_day is None
    ledger.open_period(DECEMBER, "sheet of December")
    assert ledger.summary().first_day == DECEMBER.first_day
    ledger.open_period(NOVEMBER, "sheet")
    assert ledger.summary().first_day == NOVEMBER.first_day

    later = NINE + timedelta(hours=1)
    ledger.add_log("A1", AttendanceLog((punched("1001", later),), ()), READ_AT)
    assert (ledger.summary().backlog, ledger.summary().earliest_backlog) == (1, later)
    ledger.add_log("A1", AttendanceLog((punched("1001", later), punched("1002", NINE)), ()), READ_AT)
    assert (ledger.summary().backlog, ledger.summary().earliest_backlog) == (2, NINE)

    ledger.confirm(tuple(record.identity for record in ledger.next_chunk(NOVEMBER, 2).records), "sheet")
    assert (ledger.summary().backlog, ledger.summary().earliest_backlog) == (0, None)
    assert (ledger.summary().confirmed, ledger.summary().without_period) == (2, 0)


def test_nothing_is_counted_again_while_nothing_is_written(ledger):
    ledger.add_log("A1", AttendanceLog((punched("1001"),), ()), READ_AT)

    assert ledger.summary() is ledger.summary()


def test_what_may_not_be_erased_is_all_that_no_sheet_has_and_the_site_counts(ledger):
    ledger.add_log("A1", AttendanceLog((punched("1001"), punched("1002")), ()), READ_AT)
    ledger.add_log("B2", AttendanceLog((punched("1003"),), ()), READ_AT)
    assert ledger.not_to_be_erased("A1") == 2
    ledger.open_period(DECEMBER, "sheet of December")
    assert ledger.not_to_be_erased("A1") == 2

    ledger.open_period(NOVEMBER, "sheet")
    records = [record for record in ledger.next_chunk(NOVEMBER, 500).records if record.serial_number == "A1"]
    ledger.confirm((records[0].identity,), "sheet")
    assert ledger.not_to_be_erased("A1") == 1
    before = Answer(outcome=Outcome.BEFORE_FIRST_DAY, identities=(records[1].identity,))
    ledger.take_answers((before,))
    assert ledger.not_to_be_erased("A1") == 0


def test_a_ledger_of_the_first_release_keeps_its_names_and_is_asked_all_it_was(tmp_path):
    path = tmp_path / "ledger.sqlite3"
    with sqlite3.connect(path) as db:
        db.executescript(SCHEMA_1 + "PRAGMA user_version = 1;")
        row = ("A1", "1001", "2026-11-02T09:00:00", 1, 255, 1, b"", "2026-11-03T12:00:00", None)
        db.execute(f"INSERT INTO punches VALUES ('x', {', '.join('?' * 9)})", row)
        db.execute("INSERT INTO users VALUES ('A1', '1001', 'anna')")
        db.execute("INSERT INTO periods VALUES ('November 2026', '2026-11-01', '2026-11-30', 'sheet', 0)")
    db.close()
    ledger = Ledger(path, BOUNDARY)

    [record] = ledger.next_chunk(NOVEMBER, 9).records
    assert (record.user_name, ledger.unnamed_users("A1")) == ("anna", frozenset())
    ledger.close()


@pytest.mark.parametrize("outcome", [Outcome.NO_PERIOD, Outcome.BEFORE_FIRST_DAY])
def test_a_period_that_is_opened_by_another_table_has_punches_of_no_period_asked_for_again(ledger, outcome):
    """HR may have entered theirs as well, and until they are stored no day of theirs is complete."""
    ledger.open_period(NOVEMBER, "sheet", routes=True, table="of November")
    ledger.add_log("SN1", AttendanceLog((punched("a", datetime(2026, 10, 5, 9)), punched("b")), ()), READ_AT)

    def is_asked(outcome):
        asked = []
        while chunk := ledger.next_chunk(NOVEMBER, 9):
            asked += [record.user_id for record in chunk.records]
            identities = tuple(record.identity for record in chunk.records)
            ledger.take_answers([Answer(outcome=outcome, identities=identities)])
        return sorted(asked)

    assert is_asked(outcome) == ["a", "b"]
    ledger.open_period(DECEMBER, "other sheet", routes=True, table="of November and December")
    assert ledger.summary().earliest_backlog == datetime(2026, 10, 5, 9)
    assert is_asked(outcome) == ["a", "b"]

    # Its sheet is gone, and asked for anew each quarter of an hour.
    ledger.open_period(DECEMBER, "third sheet", routes=True, table="of November and December")
    assert is_asked(outcome) == []

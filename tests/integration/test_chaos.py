"""A short `make chaos`; and that its accounts would notice what is missing, doubled or invented."""

import json
import re
import subprocess
import sys
from datetime import datetime, timedelta
from types import SimpleNamespace

import openpyxl
import pytest

from tests.chaos.play import Report, reconcile

START = datetime(2026, 11, 30, 8)


def test_some_seconds_of_chaos_break_no_promise(tmp_path):
    command = [sys.executable, "-m", "tests.chaos", "--seconds", "6", "--folder", str(tmp_path)]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout + told.stderr
    [kills] = re.findall(r"(\d+)  client SIGKILL", told.stdout)
    [rows] = re.findall(r"(\d+) rows stored", told.stdout)
    assert int(kills) >= 2
    assert int(rows) >= 10


@pytest.fixture
def office(tmp_path):
    """After peace: three punches, and their rows."""
    office = SimpleNamespace(
        machine_logs=[tmp_path / "machine-a.log"], books=tmp_path / "books", logs=tmp_path / "logs"
    )
    office.books.mkdir()
    office.logs.mkdir()
    (office.logs / "client.log").write_text("INFO    stopped\n")
    office.punches = [("100", START + timedelta(seconds=number), 0) for number in range(3)]
    lines = [json.dumps([user, when.isoformat(), key]) for user, when, key in office.punches]
    office.machine_logs[0].write_text("\n".join(lines) + "\n")
    return office


def broken(office, rows, exits=(0, 1, -9)):
    book = openpyxl.Workbook()
    book.active.title = "Raw Data - office"
    book.active.append(["Timestamp", "User ID", "Key"])
    for user, when, key in rows:
        book.active.append([when, user, key])
    book.save(office.books / "Attendance Review - November 2026.xlsx")
    report = Report()
    report.exits.update(exits)
    reconcile(office.books.parent, office, report)
    return [told.partition(":")[0] for told in report.violations]


def test_the_accounts_notice(office):
    first, second, third = office.punches
    assert broken(office, office.punches) == []
    assert broken(office, [first, third]) == ["none_lost"]
    assert broken(office, [first, second, second, third]) == ["none_twice"]
    assert broken(office, [*office.punches, ("100", START, 1)]) == ["none_invented"]
    assert broken(office, office.punches, exits=(2,)) == ["passes"]
    (office.logs / "client.log").write_text("Traceback (most recent call last):\n  File\nKeyError: 1\n")
    assert broken(office, office.punches) == ["one_clear_line"]

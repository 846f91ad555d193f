"""Workbook groups over real sockets, with the numbers that the stand-in's engine computes."""

import csv
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from attendance_backend.app.bootstrap import SystemClock
from attendance_backend.google import google_http
from attendance_backend.review import corrections_sheet
from attendance_backend.sheet import serial
from tests.integration.backend_office import NOVEMBER, punch
from tests.integration.test_backend_carried_leave import DECEMBER
from tests.integration.test_backend_watch import Office as WatchedOffice

SITES = {"berlin": "North", "lyon": "South"}
RECORDS = {
    "berlin": [
        punch("ann", "2026-11-02T08:00:00"),
        punch("ann", "2026-11-02T16:00:00"),
        punch("bob", "2026-11-03T10:00:00"),
    ],
    "lyon": [punch("bob", "2026-11-03T18:00:00", serial_number="SN2")],
}


class Office(WatchedOffice):
    def sleep(self, seconds):
        self.now += timedelta(seconds=seconds)

    def open(self, capsys):
        self._capsys = capsys
        self.sheets.write(self.control_id, "'Cut Off Times'!D1", [["Site"], ["berlin"], ["lyon"], ["berlin"]])
        self.sheets.batch_update(
            self.control_id, [{"addSheet": {"properties": {"title": "Registered Sites"}}}]
        )
        header = ["Site", "First Day", "Time Zone", "Day Boundary", "Workbook Group"]
        rows = [[site, "2026-11-02", "Europe/Berlin", "04:00", group] for site, group in SITES.items()]
        self.sheets.write(self.control_id, "'Registered Sites'!A1", [header, *rows])
        self.ids = {site: self.create(site) for site in SITES}
        for site, records in RECORDS.items():
            self.store(self.ids[site], *records, location=site)
        self.sheets.start_recalculating()
        self.now = datetime(2026, 11, 5, 9, tzinfo=UTC)
        self.tick()

    def titles(self):
        files = self.sheets.store.files.values()
        return sorted(
            file.name
            for file in files
            if file.name.startswith("Attendance Review") and "copy" not in file.name
        )

    def exported(self, folder, *more):
        code, out, err = self.run(
            "export", "--period", NOVEMBER.name, "--output", str(folder / "pay.csv"), *more
        )
        return code, out, err


@pytest.fixture
def office(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(google_http, "FIRST_DELAY_S", 0.01)
    monkeypatch.setattr(corrections_sheet, "PREPARED_ROWS", 60)
    with ExitStack() as stack:
        office = Office(stack, tmp_path, monkeypatch)
        monkeypatch.setattr(SystemClock, "sleep", office.sleep)
        office.open(capsys)
        yield office


def test_an_export_joins_the_groups_and_each_person_has_the_whole_month_in_one(office, tmp_path):
    assert office.titles() == [
        f"Attendance Review - {NOVEMBER.name} - {group}" for group in ("North", "South")
    ]
    code, out, err = office.exported(tmp_path)
    assert code == 0, (out, err)
    with (tmp_path / "pay.csv").open(encoding="utf-8-sig") as file:
        rows = {row["User Name"]: row for row in csv.DictReader(file)}
    assert {user: row["Minutes"] for user, row in rows.items()} == {"ann": "480", "bob": "480", "zoe": "0"}
    with (tmp_path / "pay-days.csv").open(encoding="utf-8-sig") as file:
        bob = [
            row for row in csv.DictReader(file) if row["User Name"] == "bob" and row["Date"] == "2026-11-03"
        ]
    assert [(row["Check In"][11:16], row["Check Out"][11:16]) for row in bob] == [("10:00", "18:00")]
    assert sum(line.endswith("once it is paid") for line in err) == 2, "each group is finalised for itself"
    code, out, err = office.exported(tmp_path, "--format", "xlsx")
    assert (code, out[1]) == (0, "3 people")


def test_refresh_check_share_and_forget_go_over_all(office):
    code, out, _ = office.run("refresh")
    assert code == 0
    assert [line for line in out if line.endswith(":")] == [
        f"{NOVEMBER.name} - {group}:" for group in ("North", "South")
    ]
    assert out[-1] == "0 differences", out
    _, out, _ = office.run("check")
    assert not [line for line in out if "Traceback" in line or "no site is called" in line], out
    code, out, _ = office.run("share")
    assert code == 0
    assert len([line for line in out if line.endswith(":")]) == 2
    code, out, err = office.run("restore", "--period", NOVEMBER.name)
    assert (code, len(err)) == (2, 1)
    assert "there are several, one a group" in err[0]
    code, out, err = office.run("forget", "bob", "--yes")
    assert (code, err) == (0, []), (out, err)
    assert out[0].startswith(f"{NOVEMBER.name} - South: 2 punches")
    answers = [office.store(office.ids[site], *records, location=site) for site, records in RECORDS.items()]
    assert [len(answer.confirmed) for answer in answers] == [3, 1]
    rows = [
        row
        for title in ("berlin", "lyon")
        for row in office.sheets.read(office.ids["lyon"], f"'Raw Data - {title}'!A2:K9")
    ]
    assert not any(map(any, rows))


def test_a_visit_brings_health_of_a_guest_site_and_copies_of_all(office):
    office.sheet_id = office.ids["berlin"]
    office.report(datetime(2026, 11, 5, 9), date(2026, 11, 4))
    office.tick()
    rows = office.sheets.read(office.ids["lyon"], "Sites!A1:D5")
    (guest,) = [row for row in rows if row[0] == "berlin"]
    assert serial.to_date(guest[3]) == date(2026, 11, 4)
    assert all(len(office.copies(sheet_id)) == 1 for sheet_id in office.ids.values())
    assert not office.problems(), office.problems()


def test_leave_goes_on_in_the_workbook_of_the_group_that_somebody_comes_to(office):
    office.sheets.write(office.control_id, "'2026'!A3", [["December", "11/30/2026", "12/25/2026"]])
    line = ["26/11/2026", "04/12/2026", "Ann Archer", "leave", "", "spa", "HR"]
    office.sheets.write(office.ids["berlin"], "Corrections!B2", [line])
    office.sheets.write(office.control_id, "'Cut Off Times'!D2", [["lyon"]])
    office.now = datetime(2026, 11, 30, 9, tzinfo=UTC)
    ids = {site: office.create(site, period=DECEMBER) for site in SITES}
    office.tick()
    rows = {
        site: [row for row in office.sheets.read(sheet_id, "Corrections!A2:H9") if any(row)]
        for site, sheet_id in ids.items()
    }
    assert rows["berlin"] == []
    assert [(row[0], row[3], row[7]) for row in rows["lyon"]] == [
        ("applied", "Ann Archer", "HR, carried over from November 2026")
    ]
    office.sheets.write(office.ids["berlin"], "Corrections!B2", [[""] * 7])
    office.now += timedelta(minutes=15)
    office.tick()
    assert not [row for row in office.sheets.read(ids["lyon"], "Corrections!A2:H9") if any(row)]


def test_hours_of_a_week_that_is_cut_in_two_come_from_the_group_that_somebody_leaves(office):
    office.sheets.batch_update(office.control_id, [{"addSheet": {"properties": {"title": "Settings"}}}])
    rules = [["Week begins on", "", "Monday"], ["Overtime beyond (hours a week)", "", 40]]
    settings = [["Setting", "Site", "Value"], *rules]
    office.sheets.write(office.control_id, "Settings!A1", settings)
    office.sheets.write(office.control_id, "'2026'!A3", [["December", "11/28/2026", "12/25/2026"]])
    hours = [punch("ann", f"2026-11-{day}T{hour}:00:00") for day in range(23, 28) for hour in ("08", "17")]
    office.store(office.ids["berlin"], *hours)
    office.now = datetime(2026, 11, 30, 9, tzinfo=UTC)
    office.tick()
    guide = [row[:1] for row in office.sheets.read(office.ids["berlin"], "Guide!A1:A40")]
    row = guide.index(["Finalised"]) + 1
    office.sheets.write(office.ids["berlin"], f"Guide!B{row}", [["yes"]])
    office.tick()  # from now on her punches stay there
    office.sheets.write(office.control_id, "'Cut Off Times'!D2", [["lyon"]])
    ids = {
        site: office.create(site, period=replace(DECEMBER, first_day=date(2026, 11, 28))) for site in SITES
    }
    saturday = [punch("ann", f"2026-11-28T{hour}:00:00", serial_number="SN2") for hour in ("08", "12")]
    office.store(ids["lyon"], *saturday, location="lyon")
    for _ in range(2):
        office.tick()
    header, *rows = office.sheets.read(ids["lyon"], "'Working Time'!A1:Z9")
    (ann,) = (dict(zip(header, row, strict=False)) for row in rows if row[1] == "ann")
    shown = [round(ann[word] * 24, 6) for word in ("Brought In", "Overtime Brought In", "Overtime (week)")]
    assert shown == [45, 5, 4]
    lacking = [
        row for row in office.sheets.read(ids["lyon"], "Exceptions!A2:D9") if "first days of" in row[3]
    ]
    assert not lacking

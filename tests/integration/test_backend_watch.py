"""The function `watch` under functions-framework, over real sockets; copies in Drive, and the way back from one."""

from contextlib import ExitStack
from datetime import date, timedelta

import pytest

from attendance_backend.app.cli import main
from attendance_backend.google import google_http
from attendance_contracts import Topic
from attendance_sandbox.sheets.faults import unavailable
from tests.integration.backend_office import PEOPLE, CloudOffice, punch

RECORDS = [
    punch("ann", "2026-11-02T08:55:00"),
    punch("ann", "2026-11-02T17:00:00"),
    punch("bob", "2026-11-03T09:20:00"),
]
FOLDER = "application/vnd.google-apps.folder"


class Office(CloudOffice):
    """An office whose workbook holds some punches."""

    def open(self, capsys):
        self._capsys = capsys
        self.sheet_id = self.create()
        self.store(self.sheet_id, *RECORDS)
        self.tick()

    def tick(self, after=timedelta(minutes=15)):
        """As Cloud Scheduler does it: a text, and no attributes. Returns the calls that it took."""
        self.now += after
        before = len(self.api_calls())
        response = self.post_raw(Topic.WATCH, b"tick", {})
        assert response.status_code == 200, response.text
        return self.api_calls()[before:]

    def run(self, *arguments):
        code = main(arguments)
        output = self._capsys.readouterr()
        return code, output.out.splitlines(), output.err.splitlines()

    def copies(self, of):
        found = [
            file
            for file in self.sheets.store.files.values()
            if file.app_properties.get("attendance_copy_of") == of and not file.trashed
        ]
        return sorted(found, key=lambda file: file.app_properties["attendance_copied_on"])

    def problems(self):
        if "Problems" not in {sheet.title for sheet in self.sheets.spreadsheet(self.control_id).sheets}:
            return []
        return [row[0::2] for row in self.sheets.read(self.control_id, "Problems!A2:C") if row[0]]

    def edit(self, *requests):
        self.sheets.batch_update(self.sheet_id, list(requests))

    def id_of(self, title):
        return next(s.sheet_id for s in self.sheets.spreadsheet(self.sheet_id).sheets if s.title == title)


@pytest.fixture
def office(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(google_http, "FIRST_DELAY_S", 0.01)
    with ExitStack() as stack:
        office = Office(stack, tmp_path, monkeypatch)
        office.open(capsys)
        yield office


def test_a_healthy_visit_takes_sixteen_reads_and_no_write(office):
    calls = office.tick()
    assert (calls.count("read"), calls.count("write"), calls.count("drive")) == (16, 0, 6)


def test_copies_lie_in_a_folder_beside_and_hold_everything(office):
    office.sheets.write(office.sheet_id, "Corrections!D2", [["Ann Archer", "note", "", "asked her", "HR"]])
    office.tick(after=timedelta(days=1))
    first, second = office.copies(office.sheet_id)
    assert second.name == "Attendance Review - November 2026, copy of 2026-11-06"
    (folder,) = [file for file in office.sheets.store.files.values() if file.name == "Copies"]
    assert (folder.mime_type, folder.parents) == (FOLDER, [office.folder_id])
    assert first.parents == second.parents == [folder.file_id]
    assert second.permissions == [], "nobody beyond the folder's members"
    book, copy = office.sheets.spreadsheet(office.sheet_id), office.sheets.spreadsheet(second.file_id)
    titles = [sheet.title for sheet in book.sheets]
    assert [sheet.title for sheet in copy.sheets] == titles
    for title in titles:
        assert office.sheets.read(second.file_id, f"'{title}'!A1:AZ", "FORMULA") == office.sheets.read(
            office.sheet_id, f"'{title}'!A1:AZ", "FORMULA"
        )
    assert len(office.copies(office.control_id)) == 2


def test_fifteen_days_leave_fourteen_copies_and_the_others_in_the_bin(office):
    for _ in range(14):
        office.tick(after=timedelta(days=1))
    for original in (office.sheet_id, office.control_id):
        days = [file.app_properties["attendance_copied_on"] for file in office.copies(original)]
        assert days == [str(date(2026, 11, 6) + timedelta(days=number)) for number in range(14)]
    assert sum(file.trashed for file in office.sheets.store.files.values()) == 2


def test_a_formula_that_somebody_emptied_is_back_within_a_quarter_of_an_hour(office):
    before = office.sheets.read(office.sheet_id, "'Monthly Summary'!E2:H9", "FORMULA")
    area = {
        "sheetId": office.id_of("Monthly Summary"),
        "startRowIndex": 1,
        "endRowIndex": 6,
        "startColumnIndex": 4,
        "endColumnIndex": 8,
    }
    office.edit({"updateCells": {"range": area, "fields": "userEnteredValue"}})
    assert office.sheets.read(office.sheet_id, "'Monthly Summary'!E2:H9", "FORMULA") != before
    office.tick()
    assert office.sheets.read(office.sheet_id, "'Monthly Summary'!E2:H9", "FORMULA") == before


def test_a_workbook_in_the_bin_is_told_by_the_log_by_problems_and_by_check(office, caplog):
    office.sheets.file(office.sheet_id).trashed = True
    office.tick()
    assert [name for name, _ in office.problems()] == ["Workbook November 2026"]
    (record,) = [record for record in caplog.records if record.levelname == "ERROR"]
    assert "workbook of November 2026: it lies in Drive's bin" in record.getMessage()
    code, out, _ = office.run("check")
    assert code == 1
    assert any(line.startswith("Workbook November 2026: it lies in Drive's bin") for line in out)
    # The way out that is named works.
    office.sheets.file(office.sheet_id).trashed = False
    office.tick()
    assert office.problems() == []
    assert not any("November" in line for line in office.run("check")[1])


def test_a_workbook_that_was_deleted_for_good_comes_back_with_hrs_corrections_and_every_punch(office):
    office.sheets.write(office.sheet_id, "Corrections!D2", [["Ann Archer", "note", "", "asked her", "HR"]])
    office.tick(after=timedelta(days=1))
    office.store(office.sheet_id, punch("bob", "2026-11-06T09:00:00"))
    del office.sheets.store.files[office.sheet_id]
    office.tick()
    ((name, remedy),) = office.problems()
    assert name == "Workbook November 2026"
    assert 'attendance-backend restore --period "November 2026"' in remedy
    code, out, err = office.run("restore", "--period", "November 2026")
    assert (code, err) == (0, [])
    assert "made again from its copy of 2026-11-06" in out[0]
    lost, made = office.sheet_id, office.sheets.read(office.control_id, "'Review Sheets'!B2")[0][0]
    assert made != lost
    assert office.sheets.file(made).name == "Attendance Review - November 2026"
    assert office.sheets.file(made).parents == [office.folder_id]
    assert office.sheets.read(made, "Corrections!D2:H2") == [["Ann Archer", "note", "", "asked her", "HR"]]
    # What each site sends again, as said, names the old one.
    reply = office.store(lost, *RECORDS, punch("bob", "2026-11-06T09:00:00"))
    assert (reply.sheet_id, len(reply.confirmed)) == (lost, 4)
    ids = [row[0] for row in office.sheets.read(made, "'Raw Data - berlin'!I2:I")]
    assert sorted(ids) == sorted(reply.confirmed)
    office.tick()
    assert office.problems() == []
    assert not any("November" in line for line in office.run("check")[1])
    code, _, err = office.run("restore", "--period", "November 2026")
    assert code == 2
    assert "is there" in err[0]


def test_review_periods_comes_back_from_its_copy(office, monkeypatch):
    del office.sheets.store.files[office.control_id]
    code, out, _ = office.run("restore", "--review-periods")
    assert code == 0
    made = out[-1].split(" to ")[1].split(",")[0]
    monkeypatch.setenv("REVIEW_PERIODS_SPREADSHEET_ID", made)
    assert office.sheets.read(made, "'Cut Off Times'!A2:A") == [[name] for name, *_ in PEOPLE]
    assert not any("gone" in line or "Workbook" in line for line in office.run("check")[1])


@pytest.mark.parametrize("kind", ["drive", "read", "write"])
def test_while_google_fails_nothing_is_redelivered_and_the_next_tick_does_the_work(office, kind):
    office.edit({"deleteSheet": {"sheetId": office.id_of("Monthly Summary")}})
    office.sheets.faults.add(unavailable(), when=lambda request: request.kind == kind, times=200)
    office.tick(after=timedelta(days=1))
    office.sheets.faults.clear()
    office.tick()
    assert "Monthly Summary" in {sheet.title for sheet in office.sheets.spreadsheet(office.sheet_id).sheets}
    assert office.tick().count("write") == 0


def test_penalties_follow_a_cut_off_time_that_hr_changes_in_review_periods(office):
    office.sheets.start_recalculating()

    def penalties():
        weekly = office.sheets.read(office.sheet_id, "'Weekly Summary'!A1:O30")
        monthly = office.sheets.read(office.sheet_id, "'Monthly Summary'!A1:R10")
        column = monthly[0].index("Penalties")
        week = weekly[0].index("02 Nov - 08 Nov")
        return (
            {row[0]: row[week] for row in weekly[1:] if row[3:4] == ["Penalties"] and len(row) > week},
            {row[0]: row[column] for row in monthly[1:] if row and row[0] in ("Ann Archer", "Bob Baker")},
        )

    before = penalties()
    assert (before[0]["Ann Archer"], before[0]["Bob Baker"]) == (0, 0)
    assert before[1] == {"Ann Archer": 0, "Bob Baker": 0}
    office.sheets.write(office.control_id, "'Cut Off Times'!C2", [["8:30 AM"]])
    office.tick()
    after = penalties()
    assert (after[0]["Ann Archer"], after[0]["Bob Baker"]) == (1, 0)
    assert after[1] == {"Ann Archer": 1, "Bob Baker": 0}

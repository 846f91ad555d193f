"""No request of the backend is larger than Google advises, whatever it does to a workbook of 200 people."""

from contextlib import ExitStack
from datetime import datetime, timedelta
from typing import Any

import pytest

from attendance_backend.review.names import KEPT
from attendance_backend.sheet import serial
from attendance_contracts import AttendanceRecord, ReviewPeriod
from tests.integration.backend_office import NOVEMBER
from tests.integration.test_backend_finalised import SHOWN
from tests.integration.test_backend_finalised import Office as FinalisedOffice

PEOPLE, HIRED = 200, 290
ADVISED_BYTES = 2_000_000


class Office(FinalisedOffice):
    before_punches: Any

    def open(self, capsys):
        self._capsys = capsys
        self.employ(PEOPLE)
        self.sheet_id = self.create()

    def employ(self, people):
        rows = [
            [f"Ann Archer {number}", f"ann.archer{number}@example.com", "9:00"] for number in range(people)
        ]
        self.sheets.write(self.control_id, "'Cut Off Times'!A2", rows)

    def punch(self):
        """Everybody in and out on each working day, all at once as after a long outage."""
        days = [NOVEMBER.first_day + timedelta(days=day) for day in range(28) if day % 7 < 5]
        records = [
            AttendanceRecord(
                "SN0",
                str(number),
                f"ann.archer{number}",
                datetime(day.year, day.month, day.day, hour, number % 60, number // 60),
                1,
                255,
            )
            for day in days
            for hour in (8, 17)
            for number in range(PEOPLE)
        ]
        for first in range(0, len(records), 500):
            self.store(self.sheet_id, *records[first : first + 500])

    def largest(self):
        """Bytes of the largest request since this was asked last."""
        sizes = [entry.bytes_up for entry in self.sheets.log]
        self.sheets.log.clear()
        return max(sizes)

    def compute(self):
        """All formulas have their values, once: to compute them at each read takes minutes."""
        file = self.sheets.store.files[self.sheet_id]
        file.spreadsheet = self.sheets.compute(self.sheet_id)

    def cells(self):
        return {
            (sheet.title, row, column): (cell.value, cell.formula)
            for sheet in self.sheets.spreadsheet(self.sheet_id).sheets
            for row, column, cell in sheet.occupied(sheet.area)
            if not cell.is_blank and sheet.title != "Exceptions"
        }

    def titles(self):
        return [sheet.title for sheet in self.sheets.spreadsheet(self.sheet_id).sheets]


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    with ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
        office = Office(stack, tmp_path_factory.mktemp("office"), patch)
        office.open(None)
        sizes = {"created": office.largest()}
        office.before_punches = office.remember()
        office.punch()
        sizes["stored"] = office.largest()
        office.report(datetime(2026, 11, 30, 8), NOVEMBER.last_day)
        sizes["complete"] = office.largest()
        yield office, office.remember(), sizes


@pytest.fixture
def office(filled):
    office, files, _ = filled
    office.go_back(files)
    office.sheets.log.clear()
    office.now = datetime(2026, 12, 2, 9, tzinfo=office.now.tzinfo)
    return office


@pytest.mark.parametrize("done", ["created", "stored", "complete"])
def test_a_month_comes_to_be_in_requests_of_a_bearable_size(filled, done):
    _, _, sizes = filled
    assert sizes[done] <= ADVISED_BYTES


def test_weeks_of_absences_are_told_in_requests_of_less_than_a_megabyte(filled):
    office, *_ = filled
    office.go_back(office.before_punches)
    office.sheets.log.clear()
    office.report(datetime(2026, 11, 30, 8), NOVEMBER.last_day)
    told = office.sheets.read(office.sheet_id, "Exceptions!A2:A")
    assert len(told) >= 20 * PEOPLE
    assert office.largest() <= ADVISED_BYTES / 2


def test_finalising_and_opening_again_send_nothing_larger(office):
    office.compute()
    before = office.cells()
    office.set("Finalised", "yes")
    office.tick()
    assert office.largest() <= ADVISED_BYTES
    kept = office.cells()
    for place, (value, formula) in before.items():
        if formula and place[0] in SHOWN and value not in (None, ""):
            assert kept[place][0] == value
    assert KEPT in office.titles()
    office.set("Finalised", "no")
    office.tick()
    assert office.largest() <= ADVISED_BYTES
    assert {place: formula for place, (_, formula) in office.cells().items() if formula} == {
        place: formula for place, (_, formula) in before.items() if formula
    }
    assert KEPT not in office.titles()


def test_what_people_delete_comes_back_in_such_requests(office):
    before = office.titles()
    for title in (*SHOWN, "Days", "Punch Index"):
        office.edit({"deleteSheet": {"sheetId": office.id_of(title)}})
    office.tick()
    assert office.titles() == before
    assert office.largest() <= ADVISED_BYTES


def test_formulas_that_were_emptied_come_back_in_such_requests(office):
    rows = {"startRowIndex": 3, "startColumnIndex": 4}
    office.edit(
        *(
            {"updateCells": {"range": {"sheetId": office.id_of(title), **rows}, "fields": "userEnteredValue"}}
            for title in ("Daily Attendance", "Weekly Summary")
        )
    )
    before = office.cells()
    office.tick()
    assert len(office.cells()) > len(before) + 100 * PEOPLE
    assert office.largest() <= ADVISED_BYTES


def test_a_week_that_hr_adds_and_many_hires_do_not_send_larger_ones(office):
    office.now = datetime(2026, 11, 20, 9, tzinfo=office.now.tzinfo)
    office.sheets.write(office.control_id, "'2026'!C2", [["12/6/2026"]])
    office.employ(HIRED)
    office.tick()
    assert office.largest() <= ADVISED_BYTES
    names = office.sheets.read(office.sheet_id, "'Monthly Summary'!A2:A")
    assert len({row[0] for row in names if row}) == HIRED
    header = office.sheets.read(office.sheet_id, "'Monthly Summary'!1:1", "UNFORMATTED_VALUE")[0]
    assert (
        serial.from_date(ReviewPeriod("x", NOVEMBER.first_day, datetime(2026, 12, 6).date()).last_day)
        in header
    )

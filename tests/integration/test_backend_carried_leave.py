"""Leave until after a period's end counts in the next workbook, and nobody types it again.

Over real sockets, with the values that the stand-in's engine computes.
"""

from contextlib import ExitStack
from datetime import date, datetime

import pytest

from attendance_backend.google import google_http
from attendance_backend.sheet import serial
from attendance_contracts import ReviewPeriod
from tests.integration.backend_office import punch
from tests.integration.test_backend_finalised import Office as FinalisedOffice

DECEMBER = ReviewPeriod("December 2026", date(2026, 11, 30), date(2026, 12, 27))
JANUARY = ReviewPeriod("January 2027", date(2026, 12, 28), date(2027, 1, 24))
FROM = "HR, carried over from November 2026"


def day(text):
    return serial.from_date(datetime.strptime(text, "%d-%m-%Y").date())


class Office(FinalisedOffice):
    """November, with leave that goes on, and December, where `december` says its workbook exists from the first."""

    def open(self, december):
        rows = [
            ["November", "11/2/2026", "11/27/2026"],
            ["December", "11/30/2026", "12/25/2026"],
        ]
        self.sheets.write(self.control_id, "'2026'!A2", rows)
        self.sheets.batch_update(self.control_id, [{"addSheet": {"properties": {"title": "2027"}}}])
        rows = [["Month", "Start Date", "End Date"], ["January", "12/28/2026", "1/22/2027"]]
        self.sheets.write(self.control_id, "'2027'!A1", rows)
        self.sheets.start_recalculating()
        self.sheet_id = self.create()
        self.next_id = self.create(period=DECEMBER) if december else None
        self.store(self.sheet_id, punch("ann", "2026-11-02T08:55:00"), punch("ann", "2026-11-02T17:30:00"))
        self.now = datetime(2026, 11, 26, 9, tzinfo=self.now.tzinfo)
        self.leave("26/11/2026", "04/12/2026")
        if december:
            self.tick()
        else:
            self.next_id = self.create(period=DECEMBER)

    def leave(self, first, last, row=2, value=""):
        self.sheets.write(
            self.sheet_id, f"Corrections!B{row}", [[first, last, "Ann Archer", "leave", value, "spa", "HR"]]
        )

    def erase(self, sheet_id, row):
        self.sheets.write(sheet_id, f"Corrections!B{row}", [[""] * 7])

    def carried(self, sheet_id=None):
        """The rows of the next workbook, from Status on."""
        rows = self.sheets.read(sheet_id or self.next_id, "Corrections!A2:H12", "UNFORMATTED_VALUE")
        return [row for row in rows if any(row)]

    def words(self, sheet_id=None):
        """On which days Ann is on leave there."""
        sheet_id = sheet_id or self.next_id
        header, *rows = self.sheets.read(sheet_id, "'Monthly Summary'!1:8", "UNFORMATTED_VALUE")
        row = next(row for row in rows if row[:1] == ["Ann Archer"])
        return [serial.to_date(at).day for at, word in zip(header, row, strict=False) if word == "leave"]


def row_until(last, status="applied", by=FROM, value=""):
    return [status, day("30-11-2026"), day(last), "Ann Archer", "leave", value, "spa", by]


@pytest.fixture(params=[True, False], ids=["the next workbook is there", "it is created later"])
def office(request, tmp_path, monkeypatch):
    monkeypatch.setattr(google_http, "FIRST_DELAY_S", 0.01)
    with ExitStack() as stack:
        office = Office(stack, tmp_path, monkeypatch)
        office.open(request.param)
        yield office


def test_it_counts_there_says_where_it_is_from_and_is_there_once(office):
    assert office.carried() == [row_until("04-12-2026")]
    assert office.words() == [30, 1, 2, 3, 4]
    status = office.sheets.read(office.sheet_id, "Corrections!A2")[0][0]
    assert status == "applied to 29-11-2026; carried over into the next workbook"
    office.tick()
    assert office.tick().count("write") == 0
    assert office.carried() == [row_until("04-12-2026")]


def test_it_follows_what_hr_changes_while_the_month_is_not_finalised(office):
    office.leave("26/11/2026", "08/12/2026")
    office.tick()
    assert office.carried() == [row_until("08-12-2026")]
    office.leave("26/11/2026", "27/11/2026")
    office.tick()
    assert office.carried() == []
    assert office.words() == []
    office.leave("25/11/2026", "30/11/2026")
    office.tick()
    assert office.carried() == [row_until("30-11-2026")]
    office.leave("25/11/2026", "30/11/2026", value="half vacation")
    office.tick()
    assert office.carried() == [row_until("30-11-2026", "applied as half vacation", value="half vacation")]


def test_what_hr_changes_there_is_hrs(office):
    rows = office.sheets.read(office.next_id, "Corrections!E1:E9")
    row = rows.index(["leave"]) + 1
    office.sheets.write(office.next_id, f"Corrections!C{row}", [["02/12/2026"]])
    office.leave("26/11/2026", "08/12/2026")
    office.tick()
    assert office.carried() == [row_until("02-12-2026")]
    office.erase(office.next_id, row)
    office.tick()
    office.leave("26/11/2026", "10/12/2026")
    office.tick()
    assert office.carried() == []


def test_of_a_finalised_month_it_stays_whatever_is_typed_there_later(office):
    office.now = datetime(2026, 12, 1, 9, tzinfo=office.now.tzinfo)
    office.report(datetime(2026, 11, 30, 8), date(2026, 11, 29))
    office.set("Finalised", "yes")
    office.tick()
    assert office.guide("Finalised")[2].startswith("finalised on")
    office.erase(office.sheet_id, 2)
    office.leave("27/11/2026", "10/12/2026", row=3)
    office.tick()
    assert office.carried() == [row_until("04-12-2026")]


def test_it_goes_on_from_month_to_month_and_lines_of_hr_stay(office):
    typed = ["07/12/2026", "", "Bob Baker", "leave", "", "", "me"]
    office.sheets.write(office.next_id, "Corrections!B2", [typed])
    office.leave("26/11/2026", "05/01/2027")
    office.tick()
    january = office.create(period=JANUARY)
    assert office.carried(january) == [
        [
            "applied",
            day("28-12-2026"),
            day("05-01-2027"),
            "Ann Archer",
            "leave",
            "",
            "spa",
            "HR, carried over from December 2026",
        ]
    ]
    assert office.words(january) == [28, 29, 30, 31, 1, 4, 5]
    until = row_until("05-01-2027", "applied to 27-12-2026; carried over into the next workbook")
    bob = ["applied", day("07-12-2026"), "", "Bob Baker", "leave", "", "", "me"]
    assert set(map(tuple, office.carried())) == {tuple(until), tuple(bob)}

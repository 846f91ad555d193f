"""Several IDs of one person, and one name of two, as HR sees them: worked example 25, computed by the engine."""

from datetime import time

import pytest

from attendance_backend.handlers.dispatch import handle
from attendance_contracts import StoreAttendRecords, Watch
from tests.integration.test_backend_working_time import OCTOBER, Months
from tests.integration.workbook_office import Book, new_server, seconds
from tests.integration.workbook_truth import Employee, Month, Site
from tests.unit.test_backend_machine_ids import HEADER, ROWS, USERS, punches

IN_AND_OUT = {
    ("ann", 5): ("8:00", "17:00", "9:00"),
    ("bob", 5): ("9:00", None, "open"),
    ("ann", 20): ("11:00", None, "open"),
    ("carl", 20): ("10:00", None, "open"),
    ("john1", 20): ("12:00", None, "open"),
    ("john2", 20): ("13:00", None, "open"),
}


@pytest.fixture(scope="module")
def shown():
    with new_server() as server:
        sites = [Site(name, "Europe/Berlin", time(4)) for name in ("Hamburg", "Bremen")]
        book = Book(
            server, Month(*OCTOBER, sites, [Employee(user, user, None) for user in USERS]), "October 2026"
        )
        book.keep_people(book.month.employees)
        book._keep("2026", [("Month", "Start Date", "End Date"), ("October", "10/1/2026", "10/31/2026")])
        first, *later = [*punches()][::-1]
        book.send([_message(book, first)])
        book._keep("Machine IDs", [HEADER, *ROWS])
        handle(Watch(), book.backend)
        book.send([_message(book, each) for each in later])
        return Months(server)


def _message(book, punch):
    site, record = punch
    return StoreAttendRecords(
        location=site,
        request_id="store",
        sheet_id=book.spreadsheet_id,
        period=book.period,
        time_zone="Europe/Berlin",
        day_boundary=time(4),
        records=(record,),
    )


@pytest.mark.parametrize(("user", "day"), IN_AND_OUT)
def test_25_whose_times_they_are(shown, user, day):
    labels = "Check In", "Check Out", "Hours Worked"
    assert (
        tuple(_told(shown.day("Daily Attendance", user, day, label)) for label in labels)
        == IN_AND_OUT[user, day]
    )


def _told(value):
    found = seconds(value)
    return (
        found
        if found is None or isinstance(found, str)
        else f"{found // 3600:.0f}:{found % 3600 // 60:02.0f}"
    )

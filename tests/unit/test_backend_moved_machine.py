"""A machine that was moved brings its old punches to its new site: each counts once, and HR is told."""

from datetime import date, time

import pytest

from attendance_backend.review import exceptions_sheet
from tests.review_book import ROSTER, ReviewBook, punch

TUESDAY, WEDNESDAY = date(2026, 11, 3), date(2026, 11, 4)
BEFORE = [
    punch("ann", "2026-11-03 09:00"),
    punch("ann", "2026-11-03 12:00"),
    punch("ann", "2026-11-04 02:00"),
]
AFTER = [punch("ann", "2026-11-04 09:00"), punch("ann", "2026-11-04 16:00")]
TOLD = "Punches on the machine SN1 stand in the raw data of berlin as well: it was there before"


@pytest.fixture(params=["", "berlin", "hamburg"])
def book(request):
    people = [(*person, None, None, request.param) for person in ROSTER]
    return ReviewBook(roster=people, sites=("berlin", "hamburg"))


def told(book):
    what = [each.header for each in exceptions_sheet.LAYOUT.columns].index("What")
    rows = book.sheet("Exceptions").rows()[1:]
    return [row[what] for row in rows if len(row) > what and not row[what].startswith("Punched at")]


def test_a_punch_that_two_sites_sent_counts_once(book):
    book.store(*BEFORE)
    days = book.day("ann", TUESDAY)
    assert days == (9.0, 26.0, None)

    book.store(*BEFORE, *AFTER, site="hamburg")
    assert book.day("ann", TUESDAY) == days
    assert book.day("ann", WEDNESDAY) == (9.0, 16.0, None)
    assert told(book) == [TOLD]

    book.store(punch("bob", "2026-11-05 08:00"), site="hamburg")
    assert told(book) == [TOLD], "once, with the first that it brings"


def test_it_counts_by_the_rules_of_the_persons_own_site():
    book = ReviewBook(
        roster=[(*person, None, None, "berlin") for person in ROSTER], sites=("berlin", "hamburg")
    )
    book.store(*BEFORE)
    book.store(*BEFORE, site="hamburg", zone="Europe/London", boundary=time())

    assert book.day("ann", TUESDAY) == (9.0, 26.0, None)
    assert book.day("ann", WEDNESDAY) == (None, None, None)


def test_both_sites_keep_their_raw_data(book):
    book.store(*BEFORE)
    book.store(*BEFORE, site="hamburg")

    for site in ("berlin", "hamburg"):
        assert len(book.sheet(f"Raw Data - {site}").rows()) == 1 + len(BEFORE)


def test_punches_of_another_machine_are_no_moved_ones(book):
    book.store(*BEFORE)
    book.store(punch("ann", "2026-11-03 09:00", serial_number="SN2"), site="hamburg")

    assert told(book) in ([], ["Punches within seconds of each other on Tue 03-11-2026, counted as one"])

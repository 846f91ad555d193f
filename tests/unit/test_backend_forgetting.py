"""Forgetting somebody: whatever the point at which it breaks off, and where a machine's number passed on."""

import re
from datetime import date, datetime, time

import pytest

from attendance_backend.control import forgotten
from attendance_backend.handlers.forgetting import forget
from attendance_backend.review.forgetting import Whom
from attendance_backend.sheet.changes import WriteCells
from attendance_contracts import ReviewPeriod, StoreAttendRecords, tombstone
from tests.fakes_backend import Crash
from tests.review_book import CARL, ROSTER, ReviewBook, punch

OCTOBER = ReviewPeriod("October 2026", date(2026, 10, 5), date(2026, 10, 25))
YEAR = [("Month", "Start Date", "End Date"), ("October", "2026-10-05", "2026-10-25")]
DAYS = ("2026-10-05", "2026-10-06", "2026-10-20")
PUNCHES = [
    punch(user, f"{day} {hour}") for user in ("ann", "bob") for day in DAYS for hour in ("09:00", "17:00")
]


def office(*punches):
    book = ReviewBook(OCTOBER, ROSTER)
    book.world.type_worksheet("2026", YEAR)
    if punches:
        book.store(*punches, period=OCTOBER)
    return book


def forget_ann(book):
    said = []
    found = forget(Whom("ann"), book.world.backend, said.append, is_meant=True)
    return found, said


def anns(book):
    """Where anything of her stands, but in what lies in the bin."""
    books = [each for each in book.world.spreadsheets.books.values() if not each.trashed]
    texts = [
        (each.title, sheet.title, value)
        for each in books
        for sheet in each.sheets
        for value in sheet.cells.values()
        if isinstance(value, str)
    ]
    return [text for text in texts if re.search(r"(?<![a-z])ann(?![a-z])", text[2].casefold().split("@")[0])]


@pytest.mark.slow
def test_whatever_the_point_at_which_it_breaks_off_the_next_attempt_ends_it():
    undisturbed = office(*PUNCHES)
    undisturbed.world.effects.count = 0
    forget_ann(undisturbed)
    effects = undisturbed.world.effects.count
    assert effects >= 5
    for number in range(1, effects + 1):
        book = office(*PUNCHES)
        book.world.effects.count = 0
        # After one effect is before the next.
        book.world.effects.crash_after = number
        with pytest.raises(Crash):
            forget_ann(book)
        book.world.effects.crash_after = None
        book.store(*PUNCHES, period=OCTOBER)
        forget_ann(book)
        assert anns(book) == [], number
        reply = book.store(*PUNCHES, period=OCTOBER)
        assert set(reply.confirmed) == {each.identity for each in PUNCHES}
        assert anns(book) == [], number
        assert sorted(filter(None, book.raw_ids())) == sorted(each.identity for each in PUNCHES[6:])
        assert book.day("bob", date(2026, 10, 5)) == (9.0, 17.0, None)


def test_of_a_number_that_passed_on_only_the_persons_dates_go():
    book = office()
    book.keeps(*ROSTER, CARL)
    header = ("Email", "Site", "Device User ID", "Name on the Machine", "From", "Until")
    book.world.type_worksheet(
        "Machine IDs",
        [
            header,
            ("ann@example.com", "", "17", None, None, "2026-10-15"),
            ("carl@example.com", "", "17", None, "2026-10-16"),
        ],
    )
    of = {"user_name": None, "user_id": "17"}
    old, new = punch(moment="2026-10-05 09:00", **of), punch(moment="2026-10-20 10:00", **of)
    book.store(old, new, period=OCTOBER)
    found, _ = forget_ann(book)
    assert found
    assert [*filter(None, book.raw_ids())] == book.indexed_ids() == [new.identity]
    assert book.day("carl", date(2026, 10, 20)) == (10.0, None, None)
    links = [row for row in book.world.control.sheet("Machine IDs").rows()[1:] if row]
    assert [row[0] for row in links] == ["carl@example.com"]


def test_nobody_reads_a_person_in_what_is_left_and_other_punches_pass():
    book = office(*PUNCHES)
    forget_ann(book)
    rows = book.world.control.sheet("Forgotten").rows()
    assert [len(str(row[3]).split()) for row in rows[1:]] == [6]
    salt, marks = str(rows[1][2]), str(rows[1][3]).split()
    assert all(tombstone(salt, each.identity) in marks for each in PUNCHES[:6])
    identities = {each.identity for each in PUNCHES}
    assert not any(identity in str(rows) or identity[:8] in str(rows) for identity in identities)
    again = punch("ann", "2026-10-21 09:00")
    reply = book.store(again, period=OCTOBER)
    assert reply.answers[0].sheet_id == book.sheet_id, "a new punch of the same number is somebody's work"
    assert again.identity in book.raw_ids()


def test_a_whole_company_of_tombstones_fits_into_cells(monkeypatch):
    monkeypatch.setattr(forgotten, "MOST_IN_A_CELL", 25)
    changes = forgotten.remember(None, OCTOBER.first_day, OCTOBER.last_day, [f"{n:020x}" for n in range(26)])
    (rows,) = (change.rows for change in changes if isinstance(change, WriteCells) and change.row == 1)
    assert [len(str(row[3].value)) for row in rows] == [25 * 17 - 1, 16]


def test_of_a_site_of_0_1_0_all_are_confirmed_too():
    book = office(*PUNCHES)
    forget_ann(book)
    message = StoreAttendRecords(
        location="berlin",
        request_id="r2",
        sheet_id=book.sheet_id,
        period=OCTOBER,
        time_zone="Europe/Berlin",
        day_boundary=time(4),
        records=tuple(PUNCHES[:2]),
    )
    assert not message.routed
    assert len(book.store(*message.records, period=OCTOBER).confirmed) == 2
    assert datetime(2026, 10, 5, 9) == message.records[0].timestamp


@pytest.mark.parametrize("user", ["nobody", "an"])
def test_somebody_who_is_not_there_changes_nothing(user):
    book = office(*PUNCHES)
    before = book.book.content()
    assert not forget(Whom(user), book.world.backend, lambda _: None, is_meant=True)
    assert book.book.content() == before

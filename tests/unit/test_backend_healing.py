"""Hidden worksheets that people have shown, changed and deleted: nothing is lost, and what is wrong is made right."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from attendance_backend.control.reading import read_people
from attendance_backend.domain.people import Labels, People, Person
from attendance_backend.handlers import books, refresh
from attendance_backend.handlers.dispatch import handle
from attendance_backend.review import days_sheet, punch_index, sites_sheet
from attendance_backend.review.book import whole
from attendance_backend.sheet import serial
from attendance_backend.sheet.changes import Formula
from attendance_contracts import Outcome, ReviewPeriod
from tests.fakes_backend import CONTROL_ID
from tests.review_book import NOVEMBER, ROSTER, ReviewBook, punch

TUESDAY, WEDNESDAY = date(2026, 11, 3), date(2026, 11, 4)
RECORDS = [
    punch("ann", "2026-11-03 09:00"),
    punch("bob", "2026-11-03 09:30"),
    punch("ann", "2026-11-04 09:00"),
]
NEXT = punch("ann", "2026-11-03 17:00")


@pytest.fixture
def office():
    office = ReviewBook()
    office.store(*RECORDS)
    return office


def rebuild(office):
    return refresh.rebuild_facts(office.sheet_id, NOVEMBER, office.world.backend).differences


def is_sound(office):
    """Every punch once, in its place; and nothing left for a rebuild to do."""
    assert len(office.stored_ids()) == len(set(office.stored_ids()))
    assert sorted(office.indexed_ids()) == sorted(office.stored_ids())
    assert rebuild(office) == []


def drop(office, title):
    office.book.sheets = [sheet for sheet in office.book.sheets if sheet.title != title]


def drop_row(sheet, row):
    """Delete a row of the grid."""
    sheet.row_count -= 1
    sheet.cells = {
        (other - (other > row), column): value
        for (other, column), value in sheet.cells.items()
        if other != row
    }


def drop_column(sheet, column):
    sheet.column_count -= 1
    sheet.cells = {
        (row, other - (other > column)): value
        for (row, other), value in sheet.cells.items()
        if other != column
    }


# Worksheets, rows and columns that are gone


@pytest.mark.parametrize("lost", [("Days",), ("Punch Index",), ("Days", "Punch Index")])
def test_a_hidden_worksheet_that_was_deleted_is_rebuilt_by_the_next_message(office, lost):
    for title in lost:
        drop(office, title)
    assert office.store(*RECORDS, NEXT).confirmed == tuple(record.identity for record in (*RECORDS, NEXT))

    assert office.day("ann", TUESDAY) == (9.0, 17.0, None)
    assert office.day("ann", WEDNESDAY) == (9.0, None, None)
    assert office.day("bob", TUESDAY) == (9.5, None, None)
    assert [sheet.title for sheet in office.book.sheets if sheet.hidden] == list(
        dict.fromkeys([*(t for t in ("Days", "Punch Index") if t not in lost), *sorted(lost, reverse=True)])
    )
    is_sound(office)


def test_an_older_workbook_whose_index_is_still_empty_is_rebuilt():
    """create_review_sheet made the worksheet; the raw rows were there before."""
    office = ReviewBook(sites=("berlin", "hamburg"))
    office.store(*RECORDS)
    office.store(punch("ann", "2026-11-05 10:00", serial_number="SN2"), site="hamburg")
    for title in ("Days", "Punch Index"):
        drop(office, title)
    for raw in (office.sheet("Raw Data - berlin"), office.sheet("Raw Data - hamburg")):
        raw.column_count = 10
        raw.cells = {place: value for place, value in raw.cells.items() if place[1] < 10}
    office.create()
    office.store(NEXT, RECORDS[0])

    assert office.day("ann", TUESDAY) == (9.0, 17.0, None)
    assert office.day("ann", date(2026, 11, 5)) == (10.0, None, None)
    is_sound(office)


@pytest.mark.parametrize("hidden", [True, False])
def test_a_site_whose_rules_come_with_the_message_counts_its_earlier_punches_by_them(office, hidden):
    """A workbook of before: a night's punch waits in the raw data, and Sites does not say when a day begins."""
    office.store(punch("ann", "2026-11-04 02:30"))
    sheet = office.sheet("Sites")
    sheet.cells = {place: value for place, value in sheet.cells.items() if place[0] == 0}
    if hidden:
        for title in ("Days", "Punch Index"):
            drop(office, title)
    office.store(punch("ann", "2026-11-05 09:00"))

    assert office.day("ann", TUESDAY) == (9.0, 26.5, None)
    assert office.day("ann", WEDNESDAY) == (9.0, None, None)
    is_sound(office)


def test_punches_that_were_counted_without_a_sites_rules_are_counted_anew_when_they_come(office):
    """Sites was emptied, and a rebuild then let each day begin at midnight."""
    office.store(punch("ann", "2026-11-04 02:30"))
    sheet = office.sheet("Sites")
    sheet.cells = {place: value for place, value in sheet.cells.items() if place[0] == 0}
    rebuild(office)
    assert office.day("ann", WEDNESDAY) == (2.5, 9.0, None)
    office.store(punch("ann", "2026-11-06 09:00"))

    assert office.day("ann", TUESDAY) == (9.0, 26.5, None)
    assert office.day("ann", WEDNESDAY) == (9.0, None, None)
    is_sound(office)


@pytest.mark.parametrize("title", ["Days", "Punch Index"])
def test_the_column_of_a_day_that_was_deleted_in_one_of_them_is_rebuilt(office, title):
    place = office.place("ann", "in", TUESDAY) if title == "Days" else office.index_place("ann", TUESDAY)
    drop_column(office.sheet(title), place[1])
    office.store(NEXT, *RECORDS)

    assert office.day("ann", TUESDAY) == (9.0, 17.0, None)
    assert len(office.raw_ids()) == 4
    is_sound(office)


def test_the_column_of_a_day_that_was_deleted_is_rebuilt(office):
    drop_column(office.sheet("Days"), office.place("ann", "in", TUESDAY)[1])
    drop_column(office.sheet("Punch Index"), office.index_place("ann", TUESDAY)[1])
    office.store(NEXT, *RECORDS)

    assert office.day("ann", TUESDAY) == (9.0, 17.0, None)
    assert office.day("bob", TUESDAY) == (9.5, None, None)
    assert office.day("ann", WEDNESDAY) == (9.0, None, None)
    is_sound(office)


@pytest.mark.parametrize("missing_too", [(), ("Exceptions",)])
def test_columns_at_the_end_that_were_deleted_are_rebuilt(office, missing_too):
    for title in missing_too:
        drop(office, title)
    for title, width in (("Days", 9), ("Punch Index", 5)):
        sheet = office.sheet(title)
        sheet.column_count = width
        sheet.cells = {place: value for place, value in sheet.cells.items() if place[1] < width}
    office.store(NEXT, *RECORDS)

    assert office.day("ann", TUESDAY) == (9.0, 17.0, None)
    is_sound(office)


@pytest.mark.parametrize("measure", days_sheet.MEASURES)
def test_a_persons_row_that_was_deleted_is_rebuilt(office, measure):
    drop_row(office.sheet("Days"), office.place("ann", measure, TUESDAY)[0])
    office.store(NEXT)

    assert office.day("ann", TUESDAY) == (9.0, 17.0, None)
    labels = sorted(tuple(row[:3]) for row in office.sheet("Days").rows()[1:] if row)
    assert labels == sorted(
        (f"{user}/{each}", user, each) for user in ("ann", "bob") for each in days_sheet.MEASURES
    )
    is_sound(office)


def test_all_rows_of_a_person_that_were_deleted_are_rebuilt(office):
    for measure in days_sheet.MEASURES:
        drop_row(office.sheet("Days"), office.place("bob", measure, TUESDAY)[0])
    office.store(NEXT)

    assert office.day("bob", TUESDAY) == (9.5, None, None)
    assert office.exceptions() == []
    is_sound(office)


@pytest.mark.parametrize("user", ["ann", "bob"])
def test_a_row_of_the_index_that_was_deleted_is_rebuilt_before_anything_is_stored_twice(office, user):
    drop_row(office.sheet("Punch Index"), office.index_place(user, TUESDAY)[0])
    office.store(*RECORDS)

    assert len(office.raw_ids()) == len(RECORDS)
    is_sound(office)


def test_a_row_of_the_index_that_was_emptied_is_rebuilt_as_well(office):
    sheet = office.sheet("Punch Index")
    gone, _ = office.index_place("bob", TUESDAY)
    sheet.cells = {place: value for place, value in sheet.cells.items() if place[0] != gone}
    office.store(*RECORDS)

    assert len(office.raw_ids()) == len(RECORDS)
    is_sound(office)


@pytest.mark.parametrize("title", ["Days", "Punch Index"])
def test_a_first_cell_that_somebody_changed_is_put_right(office, title):
    right = office.sheet(title).cells[0, 0]
    office.sheet(title).put(0, 0, "Mine")
    office.store(NEXT)

    assert office.sheet(title).cells[0, 0] == right
    office.store(punch("ann", "2026-11-03 18:00"))
    assert office.cost == (1, 1)


def test_hidden_worksheets_of_which_no_day_can_be_read_are_rebuilt(office):
    for title in ("Days", "Punch Index"):
        sheet = office.sheet(title)
        sheet.cells = {place: value for place, value in sheet.cells.items() if place[0] > 0}
    office.store(NEXT, *RECORDS)

    assert office.day("ann", TUESDAY) == (9.0, 17.0, None)
    assert len(office.raw_ids()) == 4
    assert rebuild(office) == []


class Forgetful:
    """A service on which columns never appear."""

    def __init__(self, spreadsheets):
        self._spreadsheets = spreadsheets

    def read(self, spreadsheet_id, areas=()):
        found = self._spreadsheets.read(spreadsheet_id, areas)
        sheets = tuple(
            replace(sheet, cells={place: cell for place, cell in sheet.cells.items() if place[0] > 0})
            if sheet.title == "Days"
            else sheet
            for sheet in found.worksheets
        )
        return replace(found, worksheets=sheets)

    def apply(self, spreadsheet_id, changes, areas=()):
        self._spreadsheets.apply(spreadsheet_id, changes)


def test_what_cannot_be_rebuilt_is_a_clear_error_and_confirms_nothing(office):
    backend = replace(office.world.backend, spreadsheets=Forgetful(office.world.spreadsheets))
    raw = office.raw_ids()
    (answer,) = handle(office.message(NEXT), backend).answers
    assert answer.outcome is Outcome.REFUSED
    assert "restore it through File > Version history" in answer.reason
    assert office.raw_ids() == raw


def test_raw_data_that_was_deleted_and_made_anew_confirms_nothing_that_it_held(office):
    drop(office, "Raw Data - berlin")
    office.create()
    office.store(RECORDS[0])

    assert office.raw_ids() == [RECORDS[0].identity]
    assert office.day("bob", TUESDAY) == (None, None, None)
    office.store(*RECORDS)
    assert sorted(office.raw_ids()) == sorted(record.identity for record in RECORDS)
    assert office.cost == (1, 1)
    is_sound(office)


# Nonsense in cells


@pytest.mark.parametrize("nonsense", ["?", "32400:", "99999:abc", "-1:abc", ":", "32400:abc:late", "x " * 50])
def test_words_in_the_index_that_are_none_of_ours_stay_and_do_not_count(office, nonsense):
    sheet, place = office.sheet("Punch Index"), office.index_place("ann", TUESDAY)
    sheet.put(*place, f"{nonsense} {sheet.cells[place]}")
    office.store(NEXT, *RECORDS)

    assert sheet.cells[place].endswith(nonsense.strip())
    assert len(office.raw_ids()) == 4
    assert office.day("ann", TUESDAY) == (9.0, 17.0, None)
    assert rebuild(office) == []


@pytest.mark.parametrize("typed", [7.5, Formula("=1/3"), "=A1", "   "])
def test_a_cell_of_the_index_that_somebody_filled_is_stepped_over(office, typed):
    thursday = date(2026, 11, 5)
    sheet, place = office.sheet("Punch Index"), office.index_place("ann", thursday)
    sheet.put(*place, typed)
    records = [punch("ann", "2026-11-05 09:00"), punch("ann", "2026-11-05 17:00")]
    for record in records:
        office.store(record)
        office.store(record)

    if not isinstance(typed, str):
        assert sheet.cells[place] == typed
    assert office.day("ann", thursday) == (9.0, 17.0, None)
    assert len(office.raw_ids()) == 5
    is_sound(office)


def test_labels_that_somebody_typed_again_as_numbers_are_found():
    office = ReviewBook()
    record = punch("ann", "2026-11-03 09:00", user_id="1001", serial_number="20260001")
    office.store(record)
    row, _ = office.index_place("ann", TUESDAY)
    office.sheet("Punch Index").put(row, punch_index.USER_ID, 1001.0)
    office.sheet("Punch Index").put(row, punch_index.SERIAL_NUMBER, 20260001.0)
    office.store(record)

    assert office.raw_ids() == [record.identity]
    is_sound(office)


@pytest.mark.parametrize("typed", ["?", Formula("=1/3"), 5.5, "09:00"])
def test_what_somebody_typed_into_days_is_put_right_with_the_days_next_punch(office, typed):
    sheet = office.sheet("Days")
    for measure in days_sheet.MEASURES:
        sheet.put(*office.place("ann", measure, TUESDAY), typed)
    office.store(NEXT)

    assert office.day("ann", TUESDAY) == (9.0, 17.0, None)


@pytest.mark.parametrize("title", ["Days", "Punch Index"])
@pytest.mark.parametrize("typed", [1e300, -5.0, "?", Formula("=TODAY()")])
def test_nonsense_in_the_headers_is_passed_over(office, title, typed):
    sheet = office.sheet(title)
    sheet.put(0, sheet.column_count - 1, typed)
    office.store(NEXT)

    assert office.day("ann", TUESDAY) == (9.0, 17.0, None)


def test_of_two_columns_of_a_date_the_first_counts(office):
    for title, first in (("Days", 8), ("Punch Index", 4)):
        sheet = office.sheet(title)
        sheet.column_count += 1
        sheet.put(0, sheet.column_count - 1, serial.from_date(TUESDAY))
        assert sheet.cells[0, first + 1] == serial.from_date(TUESDAY)
    office.store(NEXT, *RECORDS)

    assert office.day("ann", TUESDAY) == (9.0, 17.0, None)
    is_sound(office)


def test_of_two_rows_of_a_person_the_first_counts(office):
    sheet = office.sheet("Days")
    first, _ = office.place("ann", "in", TUESDAY)
    sheet.row_count += 1
    for column in range(sheet.column_count):
        sheet.put(sheet.row_count - 1, column, sheet.cells.get((first, column)))
    office.store(NEXT)

    assert office.day("ann", TUESDAY) == (9.0, 17.0, None)


@pytest.mark.parametrize("key", ["", "/", "ann", "ann/sideways", "/in", 7.0])
def test_keys_that_are_none_are_passed_over(office, key):
    sheet = office.sheet("Days")
    sheet.row_count += 1
    sheet.put(sheet.row_count - 1, days_sheet.KEY, key)
    office.store(NEXT)

    assert office.day("ann", TUESDAY) == (9.0, 17.0, None)


@pytest.mark.parametrize("column", [days_sheet.LAST_SEEN, days_sheet.LAST_SITE, days_sheet.EMPLOYEE])
@pytest.mark.parametrize("typed", [1e305, "?", Formula("=1")])
def test_nonsense_in_what_is_kept_of_a_person(office, column, typed):
    row, _ = office.place("ann", "in", TUESDAY)
    office.sheet("Days").put(row, column, typed)
    latest = punch("ann", "2026-11-05 17:00")
    office.store(latest)

    assert office.day("ann", date(2026, 11, 5)) == (17.0, None, None)
    assert office.member("ann")[3] == "berlin"


@pytest.mark.parametrize(
    ("column", "typed"),
    [
        (sites_sheet.DAY_BOUNDARY, "soon"),
        (sites_sheet.TIME_ZONE, "Mars/Base"),
        (sites_sheet.KEY_POLICY, "whatever"),
        (sites_sheet.DOUBLE_TAP, "a minute"),
    ],
)
def test_nonsense_in_a_sites_rules(office, column, typed):
    office.sheet("Sites").put(1, column, typed)
    office.store(NEXT)

    assert office.day("ann", TUESDAY) == (9.0, 17.0, None)


# A rebuild


def test_a_healthy_workbook_shows_no_difference_and_is_not_written_to(office):
    office.finalise()
    office.store(NEXT, punch("guest", "2026-11-05 09:00"))
    before, effects = office.content(), office.world.effects.count

    assert rebuild(office) == []
    assert (office.content(), office.world.effects.count) == (before, effects)


@pytest.mark.parametrize("title", ["Days", "Punch Index"])
def test_a_hidden_worksheet_that_is_missing_is_told_of_and_rebuilt_as_it_was(office, title):
    office.store(punch("bob", "2026-11-05 08:00"))
    before = office.member("ann"), office.member("bob")
    drop(office, title)

    assert rebuild(office) == [f"the worksheet {title!r} was missing"]
    assert (office.member("ann"), office.member("bob")) == before
    assert before[0][3:] == ("berlin", datetime(2026, 11, 4, 9))
    is_sound(office)


def test_days_are_rebuilt_without_the_worksheet_that_holds_the_rules(office):
    """A day then begins at midnight, until Sites is back."""
    drop(office, "Sites")
    drop(office, "Days")

    assert rebuild(office) == ["the worksheet 'Days' was missing"]
    assert office.day("ann", TUESDAY) == (9.0, None, None)


def test_days_outside_the_period_on_which_somebody_punched_are_rebuilt_as_well(office):
    """HR shortened the period. The days are business days: the night belongs to the evening before it."""
    office.store(punch("ann", "2026-11-06 02:30"))
    drop(office, "Days")
    shorter = ReviewPeriod("November 2026", date(2026, 11, 16), NOVEMBER.last_day)
    refresh.rebuild_facts(office.sheet_id, shorter, office.world.backend)

    header = {value for (row, _), value in office.sheet("Days").cells.items() if row == 0}
    days = {day for day in range(2, 16) if serial.from_date(date(2026, 11, day)) in header}
    assert days == {3, 4, 5}
    assert office.day("ann", date(2026, 11, 5)) == (26.5, None, None)


def test_amended_punches_make_no_days_when_these_are_rebuilt(office):
    office.finalise()
    office.store(punch("ann", "2026-11-05 09:00"))
    drop(office, "Days")
    shorter = ReviewPeriod("November 2026", date(2026, 11, 16), NOVEMBER.last_day)
    refresh.rebuild_facts(office.sheet_id, shorter, office.world.backend)

    header = {value for (row, _), value in office.sheet("Days").cells.items() if row == 0}
    assert serial.from_date(date(2026, 11, 5)) not in header


def test_punches_that_the_index_lacks_are_added_and_those_that_are_not_stored_are_taken_out(office):
    sheet = office.sheet("Punch Index")
    ann, bob = office.index_place("ann", TUESDAY), office.index_place("bob", TUESDAY)
    true = sheet.cells[ann]
    sheet.put(*ann, f"1:deadbeef {true} note")
    sheet.put(*bob, None)

    assert rebuild(office) == [
        "'Punch Index' held the punch deadbeef where it does not belong",
        f"'Punch Index' lacked the punch {RECORDS[1].identity}",
    ]
    assert sheet.cells[ann] == f"{true} note"
    is_sound(office)


def test_a_punch_that_stands_in_two_rows_keeps_the_one_that_tells_the_machine(office):
    """Raw data of an older workbook does not tell it."""
    raw, sheet = office.sheet("Raw Data - berlin"), office.sheet("Punch Index")
    raw.cells = {place: value for place, value in raw.cells.items() if place[1] < 10}
    row, column = office.index_place("bob", TUESDAY)
    sheet.row_count += 1
    copied = {other: value for (line, other), value in sheet.cells.items() if line == row and other > 0}
    for other, value in copied.items():
        sheet.put(sheet.row_count - 1, other, value)

    assert rebuild(office) == [f"'Punch Index' held the punch {RECORDS[1].identity} where it does not belong"]
    assert (sheet.cells[row, column], sheet.cells.get((sheet.row_count - 1, column))) == (
        f"34200:{RECORDS[1].identity}",
        None,
    )
    is_sound(office)


def test_a_punch_under_another_day_is_moved(office):
    sheet = office.sheet("Punch Index")
    right, wrong = office.index_place("bob", TUESDAY), office.index_place("bob", WEDNESDAY)
    sheet.put(*wrong, sheet.cells[right])
    sheet.put(*right, None)

    assert len(rebuild(office)) == 2
    assert (sheet.cells.get(wrong), sheet.cells[right]) == (None, f"34200:{RECORDS[1].identity}")
    is_sound(office)


def test_raw_rows_that_a_person_deleted_are_no_longer_confirmed(office):
    raw = office.sheet("Raw Data - berlin")
    drop_row(raw, office.raw_ids().index(RECORDS[1].identity) + 1)
    rebuild(office)

    assert office.day("bob", TUESDAY) == (None, None, None)
    assert office.member("bob")[3:] == (None, None)
    office.store(RECORDS[1])
    assert office.day("bob", TUESDAY) == (9.5, None, None)
    assert office.member("bob")[3:] == ("berlin", RECORDS[1].timestamp)
    is_sound(office)


def spoil(office, record, typed, title="Raw Data - berlin"):
    """Type something over the time stamp of a punch; returns its row, as people count."""
    row = office.raw_ids(title).index(record.identity) + 1
    office.sheet(title).put(row, 0, typed)
    return row + 1


def unreadable(office):
    return refresh.rebuild_facts(office.sheet_id, NOVEMBER, office.world.backend).unreadable


@pytest.mark.parametrize("typed", ["x", None, 1e305, True, Formula("=1/0")])
def test_a_punch_whose_time_stamp_somebody_spoilt_counts_and_is_complained_of(office, typed):
    row = spoil(office, RECORDS[1], typed)
    before, effects = office.content(), office.world.effects.count
    complaint = (
        f"Raw Data - berlin, row {row}: no time stamp can be read; File > Version history shows what stood there; "
        "the punch counts all the same"
    )
    for _ in range(2):
        assert unreadable(office) == [complaint]
        assert rebuild(office) == []
    assert (office.content(), office.world.effects.count) == (before, effects)
    assert office.store(RECORDS[1]).confirmed == (RECORDS[1].identity,)
    assert len(office.raw_ids()) == len(RECORDS)

    spoil(office, RECORDS[1], serial.from_datetime(RECORDS[1].timestamp))
    assert unreadable(office) == []
    is_sound(office)


def test_of_a_row_whose_time_stamp_is_spoilt_nothing_else_counts_either(office):
    row = spoil(office, RECORDS[1], "x")
    for column in (2, 4, 5, 10):
        office.sheet("Raw Data - berlin").put(row - 1, column, None)
    drop(office, "Days")
    assert rebuild(office) == ["the worksheet 'Days' was missing"]
    assert office.day("bob", TUESDAY) == (9.5, None, None)
    is_sound(office)


def test_a_spoilt_punch_that_stands_twice_in_the_index_keeps_the_row_that_tells_the_machine(office):
    spoil(office, RECORDS[1], "x")
    sheet = office.sheet("Punch Index")
    row, column = office.index_place("bob", TUESDAY)
    sheet.row_count += 1
    for other, value in enumerate((None, "id-bob", "bob", "berlin")):
        sheet.put(sheet.row_count - 1, other, value)
    sheet.put(sheet.row_count - 1, column, f"30000:{RECORDS[1].identity}")

    assert rebuild(office) == [f"'Punch Index' held the punch {RECORDS[1].identity} where it does not belong"]
    assert sheet.cells[row, column] == f"34200:{RECORDS[1].identity}"
    assert office.day("bob", TUESDAY) == (9.5, None, None)


def test_a_spoilt_punch_that_the_index_does_not_know_is_complained_of_until_it_is_mended(office):
    row = spoil(office, RECORDS[1], "x")
    office.sheet("Punch Index").put(*office.index_place("bob", TUESDAY), None)
    complaint = (
        f"Raw Data - berlin, row {row}: no time stamp can be read; File > Version history shows what stood there; "
        "the punch does not count until it is corrected"
    )
    assert [unreadable(office), unreadable(office)] == [[complaint], [complaint]]
    assert office.day("bob", TUESDAY) == (None, None, None)

    spoil(office, RECORDS[1], serial.from_datetime(RECORDS[1].timestamp))
    assert unreadable(office) == []
    assert office.day("bob", TUESDAY) == (9.5, None, None)
    is_sound(office)


def test_an_amendment_whose_time_stamp_is_spoilt_stays_an_amendment(office):
    office.finalise()
    office.store(NEXT)
    spoil(office, NEXT, "x", "Amendments")
    assert len(unreadable(office)) == 1
    assert office.day("ann", TUESDAY) == (9.0, None, None)
    is_sound(office)


def test_days_that_are_not_what_the_punches_say(office):
    sheet = office.sheet("Days")
    sheet.put(*office.place("ann", "in", TUESDAY), 0.5)
    sheet.put(*office.place("bob", "out", WEDNESDAY), 0.5)

    assert rebuild(office) == [
        "'Days', cell J2: not what the punches say",
        "'Days', cell K6: not what the punches say",
    ]
    assert office.day("ann", TUESDAY) == (9.0, None, None)
    assert office.day("bob", WEDNESDAY) == (None, None, None)


def test_another_day_boundary_takes_effect_with_a_rebuild(office):
    office.store(punch("ann", "2026-11-05 03:30"))
    assert office.day("ann", WEDNESDAY) == (9.0, 27.5, None)
    office.sheet("Sites").put(1, sites_sheet.DAY_BOUNDARY, 3 / 24)
    rebuild(office)

    assert office.day("ann", WEDNESDAY) == (9.0, None, None)
    assert office.day("ann", date(2026, 11, 5)) == (3.5, None, None)
    assert rebuild(office) == []


def test_days_that_hr_added_get_their_columns(office):
    longer = ReviewPeriod("November 2026", date(2026, 11, 2), date(2026, 12, 6))

    assert refresh.rebuild_facts(office.sheet_id, longer, office.world.backend).differences == [
        "'Punch Index' lacked days",
        "'Days' lacked days or rows",
    ]
    office.store(punch("ann", "2026-12-06 09:00"), period=longer)
    assert office.cost == (1, 1)
    assert office.day("ann", date(2026, 12, 6)) == (9.0, None, None)


def test_a_message_of_days_that_have_no_columns_yet_adds_them(office):
    longer = ReviewPeriod("November 2026", date(2026, 11, 2), date(2026, 12, 6))
    record = punch("ann", "2026-12-01 09:00")

    assert office.store(record, period=longer).confirmed == (record.identity,)
    assert office.day("ann", date(2026, 12, 1)) == (9.0, None, None)
    is_sound(office)


def test_the_amendments_are_in_the_index_of_a_rebuild(office):
    office.finalise()
    office.store(NEXT)
    drop(office, "Punch Index")
    rebuild(office)

    assert office.store(NEXT).confirmed == (NEXT.identity,)
    assert office.raw_ids("Amendments") == [NEXT.identity]
    assert office.day("ann", TUESDAY) == (9.0, None, None)
    is_sound(office)


def test_a_list_of_people_that_cannot_be_read_does_not_stop_a_rebuild(office, caplog):
    office.world.type_worksheet("Cut Off Times", [("Name", "Mail", "Cut Off Time")])
    drop(office, "Days")
    assert office.store(NEXT).confirmed == (NEXT.identity,)
    assert "the worksheet 'Days' is made without people" in caplog.text

    office.keeps(*ROSTER)
    office.store(punch("ann", "2026-11-05 09:00"))
    assert office.day("ann", TUESDAY) == (9.0, 17.0, None)


# First and last days

CAME, LEFT = date(2026, 11, 4), date(2026, 11, 20)


def keeps_days(office):
    """HR types Bob's first and last day, before there is a workbook."""
    office.keeps(ROSTER[0], employed(ROSTER[1], CAME, LEFT))


def employed(row, first_day, last_day):
    """A row of HR's list with a first and a last day."""
    return (*row, *(day and serial.from_date(day) for day in (first_day, last_day)))


def days_of_bob(office):
    row, _ = office.place("bob", "breaks", TUESDAY)
    sheet = office.sheet("Days")
    return [sheet.get(row, column) for column in (days_sheet.FIRST_EMPLOYED, days_sheet.LAST_EMPLOYED)]


@pytest.mark.parametrize("lost", [("Days",), ("Days", "Punch Index")])
def test_first_and_last_days_are_there_after_days_was_rebuilt(office, lost):
    keeps_days(office)
    for title in lost:
        drop(office, title)
    office.store(NEXT)
    assert days_of_bob(office) == [serial.from_date(CAME), serial.from_date(LEFT)]
    assert office.day("bob", TUESDAY) == (9.5, None, None)
    is_sound(office)


def test_first_and_last_days_are_there_after_a_row_was_deleted(office):
    keeps_days(office)
    drop_row(office.sheet("Days"), office.place("bob", "breaks", TUESDAY)[0])
    assert rebuild(office) == [
        "'Days' lacked days or rows",
        "'Days', cell G7: not what Cut Off Times says",
        "'Days', cell H7: not what Cut Off Times says",
    ]
    assert days_of_bob(office) == [serial.from_date(CAME), serial.from_date(LEFT)]
    is_sound(office)


def test_who_comes_with_the_first_punch_comes_with_the_first_day():
    office = ReviewBook(roster=ROSTER[:1])
    keeps_days(office)
    office.store(punch("bob", "2026-11-05 09:30"))
    assert days_of_bob(office) == [serial.from_date(CAME), serial.from_date(LEFT)]
    is_sound(office)


@pytest.mark.parametrize("typed", ["?", Formula("=1"), 1e305, serial.from_date(LEFT) + 0.5])
def test_nonsense_in_a_first_or_last_day_is_put_right(office, typed):
    keeps_days(office)
    people = list(roster_of(office).values())
    row, _ = office.place("bob", "breaks", TUESDAY)
    for column in (days_sheet.FIRST_EMPLOYED, days_sheet.LAST_EMPLOYED):
        office.sheet("Days").put(row, column, typed)
    ann, _ = office.place("ann", "breaks", TUESDAY)
    office.sheet("Days").put(ann, days_sheet.LAST_EMPLOYED, typed)
    sheet = books.look(office.world.spreadsheets, office.sheet_id, [whole("Days")]).worksheet("Days")
    first, last = sheet.at(days_sheet.FIRST_EMPLOYED), sheet.at(days_sheet.LAST_EMPLOYED)
    cells = days_sheet.Days(sheet).employment(people)
    assert {place: cell.value for place, cell in cells.items()} == {
        (row, first): serial.from_date(CAME),
        (row, last): serial.from_date(LEFT),
        (ann, last): None,
    }


PEOPLE_SHEETS = ("Days", "Daily Attendance", "Weekly Summary", "Monthly Summary")


def shown(office, *titles):
    """Who has rows in each of the worksheets; those in which it is the same people, by first name."""
    (everybody,) = {
        tuple(
            name.split()[0]
            for name, *_ in (ROSTER[0], *OUTSIDE, *INSIDE)
            if name in office.sheet(title).cells.values()
        )
        for title in titles or PEOPLE_SHEETS
    }
    return list(everybody)


BEFORE, AFTER = NOVEMBER.first_day - timedelta(days=1), NOVEMBER.last_day + timedelta(days=1)
OUTSIDE = [
    employed(("Lea Lost", "lea@example.com", "09:00"), None, BEFORE),
    employed(("Nils New", "nils@example.com", "09:00"), AFTER, None),
    employed(("Olga Old", "olga@example.com", "09:00"), date(2024, 1, 1), BEFORE),
]
INSIDE = [
    employed(("Pia Prompt", "pia@example.com", "09:00"), None, NOVEMBER.first_day),
    employed(("Quinn Quick", "quinn@example.com", "09:00"), NOVEMBER.last_day, None),
]


def test_who_left_before_the_period_or_comes_after_it_gets_no_rows():
    office = ReviewBook(roster=(ROSTER[0], *OUTSIDE, *INSIDE))
    assert shown(office) == ["Ann", "Pia", "Quinn"]
    drop(office, "Days")
    office.store(NEXT)
    assert shown(office) == ["Ann", "Pia", "Quinn"]
    drop_row(office.sheet("Days"), office.place("pia", "breaks", TUESDAY)[0])
    office.store(punch("ann", "2026-11-05 09:00"))
    assert shown(office) == ["Ann", "Pia", "Quinn"]
    is_sound(office)


@pytest.mark.parametrize("lost", [(), ("Days",), ("Days", "Punch Index")])
def test_who_punches_outside_the_employment_gets_rows_all_the_same(lost):
    office = ReviewBook(roster=(ROSTER[0], *OUTSIDE, *INSIDE))
    office.store(punch("lea", "2026-11-03 09:00"))
    for title in lost:
        drop(office, title)
    office.store(NEXT)
    assert shown(office) == ["Ann", "Lea", "Pia", "Quinn"]
    assert office.day("lea", TUESDAY) == (9.0, None, None)
    is_sound(office)


def roster_of(office):
    return read_people(office.world.spreadsheets, CONTROL_ID)


# Whose punches are whose


def test_whose_a_punch_is():
    people = People.of(
        [
            Person("Ann Archer", "Ann", 0),
            Person("Bob Baker", "bob", 0, device_user_id=" 7 ", site="Berlin"),
            Person("Carl Cook", "carl", 0, device_user_id="7", site="hamburg"),
            Person("Dora Dee", "dora", 0, device_user_id="8"),
        ]
    )

    def whose(user_id, user_name, site="berlin"):
        member = people.whose(Labels("SN1", user_id, user_name, site), date(2026, 11, 3))
        return None if member is None else member.key

    assert whose("1", "ANN") == "ann"
    assert whose("7", "ann") == "bob"
    assert whose("7", "", "HAMBURG") == "carl"
    assert whose("7", "ann", "lisbon") == "ann"
    assert whose("8", "nobody", "lisbon") == "dora"
    assert whose("9", "dora") == "dora"
    assert whose("9", "") is None
    assert whose("9", "nobody") is None

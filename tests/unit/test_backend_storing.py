"""What a message of punches leaves in the workbook, and what it costs."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from functools import partial

import pytest

from attendance_backend.handlers.dispatch import handle
from attendance_backend.review import days_sheet, exceptions_sheet, formulas, punch_index, sites_sheet
from attendance_backend.sheet import serial
from attendance_backend.sheet.grid import Area
from attendance_contracts import Answer, LastStoredTimestamp, Outcome, ReviewPeriod
from tests.review_book import ANN_ONLY, CARL, NOVEMBER, ROSTER, ReviewBook, punch

MONDAY, TUESDAY, WEDNESDAY = date(2026, 11, 2), date(2026, 11, 3), date(2026, 11, 4)
RAW = "Raw Data - berlin"


@pytest.fixture
def office():
    return ReviewBook()


class Watched:
    """The spreadsheets, with a note of what is read of them."""

    def __init__(self, spreadsheets):
        self._spreadsheets = spreadsheets
        self.areas = []

    def read(self, spreadsheet_id, areas=()):
        self.areas += areas
        return self._spreadsheets.read(spreadsheet_id, areas)

    def apply(self, spreadsheet_id, changes, areas=()):
        self._spreadsheets.apply(spreadsheet_id, changes)


def test_the_reply_names_the_sheet_and_the_newest_punch(office):
    records = punch("ann", "2026-11-03 17:00"), punch("ann", "2026-11-03 08:00")

    identities = tuple(record.identity for record in records)
    stored = Answer(outcome=Outcome.STORED, identities=identities, sheet_id=office.sheet_id)
    reply = office.store(*records)

    assert reply == LastStoredTimestamp(
        location="berlin",
        request_id="r2",
        sheet_id=office.sheet_id,
        last_stored_timestamp=datetime(2026, 11, 3, 17),
        confirmed=identities,
        answers=(stored,),
        table=reply.table,
    )


def test_a_raw_row(office):
    record = punch("Ann", "2026-11-04 02:01:02", key=0)
    office.store(record)

    (row,) = office.sheet(RAW).rows()[1:]
    assert serial.to_datetime(row[0]) == datetime(2026, 11, 4, 2, 1, 2)
    assert row[1:9] == ["Ann Archer", "berlin", "Check In", "Ann", "id-Ann", 1.0, 0.0, record.identity]
    assert serial.to_date(row[9]) == TUESDAY
    assert row[10] == "SN1"


def test_rows_follow_each_other_and_the_grid_holds_what_it_holds(office):
    records = [punch("ann", f"2026-11-03 {hour:02}:00") for hour in range(8, 18)]
    office.store(records[0])
    office.store(*records[1:4])
    office.store(*records[4:])

    assert office.raw_ids() == [record.identity for record in records]
    assert office.sheet(RAW).row_count == 11


def test_notes_below_the_raw_data_stay(office):
    office.store(punch("ann", "2026-11-03 08:00"))
    raw = office.sheet(RAW)
    raw.row_count = 10
    raw.put(4, 0, "HR's note")
    office.store(punch("ann", "2026-11-03 17:00"))

    assert raw.cells[4, 0] == "HR's note"
    assert raw.cells[10, 1] == "Ann Archer"


def test_a_note_in_an_empty_worksheet_stays_as_well(office):
    office.sheet(RAW).put(1, 3, "HR's note")
    office.store(punch("ann", "2026-11-03 08:00"))

    assert office.sheet(RAW).cells[1, 3] == "HR's note"
    assert office.sheet(RAW).cells[2, 1] == "Ann Archer"


def test_raw_data_that_lost_its_blank_row_takes_punches(office):
    office.sheet(RAW).row_count = 1
    record = punch("ann", "2026-11-03 08:00")
    office.store(record)

    assert office.raw_ids() == [record.identity]
    assert office.sheet(RAW).row_count == 2


def test_raw_data_that_was_made_without_the_serial_number_gets_its_column(office):
    raw = office.sheet(RAW)
    raw.column_count = 10
    del raw.cells[0, 10]
    office.store(punch("ann", "2026-11-03 08:00"))

    assert (raw.cells[0, 10], raw.cells[1, 10]) == ("Serial Number", "SN1")


@pytest.mark.parametrize(
    ("key", "label"),
    [(0, "Check In"), (1, "Check Out"), (2, "Break Out"), (3, "Break In"), (4, "Overtime In"), (5, "Overtime Out"),
     (6, "-"), (255, "-")],
)  # fmt: skip
def test_the_label_of_a_key(office, key, label):
    office.store(punch("ann", "2026-11-03 09:01", key=key))

    assert office.sheet(RAW).rows()[1][3] == label


# Days


def test_first_and_last_punch_of_a_day(office):
    office.store(
        punch("ANN", "2026-11-03 17:06", key=0),
        punch("ann", "2026-11-03 12:00"),
        punch("ann", "2026-11-03 08:54"),
        punch("bob", "2026-11-03 09:00", key=1),
    )

    assert office.day("ann", TUESDAY) == (8.9, 17.1, None)
    assert office.day("bob", TUESDAY) == (9.0, None, None)


def test_a_night_shift_belongs_to_the_day_it_began(office):
    office.store(punch("ann", "2026-11-04 02:30"), punch("ann", "2026-11-03 21:00"))

    assert office.day("ann", TUESDAY) == (21.0, 26.5, None)
    assert office.day("ann", WEDNESDAY) == (None, None, None)


def test_the_end_of_a_night_shift_that_comes_in_a_message_of_its_own(office):
    office.store(punch("ann", "2026-11-03 21:00"))
    office.store(punch("ann", "2026-11-04 02:30"))

    assert office.day("ann", TUESDAY) == (21.0, 26.5, None)
    assert office.day("ann", WEDNESDAY) == (None, None, None)


def test_a_later_punch_moves_the_check_out_and_an_earlier_one_the_check_in(office):
    for moment in ("12:00", "17:00", "08:00", "13:00"):
        office.store(punch("ann", f"2026-11-03 {moment}"))

    assert office.day("ann", TUESDAY) == (8.0, 17.0, None)


def test_pairs_where_hr_chose_them(office):
    sites = office.sheet("Sites")
    office.store(punch("ann", "2026-11-02 09:00"))
    sites.put(1, sites_sheet.KEY_POLICY, "pairs")
    for moment in ("17:00", "12:00", "09:00"):
        office.store(punch("ann", f"2026-11-03 {moment}"))
    assert office.day("ann", TUESDAY) == (9.0, None, 5.0)
    office.store(punch("ann", "2026-11-03 12:30"))
    assert office.day("ann", TUESDAY) == (9.0, 17.0, 0.5)


def test_one_person_at_two_sites_on_a_day():
    office = ReviewBook(sites=("berlin", "hamburg"))
    office.store(punch("ann", "2026-11-03 09:00"))
    office.store(punch("ann", "2026-11-03 15:00", serial_number="SN2"), site="hamburg")
    office.store(punch("ann", "2026-11-03 18:00"))
    office.store(punch("ann", "2026-11-03 07:30", serial_number="SN2"), site="hamburg")

    assert office.day("ann", TUESDAY) == (7.5, 18.0, None)
    assert office.exceptions() == []


def test_where_and_when_a_person_was_seen_last():
    office = ReviewBook(sites=("berlin", "hamburg"))
    office.store(punch("ann", "2026-11-04 09:00", serial_number="SN2"), site="hamburg")
    office.store(punch("ann", "2026-11-03 09:00"))
    assert office.member("ann") == ("Ann Archer", None, None, "hamburg", datetime(2026, 11, 4, 9))

    office.store(punch("ann", "2026-11-05 09:00"))
    assert office.member("ann") == ("Ann Archer", None, None, "berlin", datetime(2026, 11, 5, 9))


def test_the_newest_punch_of_a_message_tells_where_somebody_was_seen_last(office):
    office.store(
        punch("ann", "2026-11-03 17:00"), punch("bob", "2026-11-03 18:00"), punch("ann", "2026-11-03 09:00")
    )

    assert office.member("ann")[3:] == ("berlin", datetime(2026, 11, 3, 17))
    assert office.member("bob")[3:] == ("berlin", datetime(2026, 11, 3, 18))


def test_the_machines_user_id_goes_before_the_name(office):
    """HR keeps Bob's user ID on the machine in Berlin; what it calls him there does not matter."""
    row, _ = office.place("bob", "in", TUESDAY)
    office.sheet("Days").put(row, days_sheet.DEVICE_USER_ID, "42")
    office.sheet("Days").put(row, days_sheet.SITE, "Berlin")
    office.store(
        punch("ann", "2026-11-03 09:00", user_id="42"), punch(None, "2026-11-03 17:00", user_id="42")
    )

    assert office.day("bob", TUESDAY) == (9.0, 17.0, None)
    assert office.day("ann", TUESDAY) == (None, None, None)
    assert [line[1] for line in office.sheet(RAW).rows()[1:]] == ["Bob Baker", "Bob Baker"]

    office.create("hamburg")
    office.store(punch("ann", "2026-11-04 09:00", user_id="42"), site="hamburg")
    assert office.day("ann", WEDNESDAY) == (9.0, None, None)


def test_hidden_rows_that_somebody_sorted_are_found(office):
    sheet = office.sheet("Days")
    last = sheet.row_count - 1
    sheet.cells = {(row and last + 1 - row, column): value for (row, column), value in sheet.cells.items()}
    office.store(punch("ann", "2026-11-03 09:00"), punch("ann", "2026-11-03 17:00"))

    assert office.day("ann", TUESDAY) == (9.0, 17.0, None)


def test_nothing_that_hr_sees_is_touched(office):
    before = office.content()
    office.store(punch("ann", "2026-11-03 09:00"), punch("bob", "2026-11-03 09:00"))

    changed = {title for title, rows in office.content().items() if rows != before[title]}
    assert changed == {RAW, "Punch Index", "Days", "Sites"}


# Once


def test_every_record_is_confirmed_and_stored_once(office):
    records = [punch("ann", f"2026-11-03 {hour:02}:00") for hour in range(8, 18)]
    office.store(*records[:5])
    reply = office.store(*records, records[0])

    assert set(reply.confirmed) == {record.identity for record in records}
    assert sorted(office.raw_ids()) == sorted(record.identity for record in records)
    assert sorted(office.indexed_ids()) == sorted(office.raw_ids())


def test_two_machines_of_a_user_id_are_two(office):
    one, other = (punch("ann", "2026-11-03 08:00", serial_number=number) for number in ("SN1", "SN2"))
    office.store(one)
    office.store(other)

    assert office.raw_ids() == [one.identity, other.identity]


def test_records_that_agree_but_for_their_number_are_two(office):
    one, other = (punch("ann", "2026-11-03 08:00", occurrence=number) for number in (1, 2))
    office.store(one)
    office.store(other, one)

    assert office.raw_ids() == [one.identity, other.identity]


def test_a_user_who_is_renamed_on_the_machine_is_found_again(office):
    record = punch("ann", "2026-11-03 08:00", user_id="7")
    renamed = punch("anna", "2026-11-03 08:00", user_id="7")
    assert record.identity == renamed.identity
    office.store(record)
    before = office.content()

    assert office.store(renamed).confirmed == (record.identity,)
    assert office.content() == before


@pytest.mark.parametrize("user_id", ["", " ", "007", "=1+1", "a b"])
@pytest.mark.parametrize("user_name", [None, "", " ", "=A1", "a/b/in", "Zoë ~*?"])
def test_odd_users_are_stored_once_as_well(office, user_id, user_name):
    records = [punch(user_name, f"2026-11-03 0{hour}:00", user_id=user_id) for hour in (8, 9)]
    for record in (*records, *records):
        assert office.store(record).confirmed == (record.identity,)

    assert office.raw_ids() == [record.identity for record in records]
    assert len(office.exceptions()) == 1


def test_a_punch_counts_for_the_day_that_it_has_by_sites_and_joins_what_stands_there(office):
    """The message says that a day begins at midnight, and names no day but the next one."""
    office.store(punch("ann", "2026-11-03 13:00"), punch("ann", "2026-11-03 18:00"))
    office.sheet("Sites").put(1, sites_sheet.DAY_BOUNDARY, 0.5)
    office.sheet("Days").put(*office.place("ann", "breaks", date(2026, 11, 3)), 0.25)  # somebody typed it
    office.store(punch("ann", "2026-11-04 09:00"), boundary=time(0))

    assert office.day("ann", date(2026, 11, 3)) == (13.0, 33.0, None)
    assert office.day("ann", date(2026, 11, 4)) == (None, None, None)


def test_a_record_is_found_again_after_the_day_boundary_was_changed(office):
    record = punch("ann", "2026-11-04 03:30")
    office.store(record)
    office.store(record, boundary=time(3))
    office.sheet("Sites").put(1, sites_sheet.DAY_BOUNDARY, 3 / 24)
    office.store(record, boundary=time(3))

    assert office.raw_ids() == [record.identity]


def test_a_site_that_moves_the_beginning_of_its_day_is_counted_by_what_sites_says(office):
    """What a message says of it counts only until Sites says something; the columns of both are read."""
    office.store(punch("ann", "2026-11-04 09:00"), punch("ann", "2026-11-05 02:00"))
    assert office.day("ann", WEDNESDAY) == (9.0, 26.0, None)
    office.sheet("Sites").put(1, sites_sheet.DAY_BOUNDARY, 3 / 24)
    office.store(punch("ann", "2026-11-04 03:30"), boundary=time(4))

    assert office.day("ann", WEDNESDAY) == (3.5, 26.0, None)
    assert office.day("ann", TUESDAY) == (None, None, None)
    assert office.cost == (2, 1)


def test_a_day_with_more_punches_than_a_cell_holds_is_continued(office):
    begin = datetime(2026, 11, 3, 5)
    records = [punch("ann", str(begin + timedelta(seconds=10 * number))) for number in range(2000)]
    office.store(*records[:1000])
    office.store(*records[1000:])
    assert office.store(*records).confirmed == tuple(record.identity for record in records)

    assert len(office.raw_ids()) == len(set(office.raw_ids())) == 2000
    cells = office.sheet("Punch Index").cells
    lengths = [len(text) for (row, column), text in cells.items() if row and column >= 4]
    assert len(lengths) == 2
    assert max(lengths) <= punch_index.MAX_CELL_CHARACTERS
    assert sorted(office.indexed_ids()) == sorted(office.raw_ids())
    assert office.day("ann", TUESDAY)[:2] == (5.0, round(5 + 19990 / 3600, 4))


def test_the_log_tells_how_many_are_new(office, caplog):
    storing = "attendance_backend.handlers.store_records"
    caplog.set_level("INFO", logger=storing)
    morning, noon, evening = (punch("ann", f"2026-11-03 {hour:02}:00") for hour in (9, 12, 17))
    office.store(morning, noon, noon)
    office.store(morning, evening, noon)
    office.store(evening)
    office.finalise()
    office.store(evening, punch("ann", "2026-11-03 18:00"))

    assert [record.message for record in caplog.records if record.name == storing] == [
        "berlin: stored 2 punches, 0 were there",
        "berlin: stored 1 punches, 2 were there",
        "berlin: stored 0 punches, 1 were there",
        "berlin: stored 1 punches, 1 were there",
    ]


# Cost


def test_new_punches_cost_one_read_and_one_write(office):
    office.store(
        punch("ann", "2026-11-03 17:00"), punch("bob", "2026-11-05 09:00"), punch("ann", "2026-11-29 09:30")
    )

    assert office.cost == (1, 1)


def test_what_is_there_already_costs_one_read_and_no_write(office):
    record = punch("ann", "2026-11-03 08:00")
    office.store(record)
    office.store(record)

    assert office.cost == (1, 0)


def test_neither_raw_data_nor_exceptions_nor_what_hr_sees_is_read(office):
    watched = Watched(office.world.spreadsheets)
    message = office.message(punch("ann", "2026-11-03 08:00"), punch("ann", "2026-11-05 08:00"))
    handle(message, replace(office.world.backend, spreadsheets=watched))

    days, index = len(days_sheet.LAYOUT.columns), len(punch_index.LAYOUT.columns)
    assert [area for area in watched.areas if area.worksheet not in ("Sites", "Guide")] == [
        Area("Punch Index", 0, 1),
        Area("Punch Index", 0, None, 0, 4),
        Area("Punch Index", 0, None, index + 1, index + 5),  # the 3rd to the 6th: the night after the 5th
        Area("Days", 0, 1),
        Area("Days", 0, None, 0, 1),
        Area("Days", 0, None, 3, 8),
        Area("Days", 0, None, days + 1, days + 4),
        Area("Raw Data - berlin", 0, 2),  # whether the row below the header is still free
        Area("Exceptions", 0, 2),
    ]


def test_days_that_stand_elsewhere_cost_one_more_read(office):
    longer = ReviewPeriod("November 2026", date(2026, 11, 30), date(2026, 12, 1))
    office.create(period=longer)
    office.store(punch("bob", "2026-12-01 09:00"), punch("bob", "2026-12-02 02:00"), period=longer)

    assert office.cost == (2, 1)
    assert office.day("bob", date(2026, 12, 1)) == (9.0, 26.0, None)
    office.store(punch("bob", "2026-12-01 20:00"), period=longer)
    assert office.day("bob", date(2026, 12, 1)) == (9.0, 26.0, None)
    assert office.cost == (2, 1)


# Sites


def test_a_sites_rules_are_filled_in_once():
    march = ReviewPeriod("March 2026", date(2026, 3, 2), date(2026, 3, 29))
    office = ReviewBook(march)
    office.store(punch("ann", "2026-03-03 09:00"))

    row = partial(office.sheet("Sites").get, 1)
    assert (row(sites_sheet.SITE), row(sites_sheet.TIME_ZONE)) == ("berlin", "Europe/Berlin")
    assert row(sites_sheet.DAY_BOUNDARY) == 4 / 24
    assert serial.to_datetime(row(sites_sheet.CLOCK_CHANGE_AT)) == datetime(2026, 3, 29, 2)
    assert row(sites_sheet.CLOCK_CHANGE_BY) == 1 / 24
    before = office.sheet("Sites").rows()
    office.store(punch("ann", "2026-03-03 17:00"), zone="Europe/Paris", boundary=time(5))
    assert office.sheet("Sites").rows() == before
    office.sheet("Sites").put(1, sites_sheet.CLOCK_CHANGE_AT, 46000.0)
    office.store(punch("ann", "2026-03-03 18:00"))
    assert office.sheet("Sites").get(1, sites_sheet.CLOCK_CHANGE_AT) == 46000.0


def test_without_a_clock_change_its_cells_stay_empty(office):
    office.store(punch("ann", "2026-11-03 09:00"))

    sheet = office.sheet("Sites")
    assert len(sheet.rows()[1]) == sheet.at(sites_sheet.DAY_BOUNDARY) + 1


def test_an_unknown_time_zone_stores_all_the_same(office):
    record = punch("ann", "2026-11-03 08:00")

    assert office.store(record, zone="Mars/Base").confirmed == (record.identity,)
    assert office.day("ann", TUESDAY) == (8.0, None, None)


# People


def test_somebody_hired_is_added_with_the_first_punch(office):
    office.keeps(*ROSTER, CARL)
    office.store(
        punch("ann", "2026-11-03 07:00"), punch("Carl", "2026-11-03 16:00"), punch("carl", "2026-11-03 08:00")
    )

    assert office.day("carl", TUESDAY) == (8.0, 16.0, None)
    assert office.member("carl") == ("Carl Cook", None, None, "berlin", datetime(2026, 11, 3, 16))
    assert {row[1] for row in office.sheet(RAW).rows()[1:]} == {"Ann Archer", "Carl Cook"}
    assert office.exceptions() == [
        (
            datetime(2026, 11, 3, 8),
            "berlin",
            "Carl Cook",
            "New in this workbook since the first punch",
        )
    ]
    assert office.sheet("Exceptions").get(1, exceptions_sheet.USER) == formulas.token_of("carl")
    office.store(punch("carl", "2026-11-04 08:00"))
    assert office.cost == (1, 1)
    assert len(office.exceptions()) == 1


def test_a_user_id_that_was_given_to_somebody_else_counts_for_them_at_once():
    """Whose rows are remembered is no matter: who bears an ID is read each time."""
    office = ReviewBook()
    for moment in ("2026-11-03 08:00", "2026-11-03 17:00"):
        office.store(punch("ann", moment))
    days = office.sheet("Days")
    (row,) = [row for (row, column), value in days.cells.items() if column == 0 and value == "bob/in"]
    days.put(row, days.at(days_sheet.DEVICE_USER_ID), "id-ann")
    office.store(punch("ann", "2026-11-05 08:00"))

    assert office.day("bob", date(2026, 11, 5)) == (8.0, None, None)
    assert office.day("ann", date(2026, 11, 5)) == (None, None, None)


def test_an_unknown_user_who_becomes_known_gets_all_earlier_punches():
    office = ReviewBook(sites=("berlin", "hamburg"))
    office.store(punch("carl", "2026-11-03 08:00"), punch("carl", "2026-11-03 15:00"))
    office.store(punch("carl", "2026-11-03 16:30", serial_number="SN2"), site="hamburg")
    office.keeps(*ROSTER, CARL)
    office.store(punch("carl", "2026-11-05 08:06"))

    assert office.day("carl", TUESDAY) == (8.0, 16.5, None)
    assert office.day("carl", date(2026, 11, 5)) == (8.1, None, None)
    assert office.cost == (3, 1)


def test_what_an_unknown_user_left_is_told_of_the_person_who_is_hired(office):
    office.store(
        punch("carl", "2026-11-03 09:00:00"),
        punch("carl", "2026-11-03 09:00:20"),
        punch("carl", "2026-11-10 09:00"),
    )
    office.keeps(*ROSTER, CARL)
    office.store(punch("carl", "2026-11-03 17:00"))

    assert [what for who, what in office.troubles() if who == "Carl Cook"] == [
        "New in this workbook since the first punch",
        "Punches within seconds of each other on Tue 03-11-2026, counted as one",
    ]
    assert office.member("carl")[3:] == ("berlin", datetime(2026, 11, 10, 9))


def test_an_unknown_user_is_stored_and_reported_once(office):
    for hour in (9, 12, 17):
        office.store(punch("guest", f"2026-11-03 {hour:02}:00"))
    office.store(punch("Guest ", "2026-11-04 09:00", user_id="id-guest"))

    assert [row[1] for row in office.sheet(RAW).rows()[1:]] == ["guest", "guest", "guest", "Guest "]
    what = "Not in Cut Off Times: the punches stand in the raw data only"
    assert office.exceptions()[0] == (datetime(2026, 11, 3, 9), "berlin", "guest", what)
    # Another name on the machine is another user to HR.
    assert office.troubles() == [("Guest", what), ("guest", what)]


def test_several_punches_of_an_unknown_user_in_one_message_are_one_report_of_the_first(office):
    office.store(punch("Guest", "2026-11-03 12:00"), punch("Guest", "2026-11-03 09:00"))

    ((when, _, who, _),) = office.exceptions()
    assert (when, who) == (datetime(2026, 11, 3, 9), "Guest")
    # By this State finds out that the person was added.
    assert office.sheet("Exceptions").get(1, exceptions_sheet.USER) == formulas.token_of("guest")


def test_a_user_without_a_name_is_stored_and_reported_once(office):
    for hour in (6, 7):
        office.store(punch(None, f"2026-11-03 0{hour}:30", user_id="98"))

    assert office.exceptions() == [
        (
            datetime(2026, 11, 3, 6, 30),
            "berlin",
            "User ID 98",
            "No user name on the machine: the punches stand in the raw data only",
        )
    ]


def test_a_roster_that_cannot_be_read_keeps_nobody_from_being_stored(office, caplog):
    office.world.type_worksheet("Cut Off Times", [("Name", "Mail", "Cut Off Time")])
    office.store(punch("ann", "2026-11-03 09:00"), punch("carl", "2026-11-03 09:00"))

    assert office.day("ann", TUESDAY) == (9.0, None, None)
    assert office.troubles()[0][0] == "carl"
    assert "worksheet 'Cut Off Times': the first row lacks 'Email'" in caplog.text


def test_a_worksheet_that_somebody_new_needs_and_that_is_gone_keeps_nobody_either(office, caplog):
    office.keeps(*ROSTER, CARL)
    office.book.sheets = [sheet for sheet in office.book.sheets if sheet.title != "Daily Attendance"]
    record = punch("carl", "2026-11-03 09:00")

    assert office.store(record).confirmed == (record.identity,)
    assert office.raw_ids() == [record.identity]
    assert "nobody can be added to November 2026: " in caplog.text
    assert "has no worksheet 'Daily Attendance'" in caplog.text


# What is worth a look


def test_a_double_tap_is_told_once_a_day(office):
    office.store(punch("ann", "2026-11-03 09:00:00"), punch("ann", "2026-11-03 09:00:30"))
    office.store(punch("ann", "2026-11-03 17:00:00"), punch("ann", "2026-11-03 17:00:30"))
    office.store(punch("ann", "2026-11-04 09:00:00"))
    office.store(punch("ann", "2026-11-04 09:00:59"))

    assert [(when, who) for when, _, who, _ in office.exceptions()] == [
        (datetime(2026, 11, 3), "Ann Archer"),
        (datetime(2026, 11, 4), "Ann Archer"),
    ]
    assert office.day("ann", WEDNESDAY) == (9.0, None, None)


@pytest.mark.parametrize(("home", "told_of"), [("", "Berlin"), ("Berlin", "Berlin"), ("Hamburg", "hamburg")])
def test_what_is_worth_a_look_names_the_site_whose_rules_the_day_follows(home, told_of):
    """As it is written in the index; a site that nobody has punched at stands in none."""
    office = ReviewBook(sites=("Berlin", "Hamburg"))
    row, _ = office.place("ann", "in", TUESDAY)
    office.sheet("Days").put(row, days_sheet.SITE, home)
    office.store(punch("ann", "2026-11-03 09:00:00"), punch("ann", "2026-11-03 09:00:30"), site="Berlin")

    *_, (when, site, who, _) = office.exceptions()
    assert (when, site, who) == (datetime(2026, 11, 3), told_of, "Ann Archer")
    assert office.sheet("Exceptions").get(1, exceptions_sheet.USER) == formulas.token_of("ann")


def test_a_punch_in_the_hour_that_occurs_twice_is_told():
    october = ReviewPeriod("October 2026", date(2026, 10, 5), date(2026, 11, 1))
    office = ReviewBook(october)
    office.store(punch("ann", "2026-10-24 22:00"), punch("ann", "2026-10-25 02:30"))

    assert office.troubles() == [
        (
            "Ann Archer",
            "A punch of Sat 24-10-2026 in the hour that came twice, as the clocks went back: the hours may be one off",
        ),
    ]


def test_a_day_in_two_time_zones_is_told():
    office = ReviewBook(sites=("berlin", "lisbon"))
    office.store(punch("ann", "2026-11-03 07:00"))
    office.store(punch("ann", "2026-11-03 17:00"), zone="Europe/Lisbon", site="lisbon")
    office.store(punch("ann", "2026-11-03 18:00"), zone="Europe/Lisbon", site="lisbon")

    assert office.troubles() == [
        ("Ann Archer", "Punches of Tue 03-11-2026 at sites whose clocks differ: the hours are not exact")
    ]


def test_punches_elsewhere_than_at_the_site_of_a_person_count_and_are_told_once_a_day():
    """Whoever stole one office's key could write them; and people do visit other offices."""
    people = (*ROSTER[0], None, None, "Berlin"), ROSTER[1]
    office = ReviewBook(roster=people, sites=("berlin", "hamburg"))
    visits = [punch(who, f"2026-11-03 {at}") for who in ("ann", "bob") for at in ("09:00", "17:00")]
    for visit in visits:
        office.store(visit, site="hamburg")
    office.store(punch("ann", "2026-11-03 08:00"), punch("ann", "2026-11-04 08:00"))
    office.book.sheets = [sheet for sheet in office.book.sheets if sheet.title != "Punch Index"]
    office.store(*visits, punch("ann", "2026-11-03 18:00"), site="hamburg")

    assert office.day("ann", TUESDAY) == (8.0, 18.0, None)
    what = "Punched at hamburg on Tue 03-11-2026, and belongs to berlin"
    assert office.exceptions() == [(datetime(2026, 11, 3), "hamburg", "Ann Archer", what)]
    assert office.sheet("Exceptions").get(1, exceptions_sheet.STATE) == "for information"


# A finalised period


def test_after_hr_has_finalised_punches_go_into_the_amendments(office):
    office.store(punch("ann", "2026-11-03 09:00"))
    before = office.content()
    office.finalise()
    late = [punch("ann", "2026-11-03 17:00"), punch("guest", "2026-11-03 17:00")]

    assert office.store(*late).confirmed == tuple(record.identity for record in late)
    assert office.raw_ids("Amendments") == [record.identity for record in late]
    after = office.content()
    assert [after[title] for title in (RAW, "Days")] == [before[title] for title in (RAW, "Days")]
    assert office.exceptions() == [
        (datetime(2026, 11, 3, 17), "berlin", None, "2 punches came after this period was finalised")
    ]
    assert sorted(office.indexed_ids()) == sorted(office.stored_ids())


def test_amendments_are_stored_once_and_follow_each_other(office):
    office.finalise("YES")
    records = [punch("ann", f"2026-11-03 {hour:02}:00") for hour in (9, 12, 17)]
    for record in (records[0], records[0], records[1], records[2], records[1]):
        assert office.store(record).confirmed == (record.identity,)

    assert office.raw_ids("Amendments") == [record.identity for record in records]
    assert [row[1] for row in office.sheet("Amendments").rows()[1:]] == ["Ann Archer"] * 3


def test_a_period_that_is_opened_again_keeps_its_amendments_out_of_the_days(office):
    office.store(punch("ann", "2026-11-03 09:00"))
    office.finalise()
    office.store(punch("ann", "2026-11-03 07:00"))
    office.finalise("no")
    office.store(punch("ann", "2026-11-03 17:00"))

    assert office.cost == (1, 1)  # what the amendment left in the index did that, and no rebuild
    assert office.day("ann", TUESDAY) == (9.0, 17.0, None)


def test_amendments_of_somebody_hired_later_do_not_count_either(office):
    office.finalise()
    office.store(punch("carl", "2026-11-05 07:00"))
    office.finalise("no")
    office.keeps(*ROSTER, CARL)
    office.store(punch("carl", "2026-11-03 09:00"))

    assert office.member("carl")[3:] == ("berlin", datetime(2026, 11, 3, 9))
    assert office.day("carl", date(2026, 11, 5)) == (None, None, None)


def test_the_punches_of_a_cell_stand_in_their_order(office):
    for moment in ("17:00", "08:00", "12:00"):
        office.store(punch("ann", f"2026-11-03 {moment}"))

    words = office.sheet("Punch Index").cells[office.index_place("ann", TUESDAY)].split()
    assert [word.split(":")[0] for word in words] == ["28800", "43200", "61200"]


def test_amendments_whose_rows_somebody_removed_take_punches(office):
    office.finalise()
    office.store(punch("ann", "2026-11-03 07:00"))
    sheet = office.sheet("Amendments")
    sheet.row_count = 1
    sheet.cells = {place: value for place, value in sheet.cells.items() if place[0] == 0}
    record = punch("ann", "2026-11-03 09:00")
    office.store(record)

    assert office.raw_ids("Amendments") == [record.identity]


# Worksheets that are gone


@pytest.mark.parametrize("title", ["Sites", "Guide", RAW])
def test_a_renamed_worksheet_goes_on_under_its_new_title(office, title):
    record = punch("ann", "2026-11-03 08:00")
    office.sheet(title).title = "Something else"
    assert office.store(record).confirmed == (record.identity,)
    assert title not in [sheet.title for sheet in office.book.sheets]
    raw = "Something else" if title.startswith("Raw") else "Raw Data - berlin"
    assert office.raw_ids(raw) == [record.identity]
    assert office.day("ann", date(2026, 11, 3)) == (8.0, None, None)


def test_a_worksheet_of_exceptions_that_is_gone_is_brought_back_for_what_must_be_told(office):
    office.book.sheets = [sheet for sheet in office.book.sheets if sheet.title != "Exceptions"]
    record = punch("ann", "2026-11-03 08:00")
    assert office.store(record).confirmed == (record.identity,)
    guest = punch("guest", "2026-11-03 08:00")
    assert office.store(guest).confirmed == (guest.identity,)
    assert [who for _, _, who, _ in office.exceptions()] == ["guest"]


def test_a_missing_spreadsheet_is_told(office):
    del office.world.spreadsheets.books[office.sheet_id]
    reply = office.store(punch("ann", "2026-11-03 08:00"))
    (answer,) = reply.answers
    assert (answer.outcome, reply.confirmed, reply.gone) == (Outcome.REFUSED, (), True)
    assert f"{office.sheet_id} does not exist" in answer.reason


def test_what_is_sent_to_a_spreadsheet_that_is_gone_goes_to_the_periods_own(office):
    recorded, office.sheet_id = office.sheet_id, "no-such-sheet"
    record = punch("ann", "2026-11-03 08:00")
    reply = office.store(record)
    assert (reply.sheet_id, reply.confirmed) == ("no-such-sheet", (record.identity,))
    office.sheet_id = recorded
    before = office.content()
    assert office.store(record).confirmed == (record.identity,)
    assert office.content() == before


class Vandal(Watched):
    """Somebody deletes a worksheet again after each write."""

    def __init__(self, office, title):
        super().__init__(office.world.spreadsheets)
        self._book, self._title = office.book, title

    def apply(self, spreadsheet_id, changes, areas=()):
        super().apply(spreadsheet_id, changes)
        self._book.sheets = [sheet for sheet in self._book.sheets if sheet.title != self._title]


@pytest.mark.parametrize("title", ["Days", "Punch Index"])
def test_a_hidden_worksheet_that_is_gone_as_soon_as_it_is_rebuilt_is_a_clear_error(office, title):
    vandal = Vandal(office, title)
    vandal.apply(office.sheet_id, ())
    advice = (
        f"spreadsheet {office.sheet_id}: the hidden worksheets 'Days' and 'Punch Index' cannot be completed; "
        "delete them both, and the next message rebuilds them from the raw data"
    )
    message = office.message(punch("ann", "2026-11-03 08:00"))
    (answer,) = handle(message, replace(office.world.backend, spreadsheets=vandal)).answers
    assert (answer.outcome, answer.reason) == (Outcome.REFUSED, advice)
    assert office.raw_ids() == []


def test_a_workbook_of_nobody_takes_punches_as_well():
    office = ReviewBook(roster=())
    record = punch("ann", "2026-11-03 08:00")
    assert office.store(record).confirmed == (record.identity,)
    office.keeps(*ANN_ONLY)
    office.store(punch("ann", "2026-11-03 17:00"))
    assert office.day("ann", TUESDAY) == (8.0, 17.0, None)
    assert office.period == NOVEMBER
